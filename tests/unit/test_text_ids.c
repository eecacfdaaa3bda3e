/* test_text_ids.c: which numbers of a text may be ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "repair/side/text_ids.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *text, *ids;
} texts[] = {
    {"", ""},
    {"1004", "1004"},
    {"see 1004, #1005 and (1006).", "1004 1005 1006"},
    {"/member/1004/order/2000?x=3000", "1004 2000 3000"},
    {"1004.", "1004"},
    {"member-1004", "1004"},
    /* small ones */
    {"999 1000", "1000"},
    {"id 4", ""},
    /* longer words */
    {"a1004 1004a _1004 1004_ 10O4", ""},
    {"gr\xC3\xB6"
     "1004 1004\xC3\xB6",
     ""},
    {"sha 550e8400", ""},
    /* other numbers */
    {"01004", ""},
    {"1004.5 2.1004 10.1004.2", ""},
    {"2026-04-01 and 2026-04-1 and 2026-04-012", "2026 2026"},
    {"18446744073709551615", "18446744073709551615"},
    {"18446744073709551616 184467440737095516150", ""},
    /* JSON */
    {"{\"id\": 4}", "4"},
    {" [{\"id\": 4}, 5, {\"n\": 6}]", "4"},
    {"{\"memberId\": \"4\", \"MEMBER_ID\": 5, \"uid\": 6}", "5 4 6"},
    {"{\"ids\": [4, \"5\", [6], {\"n\": 7}, 8]}", "4 5 6 8"},
    {"{\"id\": {\"n\": 4, \"id\": 5}, \"n\": 6}", "5"},
    {"{\"id\": \"no 4\", \"n\": \"see 1004\"}", "1004"},
    {"{\"id\": 4.5, \"b_id\": -4, \"c_id\": 4e2, \"d_id\": -1004}", ""},
    {"{\"n\": 1004, \"1005\": true, \"a\": \"\\n1006\"}", "1005 1006 1004"},
    {"{\"a\": \"x\\\\1004 \\\"1005\\\"\", \"id\": 4}", "1004 1005 4"},
    {"{\"a\": [], \"id\": 4}", "4"},
    {"{\"a\": {}, \"id\": 4, \"b\": []}", "4"},
    {"{\"s\": 4, \"id\": null}", ""},
    {"\"id\": 4", ""},
    /* not quite JSON */
    {"{\"id\": 4", ""},
    {"{\"id\": 4, \"n\": 1004", "1004"},
    {"[see 1004]", "1004"},
};

static enum mr_code keep(void *ctx, uint64_t id, struct mr_err *err)
{
    struct mr_strbuf *out = ctx;
    (void)err;
    mr_strbuf_add_fmt(out, "%s%" PRIu64, out->len > 0 ? " " : "", id);
    return MR_OK;
}

static void numbers_of_texts(void **state)
{
    (void)state;
    struct mr_strbuf got = MR_STRBUF_INIT;
    struct mr_text_ids ids = {.fn = keep, .ctx = &got, .json = MR_STRBUF_INIT};
    struct mr_err err;
    for (size_t i = 0; i < LEN(texts); i++) {
        /* of its very size, so that reading behind it is seen */
        size_t len = strlen(texts[i].text);
        char *copy = test_malloc(len + (len == 0));
        memcpy(copy, texts[i].text, len);
        mr_strbuf_reset(&got);
        assert_int_equal(mr_text_ids_scan(&ids, copy, len, &err), MR_OK);
        if (strcmp(got.ptr, texts[i].ids) != 0)
            fail_msg("%s: %s, not %s", texts[i].text, got.ptr, texts[i].ids);
        test_free(copy);
    }
    mr_text_ids_release(&ids);
    mr_strbuf_release(&got);
}

/* As deep as JSON may be, the number being a level, too; beyond that it is text. */
static void deep(void **state)
{
    (void)state;
    struct mr_strbuf text = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
    struct mr_text_ids ids = {.fn = keep, .ctx = &got, .json = MR_STRBUF_INIT};
    struct mr_err err;
    for (int depth = 150; depth < 260; depth++) {
        mr_strbuf_reset(&text);
        mr_strbuf_reset(&got);
        mr_strbuf_add_str(&text, "{\"id\":");
        for (int i = 1; i < depth; i++)
            mr_strbuf_add_char(&text, '[');
        mr_strbuf_add_str(&text, "4");
        for (int i = 1; i < depth; i++)
            mr_strbuf_add_char(&text, ']');
        mr_strbuf_add_str(&text, "}");
        assert_int_equal(mr_text_ids_scan(&ids, text.ptr, text.len, &err), MR_OK);
        assert_string_equal(got.ptr, depth < 200 ? "4" : "");
    }
    mr_text_ids_release(&ids);
    mr_strbuf_release(&text);
    mr_strbuf_release(&got);
}

static enum mr_code stop_at_it(void *ctx, uint64_t id, struct mr_err *err)
{
    ++*(int *)ctx;
    return mr_err_set(err, MR_E_CASE, "stopped at %" PRIu64, id);
}

static void an_error_ends_it(void **state)
{
    (void)state;
    static const char *const both[] = {"1004 1005", "{\"a\": 1004, \"b\": 1005}"};
    int calls = 0;
    struct mr_text_ids ids = {.fn = stop_at_it, .ctx = &calls, .json = MR_STRBUF_INIT};
    struct mr_err err;
    for (size_t i = 0; i < LEN(both); i++)
        assert_int_equal(mr_text_ids_scan(&ids, both[i], strlen(both[i]), &err), MR_E_CASE);
    assert_int_equal(calls, LEN(both));
    mr_text_ids_release(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_texts),
        cmocka_unit_test(deep),
        cmocka_unit_test(an_error_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
