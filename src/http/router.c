/* A tree of path segments. Literal children are looked at before the {x} child; when a literal way ends in nothing,
 * the {x} way is tried. */
#include "http/router.h"
#include "base/vec.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define SEGMENTS 32

struct end {
    const char *method;
    int route;
};
struct node {
    struct str segment; /* literal; points into the caller's pattern */
    struct node *param;
    VEC(struct node *) literal;
    VEC(struct end) ends;
};
struct router {
    struct node root;
};

static struct node *node_new(struct str segment)
{
    struct node *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->segment = segment;
    return n;
}

static struct node *literal_child(const struct node *n, struct str segment)
{
    for (size_t i = 0; i < n->literal.len; i++) {
        if (str_eq(n->literal.ptr[i]->segment, segment))
            return n->literal.ptr[i];
    }
    return NULL;
}

static struct node *child_for(struct node *n, struct str segment)
{
    if (segment.len >= 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}') {
        if (!n->param)
            n->param = node_new(segment);
        return n->param;
    }
    struct node *c = literal_child(n, segment);
    if (!c) {
        c = node_new(segment);
        vec_push(&n->literal, c);
    }
    return c;
}

static void add(struct router *r, struct router_row row, int route)
{
    assert(row.pattern[0] == '/');
    struct node *n = &r->root;
    struct str rest = str_c(row.pattern + 1);
    while (rest.ptr) {
        struct str segment = str_cut(rest, '/', &rest);
        n = child_for(n, segment);
    }
    for (size_t i = 0; i < n->ends.len; i++)
        assert(strcmp(n->ends.ptr[i].method, row.method) != 0); /* two rows with one method and path */
    vec_push(&n->ends, ((struct end){row.method, route}));
}

struct router *router_new(const void *table, size_t n, struct router_row (*row_at)(const void *table, size_t i))
{
    struct router *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    for (size_t i = 0; i < n; i++)
        add(r, row_at(table, i), (int)i);
    return r;
}

struct walk {
    struct str segment[SEGMENTS];
    size_t n;
    struct str param[ROUTER_PARAMS];
    size_t params;
};

/* The first node that has routes at the end of the path, literals first. */
static const struct node *find(const struct node *n, struct walk *w, size_t i)
{
    if (i == w->n)
        return n->ends.len ? n : NULL;
    const struct node *c = literal_child(n, w->segment[i]);
    const struct node *hit = c ? find(c, w, i + 1) : NULL;
    if (hit || !n->param || w->segment[i].len == 0 || w->params == ROUTER_PARAMS)
        return hit;
    w->param[w->params++] = w->segment[i];
    hit = find(n->param, w, i + 1);
    if (!hit)
        w->params--;
    return hit;
}

static struct str allowed(const struct node *n, struct arena *a)
{
    size_t len = 0;
    for (size_t i = 0; i < n->ends.len; i++)
        len += strlen(n->ends.ptr[i].method) + 2;
    char *text = arena_alloc(a, len + 1), *p = text;
    for (size_t i = 0; i < n->ends.len; i++)
        p += sprintf(p, "%s%s", i ? ", " : "", n->ends.ptr[i].method);
    return (struct str){text, (size_t)(p - text)};
}

static enum rc params_decode(struct arena *a, struct walk *w, struct router_match *m)
{
    m->params = w->params;
    for (size_t i = 0; i < w->params; i++) {
        m->param[i] = w->param[i];
        if (memchr(w->param[i].ptr, '%', w->param[i].len) && !str_url_decode(a, w->param[i], false, &m->param[i]))
            return RC_NOT_FOUND;
    }
    return RC_OK;
}

enum rc router_find(const struct router *r, struct arena *a, struct str method, struct str path, struct router_match *m,
                    struct str *allow)
{
    struct walk w = {.n = 0};
    struct str rest = path.len && path.ptr[0] == '/' ? (struct str){path.ptr + 1, path.len - 1} : STR_NULL;
    while (rest.ptr) {
        if (w.n == SEGMENTS)
            return RC_NOT_FOUND;
        w.segment[w.n++] = str_cut(rest, '/', &rest);
    }
    const struct node *n = w.n ? find(&r->root, &w, 0) : NULL;
    if (!n)
        return RC_NOT_FOUND;
    for (size_t i = 0; i < n->ends.len; i++) {
        if (!str_eqc(method, n->ends.ptr[i].method))
            continue;
        m->route = n->ends.ptr[i].route;
        return params_decode(a, &w, m);
    }
    if (allow)
        *allow = allowed(n, a);
    return RC_METHOD;
}

static void node_clear(struct node *n)
{
    for (size_t i = 0; i < n->literal.len; i++) {
        node_clear(n->literal.ptr[i]);
        free(n->literal.ptr[i]);
    }
    if (n->param) {
        node_clear(n->param);
        free(n->param);
    }
    vec_free(&n->literal);
    vec_free(&n->ends);
}

void router_free(struct router *r)
{
    if (!r)
        return;
    node_clear(&r->root);
    free(r);
}
