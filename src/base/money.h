/* Money is integer minor units with an ISO 4217 code. */
#pragma once
#include "base/str.h"

MUST_USE bool money_currency_known(struct str code);
unsigned money_exponent(struct str code); /* minor digits: RUB 2, JPY 0, KWD 3; 2 when unknown */
/* "1 234,56", "1234.56", "1,234.56", "-5" to minor units; false when it is no amount or out of range. */
MUST_USE bool money_parse(struct str s, unsigned exponent, int64_t *minor);
struct str money_format(struct arena *a, int64_t minor, unsigned exponent); /* "1234.56" */
