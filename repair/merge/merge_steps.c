/* merge_steps.c: see merge_steps.h. */
#include "repair/merge/merge_steps.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/merge/merge_rank.h"
#include "repair/merge/merge_row.h"

/* Levels of a component begin at its number times this; chains are shorter. */
#define COMPONENT_LEVELS ((uint64_t)1 << 32)
#define CLOSING_LEVEL ((uint64_t)1 << 62)

struct stepping {
    struct mr_merge *m;
    uint64_t unit;
    size_t rows;        /* in it */
    size_t image_bytes; /* of its images */
    int64_t tree;       /* that was last begun */
    bool defers;        /* some references are closed later */
    struct mr_key *values;
    struct mr_arena arena;
    struct mr_strbuf bytes;
    struct mr_case_stmt *entity, *deferred, *closable, *done, *size;
};

/* The entity of a row of w. */
static enum mr_code read_entity(struct stepping *s, int64_t id, struct mr_entity *e,
                                struct mr_err *err)
{
    bool found = false;
    enum mr_code code = MR_CASE_ASK(s->entity, &found, err, MR_ARG_INT("id", id));
    int64_t entity = code == MR_OK && found ? mr_case_int(s->entity, 0) : 0;
    mr_case_reset(s->entity);
    if (code == MR_OK)
        code = mr_plan_store_get(s->m->store, entity, &s->arena, e, err);
    if (code == MR_OK && e->id == 0)
        code = mr_err_set(err, MR_E_BUG, "a row to be inserted is no entity");
    return code;
}

/* The row with the references that are closed later left empty; *open: there are any. */
static enum mr_code open_image(struct stepping *s, int64_t id, const struct mr_entity *e,
                               bool *open, struct mr_err *err)
{
    const struct mr_plan_table *t = &s->m->plan->tables[e->table];
    bool row = false;
    enum mr_code code = MR_OK;
    *open = false;
    memset(s->values, 0, t->pair->find.ncolumns * sizeof *s->values);
    MR_CASE_BIND(s->deferred, MR_ARG_INT("id", id));
    while (s->defers && code == MR_OK && (code = mr_case_step(s->deferred, &row, err)) == MR_OK &&
           row) {
        const struct mr_plan_reference *r = &s->m->plan->references[mr_case_int(s->deferred, 0)];
        if (!r->pair->edge.declared)
            continue; /* no server minds */
        for (size_t i = 0; i < r->from.count; i++)
            if (t->nullable[r->from.at[i]])
                s->values[r->from.at[i]] = (struct mr_key){"N", 1};
        *open = true;
    }
    mr_case_reset(s->deferred);
    return code == MR_OK
               ? mr_merge_row_edit(e->after, s->values, t->pair->find.ncolumns, &s->bytes, err)
               : code;
}

static void next_unit(struct stepping *s)
{
    s->unit++;
    s->rows = s->image_bytes = 0;
}

static uint64_t level_of(const struct stepping *s, size_t table, int64_t rank)
{
    return s->m->plan->tables[table].component * COMPONENT_LEVELS + (uint64_t)rank;
}

static enum mr_code add_step(struct stepping *s, struct mr_step *step, struct mr_err *err)
{
    step->unit = s->unit;
    step->tree = s->tree;
    s->rows++;
    s->image_bytes += step->before.len + step->after.len;
    return mr_plan_store_add_step(s->m->store, step, err);
}

/* Closes references to a row that is there now. */
static enum mr_code close_circles(struct stepping *s, int64_t parent, struct mr_err *err)
{
    struct mr_vec ids = MR_VEC_INIT(int64_t);
    bool row = false;
    enum mr_code code = MR_OK;
    if (!s->defers)
        return MR_OK;
    MR_CASE_BIND(s->closable, MR_ARG_INT("id", parent));
    while (code == MR_OK && (code = mr_case_step(s->closable, &row, err)) == MR_OK && row) {
        int64_t *id = mr_vec_push(&ids);
        if (id == NULL)
            code = mr_merge_nomem(err);
        else
            *id = mr_case_int(s->closable, 0);
    }
    mr_case_reset(s->closable);
    for (size_t i = 0; code == MR_OK && i < ids.count; i++) {
        int64_t id = *(int64_t *)mr_vec_at(&ids, i);
        struct mr_entity e;
        bool open = false;
        code = read_entity(s, id, &e, err);
        if (code == MR_OK)
            code = open_image(s, id, &e, &open, err);
        struct mr_step step = {.entity = e.id,
                               .op = MR_STEP_UPDATE,
                               .level = CLOSING_LEVEL,
                               .table = e.table,
                               .before = {s->bytes.ptr, s->bytes.len},
                               .after = e.after};
        if (code == MR_OK && open)
            code = add_step(s, &step, err);
    }
    mr_vec_release(&ids);
    return code;
}

/* A circle is closed in the unit of its last row, as soon as that is there. */
static enum mr_code insert(struct stepping *s, int64_t id, int64_t rank, struct mr_err *err)
{
    struct mr_entity e;
    bool open = false;
    mr_arena_reset(&s->arena);
    MR_TRY(read_entity(s, id, &e, err));
    MR_TRY(open_image(s, id, &e, &open, err));
    struct mr_step step = {.entity = e.id,
                           .op = MR_STEP_INSERT,
                           .level = level_of(s, e.table, rank),
                           .table = e.table,
                           .after = {s->bytes.ptr, s->bytes.len}};
    MR_TRY(add_step(s, &step, err));
    if (s->defers)
        MR_TRY(MR_CASE_RUN(s->done, err, MR_ARG_INT("id", id)));
    return close_circles(s, id, err);
}

/* A tree goes into the unit at hand if all of it fits. */
static enum mr_code begin_tree(struct stepping *s, int64_t tree, struct mr_err *err)
{
    bool row = false;
    enum mr_code code = MR_OK;
    if (tree != s->tree) {
        s->tree = tree;
        code = MR_CASE_ASK(s->size, &row, err, MR_ARG_INT("tree", tree));
        size_t size = code == MR_OK && row ? (size_t)mr_case_int(s->size, 0) : 0;
        mr_case_reset(s->size);
        if (s->unit == 0 || s->rows + size > MR_UNIT_ROWS || s->image_bytes >= MR_UNIT_BYTES)
            next_unit(s);
    } else if (s->rows >= MR_UNIT_ROWS || s->image_bytes >= MR_UNIT_BYTES) {
        next_unit(s);
    }
    return code;
}

struct ranked {
    int64_t id, tree, lvl;
};

#define RANKED(member) MR_CASE_FIELD(struct ranked, member, MR_CASE_INT)
static const struct mr_case_field ranked_fields[] =
    MR_CASE_LIST(RANKED(id), RANKED(tree), RANKED(lvl));

static enum mr_code insert_all(struct stepping *s, struct mr_err *err)
{
    struct mr_case_stmt *rows = NULL;
    struct mr_case_fields map;
    struct ranked row;
    bool more = false;
    enum mr_code code =
        mr_case_exec(s->m->cf,
                     "DROP TABLE IF EXISTS temp.ins_order; CREATE TEMP TABLE ins_order AS"
                     " SELECT id, tree, lvl FROM ins ORDER BY tree, lvl, id",
                     err);
    if (code == MR_OK)
        code = mr_case_prepare(s->m->cf, "SELECT id, tree, lvl FROM ins_order ORDER BY rowid",
                               &rows, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, rows, MR_CASE_FIELDS(ranked_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &row, &more, err)) == MR_OK &&
           more) {
        code = begin_tree(s, row.tree, err);
        if (code == MR_OK)
            code = insert(s, row.id, row.lvl, err);
    }
    mr_case_free(rows);
    (void)mr_case_exec(s->m->cf, "DROP TABLE IF EXISTS temp.ins_order", NULL);
    return code;
}

/* ---- rows of TARGET that get SOURCE's values ---- */

static enum mr_code update(struct stepping *s, const struct mr_entity *e, struct mr_err *err)
{
    struct mr_step step = {.entity = e->id,
                           .op = MR_STEP_UPDATE,
                           .level = CLOSING_LEVEL,
                           .table = e->table,
                           .before = e->target,
                           .after = e->after};
    /* only a key of other bytes differs, and that stays */
    if (mr_key_compare(e->target, e->after) == 0)
        return MR_OK;
    if (s->unit == 0 || s->rows >= MR_UNIT_ROWS || s->image_bytes >= MR_UNIT_BYTES)
        next_unit(s);
    s->tree++; /* each by itself */
    return add_step(s, &step, err);
}

static enum mr_code update_all(struct stepping *s, struct mr_err *err)
{
    struct mr_vec entities = MR_VEC_INIT(struct mr_entity);
    enum mr_code code = MR_OK;
    s->rows = MR_UNIT_ROWS; /* they begin a unit of their own */
    for (size_t t = 0; code == MR_OK && t < s->m->plan->ntables; t++) {
        int64_t after = 0;
        do {
            mr_arena_reset(&s->arena);
            mr_vec_clear(&entities);
            code = mr_plan_store_entities(s->m->store, t, MR_DECIDE_UPDATE, after, MR_UNIT_ROWS,
                                          &s->arena, &entities, err);
            for (size_t i = 0; code == MR_OK && i < entities.count; i++) {
                const struct mr_entity *e = mr_vec_at(&entities, i);
                after = e->id;
                code = update(s, e, err);
            }
        } while (code == MR_OK && entities.count > 0);
    }
    mr_vec_release(&entities);
    return code;
}

/* ---- rows of TARGET that were deleted on SOURCE ---- */

struct leaving {
    int64_t entity, tree, lvl, size;
};

#define LEAVING(member) MR_CASE_FIELD(struct leaving, member, MR_CASE_INT)
static const struct mr_case_field leaving_fields[] =
    MR_CASE_LIST(LEAVING(entity), LEAVING(tree), LEAVING(lvl), LEAVING(size));

/* A tree goes in one unit where it fits; the steps' own order is children first, also where it does
 * not. */
static enum mr_code leave(struct stepping *s, const struct leaving *row, int64_t *last,
                          struct mr_err *err)
{
    struct mr_entity e = {0};
    const bool begins = row->tree != *last;
    mr_arena_reset(&s->arena);
    MR_TRY(mr_plan_store_get(s->m->store, row->entity, &s->arena, &e, err));
    if (s->unit == 0 || s->rows >= MR_UNIT_ROWS || s->image_bytes >= MR_UNIT_BYTES ||
        (begins && s->rows + (size_t)row->size > MR_UNIT_ROWS))
        next_unit(s);
    s->tree += begins;
    *last = row->tree;
    struct mr_step step = {.entity = e.id,
                           .op = MR_STEP_DELETE,
                           .level = CLOSING_LEVEL + (uint64_t)row->lvl,
                           .table = e.table,
                           .before = e.target};
    return add_step(s, &step, err);
}

/* Behind all that is written: whom a row that stays was led away from may go then. */
static enum mr_code delete_all(struct stepping *s, struct mr_err *err)
{
    struct mr_case_stmt *rows = NULL;
    struct mr_case_fields map;
    struct leaving row;
    int64_t last = 0;
    bool more = false;
    enum mr_code code = MR_OK;
    s->rows = MR_UNIT_ROWS;
    MR_TRY_OUT(mr_case_prepare(s->m->cf,
                               "SELECT entity, tree, lvl, count(*) OVER (PARTITION BY tree) AS size"
                               " FROM erased WHERE goes ORDER BY tree, lvl, id",
                               &rows, err));
    MR_TRY_OUT(mr_case_fields_open(&map, rows, MR_CASE_FIELDS(leaving_fields), err));
    for (;;) {
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &row, &more, err));
        if (!more)
            break;
        MR_TRY_OUT(leave(s, &row, &last, err));
    }
out:
    mr_case_free(rows);
    return code;
}

static enum mr_code open_statements(struct stepping *s, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->entity, "SELECT entity FROM ent WHERE w=:id"},
        {&s->deferred, "SELECT ref FROM defer WHERE child=:id"},
        /* children whose last open reference this row closes */
        {&s->closable, "SELECT DISTINCT d.child FROM defer d JOIN ins c ON c.id=d.child"
                       " WHERE d.parent=:id AND c.done AND NOT EXISTS (SELECT 1 FROM defer o"
                       " JOIN ins p ON p.id=o.parent WHERE o.child=d.child AND NOT p.done)"},
        {&s->done, "UPDATE ins SET done=1 WHERE id=:id"},
        {&s->size, "SELECT count(*) FROM ins WHERE tree=:tree"},
    };
    return mr_case_prepare_all(s->m->cf, list, sizeof list / sizeof list[0], err);
}

enum mr_code mr_merge_steps(struct mr_merge *m, struct mr_err *err)
{
    struct stepping s = {.m = m, .arena = MR_ARENA_INIT, .bytes = MR_STRBUF_INIT};
    size_t widest = 0;
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (m->plan->tables[i].pair->find.ncolumns > widest)
            widest = m->plan->tables[i].pair->find.ncolumns;
    s.values = mr_arena_calloc(&m->arena, widest + 1, sizeof *s.values);
    int64_t defers = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(s.values != NULL ? mr_merge_rank(m, err) : mr_merge_nomem(err));
    MR_TRY_OUT(
        mr_case_number_with(m->cf, "SELECT EXISTS (SELECT 1 FROM defer)", NULL, 0, &defers, err));
    s.defers = defers != 0;
    MR_TRY_OUT(open_statements(&s, err));
    MR_TRY_OUT(insert_all(&s, err));
    MR_TRY_OUT(update_all(&s, err));
    MR_TRY_OUT(delete_all(&s, err));
out:
    mr_case_free(s.entity);
    mr_case_free(s.deferred);
    mr_case_free(s.closable);
    mr_case_free(s.done);
    mr_case_free(s.size);
    mr_strbuf_release(&s.bytes);
    mr_arena_release(&s.arena);
    return code;
}
