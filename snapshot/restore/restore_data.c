/*
 * restore_data.c: --data-only: rows alone, into tables that are there and empty; see restore.h.
 *
 * Nothing is made, altered or dropped but the table of progress.  What would act on the rows as they
 * come, or would not hold them, is refused by name before the first one.
 */
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "snapshot/restore/restore.h"

static enum mr_code refuse(const struct mr_restore_table *t, struct mr_err *err, const char *why,
                           const char *hint)
{
    (void)mr_err_set(err, MR_E_REFUSED, "table \"%s.%s\" %s", t->db, t->snap->name, why);
    mr_err_hint(err, "Nothing was changed. %s", hint);
    return MR_E_REFUSED;
}

/* A JSON column of MariaDB is a text, whose values are compared in their normal form. */
static bool is_alike(const struct mr_snap_column *from, const struct mr_column *to)
{
    return from->cls == to->cls || (from->cls == MR_CLASS_JSON && to->is_json) ||
           (from->cls == MR_CLASS_TEXT && to->cls == MR_CLASS_JSON);
}

static enum mr_code require_columns(const struct mr_restore_table *t, const struct mr_table *there,
                                    struct mr_err *err)
{
    static const char hint[] = "Rows are loaded into tables that are as they were: alter it, or "
                               "leave it out (--exclude).";
    char why[160];
    for (size_t i = 0; i < t->snap->ncolumns; i++) {
        const struct mr_snap_column *from = &t->snap->columns[i];
        const struct mr_column *to = mr_table_column(there, from->name);
        if (to != NULL && !to->generated && is_alike(from, to))
            continue;
        (void)snprintf(why, sizeof why, "%s column \"%.64s\", which the snapshot has%s",
                       to == NULL ? "has no" : "has another", from->name,
                       to != NULL && to->generated ? " rows for, and which it computes" : "");
        return refuse(t, err, why, hint);
    }
    return MR_OK;
}

static enum mr_code require_no_triggers(const struct mr_restore_table *t,
                                        const struct mr_table *there, struct mr_err *err)
{
    char why[160];
    for (size_t i = 0; i < there->ntriggers; i++) {
        if (strcasecmp(there->triggers[i].event, "INSERT") != 0)
            continue;
        (void)snprintf(why, sizeof why, "has trigger \"%.64s\", which would fire for each row",
                       there->triggers[i].name);
        return refuse(t, err, why, "Drop it for that time, or leave the table out (--exclude).");
    }
    return MR_OK;
}

enum mr_code mr_restore_has_rows(struct mr_restore *r, const struct mr_restore_table *t, bool *has,
                                 struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&sql, "SELECT 1 FROM ");
    mr_sql_table(&sql, t->db, t->snap->name);
    mr_strbuf_add_str(&sql, " LIMIT 1");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(r->db, "v", sql.ptr, sql.len, &res, err);
    *has = code == MR_OK && mr_result_next(res) != NULL;
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

static bool is_all_done(const struct mr_restore *r, const struct mr_restore_table *t)
{
    for (size_t i = 0; i < t->snap->nchunks; i++)
        if (!mr_restore_is_done(r, t->snap->chunks[i].file))
            return false;
    return true;
}

/* Of an earlier run of the same restore its rows are there, but a table without transactions may hold
 * a part of a file: whose those rows are nobody knows, and they are not dropped. */
static enum mr_code require_rows(struct mr_restore *r, struct mr_restore_table *t,
                                 struct mr_err *err)
{
    bool has = false;
    if (r->resumed && (mr_restore_is_trusted(r, t) || is_all_done(r, t)))
        return MR_OK;
    MR_TRY(mr_restore_has_rows(r, t, &has, err));
    if (r->resumed && !has)
        t->is_there = false; /* its files count as not loaded */
    if (!has)
        return MR_OK;
    return refuse(
        t, err, r->resumed ? "has no transactions, and may hold a part of a file" : "is not empty",
        r->resumed ? "Empty it (TRUNCATE TABLE); the same command then goes on."
                   : "Rows are loaded into empty tables: empty it, leave it out "
                     "(--exclude), or restore it under another name (--rename).");
}

enum mr_code mr_restore_require_tables(struct mr_restore *r, struct mr_err *err)
{
    if (r->dbs[0].there == NULL) {
        (void)mr_err_set(err, MR_E_REFUSED, "database \"%s\" is not there", r->dbs[0].to);
        mr_err_hint(err, "Nothing was changed. Create it, also where none of its tables is wanted: "
                         "table " MR_SNAP_PROGRESS_TABLE " lies there while rows are loaded.");
        return MR_E_REFUSED;
    }
    for (size_t i = 0; i < r->ntables; i++) {
        struct mr_restore_table *t = &r->tables[i];
        const struct mr_table *there = mr_catalogue_meant(r->cat, t->db, t->snap->name);
        if (there == NULL)
            return refuse(t, err, "is not there",
                          "Make it first (--schema-only), or leave it out (--exclude).");
        if (mr_snap_is_merge(t->snap))
            continue;
        MR_TRY(require_columns(t, there, err));
        MR_TRY(require_no_triggers(t, there, err));
        MR_TRY(require_rows(r, t, err));
    }
    return MR_OK;
}
