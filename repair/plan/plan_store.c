/* plan_store.c: see plan_store.h. */
#include "repair/plan/plan_store.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS entity (id INTEGER PRIMARY KEY, plan INT NOT NULL,"
    " tbl INT NOT NULL, source_key BLOB, target_key BLOB, identity BLOB,"
    " decision INT NOT NULL, kind TEXT, detail TEXT, choices TEXT, choice TEXT,"
    " waits_for INT NOT NULL, source BLOB, target BLOB, after BLOB) STRICT;"
    /* kept by cases of before, and asked by nobody */
    "DROP INDEX IF EXISTS entity_source; DROP INDEX IF EXISTS entity_identity;"
    "CREATE INDEX IF NOT EXISTS entity_kind ON entity (plan, tbl, kind, source_key)"
    " WHERE kind IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS entity_conflict ON entity (plan, tbl) WHERE kind IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS entity_target ON entity (plan, tbl, target_key);"
    "CREATE INDEX IF NOT EXISTS entity_decision ON entity (plan, tbl, decision);"
    "CREATE INDEX IF NOT EXISTS entity_table ON entity (plan, tbl);" /* in order of id */
    "CREATE TABLE IF NOT EXISTS step (id INTEGER PRIMARY KEY, plan INT NOT NULL,"
    " entity INT NOT NULL, unit INT NOT NULL, tree INT NOT NULL, level INT NOT NULL,"
    " op INT NOT NULL, tbl INT NOT NULL, before BLOB, after BLOB) STRICT;"
    "CREATE INDEX IF NOT EXISTS step_plan ON step (plan);"
    "CREATE INDEX IF NOT EXISTS step_unit ON step (plan, unit);"
    "CREATE TEMP TABLE IF NOT EXISTS known (entity INTEGER PRIMARY KEY, facts INT, grp "
    "TEXT);"
    "CREATE TEMP TABLE IF NOT EXISTS by_logs (entity INTEGER PRIMARY KEY, outcome TEXT, columns "
    "TEXT,"
    " sums TEXT, base BLOB, merged BLOB);"
    "CREATE TEMP TABLE IF NOT EXISTS derived (entity INTEGER PRIMARY KEY);"
    "CREATE TEMP TABLE IF NOT EXISTS unmeant (entity INT, ref INT,"
    " PRIMARY KEY (entity, ref)) WITHOUT ROWID;";

struct mr_plan_store {
    struct mr_case *cf;
    int64_t plan;
    bool open; /* a transaction is */
    struct mr_case_stmt *insert, *update, *derive, *add_step, *get, *find, *unmeant, *is_unmeant;
    struct mr_case_stmt *add_facts, *facts, *add_logs, *logs, *restored, *sums;
    struct mr_case_fields facts_map, logs_map; /* struct known, struct mr_plan_logs */
};

const char *mr_decision_name(enum mr_decision decision)
{
    static const char *const names[MR_DECISIONS] = {
        [MR_DECIDE_UNDECIDED] = "undecided", [MR_DECIDE_SAME] = "same",
        [MR_DECIDE_MATCHED] = "matched",     [MR_DECIDE_INSERT] = "insert",
        [MR_DECIDE_RENUMBER] = "renumber",   [MR_DECIDE_UPDATE] = "update",
        [MR_DECIDE_DELETE] = "delete",       [MR_DECIDE_CONFLICT] = "conflict",
        [MR_DECIDE_WAITS] = "waits",         [MR_DECIDE_SKIP] = "skip",
        [MR_DECIDE_LEFT] = "left",           [MR_DECIDE_PARENT] = "parent"};
    return names[decision];
}

const char *mr_step_event(enum mr_step_op op)
{
    return op == MR_STEP_INSERT ? "INSERT" : op == MR_STEP_UPDATE ? "UPDATE" : "DELETE";
}

enum mr_step_op mr_step_undone_by(enum mr_step_op op)
{
    return op == MR_STEP_INSERT   ? MR_STEP_DELETE
           : op == MR_STEP_DELETE ? MR_STEP_INSERT
                                  : MR_STEP_UPDATE;
}

bool mr_entity_is_merged(const struct mr_entity *entity)
{
    return entity->choice != NULL && strcmp(entity->choice, MR_DECIDE_MERGED) == 0;
}

/* What is known of an entity. */
struct known {
    uint64_t facts;
    const char *grp; /* its group's name */
};

static const struct mr_case_field known_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct known, facts, MR_CASE_INT),
                 MR_CASE_FIELD(struct known, grp, MR_CASE_TEXT));

#define LOGS(member, type) MR_CASE_FIELD(struct mr_plan_logs, member, MR_CASE_##type)
static const struct mr_case_field logs_fields[] =
    MR_CASE_LIST(LOGS(outcome, TEXT), LOGS(columns, TEXT), LOGS(sums, TEXT), LOGS(base, BYTES),
                 LOGS(merged, BYTES));

#define ENTITY_COLUMNS                                                                             \
    "id, tbl, source_key, target_key, identity, decision, kind, detail, choices,"                  \
    " choice, waits_for, source, target, after,"                                                   \
    " EXISTS (SELECT 1 FROM temp.derived x WHERE x.entity=entity.id) AS is_derived"
#define OF_TABLE "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=:plan AND tbl=:tbl"

enum mr_code mr_plan_store_open(struct mr_findings *fd, struct mr_plan_store **out,
                                struct mr_err *err)
{
    struct mr_plan_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return mr_err_nomem(err, "opening the plan");
    store->cf = mr_findings_case(fd);
    const struct mr_case_sql list[] = {
        {&store->insert,
         "INSERT INTO entity (plan, tbl, source_key, target_key, identity, decision,"
         " kind, detail, choices, choice, waits_for, source, target, after)"
         " VALUES (:plan, :tbl, :source_key, :target_key, :identity, :decision, :kind,"
         " :detail, :choices, :choice, :waits_for, :source, :target, :after)"},
        {&store->update,
         "UPDATE entity SET plan=:plan, tbl=:tbl, source_key=:source_key,"
         " target_key=:target_key, identity=:identity, decision=:decision, kind=:kind,"
         " detail=:detail, choices=:choices, choice=:choice, waits_for=:waits_for,"
         " source=:source, target=:target, after=:after WHERE id=:id"},
        {&store->derive, "INSERT OR IGNORE INTO temp.derived (entity) VALUES (:entity)"},
        {&store->add_step,
         "INSERT INTO step (plan, entity, unit, tree, level, op, tbl, before, after)"
         " VALUES (:plan, :entity, :unit, :tree, :level, :op, :tbl, :before, :after)"},
        {&store->get, "SELECT " ENTITY_COLUMNS " FROM entity WHERE id=:id AND plan=:plan"},
        {&store->find, OF_TABLE " AND target_key=:value AND decision<>7 LIMIT 1"},
        {&store->unmeant,
         "INSERT OR IGNORE INTO temp.unmeant (entity, ref) VALUES (:entity, :ref)"},
        {&store->is_unmeant, "SELECT 1 FROM temp.unmeant WHERE entity=:entity AND ref=:ref"},
        {&store->add_facts,
         "INSERT INTO temp.known (entity, facts, grp) VALUES (:entity, :facts, :grp)"},
        {&store->facts, "SELECT facts, grp FROM temp.known WHERE entity=:entity"},
        {&store->add_logs, "INSERT INTO temp.by_logs (entity, outcome, columns, sums, base, merged)"
                           " VALUES (:entity, :outcome, :columns, :sums, :base, :merged)"},
        {&store->logs, "SELECT outcome, columns, sums, base, merged FROM temp.by_logs"
                       " WHERE entity=:entity"},
        {&store->sums, "SELECT sums FROM temp.by_logs WHERE entity=:entity"},
        {&store->restored, "SELECT 1 FROM temp.by_logs WHERE entity=:entity AND base IS NOT NULL"
                           " AND merged IS NOT NULL"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(store->cf, schema_sql, err));
    MR_TRY_OUT(mr_case_prepare_all(store->cf, list, sizeof list / sizeof list[0], err));
    MR_TRY_OUT(
        mr_case_fields_open(&store->facts_map, store->facts, MR_CASE_FIELDS(known_fields), err));
    MR_TRY_OUT(
        mr_case_fields_open(&store->logs_map, store->logs, MR_CASE_FIELDS(logs_fields), err));
out:
    if (code != MR_OK) {
        mr_plan_store_close(store);
        return code;
    }
    *out = store;
    return MR_OK;
}

void mr_plan_store_close(struct mr_plan_store *store)
{
    if (store == NULL)
        return;
    mr_case_free(store->insert);
    mr_case_free(store->update);
    mr_case_free(store->derive);
    mr_case_free(store->add_step);
    mr_case_free(store->unmeant);
    mr_case_free(store->is_unmeant);
    mr_case_free(store->add_facts);
    mr_case_free(store->facts);
    mr_case_free(store->add_logs);
    mr_case_free(store->logs);
    mr_case_free(store->restored);
    mr_case_free(store->sums);
    mr_case_free(store->get);
    mr_case_free(store->find);
    if (store->open)
        mr_case_rollback(store->cf);
    free(store);
}

enum mr_code mr_plan_store_begin(struct mr_plan_store *store, int64_t plan, struct mr_err *err)
{
    MR_TRY(mr_case_begin(store->cf, err));
    store->open = true;
    store->plan = plan;
    MR_TRY(MR_CASE_ONCE(store->cf, "DELETE FROM entity WHERE plan=:plan", err,
                        MR_ARG_INT("plan", plan)));
    MR_TRY(mr_case_exec(store->cf,
                        "DELETE FROM temp.unmeant; DELETE FROM temp.known;"
                        " DELETE FROM temp.by_logs; DELETE FROM temp.derived",
                        err));
    return MR_CASE_ONCE(store->cf, "DELETE FROM step WHERE plan=:plan", err,
                        MR_ARG_INT("plan", plan));
}

enum mr_code mr_plan_store_end(struct mr_plan_store *store, struct mr_err *err)
{
    MR_TRY(mr_case_commit(store->cf, err));
    store->open = false;
    return MR_OK;
}

int64_t mr_plan_store_id(const struct mr_plan_store *store)
{
    return store->plan;
}

enum mr_code mr_plan_store_save(struct mr_plan_store *store, struct mr_entity *entity,
                                struct mr_err *err)
{
    const struct mr_case_arg args[] = {
        MR_ARG_INT("plan", store->plan),
        MR_ARG_INT("tbl", entity->table),
        MR_ARG_BYTES("source_key", entity->source_key),
        MR_ARG_BYTES("target_key", entity->target_key),
        MR_ARG_BYTES("identity", entity->identity),
        MR_ARG_INT("decision", entity->decision),
        MR_ARG_TEXT("kind", entity->kind),
        MR_ARG_TEXT("detail", entity->detail),
        MR_ARG_TEXT("choices", entity->choices),
        MR_ARG_TEXT("choice", entity->choice),
        MR_ARG_INT("waits_for", entity->waits_for),
        MR_ARG_BYTES("source", entity->source),
        MR_ARG_BYTES("target", entity->target),
        MR_ARG_BYTES("after", entity->after),
        MR_ARG_INT("id", entity->id), /* the last one: of an update only */
    };
    const size_t count = sizeof args / sizeof args[0];
    MR_TRY(entity->id == 0 ? mr_case_run_with(store->insert, args, count - 1, err)
                           : mr_case_run_with(store->update, args, count, err));
    if (entity->id == 0)
        entity->id = mr_case_last_id(store->cf);
    return entity->is_derived ? MR_CASE_RUN(store->derive, err, MR_ARG_INT("entity", entity->id))
                              : MR_OK;
}

#define FIELD(member, kind) MR_CASE_FIELD(struct mr_entity, member, kind)
static const struct mr_case_field entity_fields[] = MR_CASE_LIST(
    FIELD(id, MR_CASE_INT), MR_CASE_FIELD_AS("tbl", struct mr_entity, table, MR_CASE_INT),
    FIELD(source_key, MR_CASE_BYTES), FIELD(target_key, MR_CASE_BYTES),
    FIELD(identity, MR_CASE_BYTES), FIELD(decision, MR_CASE_SMALL), FIELD(kind, MR_CASE_TEXT),
    FIELD(detail, MR_CASE_TEXT), FIELD(choices, MR_CASE_TEXT), FIELD(choice, MR_CASE_TEXT),
    FIELD(waits_for, MR_CASE_INT), FIELD(source, MR_CASE_BYTES), FIELD(target, MR_CASE_BYTES),
    FIELD(after, MR_CASE_BYTES), FIELD(is_derived, MR_CASE_FLAG));

static enum mr_code open_entities(struct mr_case_fields *map, struct mr_case_stmt *stmt,
                                  struct mr_err *err)
{
    return mr_case_fields_open(map, stmt, MR_CASE_FIELDS(entity_fields), err);
}

/* The row that the statement stands on. */
static enum mr_code read_entity(struct mr_case_stmt *stmt, struct mr_arena *arena,
                                struct mr_entity *entity, struct mr_err *err)
{
    struct mr_case_fields map;
    MR_TRY(open_entities(&map, stmt, err));
    return mr_case_fields_read(&map, arena, entity, err);
}

/* What is in conflict stands nowhere on TARGET. */
enum mr_code mr_plan_store_find(struct mr_plan_store *store, size_t table, struct mr_key target,
                                struct mr_arena *arena, struct mr_entity *entity,
                                struct mr_err *err)
{
    struct mr_case_stmt *stmt = store->find;
    bool row = false;
    entity->id = 0;
    enum mr_code code = MR_CASE_ASK(stmt, &row, err, MR_ARG_INT("plan", store->plan),
                                    MR_ARG_INT("tbl", table), MR_ARG_BYTES("value", target));
    if (code == MR_OK && row)
        code = read_entity(stmt, arena, entity, err);
    mr_case_reset(stmt);
    return code;
}

enum mr_code mr_plan_store_get(struct mr_plan_store *store, int64_t id, struct mr_arena *arena,
                               struct mr_entity *entity, struct mr_err *err)
{
    struct mr_case_stmt *stmt = store->get;
    bool row = false;
    entity->id = 0;
    enum mr_code code =
        MR_CASE_ASK(stmt, &row, err, MR_ARG_INT("id", id), MR_ARG_INT("plan", store->plan));
    if (code == MR_OK && row)
        code = read_entity(stmt, arena, entity, err);
    mr_case_reset(stmt);
    return code;
}

#define PAGE_BYTES ((size_t)8 * 1024 * 1024)
#define PAGE_ROWS 1000

/* What the statement yields, or as much as fits, but one at least; frees it. */
static enum mr_code read_entities(struct mr_case_stmt *stmt, struct mr_arena *arena,
                                  struct mr_vec *entities, struct mr_err *err)
{
    struct mr_case_fields map;
    bool row = false;
    size_t bytes = 0;
    enum mr_code code = open_entities(&map, stmt, err);
    while (code == MR_OK && bytes < PAGE_BYTES && (code = mr_case_step(stmt, &row, err)) == MR_OK &&
           row) {
        struct mr_entity *entity = mr_vec_push(entities);
        code = entity != NULL ? mr_case_fields_read(&map, arena, entity, err)
                              : mr_err_nomem(err, "reading the plan");
        if (code == MR_OK)
            bytes += entity->source.len + entity->target.len + entity->after.len;
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_store_entities(struct mr_plan_store *store, size_t table,
                                    enum mr_decision decision, int64_t after_id, size_t limit,
                                    struct mr_arena *arena, struct mr_vec *entities,
                                    struct mr_err *err)
{
    static const char all[] = OF_TABLE " AND id>:after ORDER BY id LIMIT :limit";
    static const char some[] =
        OF_TABLE " AND decision=:decision AND id>:after ORDER BY id LIMIT :limit";
    const struct mr_case_arg args[] = {
        MR_ARG_INT("plan", store->plan),  MR_ARG_INT("tbl", table),
        MR_ARG_INT("after", after_id),    MR_ARG_INT("limit", limit),
        MR_ARG_INT("decision", decision), /* the last one: of some only */
    };
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(mr_case_prepare_with(store->cf, decision == 0 ? all : some, args, decision == 0 ? 4 : 5,
                                &stmt, err));
    return read_entities(stmt, arena, entities, err);
}

/* By the id of the last one and not by a cursor: fn may write into the same table. */
enum mr_code mr_plan_store_each(struct mr_plan_store *store, size_t table,
                                enum mr_decision decision, mr_entity_fn *fn, void *ctx,
                                struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec page = MR_VEC_INIT(struct mr_entity);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        mr_arena_reset(&arena);
        mr_vec_clear(&page);
        code = mr_plan_store_entities(store, table, decision, after, PAGE_ROWS, &arena, &page, err);
        for (size_t i = 0; code == MR_OK && i < page.count; i++) {
            const struct mr_entity *entity = mr_vec_at(&page, i);
            after = entity->id;
            code = fn(ctx, entity, err);
        }
    } while (code == MR_OK && page.count > 0);
    mr_vec_release(&page);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_plan_store_conflicts(struct mr_plan_store *store, size_t table, int64_t after_id,
                                     size_t limit, struct mr_arena *arena, struct mr_vec *entities,
                                     struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(MR_CASE_PREPARE(store->cf,
                           "SELECT " ENTITY_COLUMNS " FROM entity INDEXED BY entity_conflict"
                           " WHERE plan=:plan AND tbl=:tbl AND id>:after AND kind IS NOT NULL"
                           " ORDER BY id LIMIT :limit",
                           &stmt, err, MR_ARG_INT("plan", store->plan), MR_ARG_INT("tbl", table),
                           MR_ARG_INT("after", after_id), MR_ARG_INT("limit", limit)));
    return read_entities(stmt, arena, entities, err);
}

enum mr_code mr_plan_store_by_key(struct mr_plan_store *store, size_t table, const char *kind,
                                  struct mr_key after, size_t limit, struct mr_arena *arena,
                                  struct mr_vec *entities, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(MR_CASE_PREPARE(store->cf,
                           OF_TABLE
                           " AND source_key>:after AND kind=:kind ORDER BY source_key LIMIT :limit",
                           &stmt, err, MR_ARG_INT("plan", store->plan), MR_ARG_INT("tbl", table),
                           MR_ARG_BLOB("after", after.ptr != NULL ? after.ptr : "", after.len),
                           MR_ARG_TEXT("kind", kind), MR_ARG_INT("limit", limit)));
    return read_entities(stmt, arena, entities, err);
}

enum mr_code mr_plan_store_count(struct mr_plan_store *store, size_t table,
                                 enum mr_decision decision, uint64_t *count, struct mr_err *err)
{
    int64_t n = 0;
    enum mr_code code =
        MR_CASE_NUMBER(store->cf,
                       "SELECT count(*) FROM entity WHERE plan=:plan AND tbl=:tbl AND "
                       "decision=:decision",
                       &n, err, MR_ARG_INT("plan", store->plan), MR_ARG_INT("tbl", table),
                       MR_ARG_INT("decision", decision));
    *count = (uint64_t)n;
    return code;
}

enum mr_code mr_plan_store_add_step(struct mr_plan_store *store, struct mr_step *step,
                                    struct mr_err *err)
{
    MR_TRY(MR_CASE_RUN(store->add_step, err, MR_ARG_INT("plan", store->plan),
                       MR_ARG_INT("entity", step->entity), MR_ARG_INT("unit", step->unit),
                       MR_ARG_INT("tree", step->tree), MR_ARG_INT("level", step->level),
                       MR_ARG_INT("op", step->op), MR_ARG_INT("tbl", step->table),
                       MR_ARG_BYTES("before", step->before), MR_ARG_BYTES("after", step->after)));
    step->id = mr_case_last_id(store->cf);
    return MR_OK;
}

enum mr_code mr_plan_store_add_facts(struct mr_plan_store *store, int64_t entity, uint64_t facts,
                                     enum mr_group group, struct mr_err *err)
{
    return MR_CASE_RUN(store->add_facts, err, MR_ARG_INT("entity", entity),
                       MR_ARG_INT("facts", facts), MR_ARG_TEXT("grp", mr_group_name(group)));
}

enum mr_code mr_plan_store_facts(struct mr_plan_store *store, int64_t entity, uint64_t *facts,
                                 enum mr_group *group, struct mr_err *err)
{
    struct known known = {0};
    bool found = false;
    MR_CASE_BIND(store->facts, MR_ARG_INT("entity", entity));
    enum mr_code code = mr_case_fields_next(&store->facts_map, NULL, &known, &found, err);
    *facts = known.facts;
    *group = code == MR_OK && found ? mr_group_named(known.grp) : MR_GROUP_UNDECIDED;
    mr_case_reset(store->facts);
    return code;
}

enum mr_code mr_plan_store_is_lost(struct mr_plan_store *store, int64_t entity, bool *is,
                                   struct mr_err *err)
{
    enum mr_group group;
    uint64_t facts;
    MR_TRY(mr_plan_store_facts(store, entity, &facts, &group, err));
    *is = group == MR_GROUP_LOST;
    return MR_OK;
}

enum mr_code mr_plan_store_add_logs(struct mr_plan_store *store, int64_t entity,
                                    const struct mr_plan_logs *logs, struct mr_err *err)
{
    return MR_CASE_RUN(store->add_logs, err, MR_ARG_INT("entity", entity),
                       MR_ARG_TEXT("outcome", logs->outcome), MR_ARG_TEXT("columns", logs->columns),
                       MR_ARG_TEXT("sums", logs->sums), MR_ARG_BYTES("base", logs->base),
                       MR_ARG_BYTES("merged", logs->merged));
}

enum mr_code mr_plan_store_logs(struct mr_plan_store *store, int64_t entity, struct mr_arena *arena,
                                struct mr_plan_logs *logs, struct mr_err *err)
{
    bool found = false;
    *logs = (struct mr_plan_logs){0};
    MR_CASE_BIND(store->logs, MR_ARG_INT("entity", entity));
    enum mr_code code = mr_case_fields_next(&store->logs_map, arena, logs, &found, err);
    mr_case_reset(store->logs);
    return code;
}

enum mr_code mr_plan_store_is_restored(struct mr_plan_store *store, int64_t entity, bool *is,
                                       struct mr_err *err)
{
    enum mr_code code = MR_CASE_ASK(store->restored, is, err, MR_ARG_INT("entity", entity));
    mr_case_reset(store->restored);
    return code;
}

enum mr_code mr_plan_store_sums(struct mr_plan_store *store, int64_t entity, struct mr_arena *arena,
                                const char **sums, struct mr_err *err)
{
    bool found = false;
    enum mr_code code = MR_CASE_ASK(store->sums, &found, err, MR_ARG_INT("entity", entity));
    const char *text = code == MR_OK && found ? mr_case_text(store->sums, 0) : NULL;
    *sums = text != NULL ? mr_arena_strdup(arena, text) : NULL;
    if (text != NULL && *sums == NULL)
        code = mr_err_nomem(err, "reading the plan");
    mr_case_reset(store->sums);
    return code;
}

enum mr_code mr_plan_store_has_logs(struct mr_plan_store *store, bool *has, struct mr_err *err)
{
    int64_t any = 0;
    enum mr_code code = mr_case_number_with(store->cf, "SELECT EXISTS (SELECT 1 FROM temp.by_logs)",
                                            NULL, 0, &any, err);
    *has = any != 0;
    return code;
}

enum mr_code mr_plan_store_has_sums(struct mr_plan_store *store, bool *has, struct mr_err *err)
{
    int64_t any = 0;
    enum mr_code code = mr_case_number_with(
        store->cf, "SELECT EXISTS (SELECT 1 FROM temp.by_logs WHERE sums IS NOT NULL)", NULL, 0,
        &any, err);
    *has = any != 0;
    return code;
}

enum mr_code mr_plan_store_add_unmeant(struct mr_plan_store *store, int64_t entity,
                                       size_t reference, struct mr_err *err)
{
    return MR_CASE_RUN(store->unmeant, err, MR_ARG_INT("entity", entity),
                       MR_ARG_INT("ref", reference));
}

enum mr_code mr_plan_store_is_unmeant(struct mr_plan_store *store, int64_t entity, size_t reference,
                                      bool *yes, struct mr_err *err)
{
    enum mr_code code = MR_CASE_ASK(store->is_unmeant, yes, err, MR_ARG_INT("entity", entity),
                                    MR_ARG_INT("ref", reference));
    mr_case_reset(store->is_unmeant);
    return code;
}

#undef FIELD
#define FIELD(member, kind) MR_CASE_FIELD(struct mr_step, member, kind)
static const struct mr_case_field step_fields[] =
    MR_CASE_LIST(FIELD(id, MR_CASE_INT), FIELD(entity, MR_CASE_INT), FIELD(unit, MR_CASE_INT),
                 FIELD(tree, MR_CASE_INT), FIELD(level, MR_CASE_INT), FIELD(op, MR_CASE_SMALL),
                 MR_CASE_FIELD_AS("tbl", struct mr_step, table, MR_CASE_INT),
                 FIELD(before, MR_CASE_BYTES), FIELD(after, MR_CASE_BYTES));

/* All that the statement yields; frees it. */
static enum mr_code read_steps(struct mr_case_stmt *stmt, struct mr_arena *arena,
                               struct mr_vec *steps, struct mr_err *err)
{
    struct mr_case_fields map;
    bool row = false;
    enum mr_code code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(step_fields), err);
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_step *step = mr_vec_push(steps);
        code = step != NULL ? mr_case_fields_read(&map, arena, step, err)
                            : mr_err_nomem(err, "reading the plan");
    }
    mr_case_free(stmt);
    return code;
}

#define STEP_COLUMNS "id, entity, unit, tree, level, op, tbl, before, after"

enum mr_code mr_plan_store_steps(struct mr_plan_store *store, int64_t after_id, size_t limit,
                                 struct mr_arena *arena, struct mr_vec *steps, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(MR_CASE_PREPARE(store->cf,
                           "SELECT " STEP_COLUMNS
                           " FROM step WHERE plan=:plan AND id>:after ORDER BY id LIMIT :limit",
                           &stmt, err, MR_ARG_INT("plan", store->plan),
                           MR_ARG_INT("after", after_id), MR_ARG_INT("limit", limit)));
    return read_steps(stmt, arena, steps, err);
}

enum mr_code mr_plan_store_unit(struct mr_plan_store *store, uint64_t unit, struct mr_arena *arena,
                                struct mr_vec *steps, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    MR_TRY(MR_CASE_PREPARE(
        store->cf, "SELECT " STEP_COLUMNS " FROM step WHERE plan=:plan AND unit=:unit ORDER BY id",
        &stmt, err, MR_ARG_INT("plan", store->plan), MR_ARG_INT("unit", unit)));
    return read_steps(stmt, arena, steps, err);
}

enum mr_code mr_plan_store_units(struct mr_plan_store *store, uint64_t *units, struct mr_err *err)
{
    int64_t last = 0;
    enum mr_code code = MR_CASE_NUMBER(store->cf, "SELECT max(unit) FROM step WHERE plan=:plan",
                                       &last, err, MR_ARG_INT("plan", store->plan));
    *units = (uint64_t)last;
    return code;
}
