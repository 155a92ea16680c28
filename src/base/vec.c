#include "base/vec.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *vec_grow_(void *ptr, size_t *cap, size_t need, size_t item)
{
    if (need <= *cap)
        return ptr;
    size_t n = *cap + *cap / 2;
    if (n < 8)
        n = 8;
    if (n < need)
        n = need;
    void *p = n > SIZE_MAX / item ? NULL : realloc(ptr, n * item);
    if (!p) {
        fprintf(stderr, "voronka: out of memory (%zu items of %zu bytes)\n", n, item);
        abort();
    }
    *cap = n;
    return p;
}
