/* Any bytes as an event log: every row is either an event or a bad row, indices stay inside, texts are valid. */
#include "crm/import.h"
#include <stdlib.h>

static void check(const struct event_log *log, const struct import_bad *bad)
{
    size_t n = log->at.len;
    if (log->rows != (int64_t)n + bad->total || log->deal.len != n || log->stage.len != n || log->user.len != n ||
        log->amount.len != n || log->line.len != n)
        abort();
    for (size_t i = 0; i < n; i++)
        if (log->deal.ptr[i] >= log->cases.len || log->stage.ptr[i] >= log->stages.len ||
            log->user.ptr[i] > log->users.len || (i && log->line.ptr[i] <= log->line.ptr[i - 1]))
            abort();
    for (size_t i = 0; i < log->cases.len; i++)
        if (!log->cases.ptr[i].len || !str_utf8_valid(log->cases.ptr[i]))
            abort();
    for (size_t i = 0; i < import_bad_kept(bad); i++)
        if (!str_utf8_valid(bad->row[i].text))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct import_columns cols[] = {
        {.case_id = "case", .stage = "stage", .at = "at", .user = "user", .amount = "amount", .exponent = 2},
        {.case_id = "case", .stage = "stage", .at = "at", .user = "user", .amount = "amount", .at_format = "%d.%m.%Y"},
    };
    static struct import_bad bad;
    struct event_log log = {0};
    struct csv *csv;
    struct err e;
    if (size == 0 || csv_open_mem(&csv, (struct str){(const char *)data + 1, size - 1}, 0, &e) != RC_OK)
        return 0;
    memset(&bad, 0, sizeof bad);
    if (event_log_read(csv, &cols[data[0] & 1], &log, &bad, &e) == RC_OK)
        check(&log, &bad);
    event_log_free(&log);
    arena_free(&bad.arena);
    csv_close(csv);
    return 0;
}
