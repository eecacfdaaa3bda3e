/* test_history_read.c: what of files of binary logs counts as a gap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/logs/history_read.h"
#include "tests/unit/log_made.h"

#define FLAGS (4 + 17) /* of a file's first event */

static enum mr_code take(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    (void)err;
    *(unsigned *)ctx += step->kind == MR_STEP_BEGIN;
    return MR_OK;
}

static void write_log(const char *path, const struct mr_strbuf *log, bool is_open)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    log->ptr[FLAGS] =
        (char)((log->ptr[FLAGS] & ~MR_BINLOG_IN_USE) | (is_open ? MR_BINLOG_IN_USE : 0));
    assert_int_equal(fwrite(log->ptr, 1, log->len, file), log->len);
    assert_int_equal(fclose(file), 0);
}

/* Of a server without GTIDs, or of one that has them; a relay log. */
static void make_log(struct mr_strbuf *out, const char *golden)
{
    struct made log;
    if (golden != NULL && strchr(golden, '.') == NULL) {
        load(golden, out);
        return;
    }
    begin_made(&log, golden != NULL ? golden : "5.7.44-log", true);
    add_statement(&log, "BEGIN");
    add_statement(&log, "DELETE FROM t");
    add_xid(&log);
    *out = log.log;
}

/* A log that its server has ended, or has not, since it crashed. */
static void test_ended(void **state)
{
    static const struct {
        unsigned end; /* the type of the last event; 0: that of a transaction */
        bool is_unended;
    } rows[] = {{0, true}, {MR_BINLOG_STOP, false}, {MR_BINLOG_ROTATE, false}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char dir[] = "/tmp/test_history_read.XXXXXX", paths[2][64];
        const char *const given[2] = {paths[0], paths[1]};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_window window = {.from = {.by = MR_BOUND_NONE}};
        struct mr_history_read read;
        struct mr_err err = {0};
        unsigned met = 0;
        assert_non_null(mkdtemp(dir));
        for (int k = 0; k < 2; k++) {
            struct made log;
            begin_made(&log, "10.11.6-MariaDB", true);
            add_gtid(&log, (unsigned)k + 1, 0);
            add_xid(&log);
            if (k == 0 && rows[i].end == MR_BINLOG_ROTATE)
                add_event(&log, rows[i].end, "\4\0\0\0\0\0\0\0bin.000002", 18, 0);
            else if (k == 0 && rows[i].end != 0)
                add_event(&log, rows[i].end, "", 0, 0);
            (void)snprintf(paths[k], sizeof paths[k], "%s/bin.00000%d", dir, k + 1);
            write_log(paths[k], &log.log, k == 1);
            mr_strbuf_release(&log.log);
        }
        mr_history_read_init(&read);
        read.given = given;
        read.ngiven = 2;
        read.window = &window;
        read.takes_all = true;
        read.arena = &arena;
        read.take = take;
        read.ctx = &met;
        if (mr_history_read(&read, &err) != MR_OK)
            fail_msg("%zu: %s", i, err.message);
        assert_int_equal(met, 2);
        assert_true(rows[i].is_unended ? read.unended != NULL && strcmp(read.unended, paths[0]) == 0
                                       : read.unended == NULL);
        mr_history_read_release(&read);
        mr_arena_release(&arena);
        for (int k = 0; k < 2; k++)
            (void)unlink(paths[k]);
        (void)rmdir(dir);
    }
}

/* Behind a time: is something missing in front of the first log?  The number says nothing where the log itself tells
 * of transactions in front of it, as that of a server that was set up from a copy. */
static void test_begun_late(void **state)
{
    static const char one[] = "\1\0\0\0"
                              "\0\0\0\0\1\0\0\0\5\0\0\0\0\0\0\0",
                      none[] = "\0\0\0\0";
    static const struct {
        const char *name;
        bool has_list, has_before, is_late;
    } rows[] = {{"bin.000001", true, false, false},
                {"bin.000001", false, false, false},
                {"bin.000001", true, true, true},
                {"bin.000011", true, false, true},
                {"bin.000002", false, false, true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char dir[] = "/tmp/test_history_read.XXXXXX", path[64];
        const char *const given[1] = {path};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_window window = {.from = {.by = MR_BOUND_TIME, .us = -1}};
        struct mr_history_read read;
        struct mr_err err = {0};
        struct made log;
        unsigned met = 0;
        assert_non_null(mkdtemp(dir));
        begin_made(&log, "10.11.6-MariaDB", true);
        if (rows[i].has_list && rows[i].has_before)
            add_event(&log, 163, one, 20, 0);
        else if (rows[i].has_list)
            add_event(&log, 163, none, 4, 0);
        add_gtid(&log, 6, 0);
        add_xid(&log);
        (void)snprintf(path, sizeof path, "%s/%s", dir, rows[i].name);
        write_log(path, &log.log, true);
        mr_strbuf_release(&log.log);
        mr_history_read_init(&read);
        read.given = given;
        read.ngiven = 1;
        read.window = &window;
        read.arena = &arena;
        read.take = take;
        read.ctx = &met;
        if (mr_history_read(&read, &err) != MR_OK)
            fail_msg("%zu: %s", i, err.message);
        const bool is_late =
            read.gap != NULL && strstr(read.gap, "the first log that is there") != NULL;
        if (is_late != rows[i].is_late || (read.gap != NULL && strchr(read.gap, '\n') != NULL))
            fail_msg("%zu: %s", i, read.gap != NULL ? read.gap : "no gap");
        mr_history_read_release(&read);
        mr_arena_release(&arena);
        (void)unlink(path);
        (void)rmdir(dir);
    }
}

struct one {
    const char *golden; /* or a server's version; NULL: a MySQL's, without GTIDs */
    bool is_open[2];    /* the first log, and the last */
    bool has_gap;
};

static void assert_gap(const struct one *one, const char *const paths[2])
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_window window = {.from = {.by = MR_BOUND_NONE}};
    struct mr_history_read read;
    struct mr_err err = {0};
    unsigned met = 0;
    mr_history_read_init(&read);
    read.given = paths;
    read.ngiven = 2;
    read.window = &window;
    read.takes_all = true;
    read.arena = &arena;
    read.take = take;
    read.ctx = &met;
    if (mr_history_read(&read, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_true(met > 1);
    const bool has = read.gap != NULL && strstr(read.gap, "still wrote it") != NULL;
    if (has != one->has_gap)
        fail_msg("%s, %d: %s", one->golden != NULL ? one->golden : "made", one->is_open[0],
                 read.gap != NULL ? read.gap : "no gap");
    mr_history_read_release(&read);
    mr_arena_release(&arena);
}

/* A log that was copied while it was written ends with a transaction, and nothing but its head says that there
 * is more of it: the log behind has the next number, and no GTIDs tell what lies in front of it. */
static void test_open(void **state)
{
    static const struct one rows[] = {
        {NULL, {false, true}, false},
        {NULL, {true, true}, true},
        {"mysql56-plain", {true, true}, false},   /* its GTIDs would tell */
        {"10.11.6-MariaDB", {true, true}, false}, /* it may leave its mark behind a crash */
        {"mysql9-relay", {true, true}, false},    /* of a relay log the mark says nothing */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char dir[] = "/tmp/test_history_read.XXXXXX", paths[2][64];
        const char *const given[2] = {paths[0], paths[1]};
        struct mr_strbuf log = MR_STRBUF_INIT;
        assert_non_null(mkdtemp(dir));
        make_log(&log, rows[i].golden);
        for (int k = 0; k < 2; k++) {
            (void)snprintf(paths[k], sizeof paths[k], "%s/bin.00000%d", dir, k + 1);
            write_log(paths[k], &log, rows[i].is_open[k]);
        }
        assert_gap(&rows[i], given);
        mr_strbuf_release(&log);
        for (int k = 0; k < 2; k++)
            (void)unlink(paths[k]);
        (void)rmdir(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ended),
                                       cmocka_unit_test(test_begun_late),
                                       cmocka_unit_test(test_open)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
