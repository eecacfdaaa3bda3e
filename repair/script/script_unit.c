/* script_unit.c: the rows of a unit, in the order in which they are written; see
 * script_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "repair/merge/merge_row.h"
#include "repair/script/script_internal.h"

#define LAST_LEVEL ((uint64_t)1 << 62)

enum mr_code mr_script_is_null(struct mr_key image, size_t column, bool *null, struct mr_err *err)
{
    struct mr_key value;
    MR_TRY(mr_merge_row_value(image, column, &value, err));
    *null = mr_image_value_is_null(value);
    return MR_OK;
}

/* Which columns are empty in one image of a row, and not in the other. */
static enum mr_code find_open(const struct mr_script *s, struct mr_script_row *row,
                              struct mr_key empty, struct mr_key full, struct mr_err *err)
{
    const struct mr_script_table *t = &s->tables[row->step.table];
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->nopens; i++) {
        bool is_empty = false, stays = false;
        code = mr_script_is_null(empty, t->opens[i], &is_empty, err);
        if (code == MR_OK)
            code = mr_script_is_null(full, t->opens[i], &stays, err);
        if (is_empty && !stays)
            row->open |= (uint64_t)1 << i;
    }
    return code;
}

/* What was inserted is filled by an update, or what is deleted was emptied by one: a circle
 * of references is closed, or opened.  The update becomes part of the other. */
static enum mr_code join_circle(struct mr_script *s, struct mr_script_row *row,
                                struct mr_script_row *next, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (row->step.op == MR_STEP_INSERT) {
        const struct mr_key empty = mr_script_after(s, row), full = mr_script_after(s, next);
        code = find_open(s, row, empty, full, err);
        row->after = next->after;
        next->step.op = 0;
    } else {
        const struct mr_key empty = mr_script_before(s, next), full = mr_script_before(s, row);
        code = find_open(s, next, empty, full, err);
        next->before = row->before;
        row->step.op = 0;
    }
    return code;
}

static int compare_entities(const void *a, const void *b)
{
    const struct mr_script_row *const *x = a, *const *y = b;
    if ((*x)->step.entity != (*y)->step.entity)
        return (*x)->step.entity < (*y)->step.entity ? -1 : 1;
    return (*x)->step.id < (*y)->step.id ? -1 : (*x)->step.id > (*y)->step.id;
}

/* What becomes of one step of a row in undo becomes of all. */
static void share_units(struct mr_script_row *const *by, size_t n)
{
    for (size_t first = 0, end = 0; first < n; first = end) {
        struct mr_script_span units = by[first]->units;
        for (end = first; end < n && by[end]->step.entity == by[first]->step.entity; end++) {
            units.first = by[end]->units.first < units.first ? by[end]->units.first : units.first;
            units.last = by[end]->units.last > units.last ? by[end]->units.last : units.last;
        }
        for (size_t i = first; i < end; i++)
            by[i]->units = units;
    }
}

/* Steps of one row of the unit: of two updates the first is passing. */
static enum mr_code join_steps(struct mr_script *s, struct mr_err *err)
{
    size_t n = s->rows.count;
    struct mr_script_row **by =
        mr_arena_calloc(&s->unit_arena, n + 1, sizeof(struct mr_script_row *));
    enum mr_code code = by != NULL ? MR_OK : mr_merge_nomem(err);
    for (size_t i = 0; code == MR_OK && i < n; i++)
        by[i] = mr_vec_at(&s->rows, i);
    if (code == MR_OK && n > 1)
        qsort(by, n, sizeof(struct mr_script_row *), compare_entities);
    if (code == MR_OK)
        share_units(by, n);
    for (size_t i = 0; code == MR_OK && i + 1 < n; i++) {
        struct mr_script_row *row = by[i], *next = by[i + 1];
        bool fills = row->step.op == MR_STEP_INSERT && next->step.op == MR_STEP_UPDATE;
        bool empties = row->step.op == MR_STEP_UPDATE && next->step.op == MR_STEP_DELETE;
        if (row->step.entity != next->step.entity)
            continue;
        if (fills || empties)
            code = join_circle(s, row, next, err);
        else if (next->step.op == MR_STEP_UPDATE)
            row->passing = next->chained = true;
        if (fills)
            by[i + 1] = row;
    }
    return code;
}

static void drop_joined(struct mr_vec *rows)
{
    size_t kept = 0;
    struct mr_script_row *items = rows->items;
    for (size_t i = 0; i < rows->count; i++)
        if (items[i].step.op != 0)
            items[kept++] = items[i];
    rows->count = kept;
}

static void swap_images(struct mr_script_row *row)
{
    const int64_t before = row->before;
    row->before = row->after;
    row->after = before;
}

static void invert(struct mr_vec *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        struct mr_script_row *row = mr_vec_at(rows, i);
        swap_images(row);
        row->step.op = mr_step_undone_by(row->step.op);
        row->step.level = LAST_LEVEL - row->step.level;
        row->step.id = -row->step.id;
    }
}

/* Of a chain of updates that runs the other way, the other ones are passing. */
static enum mr_code pass_again(struct mr_script *s, struct mr_err *err)
{
    for (size_t i = 0; i < s->rows.count; i++) {
        struct mr_script_row *row = mr_vec_at(&s->rows, i);
        row->passing = row->chained = false;
    }
    return join_steps(s, err);
}

static int compare_rows(const void *a, const void *b)
{
    const struct mr_script_row *p = a, *q = b;
    const struct mr_script_step *x = &p->step, *y = &q->step;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    if (x->op != y->op)
        return x->op < y->op ? -1 : 1;
    if (p->extent != q->extent)
        return p->extent < q->extent ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Inserts of neighbouring levels are one statement: its rows come in their order. */
static bool goes_on(const struct mr_script_row *last, const struct mr_script_row *row,
                    const struct mr_script_batch *batch)
{
    return batch->table == row->step.table && batch->op == row->step.op &&
           batch->extent == row->extent &&
           (batch->op == MR_STEP_INSERT || last->step.level == row->step.level);
}

/* A batch is one statement of the script; rows whose order matters never share one, except
 * inserts, which the server writes in the order of their numbers. */
static enum mr_code find_batches(struct mr_script *s, struct mr_err *err)
{
    struct mr_script_batch *batch = NULL;
    const struct mr_script_row *last = NULL;
    for (size_t i = 0; i < s->plan->ntables; i++)
        memset(s->tables[i].used, 0, sizeof s->tables[i].used);
    for (size_t i = 0; i < s->rows.count; i++) {
        struct mr_script_row *row = mr_vec_at(&s->rows, i);
        row->number = i + 1;
        s->tables[row->step.table].used[row->step.op] = true;
        if (batch == NULL || !goes_on(last, row, batch)) {
            batch = mr_vec_push(&s->batches);
            if (batch == NULL)
                return mr_merge_nomem(err);
            *batch =
                (struct mr_script_batch){row->step.op, row->step.table, i + 1, i + 1, row->extent};
        }
        batch->last = i + 1;
        last = row;
    }
    return MR_OK;
}

/* A server does not delete a row that refers to itself: the reference is emptied first. */
static enum mr_code open_own_parents(struct mr_script *s, struct mr_script_row *row,
                                     struct mr_err *err)
{
    const struct mr_script_table *t = &s->tables[row->step.table];
    if (row->step.op != MR_STEP_DELETE || s->plan->tables[row->step.table].key.count == 0)
        return MR_OK;
    for (size_t i = 0; i < s->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &s->plan->references[i];
        bool own = false;
        if (r->child == row->step.table)
            MR_TRY(mr_merge_row_is_own_parent(r, mr_script_before(s, row), &own, err));
        for (size_t k = 0; own && k < t->nopens; k++)
            if (mr_plan_columns_has(&r->from, t->opens[k]))
                row->open |= (uint64_t)1 << k;
    }
    return MR_OK;
}

/* How many rows equal to one that has no key will stand on TARGET: those that the plan has
 * found, and the equal ones of the unit so far. */
static enum mr_code count_equals(struct mr_script *s, struct mr_script_row *row, struct mr_err *err)
{
    bool found = false;
    if (s->plan->tables[row->step.table].key.count > 0)
        return MR_OK;
    enum mr_code code = MR_CASE_ASK(s->equals, &found, err, MR_ARG_INT("entity", row->step.entity));
    row->nth = code == MR_OK && found ? (uint64_t)mr_case_int(s->equals, 0) : 1;
    mr_case_reset(s->equals);
    return code;
}

/* Steps of one row are joined before they are inverted, so that undo takes back the row as a
 * whole, and joined again behind that, since a chain of updates runs the other way then. */
enum mr_code mr_script_load(struct mr_script *s, struct mr_err *err)
{
    const bool undo = s->kind == MR_SCRIPT_UNDO;
    mr_arena_reset(&s->unit_arena);
    mr_vec_clear(&s->rows);
    mr_vec_clear(&s->batches);
    mr_vec_clear(&s->parents);
    memset(s->nameless, 0, s->plan->nreferences * sizeof *s->nameless);
    MR_TRY(mr_script_images_read(s, err));
    MR_TRY(join_steps(s, err));
    drop_joined(&s->rows);
    if (undo) {
        invert(&s->rows);
        MR_TRY(pass_again(s, err));
    }
    MR_TRY(mr_script_extents_find(s, err));
    for (size_t i = 0; i < s->rows.count; i++)
        MR_TRY(open_own_parents(s, mr_vec_at(&s->rows, i), err));
    if (s->rows.count > 1)
        qsort(s->rows.items, s->rows.count, sizeof(struct mr_script_row), compare_rows);
    for (size_t i = 0; i < s->rows.count; i++)
        MR_TRY(count_equals(s, mr_vec_at(&s->rows, i), err));
    MR_TRY(find_batches(s, err));
    return undo ? mr_script_part_trees(s, err) : MR_OK;
}
