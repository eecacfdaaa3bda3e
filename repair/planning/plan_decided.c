/* plan_decided.c: see plan_decided.h. */
#include "repair/planning/plan_decided.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/decide/conflict.h"
#include "repair/merge/merge_choice.h"
#include "repair/plan/plan_text.h"

#define SKIP "skip"

struct mr_plan_decided {
    struct mr_case *cf;
    int64_t plan;
    struct mr_case_stmt *find, *drop, *add, *hold, *warn;
    struct mr_case_fields find_map; /* struct kept */
    struct mr_arena arena;          /* of choices */
};

/* What was decided about a row, and digests of the row as it was then. */
struct kept {
    const char *choice;
    struct mr_key source, target;
    struct mr_key after; /* TARGET's, as the plan was to make it; ptr NULL: as it is */
};

#define KEPT(member, type) MR_CASE_FIELD(struct kept, member, MR_CASE_##type)
static const struct mr_case_field kept_fields[] =
    MR_CASE_LIST(KEPT(choice, TEXT), KEPT(source, BYTES), KEPT(target, BYTES), KEPT(after, BYTES));

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_decision (tbl TEXT NOT NULL, key BLOB NOT NULL,"
    " kind TEXT NOT NULL, choice TEXT NOT NULL, source BLOB, target BLOB,"
    " plan INT NOT NULL, after BLOB,"
    " PRIMARY KEY (tbl, key, kind)) STRICT, WITHOUT ROWID;"
    "DROP TABLE IF EXISTS temp.held;"
    "CREATE TEMP TABLE held (tbl TEXT, key BLOB, PRIMARY KEY (tbl, key)) WITHOUT ROWID;"
    "DROP TABLE IF EXISTS temp.warned;"
    "CREATE TEMP TABLE warned (tbl TEXT, key BLOB, kind TEXT, UNIQUE (tbl, key, kind));";

/* Who was merged by a choice is told by is_new (merge_earlier); a case without a merge has no
 * map. */
#define MERGED_BY_CHOICE "plan_map WHERE state='matched' AND is_new"

/* A case of an earlier version has less. */
static enum mr_code make_tables(struct mr_case *cf, struct mr_err *err)
{
    bool known = false;
    MR_TRY(mr_case_exec(cf, schema_sql, err));
    MR_TRY(mr_case_has_column(cf, "plan_decision", "after", &known, err));
    return known ? MR_OK : mr_case_exec(cf, "ALTER TABLE plan_decision ADD COLUMN after BLOB", err);
}

static enum mr_code forget_all(struct mr_plan_decided *d, struct mr_err *err)
{
    bool mapped = false;
    enum mr_code code = mr_case_exec(d->cf, "DELETE FROM plan_decision", err);
    if (code == MR_OK)
        code = mr_case_has_table(d->cf, "plan_map", &mapped, err);
    return code == MR_OK && mapped ? mr_case_exec(d->cf, "DELETE FROM " MERGED_BY_CHOICE, err)
                                   : code;
}

static enum mr_code prepare(struct mr_plan_decided *d, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&d->find,
         "SELECT choice, source, target, after FROM plan_decision WHERE tbl=:tbl AND key=:key"
         " AND (kind=:kind OR choice='" SKIP "') AND (NOT :stated OR choice<>'" SKIP "')"
         " ORDER BY choice<>'" SKIP "' LIMIT 1"},
        {&d->drop, "DELETE FROM plan_decision WHERE tbl=:tbl AND key=:key"
                   " AND (kind=:kind OR choice='" SKIP "' OR :choice='" SKIP "')"},
        {&d->add, "INSERT INTO plan_decision (tbl, key, kind, choice, source, target, plan,"
                  " after) VALUES (:tbl, :key, :kind, :choice, :source, :target, :plan, :after)"},
        {&d->hold, "INSERT OR IGNORE INTO temp.held (tbl, key) VALUES (:tbl, :key)"},
        {&d->warn, "INSERT OR IGNORE INTO temp.warned (tbl, key, kind)"
                   " VALUES (:tbl, :key, :kind) RETURNING 1"},
    };
    MR_TRY(mr_case_prepare_all(d->cf, list, sizeof list / sizeof list[0], err));
    return mr_case_fields_open(&d->find_map, d->find, MR_CASE_FIELDS(kept_fields), err);
}

enum mr_code mr_plan_decided_open(struct mr_case *cf, int64_t plan, bool forget,
                                  struct mr_plan_decided **out, struct mr_err *err)
{
    struct mr_plan_decided *d = calloc(1, sizeof *d);
    *out = NULL;
    if (d == NULL)
        return mr_err_nomem(err, "reading decisions");
    d->cf = cf;
    d->plan = plan;
    mr_arena_init(&d->arena);
    enum mr_code code = make_tables(cf, err);
    if (code == MR_OK && forget)
        code = forget_all(d, err);
    if (code == MR_OK)
        code = prepare(d, err);
    if (code == MR_OK)
        *out = d;
    else
        mr_plan_decided_close(d);
    return code;
}

void mr_plan_decided_close(struct mr_plan_decided *d)
{
    if (d == NULL)
        return;
    mr_case_free(d->find);
    mr_case_free(d->drop);
    mr_case_free(d->add);
    mr_case_free(d->hold);
    mr_case_free(d->warn);
    (void)mr_case_exec(d->cf, "DROP TABLE IF EXISTS temp.held; DROP TABLE IF EXISTS temp.warned",
                       NULL);
    mr_arena_release(&d->arena);
    free(d);
}

/* ---- asking ---- */

/* A row without a key is named by all of it; merge numbers it on top of that, which is none
 * of its name. */
static struct mr_key name_of(const struct mr_plan_table *t, struct mr_key key)
{
    size_t pos = 0, n = t->key.count == 0 && key.ptr != NULL ? t->pair->ncompared : 0;
    if (n == 0)
        return key;
    while (n > 0 && mr_row_skip(key.ptr, key.len, &pos, NULL) == MR_OK)
        n--;
    return (struct mr_key){key.ptr, n == 0 ? pos : key.len};
}

/* Which row: of each statement. */
#define ROW_ARGS(t, row)                                                                           \
    MR_ARG_TEXT("tbl", mr_plan_table_name(t)), MR_ARG_BYTES("key", name_of(t, row))

/* Is the row what it was when it was decided about?  Of no row there is no digest. */
static enum mr_code is_same(const struct mr_plan_table *t, struct mr_key was, struct mr_key image,
                            bool *same, struct mr_err *err)
{
    struct mr_digest digest = {0};
    enum mr_code code = image.ptr != NULL ? mr_plan_row_digest(t, image, &digest, err) : MR_OK;
    *same = *same && (image.ptr != NULL) == (was.ptr != NULL) &&
            (was.ptr == NULL ||
             (was.len == sizeof digest && memcmp(was.ptr, &digest, sizeof digest) == 0));
    return code;
}

/* Of a row of which both sides have values TARGET's counts, too: as it was, or as the plan has made it. */
static enum mr_code is_as_decided(const struct mr_plan_table *t, const struct kept *kept,
                                  const struct mr_decision_ask *ask, bool *same, struct mr_err *err)
{
    bool made = kept->after.ptr != NULL;
    *same = true;
    MR_TRY(is_same(t, kept->source, ask->source, same, err));
    if (!mr_conflict_is_value(mr_conflict_named(ask->kind)))
        return MR_OK;
    made = made && *same;
    MR_TRY(is_same(t, kept->target, ask->target, same, err));
    if (made && !*same)
        MR_TRY(is_same(t, kept->after, ask->target, &made, err));
    *same = *same || made;
    return MR_OK;
}

/* Once, however often the row is asked about. */
static enum mr_code warn_of_change(struct mr_plan_decided *d, const struct mr_plan_table *t,
                                   const struct mr_decision_ask *ask, const char *choice,
                                   struct mr_err *err)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    bool first = false;
    enum mr_code code = MR_CASE_ASK(d->warn, &first, err, ROW_ARGS(t, ask->source_key),
                                    MR_ARG_TEXT("kind", ask->kind));
    mr_case_reset(d->warn);
    mr_strbuf_add_str(&key, t->key.count > 0 ? "row " : "a row");
    if (code == MR_OK && first && t->key.count > 0)
        code = mr_plan_text_values(&key, t, &t->key, ask->source_key, err);
    if (code == MR_OK)
        code = mr_strbuf_check(&key, "reading decisions", err);
    if (code == MR_OK && first)
        mr_log_warning("table \"%s\": %s is not as it was when \"%s\" was decided "
                       "about it (%s); it is asked again",
                       mr_plan_table_name(t), key.ptr, choice, ask->kind);
    mr_strbuf_release(&key);
    return code;
}

enum mr_code mr_plan_decided_find(struct mr_plan_decided *d, const struct mr_plan_table *table,
                                  const struct mr_decision_ask *ask, bool stated,
                                  const char **choice, struct mr_err *err)
{
    struct kept kept = {0};
    bool row = false, same = true;
    MR_CASE_BIND(d->find, ROW_ARGS(table, ask->source_key), MR_ARG_TEXT("kind", ask->kind),
                 MR_ARG_INT("stated", stated));
    enum mr_code code = mr_case_fields_next(&d->find_map, NULL, &kept, &row, err);
    const char *found = code == MR_OK ? kept.choice : NULL;
    bool skips = found != NULL && strcmp(found, SKIP) == 0;
    if (found != NULL && !skips) {
        code = is_as_decided(table, &kept, ask, &same, err);
        if (code == MR_OK && !same)
            code = warn_of_change(d, table, ask, found, err);
    }
    if (code == MR_OK && found != NULL && same &&
        (ask->kind == NULL || mr_merge_is_choice(ask->kind, found))) {
        *choice = mr_arena_strdup(&d->arena, found);
        code = *choice != NULL ? MR_CASE_RUN(d->hold, err, ROW_ARGS(table, ask->source_key))
                               : mr_err_nomem(err, "reading decisions");
    }
    mr_case_reset(d->find);
    return code;
}

/* ---- keeping ---- */

/* Bytes of digest; of no row there are none. */
static struct mr_key digest_of(const struct mr_plan_table *t, struct mr_key image,
                               struct mr_digest *digest, enum mr_code *code, struct mr_err *err)
{
    if (*code != MR_OK || image.ptr == NULL)
        return (struct mr_key){0};
    *code = mr_plan_row_digest(t, image, digest, err);
    return (struct mr_key){digest, sizeof *digest};
}

/* Of a row that the live side deletes once more nobody has said anything; who was merged is
 * kept elsewhere. */
static bool is_once(const struct mr_entity *entity, const char *choice)
{
    return strcmp(choice, MR_DECIDE_MERGED) == 0 ||
           (strcmp(entity->kind, "deleted-since") == 0 && strcmp(choice, SKIP) != 0);
}

enum mr_code mr_plan_decided_keep(struct mr_plan_decided *d, const struct mr_plan_table *table,
                                  const struct mr_entity *entity, const char *choice,
                                  struct mr_err *err)
{
    bool taken = entity->kind != NULL && entity->choice != NULL &&
                 strcmp(entity->choice, choice) == 0 && !is_once(entity, choice);
    struct mr_digest source = {0}, target = {0}, after = {0};
    enum mr_code code =
        MR_CASE_RUN(d->drop, err, ROW_ARGS(table, entity->source_key),
                    MR_ARG_TEXT("kind", entity->kind), MR_ARG_TEXT("choice", choice));
    if (code != MR_OK || !taken)
        return code;
    const struct mr_key was = digest_of(table, entity->source, &source, &code, err);
    const struct mr_key there = digest_of(table, entity->target, &target, &code, err);
    const struct mr_key then = digest_of(table, entity->after, &after, &code, err);
    return code == MR_OK
               ? MR_CASE_RUN(d->add, err, ROW_ARGS(table, entity->source_key),
                             MR_ARG_TEXT("kind", entity->kind), MR_ARG_TEXT("choice", choice),
                             MR_ARG_BYTES("source", was), MR_ARG_BYTES("target", there),
                             MR_ARG_INT("plan", d->plan), MR_ARG_BYTES("after", then))
               : code;
}

enum mr_code mr_plan_decided_unmerge(struct mr_plan_decided *d, const struct mr_plan_table *table,
                                     struct mr_key key, struct mr_err *err)
{
    bool mapped = false;
    MR_TRY(mr_case_has_table(d->cf, "plan_map", &mapped, err));
    return mapped
               ? MR_CASE_ONCE(d->cf,
                              "DELETE FROM " MERGED_BY_CHOICE " AND tbl=:tbl AND source_key=:key",
                              err, ROW_ARGS(table, key))
               : MR_OK;
}

enum mr_code mr_plan_decided_is_empty(struct mr_plan_decided *d, bool *empty, struct mr_err *err)
{
    bool any = false;
    enum mr_code code =
        mr_case_has_with(d->cf, "SELECT 1 FROM plan_decision LIMIT 1", NULL, 0, &any, err);
    *empty = !any;
    return code;
}

enum mr_code mr_plan_decided_held(struct mr_plan_decided *d, uint64_t *count, struct mr_err *err)
{
    int64_t held = 0;
    enum mr_code code =
        mr_case_number_with(d->cf, "SELECT count(*) FROM temp.held", NULL, 0, &held, err);
    *count = (uint64_t)held;
    return code;
}

enum mr_code mr_plan_decided_withdraw(struct mr_case *cf, int64_t plan, struct mr_err *err)
{
    return MR_CASE_ONCE(cf, "DELETE FROM plan_decision WHERE plan=:plan", err,
                        MR_ARG_INT("plan", plan));
}
