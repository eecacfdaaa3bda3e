/* native.c: see native.h. */
#include "repair/apply/native.h"

#include "core/db/sqltext.h"

enum { NO_SUCH_FUNCTION = 1305 };

static enum mr_code use(struct mr_db *db, const char *name, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "USE ");
    mr_sql_ident(&sql, name);
    enum mr_code code = mr_strbuf_check(&sql, "asking for functions", err);
    if (code == MR_OK)
        code = mr_db_exec(db, sql.ptr, sql.len, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Without arguments: most have too few then, and of what the server says only one answer counts,
 * that there is none of that name. */
static enum mr_code ask(struct mr_db *db, const char *name, bool *native, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    mr_strbuf_add_fmt(&sql, "SELECT %s()", name);
    enum mr_code code = mr_strbuf_check(&sql, "asking for functions", err);
    if (code == MR_OK && (code = mr_db_query(db, "n", sql.ptr, sql.len, &res, &why)) != MR_OK) {
        *native = why.sql_errno != NO_SUCH_FUNCTION;
        if (why.sql_errno != 0 && !mr_db_is_lost(db))
            code = MR_OK;
        else
            *err = why;
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code refuse(struct mr_db *db, const char *name, const char *path, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "plan \"%s\" calls the function %s, which is none of server \"%s\" itself",
                     path, name, mr_db_label(db));
    mr_err_hint(err, "Nothing was done. A stored function of that name would do whatever its "
                     "maker likes; plan again, with conditions that need no such function.");
    return MR_E_REFUSED;
}

/* In information_schema nobody can make a function: what is found there is the server's. */
enum mr_code mr_native_check(struct mr_db *db, const struct mr_script_calls *calls,
                             const char *path, struct mr_err *err)
{
    struct mr_strbuf used = MR_STRBUF_INIT;
    const char *missing = NULL;
    enum mr_code code = MR_OK;
    size_t at = 0;
    const char *name = mr_script_calls_next(calls, &at);
    if (name == NULL)
        return MR_OK;
    MR_TRY_OUT(mr_db_query_text(db, "SELECT DATABASE()", &used, err));
    MR_TRY_OUT(use(db, "information_schema", err));
    for (; name != NULL && missing == NULL; name = mr_script_calls_next(calls, &at)) {
        bool native = true;
        MR_TRY_OUT(ask(db, name, &native, err));
        if (!native)
            missing = name;
    }
    if (used.len > 0)
        MR_TRY_OUT(use(db, used.ptr, err));
    if (missing != NULL)
        MR_TRY_OUT(refuse(db, missing, path, err));
out:
    mr_strbuf_release(&used);
    return code;
}
