/* test_merge_obstacle.c: what keeps a row from being written, by itself. */
#include "merge_world.h"

#include "repair/merge/merge_obstacle.h"

/* members: counted, the mobile unique on TARGET as identity; tags: a key of words;
 * notes: no key. */
enum { MEMBERS, TAGS, NOTES };

static void build(struct world *w)
{
    world_begin(w);
    world_table(w, "members", "id:int# mobile:text! mail:text?");
    world_table(w, "tags", "word:text* member:int");
    world_table(w, "notes", "note:text");
    world_reference(w, TAGS, "member", MEMBERS, "id");
    world_unique(w, MEMBERS, "mobile", "mobile")->is_identity = true;
    world_unique(w, MEMBERS, "mail", "mail");
    world_open(w);
    w->tables[MEMBERS].columns[MR_TARGET][1].type = "varchar(10)";
    world_target(w, MEMBERS, "3|X|Taken@x");
}

/* A row that TARGET lacks: what is known of it → what is in its way. */
static void test_one(void **state)
{
    const struct {
        size_t table;
        const char *row, *set, *mark, *expected; /* own, other, detail */
    } cases[] = {
        {MEMBERS, "9|a|NULL", "grp='lost'", NULL, "- - -"},
        {MEMBERS, "9|a|NULL", "grp='maybe'", NULL, "deleted-or-lost - -"},
        {MEMBERS, "9|a|NULL", "grp='gone'", NULL, "deleted-on-live - -"},
        {MEMBERS, "9|a|NULL", "grp='doubt'", NULL, "past-or-lost - -"},
        {MEMBERS, "9|a|NULL", "grp='doubt'", "restored) VALUES (1, 1", "- - -"},
        {MEMBERS, "9|a|NULL", "grp='lost'", "gone) VALUES (1, 1", "deleted-since - -"},
        {MEMBERS, "9|a|NULL", "grp='lost', crosses=1", NULL, "identity-crosses-base - -"},
        /* a unique index keeps them apart, whatever a person says */
        {MEMBERS, "9|a|NULL", "grp='lost', ambiguous=1", "restored) VALUES (1, 1", "duplicate - -"},
        {TAGS, "w|1", "grp='lost', ambiguous=1", "restored) VALUES (1, 1", "- - -"},
        {MEMBERS, "9|a|NULL", "grp='lost', below=1", NULL, "parent-differs - -"},
        {MEMBERS, "9|a|NULL", "grp='lost', below=1", "restored) VALUES (1, 1", "- - -"},
        {MEMBERS, "9|a|NULL", "grp='lost', disagrees=1", "restored) VALUES (1, 1",
         "references-disagree - -"},
        /* who has its mail on TARGET, as the collation compares it; a NULL meets nobody */
        {MEMBERS, "9|a|tAKEN@X ", "grp='lost'", NULL, "unique 3 mail"},
        {MEMBERS, "9|a|", "grp='lost'", NULL, "- - -"},
        /* the matcher has asked for the identity, but of what was deleted on the live side */
        {MEMBERS, "9|x|NULL", "grp='gone'", "restored) VALUES (1, 1", "unique 3 mobile"},
        {MEMBERS, "9|x|NULL", "grp='lost'", NULL, "- - -"},
        /* a longer value than TARGET's column takes comes before who else has it */
        {MEMBERS, "9|123456789012345678901|taken@x", "grp='lost'", NULL,
         "does-not-fit - mobile: 21 characters, varchar(10) holds 10"},
        /* nothing gives another name */
        {TAGS, "w|1", "grp='lost', taken=x'4e'", NULL, "key-taken NULL -"},
        {TAGS, "w|1", "grp='lost', traced=1", NULL, "key-taken - -"},
        {TAGS, "w|1", "grp='lost', traced=1", "restored) VALUES (1, 1", "- - -"},
        {TAGS, "w|1", "grp='maybe', taken=x'4e'", "restored) VALUES (1, 1", "- - -"},
        {MEMBERS, "9|a|NULL", "grp='lost', taken=x'4e'", NULL, "- - -"},
        /* TARGET takes it for another one that it has */
        {TAGS, "w|1", "grp='maybe', namesake=1, taken=x'4e'", "restored) VALUES (1, 1",
         "duplicate NULL -"},
        {MEMBERS, "9|a|NULL", "grp='lost', namesake=1, taken=x'4e'", NULL, "- - -"},
        {NOTES, "x", "grp='lost', taken=x'4e'", NULL, "- - -"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct world *w = calloc(1, sizeof *w);
        char sql[96];
        build(w);
        world_row(w, 1, cases[i].table, cases[i].row, NULL, cases[i].set);
        (void)snprintf(sql, sizeof sql, "INSERT INTO mark (id, %s)", cases[i].mark);
        if (cases[i].mark != NULL)
            world_sql(w, sql);
        world_run(w, mr_merge_obstacles(&w->m, cases[i].table, 1, &w->err));
        if (strcmp(world_ask(w, "SELECT own, other, detail FROM m"), cases[i].expected) != 0)
            fail_msg("case %zu: %s", i, w->text.ptr);
        world_free(w);
    }
}

/* It points at nobody on SOURCE, and would be somebody's on TARGET. */
static void test_attaches(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, TAGS, "v|3", NULL, "grp='lost'");
    world_row(w, 2, TAGS, "w|4", NULL, "grp='lost'");
    world_link(w, 1, 0, MR_LINK_NOBODY);
    world_link(w, 2, 0, MR_LINK_NOBODY);
    world_sql(w, "UPDATE link SET live=x'4e' WHERE child=1");
    world_run(w, mr_merge_obstacles(&w->m, TAGS, 1, &w->err));
    world_expect(w, "SELECT own FROM m ORDER BY id", "orphan-would-attach; -");
    world_free(w);
}

/* Two rows that become one key, as TARGET compares it; not with one that TARGET has already. */
static void test_twins(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, TAGS, "v|3", NULL, "grp='lost', canon=x'61'");
    world_row(w, 2, TAGS, "w|4", NULL, "grp='lost', canon=x'61'");
    world_row(w, 3, TAGS, "x|4", NULL, "grp='lost', canon=x'62'");
    world_row(w, 4, TAGS, "y|4", "y|4", "grp='base', canon=x'62'");
    world_run(w, mr_merge_obstacles(&w->m, TAGS, 1, &w->err));
    world_expect(w, "SELECT own FROM m ORDER BY id", "key-taken; key-taken; -; -");
    world_free(w);
}

/* A row that is there has nothing in its way, whatever else is known of it; one that is left
 * out is not asked about its values. */
static void test_left_alone(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    (void)state;
    build(w);
    world_row(w, 1, MEMBERS, "9|a|taken@x", "9|a|NULL", "grp='lost', crosses=1, below=1");
    world_row(w, 2, MEMBERS, "8|b|taken@x", NULL, "grp='lost'");
    world_sql(w, "INSERT INTO mark (id, skip) VALUES (2, 1)");
    world_run(w, mr_merge_obstacles(&w->m, MEMBERS, 1, &w->err));
    world_expect(w, "SELECT own, rival FROM m ORDER BY id", "- 0; - 0");
    world_free(w);
}

static void build_few(struct world *w)
{
    build(w);
    world_row(w, 1, MEMBERS, "9|a|taken@x", NULL, "grp='lost'");
    world_row(w, 2, MEMBERS, "8|123456789012345678901|taken@x", NULL, "grp='lost'");
    world_row(w, 3, MEMBERS, "7|c|NULL", NULL, "grp='gone'");
    world_row(w, 4, TAGS, "w|1", NULL, "grp='lost', taken=x'4e'");
}

static enum mr_code work(struct world *w, struct mr_err *err)
{
    return mr_merge_obstacles(&w->m, MEMBERS, 3, err);
}

static void test_failures(void **state)
{
    (void)state;
    world_each_failure(build_few, work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),      cmocka_unit_test(test_attaches),
        cmocka_unit_test(test_twins),    cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
