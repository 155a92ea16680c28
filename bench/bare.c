/* Bare SQLite doing what the server did: copies the rows of every table that are in DONE but not in BEFORE into
 * BEFORE's file, in the server's pragmas (WAL, synchronous FULL), GROUP rows' worth of changes a commit. Prints
 * seconds. usage: bench_bare DONE.db BEFORE.db GROUP [LIMIT] A unit of a group is one journal row with the rows that
 * belong to it, as one request writes them. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS_MAX 64

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
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All rows of a table that the server added, in memory before the clock starts. */
struct table {
    char name[64];
    sqlite3_value **cells; /* rows x columns */
    long rows, cap;
    int columns;
    sqlite3_stmt *insert;
    long next;
};
#define TABLES 8
static struct table tables[TABLES];
static int n_tables;

static void load(const char *name)
{
    struct table *t = &tables[n_tables];
    snprintf(t->name, sizeof t->name, "%.60s", name);
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT * FROM done.%.60s WHERE rowid > (SELECT coalesce(max(rowid),0) FROM main.%.60s) ORDER BY rowid",
             name, name);
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        die(sql);
    t->columns = sqlite3_column_count(q);
    while (sqlite3_step(q) == SQLITE_ROW) {
        if (t->rows == t->cap) {
            t->cap = t->cap ? t->cap * 2 : 4096;
            t->cells = realloc(t->cells, (size_t)t->cap * (size_t)t->columns * sizeof *t->cells);
        }
        for (int i = 0; i < t->columns; i++)
            t->cells[t->rows * t->columns + i] = sqlite3_value_dup(sqlite3_column_value(q, i));
        t->rows++;
    }
    sqlite3_finalize(q);
    if (t->rows == 0)
        return;
    char insert[512];
    int at = snprintf(insert, sizeof insert, "INSERT INTO main.%s VALUES (?1", name);
    for (int i = 2; i <= t->columns; i++)
        at += snprintf(insert + at, sizeof insert - (size_t)at, ",?%d", i);
    snprintf(insert + at, sizeof insert - (size_t)at, ")");
    if (sqlite3_prepare_v3(db, insert, -1, SQLITE_PREPARE_PERSISTENT, &t->insert, NULL) != SQLITE_OK)
        die(insert);
    n_tables++;
}

static void put(struct table *t)
{
    sqlite3_value **row = t->cells + t->next++ * t->columns;
    for (int i = 0; i < t->columns; i++)
        sqlite3_bind_value(t->insert, i + 1, row[i]);
    if (sqlite3_step(t->insert) != SQLITE_DONE)
        die("insert");
    sqlite3_reset(t->insert);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return fprintf(stderr, "usage: bench_bare DONE.db BEFORE.db GROUP [LIMIT]\n"), 2;
    long group = atol(argv[3]), limit = argc > 4 ? atol(argv[4]) : -1;
    if (sqlite3_open(argv[2], &db) != SQLITE_OK)
        die("open");
    char attach[1024];
    snprintf(attach, sizeof attach, "ATTACH '%s' AS done", argv[1]);
    run(attach);
    /* what the server's writer has: see set_up in src/store/db_sqlite.c */
    run("PRAGMA main.journal_mode=WAL; PRAGMA main.synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA "
        "main.cache_size=-65536; PRAGMA wal_autocheckpoint=4096");
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db,
                           "SELECT name FROM main.sqlite_schema WHERE type='table' AND name IN "
                           "('deal','journal','outbox','idempotency')",
                           -1, &q, NULL) != SQLITE_OK)
        die("tables");
    char names[TABLES][64];
    int found = 0;
    while (found < TABLES && sqlite3_step(q) == SQLITE_ROW)
        snprintf(names[found++], 64, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    for (int i = 0; i < found; i++)
        load(names[i]);
    long units = 0;
    for (int i = 0; i < n_tables && i < TABLES; i++)
        if (strcmp(tables[i].name, "deal") == 0)
            units = tables[i].rows;
    if (units == 0)
        return fprintf(stderr, "no new rows\n"), 1;
    run("DETACH done");
    long all = units;
    if (limit > 0 && limit < units)
        units = limit;

    double start = now();
    for (long u = 0; u < units; u++) {
        if (u % group == 0)
            run("BEGIN IMMEDIATE");
        for (int i = 0; i < n_tables; i++) {
            struct table *t = &tables[i];
            /* each unit takes its share, so that a table with two rows a request gives two */
            long until = t->rows * (u + 1) / all;
            while (t->next < until && t->next < t->rows)
                put(t);
        }
        if (u % group == group - 1 || u == units - 1)
            run("COMMIT");
    }
    printf("%.6f %ld\n", now() - start, units);
    return 0;
}
