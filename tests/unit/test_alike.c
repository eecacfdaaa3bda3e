/* test_alike.c: the sentence about what differing rows have in common. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/check/alike.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define COLUMNS 10
#define EACH 100 /* rows that a line of a case stands for */

/* "id:i at:m name:t": the first is the key; i INT, m DATETIME, d DATE, h TIME, t TEXT, f DOUBLE; a
 * trailing ! is masked. */
static size_t columns_of(const char *spec, struct mr_find_column *columns, char *names)
{
    static const char letters[] = "imdhtf";
    static const enum mr_class classes[] = {MR_CLASS_INT,  MR_CLASS_DATETIME, MR_CLASS_DATE,
                                            MR_CLASS_TIME, MR_CLASS_TEXT,     MR_CLASS_DOUBLE};
    size_t n = 0;
    for (const char *at = spec; *at != '\0'; n++) {
        size_t len = strcspn(at, ":");
        memcpy(names, at, len);
        names[len] = '\0';
        columns[n] =
            (struct mr_find_column){.name = names,
                                    .style = {classes[strchr(letters, at[len + 1]) - letters], 0},
                                    .show_at = n,
                                    .key_at = n == 0 ? 0 : -1,
                                    .identity_at = -1,
                                    .flag_at = -1,
                                    .masked = at[len + 2] == '!'};
        names += len + 1;
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    return n;
}

static struct mr_value value_of(enum mr_class cls, const char *text, size_t len)
{
    struct mr_value v = {.cls = cls};
    struct mr_time *t = &v.t;
    char copy[64];
    assert_true(len < sizeof copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (strcmp(copy, "NULL") == 0)
        return (struct mr_value){.cls = MR_CLASS_NULL};
    if (cls == MR_CLASS_INT) {
        v.i = strtoll(copy, NULL, 10);
    } else if (cls == MR_CLASS_DOUBLE) {
        v.d = strtod(copy, NULL);
    } else if (cls == MR_CLASS_TEXT) {
        v.ptr = text;
        v.len = len;
    } else if (cls == MR_CLASS_TIME) {
        v.t.negative = copy[0] == '-';
        assert_int_equal(sscanf(copy + v.t.negative, "%u:%u:%u", &t->hour, &t->minute, &t->second),
                         3);
    } else {
        unsigned tenths = 0;
        assert_true(sscanf(copy, "%u-%u-%u %u:%u:%u.%1u", &t->year, &t->month, &t->day, &t->hour,
                           &t->minute, &t->second, &tenths) >= 3);
        t->micros = tenths * 100000;
    }
    return v;
}

static void encode(struct mr_strbuf *out, const struct mr_find_column *columns, size_t n,
                   const char *row)
{
    mr_strbuf_reset(out);
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(row, "|");
        struct mr_value v = value_of(columns[i].style.cls, row, len);
        assert_int_equal(mr_row_encode(out, &v, NULL), MR_OK);
        row += len + (row[len] == '|');
    }
}

struct line {
    unsigned times;
    const char *source, *target;
};

static void add_line(struct mr_alike *p, const struct mr_find_column *columns, size_t n,
                     const struct line *line)
{
    struct mr_strbuf source = MR_STRBUF_INIT, target = MR_STRBUF_INIT;
    encode(&source, columns, n, line->source);
    encode(&target, columns, n, line->target);
    const struct mr_finding f = {.source = source.ptr,
                                 .source_len = source.len,
                                 .target = target.ptr,
                                 .target_len = target.len};
    for (unsigned i = 0; i < line->times; i++)
        assert_int_equal(mr_alike_add(p, columns, &f, NULL), MR_OK);
    mr_strbuf_release(&source);
    mr_strbuf_release(&target);
}

struct told {
    const char *columns;
    uint64_t differing, rows; /* differing 0: all that were added */
    struct line lines[6];
    const char *want; /* NULL: nothing */
};

static void check(const struct told *t, bool moved)
{
    struct mr_find_column columns[COLUMNS];
    char names[200];
    struct mr_alike p;
    struct mr_strbuf out = MR_STRBUF_INIT;
    size_t n = columns_of(t->columns, columns, names);
    assert_int_equal(mr_alike_init(&p, n, NULL), MR_OK);
    for (size_t i = 0; i < LEN(t->lines) && t->lines[i].times > 0; i++)
        add_line(&p, columns, n, &t->lines[i]);
    const struct mr_alike_of of = {
        .differing = t->differing > 0 ? t->differing : p.rows, .rows = t->rows, .noun = "rows"};
    bool is_said = moved ? mr_alike_say_moved(&p, columns, of.differing, t->rows, &out)
                         : mr_alike_say(&p, columns, &of, &out);
    if (t->want == NULL)
        assert_int_equal(out.len, 0);
    else
        assert_string_equal(out.ptr, t->want);
    assert_int_equal(is_said, t->want != NULL);
    mr_strbuf_release(&out);
    mr_alike_release(&p);
}

#define AT "id:i updated_at:m"
#define ZONES ", as between two time zones)"

static void test_offsets(void **state)
{
    static const struct told cases[] = {
        {AT,
         0,
         1002,
         {{1000, "1|2026-01-01 10:00:00", "1|2026-01-01 13:30:00"}},
         "99.8 % of 1,002 rows differ in `updated_at` only, by exactly 3:30 h (later in "
         "TARGET" ZONES},
        {AT,
         0,
         100,
         {{100, "1|2026-03-01 01:00:00", "1|2026-02-28 23:00:00"}},
         "all 100 rows differ in `updated_at` only, by exactly 2:00 h (earlier in TARGET" ZONES},
        /* summer and winter */
        {AT,
         0,
         100,
         {{60, "1|2026-01-01 10:00:00", "1|2026-01-01 11:00:00"},
          {40, "1|2026-07-01 10:00:00", "1|2026-07-01 12:00:00"}},
         "all 100 rows differ in `updated_at` only, by exactly 1:00 h or 2:00 h (later in "
         "TARGET" ZONES},
        /* nearly all of them */
        {AT,
         0,
         100,
         {{97, "1|2026-01-01 10:00:00", "1|2026-01-01 11:00:00"},
          {3, "1|2026-07-01 10:00:00", "1|2026-07-01 10:00:01"}},
         "all 100 rows differ in `updated_at` only, by exactly 1:00 h in 97.0 % of them (later in "
         "TARGET" ZONES},
        /* no zones are that far apart, or so near */
        {AT,
         0,
         100,
         {{100, "1|2024-02-28 00:00:00", "1|2024-03-01 00:00:00"}},
         "all 100 rows differ in `updated_at` only, by exactly 2 days (later in TARGET)"},
        {AT,
         0,
         100,
         {{100, "1|2026-01-01 10:00:00.5", "1|2026-01-01 10:00:00"}},
         "all 100 rows differ in `updated_at` only, by exactly 0.500000 s (earlier in TARGET)"},
        {AT,
         0,
         100,
         {{100, "1|2026-01-01 10:00:00", "1|2026-01-01 10:00:37"}},
         "all 100 rows differ in `updated_at` only, by exactly 37 s (later in TARGET)"},
        {"id:i day:d",
         0,
         100,
         {{100, "1|2025-12-31", "1|2026-01-01"}},
         "all 100 rows differ in `day` only, by exactly 1 day (later in TARGET)"},
        {"id:i at:h",
         0,
         100,
         {{100, "1|-00:30:00", "1|00:30:00"}},
         "all 100 rows differ in `at` only, by exactly 1:00 h (later in TARGET)"},
        {"id:i n:i",
         0,
         100,
         {{50, "1|7", "1|1007"}, {50, "1|-7", "1|993"}},
         "all 100 rows differ in `n` only, by exactly 1,000 (more in TARGET)"},
        {"id:i n:i",
         0,
         100,
         {{100, "1|-9223372036854775808", "1|0"}},
         "all 100 rows differ in `n` only"},
        /* a value that is masked is not told by its offset either */
        {"id:i n:i!", 0, 100, {{100, "1|7", "1|8"}}, "all 100 rows differ in `n` only"},
        /* no calendar has it */
        {AT,
         0,
         100,
         {{100, "1|0000-00-00 00:00:00", "1|2026-01-01 10:00:00"}},
         "all 100 rows differ in `updated_at` only"},
        /* both ways is no constant */
        {"id:i n:i",
         0,
         100,
         {{50, "1|1", "1|2"}, {50, "1|2", "1|1"}},
         "all 100 rows differ in `n` only"},
        {"id:i n:i",
         0,
         100,
         {{20, "1|0", "1|1"},
          {20, "1|0", "1|2"},
          {20, "1|0", "1|3"},
          {20, "1|0", "1|4"},
          {20, "1|0", "1|5"}},
         "all 100 rows differ in `n` only"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check(&cases[i], false);
}

static void test_ways(void **state)
{
    static const struct told cases[] = {
        {"id:i name:t",
         0,
         100,
         {{100, "1|x", "1|NULL"}},
         "all 100 rows differ in `name` only, which is NULL in TARGET"},
        {"id:i name:t",
         0,
         100,
         {{96, "1|NULL", "1|x"}, {4, "1|y", "1|x"}},
         "all 100 rows differ in `name` only, which is NULL in SOURCE in 96.0 % of them"},
        {"id:i name:t",
         0,
         100,
         {{100, "1|Ann", "1|ann"}},
         "all 100 rows differ in `name` only, in upper and lower case"},
        {"id:i name:t",
         0,
         100,
         {{100, "1|ann  ", "1|ann"}},
         "all 100 rows differ in `name` only, in blanks at the end"},
        {"id:i name:t",
         0,
         100,
         {{100, "1|J\xc3\xbcrg", "1|J\xc3\x83\xc2\xbcrg"}},
         "all 100 rows differ in `name` only, by a wrong character set (TARGET's text is SOURCE's "
         "UTF-8, taken for latin1 and encoded once more)"},
        /* of cp1252: \xe2\x82\xac is taken for three characters, the second of them U+201A */
        {"id:i name:t",
         0,
         100,
         {{100, "1|\xc3\xa2\xe2\x80\x9a\xc2\xac", "1|\xe2\x82\xac"}},
         "all 100 rows differ in `name` only, by a wrong character set (SOURCE's text is TARGET's "
         "UTF-8, taken for latin1 and encoded once more)"},
        {"id:i name:t",
         0,
         100,
         {{100, "1|J\xc3\xbcrg", "1|J?rg"}},
         "all 100 rows differ in `name` only, by a wrong character set (TARGET has ? for what is "
         "not ASCII)"},
        {"id:i name:t",
         0,
         100,
         {{100, "1|J??rg", "1|J\xc3\xbc\xc3\xb6rg"}},
         "all 100 rows differ in `name` only, by a wrong character set (SOURCE has ? for what is "
         "not ASCII)"},
        {"id:i name:t", 0, 100, {{100, "1|a", "1|b"}}, "all 100 rows differ in `name` only"},
        {"id:i name:t", 0, 100, {{100, "1|", "1|\xff"}}, "all 100 rows differ in `name` only"},
        {"id:i x:f", 0, 100, {{100, "1|1.5", "1|2.5"}}, "all 100 rows differ in `x` only"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check(&cases[i], false);
}

#define TWO "id:i made_at:m seen_at:m"
#define MANY "id:i a:i b:i c:i d:i e:i f:i g:i h:i i:i"

static void test_columns(void **state)
{
    static const struct told cases[] = {
        /* one way for both is told once, also where one of them is NULL in some rows */
        {TWO,
         0,
         100,
         {{30, "1|2026-01-01 10:00:00|NULL", "1|2026-01-01 11:00:00|NULL"},
          {70, "1|2026-01-01 10:00:00|2026-01-01 10:00:00",
           "1|2026-01-01 11:00:00|2026-01-01 11:00:00"}},
         "all 100 rows differ in `made_at` and `seen_at` only, by exactly 1:00 h (later in "
         "TARGET" ZONES},
        {"id:i a:i b:t c:t",
         0,
         100,
         {{100, "1|1|x|X", "1|2|NULL|x"}},
         "all 100 rows differ in `a`, `b` and `c` only; `a` by exactly 1 (more in TARGET); `b` "
         "which is NULL in TARGET; `c` in upper and lower case"},
        {MANY,
         0,
         100,
         {{100, "1|1|1|1|1|1|1|1|1|1", "1|2|3|4|5|6|7|8|9|10"}},
         "all 100 rows differ in more than 8 columns each: are these copies of one table?"},
        {MANY,
         0,
         100,
         {{50, "1|1|1|1|1|1|1|1|1|1", "1|2|3|4|5|6|7|8|9|10"},
          {50, "1|1|1|1|1|1|1|1|1|1", "1|2|1|1|1|1|1|1|1|1"}},
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check(&cases[i], false);
}

/* Where it is not nearly everything, nothing is said. */
static void test_bounds(void **state)
{
#define CHANGED "1|7", "1|8"
    static const struct told cases[] = {
        {"id:i n:i",
         0,
         20,
         {{20, CHANGED}},
         "all 20 rows differ in `n` only, by exactly 1 (more "
         "in TARGET)"},
        {"id:i n:i", 0, 19, {{19, CHANGED}}, NULL},
        {"id:i n:i",
         0,
         200,
         {{100, CHANGED}},
         "50.0 % of 200 rows differ in `n` only, by exactly 1 (more in TARGET)"},
        {"id:i n:i", 0, 201, {{100, CHANGED}}, NULL},
        /* others that differ are missing or extra */
        {"id:i n:i",
         105,
         105,
         {{100, CHANGED}},
         "95.2 % of 105 rows differ in `n` only, by exactly 1 (more in TARGET)"},
        {"id:i n:i", 106, 106, {{100, CHANGED}}, NULL},
        /* never 100 % but for all */
        {"id:i n:i",
         100000,
         100000,
         {{99999, CHANGED}},
         "99.9 % of 100,000 rows differ in `n` only, by exactly 1 (more in TARGET)"},
        {"id:i n:i", 1000, 1000, {{0, NULL, NULL}}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check(&cases[i], false);
}

static void test_moved(void **state)
{
    static const struct told cases[] = {
        {"id:i name:t",
         5000,
         5001,
         {{100, "7|x", "8|x"}},
         "99.9 % of 5,001 rows have another `id` in TARGET, the first 100 of them by exactly 1 "
         "(more in TARGET), as in a table that was shifted"},
        {"id:i name:t",
         100,
         100,
         {{100, "1007|x", "7|x"}},
         "all 100 rows have another `id` in TARGET, by exactly 1,000 (less in TARGET), as in a "
         "table that was shifted"},
        {"id:i name:t", 100, 100, {{50, "7|x", "8|x"}, {50, "7|x", "9|x"}}, NULL},
        {"id:t name:t", 100, 100, {{100, "a|x", "b|x"}}, NULL},
        {"id:i name:t", 19, 19, {{19, "7|x", "8|x"}}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check(&cases[i], true);
}

/* However the rows differ, the memory is the same, and what is over is not taken for a pattern. */
static void test_more_sets_than_are_kept(void **state)
{
    struct mr_find_column columns[COLUMNS];
    char names[200];
    struct mr_alike p;
    struct mr_strbuf out = MR_STRBUF_INIT;
    size_t n = columns_of(MANY, columns, names);
    (void)state;
    assert_int_equal(mr_alike_init(&p, n, NULL), MR_OK);
    for (unsigned i = 1; i < n; i++) {
        char row[] = "1|1|1|1|1|1|1|1|1|1";
        row[2 * (size_t)i] = '2';
        add_line(&p, columns, n, &(struct line){EACH, "1|1|1|1|1|1|1|1|1|1", row});
    }
    const struct mr_alike_of of = {.differing = p.rows, .rows = p.rows, .noun = "rows"};
    assert_false(mr_alike_say(&p, columns, &of, &out));
    mr_alike_reset(&p);
    assert_int_equal(p.rows, 0);
    assert_int_equal(p.sets[0].count, 0);
    assert_int_equal(p.columns[1].rows, 0);
    mr_alike_release(&p);
    mr_strbuf_release(&out);
}

static void test_damaged_image(void **state)
{
    struct mr_find_column columns[COLUMNS];
    char names[200];
    struct mr_alike p;
    struct mr_err err = {0};
    size_t n = columns_of("id:i n:i", columns, names);
    (void)state;
    assert_int_equal(mr_alike_init(&p, n, NULL), MR_OK);
    const struct mr_finding bad = {.source = "?", .source_len = 1, .target = "N", .target_len = 1};
    assert_int_equal(mr_alike_add(&p, columns, &bad, &err), MR_E_CASE);
    /* too few values */
    const struct mr_finding few = {.source = "N", .source_len = 1, .target = "NN", .target_len = 2};
    assert_int_equal(mr_alike_add(&p, columns, &few, &err), MR_E_CASE);
    /* of one side alone there is no pattern */
    const struct mr_finding one = {.source = "NN", .source_len = 2};
    assert_int_equal(mr_alike_add(&p, columns, &one, &err), MR_OK);
    assert_int_equal(p.rows, 0);
    mr_alike_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets),       cmocka_unit_test(test_ways),
        cmocka_unit_test(test_columns),       cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_moved),         cmocka_unit_test(test_more_sets_than_are_kept),
        cmocka_unit_test(test_damaged_image),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
