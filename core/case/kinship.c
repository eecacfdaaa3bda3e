/* kinship.c: see kinship.h. */
#include "core/case/kinship.h"

#include "core/case/findings_internal.h"

enum mr_code mr_kin_clear(struct mr_findings *fd, struct mr_err *err)
{
    static const char *const deletes[] = {
        "DELETE FROM link WHERE reference IN (SELECT id FROM reference WHERE run=?)",
        "DELETE FROM ancestor WHERE tbl IN (SELECT id FROM tbl WHERE run=?)",
        "DELETE FROM reference_column WHERE reference IN"
        " (SELECT id FROM reference WHERE run=?)",
        "DELETE FROM reference WHERE run=?"};
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    for (size_t i = 0; code == MR_OK && i < sizeof deletes / sizeof deletes[0]; i++)
        code = mr_findings_run_int(fd, deletes[i], fd->run, err);
    return mr_findings_end(fd, code, err);
}

static enum mr_code add_columns(struct mr_findings *fd,
                                const struct mr_kin_reference *reference,
                                struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(
        fd->cf, "INSERT INTO reference_column VALUES (?,?,?,?)", &stmt, err);
    for (size_t i = 0; code == MR_OK && i < reference->ncolumns; i++) {
        mr_case_bind_int(stmt, 1, reference->id);
        mr_case_bind_int(stmt, 2, (int64_t)i);
        mr_case_bind_int(stmt, 3, (int64_t)reference->columns[i]);
        mr_case_bind_int(
            stmt, 4, reference->parent != 0 ? (int64_t)reference->parent_columns[i] : -1);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_kin_reference_add(struct mr_findings *fd,
                                  struct mr_kin_reference *reference, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_findings_prepare(
        fd,
        "INSERT INTO reference (run, tbl, parent, parent_name, name, declared, condition,"
        " condition_at) VALUES (?,?,?,?,?,?,?,?)",
        fd->run, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, reference->table);
        if (reference->parent != 0)
            mr_case_bind_int(stmt, 3, reference->parent);
        else
            mr_case_bind_null(stmt, 3);
        mr_case_bind_text(stmt, 4, reference->parent_name);
        mr_case_bind_text(stmt, 5, reference->name);
        mr_case_bind_int(stmt, 6, reference->declared);
        mr_case_bind_text(stmt, 7, reference->condition);
        mr_case_bind_int(stmt, 8, reference->condition_at);
        code = mr_case_run(stmt, err);
        reference->id = mr_case_last_id(fd->cf);
    }
    if (code == MR_OK)
        code = add_columns(fd, reference, err);
    mr_case_free(stmt);
    return mr_findings_end(fd, code, err);
}

static enum mr_code load_columns(struct mr_findings *fd, struct mr_arena *arena,
                                 struct mr_kin_reference *reference, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_vec child = MR_VEC_INIT(size_t), parent = MR_VEC_INIT(size_t);
    bool row = false;
    enum mr_code code = mr_findings_prepare(
        fd, "SELECT col, parent_col FROM reference_column WHERE reference=? ORDER BY at",
        reference->id, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        size_t *c = mr_vec_push(&child), *p = mr_vec_push(&parent);
        if (c == NULL || p == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        *c = (size_t)mr_case_int(stmt, 0);
        *p = (size_t)mr_case_int(stmt, 1);
    }
    reference->ncolumns = child.count;
    reference->columns =
        (const size_t *)mr_arena_dup(arena, child.items, child.count * sizeof(size_t));
    reference->parent_columns =
        (const size_t *)mr_arena_dup(arena, parent.items, parent.count * sizeof(size_t));
    if (code == MR_OK &&
        (reference->columns == NULL || reference->parent_columns == NULL))
        code = mr_err_nomem(err, "reading the case file");
    mr_vec_release(&child);
    mr_vec_release(&parent);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_kin_references(struct mr_findings *fd, struct mr_arena *arena,
                               struct mr_vec *references, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT id, tbl, parent, parent_name, name, declared, condition, condition_at"
        " FROM reference WHERE run=? ORDER BY id",
        fd->run, &stmt, err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_kin_reference *reference = mr_vec_push(references);
        if (reference == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        reference->id = mr_case_int(stmt, 0);
        reference->table = mr_case_int(stmt, 1);
        reference->parent = mr_case_is_null(stmt, 2) ? 0 : mr_case_int(stmt, 2);
        reference->parent_name = mr_findings_text(stmt, 3, arena, &code, err);
        reference->name = mr_findings_text(stmt, 4, arena, &code, err);
        reference->declared = mr_case_int(stmt, 5) != 0;
        reference->condition = mr_findings_text(stmt, 6, arena, &code, err);
        reference->condition_at = (int)mr_case_int(stmt, 7);
        if (code == MR_OK)
            code = load_columns(fd, arena, reference, err);
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}

/* ---- rows ---- */

/*
 * Findings by key, and by the head of their image: an index over all of it would be as big
 * as the findings; it is made when the first row asks for it.  The `+` and INDEXED BY keep
 * SQLite from the index over states, by which each search reads all findings of the table.
 */
#define BY_KEY(row)                                                                      \
    "SELECT id FROM finding WHERE tbl=?1 AND key=?2 AND +state=2 AND " row               \
    " IS NOT NULL LIMIT 1"
#define BY_IMAGE(row)                                                                    \
    "SELECT id FROM finding INDEXED BY finding_" row "_head WHERE tbl=?1 AND state=2"    \
    " AND substr(" row ",1,64)=substr(?2,1,64) AND " row "=?2 LIMIT 1"
#define INDEX_IMAGES(row)                                                                \
    "CREATE INDEX IF NOT EXISTS finding_" row "_head ON finding"                         \
    " (tbl, substr(" row ",1,64)) WHERE state=2"

static const char *const by_key_sql[] = {BY_KEY("source"), BY_KEY("target")};
static const char *const by_image_sql[] = {BY_IMAGE("source"), BY_IMAGE("target")};
static const char *const index_images_sql[] = {INDEX_IMAGES("source"),
                                               INDEX_IMAGES("target")};

struct saver {
    struct mr_findings *fd;
    int side;
    struct mr_case_stmt *find, *find_image, *add_ancestor, *find_ancestor, *add_link;
};

static void saver_release(struct saver *s)
{
    mr_case_free(s->find);
    mr_case_free(s->find_image);
    mr_case_free(s->add_ancestor);
    mr_case_free(s->find_ancestor);
    mr_case_free(s->add_link);
}

static enum mr_code prepare_find(struct saver *s, struct mr_err *err)
{
    struct mr_case *cf = s->fd->cf;
    enum mr_code code = mr_case_prepare(cf, by_key_sql[s->side], &s->find, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf,
                               "SELECT id FROM ancestor WHERE tbl=? AND side=? AND key=?",
                               &s->find_ancestor, err);
    return code;
}

static enum mr_code saver_prepare(struct saver *s, struct mr_err *err)
{
    struct mr_case *cf = s->fd->cf;
    enum mr_code code = prepare_find(s, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf,
                               "INSERT OR IGNORE INTO ancestor (tbl, side, key, identity,"
                               " image) VALUES (?,?,?,?,?)",
                               &s->add_ancestor, err);
    if (code == MR_OK)
        code = mr_case_prepare(cf, "INSERT OR IGNORE INTO link VALUES (?,?,?,?)",
                               &s->add_link, err);
    return code;
}

/* Runs a SELECT of one id; 0: no row. */
static enum mr_code get_id(struct mr_case_stmt *stmt, int64_t *id, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = mr_case_step(stmt, &row, err);
    *id = code == MR_OK && row ? mr_case_int(stmt, 0) : 0;
    mr_case_reset(stmt);
    return code;
}

static enum mr_code find_by_key(struct saver *s, int64_t table, struct mr_key key,
                                int64_t *node, struct mr_err *err)
{
    mr_case_bind_int(s->find, 1, table);
    mr_case_bind_borrowed(s->find, 2, key.ptr, key.len);
    return get_id(s->find, node, err);
}

static enum mr_code find_by_image(struct saver *s, const struct mr_kin_row *row,
                                  int64_t *node, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (s->find_image == NULL) {
        code = mr_case_exec(s->fd->cf, index_images_sql[s->side], err);
        if (code == MR_OK)
            code = mr_case_prepare(s->fd->cf, by_image_sql[s->side], &s->find_image, err);
    }
    if (code != MR_OK)
        return code;
    mr_case_bind_int(s->find_image, 1, row->table);
    mr_case_bind_borrowed(s->find_image, 2, row->image, row->image_len);
    return get_id(s->find_image, node, err);
}

static enum mr_code find_ancestor(struct saver *s, int64_t table, struct mr_key key,
                                  int64_t *node, struct mr_err *err)
{
    mr_case_bind_int(s->find_ancestor, 1, table);
    mr_case_bind_int(s->find_ancestor, 2, s->side);
    mr_case_bind_borrowed(s->find_ancestor, 3, key.ptr, key.len);
    enum mr_code code = get_id(s->find_ancestor, node, err);
    *node = -*node;
    return code;
}

static enum mr_code add_ancestor(struct saver *s, const struct mr_kin_row *row,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = s->add_ancestor;
    mr_case_bind_int(stmt, 1, row->table);
    mr_case_bind_int(stmt, 2, s->side);
    mr_case_bind_borrowed(stmt, 3, row->key.ptr, row->key.len);
    if (row->identity != NULL)
        mr_case_bind_borrowed(stmt, 4, row->identity, row->identity_len);
    else
        mr_case_bind_null(stmt, 4);
    mr_case_bind_borrowed(stmt, 5, row->image, row->image_len);
    return mr_case_run(stmt, err);
}

/* The row's node; it is added as an ancestor where the case does not know it. */
static enum mr_code node_of(struct saver *s, const struct mr_kin_row *row, int64_t *node,
                            struct mr_err *err)
{
    enum mr_code code = find_by_key(s, row->table, row->key, node, err);
    if (code == MR_OK && *node == 0 && row->by_image)
        code = find_by_image(s, row, node, err);
    if (code != MR_OK || *node != 0)
        return code;
    code = add_ancestor(s, row, err);
    return code == MR_OK ? find_ancestor(s, row->table, row->key, node, err) : code;
}

enum mr_code mr_kin_nodes(struct mr_findings *fd, int64_t table, int side,
                          const struct mr_key *keys, size_t count, int64_t *nodes,
                          struct mr_err *err)
{
    struct saver s = {.fd = fd, .side = side};
    /* outside of a transaction each search would lock and unlock the file */
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = prepare_find(&s, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        code = find_by_key(&s, table, keys[i], &nodes[i], err);
        if (code == MR_OK && nodes[i] == 0)
            code = find_ancestor(&s, table, keys[i], &nodes[i], err);
    }
    saver_release(&s);
    return mr_findings_end(fd, code, err);
}

static enum mr_code add_link(struct saver *s, const struct mr_kin_step *step,
                             int64_t parent, struct mr_err *err)
{
    mr_case_bind_int(s->add_link, 1, s->side);
    mr_case_bind_int(s->add_link, 2, step->child);
    mr_case_bind_int(s->add_link, 3, step->reference);
    mr_case_bind_int(s->add_link, 4, parent);
    return mr_case_run(s->add_link, err);
}

enum mr_code mr_kin_save(struct mr_findings *fd, int side,
                         const struct mr_kin_step *steps, size_t count,
                         struct mr_err *err)
{
    struct saver s = {.fd = fd, .side = side};
    const struct mr_kin_row *last = NULL;
    int64_t last_node = 0;
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = saver_prepare(&s, err);
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

enum mr_code mr_kin_ancestors_add(struct mr_findings *fd, int side,
                                  const struct mr_kin_row *const *rows, size_t count,
                                  struct mr_err *err)
{
    struct saver s = {.fd = fd, .side = side};
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = saver_prepare(&s, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        int64_t node = 0;
        code = node_of(&s, rows[i], &node, err);
    }
    saver_release(&s);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_kin_finish(struct mr_findings *fd, struct mr_err *err)
{
    enum mr_code code = mr_findings_begin(fd, err);
    if (code != MR_OK)
        return code;
    code = mr_case_exec(fd->cf,
                        "DROP INDEX IF EXISTS finding_source_head;"
                        "DROP INDEX IF EXISTS finding_target_head",
                        err);
    return mr_findings_end(fd, code, err);
}

enum mr_code mr_kin_ancestors(struct mr_findings *fd, const struct mr_kin_page *page,
                              struct mr_arena *arena, struct mr_vec *ancestors,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    size_t bytes = 0;
    bool row = false;
    mr_case_lock(fd->cf);
    enum mr_code code = mr_findings_prepare(
        fd,
        "SELECT id, key, identity, image FROM ancestor WHERE tbl=?1 AND side=?2"
        " AND id>?3 ORDER BY id LIMIT ?4",
        page->table, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 2, page->side);
        mr_case_bind_int(stmt, 3, page->after_id);
        mr_case_bind_int(stmt, 4, (int64_t)page->limit);
    }
    while (code == MR_OK && (page->max_bytes == 0 || bytes < page->max_bytes) &&
           (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_kin_ancestor *a = mr_vec_push(ancestors);
        if (a == NULL) {
            code = mr_err_nomem(err, "reading the case file");
            break;
        }
        a->id = mr_case_int(stmt, 0);
        a->row.table = page->table;
        a->row.key.ptr = mr_findings_blob(stmt, 1, &a->row.key.len, arena, &code, err);
        a->row.identity =
            mr_findings_blob(stmt, 2, &a->row.identity_len, arena, &code, err);
        a->row.image = mr_findings_blob(stmt, 3, &a->row.image_len, arena, &code, err);
        bytes += a->row.image_len;
    }
    mr_case_free(stmt);
    mr_case_unlock(fd->cf);
    return code;
}
