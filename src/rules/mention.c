/* "@Имя Фамилия" in a note: whoever is named hears of it. Plain text, so that it reads the same everywhere. */
#include "base/vec.h"
#include "crm/fields.h"
#include "rules/notify.h"

struct named {
    int64_t id;
    struct str name; /* folded */
};

static bool named_at(struct str text, size_t at, struct str name)
{
    return name.len && at + name.len <= text.len && memcmp(text.ptr + at, name.ptr, name.len) == 0 &&
           !str_utf8_word_at(text, at + name.len);
}

/* Behind an @ that begins a word. Of names that begin alike («Анна», «Анна Кравцова») the longest is meant. */
static bool is_named(struct str text, const struct named *who, const struct named *all, size_t n)
{
    for (size_t i = 0; i < text.len; i++) {
        bool longer = false;
        if (text.ptr[i] != '@' || (i > 0 && str_utf8_word_before(text, i)) || !named_at(text, i + 1, who->name))
            continue;
        for (size_t k = 0; k < n && !longer; k++)
            longer = all[k].name.len > who->name.len && named_at(text, i + 1, all[k].name);
        if (!longer)
            return true;
    }
    return false;
}

enum rc mentioned(struct change *ch, struct str was, struct str is, int64_t **ids, size_t *n, struct err *e)
{
    struct arena *a = ch->tx->arena;
    VEC(struct named) all = {0};
    struct stmt *s;
    enum rc rc;
    *n = 0;
    if (!is.len || !memchr(is.ptr, '@', is.len))
        return RC_OK;
    TRY(db_prepare(ch->tx->db, &s, "SELECT id, name FROM users WHERE active = 1 AND deleted_at IS NULL ORDER BY id",
                   e));
    while ((rc = stmt_step(s, e)) == RC_ROW)
        vec_push(&all, ((struct named){stmt_col_i64(s, 0), str_fold(a, stmt_col_str(s, 1))}));
    stmt_done(s);
    struct str now = str_fold(a, is), before = was.len ? str_fold(a, was) : STR("");
    *ids = ARENA_ARRAY(a, int64_t, all.len + 1);
    for (size_t i = 0; i < all.len; i++)
        if (is_named(now, &all.ptr[i], all.ptr, all.len) && !is_named(before, &all.ptr[i], all.ptr, all.len))
            (*ids)[(*n)++] = all.ptr[i].id;
    vec_free(&all);
    return rc == RC_DONE ? RC_OK : rc;
}
