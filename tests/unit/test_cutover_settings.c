/* test_cutover_settings.c: which values of settings make two servers answer differently, and which
 * are only other words for the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "recon/gate/cutover_settings.h"

#define LEN(array) (sizeof(array) / sizeof *(array))
#define MARIADB MR_FLAVOUR_MARIADB
#define MYSQL MR_FLAVOUR_MYSQL

static struct mr_gate_judge judged(struct mr_arena *arena)
{
    struct mr_gate_judge judge;
    mr_gate_judge_init(&judge);
    judge.arena = arena;
    return judge;
}

/* One that is not there is undecided. */
static const struct mr_gate_result *find(const struct mr_gate_judge *judge, const char *name)
{
    static const struct mr_gate_result none = {.message = ""};
    for (size_t i = 0; i < judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&judge->results, i);
        if (strcmp(r->check, name) == 0)
            return r;
    }
    return &none;
}

static void want_all(bool wanted[MR_CUTOVER_NAMES_END])
{
    for (int i = 0; i < MR_CUTOVER_NAMES_END; i++)
        wanted[i] = i != MR_CUTOVER_NONE;
}

static struct mr_server server(enum mr_flavour flavour)
{
    return (struct mr_server){.flavour = flavour, .version = flavour == MYSQL ? 90704 : 101119};
}

/* old NULL, or new: that server has no such setting. */
static const struct pair {
    const char *name, *also; /* on NEW; NULL: the same */
    enum mr_flavour old_flavour, new_flavour;
    const char *old, *new;
    enum mr_gate_severity severity; /* UNDECIDED: no result */
    const char *hint;               /* part of it */
} pairs[] = {
    {"sql_mode", NULL, MARIADB, MARIADB, "STRICT_TRANS_TABLES,ANSI_QUOTES",
     "ANSI_QUOTES,STRICT_TRANS_TABLES", MR_GATE_OK, NULL},
    {"sql_mode", NULL, MARIADB, MARIADB, "STRICT_TRANS_TABLES", "", MR_GATE_CRITICAL,
     "SET GLOBAL sql_mode = 'STRICT_TRANS_TABLES'"},
    {"sql_mode", NULL, MARIADB, MARIADB, "NO_AUTO_CREATE_USER", "", MR_GATE_CRITICAL, "NO_AUTO"},
    /* MySQL 8 creates none by GRANT, and rounds where MariaDB cuts off */
    {"sql_mode", NULL, MARIADB, MYSQL, "STRICT_ALL_TABLES,NO_AUTO_CREATE_USER",
     "STRICT_ALL_TABLES,TIME_TRUNCATE_FRACTIONAL", MR_GATE_OK, NULL},
    {"sql_mode", NULL, MARIADB, MYSQL, "NO_AUTO_CREATE_USER", "", MR_GATE_CRITICAL,
     "sql_mode = 'TIME_TRUNCATE_FRACTIONAL'"},
    {"sql_mode", NULL, MYSQL, MARIADB, "", "TIME_ROUND_FRACTIONAL", MR_GATE_OK, NULL},
    {"sql_mode", NULL, MARIADB, MYSQL, "ANSI_QUOTES,ORACLE,NO_KEY_OPTIONS,EMPTY_STRING_IS_NULL",
     "TIME_TRUNCATE_FRACTIONAL", MR_GATE_CRITICAL,
     "sql_mode = 'ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL'"},
    {"sql_mode", NULL, MARIADB, MYSQL, "ANSI_QUOTES,NO_KEY_OPTIONS,NO_TABLE_OPTIONS",
     "ANSI_QUOTES,TIME_TRUNCATE_FRACTIONAL", MR_GATE_OK, NULL},
    {"sql_mode", NULL, MARIADB, MARIADB, "ORACLE,NO_KEY_OPTIONS", "", MR_GATE_CRITICAL,
     "sql_mode = 'ORACLE,NO_KEY_OPTIONS'"},
    {"sql_mode", NULL, MYSQL, MARIADB, "ANSI_QUOTES", "TIME_ROUND_FRACTIONAL", MR_GATE_CRITICAL,
     "sql_mode = 'ANSI_QUOTES,TIME_ROUND_FRACTIONAL'"},
    {"character_set_server", NULL, MARIADB, MYSQL, "utf8", "utf8mb3", MR_GATE_OK, NULL},
    {"character_set_server", NULL, MARIADB, MARIADB, "latin1", "utf8mb4", MR_GATE_CRITICAL,
     "character_set_server = 'latin1'"},
    {"collation_server", NULL, MARIADB, MARIADB, "latin1_bin", "latin1_swedish_ci",
     MR_GATE_CRITICAL, "SET GLOBAL collation_server = 'latin1_bin'"},
    {"collation_server", NULL, MYSQL, MARIADB, "utf8mb4_0900_ai_ci", "latin1_swedish_ci",
     MR_GATE_CRITICAL, "NEW does not know it"},
    {"collation_server", NULL, MARIADB, MYSQL, "utf8mb4_uca1400_ai_ci", "latin1_swedish_ci",
     MR_GATE_CRITICAL, "NEW does not know it"},
    {"collation_server", NULL, MARIADB, MYSQL, "utf8mb4_general_nopad_ci", "latin1_swedish_ci",
     MR_GATE_CRITICAL, "NEW does not know it"},
    {"collation_server", NULL, MARIADB, MYSQL, "utf8_general_ci", "utf8mb3_general_ci", MR_GATE_OK,
     NULL},
    {"block_encryption_mode", NULL, MYSQL, MYSQL, "aes-256-cbc", "aes-128-ecb", MR_GATE_CRITICAL,
     "= 'aes-256-cbc'"},
    {"offline_mode", NULL, MYSQL, MYSQL, "OFF", "ON", MR_GATE_CRITICAL, "offline_mode = OFF"},
    {"have_ssl", NULL, MARIADB, MARIADB, "YES", "DISABLED", MR_GATE_CRITICAL, "ssl_cert"},
    {"have_ssl", NULL, MARIADB, MARIADB, "DISABLED", "YES", MR_GATE_OK, NULL},
    {"tls_version", NULL, MYSQL, MYSQL, "TLSv1.2,TLSv1.3", "", MR_GATE_CRITICAL,
     "tls_version = 'TLSv1.2,TLSv1.3' in NEW's option file"},
    {"tls_version", NULL, MYSQL, MYSQL, "TLSv1.2,TLSv1.3", "TLSv1.3", MR_GATE_OK, NULL},
    {"max_statement_time", NULL, MARIADB, MARIADB, "0.000000", "0.500000", MR_GATE_CRITICAL,
     "max_statement_time = "},
    {"max_statement_time", NULL, MARIADB, MARIADB, "5.000000", "0.000000", MR_GATE_OK, NULL},
    {"max_execution_time", NULL, MYSQL, MYSQL, "5000", "100", MR_GATE_CRITICAL, "= 5000"},
    {"max_execution_time", NULL, MYSQL, MYSQL, "5000", "6000", MR_GATE_OK, NULL},
    {"lower_case_table_names", NULL, MYSQL, MYSQL, "0", "1", MR_GATE_CRITICAL, "rebuild NEW"},
    {"tx_isolation", "transaction_isolation", MARIADB, MYSQL, "READ-COMMITTED", "READ-COMMITTED",
     MR_GATE_OK, NULL},
    {"transaction_isolation", "tx_isolation", MYSQL, MARIADB, "READ-COMMITTED", "REPEATABLE-READ",
     MR_GATE_CRITICAL, "SET GLOBAL tx_isolation = 'READ-COMMITTED'"},
    {"foreign_key_checks", NULL, MARIADB, MYSQL, "ON", "1", MR_GATE_OK, NULL},
    {"foreign_key_checks", NULL, MARIADB, MYSQL, "1", "OFF", MR_GATE_CRITICAL, "= ON"},
    {"max_allowed_packet", NULL, MYSQL, MYSQL, "67108864", "16777216", MR_GATE_CRITICAL,
     "= 67108864"},
    {"max_allowed_packet", NULL, MYSQL, MYSQL, "16777216", "67108864", MR_GATE_OK, NULL},
    {"require_secure_transport", NULL, MYSQL, MYSQL, "OFF", "ON", MR_GATE_CRITICAL, "= OFF"},
    {"require_secure_transport", NULL, MYSQL, MYSQL, "ON", "OFF", MR_GATE_OK, NULL},
    {"local_infile", NULL, MARIADB, MYSQL, "ON", "OFF", MR_GATE_WARNING, "= ON"},
    {"local_infile", NULL, MARIADB, MYSQL, "OFF", "ON", MR_GATE_OK, NULL},
    {"event_scheduler", NULL, MYSQL, MYSQL, "ON", "OFF", MR_GATE_WARNING, "event_scheduler = ON"},
    /* whatever OLD has */
    {"log_bin", NULL, MYSQL, MYSQL, "OFF", "OFF", MR_GATE_CRITICAL, "restart"},
    {"log_slave_updates", "log_replica_updates", MARIADB, MYSQL, "ON", "OFF", MR_GATE_WARNING,
     "log_replica_updates = ON"},
    {"sync_binlog", NULL, MYSQL, MYSQL, "1", "100", MR_GATE_WARNING, "sync_binlog = 1"},
    {"sync_binlog", NULL, MYSQL, MYSQL, "100", "0", MR_GATE_OK, NULL},
    {"innodb_doublewrite", NULL, MARIADB, MYSQL, "ON", "DETECT_AND_RECOVER", MR_GATE_OK, NULL},
    {"innodb_flush_log_at_trx_commit", NULL, MYSQL, MYSQL, "1", "2", MR_GATE_WARNING, "= 1"},
    {"check_constraint_checks", NULL, MARIADB, MYSQL, "ON", NULL, MR_GATE_UNDECIDED, NULL},
    {"gtid_mode", NULL, MARIADB, MYSQL, NULL, "ON", MR_GATE_UNDECIDED, NULL},
    /* nobody could log in, or write */
    {"offline_mode", NULL, MYSQL, MYSQL, "OFF", "ON", MR_GATE_CRITICAL, "offline_mode = OFF"},
    {"offline_mode", NULL, MYSQL, MYSQL, "ON", "OFF", MR_GATE_OK, NULL},
    {"innodb_read_only", NULL, MYSQL, MYSQL, "OFF", "ON", MR_GATE_CRITICAL, "restart"},
    {"innodb_force_recovery", NULL, MARIADB, MYSQL, "0", "4", MR_GATE_CRITICAL,
     "innodb_force_recovery = 0 in"},
    {"innodb_force_recovery", NULL, MARIADB, MYSQL, "0", "0", MR_GATE_OK, NULL},
    /* other rows, other bytes */
    {"sql_select_limit", NULL, MARIADB, MYSQL, "18446744073709551615", "1000", MR_GATE_CRITICAL,
     "= 18446744073709551615"},
    {"sql_select_limit", NULL, MARIADB, MYSQL, "18446744073709551615", "18446744073709551615",
     MR_GATE_OK, NULL},
    {"block_encryption_mode", NULL, MYSQL, MYSQL, "aes-128-ecb", "aes-256-cbc", MR_GATE_CRITICAL,
     "= 'aes-128-ecb'"},
    {"init_connect", NULL, MYSQL, MYSQL, "SET NAMES utf8", "", MR_GATE_CRITICAL,
     "'SET NAMES utf8'"},
};

static const struct mr_gate_result *judge_pair(const struct pair *p, struct mr_gate_judge *judge)
{
    const struct mr_server of[] = {server(p->old_flavour), server(p->new_flavour)};
    const struct mr_gate_variable old = {p->name, p->old};
    const struct mr_gate_variable new = {p->also != NULL ? p->also : p->name, p->new};
    const struct mr_cutover_values values[] = {
        {&of[0], &old, p->old != NULL, "", "", ""},
        {&of[1], &new, p->new != NULL, "", "", ""},
    };
    bool wanted[MR_CUTOVER_NAMES_END];
    want_all(wanted);
    mr_cutover_judge_settings(judge, &values[0], &values[1], wanted);
    for (size_t i = 0; i < judge->results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&judge->results, i);
        if (r->is_setting)
            return r;
    }
    return NULL;
}

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(pairs); i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_judge judge = judged(&arena);
        const struct mr_gate_result *r = judge_pair(&pairs[i], &judge);
        if (r == NULL ? pairs[i].severity != MR_GATE_UNDECIDED : r->severity != pairs[i].severity)
            print_error("line %zu: %s is %s\n", i, pairs[i].name,
                        r != NULL ? mr_gate_severity_text(r->severity) : "not there");
        assert_int_equal(r != NULL ? r->severity : MR_GATE_UNDECIDED, pairs[i].severity);
        assert_int_equal(r != NULL && r->hint != NULL, pairs[i].hint != NULL);
        if (pairs[i].hint != NULL && strstr(r->hint, pairs[i].hint) == NULL)
            print_error("line %zu: no %s in: %s\n", i, pairs[i].hint, r->hint);
        if (pairs[i].hint != NULL)
            assert_non_null(strstr(r->hint, pairs[i].hint));
        mr_gate_judge_release(&judge);
        mr_arena_release(&arena);
    }
}

/* Tables of zones do not come by replication. */
static void test_named_zones(void **state)
{
    static const struct {
        const char *old, *new;
        enum mr_gate_severity severity;
    } table[] = {{"", "", MR_GATE_OK},
                 {"2026-07-15 14:00:00", "2026-07-15 14:00:00", MR_GATE_OK},
                 {"", "2026-07-15 14:00:00", MR_GATE_OK},
                 {"2026-07-15 14:00:00", "", MR_GATE_CRITICAL}};
    const struct mr_server of = server(MARIADB);
    const struct mr_gate_variable zone = {"time_zone", "+00:00"};
    bool wanted[MR_CUTOVER_NAMES_END];
    (void)state;
    want_all(wanted);
    for (size_t i = 0; i < LEN(table); i++) {
        const struct mr_cutover_values values[] = {{&of, &zone, 1, "x", "", table[i].old},
                                                   {&of, &zone, 1, "x", "", table[i].new}};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_judge judge = judged(&arena);
        mr_cutover_judge_settings(&judge, &values[0], &values[1], wanted);
        assert_int_equal(find(&judge, "time_zone")->severity, table[i].severity);
        mr_gate_judge_release(&judge);
        mr_arena_release(&arena);
    }
}

/* What one side alone has is named, and no finding. */
static void test_lone(void **state)
{
    const struct mr_server of = server(MYSQL);
    const struct mr_gate_variable old[] = {{"old_mode", "x"}, {"autocommit", "ON"}};
    const struct mr_gate_variable new[] = {{"gtid_mode", "ON"}, {"autocommit", "ON"}};
    const struct mr_cutover_values values[] = {{&of, old, 2, "", "", ""},
                                               {&of, new, 2, "", "", ""}};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_judge judge = judged(&arena);
    bool wanted[MR_CUTOVER_NAMES_END];
    (void)state;
    want_all(wanted);
    mr_cutover_judge_settings(&judge, &values[0], &values[1], wanted);
    const struct mr_gate_result *r = find(&judge, "settings");
    assert_int_equal(r->severity, MR_GATE_OK);
    assert_string_equal(r->message,
                        "1 setting compared; only OLD has old_mode; only NEW has gtid_mode");
    mr_gate_judge_release(&judge);
    mr_arena_release(&arena);
}

/* By what clocks show; "SYSTEM" alone says nothing. */
static void test_zone(void **state)
{
    static const struct {
        const char *zones[2], *clocks[2];
        enum mr_gate_severity severity;
    } table[] = {
        {{"SYSTEM", "SYSTEM"}, {"12 14", "12 14"}, MR_GATE_OK},
        {{"SYSTEM", "Europe/Berlin"}, {"13 14", "13 14"}, MR_GATE_OK},
        {{"SYSTEM", "SYSTEM"}, {"13 14", "12 12"}, MR_GATE_CRITICAL},
        {{"+01:00", "Europe/Berlin"}, {"13 13", "13 14"}, MR_GATE_CRITICAL},
        {{"SYSTEM", "SYSTEM"}, {"", "12 12"}, MR_GATE_UNKNOWN},
        {{"+01:00", "+01:00"}, {"", ""}, MR_GATE_OK},
        {{"+01:00", "SYSTEM"}, {"", ""}, MR_GATE_CRITICAL},
    };
    const struct mr_server of = server(MARIADB);
    (void)state;
    for (size_t i = 0; i < LEN(table); i++) {
        const struct mr_gate_variable zones[] = {{"time_zone", table[i].zones[0]},
                                                 {"time_zone", table[i].zones[1]}};
        const struct mr_cutover_values values[] = {{&of, &zones[0], 1, table[i].clocks[0], "", ""},
                                                   {&of, &zones[1], 1, table[i].clocks[1], "", ""}};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_judge judge = judged(&arena);
        bool wanted[MR_CUTOVER_NAMES_END];
        want_all(wanted);
        mr_cutover_judge_settings(&judge, &values[0], &values[1], wanted);
        assert_int_equal(find(&judge, "time_zone")->severity, table[i].severity);
        mr_gate_judge_release(&judge);
        mr_arena_release(&arena);
    }
}

/* Two families' defaults of one character set; and two that write in turns. */
static void test_together(void **state)
{
    static const struct {
        enum mr_flavour new_flavour;
        struct mr_gate_variable old[2], new[2];
        const char *name, *new_default;
        enum mr_gate_severity severity;
    } table[] = {
        {MYSQL,
         {{"character_set_server", "utf8mb4"}, {"collation_server", "utf8mb4_general_ci"}},
         {{"character_set_server", "utf8mb4"}, {"collation_server", "utf8mb4_0900_ai_ci"}},
         "collation_server",
         "utf8mb4_0900_ai_ci",
         MR_GATE_OK},
        {MYSQL,
         {{"character_set_server", "utf8mb4"}, {"collation_server", "utf8mb4_general_ci"}},
         {{"character_set_server", "utf8mb4"}, {"collation_server", "utf8mb4_bin"}},
         "collation_server",
         "utf8mb4_0900_ai_ci",
         MR_GATE_CRITICAL},
        {MARIADB,
         {{"auto_increment_increment", "2"}, {"auto_increment_offset", "1"}},
         {{"auto_increment_increment", "2"}, {"auto_increment_offset", "2"}},
         "auto_increment_offset",
         "",
         MR_GATE_OK},
        {MARIADB,
         {{"auto_increment_increment", "1"}, {"auto_increment_offset", "1"}},
         {{"auto_increment_increment", "1"}, {"auto_increment_offset", "2"}},
         "auto_increment_offset",
         "",
         MR_GATE_WARNING},
    };
    (void)state;
    for (size_t i = 0; i < LEN(table); i++) {
        const struct mr_server of[] = {server(MARIADB), server(table[i].new_flavour)};
        const struct mr_cutover_values values[] = {
            {&of[0], table[i].old, 2, "", "utf8mb4_general_ci", ""},
            {&of[1], table[i].new, 2, "", table[i].new_default, ""}};
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_judge judge = judged(&arena);
        bool wanted[MR_CUTOVER_NAMES_END];
        want_all(wanted);
        mr_cutover_judge_settings(&judge, &values[0], &values[1], wanted);
        assert_int_equal(find(&judge, table[i].name)->severity, table[i].severity);
        mr_gate_judge_release(&judge);
        mr_arena_release(&arena);
    }
}

static void test_wanted(void **state)
{
    static const char *const only[] = {"caught_up,sql_mode"}, *const skip[] = {"sql_mode"};
    static const char *const wrong[] = {"sql_mod"};
    const struct mr_string_list none = {NULL, 0}, some = {only, 1}, less = {skip, 1},
                                slip = {wrong, 1};
    bool wanted[MR_CUTOVER_NAMES_END];
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_cutover_wanted(&none, &less, wanted, &err), MR_OK);
    assert_true(wanted[MR_CUTOVER_rows] && !wanted[MR_CUTOVER_SETTING_sql_mode]);
    assert_int_equal(mr_cutover_wanted(&some, &none, wanted, &err), MR_OK);
    assert_true(wanted[MR_CUTOVER_caught_up] && wanted[MR_CUTOVER_SETTING_sql_mode]);
    assert_false(wanted[MR_CUTOVER_rows]);
    assert_int_equal(mr_cutover_wanted(&less, &less, wanted, &err), MR_E_USAGE);
    assert_int_equal(mr_cutover_wanted(&slip, &none, wanted, &err), MR_E_USAGE);
    assert_string_equal(err.hint, "Did you mean \"sql_mode\"?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),     cmocka_unit_test(test_named_zones),
        cmocka_unit_test(test_lone),     cmocka_unit_test(test_zone),
        cmocka_unit_test(test_together), cmocka_unit_test(test_wanted)};
    return cmocka_run_group_tests_name("cutover_settings", tests, NULL, NULL);
}
