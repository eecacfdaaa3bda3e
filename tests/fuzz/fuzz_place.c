/*
 * fuzz_place.c: what of a snapshot's statements is run.
 *
 * The first byte says what is made and under which sql_mode.  Whatever the rest is: it is
 * refused, or what is passed on is taken again as it is, and is of its own database.  Of
 * tables: one statement, that reads no rows, and names no other database but behind
 * REFERENCES and in nextval(), not even in comments that servers run.
 */
#include "fuzz.h"

#include <string.h>
#include <strings.h>

#include "core/db/sqlscan.h"
#include "snapshot/format/snap_place.h"

static const char *const kinds[] = {"TABLE", "ALTER",    "VIEW",     "TRIGGER",
                                    "EVENT", "SEQUENCE", "FUNCTION", "DATABASE"};
static const char *const modes[] = {NULL, "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES",
                                    "ANSI,NO_BACKSLASH_ESCAPES"};

static void look_at_tokens(const char *sql, size_t len, bool inside);

/* The last token: in front of a full stop. */
static bool may_be_named(const struct mr_token before[3])
{
    const struct mr_token *name = &before[0];
    bool is_own = name->len > 0 && strncasecmp(name->ptr, "`t`", name->len) == 0;
    return is_own || (name->len == 1 && (*name->ptr | 0x20) == 't') ||
           mr_token_is(&before[1], "REFERENCES") ||
           (mr_token_is(&before[1], "(") &&
            (mr_token_is(&before[2], "nextval") || mr_token_is(&before[2], "lastval")));
}

/* The same words, as a server sees them that runs the comment. */
static void look_into(const struct mr_token *token)
{
    const char *from = memchr(token->ptr, '!', token->len);
    FUZZ_CHECK(from != NULL && token->len >= 5);
    const char *end = token->ptr + token->len - 2;
    for (from++; from < end && *from >= '0' && *from <= '9'; from++)
        ;
    look_at_tokens(from, (size_t)(end - from), true);
}

static void look_at_tokens(const char *sql, size_t len, bool inside)
{
    struct mr_sqlscan scan;
    struct mr_token token, before[3] = {{0}};
    mr_sqlscan_init(&scan, sql, len);
    while (mr_sqlscan_next(&scan, &token)) {
        if (token.kind == MR_TOKEN_COMMENT) {
            FUZZ_CHECK(!inside);
            continue;
        }
        FUZZ_CHECK(!mr_token_is(&token, ";") && !mr_token_is(&token, "SELECT"));
        if (token.kind == MR_TOKEN_PUNCT && token.len > 1 && token.ptr[0] == '/')
            look_into(&token);
        if (mr_token_is(&token, "."))
            FUZZ_CHECK(may_be_named(before));
        before[2] = before[1];
        before[1] = before[0];
        before[0] = token;
    }
    FUZZ_CHECK(!scan.broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_strbuf out = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_err err;
    if (size == 0)
        return 0;
    struct mr_snap_place place = {
        .what = kinds[data[0] % 8], .name = "t", .db = "live", .sql_mode = modes[data[0] / 8 % 4]};
    bool is_table = strcmp(place.what, "TABLE") == 0 || strcmp(place.what, "ALTER") == 0;
    if (is_table)
        place.sql_mode = NULL;
    if (mr_snap_place(&place, (const char *)data + 1, size - 1, &out, &err) == MR_OK) {
        FUZZ_CHECK(mr_snap_place(&place, out.ptr, out.len, &again, &err) == MR_OK);
        FUZZ_CHECK(again.len == out.len && memcmp(again.ptr, out.ptr, out.len) == 0);
        if (is_table)
            look_at_tokens(out.ptr, out.len, false);
    }
    mr_strbuf_release(&out);
    mr_strbuf_release(&again);
    return 0;
}
