/* The preset files as they are in presets/; the array is generated at build time by preset_embed. */
#pragma once
#include "base/str.h"

struct preset_file {
    const char *file;
    struct str text;
};
extern const struct preset_file preset_files[];
extern const size_t preset_files_n;
