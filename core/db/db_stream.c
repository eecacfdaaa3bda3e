/*
 * db_stream.c: rows over the binary protocol; see db.h.
 *
 * The library decodes a row into buffers that are bound once; integers and doubles go
 * straight into the values that the caller sees.  How a column is fetched depends on
 * its class (what the caller wants) and on the type that the server announces (what is
 * on the wire); a pair that cannot be converted without loss is MR_E_CHANGED, never a
 * guess.
 */
#include <errmsg.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/signals.h"
#include "core/db/db_column.h"
#include "core/db/db_internal.h"
#include "core/db/db_stored.h"
#include "core/db/db_wire.h"

#define SLICE_BYTES 65536 /* longer values are long values */
#define BUFFER_START_BYTES 256
#define BUFFER_DECLARED_MAX_BYTES 1024
#define CANCEL_EVERY_ROWS 256
#define PACKET_END 0xfe /* first byte of the packet behind the last row */

/* 2^53: beyond it a double does not tell neighbouring integers apart. */
#define DOUBLE_EXACT_MAX 9007199254740992.0

struct column {
    enum how how;
    enum mr_class cls;
    bool is_json; /* of MySQL's own type, which is never an empty text */
    mr_db_bool is_null;
    unsigned long len; /* of the value on the wire */
    union {
        float f;
        double d;
        MYSQL_TIME t;
    } cell;
    char *buf; /* text and bytes */
    unsigned long cap;
};

struct mr_stream {
    struct mr_lob lob; /* first: a lob is cast back to its stream */
    struct mr_db *db;
    MYSQL_STMT *stmt;
    size_t count;
    struct mr_value *values;
    struct column *columns;
    MYSQL_BIND *binds;
    struct mr_wire_column *wire;
    size_t wire_count; /* raw rows: columns to be walked through; the rest is not wanted */
    unsigned rows_until_check;
    uint64_t rows;   /* read */
    bool needs_bind; /* a buffer moved */
    bool is_pending; /* rows of it may still be on the wire */
    bool is_stored;  /* as many as may be were taken at once */
    bool is_done;
    struct mr_digest layout; /* of the columns on the wire */
    struct mr_stored stored;
};

static enum mr_code stmt_failed(struct mr_stream *st, struct mr_err *err)
{
    unsigned number = mysql_stmt_errno(st->stmt);
    enum mr_code rc;
    if (number != 0) {
        rc = mr_db_fail(st->db, number, mysql_stmt_sqlstate(st->stmt), mysql_stmt_error(st->stmt),
                        err);
    } else {
        /* An error in mid-stream leaves the statement without one; it stands only in
         * the connection. */
        number = mysql_errno(st->db->mysql);
        rc = mr_db_fail_now(st->db, err);
    }
    /* An error packet of the server (a number outside 2000..2999) ends the result; the
     * connection can go on. */
    if (!st->db->is_lost && number / 1000 != 2)
        st->is_pending = false;
    return rc;
}

/* ---- binding ---- */

static enum mr_code bind_buffer(struct column *col, MYSQL_BIND *bind, unsigned long declared,
                                int type, struct mr_err *err)
{
    col->cap =
        declared > 0 && declared <= BUFFER_DECLARED_MAX_BYTES ? declared : BUFFER_START_BYTES;
    if (!mr_column_is_bytes(type) && col->cap < 96)
        col->cap = 96; /* the library formats a number or time */
    col->buf = malloc(col->cap);
    if (col->buf == NULL)
        return mr_err_nomem(err, "reading rows");
    /* BLOB takes bytes as they are; STRING converts what is no string. */
    bind->buffer_type =
        mr_column_is_bytes(type) || mr_column_is_decimal(type) || type == MYSQL_TYPE_BIT
            ? MYSQL_TYPE_BLOB
            : MYSQL_TYPE_STRING;
    bind->buffer = col->buf;
    bind->buffer_length = col->cap;
    return MR_OK;
}

/* Bound by what the server sends, taken by what the catalogue says: where the two do not fit
 * together the table was altered since, and its values are not guessed at. */
static enum mr_code bind_column(struct mr_stream *st, size_t i, const MYSQL_FIELD *field,
                                struct mr_err *err)
{
    struct column *col = &st->columns[i];
    struct mr_value *value = &st->values[i];
    MYSQL_BIND *bind = &st->binds[i];
    int type = (int)field->type;
    bool is_unsigned = (field->flags & UNSIGNED_FLAG) != 0;

    col->how = mr_column_how(col->cls, type, is_unsigned);
    col->is_json = type == MYSQL_TYPE_JSON;
    st->wire[i] = (struct mr_wire_column){
        .kind = mr_column_wire_kind(type), .is_unsigned = is_unsigned, .cls = col->cls};
    value->cls = col->cls;
    value->lob_column = i;
    bind->is_null = &col->is_null;
    bind->length = &col->len;
    switch (col->how) {
    case HOW_NULL: bind->buffer_type = MYSQL_TYPE_NULL; return MR_OK;
    case HOW_SIGNED:
    case HOW_UNSIGNED:
    case HOW_SIGNED_OTHER:
    case HOW_UNSIGNED_OTHER:
        bind->buffer_type = MYSQL_TYPE_LONGLONG;
        bind->is_unsigned = is_unsigned;
        bind->buffer = &value->i;
        bind->buffer_length = sizeof value->i;
        return MR_OK;
    case HOW_DOUBLE:
        bind->buffer_type = MYSQL_TYPE_DOUBLE;
        bind->buffer = &value->d;
        bind->buffer_length = sizeof value->d;
        return MR_OK;
    case HOW_DOUBLE_AS_INT:
        bind->buffer_type = MYSQL_TYPE_DOUBLE;
        bind->buffer = &col->cell.d;
        bind->buffer_length = sizeof col->cell.d;
        return MR_OK;
    case HOW_FLOAT:
        bind->buffer_type = MYSQL_TYPE_FLOAT;
        bind->buffer = &col->cell.f;
        bind->buffer_length = sizeof col->cell.f;
        return MR_OK;
    case HOW_TEMPORAL:
        bind->buffer_type = type == MYSQL_TYPE_NEWDATE ? MYSQL_TYPE_DATE : field->type;
        bind->buffer = &col->cell.t;
        bind->buffer_length = sizeof col->cell.t;
        return MR_OK;
    case HOW_BIT:
    case HOW_BYTES:
    case HOW_TEXT_AS_INT:
    case HOW_TEXT_AS_DOUBLE:
    case HOW_TEXT_AS_DECIMAL: return bind_buffer(col, bind, field->length, type, err);
    }
    return mr_err_set(err, MR_E_CHANGED,
                      "column \"%s\" arrives from server \"%s\" as another type than "
                      "the catalogue says",
                      field->name, st->db->label);
}

/* The types on the wire, by which the bytes of a row are to be read. */
static enum mr_code take_layout(struct mr_stream *st, const MYSQL_FIELD *fields, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < st->count; i++)
        mr_strbuf_add_fmt(&text, "%d%s ", (int)fields[i].type,
                          (fields[i].flags & UNSIGNED_FLAG) != 0 ? "u" : "");
    enum mr_code rc = mr_strbuf_check(&text, "reading rows", err);
    if (rc == MR_OK)
        st->layout = mr_digest_bytes(text.ptr, text.len);
    mr_strbuf_release(&text);
    return rc;
}

/* After execute: the types that count are those of the answer. */
static enum mr_code bind_all(struct mr_stream *st, struct mr_err *err)
{
    MYSQL_RES *meta = mysql_stmt_result_metadata(st->stmt);
    if (meta == NULL)
        return mysql_stmt_field_count(st->stmt) > 0
                   ? mr_err_nomem(err, "reading rows")
                   : mr_err_set(err, MR_E_BUG, "stream without a result");
    enum mr_code rc = MR_OK;
    MYSQL_FIELD *fields = mysql_fetch_fields(meta);
    for (size_t i = 0; rc == MR_OK && i < st->count; i++) {
        if (mr_column_is_known((int)fields[i].type))
            rc = bind_column(st, i, &fields[i], err);
        else /* the library would jump through an empty entry of its table */
            rc = mr_err_set(err, MR_E_UNSUPPORTED,
                            "column \"%s\" of server \"%s\" has type %d, which the "
                            "client library cannot read",
                            fields[i].name, st->db->label, (int)fields[i].type);
    }
    if (rc == MR_OK)
        rc = take_layout(st, fields, err);
    mysql_free_result(meta);
#ifdef MARIADB_PACKAGE_VERSION
    /* A VECTOR travels as a BLOB does; only its number is beyond the library's table.
     */
    fields = mariadb_stmt_fetch_fields(st->stmt);
    for (size_t i = 0; rc == MR_OK && i < st->count; i++)
        if ((int)fields[i].type == MR_TYPE_VECTOR)
            fields[i].type = MYSQL_TYPE_BLOB;
#endif
    if (rc == MR_OK && mysql_stmt_bind_result(st->stmt, st->binds) != 0)
        rc = stmt_failed(st, err);
    return rc;
}

/* ---- values ---- */

static enum mr_code bad_value(const struct mr_stream *st, size_t column, struct mr_err *err)
{
    return mr_err_set(err, MR_E_CHANGED,
                      "column %zu of a row from server \"%s\" holds no value of the "
                      "column's type",
                      column + 1, st->db->label);
}

/* MySQL writes JSON out anew for each reader: what is longer than its max_allowed_packet then is an
 * empty text, and a warning. */
static enum mr_code cut_json(const struct mr_stream *st, size_t column, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_SQL,
        "column %zu of a row from server \"%s\" is JSON that is longer than the server's "
        "max_allowed_packet: it sends an empty text instead",
        column + 1, st->db->label);
    mr_err_hint(err,
                "On that server: SET GLOBAL max_allowed_packet = 1073741824; and run it again.");
    return MR_E_SQL;
}

static enum mr_code read_slice(struct mr_lob *lob, size_t column, uint64_t offset, void *buf,
                               size_t size, struct mr_err *err)
{
    struct mr_stream *st = (struct mr_stream *)(void *)lob;
    unsigned long len = 0;
    mr_db_bool is_null = 0, error = 0;
    if (offset > st->columns[column].len || size > st->columns[column].len - offset)
        return mr_err_set(err, MR_E_BUG, "slice beyond the end of a value");
    if (size == 0)
        return MR_OK;
    MYSQL_BIND bind;
    memset(&bind, 0, sizeof bind);
    bind.buffer_type = MYSQL_TYPE_BLOB;
    bind.buffer = buf;
    bind.buffer_length = size;
    bind.length = &len;
    bind.is_null = &is_null;
    bind.error = &error;
    if (mysql_stmt_fetch_column(st->stmt, &bind, (unsigned)column, (unsigned long)offset) != 0)
        return stmt_failed(st, err);
    return MR_OK;
}

/* A value longer than its buffer: the buffer grows, up to a slice; then it is a long
 * value.  The new buffer is bound before the next row, because binding would forget
 * where this row's values are. */
static enum mr_code take_wide(struct mr_stream *st, size_t i, struct mr_err *err)
{
    struct column *col = &st->columns[i];
    struct mr_value *value = &st->values[i];
    if (col->len > SLICE_BYTES) {
        value->ptr = NULL;
        value->lob = &st->lob;
        return MR_OK;
    }
    unsigned long cap = col->cap;
    while (cap < col->len)
        cap = cap * 2 < SLICE_BYTES ? cap * 2 : SLICE_BYTES;
    char *buf = malloc(cap);
    if (buf == NULL)
        return mr_err_nomem(err, "reading rows");
    free(col->buf);
    col->buf = buf;
    col->cap = cap;
    st->binds[i].buffer = buf;
    st->binds[i].buffer_length = cap;
    st->needs_bind = true;
    value->ptr = buf;
    return read_slice(&st->lob, i, 0, buf, col->len, err);
}

static enum mr_code take_bytes(struct mr_stream *st, size_t i, struct mr_err *err)
{
    struct column *col = &st->columns[i];
    struct mr_value *value = &st->values[i];
    value->len = col->len;
    if (col->is_json && col->len == 0)
        return cut_json(st, i, err);
    if (col->len > SLICE_BYTES && col->cls == MR_CLASS_DECIMAL)
        return bad_value(st, i, err); /* no number is a long value */
    if (col->len > col->cap)
        return take_wide(st, i, err);
    value->ptr = col->buf;
    value->lob = NULL;
    return MR_OK;
}

/* TIME has days of its own on the wire. A DATE with a time of day cannot be, so that it is refused
 * and not cut. */
static enum mr_code take_temporal(struct mr_stream *st, size_t i, struct mr_err *err)
{
    const MYSQL_TIME *from = &st->columns[i].cell.t;
    struct mr_time *to = &st->values[i].t;
    to->year = from->year;
    to->month = from->month;
    to->day = from->day;
    to->hour = from->hour;
    to->minute = from->minute;
    to->second = from->second;
    to->micros = (uint32_t)from->second_part;
    to->negative = false;
    if (st->columns[i].cls == MR_CLASS_TIME) {
        to->hour += from->day * 24;
        to->year = to->month = to->day = 0;
        to->negative = from->neg;
        if (to->hour > UINT16_MAX || (to->minute | to->second) > UINT8_MAX)
            return bad_value(st, i, err);
    } else if (!mr_wire_is_moment(to)) {
        return bad_value(st, i, err);
    } else if (st->columns[i].cls == MR_CLASS_DATE &&
               (to->hour | to->minute | to->second | to->micros) != 0) {
        return bad_value(st, i, err);
    }
    return MR_OK;
}

static enum mr_code take_bit(struct mr_stream *st, size_t i, struct mr_err *err)
{
    const struct column *col = &st->columns[i];
    uint64_t bits = 0;
    if (col->len > 8)
        return bad_value(st, i, err);
    for (unsigned long b = 0; b < col->len; b++)
        bits = bits << 8 | (unsigned char)col->buf[b];
    st->values[i].u = bits;
    return MR_OK;
}

static void set_integer(struct mr_value *value, enum mr_class cls, bool negative, uint64_t bits)
{
    value->u = bits;
    if (negative)
        value->cls = MR_CLASS_INT;
    else if (bits > INT64_MAX)
        value->cls = MR_CLASS_UINT;
    else
        value->cls = cls;
}

static enum mr_code take_double_as_int(struct mr_stream *st, size_t i, struct mr_err *err)
{
    double d = st->columns[i].cell.d;
    if (!(fabs(d) <= DOUBLE_EXACT_MAX) || d != floor(d))
        return bad_value(st, i, err);
    set_integer(&st->values[i], st->columns[i].cls, d < 0, (uint64_t)(int64_t)d);
    return MR_OK;
}

/* Numbers that arrive as text; copied, because the parsers want a NUL. */
static enum mr_code take_number_text(struct mr_stream *st, size_t i, struct mr_err *err)
{
    const struct column *col = &st->columns[i];
    struct mr_value *value = &st->values[i];
    char text[128], *end = text;
    if (col->len == 0 || col->len > col->cap || col->len >= sizeof text)
        return bad_value(st, i, err);
    memcpy(text, col->buf, col->len);
    text[col->len] = '\0';
    if (strspn(text, "+-.0123456789eE") != col->len)
        return bad_value(st, i, err);
    errno = 0;
    if (col->how == HOW_TEXT_AS_INT) {
        bool negative = *text == '-';
        uint64_t bits = negative ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);
        set_integer(value, col->cls, negative, bits);
        if (*end == '.') /* a decimal with nothing but zeros behind the point is one */
            end += 1 + strspn(end + 1, "0");
        return errno != 0 || *end != '\0' || end == text ? bad_value(st, i, err) : MR_OK;
    }
    value->d = strtod(text, &end);
    if (errno == ERANGE && fabs(value->d) <= 1)
        errno = 0; /* subnormal: the nearest is right */
    if (errno != 0 || *end != '\0' || end == text)
        return bad_value(st, i, err);
    /* An integer must survive; the nearest double is right for what has a fraction. */
    char back[400];
    const char *digits = text + (*text == '-' || *text == '+');
    digits += strspn(digits, "0");
    (void)snprintf(back, sizeof back, "%.0f", fabs(value->d));
    bool is_plain = *digits != '\0' && strpbrk(text, ".eE") == NULL;
    return is_plain && strcmp(digits, back) != 0 ? bad_value(st, i, err) : MR_OK;
}

/* What is no decimal would be encoded as a text of digits, and compared as one. */
static enum mr_code take_decimal_text(struct mr_stream *st, size_t i, struct mr_err *err)
{
    const struct column *col = &st->columns[i];
    bool has_digit = false;
    if (col->len > col->cap)
        return bad_value(st, i, err);
    for (unsigned long b = 0; b < col->len; b++) {
        bool is_digit = col->buf[b] >= '0' && col->buf[b] <= '9';
        has_digit = has_digit || is_digit;
        if (!is_digit && col->buf[b] != '.' && (b > 0 || col->buf[b] != '-'))
            return bad_value(st, i, err);
    }
    return has_digit ? take_bytes(st, i, err) : bad_value(st, i, err);
}

static enum mr_code take_converted(struct mr_stream *st, size_t i, struct mr_err *err)
{
    const struct column *col = &st->columns[i];
    struct mr_value *value = &st->values[i];
    switch ((int)col->how) {
    case HOW_SIGNED_OTHER: set_integer(value, col->cls, value->i < 0, value->u); return MR_OK;
    case HOW_UNSIGNED_OTHER: set_integer(value, col->cls, false, value->u); return MR_OK;
    case HOW_DOUBLE_AS_INT: return take_double_as_int(st, i, err);
    case HOW_TEXT_AS_DECIMAL: return take_decimal_text(st, i, err);
    default: return take_number_text(st, i, err);
    }
}

static enum mr_code take_row(struct mr_stream *st, struct mr_err *err)
{
    enum mr_code rc = MR_OK;
    for (size_t i = 0; i < st->count; i++) {
        const struct column *col = &st->columns[i];
        struct mr_value *value = &st->values[i];
        if (col->is_null) {
            value->cls = MR_CLASS_NULL;
            value->ptr = NULL;
            value->lob = NULL;
            value->len = 0;
            continue;
        }
        value->cls = col->cls;
        switch ((int)col->how) {
        case HOW_SIGNED:
        case HOW_UNSIGNED:
        case HOW_DOUBLE: break;
        case HOW_BYTES: rc = take_bytes(st, i, err); break;
        case HOW_FLOAT: value->d = (double)col->cell.f; break;
        case HOW_TEMPORAL: rc = take_temporal(st, i, err); break;
        case HOW_BIT: rc = take_bit(st, i, err); break;
        default: rc = take_converted(st, i, err); break;
        }
        if (rc != MR_OK)
            return rc;
    }
    return MR_OK;
}

/* ---- the stream ---- */

/* What the library tells of columns has been said of the statement, and is said again of
 * its result: all that is bound goes by the number that was asked for. */
static enum mr_code check_count(const struct mr_stream *st, unsigned count, struct mr_err *err)
{
    if (count == st->count)
        return MR_OK;
    return mr_err_set(err, MR_E_CHANGED, "result from server \"%s\" has %u columns instead of %zu",
                      st->db->label, count, st->count);
}

static enum mr_code malformed_row(struct mr_stream *st, struct mr_err *err)
{
    return mr_db_fail(st->db, CR_MALFORMED_PACKET, "HY000", "malformed row", err);
}

#ifdef MARIADB_PACKAGE_VERSION
/* The library's state after the last packet of a result, as its own fetch leaves it. */
static void finish_raw(struct mr_stream *st)
{
    st->stmt->state = MYSQL_STMT_FETCH_DONE;
    st->db->mysql->status = MYSQL_STATUS_READY;
}

/* The library's own would take any number of rows. */
static enum mr_code store_rows(struct mr_stream *st, struct mr_err *err)
{
    MYSQL *mysql = st->db->mysql;
    enum mr_code rc = MR_OK;
    while (rc == MR_OK && st->is_pending && !mr_stored_is_full(&st->stored)) {
        unsigned long len = mysql_net_read_packet(mysql);
        if (len == packet_error || mysql->net.read_pos[0] == PACKET_END) {
            finish_raw(st);
            if (len == packet_error)
                return stmt_failed(st, err);
            st->is_pending = false;
        } else {
            rc = mr_stored_add(&st->stored, mysql->net.read_pos, len, err);
        }
    }
    return rc;
}
#else
/* This library takes all rows, or one after the other. */
static enum mr_code store_rows(struct mr_stream *st, struct mr_err *err)
{
    if (mysql_stmt_store_result(st->stmt) != 0)
        return stmt_failed(st, err);
    st->is_pending = false;
    return MR_OK;
}
#endif

static enum mr_code start(struct mr_stream *st, bool store, struct mr_err *err)
{
    const struct mr_strbuf *sql = &st->db->sql;
    if (mysql_stmt_prepare(st->stmt, sql->ptr, sql->len) != 0)
        return stmt_failed(st, err);
    enum mr_code rc = check_count(st, mysql_stmt_field_count(st->stmt), err);
    if (rc != MR_OK)
        return rc;
    if (mysql_stmt_execute(st->stmt) != 0)
        return stmt_failed(st, err);
    st->is_pending = true;
    mr_db_begin_naps(st->db);
    /* Oracle's library keeps the statement's own, whatever the result has. */
    rc = check_count(st, mysql_field_count(st->db->mysql), err);
    if (rc == MR_OK)
        rc = check_count(st, mysql_stmt_field_count(st->stmt), err);
    if (rc == MR_OK)
        rc = bind_all(st, err);
    if (rc != MR_OK || !store)
        return rc;
    st->is_stored = true;
    return store_rows(st, err);
}

static enum mr_code run(struct mr_stream *st, bool store, struct mr_err *err)
{
    mr_watch_begin(st->db->watch);
    enum mr_code rc = start(st, store, err);
    mr_watch_end(st->db->watch);
    return rc;
}

enum mr_code mr_stream_open(struct mr_db *db, const char *sql, size_t len,
                            const enum mr_class *classes, size_t count, bool store,
                            struct mr_stream **out, struct mr_err *err)
{
    *out = NULL;
    enum mr_code rc = mr_db_prepare_text(db, sql, len, err);
    if (rc != MR_OK)
        return rc;
    struct mr_stream *st = calloc(1, sizeof *st);
    if (st == NULL)
        return mr_err_nomem(err, "reading rows");
    st->lob.read = read_slice;
    st->db = db;
    st->count = count;
    st->rows_until_check = CANCEL_EVERY_ROWS;
    st->values = calloc(count + 1, sizeof *st->values);
    st->columns = calloc(count + 1, sizeof *st->columns);
    st->wire = calloc(count + 1, sizeof *st->wire);
    st->binds = calloc(count + 1, sizeof *st->binds);
    st->stmt = mysql_stmt_init(db->mysql);
    if (st->values == NULL || st->columns == NULL || st->wire == NULL || st->binds == NULL ||
        st->stmt == NULL)
        rc = mr_err_nomem(err, "reading rows");
    for (size_t i = 0; rc == MR_OK && i < count; i++)
        st->columns[i].cls = classes[i];
    if (rc == MR_OK)
        rc = run(st, store, err);
    if (rc != MR_OK) {
        mr_stream_close(st);
        return rc;
    }
    *out = st;
    return MR_OK;
}

static bool is_stopped(struct mr_stream *st)
{
    if (--st->rows_until_check > 0)
        return false;
    st->rows_until_check = CANCEL_EVERY_ROWS;
    return mr_is_cancelled();
}

#ifdef MARIADB_PACKAGE_VERSION
/* As the library's method for it is called since its rows have a length; the older one has
 * no such argument, and does not see it. */
typedef int (*decode_row)(MYSQL_STMT *stmt, unsigned char *row, unsigned long len);

/* The next row, stored or from the wire, or how it ends. */
static int next_row(struct mr_stream *st, unsigned char **row, size_t *len)
{
    MYSQL *mysql = st->db->mysql;
    *row = mr_stored_next(&st->stored, len);
    if (*row != NULL)
        return 0;
    if (!st->is_pending)
        return MYSQL_NO_DATA;
    *len = mysql_net_read_packet(mysql);
    if (*len == packet_error || mysql->net.read_pos[0] == PACKET_END) {
        finish_raw(st);
        return *len == packet_error ? 1 : MYSQL_NO_DATA;
    }
    *row = mysql->net.read_pos;
    return 0;
}

/* As mysql_stmt_fetch() does it, but for a row that is not sound: not every Connector/C looks
 * at the end of a row that it decodes. */
static int fetch(struct mr_stream *st, bool *malformed)
{
    MYSQL *mysql = st->db->mysql;
    unsigned char *row;
    size_t len;
    int ended = next_row(st, &row, &len);
    if (ended != 0)
        return ended;
    *malformed = !mr_wire_is_sound(st->wire, st->count, row, len);
    if (*malformed)
        return 1;
    st->stmt->state = MYSQL_STMT_USER_FETCHING;
    decode_row decode = (decode_row)(void (*)(void))mysql->methods->db_stmt_fetch_to_bind;
    return decode(st->stmt, row, len);
}
#else
static int fetch(struct mr_stream *st, bool *malformed)
{
    *malformed = false;
    return mysql_stmt_fetch(st->stmt);
}
#endif

/* The end is only what the library calls so (MYSQL_NO_DATA); everything else is a failure, also
 * where it has no error number of its own (db.h). */
enum mr_code mr_stream_next(struct mr_stream *st, const struct mr_value **values,
                            struct mr_err *err)
{
    *values = NULL;
    if (st->is_done)
        return MR_OK;
    if (is_stopped(st))
        return mr_cancelled_err(err);
    if (st->needs_bind) {
        if (mysql_stmt_bind_result(st->stmt, st->binds) != 0)
            return stmt_failed(st, err);
        st->needs_bind = false;
    }
    bool malformed = false;
    mr_watch_begin(st->db->watch);
    int got = fetch(st, &malformed);
    mr_watch_end(st->db->watch);
    if (malformed)
        return malformed_row(st, err);
    if (got == MYSQL_NO_DATA) {
        st->is_done = true;
        st->is_pending = false;
        return MR_OK;
    }
    if (got != 0 && got != MYSQL_DATA_TRUNCATED)
        return stmt_failed(st, err);
    enum mr_code rc = take_row(st, err);
    if (rc == MR_OK)
        *values = st->values;
    st->rows++;
    return rc;
}

/* ---- raw rows ---- */

#ifdef MARIADB_PACKAGE_VERSION
/* All or nothing: once packets are taken from under the library, it cannot be asked for values. */
bool mr_stream_begin_raw(struct mr_stream *st, const size_t *wanted, size_t nwanted,
                         struct mr_raw_row *row)
{
    if (st->is_stored)
        return false;
    for (size_t i = 0; i < st->count; i++)
        if (st->columns[i].is_json) /* its bytes are looked at */
            return false;
    for (size_t i = 0; i < nwanted; i++)
        if (!mr_wire_gives(st->wire[wanted[i]].kind, st->wire[wanted[i]].cls))
            return false;
    for (size_t i = 0; i < nwanted; i++) {
        st->wire[wanted[i]].wanted = true;
        if (st->wire_count <= wanted[i])
            st->wire_count = wanted[i] + 1;
    }
    row->layout = st->layout;
    return true;
}

enum mr_code mr_stream_next_raw(struct mr_stream *st, struct mr_raw_row *row, struct mr_err *err)
{
    MYSQL *mysql = st->db->mysql;
    row->ptr = NULL;
    if (st->is_done)
        return MR_OK;
    if (is_stopped(st))
        return mr_cancelled_err(err);
    mr_watch_begin(st->db->watch);
    unsigned long len = mysql_net_read_packet(mysql);
    mr_watch_end(st->db->watch);
    if (len == packet_error) {
        finish_raw(st);
        return stmt_failed(st, err);
    }
    const unsigned char *packet = mysql->net.read_pos;
    if (packet[0] == PACKET_END) {
        finish_raw(st);
        st->is_done = true;
        st->is_pending = false;
        return MR_OK;
    }
    if (!mr_wire_decode(st->wire, st->wire_count, st->count, packet, len, st->values))
        return malformed_row(st, err);
    row->ptr = packet;
    row->len = len;
    row->values = st->values;
    st->rows++;
    return MR_OK;
}
#else
/* Oracle's library does not hand out packets. */
bool mr_stream_begin_raw(struct mr_stream *st, const size_t *wanted, size_t nwanted,
                         struct mr_raw_row *row)
{
    (void)st;
    (void)wanted;
    (void)nwanted;
    (void)row;
    return false;
}

enum mr_code mr_stream_next_raw(struct mr_stream *st, struct mr_raw_row *row, struct mr_err *err)
{
    (void)st;
    row->ptr = NULL;
    return mr_err_set(err, MR_E_BUG, "raw rows of a stream that has none");
}
#endif

void mr_stream_close(struct mr_stream *st)
{
    if (st == NULL)
        return;
    mr_db_end_naps(st->db);
    mr_db_trace_end(st->db, st->rows, st->is_done ? "" : ", not read to the end");
    if (st->stmt != NULL) {
        /* Closing would first read the rest of the result. */
        if (st->is_pending)
            mr_db_cut(st->db);
        (void)mysql_stmt_close(st->stmt);
    }
    for (size_t i = 0; st->columns != NULL && i < st->count; i++)
        free(st->columns[i].buf);
    mr_stored_release(&st->stored);
    free(st->values);
    free(st->columns);
    free(st->wire);
    free(st->binds);
    free(st);
}
