/* merge_rank.c: see merge_rank.h.  Levels are Kahn's: a row's level is above those of all
 * rows that it refers to. */
#include "repair/merge/merge_rank.h"

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/merge/merge_spread.h"

static const char schema_sql[] =
    "DROP TABLE IF EXISTS temp.ins; DROP TABLE IF EXISTS temp.defer;"
    "CREATE TEMP TABLE ins (id INTEGER PRIMARY KEY, tbl INT, lvl INT, tree INT, core INT,"
    " done INT DEFAULT 0);"
    "CREATE TEMP TABLE defer (child INT, ref INT, parent INT, PRIMARY KEY (child, ref));"
    "CREATE INDEX temp.defer_parent ON defer (parent);"
    "INSERT INTO ins (id, tbl) SELECT id, tbl FROM m WHERE there IS NULL AND waits=0"
    " AND NOT EXISTS (SELECT 1 FROM mark k WHERE k.id=m.id AND k.skip)";

/* Rows whose parents have a level, or are closed later. */
static enum mr_code rank(struct mr_merge *m, int64_t *level, struct mr_err *err)
{
    static const struct mr_merge_spread levels = {
        .table = "ins",
        .takes = "ins.lvl IS NULL AND NOT EXISTS (SELECT 1 FROM link l JOIN ins p"
                 " ON p.id=l.parent WHERE l.child=ins.id AND p.id<>ins.id"
                 " AND p.lvl IS NULL AND NOT EXISTS (SELECT 1 FROM defer d"
                 " WHERE d.child=l.child AND d.ref=l.ref))",
        .write = "UPDATE ins SET lvl=:wave WHERE id IN reached",
        .way = MR_MERGE_TO_CHILDREN};
    return mr_merge_spread(m, &levels, NULL, 0, level, err);
}

/* ---- circles ---- */

/* References that may stay open for a while: no foreign key, or one that may be NULL. */
static void open_references(const struct mr_merge *m, struct mr_strbuf *list)
{
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &m->plan->references[i];
        if (r->nullable || !r->pair->edge.declared)
            mr_strbuf_add_fmt(list, "%s%zu", list->len > 0 ? ", " : "", i);
    }
}

/* Rows without a level that others without a level hang on, again and again: what is in a
 * circle, or leads from one to another. */
static enum mr_code find_core(struct mr_merge *m, struct mr_err *err)
{
    static const struct mr_merge_spread outside = {
        .table = "ins",
        .takes = "ins.core AND NOT EXISTS (SELECT 1 FROM link l JOIN ins c"
                 " ON c.id=l.child WHERE l.parent=ins.id AND l.parent>0 AND c.core AND "
                 "c.id<>ins.id)",
        .write = "UPDATE ins SET core=0 WHERE id IN reached",
        .way = MR_MERGE_TO_PARENTS};
    enum mr_code code = mr_case_once_with(m->cf, "UPDATE ins SET core=(lvl IS NULL)", NULL, 0, err);
    return code == MR_OK ? mr_merge_spread(m, &outside, NULL, 0, NULL, err) : code;
}

/* Gives a level to rows of circles: those with the least number among what they refer to
 * in the circle; or (any) to one row that can be. */
static enum mr_code break_rows(struct mr_merge *m, const char *open, int64_t level, bool any,
                               int64_t *changed, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&sql,
                      "UPDATE ins SET lvl=:level WHERE id IN (SELECT c.id FROM ins c WHERE"
                      " c.core AND c.lvl IS NULL AND NOT EXISTS (SELECT 1 FROM link l"
                      " JOIN ins p ON p.id=l.parent WHERE l.child=c.id AND p.id<>c.id"
                      " AND p.lvl IS NULL AND (l.ref NOT IN (%s)"
                      " OR (NOT :any AND p.core AND p.id<c.id))) ORDER BY c.id LIMIT"
                      " CASE WHEN :any THEN 1 ELSE -1 END)",
                      open);
    enum mr_code code = mr_strbuf_check(&sql, "ordering rows", err);
    if (code == MR_OK)
        code = MR_CASE_CHANGE(m->cf, sql.ptr, changed, err, MR_ARG_INT("level", level),
                              MR_ARG_INT("any", any));
    mr_strbuf_release(&sql);
    return code;
}

/* As few references as can be are left open: rows that only smaller ones of the circle hold back go
 * first, and where there are none, any one that can. */
static enum mr_code break_circles(struct mr_merge *m, int64_t level, struct mr_err *err)
{
    struct mr_strbuf open = MR_STRBUF_INIT;
    int64_t changed = 0;
    open_references(m, &open);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(find_core(m, err));
    MR_TRY_OUT(break_rows(m, open.ptr, level, false, &changed, err));
    if (changed == 0)
        MR_TRY_OUT(break_rows(m, open.ptr, level, true, &changed, err));
    if (changed == 0)
        MR_TRY_OUT(mr_err_set(err, MR_E_BUG, "rows to be inserted have no order"));
    MR_TRY_OUT(MR_CASE_ONCE(m->cf,
                            "INSERT OR IGNORE INTO defer SELECT l.child, l.ref, l.parent"
                            " FROM ins c JOIN link l ON l.child=c.id JOIN ins p ON"
                            " p.id=l.parent WHERE c.lvl=:level AND p.id<>c.id AND"
                            " (p.lvl IS NULL OR p.lvl=:level)",
                            err, MR_ARG_INT("level", level)));
out:
    mr_strbuf_release(&open);
    return code;
}

/* A level that broke a circle is its own, so that no row stands beside one that it refers to. */
static enum mr_code rank_rows(struct mr_merge *m, struct mr_err *err)
{
    int64_t left = 1, level = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        code = rank(m, &level, err);
        if (code == MR_OK)
            code = mr_case_number_with(m->cf, "SELECT count(*) FROM ins WHERE lvl IS NULL", NULL, 0,
                                       &left, err);
        if (code != MR_OK || left == 0)
            break;
        code = break_circles(m, level++, err);
    }
    return code;
}

/* ---- trees ---- */

struct row {
    int64_t id, tbl;
};

#define ROW(member) MR_CASE_FIELD(struct row, member, MR_CASE_INT)
static const struct mr_case_field row_fields[] = MR_CASE_LIST(ROW(id), ROW(tbl));

/* Parents come before children in this order, so that a tree is known when it is asked for. */
static enum mr_code plant(struct mr_merge *m, struct mr_case_stmt *rows,
                          struct mr_case_stmt *parents, struct mr_case_stmt *set,
                          struct mr_err *err)
{
    struct mr_case_fields map;
    struct row row;
    int64_t trees = 0;
    bool more = false, found = false;
    enum mr_code code = mr_case_fields_open(&map, rows, MR_CASE_FIELDS(row_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &row, &more, err)) == MR_OK &&
           more) {
        const struct mr_plan_table *t = &m->plan->tables[row.tbl];
        int64_t tree = 0;
        if (t->pair->find.subject == MR_SUBJECT_NO) {
            code = MR_CASE_ASK(parents, &found, err, MR_ARG_INT("id", row.id));
            tree = code == MR_OK && found ? mr_case_int(parents, 0) : 0;
            mr_case_reset(parents);
        }
        tree = tree != 0 ? tree : ++trees;
        if (code == MR_OK)
            code = MR_CASE_RUN(set, err, MR_ARG_INT("id", row.id), MR_ARG_INT("tree", tree));
    }
    return code;
}

static enum mr_code find_trees(struct mr_merge *m, struct mr_err *err)
{
    struct mr_case_stmt *rows = NULL, *parents = NULL, *set = NULL;
    const struct mr_case_sql list[] = {
        {&rows, "SELECT id, tbl FROM ins_order ORDER BY rowid"},
        {&parents, "SELECT max(p.tree) FROM link l JOIN ins p ON p.id=l.parent"
                   " WHERE l.child=:id AND NOT EXISTS (SELECT 1 FROM defer d"
                   " WHERE d.child=l.child AND d.ref=l.ref)"},
        {&set, "UPDATE ins SET tree=:tree WHERE id=:id"},
    };
    enum mr_code code =
        mr_case_exec(m->cf,
                     "DROP TABLE IF EXISTS temp.ins_order; CREATE TEMP TABLE ins_order AS"
                     " SELECT id, tbl FROM ins ORDER BY lvl, tbl, id",
                     err);
    if (code == MR_OK)
        code = mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err);
    if (code == MR_OK)
        code = plant(m, rows, parents, set, err);
    mr_case_free(rows);
    mr_case_free(parents);
    mr_case_free(set);
    return code;
}

enum mr_code mr_merge_rank(struct mr_merge *m, struct mr_err *err)
{
    MR_TRY(mr_case_exec(m->cf, schema_sql, err));
    MR_TRY(rank_rows(m, err));
    MR_TRY(find_trees(m, err));
    /* sorted at once, which costs less than row by row */
    return mr_case_exec(m->cf, "CREATE INDEX temp.ins_tree ON ins (tree, lvl, id)", err);
}
