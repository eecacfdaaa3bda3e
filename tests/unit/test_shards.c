/* test_shards.c: which servers and tables an endpoint of many sources stands for, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/source/shards.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* "host/db host/db | source>target …", or the error and its hint. */
static void add_text(const char *text, struct mr_strbuf *out)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_shards shards;
    struct mr_err err = {0};
    if (mr_shards_parse(text, &arena, &shards, &err) != MR_OK) {
        assert_int_equal(err.code, MR_E_USAGE);
        assert_non_null(mr_err_get_hint(&err));
        mr_strbuf_add_str(out, err.message);
    } else {
        for (size_t i = 0; i < shards.nservers; i++)
            mr_strbuf_add_fmt(out, "%s%s:%s/%s", i > 0 ? " " : "", shards.labels[i],
                              shards.servers[i].host, shards.servers[i].dbs[0]);
        mr_strbuf_add_str(out, " |");
        for (size_t i = 0; i < shards.tables.count; i++) {
            const struct mr_shards_table *t = mr_vec_at(&shards.tables, i);
            mr_strbuf_add_fmt(out, " %s>%s", t->source, t->target != NULL ? t->target : "-");
            assert_ptr_equal(mr_shards_find(&shards, t->source), t);
            assert_true(t->target == NULL || mr_shards_makes(&shards, t->target));
        }
        assert_null(mr_shards_find(&shards, "no such table"));
        assert_false(mr_shards_makes(&shards, "no such table"));
    }
    mr_shards_release(&shards);
    mr_arena_release(&arena);
}

static void test_parse(void **state)
{
    static const struct {
        const char *text, *expected;
    } table[] = {
        {"mysql://db/shop_{0..2}#a->a", "0:db/shop_0 1:db/shop_1 2:db/shop_2 | a>a"},
        {"mysql://db{08..10}/shop_{}#a->a",
         "08:db08/shop_08 09:db09/shop_09 10:db10/shop_10 | a>a"},
        {"mysql://db{}/shop_{3..4}#a->a", "3:db3/shop_3 4:db4/shop_4 | a>a"},
        {"mysql://db/shop#a_{0..2}->a", ":db/shop | a_0>a a_1>a a_2>a"},
        {"mysql://db/shop# a -> b ,c->d", ":db/shop | a>b c>d"},
        {"mysql://db/shop#a_{1..2}->b_{}", ":db/shop | a_1>b_1 a_2>b_2"},
        {"mysql://db/shop#a->b,c->none,d->%6Eone", ":db/shop | a>b c>- d>none"},
        {"mysql://db/shop#a%2Cb->c%3Ed", ":db/shop | a,b>c>d"},
        /* sources */
        {"mysql://db/shop_{0..2}", "many sources, and no tables of theirs behind #"},
        {"mysql://db{0..2}/shop_{0..2}#a->a",
         "more than one pair of braces in the URI of the sources"},
        {"mysql://db{2..0}/shop#a->a",
         "a range whose first number is above its last in the URI of the sources"},
        {"mysql://db{x}/shop#a->a",
         "braces that hold no range of numbers in the URI of the sources"},
        {"mysql://db/shop_{}#a->a", "{} in the URI of a source, and no range"},
        {"mysql://db/shop_{0..256}#a->a", "more than 256 sources of one map"},
        {"mysql://db{0..1}#a->a", "each source of a map is one database"},
        {"mysql://db{0..1}/x,y#a->a", "each source of a map is one database"},
        {"snapshot:dir_{0..1}#a->a", "the sources of a map are no servers"},
        {"mysql://u:geheim@db{0..1}/shop#a->a", "a password in the URI of many sources"},
        {"mysql://db{0..1}/shop?password-command=x#a->a", "a password in the URI of many sources"},
        /* tables */
        {"mysql://db/shop#", "table \"\" of the map: it is mapped to nothing"},
        {"mysql://db/shop#a", "table \"a\" of the map: it is mapped to nothing"},
        {"mysql://db/shop#a->", "table \"a\" of the map: it is mapped to nothing"},
        {"mysql://db/shop#->a", "table \"\" of the map: it is mapped to nothing"},
        {"mysql://db/shop#a->a,", "table \"\" of the map: it is mapped to nothing"},
        {"mysql://db/shop#a_{0..1}_{0..1}->a",
         "table \"a_{0..1}_{0..1}\" of the map: more than one pair of braces"},
        {"mysql://db/shop#a->a_{0..1}", "table \"a\" of the map: a range on the right"},
        {"mysql://db/shop#a->a_{}",
         "table \"a\" of the map: {} on the right, and no range on the left"},
        {"mysql://db/shop#a_{0..3}->a,a_2->b", "table \"a_2\" of the map: it is mapped twice"},
        {"mysql://db/shop#a->b,a->b", "table \"a\" of the map: it is mapped twice"},
        {"mysql://db/shop#a%2->a", "table \"a%2\" of the map: a bad %XX"},
        {"mysql://db/shop#a%00->a", "table \"a%00\" of the map: a bad %XX"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(table); i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        add_text(table[i].text, &got);
        assert_string_equal(got.ptr, table[i].expected);
        mr_strbuf_release(&got);
    }
}

/* Who cannot work with many servers as one refuses them by name; others keep every byte. */
static void test_endpoint(void **state)
{
    static const char uri[] = "shards:mysql://recon@db{00..15}/shop_{}#orders_{0..9}->orders";
    struct mr_endpoint ep, copy;
    struct mr_err err = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    char typed[] = "shards:mysql://u:geheim@db{0..1}/shop#a->a";
    (void)state;
    assert_int_equal(mr_endpoint_parse(&ep, uri, &err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "many servers as one source"));
    assert_int_equal(mr_endpoint_parse_any(&ep, uri, &err), MR_OK);
    assert_int_equal(ep.kind, MR_ENDPOINT_SHARDS);
    assert_int_equal(mr_endpoint_copy(&copy, &ep, &err), MR_OK);
    mr_endpoint_release(&ep);
    mr_endpoint_uri(&copy, &text);
    assert_string_equal(text.ptr, uri);
    mr_strbuf_reset(&text);
    mr_endpoint_display(&copy, &text);
    assert_string_equal(text.ptr, uri);
    mr_endpoint_release(&copy);
    mr_strbuf_release(&text);
    assert_int_equal(mr_endpoint_parse_any(&ep, "mysql://db/shop", &err), MR_OK);
    assert_int_equal(ep.kind, MR_ENDPOINT_MYSQL);
    mr_endpoint_release(&ep);
    mr_endpoint_wipe_arg(typed);
    assert_null(strstr(typed, "geheim"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
