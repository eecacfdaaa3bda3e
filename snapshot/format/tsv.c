/* tsv.c: see tsv.h. */
#include "snapshot/format/tsv.h"

#include <stdlib.h>

#include "snapshot/format/shortest.h"

#define HAND_ON_BYTES ((size_t)128 * 1024)
#define SLICE_BYTES ((size_t)64 * 1024)

void mr_tsv_init(struct mr_tsv *tsv, struct mr_sink sink)
{
    *tsv = (struct mr_tsv){.sink = sink, .text = MR_STRBUF_INIT};
}

void mr_tsv_release(struct mr_tsv *tsv)
{
    mr_strbuf_release(&tsv->text);
    free(tsv->slice);
    tsv->slice = NULL;
}

enum mr_code mr_tsv_flush(struct mr_tsv *tsv, struct mr_err *err)
{
    enum mr_code code = mr_strbuf_check(&tsv->text, "writing rows", err);
    if (code == MR_OK && tsv->text.len > 0)
        code = tsv->sink.write(tsv->sink.arg, tsv->text.ptr, tsv->text.len, err);
    tsv->bytes += tsv->text.len;
    mr_strbuf_reset(&tsv->text);
    return code;
}

/* ---- bytes ---- */

/* What stands behind the backslash; 0: the byte is itself. */
static const char escapes[256] = {['\0'] = '0', ['\t'] = 't', ['\n'] = 'n', ['\\'] = '\\'};

static void add_escaped(struct mr_strbuf *out, const char *ptr, size_t len)
{
    /* at worst every byte is two */
    if (!mr_strbuf_reserve(out, 2 * len + 1))
        return;
    char *to = out->ptr + out->len;
    for (const char *end = ptr + len; ptr < end; ptr++) {
        char escape = escapes[(unsigned char)*ptr];
        if (escape != 0)
            *to++ = '\\';
        *to++ = escape != 0 ? escape : *ptr;
    }
    *to = '\0';
    out->len = (size_t)(to - out->ptr);
}

/* In pieces, so that a wide value needs no wide buffer. */
static enum mr_code add_bytes(struct mr_tsv *tsv, const char *ptr, size_t len, struct mr_err *err)
{
    while (len > SLICE_BYTES) {
        add_escaped(&tsv->text, ptr, SLICE_BYTES);
        ptr += SLICE_BYTES;
        len -= SLICE_BYTES;
        if (tsv->text.len >= HAND_ON_BYTES)
            MR_TRY(mr_tsv_flush(tsv, err));
    }
    add_escaped(&tsv->text, ptr, len);
    return MR_OK;
}

/* In slices: a value of a gigabyte is never in memory as a whole. */
static enum mr_code add_long(struct mr_tsv *tsv, const struct mr_value *value, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (tsv->slice == NULL)
        tsv->slice = malloc(SLICE_BYTES);
    if (tsv->slice == NULL)
        return mr_err_nomem(err, "writing rows");
    for (size_t at = 0; code == MR_OK && at < value->len; at += SLICE_BYTES) {
        size_t size = value->len - at < SLICE_BYTES ? value->len - at : SLICE_BYTES;
        code = value->lob->read(value->lob, value->lob_column, at, tsv->slice, size, err);
        if (code != MR_OK)
            break;
        add_escaped(&tsv->text, tsv->slice, size);
        if (tsv->text.len >= HAND_ON_BYTES)
            code = mr_tsv_flush(tsv, err);
    }
    return code;
}

/* ---- numbers and times ---- */

/* At least `least` digits. */
static void add_digits(struct mr_strbuf *out, uint64_t number, unsigned least)
{
    char text[24];
    size_t at = sizeof text;
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (sizeof text - at < least)
        text[--at] = '0';
    mr_strbuf_add(out, text + at, sizeof text - at);
}

static void add_signed(struct mr_strbuf *out, int64_t number)
{
    if (number < 0)
        mr_strbuf_add_char(out, '-');
    add_digits(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 1);
}

static void add_fraction(struct mr_strbuf *out, uint32_t micros, unsigned decimals)
{
    static const uint32_t unit[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (decimals > 6 || micros % unit[decimals] != 0)
        decimals = 6;
    if (decimals == 0)
        return;
    mr_strbuf_add_char(out, '.');
    add_digits(out, micros / unit[decimals], decimals);
}

static void add_temporal(struct mr_strbuf *out, const struct mr_value *value, unsigned decimals)
{
    const struct mr_time *t = &value->t;
    if (value->cls == MR_CLASS_TIME) {
        if (t->negative)
            mr_strbuf_add_char(out, '-');
    } else {
        add_digits(out, t->year, 4);
        mr_strbuf_add_char(out, '-');
        add_digits(out, t->month, 2);
        mr_strbuf_add_char(out, '-');
        add_digits(out, t->day, 2);
    }
    if (value->cls == MR_CLASS_DATE)
        return;
    if (value->cls == MR_CLASS_DATETIME)
        mr_strbuf_add_char(out, ' ');
    add_digits(out, t->hour, 2);
    mr_strbuf_add_char(out, ':');
    add_digits(out, t->minute, 2);
    mr_strbuf_add_char(out, ':');
    add_digits(out, t->second, 2);
    add_fraction(out, t->micros, decimals);
}

/* ---- rows ---- */

/* By the class of the value and not of the column, since a NULL has none of its own. */
static enum mr_code add_value(struct mr_tsv *tsv, const struct mr_snap_column *col,
                              const struct mr_value *value, struct mr_err *err)
{
    struct mr_strbuf *out = &tsv->text;
    switch (value->cls) {
    case MR_CLASS_NULL: mr_strbuf_add(out, "\\N", 2); return MR_OK;
    case MR_CLASS_INT: add_signed(out, value->i); return MR_OK;
    case MR_CLASS_UINT: add_digits(out, value->u, col->decimals); return MR_OK;
    case MR_CLASS_FLOAT:
    case MR_CLASS_DOUBLE: mr_shortest_add(out, value->d, col->cls == MR_CLASS_FLOAT); return MR_OK;
    case MR_CLASS_DATE:
    case MR_CLASS_DATETIME:
    case MR_CLASS_TIME: add_temporal(out, value, col->decimals); return MR_OK;
    case MR_CLASS_DECIMAL:
    case MR_CLASS_TEXT:
    case MR_CLASS_ENUM:
    case MR_CLASS_BINARY:
    case MR_CLASS_GEOMETRY:
    case MR_CLASS_JSON:
        if (value->ptr == NULL && value->len > 0)
            return add_long(tsv, value, err);
        return add_bytes(tsv, value->ptr, value->len, err);
    case MR_CLASS_UNDECIDED: break;
    }
    return mr_err_set(err, MR_E_BUG, "value without a class");
}

enum mr_code mr_tsv_add_row(struct mr_tsv *tsv, const struct mr_snap_table *table,
                            const struct mr_value *values, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < table->ncolumns; i++) {
        if (i > 0)
            mr_strbuf_add_char(&tsv->text, '\t');
        code = add_value(tsv, &table->columns[i], &values[i], err);
    }
    mr_strbuf_add_char(&tsv->text, '\n');
    if (code == MR_OK && tsv->text.len >= HAND_ON_BYTES)
        code = mr_tsv_flush(tsv, err);
    return code;
}
