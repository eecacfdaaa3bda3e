/* test_snap_objects.c: objects as SHOW CREATE tells them become files, in an order in which they can
 * be made; what cannot be seen, or could not be run as it stands, is named and never kept. */
#include "create_world.h"
#include "snapshot/format/snap_schema.h"

static unsigned hidden; /* kinds of objects (enum mr_hidden) */
static bool lists = true;

unsigned __wrap_mr_grants_hidden(const struct mr_grants *grants, const struct mr_server *server,
                                 const char *db);
unsigned __wrap_mr_grants_hidden(const struct mr_grants *grants, const struct mr_server *server,
                                 const char *db)
{
    (void)grants, (void)server, (void)db;
    return hidden;
}

bool __wrap_mr_grants_lists_tables(const struct mr_grants *grants, const char *db);
bool __wrap_mr_grants_lists_tables(const struct mr_grants *grants, const char *db)
{
    (void)grants, (void)db;
    return lists;
}

bool __wrap_mr_grants_lists_dbs(const struct mr_grants *grants);
bool __wrap_mr_grants_lists_dbs(const struct mr_grants *grants)
{
    (void)grants;
    return lists;
}

void __wrap_mr_grants_needed(struct mr_strbuf *out, const struct mr_grants *grants,
                             const struct mr_server *server, enum mr_hidden kind, const char *db);
void __wrap_mr_grants_needed(struct mr_strbuf *out, const struct mr_grants *grants,
                             const struct mr_server *server, enum mr_hidden kind, const char *db)
{
    (void)grants, (void)server, (void)kind;
    mr_strbuf_add_fmt(out, "GRANT ON %s", db);
}

void __wrap_mr_grants_needed_names(struct mr_strbuf *out, const struct mr_grants *grants,
                                   const char *db);
void __wrap_mr_grants_needed_names(struct mr_strbuf *out, const struct mr_grants *grants,
                                   const char *db)
{
    (void)grants;
    mr_strbuf_add_fmt(out, "GRANT NAMES %s", db != NULL ? db : "*");
}

const char *__wrap_mr_grants_account(const struct mr_grants *grants);
const char *__wrap_mr_grants_account(const struct mr_grants *grants)
{
    (void)grants;
    return "'r'@'h'";
}

/* ---- a server ---- */

static const struct mr_database dbs[] = {{"club", "utf8mb4", "utf8mb4_bin"}};
static const struct mr_object objects[] = {
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "nightly"},
    {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure ti`dy"},
    {.kind = MR_OBJECT_SEQUENCE, .db = "club", .name = "ids"},
    {.kind = MR_OBJECT_VIEW, .db = "club", .name = "a", .definition = "select 1 from `club`.`b`"},
    {.kind = MR_OBJECT_VIEW, .db = "club", .name = "b", .definition = "select 1 from `far`.`x`"}};
static const struct mr_trigger triggers[] = {
    {.name = "late", .timing = "BEFORE", .event = "INSERT", .order = 2},
    {.name = "early", .timing = "BEFORE", .event = "INSERT", .order = 1},
    {.name = "after", .timing = "AFTER", .event = "INSERT", .order = 1}};
static const struct mr_table tables[] = {
    {.db = "club", .name = "members", .triggers = triggers, .ntriggers = LEN(triggers)}};

#define EVENT                                                                                      \
    {                                                                                              \
        .has = "SHOW CREATE EVENT `nightly`",                                                      \
        .names =                                                                                   \
            "Event|sql_mode|time_zone|Create Event|character_set_client|collation_connection|"     \
            "Database Collation",                                                                  \
        .rows =                                                                                    \
            "nightly|ANSI,NO_AUTO_CREATE_USER|+02:00|CREATE EVENT \"nightly\" ON SCHEDULE EVERY "  \
            "1 DAY DO DELETE FROM t|utf8mb4|utf8mb4_bin|latin1_bin"                                \
    }
#define PROCEDURE                                                                                  \
    {                                                                                              \
        .has = "SHOW CREATE PROCEDURE `ti``dy`", .names = "Procedure|sql_mode|Create Procedure",   \
        .rows = "ti`dy|NO_AUTO_CREATE_USER|CREATE PROCEDURE `ti``dy`() SELECT 1"                   \
    }
#define SEQUENCE                                                                                   \
    {                                                                                              \
        .has = "SHOW CREATE SEQUENCE `ids`", .names = "Table|Create Table",                        \
        .rows = "ids|CREATE SEQUENCE `ids` start with 1"                                           \
    }
#define NEXT                                                                                       \
    {                                                                                              \
        .has = "next_not_cached_value", .text = "18446744073709551615"                             \
    }
#define COLUMNS                                                                                    \
    {                                                                                              \
        .has = "information_schema.COLUMNS", .rows = "o`ne\ntwo"                                   \
    }
#define VIEW_A                                                                                     \
    {                                                                                              \
        .has = "SHOW CREATE VIEW `a`", .names = "View|Create View",                                \
        .rows = "a|CREATE VIEW `a` AS select 1 AS `one` from `b`"                                  \
    }
#define VIEW_B                                                                                     \
    {                                                                                              \
        .has = "SHOW CREATE VIEW `b`", .names = "View|Create View",                                \
        .rows = "b|CREATE VIEW `b` AS select 1 AS `one` from `far`.`x`"                            \
    }
#define TRIGGER(n)                                                                                 \
    {                                                                                              \
        .has = "SHOW CREATE TRIGGER `" n "`", .names = "Trigger|sql_mode|SQL Original Statement",  \
        .rows =                                                                                    \
            n "||CREATE TRIGGER `" n "` BEFORE INSERT ON `members` FOR EACH ROW SET NEW.id = 1"    \
    }

static const struct world_answer fine[] = {
    EVENT,           PROCEDURE,        SEQUENCE,        NEXT, COLUMNS, VIEW_A, VIEW_B,
    TRIGGER("late"), TRIGGER("early"), TRIGGER("after")};

static void begin(const struct world_answer *script, size_t count)
{
    static char grants;
    world_begin(script, count);
    create_begin();
    create_place();
    create_dir(create.place);
    create.cat.dbs = dbs;
    create.cat.ndbs = 1;
    create.cat.objects = objects;
    create.cat.nobjects = LEN(objects);
    create.cat.tables = tables;
    create.cat.ntables = 1;
    create.c.schema.grants = (const struct mr_grants *)(const void *)&grants;
    hidden = 0;
    lists = true;
}

static void end(void)
{
    char place[64];
    (void)snprintf(place, sizeof place, "%s", create.place);
    create_end();
    create_place_remove(place);
    world_end();
}

/* What a file holds. */
static const char *content(const char *name)
{
    static char text[2048];
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", mr_snap_dir_partial(create.c.dir), name);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return "";
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    return text;
}

static const struct mr_snap_object *kept(const char *name)
{
    static const struct mr_snap_object none;
    for (size_t i = 0; i < create.c.schema.objects.count; i++) {
        const struct mr_snap_object *o = mr_vec_at(&create.c.schema.objects, i);
        if (strcmp(o->name, name) == 0)
            return o;
    }
    return &none;
}

/* Names in the order in which they are made. */
static const char *order(void)
{
    static char text[256];
    size_t len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < create.c.schema.objects.count && len < sizeof text; i++)
        len += (size_t)snprintf(
            text + len, sizeof text - len, "%s ",
            ((const struct mr_snap_object *)mr_vec_at(&create.c.schema.objects, i))->name);
    return text;
}

static void test_all(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin(fine, LEN(fine));
    if (mr_snap_schema_objects(&create.c.schema, &err) != MR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(create_left_out(), "");
    /* b before a, which names it; triggers as they fire */
    assert_string_equal(order(), "club nightly procedure ti`dy ids b a after early late ");
    const struct mr_snap_object *event = kept("nightly");
    assert_string_equal(event->sql_mode, "ANSI"); /* what no other server knows is gone */
    assert_string_equal(event->value, "+02:00");
    assert_string_equal(event->collation, "utf8mb4_bin");
    assert_string_equal(event->db_collation, "latin1_bin");
    assert_string_equal(kept("procedure ti`dy")->sql_mode, "");
    assert_string_equal(kept("ids")->value, "18446744073709551615");
    assert_string_equal(kept("late")->table, "members");
    assert_int_equal(kept("a")->ncolumns, 2);
    assert_string_equal(kept("a")->columns[0], "o`ne");
    assert_false(kept("a")->lacks);
    assert_true(kept("b")->lacks); /* it reads from what is not kept */
    assert_non_null(strstr(content(kept("club")->file), "CREATE DATABASE IF NOT EXISTS `club` "
                                                        "CHARACTER SET utf8mb4 COLLATE "
                                                        "utf8mb4_bin"));
    assert_non_null(
        strstr(content(kept("procedure ti`dy")->file), "PROCEDURE `ti``dy`() SELECT 1"));
    assert_int_equal(create.c.schema.files.count, create.c.schema.objects.count);
    end();
}

static void test_tables_only(void **state)
{
    (void)state;
    begin(NULL, 0);
    create.c.schema.tables_only = true;
    assert_int_equal(mr_snap_schema_objects(&create.c.schema, NULL), MR_OK);
    assert_string_equal(order(), ""); /* no table of the database was written */
    *(const char **)mr_vec_push(&create.c.schema.dbs) = "club";
    assert_int_equal(mr_snap_schema_objects(&create.c.schema, NULL), MR_OK);
    assert_string_equal(order(), "club ");
    end();
}

struct one {
    const char *what;
    struct world_answer answer;
    enum mr_code code;
    const char *left_out;
    const char *gone; /* the object that is not kept; NULL: all are */
};

static const struct one cases[] = {
    {"not visible",
     {.has = "SHOW CREATE VIEW `a`", .names = "View|Create View", .rows = "a|~"},
     MR_OK,
     "view club.a: its text is not visible to the account\n",
     "a"},
    {"gone",
     {.has = "SHOW CREATE VIEW `a`", .names = "View|Create View", .rows = ""},
     MR_OK,
     "view club.a: its text is not visible to the account\n",
     "a"},
    {"denied",
     {.has = "SHOW CREATE EVENT", .code = MR_E_DENIED, .number = 1044, .text = "denied"},
     MR_OK,
     "event club.nightly: denied\n",
     "nightly"},
    {"another statement than it should be",
     {.has = "SHOW CREATE TRIGGER `late`",
      .names = "Trigger|SQL Original Statement",
      .rows = "late|DROP TABLE `members`"},
     MR_OK,
     NULL,
     "late"},
    {"of another database",
     {.has = "SHOW CREATE TRIGGER `late`",
      .names = "Trigger|SQL Original Statement",
      .rows = "late|CREATE TRIGGER `late` BEFORE INSERT ON `far`.`x` FOR EACH ROW SET NEW.id = 1"},
     MR_OK,
     NULL,
     "late"},
    {"a sequence without its number",
     {.has = "next_not_cached_value", .code = MR_E_DENIED, .number = 1142},
     MR_OK,
     "sequence club.ids: its next number is not visible to the account: where it is made it starts "
     "anew\n",
     NULL},
    {"columns that cannot be asked",
     {.has = "information_schema.COLUMNS", .code = MR_E_SQL, .number = 1356},
     MR_OK,
     "",
     NULL},
    {"lost",
     {.has = "SHOW CREATE VIEW `b`", .code = MR_E_LOST, .number = 2013},
     MR_E_LOST,
     "",
     "b"},
    {"lost at a number", {.has = "next_not_cached_value", .code = MR_E_LOST}, MR_E_LOST, "", "ids"},
};

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        struct world_answer script[1 + LEN(fine)];
        struct mr_err err = {0};
        script[0] = c->answer;
        memcpy(&script[1], fine, sizeof fine);
        begin(script, LEN(script));
        enum mr_code code = mr_snap_schema_objects(&create.c.schema, &err);
        if (code != c->code || (code != MR_OK && err.code != code) ||
            (c->left_out != NULL && strcmp(create_left_out(), c->left_out) != 0) ||
            (c->left_out == NULL && create.c.schema.left_out.count != 1))
            fail_msg("%s: %s; %s", c->what, create_left_out(), err.message);
        if (c->gone != NULL)
            assert_null(kept(c->gone)->name);
        else
            assert_int_equal(create.c.schema.objects.count, 9);
        end();
    }
}

/* A trigger of a table that is left out would be made nowhere. */
static void test_of_left_out(void **state)
{
    struct mr_err err = {0};
    (void)state;
    begin(fine, LEN(fine));
    assert_int_equal(
        mr_snap_schema_leave_out(&create.c.schema, "table", "club.members", "no", NULL, &err),
        MR_OK);
    assert_int_equal(mr_snap_schema_objects(&create.c.schema, &err), MR_OK);
    assert_int_equal(world_sent_count("SHOW CREATE TRIGGER"), 0);
    assert_string_equal(create_left_out(), "table club.members: no\n"
                                           "trigger club.after: its table is left out\n"
                                           "trigger club.early: its table is left out\n"
                                           "trigger club.late: its table is left out\n");
    end();
}

static void test_hidden(void **state)
{
    static const struct {
        const char *what;
        bool no_grants, lists, all_dbs;
        unsigned hidden;
        const char *pattern;
        const char *left_out;
    } rows[] = {
        {"no grants", true, true, false, 0, NULL,
         "right club: the account's grants cannot be read: it may not see everything\n"},
        {"kinds", false, true, false, MR_HIDDEN_TRIGGERS | MR_HIDDEN_EVENTS, NULL,
         "trigger club.*: the account may not see them\n"
         "event club.*: the account may not see them\n"},
        {"of chosen tables only triggers", false, true, false,
         MR_HIDDEN_TRIGGERS | MR_HIDDEN_EVENTS, "club.members",
         "trigger club.*: the account may not see them\n"},
        {"other tables", false, false, false, 0, NULL,
         "table club.*: others may be there: the account sees only those that it has a right on\n"},
        {"other databases", false, false, true, 0, NULL,
         "table club.*: others may be there: the account sees only those that it has a right on\n"
         "database *: others may be there: the account sees only those that it has a right on\n"},
        {"a table by its name hides nothing", false, false, true, 0, "club.members", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(fine, LEN(fine));
        hidden = rows[i].hidden;
        lists = rows[i].lists;
        create.c.schema.all_dbs = rows[i].all_dbs;
        if (rows[i].no_grants)
            create.c.schema.grants = NULL;
        create.opts.tables = (struct mr_string_list){&rows[i].pattern, rows[i].pattern != NULL};
        assert_int_equal(mr_snap_schema_objects(&create.c.schema, &err), MR_OK);
        if (strcmp(create_left_out(), rows[i].left_out) != 0)
            fail_msg("%s: %s", rows[i].what, create_left_out());
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all), cmocka_unit_test(test_tables_only),
        cmocka_unit_test(test_answers), cmocka_unit_test(test_of_left_out),
        cmocka_unit_test(test_hidden)};
    return cmocka_run_group_tests_name("snap_objects", tests, NULL, NULL);
}
