/* binlog_table.c: see binlog_table.h. */
#include "core/binlog/binlog_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/binlog/binlog_column_type.h"

/* What servers hold to: more is damage, and bounds what is allocated for it. */
#define COLUMNS_MAX 4096
#define MEMBERS_MAX 65535
/* Of all columns of a kind: no server has that limit, and no table comes near it. */
#define MEMBERS_OF_ALL_MAX (2 * MEMBERS_MAX)
#define MAP_BYTES_MAX ((size_t)16 << 20)

/* Kinds of optional metadata; each is its number, a length, and that many bytes. */
enum optional {
    SIGNEDNESS = 1,
    DEFAULT_CHARSET,
    COLUMN_CHARSET,
    COLUMN_NAME,
    SET_MEMBERS,
    ENUM_MEMBERS,
    GEOMETRY_TYPE,
    SIMPLE_KEY,
    PREFIX_KEY,
    ENUM_SET_DEFAULT_CHARSET,
    ENUM_SET_COLUMN_CHARSET,
    VISIBILITY,
    VECTOR_DIMENSIONS,
};

/* What of a table map is read: everything is checked by c.failed, once for each part. */
struct reading {
    const struct mr_binlog_event *event;
    struct mr_arena *arena;
    struct mr_binlog_table *table;
    struct mr_binlog_column *columns;
    struct mr_err *err;
};

static enum mr_code damaged(const struct reading *r, const char *what)
{
    return mr_binlog_damaged(&r->event->place, what, r->err);
}

static enum mr_code no_memory(const struct reading *r)
{
    return mr_err_nomem(r->err, "reading a table map of a binary log");
}

/* ---- which columns a list is of ---- */

typedef bool (*of_kind)(const struct mr_binlog_column *column);

static bool is_number(const struct mr_binlog_column *column)
{
    switch (column->type) {
    case MR_FIELD_TINY:
    case MR_FIELD_SHORT:
    case MR_FIELD_INT24:
    case MR_FIELD_LONG:
    case MR_FIELD_LONGLONG:
    case MR_FIELD_FLOAT:
    case MR_FIELD_DOUBLE:
    case MR_FIELD_YEAR:
    case MR_FIELD_NEWDECIMAL: return true;
    default: return false;
    }
}

static bool is_text(const struct mr_binlog_column *column)
{
    switch (column->type) {
    case MR_FIELD_VARCHAR:
    case MR_FIELD_VAR_STRING:
    case MR_FIELD_STRING:
    case MR_FIELD_TINY_BLOB:
    case MR_FIELD_MEDIUM_BLOB:
    case MR_FIELD_LONG_BLOB:
    case MR_FIELD_BLOB:
    case MR_FIELD_BLOB_COMPRESSED:
    case MR_FIELD_VARCHAR_COMPRESSED: return true;
    default: return false;
    }
}

/* Lists of collations differ: MySQL's have vectors, MariaDB's have geometry in them. */
static bool is_text_of_mysql(const struct mr_binlog_column *column)
{
    return is_text(column) || column->type == MR_FIELD_VECTOR;
}

static bool is_text_of_mariadb(const struct mr_binlog_column *column)
{
    return is_text(column) || column->type == MR_FIELD_GEOMETRY;
}

static bool is_enum(const struct mr_binlog_column *column)
{
    return column->type == MR_FIELD_ENUM;
}

static bool is_set(const struct mr_binlog_column *column)
{
    return column->type == MR_FIELD_SET;
}

static bool is_choice(const struct mr_binlog_column *column)
{
    return is_enum(column) || is_set(column);
}

static bool is_geometry(const struct mr_binlog_column *column)
{
    return column->type == MR_FIELD_GEOMETRY;
}

static bool is_vector(const struct mr_binlog_column *column)
{
    return column->type == MR_FIELD_VECTOR;
}

/* The next column of that kind from *at on, which is moved behind it; NULL: there is none. */
static struct mr_binlog_column *next_of(const struct reading *r, of_kind kind, size_t *at)
{
    while (*at < r->table->ncolumns) {
        struct mr_binlog_column *column = &r->columns[(*at)++];
        if (kind(column))
            return column;
    }
    return NULL;
}

/* ---- types ---- */

/* CHAR, ENUM and SET have one type, and the real one in the first byte of their metadata; bits 8
 * and 9 of a CHAR's length, inverted, stand in that byte's bits 4 and 5, which are set in all
 * three numbers. */
static void read_string_meta(struct mr_binlog_column *column, struct mr_binlog_cursor *c)
{
    const unsigned first = (unsigned)mr_binlog_uint(c, 1);
    const unsigned low = (unsigned)mr_binlog_uint(c, 1);
    column->type = (uint8_t)(first | 0x30);
    column->meta = (uint16_t)(low | ((first & 0x30) ^ 0x30) << 4);
}

/* How the metadata of each type stands in the event. */
enum meta { NOT_KNOWN = 0, NO_META, ONE_BYTE, TWO_BYTES, TWO_NUMBERS, REAL_TYPE };

static const uint8_t meta_of[256] = {
    [MR_FIELD_DECIMAL] = NO_META,
    [MR_FIELD_TINY] = NO_META,
    [MR_FIELD_SHORT] = NO_META,
    [MR_FIELD_LONG] = NO_META,
    [MR_FIELD_FLOAT] = ONE_BYTE,
    [MR_FIELD_DOUBLE] = ONE_BYTE,
    [MR_FIELD_NULL] = NO_META,
    [MR_FIELD_TIMESTAMP] = NO_META,
    [MR_FIELD_LONGLONG] = NO_META,
    [MR_FIELD_INT24] = NO_META,
    [MR_FIELD_DATE] = NO_META,
    [MR_FIELD_TIME] = NO_META,
    [MR_FIELD_DATETIME] = NO_META,
    [MR_FIELD_YEAR] = NO_META,
    [MR_FIELD_NEWDATE] = NO_META,
    [MR_FIELD_VARCHAR] = TWO_BYTES,
    [MR_FIELD_BIT] = TWO_BYTES,
    [MR_FIELD_TIMESTAMP2] = ONE_BYTE,
    [MR_FIELD_DATETIME2] = ONE_BYTE,
    [MR_FIELD_TIME2] = ONE_BYTE,
    [MR_FIELD_BLOB_COMPRESSED] = ONE_BYTE,
    [MR_FIELD_VARCHAR_COMPRESSED] = TWO_BYTES,
    [MR_FIELD_VECTOR] = ONE_BYTE,
    [MR_FIELD_JSON] = ONE_BYTE,
    [MR_FIELD_NEWDECIMAL] = TWO_NUMBERS,
    [MR_FIELD_ENUM] = REAL_TYPE,
    [MR_FIELD_SET] = REAL_TYPE,
    [MR_FIELD_TINY_BLOB] = ONE_BYTE,
    [MR_FIELD_MEDIUM_BLOB] = ONE_BYTE,
    [MR_FIELD_LONG_BLOB] = ONE_BYTE,
    [MR_FIELD_BLOB] = ONE_BYTE,
    [MR_FIELD_VAR_STRING] = TWO_BYTES,
    [MR_FIELD_STRING] = REAL_TYPE,
    [MR_FIELD_GEOMETRY] = ONE_BYTE,
};

/* False: a type that is not known, and so how much metadata it has. */
static bool read_meta(struct mr_binlog_column *column, struct mr_binlog_cursor *c)
{
    switch ((enum meta)meta_of[column->type]) {
    case NO_META: return true;
    case ONE_BYTE: column->meta = (uint16_t)mr_binlog_uint(c, 1); return true;
    case TWO_BYTES: column->meta = (uint16_t)mr_binlog_uint(c, 2); return true;
    case TWO_NUMBERS:
        column->meta = (uint16_t)(mr_binlog_uint(c, 1) << 8);
        column->meta = (uint16_t)(column->meta | mr_binlog_uint(c, 1));
        return true;
    case REAL_TYPE: read_string_meta(column, c); return true;
    case NOT_KNOWN:
    default: return false;
    }
}

/* Types, their metadata, and who may be NULL. */
static enum mr_code read_columns(struct reading *r, struct mr_binlog_cursor *c)
{
    const uint64_t count = mr_binlog_packed(c);
    const uint8_t *types = mr_binlog_take(c, count);
    const uint64_t meta_len = mr_binlog_packed(c);
    const uint8_t *meta = mr_binlog_take(c, meta_len);
    const uint8_t *nulls = mr_binlog_take(c, (count + 7) / 8);
    if (c->failed || types == NULL || meta == NULL || nulls == NULL)
        return damaged(r, "a table map whose columns are cut off");
    if (count > COLUMNS_MAX)
        return damaged(r, "a table map of more columns than a table can have");
    r->columns = mr_arena_calloc(r->arena, (size_t)count, sizeof *r->columns);
    if (r->columns == NULL)
        return no_memory(r);
    r->table->columns = r->columns;
    r->table->ncolumns = (size_t)count;
    struct mr_binlog_cursor in_meta = mr_binlog_cursor(meta, (size_t)meta_len);
    for (size_t i = 0; i < count; i++) {
        struct mr_binlog_column *column = &r->columns[i];
        column->type = types[i];
        column->nullable = (nulls[i / 8] >> i % 8 & 1) != 0;
        if (!read_meta(column, &in_meta))
            return mr_err_set(r->err, MR_E_UNSUPPORTED,
                              "binary log \"%s\", position %" PRIu64
                              ": column %zu of table \"%s.%s\" is of type %u, which is not known",
                              r->event->place.log, r->event->place.position, i + 1, r->table->db,
                              r->table->name, types[i]);
    }
    if (in_meta.failed || mr_binlog_left(&in_meta) > 0)
        return damaged(r, "a table map whose metadata does not fit its columns");
    return MR_OK;
}

/* ---- optional metadata ---- */

/* One bit for each number, the highest first. */
static void read_signs(const struct reading *r, struct mr_binlog_cursor *c)
{
    const uint8_t *bits = c->at;
    size_t at = 0, n = 0;
    for (struct mr_binlog_column *column; (column = next_of(r, is_number, &at)) != NULL; n++) {
        if (n % 8 == 0 && (bits = mr_binlog_take(c, 1)) == NULL)
            return;
        column->has_sign = true;
        column->is_unsigned = (*bits >> (7 - n % 8) & 1) != 0;
    }
}

static void read_visibility(const struct reading *r, struct mr_binlog_cursor *c)
{
    const uint8_t *bits = mr_binlog_take(c, (r->table->ncolumns + 7) / 8);
    for (size_t i = 0; bits != NULL && i < r->table->ncolumns; i++) {
        r->columns[i].has_visibility = true;
        r->columns[i].invisible = (bits[i / 8] >> (7 - i % 8) & 1) == 0;
    }
}

static uint32_t read_number32(struct mr_binlog_cursor *c)
{
    const uint64_t number = mr_binlog_packed(c);
    c->failed = c->failed || number >= UINT32_MAX;
    return c->failed ? 0 : (uint32_t)number;
}

/* The collation of most, then those that have another: which of that kind, and its number. */
static void read_default_charset(const struct reading *r, of_kind kind, struct mr_binlog_cursor *c)
{
    const uint32_t most = read_number32(c);
    struct mr_binlog_column *column;
    for (size_t at = 0; (column = next_of(r, kind, &at)) != NULL;)
        column->collation = most;
    size_t at = 0, seen = 0;
    while (!c->failed && mr_binlog_left(c) > 0) {
        const uint64_t which = mr_binlog_packed(c);
        const uint32_t collation = read_number32(c);
        /* in order, so that all of them are found in one walk */
        while (seen <= which && (column = next_of(r, kind, &at)) != NULL)
            seen++;
        if (c->failed || seen != which + 1 || column == NULL) {
            c->failed = true;
            return;
        }
        column->collation = collation;
    }
}

static void read_column_charsets(const struct reading *r, of_kind kind, struct mr_binlog_cursor *c)
{
    struct mr_binlog_column *column;
    for (size_t at = 0; (column = next_of(r, kind, &at)) != NULL;)
        column->collation = read_number32(c);
}

static enum mr_code read_names(const struct reading *r, struct mr_binlog_cursor *c)
{
    for (size_t i = 0; i < r->table->ncolumns; i++) {
        const uint64_t len = mr_binlog_packed(c);
        const uint8_t *name = mr_binlog_take(c, len);
        if (name == NULL || memchr(name, 0, (size_t)len) != NULL)
            return damaged(r, "a table map with a column's name that cannot be one");
        r->columns[i].name = mr_arena_dup(r->arena, name, (size_t)len);
        if (r->columns[i].name == NULL)
            return no_memory(r);
    }
    r->table->has_names = true;
    return MR_OK;
}

/* *room: members that may still come; an empty one is a byte there, and many in memory. */
static enum mr_code read_members_of(const struct reading *r, struct mr_binlog_column *column,
                                    size_t *room, struct mr_binlog_cursor *c)
{
    const uint64_t count = mr_binlog_packed(c);
    if (c->failed || count > MEMBERS_MAX || count > mr_binlog_left(c) || count > *room)
        return damaged(r, "a table map with a list of members that cannot be one");
    *room -= (size_t)count;
    struct mr_binlog_text *members =
        mr_arena_calloc(r->arena, (size_t)count, sizeof(struct mr_binlog_text));
    if (members == NULL)
        return no_memory(r);
    for (size_t i = 0; i < count; i++) {
        const uint64_t len = mr_binlog_packed(c);
        const uint8_t *text = mr_binlog_take(c, len);
        if (text == NULL)
            return damaged(r, "a table map whose members are cut off");
        members[i].ptr = mr_arena_dup(r->arena, text, (size_t)len);
        members[i].len = (size_t)len;
        if (members[i].ptr == NULL)
            return no_memory(r);
    }
    column->members = members;
    column->nmembers = (size_t)count;
    return MR_OK;
}

static enum mr_code read_members(const struct reading *r, of_kind kind, struct mr_binlog_cursor *c)
{
    struct mr_binlog_column *column;
    size_t room = MEMBERS_OF_ALL_MAX;
    for (size_t at = 0; (column = next_of(r, kind, &at)) != NULL;)
        MR_TRY(read_members_of(r, column, &room, c));
    return MR_OK;
}

static void read_key(const struct reading *r, bool with_prefix, struct mr_binlog_cursor *c)
{
    while (!c->failed && mr_binlog_left(c) > 0) {
        const uint64_t which = mr_binlog_packed(c);
        const uint32_t prefix = with_prefix ? read_number32(c) : 0;
        c->failed = c->failed || which >= r->table->ncolumns;
        if (c->failed)
            return;
        r->columns[which].in_key = true;
        r->columns[which].key_prefix = prefix;
    }
    r->table->has_key = !c->failed;
}

static void read_geometries(const struct reading *r, struct mr_binlog_cursor *c)
{
    struct mr_binlog_column *column;
    for (size_t at = 0; (column = next_of(r, is_geometry, &at)) != NULL;)
        column->geometry = 1 + read_number32(c);
}

static void read_dimensions(const struct reading *r, struct mr_binlog_cursor *c)
{
    struct mr_binlog_column *column;
    for (size_t at = 0; (column = next_of(r, is_vector, &at)) != NULL;)
        column->dimensions = read_number32(c);
}

/* What is not known is passed over: a later server may say more. */
static enum mr_code read_optional(const struct reading *r, enum optional what,
                                  struct mr_binlog_cursor *c)
{
    const of_kind text = r->event->is_mariadb ? is_text_of_mariadb : is_text_of_mysql;
    switch (what) {
    case SIGNEDNESS: read_signs(r, c); break;
    case DEFAULT_CHARSET: read_default_charset(r, text, c); break;
    case COLUMN_CHARSET: read_column_charsets(r, text, c); break;
    case COLUMN_NAME: MR_TRY(read_names(r, c)); break;
    case SET_MEMBERS: MR_TRY(read_members(r, is_set, c)); break;
    case ENUM_MEMBERS: MR_TRY(read_members(r, is_enum, c)); break;
    case GEOMETRY_TYPE: read_geometries(r, c); break;
    case SIMPLE_KEY: read_key(r, false, c); break;
    case PREFIX_KEY: read_key(r, true, c); break;
    case ENUM_SET_DEFAULT_CHARSET: read_default_charset(r, is_choice, c); break;
    case ENUM_SET_COLUMN_CHARSET: read_column_charsets(r, is_choice, c); break;
    case VISIBILITY: read_visibility(r, c); break;
    case VECTOR_DIMENSIONS: read_dimensions(r, c); break;
    default: return MR_OK;
    }
    if (c->failed || mr_binlog_left(c) > 0)
        return damaged(r, "a table map whose optional metadata does not fit its columns");
    return MR_OK;
}

/* Each kind once: what is said again is allocated again. */
static enum mr_code read_all_optional(const struct reading *r, struct mr_binlog_cursor *c)
{
    uint32_t seen = 0;
    while (mr_binlog_left(c) > 0) {
        const enum optional what = (enum optional)mr_binlog_uint(c, 1);
        const uint64_t len = mr_binlog_packed(c);
        const uint8_t *at = mr_binlog_take(c, len);
        if (at == NULL)
            return damaged(r, "a table map whose optional metadata is cut off");
        if (what <= VECTOR_DIMENSIONS && (seen >> what & 1) != 0)
            return damaged(r, "a table map that says the same kind of metadata twice");
        if (what <= VECTOR_DIMENSIONS)
            seen |= UINT32_C(1) << what;
        struct mr_binlog_cursor inner = mr_binlog_cursor(at, (size_t)len);
        MR_TRY(read_optional(r, what, &inner));
    }
    return MR_OK;
}

/* A length, the name, and a NUL that its length does not count. */
static enum mr_code read_name(const struct reading *r, const char **name,
                              struct mr_binlog_cursor *c)
{
    const uint64_t len = mr_binlog_packed(c);
    const uint8_t *at = mr_binlog_take(c, len);
    if (mr_binlog_uint(c, 1) != 0 || c->failed || memchr(at, 0, (size_t)len) != NULL)
        return damaged(r, "a table map whose table's name cannot be one");
    *name = mr_arena_dup(r->arena, at, (size_t)len);
    return *name == NULL ? no_memory(r) : MR_OK;
}

enum mr_code mr_binlog_table_read(const struct mr_binlog_event *event, struct mr_arena *arena,
                                  struct mr_binlog_table *table, struct mr_err *err)
{
    struct reading r = {.event = event, .arena = arena, .table = table, .err = err};
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    *table = (struct mr_binlog_table){.id = mr_binlog_uint(&c, 6)};
    (void)mr_binlog_uint(&c, 2); /* flags: of no use to a reader */
    if (event->len > MAP_BYTES_MAX)
        return damaged(&r, "a table map of more than 16 MiB");
    MR_TRY(read_name(&r, &table->db, &c));
    MR_TRY(read_name(&r, &table->name, &c));
    MR_TRY(read_columns(&r, &c));
    return read_all_optional(&r, &c);
}
