/* script_aside.c: rows that the server has refused, and what hangs on them; see
 * script_internal.h.
 *
 * myrecon_aside is empty unless `repair apply` has put rows of the unit there: those that
 * the server refused (why), and those that an earlier run had set aside, which are tried
 * again (why NULL).  Of a tree that is only inserted such a row is taken out, with all
 * that refers to it, each as a tree of its own: so its ancestors, and what else belongs to
 * a person, are written.  Any other tree is done as a whole or not at all, since its rows
 * may have made way for each other.  What was refused is listed like what a guard
 * refuses. */
#include "core/db/sqltext.h"
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

static bool is_inserted(const struct mr_script *s, size_t table)
{
    return s->tables[table].used[MR_STEP_INSERT];
}

/* Which rows of the unit refer to which. */
static void find_hanging(struct mr_script *s)
{
    temp(s, "DELETE FROM ", "hang");
    add(s, ";\n");
    for (size_t i = 0; s->kind == MR_SCRIPT_APPLY && i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (!is_inserted(s, r->child) || !is_inserted(s, r->parent))
            continue;
        temp(s, "INSERT INTO ", "hang");
        add(s, " (line, other) SELECT k.myrecon_row, s.myrecon_row FROM ");
        mr_script_referring(s, r, 'i');
        add(s, " JOIN ");
        mr_script_temp_n(s, 'k', mr_script_copy_of(s, i));
        add(s, " AS k ON ");
        mr_script_refers(s, r, "s", "k");
        add(s, ";\n");
    }
}

/* Rows of trees that also change or delete others stay together. */
static void take_out(struct mr_script *s, char prefix, size_t number)
{
    add(s, "UPDATE ");
    mr_script_temp_n(s, prefix, number);
    add(s, " SET myrecon_tree = -myrecon_row");
    if (prefix == 'i') {
        const struct mr_script_insert in = {.table = &s->plan->tables[number],
                                            .has = mr_script_insert_written};
        mr_script_keep_times(s, &in);
    }
    temp(s, " WHERE myrecon_row IN (SELECT line FROM ", "apart");
    add(s, ")");
    for (size_t t = 0; t < s->plan->ntables; t++)
        for (const char *p = "ud"; *p != '\0'; p++) {
            if (!s->tables[t].used[mr_script_op(*p)] || (*p == prefix && t == number))
                continue;
            add(s, " AND myrecon_tree NOT IN (SELECT myrecon_tree FROM ");
            mr_script_temp_n(s, *p, t);
            add(s, ")");
        }
    add(s, ";\n");
}

static void refuse(struct mr_script *s, const struct mr_plan_table *t, char prefix)
{
    temp(s, "INSERT INTO ", "refused");
    add(s, " (tree, tbl, id, why) SELECT s.myrecon_tree, ");
    mr_sql_string(&s->sql, mr_plan_table_name(t));
    add(s, ", ");
    mr_script_key_text(s, t, "s");
    add(s, ", COALESCE(a.why, 'what it refers to is left out') FROM ");
    mr_script_temp_n(s, prefix, t->at);
    temp(s, " AS s JOIN ", "apart");
    temp(s, " AS p ON p.line = s.myrecon_row AND p.refused = 1 LEFT JOIN ", "aside");
    add(s, " AS a ON a.line = p.line;\n");
}

/* It runs in every unit, also where nothing was set aside: `repair apply` fills myrecon_aside
 * between the sections and sends the same text, so the trees must be counted here, behind the
 * taking out. */
void mr_script_aside(struct mr_script *s)
{
    add(s, "-- aside\n");
    temp(s, "DELETE FROM ", "refused");
    add(s, ";\n");
    find_hanging(s);
    mr_script_spread_aside(s);
    for (size_t i = 0; s->kind == MR_SCRIPT_APPLY && i < s->plan->ntables; i++)
        if (is_inserted(s, i))
            take_out(s, 'i', i);
    for (size_t i = 0; s->kind == MR_SCRIPT_APPLY && i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (is_inserted(s, r->parent) && mr_script_is_used(s, r->child) &&
            mr_script_copy_of(s, i) == i)
            take_out(s, 'k', i);
    }
    temp(s, "DELETE FROM ", "tree");
    add(s, ";\n");
    mr_script_count_trees(s);
    for (size_t i = 0; i < s->plan->ntables; i++)
        for (const char *p = "iud"; *p != '\0'; p++)
            if (s->tables[i].used[mr_script_op(*p)])
                refuse(s, &s->plan->tables[i], *p);
}
