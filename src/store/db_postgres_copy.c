/* Many rows at once. */
#include "store/db_postgres.h"

void copy_text(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.len;) {
        size_t from = i;
        while (i < s.len && !strchr("\\\n\r\t", s.ptr[i]))
            i++;
        buf_add(b, s.ptr + from, i - from);
        if (i == s.len)
            break;
        char c = s.ptr[i++];
        buf_char(b, '\\');
        buf_char(b, (char)(c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\\'));
    }
}

enum rc db_postgres_copy(struct db *db, const char *table_and_columns, struct str lines, struct err *e)
{
    enum { PIECE = 1 << 20 };
    struct pg *p = (struct pg *)db;
    struct buf sql = {0};
    buf_fmt(&sql, "COPY %s FROM STDIN", table_and_columns);
    buf_char(&sql, '\0');
    PGresult *res = PQexec(p->conn, sql.ptr);
    enum rc rc = RC_OK;
    if (PQresultStatus(res) != PGRES_COPY_IN) {
        rc = pg_fail(p, res, sql.ptr, e);
        goto out;
    }
    for (size_t at = 0; at < lines.len; at += PIECE)
        if (PQputCopyData(p->conn, lines.ptr + at, (int)(lines.len - at < PIECE ? lines.len - at : PIECE)) != 1)
            break; /* the result below says why */
    (void)PQputCopyEnd(p->conn, NULL);
    PQclear(res);
    res = PQgetResult(p->conn);
    if (!pg_good(res))
        rc = pg_fail(p, res, sql.ptr, e);
    for (PGresult *more; (more = PQgetResult(p->conn));)
        PQclear(more);
out:
    PQclear(res);
    buf_free(&sql);
    return rc;
}

enum rc db_postgres_copy_out(struct db *db, const char *sql, enum rc (*each)(void *arg, struct str line), void *arg,
                             struct err *e)
{
    struct pg *p = (struct pg *)db;
    PGresult *res = PQexec(p->conn, sql);
    enum rc rc = RC_OK, wanted = RC_OK;
    char *line;
    int n;
    if (PQresultStatus(res) != PGRES_COPY_OUT) {
        rc = pg_fail(p, res, sql, e);
        goto out;
    }
    while ((n = PQgetCopyData(p->conn, &line, 0)) > 0) {
        if (wanted == RC_OK)
            wanted = each(arg, (struct str){line, (size_t)n});
        PQfreemem(line);
    }
    PQclear(res);
    res = PQgetResult(p->conn);
    if (!pg_good(res))
        rc = pg_fail(p, res, sql, e);
    for (PGresult *more; (more = PQgetResult(p->conn));)
        PQclear(more);
out:
    PQclear(res);
    return rc == RC_OK ? wanted : rc;
}
