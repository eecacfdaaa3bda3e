/* jsonw.c: see jsonw.h. */
#include "core/json/jsonw.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"

#define FLUSH_BYTES ((size_t)64 * 1024)
#define MAX_DEPTH 64U

void mr_jsonw_init_file(struct mr_jsonw *w, FILE *file)
{
    *w = (struct mr_jsonw){.own = MR_STRBUF_INIT, .out = &w->own, .file = file};
}

void mr_jsonw_init_sink(struct mr_jsonw *w, struct mr_sink sink, struct mr_err *err)
{
    *w = (struct mr_jsonw){.own = MR_STRBUF_INIT, .out = &w->own, .sink = sink, .told = err};
}

void mr_jsonw_init_buf(struct mr_jsonw *w, struct mr_strbuf *out)
{
    *w = (struct mr_jsonw){.own = MR_STRBUF_INIT, .out = out};
}

void mr_jsonw_release(struct mr_jsonw *w)
{
    mr_strbuf_release(&w->own);
}

static void hand_over(struct mr_jsonw *w)
{
    if (w->sink.write != NULL) {
        if (w->lost == MR_OK)
            w->lost = w->sink.write(w->sink.arg, w->own.ptr, w->own.len, w->told);
        return;
    }
    errno = 0;
    if (w->sys_errno == 0 && fwrite(w->own.ptr, 1, w->own.len, w->file) != w->own.len)
        w->sys_errno = errno != 0 ? errno : EIO;
}

static void flush(struct mr_jsonw *w)
{
    if (w->out != &w->own || w->own.failed)
        return;
    if (w->own.len > 0)
        hand_over(w);
    mr_strbuf_reset(&w->own);
    mr_strbuf_shrink(&w->own, 2 * FLUSH_BYTES);
}

static uint64_t level_bit(const struct mr_jsonw *w)
{
    return UINT64_C(1) << (w->depth % MAX_DEPTH);
}

static bool in_array(const struct mr_jsonw *w)
{
    return w->depth > 0 && (w->arrays & level_bit(w)) != 0;
}

/* Before every value: the comma where one is due, and the nesting rules. */
static void before_value(struct mr_jsonw *w)
{
    if (w->has_key) {
        w->has_key = false;
        return;
    }
    assert(w->depth == 0 || in_array(w)); /* a value in an object needs a key */
    if ((w->filled & level_bit(w)) != 0) {
        assert(w->depth > 0); /* one value a line */
        mr_strbuf_add_char(w->out, ',');
    }
    w->filled |= level_bit(w);
}

static void begin(struct mr_jsonw *w, char bracket, bool array)
{
    before_value(w);
    mr_strbuf_add_char(w->out, bracket);
    assert(w->depth + 1 < MAX_DEPTH);
    w->depth++;
    w->filled &= ~level_bit(w);
    w->arrays &= ~level_bit(w);
    if (array)
        w->arrays |= level_bit(w);
}

static void end(struct mr_jsonw *w, char bracket, bool array)
{
    assert(w->depth > 0 && !w->has_key && in_array(w) == array);
    (void)array;
    mr_strbuf_add_char(w->out, bracket);
    w->depth--;
    if (w->out->len >= FLUSH_BYTES)
        flush(w);
}

void mr_jsonw_object_begin(struct mr_jsonw *w)
{
    begin(w, '{', false);
}

void mr_jsonw_object_end(struct mr_jsonw *w)
{
    end(w, '}', false);
}

void mr_jsonw_array_begin(struct mr_jsonw *w)
{
    begin(w, '[', true);
}

void mr_jsonw_array_end(struct mr_jsonw *w)
{
    end(w, ']', true);
}

static void add_escape(struct mr_strbuf *out, unsigned char c)
{
    switch (c) {
    case '"': mr_strbuf_add(out, "\\\"", 2); break;
    case '\\': mr_strbuf_add(out, "\\\\", 2); break;
    case '\n': mr_strbuf_add(out, "\\n", 2); break;
    case '\r': mr_strbuf_add(out, "\\r", 2); break;
    case '\t': mr_strbuf_add(out, "\\t", 2); break;
    default: mr_strbuf_add_fmt(out, "\\u%04x", c); break;
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Copies runs that need no change whole: the common text is one memcpy. */
static void add_quoted(struct mr_jsonw *w, const char *ptr, size_t len)
{
    struct mr_strbuf *out = w->out;
    mr_strbuf_add_char(out, '"');
    size_t from = 0, i = 0;
    while (i < len) {
        unsigned char c = (unsigned char)ptr[i];
        uint32_t cp = c;
        size_t bytes = 1;
        if (is_plain(c)) {
            i++;
            continue;
        }
        if (c >= 0x80) {
            bytes = mr_utf8_decode(ptr + i, len - i, &cp);
            if (cp != MR_UTF8_INVALID) {
                i += bytes;
                continue;
            }
        }
        if (i > from)
            mr_strbuf_add(out, ptr + from, i - from);
        if (cp == MR_UTF8_INVALID)
            mr_strbuf_add(out, "\xEF\xBF\xBD", 3);
        else
            add_escape(out, c);
        i += bytes;
        from = i;
    }
    if (i > from)
        mr_strbuf_add(out, ptr + from, i - from);
    mr_strbuf_add_char(out, '"');
    if (out->len >= FLUSH_BYTES)
        flush(w);
}

void mr_jsonw_key_len(struct mr_jsonw *w, const char *ptr, size_t len)
{
    assert(w->depth > 0 && !in_array(w) && !w->has_key);
    if ((w->filled & level_bit(w)) != 0)
        mr_strbuf_add_char(w->out, ',');
    w->filled |= level_bit(w);
    add_quoted(w, ptr, len);
    mr_strbuf_add_char(w->out, ':');
    w->has_key = true;
}

void mr_jsonw_key(struct mr_jsonw *w, const char *name)
{
    mr_jsonw_key_len(w, name, strlen(name));
}

void mr_jsonw_string(struct mr_jsonw *w, const char *ptr, size_t len)
{
    before_value(w);
    add_quoted(w, ptr, len);
}

void mr_jsonw_str(struct mr_jsonw *w, const char *str)
{
    if (str == NULL)
        mr_jsonw_null(w);
    else
        mr_jsonw_string(w, str, strlen(str));
}

void mr_jsonw_raw(struct mr_jsonw *w, const char *ptr, size_t len)
{
    before_value(w);
    mr_strbuf_add(w->out, ptr, len);
    if (w->out->len >= FLUSH_BYTES)
        flush(w);
}

void mr_jsonw_int(struct mr_jsonw *w, int64_t value)
{
    before_value(w);
    mr_strbuf_add_fmt(w->out, "%" PRId64, value);
}

void mr_jsonw_uint(struct mr_jsonw *w, uint64_t value)
{
    before_value(w);
    mr_strbuf_add_fmt(w->out, "%" PRIu64, value);
}

void mr_jsonw_double(struct mr_jsonw *w, double value)
{
    if (!isfinite(value)) {
        mr_jsonw_null(w);
        return;
    }
    char text[40];
    int len = 0;
    /* 17 digits always read back; most values need fewer */
    for (int digits = 1; digits <= 17; digits++) {
        len = snprintf(text, sizeof text, "%.*g", digits, value);
        double back = strtod(text, NULL);
        if (memcmp(&back, &value, sizeof back) == 0)
            break;
    }
    before_value(w);
    mr_strbuf_add(w->out, text, (size_t)len);
}

void mr_jsonw_bool(struct mr_jsonw *w, bool value)
{
    before_value(w);
    mr_strbuf_add_str(w->out, value ? "true" : "false");
}

void mr_jsonw_null(struct mr_jsonw *w)
{
    before_value(w);
    mr_strbuf_add(w->out, "null", 4);
}

void mr_jsonw_hex(struct mr_jsonw *w, const void *ptr, size_t len)
{
    before_value(w);
    mr_strbuf_add_str(w->out, "{\"hex\":\"");
    mr_strbuf_add_hex(w->out, ptr, len);
    mr_strbuf_add(w->out, "\"}", 2);
    if (w->out->len >= FLUSH_BYTES)
        flush(w);
}

void mr_jsonw_add_str(struct mr_jsonw *w, const char *name, const char *str)
{
    mr_jsonw_key(w, name);
    mr_jsonw_str(w, str);
}

void mr_jsonw_add_uint(struct mr_jsonw *w, const char *name, uint64_t value)
{
    mr_jsonw_key(w, name);
    mr_jsonw_uint(w, value);
}

void mr_jsonw_add_bool(struct mr_jsonw *w, const char *name, bool value)
{
    mr_jsonw_key(w, name);
    mr_jsonw_bool(w, value);
}

void mr_jsonw_add_seconds(struct mr_jsonw *w, double seconds)
{
    mr_jsonw_key(w, "seconds");
    mr_jsonw_double(w, round(seconds * 1000) / 1000);
}

void mr_jsonw_add_number(struct mr_jsonw *w, const char *name, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    mr_jsonw_add_str(w, name, text);
}

/* The value of a member: a word, or one of the arguments. */
static void add_value(struct mr_jsonw *w, const char *word, size_t len, va_list *args)
{
    char text[24];
    if (word[0] == '\'') {
        (void)snprintf(text, sizeof text, "%" PRIu64, va_arg(*args, uint64_t));
        mr_jsonw_str(w, text);
    } else if (word[0] != '%') {
        mr_jsonw_string(w, word, len);
    } else if (word[1] == 's') {
        mr_jsonw_str(w, va_arg(*args, const char *));
    } else if (word[1] == 'd') {
        mr_jsonw_bool(w, va_arg(*args, int) != 0);
    } else {
        mr_jsonw_uint(w, va_arg(*args, uint64_t));
    }
}

static void add_members(struct mr_jsonw *w, const char *members, va_list *args)
{
    while (*members != '\0') {
        const size_t name_len = strcspn(members, ":");
        const char *word = members + name_len + 1;
        const size_t len = strcspn(word, " ");
        mr_jsonw_key_len(w, members, name_len);
        add_value(w, word, len, args);
        members = word + len + strspn(word + len, " ");
    }
}

void mr_jsonw_add_fmt(struct mr_jsonw *w, const char *members, ...)
{
    va_list args;
    va_start(args, members);
    add_members(w, members, &args);
    va_end(args);
}

void mr_jsonw_line(struct mr_jsonw *w, const char *members, ...)
{
    va_list args;
    va_start(args, members);
    mr_jsonw_object_begin(w);
    add_members(w, members, &args);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
    va_end(args);
}

void mr_jsonw_add_texts(struct mr_jsonw *w, const char *name, const char *const *texts,
                        size_t count)
{
    mr_jsonw_key(w, name);
    mr_jsonw_array_begin(w);
    for (size_t i = 0; i < count; i++)
        mr_jsonw_str(w, texts[i]);
    mr_jsonw_array_end(w);
}

void mr_jsonw_exact(struct mr_jsonw *w, const char *str)
{
    size_t len = str != NULL ? strlen(str) : 0;
    if (len > 0 && !mr_utf8_is_valid(str, len))
        mr_jsonw_hex(w, str, len);
    else
        mr_jsonw_str(w, str);
}

void mr_jsonw_end_line(struct mr_jsonw *w)
{
    assert(w->depth == 0 && (w->filled & 1) != 0);
    mr_strbuf_add_char(w->out, '\n');
    w->filled = 0;
    flush(w);
}

enum mr_code mr_jsonw_finish(struct mr_jsonw *w, const char *name, struct mr_err *err)
{
    assert(w->depth == 0 && !w->has_key);
    flush(w);
    if (w->file != NULL && w->sys_errno == 0) {
        errno = 0;
        if (fflush(w->file) != 0 || ferror(w->file))
            w->sys_errno = errno != 0 ? errno : EIO;
    }
    if (w->lost != MR_OK)
        return w->lost;
    if (w->sys_errno != 0)
        return mr_err_set_sys(err, MR_E_IO, w->sys_errno, "could not write to %s", name);
    return mr_strbuf_check(w->out, "writing JSON", err);
}
