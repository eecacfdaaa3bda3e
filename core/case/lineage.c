/* lineage.c: see lineage.h. */
#include "core/case/lineage.h"

#include "core/case/case_args.h"
#include "core/case/findings_internal.h"

/* From the leaves to the root: each statement finds its rows through those that the later ones
 * delete. */
enum mr_code mr_lineage_clear(struct mr_findings *fd, struct mr_err *err)
{
    static const char *const deletes[] = {
        "DELETE FROM link WHERE reference IN (SELECT id FROM reference WHERE run=:run)",
        "DELETE FROM ancestor WHERE tbl IN (SELECT id FROM tbl WHERE run=:run)",
        "DELETE FROM reference_column WHERE reference IN"
        " (SELECT id FROM reference WHERE run=:run)",
        "DELETE FROM reference WHERE run=:run"};
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    for (size_t i = 0; code == MR_OK && i < sizeof deletes / sizeof deletes[0]; i++)
        code = MR_CASE_ONCE(fd->cf, deletes[i], err, MR_ARG_INT("run", fd->run));
    return mr_findings_end(fd, code, err);
}

/* A parent that is no table of the run has no columns here; -1 says so, since 0 would be its
 * first one. */
static enum mr_code add_columns(struct mr_findings *fd,
                                const struct mr_lineage_reference *reference, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    const bool known = reference->parent != 0;
    enum mr_code code =
        mr_case_prepare(fd->cf,
                        "INSERT INTO reference_column (reference, at, col, parent_col)"
                        " VALUES (:reference, :at, :col, :parent_col)",
                        &stmt, err);
    for (size_t i = 0; code == MR_OK && i < reference->ncolumns; i++)
        code = MR_CASE_RUN(
            stmt, err, MR_ARG_INT("reference", reference->id), MR_ARG_INT("at", i),
            MR_ARG_INT("col", reference->columns[i]),
            MR_ARG_INT("parent_col", known ? (int64_t)reference->parent_columns[i] : -1));
    mr_case_free(stmt);
    return code;
}

/* A reference and its columns come together or not at all: half a reference would be followed by
 * the wrong columns. */
enum mr_code mr_lineage_reference_add(struct mr_findings *fd,
                                      struct mr_lineage_reference *reference, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = MR_CASE_ONCE(
        fd->cf,
        "INSERT INTO reference (run, tbl, parent, parent_name, name, declared, condition,"
        " condition_at) VALUES (:run, :tbl, nullif(:parent, 0), :parent_name, :name,"
        " :declared, :condition, :condition_at)",
        err, MR_ARG_INT("run", fd->run), MR_ARG_INT("tbl", reference->table),
        MR_ARG_INT("parent", reference->parent), MR_ARG_TEXT("parent_name", reference->parent_name),
        MR_ARG_TEXT("name", reference->name), MR_ARG_INT("declared", reference->declared),
        MR_ARG_TEXT("condition", reference->condition),
        MR_ARG_INT("condition_at", reference->condition_at));
    reference->id = mr_case_last_id(fd->cf);
    if (code == MR_OK)
        code = add_columns(fd, reference, err);
    return mr_findings_end(fd, code, err);
}

struct column {
    size_t child, parent;
};

static const struct mr_case_field column_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD_AS("col", struct column, child, MR_CASE_INT),
                 MR_CASE_FIELD_AS("parent_col", struct column, parent, MR_CASE_INT));

static enum mr_code load_columns(struct mr_findings *fd, struct mr_arena *arena,
                                 struct mr_lineage_reference *reference, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_vec list = MR_VEC_INIT(struct column);
    enum mr_code code = MR_CASE_PREPARE(fd->cf,
                                        "SELECT col, parent_col FROM reference_column"
                                        " WHERE reference=:reference ORDER BY at",
                                        &stmt, err, MR_ARG_INT("reference", reference->id));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(column_fields), arena, &list, err);
    size_t *child = mr_arena_calloc(arena, list.count + 1, sizeof *child);
    size_t *parent = mr_arena_calloc(arena, list.count + 1, sizeof *parent);
    if (code == MR_OK && (child == NULL || parent == NULL))
        code = mr_err_nomem(err, "reading the case file");
    for (size_t i = 0; code == MR_OK && i < list.count; i++) {
        const struct column *column = mr_vec_at(&list, i);
        child[i] = column->child;
        parent[i] = column->parent;
    }
    reference->ncolumns = list.count;
    reference->columns = child;
    reference->parent_columns = parent;
    mr_vec_release(&list);
    mr_case_free(stmt);
    return code;
}

#define REFERENCE_AS(name, member, type)                                                           \
    MR_CASE_FIELD_AS(name, struct mr_lineage_reference, member, MR_CASE_##type)
#define REFERENCE(member, type) REFERENCE_AS(#member, member, type)

static const struct mr_case_field reference_fields[] =
    MR_CASE_LIST(REFERENCE(id, INT), REFERENCE_AS("tbl", table, INT), REFERENCE(parent, INT),
                 REFERENCE(parent_name, TEXT), REFERENCE(name, TEXT), REFERENCE(declared, FLAG),
                 REFERENCE(condition, TEXT), REFERENCE(condition_at, SMALL));

/* Appended to what the vector has: only the new ones have their columns read. */
enum mr_code mr_lineage_references(struct mr_findings *fd, struct mr_arena *arena,
                                   struct mr_vec *references, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    const size_t before = references->count;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(
        fd->cf,
        "SELECT id, tbl, parent, parent_name, name, declared, condition, condition_at"
        " FROM reference WHERE run=:run ORDER BY id",
        &stmt, err, MR_ARG_INT("run", fd->run)));
    MR_TRY_OUT(mr_case_fields_all(stmt, MR_CASE_FIELDS(reference_fields), arena, references, err));
    for (size_t i = before; i < references->count; i++)
        MR_TRY_OUT(load_columns(fd, arena, mr_vec_at(references, i), err));
out:
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* ---- rows ---- */

/*
 * Findings by key.  The `+` keeps SQLite from the index over states, by which each search reads all
 * findings of the table.
 */
#define BY_KEY(row)                                                                                \
    "SELECT id FROM finding WHERE tbl=:tbl AND key=:key AND +state=2 AND " row                     \
    " IS NOT NULL LIMIT 1"

static const char *const by_key_sql[] = {BY_KEY("source"), BY_KEY("target")};

struct saver {
    struct mr_findings *fd;
    int side;
    struct mr_case_stmt *find, *add_ancestor, *find_ancestor, *add_link;
};

static void saver_release(struct saver *s)
{
    mr_case_free(s->find);
    mr_case_free(s->add_ancestor);
    mr_case_free(s->find_ancestor);
    mr_case_free(s->add_link);
}

static enum mr_code prepare_find(struct saver *s, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->find, by_key_sql[s->side]},
        {&s->find_ancestor, "SELECT id FROM ancestor WHERE tbl=:tbl AND side=:side AND key=:key"}};
    return mr_case_prepare_all(s->fd->cf, list, sizeof list / sizeof list[0], err);
}

static enum mr_code saver_prepare(struct saver *s, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->add_ancestor, "INSERT OR IGNORE INTO ancestor (tbl, side, key, identity,"
                           " image) VALUES (:tbl, :side, :key, :identity, :image)"},
        {&s->add_link, "INSERT OR IGNORE INTO link (side, child, reference, parent)"
                       " VALUES (:side, :child, :reference, :parent)"}};
    enum mr_code code = prepare_find(s, err);
    return code == MR_OK ? mr_case_prepare_all(s->fd->cf, list, sizeof list / sizeof list[0], err)
                         : code;
}

/* Runs a SELECT of one id; 0: no row. */
static enum mr_code get_id(struct mr_case_stmt *stmt, const struct mr_case_arg *args, size_t count,
                           int64_t *id, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = mr_case_ask_with(stmt, args, count, &row, err);
    *id = code == MR_OK && row ? mr_case_int(stmt, 0) : 0;
    mr_case_reset(stmt);
    return code;
}

static enum mr_code find_by_key(struct saver *s, int64_t table, struct mr_key key, int64_t *node,
                                struct mr_err *err)
{
    return get_id(s->find, MR_CASE_ARGS(MR_ARG_INT("tbl", table), MR_ARG_BYTES("key", key)), node,
                  err);
}

static enum mr_code find_ancestor(struct saver *s, int64_t table, struct mr_key key, int64_t *node,
                                  struct mr_err *err)
{
    enum mr_code code = get_id(s->find_ancestor,
                               MR_CASE_ARGS(MR_ARG_INT("tbl", table), MR_ARG_INT("side", s->side),
                                            MR_ARG_BYTES("key", key)),
                               node, err);
    *node = -*node;
    return code;
}

static enum mr_code add_ancestor(struct saver *s, const struct mr_lineage_row *row,
                                 struct mr_err *err)
{
    return MR_CASE_RUN(s->add_ancestor, err, MR_ARG_INT("tbl", row->table),
                       MR_ARG_INT("side", s->side), MR_ARG_BYTES("key", row->key),
                       MR_ARG_BLOB("identity", row->identity, row->identity_len),
                       MR_ARG_BLOB("image", row->image, row->image_len));
}

/* The row's node; it is added as an ancestor where the case does not know it. */
static enum mr_code node_of(struct saver *s, const struct mr_lineage_row *row, int64_t *node,
                            struct mr_err *err)
{
    enum mr_code code = find_by_key(s, row->table, row->key, node, err);
    if (code == MR_OK && *node == 0 && row->by_image)
        code = mr_lineage_find_image(s->fd, s->side, row, node, err);
    if (code != MR_OK || *node != 0)
        return code;
    code = add_ancestor(s, row, err);
    return code == MR_OK ? find_ancestor(s, row->table, row->key, node, err) : code;
}

enum mr_code mr_lineage_nodes(struct mr_findings *fd, int64_t table, int side,
                              const struct mr_key *keys, size_t count, int64_t *nodes,
                              struct mr_err *err)
{
    struct saver s = {.fd = fd, .side = side};
    /* outside of a transaction each search would lock and unlock the file */
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = prepare_find(&s, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        code = find_by_key(&s, table, keys[i], &nodes[i], err);
        if (code == MR_OK && nodes[i] == 0)
            code = find_ancestor(&s, table, keys[i], &nodes[i], err);
    }
    saver_release(&s);
    return mr_findings_end(fd, code, err);
}

static enum mr_code add_link(struct saver *s, const struct mr_lineage_step *step, int64_t parent,
                             struct mr_err *err)
{
    return MR_CASE_RUN(s->add_link, err, MR_ARG_INT("side", s->side),
                       MR_ARG_INT("child", step->child), MR_ARG_INT("reference", step->reference),
                       MR_ARG_INT("parent", parent));
}

enum mr_code mr_lineage_save(struct mr_findings *fd, int side, const struct mr_lineage_step *steps,
                             size_t count, struct mr_err *err)
{
    struct saver s = {.fd = fd, .side = side};
    const struct mr_lineage_row *last = NULL;
    int64_t last_node = 0;
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = saver_prepare(&s, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        int64_t parent = steps[i].node;
        if (parent == 0 && steps[i].parent != NULL) {
            if (steps[i].parent != last)
                code = node_of(&s, steps[i].parent, &last_node, err);
            last = steps[i].parent;
            parent = last_node;
        }
        if (code == MR_OK)
            code = add_link(&s, &steps[i], parent, err);
    }
    saver_release(&s);
    return mr_findings_end(fd, code, err);
}

/* nodes: NULL where nobody asks. */
static enum mr_code place(struct mr_findings *fd, int side,
                          const struct mr_lineage_row *const *rows, size_t count, int64_t *nodes,
                          struct mr_err *err)
{
    struct saver s = {.fd = fd, .side = side};
    MR_TRY(mr_findings_begin(fd, err));
    enum mr_code code = saver_prepare(&s, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        int64_t node = 0;
        code = node_of(&s, rows[i], &node, err);
        if (nodes != NULL)
            nodes[i] = node;
    }
    saver_release(&s);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_lineage_ancestors_add(struct mr_findings *fd, int side,
                                      const struct mr_lineage_row *const *rows, size_t count,
                                      struct mr_err *err)
{
    return place(fd, side, rows, count, NULL, err);
}

enum mr_code mr_lineage_place(struct mr_findings *fd, int side,
                              const struct mr_lineage_row *const *rows, size_t count,
                              int64_t *nodes, struct mr_err *err)
{
    return place(fd, side, rows, count, nodes, err);
}

enum mr_code mr_lineage_finish(struct mr_findings *fd, struct mr_err *err)
{
    MR_TRY(mr_findings_begin(fd, err));
    return mr_findings_end(fd, mr_lineage_forget_images(fd, err), err);
}

#define ANCESTOR_AS(name, member, type)                                                            \
    MR_CASE_FIELD_AS(name, struct mr_lineage_ancestor, member, MR_CASE_##type)
#define ANCESTOR_SPAN(name, member)                                                                \
    ANCESTOR_AS(name, member, START), ANCESTOR_AS(name, member##_len, LENGTH)

static const struct mr_case_field ancestor_fields[] =
    MR_CASE_LIST(ANCESTOR_AS("id", id, INT), ANCESTOR_AS("tbl", row.table, INT),
                 ANCESTOR_AS("key", row.key, BYTES), ANCESTOR_SPAN("identity", row.identity),
                 ANCESTOR_SPAN("image", row.image));

/* By pages, bounded in bytes too: ancestors may be as many as the children that differ, with an
 * image each. */
enum mr_code mr_lineage_ancestors(struct mr_findings *fd, const struct mr_lineage_page *page,
                                  struct mr_arena *arena, struct mr_vec *ancestors,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    size_t bytes = 0;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = MR_CASE_PREPARE(
        fd->cf,
        "SELECT id, tbl, key, identity, image FROM ancestor WHERE tbl=:tbl AND side=:side"
        " AND id>:after ORDER BY id LIMIT :limit",
        &stmt, err, MR_ARG_INT("tbl", page->table), MR_ARG_INT("side", page->side),
        MR_ARG_INT("after", page->after_id), MR_ARG_INT("limit", page->limit));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(ancestor_fields), err);
    while (code == MR_OK && (page->max_bytes == 0 || bytes < page->max_bytes) &&
           (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_lineage_ancestor *a = mr_vec_push(ancestors);
        code = a != NULL ? mr_case_fields_read(&map, arena, a, err)
                         : mr_err_nomem(err, "reading the case file");
        if (code == MR_OK)
            bytes += a->row.image_len;
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
