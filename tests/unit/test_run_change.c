/*
 * test_run_change.c: what a run keeps for the next one, the parts of tables that are read in turn, and
 * what is told of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_case.h"
#include "core/case/rolling.h"
#include "core/db/log_place.h"
#include "recon/check/check_proof.h"

static void test_places(void **state)
{
    const struct mr_log_place kept[2] = {
        {.log = "bin.000007", .position = 4294967296, .gtids = "0-1-5", .applied = "", .at = 77},
        {.gtids = "", .applied = "0-2-3", .why = "the server has no binary log"}};
    struct mr_log_place got[2];
    struct mr_arena arena = MR_ARENA_INIT;
    struct check_case c;
    (void)state;
    case_begin(&c);
    assert_int_equal(mr_run_places(c.fd, MR_RUN_BEGAN, &arena, got, 2, NULL),
                     MR_OK); /* of an earlier version */
    assert_null(got[0].log);
    assert_null(got[0].why);
    assert_int_equal(mr_run_places_save(c.fd, MR_RUN_BEGAN, kept, 2, NULL), MR_OK);
    assert_int_equal(mr_run_places(c.fd, MR_RUN_BEGAN, &arena, got, 2, NULL), MR_OK);
    assert_string_equal(got[0].log, "bin.000007");
    assert_true(got[0].position == 4294967296);
    assert_string_equal(got[0].gtids, "0-1-5");
    assert_true(got[0].at == 77);
    assert_null(got[0].why);
    assert_null(got[1].log);
    assert_string_equal(got[1].applied, "0-2-3");
    assert_string_equal(got[1].why, "the server has no binary log");
    /* when it ended it stood elsewhere */
    assert_int_equal(mr_run_places(c.fd, MR_RUN_ENDED, &arena, got, 2, NULL), MR_OK);
    assert_true(got[0].at == 0);
    assert_int_equal(mr_run_places_save(c.fd, MR_RUN_ENDED, kept + 1, 1, NULL), MR_OK);
    assert_int_equal(mr_run_places(c.fd, MR_RUN_ENDED, &arena, got, 2, NULL), MR_OK);
    assert_string_equal(got[0].applied, "0-2-3");
    assert_int_equal(mr_run_places(c.fd, MR_RUN_BEGAN, &arena, got, 2, NULL), MR_OK);
    assert_string_equal(got[0].gtids, "0-1-5");
    /* another run has none of it */
    assert_int_equal(mr_findings_run_begin(c.fd, &c.run, NULL), MR_OK);
    assert_int_equal(mr_run_places(c.fd, MR_RUN_BEGAN, &arena, got, 2, NULL), MR_OK);
    assert_null(got[0].log);
    case_require(mr_findings_close(c.fd, NULL));
    mr_arena_release(&arena);
}

static struct mr_key text_key(const char *text)
{
    return (struct mr_key){text, text != NULL ? strlen(text) : 0};
}

static void test_rolling(void **state)
{
    const struct mr_rolling_table as = {
        .name = "d.t", .order = "int | int", .parts = 3, .first = 2};
    const struct mr_rolling_range ranges[3] = {{0, {text_key(NULL), text_key("b")}},
                                               {2, {text_key("b"), text_key("k")}},
                                               {1, {text_key("k"), text_key(NULL)}}};
    struct mr_vec got = MR_VEC_INIT(struct mr_rolling_range);
    struct mr_arena arena = MR_ARENA_INIT;
    struct check_case c;
    uint64_t first = 0;
    (void)state;
    case_begin(&c);
    assert_int_equal(mr_rolling_load(c.fd, &as, &arena, &first, &got, NULL), MR_OK);
    assert_int_equal(got.count, 0);
    for (int again = 0; again < 2; again++)
        assert_int_equal(mr_rolling_save(c.fd, &as, ranges, 3, NULL), MR_OK);
    assert_int_equal(mr_rolling_load(c.fd, &as, &arena, &first, &got, NULL), MR_OK);
    assert_int_equal(got.count, 3);
    assert_int_equal(first, 2);
    for (size_t i = 0; i < 3; i++) {
        const struct mr_rolling_range *r = mr_vec_at(&got, i);
        assert_int_equal(r->slot, ranges[i].slot);
        assert_int_equal(mr_key_compare(r->range.lo, ranges[i].range.lo), 0);
        assert_int_equal(mr_key_compare(r->range.hi, ranges[i].range.hi), 0);
    }
    /* in another order of keys, or for another N, they mean nothing */
    struct mr_rolling_table other = as;
    other.order = "bigint | int";
    mr_vec_clear(&got);
    assert_int_equal(mr_rolling_load(c.fd, &other, &arena, &first, &got, NULL), MR_OK);
    assert_int_equal(got.count, 0);
    other = as;
    other.parts = 4;
    assert_int_equal(mr_rolling_load(c.fd, &other, &arena, &first, &got, NULL), MR_OK);
    assert_int_equal(got.count, 0);
    mr_vec_release(&got);
    case_require(mr_findings_close(c.fd, NULL));
    mr_arena_release(&arena);
}

static void add_run(struct check_case *c, const char *uuid, const char *started, bool finished,
                    unsigned parts, uint64_t turn)
{
    const struct mr_run_change change = {.base = 1, .since = "then", .parts = parts, .turn = turn};
    c->run.uuid = uuid;
    c->run.started = started;
    case_require(mr_findings_run_begin(c->fd, &c->run, NULL));
    case_require(mr_run_change_save(c->fd, &change, NULL));
    c->run.finished = finished;
    case_require(mr_findings_run_end(c->fd, &c->run, NULL));
    c->run.finished = false;
}

/* Only what was finished counts; runs without a turn in between change nothing. */
static void test_turns(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct check_case c;
    const char *began;
    uint64_t turn;
    unsigned parts;
    (void)state;
    case_begin(&c);
    assert_int_equal(mr_rolling_last(c.fd, &parts, &turn, NULL), MR_OK);
    assert_int_equal(parts, 0);
    add_run(&c, "a", "1", true, 4, 1);
    add_run(&c, "b", "2", true, 0, 0);
    add_run(&c, "c", "3", true, 4, 2);
    add_run(&c, "d", "4", false, 4, 3);
    assert_int_equal(mr_rolling_last(c.fd, &parts, &turn, NULL), MR_OK);
    assert_int_equal(parts, 4);
    assert_int_equal(turn, 2);
    assert_int_equal(mr_rolling_began(c.fd, 4, 2, &arena, &began, NULL), MR_OK);
    assert_string_equal(began, "3");
    assert_int_equal(mr_rolling_began(c.fd, 4, 3, &arena, &began, NULL), MR_OK);
    assert_null(began);
    add_run(&c, "e", "5", true, 4, 1); /* counted anew */
    assert_int_equal(mr_rolling_began(c.fd, 4, 1, &arena, &began, NULL), MR_OK);
    assert_string_equal(began, "5");
    case_require(mr_findings_close(c.fd, NULL));
    mr_arena_release(&arena);
}

static void add_table(struct check_case *c, const char *name, enum mr_verdict verdict,
                      struct mr_table_proof proof)
{
    case_table(c, name, verdict, false);
    case_require(mr_table_proof_save(c->fd, c->table.id, &proof, NULL));
}

static char *printed(const struct check_case *c, bool brief)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    mr_check_proof_print(&c->result.proof, c->result.tables, c->result.ntables, brief, out);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Never more is said than was proved: the oldest proof of any table is that of all. */
static void test_told(void **state)
{
    struct mr_run_change change = {.base = 1,
                                   .since = "2026-01-02T00:00:00Z",
                                   .parts = 30,
                                   .turn = 34,
                                   .note = "Attested by one log alone"};
    struct check_case c;
    (void)state;
    case_begin(&c);
    add_table(&c, "d.a", MR_VERDICT_EQUAL,
              (struct mr_table_proof){MR_READ_TURN, NULL, 1200, "2026-01-01T00:00:00Z"});
    add_table(
        &c, "d.b", MR_VERDICT_EQUAL,
        (struct mr_table_proof){MR_READ_WHOLE, "it was\x1b[2J anew", 0, "2026-01-03T00:00:00Z"});
    add_table(
        &c, "d.c", MR_VERDICT_DIVERGED,
        (struct mr_table_proof){MR_READ_WHOLE, "it was\x1b[2J anew", 0, "2026-01-03T00:00:00Z"});
    add_table(&c, "d.d", MR_VERDICT_NOT_CHECKED,
              (struct mr_table_proof){MR_READ_KEYS, NULL, 5, "2025-01-01T00:00:00Z"});
    case_require(mr_run_change_save(c.fd, &change, NULL));
    case_require(mr_check_result_load(&c.result, c.fd, &c.run, 10, NULL));
    assert_string_equal(c.result.proof.until, "2026-01-01T00:00:00Z");
    char *text = printed(&c, false);
    assert_string_equal(
        text, "Read: 1,200 keys of 1 table that logs or the last run name, part 4 of 30 of their "
              "other rows; 2 tables whole.\n"
              "Proved: what changed since 2026-01-02T00:00:00Z; each row at least once since "
              "2026-01-01T00:00:00Z.\n"
              "Attested: the logs of both sides name no other change of these tables since "
              "2026-01-02T00:00:00Z.\n"
              "Attested by one log alone.\n"
              "Read whole: d.b and 1 more: it was\\x1b[2J anew.\n");
    free(text);
    text = printed(&c, true);
    assert_null(strstr(text, "Read whole"));
    free(text);
    mr_check_result_release(&c.result);
    case_require(mr_findings_close(c.fd, NULL));
}

/* A run that read everything has nothing to tell, whatever stands in the case of tables with its ids. */
static void test_nothing_told(void **state)
{
    struct check_case c;
    (void)state;
    case_begin(&c);
    case_table(&c, "d.a", MR_VERDICT_EQUAL, false);
    case_require(mr_check_result_load(&c.result, c.fd, &c.run, 10, NULL));
    assert_false(c.result.proof.is_partial);
    char *text = printed(&c, false);
    assert_true(text == NULL || text[0] == '\0');
    free(text);
    mr_check_result_release(&c.result);
    case_require(mr_findings_close(c.fd, NULL));
}

/* In doubt a database's changes are not in the log. */
static void test_filters(void **state)
{
    static const struct {
        const char *only, *leaves, *db;
        bool has;
    } cases[] = {
        {"", "", "club", true},          {"club", "", "club", true},
        {"club", "", "Club", false},     {"a,club,b", "", "club", true},
        {"clubs", "", "club", false},    {"", "club", "club", false},
        {"", "CLUB", "club", false},     {"", "a,b", "club", true},
        {"", "clubs,lub", "club", true}, {"", "a", "x,y", false},
        {"x,y", "", "x,y", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_log_habits habits = {.only = cases[i].only, .leaves = cases[i].leaves};
        assert_int_equal(mr_log_habits_has(&habits, cases[i].db), cases[i].has);
    }
    const struct mr_log_habits by_session = {.only = "club", .leaves = "", .by_session = true};
    assert_false(mr_log_habits_has(&by_session, "club"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),       cmocka_unit_test(test_rolling),
        cmocka_unit_test(test_turns),        cmocka_unit_test(test_told),
        cmocka_unit_test(test_nothing_told), cmocka_unit_test(test_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
