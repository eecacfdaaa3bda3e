/* report_axis.c: see report_axis.h. */
#include "recon/report/report_axis.h"

#include "core/row/row.h"

#define SNAP 20  /* an estimated beginning within 1/SNAP of the axis from 1 is 1 */
#define GAP 3    /* bins that a cell needs to have a gap behind it */
#define REACH 10 /* "a little" is 1/REACH of the axis */

static mr_place most(mr_place a, mr_place b)
{
    return a > b ? a : b;
}

static mr_place least(mr_place a, mr_place b)
{
    return a < b ? a : b;
}

bool mr_axis_key_number(struct mr_key key, mr_place *number)
{
    struct mr_value value;
    size_t pos = 0;
    if (key.ptr == NULL || mr_row_decode(key.ptr, key.len, &pos, &value, NULL) != MR_OK ||
        pos != key.len || (value.cls != MR_CLASS_INT && value.cls != MR_CLASS_UINT))
        return false;
    *number = value.cls == MR_CLASS_INT ? (mr_place)value.i : (mr_place)value.u;
    return true;
}

/* Distance of neighbours between the known keys; at least 1. */
static mr_place usual_gap(const struct mr_axis_facts *f)
{
    if (f->max_rank <= f->min_rank)
        return 1;
    return most(1, (f->max - f->min) / (mr_place)(f->max_rank - f->min_rank));
}

static mr_place beginning(const struct mr_axis_facts *f, mr_place hi)
{
    mr_place floor = f->min > 0 ? 1 : f->min == 0 ? 0 : (mr_place)INT64_MIN;
    if (f->min_rank == 0)
        return f->min;
    mr_place lo = most(f->min - usual_gap(f) * (mr_place)f->min_rank, floor);
    bool nearly_at_one = lo > 0 && lo - 1 <= hi / SNAP;
    return nearly_at_one ? 1 : lo;
}

static mr_place end(const struct mr_axis_facts *f)
{
    uint64_t behind = f->rows > f->max_rank + 1 ? f->rows - f->max_rank - 1 : 0;
    mr_place limit = f->max > INT64_MAX ? (mr_place)UINT64_MAX : (mr_place)INT64_MAX;
    if (f->has_greatest && f->greatest >= f->max)
        return f->greatest;
    return least(f->max + usual_gap(f) * (mr_place)behind, limit);
}

void mr_axis_fit(struct mr_report_axis *axis, const struct mr_axis_facts *facts)
{
    axis->numeric = true;
    axis->hi = end(facts);
    axis->lo = beginning(facts, axis->hi);
}

bool mr_axis_reach(struct mr_report_axis *axis, mr_place place)
{
    mr_place span = axis->hi - axis->lo;
    if (place > axis->hi + most(span / REACH, 1))
        return false;
    axis->hi = most(axis->hi, place);
    return true;
}

size_t mr_axis_bin(const struct mr_report_axis *axis, mr_place place)
{
    if (place <= axis->lo)
        return 0;
    if (place > axis->hi)
        return MR_AXIS_BINS - 1;
    return (size_t)((place - axis->lo) * MR_AXIS_BINS / (axis->hi - axis->lo + 1));
}

struct mr_axis_cell mr_axis_cell(const struct mr_report_axis *axis, mr_place place)
{
    size_t first = mr_axis_bin(axis, place);
    size_t next = place >= axis->hi ? MR_AXIS_BINS : mr_axis_bin(axis, place + 1);
    size_t last = next > first ? next - 1 : first;
    if (last - first >= GAP)
        last--;
    return (struct mr_axis_cell){first, last};
}

/* 1, 2 or 5 times a power of ten, not below `least_step`. */
static mr_place round_step(mr_place least_step)
{
    mr_place step = 1;
    while (step * 10 <= least_step)
        step *= 10;
    if (step >= least_step)
        return step;
    if (step * 2 >= least_step)
        return step * 2;
    return step * 5 >= least_step ? step * 5 : step * 10;
}

/* The smallest multiple of step that is not below place. */
static mr_place round_up(mr_place place, mr_place step)
{
    mr_place rest = place % step;
    if (rest == 0)
        return place;
    return rest > 0 ? place - rest + step : place - rest;
}

size_t mr_axis_ticks(const struct mr_report_axis *axis, size_t max,
                     mr_place ticks[MR_AXIS_TICKS_MAX])
{
    size_t count = 0;
    if (max > MR_AXIS_TICKS_MAX)
        max = MR_AXIS_TICKS_MAX;
    mr_place step = round_step((axis->hi - axis->lo) / (mr_place)max + 1);
    for (mr_place at = round_up(axis->lo, step); at <= axis->hi && count < max; at += step)
        ticks[count++] = at;
    return count;
}

void mr_axis_add_number(struct mr_strbuf *out, mr_place number)
{
    if (number < 0)
        mr_strbuf_add_char(out, '-');
    mr_strbuf_add_grouped(out, (uint64_t)(number < 0 ? -number : number));
}
