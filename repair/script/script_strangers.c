/* script_strangers.c: who stands now where a row of the plan stood, or where one referred to;
 * see script_internal.h.
 *
 * Undo may come days later.  A row that it puts back has to find whom it referred to, who may
 * have been edited since, but not deleted; and who has come under his key is somebody else:
 * he was created at another time and has another name. */
#include "repair/script/script_internal.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static bool has_time(const struct mr_plan_table *t)
{
    return t->time_at != MR_NO_COLUMN && mr_script_is_written(t, t->time_at);
}

bool mr_script_may_be_stranger(const struct mr_script *s, const struct mr_plan_table *t)
{
    return s->kind == MR_SCRIPT_UNDO && t->key.count > 0 && has_time(t);
}

void mr_script_is_stranger(struct mr_script *s, const struct mr_plan_table *t, const char *a,
                           const char *b)
{
    add(s, "NOT (");
    mr_script_column(s, t, a, t->time_at);
    add(s, " <=> ");
    mr_script_column(s, t, b, t->time_at);
    add(s, ")");
    if (!mr_script_has_name(t))
        return;
    add(s, " AND NOT (");
    mr_script_same(s, t, t->named_by, a, b, true);
    add(s, ")");
}

/* Created at the same time; zero and NULL tell nothing. */
static void is_of_time(struct mr_script *s, const struct mr_plan_table *p)
{
    mr_script_column(s, p, "p", p->time_at);
    add(s, " <=> ");
    mr_script_column(s, p, "e", p->time_at);
    if (!mr_script_has_name(p))
        return;
    add(s, " AND COALESCE(CAST(");
    mr_script_column(s, p, "e", p->time_at);
    add(s, " AS CHAR) REGEXP '[1-9]', 0) OR ");
    mr_script_same(s, p, p->named_by, "p", "e", true);
}

/* TARGET's row p, of the key that was referred to, is the parent e. */
static void is_same(struct mr_script *s, const struct mr_plan_table *p)
{
    if (has_time(p)) {
        add(s, "(");
        is_of_time(s, p);
        add(s, ")");
    } else if (mr_script_has_name(p)) {
        mr_script_same(s, p, p->named_by, "p", "e", true);
    } else {
        add(s, "TRUE");
    }
}

/* The row p that was found is whom the row referred to; where nobody was, nobody is. */
static void is_as_it_was(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    if (!mr_script_has_outer_parents(s, at)) {
        mr_script_is_absent(s, p, "p", r->to.at[0]);
        return;
    }
    add(s, "IF(NOT (");
    mr_script_is_absent(s, p, "p", r->to.at[0]);
    add(s, "), e.myrecon_row IS NOT NULL AND CASE e.myrecon_planned");
    if (s->nameless[at]) {
        mr_strbuf_add_fmt(&s->sql, " WHEN %d THEN ", MR_SCRIPT_AS_WRITTEN);
        mr_script_alike(s, p, "p", "e");
    }
    mr_strbuf_add_fmt(&s->sql,
                      " WHEN %d THEN @myrecon_dry <=> 1 WHEN %d THEN @myrecon_dry <=> 1"
                      " ELSE ",
                      MR_SCRIPT_WHEN_DRY, MR_SCRIPT_NOBODY);
    is_same(s, p);
    mr_strbuf_add_fmt(&s->sql,
                      " END, e.myrecon_row IS NULL OR e.myrecon_planned = %d"
                      " OR e.myrecon_planned <> %d AND @myrecon_dry <=> 1)",
                      MR_SCRIPT_NOBODY, MR_SCRIPT_OF_TARGET);
}

/* Rows of the unit see to it by themselves that whoever refers to them goes along with them;
 * those that apply never wrote do not, and have to be there. */
static void is_right(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    if (!mr_script_is_used(s, r->parent)) {
        is_as_it_was(s, at);
        return;
    }
    add(s, "IF(k.myrecon_row IS NULL, ");
    is_as_it_was(s, at);
    add(s, ", NOT (");
    mr_script_column(s, &s->plan->tables[r->parent], "p", r->to.at[0]);
    add(s, " <=> NULL))");
}

/* Not a row that is updated and refers to whom it has referred to all the time; one that
 * made way may have been led back on the way. */
static void is_led_back(struct mr_script *s, const struct mr_plan_reference *r)
{
    add(s, " AND s.myrecon_open & 1 = 0");
    if (r->pair->condition != NULL)
        return;
    add(s, " AND (s.myrecon_open & 2 <> 0 OR NOT (");
    mr_script_same(s, &s->plan->tables[r->child], r->from, "s", "b", true);
    add(s, "))");
}

/* Of the images of a parent one has to be right. */
void mr_script_refuse_orphans(struct mr_script *s, size_t reference, char prefix)
{
    const struct mr_plan_reference *r = &s->plan->references[reference];
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "what it referred to in %s is gone, or somebody else by now",
                      mr_plan_table_name(&s->plan->tables[r->parent]));
    mr_script_refuse(s, &s->plan->tables[r->child], why.ptr);
    add(s, " FROM ");
    mr_script_referring(s, r, prefix);
    if (prefix == 'u') {
        add(s, " JOIN ");
        mr_script_temp_n(s, 'b', r->child);
        add(s, " AS b ON b.myrecon_row = s.myrecon_row");
    }
    mr_script_join_parents(s, reference);
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    if (mr_script_is_used(s, r->parent)) {
        add(s, " AND (k.myrecon_row IS NULL OR k.myrecon_row IN (SELECT line FROM ");
        mr_script_temp(s, "found");
        add(s, "))");
    }
    if (prefix == 'u') {
        is_led_back(s, r);
        mr_script_where_refers(s, r);
    }
    add(s, " GROUP BY s.myrecon_row HAVING SUM(");
    is_right(s, reference);
    add(s, ") = 0");
    mr_script_ran(s);
    s->sql.failed |= why.failed;
    mr_strbuf_release(&why);
}
