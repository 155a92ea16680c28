#include "base/map.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* Linear probing, at most 5/8 full; nothing is ever removed, so there are no tombstones. */
#define FIRST 16

static void *slots_new(size_t n, size_t item)
{
    void *p = calloc(n, item);
    if (!p) {
        fprintf(stderr, "voronka: out of memory (%zu slots)\n", n);
        abort();
    }
    return p;
}

static bool crowded(size_t len, size_t cap)
{
    return (len + 1) * 8 > cap * 5;
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93u;
    return x ^ x >> 32;
}

/* Eight bytes a step; the maps hold our own dictionaries, keyed by a seed so that a file cannot aim at one chain. One
 * seed for all maps, made once: a map is of no use with another one. */
static uint64_t seed_of_process;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static uint64_t hash_text(struct str s)
{
    uint64_t h = seed_of_process ^ s.len * 0x9e3779b97f4a7c15u;
    const char *p = s.ptr;
    size_t n = s.len;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t v;
        memcpy(&v, p, 8);
        h = mix(h ^ v);
    }
    if (n) {
        uint64_t v = 0;
        memcpy(&v, p, n);
        h = mix(h ^ v);
    }
    return mix(h);
}

static void seed(void)
{
    int local;
    seed_of_process = mix((uint64_t)(uintptr_t)&local ^ (uint64_t)(uintptr_t)&seed_of_process) | 1;
}

struct text_slot {
    uint64_t hash;
    struct str key; /* ptr NULL: free */
    int64_t value;
};

struct strmap {
    struct text_slot *slots;
    size_t cap, len;
    struct arena keys;
};

struct strmap *strmap_new(void)
{
    pthread_once(&seed_once, seed);
    struct strmap *m = slots_new(1, sizeof *m);
    m->cap = FIRST;
    m->slots = slots_new(m->cap, sizeof *m->slots);
    return m;
}

void strmap_free(struct strmap *m)
{
    if (!m)
        return;
    arena_free(&m->keys);
    free(m->slots);
    free(m);
}

static struct text_slot *text_find(const struct strmap *m, struct str key, uint64_t hash)
{
    size_t i = hash & (m->cap - 1);
    while (m->slots[i].key.ptr && (m->slots[i].hash != hash || !str_eq(m->slots[i].key, key)))
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

bool strmap_get(const struct strmap *m, struct str key, int64_t *value)
{
    const struct text_slot *s = text_find(m, key, hash_text(key));
    if (!s->key.ptr)
        return false;
    *value = s->value;
    return true;
}

static void text_grow(struct strmap *m)
{
    struct text_slot *old = m->slots;
    size_t n = m->cap;
    m->cap *= 2;
    m->slots = slots_new(m->cap, sizeof *m->slots);
    for (size_t i = 0; i < n; i++)
        if (old[i].key.ptr)
            *text_find(m, old[i].key, old[i].hash) = old[i];
    free(old);
}

void strmap_put(struct strmap *m, struct str key, int64_t value)
{
    uint64_t hash = hash_text(key);
    struct text_slot *s = text_find(m, key, hash);
    if (!s->key.ptr) {
        if (crowded(m->len, m->cap)) {
            text_grow(m);
            s = text_find(m, key, hash);
        }
        s->hash = hash;
        s->key = str_dup(&m->keys, key);
        m->len++;
    }
    s->value = value;
}

size_t strmap_len(const struct strmap *m)
{
    return m->len;
}

struct int_slot {
    int64_t key, value;
    bool taken;
};

struct intmap {
    struct int_slot *slots;
    size_t cap, len;
};

struct intmap *intmap_new(void)
{
    struct intmap *m = slots_new(1, sizeof *m);
    m->cap = FIRST;
    m->slots = slots_new(m->cap, sizeof *m->slots);
    return m;
}

void intmap_free(struct intmap *m)
{
    if (!m)
        return;
    free(m->slots);
    free(m);
}

static struct int_slot *int_find(const struct intmap *m, int64_t key)
{
    size_t i = mix((uint64_t)key + 0x9e3779b97f4a7c15u) & (m->cap - 1);
    while (m->slots[i].taken && m->slots[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return &m->slots[i];
}

bool intmap_get(const struct intmap *m, int64_t key, int64_t *value)
{
    const struct int_slot *s = int_find(m, key);
    if (!s->taken)
        return false;
    *value = s->value;
    return true;
}

static void int_grow(struct intmap *m)
{
    struct int_slot *old = m->slots;
    size_t n = m->cap;
    m->cap *= 2;
    m->slots = slots_new(m->cap, sizeof *m->slots);
    for (size_t i = 0; i < n; i++)
        if (old[i].taken)
            *int_find(m, old[i].key) = old[i];
    free(old);
}

void intmap_put(struct intmap *m, int64_t key, int64_t value)
{
    struct int_slot *s = int_find(m, key);
    if (!s->taken) {
        if (crowded(m->len, m->cap)) {
            int_grow(m);
            s = int_find(m, key);
        }
        s->key = key;
        s->taken = true;
        m->len++;
    }
    s->value = value;
}

size_t intmap_len(const struct intmap *m)
{
    return m->len;
}
