/* test_plan_text.c: fields of a plan's CSV files come back as they went in, keys and rows as
 * people read them; choices of conflicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/file/csv_in.h"
#include "repair/merge/merge_choice.h"
#include "repair/plan/plan_text.h"

/* ---- fields ---- */

static const char *const fields[] = {"table",        "",           "a,b", "say \"x\"",
                                     "\"",           "two\nlines", "\r",  " blank ",
                                     "{\"a\":null}", "ü",          ",",   "plain"};
#define NFIELDS (sizeof fields / sizeof *fields)

static enum mr_code take_record(void *ctx, const struct mr_csv_field *got, size_t count,
                                uint64_t line, struct mr_err *err)
{
    size_t *records = ctx;
    (void)line;
    (void)err;
    assert_int_equal(count, NFIELDS + 1);
    for (size_t i = 0; i < NFIELDS; i++)
        assert_string_equal(got[i].ptr, fields[i]);
    assert_string_equal(got[NFIELDS].ptr, "00ff");
    (*records)++;
    return MR_OK;
}

static enum mr_code keep(void *arg, const void *ptr, size_t len, struct mr_err *err)
{
    (void)err;
    mr_strbuf_add(arg, ptr, len);
    return MR_OK;
}

static void test_fields(void **state)
{
    struct mr_strbuf line = MR_STRBUF_INIT, file = MR_STRBUF_INIT;
    struct mr_csv_in csv;
    size_t records = 0;
    struct mr_err err = {0};
    (void)state;
    for (int n = 0; n < 2; n++) {
        for (size_t i = 0; i < NFIELDS; i++)
            mr_plan_text_str(&line, fields[i]);
        mr_plan_text_field(&line, "00ff", 4);
        assert_int_equal(mr_plan_text_end(&line, (struct mr_sink){keep, &file}, &err), MR_OK);
    }
    assert_int_equal(file.ptr[file.len - 2], '\r');
    mr_csv_in_init(&csv, take_record, &records);
    assert_int_equal(mr_csv_in_feed(&csv, file.ptr, file.len, &err), MR_OK);
    assert_int_equal(mr_csv_in_finish(&csv, &err), MR_OK);
    assert_int_equal(records, 2);
    mr_csv_in_release(&csv);
    mr_strbuf_release(&line);
    mr_strbuf_release(&file);
}

/* ---- rows ---- */

static struct mr_find_column columns[] = {
    {.name = "id", .style = {MR_CLASS_INT, 0}},
    {.name = "na\"me", .style = {MR_CLASS_TEXT, 0}},
    {.name = "at", .style = {MR_CLASS_DATETIME, 3}},
    {.name = "hash", .style = {MR_CLASS_BINARY, 0}},
};
static const size_t key_at[] = {3, 0, 1};

static void add(struct mr_strbuf *row, struct mr_value value)
{
    assert_int_equal(mr_row_encode(row, &value, NULL), MR_OK);
}

static void test_rows(void **state)
{
    struct mr_pair pair = {.find = {.columns = columns, .ncolumns = 4}};
    const struct mr_plan_table table = {.pair = &pair, .key = {key_at, 3}};
    struct mr_strbuf row = MR_STRBUF_INIT, key = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    const struct mr_value id = {.cls = MR_CLASS_INT, .i = -7};
    const struct mr_value name = {.cls = MR_CLASS_TEXT, .ptr = "a,\"b", .len = 4};
    const struct mr_value none = {.cls = MR_CLASS_NULL};
    const struct mr_value at = {
        .cls = MR_CLASS_DATETIME,
        .t = {.year = 2026, .month = 4, .day = 2, .hour = 12, .micros = 500000}};
    const struct mr_value hash = {.cls = MR_CLASS_BINARY, .ptr = "\x01\xfe", .len = 2};
    (void)state;
    add(&row, id);
    add(&row, name);
    add(&row, at);
    add(&row, hash);
    const struct mr_key image = {row.ptr, row.len};
    assert_int_equal(mr_plan_text_json(&out, &table, image, NULL), MR_OK);
    assert_string_equal(out.ptr, "{\"id\":\"-7\",\"na\\\"me\":\"a,\\\"b\","
                                 "\"at\":\"2026-04-02 12:00:00.500\","
                                 "\"hash\":{\"hex\":\"01fe\"}}");
    mr_strbuf_reset(&out);
    assert_int_equal(mr_plan_text_of_row(&out, &table, &table.key, image, NULL), MR_OK);
    assert_string_equal(out.ptr, "01fe,-7,a,\"b");
    add(&key, hash);
    add(&key, id);
    add(&key, none);
    mr_strbuf_reset(&out);
    assert_int_equal(
        mr_plan_text_values(&out, &table, &table.key, (struct mr_key){key.ptr, key.len}, NULL),
        MR_OK);
    assert_string_equal(out.ptr, "01fe,-7,");
    mr_strbuf_reset(&out);
    assert_int_equal(mr_plan_text_json(&out, &table, (struct mr_key){0}, NULL), MR_OK);
    assert_int_equal(out.len, 0);
    /* bytes that no encoder wrote */
    assert_int_equal(mr_plan_text_json(&out, &table, (struct mr_key){row.ptr, row.len - 1}, NULL),
                     MR_E_CASE);
    mr_strbuf_release(&row);
    mr_strbuf_release(&key);
    mr_strbuf_release(&out);
}

/* ---- choices ---- */

static void test_choices(void **state)
{
    static const struct {
        const char *kind, *choice;
        bool fits;
    } cases[] = {
        {"changed", "source", true},
        {"changed", "target", true},
        {"changed", "newest:at", true},
        {"changed", "newest:", false},
        {"changed", "restore", false},
        {"referenced", "target", true},
        {"referenced", "source", false},
        {"referenced", "newest:at", false},
        {"deleted-or-lost", "restore", true},
        {"deleted-or-lost", "skip", true},
        {"deleted-or-lost", "source", false},
        {"unique", "merge-into", true},
        {"unique", "without-value", true},
        {"unique", "restore", false},
        {"parent-absent", "stop", true},
        {"parent-absent", "Restore", false},
        {NULL, "restore", true},
        {NULL, "newest:at", true},
        {NULL, "merge-into", true},
        {NULL, "yes", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (mr_merge_is_choice(cases[i].kind, cases[i].choice) != cases[i].fits)
            fail_msg("%s of %s", cases[i].choice, cases[i].kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_choices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
