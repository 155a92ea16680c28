/* How likely an open deal is to be won, told from how long deals stay in a stage and where they go from it.
 *
 * Two models, both learned from the visits known at an instant, open deals censored:
 * - by stage: semi-Markov. The time in a stage ends by a move to each other stage, by a win or by a loss; F_sj(u) of
 *   each is Aalen-Johansen's on a grid of bins (Andersen, Borgan, Gill, Keiding 1993, 4.4.20); a stage starts its clock
 *   anew. P_s(t) = sum over j of the integral of P_j(t - u) dF_sj(u), and of a deal that is there since u0 the same
 *   beyond u0 over S_s(u0).
 * - by age: P(won within h | open at age a) = (F_won(a + h) - F_won(a)) / S(a) of the deals of its funnel.
 * A stage that fewer than CHANCE_FEW deals have left takes the chance by age. */
#pragma once
#include "base/vec.h"
#include "insight/projection.h"
#include "insight/stats.h"

#define CHANCE_FEW 10
#define CHANCE_DEALS_MOST 60000 /* learned from; of more deals every n-th */
#define CHANCE_NOWHERE UINT32_MAX

/* ---- by stage, for whatever has states ---- */

struct semi_edge {
    uint32_t from, to;
    float *exits;      /* how many left in each bin */
    float *q;          /* after semi_solve: the probability of it, of bins that anybody has been seen in */
    size_t end;        /* behind the last bin in which anybody left */
    size_t cap, q_cap; /* bins that exits and q have room for: most stays are short */
};
struct semi {
    struct arena *arena;
    size_t n_states, n_bins; /* bins of dwell */
    size_t steps;            /* bins of the longest horizon */
    int64_t bin;             /* ms */
    double bins_a_ms;        /* 1 / bin */
    const uint8_t *ends;     /* by state: 0 no, 1 won, 2 lost */
    int32_t *edge_of;        /* from * n_states + to: index of edges, -1 */
    VEC(struct semi_edge) edges;
    float **staying;          /* by state and bin: how many were censored in it */
    double **open, **at_risk; /* by state: share still there at the beginning of a bin, and how many */
    int64_t *entered, *left;  /* by state */
    size_t *used;             /* by state: bins that anybody has been seen in */
    double *later;            /* by state, within a step: what does not hang on the step itself */
    double **won;             /* by state: P(won within k bins of arrival), k 0..steps */
    double **coming;          /* by state: the mean of won at both ends of bin k, at steps - k: ends before begins */
    double *share;            /* by bin, within a life table: what one exit in it is worth */
    double *now, *before;     /* by state, within a step: won of it and of the step before */
    double *at_once;          /* by state: q of a win in the first bin */
    uint32_t *first_of;       /* by state: where its moves begin that are made in the first bin to states that go on */
    uint32_t *first_to;       /* of such a move: where to, */
    double *first_q;          /* and half of its q */
    double **memo;            /* by state: by bin of age, for memo_steps */
    size_t memo_steps;
    size_t n_ordered;                /* edges in edges_of */
    uint32_t *edges_of, *first_edge; /* after semi_solve: edges of a state in one piece */
};
/* horizon: the longest one; memory is of the arena but for the list of edges: semi_free. */
struct semi *semi_new(struct arena *a, size_t n_states, const uint8_t *ends, int64_t horizon, int64_t bin);
void semi_free(struct semi *s);
void semi_add(struct semi *s, uint32_t from, uint32_t to, int64_t dwell);       /* to CHANCE_NOWHERE: still there */
void semi_take_back(struct semi *s, uint32_t from, uint32_t to, int64_t dwell); /* what was added with `to` a state */
void semi_solve(struct semi *s);                                                /* again after more stays, too */
/* Those that were still there are forgotten: they will be added as they stand at a later time. */
void semi_forget_staying(struct semi *s);
/* P(won within h | in the state since age). at_risk, when not NULL: how many stayed that long. */
double semi_chance(struct semi *s, uint32_t state, int64_t age, int64_t h, double *at_risk);

/* ---- by age ---- */

struct age_life {
    int64_t age;
    uint8_t cause; /* enum deal_status; 0: still open */
};
struct ages {
    int64_t *at;               /* ages at which something ended, ascending */
    double *won, *lost, *open; /* F_won, F_lost, S at that age, it included */
    int64_t *at_risk;
    size_t n, n_lives;
    int64_t longest_win; /* -1: none */
};
void ages_learn(struct ages *g, struct arena *a, const struct age_life *lives, size_t n);
/* P(ended by cause within h | open at age). 0 beyond the last age that was ever seen. */
double ages_chance(const struct ages *g, enum deal_status cause, int64_t age, int64_t h, double *at_risk);

/* ---- of deals ---- */

struct chance_stage {
    int64_t id, funnel_id;
    uint8_t outcome;    /* enum deal_status */
    int8_t probability; /* typed into the stage, per cent; -1: none */
};
struct chance_spec {
    int64_t as_of;   /* what is known at its end */
    int64_t horizon; /* ms, the longest that will be asked for */
    int64_t bin;     /* ms; 0: a 48th of the horizon */
    size_t most;     /* deals to learn from; 0: CHANCE_DEALS_MOST */
};
/* Where a deal was at an instant. */
struct chance_deal {
    int64_t entry, since, exit; /* exit: of its end, when it has one */
    uint32_t stage;             /* of visit_stage */
    uint8_t cause;              /* enum deal_status */
};
struct chance {
    struct arena *arena;
    struct chance_stage *stages; /* from the database, ascending by id */
    size_t n_stages;
    const struct chance_stage **of; /* by visit_stage; NULL: no such stage is left */
    uint8_t *ends;                  /* by visit_stage */
    uint16_t *funnel;               /* by visit_stage: index of by_age */
    size_t n_of;
    struct semi *by_stage;
    struct ages *by_age;
    size_t n_funnels;
    size_t every, n_learned; /* every n-th deal; so many */
    struct chance_spec spec;
};
enum chance_model { CHANCE_BY_STAGE, CHANCE_BY_AGE };

MUST_USE enum rc chance_read(struct chance **out, struct arena *a, struct db *db, struct err *e); /* before the lock */
/* While the projection is locked. Views are not needed afterwards. Frees what an earlier learning held. */
void chance_learn(struct chance *m, const struct projection_view *v, const struct chance_spec *spec);
void chance_free(struct chance *m); /* NULL is fine */
/* False when it had not entered a funnel by then, or is deleted. */
bool chance_deal_at(const struct chance *m, const struct projection_view *v, size_t row, int64_t at,
                    struct chance_deal *out);
/* The same at each of n instants that ascend, by one look at its visits: out[first] ... out[end - 1]; before and behind
 * them it was not there. */
struct chance_range {
    size_t first, end;
};
struct chance_range chance_deal_when(const struct chance *m, const struct projection_view *v, size_t row,
                                     const int64_t *at, size_t n, struct chance_deal *out);
/* Learning at instants that ascend, each from what was known then, by one look at each deal. spec->as_of is not asked.
 * While the projection is locked; chance_past_learn for each instant in its turn, then the model is the one of that
 * instant; chance_free at the end. by_age is learned only for those who call chance_past_ages. */
struct chance_past;
struct chance_past *chance_past_new(struct chance *m, const struct projection_view *v, const struct chance_spec *spec,
                                    const int64_t *at, size_t n);
void chance_past_learn(struct chance_past *p, size_t i);
void chance_past_ages(struct chance_past *p);
void chance_past_free(struct chance_past *p); /* the list, not the model; NULL is fine */
/* Is the chance of a deal in that stage told by its age, because too few have left the stage? */
static inline bool chance_asks_age(const struct chance *m, uint32_t stage)
{
    return m->by_stage->left[stage] < CHANCE_FEW;
}

/* Between chance.c and chance_past.c: */
void chance_begin(struct chance *m, const struct projection_view *v, const struct chance_spec *spec);
void chance_ages(struct chance *m, const struct projection_view *v, int64_t at);
struct chance_ended { /* a stay in an open stage that ended before the instant of that index and not before earlier ones
                       */
    uint32_t from, to, instant;
    int64_t dwell;
};
struct chance_ended_list {
    struct chance_ended *ptr;
    size_t len, cap;
};
struct chance_range chance_follow(const struct chance *m, const struct projection_view *v, size_t row,
                                  const int64_t *at, size_t n, struct chance_deal *out,
                                  struct chance_ended_list *ended);

/* One stay in an open stage. */
struct chance_stay {
    int64_t from, until; /* until: FACT_NEVER while it lasts */
    uint32_t stage, to;  /* to: CHANCE_NOWHERE while it lasts */
};
#define CHANCE_STAYS_MOST 256
/* The stays of a deal up to `at`, in order; at most CHANCE_STAYS_MOST, the first ones. */
size_t chance_stays(const struct chance *m, const struct projection_view *v, size_t row, int64_t at,
                    struct chance_stay *out);
/* P(won within h) of a deal that is open at `at`; 0 and 1 of one that has ended. */
double chance_of(const struct chance *m, enum chance_model model, const struct chance_deal *d, int64_t at, int64_t h,
                 double *at_risk);
