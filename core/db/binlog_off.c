/* binlog_off.c: see binlog_off.h. */
#include "core/db/binlog_off.h"

#include <string.h>

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

/* Clusters whose nodes get all writes from each other, and how their nodes show, by SHOW, which needs
 * no right, and has no row where the server knows no such thing.  Galera is in builds of MySQL, too. */
static const struct {
    const char *sql, *what;
} clusters[] = {
    {"SHOW GLOBAL STATUS WHERE Variable_name = 'wsrep_provider_name' AND Value <> ''",
     "a node of Galera"},
    {"SHOW GLOBAL VARIABLES WHERE Variable_name = 'group_replication_group_name' AND Value <> ''",
     "set up for a replication group"},
};

static enum mr_code refuse_cluster(struct mr_db *db, struct mr_err *err)
{
    for (size_t i = 0; i < sizeof clusters / sizeof *clusters; i++) {
        struct mr_result *res = NULL;
        MR_TRY(mr_db_query(db, "vv", clusters[i].sql, strlen(clusters[i].sql), &res, err));
        const bool is_node = mr_result_next(res) != NULL;
        mr_result_free(res);
        if (!is_node)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED,
                         "--no-binlog: server \"%s\" is %s, whose others would not get what is "
                         "written",
                         mr_db_label(db), clusters[i].what);
        mr_err_hint(err, "Nothing was changed. Leave --no-binlog out.");
        return MR_E_REFUSED;
    }
    return MR_OK;
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
    MR_TRY(refuse_cluster(db, err));
    enum mr_code code = mr_db_exec(db, sql, sizeof sql - 1, &why);
    if (code != MR_OK && why.sql_errno == NEEDS_RIGHT)
        return refuse_right(db, err);
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}
