#include "insight/rank.h"
#include <stdbool.h>
#include <stdlib.h>

enum { BITS = 11, SLOTS = 1 << BITS };

static void sort_digit(const struct ranked *from, struct ranked *to, size_t n, unsigned shift)
{
    size_t start[SLOTS + 1] = {0};
    for (size_t i = 0; i < n; i++)
        start[((from[i].key >> shift) & (SLOTS - 1)) + 1]++;
    for (size_t i = 0; i < SLOTS; i++)
        start[i + 1] += start[i];
    for (size_t i = 0; i < n; i++)
        to[start[(from[i].key >> shift) & (SLOTS - 1)]++] = from[i];
}

/* What few there are: insertion is faster than counting two thousand slots. */
static bool sort_few(struct ranked *v, size_t n)
{
    if (n > 64)
        return false;
    for (size_t i = 1; i < n; i++) {
        struct ranked one = v[i];
        size_t at = i;
        for (; at > 0 && v[at - 1].key > one.key; at--)
            v[at] = v[at - 1];
        v[at] = one;
    }
    return true;
}

void rank_sort(struct ranked *v, size_t n)
{
    uint64_t differ = 0;
    if (sort_few(v, n))
        return;
    for (size_t i = 1; i < n; i++)
        differ |= v[i].key ^ v[0].key;
    struct ranked *spare = malloc(n * sizeof *spare), *from = v, *to = spare;
    if (spare == NULL)
        abort();
    for (unsigned shift = 0; shift < 64 && differ >> shift; shift += BITS) {
        if (((differ >> shift) & (SLOTS - 1)) == 0)
            continue; /* all have the same digit */
        sort_digit(from, to, n, shift);
        struct ranked *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
    free(spare);
}
