/* binlog_charset.c: see binlog_charset.h. */
#include "core/binlog/binlog_charset.h"

#include <string.h>
#include <strings.h>

#include "core/base/utf8.h"

#define NOPAD 1024 /* MariaDB: added to the number of the collation that pads */
#define UCA1400 2048
#define UCA1400_EACH 256 /* numbers of each character set */

static const struct {
    uint32_t first, last;
    const char *charset;
} collations[] = {
#define MR_COLLATIONS(first, last, charset) {(first), (last), (charset)},
#include "core/binlog/binlog_collation.def"
#undef MR_COLLATIONS
};

const char *mr_binlog_charset_of(uint32_t collation)
{
    static const char *const unicode[] = {"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"};
    if (collation >= UCA1400) {
        const uint32_t which = (collation - UCA1400) / UCA1400_EACH;
        return which < sizeof unicode / sizeof unicode[0] ? unicode[which] : NULL;
    }
    if (collation >= NOPAD)
        collation -= NOPAD;
    for (size_t i = 0; i < sizeof collations / sizeof collations[0]; i++)
        if (collation >= collations[i].first && collation <= collations[i].last)
            return collations[i].charset;
    return NULL;
}

static bool is(const char *charset, const char *name)
{
    return strcasecmp(charset, name) == 0;
}

static bool is_utf8mb3(const char *charset)
{
    return is(charset, "utf8") || is(charset, "utf8mb3");
}

bool mr_binlog_charset_same(const char *a, const char *b)
{
    return is(a, b) || (is_utf8mb3(a) && is_utf8mb3(b));
}

static bool is_one_of(const char *charset, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is(charset, names[i]))
            return true;
    return false;
}

unsigned mr_binlog_charset_width(const char *charset)
{
    static const char *const two[] = {"big5", "cp932", "euckr", "gb2312", "gbk", "sjis", "ucs2"};
    static const char *const three[] = {"eucjpms", "ujis", "utf8", "utf8mb3"};
    static const char *const four[] = {"gb18030", "utf16", "utf16le", "utf32", "utf8mb4"};
    if (is_one_of(charset, two, sizeof two / sizeof two[0]))
        return 2;
    if (is_one_of(charset, three, sizeof three / sizeof three[0]))
        return 3;
    if (is_one_of(charset, four, sizeof four / sizeof four[0]))
        return 4;
    for (size_t i = 0; i < sizeof collations / sizeof collations[0]; i++)
        if (is(charset, collations[i].charset))
            return 1;
    return 0;
}

/* The servers' latin1 is cp1252 with its holes filled: what stands from 0x80 to 0x9f. */
static const uint16_t high[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                  0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
                                  0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                  0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

/* 0: it has no such character. */
static unsigned latin1_of(uint32_t c)
{
    if (c >= 0xa0 && c <= 0xff)
        return (unsigned)c;
    for (unsigned i = 0; i < sizeof high / sizeof high[0]; i++)
        if (high[i] == c)
            return 0x80 + i;
    return 0;
}

/* Big-endian; utf16le is turned by its caller. */
static void add_unit(struct mr_strbuf *out, uint32_t unit, unsigned bytes, bool is_little)
{
    for (unsigned i = 0; i < bytes; i++)
        mr_strbuf_add_char(out, (char)(unit >> 8 * (is_little ? i : bytes - 1 - i)));
}

static bool add_wide(struct mr_strbuf *out, const char *charset, uint32_t c)
{
    const bool is_little = is(charset, "utf16le");
    if (is(charset, "utf32")) {
        add_unit(out, c, 4, false);
    } else if (c <= 0xffff) {
        add_unit(out, c, 2, is_little);
    } else if (is(charset, "ucs2")) {
        return false;
    } else {
        add_unit(out, 0xd800 + ((c - 0x10000) >> 10), 2, is_little);
        add_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff), 2, is_little);
    }
    return true;
}

/* Sets of which ASCII is not what it seems: swe7 has letters in the place of brackets, and in sjis
 * the backslash is a matter of opinion. */
static bool is_ascii_in(const char *charset, uint32_t c)
{
    const bool differs = is(charset, "swe7") || is(charset, "sjis");
    const bool is_alike = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                          (c >= 'a' && c <= 'z') || c == ' ' || c == ',' || c == '_';
    return c < 0x80 && (!differs || is_alike || (c == '-' && !is(charset, "swe7")));
}

static bool add_one(struct mr_strbuf *out, const char *charset, uint32_t c)
{
    if (is(charset, "ucs2") || is(charset, "utf16") || is(charset, "utf16le") ||
        is(charset, "utf32"))
        return add_wide(out, charset, c);
    const unsigned byte = is_ascii_in(charset, c) ? (unsigned)c
                          : is(charset, "latin1") ? latin1_of(c)
                                                  : 0;
    mr_strbuf_add_char(out, (char)byte);
    return byte != 0 || c == 0;
}

bool mr_binlog_charset_add(struct mr_strbuf *out, const char *charset, const char *utf8, size_t len)
{
    const bool is_plain = is_utf8mb3(charset) || is(charset, "utf8mb4");
    if (mr_binlog_charset_width(charset) == 0 || !mr_utf8_is_valid(utf8, len))
        return false;
    for (size_t at = 0; at < len;) {
        uint32_t c = 0;
        const size_t n = mr_utf8_decode(utf8 + at, len - at, &c);
        if (is_plain)
            mr_strbuf_add(out, utf8 + at, n);
        else if (!add_one(out, charset, c))
            return false;
        at += n;
    }
    return true;
}

static bool is_utf8(const char *charset)
{
    return is_utf8mb3(charset) || is(charset, "utf8mb4") || is(charset, "ascii");
}

bool mr_binlog_charset_has_utf8(const char *charset)
{
    return is_utf8(charset) || is(charset, "latin1");
}

/* Of latin1 no character needs more than three bytes. */
static void add_latin1(struct mr_strbuf *out, unsigned char byte)
{
    const unsigned c = byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
    if (c < 0x80) {
        mr_strbuf_add_char(out, (char)c);
        return;
    }
    if (c < 0x800) {
        mr_strbuf_add_char(out, (char)(0xc0 | c >> 6));
    } else {
        mr_strbuf_add_char(out, (char)(0xe0 | c >> 12));
        mr_strbuf_add_char(out, (char)(0x80 | (c >> 6 & 0x3f)));
    }
    mr_strbuf_add_char(out, (char)(0x80 | (c & 0x3f)));
}

void mr_binlog_charset_add_utf8(struct mr_strbuf *out, const char *charset, const char *bytes,
                                size_t len)
{
    if (is_utf8(charset)) {
        mr_strbuf_add(out, bytes, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        add_latin1(out, (unsigned char)bytes[i]);
}
