/* test_apply_units_again.c: a whole run of units: what the journal announces and reports, what the
 * next run passes over or carries out again, and what a restarted server makes of it. */
#include "apply_world.h"

#define UNIT(n)                                                                                    \
    "-- unit " n " of 2: 3 rows\n-- stage\nSET @unit = " n ";\n"                                   \
    "-- locks\nSTART TRANSACTION;\n-- guards\nINSERT INTO myrecon_guard SELECT " n ";\n"           \
    "-- write\nINSERT INTO t SELECT " n ";\n-- again\n-- end\nSELECT tbl FROM refused;\n"          \
    "SET @myrecon_end = 'COMMIT';\nEXECUTE myrecon_end;\n"
#define SCRIPT UNIT("1") UNIT("2")

/* By unit: how it ends, by a dry try and by a real one. */
static struct {
    const char *dry[3], *real[3], *listed[3];
    unsigned unit;
    bool is_dry;
} says;

enum { LIST, LOOK, GUARD, UPTIME };
static struct world_answer answers[] = {
    [LIST] = {.has = "FROM refused", .names = "table|key|reason"},
    [LOOK] = {.has = "SELECT @myrecon_end"},
    [GUARD] = {.has = "MIN(ok)", .text = "1"},
    [UPTIME] = {.has = "'Uptime'", .rows = "Uptime|99999"},
    {.has = "SCHEMATA", .text = "1"},
    {.has = "read_only", .text = "0"},
    {.has = "log_bin", .text = "0"},
    {.has = "COUNT(*) FROM myrecon_there", .text = "0"},
};

static void answer(const char *sql)
{
    if (strncmp(sql, "SET @unit = ", 12) == 0)
        says.unit = (unsigned)(sql[12] - '0');
    if (strncmp(sql, "SET @myrecon_dry = ", 19) == 0)
        says.is_dry = sql[19] == '1';
    answers[LIST].rows = says.listed[says.unit] != NULL ? says.listed[says.unit] : "";
    answers[LOOK].rows = says.is_dry ? says.dry[says.unit] : says.real[says.unit];
}

static struct mr_strbuf told = MR_STRBUF_INIT;
static enum mr_code on_refusal(void *ctx, const struct mr_refusal *r, struct mr_err *err)
{
    (void)ctx, (void)err;
    mr_strbuf_add_fmt(&told, "%u%s%s:%s;", (unsigned)r->unit, *r->table != '\0' ? "/" : "", r->key,
                      r->reason);
    return MR_OK;
}

static void begin_run(void)
{
    static const char *const dbs[] = {"d"};
    begin(answers, LEN(answers));
    p.m.server.dbs = dbs;
    world.before = answer;
    memset(&says, 0, sizeof says);
    for (int i = 0; i < 3; i++) {
        says.dry[i] = "~|0|3"; /* all of it stands */
        says.real[i] = "COMMIT|3|0";
    }
    answers[GUARD].text = "1";
    answers[UPTIME].rows = "Uptime|99999";
    mr_strbuf_reset(&told);
    mr_strbuf_add_str(&told, "");
    plan_table("d.t", "id#");
    script(SCRIPT);
    plan_journal();
    p.run.on_refusal = on_refusal;
}

static void counts_are(uint64_t done, uint64_t passed, uint64_t partial, uint64_t failed)
{
    const struct mr_apply_counts *c = &p.run.counts;
    if (c->done != done || c->passed != passed || c->partial != partial || c->failed != failed)
        fail_msg("%u done, %u passed, %u in part, %u failed: %s", (unsigned)c->done,
                 (unsigned)c->passed, (unsigned)c->partial, (unsigned)c->failed, told.ptr);
}

static void run_again(void)
{
    mr_strbuf_reset(&world.sent);
    mr_strbuf_reset(&told);
    mr_strbuf_add_str(&told, "");
    if (mr_apply_units_run(&p.run, &p.err) != MR_OK)
        fail_msg("%s", p.err.message);
}

static size_t commits(void)
{
    return world_sent_count("EXECUTE");
}

/* ---- the next run ---- */

struct again {
    const char *dry, *listed; /* of unit 1, which was done */
    const char *guard;
    bool undo, recheck;
    size_t commits; /* of the second run */
    uint64_t done, passed, partial, failed;
    const char *told;
};

static const struct again agains[] = {
    /* the target shows all of it */
    {.dry = "~|0|3", .passed = 2, .told = ""},
    {.dry = "~|0|3", .undo = true, .passed = 2, .told = ""},
    /* nothing of it: a restored copy, or undone by hand */
    {.dry = "~|3|0", .commits = 1, .done = 1, .passed = 1, .told = ""},
    /* some: somebody has deleted them, and apply does not bring them back */
    {.dry = "~|1|2",
     .passed = 1,
     .partial = 1,
     .told = "1:1 of its 3 rows were written before and are gone since: --recheck writes them "
             "again;"},
    {.dry = "~|1|2", .recheck = true, .commits = 2, .done = 2, .told = ""},
    /* undo takes back what came again */
    {.dry = "~|1|2", .undo = true, .commits = 1, .done = 1, .passed = 1, .told = ""},
    /* a row is refused that was not */
    {.dry = "~|0|2", .listed = "d.t|7|who", .passed = 1, .partial = 1, .told = "1/7:who;"},
    /* its guards do not hold any more */
    {.dry = "~|0|3",
     .guard = "0",
     .failed = 2,
     .told = "1:its guards did not hold, and it was rolled back;2:its guards did not hold, and it "
             "was rolled back;"},
};

static void test_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(agains); i++) {
        const struct again *c = &agains[i];
        begin_run();
        p.run.which = c->undo ? MR_JOURNAL_UNDO : MR_JOURNAL_APPLY;
        run_again();
        counts_are(2, 0, 0, 0);
        assert_int_equal(commits(), 2);
        says.dry[1] = c->dry;
        says.listed[1] = c->listed;
        if (c->guard != NULL)
            answers[GUARD].text = c->guard;
        p.run.recheck = c->recheck;
        run_again();
        counts_are(c->done, c->passed, c->partial, c->failed);
        if (commits() != c->commits || strcmp(told.ptr, c->told) != 0)
            fail_msg("%zu: %zu commits, %s", i, commits(), told.ptr);
        end();
    }
}

/* Who was left out is tried again by the next run, which comes to it as to any other. */
static void test_partial(void **state)
{
    (void)state;
    begin_run();
    says.listed[2] = "d.t|7|who";
    says.real[2] = "COMMIT|2|0";
    run_again();
    counts_are(1, 0, 1, 0);
    assert_string_equal(told.ptr, "2/7:who;");
    assert_int_equal(p.run.counts.refused, 1);
    says.listed[2] = NULL;
    says.real[2] = "COMMIT|1|2";
    run_again();
    counts_are(1, 1, 0, 0);
    assert_int_equal(p.run.counts.there, 5);
    assert_int_equal(commits(), 1);
    end();
}

/* ---- the journal ---- */

/* It is announced before, and reported behind: who reads the journal at any statement knows which
 * unit may have been cut short. */
static unsigned open_units[8], statements;
static void count_open(const char *sql)
{
    struct mr_journal *reader = NULL;
    answer(sql);
    if (strncmp(sql, "START TRANSACTION", 17) != 0)
        return;
    assert_int_equal(mr_journal_read(plan_dir(), &reader, NULL), MR_OK);
    open_units[statements++ % LEN(open_units)] =
        10 * (unsigned)mr_journal_units_open(reader) +
        (unsigned)mr_journal_units_done(reader, MR_JOURNAL_APPLY);
    mr_journal_close(reader);
}

static void test_announced(void **state)
{
    (void)state;
    begin_run();
    world.before = count_open;
    statements = 0;
    run_again();
    assert_int_equal(statements, 2);
    assert_int_equal(open_units[0], 10); /* one is open, none is done */
    assert_int_equal(open_units[1], 11);
    end();
}

/* Nobody asks for a journal where there is none. */
static void test_no_journal(void **state)
{
    (void)state;
    begin_run();
    mr_journal_close(p.run.journal);
    p.run.journal = NULL;
    run_again();
    counts_are(2, 0, 0, 0);
    end();
}

/* ---- dry runs ---- */

static void test_dry(void **state)
{
    static const struct {
        const char *guard;
        uint64_t done, failed;
    } cases[] = {{"1", 2, 0}, {"0", 0, 2}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_run();
        says.dry[1] = says.dry[2] = "~|3|0";
        answers[GUARD].text = cases[i].guard;
        mr_journal_close(p.run.journal);
        assert_int_equal(mr_journal_read(plan_dir(), &p.run.journal, &p.err), MR_OK);
        p.run.dry_run = true;
        run_again();
        counts_are(cases[i].done, 0, 0, cases[i].failed);
        assert_int_equal(commits(), 0);
        assert_false(world_has("INSERT INTO t"));
        assert_int_equal(mr_journal_units_done(p.run.journal, MR_JOURNAL_APPLY), 0);
        end();
    }
}

/* ---- failures ---- */

/* Units that follow are carried out all the same. */
static struct world_answer failing[LEN(answers) + 1];
static void test_goes_on(void **state)
{
    (void)state;
    begin_run();
    failing[0] = (struct world_answer){
        .has = "INSERT INTO t SELECT 1", .code = MR_E_SQL, .number = 1142, .text = "denied"};
    memcpy(&failing[1], answers, sizeof answers);
    world.script = failing;
    world.count = LEN(failing);
    /* answer() changes the rows of `answers`: none of them matters here */
    failing[1].rows = "";
    failing[2].rows = "COMMIT|3|0";
    run_again();
    counts_are(1, 0, 0, 1);
    assert_string_equal(told.ptr, "1:denied;");
    assert_int_equal(p.run.counts.refused, 3);
    end();
}

static void cancel(const char *sql)
{
    answer(sql);
    p.cancelled = p.cancelled || strncmp(sql, "EXECUTE", 7) == 0;
}

/* Between units; the one at hand is finished, and told. */
static void test_cancelled(void **state)
{
    (void)state;
    begin_run();
    world.before = cancel;
    mr_strbuf_reset(&world.sent);
    assert_int_equal(mr_apply_units_run(&p.run, &p.err), MR_E_CANCELLED);
    counts_are(1, 0, 0, 0);
    assert_int_equal(commits(), 1);
    assert_true(mr_journal_unit_is_done(p.run.journal, MR_JOURNAL_APPLY, 1));
    assert_int_equal(mr_journal_units_open(p.run.journal), 0);
    end();
}

/* A server that was restarted may have lost what it had committed: all units are looked at again,
 * and what it shows nothing of is written once more. */
static unsigned losses;
static void lose_once(const char *sql)
{
    answer(sql);
    if (strncmp(sql, "INSERT INTO t SELECT 2", 22) != 0 || losses++ > 0)
        return;
    answers[UPTIME].rows = "Uptime|1";
    says.dry[1] = "~|3|0"; /* the first unit's COMMIT is lost */
    world.fail_at = world.asked + 1;
}

static void test_restarted(void **state)
{
    (void)state;
    begin_run();
    world.before = lose_once;
    losses = 0;
    says.listed[2] = "d.t|7|who";
    run_again();
    said_has("was restarted, and may have lost");
    counts_are(1, 0, 1, 0); /* the first one anew, and who is refused is reported once */
    assert_string_equal(told.ptr, "2/7:who;");
    assert_int_equal(world_sent_count("INSERT INTO t SELECT 1"), 2);
    assert_int_equal(commits(), 4);
    end();
    mr_strbuf_release(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_again),     cmocka_unit_test(test_partial),
        cmocka_unit_test(test_announced), cmocka_unit_test(test_no_journal),
        cmocka_unit_test(test_dry),       cmocka_unit_test(test_goes_on),
        cmocka_unit_test(test_cancelled), cmocka_unit_test(test_restarted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
