/* column_fit_text.c: texts, ENUM and SET; see column_fit.h. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "core/base/utf8.h"
#include "core/schema/column_fit.h"

#define SHOWN_BYTES 40 /* of a text in a message */

static bool is_type(const struct mr_column *c, const char *name)
{
    return strcmp(c->data_type, name) == 0;
}

static bool is_charset(const char *charset, const char *name)
{
    return charset != NULL && strcmp(charset, name) == 0;
}

static bool is_utf8mb3(const char *charset)
{
    return is_charset(charset, "utf8mb3") || is_charset(charset, "utf8");
}

static bool is_utf8(const char *charset)
{
    return charset == NULL || is_charset(charset, "utf8mb4") || is_utf8mb3(charset) ||
           is_charset(charset, "ascii");
}

static bool same_charset(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void show(struct mr_strbuf *why, const char *ptr, size_t len)
{
    mr_strbuf_add_char(why, '"');
    size_t n = mr_utf8_fit(ptr, len, SHOWN_BYTES);
    mr_utf8_show(why, ptr, n, false);
    mr_strbuf_add_str(why, n < len ? "...\"" : "\"");
}

/* ---- characters ---- */

/* Is it among the 256 of the servers' latin1, which is cp1252 with the holes filled? */
static bool is_latin1(uint32_t c)
{
    static const uint16_t high[] = {0x20ac, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x017d, 0x2018,
                                    0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc,
                                    0x2122, 0x0161, 0x203a, 0x0153, 0x017e, 0x0178};
    if (c < 0x80 || (c >= 0xa0 && c <= 0xff) || c == 0x81 || c == 0x8d || c == 0x8f || c == 0x90 ||
        c == 0x9d)
        return true;
    for (size_t i = 0; i < sizeof high / sizeof high[0]; i++)
        if (high[i] == c)
            return true;
    return false;
}

/* Bytes of a character in the charset; 0: it has none there. */
static unsigned bytes_in(const char *charset, uint32_t c, size_t utf8)
{
    bool wide = is_charset(charset, "utf16") || is_charset(charset, "utf16le");
    if (charset == NULL || is_charset(charset, "utf8mb4"))
        return (unsigned)utf8;
    if (is_utf8mb3(charset))
        return c <= 0xffff ? (unsigned)utf8 : 0;
    if (is_charset(charset, "latin1"))
        return is_latin1(c) ? 1 : 0;
    if (is_charset(charset, "ucs2"))
        return c <= 0xffff ? 2 : 0;
    if (wide)
        return c <= 0xffff ? 2 : 4;
    if (is_charset(charset, "utf32"))
        return 4;
    return c < 0x80 ? 1 : 0;
}

static bool is_known(const char *charset)
{
    return is_utf8(charset) || is_charset(charset, "latin1") || is_charset(charset, "ucs2") ||
           is_charset(charset, "utf16") || is_charset(charset, "utf16le") ||
           is_charset(charset, "utf32");
}

/* What a text is made of. */
struct measured {
    uint64_t chars, bytes; /* bytes: in the column's charset */
    uint32_t missing;      /* the first character that it lacks; 0: none */
    bool valid;
};

/* Of UTF-8. */
static struct measured measure(const struct mr_column *to, const struct mr_fit_value *v)
{
    const char *ptr = v->value->ptr;
    struct measured m = {.valid = true};
    for (size_t at = 0; at < v->value->len && ptr != NULL;) {
        uint32_t c = 0;
        size_t n = mr_utf8_decode(ptr + at, v->value->len - at, &c);
        m.valid = m.valid && c != MR_UTF8_INVALID;
        unsigned bytes = bytes_in(to->charset, c, n);
        if (bytes == 0 && m.missing == 0)
            m.missing = c;
        m.chars++;
        m.bytes += bytes;
        at += n;
    }
    if (v->asked) {
        m.bytes = v->bytes;
        m.missing = v->exact ? 0 : 1;
    } else if (!is_known(to->charset) && m.missing != 0) {
        m.bytes = 0; /* to be asked for */
    }
    return m;
}

/* ---- how much a column holds ---- */

static bool is_counted_in_chars(const struct mr_column *to)
{
    return is_type(to, "char") || is_type(to, "varchar");
}

static uint64_t text_bytes(const struct mr_column *to)
{
    if (is_type(to, "tinytext"))
        return UINT8_MAX;
    if (is_type(to, "text"))
        return UINT16_MAX;
    return is_type(to, "mediumtext") ? 0xffffff : UINT32_MAX;
}

static enum mr_fit fit_length(const struct mr_column *to, uint64_t chars, uint64_t bytes,
                              struct mr_strbuf *why)
{
    bool counted = is_counted_in_chars(to);
    uint64_t has = counted ? chars : bytes;
    uint64_t most = counted ? mr_column_fit_size(to) : text_bytes(to);
    if (has <= most)
        return MR_FIT_YES;
    mr_strbuf_add_fmt(why, "%" PRIu64 " %s, %s holds %" PRIu64, has,
                      counted ? "characters" : "bytes", to->type, most);
    return MR_FIT_NO;
}

static bool ends_with_blank(const struct mr_value *v)
{
    return v->len > 0 && v->ptr != NULL && ((const char *)v->ptr)[v->len - 1] == ' ';
}

/* The character is named by its number: in a terminal that cannot show it, it is not to be told
 * from others. */
static enum mr_fit fit_characters(const struct mr_column *to, const struct measured *m,
                                  const struct mr_fit_value *v, struct mr_strbuf *why)
{
    if (!m->valid) {
        mr_strbuf_add_fmt(why, "the bytes are no text of %s", to->charset);
        return MR_FIT_NO;
    }
    if (m->missing == 0)
        return MR_FIT_YES;
    show(why, v->value->ptr, v->value->len);
    if (m->missing > 1)
        mr_strbuf_add_fmt(why, " has the character U+%04" PRIX32 ", which %s lacks", m->missing,
                          to->charset);
    else
        mr_strbuf_add_fmt(why, " has characters that %s lacks", to->charset);
    return MR_FIT_NO;
}

/* A text whose bytes are of the column's charset, which nobody here reads: as long as the
 * column is no shorter than the one that it comes from. */
static enum mr_fit fit_foreign(const struct mr_column *to, const struct mr_fit_value *v,
                               struct mr_strbuf *why)
{
    uint64_t len = v->value->len;
    if (!is_counted_in_chars(to) || len <= mr_column_fit_size(to))
        return fit_length(to, len, len, why);
    return MR_FIT_ASK;
}

/* CHAR gives no trailing blanks back, so that they would be lost unless the value comes from such a
 * column itself. Where the two character sets are not both known here, the server has to be
 * asked. */
static enum mr_fit fit_string(const struct mr_column *to, const struct mr_fit_value *v,
                              struct mr_strbuf *why)
{
    if (is_type(to, "char") && ends_with_blank(v->value) &&
        !(v->from != NULL && is_type(v->from, "char"))) {
        mr_strbuf_add_str(why, "blanks at the end are lost in ");
        mr_strbuf_add_str(why, to->type);
        return MR_FIT_NO;
    }
    if (is_charset(v->charset, "latin1") && same_charset(v->charset, to->charset))
        return fit_length(to, v->value->len, v->value->len, why);
    if (!is_utf8(v->charset))
        return same_charset(v->charset, to->charset) ? fit_foreign(to, v, why) : MR_FIT_ASK;
    struct measured m = measure(to, v);
    if (!is_known(to->charset) && m.missing != 0 && !v->asked)
        return MR_FIT_ASK;
    enum mr_fit fit = fit_characters(to, &m, v, why);
    return fit == MR_FIT_YES ? fit_length(to, m.chars, m.bytes, why) : fit;
}

/* ---- ENUM and SET ---- */

static char unescape(char c)
{
    return (char)(c == 'n' ? '\n' : c == 'r' ? '\r' : c == '0' ? '\0' : c);
}

/* The next member of "enum('a','it''s')"; false: there is none. */
static bool next_member(const char **at, struct mr_strbuf *member)
{
    const char *p = strchr(*at, '\'');
    mr_strbuf_reset(member);
    if (p == NULL)
        return false;
    for (p++; *p != '\0' && (*p != '\'' || p[1] == '\''); p++) {
        bool escaped = *p == '\\' && p[1] != '\0';
        p += escaped || *p == '\'';
        mr_strbuf_add_char(member, escaped ? unescape(*p) : *p);
    }
    *at = *p != '\0' ? p + 1 : p;
    return !member->failed;
}

/* The place of the member from 1 on; 0: there is no such one.  *folded: one that differs by
 * the case of letters of ASCII only. */
static size_t find_member(const struct mr_column *to, const char *ptr, size_t len, bool *folded)
{
    struct mr_strbuf member = MR_STRBUF_INIT;
    const char *at = to->type;
    size_t found = 0;
    *folded = false;
    for (size_t i = 1; found == 0 && next_member(&at, &member); i++) {
        bool alike = member.len == len;
        for (size_t k = 0; alike && k < len; k++)
            alike = member.ptr[k] == ptr[k] || ((member.ptr[k] ^ ptr[k]) == 0x20 &&
                                                ((ptr[k] | 0x20) >= 'a' && (ptr[k] | 0x20) <= 'z'));
        if (alike && memcmp(member.ptr, ptr, len) == 0)
            found = i;
        *folded = *folded || alike;
    }
    mr_strbuf_release(&member);
    return found;
}

static enum mr_fit no_member(const struct mr_column *to, const char *ptr, size_t len, bool folded,
                             struct mr_strbuf *why)
{
    show(why, ptr, len);
    mr_strbuf_add_fmt(why, folded ? " is spelled otherwise in %.200s" : " is no member of %.200s",
                      to->type);
    return MR_FIT_NO;
}

/* The server gives members back in the order of the type: in another one the text would not be what
 * was written. */
static enum mr_fit fit_set(const struct mr_column *to, const struct mr_value *v,
                           struct mr_strbuf *why)
{
    const char *at = v->ptr, *end = at + v->len;
    size_t last = 0;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma != NULL ? comma : end) - at);
        bool folded = false;
        size_t place = find_member(to, at, len, &folded);
        if (place == 0)
            return no_member(to, at, len, folded, why);
        if (place <= last) {
            show(why, v->ptr, v->len);
            mr_strbuf_add_fmt(why, " stands in another order in %.200s", to->type);
            return MR_FIT_NO;
        }
        last = place;
        at += len + 1;
    }
    return MR_FIT_YES;
}

static enum mr_fit fit_member(const struct mr_column *to, const struct mr_fit_value *v,
                              struct mr_strbuf *why)
{
    const struct mr_value *value = v->value;
    bool folded = false;
    if (value->cls != MR_CLASS_TEXT && value->cls != MR_CLASS_ENUM)
        return no_member(to, "", 0, false, why);
    bool is_set = v->from != NULL && v->from->cls == MR_CLASS_ENUM;
    /* nothing: the empty set, or index 0, which every ENUM has */
    if (value->len == 0 && (to->is_set || to->empty_member || is_set))
        return MR_FIT_YES;
    if (!is_utf8(v->charset))
        for (size_t i = 0; i < value->len; i++)
            if ((unsigned char)((const char *)value->ptr)[i] >= 0x80)
                return MR_FIT_ASK;
    const char *ptr = value->len > 0 ? value->ptr : "";
    if (to->is_set)
        return fit_set(to, value, why);
    return find_member(to, ptr, value->len, &folded) != 0
               ? MR_FIT_YES
               : no_member(to, ptr, value->len, folded, why);
}

/* ---- types of MariaDB that are written as text ---- */

static bool is_uuid(const char *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool digit = (ptr[i] >= '0' && ptr[i] <= '9') || (ptr[i] >= 'a' && ptr[i] <= 'f');
        if (dash ? ptr[i] != '-' : !digit)
            return false;
    }
    return len == 36;
}

static bool is_address(int family, const char *ptr, size_t len)
{
    char text[INET6_ADDRSTRLEN] = "", again[INET6_ADDRSTRLEN] = "";
    unsigned char bytes[16];
    if (len >= sizeof text)
        return false;
    memcpy(text, ptr, len);
    return inet_pton(family, text, bytes) == 1 &&
           inet_ntop(family, bytes, again, sizeof again) != NULL && strcmp(text, again) == 0;
}

/* Of types that have a form of their own, only the text that the server would give back fits: any
 * other would be read back as another value. */
enum mr_fit mr_column_fit_text(const struct mr_column *to, const struct mr_fit_value *v,
                               struct mr_strbuf *why)
{
    const char *ptr = v->value->len > 0 ? v->value->ptr : "";
    bool fits = true;
    if (to->cls == MR_CLASS_ENUM)
        return fit_member(to, v, why);
    if (is_type(to, "uuid"))
        fits = is_uuid(ptr, v->value->len);
    else if (is_type(to, "inet4") || is_type(to, "inet6"))
        fits = is_address(is_type(to, "inet4") ? AF_INET : AF_INET6, ptr, v->value->len);
    else
        return fit_string(to, v, why);
    if (fits)
        return MR_FIT_YES;
    show(why, ptr, v->value->len);
    mr_strbuf_add_fmt(why, " is not what %s gives back", to->type);
    return MR_FIT_NO;
}
