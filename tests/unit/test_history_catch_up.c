/* test_history_catch_up.c: what is said where logs cannot be read on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/history/history_catch_up.h"
#include "recon/history/history_collect.h"

#define LEN(a) (sizeof(a) / sizeof *(a))

static struct {
    bool has_begun;
    enum mr_code code;
    const char *hint;
} reading;

enum mr_code __wrap_mr_evidence_collection_find(struct mr_findings *fd, struct mr_arena *arena,
                                                struct mr_evidence_collection *found, bool *is,
                                                struct mr_err *err);
enum mr_code __wrap_mr_evidence_collection_find(struct mr_findings *fd, struct mr_arena *arena,
                                                struct mr_evidence_collection *found, bool *is,
                                                struct mr_err *err)
{
    (void)fd;
    (void)arena;
    (void)err;
    *found = (struct mr_evidence_collection){.options = "run 1\n"};
    *is = true;
    return MR_OK;
}

enum mr_code __wrap_mr_history_collect_on(struct mr_history_collect *c,
                                          const struct mr_evidence_collection *known,
                                          struct mr_err *err);
enum mr_code __wrap_mr_history_collect_on(struct mr_history_collect *c,
                                          const struct mr_evidence_collection *known,
                                          struct mr_err *err)
{
    (void)known;
    c->has_begun = reading.has_begun;
    (void)mr_err_set(err, reading.code, "it is so");
    if (reading.hint != NULL)
        mr_err_hint(err, "%s", reading.hint);
    return reading.code;
}

static void test_hints(void **state)
{
    static const char again[] = "run it again, or myrecon history collect", places[] = "--split";
    static const struct {
        bool has_begun;
        enum mr_code code;
        const char *hint, *told; /* NULL: it ends no plan */
    } readings[] = {
        {false, MR_E_REFUSED, places, NULL},  {false, MR_E_BINLOG, NULL, NULL},
        {false, MR_E_LOST, "gone", "gone"},   {true, MR_E_LOST, "gone", again},
        {true, MR_E_REFUSED, places, places}, {true, MR_E_REFUSED, NULL, again},
        {true, MR_E_BINLOG, NULL, again},
    };
    const struct mr_find_run run = {0};
    struct mr_arena arena = MR_ARENA_INIT;
    (void)state;
    for (size_t i = 0; i < LEN(readings); i++) {
        struct mr_catch_up cu = {.run = &run, .arena = &arena};
        struct mr_err err = {0};
        reading.has_begun = readings[i].has_begun;
        reading.code = readings[i].code;
        reading.hint = readings[i].hint;
        const enum mr_code code = mr_history_catch_up(&cu, &err);
        assert_int_equal(code, readings[i].told != NULL ? readings[i].code : MR_OK);
        if (readings[i].told != NULL)
            assert_non_null(strstr(err.hint, readings[i].told));
        else
            assert_string_equal(cu.why, "it is so");
    }
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
