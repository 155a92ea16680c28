/* The inside of a board; private to board*.c. */
#pragma once
#include "base/map.h"
#include "base/vec.h"
#include "crm/access.h"
#include "crm/board.h"
#include "crm/fields.h"

#define BOARD_NULL INT64_MIN

/* Names of contacts or companies, as JSON strings. */
struct board_names {
    struct intmap *index; /* id to index */
    VEC(struct board_name {
        int64_t id;
        char *json;
        size_t len;
        int64_t owner_id; /* of the contact or company; 0: nobody */
    })
    list;
};
struct board_row {
    int64_t id, stage_id, value_minor, owner_id, stage_entered_at, created_at, next_task_at, open_tasks, version,
        source_id, probability, contact_id, waiting_since, deferred_until, unprofitable;
    int64_t seq;              /* of the catch-up that last changed it */
    int32_t contact, company; /* index into names, -1 none */
    uint32_t title_len, tags_len;
    char *title, *tags; /* JSON */
    int64_t *members;   /* co-workers; NULL: none */
    size_t n_members;
    char rank[32], currency[8], close_on[16]; /* JSON */
};
struct board_gone {
    int64_t id, seq;
};
struct board_total {
    int64_t stage_id, deals;
    __int128 value_minor;
};
struct board {
    int64_t funnel_id, seq, base_seq, totals_seq, used_at; /* base_seq: changes behind it are known */
    int64_t closed_seq;    /* of the last change of a deal that is no row: only the totals tell of it */
    struct intmap *row_of; /* deal to row, -1 when gone */
    VEC(struct board_row) rows;
    VEC(struct board_gone) gone;
    VEC(struct board_total) totals;
    struct board_names contacts, companies;
    struct board *next;
};

struct board *board_new(int64_t funnel_id);
void board_free(struct board *b);
/* Reads all of it; within a read transaction that ends at journal number seq. */
MUST_USE enum rc board_load(struct board *b, struct db *db, struct arena *a, int64_t seq, struct err *e);
/* Reads these deals again: replaces, adds or removes their rows. */
MUST_USE enum rc board_reread(struct board *b, struct db *db, struct arena *a, const int64_t *ids, size_t n,
                              int64_t seq, struct err *e);
/* Catches up with the journal. *reload: too much has happened. */
MUST_USE enum rc board_follow(struct board *b, struct db *db, struct arena *a, int64_t last, bool *reload,
                              struct err *e);
void board_remove(struct board *b, int64_t id, int64_t seq);
void board_add_total(struct board *b, int64_t stage_id, int64_t deals, __int128 value_minor);

void board_row_free(struct board_row *r);
bool board_sees(const struct board *b, const struct board_row *row, const struct rights *r);

/* pick: row numbers to write, all in sight; gone may be NULL. Hidden columns stay empty. */
void board_put(struct buf *out, const struct board *b, const struct rights *r, const uint32_t *pick, size_t n,
               const struct board_total *totals, size_t n_totals, const struct board_gone *gone, size_t n_gone);
