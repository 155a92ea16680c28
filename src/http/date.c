#include "http/internal.h"
#include <stdio.h>
#include <time.h>

size_t date_line(char out[40], int64_t unix_seconds)
{
    static const char day[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char month[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t t = (time_t)unix_seconds;
    struct tm tm;
    gmtime_r(&t, &tm);
    int n = snprintf(out, 40, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", day[tm.tm_wday], tm.tm_mday,
                     month[tm.tm_mon], (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
    return n < 0 ? 0 : n < 40 ? (size_t)n : 39;
}
