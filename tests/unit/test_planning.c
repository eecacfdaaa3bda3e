/* test_planning.c: which case, run and servers a plan is made of, and when the case takes it for
 * one. */
#include "planning_world.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "core/case/case_args.h"

#define OLD "mysql://a@old/club"
#define NEW "mysql://a@new/club"
#define RUN "20260102T030405Z-8f3a12"

static bool close_fails, publish_fails;

enum mr_code __real_mr_findings_close(struct mr_findings *fd, struct mr_err *err);
enum mr_code __wrap_mr_findings_close(struct mr_findings *fd, struct mr_err *err);
enum mr_code __wrap_mr_findings_close(struct mr_findings *fd, struct mr_err *err)
{
    const enum mr_code code = __real_mr_findings_close(fd, err);
    return close_fails ? mr_err_set(err, MR_E_CASE, "the case is not closed") : code;
}

enum mr_code __real_mr_plan_writer_publish(struct mr_plan_writer *writer,
                                           struct mr_manifest *manifest,
                                           const struct mr_sign_key *signer, struct mr_err *err);
enum mr_code __wrap_mr_plan_writer_publish(struct mr_plan_writer *writer,
                                           struct mr_manifest *manifest,
                                           const struct mr_sign_key *signer, struct mr_err *err);
enum mr_code __wrap_mr_plan_writer_publish(struct mr_plan_writer *writer,
                                           struct mr_manifest *manifest,
                                           const struct mr_sign_key *signer, struct mr_err *err)
{
    return publish_fails ? mr_err_set(err, MR_E_IO, "the disk is full")
                         : __real_mr_plan_writer_publish(writer, manifest, signer, err);
}

/* Records a plan of the case. */
static void add_plan(const char *policy, const char *source, const char *target)
{
    struct mr_findings *fd = NULL;
    struct mr_plan_record plan = {.uuid = policy,
                                  .policy = policy,
                                  .created = "2026-11-19T11:00:00Z",
                                  .dir = "earlier",
                                  .source = source,
                                  .target = target};
    assert_int_equal(mr_findings_open("c.case", MR_CASE_WRITE, &fd, NULL), MR_OK);
    assert_int_equal(mr_planbook_add(fd, &plan, NULL, 0, NULL), MR_OK);
    assert_int_equal(mr_findings_close(fd, NULL), MR_OK);
}

static bool says(const struct mr_err *err, const char *words)
{
    return strstr(err->message, words) != NULL || strstr(err->hint, words) != NULL;
}

/* ---- the case and its run ---- */

static void test_case(void **state)
{
    static const struct {
        bool is_there;
        const char *run, *policy, *source, *target, *asked;
        enum mr_code code;
        const char *said; /* of the error; else which run is planned from, NULL: none */
        bool makes;       /* a case */
    } cases[] = {
        /* a case is not started for want of endpoints, nor for rows that it does not know */
        {false, NULL, NULL, OLD, NULL, NULL, MR_E_USAGE, "Give --source URI and --target", false},
        {false, NULL, NULL, NULL, NEW, NULL, MR_E_USAGE, "case \"c.case\" does not exist", false},
        {false, NULL, "merge", OLD, NEW, NULL, MR_E_USAGE, "Compare the servers first", false},
        {false, NULL, NULL, OLD, NEW, NULL, MR_OK, NULL, true},
        /* a reseed takes what the case knows, and needs no run */
        {true, NULL, NULL, OLD, NEW, NULL, MR_OK, NULL, true},
        {true, RUN, NULL, OLD, NEW, NULL, MR_OK, RUN, true},
        {true, NULL, "merge", OLD, NEW, NULL, MR_E_NO_SUCH, "holds no run", true},
        {true, RUN, "merge", NULL, NULL, NULL, MR_OK, RUN, true},
        {true, RUN, "mirror", NULL, NULL, "8f3a12", MR_OK, RUN, true},
        {true, RUN, "mirror", NULL, NULL, "77", MR_E_NO_SUCH, "no run \"77\"", true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planning_world w;
        (void)unlink("c.case");
        if (cases[i].is_there)
            planning_case(cases[i].run, OLD, NEW, true);
        planning_begin(&w);
        w.opts.case_path = "c.case";
        w.opts.policy = cases[i].policy;
        w.opts.source = cases[i].source;
        w.opts.target = cases[i].target;
        w.opts.run = cases[i].asked;
        const enum mr_code code = mr_planning_open(&w.p, &w.err);
        if (code != cases[i].code || (code != MR_OK && !says(&w.err, cases[i].said)))
            fail_msg("case %zu: %d: %s (%s)", i, (int)code, w.err.message, w.err.hint);
        if (code == MR_OK)
            assert_int_equal(w.p.run.id != 0, cases[i].said != NULL);
        if (code == MR_OK && cases[i].said != NULL)
            assert_string_equal(w.p.run.uuid, cases[i].said);
        planning_end(&w);
        assert_int_equal(access("c.case", F_OK) == 0, cases[i].makes);
        assert_int_equal(access("out.partial", F_OK), -1);
    }
}

/* Without a case; and of a case the last run that was finished. */
static void test_no_case(void **state)
{
    struct planning_world w;
    (void)state;
    planning_begin(&w);
    w.opts.source = OLD;
    w.opts.target = NEW;
    assert_int_equal(mr_planning_open(&w.p, &w.err), MR_OK);
    assert_null(w.p.fd);
    assert_int_equal(w.p.run.id, 0);
    planning_end(&w);
    assert_int_equal(asked.closed, 1);
    planning_case(RUN, OLD, NEW, true);
    planning_case("20260103T030405Z-000000", OLD, NEW, false);
    for (int rows = 0; rows < 2; rows++) {
        planning_begin(&w);
        w.opts.case_path = "c.case";
        w.opts.policy = rows ? "merge" : NULL;
        assert_int_equal(mr_planning_open(&w.p, &w.err), MR_OK);
        assert_string_equal(w.p.run.uuid, RUN);
        planning_end(&w);
    }
}

/* What can be known before a server is asked is said before one is. */
static void test_first(void **state)
{
    static const struct {
        const char *output, *key;
        enum mr_code code;
    } cases[] = {{"full", NULL, MR_E_REFUSED}, {"out", "none.pem", MR_E_IO}};
    struct planning_world w;
    (void)state;
    assert_int_equal(mkdir("full", 0700), 0);
    assert_int_equal(mkdir("full/x", 0700), 0);
    for (size_t i = 0; i < LEN(cases); i++) {
        planning_begin(&w);
        w.opts.output = cases[i].output;
        w.opts.sign_with = cases[i].key;
        w.opts.case_path = "c.case";
        w.opts.source = OLD;
        w.opts.target = NEW;
        const enum mr_code code = mr_planning_open(&w.p, &w.err);
        if (code != cases[i].code)
            fail_msg("case %zu: %d: %s", i, (int)code, w.err.message);
        planning_end(&w);
        assert_string_equal(asked.uris[MR_SOURCE], "");
        assert_int_equal(access("c.case", F_OK), -1);
    }
    assert_int_equal(rmdir("full/x"), 0);
}

/* ---- servers ---- */

/* Those of the command line; else of the run; else of the case's last plan. */
static void test_endpoints(void **state)
{
    static const struct {
        const char *source, *target, *run, *plan; /* run: its source, plan: its policy */
        const char *asked[MR_SIDES];              /* NULL: nobody knows them */
    } cases[] = {
        {OLD, NEW, NULL, NULL, {OLD, NEW}},
        {OLD, NEW, "mysql://r/club", "merge", {OLD, NEW}},
        {NULL, NULL, "mysql://r/club", NULL, {"mysql://r/club", NEW}},
        {NULL, NULL, "mysql://r/club", "merge", {"mysql://r/club", NEW}},
        {OLD, NULL, "mysql://r/club", "merge", {OLD, NEW}},
        {NULL, "mysql://t/club", "mysql://r/club", "merge", {"mysql://r/club", "mysql://t/club"}},
        {NULL, NULL, NULL, "reseed-only", {"mysql://p/club", NEW}},
        {NULL, "mysql://t/club", NULL, "merge", {"mysql://p/club", "mysql://t/club"}},
        {OLD, NULL, NULL, NULL, {NULL, NULL}},
        {NULL, NEW, NULL, NULL, {NULL, NULL}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct planning_world w;
        (void)unlink("c.case");
        planning_case(cases[i].run != NULL ? RUN : NULL, cases[i].run, NEW, true);
        if (cases[i].plan != NULL)
            add_plan(cases[i].plan, "mysql://p/club", NEW);
        planning_begin(&w);
        w.opts.case_path = "c.case";
        w.opts.source = cases[i].source;
        w.opts.target = cases[i].target;
        const enum mr_code code = mr_planning_open(&w.p, &w.err);
        if (cases[i].asked[0] == NULL) {
            assert_int_equal(code, MR_E_USAGE);
            assert_true(says(&w.err, "does not know which servers"));
        } else if (code != MR_OK || strcmp(asked.uris[0], cases[i].asked[0]) != 0 ||
                   strcmp(asked.uris[1], cases[i].asked[1]) != 0) {
            fail_msg("case %zu: %d: %s %s", i, (int)code, asked.uris[0], asked.uris[1]);
        }
        planning_end(&w);
    }
}

static enum mr_code no_snapshot(const struct mr_endpoint *ep, struct mr_source **out,
                                struct mr_err *err)
{
    (void)ep, (void)out;
    return mr_err_set(err, MR_E_BUG, "nobody opens it");
}

/* Rows are read in one view each, counters are not; a snapshot cannot be written to. */
static void test_sides(void **state)
{
    (void)state;
    for (int rows = 0; rows < 2; rows++) {
        struct planning_world w;
        (void)unlink("c.case");
        planning_case(RUN, "snapshot:dir", NEW, true);
        planning_begin(&w);
        w.opts.case_path = "c.case";
        w.opts.policy = rows ? "merge" : NULL;
        w.opts.statement_timeout_s = 7;
        w.opts.login.ask_password = true;
        w.p.open_snapshot = no_snapshot;
        assert_int_equal(mr_planning_open(&w.p, &w.err), MR_OK);
        assert_string_equal(asked.opts.run_tag, "20261120T110000Z-abcdef");
        assert_int_equal(asked.opts.consistent, rows);
        assert_true(asked.opts.frees_tables && asked.opts.login.ask_password);
        assert_true(asked.opts.open_snapshot == no_snapshot);
        assert_int_equal(asked.opts.statement_timeout_s, 7);
        planning_end(&w);
        planning_begin(&w);
        w.opts.case_path = "c.case";
        w.opts.policy = rows ? "merge" : NULL;
        w.opts.target = "snapshot:dir";
        assert_int_equal(mr_planning_open(&w.p, &w.err), MR_E_USAGE);
        assert_true(says(&w.err, "a snapshot cannot be the target"));
        planning_end(&w);
        planning_begin(&w);
        w.opts.case_path = "c.case";
        w.opts.policy = rows ? "merge" : NULL;
        asked.fails = MR_E_CONNECT;
        assert_int_equal(mr_planning_open(&w.p, &w.err), MR_E_CONNECT);
        assert_string_equal(w.err.message, "nobody answers");
        planning_end(&w);
    }
}

/* What a run found, and what the case keeps of merges, is of one side each. */
static const struct {
    const char *source, *target, *run[MR_SIDES], *merged[MR_SIDES];
    const char *said; /* NULL: it is planned */
} turned[] = {
    {NULL, NULL, {OLD, NEW}, {NULL, NULL}, NULL},
    {NEW, OLD, {OLD, NEW}, {NULL, NULL}, "the source \"" NEW "\" is the target of run " RUN},
    {NEW, "mysql://x/club", {OLD, NEW}, {NULL, NULL}, "is the target of run"},
    {"mysql://x/club", OLD, {OLD, NEW}, {NULL, NULL}, "the target \"" OLD "\" is the source"},
    /* whoever logs in; a port is 3306 without a word; a host is it in any letters */
    {"mysql://b@NEW:3306/club", OLD, {OLD, NEW}, {NULL, NULL}, "is the target of run"},
    {"mysql://new:3307/club", "mysql://x/club", {OLD, NEW}, {NULL, NULL}, NULL},
    {"mysql://new/club?socket=/s", "mysql://x/club", {OLD, NEW}, {NULL, NULL}, NULL},
    /* of one server two databases are two histories */
    {"mysql://h/old", "mysql://h/new", {"mysql://h/old", "mysql://h/new"}, {NULL, NULL}, NULL},
    {"mysql://h/new",
     "mysql://h/old",
     {"mysql://h/old", "mysql://h/new"},
     {NULL, NULL},
     "is the target of run"},
    {"mysql://new/a,club", "mysql://x/a,club", {OLD, NEW}, {NULL, NULL}, "is the target"},
    {"mysql://new", "mysql://x", {OLD, NEW}, {NULL, NULL}, "is the target"},
    {"mysql://new/other", "mysql://x/club", {OLD, NEW}, {NULL, NULL}, NULL},
    {"mysql://new/club",
     "mysql://x",
     {"mysql://old", "mysql://new"},
     {NULL, NULL},
     "is the target"},
    /* both are one: that is refused by another name */
    {OLD, OLD, {OLD, NEW}, {NULL, NULL}, NULL},
    {"snapshot:dir", NULL, {OLD, NEW}, {NULL, NULL}, NULL},
    /* a run the other way round, of a case that merged */
    {NULL, NULL, {OLD, NEW}, {OLD, NEW}, NULL},
    {NULL, NULL, {NEW, OLD}, {OLD, NEW}, "the source of run " RUN " is the target of an earlier"},
    {NULL,
     NULL,
     {"mysql://x/club", OLD},
     {OLD, NEW},
     "the target of run " RUN " is the source of an earlier merge"},
};

static void test_turned(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(turned); i++) {
        struct planning_world w;
        (void)unlink("c.case");
        planning_case(RUN, turned[i].run[0], turned[i].run[1], true);
        if (turned[i].merged[0] != NULL)
            add_plan("merge", turned[i].merged[0], turned[i].merged[1]);
        add_plan("reseed-only", turned[i].run[1], turned[i].run[0]); /* which moves nobody */
        for (int rows = 0; rows < 2; rows++) {
            planning_begin(&w);
            w.opts.case_path = "c.case";
            w.opts.policy = rows ? "merge" : NULL;
            w.opts.source = turned[i].source;
            w.opts.target = turned[i].target;
            const enum mr_code code = mr_planning_open(&w.p, &w.err);
            /* counters are raised above both, whichever is which */
            const char *said = rows ? turned[i].said : NULL;
            if (code != (said != NULL ? MR_E_REFUSED : MR_OK) ||
                (said != NULL && !says(&w.err, said)))
                fail_msg("case %zu: %d: %s", i, (int)code, w.err.message);
            planning_end(&w);
        }
    }
}

/* ---- the plan ---- */

static void open_plan(struct planning_world *w)
{
    planning_case(RUN, OLD, "mysql://a@new/club", true);
    planning_begin(w);
    w->opts.case_path = "c.case";
    w->opts.source = "mysql://s@old/club?ssl-mode=required";
    w->opts.margin = 9;
    w->config.file = "club.ini";
    assert_int_equal(mr_planning_open(&w->p, &w->err), MR_OK);
}

static void test_describe(void **state)
{
    struct planning_world w;
    const struct mr_manifest *m = &w.p.manifest;
    const struct mr_plan_record *r = &w.p.record;
    (void)state;
    open_plan(&w);
    w.p.manifest.ncounters = 3; /* all of it is made anew */
    assert_int_equal(mr_planning_describe(&w.p, "mirror", &w.err), MR_OK);
    assert_string_equal(m->uuid, "20261120T110000Z-abcdef");
    assert_string_equal(m->created, "2026-11-20T11:00:00Z");
    assert_string_equal(m->policy, "mirror");
    assert_string_equal(m->source, "mysql://s@old/club");
    assert_string_equal(m->target, NEW);
    assert_string_equal(m->uri[MR_SOURCE], "mysql://s@old/club?ssl-mode=required");
    assert_string_equal(m->uri[MR_TARGET], NEW);
    assert_string_equal(m->run, RUN);
    assert_string_equal(m->check_options, "chunk=9");
    assert_int_equal(m->margin, 9);
    assert_int_equal(m->ncounters, 0);
    assert_ptr_equal(r->uuid, m->uuid);
    assert_ptr_equal(r->policy, m->policy);
    assert_ptr_equal(r->created, m->created);
    assert_string_equal(r->dir, "out");
    assert_ptr_equal(r->source, m->source);
    assert_ptr_equal(r->target, m->target);
    assert_ptr_equal(r->uri[MR_SOURCE], m->uri[MR_SOURCE]);
    assert_ptr_equal(r->uri[MR_TARGET], m->uri[MR_TARGET]);
    assert_int_equal(r->run, w.p.run.id);
    w.p.run.id = 0;
    assert_int_equal(mr_planning_describe(&w.p, "reseed-only", &w.err), MR_OK);
    assert_null(m->run);
    planning_end(&w);
}

static void test_blocks(void **state)
{
    struct planning_world w;
    struct mr_plan_block *blocks = NULL;
    (void)state;
    planning_begin(&w);
    w.p.manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    assert_int_equal(mr_planning_blocks(&w.p, &blocks, &w.err), MR_OK);
    for (size_t i = 0; i < w.p.manifest.ncounters; i++) {
        const struct mr_counter *c = &sample_counters[i];
        const struct mr_plan_block *b = &blocks[i];
        assert_ptr_equal(b->table, c->table);
        assert_ptr_equal(b->target_table, c->target_table);
        assert_ptr_equal(b->column, c->column);
        assert_ptr_equal(b->sequence, c->sequence);
        assert_true(b->from == c->from && b->to == c->to && b->reseed_to == c->reseed_to);
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            assert_true(b->next[side] == c->next[side] && b->greatest[side] == c->greatest[side]);
    }
    w.p.manifest.ncounters = 0;
    assert_int_equal(mr_planning_blocks(&w.p, &blocks, &w.err), MR_OK);
    planning_end(&w);
}

static enum mr_code write_word(const struct mr_manifest *manifest, struct mr_strbuf *out,
                               struct mr_err *err)
{
    if (manifest->margin == 0)
        return mr_err_set(err, MR_E_REFUSED, "nothing to write");
    mr_strbuf_add_fmt(out, "%" PRIu64, manifest->margin);
    return MR_OK;
}

/* How many plans of this run the case has, and takes for plans. */
static int64_t plans(struct planning_world *w, const char *sql)
{
    int64_t n = -1;
    assert_int_equal(mr_case_number_with(mr_findings_case(w->p.fd), sql, NULL, 0, &n, NULL), MR_OK);
    return n;
}
#define ALL "SELECT count(*) FROM plan"
#define NAMED ALL " WHERE state<>'proposed'"

/* The case takes it for a plan last; of one whose directory has no name it forgets all. */
static void test_publish(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        struct planning_world w;
        struct mr_plan_dir plan;
        (void)unlink("c.case");
        open_plan(&w);
        assert_int_equal(mr_planning_describe(&w.p, "reseed-only", &w.err), MR_OK);
        w.p.manifest.server = sample_manifest(MR_FLAVOUR_MYSQL).server;
        assert_int_equal(mr_planning_add_script(&w.p, "reseed.sql", write_word, &w.err), MR_OK);
        assert_int_equal(mr_planbook_add(w.p.fd, &w.p.record, NULL, 0, &w.err), MR_OK);
        assert_int_equal(plans(&w, ALL), 1);
        assert_int_equal(plans(&w, NAMED), 0);
        publish_fails = fails != 0;
        const enum mr_code code = mr_planning_publish(&w.p, &w.err);
        publish_fails = false;
        assert_int_equal(code, fails ? MR_E_IO : MR_OK);
        assert_int_equal(w.p.is_published, !fails);
        assert_int_equal(plans(&w, ALL), !fails);
        assert_int_equal(plans(&w, NAMED), !fails);
        planning_end(&w);
        assert_int_equal(access("out", F_OK) == 0, !fails);
        assert_int_equal(access("out.partial", F_OK), -1);
        if (fails)
            continue;
        if (mr_plan_open("out", &plan, &w.err) != MR_OK)
            fail_msg("%s", w.err.message);
        assert_string_equal(plan.manifest.case_path, "c.case");
        assert_string_equal(plan.manifest.config, "club.ini");
        /* nobody knows whether the account may write */
        assert_string_equal(plan.manifest.apply_to, "mysql://new/club");
        assert_string_equal(plan.manifest.files[0].name, "reseed.sql");
        assert_int_equal(plan.manifest.files[0].size_bytes, 1);
        mr_plan_close(&plan);
        assert_int_equal(unlink("out/reseed.sql") | unlink("out/plan.json") | rmdir("out"), 0);
    }
}

/* A script that cannot be written is none; and a plan that the case does not know. */
static void test_no_script(void **state)
{
    struct planning_world w;
    (void)state;
    open_plan(&w);
    assert_int_equal(mr_planning_describe(&w.p, "reseed-only", &w.err), MR_OK);
    w.p.manifest.margin = 0;
    assert_int_equal(mr_planning_add_script(&w.p, "reseed.sql", write_word, &w.err), MR_E_REFUSED);
    assert_int_equal(mr_planning_publish(&w.p, &w.err), MR_OK);
    assert_int_equal(plans(&w, ALL), 0);
    planning_end(&w);
    assert_int_equal(access("out/reseed.sql", F_OK), -1);
    assert_int_equal(unlink("out/plan.json") | rmdir("out"), 0);
    planning_begin(&w); /* nor is there one */
    w.opts.source = OLD;
    w.opts.target = NEW;
    assert_int_equal(mr_planning_open(&w.p, &w.err), MR_OK);
    assert_int_equal(mr_planning_describe(&w.p, "reseed-only", &w.err), MR_OK);
    assert_int_equal(mr_planning_publish(&w.p, &w.err), MR_OK);
    planning_end(&w);
    assert_int_equal(unlink("out/plan.json") | rmdir("out"), 0);
}

/* The first error is the one to be told. */
static void test_close(void **state)
{
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        struct planning_world w;
        (void)unlink("c.case");
        open_plan(&w);
        struct mr_err err = {0};
        if (fails)
            (void)mr_err_set(&err, MR_E_LOST, "the server is gone");
        close_fails = true;
        const enum mr_code code = mr_planning_close(&w.p, fails ? MR_E_LOST : MR_OK, &err);
        close_fails = false;
        assert_int_equal(code, fails ? MR_E_LOST : MR_E_CASE);
        assert_string_equal(err.message, fails ? "the server is gone" : "the case is not closed");
        assert_int_equal(asked.closed, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_case, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_no_case, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_first, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_endpoints, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_sides, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_turned, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_describe, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_blocks, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_publish, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_no_script, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_close, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
