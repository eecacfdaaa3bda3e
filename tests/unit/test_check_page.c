/* test_check_page.c: a table of one page is read as rows, also where servers digest, and decides nothing
 * about that; one that has grown since goes on as any other (check_scan.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_fake.h"

#define PAGE 16384
#define PAGE_ROWS 500

static bool is_busy;
static unsigned unlocked[MR_SIDES];

enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err);
enum mr_code __wrap_mr_throttle_wait_holding(struct mr_throttle *throttle,
                                             const struct mr_throttle_held *held,
                                             struct mr_err *err)
{
    (void)throttle;
    return is_busy ? held->let_go(held->ctx, err) : MR_OK;
}

static enum mr_code count_unlock(struct mr_reader *reader, struct mr_err *err)
{
    (void)err;
    unlocked[((struct fake_reader *)reader)->side->side]++;
    return MR_OK;
}

/* Reads `rows` equal rows of a table that its servers say has so many bytes. */
static void read_table(struct fake *f, int64_t rows, uint64_t source_bytes, uint64_t target_bytes,
                       bool adapts)
{
    static struct mr_source_ops ops;
    const struct mr_range all = {{NULL, 0}, {NULL, 0}};
    struct mr_scan_task task = {.table = &f->table};
    struct mr_err err = {0};
    fake_init(f);
    ops = fake_ops;
    ops.reader_unlock = count_unlock;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        f->side[side].base.ops = &ops;
    for (int64_t id = 0; id < rows; id++)
        for (int side = MR_SOURCE; side < MR_SIDES; side++)
            fake_put(&f->side[side], fake_id(id, id));
    f->tables[MR_SOURCE].data_bytes = source_bytes;
    f->tables[MR_TARGET].data_bytes = target_bytes;
    assert_int_equal(fake_begin(f), MR_OK);
    f->tables[MR_SOURCE].avg_row_bytes = source_bytes / 2;
    f->all_exact = true;
    mr_digest_choice_begin(&f->run.choice, true, adapts, 0);
    assert_int_equal(mr_findings_segments_add(f->run.fd, f->table.find.id, &all, 1, NULL), MR_OK);
    assert_int_equal(mr_check_scan(&f->worker, &task, &err), MR_OK);
}

static void test_one_page(void **state)
{
    static const struct {
        const char *what;
        int64_t rows;
        uint64_t bytes[MR_SIDES];
        bool adapts, scans, digests;
        unsigned known; /* costs */
    } cases[] = {
        {"two rows", 2, {PAGE, PAGE}, true, true, false, 0},
        {"two pages on one side", 2, {PAGE, 2 * PAGE}, true, false, true, 1},
        {"not known", 2, {0, PAGE}, true, false, true, 0},
        {"--digest server", 2, {PAGE, PAGE}, false, false, true, 0},
        {"as many as are asked for", PAGE_ROWS - 1, {PAGE, PAGE}, true, true, false, 0},
        {"grown since", 2 * PAGE_ROWS, {PAGE, PAGE}, true, true, true, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fake f;
        read_table(&f, cases[i].rows, cases[i].bytes[MR_SOURCE], cases[i].bytes[MR_TARGET],
                   cases[i].adapts);
        if ((f.side[MR_SOURCE].scans > 0) != cases[i].scans ||
            (f.side[MR_TARGET].digests > 0) != cases[i].digests ||
            f.run.choice.known != cases[i].known)
            fail_msg("%s: %u scans, %u digests, %u costs", cases[i].what, f.side[MR_SOURCE].scans,
                     f.side[MR_TARGET].digests, f.run.choice.known);
        mr_digest_choice_end(&f.run.choice);
        fake_end(&f);
    }
}

/* There is no other thread that would let go of the target, of whose tables it has read before. */
static void test_waits_without_tables(void **state)
{
    (void)state;
    for (unsigned times = 0; times < 2; times++) {
        struct fake f;
        is_busy = times > 0;
        memset(unlocked, 0, sizeof unlocked);
        read_table(&f, 2, PAGE, PAGE, true);
        assert_int_equal(unlocked[MR_SOURCE], times);
        assert_int_equal(unlocked[MR_TARGET], times);
        mr_digest_choice_end(&f.run.choice);
        fake_end(&f);
    }
    is_busy = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_without_tables),
        cmocka_unit_test(test_one_page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
