/* Numbers of the Russian tax service. */
#pragma once
#include "base/str.h"

/* ИНН: 10 digits of a company or 12 of a person with right control digits. Source of the formula: order of the tax
 * service ММВ-7-6/435 of 29.06.2012, annex. */
bool inn_valid(struct str inn);
/* КПП: four digits of the office, two digits or capital letters of the reason, three digits of the order. */
bool kpp_valid(struct str kpp);
/* Without blanks and dashes; an ИНН that a spreadsheet has robbed of its leading zero gets it back. */
struct str inn_clean(struct arena *a, struct str text);
struct str kpp_clean(struct arena *a, struct str text); /* without blanks and dashes */
