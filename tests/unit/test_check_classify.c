/*
 * test_check_classify.c: which kind two row images are, and what a table's verdict is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "core/base/signals.h"
#include "recon/check/check_classify.h"

#define TEXTS "id mobile:text? note:text?"
#define BY_MOBILE "[table *]\nidentity = mobile\n"

/* Kind, and the canonical identities of both sides. */
static void told_is(const struct mr_finding *f, const char *want)
{
    static const char *const kinds[] = {"undecided", "missing", "extra", "changed", "collision"};
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%s ", kinds[f->kind]);
    world_show(&text, f->source_id, f->source_id_len);
    mr_strbuf_add_char(&text, ' ');
    world_show(&text, f->target_id, f->target_id_len);
    assert_string_equal(text.ptr, want);
    mr_strbuf_release(&text);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *columns, *ini, *source, *target, *told;
    } cases[] = {
        {TEXTS, BY_MOBILE, "1|ann|x", NULL, "missing ann -"},
        {TEXTS, BY_MOBILE, NULL, "1|ann|x", "extra - ann"},
        {TEXTS, BY_MOBILE, "1|ann|x", "1|ann|y", "changed ann ann"},
        {TEXTS, BY_MOBILE, "1|ann|x", "1|bob|x", "collision ann bob"},
        /* as TARGET's collation has it, and not as the bytes do */
        {TEXTS, BY_MOBILE, "1|Ann|x", "1|aNN|x", "changed ann ann"},
        /* a NULL is nobody: judged by the key */
        {TEXTS, BY_MOBILE, "1|NULL|x", "1|ann|x", "changed - ann"},
        {TEXTS, BY_MOBILE, "1|ann|x", "1|NULL|x", "changed ann -"},
        {TEXTS, BY_MOBILE, "1|NULL|x", "1|NULL|y", "changed - -"},
        {TEXTS, BY_MOBILE, "1|NULL|x", NULL, "missing - -"},
        /* an empty text is somebody, and so are those that a NUL byte tells apart */
        {TEXTS, BY_MOBILE, "1||x", "1|NULL|x", "changed  -"},
        {TEXTS, BY_MOBILE, "1||x", "1|ann|x", "collision  ann"},
        {TEXTS, BY_MOBILE, "1|a\\0b|x", "1|a\\0c|x", "collision a\\0b a\\0c"},
        {TEXTS, BY_MOBILE, "1|a\\0b|x", "1|a|x", "collision a\\0b a"},
        /* 'ab','c' is not 'a','bc'; a NULL in one part makes it nobody */
        {TEXTS, "[table *]\nidentity = mobile, note\n", "1|ab|c", "1|a|bc", "collision ab|c a|bc"},
        {TEXTS, "[table *]\nidentity = mobile, note\n", "1|ab|c", "1|ab|NULL", "changed ab|c -"},
        {"id:uint code:uint? note:text?", "[table *]\nidentity = code\n",
         "18446744073709551615|18446744073709551615|x", "18446744073709551615|1|x",
         "collision 18446744073709551615 1"},
        {"id code:int? note:text?", "[table *]\nidentity = code\n", "-1|-9|x", "-1|9|x",
         "collision -9 9"},
        {"id code:real? note:text?", "[table *]\nidentity = code\n", "1|-0.0|x", "1|0.0|y",
         "changed 0 0"},
        /* without an identity it is the key that tells */
        {TEXTS, "", "1|ann|x", "1|bob|x", "changed - -"},
        {TEXTS, "", "1|ann|x", NULL, "missing - -"},
        {TEXTS, "[table *]\nidentity = key\n", "1|ann|x", "1|bob|x", "changed - -"},
        {TEXTS, "[table *]\nidentity = none\n", "1|ann|x", "1|ann|y", "collision - -"},
        {TEXTS, "[table *]\nidentity = none\n", NULL, "1|ann|y", "extra - -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        struct mr_arena arena = MR_ARENA_INIT;
        world_begin(&w);
        graph_table(&w.g, "o`dd", cases[i].columns, NULL);
        world_plan(&w, cases[i].ini);
        /* the same finding twice: what is said of one is none of the other's */
        struct mr_finding f[2] = {world_found(&w, 0, cases[i].source, cases[i].target),
                                  world_found(&w, 0, cases[i].source, cases[i].target)};
        f[0].kind = f[1].kind = MR_KIND_UNDECIDED;
        assert_int_equal(mr_check_classify_rows(world_pair(&w, 0), NULL, f, 2, &arena, &err),
                         MR_OK);
        told_is(&f[0], cases[i].told);
        told_is(&f[1], cases[i].told);
        mr_arena_release(&arena);
        world_end(&w);
    }
}

/* Without the collation nothing is called a collision: it is an error. */
static void test_a_server_that_does_not_answer(void **state)
{
    struct world w;
    struct mr_err err = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", TEXTS, NULL);
    world_plan(&w, BY_MOBILE);
    struct mr_finding f = world_found(&w, 0, "1|ann|x", "1|ANN|x");
    world_server.canon_code = MR_E_LOST;
    assert_int_equal(mr_check_classify_rows(world_pair(&w, 0), NULL, &f, 1, &arena, &err),
                     MR_E_LOST);
    /* rows of which nobody is told apart need no server */
    f = world_found(&w, 0, "1|NULL|x", "1|NULL|y");
    assert_int_equal(mr_check_classify_rows(world_pair(&w, 0), NULL, &f, 1, &arena, &err), MR_OK);
    mr_arena_release(&arena);
    world_end(&w);
}

static void test_an_image_that_is_damaged(void **state)
{
    struct world w;
    struct mr_err err = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", TEXTS, NULL);
    world_plan(&w, BY_MOBILE);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_finding f = world_found(&w, 0, "1|ann|x", "1|ann|y");
        if (side == MR_SOURCE)
            f.source_len = 12;
        else
            f.target_len = 12;
        assert_int_equal(mr_check_classify_rows(world_pair(&w, 0), NULL, &f, 1, &arena, &err),
                         MR_E_CASE);
    }
    mr_arena_release(&arena);
    world_end(&w);
}

/* What is stored of a table says what becomes of it as a whole. */
static void test_verdicts(void **state)
{
    static const struct {
        const char *ini;
        bool keyless;
        const char *source, *target;
        bool unsettled;
        enum mr_verdict verdict;
        uint64_t missing, changed, collision, nobody;
    } cases[] = {
        {BY_MOBILE, false, NULL, NULL, false, MR_VERDICT_EQUAL, 0, 0, 0, 0},
        {BY_MOBILE, false, NULL, NULL, true, MR_VERDICT_UNSETTLED, 0, 0, 0, 0},
        {BY_MOBILE, true, "1|ann|x", NULL, true, MR_VERDICT_DIVERGED, 1, 0, 0, 0},
        {BY_MOBILE, true, "1|NULL|x", NULL, false, MR_VERDICT_DIVERGED, 1, 0, 0, 1},
        {"", false, "1|NULL|x", NULL, false, MR_VERDICT_DIVERGED, 1, 0, 0, 0},
        /* stored unclassified where there is no common order: the kind is found out here */
        {BY_MOBILE, true, "1|ann|x", "1|bob|x", false, MR_VERDICT_DIVERGED, 0, 0, 1, 0},
        {BY_MOBILE, true, "1|ann|x", "1|ANN|y", false, MR_VERDICT_DIVERGED, 0, 1, 0, 0},
        {"[table *]\nidentity = none\n", true, "1|ann|x", "1|ann|y", false, MR_VERDICT_DIVERGED, 0,
         0, 1, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        world_begin(&w);
        graph_table(&w.g, "t", TEXTS, NULL);
        world_plan(&w, cases[i].ini);
        struct mr_pair *t = world_pair(&w, 0);
        if (cases[i].keyless)
            t->join = MR_JOIN_SPILL;
        if (cases[i].source != NULL || cases[i].target != NULL)
            world_finding(&w, 0, cases[i].source, cases[i].target);
        if (cases[i].unsettled) {
            struct mr_finding f = {.chunk = 9, .state = MR_FIND_UNSETTLED, .count = 1};
            f.key = world_bytes(&w, MR_SOURCE, 0, &t->full[MR_SOURCE], true, "9|z|z");
            assert_int_equal(mr_findings_save(w.check.fd, t->find.id, &f, 1, true, NULL), MR_OK);
        }
        assert_int_equal(mr_check_classify(&w.worker, t, &err), MR_OK);
        assert_int_equal(t->find.verdict, cases[i].verdict);
        assert_true(t->find.settled);
        assert_int_equal(t->find.counts.missing, cases[i].missing);
        assert_int_equal(t->find.counts.changed, cases[i].changed);
        assert_int_equal(t->find.counts.collision, cases[i].collision);
        assert_int_equal(t->find.counts.null_identities, cases[i].nobody);
        world_end(&w);
    }
}

/* More findings than one batch, and all are classified. */
static void test_many(void **state)
{
    enum { ROWS = 1203 };
    struct world w;
    struct mr_err err = {0};
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", TEXTS, NULL);
    world_plan(&w, BY_MOBILE);
    struct mr_pair *t = world_pair(&w, 0);
    t->join = MR_JOIN_SPILL;
    for (int i = 0; i < ROWS; i++) {
        char source[64], target[64];
        (void)snprintf(source, sizeof source, "%d|s%d|x", i, i);
        (void)snprintf(target, sizeof target, "%d|t%d|x", i, i);
        world_finding(&w, 0, source, target);
    }
    assert_int_equal(mr_check_classify(&w.worker, t, &err), MR_OK);
    assert_int_equal(t->find.counts.collision, ROWS);
    world_end(&w);
}

/* A table whose judge is gone gets no verdict.  Last: nothing takes a cancel back. */
static void test_what_ends_it(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    world_begin(&w);
    graph_table(&w.g, "t", TEXTS, NULL);
    world_plan(&w, BY_MOBILE);
    struct mr_pair *t = world_pair(&w, 0);
    t->join = MR_JOIN_SPILL;
    world_finding(&w, 0, "1|ann|x", "1|bob|x");
    world_server.canon_code = MR_E_LOST;
    assert_int_equal(mr_check_classify(&w.worker, t, &err), MR_E_LOST);
    assert_int_equal(t->find.verdict, MR_VERDICT_UNDECIDED);
    assert_false(t->find.settled);
    world_server.canon_code = MR_OK;
    mr_cancel();
    assert_int_equal(mr_check_classify(&w.worker, t, &err), MR_E_CANCELLED);
    assert_int_equal(t->find.verdict, MR_VERDICT_UNDECIDED);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_a_server_that_does_not_answer),
        cmocka_unit_test(test_an_image_that_is_damaged),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_what_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
