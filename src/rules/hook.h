/* Triggers that others set off: POST /api/hooks/{token}. The token is kept as a hash only. */
#pragma once
#include "rules/run.h"

#define HOOK_BODY_MOST 65536

/* A new token for a trigger whose event is a webhook; an older one ends. Errors: not_found, not_a_webhook. */
MUST_USE enum rc hook_token_make(struct change *ch, int64_t trigger_id, char token[64], struct err *e);

struct hook_call {
    struct str token;
    int64_t asked_deal; /* 0: by phone or mail */
    struct str phone, email;
    int64_t deal_id; /* found; 0: none */
    bool ran;
};
/* Reads a body, {"deal_id"|"phone"|"email", …}; other members are left alone. NULL: no body. Errors: wrong_type,
 * required. */
MUST_USE enum rc hook_read(struct arena *a, struct str token, const json_t *body, struct hook_call *out, struct err *e);
/* Finds the deal (of a phone or mail: the newest open one of that client, where the trigger looks) and runs the trigger
 * for it. Nothing is created: without a deal nothing happens. Errors: hook_not_found. */
MUST_USE enum rc hook_fire(struct change *ch, struct hook_call *x, struct err *e);
