/* Inside of `voronka check`: replay is in check.c, what follows from other rows in check_derived.c. */
#pragma once
#include "crm/engine.h"

struct check {
    struct db *db;
    void (*problem)(void *arg, const char *text);
    void *arg;
    int64_t *events, *rows;
    struct intmap *outcomes; /* stage to outcome */
};
void check_problem(struct check *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
MUST_USE enum rc check_journal(struct check *c, struct err *e); /* numbers without gaps */
MUST_USE enum rc check_stages_load(struct check *c, struct err *e);
/* Status follows the stage; open_tasks and next_task_at follow the tasks. Rows in order of id. */
MUST_USE enum rc check_deal_rows(struct check *c, struct record *const *rows, size_t n, struct err *e);
MUST_USE enum rc check_funnels(struct check *c, struct err *e); /* the newest published definition is the present one */
/* Of deals: steps back, products, whether they pay, the coverage of their buying centres. */
MUST_USE enum rc check_clients(struct check *c, struct err *e);
MUST_USE enum rc check_contacts(struct check *c, struct err *e); /* of deals: when they were last in contact, and how */
MUST_USE enum rc check_settings(struct check *c, struct err *e);
