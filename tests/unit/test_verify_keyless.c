/* test_verify_keyless.c: how many rows of a table without a key do not stand as planned. */
#include "verify_world.h"

static bool cancelled;
bool __wrap_mr_is_cancelled(void);
bool __wrap_mr_is_cancelled(void)
{
    return cancelled;
}

/* Lines of one plan: rows that come (`there` equal ones stood before), rows that are matched,
 * and rows that go, the last of which is the number-th of its kind. */
struct lines {
    const char *row;
    enum mr_decision decision;
    uint64_t there, number;
};

/* The key of a row that goes: the row, and its number behind it; 0: none. */
static struct mr_key numbered(struct world *w, struct mr_key image, uint64_t number)
{
    const struct mr_value n = {.cls = MR_CLASS_INT, .i = (int64_t)number};
    struct mr_strbuf out = MR_STRBUF_INIT;
    mr_strbuf_add(&out, image.ptr, image.len);
    if (number > 0)
        assert_int_equal(mr_row_encode(&out, &n, NULL), MR_OK);
    const struct mr_key key = {mr_arena_dup(&w->arena, out.ptr, out.len), out.len};
    mr_strbuf_release(&out);
    return key;
}

static void expect(struct world *w, const struct lines *line)
{
    struct mr_entity_line *l = world_line(w, 0, line->decision, line->row);
    l->target_key = numbered(w, world_image(w, 0, line->row), line->number);
    l->has_equal = line->decision == MR_DECIDE_INSERT;
    l->equal_there = line->there;
    assert_int_equal(mr_verify_expect(&w->tables[0], l, NULL), MR_OK);
}

#define COMES(row, there)                                                                          \
    {                                                                                              \
        row, MR_DECIDE_INSERT, there, 0                                                            \
    }
#define STAYS(row)                                                                                 \
    {                                                                                              \
        row, MR_DECIDE_MATCHED, 0, 0                                                               \
    }
#define GOES(row, number)                                                                          \
    {                                                                                              \
        row, MR_DECIDE_DELETE, 0, number                                                           \
    }

static void test_counts(void **state)
{
    static const struct {
        struct lines lines[4];
        const char *rows[6];
        uint64_t stand, missing, not_deleted;
    } cases[] = {
        /* it came; it did not; TARGET may hold more than the plan wrote */
        {{COMES("7|ann", 0)}, {"7|ann"}, 1, 0, 0},
        {{COMES("7|ann", 0)}, {NULL}, 0, 1, 0},
        {{COMES("7|ann", 0)}, {"7|ann", "7|ann", "8|bob"}, 1, 0, 0},
        /* one that is equal stood before: it is not the one that came */
        {{COMES("7|ann", 1)}, {"7|ann"}, 0, 1, 0},
        {{COMES("7|ann", 1)}, {"7|ann", "7|ann"}, 1, 0, 0},
        {{COMES("7|ann", 1), COMES("7|ann", 1)}, {"7|ann", "7|ann"}, 1, 1, 0},
        /* no more can lack than were planned, however many stood */
        {{COMES("7|ann", UINT64_MAX)}, {"7|ann"}, 0, 1, 0},
        /* what was there already is among those that stood */
        {{STAYS("7|ann"), COMES("7|ann", 1)}, {"7|ann", "7|ann"}, 2, 0, 0},
        {{STAYS("7|ann"), COMES("7|ann", 1)}, {"7|ann"}, 1, 1, 0},
        {{STAYS("7|ann"), STAYS("7|ann")}, {"7|ann"}, 1, 1, 0},
        /* NULL, nothing and a byte of zero are three rows, and so are upper and lower case */
        {{COMES("7|NULL", 0)}, {"7|", "7|\\0"}, 0, 1, 0},
        {{COMES("7|", 0)}, {"7|NULL", "7|\\0"}, 0, 1, 0},
        {{COMES("7|\\0", 0)}, {"7|\\0"}, 1, 0, 0},
        {{COMES("7|Ann", 0)}, {"7|ann"}, 0, 1, 0},
        {{COMES("-9223372036854775808|", 0)}, {"-9223372036854775808|"}, 1, 0, 0},
        /* the second of two went: one may stand, the second may not */
        {{GOES("7|ann", 2)}, {"7|ann"}, 1, 0, 0},
        {{GOES("7|ann", 2)}, {"7|ann", "7|ann"}, 0, 0, 1},
        {{GOES("7|ann", 1), GOES("7|ann", 2)}, {NULL}, 2, 0, 0},
        {{GOES("7|ann", 2), GOES("7|ann", 1)}, {"7|ann"}, 1, 0, 1},
        {{GOES("7|ann", 1), GOES("7|ann", 2)}, {"7|ann", "7|ann", "7|ann"}, 0, 0, 2},
        /* of one without a number nothing can be said against it */
        {{GOES("7|ann", 0)}, {"7|ann", "7|ann"}, 1, 0, 0},
        /* rows that stay do not say how many of their kind may stand */
        {{STAYS("7|ann"), GOES("7|ann", 2)}, {"7|ann"}, 2, 0, 0},
        {{STAYS("7|ann"), GOES("7|ann", 2)}, {"7|ann", "7|ann"}, 1, 0, 1},
        {{GOES("7|ann", 2), STAYS("7|ann")}, {"7|ann", "7|ann"}, 1, 0, 1},
        {{COMES("8|bob", 0), GOES("7|ann", 1)}, {"7|ann"}, 0, 1, 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        world_begin(&w);
        (void)world_table(&w, "log", "n:int name:text");
        w.of[0].rows = cases[i].rows;
        for (size_t k = 0; k < LEN(cases[i].lines) && cases[i].lines[k].row != NULL; k++)
            expect(&w, &cases[i].lines[k]);
        assert_int_equal(mr_verify_keyless(&w.v, &w.err), MR_OK);
        const uint64_t *n = w.results[0].counts;
        if (n[MR_PROOF_STANDS] != cases[i].stand || n[MR_PROOF_MISSING] != cases[i].missing ||
            n[MR_PROOF_NOT_DELETED] != cases[i].not_deleted)
            fail_msg("case %zu: %d stand, told: %s", i, (int)n[MR_PROOF_STANDS], w.told.ptr);
        world_end(&w);
    }
}

static void test_nothing_expected(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    (void)world_table(&w, "log", "n:int name:text");
    const struct mr_entity_line none = {.decision = MR_DECIDE_INSERT};
    assert_int_equal(mr_verify_expect(&w.tables[0], &none, NULL), MR_OK);
    assert_int_equal(mr_verify_keyless(&w.v, &w.err), MR_OK);
    assert_int_equal(w.questions, 0);
    world_end(&w);
}

/* A table that cannot be read is reported, and the next one is proved; a lost view ends it all. */
static void test_failure(void **state)
{
    static const struct {
        enum mr_code failure, code;
        const char *unreadable;
        uint64_t missing;
    } cases[] = {
        {MR_E_DENIED, MR_OK, "TARGET says no", 1},
        {MR_E_SQL, MR_OK, "TARGET says no", 1},
        {MR_E_LOST, MR_E_LOST, NULL, 0},
        {MR_E_NOMEM, MR_E_NOMEM, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        const struct lines line = COMES("7|ann", 0);
        world_begin(&w);
        (void)world_table(&w, "log", "n:int name:text");
        (void)world_table(&w, "log2", "n:int name:text");
        expect(&w, &line);
        assert_int_equal(mr_verify_expect(&w.tables[1], &w.lines[0], NULL), MR_OK);
        w.fail_at = 1;
        w.fail_code = cases[i].failure;
        assert_int_equal(mr_verify_keyless(&w.v, &w.err), cases[i].code);
        if (cases[i].unreadable != NULL)
            assert_string_equal(w.results[0].unreadable, cases[i].unreadable);
        assert_int_equal(w.results[0].counts[MR_PROOF_MISSING], 0);
        assert_int_equal(w.results[0].counts[MR_PROOF_STANDS], 0);
        assert_int_equal(w.results[1].counts[MR_PROOF_MISSING], cases[i].missing);
        world_end(&w);
    }
}

/* Ctrl-C ends a long read, and nothing is said of a table that was read in part. */
static void test_cancelled(void **state)
{
    static const char *rows[MR_VERIFY_BATCH + 1];
    struct world w;
    const struct lines line = COMES("7|ann", 0);
    (void)state;
    for (size_t i = 0; i < MR_VERIFY_BATCH; i++)
        rows[i] = "8|bob";
    world_begin(&w);
    (void)world_table(&w, "log", "n:int name:text");
    w.of[0].rows = rows;
    expect(&w, &line);
    cancelled = true;
    assert_int_equal(mr_verify_keyless(&w.v, &w.err), MR_E_CANCELLED);
    cancelled = false;
    assert_string_equal(w.told.ptr, "");
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_nothing_expected),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
