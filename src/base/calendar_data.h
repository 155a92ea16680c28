/* The files of presets/calendars/, built into the program (src/base/embed.c). */
#pragma once
#include <stddef.h>

extern const char calendar_ru[];
extern const size_t calendar_ru_len;
