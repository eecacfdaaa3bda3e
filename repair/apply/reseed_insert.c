/* reseed_insert.c: see reseed_insert.h. */
#include "repair/apply/reseed_insert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/schema/schema.h"
#include "repair/reseed/reseed_value.h"

static enum mr_code exec(const struct mr_insert_task *task, const struct mr_strbuf *sql,
                         struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(sql, "building a statement", err));
    return mr_db_exec(task->db, sql->ptr, sql->len, err);
}

static enum mr_code exec_text(const struct mr_insert_task *task, const char *sql,
                              struct mr_err *err)
{
    return mr_db_exec(task->db, sql, strlen(sql), err);
}

/* Does `table` hold the id in `column`? */
static enum mr_code holds_id(const struct mr_insert_task *task, const char *db, const char *table,
                             const char *column, bool *found, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT EXISTS (SELECT 1 FROM ");
    mr_sql_table(&sql, db, table);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&sql, column);
    mr_strbuf_add_fmt(&sql, " = %" PRIu64 ")", task->to - 1);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(task->db, sql.ptr, &text, err);
    *found = code == MR_OK && strcmp(text.ptr, "0") != 0;
    mr_strbuf_release(&text);
    mr_strbuf_release(&sql);
    return code;
}

/* Rows that refer to the id although nobody has it: deleting it could take them along. */
static enum mr_code check_children(const struct mr_insert_task *task, const char **why_not,
                                   struct mr_err *err)
{
    const struct mr_counter *c = task->counter;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&sql, "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM "
                            "information_schema.KEY_COLUMN_USAGE WHERE "
                            "REFERENCED_TABLE_SCHEMA = ");
    mr_sql_string(&sql, c->db);
    mr_strbuf_add_str(&sql, " AND REFERENCED_TABLE_NAME = ");
    mr_sql_string(&sql, c->name);
    mr_strbuf_add_str(&sql, " AND REFERENCED_COLUMN_NAME = ");
    mr_sql_string(&sql, c->column);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(task->db, "vvv", sql.ptr, sql.len, &res, err);
    const struct mr_cell *cells;
    while (code == MR_OK && *why_not == NULL && (cells = mr_result_next(res)) != NULL) {
        bool found = false;
        code = holds_id(task, cells[0].ptr, cells[1].ptr, cells[2].ptr, &found, err);
        if (found)
            *why_not = "rows refer to the id that it would use";
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Why a row in that table could do harm, or would not raise the counter; NULL: it may be tried.
 * What cannot be seen counts as being there. */
static const char *unfit(const struct mr_insert_task *task, const struct mr_table *table)
{
    const struct mr_counter *c = task->counter;
    if (c->sequence != NULL)
        return "it is a sequence";
    if (table == NULL)
        return "the table is gone";
    if (!table->transactional)
        return "the table has no transactions";
    if (table->system_versioned)
        return "the table keeps the history of its rows";
    if (table->ntriggers > 0)
        return "the table has triggers, which would fire";
    if (task->grants != NULL && !mr_grants_on_table(task->grants, "TRIGGER", c->db, c->name))
        return "the account cannot see whether the table has triggers (GRANT TRIGGER)";
    const struct mr_column *column = mr_table_column(table, c->column);
    if (column == NULL || !column->auto_increment)
        return "the column is no counter any more";
    if (task->to - 1 > mr_reseed_column_limit(column))
        return "the column does not hold the id that it would use";
    return NULL;
}

static enum mr_code load(const struct mr_insert_task *task, const struct mr_table **table,
                         struct mr_err *err)
{
    return mr_schema_reload_table(task->db, task->counter->db, task->counter->name, task->arena,
                                  table, err);
}

/* Asked without a lock, so that a table that does not suit is not held up; what may have changed by
 * then is asked once more inside of the transaction. */
enum mr_code mr_reseed_insert_check(const struct mr_insert_task *task, const char **why_not,
                                    struct mr_err *err)
{
    const struct mr_counter *c = task->counter;
    const struct mr_table *table = NULL;
    bool taken = false;
    *why_not = NULL;
    MR_TRY(load(task, &table, err));
    *why_not = unfit(task, table);
    if (*why_not != NULL)
        return MR_OK;
    enum mr_code code = holds_id(task, c->db, c->name, c->column, &taken, err);
    if (taken)
        *why_not = "the id that it would use is taken";
    return code == MR_OK && !taken ? check_children(task, why_not, err) : code;
}

/* ---- the row ---- */

/* Columns and the expressions that stand for them, comma-separated. */
struct row_text {
    struct mr_strbuf columns, values, parents;
    size_t nparents;
};

static bool needs_value(const struct mr_column *column)
{
    return !column->nullable && column->default_text == NULL && !column->generated &&
           !column->auto_increment;
}

/* Was it given a value by an earlier foreign key? */
static bool is_in_earlier(const struct mr_table *table, size_t fk, const char *column)
{
    for (size_t i = 0; i < fk; i++)
        for (size_t c = 0; c < table->fks[i].ncolumns; c++)
            if (strcasecmp(table->fks[i].columns[c], column) == 0)
                return true;
    return false;
}

static bool must_refer(const struct mr_table *table, const struct mr_foreign_key *fk)
{
    for (size_t c = 0; c < fk->ncolumns; c++) {
        const struct mr_column *column = mr_table_column(table, fk->columns[c]);
        if (column != NULL && column->nullable)
            return false; /* NULL in one column refers to nobody */
    }
    return true;
}

/* Some row of the parent: one exists, or the table cannot have rows either. */
static void add_parent(struct row_text *row, const struct mr_table *table, size_t at)
{
    const struct mr_foreign_key *fk = &table->fks[at];
    char alias[24];
    (void)snprintf(alias, sizeof alias, "p%zu", at);
    mr_strbuf_add_str(&row->parents, row->nparents++ > 0 ? ", (SELECT " : " FROM (SELECT ");
    for (size_t c = 0; c < fk->ncolumns; c++) {
        mr_strbuf_add_str(&row->parents, c > 0 ? ", " : "");
        mr_sql_ident(&row->parents, fk->ref_columns[c]);
        mr_strbuf_add_fmt(&row->parents, " AS c%zu", c);
        if (is_in_earlier(table, at, fk->columns[c]))
            continue;
        mr_strbuf_add_str(&row->columns, ", ");
        mr_sql_ident(&row->columns, fk->columns[c]);
        mr_strbuf_add_fmt(&row->values, ", %s.c%zu", alias, c);
    }
    mr_strbuf_add_str(&row->parents, " FROM ");
    mr_sql_table(&row->parents, fk->ref_db, fk->ref_table);
    mr_strbuf_add_fmt(&row->parents, " LIMIT 1) %s", alias);
}

static void add_json(struct row_text *row, const struct mr_table *table)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        const struct mr_column *column = &table->columns[i];
        if (!column->is_json || !needs_value(column))
            continue;
        mr_strbuf_add_str(&row->columns, ", ");
        mr_sql_ident(&row->columns, column->name);
        mr_strbuf_add_str(&row->values, ", '{}'");
    }
}

/* By INSERT … SELECT, so that it takes no row where a parent has none, and no value of a user's goes
 * through here. */
static void build(const struct mr_insert_task *task, const struct mr_table *table,
                  struct mr_strbuf *sql)
{
    struct row_text row = {MR_STRBUF_INIT, MR_STRBUF_INIT, MR_STRBUF_INIT, 0};
    mr_sql_ident(&row.columns, task->counter->column);
    mr_strbuf_add_fmt(&row.values, "%" PRIu64, task->to - 1);
    for (size_t i = 0; i < table->nfks; i++)
        if (must_refer(table, &table->fks[i]))
            add_parent(&row, table, i);
    add_json(&row, table);
    mr_strbuf_add_str(sql, "INSERT INTO ");
    mr_sql_table(sql, task->counter->db, task->counter->name);
    mr_strbuf_add_fmt(sql, " (%s) SELECT %s%s", row.columns.ptr, row.values.ptr, row.parents.ptr);
    sql->failed |= row.columns.failed || row.values.failed || row.parents.failed;
    mr_strbuf_release(&row.columns);
    mr_strbuf_release(&row.values);
    mr_strbuf_release(&row.parents);
}

/* ---- the transaction ---- */

static enum mr_code set_session(const struct mr_insert_task *task, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql,
                      "SET SESSION lock_wait_timeout = %u, innodb_lock_wait_timeout = %u, "
                      "sql_mode = '', foreign_key_checks = 1, unique_checks = 1",
                      task->lock_timeout_s, task->lock_timeout_s);
    enum mr_code code = exec(task, &sql, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Keeps the table's definition as it is to the end of the transaction: what is judged behind
 * it, and no trigger can be made any more. */
static enum mr_code hold_definition(const struct mr_insert_task *task, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_strbuf_add_str(&sql, "SELECT 1 FROM ");
    mr_sql_table(&sql, task->counter->db, task->counter->name);
    mr_strbuf_add_str(&sql, " LIMIT 0");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(task->db, "n", sql.ptr, sql.len, &res, err);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* How many rows the statement before has changed: 1, or somebody else's is among them. */
static enum mr_code check_one(const struct mr_insert_task *task, const char *other,
                              struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(task->db, "SELECT ROW_COUNT()", &text, err);
    if (code == MR_OK && strcmp(text.ptr, "1") != 0)
        code = mr_err_set(err, MR_E_SQL, "%s", other);
    mr_strbuf_release(&text);
    return code;
}

/* What the statement did is read back, not assumed: a table without a parent row takes nothing, and
 * settings of the server may give the row another id than the one that raises the counter. */
static enum mr_code insert_row(const struct mr_insert_task *task, const struct mr_table *table,
                               struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    bool there = false;
    build(task, table, &sql);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(exec(task, &sql, err));
    MR_TRY_OUT(check_one(task, "a table that it must refer to has no row", err));
    MR_TRY_OUT(
        holds_id(task, task->counter->db, task->counter->name, task->counter->column, &there, err));
    if (!there)
        MR_TRY_OUT(mr_err_set(err, MR_E_SQL, "the row got another id"));
out:
    mr_strbuf_release(&sql);
    return code;
}

/* Without foreign_key_checks, so that no cascade takes anything along: what refers to the row
 * by whatever column referred to nobody before it. */
static enum mr_code delete_row(const struct mr_insert_task *task, struct mr_err *err)
{
    const struct mr_counter *c = task->counter;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY(exec_text(task, "SET SESSION foreign_key_checks = 0", err));
    mr_strbuf_add_str(&sql, "DELETE FROM ");
    mr_sql_table(&sql, c->db, c->name);
    mr_strbuf_add_str(&sql, " WHERE ");
    mr_sql_ident(&sql, c->column);
    mr_strbuf_add_fmt(&sql, " = %" PRIu64, task->to - 1);
    MR_TRY_OUT(exec(task, &sql, err));
    MR_TRY_OUT(check_one(task, "somebody else has taken the id that it used", err));
out:
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code insert_and_delete(const struct mr_insert_task *task, struct mr_err *err)
{
    const struct mr_table *table = NULL;
    const char *why_not = NULL;
    MR_TRY(hold_definition(task, err));
    MR_TRY(load(task, &table, err));
    if ((why_not = unfit(task, table)) != NULL)
        return mr_err_set(err, MR_E_SQL, "%s", why_not);
    MR_TRY(insert_row(task, table, err));
    return delete_row(task, err);
}

/* INVARIANT: either both statements are committed or none is, so nobody ever sees the row; and the
 * session checks references again, whatever became of it. */
enum mr_code mr_reseed_insert(const struct mr_insert_task *task, struct mr_err *err)
{
    MR_TRY(set_session(task, err));
    MR_TRY(exec_text(task, "START TRANSACTION", err));
    enum mr_code code = insert_and_delete(task, err);
    if (code == MR_OK)
        code = exec_text(task, "COMMIT", err);
    if (code != MR_OK && !mr_db_is_lost(task->db))
        (void)exec_text(task, "ROLLBACK", NULL);
    if (!mr_db_is_lost(task->db))
        (void)exec_text(task, "SET SESSION foreign_key_checks = 1", NULL);
    return code;
}
