/* test_snap_show_restore.c: what came of a restore, told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "snapshot/snap_show_restore.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static const struct mr_snap_left_out left_out[] = {
    {"table", "club.gen", "it has no column that is not generated", NULL},
    {"view", "club.\033[2J", "SHOW VIEW denied", "GRANT SHOW VIEW"}};

/* What the snapshot never had is no part of what is equal. */
static void test_left_out(void **state)
{
    static const struct mr_snap_options opts = {0};
    struct mr_restore r = {.opts = &opts};
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_jsonw w;
    (void)state;
    mr_restore_add_result(&out, &r, (struct mr_look){.brief = true});
    assert_string_equal(out.ptr, "");
    r.snap.manifest.left_out = left_out;
    r.snap.manifest.nleft_out = LEN(left_out);
    mr_restore_add_result(&out, &r, (struct mr_look){.brief = true});
    assert_non_null(strstr(out.ptr, "  not in the snapshot: table club.gen: it has no column that "
                                    "is not generated\n"));
    assert_non_null(strstr(out.ptr, "not in the snapshot: view club."));
    assert_null(strchr(out.ptr, '\033'));
    assert_int_equal(mr_restore_exit(&r), 0);
    mr_strbuf_reset(&out);
    mr_jsonw_init_buf(&w, &out);
    mr_restore_put_result(&w, &r);
    mr_jsonw_release(&w);
    assert_non_null(strstr(out.ptr, "\"left-out\""));
    assert_non_null(strstr(out.ptr, "\"club.gen\""));
    mr_strbuf_release(&out);
}

/* Of a table that nobody asked for nothing is said. */
static void test_of_what_was_asked_for(void **state)
{
    static const char *const names[] = {"club.gen", "club.o*"};
    static const struct {
        size_t first, tables, exclude;
        bool said;
    } rows[] = {{0, 1, 0, true}, {1, 1, 0, false}, {0, 0, 1, false}, {1, 0, 1, true}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct mr_snap_options opts = {.tables = {names + rows[i].first, rows[i].tables},
                                             .exclude = {names + rows[i].first, rows[i].exclude}};
        struct mr_restore r = {.opts = &opts};
        struct mr_strbuf out = MR_STRBUF_INIT;
        r.snap.manifest.left_out = left_out;
        r.snap.manifest.nleft_out = LEN(left_out);
        mr_restore_add_notes(&out, &r, false);
        assert_int_equal(strstr(out.ptr, "club.gen") != NULL, rows[i].said);
        mr_strbuf_release(&out);
    }
}

static void test_verdict(void **state)
{
    static const struct {
        uint64_t rows;
        const char *text;
    } rows[] = {{0, "equal: 1 table, 0 rows read back"},
                {1, "equal: 1 table, 1 row read back"},
                {1000, "equal: 1 table, 1,000 rows read back"}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_restore_table table = {.rows = rows[i].rows};
        const struct mr_restore r = {.tables = &table, .ntables = 1};
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_restore_add_verdict(&out, &r);
        assert_string_equal(out.ptr, rows[i].text);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_left_out),
                                       cmocka_unit_test(test_of_what_was_asked_for),
                                       cmocka_unit_test(test_verdict)};
    return cmocka_run_group_tests_name("snap_show_restore", tests, NULL, NULL);
}
