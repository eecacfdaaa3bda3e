/* test_restore_clash.c: what a restore drops to make room, what it refuses, and that it refuses
 * before it has dropped anything. */
#include "core/db/grants.h"
#include "core/schema/unseen.h"
#include "restore_world.h"

static const struct mr_snap_column a_column[] = {{.name = "id"}};
static const struct mr_snap_table tables[] = {
    {.db = "club", .name = "members", .number = 1, .columns = a_column, .ncolumns = 1},
    {.db = "club", .name = "o`dd"}};
static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"},
    {.kind = MR_OBJECT_VIEW, .db = "club", .name = "active"},
    {.kind = MR_OBJECT_SEQUENCE, .db = "club", .name = "ids"},
    {.kind = MR_OBJECT_ROUTINE, .db = "club", .name = "procedure tidy"},
    {.kind = MR_OBJECT_TRIGGER, .db = "club", .name = "stamp", .table = "members"},
    {.kind = MR_OBJECT_EVENT, .db = "club", .name = "nightly"}};

static const struct mr_column the_column[] = {{.name = "id"}};
static const char *const no_columns[] = {"id"};
static const struct mr_foreign_key to_members[] = {
    {.name = "fk`1", .columns = no_columns, .ref_db = "club", .ref_table = "members"}};
static const struct mr_foreign_key to_wallets[] = {
    {.name = "fk2", .columns = no_columns, .ref_db = "club", .ref_table = "wallets"}};
static const struct mr_trigger own_trigger[] = {{.name = "Stamp"}};
static const struct mr_trigger other_trigger[] = {{.name = "audit"}};

static const struct world_answer nobody_refers[] = {{.has = "REFERENTIAL_CONSTRAINTS"}};

struct there {
    const char *what;
    struct mr_table table;   /* name NULL: none */
    struct mr_object object; /* likewise */
    enum mr_into into;
    const char *said; /* of the refusal; NULL: none */
    const char *sent; /* what is dropped, in this order; "": nothing */
    const char *kept; /* what stays of what the snapshot holds; NULL: nothing */
    bool in_small;    /* the server writes names in small letters */
};

static const char *unseen; /* that the account may not see, and that refers to a table of it */
static unsigned warned;

enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err);
enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err)
{
    const struct world_answer *answer;
    (void)db;
    *out = NULL;
    return world_ask("(grants)", 8, &answer, err);
}

enum mr_code __wrap_mr_unseen_check(struct mr_unseen *u, const char *dbname, const char *table,
                                    const char *shown, const char *hint, struct mr_err *err);
enum mr_code __wrap_mr_unseen_check(struct mr_unseen *u, const char *dbname, const char *table,
                                    const char *shown, const char *hint, struct mr_err *err)
{
    (void)u, (void)dbname;
    assert_string_equal(shown, table);
    if (unseen == NULL || strcmp(unseen, table) != 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "unseen refers to \"%s\"", table);
    mr_err_hint(err, "%s", hint);
    return MR_E_REFUSED;
}

void __wrap_mr_unseen_warn(const struct mr_unseen *u, const char *what);
void __wrap_mr_unseen_warn(const struct mr_unseen *u, const char *what)
{
    (void)u, (void)what;
    warned++;
}

static void look(const struct there *t)
{
    restore.cat.tables = &t->table;
    restore.cat.ntables = t->table.name != NULL;
    restore.cat.objects = &t->object;
    restore.cat.nobjects = t->object.name != NULL;
    restore.opts.into_existing = t->into;
    restore.opts.yes = true;
    world.server.lower_case_table_names = t->in_small;
    restore.cat.server = world.server;
}

/* All that was sent but questions. */
static void drops(struct mr_strbuf *out)
{
    for (const char *at = world_sent(); *at != '\0';) {
        size_t len = strcspn(at, "\n");
        if (strncmp(at, "DROP", 4) == 0 || strncmp(at, "ALTER", 5) == 0)
            mr_strbuf_add(out, at, len + 1);
        at += len + (at[len] == '\n');
    }
}

static enum mr_code clear(struct mr_err *err)
{
    enum mr_code code = mr_restore_require_room(&restore.r, err);
    return code == MR_OK ? mr_restore_clear(&restore.r, err) : code;
}

/* Tables, then objects, which stay. */
static void add_kept(void *ctx, const char *line)
{
    mr_strbuf_add_fmt(ctx, "%s;", line);
}

#define TABLE(...) .table = {.db = "club", __VA_ARGS__}
#define OBJECT(k, n) .object = {.kind = (k), .db = "club", .name = (n)}

static const struct there cases[] = {
    {"nothing", .into = MR_INTO_REFUSE, .sent = ""},
    {"any table refuses", TABLE(.name = "wallets"), .into = MR_INTO_REFUSE,
     .said = "it has table \"wallets\"", .sent = ""},
    {"any object refuses", OBJECT(MR_OBJECT_EVENT, "weekly"), .into = MR_INTO_REFUSE,
     .said = "it has event \"weekly\"", .sent = ""},
    {"the progress table does not", TABLE(.name = MR_SNAP_PROGRESS_TABLE), .into = MR_INTO_REFUSE,
     .sent = ""},
    {"added beside another", TABLE(.name = "wallets"), .into = MR_INTO_ADD, .sent = ""},
    {"not over the same",
     TABLE(.name = "members", .triggers = own_trigger, .ntriggers = 1, .columns = the_column,
           .ncolumns = 1),
     .into = MR_INTO_ADD, .sent = "", .kept = "kept table 1;kept object 4;"},
    {"not over a view of a table's name", OBJECT(MR_OBJECT_VIEW, "members"), .into = MR_INTO_ADD,
     .said = "has view \"members\", which is a table in the snapshot", .sent = ""},
    {"nor over the same view", OBJECT(MR_OBJECT_VIEW, "active"), .into = MR_INTO_ADD, .sent = "",
     .kept = "kept object 1;"},
    {"not beside another table of its name", TABLE(.name = "members"), .into = MR_INTO_ADD,
     .said = "\"club.members\" is there, and is another one than the snapshot's: it has no column "
             "\"id\"",
     .sent = ""},
    {"a view beside them", OBJECT(MR_OBJECT_VIEW, "lists"), .into = MR_INTO_ADD, .sent = ""},
    {"a view that stays", OBJECT(MR_OBJECT_VIEW, "lists"), .into = MR_INTO_REPLACE, .sent = ""},
    {"letters tell tables apart", TABLE(.name = "MEMBERS"), .into = MR_INTO_ADD, .sent = ""},
    {"or they do not", TABLE(.name = "MEMBERS", .columns = the_column, .ncolumns = 1),
     .into = MR_INTO_ADD, .in_small = true, .sent = "", .kept = "kept table 1;kept object 4;"},
    {"events are alike in any letters", OBJECT(MR_OBJECT_EVENT, "NIGHTLY"), .into = MR_INTO_ADD,
     .sent = "", .kept = "kept object 5;"},
    {"a function is no procedure", OBJECT(MR_OBJECT_ROUTINE, "function tidy"), .into = MR_INTO_ADD,
     .sent = ""},
    {"a trigger of a table that stays",
     TABLE(.name = "wallets", .triggers = own_trigger, .ntriggers = 1), .into = MR_INTO_ADD,
     .said = "has trigger \"Stamp\"", .sent = ""},
    {"a trigger of another name",
     TABLE(.name = "wallets", .triggers = other_trigger, .ntriggers = 1), .into = MR_INTO_ADD,
     .sent = ""},
    {"a trigger that goes with its table",
     TABLE(.name = "members", .triggers = own_trigger, .ntriggers = 1), .into = MR_INTO_REPLACE,
     .sent = "DROP TABLE IF EXISTS `club`.`members`\n"},
    {"replaced, and nothing else", TABLE(.name = "wallets"), .into = MR_INTO_REPLACE, .sent = ""},
    {"an odd name", TABLE(.name = "o`dd"), .into = MR_INTO_REPLACE,
     .sent = "DROP TABLE IF EXISTS `club`.`o``dd`\n"},
    {"a routine", OBJECT(MR_OBJECT_ROUTINE, "procedure tidy"), .into = MR_INTO_REPLACE,
     .sent = "DROP PROCEDURE IF EXISTS `club`.`tidy`\n"},
    {"an event", OBJECT(MR_OBJECT_EVENT, "nightly"), .into = MR_INTO_REPLACE,
     .sent = "DROP EVENT IF EXISTS `club`.`nightly`\n"},
    {"a sequence", OBJECT(MR_OBJECT_SEQUENCE, "ids"), .into = MR_INTO_REPLACE,
     .sent = "DROP SEQUENCE IF EXISTS `club`.`ids`\n"},
    {"a table makes no room for a view", TABLE(.name = "active"), .into = MR_INTO_REPLACE,
     .said = "has table \"active\", which is a view in the snapshot", .sent = ""},
    {"nor a view for a table", OBJECT(MR_OBJECT_VIEW, "members"), .into = MR_INTO_REPLACE,
     .said = "has view \"members\", which is a table in the snapshot", .sent = ""},
    {"one that stays refers to one that goes",
     TABLE(.name = "wallets", .fks = to_members, .nfks = 1), .into = MR_INTO_REPLACE,
     .said = "\"club.wallets\" stays, and refers to \"club.members\"", .sent = ""},
    {"a reference of one that goes", TABLE(.name = "members", .fks = to_members, .nfks = 1),
     .into = MR_INTO_REPLACE,
     .sent = "ALTER TABLE `club`.`members` DROP FOREIGN KEY `fk``1`\n"
             "DROP TABLE IF EXISTS `club`.`members`\n"},
    {"a reference between two that stay", TABLE(.name = "wallets", .fks = to_wallets, .nfks = 1),
     .into = MR_INTO_REPLACE, .sent = ""},
};

static void test_clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_strbuf dropped = MR_STRBUF_INIT;
        struct mr_err err = {0};
        world_begin(nobody_refers, LEN(nobody_refers));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        look(&cases[i]);
        enum mr_code code = clear(&err);
        drops(&dropped);
        const char *got = dropped.ptr != NULL ? dropped.ptr : "";
        struct mr_strbuf kept = MR_STRBUF_INIT;
        mr_restore_kept_lines(&restore.r, add_kept, &kept);
        if (code == MR_OK && strcmp(kept.ptr, cases[i].kept != NULL ? cases[i].kept : "") != 0)
            fail_msg("%s: %s", cases[i].what, kept.ptr);
        mr_strbuf_release(&kept);
        if ((cases[i].said == NULL ? code != MR_OK : code != MR_E_REFUSED) ||
            (cases[i].said != NULL && strstr(err.message, cases[i].said) == NULL) ||
            strcmp(got, cases[i].sent) != 0)
            fail_msg("%s: %s; %s", cases[i].what, err.message, got);
        mr_strbuf_release(&dropped);
        restore_end();
        world_end();
    }
}

/* Without a terminal, and without --yes: refused, but where there is nothing to ask about. */
static void test_asks(void **state)
{
    static const struct there asked[] = {
        {"nothing", .into = MR_INTO_ADD},
        {"nothing to drop", .into = MR_INTO_REPLACE},
        {"its own notes", TABLE(.name = MR_SNAP_PROGRESS_TABLE), .into = MR_INTO_ADD},
        {"a table to add to", TABLE(.name = "wallets"), .into = MR_INTO_ADD,
         .said = "there is nobody to ask: add to \"db1:3306\" what it lacks of the 2 tables of the "
                 "snapshot, beside what database \"club\" has (table \"wallets\" …)?"},
        {"an object to add to", OBJECT(MR_OBJECT_EVENT, "weekly"), .into = MR_INTO_ADD,
         .said = "has (event \"weekly\" …)?"},
        {"a table to drop", TABLE(.name = "members"), .into = MR_INTO_REPLACE,
         .said = "there is nobody to ask: drop what"},
    };
    (void)state;
    assert_non_null(freopen("/dev/null", "r", stdin));
    for (size_t i = 0; i < LEN(asked); i++) {
        struct mr_err err = {0};
        world_begin(nobody_refers, LEN(nobody_refers));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        look(&asked[i]);
        restore.opts.yes = false;
        enum mr_code code = clear(&err);
        if ((asked[i].said == NULL ? code != MR_OK : code != MR_E_REFUSED) ||
            (asked[i].said != NULL && strstr(err.message, asked[i].said) == NULL) ||
            world_sent_count("DROP") != 0)
            fail_msg("%s: %s", asked[i].what, err.message);
        restore_end();
        world_end();
    }
}

/* A table of a database that the restore does not touch refers to one that would go. */
static void test_outside(void **state)
{
    static const struct {
        const char *row, *said;
    } rows[] = {
        {"shop|orders|club|members", "\"shop.orders\" stays, and refers to \"club.members\""},
        {"shop|orders|club|wallets", NULL},
        {"shop|orders|other|members", NULL},
    };
    static const struct mr_table there = {.db = "club", .name = "members"};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct world_answer script[] = {
            {.has = "REFERENTIAL_CONSTRAINTS", .rows = rows[i].row}};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.cat.tables = &there;
        restore.cat.ntables = 1;
        restore.opts.into_existing = MR_INTO_REPLACE;
        restore.opts.yes = true;
        enum mr_code code = clear(&err);
        assert_int_equal(code, rows[i].said != NULL ? MR_E_REFUSED : MR_OK);
        assert_int_equal(world_sent_count("DROP"), rows[i].said != NULL ? 0 : 1);
        if (rows[i].said != NULL)
            assert_non_null(strstr(err.message, rows[i].said));
        else
            assert_int_equal(restore.looks, 1); /* what is there is read again */
        restore_end();
        world_end();
    }
}

/* A table that the account may not see refers to one that would go: what stays is nobody's. */
static void test_unseen(void **state)
{
    static const struct {
        const char *unseen;
        enum mr_into into;
        enum mr_code code;
        unsigned warned, drops;
    } rows[] = {
        {"members", MR_INTO_REPLACE, MR_E_REFUSED, 0, 0},
        {"o`dd", MR_INTO_REPLACE, MR_E_REFUSED, 0, 0},
        {"wallets", MR_INTO_REPLACE, MR_OK, 1, 2}, /* which stays */
        {NULL, MR_INTO_REPLACE, MR_OK, 1, 2},
    };
    static const struct mr_table there[] = {{.db = "club", .name = "members"},
                                            {.db = "club", .name = "wallets"},
                                            {.db = "club", .name = "o`dd"}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        world_begin(nobody_refers, LEN(nobody_refers));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.cat.tables = there;
        restore.cat.ntables = LEN(there);
        restore.opts.into_existing = rows[i].into;
        restore.opts.yes = true;
        unseen = rows[i].unseen;
        warned = 0;
        assert_int_equal(clear(&err), rows[i].code);
        assert_int_equal(world_sent_count("DROP"), rows[i].drops);
        assert_int_equal(warned, rows[i].warned);
        restore_end();
        world_end();
    }
    unseen = NULL;
}

/* Nobody is asked, where it cannot be: an answer would be given for nothing. */
static void test_refused_unasked(void **state)
{
    static const struct mr_table there = {.db = "club", .name = "active"};
    struct mr_err err = {0};
    (void)state;
    world_begin(nobody_refers, LEN(nobody_refers));
    restore_begin(tables, LEN(tables), objects, LEN(objects));
    restore.cat.tables = &there;
    restore.cat.ntables = 1;
    restore.opts.into_existing = MR_INTO_REPLACE;
    assert_int_equal(clear(&err), MR_E_REFUSED);
    assert_non_null(strstr(err.message, "which is a view in the snapshot"));
    restore_end();
    world_end();
}

/* Whatever fails, nothing is dropped behind it. */
static void test_failing(void **state)
{
    static const struct mr_table there[] = {{.db = "club", .name = "members"},
                                            {.db = "club", .name = "o`dd"}};
    (void)state;
    for (unsigned n = 1; n <= 5; n++) {
        struct mr_err err = {0};
        world_begin(nobody_refers, LEN(nobody_refers));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.cat.tables = there;
        restore.cat.ntables = LEN(there);
        restore.opts.into_existing = MR_INTO_REPLACE;
        restore.opts.yes = true;
        world.fail_at = n;
        assert_int_equal(clear(&err), MR_E_LOST);
        assert_int_equal(world.asked, n);
        restore_end();
        world_end();
    }
}

/* An unfinished restore of other tables: only who replaces may go over it, and without --yes
 * nobody is asked on a pipe. */
static void test_others(void **state)
{
    static const struct {
        enum mr_into into;
        bool yes;
        enum mr_code code;
    } rows[] = {{MR_INTO_REFUSE, true, MR_E_REFUSED},
                {MR_INTO_ADD, true, MR_E_REFUSED},
                {MR_INTO_REPLACE, true, MR_OK}};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        world_begin(nobody_refers, LEN(nobody_refers));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        restore.r.others = true;
        restore.opts.into_existing = rows[i].into;
        restore.opts.yes = rows[i].yes;
        assert_int_equal(clear(&err), rows[i].code);
        assert_int_equal(world_sent_count("DROP"), 0);
        restore_end();
        world_end();
    }
}

/* By its lines the next run would know which tables are half restored: they go only with all of those. */
static void test_half_of_others(void **state)
{
    static const struct {
        const char *what;
        struct there there;
        bool strange, data_only;
        const char *said; /* NULL: it is done */
    } rows[] = {
        {"beside",
         {.what = "", TABLE(.name = "wallets"), .into = MR_INTO_ADD},
         true,
         false,
         "unfinished restore of another snapshot"},
        {"beside, over a table that is kept",
         {.what = "",
          TABLE(.name = "members", .columns = the_column, .ncolumns = 1),
          .into = MR_INTO_ADD},
         true,
         false,
         "unfinished restore of another snapshot"},
        {"rows alone",
         {.what = "", TABLE(.name = "members"), .into = MR_INTO_REFUSE},
         true,
         true,
         "unfinished restore of another snapshot"},
        {"its lines alone",
         {.what = "", TABLE(.name = MR_SNAP_PROGRESS_TABLE), .into = MR_INTO_ADD},
         true,
         false,
         NULL},
        {"a table that would stay",
         {.what = "", TABLE(.name = "wallets"), .into = MR_INTO_REPLACE},
         true,
         false,
         "restore of another snapshot, and table \"club.wallets\", which may be half of it, would "
         "stay"},
        {"of other tables",
         {.what = "", TABLE(.name = "wallets"), .into = MR_INTO_REPLACE},
         false,
         false,
         "restore of other tables, and table \"club.wallets\""},
        {"a view that would stay",
         {.what = "", OBJECT(MR_OBJECT_VIEW, "lists"), .into = MR_INTO_REPLACE},
         false,
         false,
         "and view \"club.lists\""},
        {"all is replaced",
         {.what = "", TABLE(.name = "members"), .into = MR_INTO_REPLACE},
         true,
         false,
         NULL},
        {"a view, too",
         {.what = "", OBJECT(MR_OBJECT_VIEW, "active"), .into = MR_INTO_REPLACE},
         false,
         false,
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        world_begin(nobody_refers, LEN(nobody_refers));
        restore_begin(tables, LEN(tables), objects, LEN(objects));
        look(&rows[i].there);
        restore.r.strange = rows[i].strange;
        restore.r.others = !rows[i].strange;
        restore.opts.data_only = rows[i].data_only;
        const enum mr_code code = mr_restore_require_room(&restore.r, &err);
        if (code != (rows[i].said != NULL ? MR_E_REFUSED : MR_OK) ||
            (rows[i].said != NULL && (strstr(err.message, rows[i].said) == NULL ||
                                      strstr(err.hint, "drop what it has made") == NULL)))
            fail_msg("%s: %s", rows[i].what, err.message);
        restore_end();
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clear),           cmocka_unit_test(test_asks),
        cmocka_unit_test(test_outside),         cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_refused_unasked), cmocka_unit_test(test_failing),
        cmocka_unit_test(test_others),          cmocka_unit_test(test_half_of_others)};
    return cmocka_run_group_tests_name("restore_clash", tests, NULL, NULL);
}
