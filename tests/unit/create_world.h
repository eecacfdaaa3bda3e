/*
 * create_world.h: a run of `snapshot create` on its way, without a server, for the tests of
 * snapshot/create.
 *
 *   world_begin(…) → create_begin() → fill struct create → code under test → create_end()
 *
 * create_dir() gives it a directory on disk and a journal there, create_reader() a reader whose
 * rows are those of create.rows: an id, which is the key, and a text.  Tables are made with
 * create_table().
 */
#ifndef MR_TESTS_CREATE_WORLD_H
#define MR_TESTS_CREATE_WORLD_H

#include <ftw.h>
#include <unistd.h>

#include "snap_world.h"
#include "snapshot/create/create.h"

#define CREATE_TABLES 8

/* A row of a table; text NULL: NULL. */
struct create_row {
    int64_t id;
    const char *text;
};

static struct {
    struct mr_create c;
    struct mr_create_options opts;
    struct mr_catalogue cat;
    struct mr_create_table tables[CREATE_TABLES];
    size_t ntables;
    char place[64]; /* "": no directory */

    /* of the reader */
    const struct create_row *rows; /* in the order of ids; of all tables */
    size_t nrows;
    const int64_t *bounds; /* that it cuts tables at */
    size_t nbounds;
    unsigned scans, scan_fails_at; /* the scan that does, behind half of its rows */
    unsigned unlocks;
    struct mr_source source;
    struct mr_reader reader;
} create;

static inline void create_begin(void)
{
    struct mr_create *c = &create.c;
    memset(&create, 0, sizeof create);
    mr_arena_init(&c->arena);
    mr_arena_init(&c->numbers.arena);
    c->numbers.items = (struct mr_vec)MR_VEC_INIT(struct mr_create_number);
    c->tables = (struct mr_vec)MR_VEC_INIT(struct mr_create_table *);
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_mutex_init(&c->asking, NULL);
    mr_pace_init(&c->pace, 0);
    assert_int_equal(mr_progress_new(MR_PROGRESS_NEVER, &c->progress, NULL), MR_OK);
    create.opts.threads = 1;
    create.opts.chunk_mib = 1;
    create.opts.level = 1;
    create.cat.server = world.server;
    c->opts = &create.opts;
    c->db = world_db();
    c->cat = &create.cat;
    c->id = mr_run_id_now();
    c->schema = (struct mr_snap_schema){.db = c->db,
                                        .cat = c->cat,
                                        .arena = &c->arena,
                                        .tables = &create.opts.tables,
                                        .exclude = &create.opts.exclude,
                                        .objects = MR_VEC_INIT(struct mr_snap_object),
                                        .left_out = MR_VEC_INIT(struct mr_snap_left_out),
                                        .files = MR_VEC_INIT(struct mr_snap_file),
                                        .dbs = MR_VEC_INIT(const char *)};
}

static inline int create_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void create_end(void)
{
    struct mr_create *c = &create.c;
    for (size_t i = 0; i < create.ntables; i++) {
        mr_vec_release(&create.tables[i].chunks);
        if (!create.tables[i].borrowed)
            mr_vec_release(&create.tables[i].bounds);
    }
    mr_journal_file_close(c->journal);
    mr_snap_dir_free(c->dir);
    mr_vec_release(&c->tables);
    mr_vec_release(&c->numbers.items);
    mr_arena_release(&c->numbers.arena);
    mr_snap_schema_release(&c->schema);
    mr_progress_free(c->progress);
    mr_pace_release(&c->pace);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_mutex_destroy(&c->asking);
    mr_arena_release(&c->arena);
}

/* What is left out, as "kind name: reason", a line each. */
static inline const char *create_left_out(void)
{
    static char text[2048];
    const struct mr_snap_left_out *items = create.c.schema.left_out.items;
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < create.c.schema.left_out.count && len < sizeof text; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s %s: %s\n", items[i].kind,
                                items[i].name, items[i].reason);
    return text;
}

/* ---- a table of an id and a text ---- */

static const struct mr_snap_column create_columns[] = {
    {.name = "id", .type = "bigint", .cls = MR_CLASS_INT, .load = MR_SNAP_LOAD_PLAIN},
    {.name = "text",
     .type = "text",
     .cls = MR_CLASS_TEXT,
     .charset = "utf8mb4",
     .load = MR_SNAP_LOAD_PLAIN}};
static const struct mr_readcol create_cols[] = {
    {.name = "id", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_INT},
    {.name = "text", .expr = MR_EXPR_COLUMN, .cls = MR_CLASS_TEXT, .charset = "utf8mb4"}};
static const size_t create_key[] = {0};

static inline struct mr_create_table *create_table(const struct mr_table *of, size_t nkey)
{
    assert_true(create.ntables < CREATE_TABLES);
    struct mr_create_table *t = &create.tables[create.ntables++];
    *t = (struct mr_create_table){.snap = {.db = of->db,
                                           .name = of->name,
                                           .number = create.ntables,
                                           .engine = of->engine,
                                           .transactional = of->transactional,
                                           .consistent = true,
                                           .columns = create_columns,
                                           .ncolumns = 2,
                                           .key = create_key,
                                           .nkey = nkey,
                                           .index = nkey > 0 ? "PRIMARY" : NULL},
                                  .table = of,
                                  .spec = {.db = of->db,
                                           .table = of->name,
                                           .cols = create_cols,
                                           .ncols = 2,
                                           .key = create_key,
                                           .nkey = nkey,
                                           .index = nkey > 0 ? "PRIMARY" : NULL},
                                  .create = "CREATE TABLE",
                                  .identity = "1",
                                  .bounds = MR_VEC_INIT(struct mr_key),
                                  .chunks = MR_VEC_INIT(struct mr_journal_chunk)};
    *(struct mr_create_table **)mr_vec_push(&create.c.tables) = t;
    return t;
}

/* ---- a directory and its journal ---- */

static inline void create_place(void)
{
    (void)snprintf(create.place, sizeof create.place, "/tmp/myrecon-test-XXXXXX");
    assert_non_null(mkdtemp(create.place));
}

static inline void create_place_remove(const char *place)
{
    (void)nftw(place, create_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* In `place`, which create_place() has made, perhaps for an earlier run. */
static inline void create_dir(const char *place)
{
    struct mr_err err = {0};
    char path[80];
    (void)snprintf(path, sizeof path, "%s/snap", place);
    if (mr_snap_dir_begin(path, &create.c.dir, &err) != MR_OK)
        fail_msg("%s", err.message);
    create.c.schema.dir = create.c.dir;
    if (mr_journal_file_open(create.c.dir, "print", &create.c.arena, &create.c.journal, &err) !=
        MR_OK)
        fail_msg("%s", err.message);
}

/* ---- a reader ---- */

static inline struct mr_key create_key_of(struct mr_arena *arena, int64_t id)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    const struct mr_value value = {.cls = MR_CLASS_INT, .i = id};
    assert_int_equal(mr_row_encode(&key, &value, NULL), MR_OK);
    const struct mr_key kept = {mr_arena_dup(arena, key.ptr, key.len), key.len};
    mr_strbuf_release(&key);
    return kept;
}

/* Is the key of the id within (lo, hi]? */
static inline bool create_is_within(int64_t id, struct mr_range range)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_key key = create_key_of(&arena, id);
    bool within = (range.lo.ptr == NULL || mr_key_compare(key, range.lo) > 0) &&
                  (range.hi.ptr == NULL || mr_key_compare(key, range.hi) <= 0);
    mr_arena_release(&arena);
    return within;
}

static inline void create_values(const struct create_row *row, struct mr_value *values)
{
    values[0] = (struct mr_value){.cls = MR_CLASS_INT, .i = row->id};
    values[1] = (struct mr_value){.cls = row->text != NULL ? MR_CLASS_TEXT : MR_CLASS_NULL,
                                  .ptr = row->text,
                                  .len = row->text != NULL ? strlen(row->text) : 0};
}

static inline enum mr_code create_scan_raw(struct mr_reader *reader, const struct mr_readspec *spec,
                                           struct mr_range range, uint64_t limit, mr_raw_row_fn *fn,
                                           void *ctx, struct mr_err *err)
{
    bool fails = ++create.scans == create.scan_fails_at;
    uint64_t given = 0;
    (void)reader, (void)spec;
    for (size_t i = 0; i < create.nrows && (limit == 0 || given < limit); i++) {
        struct mr_value values[2];
        if (!create_is_within(create.rows[i].id, range))
            continue;
        if (fails && given >= 8)
            return world_error(world.fail_code, world.fail_number, NULL, err);
        create_values(&create.rows[i], values);
        const struct mr_raw_row row = {.values = values};
        MR_TRY(fn(ctx, &row, err));
        given++;
    }
    return fails ? world_error(world.fail_code, world.fail_number, NULL, err) : MR_OK;
}

static inline enum mr_code create_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                                        const struct mr_key *keys, size_t nkeys, mr_row_fn *fn,
                                        void *ctx, struct mr_err *err)
{
    (void)reader, (void)spec;
    if (++create.scans == create.scan_fails_at)
        return world_error(world.fail_code, world.fail_number, NULL, err);
    for (size_t i = 0; i < create.nrows; i++)
        for (size_t k = 0; k < nkeys; k++) {
            struct mr_value values[2];
            struct mr_arena arena = MR_ARENA_INIT;
            bool same = mr_key_compare(keys[k], create_key_of(&arena, create.rows[i].id)) == 0;
            mr_arena_release(&arena);
            if (!same)
                continue;
            create_values(&create.rows[i], values);
            MR_TRY(fn(ctx, values, err));
        }
    return MR_OK;
}

static inline enum mr_code create_bounds(struct mr_reader *reader, const struct mr_readspec *spec,
                                         struct mr_range range, size_t wanted,
                                         struct mr_arena *arena, struct mr_vec *keys,
                                         struct mr_err *err)
{
    (void)range;
    (void)reader, (void)spec, (void)err;
    for (size_t i = 0; i < create.nbounds && i < wanted; i++)
        *(struct mr_key *)mr_vec_push(keys) = create_key_of(arena, create.bounds[i]);
    return MR_OK;
}

static inline enum mr_code create_reader_new(struct mr_source *src, struct mr_reader **out,
                                             struct mr_err *err)
{
    const struct world_answer *answer;
    create.reader.source = src;
    *out = &create.reader;
    return world_ask("(reader)", 8, &answer, err);
}

static inline void create_reader_free(struct mr_reader *reader)
{
    (void)reader;
}

static inline struct mr_db *create_reader_db(struct mr_reader *reader)
{
    (void)reader;
    return world_db();
}

static inline enum mr_code create_reader_unlock(struct mr_reader *reader, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)reader;
    create.unlocks++;
    return world_ask("(unlock)", 8, &answer, err);
}

static inline void create_reader(void)
{
    static const struct mr_source_ops ops = {.reader_new = create_reader_new,
                                             .reader_free = create_reader_free,
                                             .scan_raw = create_scan_raw,
                                             .fetch = create_fetch,
                                             .bounds = create_bounds,
                                             .reader_db = create_reader_db,
                                             .reader_unlock = create_reader_unlock};
    create.source.ops = &ops;
    create.reader.source = &create.source;
    create.c.source = &create.source;
}

#endif
