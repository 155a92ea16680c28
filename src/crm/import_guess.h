/* What the columns of a table mean: by the headers that amoCRM, Bitrix24, HubSpot and Pipedrive write, by words that
 * people use in Russian and English, by the labels of the fields, and by what stands in the columns. */
#pragma once
#include "crm/fields.h"

/* Targets beside the fields of a noun. */
enum import_extra {
    EXTRA_NONE,
    EXTRA_ID,         /* of an existing record, to match by */
    EXTRA_FIRST_NAME, /* of contacts: together they make the name */
    EXTRA_LAST_NAME,
    EXTRA_MIDDLE_NAME,
    EXTRA_PHONES, /* further ones, as contact points labelled with the header */
    EXTRA_EMAILS,
    EXTRA_MESSENGERS,
    EXTRA_ADDRESSES,
    EXTRA_SITES,
    EXTRA_NOTE,       /* becomes a note */
    EXTRA_CREATED_AT, /* when the record was created: history begins then */
    EXTRA_CLOSED_AT,  /* when a deal was won or lost */
    EXTRA_N
};
extern const char *const import_extra_names[]; /* "", "id", "first_name" ... NULL */
bool import_extra_fits(enum import_extra x, enum entity_id object);

struct import_target_field {
    enum entity_id object; /* ENT_NONE: the column is left out */
    int field;             /* index, -1: see extra */
    enum import_extra extra;
    int sure; /* percent */
};
/* out has n entries. samples[i] are up to n_samples values of column i. *recognised: "amocrm", "bitrix24", "hubspot",
 * "pipedrive" or NULL. object: what each row is (deal, contact, company, task or product). */
void import_guess(struct arena *a, enum entity_id object, const struct str *headers, size_t n,
                  const struct str *const *samples, const size_t *n_samples, struct import_target_field *out,
                  const char **recognised);
/* What rows of such a table are, by its headers; `fallback` when nothing tells. */
enum entity_id import_guess_object(struct arena *a, const struct str *headers, size_t n, enum entity_id fallback);
