/* A date or time as anybody may write it. */
#include "base/time.h"
#include "base/when.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct str text = {(const char *)bytes, n};
    int64_t least = date_from_civil(1899, 12, 30), most = date_from_civil(2199, 12, 31);
    for (int order = 0; order < 2; order++) {
        struct when w;
        if (!when_parse(text, (enum when_order)order, &w))
            continue;
        if (w.day < least || w.day > most || w.ms < 0 || w.ms >= MS_DAY)
            abort();
        (void)when_instant(&w, NULL);
    }
    (void)when_order_hint(text);
    return 0;
}
