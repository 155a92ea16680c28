#include "cli/demo.h"

/* The holidays of the Labour Code, art. 112. One that falls on a weekend moves to the next working day; the
 * government's yearly swaps of days are left out, so some real years differ by a day or two. */
static bool fixed_holiday(unsigned month, unsigned day)
{
    return (month == 1 && day <= 8) || (month == 2 && day == 23) || (month == 3 && day == 8) ||
           (month == 5 && (day == 1 || day == 9)) || (month == 6 && day == 12) || (month == 11 && day == 4) ||
           (month == 12 && day == 31);
}

static unsigned weekday(int64_t on) /* 0 Monday .. 6 Sunday; 1970-01-01 was a Thursday */
{
    return (unsigned)(((on + 3) % 7 + 7) % 7);
}

static bool fixed_on(int64_t on)
{
    int year;
    unsigned month, day;
    date_to_civil(on, &year, &month, &day);
    return fixed_holiday(month, day) && !(month == 12 && year < 2025);
}

bool demo_is_holiday(int64_t on)
{
    if (fixed_on(on))
        return true;
    if (weekday(on) != 0)
        return false;
    int year;
    unsigned month, day;
    date_to_civil(on, &year, &month, &day);
    bool january = month == 1 && day < 12; /* the New Year holidays are moved by decree, not by this rule */
    return !january && (fixed_on(on - 1) || fixed_on(on - 2));
}

void demo_calendar(struct demo_world *w)
{
    const int64_t days = DEMO_DAYS_BACK + 800;
    w->workday = ARENA_ARRAY(&w->arena, unsigned char, days);
    for (int64_t d = 0; d < days; d++)
        w->workday[d] = weekday(w->base_on + d) < 5 && !demo_is_holiday(w->base_on + d);
}

uint32_t demo_to_work(const struct demo_world *w, struct rng *r, uint32_t t)
{
    uint32_t day = t / DEMO_DAY, second = t % DEMO_DAY;
    if (w->workday[day] && second >= 9 * 3600 && second < 18 * 3600)
        return t;
    if (w->workday[day] && second < 9 * 3600)
        return day * DEMO_DAY + (uint32_t)rng_range(r, 9 * DEMO_HOUR, 12 * DEMO_HOUR);
    do
        day++;
    while (!w->workday[day]);
    return day * DEMO_DAY + (uint32_t)rng_range(r, 9 * DEMO_HOUR, 18 * DEMO_HOUR - 1);
}
