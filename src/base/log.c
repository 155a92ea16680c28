#include "base/log.h"
#include "base/time.h"
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum log_level log_max = LOG_INFO;

void log_line(enum log_level level, const char *fmt, ...)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if (level > log_max)
        return;
    char line[1024], at[25];
    time_put(at, time_now());
    int n = snprintf(line, sizeof line, "%s %s ", at, names[level]);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
    va_end(ap);
    size_t end = m < 0 ? (size_t)n : (size_t)n + (size_t)m;
    if (end > sizeof line - 2)
        end = sizeof line - 2;
    for (size_t i = (size_t)n; i < end; i++) /* one message stays one line */
        if ((unsigned char)line[i] < 0x20)
            line[i] = ' ';
    line[end++] = '\n';
    /* One write a line, so that lines of several threads do not mix. */
    if (write(STDERR_FILENO, line, end) < 0)
        return;
}
