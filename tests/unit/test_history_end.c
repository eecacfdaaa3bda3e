/* test_history_end.c: how far logs of files were read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/logs/history_read.h"

static enum mr_code count(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    (void)err;
    *(unsigned *)ctx += step->kind == MR_STEP_COMMIT;
    return MR_OK;
}

/* What is said of where a log ends is where its last transaction does, packed or not. */
static void test_end(void **state)
{
    static const struct {
        const char *log;
        unsigned commits;
        uint64_t end;
    } logs[] = {
        {"tests/golden/binlog/mysql9-payload.000001", 4, 2035},
        {"tests/golden/binlog/mysql9-plain.000001", 2, 0},
        {"tests/golden/binlog/mariadb-plain.000001", 6, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_window window;
        struct mr_history_read read;
        struct mr_err err = {.code = MR_OK};
        unsigned commits = 0;
        mr_history_read_init(&read);
        assert_int_equal(mr_history_window_read(&window, NULL, NULL, &arena, &err), MR_OK);
        read.given = &logs[i].log;
        read.ngiven = 1;
        read.window = &window;
        read.arena = &arena;
        read.take = count;
        read.ctx = &commits;
        assert_int_equal(mr_history_read(&read, &err), MR_OK);
        assert_int_equal(commits, logs[i].commits);
        assert_null(read.gap);
        assert_string_equal(read.first_log, logs[i].log);
        assert_int_equal(read.first_position, 4);
        assert_string_equal(read.end_log, logs[i].log);
        if (logs[i].end != 0)
            assert_int_equal(read.end_position, logs[i].end);
        assert_true(read.end_position > read.first_position);
        mr_history_read_release(&read);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
