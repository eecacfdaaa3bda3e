/*
 * test_check_marks.c: whether the table of a name is still the one that was read.
 * How a server is asked for marks: test_table_marks.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture.h"
#include "check_world.h"
#include "core/base/log.h"
#include "core/schema/table_marks.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_scope.h"

/* What each side says of its tables, all alike. */
static struct {
    struct mr_table_mark mark[MR_SIDES];
    unsigned reads, fail_at, fail_times, reconnects;
    enum mr_code fail_code;
    const char *created; /* that a segment's question is answered; NULL: it is refused */
    struct world *w;
} fake;

enum mr_code __wrap_mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                        size_t count, const struct mr_table_mark *was,
                                        struct mr_arena *arena, struct mr_table_mark *marks,
                                        struct mr_err *err);
enum mr_code __wrap_mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                        size_t count, const struct mr_table_mark *was,
                                        struct mr_arena *arena, struct mr_table_mark *marks,
                                        struct mr_err *err)
{
    bool source = (void *)db == (void *)&fake.w->side[MR_SOURCE].nobody;
    (void)tables;
    (void)arena;
    (void)was;
    fake.reads++;
    if (fake.fail_at > 0 && fake.reads >= fake.fail_at &&
        fake.reads < fake.fail_at + fake.fail_times)
        return mr_err_set(err, fake.fail_code, "the server has failed");
    for (size_t i = 0; i < count; i++)
        marks[i] = fake.mark[source ? MR_SOURCE : MR_TARGET];
    return MR_OK;
}

enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err);
enum mr_code __wrap_mr_db_reconnect(struct mr_db *db, unsigned attempts, struct mr_err *err)
{
    (void)db;
    (void)attempts;
    (void)err;
    fake.reconnects++;
    return MR_OK;
}

static const struct mr_table_mark before = {"=1\n", "=2026-01-01 00:00:00\n"};

static void begin(struct world *w)
{
    memset(&fake, 0, sizeof fake);
    fake.w = w;
    fake.mark[MR_SOURCE] = fake.mark[MR_TARGET] = before;
    world_begin(w);
    graph_table(&w->g, "o`dd", "id note:text?", NULL);
}

/* Marks at the beginning, as a run reads them. */
static void begin_marks(struct world *w)
{
    begin(w);
    world_plan(w, "");
    world_pair(w, 0)->join = MR_JOIN_SHARED;
    assert_int_equal(mr_check_marks_begin(&w->check, NULL), MR_OK);
}

/* ---- the end */

enum { NO_FINDING, A_FINDING, PAIRED };

static const struct {
    const char *what;
    struct mr_table_mark source, target; /* at the end */
    int finding;
    bool moved; /* while it was read */
    enum mr_join join;
    const char *reason; /* NULL: it stays checked */
} ends[] = {
    {"as it was",
     {"=1\n", "=2026-01-01 00:00:00\n"},
     {"=1\n", "=2026-01-01 00:00:00\n"},
     A_FINDING,
     true,
     MR_JOIN_SHARED,
     NULL},
    {"another one, after all was read and equal",
     {"=2\n", NULL},
     {"=1\n", NULL},
     NO_FINDING,
     false,
     MR_JOIN_SHARED,
     NULL},
    {"another one, and rows differed",
     {"=2\n", NULL},
     {"=1\n", NULL},
     A_FINDING,
     false,
     MR_JOIN_SHARED,
     "another table has taken its place on the source while"},
    {"another one, and rows moved",
     {"=2\n", NULL},
     {"=1\n", NULL},
     PAIRED,
     false,
     MR_JOIN_SHARED,
     "on the source"},
    {"another one, while it was read",
     {"=1\n", NULL},
     {"=2\n", NULL},
     NO_FINDING,
     true,
     MR_JOIN_SHARED,
     "another table has taken its place on the target while"},
    {"both are others",
     {"=2\n", NULL},
     {"=2\n", NULL},
     A_FINDING,
     false,
     MR_JOIN_SHARED,
     "on the source and the target while"},
    {"joined on disk: nothing tells when it was read",
     {"=2\n", NULL},
     {"=1\n", NULL},
     NO_FINDING,
     false,
     MR_JOIN_SPILL,
     "on the source"},
    {"the numbers decide, not the time",
     {"=1\n", "=2026-02-02 00:00:00\n"},
     {"=1\n", NULL},
     A_FINDING,
     true,
     MR_JOIN_SHARED,
     NULL},
    {"no numbers: the time",
     {NULL, "=2026-02-02 00:00:00\n"},
     {"=1\n", NULL},
     A_FINDING,
     false,
     MR_JOIN_SHARED,
     "on the source"},
    {"a partition more",
     {"=1\np1=9\n", NULL},
     {"=1\n", NULL},
     A_FINDING,
     false,
     MR_JOIN_SHARED,
     NULL},
};

static void test_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(ends); i++) {
        struct world w;
        struct mr_err err = {0};
        begin_marks(&w);
        struct mr_pair *table = world_pair(&w, 0);
        table->join = ends[i].join;
        if (ends[i].finding != NO_FINDING) {
            struct mr_finding f = world_found(&w, 0, "1|a", NULL);
            f.state = ends[i].finding == PAIRED ? MR_FIND_PAIRED : MR_FIND_UNSETTLED;
            world_require(mr_findings_save(w.check.fd, table->find.id, &f, 1, true, NULL));
        }
        if (ends[i].moved) {
            const struct mr_scan_task task = {.table = table, .next_chunk = 5};
            mr_check_marks_seen(&w.worker, &task); /* nobody answers: not seen to stand */
        }
        fake.mark[MR_SOURCE] = ends[i].source;
        fake.mark[MR_TARGET] = ends[i].target;
        assert_int_equal(mr_check_marks_end(&w.check, &err), MR_OK);
        bool failed = atomic_load(&table->failed);
        if (failed != (ends[i].reason != NULL) ||
            (failed && strstr(table->find.reason, ends[i].reason) == NULL))
            fail_msg("%s: %s", ends[i].what, failed ? table->find.reason : "checked");
        assert_int_equal(table->find.verdict == MR_VERDICT_NOT_CHECKED, failed);
        world_end(&w);
    }
}

/* Without the marks of the end nothing is proved: what is not sound by itself is not checked. */
static void test_end_breaks(void **state)
{
    static const struct {
        enum mr_code fail;
        unsigned times;
        bool finding;
        enum mr_code code;
        const char *reason;
    } cases[] = {
        {MR_E_LOST, 1, true, MR_OK, NULL}, /* by a second try */
        {MR_E_LOST, 9, true, MR_OK, "the server has failed"},
        {MR_E_LOST, 9, false, MR_OK, NULL},
        {MR_E_DENIED, 1, true, MR_OK, "the server has failed"},
        {MR_E_CANCELLED, 1, true, MR_E_CANCELLED, NULL},
        {MR_E_NOMEM, 1, false, MR_E_NOMEM, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        begin_marks(&w);
        if (cases[i].finding)
            world_finding(&w, 0, "1|a", NULL);
        fake.fail_at = fake.reads + 1;
        fake.fail_times = cases[i].times;
        fake.fail_code = cases[i].fail;
        assert_int_equal(mr_check_marks_end(&w.check, &err), cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        assert_int_equal(atomic_load(&world_pair(&w, 0)->failed), cases[i].reason != NULL);
        if (cases[i].reason != NULL)
            assert_non_null(strstr(world_pair(&w, 0)->find.reason, cases[i].reason));
        world_end(&w);
    }
}

/* A table that was given up before keeps its reason. */
static void test_first_reason(void **state)
{
    struct world w;
    struct mr_err first = {0};
    (void)state;
    begin_marks(&w);
    world_finding(&w, 0, "1|a", NULL);
    (void)mr_err_set(&first, MR_E_SQL, "it is broken");
    mr_check_give_up(&w.check, world_pair(&w, 0), &first);
    fake.mark[MR_SOURCE].numbers = "=2\n";
    assert_int_equal(mr_check_marks_end(&w.check, NULL), MR_OK);
    assert_string_equal(world_pair(&w, 0)->find.reason, "it is broken");
    world_end(&w);
}

/* A snapshot's tables are what they are: nobody is asked. */
static void test_snapshot(void **state)
{
    struct world w;
    (void)state;
    begin(&w);
    world_snapshot(&w, MR_SOURCE);
    world_plan(&w, "");
    assert_int_equal(mr_check_marks_begin(&w.check, NULL), MR_OK);
    assert_int_equal(fake.reads, 1);
    fake.mark[MR_SOURCE].numbers = "=2\n";
    assert_int_equal(mr_check_marks_end(&w.check, NULL), MR_OK);
    assert_false(atomic_load(&world_pair(&w, 0)->failed));
    assert_int_equal(fake.reads, 2);
    world_end(&w);
}

/* The coordinator's connection was idle for hours, and is made anew. */
static void test_begin_lost(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    begin(&w);
    world_plan(&w, "");
    world_server.lost = true;
    fake.fail_at = 1;
    fake.fail_times = 1;
    fake.fail_code = MR_E_LOST;
    assert_int_equal(mr_check_marks_begin(&w.check, &err), MR_OK);
    assert_int_equal(fake.reads, 3);
    assert_int_equal(fake.reconnects, 3);
    fake.fail_at = fake.reads + 1;
    fake.fail_times = 2;
    assert_int_equal(mr_check_marks_begin(&w.check, &err), MR_E_LOST);
    world_end(&w);
}

/* MySQL tells of an exchanged partition by numbers alone: who may not see them is told so. */
static void test_exchange_unseen(void **state)
{
    static const struct {
        unsigned version;
        bool partitioned, numbers, snapshot, said;
        enum mr_flavour flavour;
    } cases[] = {
        {80400, true, false, false, true, MR_FLAVOUR_MYSQL},
        {80400, true, true, false, false, MR_FLAVOUR_MYSQL},
        {80400, false, false, false, false, MR_FLAVOUR_MYSQL},
        {50700, true, false, false, false, MR_FLAVOUR_MYSQL},
        {101100, true, false, false, false, MR_FLAVOUR_MARIADB},
        {80400, true, false, true, false, MR_FLAVOUR_MYSQL}, /* SOURCE is nobody to be asked */
    };
    static struct capture c;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w);
        if (cases[i].snapshot)
            world_snapshot(&w, MR_SOURCE);
        world_server.server.flavour = cases[i].flavour;
        world_server.server.version = cases[i].version;
        w.g.tables[MR_SOURCE][0].partitioned = cases[i].partitioned;
        if (!cases[i].numbers)
            fake.mark[MR_SOURCE].numbers = NULL;
        world_plan(&w, "");
        mr_log_set_level(MR_LOG_WARNING);
        capture_begin(&c, CAPTURE_FILE, 0);
        assert_int_equal(mr_check_marks_begin(&w.check, NULL), MR_OK);
        capture_end(&c);
        const char *said = strstr(c.text, "EXCHANGE PARTITION of a table of the source (\"");
        if ((said != NULL) != cases[i].said)
            fail_msg("%zu: %s", i, c.text);
        world_end(&w);
    }
}

/* Of a part of a fleet: said by the one that compares the objects, where InnoDB shows none of its numbers. */
static void test_names_unseen(void **state)
{
    static const struct {
        bool scope, has_objects, numbers, said;
        const char *engine;
    } cases[] = {
        {true, true, false, true, "InnoDB"},   {true, true, true, false, "InnoDB"},
        {true, false, false, false, "InnoDB"}, {false, true, false, false, "InnoDB"},
        {true, true, false, false, "MyISAM"},
    };
    static struct capture c;
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_scope scope = {.has_objects = cases[i].has_objects};
        begin(&w);
        graph_table(&w.g, "other", "id note:text?", NULL);
        for (size_t k = 0; k < w.g.count; k++)
            w.g.tables[MR_SOURCE][k].engine = cases[i].engine;
        if (!cases[i].numbers)
            fake.mark[MR_SOURCE].numbers = NULL;
        world_plan(&w, "");
        w.check.scope = cases[i].scope ? &scope : NULL;
        mr_log_set_level(MR_LOG_WARNING);
        capture_begin(&c, CAPTURE_FILE, 0);
        assert_int_equal(mr_check_marks_begin(&w.check, NULL), MR_OK);
        capture_end(&c);
        if ((strstr(c.text, "two tables of the source that change names between the parts would "
                            "not be seen: GRANT PROCESS") != NULL) != cases[i].said)
            fail_msg("%zu: %s", i, c.text);
        w.check.scope = NULL;
        world_end(&w);
    }
}

/* ---- a segment */

static void test_seen(void **state)
{
    static const struct {
        const char *what, *answer;
        enum mr_code code;
        int64_t next_chunk;
        bool whole, failed, consistent;
        size_t asked;
        bool moved;
    } cases[] = {
        {"it stood still", "=2026-01-01 00:00:00\n", MR_OK, 5, true, false, false, 2, false},
        {"in a view the coordinator is asked", "=2026-01-01 00:00:00\n", MR_OK, 5, true, false,
         true, 2, false},
        {"it was made anew", "=2026-02-02 00:00:00\n", MR_OK, 5, true, false, false, 4, true},
        {"it cannot be told", NULL, MR_E_DENIED, 5, true, false, false, 4, true},
        {"one statement a side is one table", NULL, MR_E_DENIED, 1, true, false, false, 0, false},
        {"a part of it is not", "=2026-01-01 00:00:00\n", MR_OK, 1, false, false, false, 2, false},
        {"given up", NULL, MR_E_DENIED, 5, true, true, false, 0, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const struct world_answer answer = {"CREATE_TIME", cases[i].answer, cases[i].code, 0};
        size_t asked = 0;
        begin_marks(&w);
        struct mr_pair *table = world_pair(&w, 0);
        struct mr_scan_task task = {.table = table, .next_chunk = cases[i].next_chunk};
        world_answers(&answer, 1);
        w.options.consistent = cases[i].consistent;
        if (!cases[i].whole)
            task.hi = world_bytes(&w, MR_SOURCE, 0, &table->scan[MR_SOURCE], true, "7|x");
        atomic_store(&table->failed, cases[i].failed);
        mr_check_marks_seen(&w.worker, &task);
        for (const char *at = world_server.log.len > 0 ? world_server.log.ptr : "";
             (at = strstr(at, "CREATE_TIME")) != NULL; at++)
            asked++;
        assert_int_equal(asked, cases[i].asked);
        if (asked > 0) /* `o`dd` is no word */
            assert_non_null(strstr(world_server.log.ptr, "TABLE_NAME = 'o`dd'"));
        /* what moved is not sound, and so fails for another table at the end */
        fake.mark[MR_SOURCE].numbers = "=2\n";
        atomic_store(&table->failed, false);
        assert_int_equal(mr_check_marks_end(&w.check, NULL), MR_OK);
        if (atomic_load(&table->failed) != cases[i].moved)
            fail_msg("%s", cases[i].what);
        world_end(&w);
    }
}

/* Without a time at the beginning there is nothing that could stand still. */
static void test_seen_without_time(void **state)
{
    static const struct world_answer answer = {"CREATE_TIME", "=2026-01-01 00:00:00\n", MR_OK, 0};
    struct world w;
    (void)state;
    begin(&w);
    world_plan(&w, "");
    world_pair(&w, 0)->join = MR_JOIN_SHARED;
    fake.mark[MR_SOURCE].time = NULL;
    assert_int_equal(mr_check_marks_begin(&w.check, NULL), MR_OK);
    world_answers(&answer, 1);
    mr_check_marks_seen(&w.worker,
                        &(struct mr_scan_task){.table = world_pair(&w, 0), .next_chunk = 5});
    fake.mark[MR_SOURCE].numbers = "=2\n";
    assert_int_equal(mr_check_marks_end(&w.check, NULL), MR_OK);
    assert_true(atomic_load(&world_pair(&w, 0)->failed));
    world_end(&w);
}

/* ---- a run that goes on */

static void test_resume(void **state)
{
    static const struct {
        const char *what;
        struct mr_table_mark mark; /* of SOURCE, then */
        const char *collation;     /* of the key, then */
        bool known, same;
    } cases[] = {
        {"as it was", {"=1\n", "=2026-01-01 00:00:00\n"}, "utf8mb4_general_ci", true, true},
        {"another table", {"=2\n", "=2026-01-01 00:00:00\n"}, "utf8mb4_general_ci", true, false},
        {"the time alone is another",
         {"=1\n", "=2026-02-02 00:00:00\n"},
         "utf8mb4_general_ci",
         true,
         true},
        {"no numbers, another time",
         {NULL, "=2026-02-02 00:00:00\n"},
         "utf8mb4_general_ci",
         true,
         false},
        {"nothing is told", {NULL, NULL}, "utf8mb4_general_ci", true, true},
        {"its key has another order",
         {"=1\n", "=2026-01-01 00:00:00\n"},
         "utf8mb4_bin",
         true,
         false},
        {"nothing was read of it yet", {"=2\n", NULL}, "utf8mb4_general_ci", false, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        bool same = false;
        begin(&w);
        w.g.count = 0;
        graph_table(&w.g, "o`dd", "name:text note:text?", NULL);
        world_plan(&w, "");
        assert_int_equal(mr_check_marks_begin(&w.check, NULL), MR_OK);
        /* the first try keeps what the table is */
        assert_int_equal(mr_check_marks_resume(&w.check, world_pair(&w, 0), false, &same, NULL),
                         MR_OK);
        assert_true(same);
        fake.mark[MR_SOURCE] = cases[i].mark;
        w.g.sides[MR_SOURCE][0].columns[0].collation = cases[i].collation;
        assert_int_equal(mr_check_marks_begin(&w.check, NULL), MR_OK);
        same = !cases[i].same;
        assert_int_equal(
            mr_check_marks_resume(&w.check, world_pair(&w, 0), cases[i].known, &same, NULL), MR_OK);
        if (same != cases[i].same)
            fail_msg("%s", cases[i].what);
        /* then it is known as what it is now */
        assert_int_equal(mr_check_marks_resume(&w.check, world_pair(&w, 0), true, &same, NULL),
                         MR_OK);
        assert_true(same);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_end_breaks),
        cmocka_unit_test(test_first_reason),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_begin_lost),
        cmocka_unit_test(test_seen),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_seen_without_time),
        cmocka_unit_test(test_exchange_unseen),
        cmocka_unit_test(test_names_unseen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
