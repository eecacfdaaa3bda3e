/*
 * binlog_player.c: what a server's log says of its tables, beside what a SELECT says.
 *
 *     binlog_player URI DATABASE FILE…
 *
 * Plays the files' row events of that database back, key by key (a table's first column), and
 * compares every image with the one before it, and the last one with the row that the source reads
 * of the server, byte by byte in the exact encoding.  A line for each table:
 *
 *     TABLE equal: ROWS rows, IMAGES images, UNSEEN values never seen, DIFFS diffs
 *     TABLE blind: why
 *     TABLE differs: key, column, both values in hexadecimal digits
 *
 *     binlog_player --charsets URI
 *
 * Compares the character sets of the server's collations with those that are known by number.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/vec.h"
#include "core/binlog/binlog_charset.h"
#include "core/binlog/binlog_file.h"
#include "core/binlog/binlog_stream.h"
#include "core/binlog/binlog_value.h"
#include "core/source/source.h"

struct cell {
    bool is_known;
    char *ptr;
    size_t len;
};

struct row {
    struct cell *cells;
    bool is_there;
};

struct table {
    const struct mr_table *today;
    struct mr_vec rows; /* struct row, by their key */
    uint64_t images, diffs;
    char why[2048]; /* it is blind or differs */
};

/* A table map, and what became of it. */
struct map {
    struct mr_binlog_table table;
    struct table *of; /* NULL: of another database */
    struct mr_binlog_shape *shape;
};

static struct mr_server server;
static struct mr_catalogue *catalogue;
static struct table *tables;
static struct mr_vec maps = MR_VEC_INIT(struct map);
static struct mr_arena arena;
static struct mr_strbuf scratch = MR_STRBUF_INIT;

static void die(const char *what, const struct mr_err *err)
{
    (void)fprintf(stderr, "%s: %s\n", what, err->message);
    exit(3);
}

static void *must(void *ptr)
{
    if (ptr == NULL)
        abort();
    return ptr;
}

static void set_cell(struct cell *cell, const struct mr_strbuf *bytes)
{
    if (bytes->failed)
        abort();
    free(cell->ptr);
    cell->is_known = true;
    cell->len = bytes->len;
    cell->ptr = must(malloc(bytes->len + 1));
    memcpy(cell->ptr, bytes->ptr, bytes->len);
}

static bool same_cell(const struct cell *cell, const struct mr_strbuf *bytes)
{
    return cell->len == bytes->len && memcmp(cell->ptr, bytes->ptr, bytes->len) == 0;
}

/* ---- rows by key: a small number ---- */

#define KEY_MAX 10000000

static struct row *row_at(struct table *t, uint64_t key)
{
    while (t->rows.count <= key) {
        struct row *row = must(mr_vec_push(&t->rows));
        *row = (struct row){.cells = must(calloc(t->today->ncolumns, sizeof *row->cells))};
    }
    return mr_vec_at(&t->rows, key);
}

/* ---- images ---- */

static void differs(struct table *t, uint64_t key, size_t column, const char *what,
                    const struct mr_strbuf *now)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    const struct cell *was = &row_at(t, key)->cells[column];
    mr_strbuf_add_fmt(&text, "differs: key %" PRIu64 ", column %s, %s: ", key,
                      t->today->columns[column].name, what);
    mr_strbuf_add_hex(&text, was->ptr, was->len < 100 ? was->len : 100);
    mr_strbuf_add_fmt(&text, " (%zu bytes) in the log, ", was->len);
    mr_strbuf_add_hex(&text, now->ptr, now->len < 100 ? now->len : 100);
    mr_strbuf_add_fmt(&text, " (%zu bytes) now", now->len);
    if (t->why[0] == '\0')
        (void)snprintf(t->why, sizeof t->why, "%s", text.ptr);
    mr_strbuf_release(&text);
}

static void blind(struct table *t, const struct mr_err *err)
{
    if (t->why[0] == '\0')
        (void)snprintf(t->why, sizeof t->why, "blind: %s", err->message);
}

/* The encoded value; false: unseen, or the table is blind now. */
static bool value_of(const struct map *map, size_t column, const struct mr_binlog_field *image,
                     const struct mr_binlog_field *before, struct mr_strbuf *out)
{
    struct mr_err err = {0};
    struct mr_value value;
    bool seen = false;
    mr_strbuf_reset(out);
    enum mr_code code =
        mr_binlog_value(map->shape, column, image, before, &scratch, &seen, &value, &err);
    if (code == MR_OK && seen)
        code = mr_row_encode_exact(out, &value, &err);
    if (code != MR_OK)
        blind(map->of, &err);
    return code == MR_OK && seen;
}

/* Before-images are held to what is known, after-images make it. */
static void take_image(const struct map *map, const struct mr_binlog_field *image,
                       const struct mr_binlog_field *before, uint64_t key, bool is_before)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    for (size_t i = 0; i < map->of->today->ncolumns; i++) {
        struct cell *cell = &row_at(map->of, key)->cells[i];
        map->of->diffs += image[mr_binlog_shape_at(map->shape, i)].presence == MR_BINLOG_JSON_DIFF;
        if (!value_of(map, i, image, before, &bytes))
            continue;
        if (is_before && cell->is_known && !same_cell(cell, &bytes))
            differs(map->of, key, i, "a before-image", &bytes);
        set_cell(cell, &bytes);
    }
    map->of->images++;
    mr_strbuf_release(&bytes);
}

static bool key_of(const struct map *map, const struct mr_binlog_field *image, uint64_t *key)
{
    struct mr_err err = {0};
    struct mr_value value;
    bool seen = false;
    if (mr_binlog_value(map->shape, 0, image, NULL, &scratch, &seen, &value, &err) != MR_OK)
        die("key", &err);
    if (seen && value.u > KEY_MAX)
        abort();
    if (seen)
        *key = value.u;
    return seen;
}

static void forget(struct table *t, uint64_t key)
{
    struct row *row = row_at(t, key);
    row->is_there = false;
    for (size_t i = 0; i < t->today->ncolumns; i++)
        row->cells[i].is_known = false;
}

static void take_row(const struct map *map, const struct mr_binlog_row *r)
{
    uint64_t key = 0, was = 0;
    if (r->before != NULL) {
        if (!key_of(map, r->before, &key))
            abort();
        take_image(map, r->before, NULL, key, true);
    }
    was = key;
    if (r->after == NULL) {
        forget(map->of, key);
        return;
    }
    if (!key_of(map, r->after, &key) && r->before == NULL)
        abort();
    struct row *to = row_at(map->of, key);
    if (r->before != NULL && key != was) {
        struct row *from = row_at(map->of, was);
        struct cell *cells = to->cells;
        to->cells = from->cells;
        from->cells = cells;
        forget(map->of, was);
    }
    to->is_there = true;
    take_image(map, r->after, r->before, key, false);
}

/* ---- events ---- */

static struct table *table_of(const struct mr_binlog_table *table, const char *db)
{
    if (strcmp(table->db, db) != 0)
        return NULL;
    for (size_t i = 0; i < catalogue->ntables; i++)
        if (strcmp(catalogue->tables[i].name, table->name) == 0)
            return &tables[i];
    return NULL;
}

static void take_map(const struct mr_binlog_event *event, const char *db)
{
    struct mr_err err = {0};
    struct map map = {0};
    if (mr_binlog_table_read(event, &arena, &map.table, &err) != MR_OK)
        die("table map", &err);
    map.of = table_of(&map.table, db);
    if (map.of != NULL && mr_binlog_shape_make(&map.table, map.of->today, &server, &arena,
                                               &map.shape, &err) != MR_OK) {
        blind(map.of, &err);
        map.of = NULL;
    }
    for (size_t i = 0; i < maps.count; i++) {
        struct map *old = mr_vec_at(&maps, i);
        if (old->table.id == map.table.id) {
            *old = map;
            return;
        }
    }
    *(struct map *)must(mr_vec_push(&maps)) = map;
}

static void take_rows(const struct mr_binlog_event *event)
{
    static struct mr_binlog_rows rows;
    struct mr_err err = {0};
    struct mr_binlog_row row;
    uint64_t id = 0;
    if (mr_binlog_rows_table(event, &id, &err) != MR_OK)
        die("rows", &err);
    const struct map *map = NULL;
    for (size_t i = 0; i < maps.count; i++)
        if (((struct map *)mr_vec_at(&maps, i))->table.id == id)
            map = mr_vec_at(&maps, i);
    if (map == NULL || map->of == NULL)
        return;
    enum mr_code code = mr_binlog_rows_open(&rows, event, &map->table, &err);
    if (code == MR_E_UNSUPPORTED) {
        blind(map->of, &err);
        return;
    }
    if (code != MR_OK)
        die("rows", &err);
    for (;;) {
        if (mr_binlog_rows_next(&rows, &row, &err) != MR_OK)
            die("rows", &err);
        if (row.kind == 0)
            return;
        take_row(map, &row);
    }
}

static bool is_rows(unsigned type)
{
    return (type >= MR_BINLOG_WRITE_ROWS_V0 && type <= MR_BINLOG_DELETE_ROWS_V1) ||
           (type >= MR_BINLOG_WRITE_ROWS_V2 && type <= MR_BINLOG_DELETE_ROWS_V2) ||
           type == MR_BINLOG_PARTIAL_UPDATE_ROWS;
}

static void take_event(const struct mr_binlog_event *event, const char *db)
{
    if (event->type == MR_BINLOG_TABLE_MAP)
        take_map(event, db);
    else if (is_rows(event->type))
        take_rows(event);
}

static void read_file(const char *path, const char *db)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_event event = {0};
    struct mr_err err = {0};
    if (mr_binlog_file_open(path, &file, &err) != MR_OK ||
        mr_binlog_stream_open(mr_binlog_file_input(file), &stream, &err) != MR_OK)
        die(path, &err);
    do {
        if (mr_binlog_stream_next(stream, &event, &err) != MR_OK)
            die(path, &err);
        take_event(&event, db);
    } while (event.type != MR_BINLOG_NONE);
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
}

/* ---- the server ---- */

struct reading {
    struct table *table;
    uint64_t rows, unseen;
};

static enum mr_code compare_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct reading *r = ctx;
    struct table *t = r->table;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    if (values[0].u > KEY_MAX)
        abort();
    struct row *row = row_at(t, values[0].u);
    r->rows++;
    if (!row->is_there && t->why[0] == '\0')
        (void)snprintf(t->why, sizeof t->why, "differs: key %" PRIu64 " is not in the log",
                       values[0].u);
    for (size_t i = 0; i < t->today->ncolumns; i++) {
        mr_strbuf_reset(&bytes);
        MR_TRY(mr_row_encode_exact(&bytes, &values[i], err));
        if (!row->cells[i].is_known)
            r->unseen++;
        else if (!same_cell(&row->cells[i], &bytes))
            differs(t, values[0].u, i, "the row", &bytes);
    }
    mr_strbuf_release(&bytes);
    return MR_OK;
}

static bool is_plain_binary(const struct mr_column *col)
{
    return strstr(col->data_type, "blob") != NULL || strstr(col->data_type, "binary") != NULL;
}

/* As core/pair reads a column that is alike on both sides. */
static void compare_table(struct mr_reader *reader, struct table *t)
{
    static const size_t first[] = {0};
    struct mr_err err = {0};
    struct reading r = {.table = t};
    struct mr_readcol *cols = must(calloc(t->today->ncolumns, sizeof *cols));
    uint64_t there = 0;
    for (size_t i = 0; i < t->today->ncolumns; i++) {
        const struct mr_column *c = &t->today->columns[i];
        cols[i] = (struct mr_readcol){.name = c->name, .expr = MR_EXPR_COLUMN, .cls = c->cls};
        if (c->cls == MR_CLASS_BINARY && !is_plain_binary(c))
            cols[i].expr = MR_EXPR_BINARY;
    }
    const struct mr_readspec spec = {.db = t->today->db,
                                     .table = t->today->name,
                                     .cols = cols,
                                     .ncols = t->today->ncolumns,
                                     .key = first,
                                     .nkey = 1};
    const struct mr_range all = {{NULL, 0}, {NULL, 0}};
    if (mr_reader_scan(reader, &spec, all, 0, compare_row, &r, &err) != MR_OK)
        die(t->today->name, &err);
    for (size_t i = 0; i < t->rows.count; i++)
        there += ((struct row *)mr_vec_at(&t->rows, i))->is_there;
    if (there != r.rows && t->why[0] == '\0')
        (void)snprintf(t->why, sizeof t->why, "differs: %" PRIu64 " rows by the log, %" PRIu64,
                       there, r.rows);
    if (t->why[0] != '\0')
        (void)printf("%s %s\n", t->today->name, t->why);
    else
        (void)printf("%s equal: %" PRIu64 " rows, %" PRIu64 " images, %" PRIu64
                     " values never seen, %" PRIu64 " diffs\n",
                     t->today->name, r.rows, t->images, r.unseen, t->diffs);
    free(cols);
}

/* MariaDB since 10.10 has the numbers of collations of several character sets in another table. */
static int compare_charsets(struct mr_reader *reader)
{
    struct mr_db *db = mr_reader_db(reader);
    struct mr_err err = {0};
    struct mr_result *res = NULL;
    const struct mr_cell *row;
    size_t known = 0, bad = 0;
    char sql[256];
    (void)snprintf(sql, sizeof sql,
                   "SELECT c.ID, c.CHARACTER_SET_NAME, s.MAXLEN FROM information_schema.%s c JOIN "
                   "information_schema.CHARACTER_SETS s USING (CHARACTER_SET_NAME) WHERE ID > 0",
                   mr_db_server(db)->flavour == MR_FLAVOUR_MARIADB
                       ? "COLLATION_CHARACTER_SET_APPLICABILITY"
                       : "COLLATIONS");
    if (mr_db_query(db, "vvv", sql, strlen(sql), &res, &err) != MR_OK)
        die(sql, &err);
    while ((row = mr_result_next(res)) != NULL) {
        const char *charset = mr_binlog_charset_of((uint32_t)strtoul(row[0].ptr, NULL, 10));
        if (charset != NULL && mr_binlog_charset_same(charset, row[1].ptr) &&
            mr_binlog_charset_width(charset) == strtoul(row[2].ptr, NULL, 10)) {
            known++;
            continue;
        }
        (void)printf("%s: %s is taken for %s\n", row[0].ptr, row[1].ptr,
                     charset != NULL ? charset : "none");
        bad++;
    }
    mr_result_free(res);
    if (bad == 0)
        (void)printf("%zu collations are known\n", known);
    return bad > 0;
}

static void open_server(const char *uri, struct mr_source **src, struct mr_reader **reader)
{
    static const struct mr_source_opts opts = {.db = {.run_tag = "binlog-player"}};
    static struct mr_endpoint ep;
    struct mr_err err = {0};
    if (mr_db_global_init(&err) != MR_OK || mr_endpoint_parse(&ep, uri, &err) != MR_OK ||
        mr_source_live_new(&ep, &opts, src, &err) != MR_OK ||
        mr_source_reader_new(*src, reader, &err) != MR_OK)
        die(uri, &err);
    server = *mr_db_server(mr_reader_db(*reader));
}

int main(int argc, char **argv)
{
    struct mr_err err = {0};
    struct mr_source *src = NULL;
    struct mr_reader *reader = NULL;
    if (argc == 3 && strcmp(argv[1], "--charsets") == 0) {
        open_server(argv[2], &src, &reader);
        return compare_charsets(reader);
    }
    if (argc < 4) {
        (void)fprintf(stderr, "usage: binlog_player URI DATABASE FILE...\n");
        return 3;
    }
    const char *const dbs[] = {argv[2]};
    open_server(argv[1], &src, &reader);
    if (mr_source_catalogue(src, dbs, 1, &catalogue, &err) != MR_OK)
        die(argv[1], &err);
    mr_arena_init(&arena);
    tables = must(calloc(catalogue->ntables + 1, sizeof *tables));
    for (size_t i = 0; i < catalogue->ntables; i++)
        tables[i] = (struct table){.today = &catalogue->tables[i], .rows = MR_VEC_INIT(struct row)};
    for (int i = 3; i < argc; i++)
        read_file(argv[i], argv[2]);
    for (size_t i = 0; i < catalogue->ntables; i++)
        compare_table(reader, &tables[i]);
    return 0;
}
