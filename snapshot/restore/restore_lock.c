/*
 * restore_lock.c: one restore at a time into a database; see restore.h.
 *
 * A second one would take the traces of the first for those of a run that was killed, find its rows
 * there already, and drop what the first has compared.  The lock is a name that the server gives to
 * one connection, and takes back when that ends; it needs no right.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/letters.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/sqltext.h"
#include "core/file/sha256.h"
#include "snapshot/restore/restore.h"

#define WAIT_S 5 /* for a server to see that a client is gone */
#define STEP_US 200000
#define DIGITS 32 /* such names have 64 characters at most */

/* Of a database, as the server tells their names apart. */
static enum mr_code lock_name(const struct mr_restore *r, const char *db, struct mr_strbuf *out,
                              struct mr_err *err)
{
    char hex[MR_SHA256_HEX];
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (mr_db_server(r->db)->lower_case_table_names != 0)
        mr_letters_add_key(&text, db);
    else
        mr_strbuf_add_str(&text, db);
    enum mr_code code = mr_strbuf_check(&text, "restoring", err);
    if (code == MR_OK)
        code = mr_sha256_bytes(text.ptr, text.len, hex, err);
    if (code == MR_OK)
        mr_strbuf_add_fmt(out, "myrecon.restore.%.*s", DIGITS, hex);
    mr_strbuf_release(&text);
    return code == MR_OK ? mr_strbuf_check(out, "restoring", err) : code;
}

static bool ends_run(enum mr_code code)
{
    return code == MR_E_LOST || code == MR_E_NOMEM || code == MR_E_CANCELLED;
}

/* "1 42": taken; "0 42": connection 42 has it; "": the server has no such locks. */
static enum mr_code try_lock(struct mr_restore *r, const char *name, struct mr_strbuf *answer,
                             struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_reset(answer);
    mr_strbuf_add_str(&sql, "SELECT CONCAT(GET_LOCK(");
    mr_sql_string(&sql, name);
    mr_strbuf_add_str(&sql, ", 0), ' ', IFNULL(IS_USED_LOCK(");
    mr_sql_string(&sql, name);
    mr_strbuf_add_str(&sql, "), 0))");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", &why);
    if (code == MR_OK)
        code = mr_db_query_text(r->db, sql.ptr, answer, &why);
    mr_strbuf_release(&sql);
    if (!ends_run(code)) {
        if (code != MR_OK)
            mr_strbuf_reset(answer);
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code refuse(const char *db, const char *holder, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "another restore into database \"%s\" is at work: connection %s of the "
                     "server holds its lock",
                     db, holder);
    mr_err_hint(err, "Nothing was changed. Let it come to its end; if its client is gone, "
                     "the server ends its last statement first.");
    return MR_E_REFUSED;
}

/* Waits a little, since the server may not have noticed yet that the client of a killed restore
 * is gone; then it refuses rather than go on beside another one. */
static enum mr_code lock(struct mr_restore *r, const char *db, const char *name, struct mr_err *err)
{
    struct mr_strbuf answer = MR_STRBUF_INIT;
    double until_s = mr_clock_now_s() + WAIT_S;
    enum mr_code code = try_lock(r, name, &answer, err);
    bool busy = code == MR_OK && strncmp(answer.ptr, "0 ", 2) == 0;
    if (busy)
        mr_log_info("waiting up to %d s for another restore into database \"%s\", of "
                    "connection %s, to end",
                    WAIT_S, db, answer.ptr + 2);
    while (busy && mr_clock_now_s() < until_s) {
        if (mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code == MR_OK && usleep(STEP_US) == 0)
            code = try_lock(r, name, &answer, err);
        busy = code == MR_OK && strncmp(answer.ptr, "0 ", 2) == 0;
    }
    if (busy)
        code = refuse(db, answer.ptr + 2, err);
    mr_strbuf_release(&answer);
    return code;
}

/* MySQL before 5.7.5 gives back the one lock for the other: then the first stands for all, whose
 * database has the progress table. */
static size_t count_locks(const struct mr_restore *r)
{
    const struct mr_server *server = mr_db_server(r->db);
    bool many = server->flavour == MR_FLAVOUR_MARIADB || server->version >= 50705;
    return many || r->ndbs == 0 ? r->ndbs : 1;
}

enum mr_code mr_restore_lock(struct mr_restore *r, struct mr_err *err)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count_locks(r); i++) {
        mr_strbuf_reset(&name);
        code = lock_name(r, r->dbs[i].to, &name, err);
        if (code == MR_OK)
            code = lock(r, r->dbs[i].to, name.ptr, err);
    }
    mr_strbuf_release(&name);
    return code;
}
