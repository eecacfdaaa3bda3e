/*
 * test_json_servers.c: the same JSON documents, stored by both servers, have one normal
 * form; different documents have different ones.
 */
#include "it.h"

#include "core/base/vec.h"
#include "core/db/sqltext.h"
#include "core/row/json_norm.h"
#include "tests/unit/random.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* No two of them are the same document. */
static const char *const documents[] = {
    "0",
    "-0.0",
    "1",
    "1.0",
    "-1",
    "1.10",
    "1.11",
    "1e2",
    "100",
    "1E+5",
    "100000",
    "1e15",
    "1000000000000000",
    "1e16",
    "1e17",
    "12345678901234567890123",
    "18446744073709551615",
    "18446744073709551616",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "9007199254740993",
    "9007199254740993.0",
    "0.1",
    "0.10000000000000002",
    "0.30000000000000004",
    "1.5e-7",
    "0.00001",
    "1e308",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072014e-308",
    "123456789.0e3",
    "-1.5E-10",
    "true",
    "false",
    "null",
    "\"null\"",
    "\"\"",
    "\"a\"",
    "\"A\"",
    "\"a \"",
    "\"\\u0041\\u00e9\"",
    "\"\\ud83d\\ude00\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\\\u0000\"",
    "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
    "\"\\u001f\\u007f\"",
    "\"é日😁\"",
    "\"e\\u0301\"",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "[1 , 2 ]",
    "[2, 1]",
    "[1, [2]]",
    " {\"a\" : 1} ",
    "{\"a\": 1.0}",
    "{\"b\":1,\"a\":2,\"b\":3}",
    "{\"aa\":1,\"b\":2,\"a\":[1,2,{\"x\":null}]}",
    "{\"\":1}",
    "{\"\":{\"\":[]}}",
    "{\"\\u0061\":1,\"a\":{\"k\":1,\"k\":[]}}",
    "{\"é\":1,\"z\":2,\"😀\":3,\"zz\":4}",
    "{\"a\\u0000\":1,\"a\":2}",
    "[1,1.0,true,null,\"1\"]",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
};

static void store(struct mr_db *db, const struct mr_vec *texts)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    it_exec_str(db, "DROP TABLE IF EXISTS documents");
    it_exec_str(db, "CREATE TABLE documents(id INT PRIMARY KEY, doc JSON)");
    mr_strbuf_add_str(&sql, "INSERT INTO documents VALUES ");
    for (size_t i = 0; i < texts->count; i++) {
        mr_strbuf_add_fmt(&sql, "%s(%zu, ", i > 0 ? ", " : "", i);
        mr_sql_string(&sql, *(const char *const *)mr_vec_at(texts, i));
        mr_strbuf_add_char(&sql, ')');
    }
    it_exec(db, &sql);
    mr_strbuf_release(&sql);
}

/* The normal forms of what the server hands out; each a char * of its own. */
static void load(struct mr_db *db, struct mr_vec *forms)
{
    const enum mr_class classes[] = {MR_CLASS_JSON};
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const struct mr_value *values;
    mr_strbuf_add_str(&sql, "SELECT doc FROM documents ORDER BY id");
    struct mr_stream *stream = it_stream(db, &sql, classes, 1);
    while ((values = it_next(stream)) != NULL) {
        struct mr_strbuf form = MR_STRBUF_INIT;
        char **slot = mr_vec_push(forms);
        assert_non_null(slot);
        if (!mr_json_norm(values->ptr, values->len, &form))
            fail_msg("no document: %.*s", (int)values->len, (const char *)values->ptr);
        *slot = mr_strbuf_detach(&form);
        assert_non_null(*slot);
    }
    mr_strbuf_release(&sql);
}

static void release_forms(struct mr_vec *forms)
{
    for (size_t i = 0; i < forms->count; i++)
        free(*(char **)mr_vec_at(forms, i));
    mr_vec_release(forms);
}

/* Stores texts on both servers and compares the normal forms; `forms` gets those of B.
 */
static void check_pair(const struct mr_vec *texts, struct mr_vec *forms)
{
    struct mr_vec other = MR_VEC_INIT(char *);
    for (size_t server = 0; server < IT_SERVERS; server++)
        store(it_db[server], texts);
    load(it_db[0], &other);
    load(it_db[1], forms);
    assert_int_equal(forms->count, texts->count);
    assert_int_equal(other.count, texts->count);
    for (size_t i = 0; i < texts->count; i++)
        assert_string_equal(*(char **)mr_vec_at(&other, i), *(char **)mr_vec_at(forms, i));
    release_forms(&other);
}

static void test_same_documents(void **state)
{
    (void)state;
    struct mr_vec texts = MR_VEC_INIT(const char *), forms = MR_VEC_INIT(char *);
    it_need_servers();
    for (size_t i = 0; i < LEN(documents); i++)
        *(const char **)mr_vec_push(&texts) = documents[i];
    check_pair(&texts, &forms);
    for (size_t i = 0; i < forms.count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(*(char **)mr_vec_at(&forms, i), *(char **)mr_vec_at(&forms, j)) == 0)
                fail_msg("%s and %s became one", documents[i], documents[j]);
    release_forms(&forms);
    mr_vec_release(&texts);
}

/* Doubles of 15 to 20 digits: a server that misreads one by one ulp shows here. */
static void test_long_doubles(void **state)
{
    (void)state;
    struct mr_vec texts = MR_VEC_INIT(const char *), forms = MR_VEC_INIT(char *);
    it_need_servers();
    for (unsigned i = 0; i < 100 * random_seeds(); i++) {
        uint64_t bits = random_bits();
        double d;
        char text[64];
        memcpy(&d, &bits, sizeof d);
        if (i % 2 == 0)
            d = (double)(bits >> 11) / 9007199254740992.0;
        if (d - d != 0)
            continue; /* not finite */
        (void)snprintf(text, sizeof text, "%.*e", 14 + (int)random_below(6), d);
        *(char **)mr_vec_push(&texts) = strdup(text);
    }
    check_pair(&texts, &forms);
    release_forms(&forms);
    release_forms(&texts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_documents),
        cmocka_unit_test(test_long_doubles),
    };
    return cmocka_run_group_tests_name("json on servers", tests, it_open, it_close);
}
