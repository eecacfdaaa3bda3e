/* test_binlog_walk.c: transactions of logs that servers wrote, and of events in orders that only a crash, a
 * split in the middle, or nobody, leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/binlog/binlog_walk.h"
#include "tests/unit/binlog_made.h"

static const char *const words[] = {"end",      "log",    "before",    "lost",     "begin",
                                    "rows",     "stmt",   "commit",    "rollback", "prepared",
                                    "xacommit", "xaback", "unfinished"};

static void add_step(struct mr_strbuf *out, const struct mr_binlog_step *step)
{
    mr_strbuf_add_fmt(out, "%s%s", out->len > 0 ? " " : "", words[step->kind]);
    if (step->kind == MR_STEP_BEGIN && step->is_headless)
        mr_strbuf_add_str(out, "!");
    if (step->kind == MR_STEP_ROWS)
        mr_strbuf_add_fmt(out, ":%s", step->map != NULL ? step->map->table.name : "-");
    if (step->xid != NULL)
        mr_strbuf_add_fmt(out, ":%s", step->xid);
    if (step->takes_back)
        mr_strbuf_add_str(out, ":back");
}

/* The steps, and in the end the error's name. */
static void walk(struct mr_binlog_input input, struct mr_strbuf *out)
{
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *w = NULL;
    struct mr_binlog_step step = {.kind = MR_STEP_LOG};
    struct mr_err err = {.code = MR_OK};
    mr_strbuf_reset(out);
    assert_int_equal(mr_binlog_stream_open(input, &stream, &err), MR_OK);
    enum mr_code code = mr_binlog_walk_open(stream, &w, &err);
    while (code == MR_OK && step.kind != MR_STEP_END) {
        code = mr_binlog_walk_next(w, &step, &err);
        if (code == MR_OK)
            add_step(out, &step);
    }
    if (code != MR_OK)
        mr_strbuf_add_fmt(out, " %s", mr_code_name(code));
    mr_binlog_walk_close(w);
    mr_binlog_stream_close(stream);
}

static void walk_bytes(const void *ptr, size_t len, struct mr_strbuf *out)
{
    struct binlog_memory memory = {.seal = false};
    walk(binlog_memory_input(&memory, ptr, len), out);
    free(memory.raw);
}

#define CHANGES                                                                                    \
    "begin rows:t commit begin rows:t commit begin rows:t commit begin rows:t rows:t commit"
#define OF_XA "begin rows:t prepared:X'7831',X'7931',5 begin xacommit:X'7831',X'7931',5"

static void test_golden(void **state)
{
    static const struct {
        const char *name, *steps;
    } logs[] = {
        {"mariadb", "log before " CHANGES " " OF_XA " begin stmt commit end"},
        {"mariadb-compressed",
         "log before " CHANGES " begin stmt rows:u commit begin stmt commit end"},
        {"mariadb-plain", "log before begin stmt commit " CHANGES " begin stmt commit end"},
        {"mysql56", "log before " CHANGES " end"},
        {"mysql56-plain", "log before begin rows:t commit end"},
        {"mysql9", "log before " CHANGES " begin rows:t commit " OF_XA " end"},
        {"mysql9-payload", "log before " CHANGES " end"},
        {"mysql9-plain", "log before begin rows:j commit begin rows:j commit end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct mr_strbuf log = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
        load(logs[i].name, &log);
        walk_bytes(log.ptr, log.len, &got);
        if (strcmp(got.ptr, logs[i].steps) != 0)
            fail_msg("%s: %s", logs[i].name, got.ptr);
        mr_strbuf_release(&log);
        mr_strbuf_release(&got);
    }
}

/* The events of a log by their numbers, in another order. */
static void put_together(const struct mr_strbuf *log, const char *numbers, struct mr_strbuf *out)
{
    mr_strbuf_reset(out);
    mr_strbuf_add(out, log->ptr, 4);
    for (const char *at = numbers; *at != '\0';) {
        char *next;
        size_t from = 4;
        for (unsigned long n = strtoul(at, &next, 10);; n--) {
            struct mr_binlog_cursor c = mr_binlog_cursor(log->ptr + from + 9, 4);
            const size_t size = (size_t)mr_binlog_uint(&c, 4);
            if (n == 0) {
                mr_strbuf_add(out, log->ptr + from, size);
                break;
            }
            from += size;
        }
        at = next + strspn(next, " ");
    }
}

/* mysql9 begins 0 format, 1 previous, 2 GTID, 3 BEGIN, 4 its words, 5 map, 6 rows, 7 XID, 8 GTID …;
 * mariadb 0 format, 1 list, 2 3 checkpoints, 4 GTID, 5 its words, 6 map, 7 rows, 8 XID, 9 GTID …; and
 * mysql56 0 format, 1 previous, 2 GTID, 3 BEGIN, 4 map, 5 rows, 6 XID. */
static void test_orders(void **state)
{
    static const struct {
        const char *what, *log, *numbers, *steps;
    } cases[] = {
        {"a server that crashed", "mysql9", "0 1 2 3 5 6",
         "log before begin rows:t unfinished end"},
        {"the next log goes on", "mysql9", "0 1 2 3 5 6 0 1 2 3 5 6 7",
         "log before begin rows:t unfinished log before begin rows:t commit end"},
        {"an id alone", "mysql9", "0 1 2 8 9 10 11 12 13",
         "log before begin unfinished begin rows:t commit end"},
        {"from the middle on", "mysql9", "0 5 6 7", "log begin! rows:t commit end"},
        {"from its end on", "mysql9", "0 7 2 3 5 6 7", "log begin! commit begin rows:t commit end"},
        {"without ids", "mysql56", "0 3 4 5 6 3 4 5 6",
         "log begin rows:t commit begin rows:t commit end"},
        {"without ids, and crashed", "mysql56", "0 3 4 5 3 4 5 6",
         "log begin rows:t unfinished begin rows:t commit end"},
        {"MariaDB, crashed", "mariadb", "0 1 4 6 7 9 11 12 13",
         "log before begin rows:t unfinished begin rows:t commit end"},
        {"rows without a map", "mysql9", "0 2 3 6 7", "log begin binary log"},
        {"the map of the statement before", "mysql9", "0 2 3 5 6 6 7",
         "log begin rows:t binary log"},
        {"the map of the log before", "mysql56", "0 2 3 4 0 2 3 5",
         "log begin unfinished log begin binary log"},
        {"rows behind an id alone", "mysql9", "0 2 5 6", "log begin binary log"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf log = MR_STRBUF_INIT, mixed = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
        load(cases[i].log, &log);
        put_together(&log, cases[i].numbers, &mixed);
        walk_bytes(mixed.ptr, mixed.len, &got);
        if (strcmp(got.ptr, cases[i].steps) != 0)
            fail_msg("%s: %s", cases[i].what, got.ptr);
        mr_strbuf_release(&log);
        mr_strbuf_release(&mixed);
        mr_strbuf_release(&got);
    }
}

/* Who it is, where it began, which table: as the log has it, and serials tell maps apart. */
static void test_told(void **state)
{
    struct mr_strbuf log = MR_STRBUF_INIT, id = MR_STRBUF_INIT;
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_walk *w = NULL;
    struct mr_binlog_step step;
    struct mr_err err = {.code = MR_OK};
    uint64_t serial = 0;
    (void)state;
    load("mariadb", &log);
    assert_int_equal(
        mr_binlog_stream_open(binlog_memory_input(&memory, log.ptr, log.len), &stream, &err),
        MR_OK);
    assert_int_equal(mr_binlog_walk_open(stream, &w, &err), MR_OK);
    do
        assert_int_equal(mr_binlog_walk_next(w, &step, &err), MR_OK);
    while (step.kind != MR_STEP_BEGIN);
    mr_gtid_add_text(&id, step.gtid);
    assert_true(strncmp(id.ptr, "0-", 2) == 0);
    assert_string_equal(step.begun.log, "memory");
    const uint64_t begun = step.begun.position;
    assert_int_equal(step.event->type, MR_BINLOG_MARIADB_GTID);
    assert_int_equal(mr_binlog_walk_next(w, &step, &err), MR_OK);
    assert_int_equal(step.kind, MR_STEP_ROWS);
    assert_int_equal(step.begun.position, begun);
    assert_true(step.event->place.position > begun);
    assert_int_equal(step.map->serial, 1);
    while (step.kind != MR_STEP_END) {
        assert_int_equal(mr_binlog_walk_next(w, &step, &err), MR_OK);
        if (step.kind == MR_STEP_ROWS)
            serial = step.map->serial;
    }
    assert_int_equal(serial, 1); /* one table, however often it is mapped */
    assert_null(step.event);
    assert_int_equal(mr_binlog_walk_next(w, &step, &err), MR_OK); /* the end stays the end */
    assert_int_equal(step.kind, MR_STEP_END);
    mr_binlog_walk_close(w);
    mr_binlog_stream_close(stream);
    free(memory.raw);
    mr_strbuf_release(&log);
    mr_strbuf_release(&id);
}

static void add_words(struct made *m, const char *text)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, 0, 8);
    put(&body, 0, 1); /* no database */
    put(&body, 0, 5);
    mr_strbuf_add_str(&body, text);
    add_event(m, MR_BINLOG_QUERY, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

/* Which transactions of a log a rewind has made, as their ends say it: each "+" or "-". */
static void test_rewinds(void **state)
{
    static const struct {
        const char *words[8], *expected;
    } logs[] = {
        {{"BEGIN", "SAVEPOINT `myrecon_rewind`", "COMMIT", "BEGIN", "COMMIT"}, "+-"},
        {{"BEGIN", "SAVEPOINT \"myrecon_rewind\"", "SAVEPOINT `a`", "COMMIT"}, "+"},
        {{"BEGIN", "SAVEPOINT `a`", "SAVEPOINT `myrecon_rewind`", "ROLLBACK"}, "+"},
        {{"BEGIN", "SAVEPOINT `myrecon_rewind2`", "COMMIT"}, "-"},
        {{"BEGIN", "SAVEPOINT `myrecon_rewine`", "COMMIT"}, "-"},
        {{"BEGIN", "SAVEPOINT ``", "COMMIT"}, "-"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct mr_binlog_stream *stream = NULL;
        struct mr_binlog_walk *w = NULL;
        struct mr_binlog_step step = {.kind = MR_STEP_LOG};
        struct binlog_memory memory = {.seal = false};
        struct mr_strbuf got = MR_STRBUF_INIT;
        struct made m;
        begin_made(&m, "5.6.51-log", false);
        for (size_t k = 0; k < 8 && logs[i].words[k] != NULL; k++)
            add_words(&m, logs[i].words[k]);
        assert_int_equal(mr_binlog_stream_open(binlog_memory_input(&memory, m.log.ptr, m.log.len),
                                               &stream, NULL),
                         MR_OK);
        assert_int_equal(mr_binlog_walk_open(stream, &w, NULL), MR_OK);
        while (step.kind != MR_STEP_END) {
            assert_int_equal(mr_binlog_walk_next(w, &step, NULL), MR_OK);
            if (step.kind == MR_STEP_COMMIT || step.kind == MR_STEP_ROLLBACK)
                mr_strbuf_add_char(&got, step.rewinds ? '+' : '-');
        }
        assert_string_equal(got.ptr, logs[i].expected);
        mr_binlog_walk_close(w);
        mr_binlog_stream_close(stream);
        free(memory.raw);
        mr_strbuf_release(&m.log);
        mr_strbuf_release(&got);
    }
}

/* A statement that began before a split may have been committed behind it: what says when it was is believed,
 * whether its server gives GTIDs or not. */
static void test_committed(void **state)
{
    static const struct {
        const char *what;
        unsigned type;
        uint64_t committed_us; /* 0: the event does not say */
        int64_t expected;
    } ids[] = {
        {"MySQL without GTIDs", MR_BINLOG_ANONYMOUS_GTID, 1015000007, 1015000007},
        {"MySQL with GTIDs", MR_BINLOG_GTID, 1015000007, 1015000007},
        {"before 8.0", MR_BINLOG_ANONYMOUS_GTID, 0, 1000000000},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct mr_binlog_stream *stream = NULL;
        struct mr_binlog_walk *w = NULL;
        struct mr_binlog_step step = {.kind = MR_STEP_LOG};
        struct binlog_memory memory = {.seal = false};
        struct mr_strbuf id = MR_STRBUF_INIT;
        struct made m;
        begin_made(&m, "8.0.40", false);
        put(&id, 0, 1);
        put(&id, 0, 16); /* whose */
        put(&id, 9, 8);
        put(&id, 2, 1); /* a clock follows */
        put(&id, 0, 8);
        put(&id, 1, 8);
        if (ids[i].committed_us != 0)
            put(&id, ids[i].committed_us, 7);
        add_event(&m, ids[i].type, id.ptr, id.len, 0);
        add_words(&m, "BEGIN");
        add_words(&m, "COMMIT");
        assert_int_equal(mr_binlog_stream_open(binlog_memory_input(&memory, m.log.ptr, m.log.len),
                                               &stream, NULL),
                         MR_OK);
        assert_int_equal(mr_binlog_walk_open(stream, &w, NULL), MR_OK);
        while (step.kind != MR_STEP_BEGIN)
            assert_int_equal(mr_binlog_walk_next(w, &step, NULL), MR_OK);
        if (mr_binlog_committed_us(&step) != ids[i].expected)
            fail_msg("%s: %lld", ids[i].what, (long long)mr_binlog_committed_us(&step));
        mr_binlog_walk_close(w);
        mr_binlog_stream_close(stream);
        free(memory.raw);
        mr_strbuf_release(&m.log);
        mr_strbuf_release(&id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_orders),
        cmocka_unit_test(test_told),      cmocka_unit_test(test_rewinds),
        cmocka_unit_test(test_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
