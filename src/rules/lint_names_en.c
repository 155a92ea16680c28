/* English names of stages. */
#include "rules/lint_names.h"

static const char past[] =
    " sent held made paid won lost met given taken shown learnt found set signed known chosen written begun done got "
    "gone built "
    "bought sold brought kept left heard told put understood drawn spoken cut run read came took went spoke gave lent "
    "complete closed failed returned renewed chose wrote drew led saw ran broke ";
static const char no_past[] =
    " need needed-by speed feed seed lead breed hundred unneeded bed red embed shed sacred interested excited "
    "undecided unqualified engaged unresponsive delayed postponed stalled paused stuck ghosted parked unreached ";
static const char states[] =
    " thinking waiting pending deciding considering negotiating stalled paused stuck hold "
    "undecided interested hot warm cold active "
    "nurture nurturing unresponsive delayed postponed progress silent awaiting evaluating comparing ghosted "
    "parked engaged unqualified unreachable ready ";
static const char plans[] = " call send prepare make get ask find sign schedule book check contact discuss present "
                            "show close collect meet write follow to "
                            "plan arrange offer-to ";

struct made {
    const char *work, *done;
};
static const struct made works[] = {
    {"preparation", "prepared"},
    {"approval", "approved"},
    {"payment", "paid"},
    {"delivery", "delivered"},
    {"sending", "sent"},
    {"preparing", "prepared"},
    {"signing", "signed"},
    {"review", "reviewed"},
    {"verification", "verified"},
    {"confirmation", "confirmed"},
    {"qualification", "qualified"},
    {"creation", "created"},
    {"assessment", "assessed"},
    {"evaluation", "evaluated"},
    {"selection", "selected"},
    {"discussion", "discussed"},
    {"collection", "collected"},
    {"calculation", "calculated"},
    {"analysis", "analysed"},
    {"identification", "identified"},
    {"closing", "closed"},
    {"agreement", "agreed"},
    {"installation", "installed"},
    {"submission", "submitted"},
};
static const struct made verbs[] = {
    {"send", "sent"},          {"prepare", "prepared"},  {"make", "made"},         {"sign", "signed"},
    {"schedule", "scheduled"}, {"book", "booked"},       {"check", "checked"},     {"discuss", "discussed"},
    {"show", "shown"},         {"collect", "collected"}, {"write", "written"},     {"arrange", "arranged"},
    {"find", "found"},         {"close", "closed"},      {"present", "presented"},
};
static const char events[] =
    " demo demonstration presentation meeting call interview consultation audit training onboarding visit briefing "
    "webinar workshop kickoff ";
/* Work that comes to an end without being held: with a word that tells which, it is completed. */
static const char ends[] = " review evaluation assessment analysis verification pilot discovery procurement "
                           "implementation trial qualification ";

static const char *done_of(const struct made *list, size_t n, struct str word)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqc(word, list[i].work))
            return list[i].done;
    return NULL;
}

static struct str join(struct arena *a, const struct name_words *w, size_t from, size_t to, const char *done)
{
    while (from < to && word_in(w->fold[from], " the a an of "))
        from++;
    if (from >= to)
        return STR_NULL;
    const char *begin = w->as[from].ptr, *end = w->as[to - 1].ptr + w->as[to - 1].len;
    return word_capital(a, str_fmt(a, "%.*s %s", (int)(end - begin), begin, done));
}

/* "Legal review": of what kind it is, not what is reviewed. */
static bool is_quality(struct str w)
{
    return word_in(w, " first second final initial security product legal ") || word_ends_any(w, "al ical ary ive ial");
}

static struct str propose_work(struct arena *a, const struct name_words *w)
{
    struct str last = w->fold[w->n - 1];
    const char *done = done_of(works, sizeof works / sizeof *works, last);
    if (word_in(last, ends) && (w->n == 1 || is_quality(w->fold[w->n - 2])))
        return join(a, w, 0, w->n, "completed");
    if (done && w->n > 1) /* contract preparation */
        return join(a, w, 0, w->n - 1, done);
    done = done_of(works, sizeof works / sizeof *works, w->fold[0]);
    if (done && w->n > 1) /* sending the details */
        return join(a, w, 1, w->n, done);
    if (word_in(last, events))
        return join(a, w, 0, w->n, "held");
    for (size_t i = 0; i < w->n; i++)
        if (word_in(w->fold[i], " negotiation negotiations bargaining "))
            return STR("Terms agreed");
    return STR_NULL;
}

static bool is_past(struct str w)
{
    return word_in(w, past) || (word_ends(w, "ed") && w.len > 4 && !word_in(w, no_past));
}

static bool is_work(struct str w)
{
    return word_in(w, events) || word_in(w, ends) || done_of(works, sizeof works / sizeof *works, w) ||
           word_ends_any(w, "tion tions sion ment ing sis");
}

enum name_says name_says_en(struct arena *a, const struct name_words *w, struct str *proposal)
{
    bool state = false, work = false, done = false;
    *proposal = STR_NULL;
    if (w->n == 0)
        return NAME_THING;
    for (size_t i = 0; i < w->n; i++) {
        state |= word_in(w->fold[i], states);
        done |= is_past(w->fold[i]);
        work |= is_work(w->fold[i]);
    }
    if (w->n > 1 && word_in(w->fold[0], " to ") && word_in(w->fold[1], " be "))
        return NAME_PLAN;
    state |= !done && word_in(w->fold[0], " in under at on no not ");
    if (done && !state)
        return NAME_DONE;
    if (state) {
        if (word_in(w->fold[0], " thinking considering deciding undecided "))
            *proposal = STR("Decision date set");
        else if (word_in(w->fold[0], " negotiating "))
            *proposal = STR("Terms agreed");
        return NAME_STATE;
    }
    if (word_in(w->fold[0], plans) && !(w->n == 1 && word_in(w->fold[0], events))) {
        const char *made = done_of(verbs, sizeof verbs / sizeof *verbs, w->fold[0]);
        *proposal = made && w->n > 1 ? join(a, w, 1, w->n, made) : STR_NULL;
        return NAME_PLAN;
    }
    if (work) {
        *proposal = propose_work(a, w);
        return NAME_WORK;
    }
    return NAME_THING;
}
