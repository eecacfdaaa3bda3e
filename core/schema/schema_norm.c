/* schema_norm.c: see schema_norm.h; expressions are in schema_expr.c. */
#include "core/schema/schema_norm.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "core/row/row_class.h"

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static void add_requoted(struct mr_strbuf *out, const struct mr_token *token)
{
    struct mr_strbuf raw = MR_STRBUF_INIT;
    mr_token_unquote(&raw, token);
    mr_sqlscan_quote(out, raw.ptr, raw.len);
    out->failed |= raw.failed;
    mr_strbuf_release(&raw);
}

/* -- types ------------------------------------------------------------------------ */

/* Types whose number in parentheses says nothing about the values. */
static bool has_display_width(const struct mr_token *name)
{
    static const char *const names[] = {"tinyint", "smallint", "mediumint",
                                        "int",     "bigint",   "year"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mr_token_is(name, names[i]))
            return true;
    return false;
}

static void skip_width(struct mr_sqlscan *scan)
{
    struct mr_sqlscan ahead = *scan;
    struct mr_token token;
    if (mr_sqlscan_next(&ahead, &token) && mr_token_is(&token, "(") &&
        mr_sqlscan_next(&ahead, &token) && mr_sqlscan_next(&ahead, &token))
        *scan = ahead;
}

static void add_type_word(struct mr_strbuf *out, const struct mr_token *token)
{
    if (mr_token_is(token, "geomcollection"))
        mr_strbuf_add_str(out, "geometrycollection");
    else
        mr_strbuf_add_lower(out, token->ptr, token->len);
}

void mr_norm_type(struct mr_strbuf *out, const char *column_type)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    bool zerofill = strcasestr(column_type, "zerofill") != NULL;
    bool first = true;
    mr_sqlscan_init(&scan, column_type, strlen(column_type));
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (token.kind == MR_TOKEN_WORD) {
            if (!first)
                mr_strbuf_add_char(out, ' ');
            add_type_word(out, &token);
            if (first && !zerofill && has_display_width(&token))
                skip_width(&scan);
        } else if (token.kind == MR_TOKEN_STRING) {
            add_requoted(out, &token);
        } else if (token.len < 2 || memcmp(token.ptr, "/*", 2) != 0) {
            mr_strbuf_add(out, token.ptr, token.len);
        }
        first = false;
    }
}

bool mr_norm_has_empty_member(const char *column_type)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlscan_init(&scan, column_type, strlen(column_type));
    while (mr_sqlscan_next_code(&scan, &token))
        if (token.kind == MR_TOKEN_STRING && token.len == 2)
            return true;
    return false;
}

/* -- defaults --------------------------------------------------------------------- */

/* [-]digits[.digits] in shortest form; false (nothing appended) for any other text. */
static bool add_number(struct mr_strbuf *out, const char *text)
{
    bool negative = *text == '-';
    const char *p = text + (negative || *text == '+');
    size_t whole = strspn(p, "0123456789");
    const char *fraction = p + whole;
    size_t decimals = 0;
    if (*fraction == '.')
        decimals = strspn(++fraction, "0123456789");
    if (whole + decimals == 0 || fraction[decimals] != '\0')
        return false;
    for (; whole > 1 && *p == '0'; whole--)
        p++;
    while (decimals > 0 && fraction[decimals - 1] == '0')
        decimals--;
    bool zero = decimals == 0 && (whole == 0 || (whole == 1 && *p == '0'));
    if (negative && !zero)
        mr_strbuf_add_char(out, '-');
    if (whole == 0)
        mr_strbuf_add_char(out, '0');
    mr_strbuf_add(out, p, whole);
    if (decimals > 0) {
        mr_strbuf_add_char(out, '.');
        mr_strbuf_add(out, fraction, decimals);
    }
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = to_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 0x616263 as the bytes it stands for; false for any other text. */
static bool add_hex_bytes(struct mr_strbuf *raw, const char *text)
{
    size_t len = strlen(text);
    if (len < 2 || len % 2 != 0 || memcmp(text, "0x", 2) != 0)
        return false;
    for (size_t i = 2; i < len; i++)
        if (hex_digit(text[i]) < 0)
            return false;
    for (size_t i = 2; i < len; i += 2)
        mr_strbuf_add_char(raw, (char)(hex_digit(text[i]) * 16 + hex_digit(text[i + 1])));
    return true;
}

/* The value of a literal, as its class writes it. */
static void add_literal(struct mr_strbuf *out, const char *ptr, size_t len, enum mr_class cls,
                        bool fixed_binary)
{
    struct mr_strbuf raw = MR_STRBUF_INIT;
    if (mr_class_is_number(cls)) {
        if (!add_number(out, ptr))
            mr_strbuf_add_lower(out, ptr, len); /* b'101', 1e100 */
        return;
    }
    mr_strbuf_add(&raw, ptr, len);
    while (fixed_binary && raw.len > 0 && raw.ptr[raw.len - 1] == '\0')
        raw.len--;
    mr_sqlscan_quote(out, raw.ptr, raw.len);
    out->failed |= raw.failed;
    mr_strbuf_release(&raw);
}

static bool is_now(const char *text)
{
    static const char now[] = "current_timestamp";
    return strncasecmp(text, now, sizeof now - 1) == 0;
}

/* A default's own text; of bytes it may be written as hexadecimal. */
static void add_raw_default(struct mr_strbuf *out, const char *text, enum mr_class cls,
                            bool fixed_binary)
{
    struct mr_strbuf raw = MR_STRBUF_INIT;
    if (cls != MR_CLASS_BINARY || !add_hex_bytes(&raw, text))
        mr_strbuf_add_str(&raw, text);
    add_literal(out, raw.ptr, raw.len, cls, fixed_binary);
    out->failed |= raw.failed;
    mr_strbuf_release(&raw);
}

/* Is the expression one literal that its class writes as it stands?  Then its value is in raw.
 * x'41' is none of a text, where it would read as the text "x'41'". */
static bool literal_of(struct mr_strbuf *raw, const char *text, enum mr_class cls)
{
    struct mr_sqlscan scan;
    struct mr_token token, rest;
    mr_sqlscan_init(&scan, text, strlen(text));
    bool any = mr_sqlscan_next_code(&scan, &token);
    if (any && mr_token_is(&token, "-")) {
        mr_strbuf_add_char(raw, '-');
        any = mr_sqlscan_next_code(&scan, &token) && token.kind == MR_TOKEN_NUMBER;
    }
    if (!any || mr_sqlscan_next_code(&scan, &rest))
        return false;
    mr_token_unquote(raw, &token);
    return token.kind == MR_TOKEN_STRING || token.kind == MR_TOKEN_NUMBER ||
           (token.kind == MR_TOKEN_LITERAL && mr_class_is_number(cls));
}

/* Of a moment, now() and its relatives are a function whatever the style; NULL is the same as no
 * default. */
void mr_norm_default(struct mr_strbuf *out, const char *text, enum mr_default_style style,
                     enum mr_class cls, bool fixed_binary, const char *own_db)
{
    bool now = cls == MR_CLASS_DATETIME && is_now(text);
    if (style == MR_DEFAULT_RAW && !now) {
        add_raw_default(out, text, cls, fixed_binary);
        return;
    }
    if (strcasecmp(text, "null") == 0)
        return;
    struct mr_strbuf raw = MR_STRBUF_INIT;
    if (literal_of(&raw, text, cls))
        add_literal(out, raw.ptr, raw.len, cls, fixed_binary);
    else
        mr_norm_expr(out, text, own_db);
    out->failed |= raw.failed;
    mr_strbuf_release(&raw);
}

/* -- bodies ----------------------------------------------------------------------- */

static bool is_name_of(const struct mr_token *token, const char *name)
{
    if (name == NULL || (token->kind != MR_TOKEN_WORD && token->kind != MR_TOKEN_IDENT))
        return false;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_token_unquote(&text, token);
    bool same = strcmp(text.ptr, name) == 0;
    mr_strbuf_release(&text);
    return same;
}

/* Is it `own_db.`, qualifying what follows?  Then the scanner is moved behind it. */
static bool skip_own_db(struct mr_sqlscan *scan, const struct mr_token *token, const char *own_db)
{
    if (!is_name_of(token, own_db))
        return false;
    struct mr_sqlscan ahead = *scan;
    struct mr_token dot;
    if (!mr_sqlscan_next(&ahead, &dot) || !mr_token_is(&dot, "."))
        return false;
    *scan = ahead;
    return true;
}

/* SET_VAR in one changes what a statement does. */
static bool is_hint(const struct mr_token *token)
{
    return token->len > 3 && memcmp(token->ptr, "/*+", 3) == 0;
}

/* What differs between two copies of one body, and means nothing: blanks, comments that are no
 * hints, the database's own name, the semicolon at the end. */
void mr_norm_body(struct mr_strbuf *out, const char *text, const char *own_db, const char *sql_mode)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    size_t start = out->len;
    const char *last_end = text;
    bool blank = false;
    mr_sqlscan_init(&scan, text, strlen(text));
    mr_sqlscan_set_mode(&scan, sql_mode);
    while (mr_sqlscan_next(&scan, &token)) {
        const bool passed = token.kind == MR_TOKEN_COMMENT && !is_hint(&token);
        blank |= token.ptr > last_end || passed;
        last_end = token.ptr + token.len;
        if (passed)
            continue;
        if (skip_own_db(&scan, &token, own_db)) {
            last_end = scan.ptr;
            continue;
        }
        if (blank && out->len > start)
            mr_strbuf_add_char(out, ' ');
        mr_strbuf_add(out, token.ptr, token.len);
        blank = false;
    }
    while (!out->failed && out->len > start &&
           (out->ptr[out->len - 1] == ';' || out->ptr[out->len - 1] == ' '))
        out->ptr[--out->len] = '\0';
}

bool mr_norm_has_escapes(const char *text)
{
    return strchr(text, '\\') != NULL || strstr(text, "''") != NULL;
}

/* Does a backslash and c stand for a control character? */
static bool is_control_escape(char c)
{
    return c != '\0' && strchr("ntrbZ0", c) != NULL;
}

void mr_norm_body_loose(struct mr_strbuf *out, const char *text, const char *own_db,
                        const char *sql_mode)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    mr_norm_body(&body, text, own_db, sql_mode);
    for (size_t i = 0; i < body.len; i++) {
        char c = body.ptr[i];
        if (c == '\\') {
            i += is_control_escape(body.ptr[i + 1]); /* a NUL stands behind the end */
            continue;
        }
        if ((unsigned char)c > ' ' && c != '\'')
            mr_strbuf_add_char(out, c);
    }
    out->failed |= body.failed;
    mr_strbuf_release(&body);
}

/* -- names of character sets ------------------------------------------------------- */

void mr_norm_charset(struct mr_strbuf *out, const char *name)
{
    if (strcasecmp(name, "utf8") == 0 || strncasecmp(name, "utf8_", 5) == 0) {
        mr_strbuf_add_str(out, "utf8mb3");
        name += 4;
    }
    mr_strbuf_add_lower(out, name, strlen(name));
}
