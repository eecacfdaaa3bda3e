/* key_set.c: see key_set.h. */
#include "core/source/key_set.h"

#include <stdlib.h>
#include <string.h>

#define FEW 4096 /* are not worth a sort */

struct ref {
    uint32_t at, len;
    uint32_t number;
};

void mr_key_set_init(struct mr_key_set *set)
{
    *set = (struct mr_key_set){.bytes = MR_STRBUF_INIT, .refs = MR_VEC_INIT(struct ref)};
}

void mr_key_set_release(struct mr_key_set *set)
{
    mr_strbuf_release(&set->bytes);
    mr_vec_release(&set->refs);
    mr_key_set_init(set);
}

static struct mr_key key_of(const struct mr_key_set *set, const struct ref *ref)
{
    return (struct mr_key){set->bytes.ptr + ref->at, ref->len};
}

/* Of equal ones the later stands behind. */
static int compare(const void *a, const void *b, void *ctx)
{
    const struct ref *x = a, *y = b;
    const int order = mr_key_compare(key_of(ctx, x), key_of(ctx, y));
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

/* Their bytes move into a buffer of their own: those of what was there twice go with the old one. */
enum mr_code mr_key_set_unite(struct mr_key_set *set, struct mr_err *err)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct ref *refs = set->refs.items;
    size_t kept = 0;
    if (set->refs.count > 1)
        qsort_r(refs, set->refs.count, sizeof *refs, compare, set);
    for (size_t i = 0; i < set->refs.count; i++) {
        const struct mr_key key = key_of(set, &refs[i]);
        const uint32_t at = (uint32_t)bytes.len;
        const uint32_t number = refs[i].number;
        if (kept > 0 && !bytes.failed && refs[kept - 1].len == key.len &&
            memcmp(bytes.ptr + refs[kept - 1].at, key.ptr, key.len) == 0) {
            refs[kept - 1].number = number;
            continue;
        }
        mr_strbuf_add(&bytes, key.ptr, key.len);
        refs[kept++] = (struct ref){at, (uint32_t)key.len, number};
    }
    enum mr_code code = mr_strbuf_check(&bytes, "keeping keys", err);
    if (code != MR_OK) {
        mr_strbuf_release(&bytes);
        return code;
    }
    mr_strbuf_release(&set->bytes);
    set->bytes = bytes;
    set->refs.count = set->united = kept;
    return MR_OK;
}

enum mr_code mr_key_set_put(struct mr_key_set *set, struct mr_key key, uint32_t number,
                            struct mr_err *err)
{
    if (set->refs.count >= 2 * set->united + FEW)
        MR_TRY(mr_key_set_unite(set, err));
    if (set->bytes.len + key.len > UINT32_MAX)
        return mr_err_set(err, MR_E_UNSUPPORTED, "more than 4 GiB of keys");
    struct ref *ref = mr_vec_push(&set->refs);
    if (ref == NULL)
        return mr_err_nomem(err, "keeping keys");
    *ref = (struct ref){(uint32_t)set->bytes.len, (uint32_t)key.len, number};
    mr_strbuf_add(&set->bytes, key.ptr, key.len);
    return mr_strbuf_check(&set->bytes, "keeping keys", err);
}

enum mr_code mr_key_set_add(struct mr_key_set *set, struct mr_key key, struct mr_err *err)
{
    return mr_key_set_put(set, key, 0, err);
}

size_t mr_key_set_count(const struct mr_key_set *set)
{
    return set->refs.count;
}

struct mr_key mr_key_set_at(const struct mr_key_set *set, size_t i)
{
    return key_of(set, mr_vec_at(&set->refs, i));
}

uint32_t mr_key_set_number(const struct mr_key_set *set, size_t i)
{
    return ((const struct ref *)mr_vec_at(&set->refs, i))->number;
}

void mr_key_set_mark(struct mr_key_set *set, size_t i, uint32_t number)
{
    ((struct ref *)mr_vec_at(&set->refs, i))->number = number;
}

bool mr_key_set_find(const struct mr_key_set *set, struct mr_key key, size_t *i)
{
    size_t lo = 0, hi = set->refs.count;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        const int order = mr_key_compare(mr_key_set_at(set, mid), key);
        *i = mid;
        if (order == 0)
            return true;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

size_t mr_key_set_bytes(const struct mr_key_set *set)
{
    return set->bytes.len + set->refs.count * sizeof(struct ref);
}

enum mr_code mr_key_sets_weigh(struct mr_key_set *first, size_t count, size_t stride, size_t *bytes,
                               size_t *most, struct mr_err *err)
{
    size_t heaviest = 0;
    *bytes = *most = 0;
    for (size_t i = 0; i < count; i++) {
        struct mr_key_set *set = (void *)((char *)first + i * stride);
        MR_TRY(mr_key_set_unite(set, err));
        const size_t weight = mr_key_set_bytes(set);
        *bytes += weight;
        if (weight > heaviest) {
            heaviest = weight;
            *most = i;
        }
    }
    return MR_OK;
}
