/* Schemas that no field table describes, by the names that routes use. */
#pragma once
#include <stddef.h>

struct openapi_shape {
    const char *name, *json;
};
extern const struct openapi_shape openapi_shapes[]; /* openapi_shapes.c */
extern const size_t openapi_shapes_n;
