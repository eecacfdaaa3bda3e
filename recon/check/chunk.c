/* chunk.c: see chunk.h. */
#include "recon/check/chunk.h"

#include <stdlib.h>
#include <string.h>

void mr_chunk_init(struct mr_chunk *chunk)
{
    *chunk = (struct mr_chunk){.keys = MR_STRBUF_INIT, .rows = MR_VEC_INIT(struct mr_chunk_row)};
}

void mr_chunk_release(struct mr_chunk *chunk)
{
    mr_strbuf_release(&chunk->keys);
    mr_vec_release(&chunk->rows);
    chunk->bytes = 0;
}

void mr_chunk_reset(struct mr_chunk *chunk)
{
    mr_strbuf_reset(&chunk->keys);
    mr_vec_clear(&chunk->rows);
    chunk->bytes = 0;
}

enum mr_code mr_chunk_add(struct mr_chunk *chunk, size_t key_at, struct mr_digest digest,
                          struct mr_err *err)
{
    struct mr_chunk_row *row = chunk->keys.failed ? NULL : mr_vec_push(&chunk->rows);
    if (row == NULL)
        return mr_err_nomem(err, "reading a chunk");
    row->digest = digest;
    row->key_at = key_at;
    row->key_len = chunk->keys.len - key_at;
    return MR_OK;
}

static const struct mr_chunk_row *row_at(const struct mr_chunk *chunk, size_t i)
{
    return (const struct mr_chunk_row *)chunk->rows.items + i;
}

struct mr_key mr_chunk_key(const struct mr_chunk *chunk, size_t row)
{
    const struct mr_chunk_row *r = row_at(chunk, row);
    return (struct mr_key){chunk->keys.ptr + r->key_at, r->key_len};
}

static bool all_equal(const struct mr_chunk *s, const struct mr_chunk *t)
{
    if (s->rows.count != t->rows.count)
        return false;
    for (size_t i = 0; i < s->rows.count; i++)
        if (!mr_digest_equal(row_at(s, i)->digest, row_at(t, i)->digest))
            return false;
    return true;
}

#define NO_TWIN SIZE_MAX

/* A row of a chunk while both are sorted by key. */
struct sorted {
    struct mr_key key;
    size_t row;
};

static int compare_sorted(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    int order = mr_key_compare(x->key, y->key);
    if (order != 0)
        return order;
    return x->row < y->row ? -1 : x->row > y->row;
}

static struct sorted *sort_keys(const struct mr_chunk *chunk)
{
    struct sorted *list = calloc(chunk->rows.count + 1, sizeof *list);
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < chunk->rows.count; i++)
        list[i] = (struct sorted){mr_chunk_key(chunk, i), i};
    qsort(list, chunk->rows.count, sizeof *list, compare_sorted);
    return list;
}

/* twin[i]: the row of the other chunk with the key of row i, or NO_TWIN. */
static enum mr_code find_twins(const struct mr_chunk *s, const struct mr_chunk *t,
                               size_t *twin_of_s, size_t *twin_of_t, struct mr_err *err)
{
    struct sorted *a = sort_keys(s), *b = sort_keys(t);
    size_t i = 0, j = 0;
    enum mr_code code = MR_OK;
    if (a == NULL || b == NULL)
        code = mr_err_nomem(err, "comparing a chunk");
    while (code == MR_OK && i < s->rows.count && j < t->rows.count) {
        int order = mr_key_compare(a[i].key, b[j].key);
        if (order == 0) {
            twin_of_s[a[i].row] = b[j].row;
            twin_of_t[b[j].row] = a[i].row;
        }
        i += order <= 0;
        j += order >= 0;
    }
    free(a);
    free(b);
    return code;
}

/* Rows of one key stand together where a source is many servers: it is one suspect. */
static enum mr_code push_suspect(struct mr_vec *suspects, struct mr_key key, uint64_t equal,
                                 struct mr_err *err)
{
    const struct mr_find_suspect *last =
        suspects->count > 0 ? mr_vec_at(suspects, suspects->count - 1) : NULL;
    if (last != NULL && mr_key_compare(last->key, key) == 0)
        return MR_OK;
    struct mr_find_suspect *suspect = mr_vec_push(suspects);
    if (suspect == NULL)
        return mr_err_nomem(err, "comparing a chunk");
    suspect->key = key;
    suspect->equal = equal;
    suspect->pos = suspects->count - 1;
    return MR_OK;
}

/*
 * Walks both sides in their servers' order.  Twins are met together; rows without a twin
 * go in between, by key where both sides have one waiting.  Should the two orders
 * disagree (a row's twin was passed already), the source's order leads.
 */
static enum mr_code walk(const struct mr_chunk *s, const struct mr_chunk *t,
                         const size_t *twin_of_s, const size_t *twin_of_t, struct mr_vec *suspects,
                         uint64_t *equal, struct mr_err *err)
{
    size_t i = 0, j = 0;
    while ((i < s->rows.count || j < t->rows.count)) {
        bool s_alone = i < s->rows.count && twin_of_s[i] == NO_TWIN;
        bool t_alone = j < t->rows.count && twin_of_t[j] == NO_TWIN;
        if (s_alone && t_alone)
            s_alone = mr_key_compare(mr_chunk_key(s, i), mr_chunk_key(t, j)) < 0;
        if (s_alone) {
            MR_TRY(push_suspect(suspects, mr_chunk_key(s, i++), *equal, err));
        } else if (t_alone) {
            MR_TRY(push_suspect(suspects, mr_chunk_key(t, j++), *equal, err));
        } else if (i < s->rows.count) {
            size_t twin = twin_of_s[i];
            if (mr_digest_equal(row_at(s, i)->digest, row_at(t, twin)->digest))
                ++*equal;
            else
                MR_TRY(push_suspect(suspects, mr_chunk_key(s, i), *equal, err));
            j += j == twin;
            i++;
        } else {
            j++; /* its twin was passed */
        }
    }
    return MR_OK;
}

enum mr_code mr_chunk_compare(const struct mr_chunk *source, const struct mr_chunk *target,
                              struct mr_vec *suspects, uint64_t *equal, struct mr_err *err)
{
    *equal = 0;
    if (all_equal(source, target)) {
        *equal = source->rows.count;
        return MR_OK;
    }
    size_t *twins = calloc(source->rows.count + target->rows.count + 1, sizeof *twins);
    if (twins == NULL)
        return mr_err_nomem(err, "comparing a chunk");
    for (size_t i = 0; i < source->rows.count + target->rows.count; i++)
        twins[i] = NO_TWIN;
    size_t *twin_of_t = twins + source->rows.count;
    enum mr_code code = find_twins(source, target, twins, twin_of_t, err);
    if (code == MR_OK)
        code = walk(source, target, twins, twin_of_t, suspects, equal, err);
    free(twins);
    return code;
}
