/* Memory for arrays that become large and are scanned from end to end: from a size on they lie on huge pages, so that a
 * scan spares the processor the look-ups of pages, and they grow without being copied. */
#pragma once
#include <stddef.h>

/* As realloc, for pointers of this file only; ends the process when memory is out. */
void *big_resize(void *ptr, size_t size);
void big_free(void *ptr); /* NULL is fine */

/* The same for work that comes again and again: what is returned keeps its pages for the next one that borrows, so that
 * they are not cleared and looked up anew each time; the system may take them meanwhile. What is borrowed holds
 * anything. big_resize is fine in between. Any thread. */
void *big_borrow(size_t size);
void big_return(void *ptr); /* NULL is fine */

/* Of a VEC of base/vec.h whose memory is all from here. */
#define big_reserve(v, n)                                                                                              \
    ((n) > (v)->cap ? ((v)->ptr = big_resize((v)->ptr, (n) * sizeof *(v)->ptr), (v)->cap = (n)) : (v)->cap)
#define big_push(v, item)                                                                                              \
    do {                                                                                                               \
        if ((v)->len == (v)->cap)                                                                                      \
            big_reserve((v), (v)->len + (v)->len / 2 + 16);                                                            \
        (v)->ptr[(v)->len++] = (item);                                                                                 \
    } while (0)
#define big_clear(v) (big_free((v)->ptr), (v)->ptr = NULL, (v)->len = (v)->cap = 0)
