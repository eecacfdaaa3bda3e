/* test_gate_ahead.c: slices come in their order to the caller's thread, one is listed ahead and no
 * more, and whoever fails ends both (gate_ahead.c). */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "recon/gate/gate_ahead.h"

#define MOST 8

static struct {
    size_t slices; /* of one table, two, … */
    bool several;
    size_t fails_behind; /* so many slices; MOST: never */
    enum mr_code second_code;
} server;
static atomic_size_t listed, done; /* slices */
static pthread_t reader;

static char places[3]; /* what they are called by alone */
static struct mr_db *const first_db = (struct mr_db *)&places[0];
static struct mr_db *const second_db = (struct mr_db *)&places[1];
static struct mr_reader *const second_reader = (struct mr_reader *)&places[2];
static unsigned freed;

enum mr_code __wrap_mr_catalogue_has_slices(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                            bool *several, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_has_slices(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                            bool *several, struct mr_err *err)
{
    (void)dbs;
    (void)ndbs;
    (void)err;
    assert_ptr_equal(db, first_db);
    *several = server.several;
    return MR_OK;
}

enum mr_code __wrap_mr_gate_link_second(struct mr_gate_link *link, struct mr_reader **out,
                                        struct mr_err *err);
enum mr_code __wrap_mr_gate_link_second(struct mr_gate_link *link, struct mr_reader **out,
                                        struct mr_err *err)
{
    (void)link;
    *out = second_reader;
    return server.second_code == MR_OK ? MR_OK : mr_err_set(err, server.second_code, "full");
}

struct mr_db *__wrap_mr_reader_db(struct mr_reader *r);
struct mr_db *__wrap_mr_reader_db(struct mr_reader *r)
{
    assert_ptr_equal(r, second_reader);
    return second_db;
}

void __wrap_mr_reader_free(struct mr_reader *r);
void __wrap_mr_reader_free(struct mr_reader *r)
{
    assert_ptr_equal(r, second_reader);
    freed++;
}

void __wrap_mr_catalogue_free(struct mr_catalogue *cat);
void __wrap_mr_catalogue_free(struct mr_catalogue *cat)
{
    free(cat);
}

enum mr_code __wrap_mr_catalogue_load_as(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                         const struct mr_catalogue_opts *opts,
                                         struct mr_catalogue **out, struct mr_err *err);
enum mr_code __wrap_mr_catalogue_load_as(struct mr_db *db, const char *const *dbs, size_t ndbs,
                                         const struct mr_catalogue_opts *opts,
                                         struct mr_catalogue **out, struct mr_err *err)
{
    struct mr_catalogue *cat = calloc(1, sizeof *cat);
    (void)dbs;
    (void)ndbs;
    assert_non_null(cat);
    assert_ptr_equal(db, server.several && server.second_code == MR_OK ? second_db : first_db);
    reader = pthread_self();
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < server.slices; i++) {
        struct mr_table tables[MOST];
        memset(tables, 0, sizeof tables);
        tables[i].est_rows = i + 1;
        atomic_fetch_add(&listed, 1);
        code = i >= server.fails_behind ? mr_err_set(err, MR_E_LOST, "gone")
                                        : opts->slice(opts->ctx, cat, tables, i + 1, err);
        memset(tables, 0xff, sizeof tables); /* nobody looks at them from here on */
    }
    *out = code == MR_OK ? cat : NULL;
    if (code != MR_OK)
        free(cat);
    return code;
}

struct seen {
    size_t slices, fail_at; /* which one fails; MOST: none */
    bool waits;             /* until the next is listed */
    pthread_t caller;
};

static enum mr_code take(void *ctx, const struct mr_catalogue *cat, const struct mr_table *tables,
                         size_t count, struct mr_err *err)
{
    struct seen *seen = ctx;
    assert_non_null(cat);
    assert_true(pthread_equal(pthread_self(), seen->caller));
    assert_int_equal(count, ++seen->slices);
    assert_int_equal(tables[count - 1].est_rows, count);
    for (unsigned try = 0; seen->waits && atomic_load(&listed) <= count && try < 2000; try++)
        (void)usleep(1000); /* the next is listed meanwhile */
    if (seen->waits && count < server.slices)
        assert_int_equal(atomic_load(&listed), count + 1); /* and it alone */
    atomic_fetch_add(&done, 1);
    return seen->slices == seen->fail_at ? mr_err_set(err, MR_E_CONFIG, "no such column") : MR_OK;
}

static enum mr_code run(struct seen *seen, struct mr_catalogue **cat, struct mr_err *err)
{
    struct mr_gate_link link = {.db = first_db};
    atomic_store(&listed, 0);
    atomic_store(&done, 0);
    seen->caller = pthread_self();
    seen->slices = 0;
    freed = 0;
    return mr_gate_ahead(&link, NULL, 0, take, seen, cat, err);
}

static void test_all(void **state)
{
    (void)state;
    for (size_t slices = 0; slices < MOST; slices++)
        for (unsigned way = 0; way < 3; way++) { /* one slice; two connections; one to be had */
            struct seen seen = {.fail_at = MOST, .waits = way == 1};
            struct mr_catalogue *cat = NULL;
            struct mr_err err = {0};
            server.slices = slices;
            server.several = way > 0;
            server.fails_behind = MOST;
            server.second_code = way == 2 ? MR_E_CONNECT : MR_OK;
            assert_int_equal(run(&seen, &cat, &err), MR_OK);
            assert_int_equal(err.code, MR_OK);
            assert_int_equal(seen.slices, slices);
            assert_int_equal(pthread_equal(reader, seen.caller) == 0, way == 1);
            assert_int_equal(freed, way == 1 ? 1 : 0);
            assert_non_null(cat);
            free(cat);
        }
}

/* Its error ends the reading, and is told. */
static void test_slice_fails(void **state)
{
    (void)state;
    for (size_t at = 1; at < MOST; at++) {
        struct seen seen = {.fail_at = at};
        struct mr_catalogue *cat = NULL;
        struct mr_err err = {0};
        server.slices = MOST - 1;
        server.several = true;
        server.fails_behind = MOST;
        server.second_code = MR_OK;
        assert_int_equal(run(&seen, &cat, &err), MR_E_CONFIG);
        assert_string_equal(err.message, "no such column");
        assert_int_equal(seen.slices, at);
        assert_true(atomic_load(&listed) <= at + 2);
        assert_int_equal(freed, 1);
        assert_null(cat);
    }
}

static void test_reading_fails(void **state)
{
    (void)state;
    for (size_t behind = 0; behind < MOST - 1; behind++) {
        struct seen seen = {.fail_at = MOST};
        struct mr_catalogue *cat = NULL;
        struct mr_err err = {0};
        server.slices = MOST - 1;
        server.several = true;
        server.fails_behind = behind;
        server.second_code = MR_OK;
        assert_int_equal(run(&seen, &cat, &err), MR_E_LOST);
        assert_string_equal(err.message, "gone");
        assert_int_equal(seen.slices,
                         behind); /* what was listed is read, and then the error told */
        assert_int_equal(freed, 1);
        assert_null(cat);
    }
}

static void test_no_more(void **state)
{
    static const enum mr_code codes[] = {MR_E_CANCELLED, MR_E_NOMEM};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct seen seen = {.fail_at = MOST};
        struct mr_catalogue *cat = NULL;
        struct mr_err err = {0};
        server.slices = 2;
        server.several = true;
        server.second_code = codes[i];
        assert_int_equal(run(&seen, &cat, &err), codes[i]);
        assert_int_equal(err.code, codes[i]);
        assert_int_equal(seen.slices, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all), cmocka_unit_test(test_slice_fails),
        cmocka_unit_test(test_reading_fails), cmocka_unit_test(test_no_more)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
