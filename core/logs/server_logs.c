/* server_logs.c: see server_logs.h. */
#include "core/logs/server_logs.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/grants.h"
#include "core/db/monitor_right.h"
#include "core/logs/archive_list.h"

#define NO_LOG 1381         /* of SHOW BINARY LOGS */
#define ENCRYPTED_COLUMN 2  /* of SHOW BINARY LOGS, MySQL since 8.0.14 */
#define ENCRYPTED_BYTES 512 /* in front of an encrypted file of MySQL, which its size has */

static enum mr_code take_log(struct mr_db *db, const struct mr_cell *row, bool is_encrypted,
                             struct mr_arena *arena, struct mr_vec *logs, struct mr_err *err)
{
    struct mr_server_log *log = mr_vec_push(logs);
    if (log == NULL)
        return mr_err_nomem(err, "listing binary logs");
    *log = (struct mr_server_log){mr_arena_strdup(arena, row[0].ptr),
                                  strtoull(row[1].ptr, NULL, 10), false};
    if (is_encrypted && log->bytes >= ENCRYPTED_BYTES)
        log->bytes -= ENCRYPTED_BYTES;
    if (log->name == NULL)
        return mr_err_nomem(err, "listing binary logs");
    if (!mr_archive_is_name(log->name))
        return mr_err_set(err, MR_E_REFUSED,
                          "server \"%s\" has a binary log \"%.200s\", which is no name of a file",
                          mr_db_label(db), log->name);
    return MR_OK;
}

static enum mr_code no_log(const struct mr_db *db, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_UNSUPPORTED, "server \"%s\" has no binary log", mr_db_label(db));
    mr_err_hint(err, "It was started without log_bin: nothing says what was changed on it. Its "
                     "rows can be kept: myrecon snapshot create.");
    return MR_E_UNSUPPORTED;
}

/* In the server's order, which is that of time. */
enum mr_code mr_server_logs(struct mr_db *db, struct mr_arena *arena, struct mr_vec *logs,
                            struct mr_err *err)
{
    static const char sql[] = "SHOW BINARY LOGS";
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    enum mr_code code = mr_db_query(db, "vv*", sql, sizeof sql - 1, &res, err);
    const bool says = code == MR_OK && mr_result_columns(res) > ENCRYPTED_COLUMN &&
                      strcasecmp(mr_result_column_name(res, ENCRYPTED_COLUMN), "Encrypted") == 0;
    while (code == MR_OK && (row = mr_result_next(res)) != NULL) {
        const char *yes = says ? row[ENCRYPTED_COLUMN].ptr : NULL;
        code = take_log(db, row, yes != NULL && strcasecmp(yes, "Yes") == 0, arena, logs, err);
    }
    mr_result_free(res);
    if ((code == MR_OK && logs->count == 0) || (code != MR_OK && err->sql_errno == NO_LOG))
        return no_log(db, err);
    if (code == MR_OK)
        ((struct mr_server_log *)mr_vec_at(logs, logs->count - 1))->is_last = true;
    return code;
}

void mr_server_logs_name_rights(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                                const struct mr_server *server, struct mr_err *err)
{
    struct mr_db *db = NULL;
    struct mr_grants *grants = NULL;
    const enum mr_code code = mr_db_open(ep, opts, &db, NULL);
    if (code == MR_OK)
        (void)mr_grants_load(db, &grants, NULL);
    mr_err_hint(err, "Run: GRANT REPLICATION SLAVE, %s ON *.* TO %s", mr_monitor_right_log(server),
                mr_grants_account(grants));
    mr_grants_free(grants);
    mr_db_close(db);
}
