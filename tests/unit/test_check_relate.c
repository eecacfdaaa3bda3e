/*
 * test_check_relate.c: who follows whom, and which side may lack what the other one wrote.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_world.h"
#include "core/db/replication.h"
#include "recon/check/check_relate.h"

/* How each side relates to the other, as its server would say it. */
static struct {
    enum mr_relation relation[MR_SIDES];
    enum mr_behind behind[MR_SIDES];
    bool reaches; /* the other's history */
    const char *history;
    enum mr_code code;
} told;
static struct world *told_of;

static enum mr_side side_of(const struct mr_db *db)
{
    return (const void *)db == &told_of->side[MR_SOURCE].nobody ? MR_SOURCE : MR_TARGET;
}

enum mr_code __wrap_mr_replication_relation(struct mr_db *a, struct mr_db *b,
                                            enum mr_relation *relation, struct mr_strbuf *note,
                                            struct mr_err *err);
enum mr_code __wrap_mr_replication_relation(struct mr_db *a, struct mr_db *b,
                                            enum mr_relation *relation, struct mr_strbuf *note,
                                            struct mr_err *err)
{
    (void)a;
    *relation = told.relation[side_of(b)];
    mr_strbuf_add_str(note, "as it is");
    return told.code != MR_OK ? mr_err_set(err, told.code, "no") : MR_OK;
}

enum mr_code __wrap_mr_replication_behind(struct mr_db *a, struct mr_db *b,
                                          enum mr_relation relation, enum mr_behind *behind,
                                          struct mr_strbuf *others, struct mr_err *err);
enum mr_code __wrap_mr_replication_behind(struct mr_db *a, struct mr_db *b,
                                          enum mr_relation relation, enum mr_behind *behind,
                                          struct mr_strbuf *others, struct mr_err *err)
{
    (void)a;
    (void)relation;
    (void)err;
    *behind = told.behind[side_of(b)];
    mr_strbuf_reset(others);
    mr_strbuf_add_str(others, "third:3306");
    return MR_OK;
}

enum mr_code __wrap_mr_replication_history(struct mr_db *a, struct mr_strbuf *position,
                                           struct mr_err *err);
enum mr_code __wrap_mr_replication_history(struct mr_db *a, struct mr_strbuf *position,
                                           struct mr_err *err)
{
    (void)a;
    (void)err;
    mr_strbuf_add_str(position, told.history);
    return MR_OK;
}

enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_replication_wait(struct mr_db *b, const char *position, unsigned timeout_s,
                                        bool *reached, struct mr_err *err)
{
    (void)b;
    (void)timeout_s;
    (void)err;
    assert_string_equal(position, told.history);
    *reached = told.reaches;
    return MR_OK;
}

enum mr_code __wrap_mr_replication_confirm(struct mr_db *a, struct mr_db *b, bool follows,
                                           const char *position, bool *reached, struct mr_err *err);
enum mr_code __wrap_mr_replication_confirm(struct mr_db *a, struct mr_db *b, bool follows,
                                           const char *position, bool *reached, struct mr_err *err)
{
    (void)a;
    (void)b;
    (void)position;
    (void)reached;
    (void)err;
    assert_false(follows);
    return MR_OK;
}

static void test_relations(void **state)
{
    enum { N = MR_LAG_NONE, W = MR_LAG_WAIT, U = MR_LAG_UNKNOWN };
    enum { NEVER = MR_BEHIND_NEVER, DIRECT = MR_BEHIND_DIRECT, OTHERS = MR_BEHIND_OTHERS };
    enum { DRAINS = MR_BEHIND_DRAINING, HIDDEN = MR_BEHIND_HIDDEN };
    enum { NONE = MR_RELATION_NONE, FOLLOWS = MR_RELATION_FOLLOWS };
    enum { STOPPED = MR_RELATION_STOPPED, UNKNOWN = MR_RELATION_UNKNOWN };
    static const struct {
        int relation[MR_SIDES], behind[MR_SIDES];
        bool reaches, unrelated;
        const char *history;
        int lag[MR_SIDES];
        enum mr_side upstream;
        const char *why; /* a part of it; NULL: none */
        bool slow;
    } cases[] = {
        {{NONE, NONE}, {NEVER, NEVER}, false, false, "p", {N, N}, MR_SOURCE, NULL, false},
        {{NONE, FOLLOWS}, {NEVER, DIRECT}, false, false, "p", {N, W}, MR_SOURCE, NULL, false},
        /* the replica is SOURCE: rows are read on the TARGET first */
        {{FOLLOWS, NONE}, {DIRECT, NEVER}, false, false, "p", {W, N}, MR_TARGET, NULL, false},
        {{STOPPED, NONE}, {NEVER, NEVER}, false, false, "p", {N, N}, MR_TARGET, NULL, false},
        /* a circle waits once a round, for both */
        {{FOLLOWS, FOLLOWS}, {DIRECT, DIRECT}, false, false, "p", {W, W}, MR_SOURCE, NULL, true},
        /* fed by others: only what reaches the other's history can be waited for */
        {{NONE, NONE}, {NEVER, OTHERS}, true, false, "p", {N, W}, MR_SOURCE, NULL, false},
        {{NONE, NONE}, {OTHERS, NEVER}, true, false, "p", {W, N}, MR_TARGET, NULL, false},
        {{NONE, NONE}, {NEVER, OTHERS}, false, false, "p", {N, U}, MR_SOURCE, "third:3306", false},
        {{NONE, NONE}, {NEVER, OTHERS}, true, false, "", {N, U}, MR_SOURCE, "third:3306", false},
        {{NONE, UNKNOWN},
         {NEVER, HIDDEN},
         false,
         false,
         "p",
         {N, U},
         MR_SOURCE,
         "--unrelated",
         false},
        {{NONE, STOPPED},
         {NEVER, DRAINS},
         false,
         false,
         "p",
         {N, U},
         MR_SOURCE,
         "not yet applied all",
         false},
        /* the user knows better, but not than what can be waited for */
        {{NONE, NONE}, {NEVER, OTHERS}, false, true, "p", {N, N}, MR_SOURCE, NULL, false},
        {{NONE, FOLLOWS}, {NEVER, DIRECT}, false, true, "p", {N, W}, MR_SOURCE, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world w;
        struct mr_err err = {0};
        world_begin(&w);
        world_plan(&w, "");
        told_of = &w;
        told.code = MR_OK;
        told.reaches = cases[i].reaches;
        told.history = cases[i].history;
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            told.relation[side] = (enum mr_relation)cases[i].relation[side];
            told.behind[side] = (enum mr_behind)cases[i].behind[side];
        }
        w.options.unrelated = cases[i].unrelated;
        assert_int_equal(mr_check_relate(&w.check, &err), MR_OK);
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            assert_int_equal((int)w.check.lag[side], cases[i].lag[side]);
            bool others = cases[i].behind[side] == OTHERS || cases[i].behind[side] == HIDDEN;
            assert_int_equal(w.check.settle.by_history[side], others && cases[i].lag[side] == W);
        }
        assert_int_equal(w.check.upstream, cases[i].upstream);
        assert_int_equal(atomic_load(&w.check.settle.slow), cases[i].slow);
        assert_int_equal(w.check.settle.why != NULL, cases[i].why != NULL);
        if (cases[i].why != NULL)
            assert_non_null(strstr(w.check.settle.why, cases[i].why));
        assert_non_null(w.check.run.replication);
        world_end(&w);
    }
}

/* A snapshot does not move; a server that is gone, or does not answer, is an error. */
static void test_who_is_not_asked(void **state)
{
    struct world w;
    struct mr_err err = {0};
    (void)state;
    world_begin(&w);
    world_snapshot(&w, MR_SOURCE);
    world_plan(&w, "");
    told_of = &w;
    told.code = MR_E_LOST;
    assert_int_equal(mr_check_relate(&w.check, &err), MR_OK);
    assert_int_equal(w.check.lag[MR_TARGET], MR_LAG_NONE);
    world_end(&w);
    world_begin(&w);
    world_plan(&w, "");
    assert_int_equal(mr_check_relate(&w.check, &err), MR_E_LOST);
    told.code = MR_OK;
    w.side[MR_TARGET].silent = true;
    assert_int_equal(mr_check_relate(&w.check, &err), MR_E_LOST);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relations),
        cmocka_unit_test(test_who_is_not_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
