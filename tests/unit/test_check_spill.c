/* test_check_spill.c: a side that is read whole, and whose reads are killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/cli/progress.h"
#include "core/pair/rowhash.h"
#include "recon/check/check_spill.h"

#define LEN(array) (sizeof(array) / sizeof *(array))

static struct mr_pair pair;
static const char source_reader, target_reader;
static unsigned kills[MR_SIDES]; /* of the next reads, after their row */
static size_t found;

enum mr_code __wrap_mr_check_known_whole(struct mr_check_worker *worker, struct mr_pair *table,
                                         bool *equal, struct mr_err *err);
enum mr_code __wrap_mr_check_known_whole(struct mr_check_worker *worker, struct mr_pair *table,
                                         bool *equal, struct mr_err *err)
{
    (void)worker;
    (void)table;
    (void)err;
    *equal = false;
    return MR_OK;
}

enum mr_code __wrap_mr_throttle_wait(struct mr_throttle *throttle, struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait(struct mr_throttle *throttle, struct mr_err *err)
{
    (void)throttle;
    (void)err;
    return MR_OK;
}

void __wrap_mr_progress_add(struct mr_progress *progress, uint64_t rows, uint64_t bytes);
void __wrap_mr_progress_add(struct mr_progress *progress, uint64_t rows, uint64_t bytes)
{
    (void)progress;
    (void)rows;
    (void)bytes;
}

void __wrap_mr_progress_add_done(struct mr_progress *progress, uint64_t units);
void __wrap_mr_progress_add_done(struct mr_progress *progress, uint64_t units)
{
    (void)progress;
    (void)units;
}

enum mr_code __wrap_mr_rowhash_digest(struct mr_rowhash *rh, const struct mr_value *values,
                                      struct mr_digest *digest, uint64_t *bytes,
                                      struct mr_err *err);
enum mr_code __wrap_mr_rowhash_digest(struct mr_rowhash *rh, const struct mr_value *values,
                                      struct mr_digest *digest, uint64_t *bytes, struct mr_err *err)
{
    (void)rh;
    (void)values;
    (void)err;
    *digest = (struct mr_digest){.lo = 7};
    *bytes += 1;
    return MR_OK;
}

/* The source has one row, the target none. */
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err);
enum mr_code __wrap_mr_reader_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                                   struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                                   struct mr_err *err)
{
    const bool of_source = (const void *)reader == &source_reader;
    unsigned *left = &kills[of_source ? MR_SOURCE : MR_TARGET];
    (void)spec;
    (void)range;
    (void)limit;
    enum mr_code code = of_source ? fn(ctx, NULL, err) : MR_OK;
    if (code != MR_OK || *left == 0)
        return code;
    --*left;
    return mr_err_set(err, MR_E_LOST, "it was killed");
}

enum mr_code __wrap_mr_findings_table_clear(struct mr_findings *fd, int64_t table,
                                            struct mr_err *err);
enum mr_code __wrap_mr_findings_table_clear(struct mr_findings *fd, int64_t table,
                                            struct mr_err *err)
{
    (void)fd;
    (void)table;
    (void)err;
    found = 0;
    return MR_OK;
}

enum mr_code __wrap_mr_findings_save(struct mr_findings *fd, int64_t table,
                                     const struct mr_finding *findings, size_t count, bool images,
                                     struct mr_err *err);
enum mr_code __wrap_mr_findings_save(struct mr_findings *fd, int64_t table,
                                     const struct mr_finding *findings, size_t count, bool images,
                                     struct mr_err *err)
{
    (void)fd;
    (void)table;
    (void)findings;
    (void)images;
    (void)err;
    found += count;
    return MR_OK;
}

/* Up to which pass the table is read; each side's reads are killed in the pass of that
 * number. */
struct kill_case {
    unsigned pass, kills[MR_SIDES];
    bool failed;
};

static void check_case(const struct kill_case *c)
{
    struct mr_spill *spills[1] = {NULL};
    struct mr_server_side sides[MR_SIDES] = {{0}};
    struct mr_check_run check = {
        .pairing = {.side = sides},
        .spills = spills,
        .lag = {MR_LAG_NONE, MR_LAG_NONE},
    };
    struct mr_check_worker worker = {.check = &check,
                                     .reader = {(struct mr_reader *)(uintptr_t)&source_reader,
                                                (struct mr_reader *)(uintptr_t)&target_reader}};
    struct mr_table side = {.name = "t"};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_err err = {0};
    pair = (struct mr_pair){
        .join = MR_JOIN_DIGEST, .find = {.name = "t"}, .side = {&side, &side}, .arena = &arena};
    assert_int_equal(pthread_mutex_init(&check.lock, NULL), 0);
    found = 0;
    for (unsigned pass = 0; pass == 0 || spills[0] != NULL; pass++) {
        for (int i = MR_SOURCE; i < MR_SIDES; i++)
            kills[i] = pass == c->pass ? c->kills[i] : 0;
        assert_int_equal(pass == 0 ? mr_check_spill(&worker, &pair, &err)
                                   : mr_check_spill_again(&worker, &pair, pass, &err),
                         MR_OK);
    }
    assert_int_equal(atomic_load(&pair.failed), c->failed);
    assert_int_equal(found, c->failed ? 0 : 1);
    if (c->failed)
        assert_string_equal(pair.find.reason, "it was killed");
    pthread_mutex_destroy(&check.lock);
    mr_arena_release(&arena);
}

/* A side that could not be read is no empty one: neither in the first pass, nor in one that
 * judges what was found. */
static void test_kills(void **state)
{
    static const struct kill_case cases[] = {
        {0, {0, 0}, false}, {0, {1, 1}, false}, {0, {2, 2}, false}, {1, {2, 2}, false},
        {2, {2, 0}, false}, {0, {3, 0}, true},  {0, {0, 3}, true},  {0, {3, 3}, true},
        {1, {3, 0}, true},  {1, {0, 3}, true},  {2, {3, 3}, true},  {2, {9, 0}, true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++)
        check_case(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kills)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
