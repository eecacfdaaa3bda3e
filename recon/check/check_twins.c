/* check_twins.c: see check_twins.h. */
#include "recon/check/check_twins.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/signals.h"
#include "core/db/sqltext.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"

/* Below 1,000, from where MariaDB takes an IN list for a table of its own
 * (in_predicate_conversion_threshold). */
#define STATEMENT_KEYS 900
#define STATEMENT_BYTES ((size_t)512 * 1024)
#define KEY_SQL_BYTES 48 /* of a column in a statement, beside the bytes in hex */
/* Of identities that one row each has; many more than keys are a crowd, whose rows are counted there. */
#define MAX_ROWS 40000
#define SCAN_ROWS 5000
#define NO_SUCH_INDEX 1176 /* it was dropped since the catalogue was read: each is looked up */
#define ROWS_A_KEY 10      /* that are read in order in the time of one that is looked up */

/* Two texts that the side's index has as one are one to TARGET, and the other way round. */
static bool compares_alike(const struct mr_pair *table)
{
    for (size_t i = 0; i < table->nidentity; i++) {
        const struct mr_column *s = mr_pair_column(table, MR_SOURCE, table->identity[i]);
        const struct mr_column *t = mr_pair_column(table, MR_TARGET, table->identity[i]);
        if (s->cls != t->cls || (s->collation == NULL) != (t->collation == NULL) ||
            (s->collation != NULL && strcmp(s->collation, t->collation) != 0))
            return false;
    }
    return true;
}

enum mr_code mr_check_twins_init(struct mr_check_twins *t, const struct mr_pair *table,
                                 enum mr_side side, struct mr_reader *reader, struct mr_err *err)
{
    const struct mr_readspec *full = &table->full[side];
    const size_t n = table->nidentity;
    *t = (struct mr_check_twins){.table = table,
                                 .reader = reader,
                                 .spec = *full,
                                 .items = MR_VEC_INIT(struct mr_canon_item),
                                 .arena = MR_ARENA_INIT,
                                 .side = side,
                                 .shared = MR_VEC_INIT(struct mr_key),
                                 .names = MR_ARENA_INIT,
                                 .apt = !mr_source_is_snapshot(reader->source) &&
                                        compares_alike(table)};
    t->cols = calloc(n + 1, sizeof *t->cols);
    t->key = calloc(n + 1, sizeof *t->key);
    if (t->cols == NULL || t->key == NULL)
        return mr_err_nomem(err, "looking for duplicates");
    for (size_t i = 0; i < n; i++) {
        t->cols[i] = full->cols[table->identity[i]];
        t->key[i] = i;
    }
    t->spec.cols = t->cols;
    t->spec.ncols = t->spec.nkey = n;
    t->spec.key = t->key;
    t->spec.index = NULL; /* the server may have several */
    return MR_OK;
}

void mr_check_twins_release(struct mr_check_twins *t)
{
    free(t->cols);
    free(t->key);
    t->cols = NULL;
    t->key = NULL;
    mr_vec_release(&t->items);
    mr_vec_release(&t->shared);
    mr_arena_release(&t->arena);
    mr_arena_release(&t->names);
}

enum mr_code mr_check_twins_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                  const struct mr_key *keys, size_t count, const bool *full,
                                  mr_row_fn *fn, void *ctx, struct mr_err *err)
{
    const struct mr_db *db = mr_reader_db(reader);
    const bool is_snapshot = mr_source_is_snapshot(reader->source);
    uint64_t packet = db != NULL ? mr_db_server(db)->max_packet_bytes : 0;
    size_t room = packet > 0 && packet / 2 < STATEMENT_BYTES ? (size_t)packet / 2 : STATEMENT_BYTES;
    enum mr_code code = MR_OK;
    for (size_t from = 0, to = 0; code == MR_OK && !*full && from < count; from = to) {
        size_t used = 0;
        /* a snapshot reads its files once a call */
        for (; to < count &&
               (to == from || (used < room && (is_snapshot || to - from < STATEMENT_KEYS)));
             to++)
            used += 2 * keys[to].len + KEY_SQL_BYTES * spec->nkey;
        code = mr_is_cancelled()
                   ? mr_cancelled_err(err)
                   : mr_reader_fetch(reader, spec, &keys[from], to - from, fn, ctx, err);
    }
    return code;
}

static enum mr_code push(struct mr_check_twins *t, const void *bytes, size_t len,
                         struct mr_err *err)
{
    struct mr_canon_item *item = mr_vec_push(&t->items);
    const void *copy = mr_arena_dup(&t->arena, bytes, len);
    if (item == NULL || copy == NULL)
        return mr_err_nomem(err, "looking for duplicates");
    *item = (struct mr_canon_item){.in = copy, .in_len = len};
    return MR_OK;
}

static enum mr_code keep_identity(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct mr_check_twins *t = ctx;
    struct mr_strbuf id = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    t->full |= t->items.count == MAX_ROWS;
    if (t->full)
        return MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->spec.ncols; i++)
        code = mr_row_encode(&id, &values[i], err);
    if (code == MR_OK)
        code = push(t, id.ptr, id.len, err);
    mr_strbuf_release(&id);
    return code;
}

static int compare_canons(const void *a, const void *b)
{
    const struct mr_canon_item *x = a, *y = b;
    return mr_key_compare((struct mr_key){x->out, x->out_len}, (struct mr_key){y->out, y->out_len});
}

/* How many of the rows, which are sorted, have the identity of the key; two are enough. */
static size_t rows_of(const struct mr_canon_item *rows, size_t count,
                      const struct mr_canon_item *key)
{
    size_t lo = 0, hi = count, n = 0;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        if (compare_canons(&rows[mid], key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (n < 2 && lo + n < count && compare_canons(&rows[lo + n], key) == 0)
        n++;
    return n;
}

static int compare_keys(const void *a, const void *b)
{
    return mr_key_compare(*(const struct mr_key *)a, *(const struct mr_key *)b);
}

static bool is_shared(const struct mr_check_twins *t, const struct mr_canon_item *rows,
                      size_t count, const struct mr_canon_item *key)
{
    const struct mr_key canon = {key->out, key->out_len};
    if (!t->is_known)
        return rows_of(rows, count, key) > 1;
    return t->shared.count > 0 &&
           bsearch(&canon, t->shared.items, t->shared.count, sizeof canon, compare_keys) != NULL;
}

static enum mr_code keep_shared(struct mr_check_twins *t, struct mr_vec *keys, struct mr_err *err)
{
    const size_t nrows = t->items.count;
    struct mr_key *all = keys->items;
    bool exact = false;
    size_t kept = 0;
    for (size_t i = 0; i < keys->count; i++)
        MR_TRY(push(t, all[i].ptr, all[i].len, err));
    MR_TRY(mr_pair_canonise_plain(t->table, t->table->identity, t->table->nidentity, &t->items,
                                  &t->arena, &exact, err));
    if (!exact)
        return MR_OK;
    struct mr_canon_item *items = t->items.items;
    if (nrows > 1)
        qsort(items, nrows, sizeof *items, compare_canons);
    for (size_t i = 0; i < keys->count; i++)
        if (is_shared(t, items, nrows, &items[nrows + i]))
            all[kept++] = all[i];
    keys->count = kept;
    return MR_OK;
}

enum mr_code mr_check_twins_sift(struct mr_check_twins *t, struct mr_vec *keys, struct mr_err *err)
{
    if (!t->apt || keys->count == 0)
        return MR_OK;
    mr_arena_reset(&t->arena);
    mr_vec_clear(&t->items);
    t->full = false;
    if (!t->is_known)
        MR_TRY(mr_check_twins_fetch(t->reader, &t->spec, keys->items, keys->count, &t->full,
                                    keep_identity, t, err));
    return t->full ? MR_OK : keep_shared(t, keys, err);
}

/* ---- all of them ---- */

/* Where an index has the identity's columns in front, in any order, *key is where they stand in it. */
static bool find_order(const struct mr_check_twins *t, const struct mr_index *index, size_t *key)
{
    const size_t n = t->spec.ncols;
    if (!index->usable || index->nparts < n ||
        (index->kind != NULL && strcasecmp(index->kind, "BTREE") != 0))
        return false;
    for (size_t i = 0; i < n; i++) {
        const struct mr_index_part *part = &index->parts[i];
        key[i] = n;
        for (size_t c = 0; c < n; c++)
            if (part->column != NULL && strcasecmp(part->column, t->cols[c].name) == 0)
                key[i] = c;
        if (key[i] == n || part->prefix_len != 0 || part->descending)
            return false;
    }
    return true;
}

/* NULL is nobody's identity; of a column that may be NULL it stands in front of all others. */
static enum mr_code add_where(const struct mr_check_twins *t, struct mr_strbuf *where,
                              struct mr_err *err)
{
    for (size_t i = 0; i < t->spec.ncols; i++) {
        mr_strbuf_add_str(where, i > 0 ? " AND " : "");
        mr_sql_ident(where, t->cols[i].name);
        mr_strbuf_add_str(where, " IS NOT NULL");
    }
    if (t->spec.where != NULL)
        mr_strbuf_add_fmt(where, " AND (%s\n)", t->spec.where);
    return mr_strbuf_check(where, "looking for duplicates", err);
}

static enum mr_code keep_twin(struct mr_check_twins *t, const struct mr_canon_item *item,
                              struct mr_err *err)
{
    struct mr_key *key = mr_vec_push(&t->shared);
    const void *copy = mr_arena_dup(&t->names, item->out, item->out_len);
    if (key == NULL || copy == NULL)
        return mr_err_nomem(err, "looking for duplicates");
    *key = (struct mr_key){copy, item->out_len};
    return MR_OK;
}

/* Rows of a page come in order, so twins are neighbours.  The last row's may be on the next page, which
 * begins behind its identity: it may have some. */
static enum mr_code keep_twins(struct mr_check_twins *t, bool *exact, struct mr_err *err)
{
    const size_t count = t->items.count;
    MR_TRY(mr_pair_canonise_plain(t->table, t->table->identity, t->table->nidentity, &t->items,
                                  &t->arena, exact, err));
    const struct mr_canon_item *items = t->items.items;
    for (size_t i = 0; *exact && i < count; i++)
        if (i + 1 < count ? compare_canons(&items[i], &items[i + 1]) == 0 : count == SCAN_ROWS)
            MR_TRY(keep_twin(t, &items[i], err));
    return MR_OK;
}

/* The last row's identity, in the order of the index. */
static enum mr_code last_key(const struct mr_check_twins *t, const struct mr_readspec *spec,
                             struct mr_strbuf *key, struct mr_err *err)
{
    const struct mr_canon_item *last = mr_vec_at(&t->items, t->items.count - 1);
    bool null = false;
    return mr_pair_values_of(last->in, last->in_len, spec->key, spec->nkey, key, &null, err);
}

/* Invariant: of all rows up to lo it is known whose identity has twins. */
static enum mr_code scan(struct mr_check_twins *t, const struct mr_readspec *spec, uint64_t most,
                         enum mr_code (*wait)(void *ctx, struct mr_err *err), void *ctx,
                         struct mr_err *err)
{
    struct mr_strbuf lo = MR_STRBUF_INIT;
    struct mr_range range = {0};
    bool more = true, exact = true;
    enum mr_code code = MR_OK;
    for (uint64_t rows = 0; more && exact; rows += t->items.count) {
        mr_arena_reset(&t->arena);
        mr_vec_clear(&t->items);
        t->full = false;
        MR_TRY_OUT(wait(ctx, err));
        MR_TRY_OUT(mr_reader_scan(t->reader, spec, range, SCAN_ROWS, keep_identity, t, err));
        more = t->items.count == SCAN_ROWS;
        exact = rows <= most && t->shared.count <= MAX_ROWS;
        if (t->items.count == 0 || !exact)
            break;
        MR_TRY_OUT(keep_twins(t, &exact, err));
        MR_TRY_OUT(last_key(t, spec, &lo, err));
        range.lo = (struct mr_key){lo.ptr, lo.len};
    }
    t->is_known = exact;
out:
    mr_strbuf_release(&lo);
    return code;
}

enum mr_code mr_check_twins_scan(struct mr_check_twins *t, uint64_t identities,
                                 enum mr_code (*wait)(void *ctx, struct mr_err *err), void *ctx,
                                 struct mr_err *err)
{
    const struct mr_table *table = t->table->side[t->side];
    const struct mr_index *found = NULL;
    size_t order[MR_KEY_PARTS_MAX];
    struct mr_strbuf where = MR_STRBUF_INIT;
    struct mr_readspec spec = t->spec;
    if (!t->apt || spec.nkey > MR_KEY_PARTS_MAX || identities < table->est_rows / ROWS_A_KEY)
        return MR_OK;
    for (size_t i = 0; found == NULL && i < table->nindexes; i++)
        if (find_order(t, &table->indexes[i], order))
            found = &table->indexes[i];
    if (found == NULL)
        return MR_OK;
    spec.key = order;
    spec.index = found->name;
    enum mr_code code = add_where(t, &where, err);
    spec.where = where.ptr;
    if (code == MR_OK)
        code = scan(t, &spec, 2 * ROWS_A_KEY * identities, wait, ctx, err);
    if (code == MR_E_SQL && err != NULL && err->sql_errno == NO_SUCH_INDEX)
        code = MR_OK;
    if (t->is_known && t->shared.count > 1)
        qsort(t->shared.items, t->shared.count, sizeof(struct mr_key), compare_keys);
    mr_strbuf_release(&where);
    return code;
}
