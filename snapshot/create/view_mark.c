/* view_mark.c: see view_mark.h. */
#include "snapshot/create/view_mark.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char status_sql[] =
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_max_trx_id', "
    "'Innodb_lsn_current', 'Innodb_log_write_requests', 'Innodb_redo_log_current_lsn', "
    "'Innodb_redo_log_enabled')";

static void take(char *to, size_t size, const struct mr_cell *cell)
{
    (void)snprintf(to, size, "%s", cell->ptr != NULL ? cell->ptr : "");
}

static bool is_lost(enum mr_code code)
{
    return code == MR_E_LOST || code == MR_E_NOMEM || code == MR_E_CANCELLED;
}

/* "Log sequence number          45876123": servers without a variable for it. */
static enum mr_code read_engine_status(struct mr_db *db, struct mr_view_mark *out,
                                       struct mr_err *err)
{
    static const char sql[] = "SHOW ENGINE INNODB STATUS", label[] = "Log sequence number";
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    enum mr_code code = mr_db_query(db, "nnn*", sql, sizeof sql - 1, &res, &why);
    if (is_lost(code) && err != NULL)
        *err = why;
    if (code != MR_OK)
        return is_lost(code) ? code : MR_OK;
    const struct mr_cell *row = mr_result_next(res);
    const char *at = row != NULL && row[2].ptr != NULL ? strstr(row[2].ptr, label) : NULL;
    if (at != NULL) {
        at += sizeof label - 1;
        at += strspn(at, " ");
        (void)snprintf(out->log_end, sizeof out->log_end, "%.*s", (int)strspn(at, "0123456789"),
                       at);
    }
    mr_result_free(res);
    return MR_OK;
}

/* The name of the count, "" where the end of the redo log is all there is. */
static const char *count_name(const struct mr_db *db)
{
    const struct mr_server *server = mr_db_server(db);
    if (server->flavour == MR_FLAVOUR_MARIADB)
        return "Innodb_max_trx_id";
    return server->version >= 80011 ? "Innodb_log_write_requests" : "";
}

enum mr_code mr_view_mark_read(struct mr_db *db, struct mr_view_mark *out, struct mr_err *err)
{
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    bool is_written = true; /* the redo log of MySQL can be switched off */
    *out = (struct mr_view_mark){.commits = ""};
    enum mr_code code = mr_db_query(db, "vn", status_sql, sizeof status_sql - 1, &res, err);
    if (code != MR_OK)
        return code;
    while ((row = mr_result_next(res)) != NULL) {
        if (strcasecmp(row[0].ptr, count_name(db)) == 0)
            take(out->commits, sizeof out->commits, &row[1]);
        else if (strcasecmp(row[0].ptr, "Innodb_redo_log_enabled") == 0)
            is_written = row[1].ptr != NULL && strcasecmp(row[1].ptr, "ON") == 0;
        else if (strstr(row[0].ptr, "lsn") != NULL)
            take(out->log_end, sizeof out->log_end, &row[1]);
    }
    mr_result_free(res);
    if (out->commits[0] == '\0' && out->log_end[0] == '\0')
        code = read_engine_status(db, out, err);
    if (out->commits[0] == '\0')
        memcpy(out->commits, out->log_end, sizeof out->commits);
    if (!is_written)
        *out = (struct mr_view_mark){.commits = ""};
    return code;
}

bool mr_view_mark_same(const struct mr_view_mark *a, const struct mr_view_mark *b)
{
    return a->commits[0] != '\0' && strcmp(a->commits, b->commits) == 0;
}

void mr_view_mark_text(const struct mr_view_mark *mark, struct mr_strbuf *out)
{
    mr_strbuf_reset(out);
    if (mark->commits[0] != '\0' && mark->log_end[0] != '\0')
        mr_strbuf_add_fmt(out, "%s/%s", mark->commits, mark->log_end);
}
