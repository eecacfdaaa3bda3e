/* test_json_record.c: structs as members of JSON objects, written and read by one list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/json/json_record.h"

enum color { NO_COLOR, RED, BLUE };
static const char *const color_texts[] = {NULL, "red", "blue"};
static const struct mr_json_words colors = {color_texts, 3};

struct inner {
    const char *name;
};

struct sample {
    const char *text, *maybe, *lacks;
    uint64_t number, count;
    unsigned port;
    bool flag;
    enum color color;
    const char *const *names;
    size_t nnames;
    struct inner inside;
    const struct inner *list;
    size_t nlist;
};

static const struct mr_json_member inner_members[] = {
    MR_JSON_MEMBER("name", MR_JSON_TEXT, struct inner, name)};
static const struct mr_json_record inner_record = MR_JSON_RECORD(struct inner, inner_members);

#define SAMPLE(name, type, member) MR_JSON_MEMBER(name, type, struct sample, member)
static const struct mr_json_member members[] = {
    SAMPLE("text", MR_JSON_TEXT, text),
    SAMPLE("maybe", MR_JSON_TEXT_OR_NULL, maybe),
    MR_JSON_MAY_LACK("lacks", MR_JSON_TEXT, struct sample, lacks),
    SAMPLE("number", MR_JSON_NUMBER, number),
    SAMPLE("count", MR_JSON_COUNT, count),
    SAMPLE("port", MR_JSON_UNSIGNED, port),
    SAMPLE("flag", MR_JSON_BOOL, flag),
    MR_JSON_WORD_OF("color", &colors, struct sample, color),
    MR_JSON_STRINGS("names", struct sample, names, nnames, true),
    MR_JSON_INNER("inside", &inner_record, offsetof(struct sample, inside)),
    MR_JSON_MEMBERS("list", &inner_record, struct sample, list, nlist),
};
static const struct mr_json_record record = MR_JSON_RECORD(struct sample, members);

static void put(const struct sample *from, struct mr_strbuf *out)
{
    struct mr_jsonw w;
    mr_jsonw_init_buf(&w, out);
    mr_jsonw_object_begin(&w);
    mr_json_put_record(&w, &record, from);
    mr_jsonw_object_end(&w);
    assert_int_equal(mr_jsonw_finish(&w, "text", NULL), MR_OK);
    mr_jsonw_release(&w);
}

static enum mr_code get(const char *text, struct mr_arena *arena, struct sample *out)
{
    struct mr_json_doc *doc = NULL;
    struct mr_json_reader r = {.arena = arena, .doing = "reading"};
    *out = (struct sample){0};
    assert_int_equal(mr_json_parse(text, strlen(text), "text", &doc, NULL), MR_OK);
    mr_json_get_record(&r, mr_json_root(doc), &record, out);
    mr_json_free(doc);
    return r.code;
}

static const char *const names[] = {"a", "b"};
static const struct inner list[] = {{"x"}, {"y"}, {"z"}};

static void test_there_and_back(void **state)
{
    const struct sample from = {.text = "t",
                                .lacks = "l",
                                .number = UINT64_MAX,
                                .count = 3,
                                .port = 3306,
                                .flag = true,
                                .color = BLUE,
                                .names = names,
                                .nnames = 2,
                                .inside = {"in"},
                                .list = list,
                                .nlist = 3};
    struct mr_strbuf text = MR_STRBUF_INIT, again = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct sample got;
    (void)state;
    put(&from, &text);
    assert_string_equal(
        text.ptr, "{\"text\":\"t\",\"maybe\":null,\"lacks\":\"l\","
                  "\"number\":\"18446744073709551615\",\"count\":3,"
                  "\"port\":\"3306\",\"flag\":true,\"color\":\"blue\",\"names\":[\"a\",\"b\"],"
                  "\"inside\":{\"name\":\"in\"},\"list\":[{\"name\":\"x\"},"
                  "{\"name\":\"y\"},{\"name\":\"z\"}]}");
    assert_int_equal(get(text.ptr, &arena, &got), MR_OK);
    put(&got, &again);
    assert_string_equal(again.ptr, text.ptr);
    assert_null(got.maybe);
    assert_int_equal(got.nlist, 3);
    mr_strbuf_release(&text);
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* What may lack is left out where it is empty, and is empty where it is left out. */
static void test_lacking(void **state)
{
    const struct sample from = {.text = "t", .inside = {"in"}};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct sample got;
    (void)state;
    put(&from, &text);
    assert_null(strstr(text.ptr, "lacks"));
    assert_null(strstr(text.ptr, "names"));
    assert_int_equal(get(text.ptr, &arena, &got), MR_OK);
    assert_null(got.lacks);
    assert_int_equal(got.nnames, 0);
    assert_int_equal(got.nlist, 0);
    mr_strbuf_release(&text);
    mr_arena_release(&arena);
}

#define REST                                                                                       \
    "\"number\":\"1\",\"count\":3,\"port\":\"1\",\"flag\":true,\"color\":\"blue\","                \
    "\"inside\":{\"name\":\"in\"},"

static void test_wrong(void **state)
{
    static const char *const texts[] = {
        "{" REST "\"list\":[]}",                               /* no text */
        "{\"text\":1," REST "\"list\":[]}",                    /* another type */
        "{\"text\":\"t\",\"lacks\":null," REST "\"list\":[]}", /* there, and empty */
        "{\"text\":\"t\"," REST "\"list\":[1]}",               /* no object */
        "{\"text\":\"t\"," REST "\"list\":[{\"name\":\"x\"},{}]}",
        "{\"text\":\"t\"," REST "\"list\":{}}",
        "{\"text\":\"t\",\"names\":[1]," REST "\"list\":[]}",
        "{\"text\":\"t\",\"number\":\"1\",\"count\":3,\"port\":\"1\",\"flag\":true,"
        "\"color\":\"green\",\"inside\":{\"name\":\"in\"},\"list\":[]}", /* no word of it */
    };
    struct mr_arena arena = MR_ARENA_INIT;
    struct sample got;
    (void)state;
    assert_int_equal(get("{\"text\":\"t\"," REST "\"list\":[]}", &arena, &got), MR_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (get(texts[i], &arena, &got) == MR_OK || got.nlist > 0) /* nobody goes over the half */
            fail_msg("%s", texts[i]);
    mr_arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_lacking),
        cmocka_unit_test(test_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
