/* test_gate_gtid.c: sets of GTIDs, subtracted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "recon/gate/gate_gtid.h"

#define A "8c6bb4f7-e4e6-11f1-a286-02fc00000001"
#define B "9c6bb4f7-e4e6-11f1-a286-02fc00000001"

static const struct example {
    enum mr_flavour flavour;
    const char *a, *b, *out;
    uint64_t count;
} examples[] = {
    {MR_FLAVOUR_MYSQL, "", "", "", 0},
    {MR_FLAVOUR_MYSQL, A ":1-5", "", A ":1-5", 5},
    {MR_FLAVOUR_MYSQL, A ":1-5", A ":1-5", "", 0},
    {MR_FLAVOUR_MYSQL, A ":1-5", A ":1-9", "", 0},
    {MR_FLAVOUR_MYSQL, A ":1-9", A ":3-4", A ":1-2:5-9", 7},
    {MR_FLAVOUR_MYSQL, A ":1-9", A ":1:3:5:7:9", A ":2:4:6:8", 4},
    {MR_FLAVOUR_MYSQL, A ":1-3:5", A ":2-5", A ":1", 1},
    {MR_FLAVOUR_MYSQL, A ":1-5,\n" B ":1-2", A ":1-5", B ":1-2", 2},
    {MR_FLAVOUR_MYSQL, B ":7, " A ":1", "", A ":1," B ":7", 2},
    {MR_FLAVOUR_MYSQL, A ":1-3:nightly:1-2", A ":1-3", A ":nightly:1-2", 2},
    {MR_FLAVOUR_MYSQL, A ":nightly:1-2", A ":1-3", A ":nightly:1-2", 2},
    {MR_FLAVOUR_MYSQL, "8C6BB4F7-E4E6-11F1-A286-02FC00000001:1", A ":1", "", 0},
    {MR_FLAVOUR_MARIADB, "0-1-55", "0-1-55", "", 0},
    {MR_FLAVOUR_MARIADB, "0-1-55", "0-1-50", "0-1-51..55", 5},
    {MR_FLAVOUR_MARIADB, "0-1-50", "0-1-55", "", 0},
    {MR_FLAVOUR_MARIADB, "0-1-5,0-2-6", "0-1-5", "0-2-6", 1},
    {MR_FLAVOUR_MARIADB, "0-1-5,0-2-6", "0-1-9", "0-2-6", 1},
    {MR_FLAVOUR_MARIADB, "0-1-5,1-2-3", "0-1-5", "1-2-1..3", 3},
    {MR_FLAVOUR_MARIADB, "0-1-5,0-1-7", "0-1-7", "", 0},
    {MR_FLAVOUR_MARIADB, "0-1-0", "", "", 0},
    {MR_FLAVOUR_MARIADB, "1-1-9,1-3-8,10-1-4,10-2-4", "1-2-7,10-2-2,2-1-9",
     "1-1-8..9,1-3-8,10-1-3..4,10-2-3..4", 7},
    {MR_FLAVOUR_MARIADB, "0-1-18446744073709551615,0-1-7", "0-1-18446744073709551614",
     "0-1-18446744073709551615", 1},
    {MR_FLAVOUR_MARIADB, "0-1-18446744073709551615,1-1-7", "",
     "0-1-1..18446744073709551615,1-1-1..7", UINT64_MAX},
};

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *e = &examples[i];
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        uint64_t count = 99;
        assert_int_equal(mr_gate_gtid_subtract(e->flavour, e->a, e->b, &out, &count, &err), MR_OK);
        assert_string_equal(out.ptr, e->out);
        assert_int_equal(count, e->count);
        mr_strbuf_release(&out);
    }
}

/* Sets as long as a facts file may have them: with a look at all of the other for each part it
 * would take hours. */
static void test_long(void **state)
{
    enum { PARTS = 200000 };
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT, out = MR_STRBUF_INIT;
    uint64_t count = 0;
    (void)state;
    mr_strbuf_add_str(&a, A);
    mr_strbuf_add_str(&b, A);
    for (int i = 0; i < PARTS; i++) {
        mr_strbuf_add_fmt(&a, ":%d-%d", 4 * i + 1, 4 * i + 2);
        mr_strbuf_add_fmt(&b, ":%d", 4 * i + 2);
    }
    assert_int_equal(mr_gate_gtid_subtract(MR_FLAVOUR_MYSQL, a.ptr, b.ptr, &out, &count, NULL),
                     MR_OK);
    assert_int_equal(count, PARTS);
    mr_strbuf_reset(&a);
    mr_strbuf_reset(&b);
    for (int i = 0; i < PARTS; i++) {
        mr_strbuf_add_fmt(&a, "%d-1-7,7-%d-9,", i, i);
        mr_strbuf_add_fmt(&b, "%d-2-5,7-%d-8,", i, PARTS + i);
    }
    assert_int_equal(mr_gate_gtid_subtract(MR_FLAVOUR_MARIADB, a.ptr, b.ptr, &out, &count, NULL),
                     MR_OK);
    /* two of each domain but 7; there one of each server, and four of that which b knows */
    assert_int_equal(count, 2 * (PARTS - 1) + (PARTS - 2) + 1 + 4);
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
    mr_strbuf_release(&out);
}

static void test_malformed(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *text;
    } bad[] = {
        {MR_FLAVOUR_MYSQL, A},
        {MR_FLAVOUR_MYSQL, A ":"},
        {MR_FLAVOUR_MYSQL, A ":1-"},
        {MR_FLAVOUR_MYSQL, ":1"},
        {MR_FLAVOUR_MYSQL, A ":1x"},
        {MR_FLAVOUR_MYSQL, A ":1,,"},
        {MR_FLAVOUR_MARIADB, "0-1"},
        {MR_FLAVOUR_MARIADB, "0-1-"},
        {MR_FLAVOUR_MARIADB, "x-1-1"},
        {MR_FLAVOUR_MARIADB, "0-1-1;"},
        {MR_FLAVOUR_MYSQL, A ":9-2"},
        {MR_FLAVOUR_MYSQL, A ":0-5"},
        {MR_FLAVOUR_MYSQL, A ":1-18446744073709551615"},
        {MR_FLAVOUR_MYSQL, A ":-5"},
        {MR_FLAVOUR_MARIADB, A ":1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        struct mr_err err = {0};
        uint64_t count;
        assert_int_equal(mr_gate_gtid_subtract(bad[i].flavour, bad[i].text, "", &out, &count, &err),
                         MR_E_CHANGED);
        mr_strbuf_release(&out);
    }
}

#define UNIVERSE 40

/* A set as text, from one bit a transaction. */
static void write_set(const bool *has, struct mr_strbuf *out)
{
    mr_strbuf_reset(out);
    for (int i = 0; i < UNIVERSE; i++)
        if (has[i])
            mr_strbuf_add_fmt(out, "%s%s:%d", out->len > 0 ? "," : "", i < UNIVERSE / 2 ? A : B,
                              i % (UNIVERSE / 2) + 1);
}

/* Against subtraction bit by bit. */
static void test_random(void **state)
{
    struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT, out = MR_STRBUF_INIT,
                     rest = MR_STRBUF_INIT;
    uint64_t seed = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        bool in_a[UNIVERSE], in_b[UNIVERSE], left[UNIVERSE];
        struct mr_err err = {0};
        uint64_t count, none, want = 0;
        for (int i = 0; i < UNIVERSE; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            in_a[i] = (seed >> 40) % 3 != 0;
            in_b[i] = (seed >> 50) % 2 != 0;
            left[i] = in_a[i] && !in_b[i];
            want += left[i] ? 1 : 0;
        }
        write_set(in_a, &a);
        write_set(in_b, &b);
        mr_strbuf_reset(&out);
        assert_int_equal(mr_gate_gtid_subtract(MR_FLAVOUR_MYSQL, a.ptr, b.ptr, &out, &count, &err),
                         MR_OK);
        assert_int_equal(count, want);
        /* what is left is exactly the set of what should be left */
        write_set(left, &a);
        mr_strbuf_reset(&rest);
        assert_int_equal(
            mr_gate_gtid_subtract(MR_FLAVOUR_MYSQL, out.ptr, a.ptr, &rest, &none, &err), MR_OK);
        assert_int_equal(none, 0);
    }
    mr_strbuf_release(&a);
    mr_strbuf_release(&b);
    mr_strbuf_release(&out);
    mr_strbuf_release(&rest);
}

static void test_without(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *set, *uuid;
        uint32_t server_id;
        const char *out;
    } cases[] = {
        {MR_FLAVOUR_MYSQL, A ":1-5:nightly:2,\n" B ":1-2", A, 1, B ":1-2"},
        {MR_FLAVOUR_MYSQL, A ":1-5," B ":1-2", B, 1, A ":1-5"},
        {MR_FLAVOUR_MYSQL, A ":1-5," B ":1-2", "", 1, A ":1-5," B ":1-2"},
        {MR_FLAVOUR_MYSQL, "", A, 1, ""},
        {MR_FLAVOUR_MARIADB, "0-1-5,0-11-6,7-1-8", "", 1, "0-11-6"},
        {MR_FLAVOUR_MARIADB, "1-2-5,2-3-1", "", 0, "1-2-5,2-3-1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_gate_gtid_without(cases[i].flavour, cases[i].set, cases[i].uuid, cases[i].server_id,
                             &out);
        assert_string_equal(out.ptr, cases[i].out);
        mr_strbuf_release(&out);
    }
}

/* Of what came in between, what a server has written itself: what it applies of others does not
 * count, also of one that it hears of for the first time. */
static void test_own(void **state)
{
    static const struct {
        enum mr_flavour flavour;
        const char *before, *after, *uuid;
        uint32_t server_id;
        uint64_t count;
    } cases[] = {
        {MR_FLAVOUR_MARIADB, "0-1-100", "0-1-100", "", 1, 0},
        {MR_FLAVOUR_MARIADB, "0-1-100", "0-1-103", "", 1, 3},
        {MR_FLAVOUR_MARIADB, "0-1-100", "0-1-100,0-2-105", "", 1, 0},
        {MR_FLAVOUR_MARIADB, "0-1-100", "0-1-101,0-2-105", "", 1, 1},
        {MR_FLAVOUR_MARIADB, "0-1-100,0-2-105", "0-1-106,0-2-110", "", 1, 6},
        {MR_FLAVOUR_MARIADB, "0-2-105", "0-1-106,0-2-105", "", 1, 1},
        {MR_FLAVOUR_MYSQL, A ":1-100", A ":1-100," B ":1-5", A, 1, 0},
        {MR_FLAVOUR_MYSQL, A ":1-100," B ":1-5", A ":1-101:nightly:1," B ":1-9", A, 1, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t count = UINT64_MAX;
        assert_int_equal(mr_gate_gtid_own(cases[i].flavour, cases[i].before, cases[i].after,
                                          cases[i].uuid, cases[i].server_id, &count, NULL),
                         MR_OK);
        assert_int_equal(count, cases[i].count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples), cmocka_unit_test(test_without),
        cmocka_unit_test(test_own),      cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_long),     cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
