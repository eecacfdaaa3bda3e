/* script_guards.c: what a unit compares before it writes; see script_internal.h.
 *
 * A row is THERE when TARGET holds it as it will be: a row to be inserted by its key and
 * by what names it, a row to be updated to the byte, a row to be deleted by its absence.
 * Undo takes for THERE also what apply never wrote (myrecon_found): it is none of the
 * plan's.  A tree of which all rows are there is done.  Of any other tree each row is compared:
 * what is found goes into myrecon_refused, with a reason.
 *
 * What is compared was locked before (script_lock.c), so the guards only read: under READ
 * COMMITTED each statement sees what is committed by then.  What no lock holds, because it
 * was not there, is judged again when all is written: somebody of the same identity, a row
 * that refers to one that was deleted, a parent where nobody was. */
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static void temp(struct mr_script *s, const char *before, const char *name)
{
    add(s, before);
    mr_script_temp(s, name);
}

static void temp_n(struct mr_script *s, const char *before, char prefix, size_t number)
{
    add(s, before);
    mr_script_temp_n(s, prefix, number);
}

/* TARGET's table as t, its key equal to that of s. */
static void join_live(struct mr_script *s, const struct mr_plan_table *t, const char *join,
                      const char *a)
{
    add(s, join);
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->key, "t", a, false);
}

void mr_script_at_stake(struct mr_script *s, const char *alias)
{
    mr_strbuf_add_fmt(&s->sql, "%s.myrecon_tree NOT IN (SELECT tree FROM ", alias);
    mr_script_temp(s, s->again ? "skip" : "done");
    add(s, ")");
}

void mr_script_refuse_begin(struct mr_script *s, const struct mr_plan_table *t)
{
    temp(s, "INSERT INTO ", "refused");
    add(s, " (tree, tbl, id, why) SELECT s.myrecon_tree, ");
    mr_sql_string(&s->sql, mr_plan_table_name(t));
    add(s, ", ");
    mr_script_key_text(s, t, "s");
    add(s, ", ");
}

void mr_script_refuse(struct mr_script *s, const struct mr_plan_table *t, const char *why)
{
    mr_script_refuse_begin(s, t);
    mr_sql_string(&s->sql, why);
}

/* ---- what is there already ---- */

bool mr_script_has_name(const struct mr_plan_table *t)
{
    for (size_t i = 0; i < t->named_by.count; i++)
        if (!mr_script_is_written(t, t->named_by.at[i]))
            return false;
    return t->identity == MR_PLAN_BY_COLUMNS && t->named_by.count > 0;
}

static bool may_be_nameless(const struct mr_plan_table *t)
{
    for (size_t i = 0; i < t->named_by.count; i++)
        if (t->nullable[t->named_by.at[i]])
            return true;
    return false;
}

/* A name that is the key says no more than that the key is taken. */
static bool is_named_by_key(const struct mr_plan_table *t)
{
    for (size_t i = 0; i < t->named_by.count; i++)
        if (!mr_plan_columns_has(&t->key, t->named_by.at[i]))
            return false;
    return true;
}

/* TARGET's row t is the row s that was to be inserted: by its name, which may have changed
 * otherwise since; without one, NULL being nobody's, all of it is equal. */
static void is_it(struct mr_script *s, const struct mr_plan_table *t)
{
    /* undo puts back what was there, to the byte */
    if (!mr_script_has_name(t) || is_named_by_key(t) || s->kind != MR_SCRIPT_APPLY) {
        mr_script_exact(s, t, "t", "s");
        return;
    }
    mr_script_same(s, t, t->named_by, "t", "s", true);
    if (!may_be_nameless(t))
        return;
    add(s, " AND (");
    (void)mr_script_not_null(s, t, t->named_by, "s");
    add(s, " OR ");
    mr_script_exact(s, t, "t", "s");
    add(s, ")");
}

static void there(struct mr_script *s)
{
    temp(s, "INSERT INTO ", "there");
    add(s, " SELECT s.myrecon_row, s.myrecon_tree FROM ");
}

/* Rows equal to s, of a table without a key. */
static void count_equals(struct mr_script *s, const struct mr_plan_table *t)
{
    add(s, " AS s WHERE (SELECT COUNT(*) FROM ");
    mr_script_live(s, t);
    add(s, " AS t WHERE ");
    mr_script_exact(s, t, "t", "s");
    add(s, ")");
}

/* So that a script may be run again: what an earlier run has written is no obstacle to it. */
static void inserts_there(struct mr_script *s, const struct mr_plan_table *t)
{
    there(s);
    mr_script_temp_n(s, 'i', t->at);
    if (t->key.count > 0) {
        join_live(s, t, " AS s STRAIGHT_JOIN ", "s");
        add(s, " WHERE ");
        is_it(s, t);
    } else {
        count_equals(s, t);
        add(s, " >= s.myrecon_open");
    }
    mr_script_ran(s);
}

static void updates_there(struct mr_script *s, const struct mr_plan_table *t)
{
    for (size_t e = 0; e <= s->extents.count; e++) {
        if (!mr_script_has_extent(s, t, e))
            continue;
        there(s);
        mr_script_temp_n(s, 'u', t->at);
        join_live(s, t, " AS s STRAIGHT_JOIN ", "s");
        if (e > 0 && mr_script_extent(s, e)->any_sum)
            mr_script_join_sums(s);
        add(s, " WHERE s.myrecon_open & 1 = 0 AND ");
        mr_script_stands(s, t, e);
        mr_script_where_extent(s, t, e);
        mr_script_ran(s);
    }
}

/* Who refers to rows of myrecon_iN or _dN that are in that table (and: which of these) refers
 * to nobody of the unit. */
static void forget_parents(struct mr_script *s, const struct mr_plan_table *t, char prefix,
                           const char *in, const char *and)
{
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (r->parent != t->at || !mr_script_is_used(s, r->child) || mr_script_copy_of(s, i) != i ||
            (s->kind == MR_SCRIPT_APPLY && !mr_script_tells_one(t, r->to)))
            continue;
        temp_n(s, "DELETE FROM ", 'k', i);
        temp_n(s, " WHERE myrecon_row IN (SELECT g.myrecon_row FROM ", prefix, t->at);
        temp(s, " AS g JOIN ", in);
        mr_strbuf_add_fmt(&s->sql, " AS h ON h.line = g.myrecon_row%s)", and);
        mr_script_ran(s);
    }
}

/* A stranger stays: whatever he refers to or holds. */
static void keep_strangers(struct mr_script *s, const struct mr_plan_table *t)
{
    temp_n(s, "DELETE FROM ", 'x', t->at);
    temp(s, " WHERE myrecon_row IN (SELECT line FROM ", "there");
    add(s, ")");
    mr_script_ran(s);
    forget_parents(s, t, 'd', "there", "");
}

static void deletes_there(struct mr_script *s, const struct mr_plan_table *t)
{
    there(s);
    mr_script_temp_n(s, 'd', t->at);
    if (t->key.count == 0) {
        count_equals(s, t);
        add(s, " < s.myrecon_open");
        mr_script_ran(s);
        return;
    }
    join_live(s, t, " AS s LEFT JOIN ", "s");
    add(s, " WHERE ");
    mr_script_is_absent(s, t, "t", t->key.at[0]);
    if (mr_script_may_be_stranger(s, t)) {
        /* who came under the key of a row that apply has left out is none of the plan's */
        add(s, " OR ");
        mr_script_is_stranger(s, t, "t", "s");
    }
    mr_script_ran(s);
    if (mr_script_may_be_stranger(s, t))
        keep_strangers(s, t);
    else if (s->kind == MR_SCRIPT_APPLY)
        forget_parents(s, t, 'd', "there", "");
}

/* What apply never wrote stays, whatever it refers to or holds. */
static void find_found(struct mr_script *s, const struct mr_plan_table *t)
{
    const bool *used = s->tables[t->at].used;
    for (const char *p = "iud"; *p != '\0'; p++) {
        if (!used[mr_script_op(*p)])
            continue;
        there(s);
        mr_script_temp_n(s, *p, t->at);
        temp(s, " AS s WHERE s.myrecon_row IN (SELECT line FROM ", "found");
        add(s, *p == 'u' ? ") AND s.myrecon_open & 1 = 0" : ")");
        mr_script_ran(s);
    }
    if (used[MR_STEP_INSERT])
        /* who was deleted before apply came was nobody's parent by then */
        forget_parents(s, t, 'i', "found", " AND h.left_out = 0");
    if (t->key.count == 0 || !(used[MR_STEP_UPDATE] || used[MR_STEP_DELETE]))
        return;
    temp_n(s, "DELETE FROM ", 'x', t->at);
    temp(s, " WHERE myrecon_row IN (SELECT line FROM ", "found");
    add(s, ")");
    mr_script_ran(s);
}

/* Those that stand as undo would leave them are there anyway. */
static void find_all_found(struct mr_script *s)
{
    temp(s, "DELETE FROM ", "found");
    temp(s, " WHERE line IN (SELECT line FROM ", "there");
    add(s, ")");
    mr_script_ran(s);
    for (size_t i = 0; i < s->plan->ntables; i++)
        find_found(s, &s->plan->tables[i]);
}

static void find_done(struct mr_script *s)
{
    temp(s, "INSERT INTO ", "done");
    temp(s, " SELECT x.tree FROM ", "tree");
    temp(s, " AS x JOIN (SELECT tree, COUNT(*) AS n FROM ", "there");
    add(s, " GROUP BY tree) AS h ON h.tree = x.tree WHERE h.n = x.n");
    mr_script_ran(s);
    temp(s, "SET @myrecon_done = (SELECT COALESCE(SUM(n), 0) FROM ", "tree");
    temp(s, " WHERE tree IN (SELECT tree FROM ", "done");
    add(s, "));\n");
}

/* ---- rows that are not as they were ---- */

/* Some rows of the tree are there, others are not: somebody has been at work. */
static void refuse_halves(struct mr_script *s, const struct mr_plan_table *t, char prefix)
{
    mr_script_refuse(s, t, "it is there already, but not all that belongs to it");
    temp_n(s, " FROM ", prefix, t->at);
    temp(s, " AS s JOIN ", "there");
    add(s, " AS h ON h.line = s.myrecon_row WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_found(s, "s");
    mr_script_ran(s);
}

static void refuse_taken_key(struct mr_script *s, const struct mr_plan_table *t)
{
    mr_script_refuse(s, t, "its key is taken by another row");
    temp_n(s, " FROM ", 'i', t->at);
    join_live(s, t, " AS s STRAIGHT_JOIN ", "s");
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    mr_script_ran(s);
}

/* Somebody signed up since with the id that a row was to keep: by the whole key it is free. */
static void refuse_taken_part(struct mr_script *s, const struct mr_plan_table *t,
                              const struct mr_plan_reference *r)
{
    mr_script_refuse(s, t, "another row has the part of its key that others refer to");
    temp_n(s, " FROM ", 'i', t->at);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, r->to, "s", "t", false);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    add(s, " AND NOT (");
    if (t->key.count > 0)
        mr_script_same(s, t, t->key, "s", "t", false);
    else
        mr_script_exact(s, t, "t", "s");
    add(s, ")");
    mr_script_ran(s);
}

/* Undo is not asked: what it puts back had the part before. References to the same columns ask
 * the same question, so the first one asks it for all. */
static void refuse_taken_parts(struct mr_script *s, const struct mr_plan_table *t)
{
    if (t->parts != MR_PLAN_PARTS_ALONE || s->kind == MR_SCRIPT_UNDO)
        return;
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        bool first = r->parent == t->at && mr_plan_is_of_counter(t, r, &s->arena);
        for (size_t k = 0; first && k < i; k++)
            first = s->plan->references[k].parent != t->at ||
                    s->plan->references[k].to_set != r->to_set;
        if (first)
            refuse_taken_part(s, t, r);
    }
}

/* Compared to the byte, in every column: what somebody has edited since, in whatever column, is
 * his, and neither overwritten nor deleted. Restored changes are asked otherwise. */
static void refuse_changed(struct mr_script *s, const struct mr_plan_table *t, char now,
                           char before)
{
    mr_script_refuse(s, t,
                     now == 'u' ? "it was changed or deleted since the plan was made"
                                : "it was changed since");
    temp_n(s, " FROM ", now, t->at);
    if (now != before) {
        temp_n(s, " AS s JOIN ", before, t->at);
        add(s, " AS b ON b.myrecon_row = s.myrecon_row");
    } else {
        add(s, " AS s");
    }
    join_live(s, t, now == 'u' ? " LEFT JOIN " : " JOIN ", "s");
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    if (now == 'u') {
        add(s, " AND s.myrecon_open & 2 = 0");
        mr_script_where_extent(s, t, 0);
    }
    add(s, " AND NOT (");
    if (now == 'u') {
        add(s, "NOT (");
        mr_script_is_absent(s, t, "t", t->key.at[0]);
        add(s, ") AND ");
    }
    mr_script_exact(s, t, "t", now == before ? "s" : "b");
    if (now == 'd')
        mr_script_untouched(s, t, "t");
    add(s, ")");
    mr_script_ran(s);
}

/* Without a key: enough rows are equal to s, but not in columns that only TARGET has. */
static void refuse_touched(struct mr_script *s, const struct mr_plan_table *t)
{
    mr_script_refuse(s, t, "it was changed since");
    temp_n(s, " FROM ", 'd', t->at);
    add(s, " AS s WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    add(s, " AND (SELECT COUNT(*) FROM ");
    mr_script_live(s, t);
    add(s, " AS t WHERE ");
    mr_script_exact(s, t, "t", "s");
    mr_script_untouched(s, t, "t");
    add(s, ") < s.myrecon_open");
    mr_script_ran(s);
}

/* Columns of a unique index that all are written, so that they are staged. */
static bool is_staged(const struct mr_plan_table *t, struct mr_plan_columns columns)
{
    for (size_t i = 0; i < columns.count; i++)
        if (!mr_script_is_written(t, columns.at[i]))
            return false;
    return columns.count > 0;
}

bool mr_script_has_leaving(const struct mr_script *s, const struct mr_plan_table *t)
{
    const bool *used = s->tables[t->at].used;
    return used[MR_STEP_DELETE] || (t->key.count > 0 && used[MR_STEP_UPDATE]);
}

void mr_script_join_leaving(struct mr_script *s, const struct mr_plan_table *t)
{
    bool has_key = t->key.count > 0;
    temp_n(s, " LEFT JOIN ", has_key ? 'x' : 'd', t->at);
    add(s, " AS x ON ");
    if (has_key)
        mr_script_same(s, t, t->key, "x", "t", false);
    else
        mr_script_exact(s, t, "t", "x");
}

/* The server would refuse the row, too, but with it the whole statement; found here, only its
 * tree is left out. Rows that this unit moves out of the way do not count. */
static void refuse_held(struct mr_script *s, const struct mr_plan_table *t, char prefix,
                        struct mr_plan_columns columns, const char *what)
{
    const struct mr_script_group group = {.columns = columns};
    if (prefix == 'u' && !mr_script_writes(s, t, &group))
        return;
    bool changes = mr_script_has_leaving(s, t);
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "another row has the same %s", what);
    mr_script_refuse(s, t, why.ptr);
    temp_n(s, " FROM ", prefix, t->at);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, columns, "t", "s", false);
    if (changes)
        mr_script_join_leaving(s, t);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    if (changes)
        add(s, " AND x.myrecon_row IS NULL");
    if (prefix == 'u') {
        add(s, " AND s.myrecon_open & 1 = 0");
        mr_script_where_writes(s, t, &group);
    }
    mr_script_ran(s);
    s->sql.failed |= why.failed;
    mr_strbuf_release(&why);
}

/* Is a row's identity its own by no unique index?  (mirror has one as often as SOURCE.) */
bool mr_script_is_loosely_named(const struct mr_script *s, const struct mr_plan_table *t)
{
    return !mr_plan_is_guarded(t) && mr_script_has_name(t) &&
           strcmp(s->manifest->policy, MR_POLICY_MIRROR) != 0 &&
           !mr_policy_rewinds(s->manifest->policy);
}

static void refuse_unique(struct mr_script *s, const struct mr_plan_table *t, char prefix)
{
    for (size_t i = 0; i < t->nuniques; i++) {
        const struct mr_plan_unique *u = &t->uniques[i];
        if (!u->is_key && !u->is_partial && is_staged(t, u->columns))
            refuse_held(s, t, prefix, u->columns, u->name);
    }
    mr_script_computed(s, t, prefix);
    if (prefix == 'i' && mr_script_is_loosely_named(s, t))
        refuse_held(s, t, prefix, t->named_by, "identity");
}

/* The same when it is written: somebody has come by then. */
static void refuse_namesake(struct mr_script *s, const struct mr_plan_table *t)
{
    mr_script_refuse(s, t, "another row has the same identity by now");
    temp_n(s, " FROM ", 'i', t->at);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t ON ");
    mr_script_same(s, t, t->named_by, "t", "s", false);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    add(s, " AND NOT (");
    if (t->key.count > 0)
        mr_script_same(s, t, t->key, "t", "s", false);
    else
        mr_script_exact(s, t, "t", "s");
    add(s, ")");
    mr_script_ran(s);
}

/* ---- references ---- */

void mr_script_condition(struct mr_script *s, const struct mr_plan_reference *r)
{
    if (r->pair->condition == NULL)
        return;
    mr_strbuf_add_fmt(&s->sql, " AND (%s\n)", r->pair->condition);
}

/* Rows of a staged table that refer by r at all, with the columns that are needed: a
 * table of its own, so that the condition's names are plain. */
void mr_script_referring(struct mr_script *s, const struct mr_plan_reference *r, char prefix)
{
    const struct mr_plan_table *t = &s->plan->tables[r->child];
    add(s, "(SELECT * FROM ");
    mr_script_temp_n(s, prefix, t->at);
    add(s, " WHERE ");
    for (size_t i = 0; i < r->from.count; i++) {
        add(s, i > 0 ? " AND " : "");
        mr_script_column(s, t, NULL, r->from.at[i]);
        add(s, " IS NOT NULL");
    }
    mr_script_condition(s, r);
    add(s, ") AS s");
}

void mr_script_join_parents(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    if (mr_script_is_used(s, r->parent)) {
        temp_n(s, " LEFT JOIN ", 'k', mr_script_copy_of(s, at));
        add(s, " AS k ON ");
        mr_script_refers(s, r, "s", "k");
    }
    if (mr_script_has_outer_parents(s, at)) {
        temp_n(s, " LEFT JOIN ", 'e', at);
        add(s, " AS e ON ");
        mr_script_refers(s, r, "s", "e");
    }
    add(s, " LEFT JOIN ");
    mr_script_live(s, &s->plan->tables[r->parent]);
    add(s, " AS p ON ");
    mr_script_refers(s, r, "s", "p");
}

/* TARGET's row p is the parent e.  Of one that an earlier unit wrote, and that has no name,
 * all is compared: that unit may have left it out because somebody else stands there. */
static void is_parent(struct mr_script *s, size_t at)
{
    const struct mr_plan_table *p = &s->plan->tables[s->plan->references[at].parent];
    mr_script_same(s, p, p->named_by, "p", "e", true);
    if (!s->nameless[at])
        return;
    add(s, " AND (e.myrecon_planned = 0 OR ");
    if (p->identity == MR_PLAN_BY_COLUMNS && mr_script_not_null(s, p, p->named_by, "e"))
        add(s, " OR ");
    mr_script_alike(s, p, "p", "e");
    add(s, ")");
}

/* " LEFT JOIN" the row x of the unit that takes p away; false, and nothing, once it is written. */
static bool join_leaving(struct mr_script *s, const struct mr_plan_table *p)
{
    const bool *used = s->tables[p->at].used;
    if (s->again || p->key.count == 0 || !(used[MR_STEP_UPDATE] || used[MR_STEP_DELETE]))
        return false;
    temp_n(s, " LEFT JOIN ", 'x', p->at);
    add(s, " AS x ON ");
    mr_script_same(s, p, p->key, "x", "p", false);
    return true;
}

/* Nobody is where nobody is to be; or who is there still goes by this unit. */
static void is_nobody(struct mr_script *s, const struct mr_plan_reference *r, bool leaving)
{
    mr_script_is_absent(s, &s->plan->tables[r->parent], "p", r->to.at[0]);
    mr_strbuf_add_fmt(&s->sql, " OR e.myrecon_planned <=> %d AND @myrecon_dry <=> 1",
                      MR_SCRIPT_NOBODY);
    if (leaving)
        mr_strbuf_add_fmt(&s->sql, " OR e.myrecon_planned <=> %d AND x.myrecon_row IS NOT NULL",
                          MR_SCRIPT_GOES);
}

/* Who a row refers to is there and is who was planned; where nobody was, nobody
 * is.  Who an image that is passed through refers to is not looked at: it is whom the row
 * refers to already, or will refer to. */
static void refuse_planned_parents(struct mr_script *s, size_t at, char prefix)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    bool in_unit = mr_script_is_used(s, r->parent);
    bool is_outer = mr_script_has_outer_parents(s, at);
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "what it refers to in %s is not who was planned",
                      mr_plan_table_name(p));
    mr_script_refuse(s, &s->plan->tables[r->child], why.ptr);
    add(s, " FROM ");
    mr_script_referring(s, r, prefix);
    mr_script_join_parents(s, at);
    bool leaving = is_outer && join_leaving(s, p);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    if (prefix == 'u') {
        add(s, " AND s.myrecon_open & 1 = 0");
        mr_script_where_refers(s, r);
    }
    if (in_unit)
        add(s, " AND k.myrecon_row IS NULL");
    if (is_outer) {
        mr_strbuf_add_fmt(&s->sql, " AND NOT IF(COALESCE(e.myrecon_planned, %d) >= %d, ",
                          MR_SCRIPT_NOBODY, MR_SCRIPT_NOBODY);
        is_nobody(s, r, leaving);
        add(s, ", NOT (");
        mr_script_is_absent(s, p, "p", r->to.at[0]);
        add(s, ") AND ");
        is_parent(s, at);
        add(s, " OR e.myrecon_planned = 1 AND @myrecon_dry <=> 1 AND ");
        mr_script_is_absent(s, p, "p", r->to.at[0]);
        add(s, ")");
    } else {
        add(s, " AND NOT (");
        mr_script_is_absent(s, p, "p", r->to.at[0]);
        add(s, ")");
    }
    mr_script_ran(s);
    s->sql.failed |= why.failed;
    mr_strbuf_release(&why);
}

/* Whom a restored change does not lead elsewhere refers to whom TARGET says. */
static void refuse_parents(struct mr_script *s, size_t at, char prefix)
{
    if (prefix == 'u' && !mr_script_leads(s, &s->plan->references[at]))
        return;
    if (s->kind == MR_SCRIPT_UNDO)
        mr_script_refuse_orphans(s, at, prefix);
    else
        refuse_planned_parents(s, at, prefix);
}

/* ---- the section ---- */

/* Before anything is refused: a tree that is done as a whole is asked nothing more, since the
 * live application may have changed it since. */
static void find_there(struct mr_script *s)
{
    for (size_t i = 0; i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        const bool *used = s->tables[i].used;
        if (used[MR_STEP_INSERT])
            inserts_there(s, t);
        if (used[MR_STEP_UPDATE])
            updates_there(s, t);
        if (used[MR_STEP_DELETE])
            deletes_there(s, t);
    }
    if (s->kind == MR_SCRIPT_UNDO)
        find_all_found(s);
    find_done(s);
}

/* Reasons are listed in the order in which they are found: rows that go come first, then those
 * that change, then those that come. */
static void refuse_rows(struct mr_script *s)
{
    for (size_t i = 0; i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        const bool *used = s->tables[i].used;
        if (used[MR_STEP_DELETE] && t->key.count > 0)
            refuse_changed(s, t, 'd', 'd');
        if (used[MR_STEP_DELETE] && t->key.count == 0 && mr_script_is_touchable(s, t))
            refuse_touched(s, t);
        if (used[MR_STEP_UPDATE]) {
            if (mr_script_has_extent(s, t, 0))
                refuse_changed(s, t, 'u', 'b');
            mr_script_refuse_moved(s, t);
            refuse_halves(s, t, 'u');
            refuse_unique(s, t, 'u');
        }
        if (used[MR_STEP_INSERT]) {
            refuse_halves(s, t, 'i');
            if (t->key.count > 0)
                refuse_taken_key(s, t);
            refuse_taken_parts(s, t);
            refuse_unique(s, t, 'i');
        }
    }
}

static void refuse_references(struct mr_script *s)
{
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        const bool *child = s->tables[r->child].used;
        const bool *parent = s->tables[r->parent].used;
        for (const char *p = "iu"; *p != '\0'; p++)
            if (child[mr_script_op(*p)])
                refuse_parents(s, i, *p);
        if (parent[MR_STEP_DELETE]) {
            mr_script_refuse_referred(s, i, 'd');
            mr_script_refuse_own_parents(s, r);
        }
        if (mr_script_leaves(s, i))
            mr_script_refuse_referred(s, i, 'v');
    }
    mr_script_refuse_outside(s);
}

/* Last of the guards: only now it is known what is refused, and what hangs on it. The number
 * that is left is read by `repair apply`, which tells it. */
static void find_skipped(struct mr_script *s)
{
    mr_script_links(s);
    mr_script_spread_skip(s);
    temp(s, "SET @myrecon_written = (SELECT COALESCE(SUM(n), 0) FROM ", "tree");
    temp(s, " WHERE tree NOT IN (SELECT tree FROM ", "skip");
    add(s, "));\n");
    if (s->kind != MR_SCRIPT_UNDO)
        return;
    temp(s, "SET @myrecon_written = @myrecon_written - (SELECT COUNT(*) FROM ", "there");
    temp(s, " WHERE line IN (SELECT line FROM ", "found");
    temp(s, ") AND tree NOT IN (SELECT tree FROM ", "skip");
    add(s, "));\n");
}

void mr_script_guards(struct mr_script *s)
{
    add(s, "-- guards\n");
    find_there(s);
    refuse_rows(s);
    refuse_references(s);
    find_skipped(s);
    mr_script_count_ran(s);
}

/* ---- once more, when all is written ---- */

/* Does TARGET see to it by itself that the reference leads somewhere? */
static bool is_held(const struct mr_script *s, const struct mr_plan_reference *r)
{
    const struct mr_table *child = s->plan->tables[r->child].pair->side[MR_TARGET];
    for (size_t i = 0; i < child->nfks; i++)
        if (mr_plan_is_foreign_key(s->plan, r, &child->fks[i]))
            return true;
    return false;
}

/* Only references that no foreign key of TARGET holds: there the server itself refuses whoever
 * comes in between. */
static bool judge_reference(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const bool *child = s->tables[r->child].used;
    bool goes = s->tables[r->parent].used[MR_STEP_DELETE];
    bool leaves = mr_script_leaves(s, at);
    if (is_held(s, r))
        return false;
    if (mr_script_has_parents(s, at) && child[MR_STEP_INSERT])
        refuse_parents(s, at, 'i');
    if (mr_script_has_parents(s, at) && child[MR_STEP_UPDATE])
        refuse_parents(s, at, 'u');
    if (goes) {
        mr_script_lock_new_children(s, at, 'd');
        mr_script_refuse_referred(s, at, 'd');
    }
    if (leaves) {
        mr_script_lock_new_children(s, at, 'v');
        mr_script_refuse_referred(s, at, 'v');
    }
    return goes || leaves || mr_script_has_parents(s, at);
}

/* What is deleted by now is nobody's parent: where it was, nobody may have come. */
static void forget_deleted(struct mr_script *s)
{
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (!s->tables[r->parent].used[MR_STEP_DELETE] || mr_script_copy_of(s, i) != i ||
            !mr_script_is_used(s, r->child) ||
            !mr_script_tells_one(&s->plan->tables[r->parent], r->to))
            continue;
        temp_n(s, "DELETE FROM ", 'k', i);
        temp_n(s, " WHERE myrecon_row IN (SELECT s.myrecon_row FROM ", 'd', r->parent);
        add(s, " AS s WHERE TRUE");
        mr_script_not_found(s, "s");
        add(s, ")");
        mr_script_ran(s);
    }
}

/* Here nothing can be left out any more, since all is written: one refusal outside of what was
 * skipped fails the guard, and the unit is rolled back as a whole. */
void mr_script_again(struct mr_script *s)
{
    bool any = false;
    s->again = true;
    add(s, "-- again\n");
    forget_deleted(s);
    for (size_t i = 0; i < s->plan->nreferences; i++)
        any |= judge_reference(s, i);
    for (size_t i = 0; i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        if (!s->tables[i].used[MR_STEP_INSERT] || !mr_script_is_loosely_named(s, t))
            continue;
        mr_script_lock_named(s, t);
        refuse_namesake(s, t);
        any = true;
    }
    s->again = false;
    if (!any)
        return;
    temp(s, "INSERT INTO ", "guard");
    mr_strbuf_add_fmt(&s->sql, " SELECT %u, 1 FROM (SELECT COUNT(*) AS n FROM ", s->guards++);
    mr_script_temp(s, "refused");
    temp(s, " WHERE tree NOT IN (SELECT tree FROM ", "skip");
    add(s, ")) AS x WHERE x.n = 0");
    mr_strbuf_add_fmt(&s->sql, " AND @myrecon_ran = %u;\n", s->ran);
}
