/*
 * restore_fast.c: --unsafe-fast: rows without InnoDB's redo log; see restore.h.
 *
 * A crash of the server meanwhile costs all of its data: so this is for a server that has nothing but
 * what is restored, which can be set up anew, and that nobody replicates from.  The log is on again
 * before rows are read back, and after any error; what a killed run has left off the next one switches
 * on, or says.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/db/cluster.h"
#include "core/db/grants.h"
#include "core/db/replication.h"
#include "core/db/sqltext.h"
#include "snapshot/restore/restore.h"

#define NAMES_SHOWN 5

static enum mr_code refuse(const struct mr_restore *r, const char *why, const char *hint,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "--unsafe-fast: server \"%s\" %s", mr_db_label(r->db), why);
    mr_err_hint(err, "Nothing was changed. %s", hint);
    return MR_E_REFUSED;
}

/* ---- where it is refused ---- */

static enum mr_code require_switch(const struct mr_restore *r, struct mr_err *err)
{
    return r->redo != MR_REDO_FIXED
               ? MR_OK
               : refuse(r, "has no switch for InnoDB's redo log: MySQL 8.0.21 and later have it",
                        "Leave --unsafe-fast out.", err);
}

static enum mr_code require_alone(struct mr_restore *r, struct mr_err *err)
{
    struct mr_vec hosts = MR_VEC_INIT(char *);
    const char *cluster = NULL;
    MR_TRY(mr_cluster_of(r->db, &cluster, err));
    if (cluster != NULL)
        return refuse(r, "is one of a cluster's", "Leave --unsafe-fast out.", err);
    enum mr_code code = mr_replication_below(r->db, &hosts, err);
    if (code == MR_OK && hosts.count > 0)
        code = refuse(r, "has replicas, which a crash would leave with what it has lost",
                      "Leave --unsafe-fast out, or stop them.", err);
    for (size_t i = 0; i < hosts.count; i++)
        free(*(char **)mr_vec_at(&hosts, i));
    mr_vec_release(&hosts);
    return code;
}

/* What an account may not see is not there, to it. */
static enum mr_code require_rights(const struct mr_restore *r, const struct mr_grants *grants,
                                   struct mr_err *err)
{
    const char *lacks = NULL, *what = NULL;
    if (!mr_grants_global(grants, MR_REDO_RIGHT)) {
        lacks = MR_REDO_RIGHT;
        what = "switch InnoDB's redo log";
    } else if (!mr_grants_lists_dbs(grants)) {
        lacks = "SHOW DATABASES";
        what = "see whether there are other databases, which a crash would cost";
    } else if (!mr_grants_global(grants, "REPLICATION SLAVE")) {
        lacks = "REPLICATION SLAVE";
        what = "see whether there are replicas";
    } else {
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_REFUSED, "--unsafe-fast: the account on \"%s\" may not %s",
                     mr_db_label(r->db), what);
    mr_err_hint(err, "Nothing was changed. Run: GRANT %s ON *.* TO %s; or leave --unsafe-fast out.",
                lacks, mr_grants_account(grants));
    return MR_E_REFUSED;
}

static bool is_restored(const struct mr_restore *r, const char *name)
{
    for (size_t i = 0; i < r->ndbs; i++)
        if (mr_server_same_name(mr_db_server(r->db), r->dbs[i].to, name))
            return true;
    return false;
}

static enum mr_code require_empty(struct mr_restore *r, struct mr_err *err)
{
    static const char sql[] =
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql', "
        "'sys', 'information_schema', 'performance_schema') ORDER BY SCHEMA_NAME";
    struct mr_strbuf others = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells;
    size_t count = 0;
    enum mr_code code = mr_db_query(r->db, "v", sql, sizeof sql - 1, &res, err);
    mr_strbuf_add_str(&others, "has other databases, which a crash would cost:");
    while (code == MR_OK && (cells = mr_result_next(res)) != NULL)
        if (!is_restored(r, cells[0].ptr) && count++ < NAMES_SHOWN)
            mr_strbuf_add_fmt(&others, "%s \"%s\"", count > 1 ? "," : "", cells[0].ptr);
    if (count > NAMES_SHOWN)
        mr_strbuf_add_fmt(&others, " and %zu more", count - NAMES_SHOWN);
    if (code == MR_OK)
        code = mr_strbuf_check(&others, "restoring", err);
    if (code == MR_OK && count > 0)
        code = refuse(r, others.ptr, "Leave --unsafe-fast out.", err);
    mr_result_free(res);
    mr_strbuf_release(&others);
    return code;
}

/* Beside what is restored nothing else may be there, in the same databases, either. */
static enum mr_code require_own(const struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->cat->ntables; i++) {
        const struct mr_table *t = &r->cat->tables[i];
        if (strcmp(t->name, MR_SNAP_PROGRESS_TABLE) == 0 || mr_restore_has_table(r, t->db, t->name))
            continue;
        mr_strbuf_add_fmt(&why, "has table \"%s.%s\", which stays, and which a crash would cost",
                          t->db, t->name);
        code = mr_strbuf_check(&why, "restoring", err);
        if (code == MR_OK)
            code = refuse(r, why.ptr, "Leave --unsafe-fast out.", err);
    }
    mr_strbuf_release(&why);
    return code;
}

static enum mr_code require(struct mr_restore *r, struct mr_err *err)
{
    struct mr_grants *grants = NULL;
    MR_TRY(require_switch(r, err));
    MR_TRY(mr_grants_load(r->db, &grants, err));
    enum mr_code code = require_rights(r, grants, err);
    mr_grants_free(grants);
    MR_TRY(code);
    MR_TRY(require_alone(r, err));
    MR_TRY(require_empty(r, err));
    return require_own(r, err);
}

/* ---- off and on ---- */

enum mr_code mr_restore_find_fast(struct mr_restore *r, struct mr_err *err)
{
    MR_TRY(mr_redo_log_look(r->db, &r->redo, err));
    if (r->opts->unsafe_fast)
        return mr_restore_pass(r, require(r, err), err);
    if (r->redo == MR_REDO_OFF)
        mr_log_warning("InnoDB's redo log of \"%s\" is off: a crash would cost all of its data%s",
                       mr_db_label(r->db), r->resumed ? "" : "; " MR_REDO_ENABLE " switches it on");
    return MR_OK;
}

/* What the killed run asked for this one may not want: on, as it was. */
enum mr_code mr_restore_begin_fast(struct mr_restore *r, struct mr_err *err)
{
    if (!r->opts->unsafe_fast) {
        r->unlogged = r->redo == MR_REDO_OFF && r->resumed;
        return mr_restore_end_fast(r, err);
    }
    mr_log_warning(
        "--unsafe-fast: InnoDB's redo log of \"%s\" is off while rows are loaded: if the "
        "server crashes meanwhile it does not start again, and all of its data is lost, "
        "accounts too",
        mr_db_label(r->db));
    const enum mr_code code = r->redo == MR_REDO_ON ? mr_redo_log_switch(r->db, false, err) : MR_OK;
    r->unlogged = code == MR_OK || mr_db_is_lost(r->db); /* who knows */
    return code;
}

/* Over a connection of its own where the restore's is lost, be it by Ctrl-C. */
static enum mr_code switch_on(struct mr_restore *r, struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_db_opts opts = r->db_opts;
    if (!mr_db_is_lost(r->db))
        return mr_redo_log_switch(r->db, true, err);
    opts.same_as = mr_db_server(r->db);
    enum mr_code code = mr_db_open(&r->ep, &opts, &db, err);
    if (code == MR_OK)
        code = mr_redo_log_switch(db, true, err);
    mr_db_close(db);
    return code;
}

enum mr_code mr_restore_end_fast(struct mr_restore *r, struct mr_err *err)
{
    struct mr_err why = {0};
    if (!r->unlogged)
        return MR_OK;
    r->unlogged = false;
    if (switch_on(r, &why) == MR_OK) {
        mr_log_info("InnoDB's redo log of \"%s\" is on again", mr_db_label(r->db));
        return MR_OK;
    }
    return mr_restore_note_fmt(r, err,
                               "InnoDB's redo log of \"%s\" is off, or not known to be on again "
                               "(%s): a crash would cost all of its data; run " MR_REDO_ENABLE,
                               mr_db_label(r->db), why.message);
}
