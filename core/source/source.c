/* source.c: the vtable of a source, with what every implementation may rely on. */
#include "core/source/source.h"

#include "core/schema/made_key.h"

enum mr_code mr_source_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                 struct mr_catalogue **out, struct mr_err *err)
{
    static const struct mr_catalogue_opts none = {0};
    return mr_source_catalogue_as(src, dbs, ndbs, &none, out, err);
}

enum mr_code mr_source_catalogue_as(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                    const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                    struct mr_err *err)
{
    *out = NULL;
    enum mr_code code = src->ops->catalogue(src, dbs, ndbs, opts, out, err);
    if (code == MR_OK)
        code = mr_catalogue_drop_made_keys(*out, err);
    if (code == MR_OK)
        return MR_OK;
    mr_catalogue_free(*out);
    *out = NULL;
    return code;
}

enum mr_code mr_source_reader_new(struct mr_source *src, struct mr_reader **out, struct mr_err *err)
{
    *out = NULL;
    return src->ops->reader_new(src, out, err);
}

void mr_source_free(struct mr_source *src)
{
    if (src != NULL)
        src->ops->free(src);
}

void mr_reader_free(struct mr_reader *reader)
{
    if (reader != NULL)
        reader->source->ops->reader_free(reader);
}

void mr_reader_on_renewal(struct mr_reader *reader, mr_reader_renewed_fn *fn, void *ctx)
{
    reader->renewed = fn;
    reader->renewed_ctx = ctx;
}

static bool is_open(struct mr_range range)
{
    return range.lo.ptr == NULL && range.hi.ptr == NULL;
}

static enum mr_code fail_no_key(const struct mr_readspec *spec, const char *what,
                                struct mr_err *err)
{
    return mr_err_set(err, MR_E_BUG, "%s of table \"%s.%s\", which is read without a key", what,
                      spec->db, spec->table);
}

enum mr_code mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                            struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                            struct mr_err *err)
{
    if (spec->nkey == 0 && !is_open(range))
        return fail_no_key(spec, "range", err);
    return reader->source->ops->scan(reader, spec, range, limit, fn, ctx, err);
}

/* Hands rows of values to who takes raw ones, too. */
struct plain_rows {
    mr_raw_row_fn *fn;
    void *ctx;
};

static enum mr_code give_plain(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    const struct plain_rows *to = ctx;
    const struct mr_raw_row row = {.values = values};
    return to->fn(to->ctx, &row, err);
}

enum mr_code mr_reader_scan_raw(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, uint64_t limit, mr_raw_row_fn *fn, void *ctx,
                                struct mr_err *err)
{
    struct plain_rows to = {fn, ctx};
    if (reader->source->ops->scan_raw == NULL)
        return mr_reader_scan(reader, spec, range, limit, give_plain, &to, err);
    if (spec->nkey == 0 && !is_open(range))
        return fail_no_key(spec, "range", err);
    return reader->source->ops->scan_raw(reader, spec, range, limit, fn, ctx, err);
}

enum mr_code mr_reader_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                             const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                             struct mr_err *err)
{
    if (nkeys == 0)
        return MR_OK;
    if (spec->nkey == 0)
        return fail_no_key(spec, "rows by key", err);
    return reader->source->ops->fetch(reader, spec, keys, nkeys, fn, ctx, err);
}

enum mr_code mr_reader_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                              size_t wanted, struct mr_arena *arena, struct mr_vec *keys,
                              struct mr_err *err)
{
    const struct mr_range whole = {.lo = {NULL, 0}, .hi = {NULL, 0}};
    return mr_reader_bounds_within(reader, spec, whole, wanted, arena, keys, err);
}

enum mr_code mr_reader_bounds_within(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, size_t wanted, struct mr_arena *arena,
                                     struct mr_vec *keys, struct mr_err *err)
{
    if (wanted == 0 || spec->nkey == 0)
        return MR_OK;
    return reader->source->ops->bounds(reader, spec, range, wanted, arena, keys, err);
}

enum mr_code mr_reader_bound_after(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t rows, struct mr_strbuf *key,
                                   struct mr_err *err)
{
    mr_strbuf_reset(key);
    if (spec->nkey == 0 || rows == 0)
        return fail_no_key(spec, "bound", err);
    return reader->source->ops->bound_after(reader, spec, range, rows, key, err);
}

enum mr_code mr_reader_digest(struct mr_reader *reader, const struct mr_readspec *spec,
                              struct mr_range range, struct mr_range_digest *out,
                              struct mr_err *err)
{
    if (spec->nkey == 0 && !is_open(range))
        return fail_no_key(spec, "range", err);
    return reader->source->ops->digest(reader, spec, range, out, err);
}

enum mr_code mr_reader_cuts(struct mr_reader *reader, const struct mr_readspec *spec,
                            struct mr_range range, uint64_t every, size_t wanted,
                            struct mr_arena *arena, struct mr_vec *keys, struct mr_err *err)
{
    if (reader->source->ops->cuts == NULL || every == 0 || wanted == 0)
        return MR_OK;
    if (spec->nkey == 0)
        return fail_no_key(spec, "cut", err);
    if (wanted > MR_CUTS_MAX)
        wanted = MR_CUTS_MAX;
    return reader->source->ops->cuts(reader, spec, range, every, wanted, arena, keys, err);
}

enum mr_code mr_reader_digest_parts(struct mr_reader *reader, const struct mr_readspec *spec,
                                    struct mr_range range, const struct mr_key *cuts, size_t ncuts,
                                    struct mr_range_digest *out, struct mr_err *err)
{
    if (spec->nkey == 0)
        return fail_no_key(spec, "part of a range", err);
    if (reader->source->ops->digest_parts == NULL)
        return mr_err_set(err, MR_E_UNSUPPORTED, "the source computes no digests");
    return reader->source->ops->digest_parts(reader, spec, range, cuts, ncuts, out, err);
}

struct mr_db *mr_reader_db(struct mr_reader *reader)
{
    return reader->source->ops->reader_db(reader);
}

enum mr_code mr_reader_view_begun(struct mr_reader *reader, struct mr_err *err)
{
    const struct mr_source_ops *ops = reader->source->ops;
    return ops->reader_view_begun != NULL ? ops->reader_view_begun(reader, err) : MR_OK;
}

enum mr_code mr_reader_unlock(struct mr_reader *reader, struct mr_err *err)
{
    const struct mr_source_ops *ops = reader->source->ops;
    return ops->reader_unlock != NULL ? ops->reader_unlock(reader, err) : MR_OK;
}

const char *mr_reader_keeps_locks(const struct mr_reader *reader)
{
    const struct mr_source_ops *ops = reader->source->ops;
    return ops->reader_keeps_locks != NULL ? ops->reader_keeps_locks(reader) : NULL;
}

enum mr_code mr_reader_counter(struct mr_reader *reader, const struct mr_table *table,
                               uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    return reader->source->ops->counter(reader, table, next, greatest, err);
}

enum mr_code mr_reader_sequence(struct mr_reader *reader, const char *db, const char *name,
                                uint64_t *next, struct mr_err *err)
{
    *next = 0;
    return reader->source->ops->sequence != NULL
               ? reader->source->ops->sequence(reader, db, name, next, err)
               : mr_err_set(err, MR_E_BUG, "a server is asked for its sequences in SQL");
}

enum mr_code mr_reader_probe(struct mr_reader *reader, const char *db, const char *table,
                             const char *column, struct mr_err *err)
{
    return reader->source->ops->probe(reader, db, table, column, err);
}

bool mr_reader_has_order(struct mr_reader *reader, const struct mr_readspec *spec)
{
    const struct mr_source_ops *ops = reader->source->ops;
    return ops->has_order == NULL || ops->has_order(reader, spec);
}

bool mr_source_is_snapshot(const struct mr_source *src)
{
    return src->ops->kept != NULL;
}

const struct mr_kept *mr_source_kept(const struct mr_source *src, const char *db, const char *table)
{
    return src->ops->kept != NULL ? src->ops->kept(src, db, table) : NULL;
}

enum mr_code mr_source_prove(struct mr_source *src, const char *db, const char *table, size_t range,
                             struct mr_err *err)
{
    return src->ops->prove(src, db, table, range, err);
}

bool mr_source_chooses(const struct mr_source *src, const char *db, const char *name)
{
    return src->ops->chooses == NULL || src->ops->chooses(src, db, name);
}

enum mr_code mr_source_can_judge(const struct mr_source *src, const char *db, const char *table,
                                 const char *condition, struct mr_err *err)
{
    return src->ops->can_judge != NULL ? src->ops->can_judge(src, db, table, condition, err)
                                       : MR_OK;
}

const struct mr_left_out *mr_source_left_out(const struct mr_source *src, size_t *count)
{
    *count = 0;
    return src->ops->left_out != NULL ? src->ops->left_out(src, count) : NULL;
}

const char *const *mr_source_databases(const struct mr_source *src, size_t *count, bool *whole)
{
    *count = 0;
    *whole = true;
    return src->ops->databases != NULL ? src->ops->databases(src, count, whole) : NULL;
}

void mr_source_compress(struct mr_source *src)
{
    if (src->ops->compress != NULL)
        src->ops->compress(src);
}

enum mr_code mr_source_new(const struct mr_endpoint *ep, const struct mr_source_opts *opts,
                           struct mr_source **out, struct mr_err *err)
{
    *out = NULL;
    if (ep->kind == MR_ENDPOINT_MYSQL)
        return mr_source_live_new(ep, opts, out, err);
    if (opts->open_snapshot == NULL)
        return mr_err_set(err, MR_E_USAGE, "snapshot \"%s\": this command reads servers only",
                          ep->dir);
    return opts->open_snapshot(ep, out, err);
}
