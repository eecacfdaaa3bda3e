/* sqlscan.c: see sqlscan.h. */
#include "core/db/sqlscan.h"

#include <string.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* What has to follow "--" for servers to see a comment, as the end of the text does. */
static bool is_space_or_control(char c)
{
    return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes above ASCII are letters: identifiers may hold any of them. */
static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

void mr_sqlscan_init(struct mr_sqlscan *scan, const char *text, size_t len)
{
    *scan = (struct mr_sqlscan){.ptr = text, .end = text + len};
}

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ",");
        if (n == len && strncasecmp(at, word, len) == 0)
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

void mr_sqlscan_set_mode(struct mr_sqlscan *scan, const char *sql_mode)
{
    static const char *const quoting[] = {"ANSI_QUOTES", "ANSI",  "ORACLE",    "MSSQL",
                                          "DB2",         "MAXDB", "POSTGRESQL"};
    scan->no_backslash = has_word(sql_mode, "NO_BACKSLASH_ESCAPES");
    scan->ansi_quotes = false;
    for (size_t i = 0; i < sizeof quoting / sizeof *quoting; i++)
        scan->ansi_quotes |= has_word(sql_mode, quoting[i]);
}

static char peek(const struct mr_sqlscan *scan, size_t ahead)
{
    return (size_t)(scan->end - scan->ptr) > ahead ? scan->ptr[ahead] : '\0';
}

/* Names have no escapes, and under a mode strings have none either. */
static bool is_name_quote(const struct mr_sqlscan *scan, char quote)
{
    return quote == '`' || (quote == '"' && scan->ansi_quotes);
}

static void skip_quoted(struct mr_sqlscan *scan, char quote)
{
    bool escapes = !scan->no_backslash && !is_name_quote(scan, quote);
    for (scan->ptr++; scan->ptr < scan->end; scan->ptr++) {
        if (*scan->ptr == '\\' && escapes && scan->ptr + 1 < scan->end) {
            scan->ptr++;
        } else if (*scan->ptr == quote) {
            if (peek(scan, 1) != quote) {
                scan->ptr++;
                return;
            }
            scan->ptr++;
        }
    }
    scan->broken = true;
}

static void skip_line(struct mr_sqlscan *scan)
{
    while (scan->ptr < scan->end && *scan->ptr != '\n')
        scan->ptr++;
}

static void skip_block(struct mr_sqlscan *scan)
{
    for (scan->ptr += 2; scan->ptr < scan->end; scan->ptr++) {
        if (*scan->ptr == '*' && peek(scan, 1) == '/') {
            scan->ptr += 2;
            return;
        }
    }
    scan->broken = true;
}

static void skip_digits(struct mr_sqlscan *scan)
{
    while (scan->ptr < scan->end && is_digit(*scan->ptr))
        scan->ptr++;
}

static void skip_number(struct mr_sqlscan *scan)
{
    skip_digits(scan);
    if (peek(scan, 0) == '.') {
        scan->ptr++;
        skip_digits(scan);
    }
    char e = peek(scan, 0);
    if (e == 'e' || e == 'E') {
        size_t sign = peek(scan, 1) == '-' || peek(scan, 1) == '+';
        if (is_digit(peek(scan, 1 + sign))) {
            scan->ptr += 1 + sign;
            skip_digits(scan);
        }
    }
}

static void skip_word(struct mr_sqlscan *scan)
{
    while (scan->ptr < scan->end && is_word(*scan->ptr))
        scan->ptr++;
}

/* @a, @'a', @@global.x: one word each. */
static void skip_variable(struct mr_sqlscan *scan)
{
    scan->ptr++;
    if (peek(scan, 0) == '@')
        scan->ptr++;
    char c = peek(scan, 0);
    if (c == '\'' || c == '"' || c == '`') {
        skip_quoted(scan, c);
        return;
    }
    while (scan->ptr < scan->end && (is_word(*scan->ptr) || *scan->ptr == '.'))
        scan->ptr++;
}

static void skip_punct(struct mr_sqlscan *scan)
{
    static const char *const longer[] = {
        "<=>", "->>", "<>", "<=", ">=", "!=", "<<", ">>", "||", "&&", ":=", "->"};
    size_t left = (size_t)(scan->end - scan->ptr);
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
        if (longer[i][0] != *scan->ptr)
            continue; /* most are commas and parentheses, millions of them in a plan */
        size_t len = strlen(longer[i]);
        if (len <= left && memcmp(scan->ptr, longer[i], len) == 0) {
            scan->ptr += len;
            return;
        }
    }
    scan->ptr++;
}

static bool starts_comment(const struct mr_sqlscan *scan)
{
    char c = peek(scan, 0);
    if (c == '#')
        return true;
    if (c == '-' && peek(scan, 1) == '-')
        return is_space_or_control(peek(scan, 2)); /* NUL at the end */
    return c == '/' && peek(scan, 1) == '*';
}

static enum mr_token_kind skip_comment(struct mr_sqlscan *scan)
{
    if (*scan->ptr != '/') {
        skip_line(scan);
        return MR_TOKEN_COMMENT;
    }
    bool executable = peek(scan, 2) == '!' || (peek(scan, 2) == 'M' && peek(scan, 3) == '!');
    skip_block(scan);
    return executable ? MR_TOKEN_PUNCT : MR_TOKEN_COMMENT;
}

static enum mr_token_kind skip_wordlike(struct mr_sqlscan *scan)
{
    const char *start = scan->ptr;
    skip_word(scan);
    size_t len = (size_t)(scan->ptr - start);
    if (len == 1 && strchr("xXbBnN", *start) != NULL && peek(scan, 0) == '\'') {
        skip_quoted(scan, '\'');
        return MR_TOKEN_LITERAL;
    }
    return MR_TOKEN_WORD;
}

static enum mr_token_kind skip_numeric(struct mr_sqlscan *scan)
{
    const char *start = scan->ptr;
    if (*start == '0' && (peek(scan, 1) == 'x' || peek(scan, 1) == 'b')) {
        skip_word(scan);
        return MR_TOKEN_LITERAL;
    }
    skip_number(scan);
    if (scan->ptr < scan->end && is_word(*scan->ptr)) {
        skip_word(scan); /* 1st is an identifier */
        return MR_TOKEN_WORD;
    }
    return MR_TOKEN_NUMBER;
}

static enum mr_token_kind skip_token(struct mr_sqlscan *scan)
{
    char c = *scan->ptr;
    if (starts_comment(scan))
        return skip_comment(scan);
    if (c == '\'' || c == '"' || c == '`') {
        skip_quoted(scan, c);
        return is_name_quote(scan, c) ? MR_TOKEN_IDENT : MR_TOKEN_STRING;
    }
    if (is_digit(c) || (c == '.' && scan->ptr != scan->word_end && is_digit(peek(scan, 1))))
        return skip_numeric(scan);
    if (is_word(c))
        return skip_wordlike(scan);
    if (c == '@') {
        skip_variable(scan);
        return MR_TOKEN_WORD;
    }
    skip_punct(scan);
    return MR_TOKEN_PUNCT;
}

bool mr_sqlscan_next(struct mr_sqlscan *scan, struct mr_token *token)
{
    while (scan->ptr < scan->end && is_space(*scan->ptr))
        scan->ptr++;
    *token = (struct mr_token){.kind = MR_TOKEN_END, .ptr = scan->ptr};
    if (scan->ptr == scan->end)
        return false;
    token->kind = skip_token(scan);
    token->len = (size_t)(scan->ptr - token->ptr);
    token->no_backslash = scan->no_backslash;
    if (token->kind == MR_TOKEN_WORD)
        scan->word_end = scan->ptr;
    return true;
}

bool mr_sqlscan_next_code(struct mr_sqlscan *scan, struct mr_token *token)
{
    do {
        if (!mr_sqlscan_next(scan, token))
            return false;
    } while (token->kind == MR_TOKEN_COMMENT);
    return true;
}

const char *mr_sqlscan_why_open(const char *condition)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    size_t depth = 0;
    mr_sqlscan_init(&scan, condition, strlen(condition));
    while (mr_sqlscan_next(&scan, &token)) {
        if (token.kind != MR_TOKEN_PUNCT)
            continue;
        if (token.len > 1 && token.ptr[0] == '/')
            return "a comment that servers run";
        if (*token.ptr == ';')
            return "a semicolon";
        if (*token.ptr == ')' && depth == 0)
            return "a closing parenthesis too many";
        depth += *token.ptr == '(';
        depth -= *token.ptr == ')';
    }
    if (scan.broken)
        return "a literal or comment without its end";
    return depth > 0 ? "a parenthesis without its end" : NULL;
}

bool mr_token_is(const struct mr_token *token, const char *word)
{
    if (token->kind != MR_TOKEN_WORD && token->kind != MR_TOKEN_PUNCT)
        return false;
    /* letters of either case differ in that bit, if in any */
    return token->len > 0 && ((token->ptr[0] ^ word[0]) & ~0x20) == 0 &&
           strlen(word) == token->len && strncasecmp(token->ptr, word, token->len) == 0;
}

static void add_escaped(struct mr_strbuf *out, char c)
{
    static const char from[] = "ntr0bZ";
    static const char to[] = "\n\t\r\0\b\x1a";
    const char *at = c == '\0' ? NULL : strchr(from, c);
    if (at != NULL) {
        mr_strbuf_add_char(out, to[at - from]);
        return;
    }
    if (c == '%' || c == '_')
        mr_strbuf_add_char(out, '\\'); /* stays: it means something to LIKE */
    mr_strbuf_add_char(out, c);
}

void mr_token_unquote(struct mr_strbuf *out, const struct mr_token *token)
{
    const char *p = token->ptr, *end = token->ptr + token->len;
    if (token->kind != MR_TOKEN_IDENT && token->kind != MR_TOKEN_STRING) {
        mr_strbuf_add(out, p, token->len);
        return;
    }
    bool escapes = token->kind == MR_TOKEN_STRING && !token->no_backslash;
    char quote = *p++;
    if (end > p && end[-1] == quote)
        end--;
    for (; p < end; p++) {
        if (*p == '\\' && escapes && p + 1 < end) {
            add_escaped(out, *++p);
            continue;
        }
        mr_strbuf_add_char(out, *p);
        if (*p == quote && p + 1 < end && p[1] == quote)
            p++;
    }
}

void mr_sqlscan_quote(struct mr_strbuf *out, const char *ptr, size_t len)
{
    mr_strbuf_add_char(out, '\'');
    for (size_t i = 0; i < len; i++) {
        if (ptr[i] == '\0') { /* so that the result is a C string */
            mr_strbuf_add_str(out, "\\0");
            continue;
        }
        if (ptr[i] == '\'' || ptr[i] == '\\')
            mr_strbuf_add_char(out, ptr[i]);
        mr_strbuf_add_char(out, ptr[i]);
    }
    mr_strbuf_add_char(out, '\'');
}

bool mr_sqlscan_holds_name(const char *text, size_t len, const char *name)
{
    const size_t n = strlen(name);
    for (size_t i = 0; i < len && n <= len - i; i++)
        if (strncasecmp(text + i, name, n) == 0 && (i == 0 || !is_word(text[i - 1])) &&
            (i + n == len || !is_word(text[i + n])))
            return true;
    return false;
}
