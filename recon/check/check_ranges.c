/* check_ranges.c: see check_ranges.h. */
#include "recon/check/check_ranges.h"

#include <string.h>

#include "core/base/vec.h"

/* Equal rows of the table before a chunk. */
struct before {
    int64_t segment, chunk;
    uint64_t equal;
};

/* A finding kept beyond its row: only what a range needs.  Most are forgotten for the next one of
 * their range, so that images are unpacked when it ends. */
struct kept {
    struct mr_finding f;
    struct mr_strbuf source, target;
};

struct ranges {
    struct mr_findings *fd;
    mr_range_fn *fn;
    void *ctx;
    struct mr_vec chunks; /* struct before, in key order */
    size_t at;            /* chunk of the last finding */
    uint64_t equal;       /* while the chunks are loaded */
    struct kept from, to;
    bool open;
    uint64_t rows;
    uint64_t equal_before; /* of the open range */
};

static enum mr_code add_chunk(void *ctx, int64_t segment, int64_t chunk, uint64_t equal,
                              struct mr_err *err)
{
    struct ranges *r = ctx;
    struct before *b = mr_vec_push(&r->chunks);
    if (b == NULL)
        return mr_err_nomem(err, "joining ranges");
    *b = (struct before){segment, chunk, r->equal};
    r->equal += equal;
    return MR_OK;
}

static uint64_t equal_before(struct ranges *r, const struct mr_finding *f)
{
    while (r->at < r->chunks.count) {
        const struct before *b = mr_vec_at(&r->chunks, r->at);
        if (b->segment == f->segment && b->chunk == f->chunk)
            return b->equal + f->equal;
        r->at++;
    }
    return f->equal;
}

static enum mr_code keep(struct kept *kept, const struct mr_finding *f, struct mr_err *err)
{
    kept->f = *f;
    mr_strbuf_reset(&kept->source);
    mr_strbuf_reset(&kept->target);
    mr_strbuf_add(&kept->source, f->source, f->source != NULL ? f->source_len : 0);
    mr_strbuf_add(&kept->target, f->target, f->target != NULL ? f->target_len : 0);
    if (f->source != NULL)
        kept->f.source = kept->source.ptr;
    if (f->target != NULL)
        kept->f.target = kept->target.ptr;
    MR_TRY(mr_strbuf_check(&kept->source, "joining ranges", err));
    return mr_strbuf_check(&kept->target, "joining ranges", err);
}

static enum mr_code unpack(struct ranges *r, struct kept *kept, struct mr_err *err)
{
    struct mr_finding f = kept->f;
    MR_TRY(mr_findings_images(r->fd, &f, err));
    return f.source != kept->f.source || f.target != kept->f.target ? keep(kept, &f, err) : MR_OK;
}

static enum mr_code close_range(struct ranges *r, struct mr_err *err)
{
    if (!r->open)
        return MR_OK;
    MR_TRY(unpack(r, &r->from, err));
    if (r->rows > 1)
        MR_TRY(unpack(r, &r->to, err));
    struct mr_check_range range = {&r->from.f, r->rows > 1 ? &r->to.f : &r->from.f, r->rows};
    r->open = false;
    return r->fn(r->ctx, &range, err);
}

static enum mr_code add_finding(void *ctx, const struct mr_finding *f, struct mr_err *err)
{
    struct ranges *r = ctx;
    uint64_t equal = equal_before(r, f);
    enum mr_code code = MR_OK;
    if (f->state != MR_FIND_DIVERGED || (r->open && equal != r->equal_before))
        code = close_range(r, err);
    if (code != MR_OK || f->state != MR_FIND_DIVERGED)
        return code;
    if (r->open) {
        r->rows++;
        return keep(&r->to, f, err);
    }
    r->open = true;
    r->rows = 1;
    r->equal_before = equal;
    return keep(&r->from, f, err);
}

static enum mr_code keyless_range(const struct mr_find_table *table, mr_range_fn *fn, void *ctx,
                                  struct mr_err *err)
{
    const struct mr_find_counts *c = &table->counts;
    struct mr_check_range range = {NULL, NULL, c->missing + c->extra};
    return range.rows > 0 ? fn(ctx, &range, err) : MR_OK;
}

enum mr_code mr_check_ranges(struct mr_findings *fd, const struct mr_find_table *table,
                             mr_range_fn *fn, void *ctx, struct mr_err *err)
{
    if (table->keyless)
        return keyless_range(table, fn, ctx, err);
    struct ranges r = {.fd = fd,
                       .fn = fn,
                       .ctx = ctx,
                       .chunks = MR_VEC_INIT(struct before),
                       .from = {.source = MR_STRBUF_INIT, .target = MR_STRBUF_INIT},
                       .to = {.source = MR_STRBUF_INIT, .target = MR_STRBUF_INIT}};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_findings_walk_chunks(fd, table->id, add_chunk, &r, err));
    MR_TRY_OUT(mr_findings_walk_packed(fd, table->id, add_finding, &r, err));
    MR_TRY_OUT(close_range(&r, err));
out:
    mr_vec_release(&r.chunks);
    mr_strbuf_release(&r.from.source);
    mr_strbuf_release(&r.from.target);
    mr_strbuf_release(&r.to.source);
    mr_strbuf_release(&r.to.target);
    return code;
}
