/* Sorting many numbers with what they belong to, in a few passes over them. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct ranked {
    uint64_t key;
    uint32_t of;
};
/* A key that stands in the same order as the number: of doubles (no NaN; -0 stands before 0). */
static inline uint64_t rank_key(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}
/* Ascending by key; equal keys stay in the order in which they stood (radix sort from the lowest digit up). */
void rank_sort(struct ranked *v, size_t n);
