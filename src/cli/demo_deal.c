/* One deal from its first sign of interest to its end, or to now. */
#include "cli/demo.h"

struct run {
    struct demo_world *w;
    struct rng r;
    const struct demo_funnel_model *m;
    const struct demo_stage_model *stages;
    unsigned n;     /* open stages */
    uint32_t index; /* of the deal */
    bool win, forced, after_break;
    unsigned lost_at; /* the stage where it is lost */
};
#define DEAL(run) (&(run)->w->deals.ptr[(run)->index])

struct rng demo_stream(const struct demo_world *w, unsigned what, uint64_t index)
{
    struct rng r;
    rng_seed(&r, w->opt.seed * UINT64_C(0x9e3779b97f4a7c15) + index * 16 + what);
    return r;
}

static void event(struct demo_world *w, uint32_t t, unsigned kind, uint32_t object, unsigned a, unsigned b,
                  unsigned actor)
{
    struct demo_event ev = {t, object, (unsigned char)kind, (unsigned char)a, (unsigned char)b, (unsigned char)actor};
    vec_push(&w->events, ev);
}

/* Exactly `won` of every 50 deals of a funnel are won, in an order of the block's own: the planted rate is the true
 * one. */
static bool quota(const struct demo_world *w, uint64_t k, unsigned stream, unsigned won)
{
    unsigned char order[50];
    struct rng r = demo_stream(w, stream, k / 50);
    for (unsigned i = 0; i < 50; i++)
        order[i] = (unsigned char)i;
    for (unsigned i = 49; i > 0; i--) {
        unsigned j = (unsigned)rng_range(&r, 0, i);
        unsigned char keep = order[i];
        order[i] = order[j];
        order[j] = keep;
    }
    return order[k % 50] < won;
}

static unsigned pick_owner(struct run *x)
{
    unsigned n = 0;
    while (n < 4 && x->m->owners[n] != DEMO_USERS)
        n++;
    return x->m->owners[rng_range(&x->r, 0, (int64_t)n - 1)];
}

static void pick_outcome(struct run *x)
{
    const struct demo_deal *d = DEAL(x);
    double rate = x->m->win;
    if (d->funnel == DEMO_COURSES_RU)
        rate = d->owner == DEMO_STRONG ? DEMO_STRONG_RATE : DEMO_OTHERS_RATE;
    x->win = rng_unit(&x->r) < rate;
    if (d->funnel == DEMO_OUTREACH && !x->forced)
        x->win =
            x->after_break ? quota(x->w, x->w->outreach_after++, 6, 1) : quota(x->w, x->w->outreach_before++, 5, 21);
    double all = 0;
    for (unsigned i = 0; i < x->n; i++)
        all += x->stages[i].lose;
    double u = rng_unit(&x->r) * all;
    for (x->lost_at = 0; x->lost_at + 1 < x->n && (u -= x->stages[x->lost_at].lose) >= 0; x->lost_at++)
        ;
}

static void pick_product(struct run *x)
{
    static const unsigned char people[] = {0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 12},
                               firms[] = {5, 5, 6, 6, 6, 7, 8, 8, 9, 10, 11};
    struct demo_deal *d = DEAL(x);
    if (d->funnel == DEMO_SERVICES) {
        d->product = rng_unit(&x->r) < 0.6 ? 13 : 14;
        d->seats = (uint16_t)rng_range(&x->r, 1, d->product == 13 ? 3 : 6);
    } else if (x->m->firms) {
        d->product = firms[rng_range(&x->r, 0, (int64_t)sizeof firms - 1)];
        double seats = rng_lognormal(&x->r, d->funnel == DEMO_TENDERS ? 60 : 16, 0.7);
        d->seats = (uint16_t)(seats < 3 ? 3 : seats > 900 ? 900 : seats);
    } else {
        d->product = people[rng_range(&x->r, 0, (int64_t)sizeof people - 1)];
        d->seats = rng_unit(&x->r) < 0.12 ? 2 : 1;
    }
    int64_t roubles = x->w->training->products[d->product].price_minor / 100;
    d->price_minor = (int64_t)((double)roubles * x->m->rate / 100 + 0.5) * 100 * 100;
    d->discount = (unsigned char)(d->seats >= 50 ? 10 : d->seats >= 20 ? 5 : 0);
    d->value_minor = d->price_minor * d->seats * (100 - d->discount) / 100;
    d->first_value_minor = d->value_minor;
    if (x->m->firms && rng_unit(&x->r) < 0.08) /* the group grew or shrank during the talks */
        d->first_value_minor = d->price_minor * (d->seats + rng_range(&x->r, 2, 8)) * (100 - d->discount) / 100;
    if (x->m->firms && rng_unit(&x->r) < 0.4)
        d->cost_minor = rng_range(&x->r, 8, 90) * 100 * 100;
}

static void pick_source(struct run *x, uint32_t t, bool burst)
{
    static const unsigned char people[] = {0, 0, 0, 1, 1, 2, 3, 3, 7, 7, 8, 5, 6},
                               firms[] = {0, 0, 3, 3, 4, 4, 5, 7, 8, 11};
    struct demo_deal *d = DEAL(x);
    int64_t on = x->w->base_on + t / DEMO_DAY;
    d->campaign = 255;
    switch (d->funnel) {
    case DEMO_OUTREACH:
        d->source = 9;
        break;
    case DEMO_TENDERS:
        d->source = 10;
        break;
    case DEMO_RENEWAL:
    case DEMO_RETURN:
        d->source = 11;
        break;
    default:
        d->source = x->m->firms ? firms[rng_range(&x->r, 0, (int64_t)sizeof firms - 1)]
                                : people[rng_range(&x->r, 0, (int64_t)sizeof people - 1)];
    }
    double u = rng_unit(&x->r);
    for (size_t i = 0; i < x->w->n_campaigns; i++) {
        const struct demo_campaign *c = &x->w->campaigns[i];
        bool runs = c->funnel == d->funnel && on >= c->starts_on && on <= c->ends_on;
        if (burst ? c->burst : runs && u < c->share) {
            d->campaign = (unsigned char)i;
            d->source = c->source;
        }
    }
}

static uint32_t new_contact(struct run *x, uint32_t t, uint32_t company, unsigned owner)
{
    struct demo_world *w = x->w;
    struct demo_contact c = {t, company, (unsigned char)owner, x->m->country};
    vec_push(&w->contacts, c);
    event(w, t, DEMO_EV_CONTACT, (uint32_t)w->contacts.len - 1, 0, 0, owner);
    return (uint32_t)w->contacts.len - 1;
}

static uint32_t new_company(struct run *x, uint32_t t, unsigned owner, bool public_body)
{
    struct demo_world *w = x->w;
    struct demo_company c = {t, DEMO_NONE, (unsigned char)owner, public_body};
    vec_push(&w->companies, c);
    event(w, t, DEMO_EV_COMPANY, (uint32_t)w->companies.len - 1, 0, 0, owner);
    return (uint32_t)w->companies.len - 1;
}

/* How many companies are at least so old; they stand in order of their coming, so halving finds it. */
static size_t companies_before(const struct demo_world *w, uint32_t t, uint32_t age)
{
    size_t lo = 0, hi = w->companies.len;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (w->companies.ptr[mid].created + age < t)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* Renewals and returns come from clients we know; other firms come back now and then, people more rarely. */
static void pick_client(struct run *x, uint32_t t)
{
    struct demo_world *w = x->w;
    struct demo_deal *d = DEAL(x);
    bool known = d->funnel == DEMO_RENEWAL || d->funnel == DEMO_RETURN;
    d->company = d->contact = DEMO_NONE;
    double again = x->m->firms ? known ? 0.9 : 0.3 : 0.12;
    bool back = rng_unit(&x->r) < again;
    if (!x->m->firms) {
        for (int i = 0; back && w->contacts.len > 0 && i < 8 && d->contact == DEMO_NONE; i++) {
            uint32_t c = (uint32_t)rng_range(&x->r, 0, (int64_t)w->contacts.len - 1);
            if (w->contacts.ptr[c].company == DEMO_NONE && w->contacts.ptr[c].country == x->m->country)
                d->contact = c;
        }
        if (d->contact == DEMO_NONE)
            d->contact = new_contact(x, t, DEMO_NONE, d->owner);
        else
            d->cls = 2;
        return;
    }
    size_t old = known ? companies_before(w, t, 120 * DEMO_DAY) : w->companies.len;
    if (back && old > 0)
        d->company = (uint32_t)rng_range(&x->r, 0, (int64_t)old - 1);
    else
        d->company = new_company(x, t, d->owner, d->funnel == DEMO_TENDERS && rng_unit(&x->r) < 0.6);
    struct demo_company *c = &w->companies.ptr[d->company];
    d->cls = back && old > 0 ? 2 : 1;
    if (c->contact == DEMO_NONE || rng_unit(&x->r) < 0.1)
        d->contact = new_contact(x, t, d->company, d->owner);
    else
        d->contact = c->contact;
    c = &w->companies.ptr[d->company];
    c->contact = c->contact == DEMO_NONE ? d->contact : c->contact;
}

static void pick_reason(struct run *x, unsigned stage, bool timeout)
{
    static const unsigned char early[] = {4, 4, 4, 7, 1, 5}, late[] = {0, 0, 0, 2, 2, 1, 1, 5, 3, 4},
                               tender[] = {8, 9, 9, 9, 10, 11};
    struct demo_deal *d = DEAL(x);
    if (timeout)
        d->reason = DEMO_BY_CLOCK;
    else if (d->funnel == DEMO_TENDERS)
        d->reason = stage < 3 ? 11 : stage == 3 || stage == 4 ? 8 : tender[rng_range(&x->r, 1, 4)];
    else if (stage * 3 < x->n)
        d->reason = early[rng_range(&x->r, 0, (int64_t)sizeof early - 1)];
    else
        d->reason = late[rng_range(&x->r, 0, (int64_t)sizeof late - 1)];
}

static uint32_t quarter(uint32_t t)
{
    return t - t % 900;
}

static uint32_t add_task(struct run *x, uint32_t created, uint32_t due, unsigned text, unsigned owner, unsigned by)
{
    struct demo_world *w = x->w;
    struct demo_task t = {x->index,
                          created,
                          due,
                          DEMO_NONE,
                          (unsigned char)text,
                          (unsigned char)rng_range(&x->r, 0, 2),
                          (unsigned char)owner};
    vec_push(&w->tasks, t);
    event(w, created, DEMO_EV_TASK, (uint32_t)w->tasks.len - 1, 0, 0, by);
    return (uint32_t)w->tasks.len - 1;
}

static unsigned stage_task(struct run *x, unsigned stage)
{
    const unsigned char *tasks = x->stages[stage].tasks;
    int64_t n = 0;
    while (n < 3 && tasks[n] != DEMO_NO_TASK)
        n++;
    return tasks[rng_range(&x->r, 0, n - 1)];
}

/* What was done during a finished stay. */
static void past_work(struct run *x, unsigned stage, uint32_t from, uint32_t to)
{
    struct demo_deal *d = DEAL(x);
    if (to <= from + 600)
        return;
    if (rng_unit(&x->r) < 0.30) {
        uint32_t created = from + (uint32_t)rng_range(&x->r, 20, 300);
        uint32_t done = to - (uint32_t)rng_range(&x->r, 10, 200);
        /* four of five in time, as in a department that works by its queue */
        double luck = rng_unit(&x->r) - 0.8, spent = (double)(done - created);
        uint32_t due =
            quarter(luck < 0 ? done + (uint32_t)(-luck * 0.4 * spent) : done - (uint32_t)(luck * 2 * spent)) + 900;
        uint32_t task = add_task(x, created, due, stage_task(x, stage), d->owner, d->owner);
        x->w->tasks.ptr[task].done = done;
        event(x->w, done, DEMO_EV_TASK_DONE, task, 0, 0, d->owner);
    }
    if (rng_unit(&x->r) < 0.08)
        event(x->w, from + (uint32_t)rng_range(&x->r, 300, 600), DEMO_EV_NOTE, x->index,
              (unsigned)rng_range(&x->r, 0, DEMO_NOTES - 1) + (x->m->firms ? DEMO_NOTES : 0), 0, d->owner);
}

/* Most of today's tasks still lie ahead, whatever the hour. */
static uint32_t today(struct run *x)
{
    uint32_t now = x->w->now, midnight = now - now % DEMO_DAY, nine = midnight + 9 * 3600, six = midnight + 18 * 3600;
    uint32_t last = midnight + DEMO_DAY - 900, until = now + 3 * 3600 < six    ? six
                                                       : now + 3 * 3600 < last ? now + 3 * 3600
                                                                               : last;
    if (now > nine && rng_unit(&x->r) < 0.25)
        return (uint32_t)rng_range(&x->r, nine, now);
    return (uint32_t)rng_range(&x->r, now > nine ? now + 900 < last ? now + 900 : last : nine, until);
}

/* What waits to be done on an open deal: overdue, today, later; a few deals stand without a task, which the lists must
 * show. */
static void present_work(struct run *x, unsigned stage, uint32_t entered)
{
    struct demo_world *w = x->w;
    struct demo_deal *d = DEAL(x);
    double u = rng_unit(&x->r);
    uint32_t now = w->now, created = entered + 60 < now ? entered + 60 : now, due;
    if (u < 0.07)
        return;
    if (u < 0.22)
        due = demo_to_work(w, &x->r, now - (uint32_t)rng_range(&x->r, 1, 6) * DEMO_DAY);
    else if (u < 0.42)
        due = today(x);
    else
        due = demo_to_work(w, &x->r, now + DEMO_DAY + (uint32_t)(rng_unit(&x->r) * 12 * DEMO_DAY));
    if (due < created)
        due = created + 1800;
    bool review = rng_unit(&x->r) < 0.02 && now - entered > 20 * DEMO_DAY;
    unsigned head = x->m->firms ? DEMO_HEAD_FIRMS : DEMO_HEAD_PEOPLE;
    due = quarter(due);
    uint32_t last = now - (uint32_t)rng_range(&x->r, 0, 72 * DEMO_HOUR);
    if (due > now && last > created)
        created = last;
    add_task(x, created, due, review ? TT_REVIEW : stage_task(x, stage), review ? head : d->owner,
             review ? head : d->owner);
    d->open_tasks = 1;
    d->next_task = due;
}

static void create(struct run *x, struct demo_arrival arrival, unsigned first)
{
    struct demo_world *w = x->w;
    struct demo_deal *d = DEAL(x);
    d->first_stage = d->stage = (unsigned char)first;
    d->entered = arrival.t;
    bool by_itself = d->source <= 2 && !x->m->firms; /* a form or a bot */
    event(w, arrival.t, DEMO_EV_DEAL, x->index, 0, 0, by_itself ? DEMO_SYSTEM : d->first_owner);
    uint32_t soon = arrival.t + (uint32_t)rng_range(&x->r, 30, 120);
    if (soon < w->now && rng_unit(&x->r) < 0.85)
        event(w, soon, DEMO_EV_PRODUCT, x->index, 0, 0, d->first_owner);
    if (d->owner != d->first_owner && soon + 60 < w->now)
        event(w, soon + 60, DEMO_EV_OWNER, x->index, d->first_owner, d->owner,
              x->m->firms ? DEMO_HEAD_FIRMS : DEMO_HEAD_PEOPLE);
    else
        d->first_owner = d->owner;
}

/* Moves the deal unless that lies behind now. */
static bool move(struct run *x, uint32_t t, unsigned to, unsigned actor)
{
    struct demo_deal *d = DEAL(x);
    if (t > x->w->now)
        return false;
    event(x->w, t, DEMO_EV_MOVE, x->index, d->stage, to, actor);
    if (d->value_minor != d->first_value_minor && !d->revised) {
        event(x->w, t, DEMO_EV_VALUE, x->index, 0, 0, d->owner);
        d->revised = true;
    }
    d->stage = (unsigned char)to;
    d->entered = t;
    if (to >= x->n) {
        d->status = to == x->n ? DEAL_WON : DEAL_LOST;
        d->closed = t;
    }
    return true;
}

/* The way: stages visited and how long each takes. */
struct way {
    unsigned stage[2 * DEMO_MAX_STAGES];
    double days[2 * DEMO_MAX_STAGES];
    unsigned n;
};

static void plan(struct run *x, unsigned last, struct way *way)
{
    way->n = 0;
    for (unsigned i = 0; i <= last; i++) {
        const struct demo_stage_model *m = &x->stages[i];
        if (i != last && rng_unit(&x->r) >= m->visit)
            continue;
        way->stage[way->n] = i;
        way->days[way->n++] = rng_lognormal(&x->r, m->median_days, 0.55);
        if (way->n > 1 && i + 2 < x->n && i != last && rng_unit(&x->r) < 0.02) { /* a step back, then forward again */
            way->stage[way->n] = way->stage[way->n - 2];
            way->days[way->n] = rng_lognormal(&x->r, x->stages[way->stage[way->n]].median_days, 0.55);
            way->n++;
        }
    }
}

static uint32_t after(struct run *x, uint32_t t, double days)
{
    uint32_t to = t + 120 + (uint32_t)(days * DEMO_DAY);
    return to > x->w->now ? to : demo_to_work(x->w, &x->r, to);
}

/* Chats and comments that went nowhere are closed by the clock: after 336 hours of interest, 720 of talk (the case's
 * rule). */
static double timeout_days(struct run *x, unsigned stage)
{
    if (x->m->firms || (stage != 0 && stage != 4 && stage != 6))
        return 0;
    return rng_unit(&x->r) < (stage == 0 ? 0.7 : 0.35) ? stage == 0 ? 14 : 30 : 0;
}

static void finish_lost(struct run *x, unsigned stage, uint32_t t, double days)
{
    double limit = timeout_days(x, stage);
    uint32_t to = limit > 0 ? t + (uint32_t)(limit * DEMO_DAY) : after(x, t, days * 2 + 0.5);
    pick_reason(x, stage, limit > 0);
    past_work(x, stage, t, to < x->w->now ? to : t);
    if (!move(x, to, x->n + 1, limit > 0 ? DEMO_SYSTEM : DEAL(x)->owner))
        present_work(x, stage, t);
}

static void walk(struct run *x, struct demo_arrival arrival)
{
    struct way way;
    struct demo_world *w = x->w;
    plan(x, x->win ? x->n - 1 : x->lost_at, &way);
    uint32_t t = arrival.t;
    create(x, arrival, way.stage[0]);
    for (unsigned i = 0; i < way.n; i++) {
        unsigned stage = way.stage[i];
        bool last = i + 1 == way.n;
        if (last && !x->win) {
            finish_lost(x, stage, t, way.days[i]);
            return;
        }
        uint32_t to = after(x, t, way.days[i]);
        if (to > w->now) {
            present_work(x, stage, t);
            return;
        }
        past_work(x, stage, t, to);
        if (DEAL(x)->funnel == DEMO_CORPORATE && stage == DEMO_SLOW_STAGE)
            vec_push(&w->slow_stays, to - t);
        if (!move(x, to, last ? x->n : way.stage[i + 1], DEAL(x)->owner))
            return;
        t = to;
    }
}

/* A deal that must stand on a given stage now, so that no column of the board is empty: the way is squeezed into the
 * time. */
static void walk_to(struct run *x, struct demo_arrival arrival, unsigned stand)
{
    struct way way;
    plan(x, stand, &way);
    double all = 0;
    for (unsigned i = 0; i < way.n; i++)
        all += way.days[i] + 0.01;
    uint32_t t = arrival.t;
    double span = (double)(x->w->now - t);
    create(x, arrival, way.stage[0]);
    for (unsigned i = 0; i + 1 < way.n; i++) {
        uint32_t to = t + 300 + (uint32_t)((way.days[i] + 0.01) / all * span * 0.9);
        uint32_t work = demo_to_work(x->w, &x->r, to);
        to = work < x->w->now ? work : to;
        if (to >= x->w->now)
            break;
        past_work(x, way.stage[i], t, to);
        if (!move(x, to, way.stage[i + 1], DEAL(x)->owner))
            break;
        t = to;
    }
    present_work(x, DEAL(x)->stage, t);
}

static void expect_close(struct run *x)
{
    struct demo_deal *d = DEAL(x);
    double days = 3;
    for (unsigned i = d->stage < x->n ? d->stage : 0; i < x->n; i++)
        days += x->stages[i].median_days * x->stages[i].visit;
    days = rng_lognormal(&x->r, days, 0.35);
    uint32_t from = d->status != DEAL_OPEN ? d->created : rng_unit(&x->r) < 0.12 ? d->entered : x->w->now;
    d->expected_day = (int32_t)(from / DEMO_DAY + (uint32_t)days);
}

static void count_step(struct run *x)
{
    const struct demo_deal *d = DEAL(x);
    struct demo_world *w = x->w;
    if (d->funnel != DEMO_OUTREACH || x->forced || d->created + DEMO_MATURE_DAYS * DEMO_DAY > w->now)
        return;
    bool passed = d->first_stage == DEMO_BREAK_STAGE, shown = d->first_stage == DEMO_BREAK_STAGE + 1;
    for (size_t i = w->events.len; i-- > 0 && w->events.ptr[i].kind != DEMO_EV_DEAL;) {
        const struct demo_event *ev = &w->events.ptr[i];
        passed |= ev->kind == DEMO_EV_MOVE && ev->b == DEMO_BREAK_STAGE;
        shown |= ev->kind == DEMO_EV_MOVE && ev->b == DEMO_BREAK_STAGE + 1;
    }
    *(x->after_break ? &w->shown_after : &w->shown_before) += shown;
    *(x->after_break ? &w->passed_after : &w->passed_before) += shown && passed;
}

void demo_deal_run(struct demo_world *w, struct demo_arrival arrival)
{
    struct demo_deal deal = {.created = arrival.t,
                             .closed = DEMO_NONE,
                             .funnel = arrival.funnel,
                             .reason = 255,
                             .burst = arrival.burst,
                             .forced = arrival.forced > 0,
                             .next_task = DEMO_NONE};
    vec_push(&w->deals, deal);
    struct run x = {.w = w,
                    .m = &demo_funnels[arrival.funnel],
                    .n = w->n_stages[arrival.funnel],
                    .index = (uint32_t)w->deals.len - 1,
                    .forced = arrival.forced > 0};
    x.r = demo_stream(w, 3, x.index);
    x.after_break = arrival.funnel == DEMO_OUTREACH && w->base_on + arrival.t / DEMO_DAY >= w->break_on;
    x.stages = x.after_break ? demo_outreach_after : x.m->stages;
    struct demo_deal *d = DEAL(&x);
    d->owner = (unsigned char)pick_owner(&x);
    d->first_owner = (unsigned char)(rng_unit(&x.r) < 0.06 ? pick_owner(&x) : d->owner);
    pick_outcome(&x);
    pick_product(&x);
    pick_source(&x, arrival.t, arrival.burst);
    pick_client(&x, arrival.t);
    if (arrival.forced)
        walk_to(&x, arrival, arrival.forced - 1u);
    else
        walk(&x, arrival);
    d = DEAL(&x);
    if (!d->revised) /* no talk yet that could have changed it */
        d->first_value_minor = d->value_minor;
    expect_close(&x);
    count_step(&x);
}
