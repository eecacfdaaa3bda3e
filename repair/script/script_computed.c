/* script_computed.c: unique indexes over prefixes, expressions and generated columns; see
 * script_internal.h.
 *
 * What TARGET makes of a staged row is computed by TARGET: the staged rows, few, are
 * materialised with the parts of the index, and the table is read once beside them. */
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_shape.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static const struct mr_column *column_of(const struct mr_plan_table *t, const char *name)
{
    return mr_table_column(t->pair->side[MR_TARGET], name);
}

/* Does the expression name a generated column?  Those are not staged. */
static bool leans_on_generated(const struct mr_plan_table *t, const char *sql)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < table->ncolumns; i++)
        if (table->columns[i].generated && strcasestr(sql, table->columns[i].name) != NULL)
            return true;
    return false;
}

static bool is_staged(const struct mr_plan_table *t, const char *name)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (strcasecmp(mr_pair_column(t->pair, MR_TARGET, i)->name, name) == 0)
            return mr_script_is_written(t, i);
    return false;
}

/* What a part is computed from: its SQL, or NULL for a column that is staged. */
static const char *sql_of(const struct mr_plan_table *t, const struct mr_index_part *part)
{
    if (part->column == NULL)
        return part->sql;
    return is_staged(t, part->column) ? NULL : column_of(t, part->column)->generation_sql;
}

/* Is it an index that plain comparison does not cover, and one that can be computed? */
static bool is_computed(const struct mr_plan_table *t, const struct mr_index *index)
{
    struct mr_script_read_fault fault;
    bool plain = true;
    if (!index->unique || strcmp(index->kind, "BTREE") != 0)
        return false;
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        bool staged = part->column != NULL && is_staged(t, part->column);
        const char *sql = sql_of(t, part);
        if (!staged && (sql == NULL || leans_on_generated(t, sql) ||
                        !mr_script_shape_is_expression(sql, &fault)))
            return false; /* TARGET itself refuses such a row */
        plain = plain && staged && part->prefix_len == 0;
    }
    return !plain;
}

/* A part as the index has it, of the columns of a live or a staged row. */
static void add_part(struct mr_script *s, const struct mr_plan_table *t,
                     const struct mr_index_part *part, bool is_live)
{
    const struct mr_column *c = part->column != NULL ? column_of(t, part->column) : NULL;
    const char *sql = sql_of(t, part);
    bool is_value = c != NULL && (is_live || sql == NULL);
    bool is_text = !is_value && c != NULL && c->charset != NULL;
    add(s, part->prefix_len != 0 ? "LEFT(" : "");
    add(s, is_text ? "CONVERT((" : is_value ? "" : "(");
    if (is_value)
        mr_sql_ident(&s->sql, c->name);
    else
        add(s, sql);
    if (is_text)
        mr_strbuf_add_fmt(&s->sql, ") USING %s) COLLATE %s", c->charset, c->collation);
    else
        add(s, is_value ? "" : ")");
    if (part->prefix_len != 0)
        mr_strbuf_add_fmt(&s->sql, ", %zu)", part->prefix_len);
}

static void add_parts(struct mr_script *s, const struct mr_plan_table *t,
                      const struct mr_index *index, bool is_live)
{
    for (size_t i = 0; i < index->nparts; i++) {
        add(s, i > 0 ? ", " : "");
        add_part(s, t, &index->parts[i], is_live);
        mr_strbuf_add_fmt(&s->sql, " AS myrecon_p%zu", i);
    }
}

/* By what a row is told from others: its key, or all of it. */
static void add_name(struct mr_script *s, const struct mr_plan_table *t)
{
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        bool tells =
            t->key.count > 0 ? mr_plan_columns_has(&t->key, i) : mr_script_is_written(t, i);
        if (!tells)
            continue;
        mr_script_column(s, t, NULL, i);
        add(s, ", ");
    }
}

/* TARGET computes both sides of the comparison, so that its own functions and collations decide.
 * STRAIGHT_JOIN from the live table: it is read once, the staged rows are few. */
static void refuse_index(struct mr_script *s, const struct mr_plan_table *t,
                         const struct mr_index *index, char prefix)
{
    bool changes = mr_script_has_leaving(s, t);
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "another row has the same %s", index->name);
    mr_script_refuse(s, t, why.ptr);
    add(s, " FROM (SELECT ");
    add_name(s, t);
    add_parts(s, t, index, true);
    add(s, " FROM ");
    mr_script_live(s, t);
    add(s, ") AS t STRAIGHT_JOIN (SELECT DISTINCT myrecon_row, myrecon_tree, ");
    add_name(s, t);
    add_parts(s, t, index, false);
    add(s, " FROM ");
    mr_script_temp_n(s, prefix, t->at);
    add(s, prefix == 'u' ? " WHERE myrecon_open & 1 = 0) AS s ON " : ") AS s ON ");
    for (size_t i = 0; i < index->nparts; i++)
        mr_strbuf_add_fmt(&s->sql, "%ss.myrecon_p%zu = t.myrecon_p%zu", i > 0 ? " AND " : "", i, i);
    if (changes)
        mr_script_join_leaving(s, t);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    add(s, changes ? " AND x.myrecon_row IS NULL" : "");
    if (prefix == 'u')
        mr_script_where_writes(s, t, &(struct mr_script_group){.index = index});
    mr_script_ran(s);
    s->sql.failed |= why.failed;
    mr_strbuf_release(&why);
}

void mr_script_computed(struct mr_script *s, const struct mr_plan_table *t, char prefix)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < table->nindexes; i++) {
        const struct mr_script_group group = {.index = &table->indexes[i]};
        if (is_computed(t, group.index) && (prefix != 'u' || mr_script_writes(s, t, &group)))
            refuse_index(s, t, group.index, prefix);
    }
}

/* An expression is not taken apart: a column counts where its name stands in it, as part of another
 * name, too. A name with a backtick stands there twice as long. */
bool mr_script_index_reads(const struct mr_plan_table *t, const struct mr_index *index,
                           size_t column)
{
    const struct mr_column *of = mr_pair_column(t->pair, MR_TARGET, column);
    for (size_t i = 0; i < index->nparts; i++) {
        const struct mr_index_part *part = &index->parts[i];
        const struct mr_column *c = part->column != NULL ? column_of(t, part->column) : NULL;
        const char *sql = c != NULL ? c->generation_sql : part->sql;
        if (c == of ||
            (sql != NULL && (strcasestr(sql, of->name) != NULL || strchr(of->name, '`') != NULL)))
            return true;
    }
    return false;
}
