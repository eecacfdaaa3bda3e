/*
 * restore_data.c: --data-only: rows alone, into tables that are there and empty; see restore.h.
 *
 * Nothing is made, altered or dropped but the table of progress.  What would act on the rows as they
 * come, or would not hold them, is refused by name before the first one.
 */
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/schema/trigger_event.h"
#include "snapshot/restore/restore.h"

static enum mr_code refuse(const struct mr_restore_table *t, struct mr_err *err, const char *why,
                           const char *hint)
{
    (void)mr_err_set(err, MR_E_REFUSED, "table \"%s.%s\" %s", t->db, t->snap->name, why);
    mr_err_hint(err, "Nothing was changed. %s", hint);
    return MR_E_REFUSED;
}

/* A JSON column of MariaDB is a text, whose values are compared in their normal form; members of an
 * ENUM may be kept by their numbers. */
static bool is_alike(const struct mr_snap_column *from, const struct mr_column *to)
{
    if (from->by_number)
        return to->cls == MR_CLASS_ENUM;
    return from->cls == to->cls || (from->cls == MR_CLASS_JSON && to->cls == MR_CLASS_TEXT) ||
           (from->cls == MR_CLASS_TEXT && to->cls == MR_CLASS_JSON);
}

static bool is_utf8(const char *charset)
{
    return strcasecmp(charset, "utf8mb4") == 0 || strcasecmp(charset, "utf8mb3") == 0 ||
           strcasecmp(charset, "utf8") == 0;
}

/* Bytes are loaded as they are, and read back as what they were: in another character set they would
 * be other letters, and look the same. */
static bool is_same_text(const struct mr_snap_column *from, const struct mr_column *to)
{
    if (from->charset == NULL || to->charset == NULL)
        return true;
    return strcasecmp(from->charset, to->charset) == 0 ||
           (is_utf8(to->charset) &&
            (is_utf8(from->charset) || strcasecmp(from->charset, "ascii") == 0));
}

static bool is_instant(const char *type)
{
    return strncasecmp(type, "timestamp", strlen("timestamp")) == 0;
}

/* What would be read back as it was kept, and mean something else: the number of a member, or the time
 * of a wall clock, which has no zone. */
static bool is_same_meaning(const struct mr_snap_column *from, const struct mr_column *to)
{
    if (from->type == NULL || to->type == NULL)
        return true;
    if (from->by_number && strcmp(from->type, to->type) != 0)
        return false;
    return from->cls != MR_CLASS_DATETIME || is_instant(from->type) == is_instant(to->type);
}

static enum mr_code refuse_column(const struct mr_restore_table *t, const char *why,
                                  struct mr_err *err)
{
    return refuse(t, err, why,
                  "Rows are loaded into tables that are as they were: alter it, or "
                  "leave it out (--exclude).");
}

static enum mr_code require_column(const struct mr_restore_table *t,
                                   const struct mr_snap_column *from, const struct mr_column *to,
                                   struct mr_err *err)
{
    char why[200];
    if (to != NULL && !to->generated && is_alike(from, to) && is_same_meaning(from, to)) {
        if (is_same_text(from, to))
            return MR_OK;
        (void)snprintf(why, sizeof why, "has column \"%.64s\" in %.32s, and the snapshot in %.32s",
                       from->name, to->charset, from->charset);
        return refuse_column(t, why, err);
    }
    (void)snprintf(why, sizeof why, "%s column \"%.64s\", which the snapshot has%s",
                   to == NULL ? "has no" : "has another", from->name,
                   to != NULL && to->generated ? " rows for, and which it computes" : "");
    return refuse_column(t, why, err);
}

static enum mr_code require_columns(const struct mr_restore_table *t, const struct mr_table *there,
                                    struct mr_err *err)
{
    for (size_t i = 0; i < t->snap->ncolumns; i++) {
        const struct mr_snap_column *from = &t->snap->columns[i];
        MR_TRY(require_column(t, from, mr_table_column(there, from->name), err));
    }
    return MR_OK;
}

/* By it rows are read back, whose ranges it finds. */
static enum mr_code require_key(const struct mr_restore_table *t, const struct mr_table *there,
                                struct mr_err *err)
{
    char why[160];
    if (t->snap->index == NULL)
        return MR_OK;
    for (size_t i = 0; i < there->nindexes; i++)
        if (there->indexes[i].usable && strcasecmp(there->indexes[i].name, t->snap->index) == 0)
            return MR_OK;
    (void)snprintf(why, sizeof why, "has no key \"%.64s\", by which rows would be read back",
                   t->snap->index);
    return refuse(t, err, why, "Add it, or leave the table out (--exclude).");
}

static enum mr_code require_no_triggers(const struct mr_restore_table *t,
                                        const struct mr_table *there, struct mr_err *err)
{
    char why[160];
    for (size_t i = 0; i < there->ntriggers; i++) {
        if (!mr_trigger_fires(&there->triggers[i], "INSERT"))
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
        MR_TRY(require_key(t, there, err));
        MR_TRY(require_no_triggers(t, there, err));
        MR_TRY(require_rows(r, t, err));
    }
    return MR_OK;
}
