/* Growing typed arrays on the heap: VEC(int64_t) ids = {0}; vec_push(&ids, 5); vec_free(&ids); */
#pragma once
#include <stddef.h>
#include <stdlib.h>

#define VEC(type)                                                                                                      \
    struct {                                                                                                           \
        type *ptr;                                                                                                     \
        size_t len, cap;                                                                                               \
    }
void *vec_grow_(void *ptr, size_t *cap, size_t need, size_t item); /* ends the process when memory is out */
#define vec_reserve(v, n) ((v)->ptr = vec_grow_((v)->ptr, &(v)->cap, (n), sizeof *(v)->ptr))
#define vec_push(v, item)                                                                                              \
    do {                                                                                                               \
        if ((v)->len == (v)->cap)                                                                                      \
            vec_reserve((v), (v)->len + 1);                                                                            \
        (v)->ptr[(v)->len++] = (item);                                                                                 \
    } while (0)
#define vec_free(v) (free((v)->ptr), (v)->ptr = NULL, (v)->len = (v)->cap = 0)
