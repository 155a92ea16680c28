/* Generated from i18n/ when the program is built. */
#pragma once
#include <stddef.h>
extern const char i18n_ru[], i18n_en[];
extern const size_t i18n_ru_len, i18n_en_len;
