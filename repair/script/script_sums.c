/* script_sums.c: columns that a restored change adds to; see script_internal.h.
 *
 * What is added is the planned value less the one that the plan saw, both of which are staged, so that it
 * is exact. Whether it may be added to whatever stands there now, only who keeps a journal knows: the
 * row alone does not tell 15 that is 10 and our 5 from 15 that somebody else wrote. `repair apply` and
 * `repair undo` fill myrecon_sums in front of the guards; of a row that is not in it, as with a stock
 * client, the column is compared like any other that is written, and then the sum is the planned value.
 *
 * myrecon_added has what stands and what would, of rows that are locked: the journal takes it from
 * there before COMMIT. */
#include <stdlib.h>
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/script/script_internal.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static void temp(struct mr_script *s, const char *before, const char *name)
{
    add(s, before);
    mr_script_temp(s, name);
}

bool mr_script_has_sums(const struct mr_script *s)
{
    for (size_t i = 0; i < s->extents.count; i++)
        if (((const struct mr_script_extent *)mr_vec_at(&s->extents, i))->any_sum)
            return true;
    return false;
}

/* ---- pieces ---- */

void mr_script_join_sums(struct mr_script *s)
{
    temp(s, " LEFT JOIN ", "sums");
    add(s, " AS m ON m.line = s.myrecon_row");
}

/* Digits behind the point: of "decimal(10,2)" two, of "int(11)" and "decimal(10,0)" none. */
static unsigned long scale_of(const struct mr_column *c)
{
    const char *comma = strchr(c->type, ',');
    return c->cls == MR_CLASS_DECIMAL && comma != NULL ? strtoul(comma + 1, NULL, 10) : 0;
}

/* As many digits as any DECIMAL has, and as many of them behind the point as the column: an unsigned
 * number less a greater one is no error then, and nothing is rounded. */
static void add_exact(struct mr_script *s, const struct mr_plan_table *t, const char *alias,
                      size_t column)
{
    const struct mr_column *c = mr_pair_column(t->pair, MR_TARGET, column);
    add(s, "CAST(");
    mr_script_column(s, t, alias, column);
    mr_strbuf_add_fmt(&s->sql, " AS DECIMAL(65,%lu))", scale_of(c));
}

void mr_script_sum(struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    mr_script_column(s, t, "t", column);
    add(s, " + (");
    add_exact(s, t, "s", column);
    add(s, " - ");
    add_exact(s, t, "b", column);
    add(s, ")");
}

void mr_script_may_add(struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    mr_strbuf_add_fmt(&s->sql, "IF(m.state <=> %d OR m.state <=> %d, NOT (", MR_SCRIPT_SUM_FREE,
                      MR_SCRIPT_SUM_FIRST);
    mr_script_is_absent(s, t, "t", column);
    add(s, "), ");
    mr_script_exact_pair(s, t, "t", "b", column);
    add(s, ")");
}

void mr_script_sum_unknown(struct mr_script *s, const struct mr_plan_table *t,
                           const struct mr_script_extent *e)
{
    const char *before = "";
    mr_strbuf_add_fmt(&s->sql, "(m.state <=> %d OR m.state <=> %d AND (", MR_SCRIPT_SUM_UNKNOWN,
                      MR_SCRIPT_SUM_FIRST);
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!e->sums[i])
            continue;
        add(s, before);
        before = " OR ";
        mr_script_exact_pair(s, t, "t", "s", i);
    }
    add(s, "))");
}

void mr_script_sums_stand(struct mr_script *s, const struct mr_plan_table *t,
                          const struct mr_script_extent *e)
{
    mr_strbuf_add_fmt(&s->sql, "(m.state <=> %d OR m.state <=> NULL AND ", MR_SCRIPT_SUM_DONE);
    mr_script_exact_of(s, t, e->stands, "t", "s");
    add(s, ")");
}

void mr_script_sums_proved(struct mr_script *s, const struct mr_plan_table *t,
                           const struct mr_script_extent *e)
{
    const char *before = "";
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!e->stands[i])
            continue;
        add(s, before);
        before = " AND ";
        if (e->sums[i]) {
            add(s, "NOT (");
            mr_script_exact_pair(s, t, "t", "b", i);
            add(s, ")");
        } else {
            mr_script_exact_pair(s, t, "t", "s", i);
        }
    }
}

/* ---- the sections ---- */

void mr_script_stage_sums(struct mr_script *s)
{
    static const char *const made[] = {
        "sums (line INT NOT NULL PRIMARY KEY, state INT NOT NULL)",
        "added (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, line INT NOT NULL,"
        " tree INT NOT NULL, tbl VARCHAR(600) NOT NULL, id TEXT, col VARCHAR(64) NOT NULL,"
        " was VARCHAR(80), becomes VARCHAR(80))"};
    if (!mr_script_has_sums(s))
        return;
    for (size_t i = 0; i < 2; i++) {
        temp(s, "DROP TEMPORARY TABLE IF EXISTS ", i == 0 ? "sums" : "added");
        temp(s, ";\nCREATE TEMPORARY TABLE ", made[i]);
        add(s, " ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n");
    }
}

/* What stands there, written as its sum is: a column with ZEROFILL writes 7 as 00007, and a sum as 7,
 * so that neither could be told from the other. */
static void add_stands(struct mr_script *s, const struct mr_plan_table *t, size_t column)
{
    mr_script_column(s, t, "t", column);
    if (strstr(mr_pair_column(t->pair, MR_TARGET, column)->type, "zerofill") != NULL)
        add(s, " + 0");
}

static void note_column(struct mr_script *s, const struct mr_plan_table *t, size_t extent,
                        size_t column)
{
    temp(s, "INSERT INTO ", "added");
    add(s, " (line, tree, tbl, id, col, was, becomes) SELECT s.myrecon_row, s.myrecon_tree, ");
    mr_sql_string(&s->sql, mr_plan_table_name(t));
    add(s, ", ");
    mr_script_key_text(s, t, "s");
    add(s, ", ");
    mr_sql_string(&s->sql, t->pair->full[MR_TARGET].cols[column].name);
    add(s, ", ");
    add_stands(s, t, column);
    add(s, ", ");
    mr_script_sum(s, t, column);
    add(s, " FROM ");
    mr_script_temp_n(s, 'u', t->at);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_temp_n(s, 'b', t->at);
    add(s, " AS b ON b.myrecon_row = s.myrecon_row STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->key, "t", "s", false);
    add(s, " WHERE TRUE");
    mr_script_where_extent(s, t, extent);
    mr_script_ran(s);
}

/* Behind the locks: what is noted stays so until COMMIT. */
void mr_script_note_sums(struct mr_script *s)
{
    for (size_t i = 0; i < s->extents.count; i++) {
        const struct mr_script_extent *e = mr_vec_at(&s->extents, i);
        const struct mr_plan_table *t = &s->plan->tables[e->table];
        for (size_t c = 0; c < t->pair->find.ncolumns; c++)
            if (e->sums[c])
                note_column(s, t, i + 1, c);
    }
}
