/* sqlpurpose.c: see sqlpurpose.h. */
#include "core/db/sqlpurpose.h"

#include "core/base/utf8.h"
#include "core/db/sqlscan.h"

#define WORDS_MAX 6

static bool is_name(const struct mr_token *token)
{
    return token->kind == MR_TOKEN_WORD || token->kind == MR_TOKEN_IDENT;
}

static void add_shown(struct mr_strbuf *out, const struct mr_token *token)
{
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_token_unquote(&name, token);
    mr_utf8_show(out, name.ptr, name.len, false);
    out->failed |= name.failed;
    mr_strbuf_release(&name);
}

/* A name of up to two parts; *token is the first behind it then. */
static void add_path(struct mr_sqlscan *scan, struct mr_token *token, struct mr_strbuf *out)
{
    mr_strbuf_add_str(out, "\"");
    add_shown(out, token);
    if (mr_sqlscan_next_code(scan, token) && mr_token_is(token, ".") &&
        mr_sqlscan_next_code(scan, token) && is_name(token)) {
        mr_strbuf_add_char(out, '.');
        add_shown(out, token);
        (void)mr_sqlscan_next_code(scan, token);
    }
    mr_strbuf_add_str(out, "\"");
}

/* The first table behind a FROM, however deep; false: there is none. */
static bool add_read_table(struct mr_sqlscan scan, struct mr_strbuf *out)
{
    struct mr_token token = {0};
    bool from = false;
    while (mr_sqlscan_next_code(&scan, &token)) {
        if (from && is_name(&token) && !mr_token_is(&token, "SELECT")) {
            mr_strbuf_add_str(out, "reading ");
            add_path(&scan, &token, out);
            return true;
        }
        from = mr_token_is(&token, "FROM") || (from && mr_token_is(&token, "("));
    }
    return false;
}

/* The keywords that it starts with, and the name behind them. */
static void add_start(struct mr_sqlscan scan, struct mr_strbuf *out)
{
    struct mr_token token = {0};
    bool more = mr_sqlscan_next_code(&scan, &token);
    mr_strbuf_add_str(out, "running");
    for (int i = 0; more && i < WORDS_MAX && is_name(&token); i++) {
        mr_strbuf_add_char(out, ' ');
        if (token.kind == MR_TOKEN_IDENT) {
            add_path(&scan, &token, out);
            return;
        }
        add_shown(out, &token);
        more = mr_sqlscan_next_code(&scan, &token);
        if (more && mr_token_is(&token, "."))
            return;
    }
}

void mr_sqlpurpose(struct mr_strbuf *out, const char *text, size_t len)
{
    struct mr_sqlscan scan, ahead;
    struct mr_token token = {0};
    mr_sqlscan_init(&scan, text, len);
    ahead = scan;
    if (mr_sqlscan_next_code(&ahead, &token) && mr_token_is(&token, "SET"))
        mr_strbuf_add_str(out, "setting up the session");
    else if (!mr_token_is(&token, "SELECT") || !add_read_table(scan, out))
        add_start(scan, out);
}
