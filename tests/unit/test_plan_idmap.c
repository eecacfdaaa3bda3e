/* test_plan_idmap.c: an id map that stands in for the case is taken line by line, or refused by
 * the line. */
#include "merge_world.h"
#include "place.h"

#include "repair/planning/plan_idmap.h"

enum { MEMBERS, TAGS, SEALS, NOTES };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:uint# mobile:text!");
    world_table(w, "tags", "member:int* word:text*");
    world_table(w, "seals", "seal:bytes*");
    world_table(w, "notes", "note:text");
    world_open(w);
}

static void write_file(const char *text)
{
    FILE *file = fopen("idmap.csv", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static enum mr_code read_map(struct world *w, struct mr_err *err)
{
    return mr_plan_idmap_read("idmap.csv", w->fd, &w->plan, err);
}

#define SIMPLE "table,source_key,target_key\n"
#define PROVEN "table,source_key,target_key,decision,identity_key,digest\n"
#define DIGEST "00112233445566778899aabbccddeeff"
#define KEPT "SELECT tbl, source_key, target_key, is_new, state FROM plan_map ORDER BY 1, 2, 3"

/* A file → what the case knows behind it. */
static void test_taken(void **state)
{
    static const struct {
        const char *what, *text, *kept;
    } cases[] = {
        {"nobody", SIMPLE, ""},
        {"a row that kept its key", SIMPLE "d.members,7,7\n", "d.members 7 7 0 proposed"},
        {"columns in another order, and one that is nobody's",
         "target_key,more,table,source_key\n9,x,d.members,7\n", "d.members 7 9 1 proposed"},
        {"an empty line", SIMPLE "\nd.members,7,9\n\n", "d.members 7 9 1 proposed"},
        {"the ends of a number",
         SIMPLE "d.members,18446744073709551615,1\nd.tags,\"-1,a\",\"0,a\"\n",
         "d.members 18446744073709551615 1 1 proposed; d.tags -1,a 0,a 1 proposed"},
        {"an empty word", SIMPLE "d.tags,\"1,\",\"2,\"\n", "d.tags 1, 2, 1 proposed"},
        {"bytes", SIMPLE "d.seals,00ff,01\n", "d.seals 00ff 01 1 proposed"},
        {"one person became another id", PROVEN "d.members,7,9,renumber,," DIGEST "\n",
         "d.members 7 9 1 applied"},
        {"inserted as he was", PROVEN "d.members,7,7,insert,," DIGEST "\n",
         "d.members 7 7 0 applied"},
        {"was there", PROVEN "d.members,7,9,matched,," DIGEST "\n", "d.members 7 9 0 matched"},
        {"two became one by decision",
         PROVEN "d.members,7,9,merge-into,," DIGEST "\nd.members,8,9,merge-into,," DIGEST "\n",
         "d.members 7 9 1 matched; d.members 8 9 1 matched"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        build(w);
        write_file(cases[i].text);
        if (read_map(w, &w->err) != MR_OK)
            fail_msg("%s: %s", cases[i].what, w->err.message);
        const bool any = strcmp(world_ask(w, "SELECT name FROM sqlite_master WHERE"
                                             " name='plan_map'"),
                                "") != 0;
        const char *got = any ? world_ask(w, KEPT) : "";
        if (strcmp(got, cases[i].kept) != 0)
            fail_msg("%s: %s", cases[i].what, got);
        world_free(w);
    }
}

/* What nobody can mean, or was made by hand: the line and the reason. */
static void test_refused(void **state)
{
    static const struct {
        const char *text, *reason;
        unsigned line;
    } cases[] = {
        {"", "is empty", 0},
        {"table,source_key\n", "there is no column \"target_key\"", 1},
        {"table,source_key,target_key,table\n", "column \"table\" stands twice", 1},
        {"table;source_key;target_key\n", "there is no column \"table\"", 1},
        {"Table,source_key,target_key\n", "there is no column \"table\"", 1},
        /* half of what belongs together */
        {"table,source_key,target_key,decision\n", "there is no column \"identity_key\"", 1},
        {"table,source_key,target_key,source_bytes\n", "there is no column \"target_bytes\"", 1},
        {SIMPLE "d.members,7\n", "2 fields where the header has 3", 2},
        {SIMPLE "d.members,7,9\nd.members,8,9,9\n", "4 fields where the header has 3", 3},
        {SIMPLE "d.others,7,9\n", "table \"d.others\" is not planned", 2},
        {SIMPLE "members,7,9\n", "table \"members\" is not planned", 2},
        {SIMPLE "d.notes,x,x\n", "table \"d.notes\" is not planned", 2}, /* it has no key */
        {SIMPLE "d.members,7,9\nd.members,7,10\n", "key \"7\" of table \"d.members\" of the source",
         3},
        {SIMPLE "d.members,7,9\nd.members,8,9\n", "key \"9\" of table \"d.members\" of the target",
         3},
        /* a key of TARGET is two people's by decision only */
        {PROVEN "d.members,7,9,insert,," DIGEST "\nd.members,8,9,renumber,," DIGEST "\n",
         "key \"9\" of table \"d.members\" of the target", 3},
        {SIMPLE "d.members,,9\n", "\"\" is no key", 2},
        {SIMPLE "d.members,-,9\n", "\"-\" is no key", 2},
        {SIMPLE "d.members, 7,9\n", "\" 7\" is no key", 2},
        {SIMPLE "d.members,+7,9\n", "\"+7\" is no key", 2},
        {SIMPLE "d.members,7 ,9\n", "\"7 \" is no key", 2},
        {SIMPLE "d.members,7.0,9\n", "\"7.0\" is no key", 2},
        {SIMPLE "d.members,1e3,9\n", "\"1e3\" is no key", 2},
        {SIMPLE "d.members,18446744073709551616,9\n", "\"18446744073709551616\" is no key", 2},
        {SIMPLE "d.members,\"7,8\",9\n", "\"7,8\" is no key", 2},
        {SIMPLE "d.tags,7,8\n", "\"7\" is no key", 2},
        {SIMPLE "d.tags,\"7,a,b\",\"8,a\"\n", "\"7,a,b\" is no key", 2}, /* which comma? */
        {SIMPLE "d.seals,0,00\n", "\"0\" is no key", 2},
        {SIMPLE "d.seals,00,FF\n", "\"FF\" is no key", 2},
        {PROVEN "d.members,7,9,skip,," DIGEST "\n", "\"skip\" is no decision", 2},
        {PROVEN "d.members,7,9,insert,,00\n", "\"00\" is no digest", 2},
        {PROVEN "d.members,7,9,insert,,\n", "\"\" is no digest", 2},
        {PROVEN "d.members,7,9,insert,," DIGEST "00\n", "is no digest", 2},
        {PROVEN "d.members,7,9,insert,0g," DIGEST "\n", "\"0g\" is no identity key", 2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char where[48] = "";
        build(w);
        write_file(cases[i].text);
        const enum mr_code code = read_map(w, &w->err);
        if (cases[i].line > 0)
            (void)snprintf(where, sizeof where, "id map \"idmap.csv\", line %u: ", cases[i].line);
        if (code != MR_E_REFUSED || strstr(w->err.message, cases[i].reason) == NULL ||
            strncmp(w->err.message, where, strlen(where)) != 0)
            fail_msg("case %zu: %d: %s", i, (int)code, w->err.message);
        world_free(w);
    }
}

static void add_hex(struct mr_strbuf *out, struct mr_key key)
{
    for (size_t i = 0; i < key.len; i++)
        mr_strbuf_add_fmt(out, "%02x", ((const unsigned char *)key.ptr)[i]);
}

/* A key whose text is not clear is told by its bytes, and both must say the same. */
static void test_bytes(void **state)
{
    static const struct {
        const char *text, *row; /* row: whose bytes it has */
        const char *end;        /* behind the bytes */
        const char *kept;       /* NULL: it is refused */
    } cases[] = {
        {"7,a", "7|a", "", "7,a"}, {"7,a,b", "7|a,b", "", "7,a,b"},
        {"7,a", "8|a", "", NULL}, /* somebody has changed the text */
        {"7,a", "7|A", "", NULL},  {"7,a", "7|a", "00", NULL},
        {"7,a", "7|a", "0", NULL}, {"7,a", "7|a", "zz", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        struct mr_strbuf text = MR_STRBUF_INIT;
        build(w);
        mr_strbuf_add_fmt(&text,
                          "table,source_key,target_key,decision,identity_key,digest,"
                          "source_bytes,target_bytes\nd.tags,\"%s\",\"1,z\",insert,," DIGEST ",",
                          cases[i].text);
        add_hex(&text, world_key(w, TAGS, cases[i].row));
        mr_strbuf_add_fmt(&text, "%s,", cases[i].end);
        add_hex(&text, world_key(w, TAGS, "1|z"));
        mr_strbuf_add_str(&text, "\n");
        write_file(text.ptr);
        if (cases[i].kept == NULL)
            world_refuse(w, read_map(w, &w->err), MR_E_REFUSED, "is not what its bytes say");
        else
            world_run(w, read_map(w, &w->err));
        if (cases[i].kept != NULL)
            world_expect(w, "SELECT source_key FROM plan_map", cases[i].kept);
        if (cases[i].kept != NULL) /* a later plan looks at the row, though no run finds it */
            world_expect(w, "SELECT tbl, key FROM plan_row",
                         i == 0 ? "d.tags 7,a" : "d.tags 7,a,b");
        mr_strbuf_release(&text);
        world_free(w);
    }
}

/* The digest, by which a later plan knows whether the row is still as it was planned. */
static void test_digest(void **state)
{
    const struct mr_digest digest = {.hi = 0x0011223344556677, .lo = 0x8899aabbccddeeff};
    struct world *w = calloc(1, sizeof *w);
    bool same = false;
    (void)state;
    build(w);
    write_file(PROVEN "d.members,7,9,renumber,," DIGEST "\n");
    world_run(w, read_map(w, &w->err));
    world_run(w, MR_CASE_HAS(w->m.cf, "SELECT 1 FROM plan_map WHERE digest=:digest", &same, &w->err,
                             MR_ARG_BLOB("digest", &digest, sizeof digest)));
    assert_true(same);
    world_free(w);
}

/* A copy that broke off is not taken for the whole. */
static void test_cut_off(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    write_file(SIMPLE "d.members,7,9\nd.members,8,1");
    world_refuse(w, read_map(w, &w->err), MR_E_REFUSED,
                 "\"idmap.csv\", line 3: the last line is cut off");
    world_free(w);
}

static void test_no_file(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    assert_int_not_equal(mr_plan_idmap_read("none.csv", w->fd, &w->plan, &w->err), MR_OK);
    assert_non_null(strstr(w->err.message, "none.csv"));
    world_free(w);
}

static void build_two(struct world *w)
{
    build(w);
    write_file(PROVEN "d.members,7,9,renumber,," DIGEST "\nd.members,8,8,insert,," DIGEST "\n");
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_two, read_map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_taken, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_refused, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_bytes, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_digest, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_cut_off, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_no_file, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_failures, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
