/* plan_fit_json.c: rows that an UPDATE would leave as they are; see plan_fit.h.
 *
 * MySQL compares a row before it writes it, and JSON by its values: {"a": 1.0} is {"a": 1}
 * there, and an UPDATE that brings nothing else changes nothing.  Where another column
 * changes, too, the whole row is written. */
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/plan/plan_fit.h"
#include "repair/plan/plan_fit_internal.h"

static enum mr_code add_json(struct mr_plan_fit *fit, struct mr_key bytes, struct mr_err *err)
{
    struct mr_value value;
    size_t pos = 0;
    MR_TRY(mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err));
    mr_strbuf_add_str(&fit->sql, "CAST(");
    mr_sql_value(&fit->sql, &value, "utf8mb4");
    mr_strbuf_add_str(&fit->sql, " AS JSON)");
    return MR_OK;
}

/* NULL and what is too long to be asked about are equal to nothing. */
static enum mr_code is_equal(struct mr_plan_fit *fit, struct mr_key own, struct mr_key there,
                             bool *equal, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(fit->target);
    *equal = false;
    if (fit->packet > 0 && own.len + there.len > fit->packet / MR_FIT_ASKED_SHARE)
        return MR_OK;
    mr_strbuf_reset(&fit->sql);
    mr_strbuf_reset(&fit->text);
    mr_strbuf_add_str(&fit->sql, "SELECT COALESCE(");
    MR_TRY(add_json(fit, own, err));
    mr_strbuf_add_str(&fit->sql, " = ");
    MR_TRY(add_json(fit, there, err));
    mr_strbuf_add_str(&fit->sql, ", 0)");
    MR_TRY(mr_strbuf_check(&fit->sql, "judging a value", err));
    if (db == NULL)
        return mr_err_set(err, MR_E_LOST, "the connection to the target is gone");
    MR_TRY(mr_db_query_text(db, fit->sql.ptr, &fit->text, err));
    *equal = strcmp(fit->text.ptr, "1") == 0;
    return MR_OK;
}

static bool is_json(const struct mr_plan_table *table, size_t column)
{
    return mr_pair_column(table->pair, MR_TARGET, column)->cls == MR_CLASS_JSON;
}

static enum mr_code note(struct mr_plan_fit *fit, const struct mr_plan_table *table, size_t column,
                         struct mr_err *err)
{
    size_t *slot = mr_vec_push(&fit->columns);
    if (slot == NULL)
        return mr_err_nomem(err, "judging a value");
    *slot = column;
    mr_strbuf_add_fmt(&fit->why,
                      "%s%s: MySQL takes the JSON value for the one that stands there, and "
                      "an UPDATE would change nothing",
                      fit->why.len > 0 ? "; " : "",
                      mr_pair_column(table->pair, MR_TARGET, column)->name);
    return MR_OK;
}

/* Columns that an UPDATE would write and that differ: equal JSON alone, or others, too. */
static enum mr_code judge(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                          struct mr_key image, struct mr_key live, bool *moves, struct mr_err *err)
{
    size_t pos = 0, other = 0;
    enum mr_code code = MR_OK;
    *moves = false;
    for (size_t i = 0; code == MR_OK && !*moves && i < table->pair->find.ncolumns; i++) {
        struct mr_key own, there;
        bool equal = false;
        code = mr_plan_fit_next(image, &pos, &own, err);
        if (code == MR_OK)
            code = mr_plan_fit_next(live, &other, &there, err);
        if (code != MR_OK || table->generated[i] || mr_plan_fit_is_same(own, there))
            continue;
        if (is_json(table, i))
            code = is_equal(fit, own, there, &equal, err);
        if (code == MR_OK && equal)
            code = note(fit, table, i, err);
        *moves = !equal;
    }
    return code;
}

/* MariaDB keeps JSON as text and compares it so; there an UPDATE writes what it is given. */
enum mr_code mr_plan_fit_json(struct mr_plan_fit *fit, const struct mr_plan_table *table,
                              struct mr_key image, struct mr_key live, struct mr_err *err)
{
    const struct mr_catalogue *cat = fit->plan->pairing.side[MR_TARGET].cat;
    bool has_json = false, moves = false;
    for (size_t i = 0; !has_json && i < table->pair->find.ncolumns; i++)
        has_json = is_json(table, i);
    if (!has_json || cat == NULL || cat->server.flavour != MR_FLAVOUR_MYSQL)
        return MR_OK;
    MR_TRY(judge(fit, table, image, live, &moves, err));
    if (moves) {
        mr_vec_clear(&fit->columns);
        mr_strbuf_reset(&fit->why);
    }
    return MR_OK;
}
