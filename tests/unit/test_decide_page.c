/* test_decide_page.c: the page of decisions: what stands in it of hostile and masked values, and what it
 * refuses to show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/json/json_in.h"
#include "place.h"
#include "repair/page/decide_data.h"
#include "repair/page/decide_page.h"

#define WITH_NUL "club.members,\0,,,changed,target,{},,,\r\n"
#define LEN(array) (sizeof(array) / sizeof *(array))
#define HEAD_REST ",source_key,target_key,identity,kind,choices,source,target,decision,differs\r\n"
#define HEAD "table" HEAD_REST
#define FIT(decision) "club.members,1,1,,does-not-fit,skip,{},," decision ",\r\n"
#define ROW(key, image)                                                                            \
    "club.members," key "," key ",+49170,changed,target;source,\"" image "\",,,city: a\r\n"
#define SHORT ROW("1", "{\"\"city\"\":\"\"Kiel\"\"}")
#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8
#define X512 X64 X64 X64 X64 X64 X64 X64 X64
#define X8192 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512 X512

static const char *const words[] = {"id", "town"}; /* as the plan has them: TARGET's */
static const struct mr_planned_column columns[] = {{"id", "int", NULL, false},
                                                   {"town", "text", "city", false}};
static const struct mr_planned_column masked[] = {{"id", "int", NULL, false},
                                                  {"town", "text", "city", true}};
static const struct mr_planned_column masked_key[] = {{"id", "int", "number", true},
                                                      {"town", "text", "city", false}};
static const struct mr_planned_reference references[] = {
    {.parent = "club.members", .columns = {words, 1}, .parent_columns = {words, 1}}};

static const struct {
    const char *csv;
    size_t len; /* 0: up to its NUL */
    const struct mr_planned_column *columns;
    const char *page_key, *config;
    bool unmask;
    enum mr_code code;
    const char *wanted, *unwanted; /* in the text, or the message */
} cases[] = {
    {HEAD SHORT, 0, columns, NULL, NULL, false, MR_OK,
     "\"f\":[\"club.members\",\"1\",\"1\",\"+49170\",\"changed\",\"target;source\","
     "\"{\\\"city\\\":\\\"Kiel\\\"}\",\"\",\"\",\"city: a\"]}]",
     "\"s\":"},
    {HEAD ROW("1", "{\"\"city\"\":\"\"</script><!--\xe2\x80\xa8\\u0000\"\"}"), 0, columns, NULL,
     NULL, false, MR_OK, "\\u003c/script>\\u003c!--\xe2\x80\xa8\\\\u0000", "<"},
    {HEAD ROW("1", "{\"\"city\"\":\"\"" X8192 "\"\"}"), 0, columns, "key", NULL, false, MR_OK,
     "\\\"bytes\\\":8192,\\\"same\\\":0}}\",\"\",\"\",\"city: a\"],\"s\":{\"6\":\"digest:", X512},
    {HEAD ROW("1", "{\"\"city\"\":\"\"" X8192 "\"\"}"), 0, columns, NULL, NULL, false, MR_E_REFUSED,
     "has no pages of decisions", NULL},
    /* masked by the plan, or by the configuration of today */
    {HEAD SHORT, 0, masked, "key", NULL, false, MR_OK, "\\\"mask\\\":", "Kiel"},
    {HEAD SHORT, 0, masked, "key", NULL, true, MR_OK, "Kiel", "\"s\":"},
    /* an identity, and a key, whose column has another name on each side; the page has that of rows */
    {HEAD SHORT, 0, masked, "key", NULL, false, MR_OK, "\"identity\":[\"city\"]", "+49170"},
    {HEAD SHORT, 0, masked_key, "key", NULL, false, MR_E_REFUSED,
     "column \"number\" of the key of table \"club.members\" is masked", NULL},
    {HEAD SHORT, 0, columns, "key", "[table *.members]\nmask = city\n", false, MR_OK,
     "\"masked\":[\"city\"]", "Kiel"},
    {HEAD SHORT, 0, columns, "key", "[table *.members]\nmask = city\n", false, MR_OK,
     "\"digest:", "city: a"},
    {HEAD SHORT, 0, columns, "key", "[table *.members]\nmask = id\n", false, MR_E_REFUSED,
     "column \"id\" of the key of table \"club.members\" is masked", NULL},
    /* of a row that SOURCE has deleted each choice has its words */
    {HEAD "club.members,,1,,deleted-in-source,keep;delete,,{},keep,\r\n", 0, columns, NULL, NULL,
     false, MR_OK, "[\"keep\",\"The live row stays", NULL},
    {HEAD "club.members,,1,,deleted-in-source,keep;delete,,{},keep,\r\n", 0, columns, NULL, NULL,
     false, MR_OK, "],[\"delete\",\"The live row is deleted", NULL},
    /* what a spreadsheet, or a page, has left */
    {"\xef\xbb\xbf" HEAD SHORT "#plan,x,y,,,,,,,\r\n\r\n", 0, columns, NULL, NULL, false, MR_OK,
     "Kiel", "#plan"},
    {HEAD SHORT ",,, ,,,,,,\r\n", 0, columns, NULL, NULL, false, MR_OK, "Kiel", NULL},
    {"table,kind,decision\r\n", 0, columns, NULL, NULL, false, MR_E_REFUSED,
     "conflicts.csv has no column \"source\"", NULL},
    {"Table" HEAD_REST "club.members,1,1,,changed,target,{}\r\n", 0, columns, NULL, NULL, false,
     MR_OK, "\"{}\",\"\",\"\",\"\"]", NULL},
    /* the page knows columns by the names that the plan wrote */
    {"table,source_key,target_key,identity,kind,choices,source,target, Decision ,DIFFERS\r\n" SHORT,
     0, columns, NULL, NULL, false, MR_OK, "\"target\",\"decision\",\"differs\"]", "Decision"},
    {HEAD "club.members,1,1,,changed,target,{},,,,,\r\n", 0, columns, NULL, NULL, false,
     MR_E_REFUSED, "line 2 of conflicts.csv has 12 fields", NULL},
    /* a value that somebody has written is masked by its column, or left out */
    {HEAD FIT("town=Kiel"), 0, masked, "key", NULL, false, MR_E_REFUSED,
     "line 2 of conflicts.csv has a decision that is a value of a column that is masked", NULL},
    {HEAD FIT("\"{\"\"t\\u006fwn\"\":\"\"Kiel\"\"}\""), 0, masked, "key", NULL, false, MR_E_REFUSED,
     "a decision that is a value of a column that is masked", NULL},
    {HEAD FIT("\"{ \"\"id\"\":1}\""), 0, masked, "key", NULL, false, MR_E_REFUSED,
     "a decision that is a value of a column that is masked", NULL},
    {HEAD FIT("\"{\"\"id\"\":\"\"1\"\"}\""), 0, masked, "key", NULL, false, MR_OK,
     "\\\"id\\\":", "Kiel"},
    {HEAD FIT("id=1"), 0, masked, "key", NULL, false, MR_OK, "id=1", NULL},
    {HEAD FIT("town=Kiel"), 0, masked, "key", NULL, true, MR_OK, "town=Kiel", NULL},
    {HEAD "club.none,1,1,,changed,target,{},,,\r\n", 0, columns, NULL, NULL, false, MR_E_REFUSED,
     "is about no planned table", NULL},
    {HEAD "club.members,1,1,,chnged,target,{},,,\r\n", 0, columns, NULL, NULL, false, MR_E_REFUSED,
     "of no known kind", NULL},
    {HEAD ROW("\xff", "{}"), 0, columns, NULL, NULL, false, MR_E_REFUSED,
     "has a field 2 that is no UTF-8 text", NULL},
    {HEAD WITH_NUL, sizeof HEAD WITH_NUL - 1, columns, NULL, NULL, false, MR_E_REFUSED,
     "has a field 2 that is no UTF-8 text", NULL},
    {HEAD ROW("1", "{"), 0, columns, NULL, NULL, false, MR_E_REFUSED, "is no row", NULL},
};

static struct mr_planned_table table;

static void make_plan(struct mr_plan_dir *plan, size_t i)
{
    table = (struct mr_planned_table){.table = "club.members",
                                      .subject = true,
                                      .key = {words, 1},
                                      .identity_columns = {words + 1, 1},
                                      .columns = cases[i].columns,
                                      .ncolumns = LEN(columns),
                                      .references = references,
                                      .nreferences = 1};
    *plan = (struct mr_plan_dir){.path = ".", .arena = MR_ARENA_INIT};
    plan->manifest = (struct mr_manifest){.uuid = "u",
                                          .policy = "merge",
                                          .created = "2026",
                                          .source = "mysql://a",
                                          .target = "mysql://b",
                                          .page_key = cases[i].page_key};
    plan->manifest.planned = (struct mr_planned){.tables = &table, .ntables = 1, .open = 1};
    FILE *csv = fopen("conflicts.csv", "w");
    const size_t len = cases[i].len != 0 ? cases[i].len : strlen(cases[i].csv);
    assert_true(csv != NULL && fwrite(cases[i].csv, 1, len, csv) == len && fclose(csv) == 0);
}

/* A script reads it: it is JSON as a whole. */
static void check_text(size_t i, const struct mr_strbuf *text)
{
    struct mr_json_doc *doc = NULL;
    if (strstr(text->ptr, cases[i].wanted) == NULL ||
        (cases[i].unwanted != NULL && strstr(text->ptr, cases[i].unwanted) != NULL))
        fail_msg("%zu: %s", i, text->ptr);
    assert_int_equal(mr_json_parse(text->ptr, text->len, "data", &doc, NULL), MR_OK);
    mr_json_free(doc);
}

static void test_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_plan_dir plan;
        struct mr_config *config = NULL;
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_err err = {0};
        uint64_t conflicts = 0;
        make_plan(&plan, i);
        if (cases[i].config != NULL)
            assert_int_equal(mr_config_parse(cases[i].config, strlen(cases[i].config), "ini",
                                             MR_CONFIG_NO_ROOMS, &config, NULL),
                             MR_OK);
        const struct mr_decide_data_task task = {
            .plan = &plan, .config = config, .unmask = cases[i].unmask};
        const enum mr_code code = mr_decide_data_add(&task, &text, &conflicts, &err);
        if (code != cases[i].code ||
            (code != MR_OK && strstr(err.message, cases[i].wanted) == NULL))
            fail_msg("%zu: %d %s", i, code, err.message);
        if (code == MR_OK) {
            check_text(i, &text);
            assert_int_equal(conflicts, 1);
        }
        mr_strbuf_release(&text);
        mr_config_free(config);
        mr_arena_release(&plan.arena);
    }
}

/* Whoever refers to a masked column has its values: also by another one, and of a table that is not planned. */
static void test_referring(void **state)
{
    static const char *const city[] = {"city"}, *const town[] = {"town"}, *const id[] = {"id"};
    static const struct mr_planned_column plain[] = {{"id", "int", NULL, false},
                                                     {"town", "text", NULL, false}};
    static const struct mr_planned_reference to_calls[] = {
        {.parent = "club.calls", .columns = {town, 1}, .parent_columns = {town, 1}}};
    static const struct mr_planned_reference to_members[] = {
        {.parent = "club.members", .columns = {town, 1}, .parent_columns = {town, 1}}};
    static const struct mr_planned_reference to_towns[] = {
        {.parent = "club.towns", .columns = {town, 1}, .parent_columns = {city, 1}}};
    static const struct mr_planned_reference key_to_towns[] = {
        {.parent = "club.towns", .columns = {id, 1}, .parent_columns = {city, 1}}};
    static const struct {
        const struct mr_planned_column *members;
        const struct mr_planned_reference *calls, *notes; /* of these tables */
        const char *config;
        bool unmask;
        enum mr_code code;
        const char *wanted, *unwanted;
    } worlds[] = {
        {masked, to_members, to_calls, "", false, MR_OK, "\\\"mask\\\":", "Kiel"},
        {masked, to_members, to_calls, "", true, MR_OK, "Kiel", "mask\\"},
        {plain, to_towns, to_calls, "[table club.towns]\nmask = city\n", false, MR_OK,
         "\\\"mask\\\":", "Kiel"},
        {plain, to_towns, to_calls, "[table club.towns]\nmask = name\n", false, MR_OK, "Kiel",
         "mask\\"},
        {plain, to_members, key_to_towns, "[table club.towns]\nmask = city\n", false, MR_E_REFUSED,
         "column \"id\" of the key of table \"club.notes\" is masked", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        struct mr_plan_dir plan;
        struct mr_config *config = NULL;
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_err err = {0};
        uint64_t conflicts = 0;
        make_plan(&plan, 0);
        struct mr_planned_table all[3] = {table, table, table};
        for (size_t n = 0; n < LEN(all); n++)
            all[n].columns = n == 2 ? worlds[i].members : plain;
        all[0].table = "club.notes"; /* children first: masks reach them all the same */
        all[0].references = worlds[i].notes;
        all[1].table = "club.calls";
        all[1].references = worlds[i].calls;
        plan.manifest.page_key = "key";
        plan.manifest.planned.tables = all;
        plan.manifest.planned.ntables = LEN(all);
        FILE *csv = fopen("conflicts.csv", "w");
        assert_true(csv != NULL &&
                    fputs(HEAD
                          "club.notes,1,1,,changed,target,\"{\"\"town\"\":\"\"Kiel\"\"}\",,,\r\n",
                          csv) >= 0 &&
                    fclose(csv) == 0);
        assert_int_equal(mr_config_parse(worlds[i].config, strlen(worlds[i].config), "ini",
                                         MR_CONFIG_NO_ROOMS, &config, NULL),
                         MR_OK);
        const struct mr_decide_data_task task = {
            .plan = &plan, .config = config, .unmask = worlds[i].unmask};
        const enum mr_code code = mr_decide_data_add(&task, &text, &conflicts, &err);
        const char *said = code == MR_OK ? text.ptr : err.message;
        if (code != worlds[i].code || strstr(said, worlds[i].wanted) == NULL ||
            (worlds[i].unwanted != NULL && strstr(said, worlds[i].unwanted) != NULL))
            fail_msg("%zu: %d %s", i, code, said);
        mr_strbuf_release(&text);
        mr_config_free(config);
        mr_arena_release(&plan.arena);
    }
}

/* The page allows its own script alone, and what is there is kept. */
static void test_page(void **state)
{
    struct mr_plan_dir plan;
    struct mr_err err = {0};
    uint64_t conflicts = 0;
    (void)state;
    make_plan(&plan, 1);
    const struct mr_decide_page_task task = {.plan = &plan, .output = "page.html"};
    assert_int_equal(mr_decide_page_write(&task, &conflicts, NULL), MR_OK);
    assert_int_equal(access("page.html", R_OK), 0);
    assert_int_equal(mr_decide_page_write(&task, &conflicts, &err), MR_E_EXISTS);
    plan.manifest.planned.open = 0;
    assert_int_equal(mr_decide_page_write(&task, &conflicts, &err), MR_E_REFUSED);
    assert_string_equal(err.message, "plan \".\" asks nothing");
    mr_arena_release(&plan.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_data, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_referring, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_page, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
