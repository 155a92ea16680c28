/* What is taken for a time is written as one that reads back to the same instant. The first byte picks a format. */
#include "base/time.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"%d.%m.%Y %H:%M:%S", "%m/%d/%y %H:%M", "%Y%m%dT%H%M%S.%f%z", "%d-%b-%Y %%",
                                          "%"};
    int64_t at, again, days;
    char text[25];
    if (size == 0)
        return 0;
    struct str s = {(const char *)data + 1, size - 1};
    if (time_parse(s, &at)) {
        time_put(text, at);
        /* An offset may carry the first and the last day out of the four-digit years. */
        if (at >= date_from_civil(0, 1, 1) * MS_DAY && at < date_from_civil(10000, 1, 1) * MS_DAY)
            if (!time_parse((struct str){text, 24}, &again) || again != at)
                abort();
    }
    if (date_parse(s, &days) && (!time_parse(s, &at) || at != days * MS_DAY))
        abort();
    if (time_parse_as(s, formats[data[0] % (sizeof formats / sizeof *formats)], &at))
        time_put(text, at);
    return 0;
}
