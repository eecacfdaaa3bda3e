/*
 * fuzz_binlog_rows.c: row events behind the table maps that they are of, down to their values.
 *
 * The input is events of a log without their CRC.  For each table map a table of today is made up
 * that fits it, so that every column is decoded; what decodes has an encoding that decodes again.
 */
#include "fuzz.h"

#include <string.h>

#include "core/binlog/binlog_column_type.h"
#include "core/binlog/binlog_value.h"

#define MAPS 4
#define COLUMNS 64

struct map {
    struct mr_binlog_table table;
    struct mr_binlog_shape *shape; /* NULL: it does not fit */
};

/* What a catalogue would say of a column of that type. */
static const struct kind {
    uint8_t type;
    const char *data_type, *text, *charset;
    enum mr_class cls;
} kinds[] = {
    {MR_FIELD_TINY, "tinyint", "tinyint", NULL, MR_CLASS_INT},
    {MR_FIELD_SHORT, "smallint", "smallint", NULL, MR_CLASS_INT},
    {MR_FIELD_INT24, "mediumint", "mediumint", NULL, MR_CLASS_INT},
    {MR_FIELD_LONG, "int", "int", NULL, MR_CLASS_INT},
    {MR_FIELD_LONGLONG, "bigint", "bigint", NULL, MR_CLASS_INT},
    {MR_FIELD_YEAR, "year", "year", NULL, MR_CLASS_UINT},
    {MR_FIELD_FLOAT, "float", "float", NULL, MR_CLASS_FLOAT},
    {MR_FIELD_DOUBLE, "double", "double", NULL, MR_CLASS_DOUBLE},
    {MR_FIELD_NEWDECIMAL, "decimal", "decimal(510,255)", NULL, MR_CLASS_DECIMAL},
    {MR_FIELD_BIT, "bit", "bit(4000)", NULL, MR_CLASS_UINT},
    {MR_FIELD_DATE, "date", "date", NULL, MR_CLASS_DATE},
    {MR_FIELD_NEWDATE, "date", "date", NULL, MR_CLASS_DATE},
    {MR_FIELD_TIME, "time", "time", NULL, MR_CLASS_TIME},
    {MR_FIELD_TIME2, "time", "time(6)", NULL, MR_CLASS_TIME},
    {MR_FIELD_DATETIME, "datetime", "datetime", NULL, MR_CLASS_DATETIME},
    {MR_FIELD_DATETIME2, "datetime", "datetime(6)", NULL, MR_CLASS_DATETIME},
    {MR_FIELD_TIMESTAMP, "timestamp", "timestamp", NULL, MR_CLASS_DATETIME},
    {MR_FIELD_TIMESTAMP2, "timestamp", "timestamp(6)", NULL, MR_CLASS_DATETIME},
    {MR_FIELD_VARCHAR, "varchar", "varchar(65535)", "utf8mb4", MR_CLASS_TEXT},
    {MR_FIELD_VAR_STRING, "varbinary", "varbinary(65535)", NULL, MR_CLASS_BINARY},
    {MR_FIELD_BLOB, "longtext", "longtext", "utf8mb4", MR_CLASS_TEXT},
    {MR_FIELD_ENUM, "enum", "enum('a','b','c')", "ucs2", MR_CLASS_ENUM},
    {MR_FIELD_SET, "set", "set('a','b','c')", "utf16le", MR_CLASS_ENUM},
    {MR_FIELD_JSON, "json", "json", NULL, MR_CLASS_JSON},
    {MR_FIELD_GEOMETRY, "geometry", "geometry", NULL, MR_CLASS_GEOMETRY},
    {MR_FIELD_VECTOR, "vector", "vector", NULL, MR_CLASS_BINARY},
};

/* CHAR, BINARY and the three types of MariaDB that look like it. */
static struct mr_column string_of(const struct mr_binlog_column *log, struct mr_arena *arena)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_column c = {
        .data_type = "char", .type = "char(16383)", .cls = MR_CLASS_TEXT, .charset = "utf8mb4"};
    if (log->meta == 16)
        c.data_type = c.type = log->nullable ? "uuid" : "inet6";
    if (log->meta == 4)
        c.data_type = c.type = "inet4";
    if (log->meta % 3 == 0) {
        mr_strbuf_add_fmt(&text, "binary(%u)", log->meta);
        c = (struct mr_column){.data_type = "binary",
                               .cls = MR_CLASS_BINARY,
                               .type = mr_arena_strdup(arena, text.ptr)};
        FUZZ_CHECK(c.type != NULL);
    }
    mr_strbuf_release(&text);
    return c;
}

static struct mr_column today_of(const struct mr_binlog_column *log, struct mr_arena *arena)
{
    struct mr_column c = {.data_type = "", .type = ""};
    if (log->type == MR_FIELD_STRING)
        c = string_of(log, arena);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].type == log->type)
            c = (struct mr_column){.data_type = kinds[i].data_type,
                                   .type = kinds[i].text,
                                   .cls = kinds[i].cls,
                                   .charset = kinds[i].charset};
    if (strchr(c.type, '6') != NULL)
        c.decimals = 6;
    if (log->has_sign && log->is_unsigned && c.cls == MR_CLASS_INT) {
        c.is_unsigned = true;
        c.cls = MR_CLASS_UINT;
    }
    c.name = log->name != NULL ? log->name : "c";
    return c;
}

/* Members and character sets of the log do not fit what was made up: they are taken away. */
static void make_map(struct map *map, const struct mr_binlog_event *event, struct mr_arena *arena)
{
    static const struct mr_server server = {.flavour = MR_FLAVOUR_MYSQL};
    *map = (struct map){0};
    if (mr_binlog_table_read(event, arena, &map->table, NULL) != MR_OK ||
        map->table.ncolumns > COLUMNS)
        return;
    struct mr_binlog_column *log = mr_arena_calloc(arena, map->table.ncolumns + 1, sizeof *log);
    struct mr_column *columns = mr_arena_calloc(arena, map->table.ncolumns + 1, sizeof *columns);
    FUZZ_CHECK(log != NULL && columns != NULL);
    for (size_t i = 0; i < map->table.ncolumns; i++) {
        log[i] = map->table.columns[i];
        log[i].collation = 0;
        columns[i] = today_of(&log[i], arena);
    }
    map->table.columns = log;
    const struct mr_table today = {
        .db = "d", .name = "t", .columns = columns, .ncolumns = map->table.ncolumns};
    if (mr_binlog_shape_make(&map->table, &today, &server, arena, &map->shape, NULL) != MR_OK)
        map->shape = NULL;
}

static void take_image(const struct map *map, const struct mr_binlog_field *image,
                       const struct mr_binlog_field *before)
{
    struct mr_strbuf scratch = MR_STRBUF_INIT, bytes = MR_STRBUF_INIT;
    for (size_t i = 0; image != NULL && i < map->table.ncolumns; i++) {
        struct mr_value value, again;
        bool seen = false;
        size_t pos = 0;
        if (mr_binlog_value(map->shape, i, image, before, &scratch, &seen, &value, NULL) != MR_OK ||
            !seen)
            continue;
        mr_strbuf_reset(&bytes);
        FUZZ_CHECK(mr_row_encode_exact(&bytes, &value, NULL) == MR_OK);
        FUZZ_CHECK(mr_row_decode(bytes.ptr, bytes.len, &pos, &again, NULL) == MR_OK);
        FUZZ_CHECK(pos == bytes.len);
    }
    mr_strbuf_release(&scratch);
    mr_strbuf_release(&bytes);
}

static void take_rows(const struct map *maps, const struct mr_binlog_event *event,
                      struct mr_binlog_rows *rows)
{
    struct mr_binlog_row row;
    uint64_t id = 0;
    size_t which = 0;
    if (mr_binlog_rows_table(event, &id, NULL) != MR_OK)
        return;
    while (which < MAPS && (maps[which].shape == NULL || maps[which].table.id != id))
        which++;
    if (which == MAPS || mr_binlog_rows_open(rows, event, &maps[which].table, NULL) != MR_OK)
        return;
    while (mr_binlog_rows_next(rows, &row, NULL) == MR_OK && row.kind != 0) {
        FUZZ_CHECK((row.before != NULL) == (row.kind != MR_BINLOG_INSERT));
        FUZZ_CHECK((row.after != NULL) == (row.kind != MR_BINLOG_DELETE));
        take_image(&maps[which], row.before, NULL);
        take_image(&maps[which], row.after, row.before);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct map maps[MAPS] = {0};
    struct mr_binlog_rows rows = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    size_t next = 0;
    for (size_t at = 0; size - at >= MR_BINLOG_HEADER_BYTES;) {
        const struct mr_binlog_place place = {"fuzz", at};
        struct mr_binlog_event event;
        size_t len = (size_t)data[at + 9] | (size_t)data[at + 10] << 8 |
                     (size_t)data[at + 11] << 16 | (size_t)data[at + 12] << 24;
        if (len > size - at || mr_binlog_header(&place, data + at, len, &event, NULL) != MR_OK)
            break;
        event.is_mariadb = (event.when & 1) != 0;
        if (event.type == MR_BINLOG_TABLE_MAP)
            make_map(&maps[next++ % MAPS], &event, &arena);
        else
            take_rows(maps, &event, &rows);
        at += len;
    }
    mr_binlog_rows_release(&rows);
    mr_arena_release(&arena);
    return 0;
}
