/* test_intern.c: equal bytes are one, others never are, and what was given stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/intern.h"

bool out_of_memory;
void *__wrap_calloc(size_t count, size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return out_of_memory ? NULL : __real_calloc(count, size);
}

struct fixture {
    struct mr_arena arena;
    struct mr_intern in;
};

static int set_up(void **state)
{
    static struct fixture f;
    mr_arena_init(&f.arena);
    mr_intern_init(&f.in, &f.arena);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    mr_intern_release(&f->in);
    mr_arena_release(&f->arena);
    return 0;
}

static void test_equal_bytes_are_one(void **state)
{
    struct fixture *f = *state;
    char again[] = "varchar(40)";
    const char *text = mr_intern_text(&f->in, "varchar(40)");
    assert_string_equal(text, "varchar(40)");
    assert_ptr_equal(mr_intern_text(&f->in, again), text);
    assert_ptr_equal(mr_intern(&f->in, "varchar(40) unsigned", 11), text);
    assert_int_equal(f->in.count, 1);
}

/* Zero bytes count, and so does the length; '' is a text like others. */
static void test_others_are_not(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *ptr;
        size_t len;
    } runs[] = {{"", 0}, {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"a\0", 2}, {"A", 1}, {"a\0b", 3}};
    enum { RUNS = sizeof runs / sizeof *runs };
    const char *given[RUNS];
    for (size_t i = 0; i < RUNS; i++) {
        given[i] = mr_intern(&f->in, runs[i].ptr, runs[i].len);
        assert_memory_equal(given[i], runs[i].ptr, runs[i].len);
        assert_int_equal(given[i][runs[i].len], 0);
        assert_int_equal((uintptr_t)given[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(given[k], given[i]);
    }
    assert_ptr_equal(mr_intern(&f->in, NULL, 0), given[0]);
    assert_int_equal(f->in.count, RUNS);
}

static void test_many_stay_where_they_are(void **state)
{
    struct fixture *f = *state;
    enum { MANY = 5000 };
    static const char *given[MANY];
    char text[32];
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < MANY; i++) {
            snprintf(text, sizeof text, "table %zu", i);
            const char *one = mr_intern_text(&f->in, text);
            assert_string_equal(one, text);
            if (round > 0)
                assert_ptr_equal(one, given[i]);
            given[i] = one;
        }
    assert_int_equal(f->in.count, MANY);
    mr_intern_release(&f->in);
    assert_string_equal(given[4711], "table 4711");
    assert_string_equal(mr_intern_text(&f->in, "table 4711"), "table 4711");
}

static void test_no_memory(void **state)
{
    struct fixture *f = *state;
    out_of_memory = true;
    assert_null(mr_intern_text(&f->in, "x"));
    out_of_memory = false;
    assert_string_equal(mr_intern_text(&f->in, "x"), "x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_equal_bytes_are_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_others_are_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_stay_where_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
