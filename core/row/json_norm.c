/*
 * json_norm.c: a JSON reader that writes the normal form as it goes; see json_norm.h.
 *
 * Values are appended to `out` in the order of the text.  An object's members are noted
 * on a stack (where key and value lie); at its end they are sorted, put together in
 * `scratch`, and take the place of what was written.  Keys are kept resolved: NUL as a
 * byte, a lone surrogate as the three bytes that UTF-8 forbids, so that different keys
 * stay different and the order is that of bytes.
 */
#include "core/row/json_norm.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/base/vec.h"
#include "core/row/value_text.h"

enum { MAX_DEPTH = 200 };

struct member {
    size_t key, key_len;     /* in struct reader's keys */
    size_t value, value_len; /* in its out */
    size_t index;            /* place in the text: the last duplicate wins */
};

struct reader {
    const char *at, *end;
    struct mr_strbuf *out;
    struct mr_strbuf keys, scratch;
    struct mr_vec members; /* struct member, of all objects that are open */
    unsigned depth;
};

static bool read_value(struct reader *r);

static void truncate_to(struct mr_strbuf *sb, size_t len)
{
    if (len == sb->len)
        return;
    sb->len = len;
    sb->ptr[len] = '\0';
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
        r->at++;
}

/* Moves over c if it comes next. */
static bool accept(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool accept_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return false;
    mr_strbuf_add(r->out, word, len);
    r->at += len;
    return true;
}

static bool read_hex4(struct reader *r, uint32_t *unit)
{
    *unit = 0;
    if (r->end - r->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *r->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a') + 10;
        else
            return false;
        *unit = *unit << 4 | digit;
    }
    return true;
}

/* Also for surrogates, which read_text() lets in by escapes only. */
static void add_utf8(struct mr_strbuf *to, uint32_t cp)
{
    char b[4];
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; cp >>= 6)
        b[i] = (char)(0x80 | (cp & 0x3F));
    b[0] = (char)(lead[n] | cp);
    mr_strbuf_add(to, b, n);
}

/* Behind "\u". */
static bool read_unicode_escape(struct reader *r, struct mr_strbuf *to)
{
    uint32_t cp, low;
    if (!read_hex4(r, &cp))
        return false;
    const char *behind = r->at;
    if (cp >= 0xD800 && cp < 0xDC00 && accept(r, '\\') && accept(r, 'u')) {
        if (!read_hex4(r, &low))
            return false;
        if (low >= 0xDC00 && low < 0xE000) {
            add_utf8(to, 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00));
            return true;
        }
    }
    r->at = behind;
    add_utf8(to, cp);
    return true;
}

static bool read_escape(struct reader *r, struct mr_strbuf *to)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end)
        return false;
    char c = *r->at++;
    if (c == 'u')
        return read_unicode_escape(r, to);
    const char *name = memchr(names, c, sizeof names - 1);
    if (name == NULL)
        return false;
    mr_strbuf_add_char(to, bytes[name - names]);
    return true;
}

/* A string, resolved, appended to `to`. */
static bool read_text(struct reader *r, struct mr_strbuf *to)
{
    if (!accept(r, '"'))
        return false;
    for (;;) {
        const char *start = r->at;
        while (r->at < r->end && *r->at != '"' && *r->at != '\\' && (unsigned char)*r->at >= 0x20)
            r->at++;
        size_t len = (size_t)(r->at - start);
        if (!mr_utf8_is_valid(start, len))
            return false;
        mr_strbuf_add(to, start, len);
        if (accept(r, '"'))
            return true;
        if (!accept(r, '\\') || !read_escape(r, to))
            return false;
    }
}

/* The surrogate that add_utf8() wrote at p, or 0. */
static unsigned surrogate_at(const char *p, const char *end)
{
    if (end - p < 3 || (unsigned char)p[0] != 0xED || (unsigned char)p[1] < 0xA0)
        return 0;
    return 0xD000U | ((unsigned char)p[1] & 0x3FU) << 6 | ((unsigned char)p[2] & 0x3FU);
}

/* Only what has to be escaped is, so that one text has one form. Half of a surrogate pair, which is
 * no character, stays told as such. */
static void write_text(struct mr_strbuf *out, const char *text, size_t len)
{
    static const char escaped[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *p = text, *end = text + len, *plain = text;
    mr_strbuf_add_char(out, '"');
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        unsigned surrogate = surrogate_at(p, end);
        if (c >= 0x20 && c != '"' && c != '\\' && surrogate == 0) {
            p++;
            continue;
        }
        mr_strbuf_add(out, plain, (size_t)(p - plain));
        const char *found = memchr(escaped, c, sizeof escaped - 1);
        if (surrogate != 0)
            mr_strbuf_add_fmt(out, "\\u%04x", surrogate);
        else if (found != NULL)
            mr_strbuf_add(out, (char[]){'\\', names[found - escaped]}, 2);
        else
            mr_strbuf_add_fmt(out, "\\u%04x", c);
        p += surrogate != 0 ? 3 : 1;
        plain = p;
    }
    mr_strbuf_add(out, plain, (size_t)(p - plain));
    mr_strbuf_add_char(out, '"');
}

static bool read_string(struct reader *r)
{
    truncate_to(&r->scratch, 0);
    if (!read_text(r, &r->scratch))
        return false;
    write_text(r->out, r->scratch.ptr, r->scratch.len);
    return true;
}

static size_t skip_digits(struct reader *r)
{
    const char *start = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return (size_t)(r->at - start);
}

/* An integer that fits 64 bits is exact.  False: it does not fit. */
static bool write_integer(struct mr_strbuf *out, const char *text, bool negative)
{
    errno = 0;
    unsigned long long n = strtoull(text + negative, NULL, 10);
    if (errno == ERANGE || (negative && n > UINT64_C(1) << 63))
        return false;
    mr_strbuf_add_fmt(out, "%s%llu", negative && n > 0 ? "-" : "", n);
    return true;
}

/* Any other number is the nearest double, which always shows that it is one. */
static void write_double(struct mr_strbuf *out, const char *text)
{
    struct mr_value value = {.cls = MR_CLASS_DOUBLE, .d = strtod(text, NULL)};
    size_t start = out->len;
    if (isinf(value.d)) {
        mr_strbuf_add_str(out, text); /* no double, and MySQL refuses it */
        return;
    }
    mr_value_to_text(out, &value, (struct mr_value_style){.cls = MR_CLASS_DOUBLE});
    if (strpbrk(out->ptr + start, ".e") == NULL)
        mr_strbuf_add_str(out, ".0");
}

static bool read_number(struct reader *r)
{
    const char *start = r->at;
    bool negative = accept(r, '-'), integer = true;
    if (!accept(r, '0') && skip_digits(r) == 0)
        return false;
    if (accept(r, '.')) {
        integer = false;
        if (skip_digits(r) == 0)
            return false;
    }
    if (accept(r, 'e') || accept(r, 'E')) {
        integer = false;
        if (!accept(r, '+'))
            (void)accept(r, '-');
        if (skip_digits(r) == 0)
            return false;
    }
    truncate_to(&r->scratch, 0);
    mr_strbuf_add(&r->scratch, start, (size_t)(r->at - start));
    if (r->scratch.failed)
        return true; /* told at the end */
    if (!integer || !write_integer(r->out, r->scratch.ptr, negative))
        write_double(r->out, r->scratch.ptr);
    return true;
}

static bool read_array(struct reader *r)
{
    mr_strbuf_add_char(r->out, '[');
    skip_space(r);
    if (!accept(r, ']')) {
        while (true) {
            if (!read_value(r))
                return false;
            if (!accept(r, ','))
                break;
            mr_strbuf_add_char(r->out, ',');
        }
        if (!accept(r, ']'))
            return false;
    }
    mr_strbuf_add_char(r->out, ']');
    return true;
}

static int compare_members(const void *left, const void *right, void *keys)
{
    const struct member *a = left, *b = right;
    const char *base = keys;
    size_t common = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(base + a->key, base + b->key, common);
    if (order == 0)
        order = (a->key_len > b->key_len) - (a->key_len < b->key_len);
    if (order == 0)
        order = (a->index > b->index) - (a->index < b->index);
    return order;
}

static bool same_key(const struct reader *r, const struct member *a, const struct member *b)
{
    return a->key_len == b->key_len &&
           memcmp(r->keys.ptr + a->key, r->keys.ptr + b->key, a->key_len) == 0;
}

/* Puts the members from `first` on, sorted and each once, in the place of what was
 * written to out since `start`. */
static void write_object(struct reader *r, size_t first, size_t start)
{
    size_t count = r->members.count - first;
    struct member *m = count > 0 ? mr_vec_at(&r->members, first) : NULL;
    if (count > 1)
        qsort_r(m, count, sizeof *m, compare_members, r->keys.ptr);
    truncate_to(&r->scratch, 0);
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && same_key(r, &m[i], &m[i + 1]))
            continue;
        mr_strbuf_add_char(&r->scratch, r->scratch.len == 0 ? '{' : ',');
        write_text(&r->scratch, r->keys.ptr + m[i].key, m[i].key_len);
        mr_strbuf_add_char(&r->scratch, ':');
        mr_strbuf_add(&r->scratch, r->out->ptr + m[i].value, m[i].value_len);
    }
    mr_strbuf_add_str(&r->scratch, count > 0 ? "}" : "{}");
    truncate_to(r->out, start);
    mr_strbuf_add(r->out, r->scratch.ptr, r->scratch.len);
}

/* Keys and values go into buffers that grow, so that a member is kept by places in them. Values are
 * written as they are read, and put into order when the object ends. */
static bool read_member(struct reader *r)
{
    struct member m = {.key = r->keys.len, .index = r->members.count};
    skip_space(r);
    if (!read_text(r, &r->keys))
        return false;
    m.key_len = r->keys.len - m.key;
    skip_space(r);
    if (!accept(r, ':'))
        return false;
    m.value = r->out->len;
    if (!read_value(r))
        return false;
    m.value_len = r->out->len - m.value;
    struct member *slot = mr_vec_push(&r->members);
    if (slot != NULL)
        *slot = m;
    else
        r->out->failed = true;
    return true;
}

/* What the object has used of the list and of the keys is given back: an object within it has done
 * so before, so that both are stacks. */
static bool read_object(struct reader *r)
{
    size_t first = r->members.count, start = r->out->len, keys = r->keys.len;
    skip_space(r);
    if (!accept(r, '}')) {
        do {
            if (!read_member(r))
                return false;
        } while (accept(r, ','));
        if (!accept(r, '}'))
            return false;
    }
    if (!r->out->failed && !r->keys.failed)
        write_object(r, first, start);
    r->members.count = first;
    truncate_to(&r->keys, keys);
    return true;
}

/* One value and the space around it. */
static bool read_value(struct reader *r)
{
    bool read;
    skip_space(r);
    if (r->at == r->end || r->depth == MAX_DEPTH)
        return false;
    r->depth++;
    switch (*r->at) {
    case '{':
        r->at++;
        read = read_object(r);
        break;
    case '[':
        r->at++;
        read = read_array(r);
        break;
    case '"': read = read_string(r); break;
    case 't': read = accept_word(r, "true"); break;
    case 'f': read = accept_word(r, "false"); break;
    case 'n': read = accept_word(r, "null"); break;
    default: read = read_number(r); break;
    }
    r->depth--;
    skip_space(r);
    return read;
}

/* All or nothing: of a text that is no JSON nothing may stay in out, for the caller takes its bytes
 * instead. */
bool mr_json_norm(const char *text, size_t len, struct mr_strbuf *out)
{
    size_t start = out->len;
    struct reader r = {.at = text,
                       .end = text + len,
                       .out = out,
                       .keys = MR_STRBUF_INIT,
                       .scratch = MR_STRBUF_INIT,
                       .members = MR_VEC_INIT(struct member)};
    bool read = len > 0 && read_value(&r) && r.at == r.end;
    if (!read)
        truncate_to(out, start);
    out->failed |= r.keys.failed || r.scratch.failed;
    mr_vec_release(&r.members);
    mr_strbuf_release(&r.scratch);
    mr_strbuf_release(&r.keys);
    return read;
}
