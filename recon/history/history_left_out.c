/* history_left_out.c: see history_left_out.h. */
#include "recon/history/history_left_out.h"

#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/log_place.h"
#include "core/db/monitor_right.h"
#include "core/db/replica_status.h"

/* What the server says: lists, "club,shop". */
struct left_out {
    const struct mr_server *server;
    const char *only, *but; /* "": all; none */
    bool by_session;        /* mr_log_filters_by_session */
};

static bool is_listed(const struct left_out *l, const char *list, const char *db)
{
    char name[256];
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        const size_t n = strcspn(at, ",");
        (void)snprintf(name, sizeof name, "%.*s", (int)n, at);
        if (n < sizeof name && mr_server_same_name(l->server, name, db))
            return true;
        at += n;
    }
    return false;
}

/* The variable that leaves it out; NULL: it is logged.  Where both are set, only the first counts. */
static const char *left_out_by(const struct left_out *l, const char *db)
{
    if (l->only[0] != '\0')
        return is_listed(l, l->only, db) ? NULL : "binlog_do_db";
    return is_listed(l, l->but, db) ? "binlog_ignore_db" : NULL;
}

/* Of a table of which changes may be left out; NULL: no memory. */
static const char *lack_of(const struct left_out *l, const char *db, struct mr_arena *arena)
{
    const char *by = left_out_by(l, db);
    if (by != NULL)
        return mr_arena_fmt(arena, "its server leaves the database out of its log (%s)", by);
    return mr_arena_fmt(arena,
                        "its server leaves out of its log what sessions change from within another "
                        "database (%s; binlog_format is not ROW)",
                        l->only[0] != '\0' ? "binlog_do_db" : "binlog_ignore_db");
}

enum mr_code mr_history_left_out(struct mr_db *db, enum mr_side side,
                                 struct mr_history_table *tables, size_t ntables,
                                 struct mr_arena *arena, struct mr_err *err)
{
    struct left_out l = {.server = mr_db_server(db)};
    enum mr_code code = mr_log_filters_read(db, arena, &l.only, &l.but, err);
    if (code == MR_E_DENIED) {
        mr_log_warning("whether the %s leaves databases out of its binary log is not seen: the "
                       "account needs %s",
                       mr_side_name(side), mr_monitor_right_log(mr_db_server(db)));
        return MR_OK;
    }
    MR_TRY(code);
    MR_TRY(mr_log_filters_by_session(db, l.only, l.but, &l.by_session, err));
    for (size_t i = 0; i < ntables; i++) {
        const struct mr_table *today = tables[i].today[side];
        if (today == NULL || (!l.by_session && left_out_by(&l, today->db) == NULL))
            continue;
        const char *reason = lack_of(&l, today->db, arena);
        if (reason == NULL)
            return mr_err_nomem(err, "reading a binary log");
        tables[i].evidence.of[side] =
            (struct mr_evidence_of){.witness = MR_WITNESS_BLIND, .reason = reason};
    }
    return MR_OK;
}

/* As the servers call them. */
static void add_filters(const struct mr_replica_status *status, struct mr_strbuf *out)
{
    static const char *const filters[] = {"Replicate_Do_DB",
                                          "Replicate_Ignore_DB",
                                          "Replicate_Do_Table",
                                          "Replicate_Ignore_Table",
                                          "Replicate_Wild_Do_Table",
                                          "Replicate_Wild_Ignore_Table",
                                          "Replicate_Rewrite_DB",
                                          "Replicate_Do_Domain_Ids",
                                          "Replicate_Ignore_Domain_Ids",
                                          "Replicate_Ignore_Server_Ids"};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        const size_t at = mr_result_column_named(status->res, filters[i]);
        const char *value = at != MR_NO_COLUMN ? status->row[at].ptr : NULL;
        if (value != NULL && *value != '\0')
            mr_strbuf_add_fmt(out, "%s%s %s", out->len > 0 ? ", " : "", filters[i], value);
    }
}

enum mr_code mr_history_left_out_applied(struct mr_db *db, enum mr_side side,
                                         struct mr_arena *arena, const char **what,
                                         struct mr_err *err)
{
    struct mr_replica_status status;
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_replica_status_open(db, &status, err);
    *what = NULL;
    if (code == MR_E_DENIED) {
        mr_log_warning("whether the server that the logs of the %s are read of leaves out what it "
                       "replicates is not seen: the account needs %s",
                       mr_side_name(side), mr_monitor_right_replica(mr_db_server(db)));
        return MR_OK;
    }
    MR_TRY(code);
    while (mr_replica_status_next(&status))
        add_filters(&status, &text);
    mr_replica_status_close(&status);
    code = mr_strbuf_check(&text, "reading a binary log", err);
    if (code == MR_OK && text.len > 0 && (*what = mr_arena_strdup(arena, text.ptr)) == NULL)
        code = mr_err_nomem(err, "reading a binary log");
    mr_strbuf_release(&text);
    return code;
}
