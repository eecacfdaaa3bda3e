/* test_side_column.c: what repair asks of a numeric column of one side: rows of a snapshot, or what a
 * server is asked, in; the greatest, the youngest and keys from the end out. */
#include "side_world.h"

#include "core/row/when.h"
#include "repair/side/counted.h"
#include "repair/side/side_column.h"

#define MOST UINT64_MAX
#define NO_ROWS                                                                                    \
    {                                                                                              \
        NULL                                                                                       \
    }

/* ---- the greatest ---- */

static void test_greatest(void **state)
{
    static const struct {
        const char *what, *columns, *rows[6];
        uint64_t greatest;
    } cases[] = {
        {"no rows", "id:int", NO_ROWS, 0},
        {"some", "id:int", {"-5", "3", "7"}, 7},
        {"all below zero", "id:int", {"-5", "-3"}, 0},
        {"the greatest there is",
         "id:uint",
         {"1", "18446744073709551614", "18446744073709551615"},
         MOST},
        {"the greatest signed one", "id:int", {"9223372036854775807"}, INT64_MAX},
        {"digits in front of the point", "id:decimal", {"-3.5", "12.99"}, 12},
        {"a decimal below zero", "id:decimal", {"-99999"}, 0},
        {"a decimal beyond 2^64", "id:decimal", {"99999999999999999999999"}, MOST},
        {"just 2^64-1", "id:decimal", {"18446744073709551615.9"}, MOST},
        {"a number with a fraction", "id:double", {"-1", "2.9"}, 2},
        {"one beyond 2^64", "id:double", {"1e30"}, MOST},
        {"-0.0", "id:double", {"-0"}, 0},
        {"NULL is no number", "n:int", {"NULL", "4", "NULL"}, 4},
        {"nor is text", "n:text", {"17"}, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t segment = 0; segment < 3; segment++) {
            struct side s;
            uint64_t greatest = 99;
            side_init(&s, cases[i].columns, cases[i].rows);
            s.segment = segment;
            const struct mr_side_column c = {&s.reader, &s.table, &s.columns[0]};
            assert_int_equal(mr_side_greatest(&c, &greatest, NULL), MR_OK);
            if (greatest != cases[i].greatest)
                fail_msg("%s: %" PRIu64, cases[i].what, greatest);
            side_release(&s);
        }
}

static const char *const ten[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", NULL};

/* Of a snapshot only the end is read where the column is the key, and has an order; else all. */
static void test_from_the_end(void **state)
{
    const struct {
        const char *what;
        size_t segment;
        bool no_order, other_key, prefix, two, descends;
        size_t scanned;
    } cases[] = {
        {"the last stretch", 3, .scanned = 1}, /* 10 alone */
        {"of two", 5, .scanned = 5},
        {"a table of one", 0, .scanned = 10},
        {"no order", 3, .no_order = true, .scanned = 10},
        {"no key", 3, .other_key = true, .scanned = 10},
        {"a part of it", 3, .prefix = true, .scanned = 10},
        {"one of two columns", 3, .two = true, .scanned = 10},
        {"a key that descends", 3, .descends = true, .scanned = 10},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct side s;
        struct mr_index_part parts[2];
        uint64_t greatest = 0;
        side_init(&s, "id:int", ten);
        s.segment = cases[i].segment;
        s.no_order = cases[i].no_order;
        parts[0] = parts[1] = (struct mr_index_part){.column = cases[i].other_key ? "x" : "ID",
                                                     .prefix_len = cases[i].prefix,
                                                     .descending = cases[i].descends};
        s.primary.parts = parts;
        s.primary.nparts = cases[i].two ? 2 : 1;
        const struct mr_side_column c = {&s.reader, &s.table, &s.columns[0]};
        assert_int_equal(mr_side_greatest(&c, &greatest, NULL), MR_OK);
        assert_int_equal(greatest, 10);
        if (s.scanned != cases[i].scanned)
            fail_msg("%s: %zu rows are read", cases[i].what, s.scanned);
        side_release(&s);
    }
}

static void test_within(void **state)
{
    static const struct {
        uint64_t from, to, greatest;
        size_t segment, scanned;
    } cases[] = {
        {0, MOST, 10, 0, 10}, {0, MOST, 10, 3, 1}, {1, 10, 9, 3, 4}, /* 10, and 7 to 9 */
        {1, 9, 8, 3, 3},      {1, 4, 3, 3, 6},     {1, 1, 0, 3, 3},  {11, 20, 0, 3, 1},
        {10, 11, 10, 3, 1},   {0, 1, 0, 3, 3},     {5, 5, 0, 3, 3},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct side s;
        uint64_t greatest = 99;
        side_init(&s, "id:int", ten);
        s.segment = cases[i].segment;
        const struct mr_side_column c = {&s.reader, &s.table, &s.columns[0]};
        assert_int_equal(
            mr_side_greatest_within(&c, NULL, cases[i].from, cases[i].to, &greatest, NULL), MR_OK);
        if (greatest != cases[i].greatest || s.scanned > cases[i].scanned)
            fail_msg("case %zu: %" PRIu64 " of %zu rows", i, greatest, s.scanned);
        side_release(&s);
    }
}

/* Unsigned keys beyond 2^63 come last. */
static void test_within_unsigned(void **state)
{
    static const char *const rows[] = {"1", "9223372036854775808", "18446744073709551615", NULL};
    struct side s;
    uint64_t greatest = 0;
    (void)state;
    side_init(&s, "id:uint", rows);
    s.segment = 1;
    const struct mr_side_column c = {&s.reader, &s.table, &s.columns[0]};
    assert_int_equal(mr_side_greatest_within(&c, NULL, 2, MOST, &greatest, NULL), MR_OK);
    assert_true(greatest == UINT64_C(9223372036854775808));
    side_release(&s);
}

/* Texts mean the numbers that they write, and those that write none mean nobody. */
static void test_meant(void **state)
{
    static const struct mr_spelling number = {
        .kind = MR_SPELL_NUMBER, .child = MR_CLASS_TEXT, .parent = MR_CLASS_INT};
    static const struct {
        const char *rows[5];
        uint64_t greatest;
    } cases[] = {
        {{"7", "017", "9"}, 17},
        {{" 12 ", "1e1"}, 12},
        {{"17a", "x17", "", "4"}, 4},
        {{"NULL", "3"}, 3},
        {{"99", "5"}, 5}, /* not of [1, 50) */
        {{"-4"}, 0},
        {{"1\\07"}, 0},
        {{"o`dd"}, 0},
        {{"99999999999999999999"}, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct side s;
        uint64_t greatest = 99;
        side_init(&s, "ref:text", cases[i].rows);
        s.segment = 1;
        const struct mr_side_column c = {&s.reader, &s.table, &s.columns[0]};
        assert_int_equal(mr_side_greatest_within(&c, &number, 1, 50, &greatest, NULL), MR_OK);
        if (greatest != cases[i].greatest)
            fail_msg("case %zu: %" PRIu64, i, greatest);
        side_release(&s);
    }
}

/* ---- by time ---- */

static struct mr_time time_of(const char *text)
{
    struct mr_when when = {0};
    assert_int_equal(mr_when_parse(&when, text, NULL), MR_OK);
    return when.time;
}

static void test_before(void **state)
{
    static const struct {
        const char *what, *rows[5];
        int64_t was, greatest;
    } cases[] = {
        {"no rows", NO_ROWS, 5, 5},
        {"the greatest before", {"1|2026-01-01", "2|2026-01-31", "3|2026-02-01"}, 0, 2},
        {"the very moment is not before", {"1|2026-02-01"}, 0, 0},
        {"one that is greater is kept", {"1|2026-01-01"}, 9, 9},
        {"no time, no zero date", {"1|2026-01-01", "2|NULL", "3|0000-00-00"}, 0, 1},
        {"below zero", {"-7|2026-01-01"}, -9, -7},
        {"younger ones in between", {"1|2026-01-01", "2|2027-01-01", "3|2026-01-01"}, 0, 3},
    };
    const struct mr_time split = time_of("2026-02-01");
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t segment = 0; segment < 3; segment++) {
            struct side s;
            int64_t greatest = cases[i].was;
            side_init(&s, "id:int made:date", cases[i].rows);
            s.segment = segment;
            const struct mr_side_counter c = {{&s.reader, &s.table, &s.columns[0]}, false};
            assert_int_equal(mr_side_greatest_before(&c, &s.columns[1], &split, &greatest, NULL),
                             MR_OK);
            if (greatest != cases[i].greatest)
                fail_msg("%s: %" PRId64, cases[i].what, greatest);
            side_release(&s);
        }
}

static void test_newest(void **state)
{
    static const struct {
        const char *what, *rows[5], *newest; /* NULL: not known */
        int64_t up_to;
    } cases[] = {
        {"no rows", NO_ROWS, NULL, 9},
        {"up to the key", {"1|2026-01-01", "2|2026-03-01", "3|2026-04-01"}, "2026-03-01", 2},
        {"the youngest is not the last", {"1|2026-05-01", "2|2026-03-01"}, "2026-05-01", 2},
        {"no time, no zero date", {"1|NULL", "2|0000-00-00"}, NULL, 9},
        {"none up to it", {"5|2026-01-01"}, NULL, 4},
        {"up to the end of all", {"9223372036854775807|2026-01-01"}, "2026-01-01", INT64_MAX},
        {"below zero", {"-5|2026-01-01", "3|2026-02-01"}, "2026-01-01", -5},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t segment = 0; segment < 3; segment++) {
            struct side s;
            struct mr_time newest = {0};
            bool known = false;
            side_init(&s, "id:int made:date", cases[i].rows);
            s.segment = segment;
            const struct mr_side_counter c = {{&s.reader, &s.table, &s.columns[0]}, false};
            assert_int_equal(
                mr_side_newest(&c, &s.columns[1], cases[i].up_to, &newest, &known, NULL), MR_OK);
            if (known != (cases[i].newest != NULL))
                fail_msg("%s: known %d", cases[i].what, known);
            if (known) {
                const struct mr_time want = time_of(cases[i].newest);
                assert_int_equal(mr_when_compare(&newest, &want), 0);
            }
            side_release(&s);
        }
}

/* ---- keys from the end ---- */

static const char *keys_text(const struct mr_vec *keys, char *text, size_t size)
{
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < keys->count && len < size; i++)
        len += (size_t)snprintf(text + len, size - len, "%s%" PRId64, i > 0 ? " " : "",
                                *(int64_t *)mr_vec_at(keys, i));
    return text;
}

static void test_keys(void **state)
{
    static const struct {
        const char *what, *columns, *rows[6];
        bool has_below;
        int64_t below;
        const char *keys;
    } cases[] = {
        {"no rows", "id:int", NO_ROWS, false, 0, ""},
        {"all", "id:int", {"-1", "0", "5"}, false, 0, "5 0 -1"},
        {"below one", "id:int", {"-1", "0", "5"}, true, 5, "0 -1"},
        {"below all", "id:int", {"-1", "0"}, true, -1, ""},
        {"each once", "n:int", {"3", "5", "3", "NULL", "5"}, false, 0, "5 3"},
    };
    char text[99];
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        for (size_t segment = 0; segment < 3; segment++) {
            struct side s;
            struct mr_vec keys = MR_VEC_INIT(int64_t);
            bool ended = false;
            side_init(&s, cases[i].columns, cases[i].rows);
            s.segment = cases[i].columns[0] == 'i' ? segment : 0;
            const struct mr_side_counter c = {{&s.reader, &s.table, &s.columns[0]}, false};
            *(int64_t *)mr_vec_push(&keys) = 44; /* what was there is gone */
            assert_int_equal(mr_side_keys_below(&c, cases[i].has_below ? &cases[i].below : NULL,
                                                &keys, &ended, NULL),
                             MR_OK);
            if (strcmp(keys_text(&keys, text, sizeof text), cases[i].keys) != 0)
                fail_msg("%s: %s", cases[i].what, text);
            assert_true(ended);
            mr_vec_release(&keys);
            side_release(&s);
        }
}

/* Keys beyond 2^63 are the greatest; the bound may stand among the keys that are replaced. */
static void test_keys_unsigned(void **state)
{
    static const char *const rows[] = {"0", "9223372036854775808", "18446744073709551615", NULL};
    struct side s;
    struct mr_vec keys = MR_VEC_INIT(int64_t);
    bool ended = false;
    (void)state;
    side_init(&s, "id:uint", rows);
    const struct mr_side_counter c = {{&s.reader, &s.table, &s.columns[0]}, true};
    assert_int_equal(mr_side_keys_below(&c, NULL, &keys, &ended, NULL), MR_OK);
    assert_int_equal(keys.count, 3);
    assert_true(*(int64_t *)mr_vec_at(&keys, 0) == mr_counted_of(MOST, true));
    assert_int_equal(mr_side_keys_below(&c, mr_vec_at(&keys, 0), &keys, &ended, NULL), MR_OK);
    assert_int_equal(keys.count, 2);
    assert_true(*(int64_t *)mr_vec_at(&keys, 1) == mr_counted_of(0, true));
    mr_vec_release(&keys);
    side_release(&s);
}

/* More of them than are kept: the greatest, and it has not ended. */
static void test_many_keys(void **state)
{
    enum { ROWS = 2 * MR_SIDE_KEYS_MOST + 10 };
    const char **rows = calloc(ROWS + 1, sizeof *rows);
    char *texts = calloc(ROWS, 8);
    struct side s;
    struct mr_vec keys = MR_VEC_INIT(int64_t);
    bool ended = true;
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        (void)snprintf(texts + 8 * i, 8, "%zu", i);
        rows[i] = texts + 8 * i;
    }
    side_init(&s, "id:int", rows);
    s.no_order = true;
    const struct mr_side_counter c = {{&s.reader, &s.table, &s.columns[0]}, false};
    assert_int_equal(mr_side_keys_below(&c, NULL, &keys, &ended, NULL), MR_OK);
    assert_false(ended);
    assert_int_equal(keys.count, MR_SIDE_KEYS_MOST);
    assert_int_equal(*(int64_t *)mr_vec_at(&keys, 0), ROWS - 1);
    assert_int_equal(*(int64_t *)mr_vec_at(&keys, keys.count - 1), ROWS - MR_SIDE_KEYS_MOST);
    mr_vec_release(&keys);
    side_release(&s);
    free(texts);
    free(rows);
}

/* ---- a server ---- */

static struct side server;

static const struct mr_side_counter *at_server(const struct world_answer *answer, bool is_unsigned)
{
    static struct mr_side_counter c;
    world_begin(answer, 1);
    side_init(&server, "i`d:int made:date", ten);
    server.db = world_db();
    c = (struct mr_side_counter){{&server.reader, &server.table, &server.columns[0]}, is_unsigned};
    return &c;
}

static void sent(const char *sql)
{
    assert_string_equal(world_sent(), sql);
    world_end();
    side_release(&server);
}

static void test_server_within(void **state)
{
    static const struct world_answer some = {.has = "MAX", .text = "41"},
                                     none = {.has = "MAX", .rows = "~"};
    uint64_t greatest = 99;
    const struct mr_side_counter *c = at_server(&some, true);
    (void)state;
    assert_int_equal(mr_side_greatest_within(&c->column, NULL, 1, MOST, &greatest, NULL), MR_OK);
    assert_int_equal(greatest, 41);
    sent("SELECT MAX(`i``d`) FROM `club`.`o``dd` WHERE `i``d` >= 1 AND `i``d` <"
         " 18446744073709551615\n");
    c = at_server(&none, true);
    assert_int_equal(mr_side_greatest_within(&c->column, NULL, 0, 5, &greatest, NULL), MR_OK);
    assert_int_equal(greatest, 0);
    side_release(&server);
    world_end();
}

static void test_server_before(void **state)
{
    static const struct {
        const char *text;
        int64_t was, greatest;
    } answers[] = {{"41", 7, 41}, {"-41", 7, 7}, {NULL, 7, 7}, {"-3", -7, -3}};
    const struct mr_time split = time_of("2026-02-01 10:00:00");
    (void)state;
    for (size_t i = 0; i < LEN(answers); i++) {
        const struct world_answer answer = {.has = "ORDER BY", .text = answers[i].text};
        const struct mr_side_counter *c = at_server(&answer, false);
        int64_t greatest = answers[i].was;
        assert_int_equal(mr_side_greatest_before(c, &server.columns[1], &split, &greatest, NULL),
                         MR_OK);
        assert_int_equal(greatest, answers[i].greatest);
        sent("SELECT `i``d` FROM `club`.`o``dd` WHERE `made` >= '0001-01-01' AND `made` <"
             " '2026-02-01 10:00:00' ORDER BY `i``d` DESC LIMIT 1\n");
    }
}

static void test_server_newest(void **state)
{
    static const struct world_answer some = {.has = "MAX", .text = "2026-03-01"},
                                     none = {.has = "MAX", .rows = "~"},
                                     odd = {.has = "MAX", .text = "yesterday"};
    struct mr_time newest = {0};
    const struct mr_time want = time_of("2026-03-01");
    bool known = false;
    const struct mr_side_counter *c = at_server(&some, true);
    (void)state;
    assert_int_equal(
        mr_side_newest(c, &server.columns[1], mr_counted_of(MOST, true), &newest, &known, NULL),
        MR_OK);
    assert_true(known);
    assert_int_equal(mr_when_compare(&newest, &want), 0);
    sent("SELECT MAX(`made`) FROM `club`.`o``dd` WHERE `i``d` <= 18446744073709551615 AND `made`"
         " >= '0001-01-01'\n");
    c = at_server(&none, false);
    assert_int_equal(mr_side_newest(c, &server.columns[1], -5, &newest, &known, NULL), MR_OK);
    assert_false(known);
    sent("SELECT MAX(`made`) FROM `club`.`o``dd` WHERE `i``d` <= -5 AND `made` >="
         " '0001-01-01'\n");
    c = at_server(&odd, false);
    assert_int_not_equal(mr_side_newest(c, &server.columns[1], -5, &newest, &known, NULL), MR_OK);
    side_release(&server);
    world_end();
}

static void test_server_keys(void **state)
{
    static const struct world_answer some = {.has = "DISTINCT", .rows = "18446744073709551615\n7"},
                                     few = {.has = "DISTINCT", .rows = "-7"};
    const int64_t below = -3;
    struct mr_vec keys = MR_VEC_INIT(int64_t);
    bool ended = false;
    const struct mr_side_counter *c = at_server(&some, true);
    (void)state;
    assert_int_equal(mr_side_keys_below(c, NULL, &keys, &ended, NULL), MR_OK);
    assert_true(ended);
    assert_int_equal(keys.count, 2);
    assert_true(*(int64_t *)mr_vec_at(&keys, 0) == mr_counted_of(MOST, true));
    sent("SELECT DISTINCT `i``d` FROM `club`.`o``dd` ORDER BY `i``d` DESC LIMIT 1000\n");
    c = at_server(&few, false);
    assert_int_equal(mr_side_keys_below(c, &below, &keys, &ended, NULL), MR_OK);
    assert_int_equal(*(int64_t *)mr_vec_at(&keys, 0), -7);
    sent("SELECT DISTINCT `i``d` FROM `club`.`o``dd` WHERE `i``d` < -3 ORDER BY `i``d` DESC"
         " LIMIT 1000\n");
    mr_vec_release(&keys);
}

/* A full answer has not ended. */
static void test_server_many_keys(void **state)
{
    struct mr_strbuf rows = MR_STRBUF_INIT;
    struct mr_vec keys = MR_VEC_INIT(int64_t);
    bool ended = true;
    (void)state;
    for (int i = 1000; i > 0; i--)
        mr_strbuf_add_fmt(&rows, "%d\n", i);
    const struct world_answer answer = {.has = "DISTINCT", .rows = rows.ptr};
    const struct mr_side_counter *c = at_server(&answer, false);
    assert_int_equal(mr_side_keys_below(c, NULL, &keys, &ended, NULL), MR_OK);
    assert_false(ended);
    assert_int_equal(keys.count, 1000);
    mr_vec_release(&keys);
    mr_strbuf_release(&rows);
    side_release(&server);
    world_end();
}

/* ---- counters, and failures ---- */

static void test_counters(void **state)
{
    struct side s;
    uint64_t next = 0;
    (void)state;
    side_init(&s, "id:int", ten);
    const struct mr_side_column c = {&s.reader, &s.table, &s.columns[0]};
    assert_int_equal(mr_side_next_id(&c, &next, NULL), MR_OK);
    assert_int_equal(next, 77);
    assert_int_equal(mr_side_sequence_next(&s.reader, "club", "s`q", &next, NULL), MR_OK);
    assert_int_equal(next, 78);
    s.fail_at = 3;
    assert_int_equal(mr_side_next_id(&c, &next, NULL), MR_E_IO);
    side_release(&s);
    const struct world_answer answer = {.has = "FROM `club`.`s``q`", .rows = "21|99|1|1|0"};
    (void)at_server(&answer, false);
    assert_int_equal(mr_side_sequence_next(&server.reader, "club", "s`q", &next, NULL), MR_OK);
    assert_int_equal(next, 21);
    side_release(&server);
    world_end();
}

/* Whichever stretch cannot be read, nothing is made of the others. */
static void test_failures(void **state)
{
    static const char *const rows[] = {"1|2026-05-01", "2|2026-05-01", "3|2026-05-01", NULL};
    const struct mr_time split = time_of("2026-02-01");
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        enum mr_code code = MR_E_IO;
        for (size_t n = 1; code != MR_OK; n++) {
            struct side s;
            struct mr_vec keys = MR_VEC_INIT(int64_t);
            struct mr_time newest;
            uint64_t number;
            int64_t order = 0;
            bool flag;
            side_init(&s, "id:int made:date", rows);
            s.segment = 1;
            s.fail_at = n;
            const struct mr_side_counter c = {{&s.reader, &s.table, &s.columns[0]}, false};
            code = kind == 0   ? mr_side_greatest(&c.column, &number, NULL)
                   : kind == 1 ? mr_side_greatest_before(&c, &s.columns[1], &split, &order, NULL)
                   : kind == 2 ? mr_side_newest(&c, &s.columns[1], 9, &newest, &flag, NULL)
                               : mr_side_keys_below(&c, NULL, &keys, &flag, NULL);
            if (code == MR_OK && s.reads >= n)
                fail_msg("kind %d: failure %zu is not told", kind, n);
            mr_vec_release(&keys);
            side_release(&s);
        }
    }
}

static void test_server_failures(void **state)
{
    static const struct world_answer answer = {
        .has = "SELECT", .code = MR_E_SQL, .number = 1142, .text = "SELECT denied"};
    const struct mr_time split = time_of("2026-02-01");
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const struct mr_side_counter *c = at_server(&answer, false);
        struct mr_vec keys = MR_VEC_INIT(int64_t);
        struct mr_time newest;
        uint64_t number = 5;
        int64_t order = 0;
        bool flag = true;
        const enum mr_code code =
            kind == 0   ? mr_side_greatest_within(&c->column, NULL, 1, 2, &number, NULL)
            : kind == 1 ? mr_side_greatest_before(c, &server.columns[1], &split, &order, NULL)
            : kind == 2 ? mr_side_newest(c, &server.columns[1], 9, &newest, &flag, NULL)
                        : mr_side_keys_below(c, NULL, &keys, &flag, NULL);
        assert_int_equal(code, MR_E_SQL);
        mr_vec_release(&keys);
        side_release(&server);
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greatest),
        cmocka_unit_test(test_from_the_end),
        cmocka_unit_test(test_within),
        cmocka_unit_test(test_within_unsigned),
        cmocka_unit_test(test_meant),
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_keys_unsigned),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_server_within),
        cmocka_unit_test(test_server_before),
        cmocka_unit_test(test_server_newest),
        cmocka_unit_test(test_server_keys),
        cmocka_unit_test(test_server_many_keys),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_server_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
