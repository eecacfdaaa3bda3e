/* shared_split.c: see shared_split.h. */
#include "core/logs/shared_split.h"

#include <stdlib.h>
#include <string.h>

#include "core/logs/tx_mark.h"

#define SLOTS ((uint64_t)65536)
#define WIDER 16      /* times as many numbers, where none is the same */
#define BEGINNING 64  /* numbers */
#define PASSES_MAX 24 /* 16 ^ 11 numbers, and back */

struct slot {
    uint64_t number;        /* 0: it was not met */
    uint64_t order;         /* in which they were met, from 1 on */
    struct mr_tx_mark mark; /* of no table: it tells nothing */
    const char *log;
    uint64_t at;
};

/* Every so many numbers, up to one. */
struct sample {
    struct mr_gtid from, to;
    uint64_t step, count;
    struct slot *slots[2];
    bool own_clock[2];
};

/* One side's log, while it is read. */
struct reading {
    const struct sample *sample;
    struct slot *slots;
    bool own_clock;
    struct mr_arena *arena;
    struct slot *slot; /* of the transaction that is read; NULL: it is none of the sample */
    struct mr_tx_mark mark;
    uint64_t order;
    const char *log;
};

static struct mr_gtid with_number(const struct mr_gtid *gtid, uint64_t number)
{
    struct mr_gtid with = *gtid;
    if (with.family == MR_GTID_OF_MARIADB)
        with.sequence = number;
    else
        with.number = number;
    return with;
}

/* ---- reading ---- */

static enum mr_code begin_tx(struct reading *r, const struct mr_binlog_step *step,
                             struct mr_err *err)
{
    const struct sample *s = r->sample;
    const uint64_t from = mr_gtid_number(&s->from), number = mr_gtid_number(step->gtid);
    r->slot = NULL;
    if (!mr_gtid_is_of(step->gtid, &s->from) || number < from || (number - from) % s->step != 0 ||
        (number - from) / s->step >= s->count)
        return MR_OK;
    if (r->log == NULL || strcmp(r->log, step->begun.log) != 0)
        r->log = mr_arena_strdup(r->arena, step->begun.log);
    if (r->log == NULL)
        return mr_err_nomem(err, "comparing logs");
    r->slot = &r->slots[(number - from) / s->step];
    *r->slot = (struct slot){
        .number = number, .order = ++r->order, .log = r->log, .at = step->begun.position};
    mr_tx_mark_begin(&r->mark, step);
    r->mark.own_clock = r->own_clock;
    return MR_OK;
}

static enum mr_code take_step(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    struct reading *r = ctx;
    if (step->kind == MR_STEP_BEGIN)
        return begin_tx(r, step, err);
    if (r->slot == NULL)
        return MR_OK;
    if (step->kind == MR_STEP_ROWS || step->kind == MR_STEP_STATEMENT) {
        mr_tx_mark_take(&r->mark, step);
    } else if (step->kind == MR_STEP_COMMIT || step->kind == MR_STEP_PREPARED) {
        r->slot->mark = r->mark;
        r->slot = NULL;
    }
    return MR_OK;
}

/* Nothing where the last of them was removed. */
static enum mr_code read_side(const struct mr_gtid_logs *logs, const struct sample *s,
                              struct reading *r, struct mr_err *err)
{
    size_t first = 0, last = 0;
    MR_TRY(mr_gtid_logs_find(logs, &s->to, &last, err));
    if (last == 0)
        return MR_OK;
    MR_TRY(mr_gtid_logs_find(logs, &s->from, &first, err));
    /* a log behind it: the side has never executed that one */
    return mr_gtid_logs_read(logs, first < last ? first : last, &s->to, take_step, r, err);
}

static enum mr_code read_sample(struct mr_gtid_logs logs[2], struct sample *s,
                                struct mr_arena *arena, struct mr_err *err)
{
    for (size_t side = 0; side < 2; side++) {
        struct reading r = {
            .sample = s, .slots = s->slots[side], .own_clock = s->own_clock[side], .arena = arena};
        memset(s->slots[side], 0, s->count * sizeof *s->slots[side]);
        MR_TRY(read_side(&logs[side], s, &r, err));
    }
    return MR_OK;
}

/* ---- which numbers ---- */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A distance in steps: what is left over is one, too. */
static uint64_t in_steps(uint64_t distance, uint64_t step)
{
    return distance / step + (distance % step != 0);
}

/* The first of them is at least `width` - 1 numbers in front of the last, or that near to number 1 that it takes
 * no further step.  Behind the last some are met that stand in front of it in a log. */
static void choose(struct sample *s, const struct mr_gtid *to, uint64_t width)
{
    const uint64_t last = mr_gtid_number(to);
    s->to = *to;
    s->step = width > SLOTS ? in_steps(width - 1, SLOTS - 1) : 1;
    s->count = least(in_steps(width - 1, s->step), (last - 1) / s->step) + 1;
    s->from = with_number(to, last - s->step * (s->count - 1));
    if (s->step == 1)
        s->count += MR_GTID_LOGS_AHEAD;
}

static bool is_told(const struct sample *s, uint64_t i)
{
    return s->slots[0][i].mark.tables != 0 && s->slots[1][i].mark.tables != 0;
}

/* Do both logs go back to where the sample begins?  Some numbers tell nothing. */
static bool reaches(const struct sample *s)
{
    for (uint64_t i = 0; i < s->count && i < BEGINNING; i++)
        if (is_told(s, i))
            return true;
    return false;
}

/* The first that is two, and the last before it that is one; count: none. */
static void compare(const struct sample *s, uint64_t *one, uint64_t *two)
{
    *one = *two = s->count;
    for (uint64_t i = 0; i < s->count && *two == s->count; i++) {
        if (!is_told(s, i))
            continue;
        if (mr_tx_marks_differ(&s->slots[0][i].mark, &s->slots[1][i].mark))
            *two = i;
        else
            *one = i;
    }
}

/* Behind the last that is one: what tells nothing there may be two as well, and a replica may have committed it, or what comes
 * behind it, earlier.  What is taken for a side's own and is not costs a look at its rows, the other way round it would be
 * missed. */
static void take_place(const struct sample *s, uint64_t one, uint64_t two,
                       struct mr_shared_split *split)
{
    split->first = with_number(&s->to, s->slots[0][two].number);
    for (size_t side = 0; side < 2; side++) {
        const struct slot *first = &s->slots[side][two];
        for (uint64_t i = one + 1; i < s->count; i++) {
            const struct slot *slot = &s->slots[side][i];
            if (slot->number != 0 && slot->order < first->order)
                first = slot;
        }
        split->log[side] = first->log;
        split->at[side] = first->at;
    }
}

/* Between the two that were met, or wider; and some behind them, in front of which lesser ones may not have been met. */
static void choose_next(struct sample *s, const struct mr_gtid *known, uint64_t one, uint64_t two,
                        uint64_t *width)
{
    const uint64_t first = s->slots[0][two].number, last = mr_gtid_number(known);
    const uint64_t most = first < last ? first + least(last - first, MR_GTID_LOGS_AHEAD) : last;
    const struct mr_gtid to = with_number(known, most);
    if (one < s->count)
        *width = most - s->slots[0][one].number + 1;
    else
        *width = *width < most / WIDER ? *width * WIDER : most;
    choose(s, &to, *width);
}

static enum mr_code search(struct mr_gtid_logs logs[2], const struct mr_gtid *known,
                           struct sample *s, struct mr_arena *arena, struct mr_shared_split *split,
                           struct mr_err *err)
{
    uint64_t width = SLOTS, one, two;
    choose(s, known, width);
    for (int pass = 0; pass < PASSES_MAX; pass++) {
        MR_TRY(read_sample(logs, s, arena, err));
        compare(s, &one, &two);
        if (two == s->count)
            return MR_OK; /* what was known is not there any more */
        if (one == s->count && (!reaches(s) || mr_gtid_number(&s->from) == 1))
            return MR_OK; /* it goes back no further */
        if (one < s->count && s->step == 1) {
            take_place(s, one, two, split);
            return MR_OK;
        }
        choose_next(s, known, one, two, &width);
    }
    return MR_OK;
}

enum mr_code mr_shared_split_find(struct mr_gtid_logs logs[2], const bool own_clock[2],
                                  const struct mr_gtid *two, struct mr_arena *arena,
                                  struct mr_shared_split *split, struct mr_err *err)
{
    struct sample s = {.own_clock = {own_clock[0], own_clock[1]}};
    enum mr_code code = MR_OK;
    *split = (struct mr_shared_split){.log = {NULL, NULL}};
    for (size_t side = 0; side < 2; side++)
        s.slots[side] = calloc(SLOTS + MR_GTID_LOGS_AHEAD, sizeof *s.slots[side]);
    if (s.slots[0] == NULL || s.slots[1] == NULL)
        code = mr_err_nomem(err, "comparing logs");
    for (size_t side = 0; code == MR_OK && side < 2; side++)
        code = mr_gtid_logs_open(&logs[side], err);
    if (code == MR_OK)
        code = search(logs, two, &s, arena, split, err);
    for (size_t side = 0; side < 2; side++) {
        mr_gtid_logs_close(&logs[side]);
        free(s.slots[side]);
    }
    return code;
}
