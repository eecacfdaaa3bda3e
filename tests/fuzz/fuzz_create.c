/*
 * fuzz_create.c: what is taken of a server's SHOW CREATE TABLE and of its expressions.
 *
 * The first byte says what the catalogue shows of the table.  Whatever the text is,
 * it is read; normal forms do not grow beyond what they are made of, and what passes for one
 * expression stands by itself between two parentheses.
 */
#include "fuzz.h"

#include <string.h>

#include "core/schema/schema_internal.h"
#include "core/schema/schema_norm.h"
#include "core/db/sqlscan.h"

static const char versions[] = "system_time (): h, c";

static void read_create(uint8_t shown, const char *text, size_t len)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_index indexes[] = {{.name = "PRIMARY", .kind = "BTREE"},
                                 {.name = "u", .kind = "FULLTEXT"}};
    struct mr_check checks[] = {{.name = "p", .clause = "s < e"}};
    struct mr_table t = {.db = "d",
                         .name = "t",
                         .indexes = indexes,
                         .nindexes = shown & 2,
                         .checks = checks,
                         .nchecks = shown & 1,
                         .partitioning = shown & 4 ? versions : NULL};
    FUZZ_CHECK(mr_schema_read_create(&t, text, len, &arena, NULL) == MR_OK);
    if (t.partitioning != NULL && strcmp(t.partitioning, versions) != 0)
        FUZZ_CHECK(strncmp(t.partitioning, "system_time", 11) == 0);
    mr_arena_release(&arena);
}

static void introduced(const char *text, size_t len, bool ansi)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_schema_introduced(&out, text, len, ansi ? "ANSI_QUOTES" : "");
    FUZZ_CHECK(!out.failed);
    mr_strbuf_release(&out);
}

static void normalise(const char *text)
{
    struct mr_strbuf once = MR_STRBUF_INIT, body = MR_STRBUF_INIT;
    mr_norm_expr(&once, text, "d");
    mr_norm_body(&body, text, "d", NULL);
    mr_norm_type(&body, text);
    FUZZ_CHECK(!once.failed && !body.failed);
    FUZZ_CHECK(once.len <= 16 * strlen(text) + 64);
    mr_strbuf_reset(&body);
    mr_norm_default(&body, text, MR_DEFAULT_RAW, MR_CLASS_DOUBLE, false, "d");
    mr_norm_default(&body, text, MR_DEFAULT_EXPRESSION, MR_CLASS_BINARY, true, "d");
    mr_norm_unescape(&body, text);
    FUZZ_CHECK(!body.failed);
    mr_strbuf_release(&once);
    mr_strbuf_release(&body);
}

/* What is one expression between two parentheses has tokens that close what they open. */
static void stands(const char *text)
{
    struct mr_sqlscan scan;
    struct mr_token token;
    int depth = 0;
    if (mr_sqlscan_why_open(text) != NULL)
        return;
    mr_sqlscan_init(&scan, text, strlen(text));
    while (mr_sqlscan_next(&scan, &token)) {
        FUZZ_CHECK(token.len > 0 && !mr_token_is(&token, ";"));
        depth += mr_token_is(&token, "(") - mr_token_is(&token, ")");
        FUZZ_CHECK(depth >= 0);
    }
    FUZZ_CHECK(depth == 0 && !scan.broken);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *text = malloc(size);
    FUZZ_CHECK(text != NULL);
    if (size > 1)
        memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    read_create(data[0], (const char *)data + 1, size - 1);
    introduced((const char *)data + 1, size - 1, data[0] & 8);
    normalise(text);
    stands(text);
    free(text);
    return 0;
}
