/* writable.c: see writable.h. */
#include "core/db/writable.h"

#include <string.h>
#include <strings.h>

#include "core/base/log.h"

#define SUPER_READ_ONLY_SINCE 50708 /* of MySQL */
#define OFFLINE_MODE_SINCE 50705
#define INNODB_READ_ONLY_SINCE 50600
#define SUPER_PASSES_UNTIL 101100 /* of MariaDB: from then on only READ ONLY ADMIN */

/* 0 and 1, or words; MariaDB 12 has more of them than ON.  *shut: and no account passes. */
static enum mr_code is_on(struct mr_db *db, const char *sql, bool *on, bool *shut,
                          struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *on = code == MR_OK && strcmp(text.ptr, "0") != 0 && strcasecmp(text.ptr, "OFF") != 0;
    *shut = *on && strcasecmp(text.ptr, "NO_LOCK_NO_ADMIN") == 0;
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code refuse(const struct mr_db *db, const char *variable, const char *hint,
                           struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "server \"%s\" is read-only (%s)", mr_db_label(db),
                     variable);
    mr_err_hint(err, "Nothing was changed. %s", hint);
    return MR_E_REFUSED;
}

/* Grants that cannot be read refuse nothing: the server will. */
static bool passes(struct mr_db *db)
{
    const struct mr_server *server = mr_db_server(db);
    struct mr_grants *grants = NULL;
    struct mr_err ignored = {0};
    if (mr_grants_load(db, &grants, &ignored) != MR_OK)
        return true;
    const bool is_mysql = server->flavour == MR_FLAVOUR_MYSQL;
    const bool of_super = is_mysql || server->version < SUPER_PASSES_UNTIL;
    const bool result = (of_super && mr_grants_global(grants, "SUPER")) ||
                        (is_mysql ? mr_grants_global(grants, "CONNECTION_ADMIN")
                                  : mr_grants_global(grants, "READ ONLY ADMIN") ||
                                        mr_grants_global(grants, "READ_ONLY ADMIN"));
    mr_grants_free(grants);
    return result;
}

static enum mr_code require_open(struct mr_db *db, bool may_pass, struct mr_err *err)
{
    static const char hint[] = "Write where the application does, or SET GLOBAL read_only = 0 if "
                               "that is here (a rented server: in its parameter group).";
    bool on = false, shut = false;
    MR_TRY(is_on(db, "SELECT @@GLOBAL.read_only", &on, &shut, err));
    if (on && (shut || !may_pass || !passes(db)))
        return refuse(db, "read_only", hint, err);
    if (on)
        mr_log_warning("server \"%s\" is read-only, and this account may write all the same",
                       mr_db_label(db));
    return MR_OK;
}

/* A node of Galera that has no quorum, or has not joined yet, refuses each statement.  One that is
 * ready may be behind what other nodes have committed: from here on the session waits for that
 * before it reads or writes (error 1205 where it takes too long), so that no guard rests on rows
 * that somebody has changed elsewhere. */
static enum mr_code join_cluster(struct mr_db *db, struct mr_err *err)
{
    static const char asks[] =
        "SELECT IF(MAX(IF(VARIABLE_NAME = 'WSREP_PROVIDER_NAME', VARIABLE_VALUE, '')) = '', '', "
        "IF(MAX(IF(VARIABLE_NAME = 'WSREP_READY', VARIABLE_VALUE, '')) = 'ON', 'ready', "
        "MAX(IF(VARIABLE_NAME = 'WSREP_CLUSTER_STATUS', VARIABLE_VALUE, '')))) "
        "FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME IN "
        "('WSREP_PROVIDER_NAME', 'WSREP_READY', 'WSREP_CLUSTER_STATUS')";
    static const char waits[] = "SET SESSION wsrep_sync_wait = 15";
    struct mr_strbuf state = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, asks, &state, err);
    if (code == MR_OK && strcmp(state.ptr, "ready") == 0) {
        code = mr_db_exec(db, waits, sizeof waits - 1, err);
        if (code == MR_OK)
            mr_log_info("server \"%s\" is a node of a Galera cluster: what is written there all "
                        "nodes certify, and ALTER TABLE (counters, a restore) holds up writers on "
                        "all of them while it runs",
                        mr_db_label(db));
    } else if (code == MR_OK && state.len > 0) {
        code = mr_err_set(err, MR_E_REFUSED,
                          "server \"%s\" is a node of Galera that takes no statements (%s)",
                          mr_db_label(db), state.ptr);
        mr_err_hint(err, "Nothing was changed. Write to a node of the Primary component; \"myrecon "
                         "gate check --only cluster\" says of each what it is.");
    }
    mr_strbuf_release(&state);
    return code;
}

/* Each is asked for only where the server knows it. */
enum mr_code mr_writable_require(struct mr_db *db, bool may_pass, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(db);
    const bool is_mysql = server->flavour == MR_FLAVOUR_MYSQL;
    bool on = false, shut = false;
    if (server->version >= INNODB_READ_ONLY_SINCE)
        MR_TRY(is_on(db, "SELECT @@GLOBAL.innodb_read_only", &on, &shut, err));
    if (on)
        return refuse(db, "innodb_read_only",
                      "No statement changes that. On Aurora this is a reader: name the cluster's "
                      "writer.",
                      err);
    if (is_mysql && server->version >= SUPER_READ_ONLY_SINCE)
        MR_TRY(is_on(db, "SELECT @@GLOBAL.super_read_only", &on, &shut, err));
    if (on)
        return refuse(db, "super_read_only",
                      "Write where the application does, or SET GLOBAL super_read_only = 0, "
                      "read_only = 0 if that is here.",
                      err);
    MR_TRY(require_open(db, may_pass, err));
    if (is_mysql && server->version >= OFFLINE_MODE_SINCE)
        MR_TRY(is_on(db, "SELECT @@GLOBAL.offline_mode", &on, &shut, err));
    if (on)
        mr_log_warning("server \"%s\" is in offline_mode: it lets in only accounts with "
                       "CONNECTION_ADMIN until SET GLOBAL offline_mode = OFF",
                       mr_db_label(db));
    return is_mysql ? MR_OK : join_cluster(db, err);
}
