/* test_reseed_report.c: what is said of counters, and the code of exit: too low is never said to be
 * high. */
#include "apply_world.h"

#include "repair/apply/reseed_report.h"

static struct mr_counter counters[2];
static struct mr_raise_result results[2];
static struct mr_reseed_run run;

static void begin_run(size_t count)
{
    begin(NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        counters[i] = (struct mr_counter){.table = "club.t",
                                          .target_table = i == 0 ? "o`dd.t" : "d.\x1b[0m",
                                          .column = "id",
                                          .reseed_to = 100};
        results[i] = (struct mr_raise_result){.counter = &counters[i]};
    }
    p.m.counters = counters;
    p.m.ncounters = count;
    run = (struct mr_reseed_run){.manifest = &p.m, .results = results};
}

static void test_exit(void **state)
{
    static const struct {
        enum mr_raise first, second;
        int code;
    } cases[] = {{MR_RAISE_ALREADY, MR_RAISE_DONE, 0},  {MR_RAISE_WOULD, MR_RAISE_WOULD, 0},
                 {MR_RAISE_DONE, MR_RAISE_FAILED, 1},   {MR_RAISE_FAILED, MR_RAISE_UNPROVEN, 4},
                 {MR_RAISE_DONE, MR_RAISE_UNPROVEN, 4}, {MR_RAISE_DONE, MR_RAISE_UNDECIDED, 4}};
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        begin_run(2);
        results[0].raise = cases[i].first;
        results[1].raise = cases[i].second;
        assert_int_equal(mr_reseed_report_exit(&run), cases[i].code);
        p.m.ncounters = 0;
        assert_int_equal(mr_reseed_report_exit(&run), 0);
        end();
    }
}

static char *print(bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_int_equal(json ? mr_reseed_report_json(&run, out, &p.err)
                          : mr_reseed_report_text(&run, (struct mr_look){0}, out, &p.err),
                     MR_OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

#define TOP "18446744073709551615"

static void test_text(void **state)
{
    static const struct {
        struct mr_raise_result result;
        const char *line, *sums;
    } cases[] = {
        {{.raise = MR_RAISE_ALREADY, .before = 5, .after = UINT64_MAX},
         "  o`dd.t.id: stands high enough, next id " TOP "\n",
         "1 counter: 1 high enough\n"},
        {{.raise = MR_RAISE_WOULD, .before = 5},
         "  o`dd.t.id: would be raised, next id 5 -> 100\n",
         "1 counter: 0 high enough, 1 would be raised\n"},
        /* a replica is low, and it stands higher here: never lowered */
        {{.raise = MR_RAISE_WOULD, .before = 117},
         "  o`dd.t.id: would be raised, next id 117 -> 117\n",
         "1 counter: 0 high enough, 1 would be raised\n"},
        {{.raise = MR_RAISE_DONE, .before = 5, .after = 100, .how = "insert"},
         "  o`dd.t.id: raised, next id 5 -> 100 (insert)\n",
         "1 counter: 1 high enough\n"},
        {{.raise = MR_RAISE_DONE, .after = 101},
         "  o`dd.t.id: stands high enough, next id 101\n",
         "1 counter: 1 high enough\n"},
        {{.raise = MR_RAISE_FAILED, .after = 5, .reason = "in use\nby x"},
         "  o`dd.t.id: TOO LOW, next id 5, wanted 100\n    in use\\nby x\n",
         "1 counter: 0 high enough, 1 too low\n"},
        {{.raise = MR_RAISE_UNPROVEN, .after = 100, .reason = "late"},
         "  o`dd.t.id: NOT PROVEN, next id 100 here\n    late\n",
         "1 counter: 0 high enough, 1 not proven\n"},
        {{.raise = MR_RAISE_UNDECIDED},
         "  o`dd.t.id: NOT LOOKED AT\n",
         "1 counter: 0 high enough, 1 not looked at\n"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        char wanted[512];
        begin_run(1);
        results[0] = cases[i].result;
        results[0].counter = &counters[0];
        char *text = print(false);
        (void)snprintf(wanted, sizeof wanted, "%s%s", cases[i].line, cases[i].sums);
        assert_string_equal(text, wanted);
        free(text);
        end();
    }
}

static void test_json(void **state)
{
    (void)state;
    begin_run(2);
    p.m.policy = "merge";
    p.m.target = "mysql://dba@live";
    results[0] = (struct mr_raise_result){.counter = &counters[0],
                                          .raise = MR_RAISE_DONE,
                                          .how = "alter",
                                          .before = 5,
                                          .after = UINT64_MAX};
    results[1].raise = MR_RAISE_FAILED;
    results[1].reason = "a \"b\"\n";
    char *text = print(true);
    assert_non_null(strstr(text, "\"type\":\"plan\""));
    assert_non_null(
        strstr(text, "{\"type\":\"counter\",\"table\":\"club.t\",\"target_table\":\"o`dd.t\","
                     "\"column\":\"id\",\"result\":\"high-enough\",\"how\":\"alter\",\"before\":"
                     "\"5\",\"after\":\"" TOP "\",\"reseed_to\":\"100\",\"reason\":null,"
                     "\"blockers\":[]}\n"));
    assert_non_null(strstr(text, "\"result\":\"too-low\",\"how\":null"));
    assert_non_null(strstr(text, "\"reason\":\"a \\\"b\\\"\\n\""));
    assert_non_null(strstr(text, "{\"type\":\"summary\",\"counters\":2,\"high_enough\":1,"
                                 "\"would_raise\":0,\"too_low\":1,\"unproven\":0}\n"));
    free(text);
    end();
}

static void test_full(void **state)
{
    (void)state;
    for (int json = 0; json < 2; json++) {
        begin_run(1);
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        (void)setvbuf(full, NULL, _IONBF, 0);
        assert_int_equal(json ? mr_reseed_report_json(&run, full, &p.err)
                              : mr_reseed_report_text(&run, (struct mr_look){0}, full, &p.err),
                         MR_E_IO);
        (void)fclose(full);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exit), cmocka_unit_test(test_text),
                                       cmocka_unit_test(test_json), cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
