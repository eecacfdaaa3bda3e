/* rowset.c: see rowset.h. */
#include "core/pair/rowset.h"

#include <stdlib.h>

#include "core/base/signals.h"

#define KEEP_BYTES ((size_t)1024 * 1024)
#define READ_TRIES 4
#define SET_MAX_BYTES ((size_t)1024 * 1024 * 1024) /* of more rows than keys */

void mr_rowset_init(struct mr_rowset *set)
{
    *set = (struct mr_rowset){.bytes = MR_STRBUF_INIT, .rows = MR_VEC_INIT(struct mr_rowset_row)};
}

void mr_rowset_release(struct mr_rowset *set)
{
    mr_strbuf_release(&set->bytes);
    mr_vec_release(&set->rows);
}

struct mr_rowset_row *mr_rowset_at(const struct mr_rowset *set, size_t i)
{
    return mr_vec_at(&set->rows, i);
}

struct mr_key mr_rowset_key(const struct mr_rowset *set, const struct mr_rowset_row *row)
{
    return (struct mr_key){set->bytes.ptr + row->key_at, row->key_len};
}

const void *mr_rowset_image(const struct mr_rowset *set, const struct mr_rowset_row *row)
{
    return set->bytes.ptr + row->image_at;
}

struct fetch {
    struct mr_rowset *set;
    struct mr_rowhash *hash;
    const struct mr_reader *reader;
    size_t image_bytes; /* still to be kept */
    size_t nkeys;
};

/* As many rows as keys are what was asked for, however wide they are.  More of them may stand under
 * a key that is no unique one; but a server that sends rows without an end fills all memory. */
static enum mr_code check_size(const struct fetch *f, struct mr_err *err)
{
    const struct mr_vec *rows = &f->set->rows;
    if (rows->count <= f->nkeys ||
        f->set->bytes.len + rows->count * sizeof(struct mr_rowset_row) <= SET_MAX_BYTES)
        return MR_OK;
    (void)mr_err_set(
        err, MR_E_SQL, "table \"%s.%s\": the answer has %zu rows for %zu keys, more than %zu MiB",
        f->hash->spec->db, f->hash->spec->table, rows->count, f->nkeys, SET_MAX_BYTES >> 20);
    return MR_E_SQL;
}

/* The bound is used up by images as they come, so that the first is always kept, however wide. */
static enum mr_code add_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct fetch *f = ctx;
    struct mr_strbuf *bytes = &f->set->bytes;
    struct mr_rowset_row *row = mr_vec_push(&f->set->rows);
    if (row == NULL)
        return mr_err_nomem(err, "reading rows by key");
    row->place = f->reader->place;
    row->key_at = bytes->len;
    enum mr_code code = mr_rowhash_key(f->hash, values, bytes, err);
    row->key_len = bytes->len - row->key_at;
    if (code == MR_OK)
        code = mr_rowhash_digest(f->hash, values, &row->digest, &f->set->value_bytes, err);
    row->image_at = bytes->len;
    if (code == MR_OK && f->image_bytes > 0)
        code = mr_rowhash_image(f->hash, values, bytes, err);
    row->image_len = bytes->len - row->image_at;
    f->image_bytes -= row->image_len < f->image_bytes ? row->image_len : f->image_bytes;
    return code == MR_OK ? check_size(f, err) : code;
}

static int compare_keys(const void *a, const void *b, void *ctx)
{
    const struct mr_rowset *set = ctx;
    return mr_key_compare(mr_rowset_key(set, a), mr_rowset_key(set, b));
}

/* Of one key as they came, which of many sources is the order of places. */
static int compare_as_given(const void *a, const void *b, void *ctx)
{
    const struct mr_rowset_row *x = a, *y = b;
    const int order = compare_keys(x, y, ctx);
    return order != 0 ? order : (x->key_at > y->key_at) - (x->key_at < y->key_at);
}

static int compare_rows(const void *a, const void *b, void *ctx)
{
    const struct mr_rowset_row *x = a, *y = b;
    const int order = compare_keys(x, y, ctx);
    return order != 0 ? order : mr_digest_compare(&x->digest, &y->digest);
}

static void empty(struct mr_rowset *set)
{
    mr_strbuf_reset(&set->bytes);
    mr_strbuf_shrink(&set->bytes, KEEP_BYTES);
    mr_vec_clear(&set->rows);
    set->value_bytes = 0;
}

static void sort(struct mr_rowset *set, int (*compare)(const void *, const void *, void *))
{
    if (set->rows.count > 1)
        qsort_r(set->rows.items, set->rows.count, sizeof(struct mr_rowset_row), compare, set);
}

enum mr_code mr_rowset_fetch(struct mr_rowset *set, struct mr_reader *reader,
                             struct mr_rowhash *hash, const struct mr_key *keys, size_t nkeys,
                             size_t image_bytes, struct mr_err *err)
{
    struct fetch f = {
        .set = set, .hash = hash, .reader = reader, .image_bytes = image_bytes, .nkeys = nkeys};
    empty(set);
    enum mr_code code = mr_reader_fetch(reader, hash->spec, keys, nkeys, add_row, &f, err);
    if (code == MR_OK)
        sort(set, compare_as_given);
    return code;
}

enum mr_code mr_rowset_scan(struct mr_rowset *set, struct mr_reader *reader,
                            struct mr_rowhash *hash, struct mr_range range, size_t limit,
                            struct mr_err *err)
{
    struct fetch f = {.set = set, .hash = hash, .reader = reader, .nkeys = limit};
    empty(set);
    enum mr_code code = mr_reader_scan(reader, hash->spec, range, limit, add_row, &f, err);
    if (code == MR_OK)
        sort(set, compare_rows);
    return code;
}

enum mr_code mr_rowset_fetch_again(struct mr_rowset *set, struct mr_reader *reader,
                                   struct mr_rowhash *hash, const struct mr_key *keys, size_t nkeys,
                                   size_t image_bytes, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (int attempt = 0; attempt < READ_TRIES; attempt++) {
        code = mr_rowset_fetch(set, reader, hash, keys, nkeys, image_bytes, err);
        if (code != MR_E_LOST || mr_is_cancelled())
            break;
    }
    return code;
}

struct mr_rowset_row *mr_rowset_find(const struct mr_rowset *set, struct mr_key key)
{
    size_t lo = 0, hi = set->rows.count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        struct mr_rowset_row *row = mr_rowset_at(set, mid);
        int order = mr_key_compare(mr_rowset_key(set, row), key);
        if (order == 0)
            return row;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct mr_rowset_row *mr_rowset_find_at(const struct mr_rowset *set, struct mr_key key,
                                        size_t place)
{
    struct mr_rowset_row *row = mr_rowset_find(set, key);
    if (row == NULL)
        return NULL;
    size_t at = (size_t)(row - mr_rowset_at(set, 0));
    while (at > 0 && mr_key_compare(mr_rowset_key(set, mr_rowset_at(set, at - 1)), key) == 0)
        at--;
    for (; at < set->rows.count; at++) {
        row = mr_rowset_at(set, at);
        if (mr_key_compare(mr_rowset_key(set, row), key) != 0)
            return NULL;
        if (row->place == place)
            return row;
    }
    return NULL;
}

/* A sum of digests, and not their XOR, in which two of the same row would cancel. */
struct mr_rowset_group mr_rowset_group(const struct mr_rowset *set, struct mr_key key)
{
    struct mr_rowset_group group = {0, {0, 0}};
    const struct mr_rowset_row *first = mr_rowset_find(set, key);
    if (first == NULL)
        return group;
    size_t at = (size_t)(first - mr_rowset_at(set, 0));
    while (at > 0 && mr_key_compare(mr_rowset_key(set, mr_rowset_at(set, at - 1)), key) == 0)
        at--;
    for (; at < set->rows.count; at++) {
        const struct mr_rowset_row *row = mr_rowset_at(set, at);
        if (mr_key_compare(mr_rowset_key(set, row), key) != 0)
            break;
        group.rows++;
        group.digest.hi += row->digest.hi;
        group.digest.lo += row->digest.lo;
    }
    return group;
}

bool mr_rowset_group_is_same(struct mr_rowset_group a, struct mr_rowset_group b)
{
    return a.rows == b.rows && mr_digest_equal(a.digest, b.digest);
}
