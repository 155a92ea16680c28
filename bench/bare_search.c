/* Bare indexed SQLite answering what one types: reads queries (prefixes, one a line) from standard input and answers
 * each ROUNDS times with the first 20 contacts whose word begins so, by the index of words that the database has, with
 * the columns that a result shows. No server, no rights, no slips: the least that an index can cost. Prints CPU seconds
 * and the number of queries. usage: bench_bare_search DB ROUNDS */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *db;

static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}
static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static char lines[1000][200];
    int n = 0;
    if (argc != 3)
        return fprintf(stderr, "usage: bench_bare_search DB ROUNDS\n"), 2;
    long rounds = atol(argv[2]), rows = 0;
    while (n < 1000 && fgets(lines[n], sizeof lines[n], stdin)) {
        lines[n][strcspn(lines[n], "\n")] = 0;
        n++;
    }
    if (sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        die("open");
    sqlite3_exec(db, "PRAGMA cache_size=-65536; PRAGMA mmap_size=0", NULL, NULL, NULL);
    sqlite3_stmt *s;
    if (sqlite3_prepare_v3(
            db,
            "SELECT t.id, t.name, t.phone, t.email FROM search_word w JOIN contact t ON t.id = w.object_id"
            " WHERE w.word >= ?1 AND w.word < ?2 AND w.object_kind = 4 AND t.deleted_at IS NULL"
            " ORDER BY w.word LIMIT 20",
            -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
        die("prepare");
    double start = 0;
    for (long r = -1; r < rounds; r++) { /* the first round fills the cache */
        if (r == 0)
            start = cpu();
        for (int i = 0; i < n; i++) {
            char end[260];
            snprintf(end, sizeof end, "%.200s\xf4\x8f\xbf\xbf", lines[i]);
            sqlite3_bind_text(s, 1, lines[i], -1, SQLITE_STATIC);
            sqlite3_bind_text(s, 2, end, -1, SQLITE_STATIC);
            while (sqlite3_step(s) == SQLITE_ROW)
                for (int c = 0; c < 4; c++)
                    rows += sqlite3_column_bytes(s, c) >= 0;
            sqlite3_reset(s);
        }
    }
    printf("%.6f %ld\n", cpu() - start, rounds * n);
    return rows > 0 ? 0 : 1;
}
