/* test_verify_report.c: what `repair verify` prints, and how it exits; no server is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repair/verify/verify_report.h"

static const struct mr_planned_table planned[] = {
    {.table = "club.members", .target_table = "live.members"},
    {.table = "club.k", .target_table = "live.k"},
};
static const struct mr_find_column columns[] = {{.name = "id", .style = {.cls = MR_CLASS_INT}},
                                                {.name = "a", .style = {.cls = MR_CLASS_TEXT}}};
static const size_t key_columns[] = {0, 1};
static const struct mr_pair image = {
    .find = {.columns = columns, .ncolumns = 2}, .key_columns = key_columns, .nkey_columns = 2};

static const char key_bytes[] = "i\1\0\0\0\0\0\0\0\7t\0\0\0\3a\nb";
static const char old_bytes[] = "i\1\0\0\0\0\0\0\0\5t\0\0\0\1x";
static const struct mr_key key = {key_bytes, sizeof key_bytes - 1};
static const struct mr_key old = {old_bytes, sizeof old_bytes - 1};

struct sample {
    struct mr_plan_dir plan;
    struct mr_verified_table tables[2];
    struct mr_verify_rows rows;
    struct mr_reseed_run counters;
    struct mr_verify_report report;
    char *text;
    size_t len;
};

static void begin(struct sample *s, bool json, uint64_t max_findings)
{
    *s = (struct sample){.plan = {.manifest = {.uuid = "U",
                                               .policy = "merge",
                                               .target = "mysql://live",
                                               .planned = {.tables = planned, .ntables = 2}}}};
    s->tables[0].planned = &planned[0];
    s->tables[1].planned = &planned[1];
    s->rows = (struct mr_verify_rows){.plan = &s->plan, .tables = s->tables};
    s->counters = (struct mr_reseed_run){.manifest = &s->plan.manifest};
    s->report = (struct mr_verify_report){.counters = &s->counters,
                                          .started = "2026-11-20T04:05:06Z",
                                          .rows = &s->rows,
                                          .json = json,
                                          .max_findings = max_findings,
                                          .out = open_memstream(&s->text, &s->len)};
    assert_non_null(s->report.out);
    mr_verify_report_init(&s->report);
    mr_verify_report_begin(&s->report);
}

static void find(struct sample *s, size_t table, enum mr_proof proof, bool is_parent,
                 const char *detail)
{
    const struct mr_proof_finding finding = {.table = &planned[table],
                                             .image = &image,
                                             .proof = proof,
                                             .is_parent = is_parent,
                                             .source_key = old,
                                             .key = key,
                                             .detail = detail};
    s->tables[table].counts[proof]++;
    assert_int_equal(mr_verify_report_found(&s->report, &finding, NULL), MR_OK);
}

static void end(struct sample *s, const char *const *wanted)
{
    struct mr_err err = {0};
    assert_int_equal(mr_verify_report_end(&s->report, &err), MR_OK);
    assert_int_equal(fclose(s->report.out), 0);
    for (; *wanted != NULL; wanted++)
        if (strstr(s->text, *wanted) == NULL)
            fail_msg("no \"%s\" in:\n%s", *wanted, s->text);
    if (!s->report.json) /* the plan has none */
        assert_null(strstr(s->text, "counter"));
    mr_verify_report_release(&s->report);
    free(s->text);
}

static void test_text(void **state)
{
    static const char *const wanted[] = {
        "  live.members: 1,234 stand, 1 changed since, 2 missing, 1 wrong, 1 open "
        "conflict\n",
        "  live.k: NOT PROVEN, its columns\n",
        "  live.members 7,a\\nb (on the source 5,x) was changed since: its identity, "
        "too\n",
        "  live.members 7,a\\nb (on the source 5,x), which others refer to, is someone "
        "else than planned\n",
        "  and 2 more (--max-findings)\n",
        "\n1,234 rows stand as planned, 4 do not; 1 table could not be proven\n",
        NULL};
    struct sample s;
    (void)state;
    begin(&s, false, 2);
    s.tables[0].counts[MR_PROOF_STANDS] = 1234;
    s.tables[0].open = 1;
    s.tables[1].unreadable = "its columns";
    find(&s, 0, MR_PROOF_CHANGED, false, "its identity, too");
    find(&s, 0, MR_PROOF_SOMEONE_ELSE, true, NULL);
    find(&s, 0, MR_PROOF_MISSING, false, NULL);
    find(&s, 0, MR_PROOF_MISSING, false, NULL);
    end(&s, wanted);
}

/* Of a table that the plan does not touch there is nothing to prove; one of which only open conflicts are
 * left is named. */
static void test_untouched(void **state)
{
    static const char *const wanted[] = {"  live.members: 1 stands\n", "1 row stands as planned\n",
                                         NULL},
                             *const open[] = {"  live.k: 0 stand, 1 open conflict\n", NULL};
    struct sample s;
    (void)state;
    begin(&s, false, 2);
    s.tables[0].counts[MR_PROOF_STANDS] = 1;
    assert_int_equal(mr_verify_report_end(&s.report, NULL), MR_OK);
    assert_int_equal(fflush(s.report.out), 0);
    assert_null(strstr(s.text, "live.k"));
    end(&s, wanted);
    begin(&s, false, 2);
    s.tables[1].open = 1;
    end(&s, open);
}

static void test_no_key(void **state)
{
    static const char *const wanted[] = {"  live.k (no key) is missing\n", NULL};
    const struct mr_proof_finding finding = {
        .table = &planned[1], .image = &image, .proof = MR_PROOF_MISSING};
    struct sample s;
    (void)state;
    begin(&s, false, 3);
    s.tables[1].counts[MR_PROOF_MISSING]++;
    assert_int_equal(mr_verify_report_found(&s.report, &finding, NULL), MR_OK);
    end(&s, wanted);
}

static void test_json(void **state)
{
    static const char *const wanted[] = {
        "{\"type\":\"plan\",\"schema\":\"myrecon/repair/1\",\"plan\":\"U\",\"policy\":"
        "\"merge\",\"target\":\"mysql://"
        "live\",\"started\":\"2026-11-20T04:05:06Z\"}\n{\"type\":\"row\",\"table\":"
        "\"club.k\","
        "\"target_table\":\"live.k\",\"result\":\"unplanned\",\"parent\":false,"
        "\"source_key\":{\"id\":\"5\",\"a\":\"x\"},\"target_key\":{\"id\":\"7\",\"a\":"
        "\"a\\nb\"},\"detail\":null}\n{\"type\":\"table\",\"table\":\"club.members\"",
        "\"unplanned\":1,\"refers_to_nobody\":0,\"source_missing\":0,\"source_differs\":"
        "0,"
        "\"parents\":0,\"open\":0,\"reason\":null}\n{\"type\":\"summary\",\"counters\":0",
        "\"open\":0,\"not_proven\":0,\"left_out\":0}\n", NULL};
    struct sample s;
    (void)state;
    begin(&s, true, 100);
    find(&s, 1, MR_PROOF_UNPLANNED, false, NULL);
    end(&s, wanted);
}

static void test_all_is_well(void **state)
{
    static const char *const wanted[] = {"  live.members: 1 stands\n",
                                         "\n1 row stands as planned\n", NULL};
    struct sample s;
    (void)state;
    begin(&s, false, 100);
    s.tables[0].counts[MR_PROOF_STANDS] = 1;
    end(&s, wanted);
}

static void test_exit_codes(void **state)
{
    struct sample s;
    (void)state;
    begin(&s, false, 100);
    s.tables[0].counts[MR_PROOF_STANDS] = s.tables[0].open = s.tables[0].parents = 3;
    assert_int_equal(mr_verify_exit(&s.rows), 0);
    for (int proof = MR_PROOF_CHANGED; proof < MR_PROOFS; proof++) {
        s.tables[1].counts[proof] = 1;
        assert_int_equal(mr_verify_exit(&s.rows), 1);
        assert_string_not_equal(mr_proof_name((enum mr_proof)proof), "undecided");
        s.tables[1].counts[proof] = 0;
    }
    s.tables[1].counts[MR_PROOF_MISSING] = 1;
    s.tables[0].unreadable = "why";
    assert_int_equal(mr_verify_exit(&s.rows), 4);
    (void)fclose(s.report.out);
    mr_verify_report_release(&s.report);
    free(s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),        cmocka_unit_test(test_untouched),
        cmocka_unit_test(test_no_key),      cmocka_unit_test(test_json),
        cmocka_unit_test(test_all_is_well), cmocka_unit_test(test_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
