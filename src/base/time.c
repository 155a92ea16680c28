#include "base/time.h"
#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t ahead; /* of the machine's clock, ms; see time_leap */

static int64_t real_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * MS_SECOND + t.tv_nsec / 1000000;
}

int64_t time_now(void)
{
    return real_now() + atomic_load_explicit(&ahead, memory_order_relaxed);
}

bool time_leap(int64_t now)
{
    int64_t real = real_now(), was = atomic_load(&ahead);
    while (now >= real + was)
        if (atomic_compare_exchange_weak(&ahead, &was, now - real))
            return true;
    return false;
}

int64_t time_monotonic(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * MS_SECOND + t.tv_nsec / 1000000;
}

/* Both directions: years are counted from March, so that the leap day is the last of its year and 400 years are 146097
 * days (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
int64_t date_from_civil(int year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (int64_t)(month > 2 ? month - 3 : month + 9) + 2) / 5 + (int64_t)day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_to_civil(int64_t days, int *year, unsigned *month, unsigned *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
    *month = (unsigned)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

static void put_digits(char *out, int64_t v, int width)
{
    while (width-- > 0) {
        out[width] = (char)('0' + v % 10);
        v /= 10;
    }
}

/* "YYYY-MM-DD" into 10 bytes; years outside 0..9999 are shown as the nearest that fits. */
static void put_date(char *out, int64_t days)
{
    int y;
    unsigned m, d;
    if (days < -719528)
        days = -719528;
    if (days > 2932896)
        days = 2932896;
    date_to_civil(days, &y, &m, &d);
    put_digits(out, y, 4);
    out[4] = '-';
    put_digits(out + 5, m, 2);
    out[7] = '-';
    put_digits(out + 8, d, 2);
}

struct str date_format(struct arena *a, int64_t days)
{
    char *p = arena_alloc(a, 11);
    put_date(p, days);
    p[10] = 0;
    return (struct str){p, 10};
}

void time_put(char out[25], int64_t at)
{
    int64_t days = at / MS_DAY, ms = at % MS_DAY;
    if (ms < 0) {
        ms += MS_DAY;
        days--;
    }
    put_date(out, days);
    out[10] = 'T';
    put_digits(out + 11, ms / MS_HOUR, 2);
    out[13] = ':';
    put_digits(out + 14, ms / 60000 % 60, 2);
    out[16] = ':';
    put_digits(out + 17, ms / 1000 % 60, 2);
    out[19] = '.';
    put_digits(out + 20, ms % 1000, 3);
    out[23] = 'Z';
    out[24] = 0;
}

struct str time_format(struct arena *a, int64_t at)
{
    char *p = arena_alloc(a, 25);
    time_put(p, at);
    return (struct str){p, 24};
}
