/* test_verify_twice.c: identities that two rows of TARGET have, and who the other rows are. */
#include "core/pair/pair_identity.h"
#include "verify_world.h"

/* As a collation without case does it; NULL is in none of the rows that are asked for. */
enum mr_code __wrap_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err);
enum mr_code __wrap_mr_pair_canonise(const struct mr_pair *table, const size_t *positions,
                                     size_t npositions, struct mr_db *db, struct mr_vec *items,
                                     struct mr_arena *arena, struct mr_err *err)
{
    (void)table;
    (void)positions;
    (void)npositions;
    (void)db;
    for (size_t i = 0; i < items->count; i++) {
        struct mr_canon_item *item = mr_vec_at(items, i);
        char *out = mr_arena_dup(arena, item->in, item->in_len);
        for (size_t k = 0; k < item->in_len; k++)
            out[k] = (char)(out[k] >= 'A' && out[k] <= 'Z' ? out[k] - 'A' + 'a' : out[k]);
        item->out = out;
        item->out_len = item->in_len;
    }
    return world_ask(NULL, err);
}

static void begin(struct world *w, const char *columns)
{
    world_begin(w);
    (void)world_table(w, "o`dd", columns);
    w->planned[0].decisions[MR_DECIDE_INSERT] = 1;
}

/* Is the identity of this row, as the lines have it, one of two? */
static bool is_twice(struct world *w, const char *row)
{
    const struct mr_plan_columns of = w->tables[0].identity;
    return mr_verify_is_twice(&w->tables[0], world_bytes(w, 0, row, of.at, of.count));
}

static void test_found(void **state)
{
    struct world w;
    (void)state;
    begin(&w, "id:int* na`me:text! shard:int!");
    w.of[0].found = (const char *const[]){"0|ANN|1", "1|Ann|1", "2||1", "3||1", "4|x|-9", NULL};
    assert_false(mr_verify_has_twice(&w.v));
    assert_int_equal(mr_verify_find_twice(&w.v, &w.err), MR_OK);
    assert_string_equal(w.asked.ptr,
                        "(`na``me`, `shard`) IN (SELECT `na``me`, `shard` FROM `d`.`o``dd` WHERE "
                        "`na``me` IS NOT NULL AND `shard` IS NOT NULL GROUP BY `na``me`, `shard` "
                        "HAVING COUNT(*) > 1)\n");
    assert_true(mr_verify_has_twice(&w.v));
    assert_true(is_twice(&w, "0|ann|1"));
    assert_true(is_twice(&w, "0||1"));
    assert_true(is_twice(&w, "0|x|-9"));
    assert_false(is_twice(&w, "0|ann|2"));
    assert_false(is_twice(&w, "0|\\0|1"));
    assert_false(is_twice(&w, "0|NULL|1"));
    world_end(&w);
}

/* More than are compared at a time: none is left behind. */
static void test_batches(void **state)
{
    static const char *rows[MR_VERIFY_BATCH + 2];
    struct world w;
    (void)state;
    begin(&w, "id:int* name:text!");
    for (size_t i = 0; i <= MR_VERIFY_BATCH; i++) {
        char *row = mr_arena_calloc(&w.arena, 1, 40);
        (void)snprintf(row, 40, "%zu|m%zu", i, i / 2);
        rows[i] = row;
    }
    w.of[0].found = rows;
    assert_int_equal(mr_verify_find_twice(&w.v, &w.err), MR_OK);
    assert_int_equal(w.tables[0].twice.count, MR_VERIFY_BATCH + 1);
    assert_true(is_twice(&w, "0|m0"));
    assert_true(is_twice(&w, "0|m500"));
    assert_false(is_twice(&w, "0|m501"));
    world_end(&w);
}

/* Who is asked at all.  Only a UNIQUE index over whole columns of the identity makes the question
 * needless. */
static void test_asked(void **state)
{
    static const struct mr_index_part name[] = {{.column = "NAME"}},
                                      both[] = {{.column = "shard"}, {.column = "name"}},
                                      prefix[] = {{.column = "name", .prefix_len = 3}},
                                      computed[] = {{.expression = "lower(name)"}},
                                      wider[] = {{.column = "name"}, {.column = "id"}};
    static const struct {
        struct mr_index index;
        const char *columns, *policy;
        enum mr_decision decision;
        bool asked;
    } cases[] = {
        {{.unique = true, .parts = name, .nparts = 1},
         "id:int* name:text! shard:int!",
         "merge",
         MR_DECIDE_INSERT,
         false},
        {{.unique = true, .parts = both, .nparts = 2},
         "id:int* name:text! shard:int!",
         "merge",
         MR_DECIDE_INSERT,
         false},
        {{.parts = both, .nparts = 2},
         "id:int* name:text! shard:int!",
         "merge",
         MR_DECIDE_INSERT,
         true},
        {{.unique = true, .parts = prefix, .nparts = 1},
         "id:int* name:text!",
         "merge",
         MR_DECIDE_INSERT,
         true},
        {{.unique = true, .parts = computed, .nparts = 1},
         "id:int* name:text!",
         "merge",
         MR_DECIDE_INSERT,
         true},
        {{.unique = true, .parts = wider, .nparts = 2},
         "id:int* name:text!",
         "merge",
         MR_DECIDE_INSERT,
         true},
        {{0}, "id:int* name:text!", "merge", MR_DECIDE_RENUMBER, true},
        {{0}, "id:int* name:text!", "merge", MR_DECIDE_MATCHED, true},
        {{0}, "id:int* name:text!", "newest:x", MR_DECIDE_UPDATE, true},
        /* nobody has come; one as often as SOURCE has it; known by none; without a key */
        {{0}, "id:int* name:text!", "merge", MR_DECIDE_DELETE, false},
        {{0}, "id:int* name:text!", "mirror", MR_DECIDE_INSERT, false},
        {{0}, "id:int* name:text", "merge", MR_DECIDE_INSERT, false},
        {{0}, "id:int name:text!", "merge", MR_DECIDE_INSERT, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, cases[i].columns);
        w.plan.manifest.policy = cases[i].policy;
        w.planned[0].decisions[MR_DECIDE_INSERT] = 0;
        w.planned[0].decisions[cases[i].decision] = 1;
        w.of[0].side.indexes = &cases[i].index;
        w.of[0].side.nindexes = cases[i].index.nparts > 0;
        assert_int_equal(mr_verify_find_twice(&w.v, &w.err), MR_OK);
        if ((w.questions > 0) != cases[i].asked)
            fail_msg("case %zu: %zu questions", i, w.questions);
        world_end(&w);
    }
}

static void test_twins(void **state)
{
    static const char *const many[] = {"1|a", "2|a", "3|a",  "4|a",  "5|a",  "6|a", "7|a",
                                       "8|a", "9|a", "10|a", "11|a", "12|a", NULL};
    const struct {
        const char *columns;
        const char *const *rows;
        const char *own, *said;
    } cases[] = {
        {"id:int* name:text!", (const char *const[]){"7|a", "-8|a", "9|b", NULL}, "7|a", "-8"},
        {"id:int* name:text!", (const char *const[]){"7|a", "8|b", NULL}, "7|a", ""},
        {"id:uint* name:text!", (const char *const[]){"18446744073709551615|", "7|", NULL}, "7|",
         "18446744073709551615"},
        {"id:int* no:int* name:text!", (const char *const[]){"1|2|a", "1|3|a", "2|2|a", NULL},
         "1|2|a", "1,3; 2,2"},
        /* ten are named, and its own is none of them */
        {"id:int* name:text!", many, "1|a", "2; 3; 4; 5; 6; 7; 8; 9; 10; 11; and 1 more"},
        {"id:int* name:text!", many + 1, "2|a", "3; 4; 5; 6; 7; 8; 9; 10; 11; 12"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct world w;
        begin(&w, cases[i].columns);
        w.of[0].rows = cases[i].rows;
        mr_strbuf_add_str(&out, "of the last row");
        assert_int_equal(mr_verify_name_twins(&w.v, &w.tables[0], world_image(&w, 0, cases[i].own),
                                              world_key(&w, 0, cases[i].own), &out, &w.err),
                         MR_OK);
        assert_string_equal(out.len > 0 ? out.ptr : "", cases[i].said);
        mr_strbuf_release(&out);
        world_end(&w);
    }
}

/* The rows, then what their collation makes of them; a table that cannot be read ends nothing. */
static void test_failure(void **state)
{
    static const struct {
        size_t at;
        enum mr_code failure, code;
        bool unreadable;
    } cases[] = {
        {1, MR_E_DENIED, MR_OK, true},
        {1, MR_E_LOST, MR_E_LOST, false},
        {2, MR_E_SQL, MR_OK, true},
        {2, MR_E_NOMEM, MR_E_NOMEM, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        begin(&w, "id:int* name:text!");
        w.of[0].found = (const char *const[]){"1|a", "2|a", NULL};
        w.fail_at = cases[i].at;
        w.fail_code = cases[i].failure;
        assert_int_equal(mr_verify_find_twice(&w.v, &w.err), cases[i].code);
        assert_int_equal(w.results[0].unreadable != NULL, cases[i].unreadable);
        assert_false(mr_verify_has_twice(&w.v));
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found), cmocka_unit_test(test_batches), cmocka_unit_test(test_asked),
        cmocka_unit_test(test_twins), cmocka_unit_test(test_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
