/* db_bulk.c: see db_bulk.h. */
#include "core/db/db_bulk.h"

#include <stdlib.h>

#include "core/db/db_internal.h"

/* A byte says whether it is NULL, and up to nine how long it is; numbers have eight. */
uint64_t mr_bulk_cell_bytes(enum mr_bulk_kind kind, const struct mr_value *value)
{
    const bool has_length = kind == MR_BULK_BYTES || kind == MR_BULK_UTF8;
    if (value->cls == MR_CLASS_NULL)
        return 1;
    return has_length ? 10 + (uint64_t)value->len : 9;
}

#ifdef MARIADB_PACKAGE_VERSION

#define PACKET_BYTES ((size_t)1 << 20)
#define ROW_BYTES_MAX ((uint64_t)16 << 20) /* wider ones are better streamed */
#define ROWS_MAX 2048
#define CELLS_MAX 65536
/* The oldest line that is still maintained and was tried. */
#define VERSION_MIN 100600

/* As the library reads an array of that type. */
union cell {
    int64_t i;
    uint64_t u;
    double d;
    const void *ptr;
    size_t at; /* in data, until it is sent: data may move */
};

struct mr_bulk {
    struct mr_db *db;
    MYSQL_STMT *stmt;
    size_t count, rows_max;
    size_t packet_bytes; /* from here on it is full */
    uint64_t row_bytes_max;
    size_t rows, bytes; /* pending; bytes as they count for a packet */
    struct mr_strbuf sql, data;
    enum mr_bulk_kind *kinds;
    MYSQL_BIND *binds;
    union cell *cells;      /* column by column, rows_max each; so are */
    unsigned long *lengths; /* these */
    char *indicators;       /* and these */
};

bool mr_bulk_is_there(const struct mr_db *db)
{
    const struct mr_server *server = mr_db_server(db);
    return server->flavour == MR_FLAVOUR_MARIADB && server->version >= VERSION_MIN &&
           !mr_db_is_proxied(db);
}

static enum mr_code stmt_failed(struct mr_bulk *b, struct mr_err *err)
{
    const unsigned number = mysql_stmt_errno(b->stmt);
    if (number == 0)
        return mr_db_fail_now(b->db, err);
    return mr_db_fail(b->db, number, mysql_stmt_sqlstate(b->stmt), mysql_stmt_error(b->stmt), err);
}

/* ---- begin and end ---- */

static enum enum_field_types type_of(enum mr_bulk_kind kind)
{
    switch (kind) {
    case MR_BULK_INT:
    case MR_BULK_UINT: return MYSQL_TYPE_LONGLONG;
    case MR_BULK_DOUBLE: return MYSQL_TYPE_DOUBLE;
    case MR_BULK_BYTES: return MYSQL_TYPE_BLOB;
    case MR_BULK_UTF8: return MYSQL_TYPE_STRING;
    }
    return MYSQL_TYPE_NULL;
}

static bool allocate(struct mr_bulk *b)
{
    const size_t cells = b->count * b->rows_max;
    b->kinds = calloc(b->count, sizeof *b->kinds);
    b->binds = calloc(b->count, sizeof *b->binds);
    b->cells = calloc(cells, sizeof *b->cells);
    b->lengths = calloc(cells, sizeof *b->lengths);
    b->indicators = calloc(cells, sizeof *b->indicators);
    return b->kinds != NULL && b->binds != NULL && b->cells != NULL && b->lengths != NULL &&
           b->indicators != NULL;
}

/* A packet must be shorter than what the server takes, with all that surrounds its values: it is full
 * at a quarter, may get a last row of a quarter, and its head has two bytes a column. */
static void set_limits(struct mr_bulk *b)
{
    const uint64_t most = mr_db_server(b->db)->max_packet_bytes;
    b->rows_max = CELLS_MAX / b->count;
    if (b->rows_max > ROWS_MAX)
        b->rows_max = ROWS_MAX;
    if (b->rows_max == 0)
        b->rows_max = 1;
    b->packet_bytes = most / 4 < PACKET_BYTES ? (size_t)(most / 4) : PACKET_BYTES;
    b->row_bytes_max = most / 4 < ROW_BYTES_MAX ? most / 4 : ROW_BYTES_MAX;
}

static void bind_columns(struct mr_bulk *b)
{
    for (size_t k = 0; k < b->count; k++) {
        MYSQL_BIND *bind = &b->binds[k];
        bind->buffer_type = type_of(b->kinds[k]);
        bind->is_unsigned = b->kinds[k] == MR_BULK_UINT;
        bind->buffer = &b->cells[k * b->rows_max];
        bind->length = &b->lengths[k * b->rows_max];
        bind->u.indicator = &b->indicators[k * b->rows_max];
    }
}

static enum mr_code prepare(struct mr_bulk *b, struct mr_err *err)
{
    const struct mr_strbuf *sql = &b->db->sql;
    mr_watch_begin(b->db->watch);
    const bool failed = mysql_stmt_prepare(b->stmt, sql->ptr, sql->len) != 0;
    mr_watch_end(b->db->watch);
    if (failed)
        return stmt_failed(b, err);
    if (mysql_stmt_param_count(b->stmt) != b->count)
        return mr_err_set(err, MR_E_BUG, "%lu placeholders instead of %zu",
                          mysql_stmt_param_count(b->stmt), b->count);
    return MR_OK;
}

enum mr_code mr_bulk_open(struct mr_db *db, const char *sql, size_t len,
                          const enum mr_bulk_kind *kinds, size_t count, struct mr_bulk **out,
                          struct mr_err *err)
{
    *out = NULL;
    if (!mr_bulk_is_there(db))
        return mr_err_set(err, MR_E_UNSUPPORTED, "the server does not take rows in bulk");
    MR_TRY(mr_db_prepare_text(db, sql, len, err));
    struct mr_bulk *b = calloc(1, sizeof *b);
    if (b == NULL)
        return mr_err_nomem(err, "sending rows");
    enum mr_code code = MR_OK;
    b->db = db;
    b->count = count;
    mr_strbuf_init(&b->sql);
    mr_strbuf_init(&b->data);
    mr_strbuf_add(&b->sql, sql, len);
    set_limits(b);
    b->stmt = mysql_stmt_init(db->mysql);
    if (!allocate(b) || b->stmt == NULL || b->sql.failed)
        code = mr_err_nomem(err, "sending rows");
    for (size_t k = 0; code == MR_OK && k < count; k++)
        b->kinds[k] = kinds[k];
    if (code == MR_OK)
        bind_columns(b);
    if (code == MR_OK)
        code = prepare(b, err);
    if (code != MR_OK) {
        mr_bulk_close(b);
        return code;
    }
    *out = b;
    return MR_OK;
}

void mr_bulk_close(struct mr_bulk *b)
{
    if (b == NULL)
        return;
    if (b->stmt != NULL)
        (void)mysql_stmt_close(b->stmt);
    mr_strbuf_release(&b->sql);
    mr_strbuf_release(&b->data);
    free(b->kinds);
    free(b->binds);
    free(b->cells);
    free(b->lengths);
    free(b->indicators);
    free(b);
}

/* ---- rows ---- */

uint64_t mr_bulk_row_bytes_max(const struct mr_bulk *b)
{
    return b->row_bytes_max;
}

bool mr_bulk_is_full(const struct mr_bulk *b)
{
    return b->rows == b->rows_max || b->bytes >= b->packet_bytes;
}

enum mr_code mr_bulk_add(struct mr_bulk *b, const struct mr_value *values, struct mr_err *err)
{
    if (b->rows == b->rows_max)
        return mr_err_set(err, MR_E_BUG, "a row too much for a packet");
    for (size_t k = 0; k < b->count; k++) {
        const size_t i = k * b->rows_max + b->rows;
        const struct mr_value *value = &values[k];
        union cell *cell = &b->cells[i];
        b->indicators[i] = value->cls == MR_CLASS_NULL ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
        b->lengths[i] = 0;
        cell->at = b->data.len;
        b->bytes += (size_t)mr_bulk_cell_bytes(b->kinds[k], value);
        if (value->cls == MR_CLASS_NULL)
            continue;
        switch (b->kinds[k]) {
        case MR_BULK_INT: cell->i = value->i; break;
        case MR_BULK_UINT: cell->u = value->u; break;
        case MR_BULK_DOUBLE: cell->d = value->d; break;
        case MR_BULK_BYTES:
        case MR_BULK_UTF8:
            b->lengths[i] = value->len;
            mr_strbuf_add(&b->data, value->ptr, value->len);
            break;
        }
    }
    b->rows++;
    return mr_strbuf_check(&b->data, "sending rows", err);
}

/* An empty text has a place, too: the library takes no pointer for NULL. */
static void point_at_data(struct mr_bulk *b)
{
    for (size_t k = 0; k < b->count; k++) {
        if (b->kinds[k] != MR_BULK_BYTES && b->kinds[k] != MR_BULK_UTF8)
            continue;
        for (size_t i = k * b->rows_max; i < k * b->rows_max + b->rows; i++)
            b->cells[i].ptr = b->data.len > 0 ? b->data.ptr + b->cells[i].at : "";
    }
}

/* Prepared once; its text is taken anew for what is told of it, since the last statement may have been
 * another one. */
static enum mr_code execute(struct mr_bulk *b, struct mr_err *err)
{
    unsigned rows = (unsigned)b->rows;
    MR_TRY(mr_db_prepare_text(b->db, b->sql.ptr, b->sql.len, err));
    if (mysql_stmt_attr_set(b->stmt, STMT_ATTR_ARRAY_SIZE, &rows) != 0 ||
        mysql_stmt_bind_param(b->stmt, b->binds) != 0)
        return stmt_failed(b, err);
    mr_watch_begin(b->db->watch);
    const bool failed = mysql_stmt_execute(b->stmt) != 0;
    mr_watch_end(b->db->watch);
    mr_db_trace_answer(b->db);
    return failed ? stmt_failed(b, err) : MR_OK;
}

enum mr_code mr_bulk_send(struct mr_bulk *b, struct mr_db_loaded *loaded, struct mr_err *err)
{
    if (b->rows == 0)
        return MR_OK;
    point_at_data(b);
    enum mr_code code = execute(b, err);
    b->rows = 0;
    b->bytes = 0;
    mr_strbuf_reset(&b->data);
    mr_strbuf_shrink(&b->data, 2 * PACKET_BYTES);
    if (code != MR_OK)
        return code;
    loaded->rows += mysql_stmt_affected_rows(b->stmt);
    loaded->warnings += mysql_warning_count(b->db->mysql);
    return MR_OK;
}

#else

/* Oracle's library has no such packets. */
bool mr_bulk_is_there(const struct mr_db *db)
{
    (void)db;
    return false;
}

enum mr_code mr_bulk_open(struct mr_db *db, const char *sql, size_t len,
                          const enum mr_bulk_kind *kinds, size_t count, struct mr_bulk **out,
                          struct mr_err *err)
{
    (void)db, (void)sql, (void)len, (void)kinds, (void)count;
    *out = NULL;
    return mr_err_set(err, MR_E_UNSUPPORTED, "the client library does not send rows in bulk");
}

uint64_t mr_bulk_row_bytes_max(const struct mr_bulk *bulk)
{
    (void)bulk;
    return 0;
}

enum mr_code mr_bulk_add(struct mr_bulk *bulk, const struct mr_value *values, struct mr_err *err)
{
    (void)bulk, (void)values;
    return mr_err_set(err, MR_E_BUG, "rows in bulk without a library for it");
}

bool mr_bulk_is_full(const struct mr_bulk *bulk)
{
    (void)bulk;
    return false;
}

enum mr_code mr_bulk_send(struct mr_bulk *bulk, struct mr_db_loaded *loaded, struct mr_err *err)
{
    (void)bulk, (void)loaded;
    return mr_err_set(err, MR_E_BUG, "rows in bulk without a library for it");
}

void mr_bulk_close(struct mr_bulk *bulk)
{
    (void)bulk;
}

#endif
