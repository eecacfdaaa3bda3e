/* plan_equal.c: see plan_equal.h. */
#include "repair/plan/plan_equal.h"

#include <stdlib.h>

#include "core/base/signals.h"
#include "core/pair/rowhash.h"

#define LOOK_EVERY 1000 /* rows, for a signal */

struct equal_rows {
    struct mr_digest digest; /* first: what mr_digest_compare looks at */
    uint64_t rows;
};

void mr_plan_equal_init(struct mr_plan_equal *equal)
{
    equal->list = (struct mr_vec)MR_VEC_INIT(struct equal_rows);
}

void mr_plan_equal_release(struct mr_plan_equal *equal)
{
    mr_vec_release(&equal->list);
}

enum mr_code mr_plan_equal_add(struct mr_plan_equal *equal, struct mr_digest digest,
                               struct mr_err *err)
{
    struct equal_rows *rows = mr_vec_push(&equal->list);
    if (rows == NULL)
        return mr_err_nomem(err, "counting rows");
    *rows = (struct equal_rows){.digest = digest};
    return MR_OK;
}

static struct equal_rows *find(const struct mr_plan_equal *equal, struct mr_digest digest)
{
    return equal->list.count > 0 ? bsearch(&digest, equal->list.items, equal->list.count,
                                           sizeof(struct equal_rows), mr_digest_compare)
                                 : NULL;
}

uint64_t mr_plan_equal_of(const struct mr_plan_equal *equal, struct mr_digest digest)
{
    const struct equal_rows *rows = find(equal, digest);
    return rows != NULL ? rows->rows : 0;
}

/* One item a digest. */
static void gather(struct mr_plan_equal *equal)
{
    struct equal_rows *items = equal->list.items;
    size_t kept = 0;
    if (equal->list.count > 1)
        qsort(items, equal->list.count, sizeof *items, mr_digest_compare);
    for (size_t i = 0; i < equal->list.count; i++)
        if (kept == 0 || !mr_digest_equal(items[i].digest, items[kept - 1].digest))
            items[kept++] = items[i];
    equal->list.count = kept;
}

struct counting {
    struct mr_plan_equal *equal;
    struct mr_plan_digester *digester;
    struct mr_rowhash hash;
    struct mr_strbuf image;
    uint64_t seen;
};

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct counting *c = ctx;
    struct mr_digest digest;
    mr_strbuf_reset(&c->image);
    if (++c->seen % LOOK_EVERY == 0 && mr_is_cancelled())
        return mr_cancelled_err(err);
    enum mr_code code = mr_rowhash_image(&c->hash, values, &c->image, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&c->image, "counting rows", err);
    const struct mr_key image = {c->image.ptr, c->image.len};
    if (code == MR_OK)
        code = mr_plan_digester_row(c->digester, image, &digest, err);
    struct equal_rows *rows = code == MR_OK ? find(c->equal, digest) : NULL;
    if (rows != NULL)
        rows->rows++;
    return code;
}

enum mr_code mr_plan_equal_count(struct mr_plan_equal *equal, const struct mr_plan_table *table,
                                 struct mr_plan_digester *digester, struct mr_reader *reader,
                                 struct mr_err *err)
{
    const struct mr_readspec *spec = &table->pair->full[MR_TARGET];
    struct counting c = {.equal = equal, .digester = digester, .image = MR_STRBUF_INIT};
    if (equal->list.count == 0)
        return MR_OK;
    gather(equal);
    enum mr_code code = mr_rowhash_init(&c.hash, table->pair, spec, err);
    if (code == MR_OK)
        code = mr_reader_scan(reader, spec, (struct mr_range){0}, 0, take_row, &c, err);
    mr_rowhash_release(&c.hash);
    mr_strbuf_release(&c.image);
    return code;
}
