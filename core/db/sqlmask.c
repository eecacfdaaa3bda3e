/* sqlmask.c: see sqlmask.h. */
#include "core/db/sqlmask.h"

#include <stdbool.h>
#include <string.h>

#include "core/db/sqlscan.h"

/* @'any text' is a name to the server; whoever wrote it may have put a value there. */
static bool is_quoted_variable(const struct mr_token *token)
{
    return token->ptr[0] == '@' && (memchr(token->ptr, '\'', token->len) != NULL ||
                                    memchr(token->ptr, '"', token->len) != NULL);
}

/* Under whose sql_mode it was written is not known: a quote behind a backslash belongs to the
 * text, or, with NO_BACKSLASH_ESCAPES, ends it, and then what we read as text is code and the
 * other way round, to the end. */
static bool is_ambiguous(const struct mr_token *token)
{
    const char *at = token->ptr, *end = token->ptr + token->len;
    while (at < end && *at != '\'' && *at != '"')
        at++;
    for (const char quote = at < end ? *at++ : '\0'; end - at > 2; at++)
        if (at[0] == '\\' && at[1] == quote)
            return true;
    return false;
}

/* MySQL's $$text$$ and $tag$text$tag$: its end would have to be looked for. */
static bool opens_dollar_text(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_WORD && token->ptr[0] == '$' && token->len > 1 &&
           memchr(token->ptr + 1, '$', token->len - 1) != NULL;
}

/* A comment that the server executes is code with values in it. */
static bool is_executable(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_PUNCT && token->len > 3 && memcmp(token->ptr, "/*", 2) == 0;
}

static bool hides(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_STRING || token->kind == MR_TOKEN_NUMBER ||
           token->kind == MR_TOKEN_LITERAL || is_quoted_variable(token);
}

void mr_sqlmask(struct mr_strbuf *out, const char *text, size_t len)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    const char *end = text;
    mr_sqlscan_init(&scan, text, len);
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (is_executable(&token)) {
            end = NULL;
            continue;
        }
        if (out->len > 0 && end != token.ptr)
            mr_strbuf_add_char(out, ' ');
        end = token.ptr + token.len;
        if (opens_dollar_text(&token)) {
            mr_strbuf_add_char(out, '?');
            return;
        }
        if (hides(&token)) {
            mr_strbuf_add_char(out, '?');
            if (is_ambiguous(&token))
                return;
        } else {
            mr_strbuf_add(out, token.ptr, token.len);
        }
    }
}
