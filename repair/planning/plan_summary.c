/* plan_summary.c: see plan_summary.h. */
#include "repair/planning/plan_summary.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_columns.h"
#include "core/schema/trigger_event.h"
#include "repair/merge/merge_bounds.h"
#include "repair/merge/merge_row.h"
#include "repair/plan/plan_image.h"
#include "repair/side/fingerprint.h"
#include "repair/side/surroundings.h"

struct summing {
    const struct mr_plan_summary_task *task;
    struct mr_case *cf;
    int64_t plan;
    struct mr_err *err;
};

static enum mr_code no_memory(const struct summing *s)
{
    return mr_err_nomem(s->err, "summing up the plan");
}

/* ---- what a table is ---- */

static enum mr_code name_columns(const struct summing *s, const struct mr_plan_table *t,
                                 const struct mr_plan_columns *columns,
                                 struct mr_planned_names *out)
{
    const char **names = mr_arena_calloc(s->task->arena, columns->count + 1, sizeof *names);
    if (names == NULL)
        return no_memory(s);
    for (size_t i = 0; i < columns->count; i++)
        names[i] = mr_pair_column(t->pair, MR_TARGET, columns->at[i])->name;
    *out = (struct mr_planned_names){names, columns->count};
    return MR_OK;
}

/* From the server itself, as it is read again before the plan is applied. */
static enum mr_code take_fingerprint(const struct summing *s, const struct mr_plan_table *t,
                                     char hex[MR_SHA256_HEX])
{
    const struct mr_table *table = t->pair->side[MR_TARGET];
    struct mr_db *db = mr_reader_db(s->task->tables->pairing.side[MR_TARGET].main);
    return db != NULL ? mr_fingerprint_columns(db, table->db, table->name, hex, s->err)
                      : mr_err_set(s->err, MR_E_LOST, "the connection to the target is gone");
}

static enum mr_code take_surroundings(const struct summing *s, const struct mr_table *table,
                                      struct mr_planned_table *out)
{
    struct mr_db *db = mr_reader_db(s->task->tables->pairing.side[MR_TARGET].main);
    struct mr_surroundings around;
    MR_TRY(db != NULL
               ? mr_surroundings_read(db, table->db, table->name, s->task->arena, &around, s->err)
               : mr_err_set(s->err, MR_E_LOST, "the connection to the target is gone"));
    out->knows_around = true;
    out->around = (struct mr_planned_names){around.items, around.count};

    return MR_OK;
}

static enum mr_code describe_columns(const struct summing *s, const struct mr_plan_table *t,
                                     struct mr_planned_table *out)
{
    char hex[MR_SHA256_HEX];
    struct mr_strbuf reading = MR_STRBUF_INIT;
    size_t n = t->pair->find.ncolumns;
    struct mr_planned_column *columns = mr_arena_calloc(s->task->arena, n + 1, sizeof *columns);
    enum mr_code code = columns != NULL ? MR_OK : no_memory(s);
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        mr_strbuf_reset(&reading);
        mr_plan_image_reading(t, i, &reading);
        columns[i].name = mr_pair_column(t->pair, MR_TARGET, i)->name;
        const char *own = mr_plan_column_name(t, i);
        columns[i].source_name = strcmp(own, columns[i].name) != 0 ? own : NULL;
        columns[i].masked = t->pair->find.columns[i].masked;
        columns[i].reading = reading.failed ? NULL : mr_arena_strdup(s->task->arena, reading.ptr);
        if (columns[i].reading == NULL)
            code = no_memory(s);
    }
    mr_strbuf_release(&reading);
    out->columns = columns;
    out->ncolumns = n;
    if (code == MR_OK)
        code = take_fingerprint(s, t, hex);
    out->fingerprint = code == MR_OK ? mr_arena_strdup(s->task->arena, hex) : NULL;
    return code == MR_OK && out->fingerprint == NULL ? no_memory(s) : code;
}

/* In DECIMAL a number is one to every server. */
static enum mr_code describe_spelling(const struct summing *s, const struct mr_plan_reference *r,
                                      struct mr_planned_names *out)
{
    const struct mr_spelling *spelling = r->pair->spelling;
    const char **words = mr_arena_calloc(s->task->arena, r->from.count + 1, sizeof *words);
    if (words == NULL)
        return no_memory(s);
    for (size_t i = 0; spelling != NULL && i < r->from.count; i++)
        words[i] = spelling[i].kind == MR_SPELL_UUID ? MR_PLANNED_UUID
                   : spelling[i].kind == MR_SPELL_NUMBER && spelling[i].child == MR_CLASS_TEXT
                       ? MR_PLANNED_NUMBER
                       : MR_PLANNED_SAME;
    *out = (struct mr_planned_names){words, spelling != NULL ? r->from.count : 0};
    return MR_OK;
}

static enum mr_code describe_references(const struct summing *s, const struct mr_plan_table *t,
                                        struct mr_planned_table *out)
{
    const struct mr_plan_tables *plan = s->task->tables;
    struct mr_planned_reference *list =
        mr_arena_calloc(s->task->arena, plan->nreferences + 1, sizeof *list);
    enum mr_code code = list != NULL ? MR_OK : no_memory(s);
    for (size_t i = 0; code == MR_OK && i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        if (r->child != t->at)
            continue;
        const struct mr_plan_table *parent = &plan->tables[r->parent];
        struct mr_planned_reference *to = &list[out->nreferences++];
        to->parent = mr_plan_table_name(parent);
        to->declared = r->pair->edge.declared;
        to->condition = r->pair->condition;
        code = name_columns(s, t, &r->from, &to->columns);
        if (code == MR_OK)
            code = name_columns(s, parent, &r->to, &to->parent_columns);
        if (code == MR_OK)
            code = describe_spelling(s, r, &to->spelling);
    }
    out->references = list;
    return code;
}

static enum mr_code describe(const struct summing *s, const struct mr_plan_table *t,
                             struct mr_planned_table *out)
{
    const struct mr_table *target = t->pair->side[MR_TARGET];
    out->table = mr_plan_table_name(t);
    out->target_table = t->pair->find.target_name;
    out->target_db = target->db;
    out->target_name = target->name;
    out->subject = t->pair->find.subject != MR_SUBJECT_NO;
    out->identity = t->identity;
    out->counter =
        mr_plan_has_counter(t) ? mr_pair_column(t->pair, MR_TARGET, t->counter)->name : NULL;
    out->time_column =
        t->time_at != MR_NO_COLUMN ? mr_pair_column(t->pair, MR_TARGET, t->time_at)->name : NULL;
    MR_TRY(name_columns(s, t, &t->key, &out->key));
    MR_TRY(name_columns(s, t, &t->named_by, &out->identity_columns));
    MR_TRY(describe_columns(s, t, out));
    MR_TRY(take_surroundings(s, target, out));
    return describe_references(s, t, out);
}

/* ---- what is kept with the plan ---- */

#define TABLE(name, member, type)                                                                  \
    MR_CASE_FIELD_AS(name, struct mr_planned_table, member, MR_CASE_##type)
static const struct mr_case_field bound_fields[] = MR_CASE_LIST(
    TABLE("base", base, TEXT), TABLE("base_origin", base_origin, TEXT), TABLE("fresh", fresh, TEXT),
    TABLE("fresh_origin", fresh_origin, TEXT), TABLE("start", first_id, DIGITS),
    TABLE("step", id_step, DIGITS), TABLE("ids", nids, DIGITS));

static enum mr_code read_bounds(const struct summing *s, struct mr_planned_table *out)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(
        s->cf,
        "SELECT base, base_origin, fresh, fresh_origin, start, step, ids FROM plan_table"
        " WHERE plan=:plan AND tbl=:tbl",
        &stmt, s->err, MR_ARG_INT("plan", s->plan), MR_ARG_TEXT("tbl", out->table)));
    MR_TRY_OUT(
        mr_case_fields_one(stmt, MR_CASE_FIELDS(bound_fields), s->task->arena, out, NULL, s->err));
out:
    mr_case_free(stmt);
    return code;
}

#define KIND(member, type) MR_CASE_FIELD(struct mr_planned_kind, member, MR_CASE_##type)
static const struct mr_case_field kind_fields[] =
    MR_CASE_LIST(KIND(kind, TEXT), KIND(open, INT), KIND(decided, INT));

static enum mr_code count_kinds(const struct summing *s, size_t table, struct mr_planned_table *out)
{
    struct mr_vec kinds = MR_VEC_INIT(struct mr_planned_kind);
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        s->cf,
        "SELECT kind, total(choice IS NULL) AS open, total(choice IS NOT NULL) AS decided"
        " FROM entity"
        " WHERE plan=:plan AND tbl=:tbl AND kind IS NOT NULL GROUP BY kind ORDER BY kind",
        &stmt, s->err, MR_ARG_INT("plan", s->plan), MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code =
            mr_case_fields_all(stmt, MR_CASE_FIELDS(kind_fields), s->task->arena, &kinds, s->err);
    out->nkinds = kinds.count;
    out->kinds = kinds.count == 0 ? NULL
                                  : (const struct mr_planned_kind *)(const void *)mr_arena_dup(
                                        s->task->arena, kinds.items, kinds.count * kinds.item_size);
    if (code == MR_OK && out->nkinds > 0 && out->kinds == NULL)
        code = no_memory(s);
    mr_case_free(stmt);
    mr_vec_release(&kinds);
    return code;
}

#define LOGS(member, type) MR_CASE_FIELD(struct mr_planned_logs, member, MR_CASE_##type)
static const struct mr_case_field logs_fields[] =
    MR_CASE_LIST(LOGS(outcome, TEXT), LOGS(count, INT));

static enum mr_code count_logs(const struct summing *s, size_t table, struct mr_planned_table *out)
{
    struct mr_vec logs = MR_VEC_INIT(struct mr_planned_logs);
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        s->cf,
        "SELECT l.outcome AS outcome, count(*) AS count FROM temp.by_logs l JOIN entity e ON"
        " e.id=l.entity WHERE e.plan=:plan AND e.tbl=:tbl GROUP BY l.outcome ORDER BY l.outcome",
        &stmt, s->err, MR_ARG_INT("plan", s->plan), MR_ARG_INT("tbl", table));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(logs_fields), s->task->arena, &logs, s->err);
    out->nlogs = logs.count;
    out->logs = logs.count == 0 ? NULL
                                : (const struct mr_planned_logs *)(const void *)mr_arena_dup(
                                      s->task->arena, logs.items, logs.count * logs.item_size);
    if (code == MR_OK && out->nlogs > 0 && out->logs == NULL)
        code = no_memory(s);
    mr_case_free(stmt);
    mr_vec_release(&logs);
    return code;
}

/* Sides that tell all are none of it. */
static enum mr_code describe_evidence(const struct summing *s, const struct mr_plan_table *t,
                                      struct mr_planned_table *out)
{
    struct mr_planned_evidence *evidence =
        mr_arena_calloc(s->task->arena, MR_SIDES, sizeof *evidence);
    if (evidence == NULL)
        return no_memory(s);
    for (int side = MR_SOURCE; t->witness.is_asked && side < MR_SIDES; side++)
        if (t->witness.side[side] != MR_WITNESS_GOOD)
            evidence[out->nevidence++] =
                (struct mr_planned_evidence){.side = mr_side_name((enum mr_side)side),
                                             .evidence = mr_witness_name(t->witness.side[side]),
                                             .reason = t->witness.reason[side]};
    out->evidence = evidence;
    return MR_OK;
}

/* ---- what is written ---- */

/* By what op of a plan's rows triggers fire: a set of enum mr_step_op. */
static unsigned bit(enum mr_step_op op)
{
    return 1U << (unsigned)op;
}

static enum mr_code read_ops(const struct summing *s, const struct mr_plan_table *t, unsigned *ops)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    *ops = 0;
    enum mr_code code =
        MR_CASE_PREPARE(s->cf, "SELECT DISTINCT op FROM step WHERE plan=:plan AND tbl=:tbl", &stmt,
                        s->err, MR_ARG_INT("plan", s->plan), MR_ARG_INT("tbl", t->at));
    while (code == MR_OK && (code = mr_case_step(stmt, &row, s->err)) == MR_OK && row)
        *ops |= bit((enum mr_step_op)mr_case_int(stmt, 0));
    mr_case_free(stmt);
    return code;
}

/* Is among the images of steps a row that refers to itself?  Before it is deleted, its
 * reference is emptied by an UPDATE. */
static enum mr_code find_own_parents(const struct summing *s, const struct mr_plan_table *t,
                                     const char *sql, bool *found)
{
    const struct mr_plan_tables *plan = s->task->tables;
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    *found = false;
    enum mr_code code = MR_CASE_PREPARE(s->cf, sql, &stmt, s->err, MR_ARG_INT("plan", s->plan),
                                        MR_ARG_INT("tbl", t->at));
    while (code == MR_OK && !*found && (code = mr_case_step(stmt, &row, s->err)) == MR_OK && row) {
        struct mr_key image = {0};
        image.ptr = mr_case_blob(stmt, 0, &image.len);
        for (size_t i = 0; code == MR_OK && !*found && i < plan->nreferences; i++)
            if (plan->references[i].child == t->at)
                code = mr_merge_row_is_own_parent(&plan->references[i], image, found, s->err);
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code add_emptying(const struct summing *s, const struct mr_plan_table *t,
                                 const char *sql, unsigned *ops)
{
    const struct mr_table *target = t->pair->side[MR_TARGET];
    bool own = false, matters = false;
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < target->ntriggers; i++)
        matters = matters || mr_trigger_fires(&target->triggers[i], "UPDATE");
    if (matters && (*ops & bit(MR_STEP_DELETE)) != 0 && (*ops & bit(MR_STEP_UPDATE)) == 0)
        code = find_own_parents(s, t, sql, &own);
    if (own)
        *ops |= bit(MR_STEP_UPDATE);
    return code;
}

/* One of several events is listed with each that is met. */
static enum mr_code list_triggers(const struct summing *s, const struct mr_table *target,
                                  unsigned ops, const struct mr_planned_trigger **out,
                                  size_t *count)
{
    struct mr_planned_trigger *list =
        mr_arena_calloc(s->task->arena, MR_STEP_DELETE * target->ntriggers + 1, sizeof *list);
    *out = list;
    *count = 0;
    if (list == NULL)
        return no_memory(s);
    for (int op = MR_STEP_INSERT; op <= MR_STEP_DELETE; op++) {
        const char *event = mr_step_event((enum mr_step_op)op);
        for (size_t i = 0; (ops & bit((enum mr_step_op)op)) != 0 && i < target->ntriggers; i++)
            if (mr_trigger_fires(&target->triggers[i], event))
                list[(*count)++] = (struct mr_planned_trigger){target->triggers[i].name,
                                                               target->triggers[i].timing, event};
    }
    return MR_OK;
}

/* Those that apply fires, and those that undo does. */
static enum mr_code find_triggers(const struct summing *s, const struct mr_plan_table *t,
                                  struct mr_planned_table *out)
{
    const struct mr_table *target = t->pair->side[MR_TARGET];
    unsigned ops = 0, undo = 0;
    out->knows_undo = true;
    if (target->ntriggers > 0)
        MR_TRY(read_ops(s, t, &ops));
    for (int op = MR_STEP_INSERT; op <= MR_STEP_DELETE; op++)
        if ((ops & bit((enum mr_step_op)op)) != 0)
            undo |= bit(mr_step_undone_by((enum mr_step_op)op));
    MR_TRY(
        add_emptying(s, t, "SELECT before FROM step WHERE plan=:plan AND tbl=:tbl AND op=3", &ops));
    MR_TRY(
        add_emptying(s, t, "SELECT after FROM step WHERE plan=:plan AND tbl=:tbl AND op=1", &undo));
    MR_TRY(list_triggers(s, target, ops, &out->triggers, &out->ntriggers));
    return list_triggers(s, target, undo, &out->undo_triggers, &out->nundo_triggers);
}

static const struct mr_case_field step_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct mr_planned, units, MR_CASE_INT),
                 MR_CASE_FIELD(struct mr_planned, rows, MR_CASE_INT));

static enum mr_code count_steps(const struct summing *s, struct mr_planned *planned)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = MR_CASE_PREPARE(
        s->cf, "SELECT max(unit) AS units, count(*) AS rows FROM step WHERE plan=:plan", &stmt,
        s->err, MR_ARG_INT("plan", s->plan));
    if (code == MR_OK)
        code = mr_case_fields_one(stmt, MR_CASE_FIELDS(step_fields), NULL, planned, NULL, s->err);
    mr_case_free(stmt);
    return code;
}

static enum mr_code sum_table(const struct summing *s, size_t at, struct mr_planned_table *out)
{
    const struct mr_plan_table *t = &s->task->tables->tables[at];
    MR_TRY(describe(s, t, out));
    MR_TRY(read_bounds(s, out));
    for (int d = MR_DECIDE_SAME; d < MR_DECISIONS; d++)
        MR_TRY(mr_plan_store_count(s->task->store, at, (enum mr_decision)d, &out->decisions[d],
                                   s->err));
    MR_TRY(count_kinds(s, at, out));
    MR_TRY(count_logs(s, at, out));
    MR_TRY(describe_evidence(s, t, out));
    return find_triggers(s, t, out);
}

enum mr_code mr_plan_summary(const struct mr_plan_summary_task *task, struct mr_planned *planned,
                             struct mr_err *err)
{
    const struct summing s = {.task = task,
                              .cf = mr_findings_case(task->fd),
                              .plan = mr_plan_store_id(task->store),
                              .err = err};
    size_t n = task->tables->ntables;
    struct mr_planned_table *tables = mr_arena_calloc(task->arena, n + 1, sizeof *tables);
    enum mr_code code = tables != NULL ? MR_OK : no_memory(&s);
    planned->open = planned->decided = 0;
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        code = sum_table(&s, i, &tables[i]);
        for (size_t k = 0; code == MR_OK && k < tables[i].nkinds; k++) {
            planned->open += tables[i].kinds[k].open;
            planned->decided += tables[i].kinds[k].decided;
        }
    }
    planned->tables = tables;
    planned->ntables = n;
    return code == MR_OK ? count_steps(&s, planned) : code;
}
