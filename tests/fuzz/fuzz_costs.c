/* A table of advertising costs as somebody exported it: CSV in any encoding, or XLSX. Whatever is in it, each row is a
 * cost, is added up, or is told of as bad; costs are not negative and lie within what a field takes. */
#include "crm/fields.h"
#include "crm/import_costs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/fuzz-costs-XXXXXX";

static void clean_up(void)
{
    static const char *const files[] = {"voronka.db", "voronka.db-wal", "voronka.db-shm", "voronka.lock"};
    char path[80];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* What reading asks the database for; made once. */
static struct db *company(void)
{
    static const char *const made[] = {
        "CREATE TABLE campaign (id INTEGER PRIMARY KEY, name TEXT, utm_campaign TEXT, deleted_at INTEGER)",
        "CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT)",
        "INSERT INTO campaign VALUES (1, 'Весна', 'spring', NULL), (2, 'Осень', NULL, NULL)"};
    static struct db *db;
    struct err e = {0};
    if (db != NULL)
        return db;
    if (mkdtemp(folder) == NULL)
        abort();
    struct db_target target = {.kind = DB_SQLITE, .place = folder};
    if (db_open(&db, &target, DB_WRITER, &e) != RC_OK)
        abort();
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (db_exec(db, made[i], &e) != RC_OK)
            abort();
    clean_up(); /* open files live on; a fuzzer is ended without a word */
    return db;
}

static void check(const struct costs *c, bool make)
{
    if (c->rows < 0 || c->bad_total < 0 || c->bad_total > c->rows || (int64_t)c->n > c->rows - c->bad_total)
        abort();
    for (size_t i = 0; i < c->n; i++) {
        const struct cost_row *r = &c->row[i];
        if (r->cost_minor < 0 || r->cost_minor > MONEY_MOST || r->impressions < -1 || r->clicks < -1)
            abort();
        if (!make && r->campaign_id <= 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[64];
    struct err e = {0};
    struct arena a = ARENA_EMPTY;
    struct costs *c = calloc(1, sizeof *c);
    bool make = n > 0 && bytes[n - 1] % 2;
    snprintf(path, sizeof path, "/tmp/fuzz-costs-%d", (int)getpid());
    FILE *f = fopen(path, "w");
    if (c == NULL || f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
        abort();
    if (costs_read(c, &a, company(), path, make, &e) == RC_OK)
        check(c, make);
    else if (!e.code[0])
        abort();
    unlink(path);
    free(c);
    arena_free(&a);
    return 0;
}
