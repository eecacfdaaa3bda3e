/* test_apply_rehearse.c: units are rehearsed alone, and those that build on others once more behind
 * them; nothing of it is ever committed. */
#include "apply_world.h"

#define UNIT(n)                                                                                    \
    "-- unit " n " of 3: 1 row\n-- stage\nSET @unit = " n ";\n"                                    \
    "-- locks\nSTART TRANSACTION;\n-- guards\n-- write\nINSERT INTO t SELECT " n ";\n"             \
    "-- again\n-- end\nSELECT tbl FROM refused;\nSET @myrecon_end = 'COMMIT';\n"                   \
    "EXECUTE myrecon_end;\n"
#define SCRIPT UNIT("1") UNIT("2") UNIT("3")

/* What the server says depends on the unit at hand, and on whether it stands behind others. */
enum { ALONE = 1, BEHIND = 2 };
static struct {
    unsigned fails[4], lists[4], rolls_back[4]; /* by unit: ALONE, BEHIND */
    enum mr_code code;
    unsigned number;
    unsigned unit;
    bool chained;
} says;

enum { WRITE, LIST, LOOK };
static struct world_answer answers[] = {
    [WRITE] = {.has = "INSERT INTO t", .text = "a child row"},
    [LIST] = {.has = "FROM refused", .names = "table|key|reason"},
    [LOOK] = {.has = "SELECT @myrecon_end"},
    {.has = "log_bin = 0"},
    {.has = "@@GLOBAL.log_bin", .text = "1"},
    {.has = "SCHEMATA", .text = "1"},
    {.has = "read_only", .text = "0"},
    {.has = "@@SESSION.binlog_format", .text = "ROW"},
    {.has = "MIN(ok)", .text = "1"},
};

static void answer(const char *sql)
{
    static char row[64];
    if (strncmp(sql, "SET @unit = ", 12) == 0)
        says.unit = (unsigned)(sql[12] - '0');
    if (strncmp(sql, "SAVEPOINT", 9) == 0)
        says.chained = true;
    if (strcmp(sql, "ROLLBACK") == 0)
        says.chained = false;
    const unsigned now = says.chained ? BEHIND : ALONE;
    const bool fails = (says.fails[says.unit] & now) != 0;
    answers[WRITE].code = fails ? says.code : MR_OK;
    answers[WRITE].number = says.number;
    (void)snprintf(row, sizeof row, "d.t|%u|it is refused", says.unit);
    answers[LIST].rows = (says.lists[says.unit] & now) != 0 ? row : "";
    answers[LOOK].rows = (says.rolls_back[says.unit] & now) != 0 ? "ROLLBACK|1|0" : "COMMIT|1|0";
}

static struct mr_strbuf told = MR_STRBUF_INIT;
static enum mr_code on_refusal(void *ctx, const struct mr_refusal *r, struct mr_err *err)
{
    (void)ctx, (void)err;
    mr_strbuf_add_fmt(&told, "%u%s%s%s:%s;", (unsigned)r->unit, *r->table != '\0' ? "/" : "",
                      r->key, r->unsure ? "?" : "", r->reason);
    return MR_OK;
}

static void begin_rehearsal(void)
{
    memset(&says, 0, sizeof says);
    says.code = MR_E_SQL;
    says.number = 1452;
    begin(answers, LEN(answers));
    world.before = answer;
    mr_strbuf_reset(&told);
    mr_strbuf_add_str(&told, "");
    plan_table("d.t", "id#");
    script(SCRIPT);
    p.run.rehearse = true;
    p.run.on_refusal = on_refusal;
    p.run.counts.units = p.units.count;
}

static void counts_are(unsigned done, unsigned partial, unsigned failed)
{
    const struct mr_apply_counts *c = &p.run.counts;
    if (c->done != done || c->partial != partial || c->failed != failed)
        fail_msg("%u done, %u in part, %u failed: %s", (unsigned)c->done, (unsigned)c->partial,
                 (unsigned)c->failed, told.ptr);
    assert_false(world_has("EXECUTE")); /* which would commit */
}

struct rehearsal {
    unsigned fails[4], lists[4], rolls_back[4];
    unsigned number;
    unsigned done, partial, failed;
    unsigned saved; /* units that are rehearsed behind others */
    const char *told;
};

static const struct rehearsal rehearsals[] = {
    {.done = 3, .told = ""},
    /* it lacks what an earlier unit writes, and is good behind it */
    {.fails = {0, 0, ALONE, 0}, .number = 1452, .done = 3, .saved = 2, .told = ""},
    {.lists = {0, 0, 0, ALONE}, .done = 3, .saved = 3, .told = ""},
    {.rolls_back = {0, 0, ALONE, 0}, .done = 3, .saved = 2, .told = ""},
    {.fails = {0, 0, ALONE, 0}, .number = 4025, .done = 3, .saved = 2, .told = ""},
    /* it is refused there, too */
    {.lists = {0, 0, 0, ALONE | BEHIND},
     .done = 2,
     .partial = 1,
     .saved = 3,
     .told = "3/3:it is refused;"},
    {.rolls_back = {0, 0, ALONE | BEHIND, 0},
     .done = 2,
     .failed = 1,
     .saved = 2,
     .told = "2:its guards did not hold, and it was rolled back;"},
    /* the first one has nobody to lean on */
    {.lists = {0, ALONE, 0, 0}, .done = 2, .partial = 1, .told = "1/1:it is refused;"},
    /* neither's fault: others do not help */
    {.fails = {0, 0, ALONE, 0}, .number = 1142, .done = 2, .failed = 1, .told = "2:a child row;"},
    /* what only fails behind others is told as it is alone */
    {.fails = {0, 0, BEHIND, ALONE}, .number = 1452, .done = 3, .saved = 3, .told = ""},
};

static void test_rehearsals(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rehearsals); i++) {
        const struct rehearsal *c = &rehearsals[i];
        begin_rehearsal();
        memcpy(says.fails, c->fails, sizeof says.fails);
        memcpy(says.lists, c->lists, sizeof says.lists);
        memcpy(says.rolls_back, c->rolls_back, sizeof says.rolls_back);
        says.number = c->number;
        if (mr_attempt_rehearse(&p.attempt, &p.err) != MR_OK)
            fail_msg("%zu: %s", i, p.err.message);
        counts_are(c->done, c->partial, c->failed);
        if (strcmp(told.ptr, c->told) != 0)
            fail_msg("%zu: %s", i, told.ptr);
        if (world_sent_count("SAVEPOINT myrecon_unit\n") -
                world_sent_count("TO SAVEPOINT myrecon_unit\n") !=
            c->saved)
            fail_msg("%zu: %s", i, world_sent());
        end();
    }
}

/* A chain is one transaction, from START TRANSACTION to ROLLBACK, out of the binary log. */
static void test_chain(void **state)
{
    (void)state;
    begin_rehearsal();
    says.fails[2] = ALONE;
    assert_int_equal(mr_attempt_rehearse(&p.attempt, &p.err), MR_OK);
    const char *chain = strstr(world_sent(), "SET SESSION sql_log_bin = 0\nSTART TRANSACTION\n");
    assert_non_null(chain);
    assert_null(strstr(chain + 50, "START TRANSACTION"));
    assert_null(strstr(chain, "INSERT INTO t SELECT 3"));
    const char *first = strstr(chain, "INSERT INTO t SELECT 1");
    const char *second = strstr(chain, "INSERT INTO t SELECT 2");
    assert_true(first != NULL && second != NULL && first < second);
    assert_string_equal(world_sent() + strlen(world_sent()) - 9, "ROLLBACK\n");
    end();
}

/* Without the right to keep it out of the log a chain is not sent at all. */
static void test_not_quiet(void **state)
{
    (void)state;
    for (int mysql = 0; mysql < 2; mysql++) {
        begin_rehearsal();
        world.server.flavour = mysql ? MR_FLAVOUR_MYSQL : MR_FLAVOUR_MARIADB;
        says.fails[3] = ALONE;
        answers[3].code = MR_E_DENIED;
        answers[3].number = 1227;
        assert_int_equal(mr_attempt_rehearse(&p.attempt, &p.err), MR_OK);
        answers[3].code = MR_OK;
        counts_are(mysql ? 3 : 2, 0, mysql ? 0 : 1);
        assert_int_equal(world_has("SAVEPOINT"), mysql);
        if (!mysql)
            assert_non_null(strstr(told.ptr, "3:it cannot be done alone"));
        end();
    }
}

/* Others hold its rows: all is tried again from the first unit, and then given up. */
static void test_broken(void **state)
{
    (void)state;
    begin_rehearsal();
    says.lists[2] = ALONE;
    says.fails[2] = BEHIND;
    says.number = 1213;
    assert_int_equal(mr_attempt_rehearse(&p.attempt, &p.err), MR_OK);
    counts_are(2, 0, 1);
    assert_string_equal(told.ptr, "2:it could not be rehearsed: others held its rows;");
    assert_int_equal(world_sent_count("INSERT INTO t SELECT 1"), 1 + MR_APPLY_TRIES);
    end();
}

/* A unit that is not sent may be why others are refused. */
static void test_skipped(void **state)
{
    static const bool skip[] = {false, true, false};
    (void)state;
    begin_rehearsal();
    p.run.skip = skip;
    says.lists[3] = ALONE | BEHIND;
    assert_int_equal(mr_attempt_rehearse(&p.attempt, &p.err), MR_OK);
    assert_string_equal(told.ptr, "3/3?:it is refused;");
    assert_int_equal(p.run.counts.skipped, 1);
    assert_int_equal(p.run.counts.skipped_rows, 1);
    assert_false(world_has("INSERT INTO t SELECT 2"));
    end();
}

/* What an earlier apply has done is compared, as by another apply. */
static void test_journaled(void **state)
{
    const struct mr_journal_unit done = {.script = MR_JOURNAL_APPLY, .number = 1};
    (void)state;
    begin_rehearsal();
    plan_journal();
    assert_int_equal(mr_journal_write_unit(p.run.journal, MR_JOURNAL_DONE, &done, NULL, &p.err),
                     MR_OK);
    assert_int_equal(mr_attempt_rehearse(&p.attempt, &p.err), MR_OK);
    assert_true(world_has("SET @myrecon_dry = 1\n"));
    said_has("the journal has it as done, the target does not");
    counts_are(3, 0, 0);
    end();
}

static unsigned cancel_in;
static void cancel(const char *sql)
{
    answer(sql);
    if (strncmp(sql, "INSERT INTO t SELECT 2", 22) == 0 && --cancel_in == 0)
        p.cancelled = true;
}

static void test_cancelled(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= 2; n++) {
        begin_rehearsal();
        says.lists[3] = ALONE;
        world.before = cancel;
        cancel_in = n;
        assert_int_equal(mr_attempt_rehearse(&p.attempt, &p.err), MR_E_CANCELLED);
        assert_false(world_has("EXECUTE"));
        end();
    }
    mr_strbuf_release(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rehearsals), cmocka_unit_test(test_chain),
        cmocka_unit_test(test_not_quiet),  cmocka_unit_test(test_broken),
        cmocka_unit_test(test_skipped),    cmocka_unit_test(test_journaled),
        cmocka_unit_test(test_cancelled)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
