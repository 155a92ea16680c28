/* Shared by the files of the actions. */
#pragma once
#include "crm/custom_field.h"
#include "rules/run_impl.h"
#include "rules/words.h"

extern const struct action_type action_tag, action_untag, action_set, action_task, action_close_tasks, action_move,
    action_owner, action_copy, action_notify, action_note, action_reach, action_defer, action_webhook;
/* "deal", "contact", "company": what an action is done to; a field with these names decides of what others are. */
extern const char *const action_of_names[];
/* Refuses an action: code, and what is wrong with it. */
enum rc action_refuse(struct err *e, const char *code, const char *what);

/* who.c: one or several people. *why: for the run, when there is more to say than the name. Errors: nobody_found,
 * nobody_free (422: a later try may find somebody). */
struct people {
    int64_t *ids;
    size_t n;
    struct str why;
};
MUST_USE enum rc who_find(struct rule_run *run, const struct who *who, struct people *out, struct err *e);
/* Has one of them as many open deals as they may have? cap 0: their own limit alone. */
MUST_USE enum rc who_full(struct rule_run *run, int64_t user, int64_t cap, bool *out, struct err *e);

/* Fills {title} {contact} {company} {owner} {value} of the subject. */
MUST_USE enum rc run_text(struct rule_run *run, struct str text, struct str *out, struct err *e);
/* As somebody may read it; NULL rights see all. */
MUST_USE enum rc run_text_for(struct rule_run *run, struct str text, const struct rights *rights, struct str *out,
                              struct err *e);
/* The record that an action is done to: the subject, or what it refers to; *out NULL when there is none. */
MUST_USE enum rc run_object(struct rule_run *run, const struct action_value *of, struct record **out, struct err *e);
/* The deal of the run as it is now; not_found when it has none. */
MUST_USE enum rc run_deal(struct rule_run *run, struct record **out, struct err *e);
/* Moves the deal of the run, with what a person has sent along; loss_reason 0: theirs, or none. */
MUST_USE enum rc run_move(struct rule_run *run, int64_t stage_id, int64_t loss_reason, struct err *e);
/* Change one field of a record. */
MUST_USE enum rc run_set(struct rule_run *run, const struct record *r, int field, struct val v, struct err *e);
struct val set_with(struct arena *a, struct val set, int64_t id);
struct val set_without(struct arena *a, struct val set, int64_t id);
bool set_has(struct val set, int64_t id);
