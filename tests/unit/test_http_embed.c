/* The folder of the built web application becomes a table inside the program: tests/unit/web_dist, at build time. */
#include "http/web_files.h"
#include <brotli/decode.h>
#include <libdeflate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct str source(const char *name, char *to, size_t room)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/unit/web_dist%s", getenv("VORONKA_SOURCE"), name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(to, 1, room, f);
    fclose(f);
    return (struct str){to, n};
}

static void the_table_holds_the_files_in_order_and_nothing_hidden(void **state)
{
    (void)state;
    assert_int_equal(web_files_n, 2);
    assert_string_equal(web_files[0].path, "/assets/index-1.css");
    assert_string_equal(web_files[0].type, "text/css; charset=utf-8");
    assert_true(web_files[0].immutable);
    assert_string_equal(web_files[1].path, "/index.html");
    assert_string_equal(web_files[1].type, "text/html; charset=utf-8");
    assert_false(web_files[1].immutable);
    assert_true(web_files[0].etag[0] == '"' && strlen(web_files[0].etag) == 18);
    assert_string_not_equal(web_files[0].etag, web_files[1].etag);
}

static void contents_are_those_of_the_folder(void **state)
{
    (void)state;
    char text[4096];
    for (size_t i = 0; i < web_files_n; i++)
        assert_true(str_eq(web_files[i].plain, source(web_files[i].path, text, sizeof text)));
    assert_null(web_files[0].gzip.ptr); /* too small to gain anything */
    assert_null(web_files[0].brotli.ptr);
}

static void compressed_forms_unpack_to_the_same_and_are_smaller(void **state)
{
    (void)state;
    const struct http_file *f = &web_files[1];
    char out[4096];
    size_t n = 0;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    assert_int_equal(libdeflate_gzip_decompress(d, f->gzip.ptr, f->gzip.len, out, sizeof out, &n), LIBDEFLATE_SUCCESS);
    libdeflate_free_decompressor(d);
    assert_true(str_eq((struct str){out, n}, f->plain));
    n = sizeof out;
    assert_int_equal(BrotliDecoderDecompress(f->brotli.len, (const uint8_t *)f->brotli.ptr, &n, (uint8_t *)out),
                     BROTLI_DECODER_RESULT_SUCCESS);
    assert_true(str_eq((struct str){out, n}, f->plain));
    assert_true(f->gzip.len < f->plain.len && f->brotli.len < f->gzip.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_holds_the_files_in_order_and_nothing_hidden),
        cmocka_unit_test(contents_are_those_of_the_folder),
        cmocka_unit_test(compressed_forms_unpack_to_the_same_and_are_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
