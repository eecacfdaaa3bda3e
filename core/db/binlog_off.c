/* binlog_off.c: see binlog_off.h. */
#include "core/db/binlog_off.h"

#include "core/db/cluster.h"
#include "core/db/grants.h"

enum { NEEDS_RIGHT = 1227 };
enum { MARIADB_OWN_RIGHTS = 100500, MYSQL_OWN_RIGHTS = 80014 };

/* Older servers know but one. */
const char *mr_binlog_right(const struct mr_server *server)
{
    if (server->flavour == MR_FLAVOUR_MARIADB)
        return server->version < MARIADB_OWN_RIGHTS ? "SUPER" : "BINLOG ADMIN";
    return server->version < MYSQL_OWN_RIGHTS ? "SUPER" : "SESSION_VARIABLES_ADMIN";
}

enum mr_code mr_binlog_refuse_cluster(struct mr_db *db, struct mr_err *err)
{
    const char *what = NULL;
    MR_TRY(mr_cluster_of(db, &what, err));
    if (what == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "--no-binlog: server \"%s\" is %s, whose others would not get what is written",
                     mr_db_label(db), what);
    mr_err_hint(err, "Nothing was changed. Leave --no-binlog out.");
    return MR_E_REFUSED;
}

static enum mr_code refuse_right(struct mr_db *db, struct mr_err *err)
{
    struct mr_grants *grants = NULL;
    MR_TRY(mr_grants_load(db, &grants, err));
    (void)mr_err_set(err, MR_E_REFUSED,
                     "--no-binlog: the session on \"%s\" writes to the binary log, and the account "
                     "may not change that",
                     mr_db_label(db));
    mr_err_hint(err, "Nothing was changed. Run: GRANT %s ON *.* TO %s; or leave --no-binlog out.",
                mr_binlog_right(mr_db_server(db)), mr_grants_account(grants));
    mr_grants_free(grants);
    return MR_E_REFUSED;
}

enum mr_code mr_binlog_off(struct mr_db *db, struct mr_err *err)
{
    static const char sql[] = "SET SESSION sql_log_bin = 0";
    struct mr_err why = {0};
    MR_TRY(mr_binlog_refuse_cluster(db, err));
    enum mr_code code = mr_db_exec(db, sql, sizeof sql - 1, &why);
    if (code != MR_OK && why.sql_errno == NEEDS_RIGHT)
        return refuse_right(db, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}
