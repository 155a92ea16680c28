/* What the stages of a funnel ask of a deal that moves (docs/api.md, "Stages and what they ask"). One code for the
 * command (the deal's rules, crm/deal_move.h), for the preview of a move and for an override. */
#pragma once
#include "crm/command.h"
#include "crm/fields.h"

/* A stage as a move sees it. */
struct stage_spot {
    int64_t id, funnel_id, outcome, position, wait_hours;
    int64_t gates; /* of its funnel: 0 asks nothing */
    bool archived, back_reason;
};
/* A deal on its way. from.id 0: it is new. `will` may lack its sets (VAL_ABSENT): then they are as in the database. */
struct move {
    struct db *db;
    struct arena *arena;
    int64_t at;
    const struct record *will;
    struct stage_spot from, to; /* the same: it stays where it is */
    bool reclassed;             /* its class has become another: what that asks of the stages behind it counts, too */
    const struct record *was;   /* it has got as far as `to`: only what it had and loses counts */
    int64_t without_file, without_line; /* a file or a line of products that is about to go, 0: none */
};
/* Both ends with one query; from_id 0: new. Errors: ref_not_found (stage_id) when the target is not there. */
MUST_USE enum rc move_load(struct move *m, int64_t from_id, int64_t to_id, struct err *e);
/* In the order of the funnel: open stages by position, then won; a lost stage is nowhere. */
bool spot_before(const struct stage_spot *a, const struct stage_spot *b);
/* From an open or won stage to an earlier open one of the same funnel. */
bool move_goes_back(const struct stage_spot *from, const struct stage_spot *to);

struct gate_missing {
    int64_t id, stage_id, funnel_id, goal_id, least, have; /* 0 where it has none */
    enum gate_kind kind;
    int artefact;
    struct str field, name; /* name: of the gate, else of the goal */
};
struct gates_missing {
    struct gate_missing *ptr; /* in order of the stages; lives in the arena */
    size_t n;
};
/* What is missing for the move, with at most one query when the funnel has no such gates. */
MUST_USE enum rc gates_missing(const struct move *m, struct gates_missing *out, struct err *e);
/* As a JSON array. Of places and fields that these rights do not see nothing is told. lang: with "label"; NULL:
 * without. */
void gates_put(struct jw *w, const struct gates_missing *list, const struct rights *rights, struct arena *a,
               const char *lang);
/* What one of them asks, in words. */
struct str gate_label(struct arena *a, const char *lang, const struct gate_missing *g);
bool gate_seen(const struct rights *r, const struct gate_missing *g); /* do they see its stage and its field? */
/* The field of a gate, "value_minor" or one step on, "company_id.inn". False: there is none such. inner -1: no step. */
bool gate_field_find(struct str path, int *outer, const struct entity **of, int *inner);
/* scripts, links and next_task of a stage are what they are to be. Errors: bad_scripts, bad_links, bad_next_task. */
MUST_USE enum rc stage_shapes(const struct record *was, const struct record *will, struct err *e);

struct move_question {
    int64_t deal_id, stage_id, loss_reason_id; /* 0: no reason chosen yet */
    const struct rights *rights;
    const char *lang;
};
/* {"allowed","back","missing":[...],"needs":["move_reason","loss_reason_id","competitor_id"],"may_override"}: allowed
 * when the move would go through as it is. Errors: not_found, ref_not_found, stage_archived (stage_id). */
MUST_USE enum rc move_preview(struct db *db, struct arena *a, const struct move_question *q, struct buf *out,
                              struct err *e);
