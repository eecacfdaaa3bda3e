/* test_rejoin_apply.c: a rejoin goes on only with a live server that has what the target keeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repair/apply/rejoin_apply.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define A "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"

static struct mr_server server;
static const char *binlog_state, *slave_pos, *executed;

enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err);
enum mr_code __wrap_mr_db_open(const struct mr_endpoint *ep, const struct mr_db_opts *opts,
                               struct mr_db **out, struct mr_err *err)
{
    (void)ep;
    (void)opts;
    (void)err;
    *out = (struct mr_db *)&server;
    return MR_OK;
}

void __wrap_mr_db_close(struct mr_db *db);
void __wrap_mr_db_close(struct mr_db *db)
{
    (void)db;
}

const struct mr_server *__wrap_mr_db_server(const struct mr_db *db);
const struct mr_server *__wrap_mr_db_server(const struct mr_db *db)
{
    (void)db;
    return &server;
}

const char *__wrap_mr_db_label(const struct mr_db *db);
const char *__wrap_mr_db_label(const struct mr_db *db)
{
    (void)db;
    return "live:3306";
}

enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err);
enum mr_code __wrap_mr_db_query_text(struct mr_db *db, const char *sql, struct mr_strbuf *out,
                                     struct mr_err *err)
{
    (void)db;
    mr_strbuf_reset(out);
    if (strcmp(sql, "SELECT @@GLOBAL.gtid_executed") == 0)
        mr_strbuf_add_str(out, executed);
    else if (strcmp(sql,
                    "SELECT CONCAT(@@GLOBAL.gtid_binlog_state, ',', @@GLOBAL.gtid_slave_pos)") == 0)
        mr_strbuf_add_fmt(out, "%s,%s", binlog_state, slave_pos);
    else
        fail_msg("asked: %s", sql);
    return mr_strbuf_check(out, "answering", err);
}

static void test_put_back(void **state)
{
    static const struct {
        const char *what;
        bool is_mariadb;
        const char *position, *executed, *binlog_state, *slave_pos;
        bool is_refused;
    } worlds[] = {
        {"MySQL", false, A ":1-9", A ":1-12", "", "", false},
        {"MySQL, put back", false, A ":1-9", A ":1-8", "", "", true},
        {"MariaDB", true, "0-1-9", "", "0-1-12,0-2-15", "0-1-9", false},
        {"MariaDB, put back", true, "0-1-9", "", "0-1-8", "", true},
        {"… of two domains one", true, "0-1-9,7-3-5", "", "0-1-12,7-3-4", "", true},
        {"… whose log was begun anew", true, "0-1-9", "", "", "", true},
        {"MariaDB, set up from a dump: it never logged that", true, "0-1-9", "", "0-2-15", "0-1-9",
         false},
    };
    const struct mr_repair_options opts = {.no_return = false};
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        struct mr_plan_dir plan = {.manifest = {.uri = {"mysql://u:p@live:3306"}}};
        struct mr_rejoin_run run = {.opts = &opts,
                                    .plan = &plan,
                                    .stage = MR_REJOIN_STAGE_RUNS,
                                    .file = {.is_mariadb = worlds[i].is_mariadb,
                                             .live_uuid = worlds[i].is_mariadb ? "" : A,
                                             .live_id = 2,
                                             .position = worlds[i].position}};
        struct mr_err err = {0};
        server = (struct mr_server){.server_id = 2};
        (void)snprintf(server.uuid, sizeof server.uuid, "%s", run.file.live_uuid);
        executed = worlds[i].executed;
        binlog_state = worlds[i].binlog_state;
        slave_pos = worlds[i].slave_pos;
        const enum mr_code code = mr_rejoin_run_check(&run, &err);
        if (code != (worlds[i].is_refused ? MR_E_REFUSED : MR_OK))
            fail_msg("%s: %d %s", worlds[i].what, (int)code, err.message);
        assert_true(!worlds[i].is_refused || strstr(err.message, "was put back") != NULL);
        mr_rejoin_run_close(&run);
    }
}

enum { RESET = 1, POINT = 2, ROWS = 4, UNDONE = 8 };

/* What the journal knows of, in this order. */
static void write_journal(struct mr_journal *j, int what)
{
    const struct mr_journal_unit rows = {.script = MR_JOURNAL_APPLY, .number = 1, .written = 1};
    const struct mr_journal_unit back = {
        .script = MR_JOURNAL_UNDO, .number = 1, .written = 1, .of = 1};
    if ((what & ROWS) != 0)
        assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &rows, NULL, NULL), MR_OK);
    if ((what & RESET) != 0)
        assert_int_equal(mr_journal_write_step(j, MR_JOURNAL_TRY, "reset", NULL), MR_OK);
    if ((what & POINT) != 0)
        assert_int_equal(mr_journal_write_step(j, MR_JOURNAL_TRY, "point", NULL), MR_OK);
    if ((what & UNDONE) != 0)
        assert_int_equal(mr_journal_write_unit(j, MR_JOURNAL_DONE, &back, NULL, NULL), MR_OK);
}

/* What a target shows is ours where the journal knows how it came to that. */
static void test_whose(void **state)
{
    static const struct {
        const char *what, *own;
        enum mr_rejoin_stage stage;
        int journal;
        bool is_refused;
    } worlds[] = {
        {"a reset that was begun", A ":8-9", MR_REJOIN_STAGE_EMPTY, ROWS | RESET, false},
        {"a reset by hand", A ":8-9", MR_REJOIN_STAGE_EMPTY, ROWS, true},
        {"… behind an undo", A ":8-9", MR_REJOIN_STAGE_EMPTY, ROWS | RESET | UNDONE, true},
        {"… and the position", A ":8-9", MR_REJOIN_STAGE_PLACED, ROWS | RESET | UNDONE, true},
        {"pointed behind a reset", A ":8-9", MR_REJOIN_STAGE_RUNS, 0, false},
        {"nothing to reset", "", MR_REJOIN_STAGE_PLACED, 0, false},
        {"… and pointed", "", MR_REJOIN_STAGE_RUNS, POINT, false},
        {"… and pointed by hand", "", MR_REJOIN_STAGE_RUNS, 0, true},
        {"… and stopped", "", MR_REJOIN_STAGE_POINTED, 0, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        char dir[] = "/tmp/test_rejoin_apply.XXXXXX", path[sizeof dir + 16];
        struct mr_err err = {0};
        struct mr_rejoin_run run = {.stage = worlds[i].stage, .file = {.own = worlds[i].own}};
        assert_non_null(mkdtemp(dir));
        assert_int_equal(mr_journal_open(dir, "run-1", &run.journal, &err), MR_OK);
        write_journal(run.journal, worlds[i].journal);
        const enum mr_code code = mr_rejoin_run_check_reset(&run, &err);
        if (code != (worlds[i].is_refused ? MR_E_REFUSED : MR_OK))
            fail_msg("%s: %d %s", worlds[i].what, (int)code, err.message);
        mr_journal_close(run.journal);
        (void)snprintf(path, sizeof path, "%s/journal.jsonl", dir);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(rmdir(dir), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_put_back),
                                       cmocka_unit_test(test_whose)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
