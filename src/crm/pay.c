#include "crm/pay.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

static enum rc bad(struct err *e, const char *why)
{
    return err_set(e, RC_UNPROCESSABLE, "bad_steps", "steps", "%s", why);
}

static bool number_in(const json_t *step, const char *key, double least, double most, double *out)
{
    const json_t *v = json_object_get(step, key);
    *out = v == NULL || json_is_null(v) ? 0 : json_number_value(v);
    return (v == NULL || json_is_null(v) || json_is_number(v)) && *out >= least && *out <= most;
}

static int by_from(const void *a, const void *b)
{
    const struct pay_step *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static enum rc read_step(const json_t *step, struct pay_step *out, struct err *e)
{
    static const char *const known[] = {"from", "percent", "pay_minor"};
    const char *key;
    json_t *value;
    if (!json_is_object(step))
        return bad(e, "object");
    json_object_foreach((json_t *)step, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found = found || strcmp(key, known[i]) == 0;
        if (!found)
            return bad(e, "unknown");
    }
    if (!number_in(step, "from", 0, 1e15, &out->from))
        return bad(e, "from");
    if (!number_in(step, "percent", 0, 1000, &out->percent))
        return bad(e, "percent");
    return number_in(step, "pay_minor", 0, 1e15, &out->sum) ? RC_OK : bad(e, "pay_minor");
}

enum rc pay_read(struct str steps, struct str of, double base, struct pay_scheme *out, struct err *e)
{
    json_error_t error;
    json_t *list = steps.len ? json_loadb(steps.ptr, steps.len, JSON_REJECT_DUPLICATES, &error) : NULL;
    enum rc rc = RC_OK;
    *out = (struct pay_scheme){.base = base, .of_plan = of.len == 0 || str_eqc(of, "plan")};
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > PAY_STEPS_MOST)
        TRY_OUT(bad(e, "array"));
    for (size_t i = 0; i < json_array_size(list); i++)
        TRY_OUT(read_step(json_array_get(list, i), &out->step[out->n++], e));
    qsort(out->step, out->n, sizeof *out->step, by_from);
    for (size_t i = 1; i < out->n; i++)
        if (out->step[i].from <= out->step[i - 1].from)
            TRY_OUT(bad(e, "from_twice"));
out:
    json_decref(list);
    return rc;
}

double pay_of(const struct pay_scheme *s, double value, double target)
{
    double pay = s->base;
    bool plan = isfinite(target) && target > 0;
    if (!isfinite(value) || (s->of_plan && !plan))
        return pay;
    for (size_t i = 0; i < s->n; i++) {
        double from = s->of_plan ? s->step[i].from / 100 * target : s->step[i].from;
        double next = i + 1 < s->n ? s->of_plan ? s->step[i + 1].from / 100 * target : s->step[i + 1].from : INFINITY;
        if (value < from)
            break;
        pay += s->step[i].sum + ((value < next ? value : next) - from) * s->step[i].percent / 100;
    }
    return pay;
}
