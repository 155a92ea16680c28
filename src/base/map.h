/* Hash maps for dictionaries: text or integer keys to int64 values. Open addressing; keys of text are copied. */
#pragma once
#include "base/str.h"

struct strmap;
struct strmap *strmap_new(void);
void strmap_free(struct strmap *m);
bool strmap_get(const struct strmap *m, struct str key, int64_t *value);
void strmap_put(struct strmap *m, struct str key, int64_t value); /* replaces */
size_t strmap_len(const struct strmap *m);

struct intmap;
struct intmap *intmap_new(void);
void intmap_free(struct intmap *m);
bool intmap_get(const struct intmap *m, int64_t key, int64_t *value);
void intmap_put(struct intmap *m, int64_t key, int64_t value);
size_t intmap_len(const struct intmap *m);
