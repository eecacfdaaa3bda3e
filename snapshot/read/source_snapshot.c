/* source_snapshot.c: see source_snapshot.h. */
#include "snapshot/read/source_snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/pattern.h"
#include "snapshot/read/snap_catalogue.h"
#include "snapshot/read/snap_cursor.h"
#include "snapshot/read/snap_kept.h"
#include "snapshot/read/snap_lookup.h"
#include "snapshot/read/snap_order.h"
#include "snapshot/read/snap_value.h"

struct snap_source {
    struct mr_source base;
    struct mr_snap_store store;
    struct mr_catalogue *cat;
    struct mr_snap_kept kept;
};

struct snap_reader {
    struct mr_reader base;
    struct mr_snap_cursor cursor;
};

static struct snap_source *source_of(struct mr_reader *reader)
{
    return (struct snap_source *)reader->source;
}

static struct mr_snap_cursor *cursor_of(struct mr_reader *reader)
{
    return &((struct snap_reader *)reader)->cursor;
}

/* ---- what is read ---- */

/* One read: the table, and its rows as they are asked for. */
struct reading {
    const struct mr_readspec *spec;
    const struct mr_snap_table *table;
    struct mr_snap_cursor *cursor;
    struct mr_snap_values *values;
    struct mr_snap_values *where; /* does spec->where hold?  NULL: all rows */
    mr_row_fn *fn;
    void *ctx;
};

/* The condition as it was given, or in parentheses. */
static bool same_condition(const char *where, const char *kept)
{
    size_t len = strlen(kept);
    if (strcmp(where, kept) == 0)
        return true;
    return where[0] == '(' && strncmp(where + 1, kept, len) == 0 &&
           strcmp(where + 1 + len, ")") == 0;
}

/* One value a row: 1 where the condition holds. */
static enum mr_code condition_new(const struct mr_snap_table *table, const struct mr_table *known,
                                  const char *condition, struct mr_snap_values **out,
                                  struct mr_err *err)
{
    const struct mr_readcol col = {
        .name = condition, .expr = MR_EXPR_CONDITION, .cls = MR_CLASS_UINT};
    const struct mr_readspec spec = {
        .db = table->db, .table = table->name, .cols = &col, .ncols = 1};
    return mr_snap_values_new(table, known, &spec, out, err);
}

/* A condition that the snapshot was made with is not judged again: all of its rows fulfil it,
 * and it may be one that only a server understands. */
static enum mr_code begin(struct mr_reader *reader, struct reading *r, struct mr_err *err)
{
    const struct snap_source *s = source_of(reader);
    const struct mr_readspec *spec = r->spec;
    r->cursor = cursor_of(reader);
    r->table = mr_snap_store_table(&s->store, spec->db, spec->table);
    if (r->table == NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "snapshot \"%s\" holds no table \"%s.%s\"",
                          s->store.snap.path, spec->db, spec->table);
    const struct mr_table *known = mr_catalogue_table(s->cat, spec->db, spec->table);
    if (spec->where != NULL &&
        (r->table->where == NULL || !same_condition(spec->where, r->table->where)))
        MR_TRY(condition_new(r->table, known, spec->where, &r->where, err));
    return mr_snap_values_new(r->table, known, spec, &r->values, err);
}

static void end(struct reading *r, enum mr_code code)
{
    mr_snap_values_free(r->values);
    mr_snap_values_free(r->where);
    if (code != MR_OK && r->table != NULL)
        mr_snap_cursor_drop(r->cursor);
}

/* Gives the row where it is one of those that are asked for. */
static enum mr_code give(struct reading *r, const struct mr_value *row, uint64_t *given,
                         struct mr_err *err)
{
    const struct mr_value *values = NULL;
    enum mr_code code = MR_OK;
    if (r->where != NULL)
        code = mr_snap_values_of(r->where, row, &values, err);
    if (code != MR_OK || (r->where != NULL && values[0].u == 0))
        return code;
    ++*given;
    code = mr_snap_values_of(r->values, row, &values, err);
    return code == MR_OK ? r->fn(r->ctx, values, err) : code;
}

/* Is a part of the spec's key the part of the snapshot's? */
static bool same_part(const struct mr_readcol *read, const struct mr_snap_column *col)
{
    bool number = read->expr == MR_EXPR_NUMBER && col->by_number;
    return strcasecmp(read->name, col->name) == 0 && read->cls == col->cls &&
           (number || (read->expr == MR_EXPR_COLUMN && !col->by_number));
}

static bool has_order(const struct mr_snap_table *table, const struct mr_readspec *spec)
{
    if (table == NULL || spec->nkey != table->nkey || !mr_snap_order_is_known(table))
        return false;
    for (size_t k = 0; k < spec->nkey; k++)
        if (!same_part(&spec->cols[spec->key[k]], &table->columns[table->key[k]]))
            return false;
    return true;
}

static bool snap_has_order(struct mr_reader *reader, const struct mr_readspec *spec)
{
    return has_order(mr_snap_store_table(&source_of(reader)->store, spec->db, spec->table), spec);
}

static enum mr_code require_order(const struct mr_snap_table *table, const struct mr_readspec *spec,
                                  struct mr_err *err)
{
    if (has_order(table, spec))
        return MR_OK;
    return mr_err_set(err, MR_E_BUG, "a range of table \"%s.%s\", whose order is not known",
                      spec->db, spec->table);
}

/* ---- scan ---- */

/* The cursor stands on the row that is beyond the range, so that the next range begins with it. */
static enum mr_code walk(struct reading *r, struct mr_range range, uint64_t limit,
                         struct mr_err *err)
{
    struct mr_snap_cursor *c = r->cursor;
    enum mr_code code = mr_snap_cursor_seek(c, r->table, range.lo, false, err);
    for (uint64_t n = 0; code == MR_OK && (limit == 0 || n < limit);) {
        const struct mr_value *row = NULL;
        code = mr_snap_cursor_peek(c, range.hi, &row, err);
        if (code != MR_OK || row == NULL)
            break;
        const struct mr_key key = {c->key.ptr, c->key.len};
        if (range.hi.ptr != NULL && mr_snap_order_compare(r->table, key, range.hi) > 0)
            break;
        code = give(r, row, &n, err);
        mr_snap_cursor_take(c);
    }
    return code;
}

static enum mr_code snap_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                              struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                              struct mr_err *err)
{
    struct reading r = {.spec = spec, .fn = fn, .ctx = ctx};
    enum mr_code code = begin(reader, &r, err);
    if (code == MR_OK && (range.lo.ptr != NULL || range.hi.ptr != NULL || limit > 0))
        code = require_order(r.table, spec, err);
    if (code == MR_OK)
        code = walk(&r, range, limit, err);
    end(&r, code);
    return code;
}

static enum mr_code give_found(void *ctx, const struct mr_value *row, struct mr_err *err)
{
    uint64_t given = 0;
    return give(ctx, row, &given, err);
}

/* By key where the files are in its order; else every row is looked at. A condition besides is
 * refused there, rather than answered without it. */
static enum mr_code snap_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                               const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                               struct mr_err *err)
{
    struct reading r = {.spec = spec, .fn = fn, .ctx = ctx};
    struct mr_snap_lookup task = {.spec = spec, .keys = keys, .nkeys = nkeys, .fn = fn, .ctx = ctx};
    enum mr_code code = begin(reader, &r, err);
    if (code == MR_OK && has_order(r.table, spec)) {
        task.fn = give_found;
        task.ctx = &r;
        code = mr_snap_lookup_ordered(r.cursor, r.table, &task, err);
    } else if (code == MR_OK && r.where != NULL) {
        code = mr_err_set(err, MR_E_UNSUPPORTED,
                          "rows of a snapshot by other columns and by a condition");
    } else if (code == MR_OK) {
        code = mr_snap_lookup_all(r.cursor, r.table, r.values, &task, err);
    }
    end(&r, code);
    return code;
}

/* Cuts are ends of files: two workers never open the same one. */
static enum mr_code snap_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, size_t wanted, struct mr_arena *arena,
                                struct mr_vec *keys, struct mr_err *err)
{
    const struct mr_snap_table *t =
        mr_snap_store_table(&source_of(reader)->store, spec->db, spec->table);
    if (t == NULL || !has_order(t, spec) || t->nchunks < 2 || range.lo.ptr != NULL ||
        range.hi.ptr != NULL)
        return MR_OK;
    size_t cuts = wanted < t->nchunks - 1 ? wanted : t->nchunks - 1;
    for (size_t i = 1; i <= cuts; i++) {
        struct mr_key end_of = t->chunks[i * t->nchunks / (cuts + 1) - 1].range.hi;
        const void *copy = mr_arena_dup(arena, end_of.ptr, end_of.len);
        struct mr_key *key = mr_vec_push(keys);
        if (key == NULL || copy == NULL)
            return mr_err_nomem(err, "cutting a table");
        *key = (struct mr_key){copy, end_of.len};
    }
    return MR_OK;
}

/* The key of the last row that was seen, and how many there were. */
struct last_key {
    const struct mr_readspec *spec;
    struct mr_strbuf *key;
    uint64_t rows;
};

static enum mr_code keep_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct last_key *last = ctx;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(last->key);
    for (size_t k = 0; code == MR_OK && k < last->spec->nkey; k++)
        code = mr_row_encode(last->key, &values[last->spec->key[k]], err);
    last->rows++;
    return code;
}

static enum mr_code snap_bound_after(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, uint64_t rows, struct mr_strbuf *key,
                                     struct mr_err *err)
{
    struct last_key last = {.spec = spec, .key = key};
    enum mr_code code = snap_scan(reader, spec, range, rows, keep_key, &last, err);
    if (last.rows < rows)
        mr_strbuf_reset(key);
    return code == MR_OK ? mr_strbuf_check(key, "reading a key", err) : code;
}

static enum mr_code snap_digest(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, struct mr_range_digest *out,
                                struct mr_err *err)
{
    (void)reader;
    (void)range;
    *out = (struct mr_range_digest){.rows = 0};
    return mr_err_set(err, MR_E_BUG, "a snapshot computes no digest of table \"%s.%s\"", spec->db,
                      spec->table);
}

/* ---- what it says besides rows ---- */

static struct mr_db *snap_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return NULL;
}

static enum mr_code snap_counter(struct mr_reader *reader, const struct mr_table *table,
                                 uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    const struct mr_snap_table *t =
        mr_snap_store_table(&source_of(reader)->store, table->db, table->name);
    if (t == NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "the snapshot holds no table \"%s.%s\"", table->db,
                          table->name);
    if (next != NULL)
        *next = t->auto_increment;
    if (greatest != NULL)
        *greatest = t->greatest;
    return MR_OK;
}

static enum mr_code snap_sequence(struct mr_reader *reader, const char *db, const char *name,
                                  uint64_t *next, struct mr_err *err)
{
    const struct mr_snap_manifest *m = &source_of(reader)->store.snap.manifest;
    for (size_t i = 0; i < m->nobjects; i++) {
        const struct mr_snap_object *o = &m->objects[i];
        if (o->kind != MR_OBJECT_SEQUENCE || o->value == NULL || strcmp(o->db, db) != 0 ||
            strcmp(o->name, name) != 0)
            continue;
        *next = o->value[0] != '-' ? strtoull(o->value, NULL, 10) : 0;
        return MR_OK;
    }
    return mr_err_set(err, MR_E_NO_SUCH, "the snapshot holds no sequence \"%s.%s\"", db, name);
}

/* Does "club.members" name that table? */
static bool is_name_of(const char *name, const char *db, const char *table)
{
    size_t len = strlen(db);
    return strncmp(name, db, len) == 0 && name[len] == '.' && strcmp(name + len + 1, table) == 0;
}

static enum mr_code snap_probe(struct mr_reader *reader, const char *db, const char *table,
                               const char *column, struct mr_err *err)
{
    const struct snap_source *s = source_of(reader);
    const struct mr_snap_manifest *m = &s->store.snap.manifest;
    const struct mr_table *t = mr_catalogue_table(s->cat, db, table);
    if (t != NULL && (column == NULL || mr_table_column(t, column) != NULL))
        return MR_OK;
    for (size_t i = 0; t == NULL && i < m->nleft_out; i++)
        if (strcmp(m->left_out[i].kind, "table") == 0 && is_name_of(m->left_out[i].name, db, table))
            return mr_err_set(err, MR_E_DENIED, "snapshot \"%s\" could not keep it: %s",
                              s->store.snap.path, m->left_out[i].reason);
    return mr_err_set(err, MR_E_NO_SUCH, "the snapshot holds no table \"%s.%s\"", db, table);
}

static const struct mr_kept *snap_kept(const struct mr_source *src, const char *db,
                                       const char *table)
{
    const struct snap_source *s = (const struct snap_source *)src;
    const struct mr_snap_table *t = mr_snap_store_table(&s->store, db, table);
    return t != NULL ? &s->kept.tables[t - s->store.snap.manifest.tables] : NULL;
}

/* Ranges are chunks, in their order. */
static enum mr_code snap_prove(struct mr_source *src, const char *db, const char *table,
                               size_t range, struct mr_err *err)
{
    struct snap_source *s = (struct snap_source *)src;
    const struct mr_snap_table *t = mr_snap_store_table(&s->store, db, table);
    if (t == NULL || range >= t->nchunks)
        return mr_err_set(err, MR_E_BUG, "a snapshot holds no such part of table \"%s.%s\"", db,
                          table);
    return mr_snap_store_prove(&s->store, t, range, err);
}

static bool snap_chooses(const struct mr_source *src, const char *db, const char *name)
{
    const struct snap_source *s = (const struct snap_source *)src;
    const struct mr_snap_manifest *m = &s->store.snap.manifest;
    return mr_pattern_selects(m->only.items, m->only.count, m->except.items, m->except.count, db,
                              name);
}

static enum mr_code snap_can_judge(const struct mr_source *src, const char *db, const char *table,
                                   const char *condition, struct mr_err *err)
{
    const struct snap_source *s = (const struct snap_source *)src;
    const struct mr_snap_table *t = mr_snap_store_table(&s->store, db, table);
    struct mr_snap_values *where = NULL;
    enum mr_code code =
        t != NULL ? condition_new(t, mr_catalogue_table(s->cat, db, table), condition, &where, err)
                  : MR_OK;
    mr_snap_values_free(where);
    return code;
}

static const struct mr_left_out *snap_left_out(const struct mr_source *src, size_t *count)
{
    const struct snap_source *s = (const struct snap_source *)src;
    *count = s->kept.nleft_out;
    return s->kept.left_out;
}

static const char *const *snap_databases(const struct mr_source *src, size_t *count, bool *whole)
{
    const struct snap_source *s = (const struct snap_source *)src;
    *count = s->kept.ndbs;
    *whole = s->kept.whole;
    return s->kept.dbs;
}

/* ---- the source ---- */

static void snap_reader_free(struct mr_reader *reader)
{
    mr_snap_cursor_release(cursor_of(reader));
    free(reader);
}

static enum mr_code snap_reader_new(struct mr_source *src, struct mr_reader **out,
                                    struct mr_err *err)
{
    struct snap_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return mr_err_nomem(err, "opening a snapshot");
    reader->base.source = src;
    mr_snap_cursor_init(&reader->cursor, &((struct snap_source *)src)->store);
    *out = &reader->base;
    return MR_OK;
}

static bool is_named(const char *const *dbs, size_t ndbs, const char *name)
{
    size_t i = 0;
    while (i < ndbs && strcmp(dbs[i], name) != 0)
        i++;
    return ndbs == 0 || i < ndbs;
}

/* Keeps what belongs to the databases. */
static enum mr_code narrow(struct mr_catalogue *cat, const char *const *dbs, size_t ndbs,
                           struct mr_err *err)
{
    struct mr_database *d = mr_arena_calloc(&cat->arena, cat->ndbs + 1, sizeof *d);
    struct mr_table *t = mr_arena_calloc(&cat->arena, cat->ntables + 1, sizeof *t);
    struct mr_object *o = mr_arena_calloc(&cat->arena, cat->nobjects + 1, sizeof *o);
    size_t nd = 0, nt = 0, no = 0;
    if (d == NULL || t == NULL || o == NULL)
        return mr_err_nomem(err, "reading the catalogue");
    for (size_t i = 0; i < cat->ndbs; i++)
        if (is_named(dbs, ndbs, cat->dbs[i].name))
            d[nd++] = cat->dbs[i];
    for (size_t i = 0; i < cat->ntables; i++)
        if (is_named(dbs, ndbs, cat->tables[i].db))
            t[nt++] = cat->tables[i];
    for (size_t i = 0; i < cat->nobjects; i++)
        if (is_named(dbs, ndbs, cat->objects[i].db))
            o[no++] = cat->objects[i];
    cat->dbs = d;
    cat->ndbs = nd;
    cat->tables = t;
    cat->ntables = nt;
    cat->objects = o;
    cat->nobjects = no;
    return MR_OK;
}

/* What is wrong with a snapshot that is only read is no guard's refusal. */
static enum mr_code load_catalogue(const struct snap_source *s, struct mr_catalogue **out,
                                   struct mr_err *err)
{
    enum mr_code code = mr_snap_catalogue_load(&s->store.snap, out, err);
    if (code != MR_E_REFUSED)
        return code;
    if (err != NULL)
        err->code = MR_E_SNAPSHOT;
    return MR_E_SNAPSHOT;
}

static enum mr_code snap_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                   const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                   struct mr_err *err)
{
    (void)opts; /* its counters are in memory */
    enum mr_code code = load_catalogue((const struct snap_source *)src, out, err);
    if (code == MR_OK)
        code = narrow(*out, dbs, ndbs, err);
    if (code == MR_OK)
        return MR_OK;
    mr_catalogue_free(*out);
    *out = NULL;
    return code;
}

static void snap_free(struct mr_source *src)
{
    struct snap_source *s = (struct snap_source *)src;
    mr_catalogue_free(s->cat);
    mr_snap_store_close(&s->store);
    free(s);
}

static const struct mr_source_ops snap_ops = {
    .catalogue = snap_catalogue,
    .reader_new = snap_reader_new,
    .reader_free = snap_reader_free,
    .scan = snap_scan,
    .fetch = snap_fetch,
    .bounds = snap_bounds,
    .bound_after = snap_bound_after,
    .digest = snap_digest,
    .reader_db = snap_reader_db,
    .counter = snap_counter,
    .sequence = snap_sequence,
    .probe = snap_probe,
    .kept = snap_kept,
    .prove = snap_prove,
    .chooses = snap_chooses,
    .can_judge = snap_can_judge,
    .left_out = snap_left_out,
    .databases = snap_databases,
    .has_order = snap_has_order,
    .free = snap_free,
};

enum mr_code mr_source_snapshot_new(const struct mr_endpoint *ep, struct mr_source **out,
                                    struct mr_err *err)
{
    struct snap_source *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return mr_err_nomem(err, "opening a snapshot");
    s->base.ops = &snap_ops;
    enum mr_code code = mr_snap_store_open(&s->store, ep->dir, ep->key, err);
    if (code == MR_OK)
        code = load_catalogue(s, &s->cat, err);
    if (code == MR_OK)
        code = mr_snap_kept_init(&s->kept, &s->store.snap, err);
    if (code == MR_OK)
        *out = &s->base;
    else
        snap_free(&s->base);
    return code;
}
