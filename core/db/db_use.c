/* db_use.c: the default database of a connection; see db.h. */
#include <string.h>

#include "core/db/db_internal.h"
#include "core/db/sqltext.h"

enum mr_code mr_db_use(struct mr_db *db, const char *name, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!mr_db_is_lost(db) && db->used.len > 0 && strcmp(db->used.ptr, name) == 0)
        return MR_OK;
    mr_strbuf_reset(&db->used);
    mr_strbuf_add_str(&sql, "USE ");
    mr_sql_ident(&sql, name);
    MR_TRY_OUT(mr_strbuf_check(&sql, "building a query", err));
    MR_TRY_OUT(mr_db_exec(db, sql.ptr, sql.len, err));
    mr_strbuf_add_str(&db->used, name);
    MR_TRY_OUT(mr_strbuf_check(&db->used, "building a query", err));
out:
    mr_strbuf_release(&sql);
    return code;
}
