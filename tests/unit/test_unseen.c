/* test_unseen.c: tables that refer to one, and that the account may not see: what InnoDB tells and what
 * is seen in, refusals out. */
#include "snap_world.h"

#include "capture.h"
#include "core/db/grants.h"
#include "core/schema/unseen.h"

static bool reads_all, has_process;
static char somebody;
#define GRANTS ((const struct mr_grants *)(const void *)&somebody)

bool __wrap_mr_grants_reads_all(const struct mr_grants *grants);
bool __wrap_mr_grants_reads_all(const struct mr_grants *grants)
{
    (void)grants;
    return reads_all;
}

bool __wrap_mr_grants_global(const struct mr_grants *grants, const char *privilege);
bool __wrap_mr_grants_global(const struct mr_grants *grants, const char *privilege)
{
    (void)grants;
    assert_string_equal(privilege, "PROCESS");
    return has_process;
}

const char *__wrap_mr_grants_account(const struct mr_grants *grants);
const char *__wrap_mr_grants_account(const struct mr_grants *grants)
{
    (void)grants;
    return "'r'@'%'";
}

enum { LOWER = 1 };

/* All foreign keys to club.members as InnoDB spells their tables, and those that are seen. */
static const struct {
    const char *what;
    enum mr_flavour flavour;
    unsigned version, lower;
    const char *all, *seen, *child; /* NULL: none is reported */
    bool unknown;
} cases[] = {
    {"nobody refers to it", MR_FLAVOUR_MARIADB, 101100, 0, "", "", NULL, false},
    {"all are seen", MR_FLAVOUR_MARIADB, 101100, 0, "club/orders\nclub/cards",
     "club|cards\nclub|orders", NULL, false},
    {"one is not", MR_FLAVOUR_MARIADB, 101100, 0, "club/orders\nhr/notes", "club|orders",
     "hr/notes", false},
    {"none is", MR_FLAVOUR_MYSQL, 50744, 0, "hr/notes", "", "hr/notes", false},
    {"a name that a file has otherwise", MR_FLAVOUR_MARIADB, 101100, 0, "club/my@0020notes",
     "club|my notes", NULL, false},
    {"a dictionary has it as it is", MR_FLAVOUR_MYSQL, 80000, 0, "club/my notes", "club|my notes",
     NULL, false},
    {"o`dd names", MR_FLAVOUR_MYSQL, 80000, 0, "club/o`dd", "club|o'dd", "club/o`dd", false},
    {"case counts", MR_FLAVOUR_MYSQL, 80000, 0, "club/Orders", "club|orders", "club/Orders", false},
    {"case does not", MR_FLAVOUR_MYSQL, 80000, LOWER, "club/Orders", "club|orders", NULL, false},
    {"one that is being altered", MR_FLAVOUR_MARIADB, 101100, 0, "club/#sql-1a2b", "", NULL, false},
    {"one that only looks so", MR_FLAVOUR_MARIADB, 101100, 0, "club/#square", "", "club/#square",
     false},
    {"a name that cannot be spelled leaves it open", MR_FLAVOUR_MARIADB, 101100, 0, "club/@00c4",
     "club|\xc3\x84", NULL, true},
    {"but not where all others are seen", MR_FLAVOUR_MARIADB, 101100, 0, "club/orders",
     "club|orders\nclub|\xc3\x84", NULL, false},
};

static void test_cases(void **state)
{
    (void)state;
    reads_all = false;
    has_process = true;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct world_answer script[] = {{.has = "FOR_NAME", .rows = cases[i].all},
                                              {.has = "KEY_COLUMN_USAGE", .rows = cases[i].seen}};
        struct mr_unseen u = {.db = world_db(), .grants = GRANTS};
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        world.server.flavour = cases[i].flavour;
        world.server.version = cases[i].version;
        world.server.lower_case_table_names = cases[i].lower != 0;
        const enum mr_code code = mr_unseen_check(&u, "club", "members", "c.m", "Do this.", &err);
        if (code != (cases[i].child != NULL ? MR_E_REFUSED : MR_OK))
            fail_msg("%s: %d: %s", cases[i].what, (int)code, err.message);
        if (cases[i].child != NULL) {
            char want[120];
            (void)snprintf(want, sizeof want,
                           "table \"%s\", which the account may not see, refers to \"c.m\"",
                           cases[i].child);
            assert_string_equal(err.message, want);
            assert_string_equal(err.hint, "Do this.");
        }
        if (u.unknown != cases[i].unknown)
            fail_msg("%s: unknown %d", cases[i].what, u.unknown);
        assert_int_equal(world_has("INNODB_FOREIGN "),
                         cases[i].flavour == MR_FLAVOUR_MYSQL && cases[i].version >= 80000);
        assert_true(world_has("REF_NAME = 'club/members'"));
        world_end();
    }
}

/* Whose table cannot be spelled, of him nobody can tell. */
static void test_unspelled(void **state)
{
    struct mr_unseen u = {.db = world_db(), .grants = GRANTS};
    (void)state;
    reads_all = false;
    has_process = true;
    world_begin(NULL, 0);
    assert_int_equal(mr_unseen_check(&u, "club", "\xc3\x84", "c.m", "", NULL), MR_OK);
    assert_true(u.unknown);
    world_end();
}

/* Who sees all need not ask; who may not ask does not know. */
static void test_rights(void **state)
{
    static const struct {
        bool grants, reads_all, process, unknown;
        unsigned asked;
        const char *warning;
    } rights[] = {
        {true, true, false, false, 0, NULL},
        {true, false, false, true, 0, "GRANT PROCESS ON *.* TO 'r'@'%'"},
        {true, false, true, false, 1, NULL},
        {false, false, false, true, 0, "GRANT PROCESS ON *.* TO it"},
    };
    static const struct world_answer none = {.has = "FOR_NAME", .rows = ""};
    static struct capture c;
    (void)state;
    for (size_t i = 0; i < LEN(rights); i++) {
        struct mr_unseen u = {.db = world_db(), .grants = rights[i].grants ? GRANTS : NULL};
        reads_all = rights[i].reads_all;
        has_process = rights[i].process;
        world_begin(&none, 1);
        assert_int_equal(mr_unseen_check(&u, "club", "members", "c.m", "", NULL), MR_OK);
        assert_int_equal(u.unknown, rights[i].unknown);
        assert_int_equal(world.asked, rights[i].asked);
        world_end();
        mr_log_set_level(MR_LOG_WARNING);
        capture_begin(&c, CAPTURE_FILE, 0);
        mr_unseen_warn(&u, "refer to it is not known");
        capture_end(&c);
        if (rights[i].warning == NULL)
            assert_string_equal(c.text, "");
        else
            assert_non_null(strstr(c.text, rights[i].warning));
    }
    /* what was not known of one table is said, though of the next all is */
    struct mr_unseen u = {.grants = GRANTS, .unknown = true};
    has_process = true;
    capture_begin(&c, CAPTURE_FILE, 0);
    mr_unseen_warn(&u, "refer to it is not known");
    capture_end(&c);
    assert_non_null(strstr(c.text, "GRANT SELECT ON *.* TO 'r'@'%'"));
}

static void test_failures(void **state)
{
    static const struct world_answer script[] = {{.has = "FOR_NAME", .rows = "hr/notes"},
                                                 {.has = "KEY_COLUMN_USAGE", .rows = ""}};
    (void)state;
    reads_all = false;
    has_process = true;
    for (unsigned n = 1; n <= 2; n++) {
        struct mr_unseen u = {.db = world_db(), .grants = GRANTS};
        world_begin(script, LEN(script));
        world.fail_at = n;
        assert_int_equal(mr_unseen_check(&u, "club", "members", "c.m", "", NULL), MR_E_LOST);
        world_end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_unspelled),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
