/* source_shards.c: see source_shards.h. */
#include "core/source/source_shards.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/schema/schema.h"
#include "core/source/key_order.h"
#include "core/source/shards_merge.h"
#include "core/source/source_shards_internal.h"

#define DOING "opening the sources of a map"
#define WHOLE_ROWS 5000  /* of a place that is read without a common order: rows a statement */
#define BOUNDS_PLACES 16 /* that are asked for bounds */

struct shards_reader {
    struct mr_reader base;
    struct mr_reader **own; /* a server each */
    struct mr_shards_merge merge;
};

static struct mr_source_shards *source_of(const struct mr_reader *reader)
{
    return (struct mr_source_shards *)reader->source;
}

static struct shards_reader *own_of(struct mr_reader *reader)
{
    return (struct shards_reader *)reader;
}

/* ---- what is read of a table ---- */

/* Names lead nowhere else: what was not in the catalogue has no places. */
static enum mr_code view_of(struct mr_reader *reader, const struct mr_readspec *spec,
                            const struct mr_shards_view **out, struct mr_err *err)
{
    *out = mr_shards_view(source_of(reader), spec->table);
    if (*out == NULL)
        return mr_err_set(err, MR_E_NO_SUCH, "no source has a table of \"%s.%s\"", spec->db,
                          spec->table);
    return (*out)->unfit == NULL ? MR_OK : mr_err_set(err, MR_E_UNSUPPORTED, "%s", (*out)->unfit);
}

static const struct mr_shards_place *place_at(const struct mr_shards_view *view, size_t at)
{
    return mr_vec_at(&view->places, at);
}

static struct mr_readspec spec_of(const struct mr_readspec *spec,
                                  const struct mr_shards_place *place)
{
    struct mr_readspec own = *spec;
    own.db = place->table->db;
    own.table = place->table->name;
    return own;
}

/* ---- place by place ---- */

struct whole {
    struct mr_reader *reader;
    const struct mr_readspec *spec;
    mr_row_fn *fn;
    void *ctx;
    struct mr_strbuf last; /* key of the last row */
    uint64_t rows;         /* of this statement */
};

static enum mr_code give_whole(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct whole *w = ctx;
    w->rows++;
    mr_strbuf_reset(&w->last);
    for (size_t k = 0; k < w->spec->nkey; k++)
        MR_TRY(mr_row_encode(&w->last, &values[w->spec->key[k]], err));
    return w->fn(w->ctx, values, err);
}

/* In its server's own order where it has a key, so that no statement is as long as the table.  left: how
 * many are wanted, 0: all. */
static enum mr_code scan_place(struct whole *w, const struct mr_shards_place *place, uint64_t left,
                               struct mr_err *err)
{
    const struct mr_readspec spec = spec_of(w->spec, place);
    struct mr_reader *own = own_of(w->reader)->own[place->server];
    struct mr_strbuf lo = MR_STRBUF_INIT;
    const uint64_t most = spec.nkey > 0 ? WHOLE_ROWS : 0;
    uint64_t limit;
    bool more;
    enum mr_code code = MR_OK;
    do {
        const struct mr_range range = {{lo.len > 0 ? lo.ptr : NULL, lo.len}, {NULL, 0}};
        limit = left > 0 && (most == 0 || left < most) ? left : most;
        w->rows = 0;
        MR_TRY_OUT(mr_reader_scan(own, &spec, range, limit, give_whole, w, err));
        mr_strbuf_reset(&lo);
        mr_strbuf_add(&lo, w->last.ptr, w->last.len);
        MR_TRY_OUT(mr_strbuf_check(&lo, "reading rows", err));
        more = spec.nkey > 0 && w->rows == limit && (left == 0 || w->rows < left);
        left -= left > 0 ? w->rows : 0;
    } while (more);
out:
    mr_strbuf_release(&lo);
    return code;
}

struct counted {
    mr_row_fn *fn;
    void *ctx;
    uint64_t given;
};

static enum mr_code count_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct counted *c = ctx;
    c->given++;
    return c->fn(c->ctx, values, err);
}

static enum mr_code scan_whole(struct mr_reader *reader, const struct mr_readspec *spec,
                               const struct mr_shards_view *view, uint64_t limit, mr_row_fn *fn,
                               void *ctx, struct mr_err *err)
{
    struct counted c = {.fn = fn, .ctx = ctx};
    struct whole w = {
        .reader = reader, .spec = spec, .fn = count_row, .ctx = &c, .last = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < view->places.count; i++) {
        if (limit > 0 && c.given >= limit)
            break;
        reader->place = i;
        code = scan_place(&w, place_at(view, i), limit > 0 ? limit - c.given : 0, err);
    }
    mr_strbuf_release(&w.last);
    return code;
}

/* ---- by key ---- */

static enum mr_code read_place(void *ctx, size_t place, const struct mr_readspec *spec,
                               struct mr_range range, uint64_t limit, mr_row_fn *fn, void *fn_ctx,
                               struct mr_err *err)
{
    struct mr_reader *reader = ctx;
    const struct mr_shards_view *view;
    MR_TRY(view_of(reader, spec, &view, err));
    const struct mr_shards_place *p = place_at(view, place);
    const struct mr_readspec own = spec_of(spec, p);
    return mr_reader_scan(own_of(reader)->own[p->server], &own, range, limit, fn, fn_ctx, err);
}

/* Of an average row, in the place where it has most bytes. */
static uint64_t widest(const struct mr_shards_view *view)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < view->places.count; i++) {
        const uint64_t here = place_at(view, i)->table->avg_row_bytes;
        bytes = here > bytes ? here : bytes;
    }
    return bytes;
}

static bool is_open(struct mr_range range)
{
    return range.lo.ptr == NULL && range.hi.ptr == NULL;
}

static enum mr_code shards_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                struct mr_err *err)
{
    const struct mr_shards_view *view;
    MR_TRY(view_of(reader, spec, &view, err));
    own_of(reader)->merge.row_bytes = widest(view);
    if (mr_key_order_is_known(spec))
        return mr_shards_merge_scan(&own_of(reader)->merge, view->places.count, spec, range, limit,
                                    fn, ctx, err);
    return is_open(range)
               ? scan_whole(reader, spec, view, limit, fn, ctx, err)
               : mr_err_set(err, MR_E_BUG,
                            "range of table \"%s.%s\", whose sources have no common order",
                            spec->db, spec->table);
}

static enum mr_code shards_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                 const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                                 struct mr_err *err)
{
    const struct mr_shards_view *view;
    MR_TRY(view_of(reader, spec, &view, err));
    for (size_t i = 0; i < view->places.count; i++) {
        const struct mr_shards_place *place = place_at(view, i);
        const struct mr_readspec own = spec_of(spec, place);
        reader->place = i;
        MR_TRY(
            mr_reader_fetch(own_of(reader)->own[place->server], &own, keys, nkeys, fn, ctx, err));
    }
    return MR_OK;
}

/* ---- bounds ---- */

static int compare_keys(const void *a, const void *b, void *nkey)
{
    return mr_key_order_compare(*(const size_t *)nkey, *(const struct mr_key *)a,
                                *(const struct mr_key *)b);
}

/* Of all that were found, so many, evenly, each once. */
static enum mr_code thin(struct mr_vec *found, size_t nkey, size_t wanted, struct mr_vec *keys,
                         struct mr_err *err)
{
    struct mr_key *all = found->items;
    size_t count = 0;
    if (found->count > 1)
        qsort_r(all, found->count, sizeof *all, compare_keys, &nkey);
    for (size_t i = 0; i < found->count; i++)
        if (count == 0 || compare_keys(&all[count - 1], &all[i], &nkey) != 0)
            all[count++] = all[i];
    const size_t kept = count < wanted ? count : wanted;
    for (size_t i = 0; i < kept; i++) {
        struct mr_key *key = mr_vec_push(keys);
        if (key == NULL)
            return mr_err_nomem(err, "cutting a table");
        *key = all[(i + 1) * count / (kept + 1)];
    }
    return MR_OK;
}

/* Each place that is asked names its own; those of places that lie behind each other, and those of
 * places whose keys are mixed, cut the whole about evenly.  A key that is another's last one makes a
 * segment that may be empty, and none that is missing. */
static enum mr_code shards_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                                  struct mr_range range, size_t wanted, struct mr_arena *arena,
                                  struct mr_vec *keys, struct mr_err *err)
{
    const struct mr_shards_view *view;
    struct mr_vec found = MR_VEC_INIT(struct mr_key);
    enum mr_code code = MR_OK;
    MR_TRY(view_of(reader, spec, &view, err));
    if (!mr_key_order_is_known(spec))
        return MR_OK;
    const size_t count = view->places.count;
    const size_t asked = count < BOUNDS_PLACES ? count : BOUNDS_PLACES;
    for (size_t i = 0; i < asked; i++) {
        const struct mr_shards_place *place = place_at(view, i * count / asked);
        const struct mr_readspec own = spec_of(spec, place);
        MR_TRY_OUT(mr_reader_bounds_within(own_of(reader)->own[place->server], &own, range, wanted,
                                           arena, &found, err));
    }
    MR_TRY_OUT(thin(&found, spec->nkey, wanted, keys, err));
out:
    mr_vec_release(&found);
    return code;
}

/* ---- what only one server could tell ---- */

static enum mr_code no_digest(struct mr_err *err)
{
    return mr_err_set(err, MR_E_UNSUPPORTED, "many sources compute no digest together");
}

static enum mr_code shards_bound_after(struct mr_reader *reader, const struct mr_readspec *spec,
                                       struct mr_range range, uint64_t rows, struct mr_strbuf *key,
                                       struct mr_err *err)
{
    (void)reader, (void)spec, (void)range, (void)rows, (void)key;
    return no_digest(err);
}

static enum mr_code shards_digest(struct mr_reader *reader, const struct mr_readspec *spec,
                                  struct mr_range range, struct mr_range_digest *out,
                                  struct mr_err *err)
{
    (void)reader, (void)spec, (void)range, (void)out;
    return no_digest(err);
}

static enum mr_code shards_counter(struct mr_reader *reader, const struct mr_table *table,
                                   uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    (void)reader, (void)table, (void)next, (void)greatest;
    return mr_err_set(err, MR_E_UNSUPPORTED, "many sources have no counter together");
}

static struct mr_db *shards_db(struct mr_reader *reader)
{
    (void)reader;
    return NULL;
}

/* Absent only where it is so everywhere; what one server hides is not known. */
static enum mr_code shards_probe(struct mr_reader *reader, const char *db, const char *table,
                                 const char *column, struct mr_err *err)
{
    const struct mr_source_shards *src = source_of(reader);
    for (size_t i = 0; i < src->map->nservers; i++)
        for (size_t t = 0; t < src->map->tables.count; t++) {
            const struct mr_shards_table *entry = mr_vec_at(&src->map->tables, t);
            struct mr_err why = {0};
            if (entry->target == NULL || strcmp(entry->target, table) != 0)
                continue;
            enum mr_code code =
                mr_reader_probe(own_of(reader)->own[src->server_of[i]], src->map->servers[i].dbs[0],
                                entry->source, column, &why);
            if (code == MR_E_NO_SUCH)
                continue;
            if (code != MR_OK && err != NULL)
                *err = why;
            return code;
        }
    return mr_err_set(err, MR_E_NO_SUCH, "no source has a table of \"%s.%s\"", db, table);
}

static bool shards_has_order(struct mr_reader *reader, const struct mr_readspec *spec)
{
    (void)reader;
    return mr_key_order_is_known(spec);
}

static bool shards_chooses(const struct mr_source *src, const char *db, const char *name)
{
    (void)db;
    return mr_shards_makes(((const struct mr_source_shards *)src)->map, name);
}

/* ---- readers ---- */

static void shards_reader_free(struct mr_reader *reader)
{
    struct shards_reader *r = own_of(reader);
    for (size_t i = 0; r->own != NULL && i < source_of(reader)->nservers; i++)
        mr_reader_free(r->own[i]);
    free(r->own);
    mr_shards_merge_release(&r->merge);
    free(r);
}

static enum mr_code shards_reader_new(struct mr_source *src, struct mr_reader **out,
                                      struct mr_err *err)
{
    const struct mr_source_shards *s = (struct mr_source_shards *)src;
    struct shards_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return mr_err_nomem(err, DOING);
    r->base.source = src;
    mr_shards_merge_init(&r->merge, read_place, &r->base, &r->base.place);
    r->own = calloc(s->nservers, sizeof(struct mr_reader *));
    enum mr_code code = r->own != NULL ? MR_OK : mr_err_nomem(err, DOING);
    for (size_t i = 0; code == MR_OK && i < s->nservers; i++)
        code = mr_source_reader_new(s->servers[i].source, &r->own[i], err);
    if (code != MR_OK) {
        shards_reader_free(&r->base);
        return code;
    }
    *out = &r->base;
    return MR_OK;
}

struct mr_reader *mr_reader_shard(struct mr_reader *reader, size_t server)
{
    return own_of(reader)->own[server];
}

/* ---- the source ---- */

static void shards_free(struct mr_source *src)
{
    struct mr_source_shards *s = (struct mr_source_shards *)src;
    for (size_t i = 0; i < s->nservers; i++) {
        mr_source_free(s->servers[i].source);
        mr_vec_release(&s->servers[i].dbs);
    }
    for (size_t i = 0; i < s->kept.count; i++)
        mr_catalogue_free(*(struct mr_catalogue **)mr_vec_at(&s->kept, i));
    for (size_t i = 0; i < s->views.count; i++)
        mr_vec_release(&((struct mr_shards_view *)mr_vec_at(&s->views, i))->places);
    mr_vec_release(&s->kept);
    mr_vec_release(&s->views);
    mr_arena_release(&s->arena);
    free(s->servers);
    free(s->server_of);
    free(s);
}

static const struct mr_source_ops shards_ops = {
    .catalogue = mr_shards_catalogue,
    .reader_new = shards_reader_new,
    .reader_free = shards_reader_free,
    .scan = shards_scan,
    .fetch = shards_fetch,
    .bounds = shards_bounds,
    .bound_after = shards_bound_after,
    .digest = shards_digest,
    .reader_db = shards_db,
    .counter = shards_counter,
    .probe = shards_probe,
    .chooses = shards_chooses,
    .has_order = shards_has_order,
    .free = shards_free,
};

/* As texts: the same server under two names has two connections, and slots for both. */
static bool is_one_server(const struct mr_endpoint *a, const struct mr_endpoint *b)
{
    struct mr_endpoint x = *a, y = *b;
    struct mr_strbuf left = MR_STRBUF_INIT, right = MR_STRBUF_INIT;
    x.ndbs = y.ndbs = 0;
    mr_endpoint_uri(&x, &left);
    mr_endpoint_uri(&y, &right);
    const bool same = !left.failed && !right.failed && strcmp(left.ptr, right.ptr) == 0;
    mr_strbuf_release(&left);
    mr_strbuf_release(&right);
    return same;
}

static enum mr_code add_shard(struct mr_source_shards *s, size_t at,
                              const struct mr_source_opts *opts, struct mr_err *err)
{
    const struct mr_endpoint *ep = &s->map->servers[at];
    size_t i = 0;
    while (i < s->nservers && !is_one_server(s->servers[i].ep, ep))
        i++;
    struct mr_shards_server *server = &s->servers[i];
    if (i == s->nservers) {
        *server = (struct mr_shards_server){.ep = ep, .dbs = MR_VEC_INIT(const char *)};
        s->nservers++;
        MR_TRY(mr_source_live_new(ep, opts, &server->source, err));
    }
    s->server_of[at] = i;
    const char **db = mr_vec_push(&server->dbs);
    if (db == NULL)
        return mr_err_nomem(err, DOING);
    *db = ep->dbs[0];
    return MR_OK;
}

enum mr_code mr_source_shards_new(const struct mr_shards *shards, const struct mr_source_opts *opts,
                                  struct mr_source **out, struct mr_err *err)
{
    struct mr_source_shards *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL)
        return mr_err_nomem(err, DOING);
    s->base.ops = &shards_ops;
    s->map = shards;
    s->kept = (struct mr_vec)MR_VEC_INIT(struct mr_catalogue *);
    s->views = (struct mr_vec)MR_VEC_INIT(struct mr_shards_view);
    s->servers = calloc(shards->nservers, sizeof *s->servers);
    s->server_of = calloc(shards->nservers, sizeof *s->server_of);
    enum mr_code code =
        s->servers != NULL && s->server_of != NULL ? MR_OK : mr_err_nomem(err, DOING);
    for (size_t i = 0; code == MR_OK && i < shards->nservers; i++)
        code = add_shard(s, i, opts, err);
    if (code != MR_OK) {
        shards_free(&s->base);
        return code;
    }
    *out = &s->base;
    return MR_OK;
}

bool mr_source_is_shards(const struct mr_source *src)
{
    return src->ops == &shards_ops;
}

size_t mr_source_shards_count(const struct mr_source *src)
{
    return ((const struct mr_source_shards *)src)->nservers;
}

const struct mr_endpoint *mr_source_shards_endpoint(const struct mr_source *src, size_t server)
{
    return ((const struct mr_source_shards *)src)->servers[server].ep;
}

const struct mr_shards_view *mr_shards_view(const struct mr_source_shards *src, const char *name)
{
    for (size_t i = 0; i < src->views.count; i++) {
        const struct mr_shards_view *view = mr_vec_at(&src->views, i);
        if (strcmp(view->name, name) == 0)
            return view;
    }
    return NULL;
}

const struct mr_shards_place *mr_source_shards_places(const struct mr_source *src,
                                                      const char *table, size_t *count)
{
    const struct mr_shards_view *view = mr_shards_view((const struct mr_source_shards *)src, table);
    *count = view != NULL ? view->places.count : 0;
    return view != NULL ? view->places.items : NULL;
}
