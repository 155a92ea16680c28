/* Bare SQLite doing what a bulk edit did: for each of the first N deals of DB the update of the same columns and one
 * journal row, prepared, GROUP deals a commit, in the server's pragmas. Prints seconds. usage: bench_bare_edit DB N
 * GROUP */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static sqlite3 *db;

static void die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
    exit(1);
}
static void run(const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sql);
}
static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK)
        die(sql);
    return s;
}
static void step(sqlite3_stmt *s)
{
    if (sqlite3_step(s) != SQLITE_DONE)
        die("step");
    sqlite3_reset(s);
}
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: bench_bare_edit DB N GROUP\n"), 2;
    long n = strtol(argv[2], NULL, 10), group = strtol(argv[3], NULL, 10);
    if (sqlite3_open(argv[1], &db) != SQLITE_OK)
        die("open");
    /* what the server's writer has: see set_up in src/store/db_sqlite.c */
    run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-65536; PRAGMA "
        "wal_autocheckpoint=4096");
    long long *ids = malloc((size_t)n * sizeof *ids);
    long found = 0;
    sqlite3_stmt *list = prepare("SELECT id FROM deal WHERE deleted_at IS NULL ORDER BY id LIMIT ?1");
    sqlite3_bind_int64(list, 1, n);
    while (sqlite3_step(list) == SQLITE_ROW)
        ids[found++] = sqlite3_column_int64(list, 0);
    sqlite3_finalize(list);
    sqlite3_stmt *update = prepare("UPDATE deal SET version = ?1, updated_at = ?2, value_minor = ?3 WHERE id = ?4");
    sqlite3_stmt *insert =
        prepare("INSERT INTO journal (at, actor_id, cause, undoes, change_id, object_id, object_kind,"
                " verb, via, data) VALUES (?1, 1, 0, 0, 1, ?2, 3, 2, 2, ?3)");
    double start = now();
    for (long i = 0; i < found; i++) {
        if (i % group == 0)
            run(i ? "COMMIT; BEGIN IMMEDIATE" : "BEGIN IMMEDIATE");
        sqlite3_bind_int64(update, 1, 2);
        sqlite3_bind_int64(update, 2, 1795000000000);
        sqlite3_bind_int64(update, 3, 1234500);
        sqlite3_bind_int64(update, 4, ids[i]);
        step(update);
        sqlite3_bind_int64(insert, 1, 1795000000000);
        sqlite3_bind_int64(insert, 2, ids[i]);
        sqlite3_bind_text(insert, 3, "{\"value_minor\":[null,1234500]}", -1, SQLITE_STATIC);
        step(insert);
    }
    run("COMMIT");
    printf("%.6f %ld\n", now() - start, found);
    return 0;
}
