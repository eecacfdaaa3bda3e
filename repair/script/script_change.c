/* script_change.c: what a unit writes, and how it ends; see script_internal.h.
 *
 * A change is only made while the guard table says of as many guards that they have held,
 * and adds one of its own: that as many rows were changed as were to be.  UPDATE and DELETE
 * name the row as it has to be, to the byte, and not by its key alone: so no write of
 * somebody else is overwritten, even if a lock were missing. */
#include <inttypes.h>

#include "core/binlog/binlog_walk.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

/* The rows of a batch that are written, and the guard. */
static void where_rows(struct mr_script *s, const struct mr_script_batch *b)
{
    mr_strbuf_add_fmt(&s->sql, " WHERE s.myrecon_row BETWEEN %zu AND %zu", b->first, b->last);
    add(s, " AND s.myrecon_tree NOT IN (SELECT tree FROM ");
    mr_script_temp(s, "skip");
    /* `repair apply` looks for a row that the server refuses */
    mr_strbuf_add_fmt(&s->sql, ") AND s.myrecon_row <= COALESCE(@myrecon_last, %zu)", b->last);
    if (b->op != MR_STEP_DELETE) /* those are in myrecon_there */
        mr_script_not_found(s, "s");
}

static void where_guard(struct mr_script *s)
{
    add(s, " AND (SELECT SUM(ok) FROM ");
    mr_script_temp(s, "guard");
    mr_strbuf_add_fmt(&s->sql, ") = %u", s->guards);
}

/* As many rows as `prefix` holds for the batch; more: another condition. */
static void count_rows(struct mr_script *s, const struct mr_script_batch *b, char prefix,
                       const char *more)
{
    add(s, "INSERT INTO ");
    mr_script_temp(s, "guard");
    mr_strbuf_add_fmt(&s->sql, " SELECT %u, ROW_COUNT() = (SELECT COUNT(*) FROM ", s->guards++);
    mr_script_temp_n(s, prefix, b->table);
    add(s, " AS s");
    where_rows(s, b);
    add(s, more);
    if (prefix == 'd')
        mr_script_not_there(s, "s");
    add(s, ");\n");
}

/* Columns that rows of the table leave empty for a while. */
static uint64_t open_bits(const struct mr_script *s, size_t table)
{
    uint64_t bits = 0;
    if (s->plan->tables[table].key.count == 0)
        return 0; /* nth is kept in its place */
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        if (row->step.table == table)
            bits |= row->open;
    }
    return bits;
}

/* ---- changes ---- */

/* Generated columns are left out, and a reference of a circle is NULL where its bit says so. The
 * guard is a condition of the statement itself: it holds in the session that staged the rows, or
 * nothing is written. */
static void insert(struct mr_script *s, const struct mr_script_batch *b)
{
    const struct mr_plan_table *t = &s->plan->tables[b->table];
    const struct mr_script_table *own = &s->tables[b->table];
    bool first = true;
    add(s, "INSERT INTO ");
    mr_script_live(s, t);
    add(s, " (");
    mr_script_columns(s, t, NULL);
    add(s, ") SELECT ");
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        size_t k = 0;
        if (!mr_script_is_written(t, i))
            continue;
        add(s, first ? "" : ", ");
        first = false;
        while (k < own->nopens && own->opens[k] != i)
            k++;
        if (k < own->nopens && t->key.count > 0) {
            mr_strbuf_add_fmt(&s->sql, "IF(s.myrecon_open & %" PRIu64 ", NULL, ", (uint64_t)1 << k);
            mr_script_written(s, t, i);
            add(s, ")");
        } else {
            mr_script_written(s, t, i);
        }
    }
    add(s, " FROM ");
    mr_script_temp_n(s, 'i', b->table);
    add(s, " AS s");
    where_rows(s, b);
    where_guard(s);
    add(s, " ORDER BY s.myrecon_row;\n");
    count_rows(s, b, 'i', "");
}

/* UPDATE staged rows s JOIN as they have to be, b, JOIN TARGET's t by the key */
static void begin_update(struct mr_script *s, const struct mr_plan_table *t, char prefix,
                         char before)
{
    add(s, "UPDATE ");
    mr_script_temp_n(s, prefix, t->at);
    add(s, " AS s STRAIGHT_JOIN ");
    if (before != prefix) {
        mr_script_temp_n(s, before, t->at);
        add(s, " AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN ");
    }
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->key, "t", "s", false);
}

static void assign(struct mr_script *s, const struct mr_plan_table *t, size_t column, bool *first)
{
    add(s, *first ? "" : ", ");
    *first = false;
    mr_script_column(s, t, "t", column);
    add(s, " = ");
    mr_script_written(s, t, column);
}

/* " AND" TARGET's row t is what b or s holds; `emptied`: but for what was left empty.
 * What a trigger makes of a row that this transaction has written before (`ours` says
 * which) cannot be known, and need not: the row is locked since. */
static void where_before(struct mr_script *s, const struct mr_plan_table *t, char before,
                         bool emptied, uint64_t ours)
{
    const char *image = before == 'b' ? "b" : "s";
    add(s, " AND (");
    if (s->manifest->planned.fire_triggers && ours != 0)
        mr_strbuf_add_fmt(&s->sql, "s.myrecon_open & %" PRIu64 " <> 0 OR ", ours);
    if (emptied)
        mr_script_emptied(s, t, "t", image);
    else
        mr_script_exact(s, t, "t", image);
    add(s, ")");
}

/* ", t.c = t.c" of each column, of the plan or not, that the server would set to now; writes: those
 * of the plan that the statement sets, NULL: all that a statement can. */
static void keep_live_times(struct mr_script *s, const struct mr_plan_table *t, const bool *writes)
{
    const struct mr_table *live = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < live->ncolumns; i++) {
        const struct mr_column *c = &live->columns[i];
        bool set = c->on_update == NULL || c->generated;
        for (size_t k = 0; !set && k < t->pair->find.ncolumns; k++)
            set = (writes != NULL ? writes[k] : mr_script_is_written(t, k)) &&
                  mr_pair_column(t->pair, MR_TARGET, k) == c;
        for (int of = 0; !set && of < 2; of++) {
            add(s, of == 0 ? ", t." : " = t.");
            mr_sql_ident(&s->sql, c->name);
        }
    }
}

static void assign_sum(struct mr_script *s, const struct mr_plan_table *t, size_t column,
                       bool *first)
{
    add(s, *first ? "" : ", ");
    *first = false;
    mr_script_column(s, t, "t", column);
    add(s, " = ");
    mr_script_sum(s, t, column);
}

/* The columns that differ, and no other: what stands there by now is not known. */
static void update_columns(struct mr_script *s, const struct mr_plan_table *t,
                           const struct mr_script_batch *b)
{
    const struct mr_script_extent *e = mr_script_extent(s, b->extent);
    bool first = true;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (e->sums[i])
            assign_sum(s, t, i, &first);
        else if (e->writes[i])
            assign(s, t, i, &first);
    keep_live_times(s, t, e->writes);
    where_rows(s, b);
    add(s, " AND (");
    mr_script_is_unmoved(s, t, e);
    add(s, ")");
}

/* Columns that no row of the unit changes are compared, and not set. */
static void update_row(struct mr_script *s, const struct mr_plan_table *t,
                       const struct mr_script_batch *b)
{
    bool first = true;
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (mr_script_sets(s, t, i))
            assign(s, t, i, &first);
    if (first) /* no row changes anything */
        assign(s, t, t->key.at[0], &first);
    keep_live_times(s, t, NULL);
    where_rows(s, b);
    where_before(s, t, 'b', false, MR_SCRIPT_CHAINED);
}

static void update(struct mr_script *s, const struct mr_script_batch *b)
{
    const struct mr_plan_table *t = &s->plan->tables[b->table];
    begin_update(s, t, 'u', 'b');
    if (b->extent > 0 && mr_script_extent(s, b->extent)->any_sum)
        mr_script_join_sums(s);
    add(s, " SET ");
    if (b->extent > 0)
        update_columns(s, t, b);
    else
        update_row(s, t, b);
    where_guard(s);
    add(s, ";\n");
    count_rows(s, b, 'u', "");
}

/* Without a key: of the rows that are equal to a staged one, one. */
static void delete_equals(struct mr_script *s, const struct mr_script_batch *b)
{
    const struct mr_plan_table *t = &s->plan->tables[b->table];
    struct mr_strbuf live = MR_STRBUF_INIT;
    mr_sql_table(&live, t->pair->side[MR_TARGET]->db, t->pair->side[MR_TARGET]->name);
    for (size_t i = b->first; i <= b->last; i++) {
        const struct mr_script_batch one = {b->op, b->table, i, i, 0};
        add(s, "DELETE FROM ");
        mr_script_live(s, t);
        add(s, " WHERE EXISTS (SELECT 1 FROM ");
        mr_script_temp_n(s, 'd', b->table);
        add(s, " AS s");
        where_rows(s, &one);
        mr_script_not_there(s, "s");
        add(s, " AND ");
        mr_script_exact(s, t, live.ptr, "s");
        mr_script_untouched(s, t, live.ptr);
        add(s, ")");
        where_guard(s);
        add(s, " LIMIT 1;\n");
        count_rows(s, &one, 'd', "");
        mr_script_drain(s);
    }
    s->sql.failed |= live.failed;
    mr_strbuf_release(&live);
}

/* A reference that was emptied to open a circle is compared as empty: else the row would seem to
 * have been changed by somebody, who was this unit. */
static void delete_rows(struct mr_script *s, const struct mr_script_batch *b)
{
    const struct mr_plan_table *t = &s->plan->tables[b->table];
    if (t->key.count == 0) {
        delete_equals(s, b);
        return;
    }
    add(s, "DELETE t FROM ");
    mr_script_temp_n(s, 'd', b->table);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->key, "t", "s", false);
    where_rows(s, b);
    mr_script_not_there(s, "s");
    uint64_t opened = open_bits(s, b->table);
    where_before(s, t, 'd', opened != 0, opened);
    mr_script_untouched(s, t, "t");
    where_guard(s);
    add(s, ";\n");
    count_rows(s, b, 'd', "");
}

/* ---- circles ---- */

/* A reference is filled by what was staged, or emptied where the row's bit says so: rows of one
 * statement may have other columns open. */
static void assign_open(struct mr_script *s, const struct mr_plan_table *t, char prefix,
                        bool *first)
{
    const struct mr_script_table *own = &s->tables[t->at];
    for (size_t i = 0; i < own->nopens; i++) {
        if (prefix == 'i') {
            assign(s, t, own->opens[i], first);
            continue;
        }
        add(s, *first ? "" : ", ");
        *first = false;
        mr_script_column(s, t, "t", own->opens[i]);
        mr_strbuf_add_fmt(&s->sql, " = IF(s.myrecon_open & %" PRIu64 ", NULL, ", (uint64_t)1 << i);
        mr_script_column(s, t, "s", own->opens[i]);
        add(s, ")");
    }
}

/* Fills references that were left empty; or, before rows are deleted, empties them.  What
 * the server would set to now is set explicitly. */
static void set_open(struct mr_script *s, size_t table, char prefix)
{
    const struct mr_plan_table *t = &s->plan->tables[table];
    const struct mr_script_batch all = {0, table, 1, s->rows.count, 0};
    bool first = true;
    begin_update(s, t, prefix, prefix);
    add(s, " SET ");
    assign_open(s, t, prefix, &first);
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        const struct mr_column *c = mr_pair_column(t->pair, MR_TARGET, i);
        if (c->on_update != NULL && mr_script_is_written(t, i))
            assign(s, t, i, &first);
    }
    keep_live_times(s, t, NULL);
    where_rows(s, &all);
    add(s, " AND s.myrecon_open <> 0");
    if (prefix == 'd')
        mr_script_not_there(s, "s");
    where_before(s, t, prefix, prefix == 'i', prefix == 'i' ? open_bits(s, table) : 0);
    where_guard(s);
    add(s, ";\n");
    count_rows(s, &all, prefix, " AND s.myrecon_open <> 0");
}

static void set_all_open(struct mr_script *s, char prefix)
{
    enum mr_step_op op = prefix == 'i' ? MR_STEP_INSERT : MR_STEP_DELETE;
    for (size_t t = 0; t < s->plan->ntables; t++)
        if (s->tables[t].used[op] && open_bits(s, t) != 0)
            set_open(s, t, prefix);
}

/* Open references are closed when all that they lead to is there, whatever brings it. */
void mr_script_changes(struct mr_script *s)
{
    add(s, "-- write\n");
    set_all_open(s, 'd');
    for (size_t i = 0; i < s->batches.count; i++) {
        const struct mr_script_batch *b = mr_vec_at(&s->batches, i);
        bool loose = b->op != MR_STEP_DELETE && mr_script_is_loose(s, b);
        add(s, loose ? MR_SCRIPT_LOOSE ";\n" : "");
        if (b->op == MR_STEP_INSERT)
            insert(s, b);
        else if (b->op == MR_STEP_UPDATE)
            update(s, b);
        else
            delete_rows(s, b);
        add(s, loose ? MR_SCRIPT_STRICT ";\n" : "");
        mr_script_drain(s);
    }
    set_all_open(s, 'i');
    /* behind the rows: a server logs no savepoint of a transaction that has changed nothing yet */
    if (mr_policy_rewinds(s->manifest->policy))
        add(s, "SAVEPOINT " MR_STEP_REWIND_MARK ";\n");
}

/* ---- the end ---- */

/* A row stands there once for each row that refers to it. */
static void list_refused(struct mr_script *s)
{
    add(s, "SELECT tbl AS `table`, id AS `key`, why AS reason FROM ");
    mr_script_temp(s, "refused");
    add(s, " GROUP BY tbl, CAST(id AS BINARY), why ORDER BY MIN(no);\nSET @myrecon_why = "
           "(SELECT "
           "CONCAT('myrecon: ', tbl, ' ', id,"
           " ': ', why) FROM ");
    mr_script_temp(s, "refused");
    add(s, " ORDER BY no LIMIT 1);\n");
}

void mr_script_end(struct mr_script *s)
{
    add(s, "-- end\n");
    list_refused(s);
    mr_strbuf_add_fmt(&s->sql, "SET @myrecon_end = IF((SELECT COUNT(*) = %u AND SUM(ok) = %u FROM ",
                      s->guards, s->guards);
    mr_script_temp(s, "guard");
    mr_strbuf_add_fmt(&s->sql, ") AND @myrecon_ran = %u", s->ran);
    add(s, ", 'COMMIT', 'ROLLBACK');\n"
           "PREPARE myrecon_end FROM @myrecon_end;\n"
           "EXECUTE myrecon_end;\n"
           "DEALLOCATE PREPARE myrecon_end;\n"
           /* where nothing can be prepared, the next unit's beginning would commit */
           "ROLLBACK;\n");
    mr_strbuf_add_fmt(&s->sql,
                      "SET SESSION time_zone = IF(@myrecon_end = 'COMMIT', '+00:00',"
                      " 'myrecon: unit %" PRIu64 " was undone, run this file again');\n",
                      s->number);
    add(s, "SET SESSION time_zone = IF(@myrecon_why IS NULL, '+00:00',"
           " LEFT(@myrecon_why, 62));\n");
}

/* ---- verify.sql ---- */

/* One way of being wrong each: a row that should stand and does not, or stands otherwise, and
 * one that should be gone. A row that later units write again is right in any of their images.
 * */
static void prove(struct mr_script *s, const struct mr_plan_table *t, char prefix, size_t extent)
{
    add(s, "INSERT INTO ");
    mr_script_temp(s, "refused");
    add(s, " (tree, tbl, id, why) SELECT s.myrecon_tree, ");
    mr_sql_string(&s->sql, mr_plan_table_name(t));
    add(s, ", ");
    mr_script_key_text(s, t, "s");
    if (prefix == 'd' && t->key.count > 0) {
        add(s, ", 'it is there' FROM ");
        mr_script_temp_n(s, prefix, t->at);
        add(s, " AS s STRAIGHT_JOIN ");
        mr_script_live(s, t);
        add(s, " AS t ON ");
        mr_script_same(s, t, t->key, "t", "s", false);
        mr_script_ran(s);
        return;
    }
    if (t->key.count == 0) {
        add(s, prefix == 'd' ? ", 'it is there' FROM " : ", 'it is missing' FROM ");
        mr_script_temp_n(s, prefix, t->at);
        add(s, " AS s WHERE (SELECT COUNT(*) FROM ");
        mr_script_live(s, t);
        add(s, " AS t WHERE ");
        mr_script_exact(s, t, "t", "s");
        add(s, prefix == 'd' ? ") >= s.myrecon_open" : ") < s.myrecon_open");
        mr_script_ran(s);
        return;
    }
    add(s, ", IF(");
    mr_script_is_absent(s, t, "t", t->key.at[0]);
    add(s, ", 'it is missing', 'it is not as it was planned') FROM ");
    mr_script_temp_n(s, prefix, t->at);
    add(s, " AS s LEFT JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->key, "t", "s", false);
    if (extent > 0 && mr_script_extent(s, extent)->any_sum) {
        add(s, " JOIN ");
        mr_script_temp_n(s, 'b', t->at);
        add(s, " AS b ON b.myrecon_row = s.myrecon_row");
    }
    add(s, " WHERE ");
    if (prefix == 'u')
        add(s, "s.myrecon_open & 1 = 0 AND ");
    add(s, "NOT (NOT (");
    mr_script_is_absent(s, t, "t", t->key.at[0]);
    add(s, ") AND ");
    if (prefix == 'u')
        mr_script_stands(s, t, extent);
    else
        mr_script_exact(s, t, "t", "s");
    add(s, ")");
    if (prefix == 'u')
        mr_script_where_extent(s, t, extent);
    mr_script_ran(s);
}

/* One wrong is counted ahead and taken back only when every statement has run on all that was
 * staged: with a client that goes on after an error, a proof that did not run must not read as
 * one without findings. */
void mr_script_proof(struct mr_script *s)
{
    add(s, "-- proof\nSET @myrecon_ran = 0, @myrecon_wrong = @myrecon_wrong + 1;\n");
    s->ran = 0;
    for (size_t i = 0; i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        const bool *used = s->tables[i].used;
        if (used[MR_STEP_INSERT])
            prove(s, t, 'i', 0);
        for (size_t e = 0; e <= s->extents.count; e++)
            if (mr_script_has_extent(s, t, e))
                prove(s, t, 'u', e);
        if (used[MR_STEP_DELETE])
            prove(s, t, 'd', 0);
    }
    add(s, "SELECT tbl AS `table`, id AS `key`, why AS reason FROM ");
    mr_script_temp(s, "refused");
    add(s, " ORDER BY no;\nSET @myrecon_wrong = @myrecon_wrong + (SELECT COUNT(*) FROM ");
    mr_script_temp(s, "refused");
    mr_strbuf_add_fmt(&s->sql, ")\n    + IF(@myrecon_ran = %u", s->ran);
    mr_script_is_staged(s);
    add(s, ", -1, 0);\n");
}
