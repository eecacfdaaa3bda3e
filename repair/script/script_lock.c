/* script_lock.c: what a unit locks before it judges; see script_internal.h.
 *
 * Under READ COMMITTED InnoDB lets go of every row that the WHERE of a locking read
 * rejects, and rows that are as planned are just those that a guard rejects.  So locks are
 * statements of their own: staged rows lead to live rows by an index, and there is no other
 * condition.  Every row that is found stays locked until COMMIT; the guards behind read
 * without locks, each in a view of its own, what nobody can change any more.
 *
 * The index is forced: a scan would lock the whole table, and a table of a few rows would
 * be scanned.  Where no index leads to the rows they are looked for without a lock, and then
 * locked by their key; what has changed in between the guards see.  A read lock on an entry
 * of a secondary index does not hold the columns that are not in it, so the statement
 * reads one of those, too, and by that locks the row itself.
 *
 * Order: by table, parents first; in a table what is to be written first, so that no lock is
 * raised later; in a statement by the values. */
#include <string.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/row/row_class.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

enum strength { LOCK_SHARED = 1, LOCK_EXCLUSIVE };

/* A lock: rows of `live` whose columns `at` equal the columns `by` of staged rows. */
struct lock {
    enum strength strength;
    const struct mr_plan_table *live;
    struct mr_plan_columns at;
    const struct mr_plan_table *staged; /* myrecon_PREFIXnumber has columns of it */
    struct mr_plan_columns by;
    char prefix;
    size_t number;
    const struct mr_plan_reference *spelt; /* `at` spells `by` in types of its own; or NULL */
};

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

void mr_script_ran(struct mr_script *s)
{
    add(s, ";\n" MR_SCRIPT_RAN ";\n");
    s->ran++;
}

void mr_script_count_ran(struct mr_script *s)
{
    add(s, "INSERT INTO ");
    mr_script_temp(s, "guard");
    mr_strbuf_add_fmt(&s->sql, " SELECT %u, @myrecon_ran = %u;\n", s->guards++, s->ran);
}

/* ---- indexes ---- */

static bool leads(const struct mr_plan_table *t, const struct mr_index *index,
                  struct mr_plan_columns columns)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    size_t k = 0;
    while (k < index->nparts && k < columns.count && index->parts[k].column != NULL &&
           index->parts[k].prefix_len == 0 &&
           mr_table_column(table, index->parts[k].column) ==
               mr_pair_column(t->pair, MR_TARGET, columns.at[k]))
        k++;
    return k > 0 && k == columns.count && index->usable && strcmp(index->kind, "BTREE") == 0;
}

const struct mr_index *mr_script_index(const struct mr_plan_table *t,
                                       struct mr_plan_columns columns)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < table->nindexes; i++)
        if (leads(t, &table->indexes[i], columns))
            return &table->indexes[i];
    return NULL;
}

/* Are values of the two columns found in each other's index? */
static bool are_alike(const struct mr_plan_table *a, size_t at, const struct mr_plan_table *b,
                      size_t by)
{
    const struct mr_column *x = mr_pair_column(a->pair, MR_TARGET, at);
    const struct mr_column *y = mr_pair_column(b->pair, MR_TARGET, by);
    bool integers = mr_class_is_integer(x->cls) && mr_class_is_integer(y->cls);
    if (x->cls != y->cls && !integers)
        return false;
    return x->collation == NULL || y->collation == NULL ? x->collation == y->collation
                                                        : strcmp(x->collation, y->collation) == 0;
}

/* Does the column spell the staged one so that its index serves? */
static bool is_spelt(const struct lock *lock, size_t i)
{
    const struct mr_spelling *s = lock->spelt != NULL ? &lock->spelt->pair->spelling[i] : NULL;
    return s != NULL && s->kind != MR_SPELL_SAME && mr_spelling_ways(s) == 1;
}

static const struct mr_index *index_of(const struct lock *lock)
{
    for (size_t i = 0; i < lock->at.count; i++)
        if (!is_spelt(lock, i) &&
            !are_alike(lock->live, lock->at.at[i], lock->staged, lock->by.at[i]))
            return NULL;
    return mr_script_index(lock->live, lock->at);
}

static bool is_in(const struct mr_plan_table *t, const struct mr_index *index, size_t column)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < index->nparts; i++)
        if (index->parts[i].column != NULL && index->parts[i].prefix_len == 0 &&
            mr_table_column(table, index->parts[i].column) ==
                mr_pair_column(t->pair, MR_TARGET, column))
            return true;
    return false;
}

/* A column that only the row itself holds; where all are in the index, any. */
static size_t beyond(const struct mr_plan_table *t, const struct mr_index *index)
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    for (size_t i = 0; i < t->pair->find.ncolumns; i++)
        if (!is_in(t, index, i) && !is_in(t, &table->indexes[0], i))
            return i;
    return 0;
}

/* ---- rendering ---- */

static void join(struct mr_script *s, const struct lock *lock)
{
    for (size_t i = 0; i < lock->at.count; i++) {
        add(s, i > 0 ? " AND " : " ON ");
        if (is_spelt(lock, i)) {
            (void)mr_script_refers_by(s, lock->spelt, i, "t", "s");
            continue;
        }
        mr_script_column(s, lock->live, "t", lock->at.at[i]);
        add(s, " = ");
        mr_script_column(s, lock->staged, "s", lock->by.at[i]);
    }
}

/* The rows that were found are written into a table, so that the client gets no result to read,
 * and the column makes the server touch the row itself and not only an entry of the index. */
static void take(struct mr_script *s, const struct lock *lock, const struct mr_index *index)
{
    add(s, "INSERT INTO ");
    mr_script_temp(s, "locked");
    add(s, " SELECT NULL, s.myrecon_row, ");
    mr_script_column(s, lock->live, "t", beyond(lock->live, index));
    add(s, " IS NULL FROM ");
    mr_script_temp_n(s, lock->prefix, lock->number);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, lock->live);
    add(s, " AS t FORCE INDEX (");
    mr_sql_ident(&s->sql, index->name);
    add(s, ")");
    join(s, lock);
    for (size_t i = 0; i < lock->by.count; i++) {
        add(s, i > 0 ? ", " : " ORDER BY ");
        mr_script_column(s, lock->staged, "s", lock->by.at[i]);
    }
    bool exclusive = lock->strength == LOCK_EXCLUSIVE;
    add(s, exclusive ? " FOR UPDATE" : " LOCK IN SHARE MODE");
    mr_script_ran(s);
}

/* By no index: keys into myrecon_lN, of which the rows are locked. */
static void find_and_take(struct mr_script *s, const struct lock *lock)
{
    const struct mr_plan_table *t = lock->live;
    const struct lock by_key = {lock->strength, t, t->key, t, t->key, 'l', t->at, NULL};
    const struct mr_index *index = t->key.count > 0 ? index_of(&by_key) : NULL;
    if (index == NULL)
        return; /* it is judged again before COMMIT */
    add(s, "DELETE FROM ");
    mr_script_temp_n(s, 'l', t->at);
    mr_script_ran(s);
    add(s, "INSERT INTO ");
    mr_script_temp_n(s, 'l', t->at);
    add(s, " SELECT DISTINCT NULL, 0, ");
    for (size_t i = 0; i < t->key.count; i++) {
        add(s, i > 0 ? ", " : "");
        mr_script_column(s, t, "t", t->key.at[i]);
    }
    add(s, " FROM ");
    mr_script_temp_n(s, lock->prefix, lock->number);
    add(s, " AS s STRAIGHT_JOIN ");
    mr_script_live(s, t);
    add(s, " AS t");
    join(s, lock);
    mr_script_ran(s);
    take(s, &by_key, index);
}

static void lock_rows(struct mr_script *s, const struct lock *lock)
{
    const struct mr_index *index = index_of(lock);
    if (index != NULL)
        take(s, lock, index);
    else
        find_and_take(s, lock);
}

/* ---- what is locked ---- */

/* A row of TARGET that is written, or that stands already as planned. */
static void lock_own(struct mr_script *s, const struct mr_plan_table *t)
{
    const bool *used = s->tables[t->at].used;
    struct lock lock = {LOCK_EXCLUSIVE, t, t->key, t, t->key, 'x', t->at, NULL};
    if (t->key.count == 0)
        return; /* DELETE names all of one row, counts it, and locks it from then on */
    if (used[MR_STEP_UPDATE] || used[MR_STEP_DELETE])
        lock_rows(s, &lock);
    lock.strength = LOCK_SHARED;
    lock.prefix = 'i';
    if (used[MR_STEP_INSERT])
        lock_rows(s, &lock);
}

static bool is_within(struct mr_plan_columns columns, const struct mr_plan_columns *key)
{
    size_t i = 0;
    while (i < columns.count && mr_plan_columns_has(key, columns.at[i]))
        i++;
    return i == columns.count;
}

/* What others refer to may stand in another index than the key: whoever comes to refer to it
 * locks the entry there, whichever of those indexes the server has chosen, and would not
 * wait for the row. */
static void lock_entries(struct mr_script *s, const struct mr_plan_table *p,
                         struct mr_plan_columns to, char prefix, size_t number)
{
    const struct mr_table *table = p->pair->side[MR_TARGET];
    const struct lock lock = {LOCK_EXCLUSIVE, p, to, p, to, prefix, number, NULL};
    if (p->key.count == 0 || is_within(to, &p->key))
        return;
    for (size_t i = 0; i < table->nindexes; i++)
        if (leads(p, &table->indexes[i], to))
            take(s, &lock, &table->indexes[i]);
}

/* prefix: d, or v. */
static void lock_referred(struct mr_script *s, size_t at, char prefix)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    if (r->pair->edge.declared)
        lock_entries(s, &s->plan->tables[r->parent], r->to, prefix, prefix == 'v' ? at : r->parent);
}

/* By foreign keys of tables that the plan does not hold. */
static void lock_for_outers(struct mr_script *s, const struct mr_plan_table *p)
{
    for (size_t i = 0; i < s->outers.count; i++) {
        const struct mr_script_outer *outer = mr_vec_at(&s->outers, i);
        if (outer->parent != p->at)
            continue;
        if (s->tables[p->at].used[MR_STEP_DELETE])
            lock_entries(s, p, outer->to, 'd', p->at);
        if (mr_script_outside_leaves(s, i))
            lock_entries(s, p, outer->to, 'b', p->at);
    }
}

static void lock_parents(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    const struct lock lock = {LOCK_SHARED, p, r->to, p, r->to, 'e', at, NULL};
    lock_rows(s, &lock);
}

/* Without an index nothing is locked: it would be the whole table. Who has come by the end is
 * found by the second look (mr_script_again). */
static void lock_children(struct mr_script *s, size_t at, char prefix)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct lock lock = {LOCK_SHARED,
                              &s->plan->tables[r->child],
                              r->from,
                              &s->plan->tables[r->parent],
                              r->to,
                              prefix,
                              prefix == 'v' ? at : r->parent,
                              r->pair->spelling != NULL ? r : NULL};
    const struct mr_index *index = index_of(&lock);
    if (index != NULL)
        take(s, &lock, index);
}

void mr_script_lock_new_children(struct mr_script *s, size_t reference, char prefix)
{
    lock_children(s, reference, prefix);
}

void mr_script_lock_named(struct mr_script *s, const struct mr_plan_table *t)
{
    const struct lock lock = {LOCK_SHARED, t, t->named_by, t, t->named_by, 'i', t->at, NULL};
    const struct mr_index *index = index_of(&lock);
    if (index != NULL)
        take(s, &lock, index);
}

bool mr_script_has_parents(const struct mr_script *s, size_t reference)
{
    const bool *child = s->tables[s->plan->references[reference].child].used;
    return s->kind != MR_SCRIPT_VERIFY && (child[MR_STEP_INSERT] || child[MR_STEP_UPDATE]);
}

bool mr_script_has_outer_parents(const struct mr_script *s, size_t reference)
{
    for (size_t i = 0; i < s->parents.count; i++) {
        const struct mr_script_parent *parent = mr_vec_at(&s->parents, i);
        if (parent->reference == reference)
            return mr_script_has_parents(s, reference);
    }
    return false;
}

/* The order is the same in every unit, own rows before those of others: two scripts, or a script
 * and `repair apply`, wait for each other instead of each holding what the other wants. */
static void lock_table(struct mr_script *s, const struct mr_plan_table *t)
{
    lock_own(s, t);
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        if (s->plan->references[i].parent != t->at)
            continue;
        if (s->tables[t->at].used[MR_STEP_DELETE])
            lock_referred(s, i, 'd');
        if (mr_script_leaves(s, i))
            lock_referred(s, i, 'v');
    }
    lock_for_outers(s, t);
    for (size_t i = 0; i < s->plan->nreferences; i++)
        if (s->plan->references[i].parent == t->at && mr_script_has_outer_parents(s, i))
            lock_parents(s, i);
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (r->child == t->at && s->tables[r->parent].used[MR_STEP_DELETE])
            lock_children(s, i, 'd');
        if (r->child == t->at && mr_script_leaves(s, i))
            lock_children(s, i, 'v');
    }
}

/* ---- the section ---- */

/* The first guard is about the session: each of these settings, were it another, would let a
 * later statement pass that should fail, or a lock not hold. */
void mr_script_locks(struct mr_script *s)
{
    s->guards = s->ran = 0;
    add(s, "-- locks\nSET @myrecon_ran = 0, @myrecon_end = 'ROLLBACK', @myrecon_why = "
           "NULL;\n"
           "START TRANSACTION");
    mr_script_ran(s);
    add(s, "INSERT INTO ");
    mr_script_temp(s, "guard");
    add(s, " SELECT 0, ");
    mr_script_server(&s->sql, s->manifest);
    mr_script_writable(&s->sql, s->manifest);
    mr_script_isolation(&s->sql, s->manifest);
    add(s, " AND @@SESSION.foreign_key_checks = 1 AND @@SESSION.unique_checks = 1"
           " AND @@SESSION.time_zone = '+00:00'"
           " AND FIND_IN_SET('STRICT_ALL_TABLES', @@SESSION.sql_mode) > 0"
           " AND @@SESSION.character_set_client = 'utf8mb4'"
           " AND (@@GLOBAL.log_bin = 0 OR @@SESSION.binlog_format = 'ROW')");
    mr_script_is_staged(s);
    mr_script_ran(s);
    s->guards = 1;
    for (size_t i = 0; i < s->plan->ntables; i++)
        lock_table(s, &s->plan->tables[i]);
    mr_script_note_sums(s);
}
