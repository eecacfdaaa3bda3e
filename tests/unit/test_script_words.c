/* test_script_words.c: the closed set of words that scripts are made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "repair/script/script_words.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *word;
    unsigned is;
} words[] = {
    {"ABS", MR_WORD_FUNCTION},
    {"YEAR_MONTH", MR_WORD_KEYWORD | MR_WORD_VALUE},
    {"SELECT", MR_WORD_KEYWORD | MR_WORD_PAREN},
    {"select", MR_WORD_KEYWORD | MR_WORD_PAREN},
    {"NuLL", MR_WORD_KEYWORD | MR_WORD_VALUE},
    {"LEFT", MR_WORD_KEYWORD | MR_WORD_FUNCTION},
    {"ROW_COUNT", MR_WORD_FUNCTION},
    {"COALESCE", MR_WORD_FUNCTION},
    {"DEFAULT", MR_WORD_KEYWORD | MR_WORD_PAREN | MR_WORD_VALUE},
    {"SLEEP", MR_WORD_FORBIDDEN},
    {"into", MR_WORD_FORBIDDEN},
    {"", MR_WORD_NONE},
    {"SELECT1", MR_WORD_NONE},
    {"SELEC", MR_WORD_NONE},
    {"member_id", MR_WORD_NONE},
    {"A_WORD_THAT_IS_LONGER_THAN_ANY_OF_THE_TABLE", MR_WORD_NONE},
};

static void test_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(words); i++)
        if (mr_script_word(words[i].word, strlen(words[i].word)) != words[i].is)
            fail_msg("%s", words[i].word);
    /* by its length, not by its end */
    assert_int_equal(mr_script_word("SELECT1", 6), MR_WORD_KEYWORD | MR_WORD_PAREN);
    assert_int_equal(mr_script_word("SEL\0ECT", 7), MR_WORD_NONE);
}

/* What waits, locks, reads files or tables, tells of the server, or leaves something behind is
 * never called. */
static void test_no_functions(void **state)
{
    static const char *const none[] = {
        "SLEEP",
        "BENCHMARK",
        "GET_LOCK",
        "RELEASE_LOCK",
        "RELEASE_ALL_LOCKS",
        "IS_FREE_LOCK",
        "MASTER_POS_WAIT",
        "SOURCE_POS_WAIT",
        "MASTER_GTID_WAIT",
        "WAIT_FOR_EXECUTED_GTID_SET",
        "LOAD_FILE",
        "SYS_EXEC",
        "SYS_EVAL",
        "EXTRACTVALUE",
        "UPDATEXML",
        "LAST_INSERT_ID",
        "NEXTVAL",
        "SETVAL",
        "LASTVAL",
        "RAND",
        "UUID",
        "UUID_SHORT",
        "USER",
        "CURRENT_USER",
        "SESSION_USER",
        "DATABASE",
        "SCHEMA",
        "VERSION",
        "CONNECTION_ID",
        "ENCRYPT",
        "ENCODE",
        "COLUMN_CREATE",
        "NAME_CONST",
        "SFORMAT",
        "PROCEDURE",
        "CALL",
        "STATEMENT_DIGEST",
        "ASYNCHRONOUS_CONNECTION_FAILOVER_ADD_SOURCE",
        "SYSDATE",
        "FOUND_ROWS",
        "VALUE",
    };
    (void)state;
    for (size_t i = 0; i < LEN(none); i++)
        if (mr_script_word(none[i], strlen(none[i])) & MR_WORD_FUNCTION)
            fail_msg("%s", none[i]);
}

/* A function that a statement of ours may call is found, wherever it stands in the table. */
static void test_all_found(void **state)
{
    static const char *const all[] = {
        "CAST",          "CONCAT",        "CONCAT_WS",
        "CONVERT",       "COUNT",         "FIELD",
        "FIND_IN_SET",   "HEX",           "IF",
        "LEFT",          "MAX",           "MIN",
        "OCTET_LENGTH",  "REPLACE",       "SUM",
        "TRIM",          "UNHEX",         "YEARWEEK",
        "ACOS",          "ATAN2",         "BIN_TO_UUID",
        "CHAR",          "CRC32C",        "DATE_SUB",
        "EXPORT_SET",    "FROM_DAYS",     "INET6_ATON",
        "JSON_ARRAY",    "JSON_VALUE",    "LAST_DAY",
        "LPAD",          "MD5",           "MONTHNAME",
        "NULLIF",        "PERIOD_ADD",    "REGEXP_REPLACE",
        "REGEXP_SUBSTR", "SEC_TO_TIME",   "ST_Y",
        "SUBTIME",       "TIMESTAMPDIFF", "TO_SECONDS",
        "UTC_TIMESTAMP", "WEIGHT_STRING",
    };
    (void)state;
    for (size_t i = 0; i < LEN(all); i++)
        if (!(mr_script_word(all[i], strlen(all[i])) & MR_WORD_FUNCTION))
            fail_msg("%s", all[i]);
}

static void test_commands(void **state)
{
    static const char *const commands[] = {
        "charset",
        "clear",
        "connect",
        "costs",
        "delimiter",
        "edit",
        "ego",
        "exit",
        "go",
        "help",
        "nopager",
        "notee",
        "nowarning",
        "pager",
        "print",
        "prompt",
        "query_attributes",
        "quit",
        "rehash",
        "resetconnection",
        "sandbox",
        "source",
        "ssl_session_data_print",
        "status",
        "system",
        "tee",
        "use",
        "warnings",
        "System",
        "SOURCE",
    };
    static const char *const others[] = {"", "sourc", "sources", "select", "usage"};
    (void)state;
    for (size_t i = 0; i < LEN(commands); i++)
        if (!mr_script_word_is_command(commands[i], strlen(commands[i])))
            fail_msg("%s", commands[i]);
    for (size_t i = 0; i < LEN(others); i++)
        if (mr_script_word_is_command(others[i], strlen(others[i])))
            fail_msg("%s", others[i]);
}

/* As the writer spells it, and no other: a setting may be written to, too. */
static void test_settings(void **state)
{
    static const char *const others[] = {"@@",
                                         "@@port2",
                                         "@@PORT",
                                         "@@GLOBAL.read_only",
                                         "@@SESSION.sql_mod",
                                         "@@global.log_bin",
                                         "@@secure_file_priv",
                                         "@@SESSION.sql_log_bin"};
    (void)state;
    assert_true(mr_script_word_is_setting("@@GLOBAL.log_bin", 16));
    assert_true(mr_script_word_is_setting("@@super_read_only", 17));
    assert_true(mr_script_word_is_setting("@@SESSION.sql_mode", 18));
    for (size_t i = 0; i < LEN(others); i++)
        if (mr_script_word_is_setting(others[i], strlen(others[i])))
            fail_msg("%s", others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),     cmocka_unit_test(test_no_functions),
        cmocka_unit_test(test_all_found), cmocka_unit_test(test_commands),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
