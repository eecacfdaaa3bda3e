/* sqlshort.c: see sqlshort.h. */
#include "core/db/sqlshort.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"

/* Longer than any name, with its quotes. */
#define NAME_MAX_BYTES 512

static bool ends_with(const struct mr_token *token, const char *word)
{
    const size_t len = strlen(word), quote = token->kind == MR_TOKEN_IDENT;
    return token->len >= len + quote &&
           strncasecmp(token->ptr + token->len - quote - len, word, len) == 0;
}

/* IDENTIFIED BY '…', IDENTIFIED VIA … AS '…', SET PASSWORD = '…', MASTER_PASSWORD = '…',
 * CONNECTION = 'scheme://user:password@…'.  None of our own statements has one; definitions that
 * are restored may. */
static bool hides_next(const struct mr_token *token)
{
    static const char *const words[] = {"password", "connection"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (ends_with(token, words[i]))
            return true;
    return mr_token_is(token, "BY") || mr_token_is(token, "AS") || mr_token_is(token, "USING") ||
           mr_token_is(token, "AUTH");
}

static void add_literal(struct mr_strbuf *out, const struct mr_token *token)
{
    if (token->len <= MR_SQLSHORT_LITERAL_BYTES + 2) {
        mr_strbuf_add(out, token->ptr, token->len);
        return;
    }
    size_t keep = MR_SQLSHORT_LITERAL_BYTES;
    while (keep > 0 && ((unsigned char)token->ptr[keep] & 0xc0) == 0x80)
        keep--; /* not within a character */
    mr_strbuf_add(out, token->ptr, keep);
    mr_strbuf_add_fmt(out, "\xe2\x80\xa6 %zu bytes", token->len);
}

static void add_token(struct mr_strbuf *out, const struct mr_token *token, bool hidden)
{
    if (token->kind == MR_TOKEN_STRING && hidden)
        mr_strbuf_add_str(out, "'\xe2\x80\xa6'");
    else if (token->kind == MR_TOKEN_STRING || token->kind == MR_TOKEN_LITERAL ||
             token->len > NAME_MAX_BYTES)
        add_literal(out, token);
    else
        mr_strbuf_add(out, token->ptr, token->len);
}

/* A comment that servers run is code that may have anything in it: a password, too. */
static bool is_executable(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_PUNCT && token->len > 3 && memcmp(token->ptr, "/*", 2) == 0;
}

void mr_sqlshort(struct mr_strbuf *out, const char *text, size_t len)
{
    const size_t begin = out->len;
    const char *end = text;
    bool hidden = false;
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlscan_init(&scan, text, len);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (out->len - begin > MR_SQLSHORT_BYTES) {
            mr_strbuf_add_fmt(out, "\xe2\x80\xa6 %zu bytes in all", len);
            return;
        }
        if (out->len > begin && end != token.ptr)
            mr_strbuf_add_char(out, ' ');
        end = token.ptr + token.len;
        if (is_executable(&token))
            mr_strbuf_add_str(out, "/*!\xe2\x80\xa6*/");
        else
            add_token(out, &token, hidden);
        if (token.kind == MR_TOKEN_WORD || token.kind == MR_TOKEN_IDENT)
            hidden = hides_next(&token);
    }
}
