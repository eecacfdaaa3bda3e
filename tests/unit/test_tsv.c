/* test_tsv.c: rows as LOAD DATA text, and back: nothing is lost, nothing foreign passes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/format/shortest.h"
#include "snapshot/format/tsv.h"
#include "snapshot/format/tsv_in.h"
#include "tests/unit/random.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- what a column's value becomes ---- */

static void write_rows(const struct mr_snap_table *table, const struct mr_value *values,
                       size_t rows, struct mr_strbuf *out)
{
    struct mr_tsv tsv;
    struct mr_err err;
    mr_tsv_init(&tsv, mr_sink_to_strbuf(out));
    for (size_t i = 0; i < rows; i++)
        assert_int_equal(mr_tsv_add_row(&tsv, table, values + i * table->ncolumns, &err), MR_OK);
    assert_int_equal(mr_tsv_flush(&tsv, &err), MR_OK);
    assert_int_equal(tsv.bytes, out->len);
    mr_tsv_release(&tsv);
}

struct text {
    const char *ptr;
    size_t len, piece; /* bytes a read */
};

static enum mr_code feed(void *arg, void *buf, size_t size, size_t *got, struct mr_err *err)
{
    struct text *text = arg;
    (void)err;
    *got = text->len < text->piece ? text->len : text->piece;
    if (*got > size)
        *got = size;
    memcpy(buf, text->ptr, *got);
    text->ptr += *got;
    text->len -= *got;
    return MR_OK;
}

static struct mr_snap_table table_of(const struct mr_snap_column *columns, size_t count)
{
    return (struct mr_snap_table){.db = "d", .name = "t", .columns = columns, .ncolumns = count};
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        struct mr_snap_column column;
        struct mr_value value;
        const char *text;
    } cases[] = {
        {{.cls = MR_CLASS_INT}, {.cls = MR_CLASS_NULL}, "\\N"},
        {{.cls = MR_CLASS_INT}, {.cls = MR_CLASS_INT, .i = INT64_MIN}, "-9223372036854775808"},
        {{.cls = MR_CLASS_UINT}, {.cls = MR_CLASS_UINT, .u = UINT64_MAX}, "18446744073709551615"},
        {{.cls = MR_CLASS_UINT, .decimals = 4}, {.cls = MR_CLASS_UINT}, "0000"},
        {{.cls = MR_CLASS_DOUBLE}, {.cls = MR_CLASS_DOUBLE, .d = -0.0}, "-0"},
        {{.cls = MR_CLASS_DOUBLE}, {.cls = MR_CLASS_DOUBLE, .d = 0.1}, "0.1"},
        {{.cls = MR_CLASS_DOUBLE}, {.cls = MR_CLASS_DOUBLE, .d = 1e22}, "1e+22"},
        {{.cls = MR_CLASS_FLOAT}, {.cls = MR_CLASS_FLOAT, .d = 405403.53125}, "405403.53"},
        {{.cls = MR_CLASS_DECIMAL}, {.cls = MR_CLASS_DECIMAL, .ptr = "1.50", .len = 4}, "1.50"},
        {{.cls = MR_CLASS_BINARY},
         {.cls = MR_CLASS_BINARY, .ptr = "\0\t\n\\\rN'", .len = 7},
         "\\0\\t\\n\\\\\rN'"},
        {{.cls = MR_CLASS_TEXT}, {.cls = MR_CLASS_TEXT, .ptr = "", .len = 0}, ""},
        {{.cls = MR_CLASS_TEXT}, {.cls = MR_CLASS_TEXT, .ptr = "\\N", .len = 2}, "\\\\N"},
        {{.cls = MR_CLASS_DATE}, {.cls = MR_CLASS_DATE}, "0000-00-00"},
        {{.cls = MR_CLASS_DATETIME, .decimals = 3},
         {.cls = MR_CLASS_DATETIME,
          .t = {.year = 2020, .month = 2, .day = 30, .hour = 1, .micros = 5000}},
         "2020-02-30 01:00:00.005"},
        {{.cls = MR_CLASS_TIME},
         {.cls = MR_CLASS_TIME, .t = {.negative = true, .hour = 838, .minute = 59, .second = 59}},
         "-838:59:59"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mr_snap_table table = table_of(&cases[i].column, 1);
        struct mr_strbuf out = MR_STRBUF_INIT;
        write_rows(&table, &cases[i].value, 1, &out);
        assert_int_equal(out.ptr[out.len - 1], '\n');
        out.ptr[--out.len] = '\0';
        assert_string_equal(out.ptr, cases[i].text);
        mr_strbuf_release(&out);
    }
}

/* ---- there and back ---- */

static const struct mr_snap_column all[] = {
    {.name = "i", .cls = MR_CLASS_INT},    {.name = "b", .cls = MR_CLASS_BINARY},
    {.name = "d", .cls = MR_CLASS_DOUBLE}, {.name = "f", .cls = MR_CLASS_FLOAT},
    {.name = "u", .cls = MR_CLASS_UINT},   {.name = "t", .cls = MR_CLASS_DATETIME, .decimals = 6},
};

static double random_double(bool is_float)
{
    for (;;) {
        uint64_t bits = random_bits();
        uint32_t half = (uint32_t)bits;
        double d;
        float f;
        memcpy(&d, &bits, sizeof d);
        memcpy(&f, &half, sizeof f);
        if (is_float ? isfinite(f) : isfinite(d))
            return is_float ? (double)f : d;
    }
}

static void random_row(struct mr_value *row, char *bytes, size_t size)
{
    static const char hostile[] = "\0\t\n\\N0tn\r'\xff";
    size_t len = (size_t)(random_bits() % size);
    for (size_t i = 0; i < len; i++)
        bytes[i] = hostile[random_bits() % (sizeof hostile - 1)];
    row[0] = (struct mr_value){.cls = MR_CLASS_INT, .i = (int64_t)random_bits()};
    row[1] = (struct mr_value){.cls = MR_CLASS_BINARY, .ptr = bytes, .len = len};
    row[2] = (struct mr_value){.cls = MR_CLASS_DOUBLE, .d = random_double(false)};
    row[3] = (struct mr_value){.cls = MR_CLASS_FLOAT, .d = random_double(true)};
    row[4] = (struct mr_value){.cls = MR_CLASS_UINT, .u = random_bits()};
    row[5] = (struct mr_value){.cls = MR_CLASS_DATETIME,
                               .t = {.year = (uint32_t)(random_bits() % 10000),
                                     .month = (uint32_t)(random_bits() % 13),
                                     .day = (uint32_t)(random_bits() % 32),
                                     .hour = (uint32_t)(random_bits() % 24),
                                     .minute = (uint32_t)(random_bits() % 60),
                                     .second = (uint32_t)(random_bits() % 60),
                                     .micros = (uint32_t)(random_bits() % 1000000)}};
    for (size_t i = 0; i < COUNT(all); i++)
        if (random_bits() % 8 == 0)
            row[i] = (struct mr_value){.cls = MR_CLASS_NULL};
}

static void assert_same(const struct mr_value *a, const struct mr_value *b)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    struct mr_err err;
    assert_int_equal(mr_row_encode(&x, a, &err), MR_OK);
    assert_int_equal(mr_row_encode(&y, b, &err), MR_OK);
    assert_int_equal(x.len, y.len);
    assert_memory_equal(x.ptr, y.ptr, x.len);
    if (a->cls == MR_CLASS_DOUBLE)
        assert_memory_equal(&a->d, &b->d, sizeof a->d);
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
}

static void test_round_trip(void **state)
{
    (void)state;
    enum { ROWS = 300, BYTES = 600 };
    static char bytes[ROWS][BYTES];
    static struct mr_value rows[ROWS][COUNT(all)];
    static const size_t pieces[] = {1, 7, 100000};
    struct mr_snap_table table = table_of(all, COUNT(all));
    struct mr_strbuf out = MR_STRBUF_INIT;
    for (size_t i = 0; i < ROWS; i++)
        random_row(rows[i], bytes[i], BYTES);
    write_rows(&table, rows[0], ROWS, &out);
    for (size_t p = 0; p < COUNT(pieces); p++) {
        struct text text = {out.ptr, out.len, pieces[p]};
        struct mr_tsv_in *in = NULL;
        const struct mr_value *values = NULL;
        struct mr_err err;
        assert_int_equal(mr_tsv_in_open((struct mr_feed){feed, &text}, &table, out.len, &in, &err),
                         MR_OK);
        for (size_t i = 0; i < ROWS; i++) {
            assert_int_equal(mr_tsv_in_next(in, &values, &err), MR_OK);
            assert_non_null(values);
            for (size_t c = 0; c < COUNT(all); c++)
                assert_same(&rows[i][c], &values[c]);
        }
        assert_int_equal(mr_tsv_in_next(in, &values, &err), MR_OK);
        assert_null(values);
        assert_int_equal(mr_tsv_in_bytes(in), out.len);
        mr_tsv_in_close(in);
    }
    mr_strbuf_release(&out);
}

/* Digits between the first and the last that is not 0. */
static int significant(const char *text)
{
    int count = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text >= '1' && *text <= '9') {
            count += zeros + 1;
            zeros = 0;
        } else if (*text == '0' && count > 0) {
            zeros++;
        }
    }
    return count;
}

/* Every number is itself again as the server reads it: a double, of which a float is made;
 * never beyond a float's range; in the fewest digits. */
static void assert_back(double number, bool is_float)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    char text[40];
    int digits = is_float ? 5 : 14;
    mr_shortest_add(&out, number, is_float);
    double back = strtod(out.ptr, NULL);
    bool same = is_float ? (double)(float)back == number && fabs(back) <= (double)FLT_MAX
                         : memcmp(&back, &number, sizeof back) == 0;
    if (!same)
        fail_msg("%.17g became \"%s\"", number, out.ptr);
    do
        (void)snprintf(text, sizeof text, "%.*g", ++digits, number);
    while (digits < 17 && (is_float ? (double)(float)strtod(text, NULL) != number ||
                                          fabs(strtod(text, NULL)) > (double)FLT_MAX
                                    : strtod(text, NULL) != number));
    if (number != trunc(number) && significant(out.ptr) > significant(text))
        fail_msg("%s became \"%s\"", text, out.ptr);
    mr_strbuf_release(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    static const double special[] = {-0.0,
                                     5e-324,
                                     DBL_MIN,
                                     DBL_MAX,
                                     0.1,
                                     1e15,
                                     1e16,
                                     1e17,
                                     1e22,
                                     1e23,
                                     1e-5,
                                     1e-4,
                                     123456789012345680.0,
                                     0.3,
                                     2.0 / 3,
                                     1e27,
                                     1e28,
                                     9007199254740993.0};
    for (size_t i = 0; i < COUNT(special); i++)
        assert_back(special[i], false);
    assert_back((double)FLT_MAX, true);
    assert_back((double)FLT_MIN, true);
    for (int i = 0; i < 100000; i++) {
        assert_back(random_double(false), false);
        assert_back(random_double(true), true);
        double ordinary = (double)(int64_t)random_bits() / 1e12;
        assert_back(ordinary, false);
        assert_back((double)(float)ordinary, true);
        assert_back((double)(random_bits() % 100000000) / 100, false);
        double exact = (double)(random_bits() >> 11) * 0x1p-53; /* as RAND() */
        assert_back(exact, false);
    }
}

/* ---- refused ---- */

static void test_refused(void **state)
{
    (void)state;
    static const struct mr_snap_column two[] = {{.name = "i", .cls = MR_CLASS_INT},
                                                {.name = "t", .cls = MR_CLASS_TEXT}};
    static const char *const texts[] = {
        "1\n",
        "1\ta\tb\n",
        "1\ta",
        "x\ta\n",
        "\ta\n",
        "1 \ta\n",
        "1\t\\x\n",
        "1\t\\\n",
        "--1\ta\n",
        "1.5\ta\n",
        "9223372036854775808\ta\n",
        "1\ta\\N\n",
        "\n",
        "99999999999999999999\ta\n",
    };
    struct mr_snap_table table = table_of(two, COUNT(two));
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct text text = {texts[i], strlen(texts[i]), 3};
        struct mr_tsv_in *in = NULL;
        const struct mr_value *values = NULL;
        struct mr_err err = {0};
        assert_int_equal(mr_tsv_in_open((struct mr_feed){feed, &text}, &table, 1000, &in, &err),
                         MR_OK);
        assert_int_equal(mr_tsv_in_next(in, &values, &err), MR_E_IO);
        assert_null(values);
        assert_non_null(strstr(err.message, "row 1"));
        mr_tsv_in_close(in);
    }
}

static void test_bounded(void **state)
{
    (void)state;
    static char wide[300000];
    struct mr_snap_table table = table_of(&all[1], 1);
    struct text text = {wide, sizeof wide, sizeof wide};
    struct mr_tsv_in *in = NULL;
    const struct mr_value *values = NULL;
    struct mr_err err;
    memset(wide, 'a', sizeof wide);
    assert_int_equal(mr_tsv_in_open((struct mr_feed){feed, &text}, &table, 1000, &in, &err), MR_OK);
    assert_int_equal(mr_tsv_in_next(in, &values, &err), MR_E_IO);
    mr_tsv_in_close(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_numbers), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
