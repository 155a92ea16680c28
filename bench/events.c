/* Writes an event log as a CSV: CASES cases of EVENTS events each, in order of time over three years, 12 stages, 40
 * people. usage: bench_events CASES EVENTS > FILE.csv */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static uint64_t state = 0x9E3779B97F4A7C15u;
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return fprintf(stderr, "usage: bench_events CASES EVENTS\n"), 2;
    long cases = atol(argv[1]), events = atol(argv[2]);
    const time_t first = 1672531200; /* 2023-01-01 */
    printf("case,stage,at,user\n");
    for (long c = 0; c < cases; c++) {
        time_t t = first + (time_t)((double)c / (double)cases * 3 * 365 * 86400);
        int stage = 1;
        for (long i = 0; i < events; i++) {
            struct tm tm;
            gmtime_r(&t, &tm);
            const char *name = NULL;
            char text[24];
            if (i == events - 1 && next() % 10 < 7)
                name = next() % 4 == 0 ? "Won" : "Lost";
            if (name == NULL) {
                snprintf(text, sizeof text, "Stage %d", stage);
                name = text;
            }
            printf("C%07ld,%s,%04d-%02d-%02dT%02d:%02d:%02dZ,user %d\n", c, name, tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(next() % 40));
            t += (time_t)(next() % (6 * 86400));
            stage += next() % 8 == 0 ? -1 : 1;
            stage = stage < 1 ? 1 : stage > 10 ? 10 : stage;
        }
    }
    return 0;
}
