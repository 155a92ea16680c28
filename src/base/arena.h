/* Memory that lives as long as a request, a job or a report, and is freed in one go. Not thread-safe. */
#pragma once
#include <stddef.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used;  /* bytes used in head */
    size_t total; /* bytes held in all blocks */
};
#define ARENA_EMPTY ((struct arena){0})

/* Aligned to 16; never NULL: running out of memory ends the process with a message. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc));
void *arena_zalloc(struct arena *a, size_t size) __attribute__((malloc)); /* zeroed */
#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_zalloc((a), sizeof(type) * (size_t)(n)))
void arena_reset(struct arena *a); /* forgets everything, keeps one block for the next use */
void arena_free(struct arena *a);  /* gives everything back */
