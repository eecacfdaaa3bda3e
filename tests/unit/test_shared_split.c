/* test_shared_split.c: where two histories of one number part is found, whatever lies behind and in front of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/logs/shared_split.h"

#define LEN(a) (sizeof(a) / sizeof *(a))
#define PER_LOG 100000

/* Two servers: up to parts_at - 1 each number is the same on both. */
struct world {
    const char *what;
    uint64_t parts_at, last;
    uint64_t kept[2];   /* the first number that is in a log of the side still */
    uint64_t empty_per; /* every so many tell nothing; 0: none */
    bool is_found;
    size_t reads_max; /* of both sides */
    bool is_sparse;   /* of what is asked for only the first and the last number are there */
};
static const struct world *world;

/* Of the target's log; 0: none. */
static struct {
    uint64_t emptied; /* it tells nothing there */
    uint64_t early;   /* it stands in front of the two before it */
} odd;
static size_t reads;

enum mr_code __wrap_mr_gtid_logs_open(struct mr_gtid_logs *logs, struct mr_err *err);
enum mr_code __wrap_mr_gtid_logs_open(struct mr_gtid_logs *logs, struct mr_err *err)
{
    (void)logs;
    (void)err;
    return MR_OK;
}

void __wrap_mr_gtid_logs_close(struct mr_gtid_logs *logs);
void __wrap_mr_gtid_logs_close(struct mr_gtid_logs *logs)
{
    (void)logs;
}

static void tell(mr_gtid_logs_take_fn *take, void *ctx, uint64_t number, bool is_target)
{
    char log[32];
    const struct mr_binlog_map map = {.table = {.db = "d", .name = "t"}};
    const struct mr_gtid gtid = {
        .family = MR_GTID_OF_MARIADB, .server = 1, .sequence = number, .domain = 0};
    const bool is_two = is_target && number >= world->parts_at;
    const struct mr_binlog_event event = {.when = (uint32_t)number / 4 + (is_two ? 7777777 : 0)};
    struct mr_binlog_step step = {
        .kind = MR_STEP_BEGIN, .event = &event, .gtid = &gtid, .map = &map};
    (void)snprintf(log, sizeof log, "%s.%06" PRIu64, is_target ? "t" : "s", number / PER_LOG + 1);
    step.begun.log = log;
    step.begun.position = number % PER_LOG * 10 + (is_target ? 5 : 4);
    assert_int_equal(take(ctx, &step, NULL), MR_OK);
    step.kind = MR_STEP_ROWS;
    if ((world->empty_per == 0 || number % world->empty_per != 0) &&
        (number != odd.emptied || !is_target))
        assert_int_equal(take(ctx, &step, NULL), MR_OK);
    step.kind = MR_STEP_COMMIT;
    assert_int_equal(take(ctx, &step, NULL), MR_OK);
}

/* Numbers stand for logs: each is in the one that begins with it, or before it. */
enum mr_code __wrap_mr_gtid_logs_find(const struct mr_gtid_logs *logs, const struct mr_gtid *gtid,
                                      size_t *at, struct mr_err *err);
enum mr_code __wrap_mr_gtid_logs_find(const struct mr_gtid_logs *logs, const struct mr_gtid *gtid,
                                      size_t *at, struct mr_err *err)
{
    (void)logs;
    (void)err;
    *at = (size_t)gtid->sequence;
    return MR_OK;
}

enum mr_code __wrap_mr_gtid_logs_read(const struct mr_gtid_logs *logs, size_t at,
                                      const struct mr_gtid *to, mr_gtid_logs_take_fn *take,
                                      void *ctx, struct mr_err *err);
enum mr_code __wrap_mr_gtid_logs_read(const struct mr_gtid_logs *logs, size_t at,
                                      const struct mr_gtid *to, mr_gtid_logs_take_fn *take,
                                      void *ctx, struct mr_err *err)
{
    const bool is_target = logs->ep != NULL;
    uint64_t first = at - at % PER_LOG; /* its log's beginning */
    (void)err;
    reads++;
    if (world->is_sparse) {
        tell(take, ctx, at, is_target);
        tell(take, ctx, to->sequence, is_target);
        return MR_OK;
    }
    first = first > world->kept[is_target] ? first : world->kept[is_target];
    for (uint64_t i = first > 0 ? first : 1, number = 0; number != to->sequence; i++) {
        const bool is_odd = is_target && i <= odd.early && i + 2 >= odd.early;
        number = !is_odd ? i : i + 2 == odd.early ? odd.early : i - 1;
        tell(take, ctx, number, is_target);
    }
    return MR_OK;
}

/* at: in each log the beginning of that number. */
static void find(const struct world *of, uint64_t first, const uint64_t at[2])
{
    const struct mr_endpoint target = {0};
    const bool own_clock[2] = {false, false};
    const uint64_t two = of->last - (of->empty_per != 0 && of->last % of->empty_per == 0 ? 1 : 0);
    const struct mr_gtid known = {.family = MR_GTID_OF_MARIADB, .server = 1, .sequence = two};
    struct mr_gtid_logs logs[2] = {{.ep = NULL}, {.ep = &target}};
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_shared_split split;
    char log[32];
    world = of;
    reads = 0;
    assert_int_equal(mr_shared_split_find(logs, own_clock, &known, &arena, &split, NULL), MR_OK);
    if ((split.log[0] != NULL) != of->is_found || (split.log[1] != NULL) != of->is_found)
        fail_msg("%s: found %d", of->what, split.log[0] != NULL);
    if (reads > of->reads_max)
        fail_msg("%s: %zu reads", of->what, reads);
    if (of->is_found && split.first.sequence != first)
        fail_msg("%s: %" PRIu64, of->what, split.first.sequence);
    for (int side = 0; side < 2 && of->is_found; side++) {
        const char *name = side == 1 ? "t" : "s";
        const uint64_t place = at[side] % PER_LOG * 10 + (side == 1 ? 5 : 4);
        (void)snprintf(log, sizeof log, "%s.%06" PRIu64, name, at[side] / PER_LOG + 1);
        if (strcmp(split.log[side], log) != 0 || split.at[side] != place)
            fail_msg("%s: %s:%" PRIu64, of->what, split.log[side], split.at[side]);
    }
    mr_arena_release(&arena);
}

static void test_find(void **state)
{
    static const struct world worlds[] = {
        {"a few behind it", 101, 150, {1, 1}, 0, true, 2, false},
        {"the last alone", 150, 150, {1, 1}, 0, true, 2, false},
        {"the second alone is the same", 2, 150, {1, 1}, 0, true, 2, false},
        {"at the edge of what is looked at first", 1000002, 1065536, {1, 1}, 0, true, 2, false},
        {"one in front of that", 1000001, 1065536, {1, 1}, 0, true, 6, false},
        {"many", 123457, 1200000, {1, 1}, 0, true, 8, false},
        {"near the beginning of many", 17, 1200000, {1, 1}, 0, true, 10, false},
        {"nearer", 5, 1200000, {1, 1}, 0, true, 10, false},
        {"nearest", 2, 1200000, {1, 1}, 0, true, 10, false},
        {"none", 1, 1200000, {1, 1}, 0, false, 10, false},
        {"many, of which every third tells nothing", 123457, 1200000, {1, 1}, 3, true, 10, false},
        {"where what parts tells nothing, the next", 123458, 1200000, {1, 1}, 2, true, 10, false},
        {"logs that were removed in front of it",
         1123457,
         1200000,
         {1100001, 1000001},
         0,
         true,
         6,
         false},
        {"and behind it", 123457, 1200000, {1, 300001}, 0, false, 8, false},
        {"no common past", 1, 150, {1, 1}, 0, false, 2, false},
        {"numbers of whoever wants to be looked at for long",
         1,
         UINT64_MAX,
         {1, 1},
         0,
         false,
         40,
         true},
    };
    (void)state;
    for (size_t i = 0; i < LEN(worlds); i++) {
        const uint64_t parts_at = worlds[i].parts_at, per = worlds[i].empty_per;
        const uint64_t first = parts_at + (per != 0 && parts_at % per == 0 ? 1 : 0);
        const uint64_t at = parts_at - (per != 0 && (parts_at - 1) % per == 0 ? 1 : 0);
        find(&worlds[i], first, (const uint64_t[]){at, at});
    }
}

/* Behind the last that is one both logs are looked at from their first transaction on. */
static void test_places(void **state)
{
    static const struct {
        const char *what;
        uint64_t parts_at, last, emptied, early, first, at[2];
    } places[] = {
        {"a filter has emptied it there", 91, 150, 91, 0, 92, {91, 91}},
        {"… of many", 123457, 1200000, 123457, 0, 123458, {123457, 123457}},
        {"one that is the same was emptied", 91, 150, 90, 0, 91, {90, 90}},
        {"out of order there", 91, 150, 0, 92, 91, {91, 92}},
        {"… of which that is known that comes late", 91, 91, 0, 92, 91, {91, 92}},
        {"… with the last that is one", 91, 150, 0, 91, 91, {91, 91}},
        {"… of many", 123457, 1200000, 0, 123458, 123457, {123457, 123458}},
        {"… and emptied", 123457, 1200000, 123457, 123458, 123458, {123457, 123458}},
        {"… where the early one is not met again",
         1000002,
         1065536,
         0,
         1000003,
         1000002,
         {1000002, 1000003}},
    };
    (void)state;
    for (size_t i = 0; i < LEN(places); i++) {
        const struct world of = {
            places[i].what, places[i].parts_at, places[i].last, {1, 1}, 0, true, 10, false};
        odd.emptied = places[i].emptied;
        odd.early = places[i].early;
        find(&of, places[i].first, places[i].at);
    }
    odd.emptied = odd.early = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find), cmocka_unit_test(test_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
