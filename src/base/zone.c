/* TZif files, RFC 8536. Beyond the last transition the last known offset stands. */
#include "base/zone.h"
#include "base/time.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct zone {
    struct zone *old; /* of zone_keep */
    size_t n;
    struct {
        int64_t at, offset;
    } * changes;           /* ascending; the first stands for everything before */
    atomic_size_t *latest; /* the change that was found last: the next instant asked for is mostly near by */
};

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t be64(const unsigned char *p)
{
    return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

static bool name_is_plain(const char *name)
{
    return *name && *name != '/' && !strstr(name, "..") && strlen(name) < 64;
}

static size_t read_file(const char *name, unsigned char *out, size_t size)
{
    char path[128];
    if (!name_is_plain(name))
        return 0;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t n = fread(out, 1, size, f);
    fclose(f);
    return n;
}

struct block {
    size_t leaps, times, types, chars, stds, uts;
};

static bool read_head(const unsigned char *p, size_t left, struct block *b)
{
    if (left < 44 || memcmp(p, "TZif", 4) != 0)
        return false;
    *b = (struct block){.uts = be32(p + 20),
                        .stds = be32(p + 24),
                        .leaps = be32(p + 28),
                        .times = be32(p + 32),
                        .types = be32(p + 36),
                        .chars = be32(p + 40)};
    return b->times < 10000 && b->types > 0 && b->types < 256 && b->chars < 4096 && b->leaps < 1000 && b->uts < 256 &&
           b->stds < 256;
}

static size_t block_size(const struct block *b, size_t wide)
{
    return b->times * (wide + 1) + b->types * 6 + b->chars + b->leaps * (wide + 4) + b->stds + b->uts;
}

static int64_t type_offset(const unsigned char *types, unsigned i)
{
    return (int32_t)be32(types + (size_t)6 * i) * MS_SECOND;
}

static void parse(struct zone *z, const unsigned char *p, size_t len)
{
    struct block b;
    if (!read_head(p, len, &b) || p[4] < '2')
        return;
    size_t skip = 44 + block_size(&b, 4);
    if (skip > len || !read_head(p + skip, len - skip, &b) || 44 + block_size(&b, 8) > len - skip)
        return;
    p += skip + 44;
    const unsigned char *which = p + b.times * 8, *types = which + b.times;
    z->changes = calloc(b.times + 1, sizeof *z->changes);
    z->latest = calloc(1, sizeof *z->latest);
    if (!z->changes || !z->latest)
        abort();
    z->changes[0].at = INT64_MIN;
    z->changes[0].offset = type_offset(types, 0);
    for (size_t i = 0; i < b.times; i++) {
        int64_t at = be64(p + 8 * i);
        z->changes[i + 1].at = at < -INT64_C(62135596800) ? INT64_MIN : at * MS_SECOND;
        z->changes[i + 1].offset = which[i] < b.types ? type_offset(types, which[i]) : 0;
    }
    z->n = b.times + 1;
}

struct zone *zone_load(const char *name)
{
    static const size_t most = 65536;
    struct zone *z = calloc(1, sizeof *z);
    unsigned char *bytes = malloc(most);
    if (!z || !bytes)
        abort();
    parse(z, bytes, read_file(name, bytes, most));
    free(bytes);
    return z;
}

bool zone_exists(const char *name)
{
    unsigned char head[44];
    return read_file(name, head, sizeof head) == sizeof head && memcmp(head, "TZif", 4) == 0;
}

void zone_keep(struct zone *z, struct zone *old)
{
    z->old = old;
}

void zone_free(struct zone *z)
{
    while (z) {
        struct zone *old = z->old;
        free(z->changes);
        free(z->latest);
        free(z);
        z = old;
    }
}

int64_t zone_offset(const struct zone *z, int64_t at)
{
    if (!z->n)
        return 0;
    size_t low = atomic_load_explicit(z->latest, memory_order_relaxed), high = z->n;
    if (z->changes[low].at <= at && (low + 1 == high || at < z->changes[low + 1].at))
        return z->changes[low].offset;
    low = 0;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (z->changes[mid].at <= at)
            low = mid;
        else
            high = mid;
    }
    atomic_store_explicit(z->latest, low, memory_order_relaxed);
    return z->changes[low].offset;
}
