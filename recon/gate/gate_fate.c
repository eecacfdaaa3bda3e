/* gate_fate.c: see gate_fate.h. */
#include "recon/gate/gate_fate.h"

#include <stdlib.h>
#include <string.h>

#define RUN_SURE 8     /* so many newest rows are not deleted by chance */
#define RUN_REPLACED 3 /* of rows that may only have been edited */
#define BEHIND_SURE 8  /* older rows that are all there */
#define BEHIND_FEW 2   /* one of them is no rule */
#define DENSE_ROWS 32
#define INTEGER_HEX 20 /* an integer's key: tag, sign, eight bytes */

bool mr_gate_row_is_lost(const struct mr_gate_row *row)
{
    return row->state == MR_GATE_ROW_GONE || row->state == MR_GATE_ROW_REPLACED ||
           row->state == MR_GATE_ROW_DOUBTFUL;
}

static void tally(struct mr_gate_fate *fate, const struct mr_gate_row *row)
{
    fate->asked++;
    fate->gone += row->state == MR_GATE_ROW_GONE ? 1 : 0;
    fate->replaced += row->state == MR_GATE_ROW_REPLACED ? 1 : 0;
    fate->doubtful += row->state == MR_GATE_ROW_DOUBTFUL ? 1 : 0;
    fate->changed += row->state == MR_GATE_ROW_CHANGED ? 1 : 0;
    fate->touched += row->state == MR_GATE_ROW_TOUCHED ? 1 : 0;
    fate->there += mr_gate_row_is_lost(row) ? 0 : 1;
    fate->elsewhere += mr_gate_row_is_lost(row) && row->elsewhere ? 1 : 0;
}

static bool is_changed(const struct mr_gate_row *row)
{
    return mr_gate_row_is_lost(row) || row->state == MR_GATE_ROW_CHANGED;
}

/* The longest run from the newest on of which hardly one is otherwise. */
static size_t longest_run(const struct mr_gate_rows *list,
                          bool (*is_so)(const struct mr_gate_row *row))
{
    size_t count = 0, run = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_so(&list->rows[i]))
            continue;
        count++;
        if (count * 10 >= (i + 1) * 9)
            run = i + 1;
    }
    return run;
}

/* Is everything older than the oldest row that is left gone, and nothing else? */
static bool is_from_begin(const struct mr_gate_rows *list, const struct mr_gate_fate *fate)
{
    size_t oldest = 0;
    while (oldest < list->count && mr_gate_row_is_lost(&list->rows[list->count - 1 - oldest]))
        oldest++;
    return oldest > 0 && fate->there > 0 && oldest == fate->gone + fate->replaced + fate->doubtful;
}

static uint64_t integer_of(const struct mr_gate_row *row)
{
    return strtoull(row->key + INTEGER_HEX - 16, NULL, 16);
}

/* Keys that follow each other: rows of this table are not deleted as a rule. */
static bool is_dense(const struct mr_gate_rows *list)
{
    const size_t rows = list->count < DENSE_ROWS ? list->count : DENSE_ROWS;
    uint64_t step = UINT64_MAX;
    for (size_t i = 0; i < rows; i++)
        if (strlen(list->rows[i].key) != INTEGER_HEX || strncmp(list->rows[i].key, "69", 2) != 0)
            return true; /* no integers: nothing speaks against it */
    for (size_t i = 1; i < rows; i++) {
        const uint64_t apart = integer_of(&list->rows[i - 1]) - integer_of(&list->rows[i]);
        if (apart < step)
            step = apart;
    }
    if (rows < 2 || step == 0)
        return true;
    const uint64_t span = integer_of(&list->rows[0]) - integer_of(&list->rows[rows - 1]);
    return span / step <= rows + rows / 4;
}

/* The rows behind the run but for the oldest that are gone: those were purged. */
static size_t count_behind(const struct mr_gate_rows *list, size_t run)
{
    size_t count = list->count;
    while (count > run && mr_gate_row_is_lost(&list->rows[count - 1]))
        count--;
    return count - run;
}

static enum mr_gate_loss judge(const struct mr_gate_rows *list, const struct mr_gate_fate *fate)
{
    const size_t run = fate->newest_lost, behind = count_behind(list, run);
    size_t there = 0;
    bool doubtful = false;
    for (size_t i = 0; i < run; i++)
        doubtful |= list->rows[i].state == MR_GATE_ROW_DOUBTFUL;
    if (fate->replaced > 0 || (doubtful && run >= RUN_REPLACED))
        return MR_GATE_LOSS_SURE;
    if (doubtful)
        return MR_GATE_LOSS_LIKELY;
    for (size_t i = run; i < run + behind; i++)
        there += mr_gate_row_is_lost(&list->rows[i]) ? 0 : 1;
    if (fate->there == 0)
        return MR_GATE_LOSS_UNCLEAR;
    if (run < RUN_SURE)
        return MR_GATE_LOSS_NONE;
    /* where others between are gone, too, rows are deleted as a rule */
    if (there * 10 < behind * 9 || behind < BEHIND_FEW)
        return MR_GATE_LOSS_UNCLEAR;
    return behind >= BEHIND_SURE && there == behind && is_dense(list) ? MR_GATE_LOSS_SURE
                                                                      : MR_GATE_LOSS_LIKELY;
}

struct mr_gate_fate mr_gate_fate_of_rows(const struct mr_gate_rows *list)
{
    struct mr_gate_fate fate = {.loss = MR_GATE_LOSS_NONE};
    for (size_t i = 0; i < list->count; i++)
        tally(&fate, &list->rows[i]);
    fate.newest_lost = longest_run(list, mr_gate_row_is_lost);
    fate.newest_changed = longest_run(list, is_changed);
    fate.from_begin = is_from_begin(list, &fate);
    if (list->count > 0)
        fate.loss = judge(list, &fate);
    return fate;
}

struct mr_gate_fate mr_gate_fate_of(const struct mr_gate_table *now)
{
    const struct mr_gate_fate by_key = mr_gate_fate_of_rows(&now->by_key);
    const struct mr_gate_fate by_time = mr_gate_fate_of_rows(&now->by_time);
    if (by_key.asked == 0 || by_time.loss > by_key.loss)
        return by_time;
    return by_key;
}
