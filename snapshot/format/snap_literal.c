/* snap_literal.c: see snap_literal.h. */
#include "snapshot/format/snap_literal.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "snapshot/format/snap_charset.h"

/* Of both families: a column's name may begin with "_", too. */
static bool is_introducer(const struct mr_token *token)
{
    static const char *const charsets[] = {
        "armscii8", "ascii",   "big5",     "binary", "cp1250",  "cp1251",  "cp1256",
        "cp1257",   "cp850",   "cp852",    "cp866",  "cp932",   "dec8",    "eucjpms",
        "euckr",    "gb18030", "gb2312",   "gbk",    "geostd8", "greek",   "hebrew",
        "hp8",      "keybcs2", "koi8r",    "koi8u",  "latin1",  "latin2",  "latin5",
        "latin7",   "macce",   "macroman", "sjis",   "swe7",    "tis620",  "ucs2",
        "ujis",     "utf16",   "utf16le",  "utf32",  "utf8",    "utf8mb3", "utf8mb4"};
    if (token->kind != MR_TOKEN_WORD || token->len < 2 || *token->ptr != '_')
        return false;
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (strlen(charsets[i]) == token->len - 1 &&
            strncasecmp(charsets[i], token->ptr + 1, token->len - 1) == 0)
            return true;
    return false;
}

static bool is_plain(const struct mr_token *token)
{
    for (size_t i = 0; i < token->len; i++)
        if ((unsigned char)token->ptr[i] >= 0x80)
            return false;
    return true;
}

struct pass {
    struct mr_strbuf *out;
    const char *kept; /* up to here it stands in out */
    const char *charset;
    struct mr_snap_charset *converter; /* NULL until it is needed */
};

static enum mr_code refuse(const struct pass *p, struct mr_err *err)
{
    return mr_err_set(err, MR_E_SNAPSHOT,
                      "the bytes of a literal in it cannot be told: its client used "
                      "\"%s\"",
                      p->charset);
}

/* The bytes as they are: what is no character of UTF-8 is no special one, either. */
static void put_quoted(struct mr_strbuf *out, const struct mr_strbuf *bytes, bool no_backslash)
{
    mr_strbuf_add_char(out, '\'');
    for (size_t i = 0; i < bytes->len; i++) {
        const char c = bytes->ptr[i];
        if (c == '\0' && !no_backslash) {
            mr_strbuf_add_str(out, "\\0");
            continue;
        }
        if (c == '\'' || (c == '\\' && !no_backslash))
            mr_strbuf_add_char(out, c);
        mr_strbuf_add_char(out, c);
    }
    mr_strbuf_add_char(out, '\'');
}

/* A text that the client's character set cannot say was not sent by it: then the bytes cannot be
 * told, and the object is named instead of made wrong. */
static enum mr_code put_bytes(struct pass *p, const struct mr_token *token, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, bytes = MR_STRBUF_INIT;
    bool lost = false;
    if (p->converter == NULL &&
        mr_snap_charset_open(p->charset, false, &p->converter, NULL) != MR_OK)
        return refuse(p, err);
    mr_token_unquote(&text, token);
    enum mr_code code = mr_strbuf_check(&text, "reading a statement", err);
    if (code == MR_OK)
        code = mr_snap_charset_convert(p->converter, text.ptr, text.len, &bytes, &lost, err);
    if (code == MR_OK && lost)
        code = refuse(p, err);
    mr_strbuf_add(p->out, p->kept, (size_t)(token->ptr - p->kept));
    put_quoted(p->out, &bytes, token->no_backslash);
    p->kept = token->ptr + token->len;
    mr_strbuf_release(&text);
    mr_strbuf_release(&bytes);
    return code;
}

/* Of these the bytes are those of the text. */
static bool is_kept(const char *charset)
{
    return charset == NULL || strncasecmp(charset, "utf8", 4) == 0 ||
           strcasecmp(charset, "binary") == 0 || strcasecmp(charset, "ascii") == 0;
}

/* Only the literal right behind an introducer is changed; all other text is handed on as it is,
 * to the byte. */
enum mr_code mr_snap_literal_add(struct mr_strbuf *out, const char *sql, const char *sql_mode,
                                 const char *charset, struct mr_err *err)
{
    struct pass p = {.out = out, .kept = sql, .charset = charset};
    struct mr_sqlscan scan;
    struct mr_token token;
    bool introduced = false;
    enum mr_code code = MR_OK;
    mr_sqlscan_init(&scan, sql, strlen(sql));
    mr_sqlscan_set_mode(&scan, sql_mode);
    while (code == MR_OK && !is_kept(charset) && mr_sqlscan_next_code(&scan, &token)) {
        if (introduced && token.kind == MR_TOKEN_STRING && !is_plain(&token))
            code = put_bytes(&p, &token, err);
        introduced = is_introducer(&token);
    }
    mr_strbuf_add_str(out, p.kept);
    mr_snap_charset_close(p.converter);
    return code == MR_OK ? mr_strbuf_check(out, "reading a statement", err) : code;
}
