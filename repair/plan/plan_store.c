/* plan_store.c: see plan_store.h. */
#include "repair/plan/plan_store.h"

#include <stdlib.h>
#include <string.h>

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS entity (id INTEGER PRIMARY KEY, plan INT NOT NULL,"
    " tbl INT NOT NULL, source_key BLOB, target_key BLOB, identity BLOB,"
    " decision INT NOT NULL, kind TEXT, detail TEXT, choices TEXT, choice TEXT,"
    " waits_for INT NOT NULL, source BLOB, target BLOB, after BLOB) STRICT;"
    "CREATE INDEX IF NOT EXISTS entity_source ON entity (plan, tbl, source_key);"
    "CREATE INDEX IF NOT EXISTS entity_target ON entity (plan, tbl, target_key);"
    "CREATE INDEX IF NOT EXISTS entity_identity ON entity (plan, tbl, identity)"
    " WHERE identity IS NOT NULL;"
    "CREATE INDEX IF NOT EXISTS entity_decision ON entity (plan, tbl, decision);"
    "CREATE INDEX IF NOT EXISTS entity_table ON entity (plan, tbl);" /* in order of id */
    "CREATE TABLE IF NOT EXISTS step (id INTEGER PRIMARY KEY, plan INT NOT NULL,"
    " entity INT NOT NULL, unit INT NOT NULL, tree INT NOT NULL, level INT NOT NULL,"
    " op INT NOT NULL, tbl INT NOT NULL, before BLOB, after BLOB) STRICT;"
    "CREATE INDEX IF NOT EXISTS step_plan ON step (plan);"
    "CREATE INDEX IF NOT EXISTS step_unit ON step (plan, unit);"
    "CREATE TEMP TABLE IF NOT EXISTS known (entity INTEGER PRIMARY KEY, facts INT, grp "
    "TEXT);"
    "CREATE TEMP TABLE IF NOT EXISTS unmeant (entity INT, ref INT,"
    " PRIMARY KEY (entity, ref)) WITHOUT ROWID;";

#define FINDS (MR_PLAN_BY_IDENTITY + 1)

struct mr_plan_store {
    struct mr_case *cf;
    int64_t plan;
    bool open; /* a transaction is */
    struct mr_case_stmt *insert, *update, *add_step, *get, *unmeant, *is_unmeant;
    struct mr_case_stmt *add_facts, *facts;
    struct mr_case_stmt *find[FINDS]; /* prepared when they are first asked for */
};

const char *mr_decision_name(enum mr_decision decision)
{
    static const char *const names[MR_DECISIONS] = {
        [MR_DECIDE_UNDECIDED] = "undecided", [MR_DECIDE_SAME] = "same",
        [MR_DECIDE_MATCHED] = "matched",     [MR_DECIDE_INSERT] = "insert",
        [MR_DECIDE_RENUMBER] = "renumber",   [MR_DECIDE_UPDATE] = "update",
        [MR_DECIDE_DELETE] = "delete",       [MR_DECIDE_CONFLICT] = "conflict",
        [MR_DECIDE_WAITS] = "waits",         [MR_DECIDE_SKIP] = "skip",
        [MR_DECIDE_PARENT] = "parent"};
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

#define ENTITY_COLUMNS                                                                   \
    "id, tbl, source_key, target_key, identity, decision, kind, detail, choices, "       \
    "choice,"                                                                            \
    " waits_for, source, target, after"

enum mr_code mr_plan_store_open(struct mr_findings *fd, struct mr_plan_store **out,
                                struct mr_err *err)
{
    struct mr_plan_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return mr_err_nomem(err, "opening the plan");
    store->cf = mr_findings_case(fd);
    enum mr_code code = mr_case_exec(store->cf, schema_sql, err);
    if (code == MR_OK)
        code = mr_case_prepare(store->cf,
                               "INSERT INTO entity (plan, tbl, source_key, target_key,"
                               " identity, decision, kind, detail, choices, choice,"
                               " waits_for, source, target, after)"
                               " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)",
                               &store->insert, err);
    if (code == MR_OK)
        code = mr_case_prepare(
            store->cf,
            "UPDATE entity SET plan=?1, tbl=?2, source_key=?3, target_key=?4,"
            " identity=?5, decision=?6, kind=?7, detail=?8, choices=?9, choice=?10,"
            " waits_for=?11, source=?12, target=?13, after=?14 WHERE id=?15",
            &store->update, err);
    if (code == MR_OK)
        code = mr_case_prepare(store->cf,
                               "INSERT INTO step (plan, entity, unit, tree, level, op,"
                               " tbl, before, after) VALUES (?,?,?,?,?,?,?,?,?)",
                               &store->add_step, err);
    if (code == MR_OK)
        code = mr_case_prepare(
            store->cf, "SELECT " ENTITY_COLUMNS " FROM entity WHERE id=?1 AND plan=?2",
            &store->get, err);
    if (code == MR_OK)
        code = mr_case_prepare(store->cf,
                               "INSERT OR IGNORE INTO temp.unmeant (entity, ref) VALUES"
                               " (?1,?2)",
                               &store->unmeant, err);
    if (code == MR_OK)
        code = mr_case_prepare(store->cf,
                               "SELECT 1 FROM temp.unmeant WHERE entity=?1 AND ref=?2",
                               &store->is_unmeant, err);
    if (code == MR_OK)
        code = mr_case_prepare(store->cf,
                               "INSERT INTO temp.known (entity, facts, grp) VALUES"
                               " (?1,?2,?3)",
                               &store->add_facts, err);
    if (code == MR_OK)
        code = mr_case_prepare(store->cf,
                               "SELECT facts, grp FROM temp.known WHERE entity=?1",
                               &store->facts, err);
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
    mr_case_free(store->add_step);
    mr_case_free(store->unmeant);
    mr_case_free(store->is_unmeant);
    mr_case_free(store->add_facts);
    mr_case_free(store->facts);
    mr_case_free(store->get);
    for (size_t i = 0; i < FINDS; i++)
        mr_case_free(store->find[i]);
    if (store->open)
        mr_case_rollback(store->cf);
    free(store);
}

static enum mr_code forget(struct mr_plan_store *store, const char *sql,
                           struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(store->cf, sql, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, store->plan);
        code = mr_case_run(stmt, err);
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_store_begin(struct mr_plan_store *store, int64_t plan,
                                 struct mr_err *err)
{
    enum mr_code code = mr_case_begin(store->cf, err);
    if (code != MR_OK)
        return code;
    store->open = true;
    store->plan = plan;
    code = forget(store, "DELETE FROM entity WHERE plan=?", err);
    if (code == MR_OK)
        code = mr_case_exec(store->cf, "DELETE FROM temp.unmeant; DELETE FROM temp.known",
                            err);
    return code == MR_OK ? forget(store, "DELETE FROM step WHERE plan=?", err) : code;
}

enum mr_code mr_plan_store_end(struct mr_plan_store *store, struct mr_err *err)
{
    enum mr_code code = mr_case_commit(store->cf, err);
    if (code == MR_OK)
        store->open = false;
    return code;
}

int64_t mr_plan_store_id(const struct mr_plan_store *store)
{
    return store->plan;
}

static void bind_bytes(struct mr_case_stmt *stmt, int at, const void *ptr, size_t len)
{
    if (ptr == NULL)
        mr_case_bind_null(stmt, at);
    else
        mr_case_bind_borrowed(stmt, at, ptr, len);
}

enum mr_code mr_plan_store_save(struct mr_plan_store *store, struct mr_entity *entity,
                                struct mr_err *err)
{
    struct mr_case_stmt *stmt = entity->id == 0 ? store->insert : store->update;
    mr_case_bind_int(stmt, 1, store->plan);
    mr_case_bind_int(stmt, 2, (int64_t)entity->table);
    bind_bytes(stmt, 3, entity->source_key.ptr, entity->source_key.len);
    bind_bytes(stmt, 4, entity->target_key.ptr, entity->target_key.len);
    bind_bytes(stmt, 5, entity->identity, entity->identity_len);
    mr_case_bind_int(stmt, 6, (int64_t)entity->decision);
    mr_case_bind_text(stmt, 7, entity->kind);
    mr_case_bind_text(stmt, 8, entity->detail);
    mr_case_bind_text(stmt, 9, entity->choices);
    mr_case_bind_text(stmt, 10, entity->choice);
    mr_case_bind_int(stmt, 11, entity->waits_for);
    bind_bytes(stmt, 12, entity->source, entity->source_len);
    bind_bytes(stmt, 13, entity->target, entity->target_len);
    bind_bytes(stmt, 14, entity->after, entity->after_len);
    if (entity->id != 0)
        mr_case_bind_int(stmt, 15, entity->id);
    enum mr_code code = mr_case_run(stmt, err);
    if (code == MR_OK && entity->id == 0)
        entity->id = mr_case_last_id(store->cf);
    return code;
}

/* Copies of what the statement holds; *code is set where memory lacks. */
static const char *copy_text(struct mr_case_stmt *stmt, int column,
                             struct mr_arena *arena, enum mr_code *code,
                             struct mr_err *err)
{
    const char *text = mr_case_text(stmt, column);
    const char *copy = text != NULL ? mr_arena_strdup(arena, text) : NULL;
    if (text != NULL && copy == NULL)
        *code = mr_err_nomem(err, "reading the plan");
    return copy;
}

static const void *copy_blob(struct mr_case_stmt *stmt, int column, size_t *len,
                             struct mr_arena *arena, enum mr_code *code,
                             struct mr_err *err)
{
    const void *bytes = mr_case_blob(stmt, column, len);
    const void *copy = bytes != NULL ? mr_arena_dup(arena, bytes, *len) : NULL;
    if (bytes != NULL && copy == NULL)
        *code = mr_err_nomem(err, "reading the plan");
    return copy;
}

static enum mr_code read_entity(struct mr_case_stmt *stmt, struct mr_arena *arena,
                                struct mr_entity *e, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *e = (struct mr_entity){.id = mr_case_int(stmt, 0),
                            .table = (size_t)mr_case_int(stmt, 1),
                            .decision = (enum mr_decision)mr_case_int(stmt, 5),
                            .waits_for = mr_case_int(stmt, 10)};
    e->source_key.ptr = copy_blob(stmt, 2, &e->source_key.len, arena, &code, err);
    e->target_key.ptr = copy_blob(stmt, 3, &e->target_key.len, arena, &code, err);
    e->identity = copy_blob(stmt, 4, &e->identity_len, arena, &code, err);
    e->kind = copy_text(stmt, 6, arena, &code, err);
    e->detail = copy_text(stmt, 7, arena, &code, err);
    e->choices = copy_text(stmt, 8, arena, &code, err);
    e->choice = copy_text(stmt, 9, arena, &code, err);
    e->source = copy_blob(stmt, 11, &e->source_len, arena, &code, err);
    e->target = copy_blob(stmt, 12, &e->target_len, arena, &code, err);
    e->after = copy_blob(stmt, 13, &e->after_len, arena, &code, err);
    return code;
}

enum mr_code mr_plan_store_find(struct mr_plan_store *store, size_t table,
                                enum mr_plan_find by, const void *ptr, size_t len,
                                struct mr_arena *arena, struct mr_entity *entity,
                                struct mr_err *err)
{
    static const char *const queries[] = {
        [MR_PLAN_BY_SOURCE_KEY] = "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=?1"
                                  " AND tbl=?2 AND source_key=?3 LIMIT 1",
        [MR_PLAN_BY_TARGET_KEY] = "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=?1"
                                  " AND tbl=?2 AND target_key=?3 AND decision<>7"
                                  " LIMIT 1",
        [MR_PLAN_BY_IDENTITY] = "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=?1"
                                " AND tbl=?2 AND identity=?3 ORDER BY decision=7, id"
                                " LIMIT 1"};
    struct mr_case_stmt **stmt = &store->find[by];
    bool row = false;
    enum mr_code code = MR_OK;
    entity->id = 0;
    if (*stmt == NULL)
        code = mr_case_prepare(store->cf, queries[by], stmt, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(*stmt, 1, store->plan);
    mr_case_bind_int(*stmt, 2, (int64_t)table);
    mr_case_bind_borrowed(*stmt, 3, ptr, len);
    code = mr_case_step(*stmt, &row, err);
    if (code == MR_OK && row)
        code = read_entity(*stmt, arena, entity, err);
    mr_case_reset(*stmt);
    return code;
}

enum mr_code mr_plan_store_get(struct mr_plan_store *store, int64_t id,
                               struct mr_arena *arena, struct mr_entity *entity,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = store->get;
    bool row = false;
    entity->id = 0;
    mr_case_bind_int(stmt, 1, id);
    mr_case_bind_int(stmt, 2, store->plan);
    enum mr_code code = mr_case_step(stmt, &row, err);
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
    bool row = false;
    size_t bytes = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK && bytes < PAGE_BYTES &&
           (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_entity *entity = mr_vec_push(entities);
        code = entity != NULL ? read_entity(stmt, arena, entity, err)
                              : mr_err_nomem(err, "reading the plan");
        if (code == MR_OK)
            bytes += entity->source_len + entity->target_len + entity->after_len;
    }
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_store_entities(struct mr_plan_store *store, size_t table,
                                    enum mr_decision decision, int64_t after_id,
                                    size_t limit, struct mr_arena *arena,
                                    struct mr_vec *entities, struct mr_err *err)
{
    static const char all[] = "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=?1"
                              " AND tbl=?2 AND id>?3 ORDER BY id LIMIT ?5";
    static const char some[] = "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=?1"
                               " AND tbl=?2 AND decision=?4 AND id>?3"
                               " ORDER BY id LIMIT ?5";
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_case_prepare(store->cf, decision == 0 ? all : some, &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, store->plan);
        mr_case_bind_int(stmt, 2, (int64_t)table);
        mr_case_bind_int(stmt, 3, after_id);
        if (decision != 0)
            mr_case_bind_int(stmt, 4, (int64_t)decision);
        mr_case_bind_int(stmt, 5, (int64_t)limit);
    }
    return code == MR_OK ? read_entities(stmt, arena, entities, err) : code;
}

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
        code = mr_plan_store_entities(store, table, decision, after, PAGE_ROWS, &arena,
                                      &page, err);
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

enum mr_code mr_plan_store_conflicts(struct mr_plan_store *store, size_t table,
                                     int64_t after_id, size_t limit,
                                     struct mr_arena *arena, struct mr_vec *entities,
                                     struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code = mr_case_prepare(store->cf,
                                        "SELECT " ENTITY_COLUMNS
                                        " FROM entity WHERE plan=?1 AND tbl=?2 AND id>?3"
                                        " AND kind IS NOT NULL ORDER BY id LIMIT ?4",
                                        &stmt, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(stmt, 1, store->plan);
    mr_case_bind_int(stmt, 2, (int64_t)table);
    mr_case_bind_int(stmt, 3, after_id);
    mr_case_bind_int(stmt, 4, (int64_t)limit);
    return read_entities(stmt, arena, entities, err);
}

enum mr_code mr_plan_store_by_key(struct mr_plan_store *store, size_t table,
                                  const char *kind, struct mr_key after, size_t limit,
                                  struct mr_arena *arena, struct mr_vec *entities,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        mr_case_prepare(store->cf,
                        "SELECT " ENTITY_COLUMNS " FROM entity WHERE plan=?1 AND tbl=?2"
                        " AND source_key>?3 AND kind=?4 ORDER BY source_key LIMIT ?5",
                        &stmt, err);
    if (code != MR_OK)
        return code;
    mr_case_bind_int(stmt, 1, store->plan);
    mr_case_bind_int(stmt, 2, (int64_t)table);
    mr_case_bind_borrowed(stmt, 3, after.ptr != NULL ? after.ptr : "", after.len);
    mr_case_bind_text(stmt, 4, kind);
    mr_case_bind_int(stmt, 5, (int64_t)limit);
    return read_entities(stmt, arena, entities, err);
}

enum mr_code mr_plan_store_count(struct mr_plan_store *store, size_t table,
                                 enum mr_decision decision, uint64_t *count,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(
        store->cf, "SELECT count(*) FROM entity WHERE plan=? AND tbl=? AND decision=?",
        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, store->plan);
        mr_case_bind_int(stmt, 2, (int64_t)table);
        mr_case_bind_int(stmt, 3, (int64_t)decision);
        code = mr_case_step(stmt, &row, err);
    }
    *count = code == MR_OK && row ? (uint64_t)mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_store_add_step(struct mr_plan_store *store, struct mr_step *step,
                                    struct mr_err *err)
{
    struct mr_case_stmt *stmt = store->add_step;
    mr_case_bind_int(stmt, 1, store->plan);
    mr_case_bind_int(stmt, 2, step->entity);
    mr_case_bind_int(stmt, 3, (int64_t)step->unit);
    mr_case_bind_int(stmt, 4, step->tree);
    mr_case_bind_int(stmt, 5, (int64_t)step->level);
    mr_case_bind_int(stmt, 6, (int64_t)step->op);
    mr_case_bind_int(stmt, 7, (int64_t)step->table);
    bind_bytes(stmt, 8, step->before, step->before_len);
    bind_bytes(stmt, 9, step->after, step->after_len);
    enum mr_code code = mr_case_run(stmt, err);
    if (code == MR_OK)
        step->id = mr_case_last_id(store->cf);
    return code;
}

enum mr_code mr_plan_store_add_facts(struct mr_plan_store *store, int64_t entity,
                                     uint64_t facts, enum mr_group group,
                                     struct mr_err *err)
{
    mr_case_bind_int(store->add_facts, 1, entity);
    mr_case_bind_int(store->add_facts, 2, (int64_t)facts);
    mr_case_bind_text(store->add_facts, 3, mr_group_name(group));
    return mr_case_run(store->add_facts, err);
}

enum mr_code mr_plan_store_facts(struct mr_plan_store *store, int64_t entity,
                                 uint64_t *facts, enum mr_group *group,
                                 struct mr_err *err)
{
    bool found = false;
    *facts = 0;
    *group = MR_GROUP_UNDECIDED;
    mr_case_bind_int(store->facts, 1, entity);
    enum mr_code code = mr_case_step(store->facts, &found, err);
    if (code == MR_OK && found) {
        *facts = (uint64_t)mr_case_int(store->facts, 0);
        *group = mr_group_named(mr_case_text(store->facts, 1));
    }
    mr_case_reset(store->facts);
    return code;
}

enum mr_code mr_plan_store_add_unmeant(struct mr_plan_store *store, int64_t entity,
                                       size_t reference, struct mr_err *err)
{
    mr_case_bind_int(store->unmeant, 1, entity);
    mr_case_bind_int(store->unmeant, 2, (int64_t)reference);
    return mr_case_run(store->unmeant, err);
}

enum mr_code mr_plan_store_is_unmeant(struct mr_plan_store *store, int64_t entity,
                                      size_t reference, bool *yes, struct mr_err *err)
{
    mr_case_bind_int(store->is_unmeant, 1, entity);
    mr_case_bind_int(store->is_unmeant, 2, (int64_t)reference);
    enum mr_code code = mr_case_step(store->is_unmeant, yes, err);
    mr_case_reset(store->is_unmeant);
    return code;
}

static enum mr_code read_step(struct mr_case_stmt *stmt, struct mr_arena *arena,
                              struct mr_vec *steps, struct mr_err *err)
{
    struct mr_step *step = mr_vec_push(steps);
    enum mr_code code = MR_OK;
    if (step == NULL)
        return mr_err_nomem(err, "reading the plan");
    *step = (struct mr_step){.id = mr_case_int(stmt, 0),
                             .entity = mr_case_int(stmt, 1),
                             .unit = (uint64_t)mr_case_int(stmt, 2),
                             .tree = mr_case_int(stmt, 3),
                             .level = (uint64_t)mr_case_int(stmt, 4),
                             .op = (enum mr_step_op)mr_case_int(stmt, 5),
                             .table = (size_t)mr_case_int(stmt, 6)};
    step->before = copy_blob(stmt, 7, &step->before_len, arena, &code, err);
    step->after = copy_blob(stmt, 8, &step->after_len, arena, &code, err);
    return code;
}

#define STEP_COLUMNS "id, entity, unit, tree, level, op, tbl, before, after"

enum mr_code mr_plan_store_steps(struct mr_plan_store *store, int64_t after_id,
                                 size_t limit, struct mr_arena *arena,
                                 struct mr_vec *steps, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(store->cf,
                                        "SELECT " STEP_COLUMNS " FROM step WHERE plan=?1"
                                        " AND id>?2 ORDER BY id LIMIT ?3",
                                        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, store->plan);
        mr_case_bind_int(stmt, 2, after_id);
        mr_case_bind_int(stmt, 3, (int64_t)limit);
    }
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row)
        code = read_step(stmt, arena, steps, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_store_unit(struct mr_plan_store *store, uint64_t unit,
                                struct mr_arena *arena, struct mr_vec *steps,
                                struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_case_prepare(store->cf,
                                        "SELECT " STEP_COLUMNS " FROM step WHERE plan=?1"
                                        " AND unit=?2 ORDER BY id",
                                        &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, store->plan);
        mr_case_bind_int(stmt, 2, (int64_t)unit);
    }
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row)
        code = read_step(stmt, arena, steps, err);
    mr_case_free(stmt);
    return code;
}

enum mr_code mr_plan_store_units(struct mr_plan_store *store, uint64_t *units,
                                 struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        mr_case_prepare(store->cf, "SELECT max(unit) FROM step WHERE plan=?", &stmt, err);
    if (code == MR_OK) {
        mr_case_bind_int(stmt, 1, store->plan);
        code = mr_case_step(stmt, &row, err);
    }
    *units = code == MR_OK && row ? (uint64_t)mr_case_int(stmt, 0) : 0;
    mr_case_free(stmt);
    return code;
}
