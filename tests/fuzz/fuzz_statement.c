/*
 * fuzz_statement.c: texts that are read as SQL: statements of other sessions, whose values are
 * masked, bodies of triggers, and conditions on rows.
 *
 * What is masked holds no literal.  A trigger writes no more often than its text has bytes.  A
 * condition that is understood can be asked of rows of every kind.
 */
#include "fuzz.h"

#include <string.h>

#include "core/db/sqlmask.h"
#include "core/db/sqlpurpose.h"
#include "core/source/condition.h"
#include "repair/plan/trigger_writes.h"

static const struct mr_column columns[] = {
    {.name = "kind", .cls = MR_CLASS_TEXT, .charset = "utf8mb4", .collation = "utf8mb4_general_ci"},
    {.name = "exact", .cls = MR_CLASS_TEXT, .charset = "latin1", .collation = "latin1_bin"},
    {.name = "n", .cls = MR_CLASS_INT},
    {.name = "u", .cls = MR_CLASS_UINT},
    {.name = "price", .cls = MR_CLASS_DECIMAL},
    {.name = "bytes", .cls = MR_CLASS_BINARY},
    {.name = "at", .cls = MR_CLASS_DATETIME},
};
static const struct mr_table table = {
    .db = "club", .name = "log", .columns = columns, .ncolumns = sizeof columns / sizeof *columns};

static void check_mask(const char *text, size_t len)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_sqlscan scan;
    struct mr_token token;
    mr_sqlmask(&out, text, len);
    FUZZ_CHECK(!out.failed);
    mr_sqlscan_init(&scan, out.ptr, out.len);
    while (mr_sqlscan_next_code(&scan, &token))
        FUZZ_CHECK(token.kind != MR_TOKEN_STRING && token.kind != MR_TOKEN_NUMBER &&
                   token.kind != MR_TOKEN_LITERAL);
    mr_strbuf_reset(&out);
    mr_sqlpurpose(&out, text, len);
    FUZZ_CHECK(!out.failed);
    mr_strbuf_release(&out);
}

static void check_trigger(const char *text)
{
    struct mr_trigger_writes writes;
    size_t found = 0;
    mr_trigger_writes_init(&writes, text);
    while (mr_trigger_writes_next(&writes)) {
        FUZZ_CHECK(writes.verb >= MR_TRIGGER_INSERTS && writes.verb <= MR_TRIGGER_CALLS);
        FUZZ_CHECK(++found <= strlen(text));
    }
    mr_trigger_writes_release(&writes);
}

static struct mr_value value_of(const struct mr_column *column, int kind)
{
    static const char text[] = "Member ", number[] = "-1.50";
    struct mr_value value = {.cls = kind == 0 ? MR_CLASS_NULL : column->cls};
    if (value.cls == MR_CLASS_DECIMAL) {
        value.ptr = number;
        value.len = sizeof number - 1;
    } else if (value.cls == MR_CLASS_TEXT || value.cls == MR_CLASS_BINARY) {
        value.ptr = text;
        value.len = kind == 1 ? sizeof text - 1 : 0;
    } else if (value.cls == MR_CLASS_DATETIME) {
        value.t = (struct mr_time){.year = 2026, .month = 4, .day = 2, .hour = 12};
    } else {
        value.u = kind == 1 ? 5 : UINT64_MAX;
    }
    return value;
}

static void check_condition(const char *text)
{
    struct mr_value values[sizeof columns / sizeof *columns];
    struct mr_condition *condition = NULL;
    struct mr_err err = {0};
    size_t count = 0;
    enum mr_code code = mr_condition_parse(text, &table, &condition, &err);
    if (code != MR_OK) {
        FUZZ_CHECK(code == MR_E_UNSUPPORTED && err.message[0] != '\0');
        return;
    }
    const struct mr_column *const *wanted = mr_condition_columns(condition, &count);
    FUZZ_CHECK(count <= table.ncolumns);
    for (int kind = 0; kind < 3; kind++) {
        bool holds = false;
        for (size_t i = 0; i < count; i++)
            values[i] = value_of(wanted[i], kind);
        code = mr_condition_holds(condition, values, &holds, &err);
        FUZZ_CHECK(code != MR_E_BUG);
    }
    mr_condition_free(condition);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_CHECK(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    check_mask((const char *)data, size);
    check_trigger(text);
    check_condition(text);
    free(text);
    return 0;
}
