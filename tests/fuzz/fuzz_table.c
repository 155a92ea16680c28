/* A table as it is sent, with its columns guessed: reading, encodings, headers, every cell to a value. The first byte
 * says what the rows are. */
#include "crm/import_rows.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define COLUMNS 40

static void cells(struct importing *im, struct arena *a, struct source *s)
{
    const struct str *cell;
    size_t n;
    int64_t number;
    struct err e = {0};
    enum rc rc;
    for (int i = 0; i < 200 && ((rc = source_next(s, &cell, &n, &number, &e)) == RC_ROW || rc == RC_INVALID); i++) {
        struct import_row row = {.created_at = NO_TIME, .closed_at = NO_TIME};
        for (size_t k = 0; rc == RC_ROW && k < im->plan.n; k++)
            if (im->plan.column[k].at < n)
                import_cell(im, a, &im->plan.column[k], cell[im->plan.column[k].at], &row);
        import_row_end(im, a, &row);
        if (!row.part[PART_MAIN].ent || (row.bad.rc != RC_OK && !row.bad.code[0]))
            abort();
    }
}

static void take(struct source *s, struct arena *a, enum entity_id object)
{
    const struct str *cell;
    struct str header[COLUMNS];
    struct import_target_field guess[COLUMNS];
    struct import_column column[COLUMNS];
    const char *system;
    size_t n;
    int64_t number;
    struct err e = {0};
    struct importing im = {.plan = {.object = object, .column = column}, .currency = STR("RUB")};
    if (source_next(s, &cell, &n, &number, &e) != RC_ROW)
        return;
    n = n < COLUMNS ? n : COLUMNS;
    for (size_t i = 0; i < n; i++)
        header[i] = str_dup(a, cell[i]);
    import_guess(a, object, header, n, NULL, NULL, guess, &system);
    for (size_t i = 0; i < n; i++)
        if (guess[i].object != ENT_NONE)
            column[im.plan.n++] = (struct import_column){.at = i, .to = guess[i], .header = header[i]};
    cells(&im, a, s);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const enum entity_id objects[] = {ENT_DEAL, ENT_CONTACT, ENT_COMPANY, ENT_TASK, ENT_PRODUCT};
    char path[64];
    struct source_options opt = {0};
    struct source s = {0};
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    if (n == 0)
        return 0;
    snprintf(path, sizeof path, "/tmp/fuzz-table-%d", (int)getpid());
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes + 1, 1, n - 1, f) != n - 1 || fclose(f) != 0)
        abort();
    if (source_open(&s, path, &opt, &a, &e) == RC_OK)
        take(&s, &a, objects[bytes[0] % 5]);
    source_close(&s);
    arena_free(&a);
    unlink(path);
    return 0;
}
