/* merge_lookup.c: see merge_lookup.h. */
#include "repair/merge/merge_lookup.h"

#include <stdlib.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"
#include "core/pair/rowset.h"

#define SCAN_KEYS 50000 /* a statement that reads the whole table */
#define BATCH_BYTES ((uint64_t)8 * 1024 * 1024)
#define IMAGE_BYTES ((size_t)4 * BATCH_BYTES) /* rows may be wider than the average */

enum mr_code mr_merge_lookup_push(struct mr_vec *asks, int64_t tag, struct mr_key image,
                                  struct mr_plan_columns columns, struct mr_arena *arena,
                                  struct mr_err *err)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    bool null = false;
    enum mr_code code =
        mr_pair_values_of(image.ptr, image.len, columns.at, columns.count, &bytes, &null, err);
    if (code == MR_OK && !null) {
        struct mr_merge_ask *ask = mr_vec_push(asks);
        const void *copy = mr_arena_dup(arena, bytes.ptr, bytes.len);
        if (ask == NULL || copy == NULL)
            code = mr_merge_nomem(err);
        else
            *ask = (struct mr_merge_ask){.tag = tag, .value = {copy, bytes.len}};
    }
    mr_strbuf_release(&bytes);
    return code;
}

enum mr_code mr_merge_lookup_canonise(struct mr_merge *m, const struct mr_plan_table *table,
                                      struct mr_plan_columns columns, struct mr_vec *asks,
                                      struct mr_arena *arena, struct mr_err *err)
{
    struct mr_vec items = MR_VEC_INIT(struct mr_canon_item);
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < asks->count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(asks, i);
        if (ask->canon.ptr != NULL)
            continue;
        struct mr_canon_item *item = mr_vec_push(&items);
        if (item == NULL)
            code = mr_merge_nomem(err);
        else
            *item = (struct mr_canon_item){.in = ask->value.ptr, .in_len = ask->value.len};
    }
    if (code == MR_OK && items.count > 0)
        code = mr_pair_canonise(table->pair, columns.at, columns.count,
                                mr_reader_db(m->reader[MR_TARGET]), &items, arena, err);
    for (size_t i = 0, next = 0; code == MR_OK && i < asks->count; i++) {
        struct mr_merge_ask *ask = mr_vec_at(asks, i);
        if (ask->canon.ptr != NULL)
            continue;
        const struct mr_canon_item *item = mr_vec_at(&items, next++);
        ask->canon = (struct mr_key){item->out, item->out_len};
    }
    mr_vec_release(&items);
    return code;
}

static int compare_asks(const void *a, const void *b)
{
    const struct mr_merge_ask *x = a, *y = b;
    return mr_key_compare(x->canon, y->canon);
}

/* Questions a batch, so that their answers stay within bounds. */
static size_t batch_size(const struct mr_merge_lookup *what)
{
    uint64_t width = what->table->pair->side[what->side]->avg_row_bytes + 1;
    uint64_t size = BATCH_BYTES / width;
    return size < 1 ? 1 : size > MR_MERGE_BATCH ? MR_MERGE_BATCH : (size_t)size;
}

/* One batch of questions and what answers it. */
struct asking {
    struct mr_merge *m;
    const struct mr_merge_lookup *what;
    struct mr_readspec spec;
    struct mr_rowhash hash;
    struct mr_rowset set;
    struct mr_arena arena;
    struct mr_vec keys;    /* struct mr_key */
    struct mr_vec spelled; /* const struct mr_merge_ask *: the questions, by their bytes */
    struct mr_vec founds;  /* struct mr_merge_ask: tag is the place in the set */
};

/* Is the question before it the same?  SOURCE may keep apart what TARGET does not. */
static bool is_repeated(const struct asking *a, const struct mr_merge_ask *ask)
{
    return compare_asks(ask, ask - 1) == 0 &&
           (a->what->side == MR_TARGET || mr_key_compare(ask->value, ask[-1].value) == 0);
}

/* Each value is asked for once.  A single question may hold more than the bound: its rows have to
 * be had somehow. */
static enum mr_code fetch(struct asking *a, const struct mr_merge_ask *asks, size_t n,
                          struct mr_err *err)
{
    mr_vec_clear(&a->keys);
    for (size_t i = 0; i < n; i++) {
        if (asks[i].canon.ptr == NULL || (i > 0 && is_repeated(a, &asks[i])))
            continue;
        struct mr_key *key = mr_vec_push(&a->keys);
        if (key == NULL)
            return mr_merge_nomem(err);
        *key = asks[i].value;
    }
    mr_vec_clear(&a->set.rows);
    if (a->keys.count == 0)
        return MR_OK;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    return mr_rowset_fetch(&a->set, a->m->reader[a->what->side], &a->hash, a->keys.items,
                           a->keys.count, n > 1 ? IMAGE_BYTES : SIZE_MAX, err);
}

/* Did all images fit? */
static bool is_whole(const struct asking *a)
{
    for (size_t i = 0; i < a->set.rows.count; i++)
        if (mr_rowset_at(&a->set, i)->image_len == 0)
            return false;
    return true;
}

static int compare_spellings(const void *a, const void *b)
{
    const struct mr_merge_ask *const *x = a, *const *y = b;
    return mr_key_compare((*x)->value, (*y)->value);
}

static enum mr_code sort_spellings(struct asking *a, const struct mr_merge_ask *asks, size_t n,
                                   struct mr_err *err)
{
    mr_vec_clear(&a->spelled);
    for (size_t i = 0; i < n; i++) {
        const struct mr_merge_ask **slot = mr_vec_push(&a->spelled);
        if (slot == NULL)
            return mr_merge_nomem(err);
        *slot = &asks[i];
    }
    qsort(a->spelled.items, n, sizeof(struct mr_merge_ask *), compare_spellings);
    return MR_OK;
}

/* The canonical values of what was asked for in these very bytes; ptr NULL: nobody did. */
static struct mr_key canon_of(const struct asking *a, struct mr_key value)
{
    const struct mr_merge_ask wanted = {.value = value}, *const key = &wanted;
    const struct mr_merge_ask *const *same =
        bsearch(&key, a->spelled.items, a->spelled.count, sizeof key, compare_spellings);
    return same != NULL ? (*same)->canon : (struct mr_key){0};
}

/* By canonical values, as the questions are: which of them a row answers is for TARGET's collation
 * to say, also of rows of SOURCE; but what it said of the question holds for the answer, too, where
 * that has its bytes. */
static enum mr_code sort_founds(struct asking *a, const struct mr_merge_ask *asks, size_t n,
                                struct mr_err *err)
{
    mr_vec_clear(&a->founds);
    mr_arena_reset(&a->arena);
    MR_TRY(sort_spellings(a, asks, n, err));
    for (size_t i = 0; i < a->set.rows.count; i++) {
        struct mr_merge_ask *found = mr_vec_push(&a->founds);
        if (found == NULL)
            return mr_merge_nomem(err);
        found->tag = (int64_t)i;
        found->value = mr_rowset_key(&a->set, mr_rowset_at(&a->set, i));
        found->canon = canon_of(a, found->value);
    }
    MR_TRY(mr_merge_lookup_canonise(a->m, a->what->table, a->what->columns, &a->founds, &a->arena,
                                    err));
    if (a->founds.count > 1)
        qsort(a->founds.items, a->founds.count, sizeof(struct mr_merge_ask), compare_asks);
    return MR_OK;
}

/* Both are sorted; questions of one value each get all of its rows. */
static enum mr_code join(struct asking *a, const struct mr_merge_ask *asks, size_t n,
                         mr_merge_answer_fn *fn, void *ctx, struct mr_err *err)
{
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        if (asks[i].canon.ptr == NULL)
            continue;
        while (from < a->founds.count && compare_asks(mr_vec_at(&a->founds, from), &asks[i]) < 0)
            from++;
        for (size_t k = from; k < a->founds.count; k++) {
            const struct mr_merge_ask *found = mr_vec_at(&a->founds, k);
            if (compare_asks(found, &asks[i]) != 0)
                break;
            const struct mr_rowset_row *row = mr_rowset_at(&a->set, (size_t)found->tag);
            struct mr_merge_answer answer = {mr_rowset_image(&a->set, row), row->image_len};
            MR_TRY(fn(ctx, &asks[i], &answer, err));
        }
    }
    return MR_OK;
}

/* A batch, or where its rows are too wide, its halves. */
static enum mr_code ask_batch(struct asking *a, const struct mr_merge_ask *asks, size_t n,
                              mr_merge_answer_fn *fn, void *ctx, struct mr_err *err)
{
    enum mr_code code = fetch(a, asks, n, err);
    if (code == MR_OK && n > 1 && !is_whole(a)) {
        code = ask_batch(a, asks, n / 2, fn, ctx, err);
        return code == MR_OK ? ask_batch(a, asks + n / 2, n - n / 2, fn, ctx, err) : code;
    }
    if (code == MR_OK)
        code = sort_founds(a, asks, n, err);
    return code == MR_OK ? join(a, asks, n, fn, ctx, err) : code;
}

static void set_spec(struct mr_readspec *spec, const struct mr_merge_lookup *what)
{
    *spec = what->table->pair->full[what->side];
    spec->key = what->columns.at;
    spec->nkey = what->columns.count;
    spec->index = NULL;
    spec->store = false;
}

/* Canonical values of this call live in an arena of it: no question is left with one that is gone. */
enum mr_code mr_merge_lookup_ask(struct mr_merge *m, const struct mr_merge_lookup *what,
                                 struct mr_vec *asks, mr_merge_answer_fn *fn, void *ctx,
                                 struct mr_err *err)
{
    struct asking a = {.m = m,
                       .what = what,
                       .arena = MR_ARENA_INIT,
                       .keys = MR_VEC_INIT(struct mr_key),
                       .spelled = MR_VEC_INIT(const struct mr_merge_ask *),
                       .founds = MR_VEC_INIT(struct mr_merge_ask)};
    struct mr_arena canons = MR_ARENA_INIT;
    size_t size = batch_size(what);
    if (asks->count == 0)
        return MR_OK;
    set_spec(&a.spec, what);
    mr_rowset_init(&a.set);
    enum mr_code code = mr_rowhash_init(&a.hash, what->table->pair, &a.spec, err);
    a.hash.signs = what->table->signs;
    if (code == MR_OK)
        code = mr_merge_lookup_canonise(m, what->table, what->columns, asks, &canons, err);
    if (code == MR_OK)
        qsort(asks->items, asks->count, sizeof(struct mr_merge_ask), compare_asks);
    for (size_t i = 0; code == MR_OK && i < asks->count; i += size) {
        size_t n = asks->count - i < size ? asks->count - i : size;
        code = ask_batch(&a, mr_vec_at(asks, i), n, fn, ctx, err);
    }
    mr_rowhash_release(&a.hash);
    mr_rowset_release(&a.set);
    mr_vec_release(&a.keys);
    mr_vec_release(&a.spelled);
    mr_vec_release(&a.founds);
    mr_arena_release(&a.arena);
    for (size_t i = 0; i < asks->count; i++)
        ((struct mr_merge_ask *)mr_vec_at(asks, i))->canon = (struct mr_key){0};
    mr_arena_release(&canons);
    return code;
}

/* ---- streams ---- */

struct streaming {
    struct mr_rowhash hash;
    struct mr_strbuf image;
    mr_merge_answer_fn *fn;
    void *ctx;
};

static enum mr_code give(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct streaming *s = ctx;
    mr_strbuf_reset(&s->image);
    MR_TRY(mr_rowhash_image(&s->hash, values, &s->image, err));
    MR_TRY(mr_strbuf_check(&s->image, "reading a row", err));
    struct mr_merge_answer row = {s->image.ptr, s->image.len};
    return s->fn(s->ctx, NULL, &row, err);
}

/* Does an index begin with one of the columns? */
static bool is_indexed(const struct mr_merge_lookup *what)
{
    const struct mr_table *table = what->table->pair->side[what->side];
    for (size_t i = 0; i < table->nindexes; i++) {
        const struct mr_index *index = &table->indexes[i];
        for (size_t k = 0; index->usable && k < what->columns.count; k++)
            if (index->parts[0].column != NULL &&
                strcasecmp(
                    index->parts[0].column,
                    mr_pair_column(what->table->pair, what->side, what->columns.at[k])->name) == 0)
                return true;
    }
    return false;
}

size_t mr_merge_lookup_keys(const struct mr_merge *m, const struct mr_merge_lookup *what)
{
    if (mr_side_is_snapshot(&m->plan->pairing.side[what->side]))
        return SCAN_KEYS;
    return what->columns.count == 1 && !is_indexed(what) ? SCAN_KEYS : MR_MERGE_BATCH;
}

/* The table's own condition stays in force; a comment at its end is ended by the line break. */
enum mr_code mr_merge_lookup_stream_where(struct mr_merge *m, const struct mr_merge_lookup *what,
                                          const char *where, mr_merge_answer_fn *fn, void *ctx,
                                          struct mr_err *err)
{
    struct mr_readspec spec;
    struct mr_strbuf both = MR_STRBUF_INIT;
    struct streaming s = {.image = MR_STRBUF_INIT, .fn = fn, .ctx = ctx};
    set_spec(&spec, what);
    spec.nkey = 0;
    if (where != NULL && spec.where != NULL)
        mr_strbuf_add_fmt(&both, "(%s\n) AND (%s)", spec.where, where);
    if (where != NULL)
        spec.where = spec.where != NULL ? both.ptr : where;
    enum mr_code code = mr_strbuf_check(&both, "reading rows", err);
    if (code == MR_OK)
        code = mr_rowhash_init(&s.hash, what->table->pair, &spec, err);
    if (code == MR_OK) {
        s.hash.signs = what->table->signs;
        code = mr_reader_scan(m->reader[what->side], &spec, (struct mr_range){0}, 0, give, &s, err);
        mr_rowhash_release(&s.hash);
    }
    mr_strbuf_release(&s.image);
    mr_strbuf_release(&both);
    return code;
}

enum mr_code mr_merge_lookup_stream(struct mr_merge *m, const struct mr_merge_lookup *what,
                                    const struct mr_key *keys, size_t nkeys, mr_merge_answer_fn *fn,
                                    void *ctx, struct mr_err *err)
{
    struct mr_readspec spec;
    struct streaming s = {.image = MR_STRBUF_INIT, .fn = fn, .ctx = ctx};
    if (keys == NULL)
        return mr_merge_lookup_stream_where(m, what, NULL, fn, ctx, err);
    set_spec(&spec, what);
    enum mr_code code = mr_rowhash_init(&s.hash, what->table->pair, &spec, err);
    s.hash.signs = what->table->signs;
    size_t size = mr_merge_lookup_keys(m, what);
    for (size_t i = 0; code == MR_OK && i < nkeys; i += size) {
        size_t n = nkeys - i < size ? nkeys - i : size;
        code = mr_is_cancelled()
                   ? mr_cancelled_err(err)
                   : mr_reader_fetch(m->reader[what->side], &spec, keys + i, n, give, &s, err);
    }
    mr_rowhash_release(&s.hash);
    mr_strbuf_release(&s.image);
    return code;
}

enum mr_code mr_merge_unlock(struct mr_merge *m, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(mr_reader_unlock(m->reader[side], err));
    return MR_OK;
}
