/*
 * check_fake: two in-memory tables that a check can compare, for unit tests.
 *
 *   fake_init(&f) → fill f.side[…] with fake_put → fake_begin(&f) → the code under test
 *   with &f.worker, &f.table → fake_end(&f)
 *
 * Each side is a struct mr_source over sorted rows.  A read is a snapshot of the moment
 * it begins (as InnoDB's are); f.before runs in front of every read, under the lock, and
 * may change both sides: that is how data moves here.  A table is keyed by id, or by
 * name, which this "server" compares without regard to case.
 *
 * `wide` is a column whose bytes all rows share: it makes chunks of a few rows.
 */
#ifndef MR_TESTS_CHECK_FAKE_H
#define MR_TESTS_CHECK_FAKE_H

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/db/throttle_sample.h"
#include "recon/check/check_options.h"
#include "recon/check/check_scan.h"
#include "random.h"

enum { FAKE_WIDE_MAX = 512 * 1024, FAKE_COLUMNS = 4, FAKE_NAME = 8 };

struct fake_row {
    int64_t id, value;
    char name[FAKE_NAME];
    unsigned reads; /* scans that gave this row, those of the reader `again` left out */
};

enum fake_read { FAKE_SCAN = 1, FAKE_FETCH, FAKE_DIGEST, FAKE_BOUND, FAKE_CUTS };

struct fake;

struct fake_side {
    struct mr_source base; /* must be the first member */
    struct fake *fake;
    enum mr_side side;
    struct fake_row *rows; /* in key order */
    size_t count, cap;
    bool answers; /* has a connection for statements of its own */
    /* how it breaks: one read in lose_one_in is lost after some rows, but no reader loses
     * more than three tries in a row; or the fail_at-th scan (from 1) ends with fail_code,
     * and all later ones too */
    unsigned lose_one_in;
    unsigned scans, fetches, losses, fail_at;
    unsigned digests, cuts, parts; /* statements that ask for them */
    enum mr_code fail_code;
    size_t longest; /* most rows that one scan gave */
    size_t given;   /* rows, of all scans */
    unsigned readers;
    uint64_t layout; /* of raw rows; 0: it has none */
};

struct fake_reader {
    struct mr_reader base; /* must be the first member */
    struct fake_side *side;
    bool again; /* not the side's first */
    unsigned lost_in_a_row;
};

struct fake {
    struct fake_side side[MR_SIDES];
    bool by_name;
    size_t wide;
    bool all_exact;       /* every digest of a range is to be had */
    pthread_mutex_t lock; /* rows, counters, random numbers while threads run */
    void (*before)(struct fake *f, enum mr_side side, enum fake_read what);
    void *ctx;

    struct mr_readcol columns[FAKE_COLUMNS];
    size_t key[1];
    bool normalise[FAKE_COLUMNS];
    struct mr_find_column shown[FAKE_COLUMNS];
    struct mr_column catalogue[FAKE_COLUMNS];
    struct mr_table tables[MR_SIDES];
    struct mr_check_options options;
    struct mr_pair table;
    struct mr_check_run run;
    struct mr_server_side servers[MR_SIDES];
    struct mr_check_worker worker;
};

static unsigned char fake_wide_bytes[FAKE_WIDE_MAX];

/* ---- rows */

static inline int fake_order(const struct fake *f, const struct fake_row *a,
                             const struct fake_row *b)
{
    if (f->by_name)
        return strcasecmp(a->name, b->name);
    return (a->id > b->id) - (a->id < b->id);
}

/* Position of the first row that is not before `row`. */
static inline size_t fake_seek(const struct fake_side *s, const struct fake_row *row)
{
    size_t lo = 0, hi = s->count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (fake_order(s->fake, &s->rows[mid], row) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static inline struct fake_row *fake_find(struct fake_side *s, const struct fake_row *key)
{
    size_t at = fake_seek(s, key);
    bool found = at < s->count && fake_order(s->fake, &s->rows[at], key) == 0;
    return found ? &s->rows[at] : NULL;
}

/* Inserts, or replaces the row with the same key. */
static inline void fake_put(struct fake_side *s, struct fake_row row)
{
    struct fake_row *known = fake_find(s, &row);
    if (known != NULL) {
        row.reads = known->reads;
        *known = row;
        return;
    }
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 64 : 2 * s->cap;
        s->rows = realloc(s->rows, s->cap * sizeof row);
        if (s->rows == NULL)
            abort();
    }
    size_t at = fake_seek(s, &row);
    memmove(&s->rows[at + 1], &s->rows[at], (s->count - at) * sizeof row);
    s->rows[at] = row;
    s->count++;
}

static inline void fake_delete(struct fake_side *s, struct fake_row key)
{
    struct fake_row *row = fake_find(s, &key);
    if (row == NULL)
        return;
    size_t at = (size_t)(row - s->rows);
    memmove(row, row + 1, (s->count - at - 1) * sizeof *row);
    s->count--;
}

static inline struct fake_row fake_id(int64_t id, int64_t value)
{
    return (struct fake_row){.id = id, .value = value, .name = "n"};
}

static inline struct fake_row fake_name(const char *name, int64_t value)
{
    struct fake_row row = {.value = value};
    memcpy(row.name, name, strnlen(name, FAKE_NAME - 1));
    return row;
}

/* The row that an encoded key names (only its key is set). */
static inline struct fake_row fake_decode(const struct fake *f, struct mr_key key)
{
    struct fake_row row = {0};
    struct mr_value value;
    size_t pos = 0;
    if (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK || pos != key.len)
        abort();
    if (f->by_name && value.len < FAKE_NAME)
        memcpy(row.name, value.ptr, value.len);
    else if (f->by_name)
        abort();
    row.id = f->by_name ? 0 : value.i;
    return row;
}

static inline void fake_encode(const struct fake *f, const struct fake_row *row,
                               struct mr_strbuf *key)
{
    struct mr_value value = {.cls = MR_CLASS_INT, .i = row->id};
    if (f->by_name)
        value = (struct mr_value){.cls = MR_CLASS_TEXT, .ptr = row->name, .len = strlen(row->name)};
    if (mr_row_encode(key, &value, NULL) != MR_OK)
        abort();
}

/* ---- the source's operations */

static inline enum mr_code fake_give(const struct fake_side *s, const struct fake_row *row,
                                     mr_row_fn *fn, void *ctx, struct mr_err *err)
{
    struct mr_value values[FAKE_COLUMNS] = {
        {.cls = MR_CLASS_INT, .i = row->id},
        {.cls = MR_CLASS_TEXT, .ptr = row->name, .len = strlen(row->name)},
        {.cls = MR_CLASS_INT, .i = row->value},
        {.cls = MR_CLASS_BINARY, .ptr = fake_wide_bytes, .len = s->fake->wide}};
    return fn(ctx, values, err);
}

static inline enum mr_code fake_lost(struct mr_err *err)
{
    return mr_err_set(err, MR_E_LOST, "lost connection to the fake server");
}

/* Is this read to be lost?  Never the fourth try in a row; a bound is only half a try. */
static inline bool fake_loses(struct fake_reader *r, enum fake_read what)
{
    struct fake_side *s = r->side;
    bool loses = s->lose_one_in > 0 && r->lost_in_a_row < 3 && random_below(s->lose_one_in) == 0;
    if (loses)
        r->lost_in_a_row++;
    else if (what != FAKE_BOUND)
        r->lost_in_a_row = 0;
    s->losses += loses;
    return loses;
}

static inline void fake_begin_read(struct fake_side *s, enum fake_read what)
{
    pthread_mutex_lock(&s->fake->lock);
    if (s->fake->before != NULL)
        s->fake->before(s->fake, s->side, what);
}

static inline bool fake_is_key(struct mr_key key)
{
    struct mr_value value;
    size_t pos = 0;
    return key.ptr == NULL ||
           (mr_row_decode(key.ptr, key.len, &pos, &value, NULL) == MR_OK && pos == key.len);
}

/* Rows [*from, *to) of (lo, hi]; none where a key is none. */
static inline enum mr_code fake_range(const struct fake_side *s, struct mr_range range,
                                      size_t *from, size_t *to, struct mr_err *err)
{
    const struct fake *f = s->fake;
    *from = *to = 0;
    if (!fake_is_key(range.lo) || !fake_is_key(range.hi))
        return mr_err_set(err, MR_E_BUG, "a range's key is malformed");
    *to = s->count;
    if (range.lo.ptr != NULL) {
        struct fake_row lo = fake_decode(f, range.lo);
        *from = fake_seek(s, &lo);
        *from += *from < s->count && fake_order(f, &s->rows[*from], &lo) == 0;
    }
    if (range.hi.ptr != NULL) {
        struct fake_row hi = fake_decode(f, range.hi);
        *to = fake_seek(s, &hi);
        *to += *to < s->count && fake_order(f, &s->rows[*to], &hi) == 0;
    }
    if (*to < *from)
        *to = *from;
    return MR_OK;
}

/* Gives a copy of the rows after the lock is gone: a snapshot, as of the read's start. */
static inline enum mr_code fake_give_all(struct fake_side *s, struct fake_row *rows, size_t count,
                                         bool lost, mr_row_fn *fn, void *ctx, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < count; i++)
        code = fake_give(s, &rows[i], fn, ctx, err);
    free(rows);
    return code == MR_OK && lost ? fake_lost(err) : code;
}

static inline enum mr_code fake_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, uint64_t limit, mr_row_fn *fn,
                                     void *ctx, struct mr_err *err)
{
    struct fake_reader *r = (struct fake_reader *)reader;
    struct fake_side *s = r->side;
    size_t from, to;
    (void)spec;
    fake_begin_read(s, FAKE_SCAN);
    s->scans++;
    enum mr_code code = fake_range(s, range, &from, &to, err);
    if (s->fail_at > 0 && s->scans >= s->fail_at)
        code = mr_err_set(err, s->fail_code, "the fake server has failed");
    if (code != MR_OK) {
        pthread_mutex_unlock(&s->fake->lock);
        return code;
    }
    if (limit > 0 && to - from > limit)
        to = from + limit;
    bool lost = fake_loses(r, FAKE_SCAN);
    if (lost && to > from)
        to = from + random_below(to - from + 1);
    for (size_t i = from; !lost && !r->again && i < to; i++)
        s->rows[i].reads++;
    s->given += to - from;
    if (to - from > s->longest)
        s->longest = to - from;
    struct fake_row *copy = calloc(to - from + 1, sizeof *copy);
    if (copy == NULL)
        abort();
    if (to > from)
        memcpy(copy, &s->rows[from], (to - from) * sizeof *copy);
    pthread_mutex_unlock(&s->fake->lock);
    return fake_give_all(s, copy, to - from, lost, fn, ctx, err);
}

/* Values on their way to who takes raw rows. */
struct fake_packing {
    mr_raw_row_fn *fn;
    void *ctx;
    size_t ncols;
    uint64_t layout;
    struct mr_strbuf bytes;
};

/* Packed as the layout says: two layouts have no bytes in common. */
static inline enum mr_code fake_pack(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct fake_packing *to = ctx;
    enum mr_code code = MR_OK;
    struct mr_raw_row row = {.values = values};
    if (to->layout == 0)
        return to->fn(to->ctx, &row, err);
    mr_strbuf_reset(&to->bytes);
    mr_strbuf_add(&to->bytes, &to->layout, sizeof to->layout);
    for (size_t i = 0; code == MR_OK && i < to->ncols; i++)
        code = mr_row_encode(&to->bytes, &values[i], err);
    row.ptr = to->bytes.ptr;
    row.len = to->bytes.len;
    row.layout = (struct mr_digest){to->layout, to->layout};
    return code == MR_OK ? to->fn(to->ctx, &row, err) : code;
}

static inline enum mr_code fake_scan_raw(struct mr_reader *reader, const struct mr_readspec *spec,
                                         struct mr_range range, uint64_t limit, mr_raw_row_fn *fn,
                                         void *ctx, struct mr_err *err)
{
    struct fake_packing to = {.fn = fn,
                              .ctx = ctx,
                              .ncols = spec->ncols,
                              .layout = ((struct fake_reader *)reader)->side->layout,
                              .bytes = MR_STRBUF_INIT};
    enum mr_code code = fake_scan(reader, spec, range, limit, fake_pack, &to, err);
    mr_strbuf_release(&to.bytes);
    return code;
}

static inline bool fake_has_key(const struct fake *f, const struct fake_row *row,
                                const struct mr_key *keys, size_t nkeys)
{
    for (size_t i = 0; i < nkeys; i++) {
        struct fake_row key = fake_decode(f, keys[i]);
        if (fake_order(f, &key, row) == 0)
            return true;
    }
    return false;
}

static inline enum mr_code fake_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                      const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                      void *ctx, struct mr_err *err)
{
    struct fake_reader *r = (struct fake_reader *)reader;
    struct fake_side *s = r->side;
    size_t count = 0;
    (void)spec;
    fake_begin_read(s, FAKE_FETCH);
    s->fetches++;
    struct fake_row *copy = calloc(s->count + 1, sizeof *copy);
    if (copy == NULL)
        abort();
    /* from the last to the first: nobody may rely on their order */
    for (size_t i = s->count; i-- > 0;)
        if (fake_has_key(s->fake, &s->rows[i], keys, nkeys))
            copy[count++] = s->rows[i];
    bool lost = fake_loses(r, FAKE_FETCH);
    if (lost)
        count = random_below(count + 1);
    pthread_mutex_unlock(&s->fake->lock);
    return fake_give_all(s, copy, count, lost, fn, ctx, err);
}

static inline enum mr_code fake_bound_after(struct mr_reader *reader,
                                            const struct mr_readspec *spec, struct mr_range range,
                                            uint64_t rows, struct mr_strbuf *key,
                                            struct mr_err *err)
{
    struct fake_reader *r = (struct fake_reader *)reader;
    struct fake_side *s = r->side;
    size_t from, to;
    (void)spec;
    fake_begin_read(s, FAKE_BOUND);
    enum mr_code code = fake_range(s, range, &from, &to, err);
    bool lost = fake_loses(r, FAKE_BOUND);
    if (code == MR_OK && !lost && to - from >= rows)
        fake_encode(s->fake, &s->rows[from + rows - 1], key);
    pthread_mutex_unlock(&s->fake->lock);
    return code == MR_OK && lost ? fake_lost(err) : code;
}

/* Of rows [from, to), the lock held. */
static inline void fake_digest_rows(struct fake_side *s, size_t from, size_t to,
                                    struct mr_range_digest *out)
{
    uint64_t sums[2] = {0, 0};
    for (size_t i = from; i < to; i++) {
        char bytes[2 * sizeof(int64_t) + FAKE_NAME];
        memcpy(bytes, &s->rows[i].id, sizeof(int64_t));
        memcpy(bytes + sizeof(int64_t), &s->rows[i].value, sizeof(int64_t));
        memcpy(bytes + 2 * sizeof(int64_t), s->rows[i].name, FAKE_NAME);
        struct mr_digest digest = mr_digest_bytes(bytes, sizeof bytes);
        sums[0] += digest.hi >> 16;
        sums[1] += digest.lo >> 16;
    }
    *out = (struct mr_range_digest){.rows = to - from,
                                    .exact = s->fake->all_exact || random_below(20) > 0};
    for (size_t i = 0; i < 2; i++)
        (void)snprintf(out->words[i], sizeof out->words[i], "%" PRIu64, sums[i]);
}

static inline enum mr_code fake_digest(struct mr_reader *reader, const struct mr_readspec *spec,
                                       struct mr_range range, struct mr_range_digest *out,
                                       struct mr_err *err)
{
    struct fake_reader *r = (struct fake_reader *)reader;
    struct fake_side *s = r->side;
    size_t from, to;
    (void)spec;
    fake_begin_read(s, FAKE_DIGEST);
    s->digests++;
    enum mr_code code = fake_range(s, range, &from, &to, err);
    bool lost = fake_loses(r, FAKE_DIGEST);
    fake_digest_rows(s, from, to, out);
    pthread_mutex_unlock(&s->fake->lock);
    return code == MR_OK && lost ? fake_lost(err) : code;
}

static inline enum mr_code fake_cuts(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, uint64_t every, size_t wanted,
                                     struct mr_arena *arena, struct mr_vec *keys,
                                     struct mr_err *err)
{
    struct fake_reader *r = (struct fake_reader *)reader;
    struct fake_side *s = r->side;
    size_t from, to;
    (void)spec;
    fake_begin_read(s, FAKE_CUTS);
    s->cuts++;
    enum mr_code code = fake_range(s, range, &from, &to, err);
    bool lost = fake_loses(r, FAKE_CUTS);
    for (size_t i = 1; code == MR_OK && i <= wanted && from + i * every <= to; i++) {
        struct mr_strbuf bytes = MR_STRBUF_INIT;
        struct mr_key *key = mr_vec_push(keys);
        fake_encode(s->fake, &s->rows[from + i * every - 1], &bytes);
        *key = (struct mr_key){mr_arena_dup(arena, bytes.ptr, bytes.len), bytes.len};
        mr_strbuf_release(&bytes);
    }
    pthread_mutex_unlock(&s->fake->lock);
    return code == MR_OK && lost ? fake_lost(err) : code;
}

static inline enum mr_code fake_digest_parts(struct mr_reader *reader,
                                             const struct mr_readspec *spec, struct mr_range range,
                                             const struct mr_key *cuts, size_t ncuts,
                                             struct mr_range_digest *out, struct mr_err *err)
{
    struct fake_reader *r = (struct fake_reader *)reader;
    struct fake_side *s = r->side;
    enum mr_code code = MR_OK;
    (void)spec;
    fake_begin_read(s, FAKE_DIGEST);
    s->parts++;
    bool lost = fake_loses(r, FAKE_DIGEST);
    for (size_t i = 0; code == MR_OK && i <= ncuts; i++) {
        size_t from, to;
        struct mr_range part = {i == 0 ? range.lo : cuts[i - 1], i == ncuts ? range.hi : cuts[i]};
        code = fake_range(s, part, &from, &to, err);
        fake_digest_rows(s, from, to, &out[i]);
    }
    pthread_mutex_unlock(&s->fake->lock);
    return code == MR_OK && lost ? fake_lost(err) : code;
}

static inline enum mr_code fake_reader_new(struct mr_source *src, struct mr_reader **out,
                                           struct mr_err *err)
{
    struct fake_side *s = (struct fake_side *)src;
    struct fake_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return mr_err_nomem(err, "making a fake reader");
    reader->base.source = src;
    reader->side = s;
    reader->again = s->readers++ > 0;
    *out = &reader->base;
    return MR_OK;
}

static inline void fake_reader_free(struct mr_reader *reader)
{
    free((struct fake_reader *)reader);
}

/* Never looked into: what would use it is replaced in the tests that set `answers`. */
static inline struct mr_db *fake_reader_db(struct mr_reader *reader)
{
    static char nobody;
    bool answers = ((struct fake_reader *)reader)->side->answers;
    return answers ? (struct mr_db *)(void *)&nobody : NULL;
}

static const struct mr_source_ops fake_ops = {.reader_new = fake_reader_new,
                                              .reader_free = fake_reader_free,
                                              .scan = fake_scan,
                                              .scan_raw = fake_scan_raw,
                                              .fetch = fake_fetch,
                                              .bound_after = fake_bound_after,
                                              .digest = fake_digest,
                                              .cuts = fake_cuts,
                                              .digest_parts = fake_digest_parts,
                                              .reader_db = fake_reader_db};

/* ---- the run around it */

static inline void fake_init(struct fake *f)
{
    memset(f, 0, sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        f->side[side].base.ops = &fake_ops;
        f->side[side].fake = f;
        f->side[side].side = (enum mr_side)side;
    }
    mr_log_set_level(MR_LOG_ERROR);
}

static inline void fake_plan(struct fake *f)
{
    static const char *const names[FAKE_COLUMNS] = {"id", "name", "value", "wide"};
    static const enum mr_class classes[FAKE_COLUMNS] = {MR_CLASS_INT, MR_CLASS_TEXT, MR_CLASS_INT,
                                                        MR_CLASS_BINARY};
    size_t ncols = f->wide > 0 ? FAKE_COLUMNS : FAKE_COLUMNS - 1;
    f->key[0] = f->by_name ? 1 : 0;
    for (size_t i = 0; i < FAKE_COLUMNS; i++) {
        const char *charset = classes[i] == MR_CLASS_TEXT ? "utf8mb4" : NULL;
        f->columns[i] = (struct mr_readcol){
            .name = names[i], .expr = MR_EXPR_COLUMN, .cls = classes[i], .charset = charset};
        f->shown[i] = (struct mr_find_column){.name = names[i],
                                              .style = {classes[i], 0},
                                              .show_at = i,
                                              .charset = charset,
                                              .key_at = i == f->key[0] ? 0 : -1,
                                              .identity_at = -1,
                                              .flag_at = -1};
        f->catalogue[i] = (struct mr_column){.name = names[i],
                                             .cls = classes[i],
                                             .charset = charset,
                                             .collation = "utf8mb4_general_ci"};
    }
    struct mr_readspec spec = {.db = "d",
                               .table = "t",
                               .cols = f->columns,
                               .ncols = ncols,
                               .key = f->key,
                               .nkey = 1,
                               .index = "PRIMARY",
                               .store = f->wide > 0};
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        f->tables[side].columns = f->catalogue;
        f->tables[side].ncolumns = ncols;
        f->tables[side].avg_row_bytes = f->wide;
        f->table.side[side] = &f->tables[side];
        f->table.scan[side] = f->table.full[side] = spec;
    }
    f->table.find.name = f->table.find.target_name = "d.t";
    f->table.find.columns = f->shown;
    f->table.find.ncolumns = ncols;
    f->table.join = MR_JOIN_SHARED;
    f->table.ncompared = ncols;
    f->table.normalise = f->normalise;
    f->table.text_key = f->by_name;
    f->table.arena = &f->run.arena;
}

/* Opens a temporary case with one run and the table in it. */
static inline enum mr_code fake_begin(struct fake *f)
{
    struct mr_throttle_opts no_limits = {0};
    struct mr_find_run run = {.uuid = "u",
                              .source = "mysql://a/",
                              .target = "mysql://b/",
                              .options = "",
                              .started = "2026-01-01T00:00:00Z"};
    bool known = false;
    fake_plan(f);
    pthread_mutex_init(&f->run.lock, NULL);
    mr_arena_init(&f->run.arena);
    f->options.threads = 2;
    f->run.opts = &f->options;
    f->run.run = run;
    f->worker.check = &f->run;
    enum mr_code code = mr_progress_new(MR_PROGRESS_NEVER, &f->run.progress, NULL);
    if (code == MR_OK)
        code = mr_throttle_new_with(&no_limits, NULL, 0, &f->run.throttle, NULL);
    if (code == MR_OK)
        code = mr_findings_open(NULL, MR_CASE_WRITE, &f->run.fd, NULL);
    if (code == MR_OK)
        code = mr_findings_run_begin(f->run.fd, &f->run.run, NULL);
    if (code == MR_OK)
        code = mr_findings_table_add(f->run.fd, &f->table.find, &known, NULL);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        f->run.pairing.side = f->servers;
        f->servers[side].source = &f->side[side].base;
        code = mr_source_reader_new(&f->side[side].base, &f->worker.reader[side], NULL);
    }
    return code;
}

static inline void fake_end(struct fake *f)
{
    mr_reader_free(f->worker.reader[MR_SOURCE]);
    mr_reader_free(f->worker.reader[MR_TARGET]);
    mr_reader_free(f->worker.again);
    (void)mr_findings_close(f->run.fd, NULL);
    mr_throttle_free(f->run.throttle);
    mr_progress_free(f->run.progress);
    mr_arena_release(&f->run.arena);
    pthread_mutex_destroy(&f->run.lock);
    pthread_mutex_destroy(&f->lock);
    free(f->side[MR_SOURCE].rows);
    free(f->side[MR_TARGET].rows);
}

#endif
