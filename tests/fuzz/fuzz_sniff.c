/* Any bytes as a file and as its name: what is told stays the same, and a cleaned name has nothing left to clean. */
#include "base/sniff.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_EMPTY;
    const uint8_t *cut = memchr(data, '\n', size);
    size_t n = cut ? (size_t)(cut - data) : 0;
    struct str name = {(const char *)data, n}, head = {(const char *)data + n, size - n};
    int64_t width, height;
    struct sniffed what = sniff(head, name);
    if (!what.type || (what.active && what.shown) || (what.picture && what.active))
        abort();
    if (sniff_picture_size(head, &width, &height) && (width < 0 || height < 0))
        abort();
    if (str_utf8_valid(name)) {
        struct str clean = file_name_clean(&a, name, what), again = file_name_clean(&a, clean, what);
        if (!clean.len || !str_eq(clean, again) || !str_utf8_valid(clean) || str_utf8_len(clean) > 210)
            abort();
        for (size_t i = 0; i < clean.len; i++)
            if ((unsigned char)clean.ptr[i] < 32 || strchr("/\\<>:\"|?*", clean.ptr[i]))
                abort();
    }
    arena_free(&a);
    return 0;
}
