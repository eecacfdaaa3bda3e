/* test_create_zone.c: of which generated columns and indexes the rows are asked whether UTC makes
 * other values of them, and that no answer counts as yes. */
#include "create_world.h"
#include "snapshot/create/create_zone.h"

#define COLUMN(n, t)                                                                               \
    {                                                                                              \
        .name = (n), .type = (t), .data_type = (t), .cls = MR_CLASS_DATETIME                       \
    }
#define GENERATED(n, text, is_stored)                                                              \
    {                                                                                              \
        .name = (n), .type = "date", .data_type = "date", .cls = MR_CLASS_DATE, .generated = true, \
        .generated_stored = (is_stored), .generation_expr = (text), .generation_sql = (text)       \
    }

static const struct mr_column columns[] = {COLUMN("id", "int"),
                                           COLUMN("t`s", "timestamp"),
                                           COLUMN("dt", "datetime"),
                                           GENERATED("day", "cast(`t``s` as date)", true),
                                           GENERATED("virtual", "cast(`t``s` as date)", false),
                                           GENERATED("of_dt", "cast(`dt` as date)", true),
                                           GENERATED("over_day", "`DAY` + 1", true),
                                           GENERATED("by_function", "from_unixtime(`id`)", true),
                                           GENERATED("in_text", "'`t``s` from_unixtime('", true),
                                           GENERATED("loop", "`loop`", true)};

static const struct mr_index_part id_part[] = {{.column = "id"}},
                                  virtual_part[] = {{.column = "virtual"}},
                                  prefix_part[] = {{.column = "virtual", .prefix_len = 3}},
                                  expressed_part[] = {{.expression = "cast(`t``s` as date)"}},
                                  plain_part[] = {{.expression = "(`id` + 1)"}};
#define INDEX(n, p)                                                                                \
    {                                                                                              \
        .name = (n), .usable = true, .kind = "BTREE", .parts = (p), .nparts = 1                    \
    }
static const struct mr_index primary[] = {INDEX("PRIMARY", id_part)};
static const struct mr_index by_virtual[] = {INDEX("PRIMARY", id_part), INDEX("b`v", virtual_part)};
static const struct mr_index by_prefix[] = {INDEX("PRIMARY", id_part), INDEX("b`v", prefix_part)};
static const struct mr_index keyless[] = {INDEX("b`v", virtual_part)};

static const char in_rows[] = "SELECT COUNT(*) FROM (SELECT 1 FROM `d`.`t` LIMIT 1) AS one\n";
static const char in_index[] =
    "SELECT COUNT(*) FROM (SELECT 1 FROM `d`.`t` AS i FORCE INDEX (`b``v`) STRAIGHT_JOIN "
    "`d`.`t` AS b FORCE INDEX (PRIMARY) ON i.`id` = b.`id` WHERE NOT (i.`virtual` <=> "
    "b.`virtual`) LIMIT 1) AS one\n";

struct one {
    const char *what;
    size_t column;
    const struct mr_index *indexes;
    size_t nindexes;
    const char *engine;
    struct world_answer answer;
    enum mr_code code;
    const char *sent, *reason; /* part of it; NULL: none */
};

#define SAYS(n)                                                                                    \
    {                                                                                              \
        .has = "SELECT COUNT", .text = (n)                                                         \
    }
#define OF_DAY                                                                                     \
    "SELECT COUNT(*) FROM (SELECT 1 FROM `d`.`t` WHERE NOT (`day` <=> (cast(`t``s` as "            \
    "date))) LIMIT 1) AS one\n"

static const struct one cases[] = {
    {"not generated", 1, primary, 1, "InnoDB", SAYS("1"), MR_OK, "", NULL},
    {"stored, the same", 3, primary, 1, "InnoDB", SAYS("0"), MR_OK, OF_DAY, NULL},
    {"stored, another one", 3, primary, 1, "InnoDB", SAYS("1"), MR_OK, OF_DAY, "rows hold other"},
    {"it may not be asked",
     3,
     primary,
     1,
     "InnoDB",
     {.has = "SELECT COUNT", .code = MR_E_DENIED},
     MR_OK,
     OF_DAY,
     "rows hold other"},
    {"it takes too long",
     3,
     primary,
     1,
     "InnoDB",
     {.has = "SELECT COUNT", .code = MR_E_TIMEOUT},
     MR_OK,
     OF_DAY,
     "rows hold other"},
    {"lost",
     3,
     primary,
     1,
     "InnoDB",
     {.has = "SELECT COUNT", .code = MR_E_LOST},
     MR_E_LOST,
     OF_DAY,
     NULL},
    {"virtual, in no index", 4, primary, 1, "InnoDB", SAYS("1"), MR_OK, "", NULL},
    {"virtual, in an index", 4, by_virtual, 2, "InnoDB", SAYS("1"), MR_OK, in_index,
     "its index holds"},
    {"the index has the same", 4, by_virtual, 2, "InnoDB", SAYS("0"), MR_OK, in_index, NULL},
    {"a prefix cannot be read", 4, by_prefix, 2, "InnoDB", SAYS("1"), MR_OK, in_rows,
     "its index holds"},
    {"nor without a key", 4, keyless, 1, "InnoDB", SAYS("1"), MR_OK, in_rows, "its index holds"},
    {"nor of another engine", 4, by_virtual, 2, "Aria", SAYS("1"), MR_OK, in_rows,
     "its index holds"},
    {"an empty table", 4, by_virtual, 2, "Aria", SAYS("0"), MR_OK, in_rows, NULL},
    {"of a DATETIME", 5, primary, 1, "InnoDB", SAYS("1"), MR_OK, "", NULL},
    {"by another one, in other letters", 6, primary, 1, "InnoDB", SAYS("1"), MR_OK, NULL,
     "rows hold other"},
    {"by a function", 7, primary, 1, "InnoDB", SAYS("1"), MR_OK, NULL, "rows hold other"},
    {"a name in a text", 8, primary, 1, "InnoDB", SAYS("1"), MR_OK, "", NULL},
    {"of itself", 9, primary, 1, "InnoDB", SAYS("1"), MR_OK, "", NULL},
};

static struct mr_create_table *begin(const struct world_answer *script, struct mr_table *table)
{
    world_begin(script, 1);
    create_begin();
    return create_table(table, 1);
}

static void test_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        struct mr_table table = {.db = "d",
                                 .name = "t",
                                 .engine = c->engine,
                                 .columns = columns,
                                 .ncolumns = LEN(columns),
                                 .indexes = c->indexes,
                                 .nindexes = c->nindexes};
        struct mr_err err = {0};
        const char *reason = NULL;
        struct mr_create_table *t = begin(&c->answer, &table);
        enum mr_code code = mr_create_zone_ask(&create.c, t, &columns[c->column], &reason, &err);
        if (code != c->code || err.code != code ||
            (c->sent != NULL && strcmp(world_sent(), c->sent) != 0) ||
            (reason != NULL) != (c->reason != NULL) ||
            (reason != NULL && strncmp(reason, c->reason, strlen(c->reason)) != 0))
            fail_msg("%s: %s; %s", c->what, world_sent(), reason);
        create_end();
        world_end();
    }
}

static void test_indexes(void **state)
{
    static const struct {
        const struct mr_index_part *parts;
        struct world_answer answer;
        enum mr_code code;
        bool named;
    } rows[] = {{expressed_part, SAYS("1"), MR_OK, true},
                {expressed_part, SAYS("0"), MR_OK, false},
                {expressed_part, {.has = "SELECT", .code = MR_E_SQL}, MR_OK, true},
                {expressed_part, {.has = "SELECT", .code = MR_E_CANCELLED}, MR_E_CANCELLED, false},
                {plain_part, SAYS("1"), MR_OK, false},
                {virtual_part, SAYS("1"), MR_OK, false}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_table table = {.db = "d",
                                 .name = "t",
                                 .engine = "InnoDB",
                                 .columns = columns,
                                 .ncolumns = LEN(columns)};
        const struct mr_index index = {.name = "x", .parts = rows[i].parts, .nparts = 1};
        const char *reason = NULL;
        struct mr_create_table *t = begin(&rows[i].answer, &table);
        assert_int_equal(mr_create_zone_ask_index(&create.c, t, &index, &reason, NULL),
                         rows[i].code);
        assert_int_equal(reason != NULL, rows[i].named);
        create_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_indexes)};
    return cmocka_run_group_tests_name("create_zone", tests, NULL, NULL);
}
