/* test_script_read.c: scripts are read as they are written, and what is cut, edited or in
 * another order is not run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/file/io.h"
#include "place.h"
#include "repair/script/script_read.h"

#define HEAD "-- a plan\nSET @head = 1;\n\n"
#define UNIT(n, m)                                                                                 \
    "-- unit " n " of " m ": 2 rows\n-- stage\nSET @unit = " n ";\n-- locks\n"                     \
    "START TRANSACTION;\n-- guards\n-- why\nINSERT INTO g\n  VALUES (';'),\n-- no "                \
    "mark\n"                                                                                       \
    " (1);\n-- write\nINSERT INTO t SELECT * FROM g;\n-- again\nINSERT INTO g\n SELECT "           \
    "2;\n"                                                                                         \
    "-- end\nEXECUTE e;\n"

static void put(const char *text, size_t len)
{
    struct mr_err err = {0};
    assert_int_equal(mr_io_write_file("s.sql", 0600, text, len, &err), MR_OK);
}

static struct mr_script_read *start(const char *text)
{
    struct mr_script_read *s = NULL;
    struct mr_err err = {0};
    put(text, strlen(text));
    assert_int_equal(mr_script_read_open("s.sql", &s, &err), MR_OK);
    return s;
}

static void expect(struct mr_script_read *s, enum mr_script_read_section section, const char *sql)
{
    struct mr_script_read_item item;
    struct mr_err err = {0};
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_OK);
    assert_int_equal(item.kind, MR_SCRIPT_READ_STATEMENT);
    assert_int_equal(item.section, section);
    assert_string_equal(item.sql, sql);
    assert_int_equal(item.len, strlen(sql));
}

static void expect_unit(struct mr_script_read *s, uint64_t number)
{
    struct mr_script_read_item item;
    struct mr_err err = {0};
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_OK);
    assert_int_equal(item.kind, MR_SCRIPT_READ_UNIT);
    assert_int_equal(item.unit.number, number);
    assert_int_equal(item.unit.rows, 2);
}

static void expect_body(struct mr_script_read *s, const char *set)
{
    expect(s, MR_SCRIPT_READ_STAGE, set);
    expect(s, MR_SCRIPT_READ_LOCKS, "START TRANSACTION");
    expect(s, MR_SCRIPT_READ_GUARDS, "INSERT INTO g\n  VALUES (';'),\n-- no mark\n (1)");
    expect(s, MR_SCRIPT_READ_WRITE, "INSERT INTO t SELECT * FROM g");
    expect(s, MR_SCRIPT_READ_AGAIN, "INSERT INTO g\n SELECT 2");
    expect(s, MR_SCRIPT_READ_END, "EXECUTE e");
}

static void test_items(void **state)
{
    struct mr_script_read *s = start(HEAD UNIT("1", "2") UNIT("2", "2"));
    struct mr_script_read_item item;
    struct mr_err err = {0};
    (void)state;
    expect(s, MR_SCRIPT_READ_HEAD, "SET @head = 1");
    expect_unit(s, 1);
    expect_body(s, "SET @unit = 1");
    expect_unit(s, 2);
    expect_body(s, "SET @unit = 2");
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_OK);
    assert_int_equal(item.kind, MR_SCRIPT_READ_EOF);
    mr_script_read_close(s);
    mr_script_read_close(NULL);
}

static void index_is(const char *text, const uint64_t *numbers, size_t count)
{
    struct mr_script_read *s = start(text);
    struct mr_vec units = MR_VEC_INIT(struct mr_script_read_unit);
    char hex[MR_SHA256_HEX], wanted[MR_SHA256_HEX];
    struct mr_err err = {0};
    assert_int_equal(mr_script_read_index(s, &units, hex, &err), MR_OK);
    assert_int_equal(mr_sha256_bytes(text, strlen(text), wanted, &err), MR_OK);
    assert_string_equal(hex, wanted);
    assert_int_equal(units.count, count);
    for (size_t i = count; i-- > 0;) { /* last first: units are found by seeking */
        const struct mr_script_read_unit *unit = mr_vec_at(&units, i);
        char set[32];
        assert_int_equal(unit->number, numbers[i]);
        assert_int_equal(mr_script_read_seek(s, unit, &err), MR_OK);
        expect_unit(s, numbers[i]);
        (void)snprintf(set, sizeof set, "SET @unit = %u", (unsigned)numbers[i]);
        expect_body(s, set);
    }
    mr_vec_release(&units);
    mr_script_read_close(s);
}

static void test_index(void **state)
{
    static const uint64_t up[] = {1, 2, 3}, down[] = {3, 2, 1};
    (void)state;
    index_is(HEAD, NULL, 0);
    index_is("", NULL, 0);
    index_is(HEAD UNIT("1", "1"), up, 1);
    index_is(HEAD UNIT("1", "3") UNIT("2", "3") UNIT("3", "3"), up, 3);
    index_is(UNIT("3", "3") UNIT("2", "3") UNIT("1", "3"), down, 3);
}

/* Read again as far as it goes after somebody wrote into the file. */
static enum mr_code changed_to(const char *text, struct mr_err *err)
{
    struct mr_script_read *s = start(HEAD UNIT("1", "2") UNIT("2", "2"));
    struct mr_vec units = MR_VEC_INIT(struct mr_script_read_unit);
    struct mr_script_read_item item = {0};
    char hex[MR_SHA256_HEX];
    assert_int_equal(mr_script_read_index(s, &units, hex, err), MR_OK);
    FILE *file = fopen("s.sql", "r+"); /* the same file, as whoever holds it open would see */
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && ftruncate(fileno(file), (off_t)strlen(text)) == 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mr_script_read_seek(s, mr_vec_at(&units, 0), err), MR_OK);
    enum mr_code code;
    do {
        code = mr_script_read_next(s, &item, err);
    } while (code == MR_OK && item.kind != MR_SCRIPT_READ_EOF);
    mr_vec_release(&units);
    mr_script_read_close(s);
    return code;
}

static void test_changed(void **state)
{
#define BODY(write, tail)                                                                          \
    HEAD "-- unit 1 of 2: 2 rows\n-- stage\nSET @unit = 1;\n-- locks\nSTART TRANSACTION;\n"        \
         "-- guards\n-- why\nINSERT INTO g\n  VALUES (';'),\n-- no mark\n (1);\n" write            \
         "-- again\nINSERT INTO g\n SELECT 2;\n-- end\n" tail
    static const char *const others[] = {
        BODY("-- write\nINSERT INTO t SELECT * FROM h;\n", "EXECUTE e;\n") UNIT("2", "2"),
        BODY("-- write\nINSERT INTO t SELECT * FROM g;\nDELETE FROM t;\n", "EXECUTE e;\n")
            UNIT("2", "2"),
        BODY("INSERT INTO t SELECT * FROM g;\n-- write\n", "EXECUTE e;\n") UNIT("2", "2"),
        BODY("-- write\nINSERT INTO t SELECT * FROM g;\n", "") UNIT("2", "2"),
        BODY("-- write\nINSERT INTO t SELECT * FROM g;\n", "EXECUTE e;\n")};
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(changed_to(HEAD UNIT("1", "2") UNIT("2", "2"), &err), MR_OK);
    assert_int_equal(changed_to(BODY("-- write\nINSERT INTO t SELECT * FROM g;\n", "EXECUTE e;\n")
                                    UNIT("2", "2"),
                                &err),
                     MR_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        err = (struct mr_err){0};
        assert_int_equal(changed_to(others[i], &err), MR_E_REFUSED);
        assert_non_null(strstr(err.message, "was changed while it was run"));
    }
}

#define FROM_UNITS(lines)                                                                          \
    "-- unit 2 of 2: 2 rows\n" lines "-- stage\nSET @a = 1;\n-- rows 1: no such line here\n"       \
    "-- locks\n-- guards\n-- write\n-- again\n-- end\n"
#define BY_ITSELF                                                                                  \
    "-- unit 1 of 2: 1 row\n-- stage\nSET @b = 1;\n-- locks\n-- guards\n-- write\n-- again\n-- "   \
    "end\n"

/* What a unit of several says of its rows stands while its statements are read. */
static void test_origin(void **state)
{
    struct mr_script_read *s =
        start(FROM_UNITS("-- rows 1: units 4\n-- some words\n-- rows 2: units 4-5\n") BY_ITSELF);
    struct mr_vec units = MR_VEC_INIT(struct mr_script_read_unit);
    struct mr_script_read_item item;
    char hex[MR_SHA256_HEX];
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_script_read_index(s, &units, hex, &err), MR_OK);
    assert_true(mr_script_read_has_origins(s));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(mr_script_read_seek(s, mr_vec_at(&units, i), &err), MR_OK);
        for (int k = 0; k < 2; k++)
            assert_int_equal(mr_script_read_next(s, &item, &err), MR_OK);
        if (i == 0)
            assert_string_equal(mr_script_read_origin(s),
                                "-- rows 1: units 4\n-- rows 2: units 4-5\n");
        else
            assert_null(mr_script_read_origin(s));
    }
    /* other lines for the same statements are another script */
    FILE *file = fopen("s.sql", "r+");
    assert_non_null(file);
    assert_true(fputs("-- unit 2 of 2: 2 rows\n-- rows 1: units 5\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mr_script_read_seek(s, mr_vec_at(&units, 0), &err), MR_OK);
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_OK);
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_E_REFUSED);
    mr_vec_clear(&units);
    mr_script_read_close(s);
    s = start(HEAD UNIT("1", "1"));
    assert_int_equal(mr_script_read_index(s, &units, hex, &err), MR_OK);
    assert_false(mr_script_read_has_origins(s));
    mr_vec_release(&units);
    mr_script_read_close(s);
}

static void has_updates(const char *text, bool wanted)
{
    struct mr_script_read *s = start(text);
    struct mr_vec units = MR_VEC_INIT(struct mr_script_read_unit);
    char hex[MR_SHA256_HEX];
    struct mr_err err = {0};
    assert_int_equal(mr_script_read_index(s, &units, hex, &err), MR_OK);
    assert_int_equal(mr_script_read_has_updates(s), wanted);
    mr_vec_release(&units);
    mr_script_read_close(s);
}

static void test_updates(void **state)
{
    (void)state;
    has_updates(HEAD UNIT("1", "1"), false);
    has_updates("-- unit 1 of 1: 1 row\n-- stage\nUPDATE x SET a = 1;\n-- locks\n"
                "-- guards\n-- write\n-- again\n-- end\n",
                false);
    has_updates("-- unit 1 of 1: 1 row\n-- stage\n-- locks\n-- guards\n-- write\n"
                "UPDATE x SET a = 1;\n-- again\n-- end\n",
                true);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } bad[] = {
        {"SET @a = 1", "line 1: the last line is cut off"},
        {"SET @a = 1\n", "line 1: the last statement does not end"},
        {"SET @a = 1;\nSET", "line 2: the last line is cut off"},
        {"-- unit 1 of 1: 2 rows\n", "the last unit does not end"},
        {"-- unit 1 of 1: 2 rows\nSET @a = 1;\n", "outside the sections"},
        {"-- unit 1 of 1: 2 rows\n-- guards\n", "sections of the unit are not in order"},
        {"-- unit 1 of 1: 2 rows\n-- stage\n-- guards\n", "that it has not locked"},
        {"-- stage\n", "sections of the unit are not in order"},
        {"-- unit 1 of 1: 2 rows\n-- stage\n-- stage\n", "not in order"},
        {"-- unit 1 of 1: x rows\n", "line 1: the line is not that of a unit"},
        {"-- unit 1 of 1\n", "not that of a unit"},
        {"-- unit 99999999999999999999 of 1: 1 row\n", "not that of a unit"},
        {"-- unit 0 of 1: 1 row\n", "units are not in order"},
        {"-- unit 2 of 3: 1 row\n", "units are not in order"},
        {"-- unit 2 of 1: 1 row\n", "units are not in order"},
        {UNIT("1", "2") UNIT("2", "3"), "units are not in order"},
        {UNIT("1", "2") UNIT("1", "2"), "units are not in order"},
        {UNIT("1", "3") UNIT("2", "3"), "units are missing at the end"},
        {"-- unit 1 of 1: 1 row\n-- stage\n-- unit 1 of 1: 1 row\n",
         "a unit begins before the last one has ended"},
        {"-- unit 1 of 1: 1 row\n-- stage\nSET @a =\n-- unit 1 of 1: 1 row\n1;\n",
         "a unit begins inside a statement"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct mr_script_read *s = start(bad[i].text);
        struct mr_vec units = MR_VEC_INIT(struct mr_script_read_unit);
        char hex[MR_SHA256_HEX];
        struct mr_err err = {0};
        assert_int_equal(mr_script_read_index(s, &units, hex, &err), MR_E_REFUSED);
        if (strstr(err.message, bad[i].message) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", bad[i].message, err.message);
        assert_non_null(strstr(err.message, "\"s.sql\""));
        mr_vec_release(&units);
        mr_script_read_close(s);
    }
}

/* Statements that end on, before and behind the edge of what is read at once. */
static void test_edges(void **state)
{
    struct mr_err err = {0};
    (void)state;
    for (size_t len = 65530; len < 65545; len++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_script_read *s = NULL;
        while (text.len < len)
            mr_strbuf_add_char(&text, text.len % 1000 == 999 ? '\n' : 'x');
        if (text.ptr[len - 1] == '\n')
            text.ptr[len - 1] = 'y';
        mr_strbuf_add_str(&text, ";\nlast;\n");
        put(text.ptr, text.len);
        assert_int_equal(mr_script_read_open("s.sql", &s, &err), MR_OK);
        text.ptr[len] = '\0';
        expect(s, MR_SCRIPT_READ_HEAD, text.ptr);
        expect(s, MR_SCRIPT_READ_HEAD, "last");
        mr_script_read_close(s);
        mr_strbuf_release(&text);
    }
}

static void test_too_long(void **state)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_script_read *s = NULL;
    struct mr_script_read_item item;
    struct mr_err err = {0};
    (void)state;
    assert_true(mr_strbuf_reserve(&text, MR_SCRIPT_READ_STATEMENT_MAX + 2));
    memset(text.ptr, 'x', MR_SCRIPT_READ_STATEMENT_MAX);
    memcpy(text.ptr + MR_SCRIPT_READ_STATEMENT_MAX - 1, ";\n", 2);
    put(text.ptr, MR_SCRIPT_READ_STATEMENT_MAX + 1);
    assert_int_equal(mr_script_read_open("s.sql", &s, &err), MR_OK);
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_OK);
    assert_int_equal(item.len, MR_SCRIPT_READ_STATEMENT_MAX - 1);
    mr_script_read_close(s);
    memcpy(text.ptr + MR_SCRIPT_READ_STATEMENT_MAX - 1, "x;\n", 3);
    put(text.ptr, MR_SCRIPT_READ_STATEMENT_MAX + 2);
    assert_int_equal(mr_script_read_open("s.sql", &s, &err), MR_OK);
    assert_int_equal(mr_script_read_next(s, &item, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "more than 64 MiB"));
    mr_script_read_close(s);
    mr_strbuf_release(&text);
}

static void test_absent(void **state)
{
    struct mr_script_read *s = NULL;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_script_read_open("absent.sql", &s, &err), MR_E_IO);
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_index, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_changed, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_origin, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_updates, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_refused, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_edges, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_too_long, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_absent, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
