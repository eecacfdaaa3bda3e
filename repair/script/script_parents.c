/* script_parents.c: who the rows of a unit refer to; see script_internal.h.
 *
 * A reference of a row that will be written leads to a row of the same unit, to one that
 * another unit has written (temporary table script_parent), to a row of TARGET that the
 * plan does not touch, or to nobody.  What undo puts back refers to rows as they were
 * before the plan; one that another unit writes may still stand as the plan leaves it. */
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/merge/merge_work.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"
#include "repair/script/script_internal.h"

static const char schema_sql[] = "DROP TABLE IF EXISTS temp.script_parent;"
                                 "CREATE TEMP TABLE script_parent (tbl INT, set_no INT, "
                                 "canon BLOB, before INT, unit INT, entity INT,"
                                 " step INT, PRIMARY KEY (tbl, set_no, canon, before))"
                                 " WITHOUT ROWID";

enum mr_code mr_script_parents_open(struct mr_script *s, struct mr_err *err)
{
    return mr_case_exec(s->lookup.cf, schema_sql, err);
}

static bool is_written(const struct mr_script_row *row)
{
    return row->step.op != MR_STEP_DELETE && !row->passing;
}

/* ---- what the unit itself writes ---- */

/* The image of a row in which others may refer to it; ptr NULL: none. */
static struct mr_key noted_image(struct mr_script *s, const struct mr_script_row *row, bool before)
{
    bool stood = row->step.op != MR_STEP_INSERT && !row->chained;
    return before ? (stood ? mr_script_before(s, row) : (struct mr_key){0})
                  : (is_written(row) ? mr_script_after(s, row) : (struct mr_key){0});
}

/* Noted by the canonical value, so that a later unit finds the row by whatever TARGET's
 * collation takes for the same. */
static enum mr_code note_set(struct mr_script *s, struct mr_case_stmt *add, bool before,
                             const struct mr_plan_table *t, size_t set, struct mr_err *err)
{
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        const struct mr_key image =
            row->step.table == t->at ? noted_image(s, row, before) : (struct mr_key){0};
        if (image.ptr != NULL)
            MR_TRY_OUT(
                mr_merge_lookup_push(&asks, (int64_t)i, image, t->sets[set], &s->unit_arena, err));
    }
    MR_TRY_OUT(mr_merge_lookup_canonise(&s->lookup, t, t->sets[set], &asks, &s->unit_arena, err));
    for (size_t i = 0; i < asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&asks, i);
        const struct mr_script_row *row = mr_vec_at(&s->rows, (size_t)ask->tag);
        MR_TRY_OUT(
            MR_CASE_RUN(add, err, MR_ARG_INT("tbl", t->at), MR_ARG_INT("set", set),
                        MR_ARG_BYTES("canon", ask->canon), MR_ARG_INT("before", before),
                        MR_ARG_INT("unit", s->unit), MR_ARG_INT("entity", row->step.entity),
                        MR_ARG_INT("step", row->step.op != MR_STEP_INSERT ? row->step.id : 0)));
    }
out:
    mr_vec_release(&asks);
    return code;
}

#define NOTE(otherwise)                                                                            \
    "INSERT OR " otherwise " INTO script_parent (tbl, set_no, canon, before, unit, entity, step)"  \
    " VALUES (:tbl, :set, :canon, :before, :unit, :entity, :step)"

/* The last unit says how a row is left, the first how it was. */
static enum mr_code note_images(struct mr_script *s, bool before, struct mr_err *err)
{
    struct mr_case_stmt *add = NULL;
    enum mr_code code =
        mr_case_prepare(s->lookup.cf, before ? NOTE("IGNORE") : NOTE("REPLACE"), &add, err);
    for (size_t i = 0; code == MR_OK && i < s->plan->ntables; i++) {
        const struct mr_plan_table *t = &s->plan->tables[i];
        const bool *used = s->tables[i].used;
        if (!used[MR_STEP_UPDATE] && !used[before ? MR_STEP_DELETE : MR_STEP_INSERT])
            continue;
        for (size_t set = 0; code == MR_OK && set < t->nsets; set++)
            code = note_set(s, add, before, t, set, err);
    }
    mr_case_free(add);
    return code;
}

static enum mr_code note_unit(struct mr_script *s, struct mr_err *err)
{
    MR_TRY(note_images(s, false, err));
    return note_images(s, true, err);
}

/* ---- what its rows refer to ---- */

struct finding {
    struct mr_script *s;
    size_t reference;
    const struct mr_plan_table *parent;
    struct mr_strbuf identity;
};

/* Has the row no name by which another could be told from it?  (A row that is named by all
 * of it is.) */
static enum mr_code is_nameless(const struct mr_plan_table *t, struct mr_key image, bool *nameless,
                                struct mr_err *err)
{
    *nameless = t->named_by.count == 0;
    for (size_t i = 0; t->identity == MR_PLAN_BY_COLUMNS && !*nameless && i < t->named_by.count;
         i++)
        MR_TRY(mr_script_is_null(image, t->named_by.at[i], nameless, err));
    return MR_OK;
}

/* The image is copied: it lives in the answer, and is staged when the unit is written. */
static enum mr_code add_parent(struct finding *f, struct mr_key image, enum mr_script_origin origin,
                               struct mr_err *err)
{
    bool nameless = false;
    bool is_asked = f->s->kind == MR_SCRIPT_APPLY && origin == MR_SCRIPT_OF_PLAN;
    enum mr_code code = is_asked ? is_nameless(f->parent, image, &nameless, err) : MR_OK;
    struct mr_script_parent *parent = mr_vec_push(&f->s->parents);
    const void *copy = mr_arena_dup(&f->s->unit_arena, image.ptr, image.len);
    if (code == MR_OK && (parent == NULL || copy == NULL))
        code = mr_merge_nomem(err);
    if (code == MR_OK)
        *parent = (struct mr_script_parent){f->reference, {copy, image.len}, origin};
    f->s->nameless[f->reference] |= nameless || origin == MR_SCRIPT_AS_WRITTEN;
    return code;
}

/* What names a row, in canonical form; ptr NULL: nobody. */
static enum mr_code name_of(struct finding *f, struct mr_key image, struct mr_key *name,
                            struct mr_err *err)
{
    struct mr_vec one = MR_VEC_INIT(struct mr_merge_ask);
    enum mr_code code = MR_OK;
    *name = (struct mr_key){0};
    if (f->parent->identity == MR_PLAN_BY_COLUMNS)
        code = mr_merge_lookup_push(&one, 0, image, f->parent->named_by, &f->s->unit_arena, err);
    if (code == MR_OK && one.count > 0)
        code = mr_merge_lookup_canonise(&f->s->lookup, f->parent, f->parent->named_by, &one,
                                        &f->s->unit_arena, err);
    if (code == MR_OK && one.count > 0)
        *name = ((struct mr_merge_ask *)mr_vec_at(&one, 0))->canon;
    mr_vec_release(&one);
    return code;
}

/* A row that the plan leaves as it is becomes known to those who verify. */
static enum mr_code keep_parent(struct finding *f, struct mr_key image, struct mr_err *err)
{
    struct mr_script *s = f->s;
    struct mr_entity e = {.id = 0};
    struct mr_vec key = MR_VEC_INIT(struct mr_merge_ask);
    struct mr_key name;
    if (f->parent->key.count == 0)
        return MR_OK;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_lookup_push(&key, 0, image, f->parent->key, &s->unit_arena, err));
    if (key.count == 0)
        goto out;
    const struct mr_key at = ((struct mr_merge_ask *)mr_vec_at(&key, 0))->value;
    MR_TRY_OUT(mr_plan_store_find(s->task->store, f->parent->at, at, &s->unit_arena, &e, err));
    if (e.id != 0)
        goto out;
    MR_TRY_OUT(name_of(f, image, &name, err));
    e = (struct mr_entity){.table = f->parent->at,
                           .target_key = at,
                           .identity = name,
                           .decision = MR_DECIDE_PARENT,
                           .target = image,
                           .after = image};
    MR_TRY_OUT(mr_plan_store_save(s->task->store, &e, err));
out:
    mr_vec_release(&key);
    return code;
}

static enum mr_code take_live(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct finding *f = ctx;
    struct mr_key image = {row->image, row->len};
    (void)ask;
    enum mr_code code = add_parent(f, image, MR_SCRIPT_OF_TARGET, err);
    return code == MR_OK && f->s->kind == MR_SCRIPT_APPLY ? keep_parent(f, image, err) : code;
}

/* A row of script_parent. */
struct noted {
    bool before;
    uint64_t unit;
    int64_t entity, step; /* step: 0: all of the row is there, as it was inserted */
};

#define NOTED(member, type) MR_CASE_FIELD(struct noted, member, MR_CASE_##type)
static const struct mr_case_field noted_fields[] =
    MR_CASE_LIST(NOTED(before, FLAG), NOTED(unit, INT), NOTED(entity, INT), NOTED(step, INT));

/* A row as its last unit so far leaves it, since one that makes way has yet to become what it
 * will be; or as it was before. */
static enum mr_code noted_row(struct finding *f, const struct noted *n, struct mr_key *image,
                              struct mr_err *err)
{
    struct mr_script *s = f->s;
    struct mr_step step = {0};
    struct mr_entity e = {0};
    enum mr_code code = n->step > 0
                            ? mr_script_step(s, n->step, &step, err)
                            : mr_plan_store_get(s->task->store, n->entity, &s->unit_arena, &e, err);
    *image = n->before ? step.before : n->step > 0 ? step.after : e.after;
    return code;
}

/* Of another unit. */
static enum mr_code take_noted(struct finding *f, const struct noted *n,
                               enum mr_script_origin origin, struct mr_err *err)
{
    struct mr_script *s = f->s;
    const struct mr_plan_table *child = &s->plan->tables[s->plan->references[f->reference].child];
    struct mr_key image = {0};
    if (s->kind == MR_SCRIPT_APPLY && child->pair->find.subject == MR_SUBJECT_NO)
        MR_TRY(mr_script_spans_add(s, n->unit, s->unit, err));
    MR_TRY(noted_row(f, n, &image, err));
    return add_parent(f, image, origin, err);
}

/* stood: a row was there before the plan. */
static enum mr_code take_of_unit(struct finding *f, const struct noted *n, bool stood,
                                 struct mr_err *err)
{
    const struct mr_script *s = f->s;
    bool is_later = n->unit < s->unit; /* undone */
    bool restored = false;
    MR_TRY(mr_plan_store_is_restored(s->task->store, n->entity, &restored, err));
    if (restored) /* it stood there before, and is not known by all of its columns */
        return take_noted(f, n, MR_SCRIPT_OF_TARGET, err);
    if (s->kind == MR_SCRIPT_APPLY || n->before)
        return take_noted(f, n, MR_SCRIPT_OF_PLAN, err);
    if (is_later && !stood)
        return MR_OK; /* as long as he is there the row would lead to him */
    return take_noted(f, n,
                      is_later ? MR_SCRIPT_AS_WRITTEN
                      : stood  ? MR_SCRIPT_WHEN_DRY
                               : MR_SCRIPT_NOBODY,
                      err);
}

/* Of apply: nobody has come where that row was. */
static enum mr_code take_gone(struct finding *f, const struct noted *n, struct mr_err *err)
{
    struct mr_key image = {0};
    if (n->unit < f->s->unit)
        return take_noted(f, n, MR_SCRIPT_NOBODY, err);
    MR_TRY(noted_row(f, n, &image, err));
    return add_parent(f, image, MR_SCRIPT_GOES, err);
}

/* Written, or taken away, by another unit, or by this one?  Before come first. */
static enum mr_code find_planned(struct finding *f, const struct mr_case_fields *get,
                                 const struct mr_merge_ask *ask, bool *found, struct mr_err *err)
{
    struct mr_script *s = f->s;
    const struct mr_plan_reference *r = &s->plan->references[f->reference];
    const bool apply = s->kind == MR_SCRIPT_APPLY;
    bool row = false, stood = false;
    struct noted n, gone = {0};
    enum mr_code code = MR_OK;
    *found = false;
    MR_CASE_BIND(get->stmt, MR_ARG_INT("tbl", r->parent), MR_ARG_INT("set", r->to_set),
                 MR_ARG_BYTES("canon", ask->canon),
                 MR_ARG_INT("before", !apply || mr_script_tells_one(f->parent, r->to)));
    while (code == MR_OK && (code = mr_case_fields_next(get, NULL, &n, &row, err)) == MR_OK &&
           row) {
        *found = true;
        stood = stood || n.before;
        if (apply)
            gone = n.before ? n : (struct noted){0};
        if ((!apply || !n.before) && (n.unit < s->unit || n.unit > s->last_unit))
            code = take_of_unit(f, &n, stood, err);
    }
    mr_case_reset(get->stmt);
    return code == MR_OK && gone.before ? take_gone(f, &gone, err) : code;
}

/* Takes out of the questions what the plan writes. */
static enum mr_code take_planned(struct finding *f, struct mr_vec *asks, struct mr_err *err)
{
    struct mr_case_stmt *get = NULL;
    struct mr_case_fields map;
    struct mr_merge_ask *items = asks->items;
    size_t kept = 0;
    const struct mr_plan_reference *r = &f->s->plan->references[f->reference];
    enum mr_code code =
        mr_merge_lookup_canonise(&f->s->lookup, f->parent, r->to, asks, &f->s->unit_arena, err);
    if (code == MR_OK)
        code = mr_case_prepare(f->s->lookup.cf,
                               "SELECT before, unit, entity, step FROM script_parent"
                               " WHERE tbl=:tbl AND set_no=:set AND canon=:canon"
                               " AND before<=:before ORDER BY before DESC",
                               &get, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, get, MR_CASE_FIELDS(noted_fields), err);
    for (size_t i = 0; code == MR_OK && i < asks->count; i++) {
        bool found = false;
        if (items[i].canon.ptr == NULL)
            continue;
        code = find_planned(f, &map, &items[i], &found, err);
        if (!found)
            items[kept++] = items[i];
    }
    if (code == MR_OK)
        asks->count = kept;
    mr_case_free(get);
    return code;
}

static int compare_values(const void *a, const void *b)
{
    const struct mr_merge_ask *x = a, *y = b;
    return mr_key_compare(x->value, y->value);
}

/* One question a value. */
static void drop_repeated(struct mr_vec *asks)
{
    struct mr_merge_ask *items = asks->items;
    size_t kept = 0;
    if (asks->count > 1)
        qsort(items, asks->count, sizeof *items, compare_values);
    for (size_t i = 0; i < asks->count; i++)
        if (kept == 0 || compare_values(&items[i], &items[kept - 1]) != 0)
            items[kept++] = items[i];
    asks->count = kept;
}

/* Is the unit answerable for who the row refers to?  Apply is for whatever it writes, undo
 * for what it leads back. */
static enum mr_code is_answerable(struct mr_script *s, const struct mr_script_row *row, size_t at,
                                  bool *is, struct mr_err *err)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    bool unmeant = false;
    enum mr_code code = MR_OK;
    *is =
        row->step.table == r->child && is_written(row) && mr_script_extent_leads(s, row->extent, r);
    if (!*is)
        return MR_OK;
    if (s->kind == MR_SCRIPT_APPLY && r->pair->condition != NULL) {
        code = mr_plan_store_is_unmeant(s->task->store, row->step.entity, at, &unmeant, err);
        *is = !unmeant;
    } else if (s->kind == MR_SCRIPT_UNDO && r->pair->condition == NULL &&
               row->step.op == MR_STEP_UPDATE) {
        *is = row->chained;
        if (!*is)
            code = mr_merge_row_leaves(mr_script_before(s, row), mr_script_after(s, row), r->from,
                                       is, err);
    }
    return code;
}

/* TARGET is asked last, and only about values that the plan does not write: what it holds of the
 * others is not what will stand there. */
static enum mr_code find_reference(struct mr_script *s, size_t at, struct mr_err *err)
{
    const struct mr_plan_reference *r = &s->plan->references[at];
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask);
    struct finding f = {.s = s, .reference = at, .parent = &s->plan->tables[r->parent]};
    const struct mr_merge_lookup what = {MR_TARGET, f.parent, r->to};
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < s->rows.count; i++) {
        const struct mr_script_row *row = mr_vec_at(&s->rows, i);
        bool is = false;
        MR_TRY_OUT(is_answerable(s, row, at, &is, err));
        if (is)
            MR_TRY_OUT(mr_merge_reference_push(&asks, (int64_t)i, mr_script_after(s, row), r,
                                               &s->unit_arena, err));
    }
    drop_repeated(&asks);
    if (asks.count > 0)
        MR_TRY_OUT(take_planned(&f, &asks, err));
    if (asks.count > 0)
        MR_TRY_OUT(mr_merge_lookup_ask(&s->lookup, &what, &asks, take_live, &f, err));
out:
    mr_vec_release(&asks);
    return code;
}

enum mr_code mr_script_parents_find(struct mr_script *s, struct mr_err *err)
{
    MR_TRY(s->kind == MR_SCRIPT_APPLY ? note_unit(s, err) : MR_OK);
    for (size_t i = 0; i < s->plan->nreferences; i++)
        MR_TRY(find_reference(s, i, err));
    return MR_OK;
}
