/*
 * check_world: tables of any columns on two sides, and a run over them, for the unit tests of
 * recon/check.
 *
 *   world_begin(&w) → graph_table(&w.g, …)… → world_plan(&w, ini) → world_put…,
 *   world_finding… → the code under test with &w.check, &w.worker, world_pair(&w, i) →
 *   world_end(&w)
 *
 * Tables are pair_graph.h's, planned as a run plans them.  A row is written "7|ann|NULL": a
 * value a column, NULL is NULL, \0 a NUL byte; a row that begins with ~ is met by scans and
 * not by its key.  Each side is a struct mr_source over such rows: a server, or with
 * is_snapshot a snapshot (which has no connection).  Texts of a key are the same to it
 * whatever their case is, as mr_canon does here, too.
 *
 * What would ask a server is replaced (module.mk: CHECK_WORLD).  mr_db_query and
 * mr_db_query_text are answered as check_server.h says.
 */
#ifndef MR_TESTS_CHECK_WORLD_H
#define MR_TESTS_CHECK_WORLD_H

#include <stdio.h>
#include <strings.h>

#include "core/db/throttle_sample.h"
#include "check_server.h"
#include "pair_graph.h"
#include "recon/check/check_options.h"
#include "recon/check/check_scan.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct world;

struct world_row {
    struct mr_value values[GRAPH_COLUMNS];
    bool misplaced;
};

struct world_side {
    struct mr_source base; /* must be the first member */
    struct world *world;
    enum mr_side side;
    struct mr_vec rows[GRAPH_TABLES]; /* struct world_row */
    bool is_snapshot, silent;         /* silent: a server whose connection is gone */
    /* reads from the fail_at-th (from 1) on break, fail_times of them, when all rows were given */
    unsigned reads, fail_at, fail_times;
    enum mr_code fail_code;
    unsigned fetched; /* keys asked for */
    /* of a snapshot */
    struct mr_kept kept;
    bool keeps;            /* kept is of every table */
    unsigned proved, torn; /* ranges proved; the torn-th (from 1) is not as it was written */
    const char *only;      /* the one table that it was to hold; NULL: all */
    const struct mr_left_out *left_out;
    size_t nleft_out;
    /* of counters, sequences and probes; code of each */
    uint64_t next, greatest;
    enum mr_code counter_code, probe_code, unlock_code;
    unsigned unlocked;
    enum mr_code catalogue_code;
    const char *cut[4]; /* keys that bounds gives, as rows; NULL ends them */
    char nobody;        /* the address of its connection */
};

struct world_reader {
    struct mr_reader base; /* must be the first member */
};

struct world {
    struct graph g;
    struct world_side side[MR_SIDES];
    struct mr_arena arena; /* of rows */
    struct mr_check_options options;
    struct mr_check_run check;
    struct mr_check_worker worker;
    int64_t chunk; /* of the next finding */
};

/* ---- rows */

static inline void world_value(struct world *w, const struct mr_column *c, const char *text,
                               size_t len, struct mr_value *out)
{
    char *copy = mr_arena_dup(&w->arena, text, len + 1);
    size_t n = 0;
    copy[len] = '\0';
    *out = (struct mr_value){.cls = c->cls};
    if (strcmp(copy, "NULL") == 0) {
        out->cls = MR_CLASS_NULL;
    } else if (c->cls == MR_CLASS_INT) {
        out->i = strtoll(copy, NULL, 10);
    } else if (c->cls == MR_CLASS_UINT) {
        out->u = strtoull(copy, NULL, 10);
    } else if (c->cls == MR_CLASS_DOUBLE) {
        out->d = strtod(copy, NULL);
    } else {
        for (size_t i = 0; i < len; i++) {
            bool nul = copy[i] == '\\' && copy[i + 1] == '0';
            copy[n++] = nul ? '\0' : copy[i];
            i += nul;
        }
        out->ptr = copy;
        out->len = n;
    }
}

static inline struct world_row world_row(struct world *w, enum mr_side side, size_t table,
                                         const char *text)
{
    const struct mr_table *t = &w->g.tables[side][table];
    struct world_row row = {.misplaced = *text == '~'};
    text += row.misplaced;
    for (size_t i = 0; i < t->ncolumns; i++) {
        size_t len = strcspn(text, "|");
        world_value(w, &t->columns[i], text, len, &row.values[i]);
        text += len + (text[len] == '|');
    }
    if (*text != '\0')
        abort();
    return row;
}

static inline void world_put(struct world *w, enum mr_side side, size_t table, const char *text)
{
    struct world_row *row = mr_vec_push(&w->side[side].rows[table]);
    *row = world_row(w, side, table, text);
}

static inline void world_put_both(struct world *w, size_t table, const char *text)
{
    world_put(w, MR_SOURCE, table, text);
    world_put(w, MR_TARGET, table, text);
}

/* "kind = 'x'" of a text column is all that there is of conditions. */
static inline bool world_holds(const struct mr_table *t, const struct world_row *row,
                               const char *condition)
{
    const char *quote = strchr(condition, '\'');
    size_t name = strcspn(condition, " "), len = strcspn(quote + 1, "'");
    for (size_t i = 0; i < t->ncolumns; i++)
        if (strlen(t->columns[i].name) == name && strncmp(t->columns[i].name, condition, name) == 0)
            return row->values[i].len == len && memcmp(row->values[i].ptr, quote + 1, len) == 0;
    abort();
}

/* The values of a row as a spec has them. */
static inline void world_read(const struct mr_table *t, const struct world_row *row,
                              const struct mr_readspec *spec, struct mr_value *out)
{
    for (size_t i = 0; i < spec->ncols; i++) {
        const struct mr_readcol *c = &spec->cols[i];
        const struct mr_column *own = mr_table_column(t, c->name);
        if (c->expr == MR_EXPR_CONDITION)
            out[i] =
                (struct mr_value){.cls = MR_CLASS_UINT, .u = world_holds(t, row, c->name) ? 1 : 0};
        else if (c->expr == MR_EXPR_LOST || c->expr == MR_EXPR_INDEX_ZERO)
            out[i] = (struct mr_value){.cls = MR_CLASS_UINT};
        else if (own != NULL)
            out[i] = row->values[own - t->columns];
        else
            abort();
    }
}

/* Appends the encoding of a row's values: of the key's with key set, else of all. */
static inline void world_encode(const struct mr_table *t, const struct world_row *row,
                                const struct mr_readspec *spec, bool key, struct mr_strbuf *out)
{
    struct mr_value values[4 * GRAPH_COLUMNS];
    world_read(t, row, spec, values);
    for (size_t i = 0; i < (key ? spec->nkey : spec->ncols); i++)
        if (mr_row_encode(out, &values[key ? spec->key[i] : i], NULL) != MR_OK)
            abort();
}

/* Of a row in text; lives as long as the world. */
static inline struct mr_key world_bytes(struct world *w, enum mr_side side, size_t table,
                                        const struct mr_readspec *spec, bool key, const char *text)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    struct world_row row = world_row(w, side, table, text);
    world_encode(&w->g.tables[side][table], &row, spec, key, &bytes);
    struct mr_key kept = {mr_arena_dup(&w->arena, bytes.ptr, bytes.len), bytes.len};
    mr_strbuf_release(&bytes);
    return kept;
}

/* ---- the source's operations */

static inline struct world_side *world_side(const struct mr_reader *reader)
{
    return (struct world_side *)reader->source;
}

static inline size_t world_table(const struct world *w, enum mr_side side,
                                 const struct mr_readspec *spec)
{
    for (size_t i = 0; i < w->g.count; i++)
        if (strcmp(w->g.tables[side][i].name, spec->table) == 0)
            return i;
    abort();
}

static inline enum mr_code world_breaks(struct world_side *s, struct mr_err *err)
{
    s->reads++;
    if (s->fail_at > 0 && s->reads >= s->fail_at && s->reads < s->fail_at + s->fail_times)
        return mr_err_set(err, s->fail_code, "the server has failed");
    return MR_OK;
}

/* A row with its key, in the order in which it is given. */
struct world_given {
    struct mr_key key;
    const struct world_row *row;
};

static inline int world_order(const void *a, const void *b)
{
    return mr_key_compare(((const struct world_given *)a)->key,
                          ((const struct world_given *)b)->key);
}

static inline enum mr_code world_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                      struct mr_range range, uint64_t limit, mr_row_fn *fn,
                                      void *ctx, struct mr_err *err)
{
    struct world_side *s = world_side(reader);
    size_t table = world_table(s->world, s->side, spec), n = 0;
    const struct mr_table *t = &s->world->g.tables[s->side][table];
    const struct mr_vec *rows = &s->rows[table];
    struct mr_value values[4 * GRAPH_COLUMNS];
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = MR_OK;
    struct world_given *given = calloc(rows->count + 1, sizeof *given);
    for (size_t i = 0; i < rows->count; i++) {
        const struct world_row *row = mr_vec_at(rows, i);
        mr_strbuf_reset(&key);
        world_encode(t, row, spec, true, &key);
        struct mr_key k = {mr_arena_dup(&arena, key.ptr, key.len), key.len};
        if ((range.lo.ptr == NULL || mr_key_compare(k, range.lo) > 0) &&
            (range.hi.ptr == NULL || mr_key_compare(k, range.hi) <= 0))
            given[n++] = (struct world_given){k, row};
    }
    if (spec->nkey > 0 && n > 1)
        qsort(given, n, sizeof *given, world_order);
    for (size_t i = 0; code == MR_OK && i < n && (limit == 0 || i < limit); i++) {
        world_read(t, given[i].row, spec, values);
        code = fn(ctx, values, err);
    }
    free(given);
    mr_strbuf_release(&key);
    mr_arena_release(&arena);
    return code == MR_OK ? world_breaks(s, err) : code;
}

static inline bool world_same_key(const struct mr_table *t, const struct world_row *row,
                                  const struct mr_readspec *spec, struct mr_key key)
{
    struct mr_value values[4 * GRAPH_COLUMNS];
    struct mr_strbuf own = MR_STRBUF_INIT;
    size_t pos = 0;
    bool same = true;
    world_read(t, row, spec, values);
    for (size_t i = 0; same && i < spec->nkey; i++) {
        struct mr_value part;
        size_t from = pos;
        const struct mr_value *v = &values[spec->key[i]];
        if (mr_row_decode(key.ptr, key.len, &pos, &part, NULL) != MR_OK)
            abort();
        mr_strbuf_reset(&own);
        if (mr_row_encode(&own, v, NULL) != MR_OK)
            abort();
        if (v->cls == MR_CLASS_TEXT && part.cls == MR_CLASS_TEXT)
            same = v->len == part.len && strncasecmp(v->ptr, part.ptr, part.len) == 0;
        else
            same = v->cls != MR_CLASS_NULL && own.len == pos - from &&
                   memcmp(own.ptr, (const char *)key.ptr + from, own.len) == 0;
    }
    mr_strbuf_release(&own);
    return same;
}

static inline enum mr_code world_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                       const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                       void *ctx, struct mr_err *err)
{
    struct world_side *s = world_side(reader);
    size_t table = world_table(s->world, s->side, spec);
    const struct mr_table *t = &s->world->g.tables[s->side][table];
    struct mr_value values[4 * GRAPH_COLUMNS];
    enum mr_code code = MR_OK;
    s->fetched += (unsigned)nkeys;
    /* from the last to the first: nobody may rely on their order */
    for (size_t i = s->rows[table].count; code == MR_OK && i-- > 0;) {
        const struct world_row *row = mr_vec_at(&s->rows[table], i);
        bool wanted = false;
        for (size_t k = 0; !wanted && !row->misplaced && k < nkeys; k++)
            wanted = world_same_key(t, row, spec, keys[k]);
        if (!wanted)
            continue;
        world_read(t, row, spec, values);
        code = fn(ctx, values, err);
    }
    return code == MR_OK ? world_breaks(s, err) : code;
}

static inline enum mr_code world_bound_after(struct mr_reader *reader,
                                             const struct mr_readspec *spec, struct mr_range range,
                                             uint64_t rows, struct mr_strbuf *key,
                                             struct mr_err *err)
{
    (void)reader;
    (void)spec;
    (void)range;
    (void)rows;
    (void)key;
    (void)err;
    return MR_OK;
}

static inline enum mr_code world_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                                        struct mr_range range, size_t wanted,
                                        struct mr_arena *arena, struct mr_vec *keys,
                                        struct mr_err *err)
{
    (void)range;
    struct world_side *s = world_side(reader);
    size_t table = world_table(s->world, s->side, spec);
    (void)arena;
    (void)err;
    for (size_t i = 0; i < LEN(s->cut) && s->cut[i] != NULL && i < wanted; i++) {
        struct mr_key *key = mr_vec_push(keys);
        *key = world_bytes(s->world, s->side, table, spec, true, s->cut[i]);
    }
    return MR_OK;
}

static inline enum mr_code world_reader_new(struct mr_source *src, struct mr_reader **out,
                                            struct mr_err *err)
{
    struct world_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return mr_err_nomem(err, "making a reader");
    reader->base.source = src;
    *out = &reader->base;
    return MR_OK;
}

static inline void world_reader_free(struct mr_reader *reader)
{
    free(reader);
}

/* Never looked into: what would use it is replaced. */
static inline struct mr_db *world_reader_db(struct mr_reader *reader)
{
    struct world_side *s = world_side(reader);
    return s->is_snapshot || s->silent ? NULL : (struct mr_db *)(void *)&s->nobody;
}

static inline enum mr_code world_counter(struct mr_reader *reader, const struct mr_table *table,
                                         uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    struct world_side *s = world_side(reader);
    (void)table;
    if (s->counter_code != MR_OK)
        return mr_err_set(err, s->counter_code, "the counter cannot be read");
    if (next != NULL)
        *next = s->next;
    if (greatest != NULL)
        *greatest = s->greatest;
    return MR_OK;
}

static inline enum mr_code world_sequence(struct mr_reader *reader, const char *db,
                                          const char *name, uint64_t *next, struct mr_err *err)
{
    (void)db;
    (void)name;
    return world_counter(reader, NULL, next, NULL, err);
}

static inline enum mr_code world_probe(struct mr_reader *reader, const char *db, const char *table,
                                       const char *column, struct mr_err *err)
{
    struct world_side *s = world_side(reader);
    if (s->probe_code == MR_OK)
        return MR_OK;
    return mr_err_set(err, s->probe_code, "%s.%s%s%s may not be seen", db, table,
                      column != NULL ? "." : "", column != NULL ? column : "");
}

static inline enum mr_code world_unlock(struct mr_reader *reader, struct mr_err *err)
{
    struct world_side *s = world_side(reader);
    s->unlocked++;
    return s->unlock_code != MR_OK ? mr_err_set(err, s->unlock_code, "it holds on") : MR_OK;
}

/* A catalogue over the tables of the graph as they are now. */
static inline enum mr_code world_catalogue(struct mr_source *src, const char *const *dbs,
                                           size_t ndbs, const struct mr_catalogue_opts *opts,
                                           struct mr_catalogue **out, struct mr_err *err)
{
    struct world_side *s = (struct world_side *)src;
    (void)dbs;
    (void)ndbs;
    (void)opts;
    if (s->catalogue_code != MR_OK)
        return mr_err_set(err, s->catalogue_code, "the catalogue cannot be read");
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return mr_err_nomem(err, "making a catalogue");
    **out = s->world->g.cat[s->side];
    mr_arena_init(&(*out)->arena);
    return MR_OK;
}

static inline const struct mr_kept *world_kept(const struct mr_source *src, const char *db,
                                               const char *table)
{
    const struct world_side *s = (const struct world_side *)src;
    (void)db;
    (void)table;
    return s->keeps ? &s->kept : NULL;
}

static inline enum mr_code world_prove(struct mr_source *src, const char *db, const char *table,
                                       size_t range, struct mr_err *err)
{
    struct world_side *s = (struct world_side *)src;
    (void)db;
    s->proved++;
    return s->torn == range + 1
               ? mr_err_set(err, MR_E_SNAPSHOT, "file %zu of %s is torn", range, table)
               : MR_OK;
}

static inline bool world_chooses(const struct mr_source *src, const char *db, const char *name)
{
    const struct world_side *s = (const struct world_side *)src;
    (void)db;
    return s->only == NULL || strcmp(s->only, name) == 0;
}

/* Of conditions a snapshot understands "id = …" alone. */
static inline enum mr_code world_can_judge(const struct mr_source *src, const char *db,
                                           const char *table, const char *condition,
                                           struct mr_err *err)
{
    (void)src;
    (void)db;
    (void)table;
    return strstr(condition, "id = ") != NULL ? MR_OK
                                              : mr_err_set(err, MR_E_UNSUPPORTED, "not simple");
}

static inline const struct mr_left_out *world_left_out(const struct mr_source *src, size_t *count)
{
    const struct world_side *s = (const struct world_side *)src;
    *count = s->nleft_out;
    return s->left_out;
}

static inline void world_free(struct mr_source *src)
{
    (void)src; /* the world's */
}

static const struct mr_source_ops world_server_ops = {.catalogue = world_catalogue,
                                                      .reader_new = world_reader_new,
                                                      .reader_free = world_reader_free,
                                                      .scan = world_scan,
                                                      .fetch = world_fetch,
                                                      .bounds = world_bounds,
                                                      .bound_after = world_bound_after,
                                                      .reader_db = world_reader_db,
                                                      .reader_unlock = world_unlock,
                                                      .counter = world_counter,
                                                      .probe = world_probe,
                                                      .free = world_free};
static const struct mr_source_ops world_snapshot_ops = {.catalogue = world_catalogue,
                                                        .reader_new = world_reader_new,
                                                        .reader_free = world_reader_free,
                                                        .scan = world_scan,
                                                        .fetch = world_fetch,
                                                        .bounds = world_bounds,
                                                        .bound_after = world_bound_after,
                                                        .reader_db = world_reader_db,
                                                        .counter = world_counter,
                                                        .sequence = world_sequence,
                                                        .probe = world_probe,
                                                        .kept = world_kept,
                                                        .prove = world_prove,
                                                        .chooses = world_chooses,
                                                        .can_judge = world_can_judge,
                                                        .left_out = world_left_out,
                                                        .free = world_free};

/* ---- the run around it */

static inline void world_begin(struct world *w)
{
    memset(w, 0, sizeof *w);
    graph_begin(&w->g);
    mr_arena_init(&w->arena);
    world_server.canon_code = MR_OK;
    world_server.lost = false;
    world_server.server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL};
    world_answers(NULL, 0);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct world_side *s = &w->side[side];
        s->base.ops = &world_server_ops;
        s->world = w;
        s->side = (enum mr_side)side;
        for (size_t i = 0; i < GRAPH_TABLES; i++)
            s->rows[i] = (struct mr_vec)MR_VEC_INIT(struct world_row);
        w->g.servers[side].source = &s->base;
        w->g.ep[side].kind = MR_ENDPOINT_MYSQL;
        w->g.cat[side].server.flavour = MR_FLAVOUR_MYSQL;
    }
    w->options.threads = 1;
    w->options.digest = MR_DIGEST_CLIENT;
    w->options.objects = "all";
    w->check.opts = &w->options;
    w->worker.check = &w->check;
}

/* Before the plan. */
static inline void world_snapshot(struct world *w, enum mr_side side)
{
    w->side[side].is_snapshot = true;
    w->side[side].base.ops = &world_snapshot_ops;
    w->g.ep[side].kind = MR_ENDPOINT_SNAPSHOT;
}

static inline void world_require(enum mr_code code)
{
    if (code != MR_OK)
        abort();
}

/* Makes the column the second part of the primary key; before the plan. */
static inline void world_key(struct world *w, size_t table, const char *column)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct graph_side *s = &w->g.sides[side][table];
        s->parts[1].column = column;
        s->indexes[0].nparts = 2;
    }
}

/* A case with one run, and nothing in it. */
static inline void world_case(struct world *w)
{
    const struct mr_throttle_opts no_limits = {0};
    w->check.run = (struct mr_find_run){.uuid = "u",
                                        .source = "mysql://a/",
                                        .target = "mysql://b/",
                                        .options = "",
                                        .started = "2026-01-01T00:00:00Z"};
    pthread_mutex_init(&w->check.lock, NULL);
    pthread_mutex_init(&w->check.asking, NULL);
    mr_arena_init(&w->check.arena);
    w->check.pairing = w->g.pairing;
    w->check.pairing.side = w->g.servers;
    world_require(mr_progress_new(MR_PROGRESS_NEVER, &w->check.progress, NULL));
    world_require(mr_throttle_new_with(&no_limits, NULL, 0, &w->check.throttle, NULL));
    world_require(mr_findings_open(NULL, MR_CASE_WRITE, &w->check.fd, NULL));
    world_require(mr_findings_run_begin(w->check.fd, &w->check.run, NULL));
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        world_require(mr_source_reader_new(&w->side[side].base, &w->worker.reader[side], NULL));
        world_require(mr_source_reader_new(&w->side[side].base, &w->g.servers[side].main, NULL));
    }
}

/* Plans the tables, and puts them into a case. */
static inline void world_plan(struct world *w, const char *ini)
{
    struct mr_err err = {0};
    bool known = false;
    if (graph_plan(&w->g, ini, &err) != MR_OK) {
        (void)fprintf(stderr, "%s\n", err.message);
        abort();
    }
    world_case(w);
    for (size_t i = 0; i < w->check.pairing.ntables; i++) {
        w->check.pairing.tables[i]->config = &w->g.configs[i];
        world_require(
            mr_findings_table_add(w->check.fd, &w->check.pairing.tables[i]->find, &known, NULL));
    }
}

static inline struct mr_pair *world_pair(struct world *w, size_t at)
{
    return w->check.pairing.tables[at];
}

static inline void world_end(struct world *w)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_reader_free(w->worker.reader[side]);
        mr_reader_free(w->g.servers[side].main);
        for (size_t i = 0; i < GRAPH_TABLES; i++)
            mr_vec_release(&w->side[side].rows[i]);
    }
    mr_reader_free(w->worker.again);
    (void)mr_findings_close(w->check.fd, NULL);
    mr_throttle_free(w->check.throttle);
    mr_progress_free(w->check.progress);
    mr_arena_release(&w->check.arena);
    mr_arena_release(&w->arena);
    mr_strbuf_release(&world_server.log);
    graph_end(&w->g);
}

/* ---- findings */

/* Of rows in text; NULL: no row.  In a chunk of its own. */
static inline struct mr_finding world_found(struct world *w, size_t table, const char *source,
                                            const char *target)
{
    struct mr_pair *pair = world_pair(w, table);
    struct mr_finding f = {.chunk = w->chunk++, .state = MR_FIND_DIVERGED, .count = 1};
    if (source != NULL) {
        struct mr_key image =
            world_bytes(w, MR_SOURCE, table, &pair->full[MR_SOURCE], false, source);
        f.source = image.ptr;
        f.source_len = image.len;
        f.key = world_bytes(w, MR_SOURCE, table, &pair->full[MR_SOURCE], true, source);
    }
    if (target != NULL) {
        struct mr_key image =
            world_bytes(w, MR_TARGET, table, &pair->full[MR_TARGET], false, target);
        f.target = image.ptr;
        f.target_len = image.len;
        if (source == NULL)
            f.key = world_bytes(w, MR_TARGET, table, &pair->full[MR_TARGET], true, target);
    }
    f.kind = source == NULL ? MR_KIND_EXTRA : target == NULL ? MR_KIND_MISSING : MR_KIND_CHANGED;
    return f;
}

static inline void world_finding(struct world *w, size_t table, const char *source,
                                 const char *target)
{
    struct mr_finding f = world_found(w, table, source, target);
    world_require(mr_findings_save(w->check.fd, world_pair(w, table)->find.id, &f, 1, true, NULL));
}

static inline uint64_t world_count(struct world *w, size_t table, enum mr_find_state state)
{
    uint64_t n = 0;
    world_require(mr_findings_count(w->check.fd, world_pair(w, table)->find.id, state, &n, NULL));
    return n;
}

/* An encoded image or key as "7|ann|NULL"; what does not print as \0. */
static inline void world_show(struct mr_strbuf *out, const void *bytes, size_t len)
{
    for (size_t pos = 0; bytes != NULL && pos < len;) {
        struct mr_value v;
        if (pos > 0)
            mr_strbuf_add_char(out, '|');
        world_require(mr_row_decode(bytes, len, &pos, &v, NULL));
        if (v.cls == MR_CLASS_NULL)
            mr_strbuf_add_str(out, "NULL");
        else if (v.cls == MR_CLASS_INT)
            mr_strbuf_add_fmt(out, "%lld", (long long)v.i);
        else if (v.cls == MR_CLASS_UINT)
            mr_strbuf_add_fmt(out, "%llu", (unsigned long long)v.u);
        else if (v.cls == MR_CLASS_DOUBLE)
            mr_strbuf_add_fmt(out, "%g", v.d);
        for (size_t i = 0; v.cls == MR_CLASS_TEXT && i < v.len; i++)
            mr_strbuf_add_fmt(out, ((const char *)v.ptr)[i] != '\0' ? "%c" : "\\0",
                              ((const char *)v.ptr)[i]);
    }
    if (bytes == NULL)
        mr_strbuf_add_char(out, '-');
}

#endif
