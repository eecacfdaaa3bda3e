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
    return MR_OK;
}
