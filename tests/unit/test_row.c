/* test_row.c: the encoding is injective, can be decoded, and digests do not depend on
 * how a row's bytes reach the hasher. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/row/row.h"
#include "random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* ---- values to test with */

static struct mr_value int_value(int64_t i)
{
    return (struct mr_value){.cls = MR_CLASS_INT, .i = i};
}

static struct mr_value uint_value(uint64_t u)
{
    return (struct mr_value){.cls = MR_CLASS_UINT, .u = u};
}

static struct mr_value double_value(double d)
{
    return (struct mr_value){.cls = MR_CLASS_DOUBLE, .d = d};
}

static struct mr_value bytes_value(enum mr_class cls, const void *ptr, size_t len)
{
    return (struct mr_value){.cls = cls, .ptr = ptr, .len = len};
}

static struct mr_value str_value(enum mr_class cls, const char *str)
{
    return bytes_value(cls, str, strlen(str));
}

static struct mr_value time_value(enum mr_class cls, struct mr_time t)
{
    return (struct mr_value){.cls = cls, .t = t};
}

/* ---- a long value: bytes behind a read function */

struct memory_lob {
    struct mr_lob lob;
    const char *bytes;
    size_t len;
    enum mr_code fail;
};

static enum mr_code read_memory(struct mr_lob *lob, size_t column, uint64_t offset, void *buf,
                                size_t size, struct mr_err *err)
{
    const struct memory_lob *memory = (const struct memory_lob *)lob;
    assert_int_equal(column, 7);
    assert_true(offset + size <= memory->len);
    if (memory->fail != MR_OK)
        return mr_err_set(err, memory->fail, "connection lost");
    memcpy(buf, memory->bytes + offset, size);
    return MR_OK;
}

static struct mr_value long_value(struct memory_lob *memory)
{
    return (struct mr_value){
        .cls = MR_CLASS_BINARY, .len = memory->len, .lob = &memory->lob, .lob_column = 7};
}

/* ---- encoding, byte by byte */

static void encode(struct mr_strbuf *out, const struct mr_value *value)
{
    struct mr_err err = {0};
    assert_int_equal(mr_row_encode(out, value, &err), MR_OK);
}

static void test_layout(void **state)
{
    (void)state;
    const struct mr_time datetime = {2024, 2, 29, 23, 59, 58, 999999, false};
    const struct mr_time time = {.hour = 838, .minute = 59, .second = 59, .negative = true};
    const struct {
        struct mr_value value;
        const char *hex;
    } cases[] = {
        {{.cls = MR_CLASS_NULL}, "4e"},
        {int_value(0), "69010000000000000000"},
        {int_value(-1), "6900ffffffffffffffff"},
        {int_value(INT64_MIN), "69008000000000000000"},
        {uint_value(UINT64_MAX), "6901ffffffffffffffff"},
        {uint_value(4), "69010000000000000004"},
        {double_value(1.0), "663ff0000000000000"},
        {double_value(-0.0), "660000000000000000"},
        {{.cls = MR_CLASS_FLOAT, .d = (double)0.1F}, "663fb99999a0000000"},
        {str_value(MR_CLASS_DECIMAL, "-0001.10"), "64000000042d312e31"},
        {str_value(MR_CLASS_TEXT, "ab"), "74000000026162"},
        {str_value(MR_CLASS_ENUM, "ab"), "74000000026162"},
        {bytes_value(MR_CLASS_TEXT, NULL, 0), "7400000000"},
        {bytes_value(MR_CLASS_BINARY, "\0", 1), "620000000100"},
        {str_value(MR_CLASS_GEOMETRY, "g"), "670000000167"},
        {str_value(MR_CLASS_JSON, "{}"), "6a000000027b7d"},
        {time_value(MR_CLASS_DATE, (struct mr_time){0}), "4400000000"},
        {time_value(MR_CLASS_DATE, datetime), "4407e8021d"},
        {time_value(MR_CLASS_DATETIME, datetime), "4d07e8021d173b3a000f423f"},
        {time_value(MR_CLASS_TIME, time), "480103463b3b00000000"},
        {time_value(MR_CLASS_TIME, (struct mr_time){.negative = true}), "48000000000000000000"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf row = MR_STRBUF_INIT, hex = MR_STRBUF_INIT;
        encode(&row, &cases[i].value);
        mr_strbuf_add_hex(&hex, row.ptr, row.len);
        assert_string_equal(hex.ptr, cases[i].hex);
        mr_strbuf_release(&hex);
        mr_strbuf_release(&row);
    }
}

static void test_decimals(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"-0.00", "0"},
        {"0001.10", "1.1"},
        {".5", "0.5"},
        {"5.", "5"},
        {"-.5", "-0.5"},
        {"+7", "7"},
        {"100", "100"},
        {"-100.0", "-100"},
        {"0", "0"},
        {"000", "0"},
        {"0.10", "0.1"},
        {"-0", "0"},
        {"10.010", "10.01"},
        {"1e5", "1e5"},
        {"1.2.3", "1.2.3"},
        {".", "."},
        {"-", "-"},
        {"", ""},
        {"99999999999999999999999999999999999.000000000000000000000000000001",
         "99999999999999999999999999999999999.000000000000000000000000000001"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf row = MR_STRBUF_INIT;
        struct mr_value value = str_value(MR_CLASS_DECIMAL, cases[i][0]), back;
        size_t pos = 0;
        encode(&row, &value);
        assert_int_equal(mr_row_decode(row.ptr, row.len, &pos, &back, NULL), MR_OK);
        assert_int_equal(pos, row.len);
        assert_int_equal(back.cls, MR_CLASS_DECIMAL);
        assert_int_equal(back.len, strlen(cases[i][1]));
        assert_memory_equal(back.ptr, cases[i][1], back.len);
        mr_strbuf_release(&row);
    }
}

/* Keys rely on it: bytes of encoded integers are in numeric order. */
static void test_integer_order(void **state)
{
    (void)state;
    const struct mr_value ascending[] = {
        int_value(INT64_MIN),   int_value(-256),
        int_value(-255),        int_value(-1),
        int_value(0),           int_value(1),
        int_value(255),         int_value(256),
        int_value(INT64_MAX),   uint_value(UINT64_C(1) << 63),
        uint_value(UINT64_MAX),
    };
    for (size_t i = 1; i < LEN(ascending); i++) {
        struct mr_strbuf less = MR_STRBUF_INIT, more = MR_STRBUF_INIT;
        encode(&less, &ascending[i - 1]);
        encode(&more, &ascending[i]);
        assert_int_equal(less.len, more.len);
        assert_true(memcmp(less.ptr, more.ptr, less.len) < 0);
        mr_strbuf_release(&more);
        mr_strbuf_release(&less);
    }
}

/* -0 is 0 wherever rows are compared; what is written again keeps its sign. */
static void test_minus_zero(void **state)
{
    (void)state;
    static const struct {
        enum mr_class cls;
        double d;
        bool same; /* as 0 */
    } cases[] = {{MR_CLASS_DOUBLE, -0.0, true}, {MR_CLASS_FLOAT, -0.0, true},
                 {MR_CLASS_DOUBLE, 0.0, true},  {MR_CLASS_DOUBLE, -5e-324, false},
                 {MR_CLASS_DOUBLE, 1.0, false}, {MR_CLASS_FLOAT, -1.0, false}};
    const struct mr_value zero = double_value(0.0), text = bytes_value(MR_CLASS_TEXT, "x", 1);
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct mr_value value = {.cls = cases[i].cls, .d = cases[i].d};
        struct mr_strbuf exact = MR_STRBUF_INIT, plain = MR_STRBUF_INIT, other = MR_STRBUF_INIT;
        struct mr_digest a, b;
        struct mr_value back;
        size_t pos = 0;
        encode(&other, &zero);
        encode(&plain, &text);
        encode(&plain, &value);
        assert_int_equal(mr_row_encode_exact(&exact, &text, NULL), MR_OK);
        size_t from = exact.len;
        assert_int_equal(mr_row_encode_exact(&exact, &value, NULL), MR_OK);
        assert_int_equal(exact.len, plain.len);
        assert_int_equal(mr_row_same(exact.ptr + from, exact.len - from, other.ptr, other.len),
                         cases[i].same);
        assert_false(mr_row_same(exact.ptr, from, other.ptr, other.len));
        assert_int_equal(mr_row_digest(exact.ptr, exact.len, &a, NULL), MR_OK);
        assert_int_equal(mr_row_digest(plain.ptr, plain.len, &b, NULL), MR_OK);
        assert_true(mr_digest_equal(a, b));
        assert_true(mr_digest_equal(b, mr_digest_bytes(plain.ptr, plain.len)));
        assert_int_equal(mr_row_decode(exact.ptr + from, exact.len - from, &pos, &back, NULL),
                         MR_OK);
        assert_true(memcmp(&back.d, &value.d, sizeof back.d) == 0);
        mr_strbuf_release(&exact);
        mr_strbuf_release(&plain);
        mr_strbuf_release(&other);
    }
}

static void test_refused_values(void **state)
{
    (void)state;
    const struct {
        struct mr_value value;
        enum mr_code code;
    } cases[] = {
        {{.cls = MR_CLASS_UNDECIDED}, MR_E_BUG},
        {bytes_value(MR_CLASS_TEXT, NULL, 1), MR_E_BUG},
        {bytes_value(MR_CLASS_DECIMAL, NULL, 0), MR_E_BUG},
        {bytes_value(MR_CLASS_BINARY, "", (size_t)UINT32_MAX + 1), MR_E_UNSUPPORTED},
        {time_value(MR_CLASS_DATE, (struct mr_time){.year = 65536}), MR_E_BUG},
        {time_value(MR_CLASS_DATETIME, (struct mr_time){.month = 256}), MR_E_BUG},
        {time_value(MR_CLASS_DATETIME, (struct mr_time){.hour = 256}), MR_E_BUG},
        {time_value(MR_CLASS_TIME, (struct mr_time){.hour = 65536}), MR_E_BUG},
        {time_value(MR_CLASS_TIME, (struct mr_time){.second = 256}), MR_E_BUG},
    };
    struct mr_hasher *hasher = mr_hasher_new();
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf row = MR_STRBUF_INIT;
        struct mr_err err = {0};
        mr_strbuf_add_str(&row, "before");
        assert_int_equal(mr_row_encode(&row, &cases[i].value, &err), cases[i].code);
        assert_int_equal(err.code, cases[i].code);
        assert_string_equal(row.ptr, "before");
        assert_int_equal(mr_hasher_add(hasher, &cases[i].value, &err), cases[i].code);
        mr_strbuf_release(&row);
    }
    mr_hasher_free(hasher);
}

static void test_malformed_rows(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool skippable; /* only its content is wrong */
    } cases[] = {
        {"", 0, false},
        {"x", 1, false},
        {"i", 1, false},
        {"i\1\0\0\0\0\0\0\0", 9, false},
        {"i\2\0\0\0\0\0\0\0\0", 10, true},
        {"i\0\0\0\0\0\0\0\0\1", 10, true}, /* negative, but with a positive number */
        {"t\0\0\0", 4, false},
        {"t\0\0\0\2a", 6, false},
        {"t\377\377\377\377a", 6, false},
        {"d\0\0\0\2-0", 7, true},
        {"d\0\0\0\002.5", 7, true},
        {"d\0\0\0\0031.0", 8, true},
        {"d\0\0\0\00201", 7, true},
        {"D\7\350\2", 4, false},
        {"M\7\350\2\35\27\73\72\0\0\0", 11, false},
        {"H\1\0\0\0\0\0\0\0\0", 10, true}, /* -00:00:00 */
        {"H\2\0\1\0\0\0\0\0\0", 10, true},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        /* A block of its own size, so that the sanitizer sees any byte read beyond. */
        char *row = malloc(cases[i].len + 1);
        assert_non_null(row);
        memcpy(row + 1, cases[i].bytes, cases[i].len);
        row[0] = 'N';
        struct mr_value value;
        struct mr_err err = {0};
        size_t pos = 1;
        assert_int_equal(mr_row_decode(row, cases[i].len + 1, &pos, &value, &err), MR_E_CASE);
        assert_int_equal(err.code, MR_E_CASE);
        assert_int_equal(pos, 1);
        assert_int_equal(mr_row_skip(row, cases[i].len + 1, &pos, &err),
                         cases[i].skippable ? MR_OK : MR_E_CASE);
        free(row);
    }
    struct mr_value value;
    size_t beyond = 2;
    assert_int_equal(mr_row_decode("N", 1, &beyond, &value, NULL), MR_E_CASE);
    assert_int_equal(mr_row_skip("N", 1, &beyond, NULL), MR_E_CASE);
}

/* ---- properties of random rows */

enum { MAX_COLUMNS = 6 };

struct random_row {
    size_t columns;
    struct mr_value values[MAX_COLUMNS];
};

/* Few letters and short texts, so that boundaries between values are what differs. */
static struct mr_value random_bytes(struct mr_arena *arena, enum mr_class cls)
{
    static const char letters[] = {'\0', 'N', 't', '1', '\4', 'a'};
    size_t len = random_below(4);
    char *text = mr_arena_alloc(arena, len);
    for (size_t i = 0; i < len; i++)
        text[i] = letters[random_below(sizeof letters)];
    return bytes_value(cls, text, len);
}

static struct mr_value random_decimal(struct mr_arena *arena)
{
    char text[64];
    int len = snprintf(text, sizeof text, "%s%0*u.%0*u", random_below(2) == 0 ? "-" : "",
                       (int)random_below(4), (unsigned)random_below(3), (int)random_below(4),
                       (unsigned)random_below(200));
    return bytes_value(MR_CLASS_DECIMAL, mr_arena_dup(arena, text, (size_t)len), (size_t)len);
}

static struct mr_value random_time(enum mr_class cls)
{
    struct mr_time t = {.minute = (uint32_t)random_below(2), .second = (uint32_t)random_below(2)};
    t.hour = (uint32_t)random_below(cls == MR_CLASS_TIME ? 839 : 24);
    t.micros = (uint32_t)(random_below(2) * 256);
    if (cls == MR_CLASS_TIME) {
        t.negative = random_below(2) == 0;
        return time_value(cls, t);
    }
    t.year = (uint32_t)random_below(3) * 256;
    t.month = (uint32_t)random_below(13);
    t.day = (uint32_t)random_below(2);
    if (cls == MR_CLASS_DATE)
        t.hour = t.minute = t.second = t.micros = 0;
    return time_value(cls, t);
}

static struct mr_value random_value(struct mr_arena *arena)
{
    static const double doubles[] = {0.0, -0.0, 1.0, -1.0, 5e-324, 1.7976931348623157e308};
    static const int64_t ints[] = {0, 1, -1, 255, 256, INT64_MIN, INT64_MAX};
    switch (random_below(13)) {
    case 0: return (struct mr_value){.cls = MR_CLASS_NULL};
    case 1: return int_value(ints[random_below(LEN(ints))]);
    case 2: return uint_value(random_bits() | UINT64_C(1) << 63);
    case 3: return double_value(doubles[random_below(LEN(doubles))]);
    case 4: return (struct mr_value){.cls = MR_CLASS_FLOAT, .d = (double)0.1F};
    case 5: return random_decimal(arena);
    case 6: return random_time(MR_CLASS_DATE);
    case 7: return random_time(MR_CLASS_DATETIME);
    case 8: return random_time(MR_CLASS_TIME);
    case 9: return random_bytes(arena, MR_CLASS_BINARY);
    case 10: return random_bytes(arena, MR_CLASS_JSON);
    case 11: return random_bytes(arena, MR_CLASS_ENUM);
    default: return random_bytes(arena, MR_CLASS_TEXT);
    }
}

static bool same_time(struct mr_time a, struct mr_time b)
{
    bool zero = (a.hour | a.minute | a.second | a.micros) == 0;
    return a.year == b.year && a.month == b.month && a.day == b.day && a.hour == b.hour &&
           a.minute == b.minute && a.second == b.second && a.micros == b.micros &&
           (zero || a.negative == b.negative);
}

/* The class that decoding gives. */
static enum mr_class stored_class(const struct mr_value *v)
{
    if (v->cls == MR_CLASS_FLOAT)
        return MR_CLASS_DOUBLE;
    if (v->cls == MR_CLASS_ENUM)
        return MR_CLASS_TEXT;
    if (v->cls == MR_CLASS_UINT && v->u <= INT64_MAX)
        return MR_CLASS_INT;
    return v->cls;
}

/* -1, 0 or 1 by value, with arithmetic of its own; texts as strtod reads them. */
static bool same_decimal(const struct mr_value *a, const struct mr_value *b)
{
    char left[80], right[80];
    (void)snprintf(left, sizeof left, "%.*s", (int)a->len, (const char *)a->ptr);
    (void)snprintf(right, sizeof right, "%.*s", (int)b->len, (const char *)b->ptr);
    return fabs(strtod(left, NULL) - strtod(right, NULL)) < 1e-9;
}

/* What "equal values" means, told without the encoding. */
static bool same_value(const struct mr_value *a, const struct mr_value *b)
{
    enum mr_class cls = stored_class(a);
    if (cls != stored_class(b))
        return false;
    if (cls == MR_CLASS_NULL)
        return true;
    if (cls == MR_CLASS_INT || cls == MR_CLASS_UINT)
        return a->u == b->u;
    if (cls == MR_CLASS_DOUBLE)
        return !(a->d < b->d) && !(a->d > b->d);
    if (cls == MR_CLASS_DECIMAL)
        return same_decimal(a, b);
    if (cls == MR_CLASS_DATE || cls == MR_CLASS_DATETIME || cls == MR_CLASS_TIME)
        return same_time(a->t, b->t);
    return a->len == b->len && (a->len == 0 || memcmp(a->ptr, b->ptr, a->len) == 0);
}

static void random_fill(struct random_row *row, size_t columns, struct mr_arena *arena)
{
    row->columns = columns;
    for (size_t i = 0; i < columns; i++)
        row->values[i] = random_value(arena);
}

static bool same_row(const struct random_row *a, const struct random_row *b)
{
    for (size_t i = 0; i < a->columns; i++)
        if (!same_value(&a->values[i], &b->values[i]))
            return false;
    return true;
}

static void encode_row(struct mr_strbuf *out, const struct random_row *row)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i < row->columns; i++)
        encode(out, &row->values[i]);
}

static void test_decode_gives_back(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    for (unsigned round = 0; round < 200 * random_seeds(); round++) {
        struct random_row row;
        size_t pos = 0, skipped = 0;
        random_fill(&row, MAX_COLUMNS, &arena);
        encode_row(&bytes, &row);
        for (size_t i = 0; i < row.columns; i++) {
            struct mr_value back;
            assert_int_equal(mr_row_decode(bytes.ptr, bytes.len, &pos, &back, NULL), MR_OK);
            assert_int_equal(mr_row_skip(bytes.ptr, bytes.len, &skipped, NULL), MR_OK);
            assert_int_equal(pos, skipped);
            assert_int_equal(back.cls, stored_class(&row.values[i]));
            assert_true(same_value(&row.values[i], &back));
        }
        assert_int_equal(pos, bytes.len);
        mr_arena_reset(&arena);
    }
    mr_strbuf_release(&bytes);
    mr_arena_release(&arena);
}

/* Two rows encode equal exactly when all their values are equal.  One column of the
 * second row is often taken from the first, else equal rows would never be met. */
static void test_injective(void **state)
{
    (void)state;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_strbuf left = MR_STRBUF_INIT, right = MR_STRBUF_INIT;
    unsigned equal = 0, different = 0;
    for (unsigned round = 0; round < 2000 * random_seeds(); round++) {
        struct random_row a, b;
        size_t columns = 1 + random_below(3);
        random_fill(&a, columns, &arena);
        random_fill(&b, columns, &arena);
        for (size_t i = 0; i < columns; i++)
            if (random_below(2) == 0)
                b.values[i] = a.values[i];
        encode_row(&left, &a);
        encode_row(&right, &b);
        bool same = left.len == right.len && memcmp(left.ptr, right.ptr, left.len) == 0;
        assert_int_equal(same, same_row(&a, &b));
        equal += same;
        different += !same;
        mr_arena_reset(&arena);
    }
    assert_true(equal > 0 && different > 0);
    mr_strbuf_release(&right);
    mr_strbuf_release(&left);
    mr_arena_release(&arena);
}

/* ---- digests */

static struct mr_digest hash_row(struct mr_hasher *hasher, const struct mr_value *values,
                                 size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(mr_hasher_add(hasher, &values[i], NULL), MR_OK);
    return mr_hasher_finish(hasher);
}

static void assert_digest(struct mr_hasher *hasher, const struct mr_value *values, size_t count)
{
    struct mr_strbuf bytes = MR_STRBUF_INIT;
    for (size_t i = 0; i < count; i++)
        encode(&bytes, &values[i]);
    assert_true(
        mr_digest_equal(hash_row(hasher, values, count), mr_digest_bytes(bytes.ptr, bytes.len)));
    mr_strbuf_release(&bytes);
}

/* Value sizes around all limits of the hasher's buffer, long values among them. */
static void test_digest_of_encoding(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,     1,     15,    16,     17,     240,    241,
                                   65515, 65519, 65520, 65530,  65531,  65535,  65536,
                                   65537, 65541, 70000, 131071, 131072, 131077, 400000};
    const size_t largest = 400000;
    char *bytes = malloc(largest);
    assert_non_null(bytes);
    for (size_t i = 0; i < largest; i++)
        bytes[i] = (char)random_bits();
    struct mr_hasher *hasher = mr_hasher_new();
    assert_non_null(hasher);
    for (size_t i = 0; i < LEN(sizes); i++) {
        struct memory_lob memory = {{read_memory}, bytes, sizes[i], MR_OK};
        struct mr_value direct = bytes_value(MR_CLASS_BINARY, bytes, sizes[i]);
        struct mr_value slow = sizes[i] > 0 ? long_value(&memory) : direct;
        const struct mr_value rows[][4] = {
            {int_value(1), direct, int_value(2), direct},
            {direct, direct, str_value(MR_CLASS_TEXT, "x"), int_value(9)},
            {int_value(1), slow, int_value(2), direct},
            {slow, slow, direct, slow},
        };
        for (size_t r = 0; r < LEN(rows); r++)
            for (size_t count = 0; count <= 4; count++)
                assert_digest(hasher, rows[r], count);
    }
    mr_hasher_free(hasher);
    free(bytes);
}

/* A row of many small values crosses the buffer's end at every offset. */
static void test_digest_of_wide_rows(void **state)
{
    (void)state;
    enum { COLUMNS = 13200 };
    struct mr_value *values = calloc(COLUMNS, sizeof *values);
    struct mr_hasher *hasher = mr_hasher_new();
    assert_non_null(values);
    assert_non_null(hasher);
    for (size_t pad = 0; pad < 12; pad++) {
        values[0] = bytes_value(MR_CLASS_TEXT, "abcdefghijkl", pad);
        for (size_t i = 1; i < COLUMNS; i++)
            values[i] = i % 2 == 0 ? int_value((int64_t)i) : double_value((double)i);
        assert_digest(hasher, values, COLUMNS);
    }
    mr_hasher_free(hasher);
    free(values);
}

/* A failed read is reported, and the next row's digest does not carry its traces. */
static void test_failed_long_value(void **state)
{
    (void)state;
    struct memory_lob memory = {{read_memory}, "abcdef", 6, MR_E_LOST};
    struct mr_value broken = long_value(&memory), value = int_value(5);
    struct mr_strbuf row = MR_STRBUF_INIT;
    struct mr_hasher *hasher = mr_hasher_new();
    struct mr_err err = {0};
    assert_int_equal(mr_row_encode(&row, &broken, &err), MR_E_LOST);
    assert_int_equal(row.len, 0);
    assert_int_equal(mr_hasher_add(hasher, &broken, &err), MR_E_LOST);
    (void)mr_hasher_finish(hasher);
    assert_digest(hasher, &value, 1);
    mr_hasher_free(hasher);
    mr_strbuf_release(&row);
}

static void test_digest_tells_rows_apart(void **state)
{
    (void)state;
    struct mr_hasher *hasher = mr_hasher_new();
    const struct mr_value rows[][2] = {
        {str_value(MR_CLASS_TEXT, "ab"), str_value(MR_CLASS_TEXT, "c")},
        {str_value(MR_CLASS_TEXT, "a"), str_value(MR_CLASS_TEXT, "bc")},
        {str_value(MR_CLASS_TEXT, "c"), str_value(MR_CLASS_TEXT, "ab")},
        {str_value(MR_CLASS_TEXT, "abc"), str_value(MR_CLASS_TEXT, "")},
        {str_value(MR_CLASS_TEXT, "abc"), {.cls = MR_CLASS_NULL}},
        {{.cls = MR_CLASS_NULL}, str_value(MR_CLASS_TEXT, "abc")},
        {str_value(MR_CLASS_TEXT, "NULL"), str_value(MR_CLASS_TEXT, "abc")},
        {str_value(MR_CLASS_TEXT, "abc"), str_value(MR_CLASS_BINARY, "")},
    };
    for (size_t i = 0; i < LEN(rows); i++)
        for (size_t j = 0; j < LEN(rows); j++)
            assert_int_equal(
                mr_digest_equal(hash_row(hasher, rows[i], 2), hash_row(hasher, rows[j], 2)),
                i == j);
    mr_hasher_free(hasher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_decimals),
        cmocka_unit_test(test_integer_order),
        cmocka_unit_test(test_minus_zero),
        cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_malformed_rows),
        cmocka_unit_test(test_decode_gives_back),
        cmocka_unit_test(test_injective),
        cmocka_unit_test(test_digest_of_encoding),
        cmocka_unit_test(test_digest_of_wide_rows),
        cmocka_unit_test(test_failed_long_value),
        cmocka_unit_test(test_digest_tells_rows_apart),
    };
    return cmocka_run_group_tests_name("row", tests, NULL, NULL);
}
