/* The secret of a second factor as a link and as a QR code. */
#include "api/account_inside.h"
#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

static void put_component(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
                     c == '.' || c == '_' || c == '~';
        if (plain)
            buf_char(b, (char)c);
        else
            buf_fmt(b, "%%%02X", c);
    }
}

struct str totp_uri(struct arena *a, struct str company, struct str email, struct str secret)
{
    struct buf b = {0};
    if (company.len > 60 || !company.len) /* a long name makes the picture hard to read */
        company = STR("Voronka");
    buf_c(&b, "otpauth://totp/");
    put_component(&b, company);
    buf_char(&b, ':');
    put_component(&b, email);
    buf_c(&b, "?secret=");
    buf_str(&b, secret);
    buf_c(&b, "&issuer=");
    put_component(&b, company);
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}

struct str qr_svg(struct arena *a, struct str text)
{
    enum { QUIET = 4 }; /* light modules around, as the standard wants */
    QRcode *qr = QRcode_encodeString8bit(str_cdup(a, text), 0, QR_ECLEVEL_M);
    struct buf b = {0};
    if (!qr && errno == ERANGE)
        return STR_NULL; /* longer than a picture holds: the link remains */
    if (!qr)
        abort(); /* out of memory */
    int size = qr->width + 2 * QUIET;
    buf_fmt(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\">", size,
            size);
    buf_fmt(&b, "<path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" d=\"", size, size);
    for (int y = 0; y < qr->width; y++)
        for (int x = 0, n; x < qr->width; x += n ? n : 1) {
            for (n = 0; x + n < qr->width && (qr->data[y * qr->width + x + n] & 1); n++)
                ;
            if (n)
                buf_fmt(&b, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, n, n);
        }
    buf_c(&b, "\"/></svg>");
    QRcode_free(qr);
    struct str out = str_dup(a, buf_view(&b));
    buf_free(&b);
    return out;
}
