/* test_db_wire.c: values out of rows of the binary protocol, of every type, and rows that
 * no server sends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/db/db_wire.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* A row of one column: the header, a bitmap without NULLs, then the value's bytes. */
struct sample {
    const char *what;
    enum mr_wire_kind kind;
    bool is_unsigned;
    enum mr_class cls;
    const char *bytes;
    size_t len;
    struct mr_value want; /* cls UNDECIDED: malformed */
};

#define BYTES(b) (b), sizeof(b) - 1
#define NONE                                                                                       \
    {                                                                                              \
        .cls = MR_CLASS_UNDECIDED                                                                  \
    }
#define INT(n)                                                                                     \
    {                                                                                              \
        .cls = MR_CLASS_INT, .i = (n)                                                              \
    }
#define UINT(n)                                                                                    \
    {                                                                                              \
        .cls = MR_CLASS_UINT, .u = (n)                                                             \
    }
#define REAL(c, n)                                                                                 \
    {                                                                                              \
        .cls = (c), .d = (n)                                                                       \
    }
#define TEXT(c, b)                                                                                 \
    {                                                                                              \
        .cls = (c), .ptr = (b), .len = sizeof(b) - 1                                               \
    }
#define TIME(c, ...)                                                                               \
    {                                                                                              \
        .cls = (c), .t = { __VA_ARGS__ }                                                           \
    }

static const struct sample samples[] = {
    {"tiny", MR_WIRE_INT1, false, MR_CLASS_INT, BYTES("\x80"), INT(-128)},
    {"tiny", MR_WIRE_INT1, false, MR_CLASS_INT, BYTES("\x7f"), INT(127)},
    {"tiny unsigned", MR_WIRE_INT1, true, MR_CLASS_UINT, BYTES("\xff"), UINT(255)},
    {"small", MR_WIRE_INT2, false, MR_CLASS_INT, BYTES("\x00\x80"), INT(-32768)},
    {"year", MR_WIRE_INT2, true, MR_CLASS_UINT, BYTES("\x6b\x08"), UINT(2155)},
    {"medium", MR_WIRE_INT4, false, MR_CLASS_INT, BYTES("\x00\x00\x80\xff"), INT(-8388608)},
    {"int unsigned", MR_WIRE_INT4, true, MR_CLASS_UINT, BYTES("\xff\xff\xff\xff"),
     UINT(4294967295)},
    {"big", MR_WIRE_INT8, false, MR_CLASS_INT, BYTES("\0\0\0\0\0\0\0\x80"), INT(INT64_MIN)},
    {"big unsigned", MR_WIRE_INT8, true, MR_CLASS_UINT, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"),
     UINT(UINT64_MAX)},
    {"big unsigned as signed", MR_WIRE_INT8, true, MR_CLASS_INT,
     BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), UINT(UINT64_MAX)},
    {"small unsigned as signed", MR_WIRE_INT8, true, MR_CLASS_INT, BYTES("\x05\0\0\0\0\0\0\0"),
     INT(5)},
    {"negative as unsigned", MR_WIRE_INT4, false, MR_CLASS_UINT, BYTES("\xfb\xff\xff\xff"),
     INT(-5)},
    {"cut int", MR_WIRE_INT4, false, MR_CLASS_INT, BYTES("\x01\x02\x03"), NONE},

    {"float", MR_WIRE_FLOAT, false, MR_CLASS_FLOAT, BYTES("\0\0\x20\x40"),
     REAL(MR_CLASS_FLOAT, 2.5)},
    {"double", MR_WIRE_DOUBLE, false, MR_CLASS_DOUBLE, BYTES("\0\0\0\0\0\0\xe0\xbf"),
     REAL(MR_CLASS_DOUBLE, -0.5)},
    {"minus zero", MR_WIRE_DOUBLE, false, MR_CLASS_DOUBLE, BYTES("\0\0\0\0\0\0\0\x80"),
     REAL(MR_CLASS_DOUBLE, -0.0)},

    {"empty text", MR_WIRE_BYTES, false, MR_CLASS_TEXT, BYTES("\0"), TEXT(MR_CLASS_TEXT, "")},
    {"text", MR_WIRE_BYTES, false, MR_CLASS_TEXT,
     BYTES("\x03"
           "abc"),
     TEXT(MR_CLASS_TEXT, "abc")},
    {"blob, long form of its length", MR_WIRE_BYTES, false, MR_CLASS_BINARY,
     BYTES("\xfd\x02\x00\x00\x00\xff"), TEXT(MR_CLASS_BINARY, "\x00\xff")},
    {"longest form of a length", MR_WIRE_BYTES, false, MR_CLASS_BINARY,
     BYTES("\xfe\x01\0\0\0\0\0\0\0x"), TEXT(MR_CLASS_BINARY, "x")},
    {"decimal", MR_WIRE_DECIMAL, false, MR_CLASS_DECIMAL, BYTES("\x05-1.50"),
     TEXT(MR_CLASS_DECIMAL, "-1.50")},
    {"cut text", MR_WIRE_BYTES, false, MR_CLASS_TEXT,
     BYTES("\x04"
           "abc"),
     NONE},
    {"length beyond everything", MR_WIRE_BYTES, false, MR_CLASS_TEXT,
     BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff\xff"), NONE},
    {"cut length", MR_WIRE_BYTES, false, MR_CLASS_TEXT, BYTES("\xfc\x01"), NONE},
    {"NULL of the text protocol", MR_WIRE_BYTES, false, MR_CLASS_TEXT, BYTES("\xfb"), NONE},
    {"error byte as length", MR_WIRE_BYTES, false, MR_CLASS_TEXT, BYTES("\xff"), NONE},
    {"no length", MR_WIRE_BYTES, false, MR_CLASS_TEXT, BYTES(""), NONE},

    {"bit", MR_WIRE_BIT, false, MR_CLASS_UINT, BYTES("\x02\x01\x02"), UINT(258)},
    {"bit(64)", MR_WIRE_BIT, false, MR_CLASS_UINT, BYTES("\x08\xff\xff\xff\xff\xff\xff\xff\xfe"),
     UINT(UINT64_MAX - 1)},
    {"bit beyond 64", MR_WIRE_BIT, false, MR_CLASS_UINT, BYTES("\x09\0\0\0\0\0\0\0\0\0"), NONE},

    {"zero date", MR_WIRE_DATETIME, false, MR_CLASS_DATE, BYTES("\0"), TIME(MR_CLASS_DATE, 0)},
    {"date", MR_WIRE_DATETIME, false, MR_CLASS_DATE, BYTES("\x04\xe8\x07\x02\x1d"),
     TIME(MR_CLASS_DATE, 2024, 2, 29)},
    {"date without day", MR_WIRE_DATETIME, false, MR_CLASS_DATE, BYTES("\x04\xe8\x07\0\0"),
     TIME(MR_CLASS_DATE, 2024)},
    {"date with a time", MR_WIRE_DATETIME, false, MR_CLASS_DATE,
     BYTES("\x07\xe8\x07\x02\x1d\0\0\x01"), NONE},
    {"date at midnight", MR_WIRE_DATETIME, false, MR_CLASS_DATE,
     BYTES("\x07\xe8\x07\x02\x1d\0\0\0"), TIME(MR_CLASS_DATE, 2024, 2, 29)},
    {"datetime", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x07\xe8\x07\x02\x1d\x17\x3b\x3a"), TIME(MR_CLASS_DATETIME, 2024, 2, 29, 23, 59, 58)},
    {"datetime(6)", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x0b\xe8\x07\x02\x1d\x17\x3b\x3a\x3f\x42\x0f\0"),
     TIME(MR_CLASS_DATETIME, 2024, 2, 29, 23, 59, 58, 999999)},
    {"datetime of a strange length", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x05\xe8\x07\x02\x1d\x17"), NONE},
    {"the last moment", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x07\x0f\x27\x0c\x1f\x17\x3b\x3b"), TIME(MR_CLASS_DATETIME, 9999, 12, 31, 23, 59, 59)},
    {"a year of five digits", MR_WIRE_DATETIME, false, MR_CLASS_DATE, BYTES("\x04\x10\x27\x02\x1d"),
     NONE},
    {"a year that is negative to the library", MR_WIRE_DATETIME, false, MR_CLASS_DATE,
     BYTES("\x04\xe8\x87\x02\x1d"), NONE},
    {"month 13", MR_WIRE_DATETIME, false, MR_CLASS_DATE, BYTES("\x04\xe8\x07\x0d\x1d"), NONE},
    {"day 32", MR_WIRE_DATETIME, false, MR_CLASS_DATE, BYTES("\x04\xe8\x07\x02\x20"), NONE},
    {"hour 24", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x07\xe8\x07\x02\x1d\x18\x3b\x3a"), NONE},
    {"minute 60", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x07\xe8\x07\x02\x1d\x17\x3c\x3a"), NONE},
    {"second 60", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x07\xe8\x07\x02\x1d\x17\x3b\x3c"), NONE},
    {"a million microseconds", MR_WIRE_DATETIME, false, MR_CLASS_DATETIME,
     BYTES("\x0b\xe8\x07\x02\x1d\x17\x3b\x3a\x40\x42\x0f\0"), NONE},
    {"time with minute 60", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x08\0\0\0\0\0\x01\x3c\0"),
     NONE},
    {"time with second 255", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x08\0\0\0\0\0\x01\0\xff"),
     NONE},

    {"zero time", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\0"), TIME(MR_CLASS_TIME, 0)},
    {"longest time", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x08\x01\x22\0\0\0\x16\x3b\x3b"),
     TIME(MR_CLASS_TIME, .hour = 838, .minute = 59, .second = 59, .negative = true)},
    {"time(6)", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x0c\x01\0\0\0\0\0\0\0\x01\0\0\0"),
     TIME(MR_CLASS_TIME, .micros = 1, .negative = true)},
    {"time of too many days", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x08\0\0\0\x01\0\0\0\0"),
     NONE},
    {"time of more hours than a row can hold", MR_WIRE_TIME, false, MR_CLASS_TIME,
     BYTES("\x08\0\xaa\x0a\0\0\x10\0\0"), NONE},
    {"time of the most hours", MR_WIRE_TIME, false, MR_CLASS_TIME,
     BYTES("\x08\0\xaa\x0a\0\0\x0f\0\0"), TIME(MR_CLASS_TIME, .hour = 65535)},
    {"time of a strange sign", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x08\x02\0\0\0\0\0\0\0"),
     NONE},
    {"time of a strange length", MR_WIRE_TIME, false, MR_CLASS_TIME, BYTES("\x07\0\0\0\0\0\0\0"),
     NONE},

    {"a value of type NULL", MR_WIRE_NULL, false, MR_CLASS_TEXT, BYTES("\x01x"), NONE},
};

static bool same_time(const struct mr_time *a, const struct mr_time *b)
{
    return a->year == b->year && a->month == b->month && a->day == b->day && a->hour == b->hour &&
           a->minute == b->minute && a->second == b->second && a->micros == b->micros &&
           a->negative == b->negative;
}

static bool same_value(const struct mr_value *got, const struct mr_value *want)
{
    if (got->cls != want->cls)
        return false;
    if (want->cls == MR_CLASS_INT || want->cls == MR_CLASS_UINT)
        return got->u == want->u;
    if (want->cls == MR_CLASS_FLOAT || want->cls == MR_CLASS_DOUBLE)
        return memcmp(&got->d, &want->d, sizeof got->d) == 0;
    if (want->ptr != NULL)
        return got->ptr != NULL && got->len == want->len &&
               memcmp(got->ptr, want->ptr, want->len) == 0;
    return same_time(&got->t, &want->t);
}

static void test_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(samples); i++) {
        const struct sample *s = &samples[i];
        struct mr_wire_column column = {s->kind, s->is_unsigned, true, s->cls};
        struct mr_value value = {.cls = MR_CLASS_UNDECIDED};
        /* Exactly as long as the row, so that reading beyond it is caught. */
        unsigned char *row = calloc(1, 2 + s->len);
        assert_non_null(row);
        memcpy(row + 2, s->bytes, s->len);
        bool sound = mr_wire_decode(&column, 1, 1, row, 2 + s->len, &value);
        bool wanted = s->want.cls != MR_CLASS_UNDECIDED;
        if (sound != wanted || (wanted && !same_value(&value, &s->want)))
            fail_msg("%s (%zu): not what it should be", s->what, i);
        /* A time in a DATE is a sound value; that it is none of the class is said later. */
        wanted = wanted || strcmp(s->what, "date with a time") == 0;
        if (mr_wire_is_sound(&column, 1, row, 2 + s->len) != wanted)
            fail_msg("%s (%zu): is it sound?", s->what, i);
        free(row);
    }
}

/* A row that ends early anywhere, or goes on, is no row; whatever is wanted of it. */
static void test_sound(void **state)
{
    (void)state;
    const struct mr_wire_column columns[] = {
        {MR_WIRE_BYTES, false, false, MR_CLASS_TEXT},
        {MR_WIRE_INT8, false, false, MR_CLASS_TEXT},
        {MR_WIRE_DATETIME, false, false, MR_CLASS_DATE},
    };
    static const char whole[] = "\0\0\x02xy\1\2\3\4\5\6\7\0\4\xe8\x07\x02\x1d";
    for (size_t len = 0; len <= sizeof whole; len++) {
        char *row = malloc(len + 1);
        assert_non_null(row);
        memcpy(row + 1, whole, len); /* its last byte is that of the memory */
        assert_int_equal(mr_wire_is_sound(columns, 3, row + 1, len), len == sizeof whole - 1);
        free(row);
    }
    assert_false(mr_wire_is_sound(columns, 3, "\1\x1c", 2));
    assert_true(mr_wire_is_sound(columns, 3, "\0\x1c", 2));
}

/* Lengths around every border of their encoding; the column behind must be found. */
static void test_lengths(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,   1,     250,   251,      252,      255,
                                     256, 65535, 65536, 16777215, 16777216, 16777300};
    const struct mr_wire_column columns[] = {
        {MR_WIRE_BYTES, false, false, MR_CLASS_TEXT},
        {MR_WIRE_INT1, true, true, MR_CLASS_UINT},
    };
    for (size_t i = 0; i < LEN(lengths); i++) {
        size_t n = lengths[i], at = 2;
        unsigned char *row = calloc(1, n + 16);
        struct mr_value values[2];
        assert_non_null(row);
        if (n < 251) {
            row[at++] = (unsigned char)n;
        } else {
            size_t size = n <= 65535 ? 2 : n <= 16777215 ? 3 : 8;
            row[at++] = size == 2 ? 0xfc : size == 3 ? 0xfd : 0xfe;
            for (size_t b = 0; b < size; b++)
                row[at++] = (unsigned char)(n >> (8 * b));
        }
        row[at + n] = 77;
        assert_true(mr_wire_decode(columns, 2, 2, row, at + n + 1, values));
        assert_int_equal(values[1].u, 77);
        assert_false(mr_wire_decode(columns, 2, 2, row, at + n, values));
        free(row);
    }
}

/* Each of 20 columns NULL in turn: the bitmap begins at its third bit. */
static void test_nulls(void **state)
{
    (void)state;
    enum { COLUMNS = 20, BITMAP = (COLUMNS + 9) / 8 };
    struct mr_wire_column columns[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        columns[i] = (struct mr_wire_column){MR_WIRE_INT1, true, true, MR_CLASS_UINT};
    for (size_t null = 0; null < COLUMNS; null++) {
        unsigned char row[1 + BITMAP + COLUMNS - 1] = {0};
        struct mr_value values[COLUMNS];
        row[1 + (null + 2) / 8] = (unsigned char)(1U << ((null + 2) % 8));
        for (size_t i = 0, at = 1 + BITMAP; i < COLUMNS; i++)
            if (i != null)
                row[at++] = (unsigned char)(i + 100);
        assert_true(mr_wire_decode(columns, COLUMNS, COLUMNS, row, sizeof row, values));
        for (size_t i = 0; i < COLUMNS; i++) {
            if (i == null) {
                assert_int_equal(values[i].cls, MR_CLASS_NULL);
                assert_null(values[i].ptr);
            } else {
                assert_int_equal(values[i].u, i + 100);
            }
        }
    }
}

/* What is not wanted is not written; what stands behind the last wanted is not read. */
static void test_only_wanted(void **state)
{
    (void)state;
    const struct mr_wire_column columns[] = {
        {MR_WIRE_TIME, false, false, MR_CLASS_TIME},
        {MR_WIRE_INT2, true, true, MR_CLASS_UINT},
        {MR_WIRE_BYTES, false, true, MR_CLASS_TEXT},
    };
    static const unsigned char row[] = "\0\0\x03"
                                       "abc"
                                       "\x09\x01"
                                       "\x7f";
    struct mr_value values[3] = {{.cls = MR_CLASS_JSON}, {0}, {.cls = MR_CLASS_JSON}};
    assert_true(mr_wire_decode(columns, 2, 3, row, sizeof row - 1, values));
    assert_int_equal(values[0].cls, MR_CLASS_JSON);
    assert_int_equal(values[1].u, 265);
    assert_int_equal(values[2].cls, MR_CLASS_JSON);
    assert_false(mr_wire_decode(columns, 3, 3, row, sizeof row - 1, values));
}

static void test_headers(void **state)
{
    (void)state;
    const struct mr_wire_column column = {MR_WIRE_INT1, true, true, MR_CLASS_UINT};
    static const unsigned char bad[] = {1, 0, 5};
    static const unsigned char good[] = {0, 0, 5};
    struct mr_value value;
    assert_false(mr_wire_decode(&column, 1, 1, bad, 3, &value));
    assert_true(mr_wire_decode(&column, 1, 1, good, 3, &value));
    for (size_t len = 0; len < 3; len++)
        assert_false(mr_wire_decode(&column, 1, 1, good, len, &value));
    /* seven columns need a second byte of NULLs */
    assert_false(mr_wire_decode(&column, 0, 7, good, 2, &value));
}

static void test_gives(void **state)
{
    (void)state;
    assert_true(mr_wire_gives(MR_WIRE_INT4, MR_CLASS_INT));
    assert_true(mr_wire_gives(MR_WIRE_INT4, MR_CLASS_UINT));
    assert_true(mr_wire_gives(MR_WIRE_FLOAT, MR_CLASS_DOUBLE));
    assert_true(mr_wire_gives(MR_WIRE_BYTES, MR_CLASS_ENUM));
    assert_true(mr_wire_gives(MR_WIRE_DECIMAL, MR_CLASS_DECIMAL));
    /* these would have to be converted */
    assert_false(mr_wire_gives(MR_WIRE_BYTES, MR_CLASS_DECIMAL));
    assert_false(mr_wire_gives(MR_WIRE_BYTES, MR_CLASS_INT));
    assert_false(mr_wire_gives(MR_WIRE_DECIMAL, MR_CLASS_INT));
    assert_false(mr_wire_gives(MR_WIRE_DOUBLE, MR_CLASS_UINT));
    assert_false(mr_wire_gives(MR_WIRE_INT8, MR_CLASS_DOUBLE));
    assert_false(mr_wire_gives(MR_WIRE_TIME, MR_CLASS_DATETIME));
    for (int cls = MR_CLASS_NULL; cls <= MR_CLASS_TIME; cls++) {
        assert_false(mr_wire_gives(MR_WIRE_UNKNOWN, (enum mr_class)cls));
        assert_false(mr_wire_gives(MR_WIRE_NULL, (enum mr_class)cls));
    }
}

/* Random bytes: refused, or values that lie within the row. */
static void test_garbage(void **state)
{
    (void)state;
    struct mr_wire_column columns[MR_WIRE_BYTES];
    for (int kind = MR_WIRE_NULL; kind <= MR_WIRE_BYTES; kind++) {
        enum mr_class cls = MR_CLASS_NULL;
        while (cls < MR_CLASS_TIME && !mr_wire_gives((enum mr_wire_kind)kind, cls))
            cls++;
        columns[kind - 1] =
            (struct mr_wire_column){(enum mr_wire_kind)kind, false, kind != MR_WIRE_NULL, cls};
    }
    size_t sound = 0;
    for (unsigned round = 0; round < 2000 * random_seeds(); round++) {
        struct mr_value values[MR_WIRE_BYTES] = {0};
        size_t len = random_below(80);
        unsigned char *row = malloc(len + 1);
        assert_non_null(row);
        for (size_t i = 0; i < len; i++) {
            uint64_t r = random_bits();
            row[i] = (unsigned char)(r % 4 == 0 ? r >> 32 : (r >> 32) % 9);
        }
        row[0] = (unsigned char)(random_below(50) == 0);
        unsigned char *exact = realloc(row, len > 0 ? len : 1);
        assert_non_null(exact);
        if (mr_wire_decode(columns, MR_WIRE_BYTES, MR_WIRE_BYTES, exact, len, values)) {
            const unsigned char *text = values[MR_WIRE_BYTES - 1].ptr;
            sound++;
            if (text != NULL) {
                assert_true(text >= exact);
                assert_true(text + values[MR_WIRE_BYTES - 1].len <= exact + len);
            }
        }
        free(exact);
    }
    assert_true(sound > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),  cmocka_unit_test(test_sound),
        cmocka_unit_test(test_lengths),     cmocka_unit_test(test_nulls),
        cmocka_unit_test(test_only_wanted), cmocka_unit_test(test_headers),
        cmocka_unit_test(test_gives),       cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests_name("db_wire", tests, NULL, NULL);
}
