/* view_reads.c: see view_reads.h. */
#include "snapshot/create/view_reads.h"

#include <string.h>

#include "core/db/sqlscan.h"

static bool is_source(const struct mr_token *token)
{
    return mr_token_is(token, "FROM") || mr_token_is(token, "JOIN") ||
           mr_token_is(token, "STRAIGHT_JOIN");
}

bool mr_view_reads(const char *definition, mr_view_reads_fn *fn, const void *ctx)
{
    struct mr_strbuf db = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    struct mr_token token;
    bool go_on = true, expected = false; /* a name: also behind "from ((" */
    mr_sqlscan_init(&scan, definition, strlen(definition));
    while (go_on && mr_sqlscan_next_code(&scan, &token)) {
        if (!expected || token.kind != MR_TOKEN_IDENT) {
            expected = is_source(&token) || (expected && mr_token_is(&token, "("));
            continue;
        }
        expected = false;
        mr_strbuf_reset(&db);
        mr_strbuf_reset(&name);
        mr_token_unquote(&db, &token);
        if (!mr_sqlscan_next_code(&scan, &token))
            break;
        if (!mr_token_is(&token, ".")) { /* of a WITH: behind it another source may follow */
            expected = is_source(&token);
        } else if (mr_sqlscan_next_code(&scan, &token)) {
            mr_token_unquote(&name, &token);
            go_on = !db.failed && !name.failed && fn(ctx, db.ptr, name.ptr);
        }
    }
    mr_strbuf_release(&db);
    mr_strbuf_release(&name);
    return go_on;
}
