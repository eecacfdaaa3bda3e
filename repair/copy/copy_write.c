/* copy_write.c: what was decided, as entities and steps; see copy_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_identity.h"
#include "repair/copy/copy_internal.h"
#include "repair/merge/merge_steps.h"

struct writing {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *read, *done, *breaks;
    struct mr_case_fields fields;     /* of read: struct slot_facts, then struct slot */
    struct mr_case_fields breaks_map; /* struct broken */
    struct mr_arena arena;
    struct mr_vec asks; /* struct mr_merge_ask */
    struct mr_strbuf parked, open;
    struct mr_key *values; /* per column of the widest table */
    bool has_breaks;
    /* of the unit and tree at hand */
    uint64_t unit;
    size_t rows, image_bytes;
    int64_t tree;
};

/* Only the columns of the table and their flags: values for people follow them. */
static enum mr_code cut(const struct mr_plan_table *t, struct mr_key *image, struct mr_err *err)
{
    size_t pos = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; image->ptr != NULL && code == MR_OK && i < t->pair->ncompared; i++)
        code = mr_row_skip(image->ptr, image->len, &pos, err);
    image->len = pos;
    return code;
}

/* ---- entities ---- */

static const char *detail_text(struct writing *w, const char *kind, int64_t what)
{
    const struct mr_plan_table *t = w->table;
    size_t at = (size_t)what;
    if (strcmp(kind, "unique") == 0)
        return at < t->nuniques ? t->uniques[at].name : "identity";
    if (at >= w->c->m.plan->nreferences)
        return what >= 0 ? "a table that only the target has" : NULL;
    const struct mr_pair_reference *r = w->c->m.plan->references[at].pair;
    return strcmp(kind, "referenced") == 0 ? r->child->find.name : r->edge.name;
}

static bool is_closed(const char *kind)
{
    return strcmp(kind, "changed") == 0;
}

static enum mr_decision decision_of(enum mr_step_op op, const char *kind, bool same)
{
    if (kind != NULL)
        return same ? MR_DECIDE_SAME : MR_DECIDE_CONFLICT;
    return op == MR_STEP_INSERT   ? MR_DECIDE_INSERT
           : op == MR_STEP_UPDATE ? MR_DECIDE_UPDATE
                                  : MR_DECIDE_DELETE;
}

static void count(struct mr_copy_result *result, const struct mr_entity *e)
{
    result->inserts += e->decision == MR_DECIDE_INSERT;
    result->updates += e->decision == MR_DECIDE_UPDATE;
    result->deletes += e->decision == MR_DECIDE_DELETE;
    result->open += e->kind != NULL && e->choice == NULL;
    result->kept += e->kind != NULL && e->choice != NULL;
}

/* Where the entity stands afterwards, and as what; a row that goes keeps the key that it
 * goes from. */
static void fill_after(struct mr_entity *e, const struct mr_merge_work_row *row,
                       struct mr_key source, bool same)
{
    if (e->decision == MR_DECIDE_INSERT || e->decision == MR_DECIDE_UPDATE) {
        e->target_key = row->key;
        e->after = source;
    } else if (e->decision == MR_DECIDE_DELETE || same || row->image == NULL) {
        e->target_key = row->live_key;
    }
}

/* What c has of a slot beside its rows. */
struct slot_facts {
    const char *kind, *why, *choices, *choice;
    int64_t what;
    bool derived;       /* the choice: by a rule */
    struct mr_key orig; /* SOURCE's row, where a person wants another one */
};

/* Of a value that does not fit: why, and what was or may be chosen.  A row that was made fit and
 * cannot be written all the same is reported for what stands in its way now. */
static enum mr_code describe_fit(struct writing *w, const struct slot_facts *x, struct mr_entity *e,
                                 struct mr_err *err)
{
    struct mr_key orig = x->orig;
    bool is_made_fit = x->choice != NULL && strcmp(x->choice, MR_FIT_SKIP) != 0;
    enum mr_code code = MR_OK;
    if (x->why == NULL)
        return MR_OK;
    if (x->kind != NULL && w->c->task->fill != NULL && strcmp(x->kind, MR_FIT_KIND) != 0) {
        e->detail = x->why;
        e->choices = x->choices;
        return MR_OK;
    }
    if (x->kind == NULL || !is_made_fit) {
        e->kind = MR_FIT_KIND;
        e->detail = x->why;
        e->choice = x->choice;
        e->is_derived = x->derived;
        e->choices = x->choices;
        if (e->decision == MR_DECIDE_CONFLICT && x->choice != NULL)
            e->decision = MR_DECIDE_SKIP;
    }
    if (orig.ptr != NULL) {
        code = cut(w->table, &orig, err);
        e->source = orig;
    }
    return code;
}

/* Conflicts are entities, too: who is not written is reported, and counted. */
static enum mr_code save(struct writing *w, const struct mr_merge_work_row *row,
                         const struct slot_facts *x, struct mr_key identity, struct mr_err *err)
{
    const char *kind = x->kind;
    struct mr_key source = {row->image, row->len}, target = {row->live, row->live_len};
    bool same = row->image != NULL && row->live != NULL && row->above;
    MR_TRY(cut(w->table, &source, err));
    MR_TRY(cut(w->table, &target, err));
    struct mr_entity e = {.table = w->table->at,
                          .source_key = row->key,
                          .identity = identity,
                          .decision = decision_of((enum mr_step_op)row->n, kind, same),
                          .kind = kind,
                          .detail = kind != NULL ? detail_text(w, kind, x->what) : NULL,
                          .choices = kind != NULL ? "" : NULL,
                          .source = source,
                          .target = target};
    if (kind != NULL && is_closed(kind)) {
        e.choice = "target";
        e.is_derived = true;
    }
    fill_after(&e, row, source, same);
    MR_TRY(describe_fit(w, x, &e, err));
    count(w->c->result, &e);
    MR_TRY(mr_plan_store_save(w->c->m.store, &e, err));
    if (e.after.ptr != NULL)
        MR_TRY(mr_merge_row_unmeant(&w->c->m, w->table, (struct mr_key){row->image, row->len}, e.id,
                                    err));
    return MR_CASE_RUN(w->done, err, MR_ARG_INT("id", row->id), MR_ARG_INT("entity", e.id));
}

/* Identities of a batch, by slot. */
static enum mr_code name_rows(struct writing *w, const struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    if (mr_copy_identity(w->c, w->table) != MR_PLAN_BY_COLUMNS || w->table->named_by.count == 0)
        return MR_OK;
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        const struct mr_key image = row->image != NULL ? (struct mr_key){row->image, row->len}
                                                       : (struct mr_key){row->live, row->live_len};
        code = mr_merge_lookup_push(&w->asks, row->id, image, w->table->named_by, arena, err);
    }
    return code == MR_OK && w->asks.count > 0
               ? mr_merge_lookup_canonise(&w->c->m, w->table, w->table->named_by, &w->asks, arena,
                                          err)
               : code;
}

#define FACT(member, type) MR_CASE_FIELD(struct slot_facts, member, type)
static const struct mr_case_field fact_fields[] =
    MR_CASE_LIST(FACT(kind, MR_CASE_TEXT), FACT(what, MR_CASE_INT), FACT(why, MR_CASE_TEXT),
                 FACT(choices, MR_CASE_TEXT), FACT(choice, MR_CASE_TEXT),
                 FACT(derived, MR_CASE_FLAG), FACT(orig, MR_CASE_BYTES));

/* Who has a NULL in his identity was not asked for, so that answers are fewer than rows: they are
 * matched by slot, in order. */
static enum mr_code save_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct writing *w = ctx;
    size_t named = 0;
    enum mr_code code = name_rows(w, rows, arena, err);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        const struct mr_merge_ask *ask = named < w->asks.count ? mr_vec_at(&w->asks, named) : NULL;
        bool found = false;
        struct mr_key identity = {0};
        if (ask != NULL && ask->tag == row->id) {
            identity = ask->canon;
            named++;
        }
        struct slot_facts facts = {0};
        MR_CASE_BIND(w->read, MR_ARG_INT("id", row->id));
        code = mr_case_fields_next(&w->fields, arena, &facts, &found, err);
        mr_case_reset(w->read);
        if (code == MR_OK)
            code = save(w, row, &facts, identity, err);
    }
    return code;
}

struct waiting {
    int64_t entity, waits_for;
};

#define WAITING(member) MR_CASE_FIELD(struct waiting, member, MR_CASE_INT)
static const struct mr_case_field waiting_fields[] =
    MR_CASE_LIST(WAITING(entity), WAITING(waits_for));

/* Who waits for whom is known when all have their numbers. */
static enum mr_code save_waits(struct writing *w, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct waiting waiting;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(w->c->m.cf,
                        "SELECT a.entity AS entity, b.entity AS waits_for FROM c a JOIN c b ON "
                        "b.id=a.waits WHERE a.waits>0 AND"
                        " a.kind IS NOT NULL AND a.entity>0 AND b.entity>0 AND a.id<>b.id",
                        &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(waiting_fields), err);
    while (code == MR_OK &&
           (code = mr_case_fields_next(&map, NULL, &waiting, &row, err)) == MR_OK && row) {
        struct mr_entity e;
        mr_arena_reset(&w->arena);
        code = mr_plan_store_get(w->c->m.store, waiting.entity, &w->arena, &e, err);
        e.waits_for = waiting.waits_for;
        if (code == MR_OK)
            code = mr_plan_store_save(w->c->m.store, &e, err);
    }
    mr_case_free(stmt);
    return code;
}

static void end(struct writing *w)
{
    mr_case_free(w->read);
    mr_case_free(w->done);
    mr_case_free(w->breaks);
    mr_vec_release(&w->asks);
    mr_strbuf_release(&w->parked);
    mr_strbuf_release(&w->open);
    mr_arena_release(&w->arena);
}

static struct writing begin(struct mr_copy *c)
{
    return (struct writing){.c = c,
                            .arena = MR_ARENA_INIT,
                            .parked = MR_STRBUF_INIT,
                            .open = MR_STRBUF_INIT,
                            .asks = MR_VEC_INIT(struct mr_merge_ask)};
}

/* All of them before the first step: a step names its entity by number. */
enum mr_code mr_copy_entities(struct mr_copy *c, struct mr_err *err)
{
    struct writing w = begin(c);
    const struct mr_case_sql list[] = {
        {&w.read, "SELECT kind, coalesce(detail, -1) AS what, why, choices, choice, derived,"
                  " orig FROM c WHERE id=:id"},
        {&w.done, "UPDATE c SET entity=:entity WHERE id=:id"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_prepare_all(c->m.cf, list, sizeof list / sizeof list[0], err));
    MR_TRY_OUT(mr_case_fields_open(&w.fields, w.read, MR_CASE_FIELDS(fact_fields), err));
    for (size_t i = 0; i < c->m.plan->ntables; i++) {
        w.table = &c->m.plan->tables[i];
        if (c->planned[i])
            MR_TRY_OUT(mr_copy_pages(c,
                                     "SELECT " MR_COPY_COLUMNS
                                     " FROM c WHERE c.tbl=:tbl AND c.id>:after AND (c.op>0"
                                     " OR c.kind IS NOT NULL) ORDER BY c.id LIMIT 500",
                                     i, save_rows, &w, err));
    }
    MR_TRY_OUT(save_waits(&w, err));
out:
    end(&w);
    return code;
}

/* ---- steps ---- */

/* A slot whose row is written. */
struct slot {
    size_t tbl;
    enum mr_step_op op;
    int64_t entity;
    struct mr_key source, target;
};

#define SLOT(member, type) MR_CASE_FIELD(struct slot, member, MR_CASE_##type)
static const struct mr_case_field slot_fields[] = MR_CASE_LIST(
    SLOT(tbl, INT), SLOT(op, SMALL), SLOT(entity, INT), SLOT(source, BYTES), SLOT(target, BYTES));

/* How a row makes way. */
struct broken {
    enum mr_copy_break how;
    size_t what, col;
    struct mr_key value; /* that is parked */
};

#define BROKEN(member, type) MR_CASE_FIELD(struct broken, member, MR_CASE_##type)
static const struct mr_case_field broken_fields[] =
    MR_CASE_LIST(BROKEN(how, SMALL), BROKEN(what, INT), BROKEN(col, INT), BROKEN(value, BYTES));

/* A value is parked before anything else is done, a reference is opened in what is written: each
 * is an edit of another one of the row's images. */
static void apply_break(struct writing *w, const struct broken *b, bool early)
{
    if ((b->how != MR_BREAK_OPEN) != early)
        return;
    if (b->how == MR_BREAK_VALUE) {
        w->values[b->col] = b->value;
        return;
    }
    const struct mr_plan_reference *r = &w->c->m.plan->references[b->what];
    for (size_t i = 0; i < r->from.count; i++)
        if (mr_copy_may_open(w->c, r, r->from.at[i]))
            w->values[r->from.at[i]] = (struct mr_key){"N", 1};
}

/* An image as it is while the row makes way (early), or before its references are closed. */
static enum mr_code edit_image(struct writing *w, uint32_t slot, bool early, struct mr_key *image,
                               struct mr_strbuf *out, struct mr_err *err)
{
    size_t n = w->table->pair->find.ncolumns;
    struct broken broken;
    bool row = false;
    enum mr_code code = MR_OK;
    if (!w->has_breaks || image->ptr == NULL)
        return MR_OK;
    memset(w->values, 0, n * sizeof *w->values);
    MR_CASE_BIND(w->breaks, MR_ARG_INT("slot", slot));
    while ((code = mr_case_fields_next(&w->breaks_map, &w->arena, &broken, &row, err)) == MR_OK &&
           row)
        apply_break(w, &broken, early);
    mr_case_reset(w->breaks);
    if (code == MR_OK)
        code = mr_merge_row_edit(*image, w->values, n, out, err);
    *image = (struct mr_key){out->ptr, out->len};
    return code;
}

static size_t unit_rows(const struct mr_copy *c)
{
    return c->task->fill != NULL ? MR_UNIT_REWIND_ROWS : MR_UNIT_ROWS;
}

/* A tree is not torn between two units unless it is too big for one. */
static void choose_unit(struct writing *w, bool new_tree, size_t size)
{
    const size_t most = unit_rows(w->c);
    bool full =
        w->rows >= most || w->image_bytes >= MR_UNIT_BYTES || (new_tree && w->rows + size > most);
    if (w->unit == 0 || full) {
        w->unit++;
        w->rows = 0;
        w->image_bytes = 0;
    }
    if (new_tree)
        w->tree++;
    w->rows++;
}

/* The images of a row's steps chain: each step's before is what the one before it left, so that
 * guards hold whatever was parked or left open. */
static enum mr_code add_step(struct writing *w, const struct mr_copy_place *p, struct mr_err *err)
{
    struct slot s;
    bool found = false;
    mr_arena_reset(&w->arena);
    MR_CASE_BIND(w->read, MR_ARG_INT("id", p->slot));
    MR_TRY(mr_case_fields_next(&w->fields, &w->arena, &s, &found, err));
    mr_case_reset(w->read);
    if (!found)
        return mr_err_set(err, MR_E_BUG, "a row to be written is gone");
    w->table = &w->c->m.plan->tables[s.tbl];
    struct mr_step step = {.entity = s.entity,
                           .unit = w->unit,
                           .level = p->level,
                           .tree = w->tree,
                           .op = s.op,
                           .table = w->table->at};
    MR_TRY(cut(w->table, &s.source, err));
    MR_TRY(cut(w->table, &s.target, err));
    struct mr_key parked = s.target, open = s.source;
    MR_TRY(edit_image(w, p->slot, true, &parked, &w->parked, err));
    MR_TRY(edit_image(w, p->slot, false, &open, &w->open, err));
    struct mr_key before = parked, after = open;
    if (p->phase == MR_PHASE_PARK) {
        before = s.target;
        after = parked;
    } else if (p->phase == MR_PHASE_CLOSE) {
        before = open;
        after = s.source;
    } else if (s.op == MR_STEP_DELETE) {
        after = (struct mr_key){0};
    }
    if (p->phase != MR_PHASE_MAIN)
        step.op = MR_STEP_UPDATE;
    step.before = before;
    step.after = after;
    w->image_bytes += before.len + after.len;
    return mr_plan_store_add_step(w->c->m.store, &step, err);
}

/* Most plans break no circle: then no image is looked at twice. */
static enum mr_code open_steps(struct writing *w, struct mr_err *err)
{
    size_t widest = 0;
    int64_t any = 0;
    for (size_t i = 0; i < w->c->m.plan->ntables; i++)
        if (w->c->m.plan->tables[i].pair->find.ncolumns > widest)
            widest = w->c->m.plan->tables[i].pair->find.ncolumns;
    w->values = mr_arena_calloc(&w->c->m.arena, widest + 1, sizeof *w->values);
    if (w->values == NULL)
        return mr_merge_nomem(err);
    const struct mr_case_sql list[] = {
        {&w->read, "SELECT tbl, op, entity, source, target FROM c WHERE id=:id"},
        {&w->breaks, "SELECT how, what, col, value FROM cycle_break WHERE slot=:slot"},
    };
    MR_TRY(mr_case_prepare_all(w->c->m.cf, list, sizeof list / sizeof list[0], err));
    MR_TRY(mr_case_fields_open(&w->fields, w->read, MR_CASE_FIELDS(slot_fields), err));
    MR_TRY(mr_case_fields_open(&w->breaks_map, w->breaks, MR_CASE_FIELDS(broken_fields), err));
    MR_TRY(mr_case_number_with(w->c->m.cf, "SELECT EXISTS (SELECT 1 FROM cycle_break)", NULL, 0,
                               &any, err));
    w->has_breaks = any != 0;
    return MR_OK;
}

/* Places come tree by tree, so a tree's size is known before its first row is put into a unit. */
enum mr_code mr_copy_steps(struct mr_copy *c, const struct mr_vec *places, struct mr_err *err)
{
    struct writing w = begin(c);
    const struct mr_copy_place *list = places->items;
    const size_t most = unit_rows(c);
    enum mr_code code = open_steps(&w, err);
    for (size_t i = 0; code == MR_OK && i < places->count; i++) {
        bool new_tree = i == 0 || list[i].root != list[i - 1].root;
        size_t size = 0;
        while (new_tree && i + size < places->count && size <= most &&
               list[i + size].root == list[i].root)
            size++;
        choose_unit(&w, new_tree, size);
        code = add_step(&w, &list[i], err);
    }
    end(&w);
    return code;
}
