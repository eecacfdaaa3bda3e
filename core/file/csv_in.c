/* csv_in.c: see csv_in.h. */
#include "core/file/csv_in.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/file/sheet_cell.h"

#define RECORD_MAX_BYTES ((size_t)1024 * 1024 * 1024)
#define HEADER_MAX_BYTES ((size_t)1024 * 1024)
#define FIELD_BYTES (sizeof(size_t) + sizeof(struct mr_csv_field)) /* beside its text */

enum state {
    AT_RECORD = 0, /* nothing of the record has come */
    AT_FIELD,      /* behind a comma */
    PLAIN,
    QUOTED,
    AFTER_QUOTE, /* in a quoted field: its end, or the first half of "" */
    AFTER_CR
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct mr_csv_field mr_csv_trimmed(struct mr_csv_field f)
{
    for (; f.len > 0 && is_blank(*f.ptr); f.len--)
        f.ptr++;
    while (f.len > 0 && is_blank(f.ptr[f.len - 1]))
        f.len--;
    return f;
}

void mr_csv_in_init(struct mr_csv_in *csv, mr_csv_in_fn *fn, void *ctx)
{
    *csv = (struct mr_csv_in){.fn = fn,
                              .ctx = ctx,
                              .bytes = MR_STRBUF_INIT,
                              .ends = MR_VEC_INIT(size_t),
                              .fields = MR_VEC_INIT(struct mr_csv_field),
                              .line = 1,
                              .begun = 1,
                              .separator = ',',
                              .mark = 3,
                              .max_bytes = RECORD_MAX_BYTES};
}

void mr_csv_in_init_lenient(struct mr_csv_in *csv, mr_csv_in_fn *fn, void *ctx)
{
    mr_csv_in_init(csv, fn, ctx);
    csv->lenient = true;
    csv->separator = '\0';
    csv->mark = 0;
}

void mr_csv_in_release(struct mr_csv_in *csv)
{
    mr_strbuf_release(&csv->bytes);
    mr_vec_release(&csv->ends);
    mr_vec_release(&csv->fields);
}

static enum mr_code refuse(const struct mr_csv_in *csv, const char *what, struct mr_err *err)
{
    const char *path = csv->path != NULL ? csv->path : "";
    return mr_err_set(err, MR_E_REFUSED, "%s%s%sline %" PRIu64 ": %s", *path != '\0' ? "\"" : "",
                      path, *path != '\0' ? "\", " : "", csv->line, what);
}

static enum mr_code end_field(struct mr_csv_in *csv, struct mr_err *err)
{
    size_t *end = mr_vec_push(&csv->ends);
    if (end == NULL)
        return mr_err_nomem(err, "reading CSV");
    *end = csv->bytes.len;
    mr_strbuf_add_char(&csv->bytes, '\0');
    return MR_OK;
}

/* Of a file that was written for spreadsheets (sheet_cell.h); its first record says whether it is. */
static void take_marks_off(struct mr_csv_in *csv)
{
    struct mr_csv_field *fields = csv->fields.items;
    if (csv->begun == 1)
        csv->is_sheet = csv->lenient && fields[0].ptr[0] == MR_SHEET_MARK;
    for (size_t i = 0; csv->is_sheet && i < csv->fields.count; i++)
        if (fields[i].ptr[0] == MR_SHEET_MARK)
            fields[i] = (struct mr_csv_field){fields[i].ptr + 1, fields[i].len - 1};
}

/* Some spreadsheets leave out the separators behind the last cell of a line that has something. */
static enum mr_code fill_up(struct mr_csv_in *csv, struct mr_err *err)
{
    if (csv->begun == 1)
        csv->width = csv->fields.count;
    while (csv->lenient && csv->fields.count < csv->width) {
        struct mr_csv_field *field = mr_vec_push(&csv->fields);
        if (field == NULL)
            return mr_err_nomem(err, "reading CSV");
        *field = (struct mr_csv_field){"", 0};
    }
    return MR_OK;
}

/* Where fields lie in memory is known only now: the buffer moves while it grows, so that until here
 * the places of their ends are kept. */
static enum mr_code end_record(struct mr_csv_in *csv, struct mr_err *err)
{
    size_t from = 0;
    enum mr_code code = end_field(csv, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&csv->bytes, "reading CSV", err);
    mr_vec_clear(&csv->fields);
    for (size_t i = 0; code == MR_OK && i < csv->ends.count; i++) {
        struct mr_csv_field *field = mr_vec_push(&csv->fields);
        size_t end = *(size_t *)mr_vec_at(&csv->ends, i);
        if (field == NULL)
            return mr_err_nomem(err, "reading CSV");
        *field = (struct mr_csv_field){csv->bytes.ptr + from, end - from};
        from = end + 1;
    }
    if (code == MR_OK)
        code = fill_up(csv, err);
    if (code == MR_OK)
        take_marks_off(csv);
    if (code == MR_OK)
        code = csv->fn(csv->ctx, csv->fields.items, csv->fields.count, csv->begun, err);
    mr_strbuf_reset(&csv->bytes);
    mr_vec_clear(&csv->ends);
    csv->state = AT_RECORD;
    csv->begun = ++csv->line;
    return code;
}

static bool is_separator(struct mr_csv_in *csv, char c)
{
    if (csv->separator == '\0' && (c == ',' || c == ';' || c == '\t'))
        csv->separator = c;
    return c == csv->separator && c != '\0';
}

/* A character that is not within quotes. */
static enum mr_code take_plain(struct mr_csv_in *csv, char c, struct mr_err *err)
{
    if (is_separator(csv, c)) {
        csv->state = AT_FIELD;
        return end_field(csv, err);
    }
    if (c == '\n')
        return end_record(csv, err);
    if (c == '\r') {
        csv->state = AFTER_CR;
        return MR_OK;
    }
    if (c == '"' && !csv->lenient)
        return refuse(csv, "a quote stands within a field", err);
    if (csv->state == AFTER_QUOTE)
        return refuse(csv, "text stands behind a quoted field", err);
    csv->state = PLAIN;
    mr_strbuf_add_char(&csv->bytes, c);
    return MR_OK;
}

static enum mr_code take(struct mr_csv_in *csv, char c, struct mr_err *err);

/* A line that ended with CR alone. */
static enum mr_code end_at_cr(struct mr_csv_in *csv, char c, struct mr_err *err)
{
    if (!csv->lenient)
        return refuse(csv, "a line ends with CR alone", err);
    MR_TRY(end_record(csv, err));
    return take(csv, c, err);
}

/* A quote opens only where a field begins. What one within quotes is, its end or half of a quote
 * that was doubled, the next character tells. Lines are counted within quotes, too: messages name
 * them. */
static enum mr_code take(struct mr_csv_in *csv, char c, struct mr_err *err)
{
    switch ((enum state)csv->state) {
    case AT_RECORD:
    case AT_FIELD:
        if (c != '"')
            break;
        csv->state = QUOTED;
        return MR_OK;
    case QUOTED:
        csv->line += c == '\n';
        if (c == '"')
            csv->state = AFTER_QUOTE;
        else
            mr_strbuf_add_char(&csv->bytes, c);
        return MR_OK;
    case AFTER_QUOTE:
        if (c != '"')
            break;
        csv->state = QUOTED;
        mr_strbuf_add_char(&csv->bytes, c);
        return MR_OK;
    case AFTER_CR: return c == '\n' ? end_record(csv, err) : end_at_cr(csv, c, err);
    case PLAIN: break;
    }
    return take_plain(csv, c, err);
}

/* Bytes from ptr on that mean nothing but themselves. */
static size_t plain_run(const struct mr_csv_in *csv, const char *ptr, size_t len)
{
    size_t n = 0;
    if (csv->state != PLAIN)
        return 0;
    if (csv->separator == '\0')
        return 0;
    while (n < len && ptr[n] != csv->separator && ptr[n] != '"' && ptr[n] != '\n' && ptr[n] != '\r')
        n++;
    return n;
}

/* Bytes of a byte order mark at ptr; what only began as one counts as text. */
static size_t skip_mark(struct mr_csv_in *csv, const char *ptr, size_t len)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t n = 0;
    while (csv->mark < 3 && n < len && ptr[n] == mark[csv->mark]) {
        csv->mark++;
        n++;
    }
    if (n < len)
        csv->mark = 3;
    return n;
}

/* Names of columns come first: what is no file of ours, and has no lines, is left before it has
 * filled the memory that a row may take. */
static enum mr_code check_size(const struct mr_csv_in *csv, struct mr_err *err)
{
    const size_t size = csv->bytes.len + csv->ends.count * FIELD_BYTES;
    if (csv->begun == 1 && size > HEADER_MAX_BYTES)
        return refuse(csv, "the first line, which names the columns, is longer than 1 MiB", err);
    return size <= csv->max_bytes ? MR_OK : refuse(csv, "the record has no end", err);
}

static enum mr_code feed_text(struct mr_csv_in *csv, const char *ptr, size_t len,
                              struct mr_err *err)
{
    for (size_t i = skip_mark(csv, ptr, len); i < len;) {
        size_t run = plain_run(csv, ptr + i, len - i);
        mr_strbuf_add(&csv->bytes, ptr + i, run);
        i += run;
        if (i < len)
            MR_TRY(take(csv, ptr[i++], err));
        MR_TRY(check_size(csv, err));
    }
    return MR_OK;
}

/* Until it is known that it is no UTF-16, a byte at a time. */
enum mr_code mr_csv_in_feed(struct mr_csv_in *csv, const char *ptr, size_t len, struct mr_err *err)
{
    char out[MR_UTF16_OUT];
    size_t i = 0, n = 0;
    while (csv->lenient && csv->utf16.state != MR_UTF16_NONE && i < len) {
        if (!mr_utf16_in_take(&csv->utf16, (unsigned char)ptr[i++], out, &n))
            return refuse(csv, "half a character stands alone: this is no UTF-16", err);
        MR_TRY(feed_text(csv, out, n, err));
    }
    return feed_text(csv, ptr + i, len - i, err);
}

enum mr_code mr_csv_in_finish(struct mr_csv_in *csv, struct mr_err *err)
{
    char out[MR_UTF16_OUT];
    size_t n = 0;
    if (!mr_utf16_in_is_whole(&csv->utf16, out, &n))
        return refuse(csv, "the last character of this UTF-16 is cut off", err);
    MR_TRY(feed_text(csv, out, n, err));
    if (csv->state == AT_RECORD)
        return MR_OK;
    return csv->lenient && csv->state != QUOTED ? end_record(csv, err)
                                                : refuse(csv, "the last line is cut off", err);
}

/* Only a file that the user names can be a pipe, which may bring its lines whenever it likes: a
 * cancelled run does not wait for its end. */
enum mr_code mr_csv_in_file(struct mr_csv_in *csv, const char *path, enum mr_in_kind kind,
                            struct mr_err *err)
{
    char buffer[65536];
    size_t got = 0;
    int fd = -1;
    enum mr_code code = mr_in_open(path, kind, &fd, err);
    if (code != MR_OK)
        return code;
    csv->path = path;
    do {
        code = kind == MR_IN_NAMED && mr_is_cancelled()
                   ? mr_cancelled_err(err)
                   : mr_in_read(fd, path, buffer, sizeof buffer, &got, err);
        if (code == MR_OK)
            code = got > 0 ? mr_csv_in_feed(csv, buffer, got, err) : mr_csv_in_finish(csv, err);
    } while (code == MR_OK && got > 0);
    (void)close(fd);
    return code;
}
