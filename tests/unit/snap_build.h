/*
 * snap_build.h: a snapshot of one table, made without a server, for unit tests.
 *
 *   fill the first part of a struct snap_build → snap_build(&b, path)
 */
#ifndef MR_TESTS_SNAP_BUILD_H
#define MR_TESTS_SNAP_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schema/catalogue_json.h"
#include "snapshot/format/snap_dir.h"
#include "snapshot/format/snap_gone.h"
#include "snapshot/format/snap_manifest.h"
#include "snapshot/format/tsv.h"

#define SNAP_BUILD_CHUNKS 64

/* One row: a value a column of the table. */
struct snap_build_row {
    const struct mr_value *values;
    struct mr_key key;
};

struct snap_build {
    struct mr_snap_table table;    /* db, name, columns and key are the caller's */
    const struct mr_column *known; /* the catalogue's columns */
    size_t nknown;
    const struct snap_build_row *rows; /* in the order of the key */
    size_t nrows;
    size_t a_chunk; /* rows */
    const char *source;
    /* of an incremental one: the table's kept_rows is the caller's, too, and its rows are in any order */
    struct mr_snap_base base;
    const struct snap_build_row *gone; /* values: of the key alone */
    size_t ngone;

    /* what is made of it */
    struct mr_arena arena;
    struct mr_snap_chunk chunks[SNAP_BUILD_CHUNKS];
    size_t nchunks;
    struct mr_snap_file files[1];
};

static inline void snap_build_ok(enum mr_code code, const struct mr_err *err)
{
    if (code != MR_OK)
        fail_msg("%s", err->message);
}

static inline enum mr_code snap_build_write(void *arg, const void *ptr, size_t len,
                                            struct mr_err *err)
{
    return mr_snap_out_write(arg, ptr, len, err);
}

static inline struct mr_snap_sum snap_build_sum(const struct mr_snap_table *t,
                                                const struct mr_value *values)
{
    struct mr_hasher *hasher = mr_hasher_new();
    struct mr_snap_sum sum = {0};
    for (size_t i = 0; i < t->ncolumns; i++)
        assert_int_equal(mr_hasher_add(hasher, &values[i], NULL), MR_OK);
    mr_snap_sum_add(&sum, mr_hasher_finish(hasher));
    mr_hasher_free(hasher);
    return sum;
}

static inline void snap_build_chunk(struct snap_build *b, struct mr_snap_dir *dir, size_t from,
                                    size_t to)
{
    struct mr_snap_chunk *c = &b->chunks[b->nchunks];
    struct mr_snap_out *out = NULL;
    struct mr_snap_stored stored;
    struct mr_tsv tsv;
    struct mr_err err = {0};
    char name[64];
    (void)snprintf(name, sizeof name, "data/d.t.%zu.tsv.zst", b->nchunks);
    *c = (struct mr_snap_chunk){.file = mr_arena_strdup(&b->arena, name)};
    snap_build_ok(mr_snap_out_open(dir, name, 1, &out, &err), &err);
    mr_tsv_init(&tsv, (struct mr_sink){snap_build_write, out});
    for (size_t i = from; i < to; i++) {
        snap_build_ok(mr_tsv_add_row(&tsv, &b->table, b->rows[i].values, &err), &err);
        mr_snap_sum_join(&c->sum, snap_build_sum(&b->table, b->rows[i].values));
    }
    snap_build_ok(mr_tsv_flush(&tsv, &err), &err);
    c->plain_bytes = tsv.bytes;
    mr_tsv_release(&tsv);
    snap_build_ok(mr_snap_out_close(out, &stored, &err), &err);
    c->rows = to - from;
    c->stored_bytes = stored.bytes;
    c->sha256 = mr_arena_strdup(&b->arena, stored.sha256);
    if (b->table.nkey > 0 && !b->table.keys_hidden) {
        c->range.lo =
            b->nchunks > 0 ? b->chunks[b->nchunks - 1].range.hi : (struct mr_key){NULL, 0};
        if (to < b->nrows)
            c->range.hi = b->rows[to - 1].key;
        if (to > from) {
            c->first = b->rows[from].key;
            c->last = b->rows[to - 1].key;
        }
    }
    b->table.rows += c->rows;
    b->table.plain_bytes += c->plain_bytes;
    b->table.stored_bytes += c->stored_bytes;
    mr_snap_sum_join(&b->table.sum, c->sum);
    b->nchunks++;
}

static inline void snap_build_gone(struct snap_build *b, struct mr_snap_dir *dir)
{
    struct mr_snap_chunk *c = &b->table.gone;
    struct mr_strbuf name = MR_STRBUF_INIT;
    struct mr_snap_table table;
    struct mr_snap_out *out = NULL;
    struct mr_snap_stored stored;
    struct mr_tsv tsv;
    struct mr_err err = {0};
    mr_snap_gone_name(&name, &b->table, false);
    c->file = mr_arena_strdup(&b->arena, name.ptr);
    mr_strbuf_release(&name);
    snap_build_ok(mr_snap_gone_table(&b->table, &b->arena, &table, &err), &err);
    snap_build_ok(mr_snap_out_open(dir, c->file, 1, &out, &err), &err);
    mr_tsv_init(&tsv, (struct mr_sink){snap_build_write, out});
    for (size_t i = 0; i < b->ngone; i++) {
        snap_build_ok(mr_tsv_add_row(&tsv, &table, b->gone[i].values, &err), &err);
        mr_snap_sum_join(&c->sum, snap_build_sum(&table, b->gone[i].values));
    }
    snap_build_ok(mr_tsv_flush(&tsv, &err), &err);
    c->rows = b->ngone;
    c->plain_bytes = tsv.bytes;
    mr_tsv_release(&tsv);
    snap_build_ok(mr_snap_out_close(out, &stored, &err), &err);
    c->stored_bytes = stored.bytes;
    c->sha256 = mr_arena_strdup(&b->arena, stored.sha256);
}

static inline void snap_build_catalogue(struct snap_build *b, struct mr_snap_dir *dir)
{
    static const struct mr_database dbs[] = {{"d", "utf8mb4", "utf8mb4_general_ci"}};
    const struct mr_index_part part = {.column = b->known[0].name};
    const struct mr_index primary = {.name = "PRIMARY",
                                     .unique = true,
                                     .usable = true,
                                     .kind = "BTREE",
                                     .clause = "",
                                     .parts = &part,
                                     .nparts = 1};
    const struct mr_table table = {.db = b->table.db,
                                   .name = b->table.name,
                                   .kind = MR_TABLE_BASE,
                                   .engine = "InnoDB",
                                   .transactional = true,
                                   .columns = b->known,
                                   .ncolumns = b->nknown,
                                   .indexes = &primary,
                                   .nindexes = b->table.nkey > 0 ? 1 : 0};
    const struct mr_catalogue cat = {.server = {.flavour = MR_FLAVOUR_MARIADB},
                                     .dbs = dbs,
                                     .ndbs = 1,
                                     .tables = &table,
                                     .ntables = 1};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_snap_out *out = NULL;
    struct mr_snap_stored stored;
    struct mr_err err = {0};
    snap_build_ok(mr_catalogue_json_write(&cat, &text, &err), &err);
    snap_build_ok(mr_snap_out_open(dir, MR_SNAP_CATALOGUE, 0, &out, &err), &err);
    snap_build_ok(mr_snap_out_write(out, text.ptr, text.len, &err), &err);
    snap_build_ok(mr_snap_out_close(out, &stored, &err), &err);
    b->files[0] = (struct mr_snap_file){.name = MR_SNAP_CATALOGUE,
                                        .bytes = stored.bytes,
                                        .sha256 = mr_arena_strdup(&b->arena, stored.sha256)};
    mr_strbuf_release(&text);
}

/* Fills the rest of the struct, and makes the directory.  To be released with
 * mr_arena_release(&b->arena). */
static inline void snap_build(struct snap_build *b, const char *path)
{
    static const struct mr_snap_object objects[] = {
        {.kind = MR_OBJECT_DATABASE, .db = "d", .name = "d", .file = "schema/d.d.database.sql"}};
    struct mr_snap_dir *dir = NULL;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err = {0};
    mr_arena_init(&b->arena);
    snap_build_ok(mr_snap_dir_begin(path, &dir, &err), &err);
    for (size_t from = 0; from < b->nrows || from == 0; from += b->a_chunk)
        snap_build_chunk(b, dir, from, b->nrows - from < b->a_chunk ? b->nrows : from + b->a_chunk);
    if (b->ngone > 0)
        snap_build_gone(b, dir);
    snap_build_catalogue(b, dir);
    b->table.number = 1;
    b->table.engine = "InnoDB";
    b->table.transactional = b->table.consistent = true;
    b->table.schema_file = "schema/d.t.table.sql";
    b->table.index = b->table.nkey > 0 ? "PRIMARY" : NULL;
    b->table.chunks = b->chunks;
    b->table.nchunks = b->nchunks;
    const struct mr_snap_manifest m = {
        .base = b->base,
        .uuid = "u",
        .created = "c",
        .finished = "f",
        .version = "v",
        .source = b->source,
        .server = {.flavour = MR_FLAVOUR_MARIADB, .version = "v", .hostname = "h", .uuid = ""},
        .consistency = {.kind = MR_SNAP_ONE_VIEW, .connections = 1, .tries = 1},
        .objects = objects,
        .nobjects = 1,
        .tables = &b->table,
        .ntables = 1,
        .files = b->files,
        .nfiles = 1};
    snap_build_ok(mr_snap_dir_publish(dir, &m, NULL, &err), &err);
    mr_snap_dir_free(dir);
    mr_strbuf_release(&text);
}

#endif
