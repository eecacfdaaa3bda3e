/* test_plan_why.c: why a merge decided about a row as it did, for people and for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "repair/decide/decide.h"
#include "repair/plan/plan_why.h"

static struct mr_entity_line line_of(struct mr_fact facts)
{
    const struct mr_outcome out = mr_decide_merge(&facts);
    struct mr_entity_line line = {.table = "club.members",
                                  .decision = MR_DECIDE_INSERT,
                                  .group = out.ruling.group,
                                  .facts = facts};
    if (out.obstacle.conflict != 0 && mr_conflict_name(out.obstacle.conflict) != NULL) {
        line.decision = MR_DECIDE_CONFLICT;
        line.kind = mr_conflict_name(out.obstacle.conflict);
    }
    return line;
}

/* What is printed; the caller frees it. */
static char *said(const struct mr_entity_line *line, const char *awaited)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    mr_plan_why_text(out, line, awaited);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void has(char *text, const char *const *wanted)
{
    for (; *wanted != NULL; wanted++)
        if (strstr(text, *wanted) == NULL)
            fail_msg("no \"%s\" in: %s", *wanted, text);
    free(text);
}

static const struct mr_fact lost = {.counted = true, .above = true, .fresh = true};

static void test_text(void **state)
{
    const struct mr_entity_line line = line_of(lost);
    const char *const wanted[] = {
        "  it is lost history\n",
        "  since ",
        "  known of it:\n    a counter makes the keys of its table\n",
        "    its key is at or above U\n",
        "  it would be otherwise:\n",
        "    if two rows of one side have its identity: lost history, conflict duplicate\n",
        NULL};
    (void)state;
    has(said(&line, NULL), wanted);
    /* what its table is made of is not otherwise */
    char *text = said(&line, NULL);
    assert_null(strstr(text, "were it not that a counter makes the keys"));
    assert_null(strstr(text, "if its table has no key"));
    free(text);
}

/* A fact that alone decides is named as such: without it the row would be another kind. */
static void test_otherwise(void **state)
{
    struct mr_fact facts = lost;
    (void)state;
    for (size_t i = 0; i < MR_FACTS; i++) {
        const struct mr_fact turned = mr_fact_of(mr_fact_bits(&facts) ^ (uint64_t)1 << i);
        const struct mr_outcome is = mr_decide_merge(&facts), other = mr_decide_merge(&turned);
        const bool differs = is.ruling.group != other.ruling.group ||
                             is.obstacle.conflict != other.obstacle.conflict;
        const bool of_table =
            strcmp(mr_fact_name(i), "counted") == 0 || strcmp(mr_fact_name(i), "keyless") == 0;
        const struct mr_entity_line line = line_of(facts);
        char *text = said(&line, NULL);
        const char *from = strstr(text, "it would be otherwise:");
        assert_non_null(from);
        char named[200];
        (void)snprintf(named, sizeof named, "%s: ", mr_fact_words(i));
        if ((strstr(from, named) != NULL) != (differs && !of_table))
            fail_msg("%s", mr_fact_name(i));
        free(text);
    }
}

/* What its facts do not tell: a person, whom it waits for, rows around it.  Names of files are
 * shown without controls. */
static void test_around(void **state)
{
    struct mr_entity_line line = line_of(lost);
    (void)state;
    line.kind = "differs";
    line.choice = "so\x1b[2Jurce";
    char *text = said(&line, NULL);
    assert_non_null(strstr(text, "  by the choice so"));
    assert_null(strchr(text, '\x1b'));
    free(text);
    line = line_of(lost);
    line.decision = MR_DECIDE_WAITS;
    line.waits_table = "club.members";
    has(said(&line, "3001"), (const char *const[]){"  and it waits for club.members 3001\n", NULL});
    has(said(&line, NULL), (const char *const[]){"  and it waits for a row above it\n", NULL});
    line.decision = MR_DECIDE_CONFLICT;
    line.kind = "parent-absent";
    has(said(&line, "3001"),
        (const char *const[]){"  and it is in conflict for rows around it: parent-absent\n",
                              "  and it hangs on club.members 3001\n", NULL});
}

/* Whom the logs told of, of him it is not said that nobody can tell. */
static void test_told(void **state)
{
    const struct mr_fact facts = {
        .counted = true, .there = true, .taken = true, .differs = true, .same_name = true};
    struct mr_entity_line line = line_of(facts);
    (void)state;
    assert_string_equal(line.kind, "changed");
    has(said(&line, NULL), (const char *const[]){"cannot be told\n", NULL});
    line.logs = "changed";
    line.columns = "city: changed";
    char *text = said(&line, NULL);
    assert_null(strstr(text, "cannot be told"));
    has(text, (const char *const[]){"  by the binary logs: changed: city: changed\n",
                                    "  and it is asked about: changed\n", NULL});
}

/* Plans that kept no facts say so, and nothing more. */
static void test_unknown(void **state)
{
    struct mr_entity_line line = {.table = "t", .decision = MR_DECIDE_INSERT};
    (void)state;
    char *text = said(&line, NULL);
    assert_string_equal(text, "  why: this plan keeps no facts of it\n");
    free(text);
    line.waits_table = "club.members";
    text = said(&line, "7");
    assert_string_equal(text, "  why: this plan keeps no facts of it\n"
                              "  it waits for club.members 7\n");
    free(text);
}

static void json_is(const struct mr_entity_line *line, const char *awaited, const char *wanted)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, &out);
    mr_jsonw_object_begin(&w);
    mr_plan_why_json(&w, line, awaited);
    mr_jsonw_object_end(&w);
    if (strstr(out.ptr, wanted) == NULL)
        fail_msg("%s", out.ptr);
    mr_strbuf_release(&out);
}

static void test_json(void **state)
{
    struct mr_entity_line line = line_of(lost);
    const struct mr_entity_line unknown = {.table = "t", .decision = MR_DECIDE_INSERT};
    (void)state;
    json_is(&line, NULL,
            "{\"group\":\"lost\",\"facts\":[\"counted\",\"above\",\"fresh\"],\"because\":[\"");
    json_is(&line, NULL, "\"waits_for\":null,\"otherwise\":[{\"fact\":\"");
    line.waits_table = "club.\"x\"";
    json_is(&line, "7", "\"waits_for\":{\"table\":\"club.\\\"x\\\"\",\"key\":\"7\"}");
    json_is(&unknown, NULL,
            "{\"group\":null,\"facts\":[],\"because\":[],\"logs\":null,\"columns\":null,"
            "\"waits_for\":null,\"otherwise\":[]}");
    line.logs = "restored-change";
    line.columns = "city: restored-change";
    json_is(&line, "7",
            "\"logs\":\"restored-change\",\"columns\":\"city: restored-change\",\"waits_for\":");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_otherwise),
        cmocka_unit_test(test_around),  cmocka_unit_test(test_told),
        cmocka_unit_test(test_unknown), cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
