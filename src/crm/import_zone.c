/* A log with offsets in its times says where it was written. When the company has not set its time zone, the first of
 * these zones that agrees with every offset becomes it, so that "by month" means the months of those who lived them. */
#include "base/zone.h"
#include "crm/import_impl.h"

static const char *const candidates[] = {
    "Europe/Moscow",      "Europe/Kaliningrad", "Europe/Samara",
    "Asia/Yekaterinburg", "Asia/Omsk",          "Asia/Krasnoyarsk",
    "Asia/Irkutsk",       "Asia/Yakutsk",       "Asia/Vladivostok",
    "Asia/Magadan",       "Asia/Kamchatka",     "Europe/Minsk",
    "Asia/Almaty",        "Asia/Tashkent",      "Asia/Tbilisi",
    "Asia/Yerevan",       "Asia/Baku",          "Europe/Amsterdam",
    "Europe/Kyiv",        "Europe/London",      "Europe/Istanbul",
    "Asia/Dubai",         "Asia/Kolkata",       "Asia/Shanghai",
    "Asia/Tokyo",         "Australia/Sydney",   "America/New_York",
    "America/Chicago",    "America/Denver",     "America/Los_Angeles",
    "America/Phoenix",    "America/Sao_Paulo",  "America/Argentina/Buenos_Aires",
};

/* The offset written at the end of an RFC 3339 time ("+02:00"), ms; false when there is none or it is Z. */
static bool written_offset(struct str s, int64_t *offset)
{
    if (s.len < 19 + 6)
        return false;
    const char *p = s.ptr + s.len - 6;
    if ((p[0] != '+' && p[0] != '-') || p[3] != ':')
        return false;
    for (int i = 1; i < 6; i++)
        if (i != 3 && (p[i] < '0' || p[i] > '9'))
            return false;
    int64_t minutes = ((p[1] - '0') * 10 + (p[2] - '0')) * 60 + (p[4] - '0') * 10 + (p[5] - '0');
    *offset = (p[0] == '-' ? -minutes : minutes) * 60 * MS_SECOND;
    return true;
}

void import_zone_see(struct import_zone_clues *c, struct str text, int64_t at)
{
    int64_t offset;
    if (c->n == IMPORT_ZONE_CLUES || !written_offset(text, &offset))
        return;
    /* The same offset within two weeks tells nothing new. */
    const int64_t near = 14 * MS_DAY;
    for (size_t i = c->n; i-- > 0;)
        if (c->clue[i].offset == offset && c->clue[i].at / near == at / near)
            return;
    c->clue[c->n].at = at;
    c->clue[c->n++].offset = offset;
}

const char *import_zone_guess(const struct import_zone_clues *c)
{
    for (size_t i = 0; c->n > 0 && i < sizeof candidates / sizeof *candidates; i++) {
        struct zone *z = zone_load(candidates[i]);
        size_t agree = 0;
        while (agree < c->n && zone_offset(z, c->clue[agree].at) == c->clue[agree].offset)
            agree++;
        zone_free(z);
        if (agree == c->n)
            return candidates[i];
    }
    return NULL;
}

struct settle {
    struct job job;
    const char *zone;
};

static enum rc settle_apply(struct wtx *tx, struct job *job, struct err *e)
{
    const struct settle *s = (const struct settle *)job;
    struct str have;
    TRY(setting_get(tx->db, tx->arena, "time_zone", NULL, &have, e));
    if (have.ptr)
        return RC_OK;
    struct change ch = change_begin(tx, import_actor(0));
    return setting_set(&ch, "time_zone", str_c(s->zone), e);
}

enum rc import_zone_settle(struct writer *w, const struct import_zone_clues *c, struct err *e)
{
    struct settle s = {.job = {.apply = settle_apply}, .zone = import_zone_guess(c)};
    return s.zone ? writer_run(w, &s.job, e) : RC_OK;
}
