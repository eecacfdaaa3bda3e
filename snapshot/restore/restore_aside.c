/* restore_aside.c: tables that the server does not take; see restore.h. */
#include <string.h>

#include "core/base/log.h"
#include "core/db/db_error.h"
#include "core/db/sqltext.h"
#include "snapshot/restore/restore.h"

#define ER_BAD_DB 1049
#define ER_GET_ERRNO 1030
#define ER_DISK_FULL 1021
#define ER_RECORD_FILE_FULL 1114

/* Errors of a statement that say nothing about its table: what would come next would fail, too,
 * or the same may succeed a moment later. */
static const unsigned of_server[] = {
    1021, /* disk full */
    1023, /* a file could not be closed */
    1026, /* a file could not be written */
    1037, /* out of memory */
    1038, /* out of memory for sorting */
    1041, /* out of memory */
    1148, /* LOAD DATA LOCAL is not allowed */
    1206, /* the lock table is full */
    1223, /* a read lock is held */
    1290, /* the server is read-only, or the like */
    1461, /* no prepared statement is to be had, without which nothing is read back */
    1598, /* the binary log cannot be written */
    1792, /* a transaction that is read-only */
    1836, /* the server is read-only */
    3948, /* LOAD DATA LOCAL is not allowed */
};

bool mr_restore_is_of_table(enum mr_code code, const struct mr_err *why)
{
    if (code == MR_E_NO_SUCH)
        return why->sql_errno != ER_BAD_DB;
    for (size_t i = 0; i < sizeof of_server / sizeof *of_server; i++)
        if (of_server[i] == why->sql_errno)
            return false;
    if (mr_db_error_is_passing(why->sql_errno))
        return false;
    if (why->sql_errno == ER_GET_ERRNO && mr_restore_is_disk_full(why))
        return false;
    return code == MR_E_SQL;
}

bool mr_restore_is_disk_full(const struct mr_err *why)
{
    return why->sql_errno == ER_DISK_FULL || why->sql_errno == ER_RECORD_FILE_FULL ||
           (why->sql_errno == ER_GET_ERRNO && strstr(why->message, "error 28 ") != NULL);
}

const char *mr_restore_aside_text(enum mr_restore_aside how)
{
    switch (how) {
    case MR_ASIDE_NOT_MADE: return "could not be made";
    case MR_ASIDE_LEFT:
        return "could not be loaded, and could not be dropped: it does not hold all of "
               "its "
               "rows";
    case MR_ASIDE_PART: return "could not be loaded: it does not hold all of its rows";
    case MR_ASIDE_DROPPED: return "could not be loaded, and was dropped again";
    case MR_ASIDE_UNREAD: return "could not be read back";
    }
    return "";
}

/* Several workers may meet the same table: the first reason stays, since what follows is often
 * nothing but its consequence. */
enum mr_code mr_restore_set_aside(struct mr_restore *r, struct mr_restore_table *t,
                                  enum mr_restore_aside how, const struct mr_err *why,
                                  struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool first = false;
    pthread_mutex_lock(&r->lock);
    if (t->aside == NULL) {
        first = true;
        t->aside = mr_arena_strdup(&r->arena, why->message);
        t->how = how;
        r->naside++;
        if (t->aside == NULL)
            code = mr_err_nomem(err, "restoring");
    }
    pthread_mutex_unlock(&r->lock);
    if (first)
        mr_log_warning("table \"%s.%s\" is set aside: %s", t->db, t->snap->name, why->message);
    return code;
}

bool mr_restore_is_aside(struct mr_restore *r, const struct mr_restore_table *t)
{
    pthread_mutex_lock(&r->lock);
    bool aside = t->aside != NULL;
    pthread_mutex_unlock(&r->lock);
    return aside;
}

/* A line of a file that is not there any more would make the next run take the table for loaded. */
enum mr_code mr_restore_forget(struct mr_restore *r, const struct mr_restore_table *t,
                               struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->snap->nchunks; i++) {
        mr_strbuf_reset(&sql);
        mr_strbuf_add_str(&sql, "DELETE FROM ");
        mr_restore_progress_table(&sql, r);
        mr_strbuf_add_str(&sql, " WHERE file = ");
        mr_sql_string(&sql, t->snap->chunks[i].file);
        code = mr_restore_exec(r->db, &sql, err);
    }
    mr_strbuf_release(&sql);
    return code;
}

/* Killed in between, the next run finds no table, and forgets its files itself. */
static enum mr_code drop_table(struct mr_restore *r, struct mr_restore_table *t, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_add_str(&sql, "DROP TABLE IF EXISTS ");
    mr_sql_table(&sql, t->db, t->snap->name);
    enum mr_code code = mr_restore_exec(r->db, &sql, &why);
    mr_strbuf_release(&sql);
    if (code == MR_OK) {
        t->how = MR_ASIDE_DROPPED;
        MR_TRY(mr_restore_forget(r, t, err));
        return mr_restore_disown_table(r, t, err);
    }
    if (mr_restore_is_of_table(code, &why) || code == MR_E_DENIED || code == MR_E_TIMEOUT) {
        mr_log_warning("table \"%s.%s\" could not be dropped: %s", t->db, t->snap->name,
                       why.message);
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}

enum mr_code mr_restore_drop_aside(struct mr_restore *r, struct mr_err *err)
{
    for (size_t i = 0; i < r->ntables; i++)
        if (r->tables[i].aside != NULL && r->tables[i].how == MR_ASIDE_LEFT)
            MR_TRY(drop_table(r, &r->tables[i], err));
    return MR_OK;
}
