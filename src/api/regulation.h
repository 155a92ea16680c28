/* The manual of a funnel: made of its definition, its real triggers and goals, its history. */
#pragma once
#include "api/inside.h"
#include "print/manual.h"

struct regulation_texts { /* of a stage, or (stage NULL) of the funnel as a whole */
    struct str *gates, *goals, *automation;
    size_t n_gates, n_goals, n_automation;
};
struct regulation {
    const char *lang;
    json_t *doc; /* "id" and "version" too; without what is hidden from whoever asks */
    json_t **stages;
    struct regulation_texts *texts; /* of each stage; one more: of the funnel */
    struct str *roles;              /* name of each stage's role */
    size_t n;
    struct manual_text *history;
    size_t n_history;
    int64_t at; /* when the version came into force */
};
/* only: one stage, 0 for all. json_decref(out->doc). Errors: not_found. */
MUST_USE enum rc regulation_read(struct call *c, int64_t funnel_id, int64_t only, const char *lang,
                                 struct regulation *out, struct err *e);
void regulation_manual(struct arena *a, const struct regulation *r, struct manual *out);
