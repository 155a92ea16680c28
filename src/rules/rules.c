#include "rules/rules.h"
#include "rules/lint.h"
#include "rules/notify.h"
#include "rules/run.h"

typedef enum rc (*reactor)(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                           struct err *e);
static const reactor reactors[] = {notify_react, rules_react};

static enum rc react(struct change *ch, const struct event *ev, const struct record *was, const struct record *is,
                     struct err *e)
{
    for (size_t i = 0; i < sizeof reactors / sizeof *reactors; i++)
        TRY(reactors[i](ch, ev, was, is, e));
    return RC_OK;
}

const struct crm_rules rules = {.react = react, .check = rules_check, .publish = lint_publish, .end = rules_end};
