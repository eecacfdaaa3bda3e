/* test_check_scope.c: a scope is read as it was written, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/file/sha256.h"
#include "recon/check/check_scope.h"

static struct mr_arena arena;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_arena_release(&arena);
    return 0;
}

static const struct mr_scope_range ranges[] = {
    {.at = 0, .range = {{NULL, 0}, {"\x00\xff", 2}}},
    {.at = 7, .range = {{"k", 1}, {NULL, 0}}},
};
static const struct mr_scope_range whole[] = {{.at = 0}};
static const struct mr_scope_table tables[] = {
    {.name = "a.\xff", .order = {"int(11)", "bigint(20)"}, .ranges = ranges, .nranges = 2},
    {.name = "b.t", .ranges = whole, .nranges = 1},
};
static const struct mr_scope scope = {.run = "20261128T080000Z-abc123.shop-00",
                                      .pair = "shop-00",
                                      .has_objects = true,
                                      .slots = {"myrecon 20261128T080000Z-abc123", 4},
                                      .tables = tables,
                                      .ntables = 2};

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    struct mr_strbuf text = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_scope read;
    struct mr_err err = {0};
    mr_scope_write(&scope, &text);
    if (mr_scope_parse(text.ptr, text.len, "s.json", &arena, &read, &err) != MR_OK)
        fail_msg("%s", err.message);
    mr_scope_write(&read, &again);
    assert_string_equal(text.ptr, again.ptr);
    const struct mr_scope_table *a = mr_scope_find(&read, "a.\xff");
    assert_non_null(a);
    assert_int_equal(a->ranges[0].range.hi.len, 2);
    assert_memory_equal(a->ranges[0].range.hi.ptr, "\x00\xff", 2);
    assert_null(a->ranges[0].range.lo.ptr);
    assert_int_equal(a->ranges[1].at, 7);
    assert_null(mr_scope_find(&read, "b.u"));
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
}

static void test_whose_run_it_was(void **state)
{
    (void)state;
    struct mr_strbuf text = MR_STRBUF_INIT, options = MR_STRBUF_INIT;
    char hex[MR_SHA256_HEX];
    struct mr_scope other = scope;
    bool is = false;
    mr_scope_write(&scope, &text);
    assert_int_equal(mr_sha256_bytes(text.ptr, text.len, hex, NULL), MR_OK);
    mr_strbuf_add_fmt(&options, "since=\nobjects=all\nconsistent=0\nscope=%s\n", hex);
    assert_int_equal(mr_scope_was_read(&scope, options.ptr, &is, NULL), MR_OK);
    assert_true(is);
    other.has_objects = false;
    assert_int_equal(mr_scope_was_read(&other, options.ptr, &is, NULL), MR_OK);
    assert_false(is);
    mr_strbuf_release(&text);
    mr_strbuf_release(&options);
}

#define HEAD "{\"schema\":\"myrecon-scope/1\",\"run\":\"r\",\"pair\":\"p\",\"objects\":true,"
#define TABLE(rest) HEAD "\"tables\":[{\"table\":\"a.t\"," rest "}]}"

static void test_nothing_else_is(void **state)
{
    static const char *const texts[] = {
        "",
        "[]",
        HEAD "\"tables\":{}}",
        "{\"schema\":\"myrecon-scope/"
        "2\",\"run\":\"r\",\"pair\":\"p\",\"objects\":true,\"tables\":[]}",
        "{\"schema\":\"myrecon-scope/"
        "1\",\"run\":\"\",\"pair\":\"p\",\"objects\":true,\"tables\":[]}",
        HEAD "\"slots\":{\"name\":\"n\",\"count\":0},\"tables\":[]}",
        HEAD "\"slots\":{\"name\":\"n\",\"count\":65},\"tables\":[]}",
        HEAD "\"slots\":{\"name\":\"n\",\"count\":99999999999},\"tables\":[]}",
        TABLE("\"ranges\":[]"),
        TABLE("\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":\"00\"}]"), /* no order */
        TABLE("\"order\":[\"int\"],\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":\"00\"}]"),
        TABLE("\"order\":[\"int\",\"int\"],\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":\"0\"}]"),
        TABLE("\"order\":[\"int\",\"int\"],\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":\"\"}]"),
        TABLE("\"order\":[\"int\",\"int\"],\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":\"0G\"}]"),
        TABLE("\"order\":[\"int\",\"int\"],\"ranges\":[{\"at\":1,\"lo\":null,\"hi\":\"00\"},"
              "{\"at\":1,\"lo\":\"00\",\"hi\":null}]"),
        HEAD "\"tables\":[{\"table\":\"a.t\",\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":null}]},"
             "{\"table\":\"a.t\",\"ranges\":[{\"at\":0,\"lo\":null,\"hi\":null}]}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mr_scope read;
        struct mr_err err = {0};
        const enum mr_code code =
            mr_scope_parse(texts[i], strlen(texts[i]), "s.json", &arena, &read, &err);
        if (code != MR_E_REFUSED)
            fail_msg("%d: %s", code, texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_whose_run_it_was),
        cmocka_unit_test(test_nothing_else_is),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
