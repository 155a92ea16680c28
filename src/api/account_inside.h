/* Shared by the files of the account. */
#pragma once
#include "api/inside.h"

/* invites.c */
enum rc invite_prepare(struct call *c, struct err *e);
enum rc invite_show(struct call *c, struct err *e);
enum rc invite_handle(struct call *c, struct err *e);
/* qr.c: what an authenticator application reads, and it as a picture */
struct str totp_uri(struct arena *a, struct str company, struct str email, struct str secret);
struct str qr_svg(struct arena *a, struct str text);
