/* verify_block.c: the blocks of new ids: nothing unplanned stands in them, and nothing
 * refers to an id of them that is nobody's; see verify_internal.h.
 *
 * As many rows in the block as there are planned ones, each of which was found: then there
 * is no other.  Only where there are more, keys are compared one by one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "repair/verify/verify_internal.h"

#define NAMED_MAX 1000 /* references to nobody that are reported, for each reference */

/* The first id behind the block. */
static uint64_t end_of(const struct mr_planned_table *t)
{
    uint64_t step = t->id_step > 0 ? t->id_step : 1, size, end;
    return __builtin_mul_overflow(step, t->nids, &size) ||
                   __builtin_add_overflow(t->first_id, size, &end)
               ? UINT64_MAX
               : end;
}

static bool has_block(const struct mr_verify_table *table)
{
    return table->image != NULL && table->planned->nids > 0 && table->planned->counter != NULL &&
           table->key.count > 0;
}

static void add_between(struct mr_strbuf *sql, const struct mr_strbuf *value,
                        const struct mr_planned_table *t)
{
    sql->failed |= value->failed;
    mr_strbuf_add_fmt(sql, "%s >= %" PRIu64 " AND %s < %" PRIu64, value->ptr, t->first_id,
                      value->ptr, end_of(t));
}

static void add_within(struct mr_strbuf *sql, const struct mr_planned_table *t)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    mr_sql_ident(&key, t->counter);
    add_between(sql, &key, t);
    mr_strbuf_release(&key);
}

/* ---- rows ---- */

static enum mr_code count_rows(struct mr_verify *v, const struct mr_verify_table *table,
                               uint64_t *rows, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT COUNT(*) FROM ");
    mr_sql_table(&sql, table->spec.db, table->spec.table);
    mr_strbuf_add_str(&sql, " WHERE ");
    add_within(&sql, table->planned);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(v->db, sql.ptr, &text, err);
    if (code == MR_OK)
        *rows = strtoull(text.ptr, NULL, 10);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&text);
    return code;
}

struct naming {
    struct mr_verify *v;
    struct mr_verify_table *table;
    struct mr_vec planned; /* struct mr_digest of keys; sorted */
    struct mr_strbuf key;
};

static enum mr_code take_planned(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    struct naming *n = ctx;
    if (!line->is_new || strcmp(line->table, n->table->planned->table) != 0)
        return MR_OK;
    struct mr_digest *digest = mr_vec_push(&n->planned);
    if (digest == NULL)
        return mr_err_nomem(err, "verifying new ids");
    *digest = mr_digest_bytes(line->target_key.ptr, line->target_key.len);
    return MR_OK;
}

/* Compared by key alone: a planned row that the application has edited is no stranger. */
static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct naming *n = ctx;
    mr_strbuf_reset(&n->key);
    for (size_t i = 0; i < n->table->key.count; i++)
        MR_TRY(mr_row_encode(&n->key, &values[i], err));
    MR_TRY(mr_strbuf_check(&n->key, "reading a key", err));
    struct mr_digest digest = mr_digest_bytes(n->key.ptr, n->key.len);
    if (n->planned.count > 0 && bsearch(&digest, n->planned.items, n->planned.count, sizeof digest,
                                        mr_digest_compare) != NULL)
        return MR_OK;
    const struct mr_proof_finding finding = {.table = n->table->planned,
                                             .image = n->table->image,
                                             .proof = MR_PROOF_UNPLANNED,
                                             .key = {n->key.ptr, n->key.len}};
    return mr_verify_tell(n->v, n->table, &finding, err);
}

/* A read of the key's columns alone. */
static enum mr_code key_columns(struct mr_verify *v, const struct mr_verify_table *table,
                                struct mr_readspec *spec, struct mr_err *err)
{
    struct mr_readcol *cols = mr_arena_calloc(v->run->arena, table->key.count + 1, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "verifying new ids");
    for (size_t i = 0; i < table->key.count; i++)
        cols[i] = table->spec.cols[table->key.at[i]];
    *spec = table->spec;
    spec->cols = cols;
    spec->ncols = table->key.count;
    spec->nkey = 0;
    spec->store = false;
    return MR_OK;
}

/* Keys of the plan are kept as digests, 16 bytes each: a block may have millions. */
static enum mr_code name_rows(struct mr_verify *v, struct mr_verify_table *table,
                              struct mr_err *err)
{
    struct naming n = {
        .v = v, .table = table, .planned = MR_VEC_INIT(struct mr_digest), .key = MR_STRBUF_INIT};
    struct mr_strbuf where = MR_STRBUF_INIT;
    struct mr_readspec spec;
    enum mr_code code = mr_entity_file_read(v->path, take_planned, &n, err);
    if (n.planned.count > 1)
        qsort(n.planned.items, n.planned.count, sizeof(struct mr_digest), mr_digest_compare);
    if (code == MR_OK)
        code = key_columns(v, table, &spec, err);
    add_within(&where, table->planned);
    if (code == MR_OK)
        code = mr_strbuf_check(&where, "building a query", err);
    if (code == MR_OK) {
        spec.where = where.ptr;
        code = mr_reader_scan(v->reader, &spec, (struct mr_range){0}, 0, take_row, &n, err);
    }
    mr_strbuf_release(&where);
    mr_strbuf_release(&n.key);
    mr_vec_release(&n.planned);
    return code;
}

static enum mr_code check_rows(struct mr_verify *v, struct mr_verify_table *table,
                               struct mr_err *err)
{
    uint64_t rows = 0;
    enum mr_code code = count_rows(v, table, &rows, err);
    return code == MR_OK && rows != table->new_found ? name_rows(v, table, err) : code;
}

/* ---- references ---- */

/* The column of the child that holds the parent's counter; their number: there is none. */
static size_t counter_column(const struct mr_planned_reference *r,
                             const struct mr_planned_table *parent)
{
    for (size_t i = 0; i < r->parent_columns.count && i < r->columns.count; i++)
        if (strcasecmp(r->parent_columns.items[i], parent->counter) == 0)
            return i;
    return r->columns.count;
}

/* Rows of the child that name an id of the block, where nobody has it. */
static void add_orphans(struct mr_strbuf *where, const struct mr_planned_reference *r,
                        const struct mr_verify_table *child, const struct mr_verify_table *parent,
                        size_t column)
{
    struct mr_strbuf key = MR_STRBUF_INIT, own = MR_STRBUF_INIT;
    mr_planned_sql_key(&key, r, column, "");
    add_between(where, &key, parent->planned);
    mr_sql_table(&own, child->spec.db, child->spec.table);
    mr_strbuf_add_char(&own, '.');
    if (r->condition != NULL)
        mr_strbuf_add_fmt(where, " AND (%s\n)", r->condition);
    mr_strbuf_add_str(where, " AND NOT EXISTS (SELECT 1 FROM ");
    mr_sql_table(where, parent->spec.db, parent->spec.table);
    mr_strbuf_add_str(where, " AS myrecon_parent WHERE ");
    for (size_t i = 0; i < r->columns.count && i < r->parent_columns.count; i++) {
        mr_strbuf_add_str(where, i > 0 ? " AND myrecon_parent." : "myrecon_parent.");
        mr_sql_ident(where, r->parent_columns.items[i]);
        mr_strbuf_add_str(where, " = ");
        mr_planned_sql_key(where, r, i, own.ptr);
    }
    mr_strbuf_add_char(where, ')');
    where->failed |= own.failed;
    mr_strbuf_release(&key);
    mr_strbuf_release(&own);
}

struct orphans {
    struct mr_verify *v;
    struct mr_verify_table *child;
    struct mr_strbuf key;
    const char *detail;
};

/* One that the lines have reported already would be counted twice. */
static enum mr_code take_orphan(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct orphans *o = ctx;
    mr_strbuf_reset(&o->key);
    for (size_t i = 0; i < o->child->key.count; i++)
        MR_TRY(mr_row_encode(&o->key, &values[i], err));
    if (o->child->key.count > 0 &&
        mr_verify_is_orphan(o->child, (struct mr_key){o->key.ptr, o->key.len}))
        return MR_OK;
    const struct mr_proof_finding finding = {
        .table = o->child->planned,
        .image = o->child->image,
        .proof = MR_PROOF_DANGLING,
        .key = {o->child->key.count > 0 ? o->key.ptr : NULL, o->key.len},
        .detail = o->detail};
    return mr_verify_tell(o->v, o->child, &finding, err);
}

/* A table without a key is asked for its first column, only so that rows come at all: the
 * finding then names none. */
static enum mr_code check_reference(struct mr_verify *v, struct mr_verify_table *child,
                                    const struct mr_planned_reference *r,
                                    const struct mr_verify_table *parent, size_t column,
                                    struct mr_err *err)
{
    struct orphans o = {.v = v, .child = child, .key = MR_STRBUF_INIT};
    struct mr_strbuf where = MR_STRBUF_INIT, detail = MR_STRBUF_INIT;
    struct mr_readspec spec;
    struct mr_readcol constant = child->spec.cols[0];
    enum mr_code code = key_columns(v, child, &spec, err);
    if (code == MR_OK && child->key.count == 0) {
        spec.cols = &constant;
        spec.ncols = 1;
    }
    add_orphans(&where, r, child, parent, column);
    mr_strbuf_add_fmt(&detail, "%s -> %s", r->columns.items[column], parent->planned->table);
    o.detail = detail.ptr;
    if (code == MR_OK)
        code = mr_strbuf_check(&where, "building a query", err);
    if (code == MR_OK) {
        spec.where = where.ptr;
        code =
            mr_reader_scan(v->reader, &spec, (struct mr_range){0}, NAMED_MAX, take_orphan, &o, err);
    }
    mr_strbuf_release(&where);
    mr_strbuf_release(&detail);
    mr_strbuf_release(&o.key);
    return code;
}

static enum mr_code check_references(struct mr_verify *v, struct mr_verify_table *child,
                                     struct mr_err *err)
{
    for (size_t i = 0; i < child->planned->nreferences; i++) {
        const struct mr_planned_reference *r = &child->planned->references[i];
        const struct mr_verify_table *parent = mr_verify_find(v, r->parent);
        size_t column = parent != NULL && has_block(parent) ? counter_column(r, parent->planned)
                                                            : r->columns.count;
        if (column < r->columns.count)
            MR_TRY(check_reference(v, child, r, parent, column, err));
    }
    return MR_OK;
}

/* Rows of all tables first: what is then unreadable is not asked for its references. */
enum mr_code mr_verify_blocks(struct mr_verify *v, struct mr_err *err)
{
    for (size_t i = 0; i < v->ntables; i++) {
        struct mr_verify_table *table = &v->tables[i];
        struct mr_err why = {0};
        if (!has_block(table))
            continue;
        MR_TRY(mr_verify_excuse(v, table, check_rows(v, table, &why), &why, err));
    }
    for (size_t i = 0; i < v->ntables; i++) {
        struct mr_verify_table *table = &v->tables[i];
        struct mr_err why = {0};
        if (table->image == NULL)
            continue;
        MR_TRY(mr_verify_excuse(v, table, check_references(v, table, &why), &why, err));
    }
    return MR_OK;
}
