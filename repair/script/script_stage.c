/* script_stage.c: the session of a unit and its temporary tables; see script_internal.h. */
#include <inttypes.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "repair/script/script_internal.h"
#include "repair/script/script_text.h"

/* Each has a primary key: a MySQL with sql_require_primary_key takes no other table. */
static const char *const made[] = {
    "guard (step INT NOT NULL PRIMARY KEY, ok INT NOT NULL,"
    " CONSTRAINT myrecon_guard_failed CHECK (ok = 1))",
    "tree (tree INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
    "there (line INT NOT NULL PRIMARY KEY, tree INT NOT NULL)",
    "done (tree INT NOT NULL PRIMARY KEY)",
    "refused (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, tree INT NOT NULL,"
    " tbl VARCHAR(600) NOT NULL, id TEXT, why VARCHAR(600) NOT NULL)",
    "link (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, tree INT NOT NULL,"
    " other INT NOT NULL, way INT NOT NULL, mark INT NOT NULL DEFAULT 0, KEY (tree))",
    "skip (tree INT NOT NULL PRIMARY KEY)",
    "locked (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, line INT NOT NULL, held INT)",
    "aside (line INT NOT NULL PRIMARY KEY, why VARCHAR(600))",
    "hang (no INT NOT NULL AUTO_INCREMENT PRIMARY KEY, line INT NOT NULL,"
    " other INT NOT NULL, mark INT NOT NULL DEFAULT 0)",
    "apart (line INT NOT NULL PRIMARY KEY, refused INT NOT NULL)",
    "found (line INT NOT NULL PRIMARY KEY," /* the last: of undo alone */
    " left_out INT NOT NULL DEFAULT 0)",
};

static void add(struct mr_script *s, const char *text)
{
    mr_strbuf_add_str(&s->sql, text);
}

/* What is left of an earlier unit goes: as a new table, so that nothing piles up. */
static void drop(struct mr_script *s, char prefix, size_t number)
{
    add(s, "DROP TEMPORARY TABLE IF EXISTS ");
    mr_script_temp_n(s, prefix, number);
    add(s, ";\n");
}

static void session(struct mr_script *s)
{
    /* a DELETE that joins wants one, wherever its tables are */
    add(s, "USE ");
    mr_sql_ident(&s->sql, s->db);
    add(s, ";\n");
    mr_strbuf_add_fmt(&s->sql,
                      "SET NAMES utf8mb4;\n" MR_SCRIPT_STRICT
                      ", time_zone = '+00:00', autocommit = 1,"
                      " foreign_key_checks = 1, unique_checks = 1, lock_wait_timeout = %d,"
                      " innodb_lock_wait_timeout = %d, sql_safe_updates = 0, sql_big_selects = 1,"
                      " sql_select_limit = 18446744073709551615, completion_type = 0;\n"
                      "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;\n",
                      MR_SCRIPT_LOCK_WAIT_S, MR_SCRIPT_LOCK_WAIT_S);
    mr_script_spread_session(s);
    mr_script_guard(&s->sql, s->manifest, s->kind != MR_SCRIPT_VERIFY);
    size_t count = sizeof made / sizeof made[0] - (s->kind != MR_SCRIPT_UNDO);
    for (size_t i = 0; i < count; i++) {
        size_t name = strcspn(made[i], " ");
        add(s, "DROP TEMPORARY TABLE IF EXISTS ");
        mr_script_temp(s, "");
        mr_strbuf_add_fmt(&s->sql, "%.*s;\nCREATE TEMPORARY TABLE ", (int)name, made[i]);
        mr_script_temp(s, made[i]);
        add(s, " ENGINE = InnoDB DEFAULT CHARSET utf8mb4;\n");
    }
}

/* A strict server makes no ENUM or SET of members that its collation takes for one, not even
 * after one that it has. */
static void create_temp(struct mr_script *s, const struct mr_plan_table *t, char prefix,
                        size_t number)
{
    drop(s, prefix, number);
    if (s->tables[t->at].has_numbered)
        add(s, MR_SCRIPT_LOOSE ";\n");
    add(s, "CREATE TEMPORARY TABLE ");
    mr_script_temp_n(s, prefix, number);
}

static void created(struct mr_script *s, const struct mr_plan_table *t)
{
    add(s, s->tables[t->at].has_numbered ? ";\n" MR_SCRIPT_STRICT ";\n" : ";\n");
}

/* Columns of myrecon_bN. */
static bool has_before(const struct mr_script *s, const struct mr_script_insert *in, size_t column)
{
    return mr_script_is_written(in->table, column) && mr_script_has_before(s, in->table, column);
}

/* A table of rows of a plan table; `more`: columns of ours. */
static void create(struct mr_script *s, const struct mr_plan_table *t, char prefix,
                   const char *more)
{
    bool first = true;
    create_temp(s, t, prefix, t->at);
    add(s, " (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY,"
           " myrecon_tree INT NOT NULL DEFAULT 0");
    add(s, more);
    add(s, ") ENGINE = InnoDB SELECT ");
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!mr_script_is_written(t, i) || (prefix == 'b' && !mr_script_has_before(s, t, i)))
            continue;
        add(s, first ? "" : ", ");
        mr_script_column(s, t, NULL, i);
        first = false;
    }
    add(s, " FROM ");
    mr_script_live(s, t);
    add(s, " LIMIT 0");
    created(s, t);
}

/* Which rows go into a table, and which of their images. */
struct staging {
    const struct mr_plan_table *table;
    enum mr_step_op op;
    char prefix;
    bool before;
    bool marks; /* has the column myrecon_open */
    bool parts; /* and myrecon_of */
};

/* What myrecon_open says of a row. */
static uint64_t mark_of(const struct mr_script_row *row)
{
    if (row->step.op == MR_STEP_UPDATE)
        return (row->passing ? MR_SCRIPT_PASSING : 0) | (row->chained ? MR_SCRIPT_CHAINED : 0);
    return row->nth > 0 ? row->nth : row->open;
}

static void stage(struct mr_script *s, const struct staging *st)
{
    struct mr_script_insert in =
        MR_SCRIPT_INSERT(st->table, st->prefix, st->table->at,
                         st->parts   ? ", myrecon_tree, myrecon_open, myrecon_of"
                         : st->marks ? ", myrecon_tree, myrecon_open"
                                     : ", myrecon_tree");
    if (st->prefix == 'b')
        in.has = has_before;
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        if (row->step.table != st->table->at || row->step.op != st->op)
            continue;
        const struct mr_key image = st->before ? mr_script_before(s, row) : mr_script_after(s, row);
        mr_script_insert_row(s, &in, image, row->number);
        add(s, ",");
        mr_strbuf_add_fmt(&s->sql, "%" PRId64, row->step.tree);
        if (st->marks) {
            add(s, ",");
            mr_strbuf_add_uint(&s->sql, mark_of(row));
        }
        if (st->parts)
            mr_strbuf_add_fmt(&s->sql, ",%" PRId64, row->of);
        mr_script_insert_values(s, &in, image);
    }
    mr_script_insert_end(s, &in);
}

/* Rows that units to come write again, as these leave them: of one row there may be several. */
static void stage_later(struct mr_script *s, const struct mr_plan_table *t)
{
    struct mr_script_insert in = MR_SCRIPT_INSERT(t, 'f', t->at, "");
    create_temp(s, t, 'f', t->at);
    add(s, " (myrecon_no INT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
           " myrecon_row INT NOT NULL DEFAULT 0, KEY (myrecon_row)) ENGINE = InnoDB "
           "SELECT ");
    mr_script_columns(s, t, NULL);
    add(s, " FROM ");
    mr_script_live(s, t);
    add(s, " LIMIT 0");
    created(s, t);
    for (size_t i = 0; i < s->later.count; i++) {
        const struct mr_script_later *later = mr_vec_at(&s->later, i);
        if (later->table != t->at)
            continue;
        mr_script_insert_row(s, &in, later->image, later->row);
        mr_script_insert_values(s, &in, later->image);
    }
    mr_script_insert_end(s, &in);
}

#define MARKS ", myrecon_open BIGINT UNSIGNED NOT NULL DEFAULT 0"
#define PARTS ", myrecon_of INT NOT NULL DEFAULT 0"

/* Is what has to be found asked for at all?  A proof asks what stands now; what sums add up to it
 * gets from both. */
static bool is_asked(const struct mr_script *s, const struct mr_plan_table *t, char prefix)
{
    bool is = prefix != 'b' || s->kind != MR_SCRIPT_VERIFY;
    for (size_t i = 0; !is && i < s->extents.count; i++) {
        const struct mr_script_extent *e = mr_vec_at(&s->extents, i);
        is = e->table == t->at && e->any_sum;
    }
    return is;
}

/* Updates are staged twice: as they will be, and, in the columns that change, as they have to be found
 * (script_before.c). What a change is compared with stands in the script, never in what the server
 * holds by then. */
static void stage_rows(struct mr_script *s)
{
    static const struct {
        enum mr_step_op op;
        char prefix;
        bool before, marks;
    } kinds[] = {{MR_STEP_INSERT, 'i', false, true},
                 {MR_STEP_UPDATE, 'u', false, true},
                 {MR_STEP_UPDATE, 'b', true, false},
                 {MR_STEP_DELETE, 'd', true, true}};
    for (size_t t = 0; t < s->plan->ntables; t++)
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            bool parts = s->kind == MR_SCRIPT_UNDO && kinds[k].prefix == 'd';
            const struct staging st = {&s->plan->tables[t], kinds[k].op,    kinds[k].prefix,
                                       kinds[k].before,     kinds[k].marks, parts};
            if (!s->tables[t].used[st.op] || !is_asked(s, st.table, st.prefix))
                continue;
            create(s, st.table, st.prefix, st.parts ? MARKS PARTS : st.marks ? MARKS : "");
            stage(s, &st);
        }
    for (size_t t = 0; t < s->plan->ntables; t++)
        if (mr_script_has_later(s, t))
            stage_later(s, &s->plan->tables[t]);
}

/* Rows of a tree that count: an image that is passed through does not. */
void mr_script_count_trees(struct mr_script *s)
{
    bool any = false;
    add(s, "INSERT INTO ");
    mr_script_temp(s, "tree");
    add(s, "\n");
    for (size_t t = 0; t < s->plan->ntables; t++)
        for (const char *p = "iud"; *p != '\0'; p++) {
            enum mr_step_op op = mr_script_op(*p);
            if (!s->tables[t].used[op])
                continue;
            add(s, any ? " UNION ALL " : "SELECT myrecon_tree, COUNT(*) FROM (");
            add(s, "SELECT myrecon_tree FROM ");
            mr_script_temp_n(s, *p, t);
            if (*p == 'u')
                add(s, " WHERE myrecon_open & 1 = 0");
            any = true;
        }
    add(s, ") AS x GROUP BY myrecon_tree;\n");
}

/* ---- copies ---- */

static void add_index(struct mr_script *s, const struct mr_plan_table *t,
                      struct mr_plan_columns columns)
{
    if (mr_script_index(t, columns) == NULL)
        return;
    add(s, ", KEY (");
    for (size_t i = 0; i < columns.count; i++) {
        add(s, i > 0 ? ", " : "");
        mr_script_column(s, t, NULL, columns.at[i]);
    }
    add(s, ")");
}

static void select_columns(struct mr_script *s, const struct mr_plan_table *t,
                           struct mr_plan_columns columns)
{
    for (size_t i = 0; i < columns.count; i++) {
        add(s, i > 0 ? ", " : "");
        mr_script_column(s, t, NULL, columns.at[i]);
    }
}

/* Is the row of these kinds, and what is to stand in the end? */
static bool counts(const struct mr_script_row *row, const char *kinds)
{
    for (const char *p = kinds; *p != '\0'; p++)
        if (row->step.op == mr_script_op(*p))
            return row->step.op != MR_STEP_UPDATE || !row->passing;
    return false;
}

/* Of a plan table; NULL: of all. */
static size_t count_rows(const struct mr_script *s, const struct mr_plan_table *t,
                         const char *kinds)
{
    size_t n = 0;
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        n += (t == NULL || row->step.table == t->at) && counts(row, kinds);
    }
    return n;
}

/* Copies columns of the staged rows of a table, of these kinds, into a table of their own. */
static void copy(struct mr_script *s, char prefix, size_t number, const struct mr_plan_table *t,
                 struct mr_plan_columns columns, const char *from)
{
    create_temp(s, t, prefix, number);
    add(s, " (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY,"
           " myrecon_tree INT NOT NULL DEFAULT 0");
    add_index(s, t, columns);
    add(s, ") ENGINE = InnoDB");
    bool any = false;
    for (const char *p = from; *p != '\0'; p++) {
        enum mr_step_op op = mr_script_op(*p);
        if (!s->tables[t->at].used[op])
            continue;
        add(s, any ? " UNION ALL " : " ");
        add(s, "SELECT myrecon_row, myrecon_tree, ");
        select_columns(s, t, columns);
        add(s, " FROM ");
        mr_script_temp_n(s, *p, t->at);
        if (*p == 'u')
            add(s, " WHERE myrecon_open & 1 = 0");
        any = true;
    }
    created(s, t);
    mr_script_expect(s, prefix, number, count_rows(s, t, from), NULL);
}

static void stage_copies(struct mr_script *s)
{
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        if (mr_script_is_used(s, r->parent) && mr_script_is_used(s, r->child) &&
            mr_script_copy_of(s, i) == i)
            copy(s, 'k', i, &s->plan->tables[r->parent], r->to, "iud");
    }
    for (size_t t = 0; t < s->plan->ntables; t++)
        if (s->plan->tables[t].key.count > 0 &&
            (s->tables[t].used[MR_STEP_UPDATE] || s->tables[t].used[MR_STEP_DELETE]))
            copy(s, 'x', t, &s->plan->tables[t], s->plan->tables[t].key, "ud");
}

/* ---- who rows refer to ---- */

/* What undo tells a parent from a stranger by. */
static bool tells_stranger(const struct mr_plan_table *p, size_t column)
{
    return mr_script_is_written(p, column) &&
           (column == p->time_at ||
            (mr_script_has_name(p) && mr_plan_columns_has(&p->named_by, column)));
}

/* What a parent is known by beside what is referred to: its name, or all of it. */
static bool makes_known(const struct mr_script *s, size_t at, size_t column)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    if (mr_plan_columns_has(&r->to, column))
        return false;
    if (s->kind == MR_SCRIPT_UNDO ? tells_stranger(p, column)
                                  : mr_plan_columns_has(&p->named_by, column))
        return true;
    return (s->nameless[at] && mr_script_is_written(p, column) &&
            !mr_script_is_opened(s, p, column));
}

static bool has_known(const struct mr_script *s, const struct mr_script_insert *in, size_t column)
{
    return mr_plan_columns_has(&s->plan->references[in->number].to, column) ||
           makes_known(s, in->number, column);
}

void mr_script_create_of(struct mr_script *s, const struct mr_script_insert *in,
                         struct mr_plan_columns index, const char *ours)
{
    const struct mr_plan_table *t = in->table;
    bool any = false;
    create_temp(s, t, in->prefix, in->number);
    add(s, " (myrecon_row INT NOT NULL DEFAULT 0 PRIMARY KEY");
    add(s, ours);
    add_index(s, t, index);
    add(s, ") ENGINE = InnoDB SELECT ");
    for (size_t i = 0; i < t->pair->find.ncolumns; i++) {
        if (!in->has(s, in, i))
            continue;
        add(s, any ? ", " : "");
        mr_script_column(s, t, NULL, i);
        any = true;
    }
    add(s, " FROM ");
    mr_script_live(s, t);
    add(s, " LIMIT 0");
    created(s, t);
}

static void stage_parents_of(struct mr_script *s, size_t at)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    const struct mr_plan_table *p = &s->plan->tables[r->parent];
    struct mr_script_insert in = MR_SCRIPT_INSERT(p, 'e', at, ", myrecon_planned");
    size_t n = 0;
    in.has = has_known;
    mr_script_create_of(s, &in, r->to, ", myrecon_planned INT NOT NULL DEFAULT 0");
    for (size_t k = 0; k < s->parents.count; k++) {
        const struct mr_script_parent *parent = mr_vec_at(&s->parents, k);
        if (parent->reference != at)
            continue;
        mr_script_insert_row(s, &in, parent->image, ++n);
        mr_strbuf_add_fmt(&s->sql, ",%d", (int)parent->origin);
        mr_script_insert_values(s, &in, parent->image);
    }
    mr_script_insert_end(s, &in);
}

/* For the keys of parents to which no index leads. */
static void stage_keys_of(struct mr_script *s, const struct mr_plan_table *p)
{
    create_temp(s, p, 'l', p->at);
    add(s, " (myrecon_no INT NOT NULL AUTO_INCREMENT PRIMARY KEY,"
           " myrecon_row INT NOT NULL DEFAULT 0) ENGINE = InnoDB SELECT ");
    select_columns(s, p, p->key);
    add(s, " FROM ");
    mr_script_live(s, p);
    add(s, " LIMIT 0");
    created(s, p);
}

static void stage_parents(struct mr_script *s)
{
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        const struct mr_plan_table *p = &s->plan->tables[r->parent];
        if (!mr_script_has_outer_parents(s, i))
            continue;
        stage_parents_of(s, i);
        if (mr_script_index(p, r->to) == NULL && p->key.count > 0)
            stage_keys_of(s, p);
    }
}

void mr_script_stage(struct mr_script *s)
{
    add(s, "-- stage\n");
    mr_strbuf_reset(&s->staged);
    s->pieces = 0;
    session(s);
    stage_rows(s);
    mr_script_count_trees(s);
    if (s->kind == MR_SCRIPT_VERIFY)
        return;
    mr_script_stage_sums(s);
    stage_copies(s);
    stage_parents(s);
    for (size_t i = 0; i < s->plan->nreferences; i++)
        if (mr_script_leaves(s, i))
            mr_script_stage_leaving(s, i);
}

/* A client that goes on after an error would judge by half of the rows, and find nothing wrong
 * with the other half. */
void mr_script_is_staged(struct mr_script *s)
{
    static const char *const empty[] = {"there", "done", "skip", "link"};
    mr_strbuf_add(&s->sql, s->staged.ptr, s->staged.len);
    s->sql.failed |= s->staged.failed;
    if (s->pieces > 0)
        mr_strbuf_add_fmt(&s->sql, "\n    AND @myrecon_pieces = %zu", s->pieces);
    add(s, "\n    AND (SELECT COALESCE(SUM(n), 0) FROM ");
    mr_script_temp(s, "tree");
    mr_strbuf_add_fmt(&s->sql, ") = %zu", count_rows(s, NULL, "iud"));
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        add(s, "\n    AND NOT EXISTS (SELECT 1 FROM ");
        mr_script_temp(s, empty[i]);
        add(s, ")");
    }
}
