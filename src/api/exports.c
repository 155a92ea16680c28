/* GET /api/{objects}/export: the list as a file. It is written to the disk first and then sent as the peer takes it, so
 * that an error is an answer and not half a file, and no thread waits for a slow reader. */
#include "api/inside.h"
#include "base/time.h"
#include "crm/export.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc read_spec(struct call *c, struct export_spec *spec, struct err *e)
{
    struct str format = call_param(c, "format"), delimiter = call_param(c, "delimiter"),
               encoding = call_param(c, "encoding");
    *spec = (struct export_spec){.ent = c->route->ent,
                                 .filter = call_param(c, "filter"),
                                 .sort = call_param(c, "sort"),
                                 .fields = call_param(c, "fields"),
                                 .delimiter = strcmp(call_locale(c), "ru") == 0 ? ';' : ',',
                                 .lang = call_locale(c),
                                 .zone = c->app->zone};
    if (str_eqc(format, "xlsx"))
        spec->format = EXPORT_XLSX;
    else if (format.ptr && !str_eqc(format, "csv"))
        return err_set(e, RC_INVALID, "bad_parameter", "format", "%.*s", (int)(format.len < 20 ? format.len : 20),
                       format.ptr);
    if (str_eqc(delimiter, "tab"))
        spec->delimiter = '\t';
    else if (delimiter.ptr && (delimiter.len != 1 || !strchr(",;\t|", delimiter.ptr[0])))
        return err_set(e, RC_INVALID, "bad_parameter", "delimiter", "%.*s",
                       (int)(delimiter.len < 20 ? delimiter.len : 20), delimiter.ptr);
    else if (delimiter.ptr)
        spec->delimiter = delimiter.ptr[0];
    if (encoding.ptr && !encoding_by_name(encoding, &spec->encoding))
        return err_set(e, RC_INVALID, "bad_encoding", "encoding", "%.*s", (int)(encoding.len < 40 ? encoding.len : 40),
                       encoding.ptr);
    return RC_OK;
}

/* deals-2026-11-21.csv */
static struct str file_name(struct call *c, const struct export_spec *spec)
{
    int64_t now = time_now();
    struct str day = date_format(c->r->arena, (now + zone_offset(c->app->zone, now)) / MS_DAY);
    return str_fmt(c->r->arena, "%s-%.*s.%s", spec->ent->plural, STR_ARG(day),
                   spec->format == EXPORT_XLSX ? "xlsx" : "csv");
}

static enum rc send_back(struct call *c, const struct export_spec *spec, const char *path, struct err *e)
{
    int64_t size;
    int fd;
    TRY(call_open_ready(path, &fd, &size, e));
    call_send_file(c, fd, size,
                   spec->format == EXPORT_XLSX    ? "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                   : spec->encoding == ENC_CP1251 ? "text/csv; charset=windows-1251"
                                                  : "text/csv; charset=utf-8",
                   file_name(c, spec), true);
    return RC_OK;
}

enum rc export_handle(struct call *c, struct err *e)
{
    struct export_spec spec;
    struct filter_env env = call_filter_env(c);
    char *path = str_cdup(c->r->arena, str_fmt(c->r->arena, "%s/export-XXXXXX", c->app->folders[FOLDER_UPLOADS]));
    int64_t rows;
    TRY(read_spec(c, &spec, e));
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return err_set(e, RC_UNAVAILABLE, "file_write_failed", "", "%s", strerror(errno));
    close(fd);
    enum rc rc = export_list(c->db, &spec, &env, path, &rows, e);
    if (rc == RC_OK)
        rc = send_back(c, &spec, path, e);
    if (rc != RC_OK)
        unlink(path);
    return rc;
}
