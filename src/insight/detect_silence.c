#include "insight/detect_silence.h"
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 180, USERS_MOST = 4096, ACTIVE_LEAST = 30, SILENT_LEAST = 3, WEEK = 7 };

struct traces {
    uint8_t *on;    /* user * WINDOW + day */
    int32_t *users; /* slots */
    size_t n;
    int64_t first;          /* day */
    int32_t active[WINDOW]; /* people on a day */
};

static size_t slot_of(struct traces *t, int32_t user)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->users[i] == user)
            return i;
    if (t->n == USERS_MOST)
        return SIZE_MAX;
    t->users[t->n] = user;
    return t->n++;
}

static void collect(struct traces *t, const struct projection_view *v, const struct zone *zone)
{
    size_t slot = SIZE_MAX;
    int32_t last = 0;
    for (size_t i = v->n_activity; i-- > 0;) {
        const struct activity *a = &v->activity[i];
        int64_t day = zone_day(zone, a->hour * MS_HOUR) - t->first;
        if (day < -1)
            break; /* in order of hour */
        if (day < 0 || day >= WINDOW || a->user == 0 || a->automatic)
            continue;
        if (slot == SIZE_MAX || a->user != last)
            slot = slot_of(t, a->user);
        last = a->user;
        if (slot != SIZE_MAX && !t->on[slot * WINDOW + (size_t)day]) {
            t->on[slot * WINDOW + (size_t)day] = 1;
            t->active[day]++;
        }
    }
}

static bool works(const struct traces *t, int64_t day)
{
    if (t->n < 2)
        return ((t->first + day + 3) % WEEK + WEEK) % WEEK < 5;
    int32_t least = (int32_t)((t->n + 3) / 4);
    return t->active[day] >= (least > 2 ? least : 2);
}

static bool silent(const struct traces *t, const uint8_t *on, struct silence *s)
{
    int64_t gap = 0, last = -1;
    *s = (struct silence){0};
    for (int64_t day = 0; day + 1 < WINDOW; day++) { /* today is not over */
        if (on[day]) {
            s->longest = last >= 0 && gap > s->longest ? gap : s->longest;
            s->active_days++;
            last = day;
            gap = 0;
        } else if (works(t, day)) {
            gap++;
        }
    }
    s->days = gap;
    s->since = t->first + last + 1;
    return s->active_days >= ACTIVE_LEAST && gap >= SILENT_LEAST && gap > s->longest + 1;
}

static int by_user(const void *a, const void *b)
{
    const struct silence *x = a, *y = b;
    return x->user_id < y->user_id ? -1 : x->user_id > y->user_id;
}

size_t detect_silence(const struct projection_view *v, const struct zone *zone, int64_t now, struct silence *out,
                      size_t most)
{
    struct traces t = {.on = calloc(USERS_MOST, WINDOW),
                       .users = calloc(USERS_MOST, sizeof *t.users),
                       .first = zone_day(zone, now) - WINDOW + 1};
    size_t n = 0;
    if (t.on == NULL || t.users == NULL)
        abort();
    collect(&t, v, zone);
    for (size_t i = 0; i < t.n && n < most; i++) {
        struct silence s;
        if (!silent(&t, t.on + i * WINDOW, &s))
            continue;
        s.user_id = t.users[i];
        s.since = zone_midnight(zone, s.since);
        out[n++] = s;
    }
    free(t.on);
    free(t.users);
    if (n > 1)
        qsort(out, n, sizeof *out, by_user);
    return n;
}
