/* test_apply_plan.c: all that must hold is asked before anything is written, and what is run is the
 * very file that the plan was sealed with. */
#include "apply_world.h"

#include "repair/apply/apply_blocks.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/apply_plan.h"
#include "repair/apply/native.h"
#include "repair/apply/rehearse.h"
#include "repair/apply/undo_triggers.h"
#include "repair/script/script_shape.h"

/* ---- what is asked, in its order; one of it may refuse ---- */

static struct {
    struct mr_strbuf asked;
    const char *refuses; /* the name of a step, or NULL */
    struct mr_apply_needs needs;
    struct mr_apply_counts counts; /* that the units come to */
    bool clean;
} steps = {.asked = MR_STRBUF_INIT};

static enum mr_code step(const char *name, struct mr_err *err)
{
    mr_strbuf_add_fmt(&steps.asked, "%s%s", steps.asked.len > 0 ? " " : "", name);
    if (steps.refuses == NULL || strcmp(steps.refuses, name) != 0)
        return MR_OK;
    return mr_err_set(err, MR_E_REFUSED, "refused: %s", name);
}

#define STEP(name, function, ...)                                                                  \
    enum mr_code __wrap_##function(__VA_ARGS__, struct mr_err *err);                               \
    enum mr_code __wrap_##function(__VA_ARGS__, struct mr_err *err)                                \
    {                                                                                              \
        return step(name, err);                                                                    \
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
STEP("columns", mr_apply_check_columns, const struct mr_target *t, const struct mr_manifest *m)
STEP("around", mr_apply_check_around, const struct mr_target *t, const struct mr_manifest *m,
     const struct mr_apply_needs *n, struct mr_arena *a, struct mr_vec *d)
STEP("unseen", mr_apply_check_unseen, const struct mr_target *t, const struct mr_manifest *m,
     const struct mr_apply_needs *n)
STEP("triggers", mr_undo_triggers_check, const struct mr_undo_triggers *t)
STEP("gtid", mr_apply_check_gtid, const struct mr_target *t, const struct mr_manifest *m)
STEP("blocks", mr_apply_check_blocks, const struct mr_target *t, const struct mr_manifest *m)
STEP("session", mr_apply_check_session, const struct mr_target *t, bool no_binlog)
STEP("open-case", mr_apply_case_open, const char *path, const struct mr_manifest *m,
     struct mr_apply_case **ac)
STEP("later", mr_apply_case_check_later, struct mr_apply_case *ac)
STEP("sums", mr_apply_case_check_sums, struct mr_apply_case *ac)
STEP("begin-case", mr_apply_case_begin, struct mr_apply_case *ac, enum mr_journal_script which)
STEP("journal-case", mr_apply_case_journal, struct mr_apply_case *ac, const char *dir)
STEP("close-case", mr_apply_case_close, struct mr_apply_case *ac)
STEP("shape", mr_script_shape_new, const struct mr_manifest *m, struct mr_script_calls *c,
     struct mr_arena *a, struct mr_script_shape **out)
STEP("undo", mr_script_shape_check, const struct mr_manifest *m, const char *path,
     struct mr_script_calls *c)
STEP("native", mr_native_check, struct mr_db *db, const struct mr_script_calls *c, const char *path)
STEP("skip", mr_rehearse_skip, struct mr_script_read *s, const struct mr_vec *u,
     const struct mr_vec *l, bool *skip)
#pragma GCC diagnostic pop

enum mr_code __wrap_mr_apply_check_rights(const struct mr_target *t, const struct mr_manifest *m,
                                          const struct mr_apply_needs *needs, struct mr_err *err);
enum mr_code __wrap_mr_apply_check_rights(const struct mr_target *t, const struct mr_manifest *m,
                                          const struct mr_apply_needs *needs, struct mr_err *err)
{
    (void)t, (void)m;
    steps.needs = *needs;
    return step("rights", err);
}

enum mr_code __wrap_mr_apply_case_end(struct mr_apply_case *ac, struct mr_journal *j,
                                      enum mr_journal_script which, bool clean, struct mr_err *err);
enum mr_code __wrap_mr_apply_case_end(struct mr_apply_case *ac, struct mr_journal *j,
                                      enum mr_journal_script which, bool clean, struct mr_err *err)
{
    (void)ac, (void)j, (void)which;
    steps.clean = clean;
    return step("end-case", err);
}

bool __wrap_mr_script_shape_fits(const void *ctx, const struct mr_script_read_item *item,
                                 struct mr_script_read_fault *fault);
bool __wrap_mr_script_shape_fits(const void *ctx, const struct mr_script_read_item *item,
                                 struct mr_script_read_fault *fault)
{
    (void)ctx;
    (void)snprintf(fault->what, sizeof fault->what, "is none of the plan's");
    return strstr(item->sql, "DROP TABLE") == NULL;
}

enum mr_code __wrap_mr_apply_units_run(struct mr_apply_units *run, struct mr_err *err);
enum mr_code __wrap_mr_apply_units_run(struct mr_apply_units *run, struct mr_err *err)
{
    run->counts = steps.counts;
    run->counts.units = run->units->count;
    return step("units", err);
}

/* ---- a plan in a directory ---- */

#define INSERTS                                                                                    \
    "-- unit 1 of 1: 1 row\n-- stage\n-- locks\n-- guards\n-- write\nINSERT INTO t SELECT 1;\n"    \
    "-- again\n-- end\n"
#define UPDATES                                                                                    \
    "-- unit 1 of 1: 1 row\n-- stage\n-- locks\n-- guards\n-- write\nUPDATE t SET x = 1;\n"        \
    "-- again\n-- end\n"

static struct mr_plan_dir plan;
static struct mr_plan_file file;
static char sha256[MR_SHA256_HEX];
static struct mr_repair_options options;
static struct mr_apply_plan ap;

/* The file as it is, and the text that the plan was sealed with. */
static void begin_plan(enum mr_journal_script which, const char *text, const char *sealed)
{
    char path[96];
    const char *name = which == MR_JOURNAL_UNDO ? "undo.sql" : "apply.sql";
    begin(NULL, 0);
    mr_strbuf_reset(&steps.asked);
    steps.refuses = NULL;
    steps.counts = (struct mr_apply_counts){.done = 1};
    (void)snprintf(path, sizeof path, "%s/%s", plan_dir(), name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(mr_sha256_bytes(sealed, strlen(sealed), sha256, &p.err), MR_OK);
    file = (struct mr_plan_file){.name = name, .sha256 = sha256};
    plan = (struct mr_plan_dir){.path = plan_dir(), .manifest = p.m};
    plan.manifest.files = &file;
    plan.manifest.nfiles = 1;
    mr_arena_init(&plan.arena);
    options = (struct mr_repair_options){0};
    ap = (struct mr_apply_plan){
        .opts = &options, .plan = &plan, .target = &p.target, .which = which, .run_tag = "run-1"};
}

static void end_plan(void)
{
    mr_vec_release(&ap.units);
    mr_vec_release(&ap.dropped);
    mr_script_read_close(ap.script);
    mr_arena_release(&plan.arena);
    end();
}

/* ---- before anything is written ---- */

#define APPLY_STEPS "shape undo native rights columns around unseen gtid blocks session"
#define UNDO_STEPS "shape native rights columns around unseen triggers gtid session"

static void test_order(void **state)
{
    (void)state;
    for (int undo = 0; undo < 2; undo++) {
        begin_plan(undo ? MR_JOURNAL_UNDO : MR_JOURNAL_APPLY, INSERTS, INSERTS);
        assert_int_equal(mr_apply_plan_prepare(&ap, &p.err), MR_OK);
        assert_string_equal(steps.asked.ptr, undo ? UNDO_STEPS : APPLY_STEPS);
        assert_int_equal(steps.needs.undo, undo);
        assert_false(steps.needs.updates);
        assert_int_equal(ap.units.count, 1);
        end_plan();
    }
    begin_plan(MR_JOURNAL_UNDO, UPDATES, UPDATES);
    options.case_path = "a.case";
    options.no_binlog = true;
    assert_int_equal(mr_apply_plan_prepare(&ap, &p.err), MR_OK);
    assert_string_equal(
        steps.asked.ptr,
        "shape native open-case later rights columns around unseen triggers gtid session");
    assert_true(steps.needs.updates);
    said_has("replicas of \"db1:3306\" will not get these rows");
    end_plan();
}

/* Whatever refuses is the last that is asked. */
static void test_refused(void **state)
{
    static const char *const names[] = {"shape",    "undo",   "native",  "open-case", "later",
                                        "sums",     "rights", "columns", "around",    "unseen",
                                        "triggers", "gtid",   "blocks",  "session"};
    (void)state;
    for (int undo = 0; undo < 2; undo++)
        for (size_t i = 0; i < LEN(names); i++) {
            if (strcmp(names[i], undo ? "blocks" : "triggers") == 0 ||
                strcmp(names[i], undo ? "sums" : "later") == 0 ||
                (undo && strcmp(names[i], "undo") == 0))
                continue;
            begin_plan(undo ? MR_JOURNAL_UNDO : MR_JOURNAL_APPLY, INSERTS, INSERTS);
            options.case_path = "a.case";
            steps.refuses = names[i];
            refused_for(mr_apply_plan_prepare(&ap, &p.err), names[i]);
            const size_t len = strlen(names[i]);
            assert_string_equal(steps.asked.ptr + steps.asked.len - len, names[i]);
            end_plan();
        }
}

/* The digest was compared when the plan was opened; what is run is what is read now. */
static void test_script(void **state)
{
    static const struct {
        const char *text, *sealed, *name, *why;
        enum mr_code code;
    } cases[] = {
        {INSERTS, INSERTS, "apply.sql", NULL, MR_OK},
        {INSERTS, UPDATES, "apply.sql", "file \"apply.sql\" was changed since", MR_E_REFUSED},
        {INSERTS, INSERTS "\n", "apply.sql", "was changed since", MR_E_REFUSED},
        {INSERTS, INSERTS, "undo.sql", "has no file \"apply.sql\"", MR_E_REFUSED},
        {"DROP TABLE t;\n", "DROP TABLE t;\n", "apply.sql", "is none of the plan's", MR_E_REFUSED},
        {"INSERT", "INSERT", "apply.sql", "is cut off", MR_E_REFUSED}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_plan(MR_JOURNAL_APPLY, cases[i].text, cases[i].sealed);
        file.name = cases[i].name;
        const enum mr_code code = mr_apply_plan_prepare(&ap, &p.err);
        assert_int_equal(code, cases[i].code);
        if (cases[i].why != NULL) {
            refused_for(code, cases[i].why);
            assert_null(strstr(steps.asked.ptr, "rights"));
        }
        end_plan();
    }
    begin_plan(MR_JOURNAL_APPLY, INSERTS, INSERTS);
    plan.path = "/nonexistent";
    assert_int_equal(mr_apply_plan_prepare(&ap, &p.err), MR_E_IO);
    end_plan();
}

/* ---- the units ---- */

static FILE *quiet_stdout(void)
{
    FILE *kept = stdout;
    stdout = fopen("/dev/null", "w");
    return kept;
}

struct run {
    const char *case_path;
    bool dry_run, rows;
    struct mr_apply_counts counts;
    const char *refuses; /* NULL: nothing */
    const char *steps;
    int exit_code;
    bool clean;
};

static const struct run runs[] = {
    {.rows = true, .counts = {.done = 1}, .steps = "units"},
    {.rows = false, .steps = "", .exit_code = 1}, /* the counters were not raised */
    {.rows = true,
     .case_path = "a",
     .counts = {.done = 1},
     .steps = "begin-case units end-case journal-case",
     .clean = true},
    {.rows = true,
     .case_path = "a",
     .counts = {.partial = 1},
     .steps = "begin-case units end-case journal-case",
     .exit_code = 1},
    {.rows = true,
     .case_path = "a",
     .counts = {.failed = 1},
     .steps = "begin-case units end-case journal-case",
     .exit_code = 1},
    {.rows = true, .case_path = "a", .dry_run = true, .counts = {.done = 1}, .steps = "units"},
    /* a run that ends early leaves its journal in the case all the same */
    {.rows = true,
     .case_path = "a",
     .counts = {.done = 1},
     .refuses = "units",
     .steps = "begin-case units end-case journal-case"},
    {.rows = true, .case_path = "a", .refuses = "begin-case", .steps = "begin-case"},
    {.rows = true,
     .case_path = "a",
     .refuses = "end-case",
     .steps = "begin-case units end-case journal-case"},
    {.rows = true,
     .case_path = "a",
     .refuses = "journal-case",
     .steps = "begin-case units end-case journal-case"},
};

static void test_run(void **state)
{
    static char nobody;
    (void)state;
    for (size_t i = 0; i < LEN(runs); i++) {
        const struct run *r = &runs[i];
        int exit_code = 99;
        begin_plan(MR_JOURNAL_APPLY, INSERTS, INSERTS);
        assert_int_equal(mr_apply_plan_prepare(&ap, &p.err), MR_OK);
        mr_strbuf_reset(&steps.asked);
        mr_strbuf_add_str(&steps.asked, "");
        steps.refuses = r->refuses;
        steps.counts = r->counts;
        steps.clean = false;
        options.dry_run = r->dry_run;
        if (r->case_path != NULL)
            ap.ac = (struct mr_apply_case *)(void *)&nobody;
        FILE *kept = quiet_stdout();
        const enum mr_code code = mr_apply_plan_run(&ap, r->rows, &exit_code, &p.err);
        (void)fclose(stdout);
        stdout = kept;
        if (strcmp(steps.asked.ptr, r->steps) != 0)
            fail_msg("%zu: %s", i, steps.asked.ptr);
        if (r->refuses != NULL) {
            refused_for(code, r->refuses);
            assert_int_equal(exit_code, 99);
        } else {
            assert_int_equal(code, MR_OK);
            assert_int_equal(exit_code, r->exit_code);
            assert_int_equal(steps.clean, r->clean);
        }
        if (r->refuses != NULL && strcmp(r->refuses, "units") == 0)
            said_has("1 of 1 units were carried out before that");
        ap.ac = NULL;
        end_plan();
    }
}

/* What was twice is looked for once all is committed; not of a dry run. */
static unsigned looks;
static enum mr_code look(void *ctx, struct mr_apply_report *report, struct mr_err *err)
{
    (void)ctx, (void)err;
    looks++;
    report->unlooked = true;
    return MR_OK;
}

static void test_look(void **state)
{
    (void)state;
    for (int dry_run = 0; dry_run < 2; dry_run++) {
        int exit_code = 0;
        begin_plan(MR_JOURNAL_APPLY, INSERTS, INSERTS);
        assert_int_equal(mr_apply_plan_prepare(&ap, &p.err), MR_OK);
        options.dry_run = dry_run;
        ap.look = look;
        looks = 0;
        FILE *kept = quiet_stdout();
        assert_int_equal(mr_apply_plan_run(&ap, true, &exit_code, &p.err), MR_OK);
        (void)fclose(stdout);
        stdout = kept;
        assert_int_equal(looks, !dry_run);
        assert_int_equal(exit_code, dry_run ? 0 : 4);
        end_plan();
    }
}

/* A case that cannot be closed is the error where there is no other. */
static void test_release(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin_plan(MR_JOURNAL_APPLY, INSERTS, INSERTS);
    assert_int_equal(mr_apply_plan_prepare(&ap, &p.err), MR_OK);
    steps.refuses = "close-case";
    assert_int_equal(mr_apply_plan_release(&ap, MR_E_IO, &err), MR_E_IO);
    ap.script = NULL;
    assert_int_equal(mr_apply_plan_release(&ap, MR_OK, &err), MR_E_REFUSED);
    assert_string_equal(err.message, "refused: close-case");
    mr_strbuf_release(&steps.asked);
    end_plan();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),  cmocka_unit_test(test_refused),
        cmocka_unit_test(test_script), cmocka_unit_test(test_run),
        cmocka_unit_test(test_look),   cmocka_unit_test(test_release)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
