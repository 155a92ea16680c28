/* Inside of the PostgreSQL driver. */
#pragma once
#include "store/db_impl.h"
#include <libpq-fe.h>

struct pg {
    struct db db;
    PGconn *conn;
    char *url;
    unsigned generation; /* of the connection: its prepared statements die with it */
    unsigned names;
    int64_t writes;
    bool listening;
};

enum rc pg_fail(struct pg *p, const PGresult *res, const char *sql, struct err *e);
bool pg_good(const PGresult *res);
