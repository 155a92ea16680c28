/* The encodings that tables come in and go out in. */
#pragma once
#include "base/buf.h"

enum encoding { ENC_UTF8, ENC_UTF16LE, ENC_UTF16BE, ENC_CP1251 };
extern const char *const encoding_names[];                  /* "utf-8", "utf-16le", "utf-16be", "windows-1251", NULL */
bool encoding_by_name(struct str name, enum encoding *out); /* without regard to case; also cp1251, utf8, utf-16 */
/* From the beginning of a file: byte order mark, zero bytes, validity as UTF-8; else Windows-1251. */
enum encoding encoding_guess(struct str head);
/* Appends `in` as UTF-8; returns how many bytes were used, fewer than in.len only when a character is cut off and more
 * may come. UTF-8 is passed as it is. What is no character becomes U+FFFD. */
size_t encoding_read(enum encoding from, struct str in, bool last, struct buf *out);
/* Appends UTF-8 in another encoding; what that lacks becomes '?'. */
void encoding_write(enum encoding to, struct str utf8, struct buf *out);
