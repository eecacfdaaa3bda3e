/* plan_lost.c: see plan_lost.h. */
#include "repair/plan/plan_lost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/pair/pair_columns.h"
#include "core/pair/rowhash.h"
#include "core/row/row_class.h"
#include "core/schema/column_default.h"

enum { BATCH = 500 };

struct losing {
    const struct mr_plan_tables *plan;
    struct mr_plan_store *store;
    const struct mr_plan_table *table;
    enum mr_side side;                /* whose columns they are: */
    const struct mr_column **columns; /* that the other side lacks */
    uint64_t *counts;                 /* their values */
    size_t ncolumns, before;          /* values in front of theirs */
    struct mr_vec keys;               /* struct mr_key */
    struct mr_vec rows;               /* struct mr_digest: of a table without a key */
    struct mr_readspec full;          /* of those rows, */
    struct mr_rowhash *hash;          /* which it reads; NULL: it has a key */
    struct mr_strbuf image;
    struct mr_arena arena;
    struct mr_strbuf list; /* what is found, for people */
};

/* ---- which columns ---- */

static enum mr_code find_lost(struct losing *l, enum mr_side side, struct mr_err *err)
{
    const struct mr_table *t = l->table->pair->side[side];
    l->side = side;
    l->ncolumns = 0;
    l->columns = mr_arena_calloc(&l->arena, t->ncolumns + 1, sizeof *l->columns);
    l->counts = mr_arena_calloc(&l->arena, t->ncolumns + 1, sizeof *l->counts);
    if (l->columns == NULL || l->counts == NULL)
        return mr_err_nomem(err, "looking at columns");
    for (size_t i = 0; i < t->ncolumns; i++)
        if (mr_plan_is_alone(l->table, &t->columns[i], side))
            l->columns[l->ncolumns++] = &t->columns[i];
    return MR_OK;
}

/* ---- their values ---- */

/* Would an INSERT that does not name the column give it this value? */
static bool comes_back(const struct mr_column *c, const struct mr_value *value)
{
    if (value->cls == MR_CLASS_NULL)
        return c->default_text == NULL && c->nullable;
    return mr_column_default_is_fixed(c) && mr_column_holds_default(c, value);
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mr_digest));
}

/* Is it one of those that are written, or equal to one in all but these columns? */
static enum mr_code find_row(struct losing *l, const struct mr_value *values, bool *found,
                             struct mr_err *err)
{
    mr_strbuf_reset(&l->image);
    *found = false;
    MR_TRY(mr_rowhash_image(l->hash, values, &l->image, err));
    MR_TRY(mr_strbuf_check(&l->image, "looking at columns", err));
    struct mr_digest digest;
    const struct mr_key image = {l->image.ptr, l->image.len};
    MR_TRY(mr_plan_row_digest(l->table, image, &digest, err));
    *found = bsearch(&digest, l->rows.items, l->rows.count, sizeof digest, compare) != NULL;
    return MR_OK;
}

static enum mr_code count_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct losing *l = ctx;
    bool found = true;
    enum mr_code code = l->hash != NULL ? find_row(l, values, &found, err) : MR_OK;
    if (code != MR_OK || !found)
        return code;
    for (size_t i = 0; i < l->ncolumns; i++)
        l->counts[i] += l->side == MR_SOURCE
                            ? !mr_column_holds_default(l->columns[i], &values[l->before + i])
                            : !comes_back(l->columns[i], &values[l->before + i]);
    return MR_OK;
}

/* How such a column is read: as it is. */
static struct mr_readcol read_of(const struct mr_column *c)
{
    bool text = mr_class_has_charset(c->cls);
    bool bytes = strstr(c->data_type, "blob") != NULL || strstr(c->data_type, "binary") != NULL;
    return (struct mr_readcol){.name = c->name,
                               .cls = c->cls,
                               .charset = text ? c->charset : NULL,
                               .expr = c->cls == MR_CLASS_BINARY && !bytes ? MR_EXPR_BINARY
                                                                           : MR_EXPR_COLUMN};
}

/* Read behind the columns of the plan, by the same keys: what both sides share tells which row
 * it is, the rest is only counted. */
static enum mr_code read_values(struct losing *l, struct mr_err *err)
{
    struct mr_readspec spec = l->table->pair->full[l->side];
    struct mr_reader *reader = l->plan->pairing.side[l->side].main;
    struct mr_readcol *cols =
        mr_arena_calloc(&l->arena, spec.ncols + l->ncolumns + 1, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "looking at columns");
    memcpy(cols, spec.cols, spec.ncols * sizeof *cols);
    for (size_t i = 0; i < l->ncolumns; i++)
        cols[spec.ncols + i] = read_of(l->columns[i]);
    l->before = spec.ncols;
    spec.cols = cols;
    spec.ncols += l->ncolumns;
    return l->hash == NULL
               ? mr_reader_fetch(reader, &spec, l->keys.items, l->keys.count, count_row, l, err)
               : mr_reader_scan(reader, &spec, (struct mr_range){0}, 0, count_row, l, err);
}

/* Without a key each row of the table is read. */
static enum mr_code scan_rows(struct losing *l, struct mr_err *err)
{
    struct mr_rowhash hash;
    l->full = l->table->pair->full[l->side];
    l->full.nkey = 0;
    MR_TRY(mr_rowhash_init(&hash, l->table->pair, &l->full, err));
    hash.signs = l->table->signs;
    l->hash = &hash;
    qsort(l->rows.items, l->rows.count, sizeof(struct mr_digest), compare);
    enum mr_code code = read_values(l, err);
    l->hash = NULL;
    mr_rowhash_release(&hash);
    return code;
}

/* ---- rows that are written ---- */

static const enum mr_decision inserted[] = {MR_DECIDE_INSERT, MR_DECIDE_RENUMBER};

static enum mr_code count_inserts(struct losing *l, uint64_t *n, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *n = 0;
    for (size_t i = 0; code == MR_OK && i < 2; i++) {
        uint64_t count = 0;
        code = mr_plan_store_count(l->store, l->table->at, inserted[i], &count, err);
        *n += count;
    }
    return code;
}

/* The key as reads of that side take it. */
static enum mr_code push_key(struct losing *l, const struct mr_entity *e, struct mr_err *err)
{
    const struct mr_key key = l->side == MR_SOURCE ? e->source_key : e->target_key;
    struct mr_key *slot = key.ptr != NULL ? mr_vec_push(&l->keys) : NULL;
    if (slot != NULL)
        *slot = key;
    return slot == NULL && key.ptr != NULL ? mr_err_nomem(err, "looking at columns") : MR_OK;
}

static enum mr_code push_row(struct losing *l, const struct mr_entity *e, struct mr_err *err)
{
    const struct mr_key image = l->side == MR_SOURCE ? e->source : e->target;
    if (image.ptr == NULL)
        return MR_OK;
    struct mr_digest *slot = mr_vec_push(&l->rows);
    return slot != NULL ? mr_plan_row_digest(l->table, image, slot, err)
                        : mr_err_nomem(err, "looking at columns");
}

/* With a key rows are fetched in batches; without one the digests are gathered first, and the
 * table is read once for all of them. */
static enum mr_code look_at_rows(struct losing *l, enum mr_decision decision, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_entity);
    const bool keyed = l->table->key.count > 0;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    mr_vec_clear(&l->rows);
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&list);
        mr_vec_clear(&l->keys);
        code = mr_plan_store_entities(l->store, l->table->at, decision, after, BATCH, &arena, &list,
                                      err);
        for (size_t i = 0; code == MR_OK && i < list.count; i++) {
            const struct mr_entity *e = mr_vec_at(&list, i);
            after = e->id;
            code = keyed ? push_key(l, e, err) : push_row(l, e, err);
        }
        if (code == MR_OK && l->keys.count > 0)
            code = read_values(l, err);
    } while (code == MR_OK && list.count > 0);
    if (code == MR_OK && l->rows.count > 0)
        code = scan_rows(l, err);
    mr_vec_release(&list);
    mr_arena_release(&arena);
    return code;
}

static void list_counts(struct losing *l)
{
    for (size_t i = 0; i < l->ncolumns; i++)
        if (l->counts[i] > 0)
            mr_strbuf_add_fmt(&l->list, "%s%s.%s (%" PRIu64 " value%s)",
                              l->list.len > 0 ? ", " : "", mr_plan_table_name(l->table),
                              l->columns[i]->name, l->counts[i], l->counts[i] == 1 ? "" : "s");
}

static enum mr_code look_at_table(struct losing *l, struct mr_err *err)
{
    enum mr_code code = find_lost(l, MR_SOURCE, err);
    if (code != MR_OK || l->ncolumns == 0)
        return code;
    for (size_t i = 0; code == MR_OK && i < 2; i++)
        code = look_at_rows(l, inserted[i], err);
    if (code == MR_OK)
        code = look_at_rows(l, MR_DECIDE_UPDATE, err);
    list_counts(l);
    return code;
}

/* ---- columns that only TARGET has ---- */

/* Said before any row is read: not one of them could be inserted, whatever it holds. */
static enum mr_code check_new(struct losing *l, struct mr_err *err)
{
    const struct mr_table *t = l->table->pair->side[MR_TARGET];
    uint64_t inserts = 0;
    enum mr_code code = count_inserts(l, &inserts, err);
    for (size_t i = 0; code == MR_OK && inserts > 0 && i < t->ncolumns; i++) {
        const struct mr_column *c = &t->columns[i];
        if (c->nullable || c->default_text != NULL || c->generated || c->system_time ||
            c->auto_increment || mr_plan_twin(l->table, c, MR_TARGET) != NULL)
            continue;
        code = mr_err_set(err, MR_E_REFUSED,
                          "column \"%s\" of the target's table \"%s.%s\" is NOT NULL "
                          "without a default, and the source has no such column: %" PRIu64
                          " planned row%s would have no value for it",
                          c->name, t->db, t->name, inserts, inserts == 1 ? "" : "s");
        mr_err_hint(err,
                    "Nothing was changed. Give the column a default on the target, or "
                    "write column = OLD -> %s in [table %s] if the source calls it OLD.",
                    c->name, mr_plan_table_name(l->table));
    }
    return code;
}

/* A row that is deleted and put back has their defaults. */
static enum mr_code look_at_deletes(struct losing *l, struct mr_err *err)
{
    enum mr_code code = find_lost(l, MR_TARGET, err);
    if (code != MR_OK || l->ncolumns == 0)
        return code;
    code = look_at_rows(l, MR_DECIDE_DELETE, err);
    list_counts(l);
    return code;
}

/* ---- all of it ---- */

static enum mr_code refuse(const struct losing *l, const char *what, const char *hint,
                           struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(&l->list, "looking at columns", err);
    if (code != MR_OK || l->list.len == 0)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED, "column-lost: %s: %s", what, l->list.ptr);
    mr_err_hint(err, "Nothing was changed. %s", hint);
    return MR_E_REFUSED;
}

static enum mr_code refuse_lost(const struct losing *l, struct mr_err *err)
{
    return refuse(l, "the target has no such column, and planned rows have values in it",
                  "In the table's section of the configuration, write column = OLD -> NEW "
                  "where the target calls it otherwise, or ignore-columns = OLD to let the "
                  "values go.",
                  err);
}

static enum mr_code refuse_deletes(const struct losing *l, struct mr_err *err)
{
    return refuse(l,
                  "only the target has these columns, and undo could not bring back what "
                  "rows to be deleted hold there",
                  "Leave these tables out by --tables, or write ignore-columns = COLUMN in "
                  "the table's section of the configuration to let the values go.",
                  err);
}

/* Values that would be lost on the way to TARGET first, over all tables, then those that undo
 * could not bring back: each refusal names all of its columns at once. */
enum mr_code mr_plan_lost_check(const struct mr_plan_tables *plan, struct mr_plan_store *store,
                                struct mr_err *err)
{
    struct losing l = {.plan = plan,
                       .store = store,
                       .keys = MR_VEC_INIT(struct mr_key),
                       .rows = MR_VEC_INIT(struct mr_digest),
                       .image = MR_STRBUF_INIT,
                       .arena = MR_ARENA_INIT,
                       .list = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < plan->ntables; i++) {
        l.table = &plan->tables[i];
        mr_arena_reset(&l.arena);
        MR_TRY_OUT(check_new(&l, err));
        MR_TRY_OUT(look_at_table(&l, err));
    }
    MR_TRY_OUT(refuse_lost(&l, err));
    for (size_t i = 0; i < plan->ntables; i++) {
        l.table = &plan->tables[i];
        mr_arena_reset(&l.arena);
        MR_TRY_OUT(look_at_deletes(&l, err));
    }
    MR_TRY_OUT(refuse_deletes(&l, err));
out:
    mr_vec_release(&l.keys);
    mr_vec_release(&l.rows);
    mr_strbuf_release(&l.image);
    mr_arena_release(&l.arena);
    mr_strbuf_release(&l.list);
    return code;
}
