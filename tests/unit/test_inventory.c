/* test_inventory.c: what an inventory says, and what of it is refused, with its line. */
#include "no_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "recon/fleet/inventory.h"
#include "recon/fleet/inventory_map.h"

static struct mr_arena arena;
static struct mr_inventory inventory;

static int setup(void **state)
{
    (void)state;
    mr_arena_init(&arena);
    inventory = (struct mr_inventory){.pairs = MR_VEC_INIT(struct mr_inventory_pair)};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mr_inventory_release(&inventory);
    mr_arena_release(&arena);
    return 0;
}

#define ENDS "source = mysql://a/x\ntarget = mysql://b/x\n"
#define NUMBERED "source = mysql://a{}/x\ntarget = mysql://b{}/x\n"

static enum mr_code parse_at(const char *text, const char *path, struct mr_err *err)
{
    mr_inventory_release(&inventory);
    return mr_inventory_parse(text, strlen(text), path, &arena, &inventory, err);
}

static void parse_well(const char *text, const char *path)
{
    struct mr_err err = {0};
    if (parse_at(text, path, &err) != MR_OK)
        fail_msg("%s (%s)", err.message, err.hint);
}

static const struct mr_inventory_pair *pair_at(size_t i)
{
    return mr_vec_at(&inventory.pairs, i);
}

static void test_pairs(void **state)
{
    (void)state;
    parse_well("; all of them\n"
               "[pair shop-{08..10}]\n"
               "source = mysql://recon@db{}-old/shop_{}\n"
               "target = snapshot:/backup/{}\n"
               "config = shop-{}.ini\n"
               "[fleet]\n"
               "config = all.ini\n"
               "readers-per-server = 7\n"
               "[pair Other_1.x]\n" ENDS,
               "dir/fleet.ini");
    assert_int_equal(inventory.readers_per_server, 7);
    assert_int_equal(inventory.pairs.count, 4);
    assert_string_equal(pair_at(0)->name, "shop-08");
    assert_string_equal(pair_at(0)->uri[MR_SOURCE], "mysql://recon@db08-old/shop_08");
    assert_string_equal(pair_at(2)->name, "shop-10");
    assert_string_equal(pair_at(2)->uri[MR_TARGET], "snapshot:/backup/10");
    assert_string_equal(pair_at(2)->config, "dir/shop-10.ini");
    assert_int_equal(pair_at(2)->line, 2);
    assert_string_equal(pair_at(3)->name, "Other_1.x");
    assert_string_equal(pair_at(3)->config, "dir/all.ini");
    assert_string_equal(pair_at(3)->uri[MR_SOURCE], "mysql://a/x");
    assert_int_equal(pair_at(3)->line, 9);
}

#define SOURCE "source = mysql://recon@db{08..10}/shop_{}\n"
#define TARGET "target = mysql://recon@new/shop\n"

/* A pair whose source is all of them; spread, one for each. */
static void test_map(void **state)
{
    static const char text[] = "[fleet]\nconfig = all.ini\n"
                               "[map shop]\n" SOURCE TARGET "tables = orders_{0..9} -> orders\n"
                               "tables = items->items, audit -> none\n"
                               "[pair p]\n" ENDS;
    struct mr_err err = {0};
    (void)state;
    parse_well(text, "f");
    assert_int_equal(inventory.pairs.count, 2);
    assert_string_equal(pair_at(0)->name, "shop");
    assert_string_equal(pair_at(0)->config, "all.ini");
    assert_string_equal(pair_at(0)->uri[MR_SOURCE],
                        "shards:mysql://recon@db{08..10}/"
                        "shop_{}#orders_{0..9}->orders,items->items,audit->none");
    assert_string_equal(pair_at(0)->uri[MR_TARGET], "mysql://recon@new/shop");
    assert_int_equal(mr_inventory_spread(&inventory, MR_SPREAD_PAIRS, &arena, &err), MR_OK);
    assert_int_equal(inventory.pairs.count, 4);
    assert_string_equal(pair_at(2)->name, "shop.10");
    assert_string_equal(pair_at(2)->uri[MR_SOURCE], "mysql://recon@db10/shop_10");
    assert_string_equal(pair_at(2)->uri[MR_TARGET], "mysql://recon@new/shop");
    assert_false(pair_at(2)->only_source);
    assert_true(pair_at(2)->of_map);
    assert_string_equal(pair_at(3)->name, "p");
    assert_false(pair_at(3)->of_map);
    parse_well(text, "f");
    assert_int_equal(mr_inventory_spread(&inventory, MR_SPREAD_SERVERS, &arena, &err), MR_OK);
    assert_int_equal(inventory.pairs.count, 5);
    assert_true(pair_at(2)->only_source);
    assert_string_equal(pair_at(3)->name, "shop");
    assert_null(pair_at(3)->uri[MR_SOURCE]);
    assert_true(pair_at(3)->of_map);
    /* files are named by what it becomes */
    parse_well("[pair SHOP.09]\n" ENDS "[map shop]\n" SOURCE TARGET "tables = a -> a\n", "f");
    assert_int_equal(mr_inventory_spread(&inventory, MR_SPREAD_PAIRS, &arena, &err), MR_E_CONFIG);
    assert_string_equal(err.message, "f:1: a source of a map has the name of this pair");
}

static void test_defaults(void **state)
{
    (void)state;
    parse_well("[pair p]\n" ENDS, "f");
    assert_int_equal(inventory.readers_per_server, 4);
    assert_null(pair_at(0)->config);
}

/* From the inventory's directory, wherever the command runs. */
static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *inventory, *config, *path;
    } table[] = {
        {"f.ini", "c.ini", "c.ini"},
        {"./f.ini", "c.ini", "./c.ini"},
        {"/etc/m/f.ini", "c.ini", "/etc/m/c.ini"},
        {"/f.ini", "d/c.ini", "/d/c.ini"},
        {"a/f.ini", "../c.ini", "a/../c.ini"},
        {"a/f.ini", "/c.ini", "/c.ini"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "[fleet]\nconfig = %s\n[pair p]\n" ENDS, table[i].config);
        parse_well(text, table[i].inventory);
        assert_string_equal(pair_at(0)->config, table[i].path);
        (void)snprintf(text, sizeof text, "[pair p]\n" ENDS "config = %s\n", table[i].config);
        parse_well(text, table[i].inventory);
        assert_string_equal(pair_at(0)->config, table[i].path);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message, *hint; /* hint: a part of it, or NULL: none */
    } table[] = {
        {"", "inventory \"f\" names no pair", "[pair NAME]"},
        {"[fleet]\nconfig = c\n", "inventory \"f\" names no pair", "[pair NAME]"},
        {"[mop shop]\n" ENDS, "f:1: unknown section [mop]", "[fleet], [pair NAME] and [map NAME]"},
        {"[pair a]\n" ENDS "[table x.y]\n", "f:4: unknown section [table]", "config ="},
        {"[fleet x]\n[pair a]\n" ENDS, "f:1: [fleet] has no name", "[fleet]"},
        {"[fleet]\n[pair a]\n" ENDS "[fleet]\n", "f:5: a second [fleet] section", "Join"},
        {"[fleet]\nreader-per-server = 1\n", "f:2: unknown key \"reader-per-server\" in [fleet]",
         "\"readers-per-server\""},
        {"[pair a]\nsorce = mysql://a/x\n", "f:2: unknown key \"sorce\" in [pair]", "\"source\""},
        {"[pair a]\nzzzzzzzz = 1\n", "f:2: unknown key \"zzzzzzzz\" in [pair]",
         "Its keys are: source, target, config."},
        {"[pair a]\n" ENDS "source = mysql://c\n", "f:4: the key stands twice in its section",
         "one of the two"},
        {"[pair a]\nsource =\n", "f:2: the key has no value", "key = value"},
        {"[fleet]\nreaders-per-server = 0\n", "f:2: readers-per-server is no number from 1 to 64",
         "connections"},
        {"[fleet]\nreaders-per-server = 65\n", "f:2: readers-per-server is no number from 1 to 64",
         "connections"},
        {"[fleet]\nreaders-per-server = -1\n", "f:2: readers-per-server is no number from 1 to 64",
         "connections"},
        {"[fleet]\nreaders-per-server = 4x\n", "f:2: readers-per-server is no number from 1 to 64",
         "connections"},
        {"[fleet]\nreaders-per-server = 18446744073709551617\n",
         "f:2: readers-per-server is no number from 1 to 64", "connections"},
        {"[map a]\n" SOURCE TARGET, "f:1: the map has no tables", "tables ="},
        {"[map a]\n" TARGET "tables = a -> a\n", "f:1: the map has no source", "source ="},
        {"[map a]\n" SOURCE "tables = a -> a\n", "f:1: the map has no target", "target ="},
        {"[map a]\n" SOURCE "target = mysql://b\ntables = a -> a\n",
         "f:3: the target of a map is not one database", "mysql://db/shop"},
        {"[map a-{1..2}]\n" SOURCE TARGET "tables = a -> a\n",
         "f:1: the pair's name has other than letters, digits, \".\", \"_\" and \"-\"",
         "[map shop]"},
        {"[map a]\n" SOURCE TARGET "tables = a -> a\ntables = b -> b, a -> c\n",
         "f:5: table \"a\" of the map: it is mapped twice", "one table"},
        {"[map a]\n" SOURCE TARGET "tables = a -> a\ntables = b\n",
         "f:5: table \"b\" of the map: it is mapped to nothing", "->"},
        {"[map a]\nsource = mysql://db{0..1}/x_{0..1}\n" TARGET "tables = a -> a\n",
         "f:2: more than one pair of braces in the URI of the sources", "{}"},
        {"[map a]\nsource = mysql://u:geheim@db/x_{0..1}\n" TARGET "tables = a -> a\n",
         "f:2: a password in the URI of many sources", "MYRECON_SOURCE_PASSWORD"},
        {"[map a]\n" SOURCE TARGET "source = mysql://x/y\n",
         "f:4: the key stands twice in its section", "one of the two"},
        {"[pair a]\n" SOURCE TARGET "tables = a -> a\n", "f:4: unknown key \"tables\" in [pair]",
         "Its keys are: source"},
        {"[map a]\n" SOURCE TARGET "tables = a -> a\n[pair A]\n" ENDS,
         "f:5: there is another pair \"A\", in line 1", "a name of its own"},
        {"[pair a]\ntarget = mysql://b/x\n", "f:1: the pair has no source", "source = mysql://"},
        {"\n[pair a]\nsource = mysql://b/x\n", "f:2: the pair has no target", "target = mysql://"},
        {"[pair]\n" ENDS, "f:1: a pair without a name", "[pair shop-00]"},
        {"[pair .a]\n" ENDS, "f:1: the pair's name begins with a point or a dash", "files"},
        {"[pair -a]\n" ENDS, "f:1: the pair's name begins with a point or a dash", "files"},
        {"[pair a/b]\n" ENDS,
         "f:1: the pair's name has other than letters, digits, \".\", \"_\" and \"-\"", "files"},
        {"[pair a b]\n" ENDS,
         "f:1: the pair's name has other than letters, digits, \".\", \"_\" and \"-\"", "files"},
        {"[pair \xc3\xa4]\n" ENDS,
         "f:1: the pair's name has other than letters, digits, \".\", \"_\" and \"-\"", "files"},
        {"[pair a{1..2]\n" ENDS, "f:1: braces that hold no range of numbers", "shop-{01..63}"},
        {"[pair a{2..1}]\n" ENDS, "f:1: a range whose first number is above its last",
         "shop-{01..63}"},
        {"[pair a]\nsource = mysql://db{}/x\ntarget = mysql://b/x\n",
         "f:2: {} in a value, and no range in the pair's name", "shop-{01..63}"},
        {"[pair a]\n" ENDS "config = c{}.ini\n",
         "f:4: {} in a value, and no range in the pair's name", "shop-{01..63}"},
        {"[pair a{0..100000}]\n" ENDS, "f:1: more than 100,000 pairs", "two inventories"},
        {"[pair a{1..99999}]\n" NUMBERED "[pair b{1..2}]\n" NUMBERED,
         "f:4: more than 100,000 pairs", "two inventories"},
        {"[pair a{1..2}]\n" ENDS, "f:1: all pairs of this range are one and the same", "{}"},
        {"[pair a]\n" ENDS "[pair a]\n" ENDS, "f:4: there is another pair \"a\", in line 1",
         "a name of its own"},
        {"[pair Shop-1]\n" ENDS "\n[pair shop-{0..3}]\n" NUMBERED,
         "f:5: there is another pair \"Shop-1\", in line 1", "either case"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct mr_err err = {0};
        assert_int_equal(parse_at(table[i].text, "f", &err), MR_E_CONFIG);
        assert_int_equal(err.code, MR_E_CONFIG);
        /* of twins either may be named */
        if (strcasecmp(err.message, table[i].message) != 0)
            assert_string_equal(err.message, table[i].message);
        if (table[i].hint == NULL)
            assert_string_equal(err.hint, "");
        else if (strstr(err.hint, table[i].hint) == NULL)
            fail_msg("case %zu: hint \"%s\" lacks \"%s\"", i, err.hint, table[i].hint);
    }
}

/* Of a URI that is none: the line, the key, and what is wrong. */
static void test_refuses_uris(void **state)
{
    (void)state;
    static const char *const uris[] = {"mysql:/db", "postgres://a/x", "mysql://a:99999999/x",
                                       "mysql://a/x?ssl-mod=disabled", "db1"};
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        char text[256];
        struct mr_err err = {0};
        (void)snprintf(text, sizeof text, "[pair a]\nsource = mysql://a/x\ntarget = %s\n", uris[i]);
        if (parse_at(text, "f", &err) == MR_OK)
            fail_msg("%s is taken", uris[i]);
        assert_int_equal(err.code, MR_E_CONFIG);
        assert_true(strncmp(err.message, "f:3: target: ", 13) == 0);
    }
}

/* Whatever is wrong with a line, and wherever it stands. */
static void test_shows_no_password(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[pair a]\nsource mysql://u:hunter2@h/x?ssl-mode=required\n",
        "[pair a]\nsource mysql://u:hunter2@h/x\n",
        "[pair a]\nsorce = mysql://u:hunter2@h/x\n",
        "[pair a]\nsource = mysql://u:hunter2@h:99999999/x\n",
        "[pair a]\nsource = mysql:/u:hunter2@h/x\n",
        "[pair a]\nsource = u:hunter2@h/x\n",
        "[pair a]\nsource = mysql://u:hunter2@h/x?password=hunter2\n",
        "[pair a]\nsource = mysql://u:hunter2@h/x?hunter2\n",
        "[pair a]\nsource = mysql://u:hunter2@h{}/x\n",
        "[pair a]\nmysql://u:hunter2@h/x?connect-timeout=1\n",
        "[pair a]\npassword=hunter2\n",
        "[mysql://u:hunter2@h/x]\n",
        "[pair mysql://u:hunter2@h/x]\n" ENDS,
        "mysql://u:hunter2@h/x?connect-timeout=1\n",
        "[fleet]\nreaders-per-server = mysql://u:hunter2@h\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct mr_err err = {0};
        if (parse_at(texts[i], "f", &err) != MR_E_CONFIG)
            fail_msg("taken: %s", texts[i]);
        if (strstr(err.message, "hunter2") != NULL || strstr(err.detail, "hunter2") != NULL ||
            strstr(err.hint, "hunter2") != NULL)
            fail_msg("shown: %s", err.message);
    }
}

static void test_a_hundred_thousand(void **state)
{
    (void)state;
    parse_well("[pair s{00000..99999}]\nsource = mysql://h{}/x\ntarget = mysql://t{}/x\n", "f");
    assert_int_equal(inventory.pairs.count, MR_INVENTORY_PAIRS);
    assert_string_equal(pair_at(99999)->name, "s99999");
    assert_string_equal(pair_at(99999)->uri[MR_TARGET], "mysql://t99999/x");
}

static void test_longest_name(void **state)
{
    (void)state;
    char text[300];
    struct mr_err err = {0};
    (void)snprintf(text, sizeof text, "[pair %0*d]\n" ENDS, MR_INVENTORY_NAME, 1);
    parse_well(text, "f");
    (void)snprintf(text, sizeof text, "[pair %0*d]\n" ENDS, MR_INVENTORY_NAME + 1, 1);
    assert_int_equal(parse_at(text, "f", &err), MR_E_CONFIG);
    assert_string_equal(err.message, "f:1: the pair's name is longer than 100 letters");
}

static void test_load(void **state)
{
    (void)state;
    struct mr_err err = {0};
    char path[] = "/tmp/test_inventory.XXXXXX";
    const int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    assert_non_null(file);
    (void)fputs("[pair p]\n" ENDS "config = c.ini\n", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(mr_inventory_load(path, &arena, &inventory, &err), MR_OK);
    assert_string_equal(inventory.path, path);
    assert_string_equal(pair_at(0)->config, "/tmp/c.ini");
    mr_inventory_release(&inventory);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mr_inventory_load(path, &arena, &inventory, &err), MR_E_IO);
    assert_non_null(strstr(err.message, "could not load the inventory"));
}

static enum mr_code load_it(void *ctx, struct mr_err *err)
{
    (void)ctx;
    struct mr_arena own;
    struct mr_inventory out;
    static const char text[] = "[fleet]\nconfig = c\n[pair a{1..3}]\nsource = mysql://{}/x\n"
                               "target = mysql://b/x\nconfig = d{}\n";
    mr_arena_init(&own);
    const enum mr_code code = mr_inventory_parse(text, sizeof text - 1, "dir/f", &own, &out, err);
    if (code == MR_OK)
        assert_int_equal(out.pairs.count, 3);
    mr_inventory_release(&out);
    mr_arena_release(&own);
    return code;
}

static void test_out_of_memory(void **state)
{
    (void)state;
    assert_true(no_memory_each(load_it, NULL) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_map, setup, teardown),
        cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refuses_uris, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shows_no_password, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_hundred_thousand, setup, teardown),
        cmocka_unit_test_setup_teardown(test_longest_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_load, setup, teardown),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
