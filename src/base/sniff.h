/* What a file is, told by its first bytes, and a name that no program stumbles over. */
#pragma once
#include "base/str.h"

#define SNIFF_BYTES ((size_t)64 * 1024) /* as much of the beginning as is looked at */

struct sniffed {
    const char *type;   /* MIME type */
    const char *ending; /* usual end of the name, without the dot; NULL: any */
    bool program;       /* a machine would run it: to be refused */
    bool active;        /* a browser would run what is in it: never to be shown as it is */
    bool picture;       /* may have a thumbnail */
    bool shown;         /* a browser may show it in its own right */
};
/* head: the beginning of the file; name: decides between kinds that begin alike (documents, plain texts). */
struct sniffed sniff(struct str head, struct str name);
struct sniffed sniff_type(struct str type); /* back from the MIME type */

/* Without folders, control characters, marks that turn the writing direction, and names that Windows reserves; at most
 * 200 characters, its ending kept; "file" when nothing is left. Where the ending says another kind than the bytes do,
 * the right one is added. */
struct str file_name_clean(struct arena *a, struct str name, struct sniffed what);
/* Ends like a program (a.pdf.exe, a.bat, a.lnk ...). */
bool file_name_runs(struct str name);
/* Width and height as the head says, without decoding; false when it is not told there. */
bool sniff_picture_size(struct str head, int64_t *width, int64_t *height);
