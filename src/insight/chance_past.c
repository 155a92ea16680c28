/* What was known at one instant after another: what ended since the one before is added, those that still stand are
 * told anew. */
#include "crm/fields.h"
#include "insight/chance.h"

struct standing {
    uint32_t stage;
    int64_t dwell;
};
struct instant {
    VEC(struct chance_ended) ended, forgotten; /* forgotten: of deals deleted since */
    VEC(struct standing) standing;
};
struct chance_past {
    struct chance *m;
    const struct projection_view *v;
    const int64_t *at;
    size_t n, now;
    struct instant *of;
};

static void take(struct chance_past *p, size_t row, struct chance_deal *d, struct chance_ended_list *ended)
{
    ended->len = 0;
    struct chance_range there = chance_follow(p->m, p->v, row, p->at, p->n, d, ended);
    for (size_t i = 0; i < ended->len; i++)
        vec_push(&p->of[ended->ptr[i].instant].ended, ended->ptr[i]);
    for (size_t i = there.first; i < there.end; i++)
        if (d[i].cause == DEAL_OPEN) {
            struct standing one = {d[i].stage, p->at[i] - d[i].since};
            vec_push(&p->of[i].standing, one);
        }
    for (size_t i = 0; there.end < p->n && i < ended->len; i++) /* it was deleted by then */
        vec_push(&p->of[there.end].forgotten, ended->ptr[i]);
}

struct chance_past *chance_past_new(struct chance *m, const struct projection_view *v, const struct chance_spec *spec,
                                    const int64_t *at, size_t n)
{
    struct chance_past *p = ARENA_NEW(m->arena, struct chance_past);
    struct chance_deal *d = ARENA_ARRAY(m->arena, struct chance_deal, n + 1);
    struct chance_ended_list ended = {0};
    chance_begin(m, v, spec);
    *p = (struct chance_past){m, v, at, n, 0, ARENA_ARRAY(m->arena, struct instant, n + 1)};
    for (size_t row = 0; row < v->facts[FACT_DEAL].n; row += m->every)
        take(p, row, d, &ended);
    vec_free(&ended);
    return p;
}

void chance_past_learn(struct chance_past *p, size_t i)
{
    struct semi *s = p->m->by_stage;
    const struct instant *x = &p->of[i];
    p->now = i;
    semi_forget_staying(s);
    for (size_t k = 0; k < x->ended.len; k++)
        semi_add(s, x->ended.ptr[k].from, x->ended.ptr[k].to, x->ended.ptr[k].dwell);
    for (size_t k = 0; k < x->forgotten.len; k++)
        semi_take_back(s, x->forgotten.ptr[k].from, x->forgotten.ptr[k].to, x->forgotten.ptr[k].dwell);
    for (size_t k = 0; k < x->standing.len; k++)
        semi_add(s, x->standing.ptr[k].stage, CHANCE_NOWHERE, x->standing.ptr[k].dwell);
    semi_solve(s);
}

void chance_past_ages(struct chance_past *p)
{
    chance_ages(p->m, p->v, p->at[p->now]);
}

void chance_past_free(struct chance_past *p)
{
    for (size_t i = 0; p != NULL && i < p->n; i++) {
        vec_free(&p->of[i].ended);
        vec_free(&p->of[i].forgotten);
        vec_free(&p->of[i].standing);
    }
}
