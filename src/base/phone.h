/* Telephone numbers in any notation. A number is kept in its international form (ITU-T E.164), so that
 * "8 (912) 345-67-89", "+7 912 3456789" and "7-912-345-67-89" are the same. Numbers that do not say their country are
 * of the home country. */
#pragma once
#include "base/str.h"

struct phone {
    char digits[20]; /* E.164 without the +; a short inner number or a service code as it is (may hold * and #) */
    char ext[8];     /* extension, empty without one */
    bool whole;      /* with its country; else a number that only the own exchange understands */
};

/* ISO 3166 code of the home country ("RU" until it is set). Unknown codes are ignored: false. Any thread. */
bool phone_set_home(struct str country);
bool phone_country_known(struct str country);
const char *phone_home(void);

/* False when that is no telephone number: other words, fewer than 3 or more than 15 digits. Understands brackets,
 * dashes and blanks of every kind, +, 00, 8~10 and 011, the trunk prefix of the home country, tel:, short labels (тел.,
 * моб.) and extensions (доб. 12, вн. 12, ext 12, x12, #12, ;ext=12). */
MUST_USE bool phone_read(struct str text, struct phone *out);
/* The one written form: "+79123456789", with "#12" for an extension; what is not whole stays as its digits. */
struct str phone_write(struct arena *a, const struct phone *p);
/* The form to compare: "79123456789", with "x12" for an extension. */
struct str phone_fold(struct arena *a, const struct phone *p);
/* What to look for inside of such forms when somebody has typed a part of a number: "8 (912) 34" gives "91234". Without
 * digits: the folded text, which is in no number. */
struct str phone_pattern(struct arena *a, struct str text);
