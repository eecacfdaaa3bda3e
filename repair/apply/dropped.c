/* dropped.c: see dropped.h. */
#include "repair/apply/dropped.h"

#include <string.h>

#include "core/db/sqltext.h"
#include "repair/side/surroundings.h"

enum { UNKNOWN_DATABASE = 1049, NO_SUCH_TABLE = 1146 };

static enum mr_code add_name(const struct mr_surroundings_child *child, struct mr_arena *arena,
                             struct mr_strbuf *out, struct mr_err *err)
{
    const char *db = mr_arena_dup(arena, child->db, child->db_len);
    const char *table = mr_arena_dup(arena, child->table, child->table_len);
    if (db == NULL || table == NULL)
        return mr_err_nomem(err, "looking for a table");
    mr_sql_table(out, db, table);
    return mr_strbuf_check(out, "looking for a table", err);
}

/* A server says so of a table only to who could see it. */
static enum mr_code ask(struct mr_db *db, const char *name, bool *gone, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    mr_strbuf_add_fmt(&sql, "SELECT 1 FROM %s LIMIT 0", name);
    enum mr_code code = mr_strbuf_check(&sql, "looking for a table", err);
    if (code == MR_OK && (code = mr_db_query(db, "n", sql.ptr, sql.len, &res, &why)) != MR_OK) {
        *gone = why.sql_errno == NO_SUCH_TABLE || why.sql_errno == UNKNOWN_DATABASE;
        if (why.sql_errno != 0 && !mr_db_is_lost(db))
            code = MR_OK;
        else
            *err = why;
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* The server's answer decides, and only "no such table" is one: whoever may not see it, or cannot
 * reach it, must not be told that it is gone, since its rows could still refer to ours. */
enum mr_code mr_dropped_look(struct mr_db *db, const char *text, struct mr_arena *arena,
                             struct mr_vec *dropped, bool *gone, struct mr_err *err)
{
    struct mr_surroundings_child child;
    struct mr_strbuf name = MR_STRBUF_INIT;
    *gone = false;
    if (!mr_surroundings_child(text, &child))
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(add_name(&child, arena, &name, err));
    MR_TRY_OUT(ask(db, name.ptr, gone, err));
    if (*gone) {
        const char **slot = mr_vec_push(dropped);
        if (slot == NULL || (*slot = mr_arena_strdup(arena, name.ptr)) == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "looking for a table"));
    }
out:
    mr_strbuf_release(&name);
    return code;
}

bool mr_dropped_explains(const struct mr_vec *dropped, const char *sql, size_t len,
                         const struct mr_err *why)
{
    if (why->sql_errno != NO_SUCH_TABLE && why->sql_errno != UNKNOWN_DATABASE)
        return false;
    for (size_t i = 0; dropped != NULL && i < dropped->count; i++) {
        const char *const *name = mr_vec_at(dropped, i);
        if (memmem(sql, len, *name, strlen(*name)) != NULL)
            return true;
    }
    return false;
}
