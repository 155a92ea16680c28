/* The companions NAME_fold of fields with FF_FOLD: what search and comparison see of a value. */
#include "base/phone.h"
#include "crm/engine.h"

struct str field_fold(struct arena *a, const struct field *fd, struct str value)
{
    struct phone p;
    if (fd->type == FT_PHONE && phone_read(value, &p))
        return phone_fold(a, &p);
    return str_fold(a, value);
}

struct str field_pattern(struct arena *a, const struct field *fd, struct str part)
{
    return fd->type == FT_PHONE ? phone_pattern(a, part) : str_fold(a, part);
}
