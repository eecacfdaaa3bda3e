/* test_create_plan.c: which tables are kept and how; a name, a pattern or a condition that nothing
 * answers to is said before the first row is read. */
#include "create_world.h"
#include "snapshot/create/create_case.h"
#include "snapshot/create/create_identity.h"
#include "snapshot/create/create_true.h"

static const char *fails; /* the step that does */
static enum mr_code failure;

static enum mr_code step(const char *name, struct mr_err *err)
{
    return fails != NULL && strcmp(fails, name) == 0 ? mr_err_set(err, failure, "%s fails", name)
                                                     : MR_OK;
}

enum mr_code __wrap_mr_create_numbers_read(struct mr_create *c, struct mr_err *err);
enum mr_code __wrap_mr_create_numbers_read(struct mr_create *c, struct mr_err *err)
{
    (void)c;
    return step("numbers", err);
}

enum mr_code __wrap_mr_create_identify(struct mr_create *c, struct mr_create_table *t,
                                       struct mr_err *err);
enum mr_code __wrap_mr_create_identify(struct mr_create *c, struct mr_create_table *t,
                                       struct mr_err *err)
{
    (void)c, (void)t;
    return step("identify", err);
}

enum mr_code __wrap_mr_create_true_read(struct mr_create *c, struct mr_create_table *t,
                                        struct mr_err *err);
enum mr_code __wrap_mr_create_true_read(struct mr_create *c, struct mr_create_table *t,
                                        struct mr_err *err)
{
    (void)c, (void)t;
    return step("true", err);
}

static enum mr_code probed;

enum mr_code __wrap_mr_schema_probe(struct mr_db *db, const char *dbname, const char *table,
                                    const char *column, struct mr_err *err);
enum mr_code __wrap_mr_schema_probe(struct mr_db *db, const char *dbname, const char *table,
                                    const char *column, struct mr_err *err)
{
    (void)db, (void)dbname, (void)table, (void)column;
    return mr_err_set(err, probed, "no");
}

/* ---- a server ---- */

static const struct mr_column columns[] = {
    {.name = "id", .type = "int", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
    {.name = "phone",
     .type = "varchar(20)",
     .data_type = "varchar",
     .cls = MR_CLASS_TEXT,
     .charset = "utf8mb4",
     .collation = "utf8mb4_bin",
     .ordinal = 2}};
static const struct mr_index_part id_part[] = {{.column = "id"}},
                                  phone_part[] = {{.column = "phone"}};
static const struct mr_index by_id[] = {{.name = "PRIMARY",
                                         .unique = true,
                                         .usable = true,
                                         .kind = "BTREE",
                                         .parts = id_part,
                                         .nparts = 1}};
static const struct mr_index by_phone[] = {{.name = "PRIMARY",
                                            .unique = true,
                                            .usable = true,
                                            .kind = "BTREE",
                                            .parts = phone_part,
                                            .nparts = 1}};

#define TABLE(d, n, e, t, i, ni)                                                                   \
    {                                                                                              \
        .db = (d), .name = (n), .kind = MR_TABLE_BASE, .engine = (e), .transactional = (t),        \
        .columns = columns, .ncolumns = 2, .indexes = (i), .nindexes = (ni), .est_rows = 10        \
    }

static const struct mr_table tables[] = {
    TABLE("club", "heap", "InnoDB", true, NULL, 0),
    TABLE("club", "members", "InnoDB", true, by_id, 1),
    TABLE("club", "myrecon_restore", "InnoDB", true, by_id, 1),
    TABLE("club", "phones", "InnoDB", true, by_phone, 1),
    {.db = "shop", .name = "broken", .kind = MR_TABLE_BASE, .open_error = "it is crashed"},
    TABLE("shop", "notes", "MyISAM", false, by_id, 1)};
static const struct mr_database dbs[] = {{"club", "utf8mb4", "utf8mb4_bin"},
                                         {"shop", "utf8mb4", "utf8mb4_bin"}};

static void begin(const struct world_answer *script, size_t count)
{
    world_begin(script, count);
    create_begin();
    create.cat.dbs = dbs;
    create.cat.ndbs = LEN(dbs);
    create.cat.tables = tables;
    create.cat.ntables = LEN(tables);
    fails = NULL;
}

/* The tables of the plan are of the arena, not of the fixture. */
static void end(void)
{
    create_end();
    world_end();
}

static const struct mr_create_table *planned(const char *name)
{
    static const struct mr_create_table none;
    for (size_t i = 0; i < create.c.tables.count; i++) {
        struct mr_create_table *t = *(struct mr_create_table **)mr_vec_at(&create.c.tables, i);
        if (strcmp(t->table->name, name) == 0)
            return t;
    }
    fail_msg("%s is not planned", name);
    return &none;
}

static const char progress[] =
    "table club.myrecon_restore: of a restore into \"club\" that has not come to its end: what is "
    "there may be a part\n";
static const char broken[] = "table shop.broken: the server cannot open it: it is crashed\n";

static void test_all(void **state)
{
    struct mr_err err = {0};
    char wanted[400];
    (void)state;
    for (int encrypted = 0; encrypted < 2; encrypted++) {
        static const char *const certs[] = {"c.pem"};
        begin(NULL, 0);
        create.opts.encrypt_to = (struct mr_string_list){certs, (size_t)encrypted};
        if (mr_create_plan(&create.c, &err) != MR_OK)
            fail_msg("%s", err.message);
        (void)snprintf(wanted, sizeof wanted, "%s%s", progress, broken);
        assert_string_equal(create_left_out(), wanted);
        assert_int_equal(create.c.tables.count, LEN(tables));
        for (size_t i = 0; i < LEN(tables); i++) {
            const struct mr_create_table *t = planned(tables[i].name);
            assert_int_equal(t->snap.number, i + 1);
            assert_int_equal(t->left_out, i == 2 || i == 4);
        }
        assert_int_equal(planned("heap")->snap.nkey, 0);
        assert_int_equal(planned("members")->spec.nkey, 1);
        assert_false(planned("members")->snap.keys_hidden); /* numbers name nobody */
        assert_int_equal(planned("phones")->snap.keys_hidden, encrypted);
        assert_true(planned("notes")->spec.store);
        assert_false(planned("members")->spec.store);
        assert_string_equal(planned("notes")->snap.note, "its engine has no transactions: rows may "
                                                         "be of different moments");
        assert_null(planned("members")->snap.note);
        end();
    }
}

struct choice {
    const char *what;
    const char *tables, *exclude, *db;
    const char *where; /* of a pattern; a condition "1" */
    struct world_answer answer;
    enum mr_code code;
    size_t count;     /* of tables */
    const char *said; /* part of it */
};

#define NO                                                                                         \
    {                                                                                              \
        .has = "-"                                                                                 \
    }

static const struct choice choices[] = {
    {"one table", "club.members", NULL, NULL, NULL, NO, MR_OK, 1, NULL},
    {"a pattern", "club.m*", NULL, NULL, NULL, NO, MR_OK, 2, NULL},
    {"without one", "club.*", "club.heap", NULL, NULL, NO, MR_OK, 3, NULL},
    {"none of that name", "club.nobody", NULL, NULL, NULL, NO, MR_E_NO_SUCH, 0,
     "no table matches --tables club.nobody"},
    {"a database", NULL, NULL, "shop", NULL, NO, MR_OK, LEN(tables), NULL},
    {"in other letters",
     NULL,
     NULL,
     "Shop",
     NULL,
     {.has = "absent"},
     MR_E_NO_SUCH,
     0,
     "database \"Shop\" does not exist"},
    {"or hidden",
     NULL,
     NULL,
     "secret",
     NULL,
     {.has = "hidden"},
     MR_E_DENIED,
     0,
     "access to database \"secret\" is denied, or it does not exist"},
    {"a condition", NULL, NULL, NULL, "club.members", NO, MR_OK, LEN(tables), NULL},
    {"of a table that is not kept", "shop.*", NULL, NULL, "club.members", NO, MR_E_NO_SUCH, 0,
     "no table that is kept matches --where club.members"},
    {"that the server does not understand",
     NULL,
     NULL,
     NULL,
     "club.members",
     {.has = "LIMIT 0", .code = MR_E_SQL, .number = 1054, .text = "unknown column"},
     MR_E_SQL,
     1,
     "--where of table \"club.members\": unknown column"},
};

static void test_choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(choices); i++) {
        const struct choice *c = &choices[i];
        const struct world_answer script[] = {
            c->answer,
            {.has = "LIMIT 0"},
            {.has = "SHOW DATABASES", .rows = c->code == MR_E_DENIED ? "secrets" : "shop"}};
        struct mr_err err = {0};
        char *db[] = {(char *)(uintptr_t)c->db};
        const struct mr_table_where where = {.pattern = c->where, .sql = "1 -- a"};
        begin(script, LEN(script));
        create.opts.tables = (struct mr_string_list){&c->tables, c->tables != NULL};
        create.opts.exclude = (struct mr_string_list){&c->exclude, c->exclude != NULL};
        create.opts.where = (struct mr_table_wheres){.items = &where, .count = c->where != NULL};
        probed = strcmp(c->answer.has, "hidden") == 0 ? MR_E_DENIED : MR_E_NO_SUCH;
        create.c.ep.dbs = db;
        create.c.ep.ndbs = c->db != NULL;
        enum mr_code code = mr_create_plan(&create.c, &err);
        if (code != c->code || (c->said != NULL && strstr(err.message, c->said) == NULL) ||
            (code == MR_OK && create.c.tables.count != c->count))
            fail_msg("%s: %d, %zu, %s", c->what, (int)code, create.c.tables.count, err.message);
        if (c->said != NULL && strstr(c->said, "\"Shop\"") != NULL)
            assert_string_equal(err.hint, "Did you mean \"shop\"?");
        if (code == MR_E_DENIED)
            assert_non_null(strstr(err.hint, "Did you mean \"secrets\"? If the name is right, run: "
                                             "GRANT"));
        if (c->where != NULL && code == MR_OK) { /* a comment does not swallow what is behind it */
            assert_true(world_has("SELECT 1 FROM `club`.`members` WHERE (1 -- a\n) LIMIT 0"));
            assert_string_equal(planned("members")->snap.where, "1 -- a");
            assert_null(planned("heap")->snap.where);
        }
        assert_int_equal(world.open_dbs, 0);
        end();
    }
}

/* An error of one table leaves it out; one of the server's, or of memory, ends the run. */
static void test_failing(void **state)
{
    static const struct {
        const char *step;
        enum mr_code failure, code;
    } rows[] = {{"numbers", MR_E_LOST, MR_E_LOST}, {"identify", MR_E_LOST, MR_E_LOST},
                {"identify", MR_E_DENIED, MR_OK},  {"identify", MR_E_SNAPSHOT, MR_OK},
                {"true", MR_E_TIMEOUT, MR_OK},     {"true", MR_E_CANCELLED, MR_E_CANCELLED},
                {"true", MR_E_NOMEM, MR_E_NOMEM}};
    static const char *const only[] = {"club.members"};
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        begin(NULL, 0);
        create.opts.tables = (struct mr_string_list){only, 1};
        fails = rows[i].step;
        failure = rows[i].failure;
        assert_int_equal(mr_create_plan(&create.c, &err), rows[i].code);
        assert_int_equal(err.code, rows[i].code);
        if (rows[i].code == MR_OK)
            assert_int_equal(strncmp(create_left_out(), "table club.members: ", 20), 0);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_all), cmocka_unit_test(test_choices),
                                       cmocka_unit_test(test_failing)};
    return cmocka_run_group_tests_name("create_plan", tests, NULL, NULL);
}
