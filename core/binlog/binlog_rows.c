/* binlog_rows.c: see binlog_rows.h. */
#include "core/binlog/binlog_rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/binlog/binlog_column_type.h"
#include "core/binlog/binlog_decimal.h"

/* flags of a row event */
#define STATEMENT_END 0x1
#define NO_FOREIGN_KEYS 0x2
#define NO_UNIQUE_CHECKS 0x4

#define PARTIAL_JSON 1 /* value options of an after-image */
#define NO_WIDTH SIZE_MAX
#define UNKNOWN_TYPE (SIZE_MAX - 1)

/* What a row event is, by its type. */
struct sort {
    enum mr_binlog_kind kind; /* 0: no row event */
    unsigned version;
    bool partial;
};

static struct sort sort_of(enum mr_binlog_type type)
{
    switch ((unsigned)type) {
    case MR_BINLOG_WRITE_ROWS_V0: return (struct sort){MR_BINLOG_INSERT, 0, false};
    case MR_BINLOG_UPDATE_ROWS_V0: return (struct sort){MR_BINLOG_UPDATE, 0, false};
    case MR_BINLOG_DELETE_ROWS_V0: return (struct sort){MR_BINLOG_DELETE, 0, false};
    case MR_BINLOG_WRITE_ROWS_V1: return (struct sort){MR_BINLOG_INSERT, 1, false};
    case MR_BINLOG_UPDATE_ROWS_V1: return (struct sort){MR_BINLOG_UPDATE, 1, false};
    case MR_BINLOG_DELETE_ROWS_V1: return (struct sort){MR_BINLOG_DELETE, 1, false};
    case MR_BINLOG_WRITE_ROWS_V2: return (struct sort){MR_BINLOG_INSERT, 2, false};
    case MR_BINLOG_UPDATE_ROWS_V2: return (struct sort){MR_BINLOG_UPDATE, 2, false};
    case MR_BINLOG_DELETE_ROWS_V2: return (struct sort){MR_BINLOG_DELETE, 2, false};
    case MR_BINLOG_PARTIAL_UPDATE_ROWS: return (struct sort){MR_BINLOG_UPDATE, 2, true};
    default: return (struct sort){0};
    }
}

static enum mr_code no_rows(const struct mr_binlog_event *event, const struct sort *sort,
                            struct mr_err *err)
{
    char buf[MR_BINLOG_WORD_BYTES];
    const char *word = mr_binlog_type_word(event->type, buf);
    if (sort->kind == 0)
        return mr_err_set(err, MR_E_BUG, "%s is not an event of rows", word);
    (void)mr_err_set(err, MR_E_UNSUPPORTED,
                     "binary log \"%s\", position %" PRIu64
                     ": %s, as servers before MySQL 5.1.16 wrote them, cannot be read",
                     event->place.log != NULL ? event->place.log : "", event->place.position, word);
    return MR_E_UNSUPPORTED;
}

enum mr_code mr_binlog_rows_table(const struct mr_binlog_event *event, uint64_t *table_id,
                                  struct mr_err *err)
{
    const struct sort sort = sort_of(event->type);
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    if (sort.version == 0)
        return no_rows(event, &sort, err);
    *table_id = mr_binlog_uint(&c, 6);
    return c.failed ? mr_binlog_damaged(&event->place, "a row event without a table", err) : MR_OK;
}

static bool is_in(const uint8_t *map, size_t i)
{
    return (map[i / 8] >> i % 8 & 1) != 0;
}

static size_t count_in(const uint8_t *map, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += is_in(map, i);
    return n;
}

/* Fields of columns that the images do not hold stay as they are made here: UNSEEN. */
static enum mr_code make_fields(struct mr_binlog_rows *rows, struct mr_err *err)
{
    const size_t count = 2 * rows->table->ncolumns;
    if (count > rows->cap) {
        struct mr_binlog_field *grown = reallocarray(rows->fields, count, sizeof *grown);
        if (grown == NULL)
            return mr_err_nomem(err, "reading rows of a binary log");
        rows->fields = grown;
        rows->cap = count;
    }
    if (count > 0)
        memset(rows->fields, 0, count * sizeof *rows->fields);
    return MR_OK;
}

static size_t count_json(const struct mr_binlog_table *table)
{
    size_t n = 0;
    for (size_t i = 0; i < table->ncolumns; i++)
        n += table->columns[i].type == MR_FIELD_JSON;
    return n;
}

/* The maps are as long as the table has columns; extra data of version 2 (partitions, NDB) say their
 * own length, and nothing of the rows. */
static bool read_head(struct mr_binlog_rows *rows, const struct sort *sort, uint64_t *ncolumns,
                      struct mr_binlog_cursor *c)
{
    rows->table_id = mr_binlog_uint(c, 6);
    const uint64_t flags = mr_binlog_uint(c, 2);
    rows->statement_end = (flags & STATEMENT_END) != 0;
    rows->no_foreign_keys = (flags & NO_FOREIGN_KEYS) != 0;
    rows->no_unique_checks = (flags & NO_UNIQUE_CHECKS) != 0;
    if (sort->version == 2) {
        const uint64_t extra = mr_binlog_uint(c, 2); /* itself included */
        if (extra < 2)
            return false;
        (void)mr_binlog_take(c, extra - 2);
    }
    *ncolumns = mr_binlog_packed(c);
    const uint8_t *first = mr_binlog_take(c, *ncolumns / 8 + (*ncolumns % 8 != 0));
    const uint8_t *second = sort->kind == MR_BINLOG_UPDATE
                                ? mr_binlog_take(c, *ncolumns / 8 + (*ncolumns % 8 != 0))
                                : NULL;
    rows->before_map = sort->kind == MR_BINLOG_INSERT ? NULL : first;
    rows->after_map = sort->kind == MR_BINLOG_INSERT ? first : second;
    return !c->failed;
}

/* An INSERT of nothing but defaults under binlog_row_image = MINIMAL: rows of no bytes, so that not even
 * their number can be told. */
static enum mr_code no_columns(const struct mr_binlog_rows *rows, struct mr_err *err)
{
    return mr_err_set(err, MR_E_UNSUPPORTED,
                      "binary log \"%s\", position %" PRIu64
                      ": rows of table \"%s.%s\" without any of their columns",
                      rows->place.log != NULL ? rows->place.log : "", rows->place.position,
                      rows->table->db, rows->table->name);
}

enum mr_code mr_binlog_rows_open(struct mr_binlog_rows *rows, const struct mr_binlog_event *event,
                                 const struct mr_binlog_table *table, struct mr_err *err)
{
    const struct sort sort = sort_of(event->type);
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    uint64_t ncolumns = 0;
    rows->at = rows->end = NULL;
    if (sort.version == 0)
        return no_rows(event, &sort, err);
    rows->kind = sort.kind;
    rows->table = table;
    rows->place = event->place;
    rows->partial = sort.partial;
    rows->njson = sort.partial ? count_json(table) : 0;
    if (!read_head(rows, &sort, &ncolumns, &c))
        return mr_binlog_damaged(&event->place, "a row event whose head is cut off", err);
    if (ncolumns != table->ncolumns || rows->table_id != table->id)
        return mr_binlog_damaged(&event->place, "a row event that is not of the table before it",
                                 err);
    MR_TRY(make_fields(rows, err));
    rows->nbefore = rows->before_map != NULL ? count_in(rows->before_map, table->ncolumns) : 0;
    rows->nafter = rows->after_map != NULL ? count_in(rows->after_map, table->ncolumns) : 0;
    if (rows->nbefore + rows->nafter == 0)
        return no_columns(rows, err);
    rows->at = c.at;
    rows->end = c.end;
    return MR_OK;
}

/* Of a value that has its length in so many bytes before it. */
static inline size_t counted(const uint8_t *at, size_t left, unsigned bytes)
{
    size_t len = 0;
    if (left < bytes)
        return NO_WIDTH;
    for (unsigned i = bytes; i > 0; i--)
        len = len << 8 | at[i - 1];
    return len <= left - bytes ? bytes + len : NO_WIDTH;
}

static inline size_t fixed(size_t left, size_t width)
{
    return width <= left ? width : NO_WIDTH;
}

static inline size_t fraction(const struct mr_binlog_column *column)
{
    return column->meta > 6 ? NO_WIDTH / 2 : (size_t)(column->meta + 1) / 2;
}

/* Bytes of types that have the same for each value; 0: of the others. */
static const uint8_t fixed_width[256] = {
    [MR_FIELD_TINY] = 1,      [MR_FIELD_YEAR] = 1,     [MR_FIELD_SHORT] = 2,
    [MR_FIELD_INT24] = 3,     [MR_FIELD_DATE] = 3,     [MR_FIELD_NEWDATE] = 3,
    [MR_FIELD_TIME] = 3,      [MR_FIELD_LONG] = 4,     [MR_FIELD_FLOAT] = 4,
    [MR_FIELD_TIMESTAMP] = 4, [MR_FIELD_LONGLONG] = 8, [MR_FIELD_DOUBLE] = 8,
    [MR_FIELD_DATETIME] = 8};

/* How many bytes the value at `at` takes, by type and metadata alone. */
static inline size_t width_at(const struct mr_binlog_column *column, const uint8_t *at, size_t left)
{
    if (fixed_width[column->type] > 0)
        return fixed(left, fixed_width[column->type]);
    switch (column->type) {
    case MR_FIELD_TIMESTAMP2: return fixed(left, 4 + fraction(column));
    case MR_FIELD_DATETIME2: return fixed(left, 5 + fraction(column));
    case MR_FIELD_TIME2: return fixed(left, 3 + fraction(column));
    case MR_FIELD_NEWDECIMAL:
        return fixed(left, mr_binlog_decimal_width(column->meta >> 8, column->meta & 0xff));
    case MR_FIELD_BIT:
        return fixed(left, (size_t)(column->meta >> 8) + ((column->meta & 0xff) > 0));
    case MR_FIELD_ENUM:
    case MR_FIELD_SET: return fixed(left, column->meta);
    case MR_FIELD_VARCHAR:
    case MR_FIELD_VAR_STRING:
    case MR_FIELD_VARCHAR_COMPRESSED:
    case MR_FIELD_STRING: return counted(at, left, column->meta > 255 ? 2 : 1);
    case MR_FIELD_BLOB:
    case MR_FIELD_BLOB_COMPRESSED:
    case MR_FIELD_GEOMETRY:
    case MR_FIELD_JSON:
    case MR_FIELD_VECTOR:
        return column->meta >= 1 && column->meta <= 4 ? counted(at, left, column->meta) : NO_WIDTH;
    case MR_FIELD_NULL: return 0;
    default: return UNKNOWN_TYPE;
    }
}

static enum mr_code no_width(const struct mr_binlog_rows *rows, size_t column, size_t width,
                             struct mr_err *err)
{
    if (width != UNKNOWN_TYPE)
        return mr_binlog_damaged(&rows->place, "a row that is cut off", err);
    return mr_err_set(
        err, MR_E_UNSUPPORTED,
        "binary log \"%s\", position %" PRIu64
        ": column %zu of table \"%s.%s\" is of type %u, whose values cannot be told apart",
        rows->place.log != NULL ? rows->place.log : "", rows->place.position, column + 1,
        rows->table->db, rows->table->name, rows->table->columns[column].type);
}

/* Bits of an image: which columns it holds, which of these are NULL, and which JSON is of diffs. */
struct image {
    const uint8_t *map, *diffs; /* diffs: one bit for each JSON column, held or not; or NULL */
    size_t held;
    struct mr_binlog_field *fields;
};

static enum mr_code read_image(struct mr_binlog_rows *rows, const struct image *image,
                               struct mr_err *err)
{
    const struct mr_binlog_column *columns = rows->table->columns;
    const size_t ncolumns = rows->table->ncolumns, null_bytes = (image->held + 7) / 8;
    const uint8_t *at = rows->at, *nulls = at;
    size_t held = 0, json = 0;
    if (null_bytes > (size_t)(rows->end - at))
        return mr_binlog_damaged(&rows->place, "a row that is cut off", err);
    at += null_bytes;
    for (size_t i = 0; i < ncolumns; i++) {
        bool is_diff = false;
        if (image->diffs != NULL && columns[i].type == MR_FIELD_JSON)
            is_diff = is_in(image->diffs, json++);
        if (!is_in(image->map, i))
            continue;
        struct mr_binlog_field *field = &image->fields[i];
        field->ptr = at;
        field->len = 0;
        if (is_in(nulls, held++)) {
            field->presence = MR_BINLOG_NULL;
            continue;
        }
        field->len = width_at(&columns[i], at, (size_t)(rows->end - at));
        if (field->len >= UNKNOWN_TYPE)
            return no_width(rows, i, field->len, err);
        field->presence = is_diff ? MR_BINLOG_JSON_DIFF : MR_BINLOG_BYTES;
        at += field->len;
    }
    rows->at = at;
    return MR_OK;
}

/* What stands between the images of a partial update: options, and which JSON columns are diffs. */
static enum mr_code read_options(struct mr_binlog_rows *rows, struct image *after,
                                 struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(rows->at, (size_t)(rows->end - rows->at));
    const uint64_t options = mr_binlog_packed(&c);
    if ((options & PARTIAL_JSON) != 0)
        after->diffs = mr_binlog_take(&c, (rows->njson + 7) / 8);
    if (c.failed)
        return mr_binlog_damaged(&rows->place, "a partial update that is cut off", err);
    if (options > PARTIAL_JSON)
        return mr_err_set(err, MR_E_UNSUPPORTED,
                          "binary log \"%s\", position %" PRIu64
                          ": rows with value options %" PRIu64 ", which are not known",
                          rows->place.log != NULL ? rows->place.log : "", rows->place.position,
                          options);
    rows->at = c.at;
    return MR_OK;
}

enum mr_code mr_binlog_rows_next(struct mr_binlog_rows *rows, struct mr_binlog_row *row,
                                 struct mr_err *err)
{
    *row = (struct mr_binlog_row){0};
    if (rows->at == rows->end) /* each row moves it: an image with a column has a byte of NULLs */
        return MR_OK;
    if (rows->before_map != NULL) {
        const struct image before = {
            .map = rows->before_map, .held = rows->nbefore, .fields = rows->fields};
        MR_TRY(read_image(rows, &before, err));
        row->before = rows->fields;
    }
    if (rows->after_map != NULL) {
        struct image after = {.map = rows->after_map,
                              .held = rows->nafter,
                              .fields = rows->fields + rows->table->ncolumns};
        if (rows->partial)
            MR_TRY(read_options(rows, &after, err));
        MR_TRY(read_image(rows, &after, err));
        row->after = after.fields;
    }
    row->kind = rows->kind;
    return MR_OK;
}

void mr_binlog_rows_release(struct mr_binlog_rows *rows)
{
    free(rows->fields);
    *rows = (struct mr_binlog_rows){0};
}
