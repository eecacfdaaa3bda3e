/* test_decision_faults.c: lines of a decisions file that cannot be taken, all named at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "capture.h"
#include "repair/planning/decision_faults.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

struct fault {
    uint64_t line;
    const char *table, *key, *message, *hint;
};

static void test_report(void **state)
{
    static const char long_key[] = /* 102 bytes */
        "0123456789012345678901234567890123456789012345678901234567890123456789"
        "01234567890123456789012345678901";
    static const struct {
        struct fault faults[3];
        enum mr_code code;
        const char *said;      /* message and hint of the error */
        const char *logged[4]; /* in this order */
    } cases[] = {
        {{{0}}, MR_OK, NULL, {NULL}},
        /* one is the error itself */
        {{{7, "d.o`dd", "1,'x", "it cannot be", "Empty it."}},
         MR_E_REFUSED,
         "decisions \"f.csv\", line 7, table \"d.o`dd\", key \"1,'x\": it cannot be|Empty it.",
         {NULL}},
        {{{7, "", "", "it cannot be", ""}},
         MR_E_REFUSED,
         "decisions \"f.csv\", line 7: it cannot be|",
         {NULL}},
        {{{UINT64_MAX, "d.t", "", "100 % of it", ""}},
         MR_E_REFUSED,
         "decisions \"f.csv\", line 18446744073709551615, table \"d.t\": 100 % of it|",
         {NULL}},
        /* of several each is logged, by line, those of one line too */
        {{{9, "d.t", "9", "third", "Hint 9."},
          {2, "d.t", "2", "first", "Hint 2."},
          {4, "", "%s%n", "second", ""}},
         MR_E_REFUSED,
         "3 lines of decisions \"f.csv\" cannot be taken|Nothing was planned. Correct the lines "
         "named above, or empty their decision.",
         {"line 2, table \"d.t\", key \"2\": first", "line 4, key \"%s%n\": second",
          "line 9, table \"d.t\", key \"9\": third", NULL}},
        {{{2, "d.t", long_key, "first", ""}, {3, "d.t", "3", "second", ""}},
         MR_E_REFUSED,
         "2 lines of decisions \"f.csv\" cannot be taken|Nothing was planned. Correct the lines "
         "named above, or empty their decision.",
         {"6789\": first", "second", NULL}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_decision_faults faults;
        struct capture c;
        struct mr_err err = {0};
        char said[2 * sizeof err.message];
        mr_decision_faults_init(&faults, "f.csv");
        for (size_t k = 0; k < LEN(cases[i].faults) && cases[i].faults[k].line != 0; k++) {
            const struct fault *f = &cases[i].faults[k];
            (void)mr_err_set(&err, MR_E_REFUSED, "%s", f->message);
            mr_err_hint(&err, "%s", f->hint);
            assert_int_equal(mr_decision_faults_add(&faults, f->line, f->table, f->key, &err),
                             MR_OK);
            assert_int_equal(err.code, MR_OK); /* the next line begins without it */
            assert_string_equal(err.message, "");
        }
        capture_begin(&c, CAPTURE_FILE, 0);
        const enum mr_code code = mr_decision_faults_report(&faults, &err);
        capture_end(&c);
        assert_int_equal(code, cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        (void)snprintf(said, sizeof said, "%s|%s", err.message, err.hint);
        if (cases[i].said != NULL)
            assert_string_equal(said, cases[i].said);
        const char *at = c.text;
        for (size_t k = 0; cases[i].logged[k] != NULL; k++) {
            at = strstr(at, cases[i].logged[k]);
            if (at == NULL)
                fail_msg("case %zu: no \"%s\" in %s", i, cases[i].logged[k], c.text);
        }
        if (cases[i].logged[0] == NULL)
            assert_int_equal(c.len, 0);
        mr_decision_faults_release(&faults);
    }
}

/* A pipe may give faulty lines for ever, and names of any length. */
static void test_ends(void **state)
{
    struct mr_decision_faults faults;
    struct capture c;
    struct mr_err err = {0};
    char name[100000];
    enum mr_code code = MR_OK;
    uint64_t line = 1;
    (void)state;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    mr_decision_faults_init(&faults, "f.csv");
    capture_begin(&c, CAPTURE_FILE, 0);
    for (; code == MR_OK && line < 2 * MR_DECISION_FAULTS_MAX; line++) {
        (void)mr_err_set(&err, MR_E_REFUSED, "no");
        code = mr_decision_faults_add(&faults, line, name, name, &err);
    }
    capture_end(&c);
    assert_int_equal(line, MR_DECISION_FAULTS_MAX + 1);
    assert_int_equal(code, MR_E_REFUSED);
    assert_string_equal(err.message,
                        "10000 lines of decisions \"f.csv\" cannot be taken, and it was "
                        "read no further");
    assert_true(faults.arena.total_bytes < 16 << 20);
    mr_decision_faults_release(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
