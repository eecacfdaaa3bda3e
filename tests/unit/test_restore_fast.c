/* test_restore_fast.c: --unsafe-fast: where it is refused, and that the redo log is on again, whoever
 * has switched it off. */
#include "restore_world.h"

#include "core/db/grants.h"
#include "core/db/replication.h"

static const char *missing; /* the right */
static bool lists_dbs;
static size_t replicas;

enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err);
enum mr_code __wrap_mr_grants_load(struct mr_db *db, struct mr_grants **out, struct mr_err *err)
{
    (void)db, (void)err;
    *out = NULL;
    return MR_OK;
}

void __wrap_mr_grants_free(struct mr_grants *grants);
void __wrap_mr_grants_free(struct mr_grants *grants)
{
    (void)grants;
}

const char *__wrap_mr_grants_account(const struct mr_grants *grants);
const char *__wrap_mr_grants_account(const struct mr_grants *grants)
{
    (void)grants;
    return "'dba'@'%'";
}

bool __wrap_mr_grants_global(const struct mr_grants *grants, const char *privilege);
bool __wrap_mr_grants_global(const struct mr_grants *grants, const char *privilege)
{
    (void)grants;
    return missing == NULL || strcmp(missing, privilege) != 0;
}

bool __wrap_mr_grants_lists_dbs(const struct mr_grants *grants);
bool __wrap_mr_grants_lists_dbs(const struct mr_grants *grants)
{
    (void)grants;
    return lists_dbs;
}

enum mr_code __wrap_mr_replication_below(struct mr_db *db, struct mr_vec *hosts,
                                         struct mr_err *err);
enum mr_code __wrap_mr_replication_below(struct mr_db *db, struct mr_vec *hosts, struct mr_err *err)
{
    (void)db, (void)err;
    for (size_t i = 0; i < replicas; i++)
        *(char **)mr_vec_push(hosts) = strdup("db2:3306");
    return MR_OK;
}

static const struct mr_snap_object objects[] = {
    {.kind = MR_OBJECT_DATABASE, .db = "club", .name = "club"}};

static void begin(const struct world_answer *script, size_t count)
{
    missing = NULL;
    lists_dbs = true;
    replicas = 0;
    world_begin(script, count);
    mr_log_set_level(0);
    restore_begin(NULL, 0, objects, LEN(objects));
    restore.opts.unsafe_fast = true;
}

static void end(void)
{
    assert_int_equal(world.open_dbs, 0);
    restore_end();
    world_end();
}

#define STATE(row)                                                                                 \
    {                                                                                              \
        .has = "Innodb_redo_log_enabled", .rows = (row)                                            \
    }
#define IS_ON STATE("Innodb_redo_log_enabled|ON")
#define IS_OFF STATE("Innodb_redo_log_enabled|OFF")
#define DBS(names)                                                                                 \
    {                                                                                              \
        .has = "SCHEMATA", .rows = (names)                                                         \
    }
#define NODE(name)                                                                                 \
    {                                                                                              \
        .has = "wsrep", .rows = (name)                                                             \
    }
#define GROUP                                                                                      \
    {                                                                                              \
        .has = "group_replication", .rows = ""                                                     \
    }

/* ---- where ---- */

static void test_refused(void **state)
{
    static const struct {
        struct world_answer script[4];
        const char *missing;
        bool lists_dbs;
        size_t replicas;
        const char *why, *hint; /* NULL: it is taken */
    } rows[] = {
        {{IS_ON, DBS("club"), NODE(""), GROUP}, NULL, true, 0, NULL, NULL},
        {{IS_ON, DBS(""), NODE(""), GROUP}, NULL, true, 0, NULL, NULL},
        {{IS_OFF, DBS("club"), NODE(""), GROUP}, NULL, true, 0, NULL, NULL},
        {{STATE("")}, NULL, true, 0, "has no switch", "Leave --unsafe-fast out"},
        {{IS_ON},
         MR_REDO_RIGHT,
         true,
         0,
         "may not switch",
         "Run: GRANT INNODB_REDO_LOG_ENABLE ON *.* TO 'dba'@'%'; or leave"},
        {{IS_ON},
         NULL,
         false,
         0,
         "may not see whether there are other databases",
         "GRANT SHOW DATABASES ON"},
        {{IS_ON},
         "REPLICATION SLAVE",
         true,
         0,
         "may not see whether there are replicas",
         "GRANT REPLICATION SLAVE ON"},
        {{IS_ON, NODE("wsrep_provider_name|G")}, NULL, true, 0, "is one of a cluster's", "Leave"},
        {{IS_ON, NODE(""), GROUP}, NULL, true, 1, "has replicas", "or stop them"},
        {{IS_ON, DBS("club\nshop"), NODE(""), GROUP},
         NULL,
         true,
         0,
         "has other databases, which a crash would cost: \"shop\"",
         "Leave"},
        {{IS_ON, DBS("a\nb\nc\nclub\nd\ne\nf"), NODE(""), GROUP},
         NULL,
         true,
         0,
         "\"a\", \"b\", \"c\", \"d\", \"e\" and 1 more",
         "Leave"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_err err = {0};
        size_t count = 0;
        while (count < LEN(rows[i].script) && rows[i].script[count].has != NULL)
            count++;
        begin(rows[i].script, count);
        missing = rows[i].missing;
        lists_dbs = rows[i].lists_dbs;
        replicas = rows[i].replicas;
        const enum mr_code code = mr_restore_find_fast(&restore.r, &err);
        if (code != (rows[i].why != NULL ? MR_E_REFUSED : MR_OK) ||
            (rows[i].why != NULL &&
             (strstr(err.message, rows[i].why) == NULL || strstr(err.hint, rows[i].hint) == NULL)))
            fail_msg("%zu: %s; %s", i, err.message, err.hint);
        assert_false(world_has("ALTER"));
        end();
    }
}

/* Nor beside tables of the same databases: kept ones, and others. */
static void test_beside(void **state)
{
    static const struct world_answer script[] = {IS_ON, DBS("club"), NODE(""), GROUP};
    static const struct mr_snap_table of[] = {{.db = "club", .name = "members"}};
    static const struct mr_table there[] = {{.db = "club", .name = "members"},
                                            {.db = "club", .name = MR_SNAP_PROGRESS_TABLE},
                                            {.db = "club", .name = "orders"}};
    (void)state;
    for (size_t count = 2; count <= LEN(there); count++) {
        struct mr_err err = {0};
        begin(script, LEN(script));
        restore.tables[0] = (struct mr_restore_table){.snap = of, .from = of, .db = "club"};
        restore.r.ntables = 1;
        restore.cat.tables = there;
        restore.cat.ntables = count;
        assert_int_equal(mr_restore_find_fast(&restore.r, &err), count > 2 ? MR_E_REFUSED : MR_OK);
        if (count > 2)
            assert_non_null(strstr(err.message, "has table \"club.orders\", which stays"));
        end();
    }
}

/* ---- off and on ---- */

#define DISABLE "ALTER INSTANCE DISABLE INNODB REDO_LOG\n"
#define ENABLE "ALTER INSTANCE ENABLE INNODB REDO_LOG\n"

static void test_switch(void **state)
{
    static const struct {
        const char *what;
        bool asked, resumed;
        enum mr_redo_log redo;
        const char *begins, *ends; /* what is sent then */
    } rows[] = {
        {"asked for", true, false, MR_REDO_ON, DISABLE, ENABLE},
        {"a killed run's", true, true, MR_REDO_OFF, "", ENABLE},
        {"not asked for", false, false, MR_REDO_ON, "", ""},
        {"nor to be switched", false, true, MR_REDO_FIXED, "", ""},
        {"a killed run's, and not asked for any more", false, true, MR_REDO_OFF, ENABLE, ""},
        {"somebody else's", false, false, MR_REDO_OFF, "", ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        begin(NULL, 0);
        restore.opts.unsafe_fast = rows[i].asked;
        restore.r.resumed = rows[i].resumed;
        restore.r.redo = rows[i].redo;
        assert_int_equal(mr_restore_begin_fast(&restore.r, NULL), MR_OK);
        if (strcmp(world_sent(), rows[i].begins) != 0)
            fail_msg("%s: %s", rows[i].what, world_sent());
        mr_strbuf_reset(&world.sent);
        assert_int_equal(mr_restore_end_fast(&restore.r, NULL), MR_OK);
        assert_int_equal(mr_restore_end_fast(&restore.r, NULL), MR_OK); /* once is enough */
        if (strcmp(world_sent(), rows[i].ends) != 0)
            fail_msg("%s: %s", rows[i].what, world_sent());
        assert_int_equal(restore.r.notes.count, 0);
        end();
    }
}

/* Where the restore's connection is lost another one does it; and where nobody can, it is noted. */
static void test_lost(void **state)
{
    const struct world_answer denied = {
        .has = "ENABLE", .code = MR_E_DENIED, .number = 1227, .text = "denied"};
    (void)state;
    for (int fails = 0; fails < 2; fails++) {
        begin(&denied, (size_t)fails);
        restore.r.unlogged = true;
        world.is_lost = true;
        assert_int_equal(mr_restore_end_fast(&restore.r, NULL), MR_OK);
        assert_true(world_has("(open)"));
        assert_true(world_has(ENABLE));
        assert_int_equal(restore.r.notes.count, fails);
        if (fails > 0)
            assert_non_null(strstr(restore_note(0), "(denied): a crash would cost all of its data; "
                                                    "run ALTER INSTANCE ENABLE"));
        end();
    }
}

/* What does not go off ends the run; where nobody knows it is switched on all the same. */
static void test_stays(void **state)
{
    static const struct world_answer fails[] = {
        {.has = "DISABLE", .code = MR_E_DENIED, .number = 1227},
        {.has = "DISABLE", .code = MR_E_LOST, .number = 2013}};
    (void)state;
    for (size_t i = 0; i < LEN(fails); i++) {
        begin(&fails[i], 1);
        restore.r.redo = MR_REDO_ON;
        assert_int_equal(mr_restore_begin_fast(&restore.r, NULL), fails[i].code);
        assert_int_equal(mr_restore_end_fast(&restore.r, NULL), MR_OK);
        assert_int_equal(world_has(ENABLE), i);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_beside),
        cmocka_unit_test(test_switch),  cmocka_unit_test(test_lost),
        cmocka_unit_test(test_stays),
    };
    return cmocka_run_group_tests_name("restore_fast", tests, NULL, NULL);
}
