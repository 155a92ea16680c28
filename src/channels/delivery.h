/* One event on its way to one webhook: a transfer of libcurl and what came of it. */
#pragma once
#include "crm/outbox.h"
#include <curl/curl.h>
#include <netinet/in.h>

/* Limits of one delivery: what a slow or hostile receiver can cost. */
enum {
    DELIVERY_CONNECT_MS = 5000,
    DELIVERY_TOTAL_MS = 10000,
    DELIVERY_ANSWER_MOST = 64 * 1024, /* bytes of the answer, head and body, after which the connection is closed */
};

struct delivery {
    struct outbox_result result; /* first: what the writer is told; id and the outcome */
    CURL *easy;                  /* NULL when the transfer is over */
    struct curl_slist *headers;
    char *body;
    struct str target; /* whose; copied, freed with the delivery */
    bool allow_private;
    char refused[INET6_ADDRSTRLEN]; /* the address that may not be connected to, or empty */
    size_t got;                     /* bytes of the answer */
    char error[CURL_ERROR_SIZE];
    int64_t again_at; /* the sender's: when to hand in the result once more */
    struct delivery *next;
};

/* Prepares the transfer of row to a webhook; multi_add is the caller's. When the address cannot be used, easy is NULL
 * and the result says so. */
struct delivery *delivery_new(const struct outbox_row *row, const struct webhook_target *to, bool allow_private);
/* Takes the outcome of the transfer into the result and frees the transfer. */
void delivery_ended(struct delivery *d, CURLcode code);
void delivery_free(struct delivery *d);

/* "sha256=" and the HMAC-SHA256 of "TIMESTAMP.BODY" in hex, NUL-terminated. */
void delivery_sign(char out[72], struct str secret, int64_t timestamp, struct str body);
