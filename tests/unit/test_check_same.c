/* test_check_same.c: a database is not compared with itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "recon/check/check_same.h"

static void test_locks(void **state)
{
    /* what GET_LOCK and IS_USED_LOCK give, with the number of who asks; the two catalogues */
    static const struct {
        const char *taken, *seen;
        enum mr_code code; /* of GET_LOCK */
        const char *names[MR_SIDES];
        char folds;
        bool one_host, meant;
        enum mr_code want;
    } cases[] = {
        {"1 42", "42 43", MR_OK, {"club", "club"}, 0, false, false, MR_E_USAGE},
        {"1 42", "42 43", MR_OK, {"club", "club"}, 0, false, true, MR_OK},
        {"1 42", "", MR_OK, {"club", "club"}, 0, true, false, MR_OK},
        /* a holder of another number, if only by its end */
        {"1 42", "421 43", MR_OK, {"club", "club"}, 0, true, false, MR_OK},
        {"1 42", "4 43", MR_OK, {"club", "club"}, 0, true, false, MR_OK},
        /* two databases of one server are two */
        {"1 42", "42 43", MR_OK, {"club", "club2"}, 0, true, false, MR_OK},
        {"1 42", "42 43", MR_OK, {"club", "Club"}, 0, true, false, MR_OK},
        {"1 42", "42 43", MR_OK, {"club", "Club"}, 1, true, false, MR_E_USAGE},
        /* no lock is to be had: what they say of themselves */
        {"0 42", "", MR_OK, {"club", "club"}, 0, true, false, MR_E_USAGE},
        {"0 42", "", MR_OK, {"club", "club"}, 0, false, false, MR_OK},
        {"", "", MR_E_SQL, {"club", "club"}, 0, true, false, MR_E_USAGE},
        {"", "", MR_E_SQL, {"club", "club"}, 0, false, false, MR_OK},
        {"", "", MR_E_LOST, {"club", "club"}, 0, false, false, MR_E_LOST},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
        const struct world_answer answers[] = {{"GET_LOCK", cases[i].taken, cases[i].code, 0},
                                               {"IS_USED_LOCK", cases[i].seen, MR_OK, 0},
                                               {"RELEASE_LOCK", "1 42", MR_OK, 0}};
        world_begin(&w);
        world_plan(&w, "");
        world_answers(answers, LEN(answers));
        *(struct mr_db_pair *)mr_vec_push(&pairs) =
            (struct mr_db_pair){{cases[i].names[MR_SOURCE], cases[i].names[MR_TARGET]}};
        w.options.same_server = cases[i].meant;
        w.g.cat[MR_SOURCE].server.lower_case_table_names = cases[i].folds;
        w.g.cat[MR_TARGET].server.port = cases[i].one_host ? 0 : 3307;
        assert_int_equal(mr_check_same(&w.check, &pairs, &err), cases[i].want);
        /* what was taken is given back */
        const char *log = world_server.log.ptr;
        bool took = strstr(log, "IS_USED_LOCK") != NULL;
        assert_int_equal(strstr(log, "RELEASE_LOCK") != NULL, took);
        mr_vec_release(&pairs);
        world_end(&w);
    }
}

/* A snapshot is of another moment, and nobody is asked. */
static void test_snapshots(void **state)
{
    (void)state;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct world w;
        struct mr_err err = {0};
        struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
        world_begin(&w);
        world_snapshot(&w, (enum mr_side)side);
        world_plan(&w, "");
        *(struct mr_db_pair *)mr_vec_push(&pairs) = (struct mr_db_pair){{"club", "club"}};
        assert_int_equal(mr_check_same(&w.check, &pairs, &err), MR_OK);
        assert_string_equal(world_server.log.ptr, "");
        mr_vec_release(&pairs);
        world_end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_locks),
        cmocka_unit_test(test_snapshots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
