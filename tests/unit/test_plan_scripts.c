/* test_plan_scripts.c: scripts are read again as soon as they are there, beside what is written next,
 * and nothing of it is lost: neither an error nor a thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "place.h"
#include "repair/planning/plan_scripts.h"
#include "repair/script/script_shape.h"

#define LEN(list) (sizeof(list) / sizeof *(list))
#define WAIT_S 20

/* What those who are replaced do. */
static struct {
    bool no_thread, has_tables, waits;
    const char *fails, *wrong; /* a script that is not written; one that is none */
    const char *first;         /* name that is said to be written first; NULL: that of the first */
    atomic_int judged;
    atomic_bool goes_on;
} made;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    return made.no_thread ? EAGAIN : __real_pthread_create(thread, attr, run, arg);
}

enum mr_code __wrap_mr_plan_packet_needed(const struct mr_plan_tables *plan, struct mr_findings *fd,
                                          const struct mr_plan_store *store, uint64_t *bytes,
                                          struct mr_err *err);
enum mr_code __wrap_mr_plan_packet_needed(const struct mr_plan_tables *plan, struct mr_findings *fd,
                                          const struct mr_plan_store *store, uint64_t *bytes,
                                          struct mr_err *err)
{
    (void)plan;
    (void)fd;
    (void)store;
    (void)err;
    *bytes = 4711;
    return MR_OK;
}

static enum mr_code write_one(const struct mr_script_task *task, const struct mr_sink *sink,
                              const char *name, struct mr_err *err)
{
    if (made.fails != NULL && strcmp(made.fails, name) == 0)
        return mr_err_set(err, MR_E_IO, "%s fails", name);
    MR_TRY(sink->write(sink->arg, name, strlen(name), err));
    return task->written(task->written_ctx,
                         made.first != NULL && sink == &task->apply ? made.first : name, err);
}

enum mr_code __wrap_mr_script_write(const struct mr_script_task *task,
                                    struct mr_script_result *result, struct mr_err *err);
enum mr_code __wrap_mr_script_write(const struct mr_script_task *task,
                                    struct mr_script_result *result, struct mr_err *err)
{
    *result = (struct mr_script_result){.units = 2, .rows = 3};
    if (!made.has_tables)
        return MR_OK;
    MR_TRY(write_one(task, &task->apply, "apply.sql", err));
    MR_TRY(write_one(task, &task->undo, "undo.sql", err));
    return write_one(task, &task->verify, "verify.sql", err);
}

/* Waits, where it is asked to, until whoever has written goes on. */
static bool is_let_go(void)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; made.waits && !made.goes_on && i < WAIT_S * 1000; i++)
        (void)nanosleep(&pause, NULL);
    return !made.waits || made.goes_on;
}

enum mr_code __wrap_mr_script_shape_check(const struct mr_manifest *manifest, const char *path,
                                          struct mr_script_calls *calls, struct mr_err *err);
enum mr_code __wrap_mr_script_shape_check(const struct mr_manifest *manifest, const char *path,
                                          struct mr_script_calls *calls, struct mr_err *err)
{
    const char *name = strrchr(path, '/') + 1;
    const bool is_wrong = made.wrong != NULL && strcmp(made.wrong, name) == 0;
    char text[16] = "";
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(text, sizeof text, file) == NULL)
        text[0] = '\0';
    if (file != NULL)
        (void)fclose(file);
    if (!is_let_go() || calls != NULL || manifest->planned.packet != 4711 ||
        (made.has_tables && strcmp(text, name) != 0))
        return mr_err_set(err, MR_E_BUG, "%s is not there as a whole", name);
    (void)atomic_fetch_add(&made.judged, 1);
    return is_wrong ? mr_err_set(err, MR_E_REFUSED, "%s is none", name) : MR_OK;
}

struct one {
    struct mr_manifest manifest;
    struct mr_plan_writer *writer;
    struct mr_plan_scripts scripts;
    struct mr_err err;
};

static void begin(struct one *one)
{
    memset(&made, 0, sizeof made);
    memset(one, 0, sizeof *one);
    made.has_tables = true;
    assert_int_equal(mr_plan_writer_begin("plan", &one->writer, &one->err), MR_OK);
    one->scripts = (struct mr_plan_scripts){.writer = one->writer, .manifest = &one->manifest};
}

static enum mr_code write_them(struct one *one)
{
    const struct mr_script_task task = {.tables = NULL};
    return mr_plan_scripts_write(&one->scripts, &task, &one->err);
}

/* No thread is left, and the directory goes, which an open file would hinder. */
static void end(struct one *one)
{
    for (size_t i = 0; i < MR_PLAN_PROOFS; i++)
        assert_false(one->scripts.proofs[i].is_apart);
    for (size_t i = 0; i < MR_PLAN_SCRIPTS; i++)
        assert_null(one->scripts.out[i]);
    mr_plan_writer_free(one->writer);
    assert_int_equal(count_files(), 0);
}

/* All is written before a script has been judged, and the end waits for both. */
static void test_beside(void **state)
{
    struct one one;
    (void)state;
    begin(&one);
    made.waits = true;
    assert_int_equal(write_them(&one), MR_OK);
    assert_int_equal(made.judged, 0);
    assert_int_equal(one.manifest.planned.units, 2);
    assert_int_equal(one.manifest.planned.rows, 3);
    made.goes_on = true;
    assert_int_equal(mr_plan_scripts_end(&one.scripts, MR_OK, &one.err), MR_OK);
    assert_int_equal(made.judged, 2);
    end(&one);
}

/* Which error is told, and when. */
static void test_errors(void **state)
{
    static const struct {
        const char *fails, *wrong;
        bool no_thread;
        enum mr_code written, since, ended;
        const char *message;
        int judged;
    } cases[] = {
        {NULL, "apply.sql", false, MR_OK, MR_OK, MR_E_REFUSED, "apply.sql is none", 2},
        {NULL, "undo.sql", false, MR_OK, MR_OK, MR_E_REFUSED, "undo.sql is none", 2},
        {NULL, "verify.sql", false, MR_OK, MR_OK, MR_OK, "", 2},
        {NULL, "undo.sql", false, MR_OK, MR_E_IO, MR_E_IO, "", 2},
        {"apply.sql", NULL, false, MR_E_IO, MR_OK, MR_E_IO, "apply.sql fails", 0},
        {"undo.sql", NULL, false, MR_E_IO, MR_OK, MR_E_IO, "undo.sql fails", 1},
        {"verify.sql", "apply.sql", false, MR_E_IO, MR_OK, MR_E_IO, "verify.sql fails", 2},
        {NULL, NULL, true, MR_OK, MR_OK, MR_OK, "", 2},
        {NULL, "apply.sql", true, MR_E_REFUSED, MR_OK, MR_E_REFUSED, "apply.sql is none", 1},
        {NULL, "undo.sql", true, MR_E_REFUSED, MR_OK, MR_E_REFUSED, "undo.sql is none", 2},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct one one;
        begin(&one);
        made.fails = cases[i].fails;
        made.wrong = cases[i].wrong;
        made.no_thread = cases[i].no_thread;
        enum mr_code code = write_them(&one);
        assert_int_equal(code, cases[i].written);
        if (code == MR_OK)
            code = cases[i].since;
        assert_int_equal(mr_plan_scripts_end(&one.scripts, code, &one.err), cases[i].ended);
        assert_string_equal(one.err.message, cases[i].message);
        assert_int_equal(strstr(one.err.hint, "mistake of myrecon") != NULL,
                         cases[i].ended == MR_E_REFUSED);
        assert_int_equal(made.judged, cases[i].judged);
        end(&one);
    }
}

/* Without tables nobody says that a script is written. */
static void test_nothing(void **state)
{
    struct one one;
    (void)state;
    begin(&one);
    made.has_tables = false;
    assert_int_equal(write_them(&one), MR_OK);
    assert_int_equal(mr_plan_scripts_end(&one.scripts, MR_OK, NULL), MR_OK);
    assert_int_equal(made.judged, 2);
    end(&one);
}

static void test_nobodys(void **state)
{
    struct one one;
    (void)state;
    begin(&one);
    made.first = "other.sql";
    assert_int_equal(write_them(&one), MR_E_BUG);
    assert_string_equal(one.err.message, "script \"other.sql\" is nobody's");
    assert_int_equal(mr_plan_scripts_end(&one.scripts, MR_E_BUG, NULL), MR_E_BUG);
    assert_int_equal(made.judged, 0);
    end(&one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_beside, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_errors, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_nothing, place_begin, place_end),
        cmocka_unit_test_setup_teardown(test_nobodys, place_begin, place_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
