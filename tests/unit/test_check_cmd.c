/*
 * test_check_cmd.c: one command from its operands to its exit code: which unfinished run it goes
 * on with, which error it tells, and when a run is finished.  Everything that it calls: the tests
 * of their names; the printed texts: test_check_text.c, test_check_json.c and tests/cli.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/file/io.h"
#include "recon/check/check_cmd.h"
#include "recon/check/check_options.h"
#include "recon/check/check_plan.h"
#include "recon/check/check_relate.h"
#include "recon/check/check_run.h"
#include "recon/check/check_same.h"
#include "recon/check/check_scope.h"
#include "recon/check/check_sides.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

/* A run of two servers without tables. */
static struct {
    enum mr_code open_code, plan_code, execute_code;
    bool finishes, lost_objects;
    const char *uuids[MR_SIDES]; /* of the servers */
    bool snapshot;               /* SOURCE is one */
    struct mr_catalogue cat[MR_SIDES];
    struct mr_endpoint ep[MR_SIDES];
    char run[64]; /* that was executed */
    unsigned executed, closed;
} fake;

static const struct mr_kept *no_table(const struct mr_source *src, const char *db,
                                      const char *table)
{
    (void)src;
    (void)db;
    (void)table;
    return NULL;
}

static const struct mr_source_ops snapshot_ops = {.kept = no_table};
static struct mr_source snapshot = {&snapshot_ops};

enum mr_code __wrap_mr_db_global_init(struct mr_err *err);
enum mr_code __wrap_mr_db_global_init(struct mr_err *err)
{
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_sides_open(struct mr_check_run *check, struct mr_sides *sides,
                                        const char *const operands[MR_SIDES], struct mr_err *err);
enum mr_code __wrap_mr_check_sides_open(struct mr_check_run *check, struct mr_sides *sides,
                                        const char *const operands[MR_SIDES], struct mr_err *err)
{
    check->pairing.side = sides->side;
    if (fake.open_code != MR_OK)
        return mr_err_set(err, fake.open_code, "it cannot be opened");
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        struct mr_server *server = &fake.cat[side].server;
        MR_TRY(mr_endpoint_parse(&fake.ep[side], operands[side], err));
        *server = (struct mr_server){.flavour = MR_FLAVOUR_MYSQL};
        (void)snprintf(server->uuid, sizeof server->uuid, "%s", fake.uuids[side]);
        sides->side[side].ep = &fake.ep[side];
        if (fake.snapshot && side == MR_SOURCE)
            sides->side[side].source = &snapshot;
        sides->side[side].cat = &fake.cat[side];
    }
    return MR_OK;
}

void __wrap_mr_sides_close(struct mr_sides *sides);
void __wrap_mr_sides_close(struct mr_sides *sides)
{
    (void)sides;
    fake.closed++;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_endpoint_release(&fake.ep[side]);
        memset(&fake.ep[side], 0, sizeof fake.ep[side]);
    }
}

enum mr_code __wrap_mr_sides_pair_dbs(const struct mr_server_side side[MR_SIDES],
                                      struct mr_arena *arena, struct mr_vec *pairs,
                                      struct mr_err *err);
enum mr_code __wrap_mr_sides_pair_dbs(const struct mr_server_side side[MR_SIDES],
                                      struct mr_arena *arena, struct mr_vec *pairs,
                                      struct mr_err *err)
{
    (void)side;
    (void)arena;
    (void)pairs;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_places_keep(struct mr_check_run *check, struct mr_err *err);
enum mr_code __wrap_mr_check_places_keep(struct mr_check_run *check, struct mr_err *err)
{
    (void)check;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_places_end(struct mr_check_run *check, struct mr_err *err);
enum mr_code __wrap_mr_check_places_end(struct mr_check_run *check, struct mr_err *err)
{
    (void)check;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_same(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err);
enum mr_code __wrap_mr_check_same(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err)
{
    (void)check;
    (void)pairs;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_plan(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err);
enum mr_code __wrap_mr_check_plan(struct mr_check_run *check, const struct mr_vec *pairs,
                                  struct mr_err *err)
{
    (void)check;
    (void)pairs;
    return fake.plan_code == MR_OK ? MR_OK : mr_err_set(err, fake.plan_code, "no plan");
}

enum mr_code __wrap_mr_pair_sections_warn(const struct mr_pairing *pairing, struct mr_err *err);
enum mr_code __wrap_mr_pair_sections_warn(const struct mr_pairing *pairing, struct mr_err *err)
{
    (void)pairing;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_pair_patterns_warn(const struct mr_pairing *pairing, const char *option,
                                          const struct mr_string_list *patterns,
                                          struct mr_err *err);
enum mr_code __wrap_mr_pair_patterns_warn(const struct mr_pairing *pairing, const char *option,
                                          const struct mr_string_list *patterns, struct mr_err *err)
{
    (void)pairing;
    (void)option;
    (void)patterns;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_check_relate(struct mr_check_run *check, struct mr_err *err);
enum mr_code __wrap_mr_check_relate(struct mr_check_run *check, struct mr_err *err)
{
    (void)check;
    (void)err;
    return MR_OK;
}

enum mr_code __wrap_mr_throttle_new(const struct mr_throttle_opts *opts,
                                    const struct mr_endpoint *const *endpoints, size_t count,
                                    const struct mr_db_opts *db_opts, struct mr_throttle **out,
                                    struct mr_err *err);
enum mr_code __wrap_mr_throttle_new(const struct mr_throttle_opts *opts,
                                    const struct mr_endpoint *const *endpoints, size_t count,
                                    const struct mr_db_opts *db_opts, struct mr_throttle **out,
                                    struct mr_err *err)
{
    (void)opts;
    (void)endpoints;
    (void)db_opts;
    (void)err;
    assert_int_equal(count, fake.snapshot ? 1 : 2);
    *out = NULL;
    return MR_OK;
}

enum mr_code __wrap_mr_check_execute(struct mr_check_run *check, const struct mr_vec *pairs,
                                     struct mr_err *err);
enum mr_code __wrap_mr_check_execute(struct mr_check_run *check, const struct mr_vec *pairs,
                                     struct mr_err *err)
{
    (void)pairs;
    fake.executed++;
    (void)snprintf(fake.run, sizeof fake.run, "%s", check->run.uuid);
    check->run.objects_done = check->run.kin_done = fake.finishes && !fake.lost_objects;
    check->run.finished = fake.finishes;
    return fake.execute_code == MR_OK ? MR_OK : mr_err_set(err, fake.execute_code, "it ends");
}

/* ---- a case, and commands over it */

static char dir[] = "/tmp/check_cmd.XXXXXX", path[64];

static void begin(void)
{
    memset(&fake, 0, sizeof fake);
    fake.finishes = true;
    fake.uuids[MR_SOURCE] = "one";
    fake.uuids[MR_TARGET] = "two";
    mr_log_set_level(MR_LOG_ERROR);
    (void)unlink(path);
}

static struct mr_check_options options(bool resume)
{
    return (struct mr_check_options){.objects = "all",
                                     .threads = 1,
                                     .digest = MR_DIGEST_CLIENT,
                                     .case_path = path,
                                     .resume = resume,
                                     .general = {.progress = MR_PROGRESS_NEVER, .quiet = true}};
}

/* What is printed goes to `out`. */
static enum mr_code run(struct mr_check_options *values, const char *source, const char *out,
                        int *exit_code, struct mr_err *err)
{
    const char *const operands[] = {source, "mysql://b@new/"};
    struct mr_config config = {.file = NULL};
    const struct mr_invocation invocation = {.request = MR_CLI_RUN,
                                             .command = &mr_check_command,
                                             .settings = {.values = values},
                                             .operands = operands,
                                             .noperands = 2,
                                             .config = &config};
    memset(err, 0, sizeof *err);
    *exit_code = 99;
    (void)fflush(stdout);
    int saved = dup(STDOUT_FILENO), fd = open(out, O_WRONLY | O_CLOEXEC);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
    (void)close(fd);
    enum mr_code code = mr_check_command.run(&invocation, exit_code, err);
    (void)fflush(stdout);
    clearerr(stdout);
    assert_true(dup2(saved, STDOUT_FILENO) >= 0);
    (void)close(saved);
    return code;
}

static void test_exit_codes(void **state)
{
    static const struct {
        enum mr_code open, plan, execute, want;
        bool finishes, lost_objects;
        int exit_code;
        unsigned executed;
    } cases[] = {
        {MR_OK, MR_OK, MR_OK, MR_OK, true, false, 0, 1},
        {MR_OK, MR_OK, MR_OK, MR_OK, true, true, 4, 1},
        {MR_E_CONNECT, MR_OK, MR_OK, MR_E_CONNECT, true, false, 99, 0},
        {MR_OK, MR_E_NO_SUCH, MR_OK, MR_E_NO_SUCH, true, false, 99, 0},
        {MR_OK, MR_OK, MR_E_CANCELLED, MR_E_CANCELLED, false, false, 99, 1},
        {MR_OK, MR_OK, MR_E_CASE, MR_E_CASE, false, false, 99, 1},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct mr_check_options o = options(false);
        struct mr_err err;
        int exit_code;
        begin();
        fake.open_code = cases[i].open;
        fake.plan_code = cases[i].plan;
        fake.execute_code = cases[i].execute;
        fake.finishes = cases[i].finishes;
        fake.lost_objects = cases[i].lost_objects;
        assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), cases[i].want);
        assert_int_equal(exit_code, cases[i].exit_code);
        assert_int_equal(fake.executed, cases[i].executed);
        assert_int_equal(fake.closed, 1);
    }
}

/* Where nothing is kept, an interrupted run says how it could have been; else how it goes on. */
static void test_interrupted(void **state)
{
    struct mr_check_options o = options(false);
    struct mr_err err;
    int exit_code;
    (void)state;
    begin();
    fake.execute_code = MR_E_CANCELLED;
    fake.finishes = false;
    assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_E_CANCELLED);
    assert_string_equal(err.hint,
                        "Nothing is lost: the same command with --resume goes on where it was.");
    o.resume = true;
    assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_E_CANCELLED);
    assert_string_equal(err.hint, "Nothing is lost: the same command goes on where it was.");
    o.resume = false;
    o.case_path = NULL;
    assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_E_CANCELLED);
    assert_non_null(strstr(err.hint, "With --case FILE a run can be resumed."));
}

/* ---- --resume */

static const struct {
    const char *what, *source;
    const char *uuids[MR_SIDES];
    bool consistent, named, json, finished;
    enum mr_code want;
    const char *message;
    bool same_run;
} resumed[] = {
    {"as it was", "mysql://a@old/", {"one", "two"}, false, false, false, false, MR_OK, NULL, true},
    {"printed otherwise",
     "mysql://a@old/",
     {"one", "two"},
     false,
     false,
     true,
     false,
     MR_OK,
     NULL,
     true},
    {"it was finished",
     "mysql://a@old/",
     {"one", "two"},
     false,
     false,
     false,
     true,
     MR_OK,
     NULL,
     false},
    {"another source",
     "mysql://a@older/",
     {"one", "two"},
     false,
     false,
     false,
     false,
     MR_E_CASE_OTHER,
     "has another source",
     false},
    {"other options",
     "mysql://a@old/",
     {"one", "two"},
     true,
     false,
     false,
     false,
     MR_E_CASE_OTHER,
     "has other options",
     false},
    {"other tables",
     "mysql://a@old/",
     {"one", "two"},
     false,
     true,
     false,
     false,
     MR_E_CASE_OTHER,
     "has other options",
     false},
    {"its address leads to another server",
     "mysql://a@old/",
     {"one", "three"},
     false,
     false,
     false,
     false,
     MR_E_CASE_OTHER,
     "has another server as its target",
     false},
};

/* Goes on with a run only if it would find the same, on the same servers. */
static void test_resume(void **state)
{
    static const char *const tables[] = {"a"};
    (void)state;
    for (size_t i = 0; i < LEN(resumed); i++) {
        struct mr_check_options first = options(false), second = options(true);
        struct mr_err err;
        int exit_code;
        char before[64];
        begin();
        fake.finishes = resumed[i].finished;
        assert_int_equal(run(&first, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_OK);
        memcpy(before, fake.run, sizeof before);
        second.consistent = resumed[i].consistent;
        second.json = resumed[i].json;
        if (resumed[i].named)
            second.tables = (struct mr_string_list){tables, 1};
        memcpy(fake.uuids, resumed[i].uuids, sizeof fake.uuids);
        fake.executed = 0;
        enum mr_code code = run(&second, resumed[i].source, "/dev/null", &exit_code, &err);
        if (code != resumed[i].want ||
            (resumed[i].message != NULL && strstr(err.message, resumed[i].message) == NULL))
            fail_msg("%s: %s", resumed[i].what, err.message);
        /* what is refused has read nothing */
        assert_int_equal(fake.executed, code == MR_OK ? 1 : 0);
        if (code == MR_OK)
            assert_int_equal(strcmp(before, fake.run) == 0, resumed[i].same_run);
    }
}

/* Who runs a part of a fleet cannot leave out --resume: what to remove is said. */
static void test_resume_part(void **state)
{
    static const struct mr_scope scope = {.run = "20260102T030405Z-8f3a.p", .pair = "p"};
    struct mr_check_options o = options(true);
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_err err;
    int exit_code;
    char file[80];
    (void)state;
    begin();
    (void)snprintf(file, sizeof file, "%s/scope", dir);
    mr_scope_write(&scope, &text);
    assert_int_equal(mr_io_write_file(file, 0600, text.ptr, text.len, NULL), MR_OK);
    o.scope_path = file;
    fake.finishes = false;
    assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_OK);
    assert_string_equal(fake.run, scope.run);
    fake.uuids[MR_TARGET] = "three";
    assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_E_CASE_OTHER);
    assert_non_null(strstr(err.message, "has another server as its target"));
    assert_non_null(strstr(err.hint, "parts/I.progress"));
    mr_strbuf_release(&text);
    (void)unlink(file);
}

/* Without it an unfinished run stays as it is, and a new one begins. */
static void test_new_run(void **state)
{
    struct mr_check_options o = options(false);
    struct mr_err err;
    int exit_code;
    char before[64];
    (void)state;
    begin();
    fake.finishes = false;
    assert_int_equal(run(&o, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_OK);
    memcpy(before, fake.run, sizeof before);
    assert_int_equal(run(&o, "mysql://a@other/", "/dev/null", &exit_code, &err), MR_OK);
    assert_string_not_equal(before, fake.run);
}

/* A result that nobody could read is printed again by --resume: the run is not finished. */
static void test_full_disk(void **state)
{
    struct mr_check_options first = options(false), second = options(true);
    struct mr_err err;
    int exit_code;
    char before[64];
    (void)state;
    begin();
    assert_int_equal(run(&first, "mysql://a@old/", "/dev/full", &exit_code, &err), MR_E_IO);
    memcpy(before, fake.run, sizeof before);
    assert_int_equal(run(&second, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_OK);
    assert_string_equal(before, fake.run);
    assert_int_equal(exit_code, 0);
    /* now it is */
    assert_int_equal(run(&second, "mysql://a@old/", "/dev/null", &exit_code, &err), MR_OK);
    assert_string_not_equal(before, fake.run);
}

/* A snapshot is no server: neither its load nor its name is looked at. */
static void test_snapshot(void **state)
{
    struct mr_check_options first = options(false), second = options(true);
    struct mr_err err;
    int exit_code;
    char before[64];
    (void)state;
    begin();
    fake.snapshot = true;
    fake.finishes = false;
    assert_int_equal(run(&first, "snapshot:dir", "/dev/null", &exit_code, &err), MR_OK);
    memcpy(before, fake.run, sizeof before);
    fake.uuids[MR_SOURCE] = "another";
    assert_int_equal(run(&second, "snapshot:dir", "/dev/null", &exit_code, &err), MR_OK);
    assert_string_equal(before, fake.run);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/club.case", dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_codes),  cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_resume),      cmocka_unit_test(test_new_run),
        cmocka_unit_test(test_full_disk),   cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_resume_part),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
