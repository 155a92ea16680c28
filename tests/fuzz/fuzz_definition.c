/* Definitions of funnels come from clients: no text may crash their reader or the linter, what is refused says where in
 * clean UTF-8, and what the linter answers is JSON. */
#include "base/json.h"
#include "crm/funnel_draft.h"
#include "rules/lint.h"
#include <assert.h>

static void look_through(struct arena *a, json_t *tree)
{
    struct lint_facts facts = {.now = INT64_C(1790000000000), .funnel_id = 3};
    struct lint_counts counts = {0};
    struct buf out = {0};
    struct jw w = jw_to(&out);
    json_t *answer = NULL;
    jw_obj(&w);
    lint_begin(&w);
    lint_run(a, tree, &facts, "ru", &w, &counts);
    lint_end(&w, &counts);
    jw_end_obj(&w);
    assert(json_read(buf_view(&out), &answer, NULL) == RC_OK);
    assert((int64_t)json_array_size(json_object_get(answer, "findings")) == counts.n[0] + counts.n[1] + counts.n[2]);
    json_decref(answer);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_EMPTY;
    struct err e = {0};
    struct draft draft;
    json_t *tree;
    if (size < 1)
        return 0;
    struct str text = {(const char *)data + 1, size - 1};
    if (json_read(text, &tree, &e) != RC_OK)
        return 0;
    if (draft_read(&a, tree, data[0] & 1, &draft, &e) == RC_OK)
        look_through(&a, tree);
    else
        assert(strcmp(e.code, "bad_definition") == 0 && e.rc == RC_UNPROCESSABLE && str_utf8_valid(str_c(e.arg[0])) &&
               str_utf8_valid(str_c(e.arg[1])));
    json_decref(tree);
    arena_free(&a);
    return 0;
}
