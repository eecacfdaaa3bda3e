/* test_plan_find.c: what a plan decided about one row, from the files of its directory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "repair/plan/entity_file.h"
#include "repair/plan/plan_find.h"
#include "repair/plan/plan_why.h"
#include "repair_sample.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct mr_planned_table tables[] = {
    {.table = "club.mem"}, {.table = "club.members"}, {.table = "club.a=b"}};

static struct mr_key id(char last)
{
    static char keys[10][10];
    char *at = keys[last - '0'];
    memcpy(at, "i\1\0\0\0\0\0\0\0", 9);
    at[9] = (char)(last - '0');
    return (struct mr_key){at, 10};
}

/* 1 gets id 5; 2 is in conflict; 3 waits for 2; 5 of the live side is deleted. */
static void write_plan(struct mr_plan_dir *plan)
{
    static const char conflicts[] =
        "table,source_key,target_key,identity,kind,choices,source,target,decision\r\n"
        "club.members,2,,+49,unique,skip,\"{\"\"id\"\":2}\",\"{\"\"id\"\":9}\",\r\n";
    static const char idmap[] = "table,source_key,target_key,identity,decision\r\n"
                                "club.members,1,5,+48,renumber\r\n";
    const struct mr_entity_line lines[] = {
        {.table = "club.members",
         .source_key = id('1'),
         .target_key = id('5'),
         .decision = MR_DECIDE_RENUMBER,
         .is_new = true},
        {.table = "club.members",
         .source_key = id('2'),
         .decision = MR_DECIDE_CONFLICT,
         .kind = "unique"},
        {.table = "club.members",
         .source_key = id('3'),
         .decision = MR_DECIDE_WAITS,
         .waits_table = "club.members",
         .waits_key = id('2')},
        {.table = "club.members", .target_key = id('6'), .decision = MR_DECIDE_DELETE},
        {.table = "club.members",
         .source_key = id('7'),
         .target_key = id('1'),
         .decision = MR_DECIDE_INSERT},
        {.table = "club.a=b",
         .source_key = id('1'),
         .target_key = id('1'),
         .decision = MR_DECIDE_INSERT},
    };
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_plan_writer *writer = NULL;
    struct mr_manifest manifest = sample_manifest(MR_FLAVOUR_MYSQL);
    mr_entity_file_header(&text);
    for (size_t i = 0; i < LEN(lines); i++)
        assert_int_equal(mr_entity_file_line(&text, &lines[i], NULL), MR_OK);
    assert_int_equal(mr_plan_writer_begin("out", &writer, NULL), MR_OK);
    assert_int_equal(mr_plan_writer_add(writer, MR_ENTITY_FILE, text.ptr, text.len, NULL), MR_OK);
    assert_int_equal(
        mr_plan_writer_add(writer, "conflicts.csv", conflicts, sizeof conflicts - 1, NULL), MR_OK);
    assert_int_equal(mr_plan_writer_add(writer, "idmap.csv", idmap, sizeof idmap - 1, NULL), MR_OK);
    assert_int_equal(mr_plan_writer_publish(writer, &manifest, NULL, NULL), MR_OK);
    mr_plan_writer_free(writer);
    mr_strbuf_release(&text);
    *plan = (struct mr_plan_dir){.path = "out", .arena = MR_ARENA_INIT};
    plan->manifest.planned.tables = tables;
    plan->manifest.planned.ntables = LEN(tables);
}

static void remove_plan(struct mr_plan_dir *plan)
{
    static const char *const names[] = {"out/plan.json", "out/conflicts.csv", "out/idmap.csv",
                                        "out/" MR_ENTITY_FILE};
    mr_plan_close(plan);
    for (size_t i = 0; i < LEN(names); i++)
        assert_int_equal(unlink(names[i]), 0);
}

static void test_found(void **state)
{
    static const struct {
        const char *row, *identity;
        bool why, json;
        enum mr_code code;
        const char *wanted; /* NULL: the message */
    } cases[] = {
        {"club.members=1", NULL, false, false, MR_OK,
         "club.members: 1 on the source, 5 on the target: renumber\n"
         "club.members: 7 on the source, 1 on the target: insert\n"},
        {"club.members=5", NULL, false, false, MR_OK, /* TARGET's key */
         "club.members: 1 on the source, 5 on the target: renumber\n"},
        {"club.members=6", NULL, false, false, MR_OK,
         "club.members: nothing on the source, 6 on the target: delete\n"},
        {"club.members=2", NULL, false, false, MR_OK,
         "club.members: 2 on the source, nothing on the target: conflict\n  conflict unique: open\n"
         "  source {\"id\":2}\n  target {\"id\":9}\n"},
        {"club.a=b=1", NULL, false, false, MR_OK,
         "club.a=b: 1 on the source, 1 on the target: insert\n"},
        {NULL, "+48", false, false, MR_OK,
         "club.members: 1 on the source, 5 on the target: renumber\n"},
        {NULL, "+49", false, false, MR_OK,
         "club.members: 2 on the source, nothing on the target: conflict\n  conflict unique: open\n"
         "  source {\"id\":2}\n  target {\"id\":9}\n"},
        {"club.members=3", NULL, true, false, MR_OK,
         "club.members: 3 on the source, nothing on the target: waits\n"
         "  why: this plan keeps no facts of it\n  it waits for club.members 2\n"},
        {"club.members=2", NULL, false, true, MR_OK,
         "{\"type\":\"row\",\"table\":\"club.members\",\"source_key\":\"2\",\"target_key\":null,"
         "\"decision\":\"conflict\",\"kind\":\"unique\",\"choice\":null,\"source\":{\"id\":2},"
         "\"target\":{\"id\":9}}\n"},
        {"club.members=77", NULL, false, false, MR_E_NO_SUCH,
         "the plan knows nothing of \"club.members=77\""},
        {"club.members=77", NULL, true, false, MR_OK,
         "club.members: 77: " MR_PLAN_WHY_UNKNOWN "\n"},
        {"club.members=", NULL, false, false, MR_E_NO_SUCH,
         "the plan knows nothing of \"club.members=\""},
        {"club.membres=1", NULL, false, false, MR_E_USAGE,
         "option \"--row\": \"club.membres=1\" names no row of a planned table"},
        {NULL, "+47", false, false, MR_E_NO_SUCH, "the plan knows nothing of \"+47\""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_plan_dir plan;
        struct mr_err err = {0};
        char *text = NULL;
        size_t len = 0;
        if (i > 0)
            assert_int_equal(rmdir("out"), 0);
        write_plan(&plan);
        FILE *out = open_memstream(&text, &len);
        const struct mr_plan_find_task task = {.plan = &plan,
                                               .row = cases[i].row,
                                               .identity = cases[i].identity,
                                               .why = cases[i].why,
                                               .json = cases[i].json,
                                               .out = out};
        const enum mr_code code = mr_plan_find(&task, &err);
        assert_int_equal(fclose(out), 0);
        if (code != cases[i].code ||
            strcmp(code == MR_OK ? text : err.message, cases[i].wanted) != 0)
            fail_msg("%zu: %d: %s %s", i, code, text, err.message);
        free(text);
        remove_plan(&plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_found, place_begin, place_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
