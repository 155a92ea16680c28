/* A number that is read is written so that it reads back to the same; a part that is looked for never crashes. */
#include "base/phone.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_EMPTY;
    struct str s = {(const char *)data, size};
    struct phone p, again;
    if (phone_read(s, &p)) {
        struct str text = phone_write(&a, &p);
        if (!phone_read(text, &again) || !str_eq(phone_fold(&a, &again), phone_fold(&a, &p)) ||
            !str_eq(phone_write(&a, &again), text))
            abort();
    }
    (void)phone_pattern(&a, s);
    arena_free(&a);
    return 0;
}
