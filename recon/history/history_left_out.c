/* history_left_out.c: see history_left_out.h. */
#include "recon/history/history_left_out.h"

#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"

/* What the server says: lists, "club,shop". */
struct left_out {
    const struct mr_server *server;
    struct mr_cell only, but; /* empty: all; none */
};

static bool is_listed(const struct left_out *l, struct mr_cell list, const char *db)
{
    char name[256];
    for (size_t from = 0, n; from < list.len; from += n + 1) {
        const char *comma = memchr(list.ptr + from, ',', list.len - from);
        n = comma != NULL ? (size_t)(comma - list.ptr) - from : list.len - from;
        if (n >= sizeof name)
            continue;
        memcpy(name, list.ptr + from, n);
        name[n] = '\0';
        if (mr_server_same_name(l->server, name, db))
            return true;
    }
    return false;
}

/* The variable that leaves it out; NULL: it is logged.  Where both are set, only the first counts. */
static const char *left_out_by(const struct left_out *l, const char *db)
{
    if (l->only.len > 0)
        return is_listed(l, l->only, db) ? NULL : "binlog_do_db";
    return is_listed(l, l->but, db) ? "binlog_ignore_db" : NULL;
}

static enum mr_code blind(struct mr_evidence_of *of, const char *by, struct mr_arena *arena,
                          struct mr_err *err)
{
    char reason[80];
    (void)snprintf(reason, sizeof reason, "its server leaves the database out of its log (%s)", by);
    *of = (struct mr_evidence_of){.witness = MR_WITNESS_BLIND,
                                  .reason = mr_arena_strdup(arena, reason)};
    return of->reason != NULL ? MR_OK : mr_err_nomem(err, "reading a binary log");
}

/* A server without a log has no row. */
static struct left_out read_lists(const struct mr_db *db, struct mr_result *res)
{
    struct left_out l = {.server = mr_db_server(db)};
    const size_t only = mr_result_column_named(res, "Binlog_Do_DB");
    const size_t but = mr_result_column_named(res, "Binlog_Ignore_DB");
    const struct mr_cell *row = mr_result_next(res);
    if (row != NULL && only != MR_NO_COLUMN && but != MR_NO_COLUMN) {
        l.only = row[only];
        l.but = row[but];
    }
    return l;
}

enum mr_code mr_history_left_out(struct mr_db *db, enum mr_side side,
                                 struct mr_history_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err)
{
    const char *sql = mr_log_status_sql(db);
    struct mr_result *res = NULL;
    enum mr_code code = mr_db_query(db, "*", sql, strlen(sql), &res, err);
    if (code == MR_E_DENIED) {
        mr_log_warning("whether the %s leaves databases out of its binary log is not seen: the "
                       "account needs %s",
                       mr_side_name(side), mr_monitor_right_log(mr_db_server(db)));
        return MR_OK;
    }
    MR_TRY(code);
    const struct left_out l = read_lists(db, res);
    for (size_t i = 0; code == MR_OK && i < ntables; i++) {
        const struct mr_table *today = tables[i].today[side];
        const char *by = today != NULL ? left_out_by(&l, today->db) : NULL;
        if (by != NULL)
            code = blind(&tables[i].evidence.of[side], by, arena, err);
    }
    mr_result_free(res);
    return code;
}
