/* test_catalogue_json.c: a catalogue as written, so read, field by field; and what no
 * myrecon writes is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "json_mutants.h"
#include "catalogue_same.h"
#include "core/schema/catalogue_json.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NASTY "q\"\\\n\t\x01\x7f/`'\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbf"
#define NO_UTF8 "lat\xe9n \xff\xfe\xed\xa0\x80"

static const struct mr_column columns[] = {
    {.name = NASTY,
     .type = "enum('a','')",
     .data_type = "enum",
     .cls = MR_CLASS_ENUM,
     .charset = "latin1",
     .collation = "latin1_bin",
     .nullable = true,
     .empty_member = true,
     .default_text = "''",
     .comment = NO_UTF8,
     .ordinal = 1},
    {.name = "s",
     .type = "set('a')",
     .data_type = "set",
     .cls = MR_CLASS_ENUM,
     .is_set = true,
     .invisible = true,
     .comment = "",
     .ordinal = 2},
    {.name = "id",
     .type = "bigint(20) unsigned",
     .data_type = "bigint",
     .cls = MR_CLASS_UINT,
     .is_unsigned = true,
     .auto_increment = true,
     .ordinal = 4},
    {.name = "g",
     .type = "longtext",
     .data_type = "json",
     .cls = MR_CLASS_JSON,
     .is_json = true,
     .generated = true,
     .generated_stored = true,
     .generation_expr = "json_quote(" NASTY ")",
     .ordinal = 5},
    {.name = "row_end",
     .type = "timestamp(6)",
     .data_type = "timestamp",
     .cls = MR_CLASS_DATETIME,
     .generated = true,
     .generation_expr = "row end",
     .system_time = true,
     .versions = "without system versioning",
     .on_update = "current_timestamp(6)",
     .decimals = 6,
     .ordinal = 6},
};
static const struct mr_index_part parts[] = {
    {.column = NASTY, .prefix_len = 10, .descending = true},
    {.expression = "lower(`x`)"},
};
static const struct mr_index indexes[] = {
    {.name = "PRIMARY",
     .unique = true,
     .usable = true,
     .kind = "BTREE",
     .clause = "",
     .parts = parts,
     .nparts = 2},
    {.name = "k", .kind = "FULLTEXT", .clause = "with parser " NASTY, .parts = parts, .nparts = 1},
};
static const char *const fk_from[] = {"a", NASTY};
static const char *const fk_to[] = {NO_UTF8, "b"};
static const struct mr_foreign_key fks[] = {{.name = "f",
                                             .columns = fk_from,
                                             .ref_db = "other",
                                             .ref_table = "p",
                                             .ref_columns = fk_to,
                                             .ncolumns = 2,
                                             .on_update = "CASCADE",
                                             .on_delete = "RESTRICT"}};
static const struct mr_trigger triggers[] = {
    {.name = "t1",
     .timing = "BEFORE",
     .event = "INSERT",
     .body = "SET NEW.a = '" NO_UTF8 "'",
     .order = 1,
     .made = {"x@y", "", "utf8mb4_bin", NASTY}},
    {.name = "t2", .timing = "AFTER", .event = "DELETE", .body = NULL, .order = 4000000000U},
};
static const struct mr_check checks[] = {{"c", NULL, "a > 0 not enforced", NASTY},
                                         {"d", "s", "s <> '" NASTY "'", ""}};
static const struct mr_table tables[] = {
    {.db = "d",
     .name = "bare",
     .kind = MR_TABLE_BASE,
     .open_error = "Unknown storage engine",
     .comment = "Unknown storage engine"},
    {.db = "d",
     .name = NASTY,
     .kind = MR_TABLE_BASE,
     .engine = "InnoDB",
     .transactional = true,
     .partitioned = true,
     .system_versioned = true,
     .collation = "utf8mb4_bin",
     .charset = "utf8mb4",
     .comment = "",
     .row_format = "Dynamic",
     .partitioning = "hash (" NASTY ") 4",
     .est_rows = UINT64_MAX,
     .data_bytes = 1,
     .avg_row_bytes = 1ULL << 63,
     .columns = columns,
     .ncolumns = COUNT(columns),
     .indexes = indexes,
     .nindexes = COUNT(indexes),
     .fks = fks,
     .nfks = COUNT(fks),
     .triggers = triggers,
     .ntriggers = COUNT(triggers),
     .checks = checks,
     .nchecks = COUNT(checks)},
};
static const struct mr_object objects[] = {
    {.kind = MR_OBJECT_VIEW,
     .db = "d",
     .name = "v",
     .definition = NULL,
     .made = {.definer = NASTY},
     .algorithm = "MERGE"},
    {.kind = MR_OBJECT_ROUTINE,
     .db = "d",
     .name = "procedure p",
     .definition = NASTY,
     .made = {.sql_mode = "ANSI_QUOTES"},
     .comment = NO_UTF8},
    {.kind = MR_OBJECT_EVENT, .db = "d", .name = "e", .definition = NO_UTF8},
    {.kind = MR_OBJECT_SEQUENCE, .db = "e", .name = "s", .definition = ""},
};
static const struct mr_database dbs[] = {{"d", "latin1", "latin1_bin"},
                                         {"e", "utf8mb4", "utf8mb4_bin"}};
static const struct mr_charset_default charsets[] = {{"z", "z_bin"}, {"a", NULL}};

static const struct mr_catalogue sample = {.server = {.flavour = MR_FLAVOUR_MARIADB,
                                                      .version = 101119,
                                                      .version_text = "10.11.19-MariaDB",
                                                      .hostname = "h\"x",
                                                      .uuid = "u",
                                                      .server_id = UINT32_MAX,
                                                      .port = 3306,
                                                      .datadir = "/d \\",
                                                      .lower_case_table_names = 2,
                                                      .max_packet_bytes = 1U << 30,
                                                      .tls_cipher = "TLS"},
                                           .dbs = dbs,
                                           .ndbs = COUNT(dbs),
                                           .tables = tables,
                                           .ntables = COUNT(tables),
                                           .objects = objects,
                                           .nobjects = COUNT(objects),
                                           .charsets = charsets,
                                           .ncharsets = COUNT(charsets)};

static struct mr_catalogue *round_trip(const struct mr_catalogue *cat)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_catalogue *out = NULL;
    struct mr_err err = {0};
    assert_int_equal(mr_catalogue_json_write(cat, &text, &err), MR_OK);
    if (mr_catalogue_json_read(text.ptr, text.len, "c", &out, &err) != MR_OK)
        fail_msg("%s", err.message);
    mr_strbuf_release(&text);
    return out;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct mr_catalogue *back = round_trip(&sample);
    same_catalogue(&sample, back);
    mr_catalogue_free(back);
}

static void test_empty(void **state)
{
    (void)state;
    const struct mr_catalogue empty = {.server = {.flavour = MR_FLAVOUR_MYSQL}};
    struct mr_catalogue *back = round_trip(&empty);
    same_catalogue(&empty, back);
    mr_catalogue_free(back);
}

/* Members that this version does not know. */
static void test_unknown_member(void **state)
{
    (void)state;
    struct mr_strbuf text = MR_STRBUF_INIT, more = MR_STRBUF_INIT;
    struct mr_catalogue *back = NULL;
    assert_int_equal(mr_catalogue_json_write(&sample, &text, NULL), MR_OK);
    mr_strbuf_add_str(&more, "{\"later\":[1,{}],");
    mr_strbuf_add_str(&more, text.ptr + 1);
    assert_int_equal(mr_catalogue_json_read(more.ptr, more.len, "c", &back, NULL), MR_OK);
    same_catalogue(&sample, back);
    mr_catalogue_free(back);
    mr_strbuf_release(&text);
    mr_strbuf_release(&more);
}

/* One place of the text replaced; the message says what it is about. */
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *about;
    } edits[] = {
        {"myrecon/catalogue/1", "myrecon/catalogue/2", "catalogue/2"},
        {"\"schema\":\"myrecon/catalogue/1\",", "", "\"schema\""},
        {"\"mariadb\"", "\"oracle\"", "flavour \"oracle\""},
        {"\"uuid\":\"u\",", "", "\"uuid\" is missing"},
        {"\"number\":101119", "\"number\":-1", "\"number\""},
        {"\"server_id\":4294967295", "\"server_id\":4294967296", "\"server_id\""},
        {"\"lower_case_table_names\":2", "\"lower_case_table_names\":3", "lower_case"},
        {"\"class\":\"uint\"", "\"class\":\"uimt\"", "class \"uimt\""},
        {"\"data_type\":\"bigint\",", "", "\"data_type\" is missing"},
        {"\"nullable\":true", "\"nullable\":1", "\"nullable\""},
        {"\"decimals\":6", "\"decimals\":7", "\"decimals\""},
        {"\"generation\":\"row end\",", "", "generated column \"row_end\""},
        {"{\"hex\":\"6c61", "{\"hex\":\"6c6", "\"comment\""},
        {"{\"hex\":\"6c61", "{\"hex\":\"006c61", "\"comment\""},
        {"{\"hex\":\"6c61", "{\"hex\":\"6C61", "\"comment\""},
        {"{\"hex\":\"6c61", "{\"bin\":\"6c61", "\"comment\""},
        {"\"est_rows\":\"18446744073709551615\"", "\"est_rows\":\"18446744073709551616\"",
         "\"est_rows\""},
        {"\"expression\":\"lower(`x`)\"", "\"column\":\"a\",\"expression\":\"b\"",
         "part of an index \"a\""},
        {"\"columns\":[\"a\",", "\"columns\":[\"a\",\"a\",", "foreign key \"f\""},
        {"\"columns\":[\"a\",", "\"columns\":[7,", "item"},
        {"\"columns\":[\"a\",", "\"columns\":[null,", "item"},
        {"\"order\":4000000000", "\"order\":4294967296", "\"order\""},
        {"\"name\":\"bare\"", "\"name\":\"zz\"", "order of table"},
        {"\"name\":\"bare\",", "", "\"name\" is missing"},
        {"\"name\":\"e\",\"charset\"", "\"name\":\"d\",\"charset\"", "order of database"},
        {"\"kind\":\"routine\"", "\"kind\":\"sequence\"", "order of object"},
        {"\"kind\":\"routine\"", "\"kind\":\"rout\"", "kind of object \"rout\""},
        {"\"tables\":[{", "\"tables\":[0,{", "item"},
        {"\"charsets\":[", "\"charset\":[", "\"charsets\""},
        {"\"objects\":[", "\"objects\":[]}[", "JSON"},
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT, edited = MR_STRBUF_INIT;
        struct mr_catalogue *back = NULL;
        struct mr_err err = {0};
        assert_int_equal(mr_catalogue_json_write(&sample, &text, NULL), MR_OK);
        const char *at = strstr(text.ptr, edits[i].from);
        if (at == NULL)
            fail_msg("%s is not in the text", edits[i].from);
        mr_strbuf_add(&edited, text.ptr, (size_t)(at - text.ptr));
        mr_strbuf_add_str(&edited, edits[i].to);
        mr_strbuf_add_str(&edited, at + strlen(edits[i].from));
        enum mr_code code = mr_catalogue_json_read(edited.ptr, edited.len, "c.json", &back, &err);
        if (code != MR_E_SNAPSHOT)
            fail_msg("%s → %s: code %d", edits[i].from, edits[i].to, (int)code);
        assert_null(back);
        assert_int_equal(err.code, MR_E_SNAPSHOT);
        assert_non_null(strstr(err.message, "c.json"));
        if (strcmp(edits[i].about, "JSON") != 0 && strstr(err.message, edits[i].about) == NULL)
            fail_msg("%s → %s: %s", edits[i].from, edits[i].to, err.message);
        mr_strbuf_release(&text);
        mr_strbuf_release(&edited);
    }
}

/* Fields of fixed size: what is too long is refused, not cut. */
static void test_long_field(void **state)
{
    (void)state;
    struct mr_strbuf text = MR_STRBUF_INIT, edited = MR_STRBUF_INIT;
    struct mr_catalogue *back = NULL;
    assert_int_equal(mr_catalogue_json_write(&sample, &text, NULL), MR_OK);
    const char *at = strstr(text.ptr, "\"uuid\":\"u");
    assert_non_null(at);
    at += strlen("\"uuid\":\"");
    for (size_t more = 62; more <= 63; more++) {
        mr_strbuf_reset(&edited);
        mr_strbuf_add(&edited, text.ptr, (size_t)(at - text.ptr));
        for (size_t i = 0; i < more; i++)
            mr_strbuf_add_char(&edited, 'x');
        mr_strbuf_add_str(&edited, at);
        assert_int_equal(mr_catalogue_json_read(edited.ptr, edited.len, "c", &back, NULL),
                         more == 62 ? MR_OK : MR_E_SNAPSHOT);
        mr_catalogue_free(back);
    }
    mr_strbuf_release(&text);
    mr_strbuf_release(&edited);
}

static void use(const char *text, size_t len)
{
    struct mr_strbuf again = MR_STRBUF_INIT;
    struct mr_catalogue *got = NULL;
    struct mr_err err = {0};
    if (mr_catalogue_json_read(text, len, "c", &got, &err) == MR_OK)
        assert_int_equal(mr_catalogue_json_write(got, &again, &err), MR_OK);
    else
        assert_int_equal(err.code, MR_E_SNAPSHOT);
    mr_catalogue_free(got);
    mr_strbuf_release(&again);
}

/* Spoilt in every place. */
static void test_mutants(void **state)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    assert_int_equal(mr_catalogue_json_write(&sample, &text, NULL), MR_OK);
    assert_true(json_mutants(&text, use) > 1000);
    mr_strbuf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_empty),
        cmocka_unit_test(test_unknown_member), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_field),     cmocka_unit_test(test_mutants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
