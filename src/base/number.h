/* Text to numbers and back, free of any locale; str.h and json.h offer the public half. */
#pragma once
#include "base/str.h"
#include <locale.h>

#define NUMBER_TEXT 40
locale_t number_locale(void); /* the "C" locale, made once */
/* The shortest text that reads back to the same finite double; returns its length. */
size_t number_put_f64(char out[NUMBER_TEXT], double v);
