/* script_referred.c: does anything refer to what goes?  See script_internal.h.
 *
 * A row that is deleted goes as a whole.  One that is updated lets go of what others refer
 * to it by, where that changes, to the byte: a server would fire ON UPDATE then, and a
 * reference that is declared to us alone would lead to nobody.  Those rows stand, with what
 * they let go of, in a table of their own; an update that leaves it as it is is not asked
 * about. */
#include <inttypes.h>
#include <string.h>

#include "core/logs/cascades.h"
#include "repair/merge/merge_row.h"
#include "repair/script/script_internal.h"

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

static void temp_n(struct mr_script *s, const char *before, char prefix, size_t number)
{
    add(s, before);
    mr_script_temp_n(s, prefix, number);
}

/* ---- rows that let go ---- */

static enum mr_code lets_go(struct mr_script *s, const struct mr_plan_reference *r,
                            const struct mr_script_row *row, bool *yes, struct mr_err *err)
{
    *yes = false;
    if (row->step.op != MR_STEP_UPDATE || row->step.table != r->parent)
        return MR_OK;
    const struct mr_key before = mr_script_before(s, row), after = mr_script_after(s, row);
    return mr_merge_row_leaves(before, after, r->to, yes, err);
}

/* By reference, not by row: a row may let go of one of the values that it is referred to by, and
 * keep the others. */
enum mr_code mr_script_leaves_find(struct mr_script *s, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&s->leaving);
    for (size_t at = 0; code == MR_OK && at < s->plan->nreferences; at++) {
        const struct mr_plan_reference *r = &s->plan->references[at];
        if (!s->tables[r->parent].used[MR_STEP_UPDATE])
            continue;
        for (size_t i = 0; code == MR_OK && i < s->rows.count; i++) {
            const struct mr_script_row *row = mr_vec_at(&s->rows, i);
            bool yes = false;
            code = lets_go(s, r, row, &yes, err);
            if (code != MR_OK || !yes)
                continue;
            struct mr_script_leaving *slot = mr_vec_push(&s->leaving);
            if (slot == NULL)
                code = mr_merge_nomem(err);
            else
                *slot = (struct mr_script_leaving){at, i};
        }
    }
    return code;
}

bool mr_script_leaves(const struct mr_script *s, size_t reference)
{
    for (size_t i = 0; i < s->leaving.count; i++) {
        const struct mr_script_leaving *leaving = mr_vec_at(&s->leaving, i);
        if (leaving->reference == reference)
            return true;
    }
    return false;
}

/* What they let go of, and the key that names them. */
static bool is_left(const struct mr_script *s, const struct mr_script_insert *in, size_t column)
{
    return mr_plan_columns_has(&s->plan->references[in->number].to, column) ||
           mr_plan_columns_has(&in->table->key, column);
}

void mr_script_stage_leaving(struct mr_script *s, size_t reference)
{
    const struct mr_plan_reference *r = &s->plan->references[reference];
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    struct mr_script_insert in = MR_SCRIPT_INSERT(p, 'v', reference, ", myrecon_tree");
    in.has = is_left;
    mr_script_create_of(s, &in, (struct mr_plan_columns){NULL, 0},
                        ", myrecon_tree INT NOT NULL DEFAULT 0");
    for (size_t i = 0; i < s->leaving.count; i++) {
        const struct mr_script_leaving *leaving = mr_vec_at(&s->leaving, i);
        const struct mr_script_row *row = mr_vec_at(&s->rows, leaving->row);
        if (leaving->reference != reference)
            continue;
        const struct mr_key before = mr_script_before(s, row);
        mr_script_insert_row(s, &in, before, row->number);
        mr_strbuf_add_fmt(&s->sql, ",%" PRId64, row->step.tree);
        mr_script_insert_values(s, &in, before);
    }
    mr_script_insert_end(s, &in);
}

/* ---- who refers to them ---- */

/* The condition names columns plainly, and beside other tables of the query they could mean
 * theirs: so it stands in a query of its own, about the same row. */
void mr_script_live_condition(struct mr_script *s, const struct mr_plan_reference *r)
{
    const struct mr_plan_table *c = &s->plan->tables[r->child];
    if (r->pair->condition == NULL || c->key.count == 0)
        return;
    add(s, " AND EXISTS (SELECT 1 FROM ");
    mr_script_live(s, c);
    add(s, " WHERE (");
    add(s, r->pair->condition);
    add(s, "\n)");
    for (size_t i = 0; i < c->key.count; i++) {
        add(s, " AND ");
        mr_script_live(s, c);
        add(s, ".");
        mr_script_column(s, c, NULL, c->key.at[i]);
        add(s, " = ");
        mr_script_column(s, c, "c", c->key.at[i]);
    }
    add(s, ")");
}

/* So many rows of a table without a key may refer to s: those that the unit deletes; once
 * it is written, those that it has inserted, which refer to whoever has the value now, or
 * to nobody. */
static void expected(struct mr_script *s, const struct mr_plan_reference *r, bool goes)
{
    char prefix = s->again ? 'i' : 'd';
    if (!s->tables[r->child].used[mr_script_op(prefix)]) {
        add(s, "0");
        return;
    }
    add(s, "(SELECT COUNT(*) FROM (SELECT * FROM ");
    mr_script_temp_n(s, prefix, r->child);
    add(s, " WHERE TRUE");
    mr_script_condition(s, r);
    add(s, ") AS x WHERE ");
    mr_script_refers(s, r, "x", "s");
    if (s->again)
        add(s, goes ? "" : " AND x.myrecon_tree = s.myrecon_tree");
    else
        mr_script_not_there(s, "x");
    add(s, ")");
}

/* Of a table without a key: no more rows refer to it than may. */
static void refuse_counted(struct mr_script *s, const struct mr_plan_reference *r, char prefix)
{
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    add(s, " AS s STRAIGHT_JOIN (SELECT * FROM ");
    mr_script_live(s, &s->plan->tables[r->child]);
    add(s, " WHERE TRUE");
    mr_script_condition(s, r);
    add(s, ") AS c ON ");
    if (mr_script_is_spelt_otherwise(r))
        mr_script_refers(s, r, "c", "s"); /* all are counted at once */
    else
        mr_script_referred(s, r, "c", "s");
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    if (prefix == 'd' && mr_script_may_be_stranger(s, p)) {
        temp_n(s, " AND s.myrecon_row IN (SELECT myrecon_row FROM ", 'x', r->parent);
        add(s, ")"); /* myrecon_there is named below, and MySQL opens it once */
    }
    mr_script_not_found(s, "s");
    add(s, " GROUP BY s.myrecon_row, s.myrecon_tree"); /* MariaDB wants all of HAVING */
    for (size_t i = 0; i < r->to.count; i++) {
        add(s, ", ");
        mr_script_column(s, p, "s", r->to.at[i]);
    }
    add(s, " HAVING COUNT(*) > ");
    expected(s, r, prefix == 'd');
}

/* Rows of the unit that may refer to s before it is written: those that it changes or
 * deletes itself.  Once it is written they may refer to whoever has the value now, as those
 * may that were inserted; or to nobody, as they do where they come from.  Where s is updated,
 * they are of its tree. */
static void refuse_joined(struct mr_script *s, const struct mr_plan_reference *r, char prefix,
                          mr_script_relate_fn *relate)
{
    const struct mr_plan_table *c = &s->plan->tables[r->child];
    const bool *used = s->tables[r->child].used;
    bool changes = c->key.count > 0 && (used[MR_STEP_UPDATE] || used[MR_STEP_DELETE]);
    bool inserts = s->again && used[MR_STEP_INSERT];
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, c);
    add(s, " AS c ON ");
    relate(s, r, "c", "s");
    if (changes) {
        temp_n(s, " LEFT JOIN ", 'x', r->child);
        add(s, " AS x ON ");
        mr_script_same(s, c, c->key, "x", "c", false);
        add(s, prefix == 'v' ? " AND x.myrecon_tree = s.myrecon_tree" : "");
    }
    if (inserts) {
        temp_n(s, " LEFT JOIN ", 'i', r->child);
        add(s, " AS i ON ");
        if (c->key.count > 0)
            mr_script_same(s, c, c->key, "i", "c", false);
        else
            mr_script_exact(s, c, "i", "c");
        add(s, prefix == 'v' ? " AND i.myrecon_tree = s.myrecon_tree" : "");
    }
    add(s, " WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    add(s, changes ? " AND x.myrecon_row IS NULL" : "");
    add(s, inserts ? " AND i.myrecon_row IS NULL" : "");
    mr_script_live_condition(s, r);
}

static void refuse_head(struct mr_script *s, size_t at, char prefix)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "a row of %s refers to it",
                      mr_plan_table_name(&s->plan->tables[r->child]));
    mr_script_refuse(s, &s->plan->tables[r->parent], why.ptr);
    temp_n(s, " FROM ", prefix, prefix == 'v' ? at : r->parent);
    s->sql.failed |= why.failed;
    mr_strbuf_release(&why);
}

/* A child without a key cannot be told from the unit's own rows one by one; there the numbers
 * are compared. */
void mr_script_refuse_referred(struct mr_script *s, size_t at, char prefix)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct mr_plan_table *c = &s->plan->tables[r->child];
    refuse_head(s, at, prefix);
    if (c->key.count == 0 && s->tables[r->child].used[MR_STEP_DELETE] && r->child != r->parent) {
        refuse_counted(s, r, prefix);
        mr_script_ran(s);
        return;
    }
    refuse_joined(s, r, prefix, mr_script_referred);
    mr_script_ran(s);
    if (!mr_script_is_spelt_otherwise(r))
        return;
    refuse_head(s, at, prefix);
    refuse_joined(s, r, prefix, mr_script_refers_otherwise);
    mr_script_ran(s);
}

/* Does TARGET cascade a DELETE from a row of the table to those of the same table?  A rule that the account may
 * not see is reckoned with. */
static bool cascades(const struct mr_script *s, const struct mr_plan_table *t)
{
    const struct mr_table *live = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < live->nfks; i++) {
        const struct mr_foreign_key *f = &live->fks[i];
        if (mr_catalogue_is_table(s->plan->pairing.side[MR_TARGET].cat, live, f->ref_db,
                                  f->ref_table) &&
            mr_cascades_may_be(f->on_delete, "CASCADE"))
            return true;
    }
    return false;
}

/* A server does not delete a row that refers to itself; where the reference cannot be
 * emptied, it stays. */
void mr_script_refuse_own_parents(struct mr_script *s, const struct mr_plan_reference *r)
{
    const struct mr_plan_table *t = &s->plan->tables[r->child];
    if (r->child != r->parent || r->nullable || !r->pair->edge.declared || t->key.count == 0 ||
        cascades(s, t))
        return;
    mr_script_refuse(s, t, "it refers to itself, so that the server does not let it go");
    temp_n(s, " FROM ", 'd', t->at);
    add(s, " AS s WHERE ");
    mr_script_at_stake(s, "s");
    mr_script_not_there(s, "s");
    add(s, " AND ");
    mr_script_refers(s, r, "s", "s");
    mr_script_ran(s);
}
