/* JSON that is taken can be written again; any text that is valid UTF-8 comes back from the writer as it was. */
#include "base/json.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = {(const char *)data, size};
    struct buf b = {0};
    struct err e;
    json_t *tree;
    enum rc rc = json_read(text, &tree, &e);
    if ((rc == RC_OK) != (tree != NULL) || (rc != RC_OK && !str_utf8_valid(str_c(e.arg[0]))))
        abort();
    json_decref(tree);
    if (str_utf8_valid(text)) {
        struct jw w = jw_to(&b);
        jw_str(&w, text);
        if (size && json_read(buf_view(&b), &tree, &e) == RC_OK) {
            if (json_string_length(tree) != size || memcmp(json_string_value(tree), data, size) != 0)
                abort();
            json_decref(tree);
        } else if (size) {
            abort();
        }
    }
    buf_free(&b);
    return 0;
}
