/* test_cutover_accounts.c: what of an account keeps somebody out on NEW who comes in on OLD, one fact at
 * a time, and what only looks different. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/cutover_accounts.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define APP "'app'@'%'"
#define LOCAL "'root'@'localhost'"

static void add(struct mr_accounts *side, struct mr_account_fact fact)
{
    struct mr_account_fact *slot = mr_vec_push(&side->facts);
    assert_non_null(slot);
    *slot = fact;
}

static void begin(struct mr_accounts *side, const struct mr_server *server, const char *plugin)
{
    static const char *const accounts[] = {LOCAL, APP};
    *side = (struct mr_accounts){.server = server, .facts = MR_VEC_INIT(struct mr_account_fact)};
    for (size_t i = 0; i < LEN(accounts); i++) {
        add(side, (struct mr_account_fact){accounts[i], MR_ACCOUNT_EXISTS, "", "", ""});
        add(side, (struct mr_account_fact){accounts[i], MR_ACCOUNT_PLUGIN, "", "", plugin});
    }
}

#define NATIVE "mysql_native_password"
#define SHA2 "caching_sha2_password"
#define NONE                                                                                       \
    {                                                                                              \
        NULL, MR_ACCOUNT_EXISTS, NULL, NULL, NULL                                                  \
    }

/* A fact more on each side; NONE: none. */
static const struct one {
    struct mr_account_fact old, new;
    const char *plugin; /* NULL: NATIVE */
    bool cross;
    enum mr_gate_severity severity; /* OK: nothing is found */
    const char *part;
} ones[] = {
    {NONE, NONE, NULL, false, MR_GATE_OK, NULL},
    {{"'web'@'%'", MR_ACCOUNT_EXISTS, "", "", ""},
     NONE,
     NULL,
     false,
     MR_GATE_CRITICAL,
     "'web'@'%': the account is not on NEW"},
    {NONE,
     {"'web'@'%'", MR_ACCOUNT_EXISTS, "", "", ""},
     NULL,
     false,
     MR_GATE_WARNING,
     "the account is on NEW alone"},
    {{"'web'@'localhost'", MR_ACCOUNT_EXISTS, "", "", ""},
     NONE,
     NULL,
     false,
     MR_GATE_WARNING,
     "is not on NEW"},
    {{"'web'@'db1'", MR_ACCOUNT_EXISTS, "", "", ""},
     NONE,
     NULL,
     false,
     MR_GATE_WARNING,
     "is not on NEW"},
    {{APP, MR_ACCOUNT_PASSWORD, "", "", "aa"},
     {APP, MR_ACCOUNT_PASSWORD, "", "", "aa"},
     NULL,
     false,
     MR_GATE_OK,
     NULL},
    {{APP, MR_ACCOUNT_PASSWORD, "", "", "aa"},
     {APP, MR_ACCOUNT_PASSWORD, "", "", "bb"},
     NULL,
     false,
     MR_GATE_CRITICAL,
     "its password is another one"},
    {{APP, MR_ACCOUNT_PASSWORD, "", "", "aa"},
     {APP, MR_ACCOUNT_PASSWORD, "", "", "bb"},
     SHA2,
     false,
     MR_GATE_UNKNOWN,
     "salted"},
    {{LOCAL, MR_ACCOUNT_PASSWORD, "", "", "aa"},
     {LOCAL, MR_ACCOUNT_PASSWORD, "", "", "bb"},
     NULL,
     false,
     MR_GATE_WARNING,
     "its password is another one"},
    {{APP, MR_ACCOUNT_LOCKED, "", "", "N"},
     {APP, MR_ACCOUNT_LOCKED, "", "", "Y"},
     NULL,
     false,
     MR_GATE_CRITICAL,
     "its lock is on NEW alone"},
    {{APP, MR_ACCOUNT_LOCKED, "", "", "Y"},
     {APP, MR_ACCOUNT_LOCKED, "", "", "N"},
     NULL,
     false,
     MR_GATE_WARNING,
     "its lock is on OLD alone"},
    {{APP, MR_ACCOUNT_TLS, "", "", ""},
     {APP, MR_ACCOUNT_TLS, "", "", "X509"},
     NULL,
     false,
     MR_GATE_CRITICAL,
     "'X509' on NEW"},
    {{APP, MR_ACCOUNT_LIMITS, "", "", "0"},
     {APP, MR_ACCOUNT_LIMITS, "", "", "3"},
     NULL,
     false,
     MR_GATE_WARNING,
     "its limits: '0' on OLD"},
    {{APP, MR_ACCOUNT_PRIVILEGE, "INSERT", "club.*", "NO"},
     NONE,
     NULL,
     false,
     MR_GATE_CRITICAL,
     "INSERT on club.* is not on NEW"},
    {NONE,
     {APP, MR_ACCOUNT_PRIVILEGE, "INSERT", "club.*", "NO"},
     NULL,
     false,
     MR_GATE_WARNING,
     "INSERT on club.* is on NEW alone"},
    {{APP, MR_ACCOUNT_PRIVILEGE, "INSERT", "a.*", "YES"},
     {APP, MR_ACCOUNT_PRIVILEGE, "INSERT", "a.*", "NO"},
     NULL,
     false,
     MR_GATE_WARNING,
     "may be granted by it on OLD alone"},
    /* what the other server has no word for */
    {{APP, MR_ACCOUNT_PRIVILEGE, "OLDEST", "*.*", "NO"},
     NONE,
     NULL,
     true,
     MR_GATE_WARNING,
     "NEW has no such privilege"},
    {NONE, {APP, MR_ACCOUNT_PRIVILEGE, "NEWEST", "*.*", "NO"}, NULL, true, MR_GATE_OK, NULL},
    {{APP, MR_ACCOUNT_ROUTINE, "", "procedure club.p", "EXECUTE"},
     NONE,
     NULL,
     false,
     MR_GATE_CRITICAL,
     "procedure club.p is not on NEW"},
    {{APP, MR_ACCOUNT_ROLE, "'r'@'%'", "", "NO"},
     NONE,
     NULL,
     false,
     MR_GATE_CRITICAL,
     "role 'r'@'%' is not on NEW"},
    {{APP, MR_ACCOUNT_DEFAULT_ROLE, "'r'@'%'", "", ""},
     NONE,
     NULL,
     false,
     MR_GATE_CRITICAL,
     "default role 'r'@'%' is not on NEW"},
    /* a role of MariaDB is an account that is locked to MySQL */
    {{APP, MR_ACCOUNT_LOCKED, "", "", "Y"}, NONE, NULL, true, MR_GATE_OK, NULL},
};

static void test_each(void **state)
{
    static const char *const old_knows[] = {"Insert", "Oldest"}, *const new_knows[] = {"Insert",
                                                                                       "Newest"};
    const struct mr_server db1 = {.flavour = MR_FLAVOUR_MARIADB, .hostname = "db1"};
    const struct mr_server db2 = {.flavour = MR_FLAVOUR_MARIADB, .hostname = "db2"};
    const struct mr_server other = {.flavour = MR_FLAVOUR_MYSQL, .hostname = "db2"};
    (void)state;
    for (size_t i = 0; i < LEN(ones); i++) {
        const struct one *o = &ones[i];
        struct mr_cutover c = {.arena = MR_ARENA_INIT,
                               .accounts = {.items = MR_VEC_INIT(struct mr_cutover_finding)}};
        struct mr_accounts old, new;
        begin(&old, &db1, o->plugin != NULL ? o->plugin : NATIVE);
        begin(&new, o->cross ? &other : &db2, o->plugin != NULL ? o->plugin : NATIVE);
        old.known = old_knows;
        new.known = new_knows;
        old.nknown = new.nknown = 2;
        if (o->old.account != NULL)
            add(&old, o->old);
        if (o->new.account != NULL)
            add(&new, o->new);
        assert_int_equal(mr_cutover_compare_accounts(&c, &old, &new, NULL), MR_OK);
        if (c.accounts.items.count != (o->severity != MR_GATE_OK))
            print_error("line %zu: %zu findings\n", i, c.accounts.items.count);
        assert_int_equal(c.accounts.items.count, o->severity != MR_GATE_OK);
        if (o->severity != MR_GATE_OK) {
            const struct mr_cutover_finding *f = mr_vec_at(&c.accounts.items, 0);
            if (f->severity != o->severity || strstr(f->text, o->part) == NULL)
                print_error("line %zu: %s\n", i, f->text);
            assert_int_equal(f->severity, o->severity);
            assert_non_null(strstr(f->text, o->part));
            assert_null(strstr(f->text, "bb")); /* nothing of a hash */
        }
        assert_non_null(c.accounts.note);
        mr_vec_release(&old.facts);
        mr_vec_release(&new.facts);
        mr_vec_release(&c.accounts.items);
        mr_arena_release(&c.arena);
    }
}

/* Of one account many things are one finding. */
static void test_many(void **state)
{
    static const char *const places[] = {"a.*", "b.*", "c.*", "d.*", "e.*", "f.*"};
    const struct mr_server db = {.flavour = MR_FLAVOUR_MYSQL, .hostname = "db"};
    struct mr_cutover c = {.arena = MR_ARENA_INIT,
                           .accounts = {.items = MR_VEC_INIT(struct mr_cutover_finding)}};
    struct mr_accounts old, new;
    (void)state;
    begin(&old, &db, NATIVE);
    begin(&new, &db, SHA2);
    for (size_t i = 0; i < LEN(places); i++)
        add(&old, (struct mr_account_fact){APP, MR_ACCOUNT_PRIVILEGE, "SELECT", places[i], "NO"});
    assert_int_equal(mr_cutover_compare_accounts(&c, &old, &new, NULL), MR_OK);
    assert_int_equal(c.accounts.items.count, 2); /* root's plugin, too */
    const struct mr_cutover_finding *f = mr_vec_at(&c.accounts.items, 0);
    assert_int_equal(f->severity, MR_GATE_CRITICAL);
    assert_non_null(strstr(f->text, "cannot be compared: mysql_native_password on OLD"));
    assert_non_null(strstr(f->text, "SELECT on c.* is not on NEW and 3 more"));
    mr_vec_release(&old.facts);
    mr_vec_release(&new.facts);
    mr_vec_release(&c.accounts.items);
    mr_arena_release(&c.arena);
}

/* Of MariaDB's BINLOG MONITOR and SLAVE MONITOR MySQL makes one right: that is no right less. */
static void test_one_of_two(void **state)
{
    const struct mr_server servers[] = {
        {.flavour = MR_FLAVOUR_MARIADB, .version = 101119, .hostname = "db1"},
        {.flavour = MR_FLAVOUR_MYSQL, .version = 90100, .hostname = "db2"}};
    const struct mr_account_fact right = {APP, MR_ACCOUNT_PRIVILEGE, "REPLICATION CLIENT", "*.*",
                                          "NO"};
    for (int swapped = 0; swapped < 2; swapped++) {
        struct mr_cutover c = {.arena = MR_ARENA_INIT,
                               .accounts = {.items = MR_VEC_INIT(struct mr_cutover_finding)}};
        struct mr_accounts sides[2];
        for (int i = 0; i < 2; i++)
            begin(&sides[i], &servers[i], NATIVE);
        add(&sides[0], right);
        add(&sides[0], right);
        add(&sides[1], right);
        assert_int_equal(
            mr_cutover_compare_accounts(&c, &sides[swapped], &sides[1 - swapped], NULL), MR_OK);
        assert_int_equal(c.accounts.items.count, 0);
        for (int i = 0; i < 2; i++)
            mr_vec_release(&sides[i].facts);
        mr_vec_release(&c.accounts.items);
        mr_arena_release(&c.arena);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each), cmocka_unit_test(test_many),
                                       cmocka_unit_test(test_one_of_two)};
    return cmocka_run_group_tests_name("cutover_accounts", tests, NULL, NULL);
}
