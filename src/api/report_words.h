/* The cells of a report as people read them, outside of the browser. */
#pragma once
#include "base/zone.h"
#include "insight/report.h"

/* "960", "48,5 %", "1 234 500 ₽" as "1 234 500 RUB", a date, a dash for what is not known. */
struct str report_say(struct arena *a, const char *lang, const struct zone *zone, struct str currency,
                      enum report_type type, struct cell c);
struct str report_column_title(const char *lang, const struct report_column *c);
