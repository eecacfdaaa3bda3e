/* test_findings_settings.c: the case keeps what the configuration of a run said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static void test_settings(void **state)
{
    struct check_case c;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec got = MR_VEC_INIT(struct mr_find_setting);
    static const struct mr_find_setting one[] = {{"d.t", "identity", "mobile"},
                                                 {"d.t", "reference", "a -> d.u.id"}};
    static const struct mr_find_setting two[] = {{"d.u", "identity", "none"}};
    (void)state;
    case_begin(&c);
    /* a case that an earlier version has made */
    assert_int_equal(mr_findings_settings(c.fd, &arena, &got, NULL), MR_OK);
    assert_int_equal(got.count, 0);
    assert_int_equal(mr_findings_settings_save(c.fd, two, LEN(two), NULL), MR_OK);
    assert_int_equal(mr_findings_settings_save(c.fd, one, LEN(one), NULL), MR_OK);
    c.run.uuid = "next";
    assert_int_equal(mr_findings_run_begin(c.fd, &c.run, NULL), MR_OK);
    assert_int_equal(mr_findings_settings_save(c.fd, two, LEN(two), NULL), MR_OK);
    assert_int_equal(mr_findings_settings(c.fd, &arena, &got, NULL), MR_OK);
    assert_int_equal(got.count, 1);
    assert_string_equal(((struct mr_find_setting *)got.items)->table, "d.u");
    assert_int_equal(mr_findings_run_choose(c.fd, "20260102", &arena, &c.run, NULL), MR_OK);
    mr_vec_clear(&got);
    assert_int_equal(mr_findings_settings(c.fd, &arena, &got, NULL), MR_OK);
    assert_int_equal(got.count, LEN(one));
    for (size_t i = 0; i < LEN(one); i++) {
        const struct mr_find_setting *s = mr_vec_at(&got, i);
        assert_string_equal(s->table, one[i].table);
        assert_string_equal(s->key, one[i].key);
        assert_string_equal(s->value, one[i].value);
    }
    mr_vec_release(&got);
    mr_arena_release(&arena);
    case_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
