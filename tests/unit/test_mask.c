/* test_mask.c: which columns are masked, and what is left of a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/case/mask.h"

#define D MR_MASK_DOTS

static void test_columns(void **state)
{
    static const struct {
        const char *name;
        enum mr_mask mask;
    } cases[] = {
        {"id", MR_MASK_FOUND},
        {"amount", MR_MASK_FOUND},
        {"created_at", MR_MASK_FOUND},
        {"member_id", MR_MASK_FOUND},
        {"email", MR_MASK_VALUE},
        {"E-Mail", MR_MASK_VALUE},
        {"contactEMail", MR_MASK_VALUE},
        {"e_mail_2", MR_MASK_VALUE},
        {"mobile", MR_MASK_VALUE},
        {"HomePhone", MR_MASK_VALUE},
        {"tel", MR_MASK_VALUE},
        {"hotel", MR_MASK_FOUND},
        {"name", MR_MASK_VALUE},
        {"first_name", MR_MASK_VALUE},
        {"lastName", MR_MASK_VALUE},
        {"file_name", MR_MASK_FOUND},
        {"TableName", MR_MASK_FOUND},
        {"filename", MR_MASK_FOUND},
        {"ip", MR_MASK_VALUE},
        {"last_ip", MR_MASK_VALUE},
        {"recipe", MR_MASK_FOUND},
        {"shipping_address", MR_MASK_VALUE},
        {"birth_date", MR_MASK_VALUE},
        {"dob", MR_MASK_VALUE},
        {"zip", MR_MASK_VALUE},
        {"unzipped", MR_MASK_FOUND},
        {"city", MR_MASK_VALUE},
        {"capacity", MR_MASK_FOUND},
        {"iban", MR_MASK_VALUE},
        {"card", MR_MASK_VALUE},
        {"discard", MR_MASK_FOUND},
        {"password", MR_MASK_SECRET},
        {"passwd_hash", MR_MASK_SECRET},
        {"resetToken", MR_MASK_SECRET},
        {"api_key", MR_MASK_SECRET},
        {"hash", MR_MASK_SECRET},
        {"", MR_MASK_FOUND},
        {"\xc3\xa9tat", MR_MASK_FOUND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_find_column column = {.name = cases[i].name, .key_at = -1, .identity_at = -1};
        struct mr_find_table table = {.columns = &column, .ncolumns = 1};
        if (mr_mask_of_column(&table, 0) != cases[i].mask)
            fail_msg("%s: %d", cases[i].name, (int)mr_mask_of_column(&table, 0));
    }
}

/* By role: the configuration's mask, the identity of people; a key stays. */
static void test_roles(void **state)
{
    struct mr_find_column column = {.name = "code_no", .key_at = -1, .identity_at = 0};
    struct mr_find_table table = {.columns = &column, .ncolumns = 1};
    (void)state;
    assert_int_equal(mr_mask_of_column(&table, 0), MR_MASK_FOUND);
    table.subject = MR_SUBJECT_INFERRED;
    assert_int_equal(mr_mask_of_column(&table, 0), MR_MASK_VALUE);
    column.key_at = 0;
    assert_int_equal(mr_mask_of_column(&table, 0), MR_MASK_FOUND);
    column.masked = true;
    assert_int_equal(mr_mask_of_column(&table, 0), MR_MASK_VALUE);
    column.name = "email";
    column.masked = false;
    assert_int_equal(mr_mask_of_column(&table, 0), MR_MASK_VALUE);
}

static void test_values(void **state)
{
    static const struct {
        enum mr_mask mask;
        bool is_text;
        const char *value, *masked;
    } cases[] = {
        {MR_MASK_OFF, true, "alice@example.com", "alice@example.com"},
        {MR_MASK_VALUE, true, "alice@example.com", "a" D "e@e" D ".com"},
        {MR_MASK_VALUE, true, "bob@mail.example.co.uk", "b" D "@m" D ".uk"},
        {MR_MASK_VALUE, true, "\xc3\xa4nne\xc3\xb6@x.org", "\xc3\xa4" D "\xc3\xb6@x" D ".org"},
        {MR_MASK_VALUE, true, "m", D},
        {MR_MASK_VALUE, true, "\xc3\xa4", D},
        {MR_MASK_VALUE, false, "7", D},
        {MR_MASK_VALUE, true, "mr", "m" D},
        {MR_MASK_VALUE, true, "+491709000067", "+49" D "67"},
        {MR_MASK_VALUE, true, "0170 900 0067", "01" D "67"},
        {MR_MASK_VALUE, false, "491709000067", "49" D "67"},
        {MR_MASK_VALUE, false, "1980-03-02", "1" D},
        {MR_MASK_VALUE, true, "Alice Arendt", "A" D},
        {MR_MASK_VALUE, true, "\xe5\xbc\xa0\xe4\xbc\x9f", "\xe5\xbc\xa0" D},
        {MR_MASK_VALUE, true, "", ""},
        {MR_MASK_SECRET, true, "$2y$10$abc", D},
        {MR_MASK_SECRET, true, "", ""},
        {MR_MASK_FOUND, true, "season ticket", "season ticket"},
        {MR_MASK_FOUND, true, "2026-04-02 13:05:00", "2026-04-02 13:05:00"},
        {MR_MASK_FOUND, true, "12345678", "12345678"},
        {MR_MASK_FOUND, true, "+1 (555) 010-0199", "+1 " D "99"},
        {MR_MASK_FOUND, true, "01709000067", "01" D "67"},
        {MR_MASK_FOUND, true, "call +491709000067, or a.b@example.com.",
         "call +49" D "67, or a" D "@e" D ".com."},
        {MR_MASK_FOUND, true, "{\"to\":\"alice@example.com\",\"n\":1}",
         "{\"to\":\"a" D "e@e" D ".com\",\"n\":1}"},
        {MR_MASK_FOUND, true, "a@b@c", "a@b@c"},
        {MR_MASK_FOUND, true, "root@localhost", "root@localhost"},
        {MR_MASK_FOUND, true, "root@127.0.0.1", "root@127.0.0.1"},
        {MR_MASK_FOUND, true, "@@@alice@example.com@", "@@@a" D "e@e" D ".com@"},
        {MR_MASK_FOUND, true, "1+1234567890", "1+1234567890"},
        {MR_MASK_FOUND, false, "+491709000067", "+491709000067"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_mask_text(cases[i].mask, cases[i].is_text, cases[i].value, strlen(cases[i].value), &out);
        assert_string_equal(out.ptr, cases[i].masked);
        mr_strbuf_release(&out);
    }
}

/* Servers quote values; what is hidden ends behind the value, whatever is in it. */
static void test_said(void **state)
{
    static const struct {
        const char *text, *masked;
    } cases[] = {
        {"", ""},
        {"the server has gone away", "the server has gone away"},
        {"max_keys of +491709000021 is ok", "max_keys of +49" D "21 is ok"},
        {"Duplicate entry 'Ann' for key 'name'", "Duplicate entry '" D "' for key 'name'"},
        {"Duplicate entry 'ann@x.org-7' for key 'members.PRIMARY'",
         "Duplicate entry '" D "' for key 'members.PRIMARY'"},
        {"Duplicate entry 'O' for key 'Brien' for key 'name'",
         "Duplicate entry '" D "' for key 'name'"},
        {"row 4: Duplicate entry '' for key 'x'; Duplicate entry 'b' for key 'y'",
         "row 4: Duplicate entry '" D "' for key 'y'"},
        {"Incorrect integer value: 'Ann' for column `club`.`m`.`n` at row 1",
         "Incorrect integer value: '" D "' for column `club`.`m`.`n` at row 1"},
        {"Incorrect string value: '\\xF0\\x9F' for column 'note' at row 2",
         "Incorrect string value: '" D "' for column 'note' at row 2"},
        {"Truncated incorrect DOUBLE value: 'Ann Arendt'",
         "Truncated incorrect DOUBLE value: '" D "'"},
        {"syntax to use near ''Ann', 7)' at line 1", "syntax to use near '" D "' at line 1"},
        {"Error 'Duplicate entry 'Ann' for key 'name'' on query. Query: 'INSERT INTO m "
         "VALUES ('Ann')'",
         "Error '" D "' for key 'name''" D "'"},
        {"Doppelter Eintrag 'Ann' f\xc3\xbcr Schl\xc3\xbcssel 'name'", "Doppelter Eintrag '" D "'"},
        {"Duplicate entry 'Ann Arendt, who has a very lo", "Duplicate entry '" D},
        {"Column 'name' cannot be null", "Column 'name' cannot be null"},
        {"Table 'club.m' doesn't exist", "Table 'club.m' doesn't exist"},
        {"Data too long for column 'note' at row 1", "Data too long for column 'note' at row 1"},
        {"key 'Ann Arendt' is held", "key '" D "' is held"},
        {"UPDATE m SET name = 'Ann' WHERE id = 7", "UPDATE m SET name = '" D "' WHERE id = 7"},
        {"'", "'" D},
        {"it's", "it's"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        mr_mask_said(cases[i].text, strlen(cases[i].text), &out);
        assert_string_equal(out.len > 0 ? out.ptr : "", cases[i].masked);
        mr_strbuf_release(&out);
    }
}

/* Whatever the bytes are, nothing is read beyond them. */
static void test_any_bytes(void **state)
{
    static const char alphabet[] = "a@.+'1 \xc3\xa4\xff";
    char *text = malloc(6);
    (void)state;
    assert_non_null(text);
    for (unsigned n = 0; n < 100000; n++) {
        unsigned rest = n;
        for (size_t i = 0; i < 5; i++, rest /= 10)
            text[i] = alphabet[rest % 10];
        struct mr_strbuf said = MR_STRBUF_INIT;
        mr_mask_said(text, n % 6, &said);
        mr_strbuf_release(&said);
        for (int mask = MR_MASK_OFF; mask <= MR_MASK_SECRET; mask++) {
            struct mr_strbuf out = MR_STRBUF_INIT;
            mr_mask_text((enum mr_mask)mask, true, text, 5, &out);
            mr_mask_text((enum mr_mask)mask, false, text, n % 6, &out);
            mr_strbuf_release(&out);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),   cmocka_unit_test(test_roles),
        cmocka_unit_test(test_values),    cmocka_unit_test(test_said),
        cmocka_unit_test(test_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
