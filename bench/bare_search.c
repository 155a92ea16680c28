/* What one types, answered by the product's search (reading the query, rights, look-ups, comparing, ranking) and by
 * bare indexed SQLite: the first 20 contacts whose word begins so, by the same index of words, with the columns that a
 * result shows, no more. Both in this process, prepared and warm, in turns. Reads queries, one a line, from standard
 * input. Prints CPU microseconds a query: ours and bare, the median round. usage: bench_bare_search DIR ROUNDS */
#include "crm/custom_field.h"
#include "crm/search.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define QUERIES 1000
#define ROUNDS 101

static sqlite3 *bare;
static struct db *db;
static char lines[QUERIES][200];
static int n;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}
static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long ask_ours(struct arena *a, const char *line)
{
    struct search_query q = {.text = str_c(line), .limit = 20};
    struct search_result found;
    struct err e = {0};
    q.kinds[ENT_CONTACT] = true;
    arena_reset(a);
    if (search_run(db, a, &q, &found, &e) != RC_OK)
        die("search", e.code);
    return (long)found.n;
}

static long ask_bare(sqlite3_stmt *s, const char *line)
{
    char end[260];
    long rows = 0;
    volatile int bytes = 0;
    snprintf(end, sizeof end, "%.200s\xf4\x8f\xbf\xbf", line);
    sqlite3_bind_text(s, 1, line, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, end, -1, SQLITE_STATIC);
    for (; sqlite3_step(s) == SQLITE_ROW; rows++)
        for (int c = 0; c < 4; c++)
            bytes = bytes + (sqlite3_column_text(s, c) ? sqlite3_column_bytes(s, c) : 0);
    sqlite3_reset(s);
    return rows;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void open_both(const char *dir, sqlite3_stmt **s)
{
    char file[1000];
    struct err e = {0};
    struct db_target target = {DB_SQLITE, dir};
    snprintf(file, sizeof file, "%s/voronka.db", dir);
    if (db_open(&db, &target, DB_READER, &e) != RC_OK || entities_load(db, &e) != RC_OK)
        die("open", e.code);
    if (sqlite3_open_v2(file, &bare, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        die("open", sqlite3_errmsg(bare));
    sqlite3_exec(bare, "PRAGMA cache_size=-65536", NULL, NULL, NULL);
    if (sqlite3_prepare_v3(
            bare,
            "SELECT t.id, t.name, t.phone, t.email FROM search_word w JOIN contact t ON t.id = w.object_id"
            " WHERE w.word >= ?1 AND w.word < ?2 AND w.object_kind = 4 AND t.deleted_at IS NULL"
            " ORDER BY w.word LIMIT 20",
            -1, SQLITE_PREPARE_PERSISTENT, s, NULL) != SQLITE_OK)
        die("prepare", sqlite3_errmsg(bare));
}

int main(int argc, char **argv)
{
    static double ours[ROUNDS], theirs[ROUNDS];
    struct arena a = ARENA_EMPTY;
    sqlite3_stmt *s;
    if (argc != 3)
        return fprintf(stderr, "usage: bench_bare_search DIR ROUNDS\n"), 2;
    long rounds = strtol(argv[2], NULL, 10);
    rounds = rounds < 1 ? 1 : rounds > ROUNDS ? ROUNDS : rounds;
    while (n < QUERIES && fgets(lines[n], sizeof lines[n], stdin)) {
        lines[n][strcspn(lines[n], "\n")] = 0;
        n++;
    }
    open_both(argv[1], &s);
    for (int i = 0; i < n; i++) /* fills both caches */
        if (ask_ours(&a, lines[i]) == 0 || ask_bare(s, lines[i]) == 0)
            die("found nothing", lines[i]);
    for (int r = 0; r < rounds; r++) {
        double start = cpu();
        for (int i = 0; i < n; i++)
            ask_ours(&a, lines[i]);
        double middle = cpu();
        for (int i = 0; i < n; i++)
            ask_bare(s, lines[i]);
        ours[r] = (middle - start) / n * 1e6;
        theirs[r] = (cpu() - middle) / n * 1e6;
    }
    qsort(ours, (size_t)rounds, sizeof *ours, by_value);
    qsort(theirs, (size_t)rounds, sizeof *theirs, by_value);
    printf("%.3f %.3f\n", ours[rounds / 2], theirs[rounds / 2]);
    arena_free(&a);
    return 0;
}
