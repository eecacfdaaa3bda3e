/* test_plan_reseed.c: a plan that only raises counters: its files, and what the case keeps. */
#include "planning_world.h"

#include "core/case/case_args.h"
#include "core/file/io.h"
#include "repair/reseed/reseed_plan.h"
#include "repair/script/reseed_sql.h"

/* Which step fails, and what the last one was asked. */
static struct {
    bool itself, reads;
    struct mr_reseed_task task;
} ask;

enum mr_code __wrap_mr_plan_refuse_itself(const struct mr_sides *sides, struct mr_arena *arena,
                                          struct mr_err *err);
enum mr_code __wrap_mr_plan_refuse_itself(const struct mr_sides *sides, struct mr_arena *arena,
                                          struct mr_err *err)
{
    (void)sides, (void)arena;
    return ask.itself ? mr_err_set(err, MR_E_REFUSED, "both are one") : MR_OK;
}

enum mr_code __wrap_mr_reseed_plan(const struct mr_reseed_task *task, struct mr_manifest *manifest,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reseed_plan(const struct mr_reseed_task *task, struct mr_manifest *manifest,
                                   struct mr_err *err)
{
    const struct mr_manifest sample = sample_manifest(MR_FLAVOUR_MYSQL);
    ask.task = *task;
    if (ask.reads)
        return mr_err_set(err, MR_E_LOST, "the server is gone");
    assert_string_equal(manifest->policy, MR_POLICY_RESEED);
    manifest->server = sample.server;
    manifest->counters = sample.counters;
    manifest->ncounters = sample.ncounters;
    return MR_OK;
}

static void begin(struct planning_world *w, const char *case_path)
{
    planning_begin(w);
    memset(&ask, 0, sizeof ask);
    w->opts.case_path = case_path;
    w->opts.source = "mysql://a@old/club";
    w->opts.target = "mysql://a@new/club";
    w->opts.margin = 77;
    assert_int_equal(mr_planning_open(&w->p, &w->err), MR_OK);
}

static int64_t count(struct planning_world *w, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(mr_case_number_with(mr_findings_case(w->p.fd), sql, NULL, 0, &n, NULL), MR_OK);
    return n;
}

static void remove_plan(void)
{
    assert_int_equal(unlink("out/reseed.sql") | unlink("out/verify.sql") | unlink("out/plan.json"),
                     0);
    assert_int_equal(rmdir("out"), 0);
}

/* Is the file of the plan the script that these counters make? */
static void expect_script(const struct planning_world *w, const char *path,
                          mr_planning_script *write)
{
    struct mr_strbuf wanted = MR_STRBUF_INIT, got = MR_STRBUF_INIT;
    assert_int_equal(write(&w->p.manifest, &wanted, NULL), MR_OK);
    assert_int_equal(mr_io_read_part(path, 1 << 20, &got, NULL), MR_OK);
    assert_string_equal(got.ptr, wanted.ptr);
    mr_strbuf_release(&wanted);
    mr_strbuf_release(&got);
}

static void test_plan(void **state)
{
    (void)state;
    for (int with_case = 0; with_case < 2; with_case++) {
        struct planning_world w;
        struct mr_plan_dir plan;
        begin(&w, with_case ? "c.case" : NULL);
        assert_int_equal(mr_plan_reseed(&w.p, &w.err), MR_OK);
        assert_ptr_equal(ask.task.side, w.p.sides.side);
        assert_ptr_equal(ask.task.config, &w.config);
        assert_ptr_equal(ask.task.tables, &w.opts.tables);
        assert_ptr_equal(ask.task.exclude, &w.opts.exclude);
        assert_ptr_equal(ask.task.fd, w.p.fd);
        assert_int_equal(ask.task.margin, 77);
        assert_string_equal(ask.task.target, "mysql://a@new/club");
        expect_script(&w, "out/reseed.sql", mr_reseed_sql);
        expect_script(&w, "out/verify.sql", mr_reseed_verify_sql);
        assert_int_equal(mr_plan_open("out", &plan, &w.err), MR_OK);
        assert_int_equal(plan.manifest.ncounters, 3);
        mr_plan_close(&plan);
        /* ids that the plan reserves are known to later ones */
        if (with_case) {
            assert_int_equal(count(&w, "SELECT count(*) FROM plan WHERE state='written'"), 1);
            assert_int_equal(count(&w, "SELECT count(*) FROM plan_block"), 3);
        }
        planning_end(&w);
        remove_plan();
    }
}

/* Whatever fails: nothing has the plan's name, and no ids are reserved. */
static void test_failures(void **state)
{
    static const struct {
        bool itself, reads;
        enum mr_code code;
    } cases[] = {{true, true, MR_E_REFUSED}, {false, true, MR_E_LOST}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planning_world w;
        begin(&w, "c.case");
        ask.itself = cases[i].itself;
        ask.reads = cases[i].reads;
        assert_int_equal(mr_plan_reseed(&w.p, &w.err), cases[i].code);
        assert_int_equal(count(&w, "SELECT count(*) FROM sqlite_master WHERE name='plan_block'") >
                                 0 &&
                             count(&w, "SELECT count(*) FROM plan_block") > 0,
                         false);
        planning_end(&w);
        assert_int_equal(access("out", F_OK), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_failures, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
