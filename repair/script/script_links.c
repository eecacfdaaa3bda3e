/* script_links.c: which trees are left out with one that is refused; see script_internal.h.
 *
 * What is not written takes along what refers to it.  Undo that keeps a row keeps all that
 * was planned in the same tree, such as a person's rows; what refers to those, but for other
 * people; and whatever any of them refers to, without what else refers to that: a person
 * who wrote a comment on somebody's order stays with that order, and his own orders go.
 * So undo takes each row of a tree that it only deletes as a tree of its own, and a link
 * says how far it may be followed (`way`). */
#include <stdlib.h>

#include "repair/script/script_internal.h"

/* A link is followed from a tree that was reached by a way up to its own. */
enum way {
    WITHIN, /* from a row to its planned tree, and back */
    DOWN,   /* to what refers to it */
    UP,     /* to what it refers to */
    ALWAYS, /* and the way stays what it was */
};

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static void begin(struct mr_script *s, const char *from, const char *to, enum way way)
{
    add(s, "INSERT INTO ");
    mr_script_temp(s, "link");
    mr_strbuf_add_fmt(&s->sql, " (tree, other, way) SELECT DISTINCT %s, %s, %d FROM ", from, to,
                      way);
}

/* Links are needed only where something is refused. */
static void where_any(struct mr_script *s, const char *condition)
{
    mr_strbuf_add_fmt(&s->sql, " WHERE %s AND COALESCE(@myrecon_any, 1) <> 0", condition);
}

/* Of a row that is gone nothing goes along; and one that is only updated stands anyway. */
static void where_stands(struct mr_script *s, const struct mr_plan_reference *r)
{
    add(s, " AND ");
    mr_script_at_stake(s, "s");
    if (!s->tables[r->parent].used[MR_STEP_UPDATE])
        return;
    add(s, " AND k.myrecon_row NOT IN (SELECT myrecon_row FROM ");
    mr_script_temp_n(s, 'u', r->parent);
    add(s, ")");
}

/* From the staged row s to the row k of the unit that it refers to, or back. */
static void link_rows(struct mr_script *s, size_t at, char prefix, enum way way)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    bool up = way == UP;
    begin(s, up ? "s.myrecon_tree" : "k.myrecon_tree", up ? "k.myrecon_tree" : "s.myrecon_tree",
          way);
    mr_script_referring(s, r, prefix);
    add(s, " JOIN ");
    mr_script_temp_n(s, 'k', mr_script_copy_of(s, at));
    add(s, " AS k ON ");
    mr_script_refers(s, r, "s", "k");
    where_any(s, "k.myrecon_tree <> s.myrecon_tree");
    if (prefix == 'u')
        mr_script_where_refers(s, r);
    if (prefix == 'd')
        where_stands(s, r);
    mr_script_ran(s);
}

/* From a row x of the unit that refers, as it stands, to the row s that is to be deleted: it
 * may have been led there since, or by the plan. */
static void link_live(struct mr_script *s, const struct mr_plan_reference *r,
                      mr_script_relate_fn *relate)
{
    const struct mr_plan_table *c = &s->plan->tables[r->child];
    begin(s, "x.myrecon_tree", "s.myrecon_tree", UP);
    mr_script_temp_n(s, 'd', r->parent);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, c);
    add(s, " AS c ON ");
    relate(s, r, "c", "s");
    add(s, " STRAIGHT_JOIN ");
    mr_script_temp_n(s, 'x', c->at);
    add(s, " AS x ON ");
    mr_script_same(s, c, c->key, "x", "c", false);
    where_any(s, "x.myrecon_tree <> s.myrecon_tree");
    mr_script_live_condition(s, r);
    mr_script_ran(s);
}

/* From parent to child whatever is written; of rows that go also from child to parent, as far as
 * it is the same person. What refers to a row as it stands may be another than the image says.
 * */
static void link_reference(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const bool *child = s->tables[r->child].used;
    bool is_person = s->plan->tables[r->child].pair->find.subject != MR_SUBJECT_NO;
    if (!mr_script_is_used(s, r->parent))
        return;
    if (s->tables[r->parent].used[MR_STEP_DELETE] &&
        (child[MR_STEP_UPDATE] || child[MR_STEP_DELETE]) &&
        s->plan->tables[r->child].key.count > 0) {
        link_live(s, r, mr_script_referred);
        if (mr_script_is_spelt_otherwise(r))
            link_live(s, r, mr_script_refers_otherwise);
    }
    for (const char *p = "iu"; *p != '\0'; p++)
        if (child[mr_script_op(*p)] && (*p != 'u' || mr_script_leads(s, r)))
            link_rows(s, at, *p, ALWAYS);
    if (!child[MR_STEP_DELETE])
        return;
    link_rows(s, at, 'd', UP);
    if (!is_person)
        link_rows(s, at, 'd', DOWN);
}

static void link_parts(struct mr_script *s, size_t table)
{
    static const char *const ends[] = {"myrecon_tree", "myrecon_of"};
    for (int i = 0; i < 2; i++) {
        begin(s, ends[i], ends[1 - i], WITHIN);
        mr_script_temp_n(s, 'd', table);
        where_any(s, "myrecon_of <> 0");
        mr_script_ran(s);
    }
}

void mr_script_links(struct mr_script *s)
{
    add(s, "SET @myrecon_any = (SELECT COUNT(*) FROM ");
    mr_script_temp(s, "refused");
    add(s, ")");
    mr_script_ran(s);
    for (size_t i = 0; i < s->plan->nreferences; i++)
        link_reference(s, i);
    for (size_t t = 0; s->kind == MR_SCRIPT_UNDO && t < s->plan->ntables; t++)
        if (s->tables[t].used[MR_STEP_DELETE])
            link_parts(s, t);
}

/* ---- trees of one row ---- */

static int compare_trees(const void *a, const void *b)
{
    const struct mr_script_row *const *x = a, *const *y = b;
    if ((*x)->step.tree != (*y)->step.tree)
        return (*x)->step.tree < (*y)->step.tree ? -1 : 1;
    return 0;
}

static void part_tree(struct mr_script_row **rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i]->step.op != MR_STEP_DELETE)
            return; /* they may have made way for each other */
    for (size_t i = 0; n > 1 && i < n; i++) {
        rows[i]->of = rows[i]->step.tree;
        rows[i]->step.tree = -(int64_t)rows[i]->number;
    }
}

enum mr_code mr_script_part_trees(struct mr_script *s, struct mr_err *err)
{
    size_t n = s->rows.count;
    struct mr_script_row **by =
        mr_arena_calloc(&s->unit_arena, n + 1, sizeof(struct mr_script_row *));
    if (by == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < n; i++)
        by[i] = mr_vec_at(&s->rows, i);
    if (n > 1)
        qsort(by, n, sizeof(struct mr_script_row *), compare_trees);
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        while (end < n && by[end]->step.tree == by[i]->step.tree)
            end++;
        part_tree(&by[i], end - i);
    }
    return MR_OK;
}
