/* test_create_true.c: members and defaults that SHOW CREATE TABLE prints as "?" are learned from the
 * rows, and what nobody tells is named instead of kept wrong. */
#include "create_world.h"
#include "snapshot/create/create_true.h"
#include "snapshot/create/create_zone.h"

static const char *zone_reason;

enum mr_code __wrap_mr_create_zone_ask(struct mr_create *c, const struct mr_create_table *t,
                                       const struct mr_column *col, const char **reason,
                                       struct mr_err *err);
enum mr_code __wrap_mr_create_zone_ask(struct mr_create *c, const struct mr_create_table *t,
                                       const struct mr_column *col, const char **reason,
                                       struct mr_err *err)
{
    (void)c, (void)t, (void)col, (void)err;
    if (zone_reason != NULL)
        *reason = zone_reason;
    return MR_OK;
}

enum mr_code __wrap_mr_create_zone_ask_index(struct mr_create *c, const struct mr_create_table *t,
                                             const struct mr_index *index, const char **reason,
                                             struct mr_err *err);
enum mr_code __wrap_mr_create_zone_ask_index(struct mr_create *c, const struct mr_create_table *t,
                                             const struct mr_index *index, const char **reason,
                                             struct mr_err *err)
{
    (void)c, (void)t, (void)err;
    if (zone_reason != NULL && strcmp(index->name, "PRIMARY") != 0)
        *reason = zone_reason;
    return MR_OK;
}

#define ENUM(t, set)                                                                               \
    .name = "o`dd", .type = (t), .cls = MR_CLASS_ENUM, .charset = "utf8mb4", .is_set = (set)
#define TEXT(c, d)                                                                                 \
    .name = "o`dd", .type = "varchar(9)", .cls = MR_CLASS_TEXT, .charset = (c), .default_text = (d)

struct one {
    const char *what;
    struct mr_column column;
    enum mr_flavour flavour;
    struct world_answer members, preset;
    enum mr_code code;
    const char *type, *default_text; /* then; NULL: as they are printed */
    const char *unknown;             /* part of it */
    unsigned asked;
};

#define ROWS(text)                                                                                 \
    {                                                                                              \
        .has = "SELECT DISTINCT", .rows = (text)                                                   \
    }
#define NONE                                                                                       \
    {                                                                                              \
        .has = "-"                                                                                 \
    }
#define MARIADB MR_FLAVOUR_MARIADB
#define GRIN "\xF0\x9F\x98\x80"
#define SAD "\xF0\x9F\x98\xA2"

static const struct one cases[] = {
    {"nothing doubtful",
     {ENUM("enum('a','b')", false)},
     MARIADB,
     NONE,
     NONE,
     MR_OK,
     NULL,
     NULL,
     NULL,
     0},
    {"a charset of three bytes",
     {.name = "c", .type = "enum('?')", .cls = MR_CLASS_ENUM, .charset = "utf8mb3"},
     MARIADB,
     NONE,
     NONE,
     MR_OK,
     NULL,
     NULL,
     NULL,
     0},
    {"an ENUM's members, by number",
     {ENUM("enum('?','b','?')", false)},
     MARIADB,
     ROWS("3|" SAD "\n1|" GRIN),
     NONE,
     MR_OK,
     "enum('" GRIN "','b','" SAD "')",
     NULL,
     NULL,
     1},
    {"a real question mark",
     {ENUM("enum('?')", false)},
     MARIADB,
     ROWS("1|?"),
     NONE,
     MR_OK,
     NULL,
     NULL,
     NULL,
     1},
    {"the number 0 is none of them",
     {ENUM("enum('?')", false)},
     MARIADB,
     ROWS("0|"),
     NONE,
     MR_OK,
     NULL,
     NULL,
     "member 1 as \"?\"",
     1},
    {"beyond the last",
     {ENUM("enum('?')", false)},
     MARIADB,
     ROWS("1|" GRIN "\n2|x\n18446744073709551615|y"),
     NONE,
     MR_OK,
     "enum('" GRIN "')",
     NULL,
     NULL,
     1},
    {"one that no row has",
     {ENUM("enum('?','b?','c')", false)},
     MARIADB,
     ROWS("1|" GRIN),
     NONE,
     MR_OK,
     "enum('" GRIN "','b?','c')",
     NULL,
     "member 2 as \"b?\"",
     1},
    {"an empty table",
     {ENUM("enum('a','?')", false)},
     MARIADB,
     ROWS(""),
     NONE,
     MR_OK,
     NULL,
     NULL,
     "member 2",
     1},
    {"quotes",
     {ENUM("enum('it''s ?')", false)},
     MARIADB,
     ROWS("1|it's " GRIN),
     NONE,
     MR_OK,
     "enum('it''s " GRIN "')",
     NULL,
     NULL,
     1},
    {"a SET's, by bits",
     {ENUM("set('?','b','?')", true)},
     MARIADB,
     ROWS("0|\n5|" GRIN "," SAD),
     NONE,
     MR_OK,
     "set('" GRIN "','b','" SAD "')",
     NULL,
     NULL,
     1},
    {"what is printed plainly stays",
     {ENUM("set('?','b')", true)},
     MARIADB,
     ROWS("3|" GRIN ",wrong"),
     NONE,
     MR_OK,
     "set('" GRIN "','b')",
     NULL,
     NULL,
     1},
    {"it may not be asked",
     {ENUM("enum('?')", false)},
     MARIADB,
     {.has = "SELECT DISTINCT", .code = MR_E_DENIED, .number = 1142},
     NONE,
     MR_OK,
     NULL,
     NULL,
     "member 1",
     1},
    {"lost",
     {ENUM("enum('?')", false)},
     MARIADB,
     {.has = "SELECT DISTINCT", .code = MR_E_LOST},
     NONE,
     MR_E_LOST,
     NULL,
     NULL,
     NULL,
     1},
    {"a default",
     {TEXT("utf8mb4", "'?'")},
     MARIADB,
     NONE,
     {.has = "DEFAULT(`o``dd`)", .text = GRIN},
     MR_OK,
     NULL,
     GRIN,
     NULL,
     1},
    {"a default of MySQL is printed",
     {TEXT("utf8mb4", "'?'")},
     MR_FLAVOUR_MYSQL,
     NONE,
     NONE,
     MR_OK,
     NULL,
     NULL,
     NULL,
     0},
    {"a default of latin1",
     {TEXT("latin1", "'?'")},
     MARIADB,
     NONE,
     NONE,
     MR_OK,
     NULL,
     NULL,
     NULL,
     0},
    {"a default that is not told",
     {TEXT("utf8mb4", "'?'")},
     MARIADB,
     NONE,
     {.has = "DEFAULT(", .code = MR_E_SQL, .number = 1364},
     MR_OK,
     NULL,
     NULL,
     "prints its default with a \"?\"",
     1},
    {"lost at the default",
     {TEXT("utf8mb4", "'?'")},
     MARIADB,
     NONE,
     {.has = "DEFAULT(", .code = MR_E_LOST},
     MR_E_LOST,
     NULL,
     NULL,
     NULL,
     1},
};

static struct mr_snap_column columns[2];

static struct mr_create_table *begin(const struct one *c, struct mr_table *table)
{
    struct world_answer script[] = {c->members, c->preset};
    static struct world_answer kept[2];
    memcpy(kept, script, sizeof kept);
    *table = (struct mr_table){
        .db = "d", .name = "t`t", .engine = "InnoDB", .columns = &c->column, .ncolumns = 1};
    world_begin(kept, LEN(kept));
    world.server.flavour = c->flavour;
    create_begin();
    struct mr_create_table *t = create_table(table, 0);
    columns[0] = (struct mr_snap_column){.name = c->column.name, .type = c->column.type};
    t->snap.columns = columns;
    t->snap.ncolumns = 1;
    t->create = "CREATE TABLE `t``t` (\n  `o``dd` enum('?') NOT NULL\n)";
    zone_reason = NULL;
    return t;
}

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        struct mr_table table;
        struct mr_err err = {0};
        struct mr_create_table *t = begin(c, &table);
        enum mr_code code = mr_create_true_read(&create.c, t, &err);
        const struct mr_create_true *got =
            t->ntrues > 0 ? &t->trues[0] : &(struct mr_create_true){0};
        if (code != c->code || world.asked != c->asked || !same(got->column.type, c->type) ||
            !same(got->column.preset, c->default_text) ||
            (code == MR_OK && (got->unknown != NULL) != (c->unknown != NULL)) ||
            (c->unknown != NULL && strstr(got->unknown, c->unknown) == NULL))
            fail_msg("%s: %s; %s; %s; %s", c->what, got->column.type, got->column.preset,
                     got->unknown, err.message);
        if (code == MR_OK)
            assert_string_equal(columns[0].type, c->type != NULL ? c->type : c->column.type);
        if (c->asked > 0)
            assert_true(world_has("FROM `d`.`t``t` WHERE") || world_has("LEFT JOIN `d`.`t``t`"));
        create_end();
        world_end();
    }
}

/* The text is put right, and what stays unknown is named once, by its column or index. */
static void test_text(void **state)
{
    static const struct mr_index indexes[] = {{.name = "PRIMARY"}, {.name = "by_day"}};
    const char *text = NULL;
    struct mr_table table;
    struct mr_err err = {0};
    (void)state;
    struct mr_create_table *t = begin(&cases[2], &table);
    assert_int_equal(mr_create_true_read(&create.c, t, &err), MR_OK);
    assert_int_equal(mr_create_true_text(&create.c, t, &text, &err), MR_OK);
    assert_string_equal(text, "CREATE TABLE `t``t` (\n  `o``dd` enum('" GRIN "','b','" SAD
                              "') NOT NULL\n)");
    assert_string_equal(create_left_out(), "");
    create_end();
    world_end();
    t = begin(&cases[0], &table);
    table.indexes = indexes;
    table.nindexes = LEN(indexes);
    zone_reason = "others in UTC";
    assert_int_equal(mr_create_true_read(&create.c, t, &err), MR_OK);
    assert_int_equal(mr_create_true_text(&create.c, t, &text, &err), MR_OK);
    assert_ptr_equal(text, t->create);
    assert_string_equal(create_left_out(), "column d.t`t.o`dd: others in UTC\n"
                                           "index d.t`t.by_day: others in UTC\n");
    create_end();
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_text)};
    return cmocka_run_group_tests_name("create_true", tests, NULL, NULL);
}
