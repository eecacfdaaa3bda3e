/* snap_charset.c: see snap_charset.h. */
#include "snapshot/format/snap_charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#define ROOM 256
#define NO_CONVERTER ((iconv_t)-1)

struct mr_snap_charset {
    iconv_t converter; /* NO_CONVERTER: bytes are copied */
    bool latin1, to_utf8;
};

static const char *name_of(const char *charset)
{
    static const struct {
        const char *server, *library;
    } names[] = {
        {"latin1", "CP1252"},      {"latin2", "ISO-8859-2"},  {"latin5", "ISO-8859-9"},
        {"latin7", "ISO-8859-13"}, {"greek", "ISO-8859-7"},   {"hebrew", "ISO-8859-8"},
        {"cp850", "CP850"},        {"cp852", "CP852"},        {"cp866", "CP866"},
        {"cp1250", "CP1250"},      {"cp1251", "CP1251"},      {"cp1256", "CP1256"},
        {"cp1257", "CP1257"},      {"koi8r", "KOI8-R"},       {"koi8u", "KOI8-U"},
        {"gbk", "CP936"},          {"gb2312", "EUC-CN"},      {"gb18030", "GB18030"},
        {"big5", "BIG5"},          {"sjis", "SHIFT_JIS"},     {"cp932", "CP932"},
        {"ujis", "EUC-JP"},        {"eucjpms", "EUC-JP-MS"},  {"euckr", "CP949"},
        {"tis620", "TIS-620"},     {"macroman", "MACINTOSH"}, {"ucs2", "UCS-2BE"},
        {"utf16", "UTF-16BE"},     {"utf16le", "UTF-16LE"},   {"utf32", "UTF-32BE"},
        {"armscii8", "ARMSCII-8"}, {"hp8", "HP-ROMAN8"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].server, charset) == 0)
            return names[i].library;
    return NULL;
}

static bool is_utf8(const char *charset)
{
    return charset == NULL || strcmp(charset, "utf8mb4") == 0 || strcmp(charset, "utf8mb3") == 0 ||
           strcmp(charset, "utf8") == 0 || strcmp(charset, "ascii") == 0;
}

/* A character set that the C library has under another mapping, or not at all, is refused: a
 * letter that is converted otherwise than by the server would be another row. */
enum mr_code mr_snap_charset_open(const char *charset, bool to_utf8, struct mr_snap_charset **out,
                                  struct mr_err *err)
{
    struct mr_snap_charset *c = calloc(1, sizeof *c);
    *out = NULL;
    if (c == NULL)
        return mr_err_nomem(err, "converting texts");
    c->converter = NO_CONVERTER;
    c->to_utf8 = to_utf8;
    if (!is_utf8(charset)) {
        const char *name = name_of(charset);
        c->latin1 = strcmp(charset, "latin1") == 0;
        if (name != NULL)
            c->converter = iconv_open(to_utf8 ? "UTF-8" : name, to_utf8 ? name : "UTF-8");
        if (c->converter == NO_CONVERTER) {
            free(c);
            return mr_err_set(err, MR_E_UNSUPPORTED,
                              "only a server can convert texts of character set \"%s\"", charset);
        }
    }
    *out = c;
    return MR_OK;
}

void mr_snap_charset_close(struct mr_snap_charset *charset)
{
    if (charset == NULL)
        return;
    if (charset->converter != NO_CONVERTER)
        (void)iconv_close(charset->converter);
    free(charset);
}

/* One byte (or character) that the library refuses; returns how many bytes it is. */
static size_t replace(const struct mr_snap_charset *c, const unsigned char *at, size_t left,
                      struct mr_strbuf *out, bool *lost)
{
    if (c->latin1 && c->to_utf8) {
        mr_strbuf_add_char(out, (char)(0xC0 | at[0] >> 6));
        mr_strbuf_add_char(out, (char)(0x80 | (at[0] & 0x3F)));
        return 1;
    }
    if (c->latin1 && left > 1 && at[0] == 0xC2) {
        mr_strbuf_add_char(out, (char)at[1]);
        return 2;
    }
    size_t len = 1;
    while (!c->to_utf8 && len < left && (at[len] & 0xC0) == 0x80)
        len++;
    mr_strbuf_add_char(out, '?');
    *lost = true;
    return len;
}

enum mr_code mr_snap_charset_convert(struct mr_snap_charset *c, const void *ptr, size_t len,
                                     struct mr_strbuf *out, bool *lost, struct mr_err *err)
{
    bool replaced = false;
    if (c->converter == NO_CONVERTER) {
        mr_strbuf_add(out, ptr, len);
        return mr_strbuf_check(out, "converting texts", err);
    }
    char *text = len > 0 ? malloc(len) : NULL; /* iconv's input is not const */
    if (len > 0 && text == NULL)
        return mr_err_nomem(err, "converting texts");
    if (len > 0)
        memcpy(text, ptr, len);
    char *from = text;
    size_t left = len;
    (void)iconv(c->converter, NULL, NULL, NULL, NULL);
    while (left > 0 && mr_strbuf_reserve(out, left + ROOM)) {
        char *to = out->ptr + out->len;
        size_t room = left + ROOM;
        size_t done = iconv(c->converter, &from, &left, &to, &room);
        out->len = (size_t)(to - out->ptr);
        out->ptr[out->len] = '\0';
        if (done == (size_t)-1 && errno != E2BIG) {
            size_t skipped = replace(c, (const unsigned char *)from, left, out, &replaced);
            from += skipped;
            left -= skipped;
        }
    }
    free(text);
    if (lost != NULL && replaced)
        *lost = true;
    return mr_strbuf_check(out, "converting texts", err);
}
