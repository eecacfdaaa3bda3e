/* test_decision_rows.c: a key that a person spelled otherwise than the plan, looked for on SOURCE. */
#include "merge_world.h"
#include "repair/planning/decision_rows.h"

/* What the server was asked, and what it answers: rows of one table. */
static struct asked {
    struct world *w;
    char where[400];
    size_t reads;
    bool filters; /* as a server does, which gives what the condition is true for */
    const char *answer;
} asked;

enum mr_code __real_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err)
{
    struct mr_value values[WORLD_COLUMNS];
    asked.reads++;
    (void)snprintf(asked.where, sizeof asked.where, "%s", spec->where != NULL ? spec->where : "");
    if (!asked.filters)
        return __real_mr_reader_scan(reader, spec, range, limit, fn, ctx, err);
    MR_TRY(world_read((struct world_reader *)reader, err));
    if (asked.answer == NULL)
        return MR_OK;
    world_select(asked.w, &asked.w->tables[0], asked.answer, spec, values);
    return fn(ctx, values, err);
}

static void begin(struct world *w, const char *columns, bool is_server)
{
    static char connection; /* nobody asks it: the scan is replaced */
    world_begin(w);
    (void)world_table(w, "o`dd", columns);
    w->tables[0].pair.scan[MR_SOURCE] = w->tables[0].pair.full[MR_SOURCE];
    world_open(w);
    w->readers[MR_SOURCE].db = is_server ? (struct mr_db *)(void *)&connection : NULL;
    asked = (struct asked){.w = w, .filters = is_server};
}

/* A server: the condition, and the key as a plan spells what it gives. */
static void test_server(void **state)
{
    static const struct {
        const char *columns, *key, *answer;
        const char *where; /* "": it is not asked */
        const char *spelt;
    } cases[] = {
        {"i`d:int* name:text", "007", "7|ann", "`i``d` = '007'", "7"},
        {"i`d:int* name:text", "-0", "0|ann", "`i``d` = '-0'", "0"},
        {"i`d:uint* name:text", "018446744073709551615", "18446744073709551615|ann",
         "`i``d` = '018446744073709551615'", "18446744073709551615"},
        {"i`d:int* name:text", "8", NULL, "`i``d` = '8'", ""},
        /* a server would take the beginning for the number, and '' for 0: another row */
        {"i`d:int* name:text", "42x", "42|ann", "", ""},
        {"i`d:int* name:text", " 42", "42|ann", "", ""},
        {"i`d:int* name:text", "4.2", "4|ann", "", ""},
        {"i`d:int* name:text", "", "0|ann", "", ""},
        {"i`d:int* name:text", "-", "0|ann", "", ""},
        {"i`d:uint* name:text", "1e3", "1|ann", "", ""},
        /* texts are the server's to compare */
        {"code:text*", "ANN", "ann", "`code` = 'ANN'", "ann"},
        {"code:text*", "", "", "`code` = ''", ""},
        {"code:text*", "o'dd\\", "o'dd", "`code` = _utf8mb4 x'6f2764645c'", "o'dd"},
        {"code:text*", "x' OR '1'='1", NULL, "`code` = _utf8mb4 x'7827204f52202731273d2731'", ""},
        /* the last part has the commas that are left */
        {"a:int* b:text*", "1,x,y", "1|x,y", "`a` = '1' AND `b` = 'x,y'", "1,x,y"},
        {"a:int* b:text*", "01,X", "1|x", "`a` = '01' AND `b` = 'X'", "1,x"},
        {"a:int* b:int*", "1,2x", "1|2", "", ""},
        {"a:int* b:int*", "1x,2", "1|2", "", ""},
        {"b:bytes*", "4142", "AB", "HEX(`b`) = '4142'", "4142"},
        {"at:datetime*", "2026-04-02", "2026-04-02 00:00:00", "`at` = '2026-04-02'",
         "2026-04-02 00:00:00"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf spelt = MR_STRBUF_INIT;
        struct world w;
        begin(&w, cases[i].columns, true);
        asked.answer = cases[i].answer;
        mr_strbuf_add_str(&spelt, "of the last line");
        assert_int_equal(mr_decision_rows_find(w.m.reader[MR_SOURCE], &w.planned[0], cases[i].key,
                                               &spelt, &w.err),
                         MR_OK);
        if (strcmp(asked.where, cases[i].where) != 0 ||
            strcmp(spelt.len > 0 ? spelt.ptr : "", cases[i].spelt) != 0)
            fail_msg("case %zu: %s gives %s", i, asked.where, spelt.len > 0 ? spelt.ptr : "");
        assert_int_equal(asked.reads, cases[i].where[0] != '\0');
        mr_strbuf_release(&spelt);
        world_end(&w);
    }
}

/* A key with fewer parts than the table's names no row, whatever a condition over a part of it
 * would find: many. */
static void test_too_few_parts(void **state)
{
    struct mr_strbuf spelt = MR_STRBUF_INIT;
    struct world w;
    (void)state;
    begin(&w, "a:int* b:int*", true);
    asked.answer = "1|2";
    assert_int_equal(
        mr_decision_rows_find(w.m.reader[MR_SOURCE], &w.planned[0], "1", &spelt, &w.err), MR_OK);
    assert_int_equal(spelt.len, 0);
    assert_int_equal(asked.reads, 0);
    mr_strbuf_release(&spelt);
    world_end(&w);
}

/* A snapshot has no server: only a row that is spelled so is it. */
static void test_snapshot(void **state)
{
    static const struct {
        const char *columns, *key, *spelt;
    } cases[] = {
        {"id:int* name:text", "7", "7"},    {"id:int* name:text", "007", ""},
        {"id:int* name:text", "-9", "-9"},  {"id:int* name:text", "10", ""},
        {"id:text* name:text", "-9", "-9"}, {"id:int* name:text", "7x", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf spelt = MR_STRBUF_INIT;
        struct world w;
        begin(&w, cases[i].columns, false);
        world_source(&w, 0, "-9|x");
        world_source(&w, 0, "7|NULL");
        world_source(&w, 0, "8|");
        assert_int_equal(mr_decision_rows_find(w.m.reader[MR_SOURCE], &w.planned[0], cases[i].key,
                                               &spelt, &w.err),
                         MR_OK);
        assert_string_equal(spelt.len > 0 ? spelt.ptr : "", cases[i].spelt);
        assert_string_equal(asked.where, "");
        mr_strbuf_release(&spelt);
        world_end(&w);
    }
}

/* SOURCE is gone: no row is made of that. */
static void test_failure(void **state)
{
    (void)state;
    for (int is_server = 0; is_server < 2; is_server++) {
        struct mr_strbuf spelt = MR_STRBUF_INIT;
        struct world w;
        begin(&w, "id:int* name:text", is_server != 0);
        asked.answer = "7|ann";
        w.fail_read = 1;
        assert_int_equal(
            mr_decision_rows_find(w.m.reader[MR_SOURCE], &w.planned[0], "7", &spelt, &w.err),
            MR_E_LOST);
        assert_int_equal(spelt.len, 0);
        mr_strbuf_release(&spelt);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server),
        cmocka_unit_test(test_too_few_parts),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
