/* What money and marketing are reckoned with: rates of the foreign funnels' currencies, dated; the ways by which
 * clients came before they wrote; what sellers believe of their deals. Drawn from streams of their own. */
#include "cli/demo_fill_impl.h"
#include "crm/engine.h"
#include <math.h>

enum { QUARTERS = 13, TOUCHED_MOST = 400 };

/* Of a quarter ago and before: a rouble buys a little more of them each time, with ups and downs. */
static enum rc rates(struct filler *f, int64_t now, struct err *e)
{
    for (unsigned k = 0; k < DEMO_FUNNELS; k++) {
        const struct demo_funnel_model *funnel = &demo_funnels[k];
        bool again = strcmp(funnel->currency, "RUB") == 0;
        for (unsigned b = 0; b < k; b++)
            again = again || strcmp(demo_funnels[b].currency, funnel->currency) == 0;
        for (int q = QUARTERS; q-- > 0 && !again;) {
            double rate = (1 + 0.012 * q + 0.03 * sin(q * 1.7 + k)) / funnel->rate;
            int64_t at = now - (int64_t)q * 91 * MS_DAY - MS_DAY;
            json_t *body =
                json_pack("{s:s,s:o,s:f}", "currency", funnel->currency, "day_on",
                          json_text(date_format(f->tx->arena, at / MS_DAY)), "rate", round(rate * 10000) / 10000);
            TRY(demo_create(f, DEMO_DIRECTOR, at, ENT_CURRENCY_RATE, body, NULL, e));
        }
    }
    return RC_OK;
}

struct came {
    int64_t id, at, source, campaign;
};

/* Every third client of the newest deals had been here before, by another source: first, last and linear differ. */
static enum rc touches_of(struct filler *f, const struct came *c, struct rng *rng, struct err *e)
{
    int64_t before = c->at - (3 + rng_range(rng, 0, 25)) * MS_DAY;
    json_t *body = json_pack("{s:I,s:I,s:I}", "deal_id", (json_int_t)c->id, "at", (json_int_t)(c->at - MS_HOUR / 2),
                             "source_id", (json_int_t)c->source);
    if (c->campaign)
        json_object_set_new(body, "campaign_id", json_integer(c->campaign));
    TRY(demo_create(f, DEMO_MARKETER, c->at, ENT_TOUCH, body, NULL, e));
    if (rng_range(rng, 0, 2) != 0)
        return RC_OK;
    int64_t other = f->source[rng_range(rng, 0, 5)];
    body = json_pack("{s:I,s:I,s:I}", "deal_id", (json_int_t)c->id, "at", (json_int_t)before, "source_id",
                     (json_int_t)other);
    return demo_create(f, DEMO_MARKETER, c->at, ENT_TOUCH, body, NULL, e);
}

static enum rc touches(struct filler *f, struct err *e)
{
    struct came *came = ARENA_ARRAY(f->tx->arena, struct came, TOUCHED_MOST);
    struct rng rng = demo_stream(f->w, 42, 0);
    struct stmt *s;
    size_t n = 0;
    enum rc rc;
    TRY(db_prepare(
        f->tx->db, &s,
        "SELECT id, created_at, source_id, COALESCE(campaign_id, 0) FROM deal WHERE source_id IS NOT NULL AND"
        " deleted_at IS NULL ORDER BY id DESC LIMIT $1",
        e));
    stmt_i64(s, 1, TOUCHED_MOST);
    while ((rc = stmt_step(s, e)) == RC_ROW)
        came[n++] = (struct came){stmt_col_i64(s, 0), stmt_col_i64(s, 1), stmt_col_i64(s, 2), stmt_col_i64(s, 3)};
    stmt_done(s);
    TRY(rc == RC_DONE ? RC_OK : rc);
    while (n-- > 0)
        TRY(touches_of(f, &came[n], &rng, e));
    return RC_OK;
}

int64_t demo_belief(const struct demo_world *w, uint32_t deal)
{
    struct rng rng = demo_stream(w, 41, deal);
    if (rng_unit(&rng) > 0.6)
        return -1;
    double risk = 1 - demo_funnels[w->deals.ptr[deal].funnel].win;
    double guess = 100 * (1 - risk * DEMO_RISK_SEEN) + 30 * (rng_unit(&rng) - 0.5);
    return 5 * (int64_t)round(fmin(fmax(guess, 5), 95) / 5);
}

enum rc demo_money_apply(struct wtx *tx, struct job *job, struct err *e)
{
    struct filler *f = (struct filler *)job;
    f->tx = tx;
    f->written = 0;
    TRY(rates(f, demo_at(f->w, f->w->now), e));
    return touches(f, e);
}
