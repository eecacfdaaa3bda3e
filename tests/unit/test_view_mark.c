/* test_view_mark.c: the number that moves with every commit, of each kind of server, and that it
 * counts as not known wherever it would not move. */
#include "snap_world.h"
#include "snapshot/create/view_mark.h"

#define MARIADB MR_FLAVOUR_MARIADB
#define MYSQL MR_FLAVOUR_MYSQL

struct one {
    const char *what;
    enum mr_flavour flavour;
    unsigned version;
    struct world_answer status, engine;
    const char *commits, *log_end;
    enum mr_code code;
    unsigned asked;
};

#define STATUS(text)                                                                               \
    {                                                                                              \
        .has = "SHOW GLOBAL STATUS", .rows = (text)                                                \
    }
#define ENGINE(text)                                                                               \
    {                                                                                              \
        .has = "SHOW ENGINE", .rows = (text)                                                       \
    }
#define NO_ENGINE                                                                                  \
    {                                                                                              \
        .has = "-"                                                                                 \
    }

static const struct one cases[] = {
    {"mariadb", MARIADB, 101119, STATUS("Innodb_max_trx_id|77\nInnodb_lsn_current|900"), NO_ENGINE,
     "77", "900", MR_OK, 1},
    {"in other letters", MARIADB, 101119, STATUS("INNODB_MAX_TRX_ID|77"), NO_ENGINE, "77", "",
     MR_OK, 1},
    {"mysql 8 counts writes", MYSQL, 80011,
     STATUS("Innodb_log_write_requests|5\nInnodb_redo_log_current_lsn|9\n"
            "Innodb_redo_log_enabled|ON"),
     NO_ENGINE, "5", "9", MR_OK, 1},
    {"mysql 8.0.11's count is not an older one's", MYSQL, 50744,
     STATUS("Innodb_log_write_requests|5"), ENGINE("InnoDB|~|x\\Log sequence number 4711"), "4711",
     "4711", MR_OK, 2},
    {"the redo log is off", MYSQL, 80035,
     STATUS("Innodb_log_write_requests|5\nInnodb_redo_log_enabled|OFF"), NO_ENGINE, "", "", MR_OK,
     1},
    {"or hidden", MYSQL, 80035, STATUS("Innodb_log_write_requests|5\nInnodb_redo_log_enabled|~"),
     NO_ENGINE, "", "", MR_OK, 1},
    {"nothing is shown",
     MARIADB,
     101119,
     STATUS(""),
     {.has = "SHOW ENGINE", .code = MR_E_DENIED, .number = 1227},
     "",
     "",
     MR_OK,
     2},
    {"no engine", MARIADB, 101119, STATUS(""), ENGINE(""), "", "", MR_OK, 2},
    {"no number", MARIADB, 101119, STATUS(""), ENGINE("InnoDB|~|Log sequence number   ?"), "", "",
     MR_OK, 2},
    {"no text", MARIADB, 101119, STATUS(""), ENGINE("InnoDB|~|~"), "", "", MR_OK, 2},
    {"a count that is NULL", MARIADB, 101119, STATUS("Innodb_max_trx_id|~\nInnodb_lsn_current|900"),
     NO_ENGINE, "900", "900", MR_OK, 1},
    {"lost",
     MARIADB,
     101119,
     {.has = "STATUS", .code = MR_E_LOST},
     NO_ENGINE,
     "",
     "",
     MR_E_LOST,
     1},
    {"lost at the second",
     MARIADB,
     101119,
     STATUS(""),
     {.has = "ENGINE", .code = MR_E_LOST},
     "",
     "",
     MR_E_LOST,
     2},
};

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        const struct one *c = &cases[i];
        const struct world_answer script[] = {c->status, c->engine};
        struct mr_view_mark mark;
        struct mr_err err = {0};
        world_begin(script, LEN(script));
        world.server.flavour = c->flavour;
        world.server.version = c->version;
        enum mr_code code = mr_view_mark_read(world_db(), &mark, &err);
        if (code != c->code || err.code != c->code || world.asked != c->asked ||
            strcmp(mark.commits, c->commits) != 0 || strcmp(mark.log_end, c->log_end) != 0)
            fail_msg("%s: %s / %s", c->what, mark.commits, mark.log_end);
        world_end();
    }
}

/* What is not known is the same as nothing, itself neither. */
static void test_same(void **state)
{
    static const struct {
        struct mr_view_mark a, b;
        bool same;
        const char *text; /* of a */
    } rows[] = {
        {{"", ""}, {"", ""}, false, ""},         {{"7", "9"}, {"7", "9"}, true, "7/9"},
        {{"7", "9"}, {"7", "10"}, true, "7/9"},  {{"7", "9"}, {"8", "9"}, false, "7/9"},
        {{"7", ""}, {"7", ""}, true, ""},        {{"", "9"}, {"", "9"}, false, ""},
        {{"7", "9"}, {"77", "9"}, false, "7/9"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        mr_strbuf_add_str(&text, "old");
        assert_int_equal(mr_view_mark_same(&rows[i].a, &rows[i].b), rows[i].same);
        mr_view_mark_text(&rows[i].a, &text);
        assert_string_equal(text.ptr, rows[i].text);
        mr_strbuf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_same)};
    return cmocka_run_group_tests_name("view_mark", tests, NULL, NULL);
}
