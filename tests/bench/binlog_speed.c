/*
 * binlog_speed.c: how fast row events become what history/ wants of them.
 *
 *     binlog_speed URI DATABASE TABLE FILE
 *
 * Reads the log FILE three times and prints row changes a second of processor time (an UPDATE is one) of the rows of that
 * table, whose catalogue comes from the server: images found and hashed with the key's value (marks),
 * every value decoded and encoded (images), and events alone, so that what rows cost is seen.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/binlog/binlog_file.h"
#include "core/binlog/binlog_stream.h"
#include "core/binlog/binlog_value.h"
#include "core/source/source.h"

enum work { EVENTS, MARKS, IMAGES };

struct run {
    enum work work;
    const struct mr_table *today;
    const struct mr_server *server;
    struct mr_arena arena;
    struct mr_binlog_table table;
    struct mr_binlog_shape *shape; /* NULL: of another table */
    struct mr_binlog_rows rows;
    struct mr_strbuf scratch, bytes;
    uint64_t changes, events, hash;
};

static void die(const struct mr_err *err)
{
    (void)fprintf(stderr, "%s\n", err->message);
    exit(3);
}

static void take_values(struct run *run, const struct mr_binlog_field *image, size_t count)
{
    struct mr_err err = {0};
    mr_strbuf_reset(&run->bytes);
    for (size_t i = 0; image != NULL && i < count; i++) {
        struct mr_value value;
        bool seen;
        if (mr_binlog_value(run->shape, i, image, NULL, &run->scratch, &seen, &value, &err) !=
                MR_OK ||
            (seen && mr_row_encode_exact(&run->bytes, &value, &err) != MR_OK))
            die(&err);
    }
    run->hash ^= run->bytes.len;
}

/* From the first byte of the first column that is seen to the last: an image stands in one piece. */
static void hash_image(struct run *run, const struct mr_binlog_field *image)
{
    const uint8_t *from = NULL, *to = NULL;
    for (size_t i = 0; image != NULL && i < run->table.ncolumns; i++) {
        if (image[i].presence == MR_BINLOG_UNSEEN)
            continue;
        from = from == NULL ? image[i].ptr : from;
        to = image[i].ptr + image[i].len;
    }
    if (from != NULL)
        run->hash ^= mr_digest_bytes(from, (size_t)(to - from)).lo;
}

static void take_row(struct run *run, const struct mr_binlog_row *row)
{
    run->changes++;
    if (run->work == IMAGES) {
        take_values(run, row->before, run->today->ncolumns);
        take_values(run, row->after, run->today->ncolumns);
        return;
    }
    take_values(run, row->before != NULL ? row->before : row->after, 1);
    hash_image(run, row->before);
    hash_image(run, row->after);
}

static void take_map(struct run *run, const struct mr_binlog_event *event)
{
    struct mr_err err = {0};
    mr_arena_reset(&run->arena);
    run->shape = NULL;
    if (mr_binlog_table_read(event, &run->arena, &run->table, &err) != MR_OK)
        die(&err);
    if (strcmp(run->table.name, run->today->name) == 0 &&
        mr_binlog_shape_make(&run->table, run->today, run->server, &run->arena, &run->shape,
                             &err) != MR_OK)
        die(&err);
}

static void take_rows(struct run *run, const struct mr_binlog_event *event)
{
    struct mr_err err = {0};
    struct mr_binlog_row row;
    if (mr_binlog_rows_open(&run->rows, event, &run->table, &err) != MR_OK)
        die(&err);
    for (;;) {
        if (mr_binlog_rows_next(&run->rows, &row, &err) != MR_OK)
            die(&err);
        if (row.kind == 0)
            return;
        take_row(run, &row);
    }
}

static bool is_rows(enum mr_binlog_type type)
{
    return (type >= MR_BINLOG_WRITE_ROWS_V1 && type <= MR_BINLOG_DELETE_ROWS_V1) ||
           (type >= MR_BINLOG_WRITE_ROWS_V2 && type <= MR_BINLOG_DELETE_ROWS_V2);
}

static void play(struct run *run, const char *path)
{
    struct mr_binlog_file *file = NULL;
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_event event = {0};
    struct mr_err err = {0};
    if (mr_binlog_file_open(path, &file, &err) != MR_OK ||
        mr_binlog_stream_open(mr_binlog_file_input(file), &stream, &err) != MR_OK)
        die(&err);
    do {
        if (mr_binlog_stream_next(stream, &event, &err) != MR_OK)
            die(&err);
        run->events++;
        if (run->work == EVENTS)
            continue;
        if (event.type == MR_BINLOG_TABLE_MAP)
            take_map(run, &event);
        else if (run->shape != NULL && is_rows(event.type))
            take_rows(run, &event);
    } while (event.type != MR_BINLOG_NONE);
    mr_binlog_stream_close(stream);
    mr_binlog_file_close(file);
}

static void measure(struct run *run, const char *path, const char *what)
{
    run->changes = run->events = 0;
    const clock_t begun = clock();
    play(run, path);
    const double took_s = (double)(clock() - begun) / CLOCKS_PER_SEC;
    (void)printf("%s: %.3f s of a core, %" PRIu64 " events, %" PRIu64
                 " changes, %.2f M changes a second\n",
                 what, took_s, run->events, run->changes, (double)run->changes / took_s / 1e6);
}

int main(int argc, char **argv)
{
    static const struct mr_source_opts opts = {.db = {.run_tag = "binlog-speed"}};
    struct mr_err err = {0};
    struct mr_endpoint ep;
    struct mr_source *src = NULL;
    struct mr_reader *reader = NULL;
    struct mr_catalogue *cat = NULL;
    if (argc != 5) {
        (void)fprintf(stderr, "usage: binlog_speed URI DATABASE TABLE FILE\n");
        return 3;
    }
    const char *const dbs[] = {argv[2]};
    if (mr_db_global_init(&err) != MR_OK || mr_endpoint_parse(&ep, argv[1], &err) != MR_OK ||
        mr_source_live_new(&ep, &opts, &src, &err) != MR_OK ||
        mr_source_catalogue(src, dbs, 1, &cat, &err) != MR_OK ||
        mr_source_reader_new(src, &reader, &err) != MR_OK)
        die(&err);
    struct run run = {.today = mr_catalogue_table(cat, argv[2], argv[3]),
                      .server = mr_db_server(mr_reader_db(reader)),
                      .scratch = MR_STRBUF_INIT,
                      .bytes = MR_STRBUF_INIT,
                      .arena = MR_ARENA_INIT};
    if (run.today == NULL) {
        (void)fprintf(stderr, "there is no such table\n");
        return 3;
    }
    run.work = EVENTS;
    measure(&run, argv[4], "events");
    run.work = MARKS;
    measure(&run, argv[4], "marks");
    run.work = IMAGES;
    measure(&run, argv[4], "images");
    mr_binlog_rows_release(&run.rows);
    mr_strbuf_release(&run.scratch);
    mr_strbuf_release(&run.bytes);
    mr_arena_release(&run.arena);
    mr_catalogue_free(cat);
    mr_reader_free(reader);
    mr_source_free(src);
    mr_endpoint_release(&ep);
    return 0;
}
