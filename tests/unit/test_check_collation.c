/* test_check_collation.c: suspects whose keys the target's collation takes for the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_traffic.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct collation_case {
    const char *source, *target; /* names, "" for no row */
    const char *suspects[3];
    unsigned diverged, paired, settled;
    const char *key; /* of the true finding */
    enum mr_find_kind kind;
};

static void check_collation(const struct collation_case *c, size_t batch, enum mr_side upstream)
{
    struct fake f;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec list = MR_VEC_INIT(struct mr_finding);
    fake_init(&f);
    f.by_name = true;
    if (c->source[0] != '\0')
        fake_put(&f.side[MR_SOURCE], fake_name(c->source, 1));
    if (c->target[0] != '\0')
        fake_put(&f.side[MR_TARGET], fake_name(c->target, 1));
    begin(&f);
    set_batch(&f, batch);
    f.run.upstream = upstream;
    for (size_t i = 0; i < LEN(c->suspects) && c->suspects[i] != NULL; i++)
        add_suspect(&f, (int64_t)i, fake_name(c->suspects[i], 0));
    (void)confirm_all(&f);
    assert_int_equal(count(&f, MR_FIND_SUSPECT) + count(&f, MR_FIND_SEEN_ONCE), 0);
    assert_int_equal(count(&f, MR_FIND_DIVERGED), c->diverged);
    assert_int_equal(count(&f, MR_FIND_PAIRED), c->paired);
    assert_int_equal(count(&f, MR_FIND_SETTLED), c->settled);
    check_all_diverged(&f);
    assert_int_equal(mr_findings_in_state(f.run.fd, f.table.find.id, MR_FIND_DIVERGED, 0, 10, true,
                                          &arena, &list, NULL),
                     MR_OK);
    if (list.count == 1) {
        const struct mr_finding *found = mr_vec_at(&list, 0);
        assert_string_equal(fake_decode(&f, found->key).name, c->key);
        assert_int_equal(found->kind, c->kind);
    }
    mr_vec_release(&list);
    mr_arena_release(&arena);
    fake_end(&f);
}

static void test_collation(void **state)
{
    static const struct collation_case cases[] = {
        {"ann", "ann", {"ann"}, 0, 0, 1, NULL, MR_KIND_UNDECIDED},
        {"ann", "ANN", {"ann", "ANN"}, 1, 1, 0, "ann", MR_KIND_CHANGED},
        {"ann", "ANN", {"ANN", "ann"}, 1, 1, 0, "ann", MR_KIND_CHANGED},
        /* one of the two chunks has not seen it */
        {"ann", "ANN", {"ann"}, 1, 0, 0, "ann", MR_KIND_CHANGED},
        {"ann", "ANN", {"ANN"}, 1, 1, 0, "ann", MR_KIND_CHANGED},
        {"ann", "", {"ann"}, 1, 0, 0, "ann", MR_KIND_MISSING},
        {"", "ANN", {"ANN"}, 1, 0, 0, "ANN", MR_KIND_EXTRA},
        /* renamed since the scan */
        {"ann", "ann", {"Ann", "ANN"}, 0, 0, 2, NULL, MR_KIND_UNDECIDED},
        {"", "", {"ann", "ANN"}, 0, 0, 2, NULL, MR_KIND_UNDECIDED},
        {"ann", "ANN", {"Ann"}, 1, 0, 1, "ann", MR_KIND_CHANGED},
        {"", "ANN", {"ann"}, 1, 0, 1, "ANN", MR_KIND_EXTRA},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t batch = 1; batch <= 3; batch += 2)
            for (int side = MR_SOURCE; side < MR_SIDES; side++)
                check_collation(&cases[i], batch, (enum mr_side)side);
}

/* Several rows of a batch that only the collation pairs, among some that it does not. */
static void test_collation_pairs(void **state)
{
    static const char *const names[MR_SIDES][6] = {{"bob", "cat", "eve"},
                                                   {"ANN", "BOB", "dan", "EVE", "fay"}};
    (void)state;
    for (int up = MR_SOURCE; up < MR_SIDES; up++) {
        struct fake f;
        fake_init(&f);
        f.by_name = true;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            for (size_t i = 0; names[side][i] != NULL; i++)
                fake_put(&f.side[side], fake_name(names[side][i], 1));
        begin(&f);
        set_batch(&f, 20);
        f.run.upstream = (enum mr_side)up;
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            for (size_t i = 0; names[side][i] != NULL; i++)
                add_suspect(&f, (int64_t)i + side * 10, fake_name(names[side][i], 0));
        assert_int_equal(confirm_all(&f), 2);
        assert_int_equal(count(&f, MR_FIND_DIVERGED), 6);
        assert_int_equal(count(&f, MR_FIND_PAIRED), 2);
        check_all_diverged(&f);
        fake_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collation),
        cmocka_unit_test(test_collation_pairs),
    };
    return cmocka_run_group_tests_name("check_collation", tests, NULL, NULL);
}
