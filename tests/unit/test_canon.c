/* test_canon.c: texts that are one to a _bin collation, which no server is asked about;
 * and that of equal texts one is asked about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/row/row.h"
#include "core/source/canon.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* A connection that is never looked into, and what comes of each statement. */
static char nobody;
#define SERVER ((struct mr_db *)(void *)&nobody)
static unsigned asked;
static unsigned sql_errno;
static const struct mr_server server_facts;

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    assert_ptr_equal(db, SERVER);
    return &server_facts;
}

enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err);
enum mr_code __wrap_mr_db_query(struct mr_db *db, const char *shape, const char *sql, size_t len,
                                struct mr_result **out, struct mr_err *err)
{
    assert_ptr_equal(db, SERVER);
    assert_string_equal(shape, "*");
    *out = NULL;
    for (const char *at = sql; at < sql + len; at++)
        asked += strncmp(at, "WEIGHT_STRING(", 14) == 0;
    (void)mr_err_set(err, sql_errno != 0 ? MR_E_SQL : MR_E_LOST, "no weights");
    err->sql_errno = sql_errno;
    return err->code;
}

static void encode(struct mr_strbuf *out, const char *text)
{
    struct mr_value value = {.cls = MR_CLASS_TEXT, .ptr = text, .len = strlen(text)};
    if (strcmp(text, "NULL") == 0)
        value = (struct mr_value){.cls = MR_CLASS_NULL};
    assert_int_equal(mr_row_encode(out, &value, NULL), MR_OK);
}

static enum mr_code canon_two(struct mr_db *db, const char *collation, const char *charset,
                              const char *a, const char *b, bool *same)
{
    char target_charset[] = "utf8mb4";
    char name[64];
    (void)snprintf(name, sizeof name, "%s", collation);
    const struct mr_column target = {.charset = target_charset, .collation = name};
    const struct mr_canon_column column = {.charset = charset, .target = &target};
    struct mr_strbuf bytes[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_canon_item items[2] = {0};
    struct mr_err err = {0};
    encode(&bytes[0], a);
    encode(&bytes[1], b);
    for (size_t i = 0; i < 2; i++) {
        items[i].in = bytes[i].ptr;
        items[i].in_len = bytes[i].len;
    }
    asked = 0;
    enum mr_code code = mr_canon(db, &column, 1, items, 2, &arena, &err);
    *same = items[0].out != NULL && items[1].out != NULL && items[0].out_len == items[1].out_len &&
            memcmp(items[0].out, items[1].out, items[0].out_len) == 0;
    mr_arena_release(&arena);
    mr_strbuf_release(&bytes[0]);
    mr_strbuf_release(&bytes[1]);
    return code;
}

static void test_bin(void **state)
{
    static const struct {
        const char *collation, *a, *b;
        bool same;
    } cases[] = {
        {"utf8mb4_bin", "a", "a", true},         {"utf8mb4_bin", "a", "A", false},
        {"utf8mb4_bin", "a", "a  ", true},       {"utf8mb4_bin", "", " ", true},
        {"utf8mb4_bin", "a", "a\t", false},      {"utf8mb4_bin", "a", " a", false},
        {"utf8mb4_nopad_bin", "a", "a ", false}, {"utf8mb4_0900_bin", "a", "a ", false},
        {"utf8mb4_0900_bin", "a", "a", true},    {"utf8mb4_bin", "NULL", "NULL", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        bool same = false;
        assert_int_equal(
            canon_two(SERVER, cases[i].collation, "utf8mb4", cases[i].a, cases[i].b, &same), MR_OK);
        assert_int_equal(same, cases[i].same);
        assert_int_equal(asked, 0);
    }
}

/* All others only the server knows; also those of another charset, by their bytes. */
static void test_asked(void **state)
{
    static const struct {
        const char *collation, *charset, *a, *b;
        unsigned asked;
    } cases[] = {
        {"utf8mb4_general_ci", "utf8mb4", "a", "b", 2},
        {"utf8mb4_general_ci", "utf8mb4", "a", "a", 1},
        {"utf8mb4_bin", "latin1", "a", "b", 2},
        {"bin", "utf8mb4", "a", "b", 2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        bool same = false;
        assert_int_equal(
            canon_two(SERVER, cases[i].collation, cases[i].charset, cases[i].a, cases[i].b, &same),
            MR_E_LOST);
        assert_int_equal(asked, cases[i].asked);
    }
}

/* Without a server, and with one that does not know the collation. */
static void test_local(void **state)
{
    static const struct {
        const char *collation, *charset, *a, *b;
        bool same;
    } cases[] = {
        {"utf8mb4_general_ci", "utf8mb4", "Anna", "aNNa ", true},
        {"utf8mb4_general_ci", "utf8mb4", "anna", " anna", false},
        {"utf8mb4_general_ci", "utf8mb4", "\xC3\xA9", "e", false},
        {"utf8mb4_general_ci", "utf8mb4", "\xC3\xA9", "\xC3\xA9", true},
        {"utf8mb4_0900_ai_ci", "utf8mb4", "A", "a", true},
        {"utf8mb4_0900_ai_ci", "utf8mb4", "a", "a ", false},
        {"utf8mb4_0900_as_cs", "utf8mb4", "A", "a", false},
        {"latin1_general_cs", "latin1", "A", "a", false},
        {"utf8mb4_turkish_ci", "utf8mb4", "I", "i", false},
        {"utf8mb4_tr_0900_ai_ci", "utf8mb4", "I", "i", false},
        {"utf8mb4_bin", "latin1", "A", "a", false},
        {"utf16_general_ci", "utf16", "A ", "a ", false},
        {"utf8mb4_general_ci", "utf8mb4", "NULL", "NULL", false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        for (int known = 0; known < 2; known++) {
            bool same = !cases[i].same;
            sql_errno = 1273; /* ER_UNKNOWN_COLLATION */
            assert_int_equal(canon_two(known ? SERVER : NULL, cases[i].collation, cases[i].charset,
                                       cases[i].a, cases[i].b, &same),
                             MR_OK);
            if (same != cases[i].same)
                fail_msg("%s: %s and %s", cases[i].collation, cases[i].a, cases[i].b);
        }
    }
    sql_errno = 0;
}

static void test_may_equal(void **state)
{
    static const struct {
        const char *collation, *charset, *a, *b;
        bool may;
    } cases[] = {
        {"utf8mb4_general_ci", "utf8mb4", "z\xC3\xBCrich", "zurich", true},
        {"utf8mb4_general_ci", "utf8mb4", "zurich", "z\xC3\xBCrich", true},
        {"utf8mb4_general_ci", "utf8mb4", "z\xC3\xBCrich", "genf", false},
        {"utf8mb4_general_ci", "utf8mb4", "z\xC3\xBCrich", "zug", false},
        {"utf8mb4_unicode_ci", "utf8mb4",
         "stra\xC3\x9F"
         "e",
         "strasse", true},
        {"utf8mb4_danish_ci", "utf8mb4", "\xC3\xA5rhus", "aarhus", true},
        {"utf8mb4_bin", "utf8mb4", "z\xC3\xBCrich", "zurich", false},
        {"utf8mb4_general_ci", "utf8mb4", "member", "order", false},
        {"utf8mb4_general_ci", "utf8mb4", "member", "members", false},
        {"utf8mb4_unicode_ci", "utf8mb4", "member\x01", "member", true},
        {"utf8mb4_unicode_ci", "utf8mb4", "a\tb", "ab", false},
        {"utf8mb4_swedish_ci", "utf8mb4", "vilma", "wilma", true},
        {"utf8mb4_turkish_ci", "utf8mb4", "Member", "member", true},
        {"utf8mb4_swedish_ci", "utf8mb4", "member", "order", false},
        {"latin1_swedish_ci", "latin1", "anna", "hanna", false},
        {"utf8mb4_lithuanian_ci", "utf8mb4", "yra", "ira", true},
        {"utf8mb4_hungarian_ci", "utf8mb4", "briccs", "bricscs", true},
        {"utf8mb4_turkish_ci", "utf8mb4", "Member", "order", false},
        {"latin5_turkish_ci", "latin5", "Member", "member", true},
        {"latin5_turkish_ci", "latin5", "Member", "members", false},
        {"utf8mb4_0900_as_cs", "utf8mb4", "Z\xC3\xBC", "z\xC3\xBC", true},
        {"latin1_german2_ci", "latin1", "\xE4", "ae", true},
        {"utf8mb4_0900_as_cs", "utf8mb4", "Member", "member", false},
        {"sjis_japanese_ci", "sjis",
         "\x83"
         "A",
         "x", true},
        {"sjis_japanese_ci", "sjis",
         "a\x83"
         "A",
         "x", false},
        {"utf8mb4_general_ci", "utf8mb4", "", "\xCC\x81", true},
        {"utf8mb4_roman_ci", "utf8mb4", "ivlivs", "julius", true},
        {"utf8mb4_uca1400_roman_nopad_ai_ci", "utf8mb4", "iam", "jam", true},
        {"utf8mb4_la_0900_ai_ci", "utf8mb4", "vrbs", "urbs", true},
        {"utf8mb4_romanian_ci", "utf8mb4", "iam", "jam", false},
        {"macce_general_ci", "macce", "member", "nenber", true},
        {"gbk_chinese_ci", "gbk", "y", "~", true},
        {"gbk_chinese_ci", "gbk", "member", "order", false},
        {"big5_chinese_ci", "big5", "e", "`", true},
        {"geostd8_general_ci", "geostd8", "a@b", "a`b", true},
        {"cp1251_ukrainian_ci", "cp1251", "a b", "a`b", true},
        {"koi8u_general_ci", "koi8u", "a", "a`", true},
        {"swe7_swedish_ci", "swe7", "e", "@", true},
        {"latin2_czech_cs", "latin2", "a b", "a\tb", true},
        {"latin2_czech_cs", "latin2", "a.", "a. \t", true},
        {"swe7_swedish_ci", "swe7", "[", "{", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf a = MR_STRBUF_INIT, b = MR_STRBUF_INIT;
        mr_strbuf_add_str(&a, cases[i].a);
        mr_strbuf_add_str(&b, cases[i].b);
        bool may = mr_canon_may_equal(cases[i].charset, cases[i].collation, &a, &b);
        if (may != cases[i].may)
            fail_msg("%s: %s and %s", cases[i].collation, cases[i].a, cases[i].b);
        mr_strbuf_release(&a);
        mr_strbuf_release(&b);
    }
}

/* Where no server is asked, two texts are the same if and only if it would have said so. */
static void test_plain(void **state)
{
    static const struct {
        const char *collation, *charset, *a, *b;
        bool exact, same;
    } cases[] = {
        {"utf8mb4_general_ci", "utf8mb4", "+491", "+492", true, false},
        {"utf8mb4_general_ci", "utf8mb4", "Anna ", "anna", true, true},
        {"utf8mb4_0900_ai_ci", "utf8mb4", "Anna ", "anna", true, false},
        {"utf8mb4_0900_as_cs", "utf8mb4", "Anna", "anna", true, false},
        {"utf8mb4_bin", "utf8mb4", "z\xC3\xBC", "zu", true, false},
        {"utf8mb4_general_ci", "latin1", "Anna", "anna", true, true},
        {"utf8mb4_general_ci", "utf8mb4", "anna", "\xC3\xA4nna", false, false},
        {"utf8mb4_general_ci", "utf8mb4", "anna\x01", "anna", false, false},
        {"utf8mb4_turkish_ci", "utf8mb4", "ANNA", "anna", false, false},
        {"utf8mb4_swedish_ci", "utf8mb4", "vilma", "wilma", false, false},
        {"utf8mb4_general_ci", "swe7", "a[", "a{", false, false},
        {"utf16_general_ci", "utf16", "AB", "ab", false, false},
        {"sjis_japanese_ci", "sjis", "A", "a", false, false},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        const struct mr_column target = {.charset = "utf8mb4", .collation = cases[i].collation};
        const struct mr_canon_column column = {.charset = cases[i].charset, .target = &target};
        struct mr_strbuf in[2] = {MR_STRBUF_INIT, MR_STRBUF_INIT};
        struct mr_canon_item items[2] = {{0}};
        for (int k = 0; k < 2; k++) {
            const char *text = k == 0 ? cases[i].a : cases[i].b;
            const struct mr_value v = {.cls = MR_CLASS_TEXT, .ptr = text, .len = strlen(text)};
            assert_int_equal(mr_row_encode(&in[k], &v, NULL), MR_OK);
            items[k] = (struct mr_canon_item){.in = in[k].ptr, .in_len = in[k].len};
        }
        bool exact = !cases[i].exact;
        assert_int_equal(mr_canon_plain(&column, 1, items, 2, &arena, &exact, NULL), MR_OK);
        const bool same = exact && items[0].out_len == items[1].out_len &&
                          memcmp(items[0].out, items[1].out, items[0].out_len) == 0;
        if (exact != cases[i].exact || same != cases[i].same)
            fail_msg("%s: %s and %s", cases[i].collation, cases[i].a, cases[i].b);
        mr_strbuf_release(&in[0]);
        mr_strbuf_release(&in[1]);
        mr_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_may_equal), cmocka_unit_test(test_plain), cmocka_unit_test(test_bin),
        cmocka_unit_test(test_asked),     cmocka_unit_test(test_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
