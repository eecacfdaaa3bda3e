/* merge_earlier.c: see merge_earlier.h. */
#include "repair/merge/merge_earlier.h"

#include <string.h>

#include "core/base/log.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_named.h"
#include "repair/merge/merge_row.h"
#include "repair/plan/plan_image.h"
#include "repair/plan/plan_text.h"
#include "repair/side/counted.h"

enum { DIGEST_BYTES = sizeof(struct mr_digest) };

static const char schema_sql[] =
    "CREATE TABLE IF NOT EXISTS plan_map (tbl TEXT NOT NULL, source_key BLOB NOT NULL,"
    " target_key BLOB NOT NULL, identity BLOB, digest BLOB NOT NULL, is_new INT NOT NULL,"
    " state TEXT NOT NULL, plan INT NOT NULL, PRIMARY KEY (tbl, source_key, target_key))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS plan_map_target ON plan_map (tbl, target_key);";

/* Rows that were applied once, by plan. */
static const char stands_sql[] = "DROP TABLE IF EXISTS temp.stands;"
                                 "CREATE TEMP TABLE stands (plan INT, id INT, there INT)";

/* SQLite would read the whole table by its primary key. */
#define BY_TARGET " INDEXED BY plan_map_target"

/* A row that was planned once. */
struct planned {
    int64_t id; /* in w */
    int64_t plan;
    struct mr_key source_key, target_key, identity, digest;
    struct mr_digest found; /* of TARGET's row under the key, once it is there */
    bool is_new;
    bool was_there; /* it was applied, or TARGET had it then */
    bool restored;  /* it was applied */
    bool contested; /* a plan gave the key to another row, too */
    bool there;     /* found on TARGET, with its identity */
    bool named;     /* its identity was compared, and is the same */
    bool renamed;   /* the plan knew it by other columns than this one does */
    bool exact;     /* as it was planned: what TARGET computes or spells anew aside */
};

struct testing {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    struct mr_arena arena;
    struct mr_vec rows, asks, names;  /* struct planned, struct mr_merge_ask ×2 */
    struct mr_strbuf known_by;        /* the table's identity now */
    struct mr_plan_digester digester; /* of the table */
    struct mr_case_stmt *mark, *state, *rival, *stands, *earlier;
};

/* ---- what was planned ---- */

/* Of a row with several keys the certain ones come first. */
static const char planned_sql[] =
    "SELECT w.id AS id, p.source_key AS source_key, p.target_key AS target_key,"
    " p.identity AS identity, p.digest AS digest, p.is_new AS is_new,"
    " p.state IN ('applied', 'matched') AS was_there,"
    " EXISTS (SELECT 1 FROM plan_map o" BY_TARGET
    " WHERE o.tbl=:name AND o.target_key=p.target_key AND o.source_key<>p.source_key"
    " AND (o.state<>'undone' OR p.state='undone')) AS contested, p.plan AS plan,"
    " p.state='applied' AS restored, p.plan IN (SELECT plan FROM plan_named"
    " WHERE tbl=:name AND names<>:names) AS renamed"
    " FROM w JOIN plan_map p ON p.tbl=:name AND p.source_key=w.skey"
    " WHERE w.tbl=:tbl AND w.id>:after"
    " ORDER BY w.id, p.state, contested, p.target_key";

#define PLANNED(member, type) MR_CASE_FIELD(struct planned, member, type)
static const struct mr_case_field planned_fields[] = MR_CASE_LIST(
    PLANNED(id, MR_CASE_INT), PLANNED(plan, MR_CASE_INT), PLANNED(source_key, MR_CASE_BYTES),
    PLANNED(target_key, MR_CASE_BYTES), PLANNED(identity, MR_CASE_BYTES),
    PLANNED(digest, MR_CASE_BYTES), PLANNED(is_new, MR_CASE_FLAG), PLANNED(was_there, MR_CASE_FLAG),
    PLANNED(restored, MR_CASE_FLAG), PLANNED(contested, MR_CASE_FLAG),
    PLANNED(renamed, MR_CASE_FLAG));

/* All that is planned of a row comes in one batch. */
static bool is_full(const struct testing *t, int64_t next)
{
    size_t n = t->rows.count;
    return n >= MR_MERGE_BATCH && ((const struct planned *)mr_vec_at(&t->rows, n - 1))->id != next;
}

/* Keys of a row in one batch, certain ones first: contest() gives a row the first place that is
 * his. */
static enum mr_code read_planned(struct testing *t, int64_t after, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct planned next = {0};
    bool more = false;
    mr_arena_reset(&t->arena);
    mr_vec_clear(&t->rows);
    enum mr_code code = MR_CASE_PREPARE(t->m->cf, planned_sql, &stmt, err,
                                        MR_ARG_TEXT("name", mr_plan_table_name(t->table)),
                                        MR_ARG_INT("tbl", t->table->at), MR_ARG_INT("after", after),
                                        MR_ARG_TEXT("names", t->known_by.ptr));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(planned_fields), err);
    while (code == MR_OK &&
           (code = mr_case_fields_next(&map, &t->arena, &next, &more, err)) == MR_OK && more &&
           !is_full(t, next.id)) {
        struct planned *p = mr_vec_push(&t->rows);
        if (p == NULL)
            code = mr_merge_nomem(err);
        else
            *p = next;
    }
    mr_case_free(stmt);
    return code;
}

/* ---- is it there? ---- */

static enum mr_code take_row(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct testing *t = ctx;
    struct planned *p = mr_vec_at(&t->rows, (size_t)ask->tag);
    struct mr_key image = {row->image, row->len};
    struct mr_digest bytes; /* what an older myrecon has kept of such a row */
    MR_TRY(mr_plan_row_digest(t->table, image, &bytes, err));
    MR_TRY(mr_plan_digester_row(&t->digester, image, &p->found, err));
    p->exact =
        p->digest.len == DIGEST_BYTES && (memcmp(&p->found, p->digest.ptr, DIGEST_BYTES) == 0 ||
                                          memcmp(&bytes, p->digest.ptr, DIGEST_BYTES) == 0);
    p->there = p->is_new || p->exact || (p->renamed && p->was_there);
    return t->table->identity == MR_PLAN_BY_COLUMNS && p->identity.ptr != NULL && !p->renamed
               ? mr_merge_lookup_push(&t->names, ask->tag, image, t->table->named_by, &t->arena,
                                      err)
               : MR_OK;
}

/* The name counts more than the key: whoever stands there with another identity is somebody else,
 * and if it is the same, bytes need not be. */
static enum mr_code look(struct testing *t, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, t->table, t->table->key};
    mr_vec_clear(&t->asks);
    mr_vec_clear(&t->names);
    for (size_t i = 0; i < t->rows.count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&t->asks);
        if (ask == NULL)
            return mr_merge_nomem(err);
        *ask = (struct mr_merge_ask){
            .tag = (int64_t)i, .value = ((struct planned *)mr_vec_at(&t->rows, i))->target_key};
    }
    MR_TRY(mr_merge_lookup_ask(t->m, &what, &t->asks, take_row, t, err));
    MR_TRY(mr_merge_lookup_canonise(t->m, t->table, t->table->named_by, &t->names, &t->arena, err));
    for (size_t i = 0; i < t->names.count; i++) {
        const struct mr_merge_ask *name = mr_vec_at(&t->names, i);
        struct planned *p = mr_vec_at(&t->rows, (size_t)name->tag);
        p->named = mr_key_compare(name->canon, p->identity) == 0;
        p->there = p->named;
    }
    return MR_OK;
}

/* ---- whose row it is ---- */

/* The key is another row's: that was found there, or is the only one to the byte as it
 * was planned; or this one has a place already. */
static const char rival_sql[] =
    "SELECT EXISTS (SELECT 1 FROM plan_map" BY_TARGET
    " WHERE tbl=:name AND target_key=:target_key AND source_key<>:source_key"
    " AND (state='applied' OR (state IN ('proposed', 'undone') AND digest=:found)))"
    " OR EXISTS (SELECT 1 FROM mark WHERE id=:id AND into_key IS NOT NULL)";

/* A key that plans gave to two rows says nothing of whose row stands there: equality
 * does, and of equal rows the first has it.  What only another plan's map told has
 * nothing to be equal to: it is there unless one of the others is. */
static enum mr_code contest(struct testing *t, struct planned *p, struct mr_err *err)
{
    bool row = false;
    if (!p->there || !p->contested || p->was_there || p->named)
        return MR_OK;
    p->there = p->exact || p->digest.len == 0;
    if (!p->there)
        return MR_OK;
    enum mr_code code = MR_CASE_ASK(
        t->rival, &row, err, MR_ARG_INT("id", p->id),
        MR_ARG_TEXT("name", mr_plan_table_name(t->table)),
        MR_ARG_BYTES("target_key", p->target_key), MR_ARG_BYTES("source_key", p->source_key),
        MR_ARG_BLOB("found", p->exact ? NULL : &p->found, DIGEST_BYTES));
    if (code == MR_OK)
        p->there = mr_case_int(t->rival, 0) == 0;
    mr_case_reset(t->rival);
    return code;
}

/* ---- what comes of it ---- */

/* Whom a choice merged with somebody else has another identity than his: while the other
 * is there, the conflict is, too, and the choice holds as long as the other is the same to
 * the byte (merge_choice). */
static enum mr_code note_merged(struct testing *t, const struct planned *p, struct mr_err *err)
{
    return MR_CASE_RUN(t->earlier, err, MR_ARG_INT("id", p->id),
                       MR_ARG_BYTES("tkey", p->target_key), MR_ARG_INT("exact", p->exact),
                       MR_ARG_INT("plan", p->plan));
}

static enum mr_code note(struct testing *t, const struct planned *p, struct mr_err *err)
{
    bool matched = p->was_there && !p->restored;
    bool merged = matched && p->is_new;
    if (p->there && merged)
        return note_merged(t, p, err);
    if (!p->there && !p->was_there)
        return MR_OK;
    /* whom a plan matched differs from SOURCE's row as before */
    enum mr_code code = MR_CASE_RUN(
        t->mark, err, MR_ARG_INT("id", p->id),
        MR_ARG_BYTES("into", p->there ? p->target_key : (struct mr_key){0}),
        MR_ARG_INT("gone", !p->there), MR_ARG_INT("exact", p->there && p->exact && !matched),
        MR_ARG_INT("plan", p->plan));
    if (code == MR_OK && p->restored)
        code = MR_CASE_RUN(t->stands, err, MR_ARG_INT("plan", p->plan), MR_ARG_INT("id", p->id),
                           MR_ARG_INT("there", p->there));
    return code == MR_OK && !p->was_there
               ? MR_CASE_RUN(t->state, err, MR_ARG_TEXT("name", mr_plan_table_name(t->table)),
                             MR_ARG_BYTES("source_key", p->source_key),
                             MR_ARG_BYTES("target_key", p->target_key))
               : code;
}

static enum mr_code test_rows(struct testing *t, struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = mr_merge_named_text(t->table, &t->known_by, err);
    while (code == MR_OK) {
        code = read_planned(t, after, err);
        if (code != MR_OK || t->rows.count == 0)
            break;
        after = ((struct planned *)mr_vec_at(&t->rows, t->rows.count - 1))->id;
        code = look(t, err);
        for (size_t i = 0; code == MR_OK && i < t->rows.count; i++) {
            struct planned *p = mr_vec_at(&t->rows, i);
            code = contest(t, p, err);
            if (code == MR_OK)
                code = note(t, p, err);
        }
    }
    return code;
}

static enum mr_code test_table(struct testing *t, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    enum mr_code code = mr_plan_digester_of(&t->digester, t->table, &arena, err);
    if (code == MR_OK)
        code = test_rows(t, err);
    mr_plan_digester_release(&t->digester);
    mr_arena_release(&arena);
    return code;
}

/* ---- taken back as a whole ---- */

/* Plans that were applied, and of which nothing, or less than half, is there any more.  Rows of
 * tables that are not planned now, and those that SOURCE has no more, were not looked for. */
static const char missed_sql[] =
    "SELECT plan, sum(there) AS standing, CASE plan WHEN 0 THEN count(*) ELSE"
    " (SELECT count(DISTINCT tree) FROM step s WHERE s.plan=stands.plan) END AS people,"
    " (SELECT count(*) FROM plan_map p WHERE p.plan=stands.plan AND p.state='applied')"
    " - count(*) AS unseen FROM stands GROUP BY plan HAVING 2*sum(there)<count(*)";

struct missed {
    int64_t plan, standing, people, unseen;
};

#define MISSED(member) MR_CASE_FIELD(struct missed, member, MR_CASE_INT)
static const struct mr_case_field missed_fields[] =
    MR_CASE_LIST(MISSED(plan), MISSED(standing), MISSED(people), MISSED(unseen));

static enum mr_code take_back(struct mr_merge *m, int64_t plan, struct mr_err *err)
{
    static const char *const sql[] = {
        "DELETE FROM mark WHERE gone AND into_key IS NULL AND id IN"
        " (SELECT id FROM stands WHERE plan=:plan)",
        "UPDATE plan_map SET state='undone' WHERE plan=:plan AND state='applied'",
        "UPDATE plan SET state='undone' WHERE id=:plan"};
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++)
        MR_TRY(MR_CASE_ONCE(m->cf, sql[i], err, MR_ARG_INT("plan", plan)));
    return MR_OK;
}

/* undo.sql by the stock client tells the case nothing.  Where no row stands of a plan that
 * restored several people, it was taken back: it is as good as undone.  Where it was one
 * person only, or some stand, or were not looked for, they may as well have been deleted one by
 * one: that is asked (mark.skip is not set). */
static enum mr_code find_taken_back(struct mr_merge *m, struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct missed missed;
    struct mr_vec back = MR_VEC_INIT(int64_t);
    bool row = false;
    enum mr_code code = mr_case_prepare(m->cf, missed_sql, &stmt, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(missed_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &missed, &row, err)) == MR_OK &&
           row) {
        bool whole = missed.standing == 0 && missed.unseen == 0 && missed.people > 1;
        int64_t *slot = whole ? mr_vec_push(&back) : NULL;
        if (slot != NULL)
            *slot = missed.plan;
        else if (whole)
            code = mr_merge_nomem(err);
        else
            code = MR_CASE_ONCE(m->cf,
                                "UPDATE mark SET skip=0 WHERE gone AND into_key IS"
                                " NULL AND id IN (SELECT id FROM stands WHERE"
                                " plan=:plan)",
                                err, MR_ARG_INT("plan", missed.plan));
    }
    mr_case_free(stmt);
    for (size_t i = 0; code == MR_OK && i < back.count; i++)
        code = take_back(m, *(int64_t *)mr_vec_at(&back, i), err);
    mr_vec_release(&back);
    return code;
}

/* Rows that were deleted since keep that as their conflict, and its choice. */
static enum mr_code skip_deleted(struct mr_merge *m, struct mr_err *err)
{
    return mr_case_exec(m->cf,
                        "INSERT INTO chosen (id, kind, choice) SELECT id, 'deleted-since',"
                        " 'skip' FROM mark WHERE gone AND skip AND into_key IS NULL",
                        err);
}

/* Marks are set before anything is decided, so that the matcher takes the rows for placed; what
 * was taken back as a whole is only seen when all rows were tested. */
enum mr_code mr_merge_earlier(struct mr_merge *m, struct mr_err *err)
{
    struct testing t = {.m = m,
                        .arena = MR_ARENA_INIT,
                        .rows = MR_VEC_INIT(struct planned),
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .names = MR_VEC_INIT(struct mr_merge_ask),
                        .known_by = MR_STRBUF_INIT};
    const struct mr_case_sql list[] = {
        {&t.stands, "INSERT INTO stands (plan, id, there) VALUES (:plan, :id, :there)"},
        {&t.mark, "INSERT INTO mark (id, into_key, gone, known, skip, exact, plan)"
                  " VALUES (:id, :into, :gone, 1, :gone, :exact, :plan) ON CONFLICT (id) DO"
                  " UPDATE SET plan=iif(into_key IS NULL, excluded.plan, plan),"
                  " into_key=coalesce(into_key, excluded.into_key),"
                  " gone=min(gone, excluded.gone), skip=min(skip, excluded.skip),"
                  " exact=max(exact, excluded.exact)"},
        {&t.state, "UPDATE plan_map SET state='applied' WHERE tbl=:name AND"
                   " source_key=:source_key AND target_key=:target_key"},
        {&t.rival, rival_sql},
        {&t.earlier,
         "INSERT INTO earlier (id, tkey, exact, plan) VALUES (:id, :tkey, :exact, :plan)"
         " ON CONFLICT (id) DO UPDATE SET tkey=excluded.tkey, exact=excluded.exact,"
         " plan=excluded.plan WHERE excluded.plan>plan"},
    };
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(m->cf, schema_sql, err));
    MR_TRY_OUT(mr_case_exec(m->cf, stands_sql, err));
    MR_TRY_OUT(mr_merge_named_sift(m, err));
    MR_TRY_OUT(mr_case_prepare_all(m->cf, list, sizeof list / sizeof list[0], err));
    for (size_t i = 0; i < m->plan->ntables; i++) {
        t.table = &m->plan->tables[i];
        if (t.table->key.count > 0)
            MR_TRY_OUT(test_table(&t, err));
    }
    MR_TRY_OUT(find_taken_back(m, err));
    MR_TRY_OUT(skip_deleted(m, err));
out:
    mr_case_free(t.stands);
    mr_case_free(t.mark);
    mr_case_free(t.state);
    mr_case_free(t.rival);
    mr_case_free(t.earlier);
    mr_vec_release(&t.rows);
    mr_vec_release(&t.asks);
    mr_vec_release(&t.names);
    mr_strbuf_release(&t.known_by);
    mr_arena_release(&t.arena);
    return code;
}

/* ---- remembering ---- */

/* Without a digest: a row under a key of its own is told by that, one that kept its key by
 * being equal, and whether it ever stood is not known. */
enum mr_code mr_merge_remember(struct mr_case *cf, const struct mr_merge_mapping *mapping,
                               struct mr_err *err)
{
    const char *state = mapping->is_matched ? "matched" : "applied";
    const bool merged = mapping->is_matched && mapping->is_merged;
    const bool proven = mapping->digest.len > 0;
    MR_TRY(mr_case_exec(cf, schema_sql, err));
    return MR_CASE_ONCE(
        cf,
        "INSERT OR IGNORE INTO plan_map (tbl, source_key, target_key, identity, digest,"
        " is_new, state, plan) VALUES (:name, :source_key, :target_key, :identity,"
        " :digest, :merged OR (NOT :matched AND :source_key<>:target_key), :state, 0)",
        err, MR_ARG_TEXT("name", mapping->table), MR_ARG_BYTES("source_key", mapping->source_key),
        MR_ARG_BYTES("target_key", mapping->target_key),
        MR_ARG_BYTES("identity", merged ? (struct mr_key){0} : mapping->identity),
        MR_ARG_BLOB("digest", proven ? mapping->digest.ptr : "", mapping->digest.len),
        MR_ARG_INT("matched", mapping->is_matched),
        MR_ARG_TEXT("state", proven ? state : "proposed"), MR_ARG_INT("merged", merged));
}

/* ---- keys that are known ---- */

/* What the counter handed out for a row of that key. */
static enum mr_code counted(const struct mr_plan_table *t, struct mr_key key, int64_t *n,
                            struct mr_err *err)
{
    struct mr_value value = {0};
    size_t pos = 0;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->key.count && t->key.at[i] != t->counter; i++)
        code = mr_row_skip(key.ptr, key.len, &pos, err);
    if (code == MR_OK)
        code = mr_row_decode(key.ptr, key.len, &pos, &value, err);
    *n = mr_counted_of_value(&value, t->counts_unsigned);
    return code;
}

static enum mr_code note_known(struct mr_merge *m, const struct mr_plan_table *t,
                               struct mr_case_stmt *keys, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool row = false;
    MR_CASE_BIND(keys, MR_ARG_TEXT("name", mr_plan_table_name(t)));
    while (code == MR_OK && (code = mr_case_step(keys, &row, err)) == MR_OK && row) {
        int64_t n = 0;
        struct mr_key key;
        key.ptr = mr_case_blob(keys, 0, &key.len);
        code = counted(t, key, &n, err);
        if (code == MR_OK)
            code = MR_CASE_ONCE(m->cf, "INSERT OR IGNORE INTO known_key VALUES (:tbl, :n)", err,
                                MR_ARG_INT("tbl", t->at), MR_ARG_INT("n", n));
    }
    mr_case_reset(keys);
    return code;
}

enum mr_code mr_merge_earlier_known(struct mr_merge *m, struct mr_err *err)
{
    struct mr_case_stmt *keys = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_case_exec(m->cf, schema_sql, err));
    MR_TRY_OUT(mr_case_exec(m->cf,
                            "DROP TABLE IF EXISTS temp.known_key;"
                            "CREATE TEMP TABLE known_key (tbl INT, n INT,"
                            " PRIMARY KEY (tbl, n)) WITHOUT ROWID",
                            err));
    MR_TRY_OUT(mr_case_prepare(m->cf,
                               "SELECT source_key FROM plan_map WHERE tbl=:name"
                               " AND state<>'undone'",
                               &keys, err));
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (mr_plan_has_counter(&m->plan->tables[i]))
            MR_TRY_OUT(note_known(m, &m->plan->tables[i], keys, err));
out:
    mr_case_free(keys);
    return code;
}

enum mr_code mr_merge_earlier_restored(struct mr_merge *m, const struct mr_plan_table *table,
                                       struct mr_key key, bool *is, struct mr_err *err)
{
    static const char of_key[] = "SELECT 1 FROM plan_map WHERE tbl=:name AND source_key=:key"
                                 " AND state='applied' LIMIT 1";
    static const char of_any[] =
        "SELECT 1 FROM plan_map WHERE tbl=:name AND state='applied' LIMIT 1";
    const char *name = mr_plan_table_name(table);
    *is = false;
    MR_TRY(mr_case_exec(m->cf, schema_sql, err));
    return key.ptr != NULL ? MR_CASE_HAS(m->cf, of_key, is, err, MR_ARG_TEXT("name", name),
                                         MR_ARG_BYTES("key", key))
                           : MR_CASE_HAS(m->cf, of_any, is, err, MR_ARG_TEXT("name", name));
}

enum mr_code mr_merge_earlier_placed(struct mr_merge *m, const struct mr_plan_table *table,
                                     struct mr_key key, bool *is, struct mr_err *err)
{
    static const char sql[] = "SELECT 1 FROM plan_map WHERE tbl=:name AND source_key=:key AND"
                              " (state='applied' OR (state='matched' AND is_new)) LIMIT 1";
    *is = false;
    MR_TRY(mr_case_exec(m->cf, schema_sql, err));
    return MR_CASE_HAS(m->cf, sql, is, err, MR_ARG_TEXT("name", mr_plan_table_name(table)),
                       MR_ARG_BYTES("key", key));
}

/* ---- proposing ---- */

struct proposing {
    struct mr_merge *m;
    struct mr_plan_digester *digester; /* of the table */
    struct mr_case_stmt *stmt;
};

/* Kept with the digest as it will stand, so that the next plan knows the row to the byte; of who
 * was matched, as he is now, or will be. */
static enum mr_code propose(void *ctx, const struct mr_entity *e, struct mr_err *err)
{
    struct proposing *p = ctx;
    struct mr_merge *m = p->m;
    const struct mr_plan_table *t = &m->plan->tables[e->table];
    struct mr_digest digest = {0};
    const bool added = e->decision == MR_DECIDE_INSERT || e->decision == MR_DECIDE_RENUMBER;
    const bool merged = !added && mr_entity_is_merged(e);
    enum mr_code code = mr_plan_digester_row(
        p->digester, e->after.ptr != NULL ? e->after : e->target, &digest, err);
    if (code != MR_OK)
        return code;
    return MR_CASE_RUN(p->stmt, err, MR_ARG_TEXT("name", mr_plan_table_name(t)),
                       MR_ARG_BYTES("source_key", e->source_key),
                       MR_ARG_BYTES("target_key", e->target_key),
                       MR_ARG_BYTES("identity", merged ? (struct mr_key){0} : e->identity),
                       MR_ARG_BLOB("digest", &digest, DIGEST_BYTES),
                       MR_ARG_INT("is_new", e->decision == MR_DECIDE_RENUMBER || merged),
                       MR_ARG_INT("plan", mr_plan_store_id(m->store)));
}

/* Who is found on TARGET is so also where columns of his row are written. */
static enum mr_code propose_updated(void *ctx, const struct mr_entity *e, struct mr_err *err)
{
    const struct proposing *p = ctx;
    bool is = false;
    MR_TRY(mr_plan_store_is_lost(p->m->store, e->id, &is, err));
    return is ? propose(ctx, e, err) : MR_OK;
}

#define INTO_PLAN_MAP(state)                                                                       \
    " INTO plan_map (tbl, source_key, target_key, identity, digest, is_new, plan, "                \
    "state)"                                                                                       \
    " VALUES (:name, :source_key, :target_key, :identity, :digest, :is_new, :plan,"                \
    " '" state "')"
static const char propose_sql[] = "INSERT OR REPLACE" INTO_PLAN_MAP("proposed");
/* Whom a plan restored is found again by the next one: that stays his.  Who was merged is so
 * with the other as he is now. */
static const char matched_sql[] = "INSERT" INTO_PLAN_MAP(
    "matched") " ON CONFLICT (tbl, source_key, target_key)"
               " DO UPDATE SET identity=excluded.identity, digest=excluded.digest,"
               " is_new=1, plan=excluded.plan WHERE state='matched' AND excluded.is_new";

struct merged {
    struct mr_key key, holder;
};

#define MERGED(member) MR_CASE_FIELD(struct merged, member, MR_CASE_BYTES)
static const struct mr_case_field merged_fields[] = MR_CASE_LIST(MERGED(key), MERGED(holder));

/* Somebody who was merged is asked about once more: why, and what was said. */
static enum mr_code tell_asked(struct mr_merge *m, const struct mr_plan_table *t,
                               struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct merged merged;
    bool row = false;
    enum mr_code code = MR_CASE_PREPARE(
        m->cf,
        "SELECT w.skey AS key, e.tkey AS holder FROM earlier e JOIN m ON m.id=e.id "
        "JOIN w ON w.id=e.id"
        " WHERE m.tbl=:tbl AND m.kind='unique' AND NOT EXISTS"
        " (SELECT 1 FROM chosen c WHERE c.id=e.id AND c.kind='unique')"
        /* nobody has withdrawn it */
        " AND EXISTS (SELECT 1 FROM plan_map p WHERE p.tbl=:name AND"
        " p.source_key=w.skey AND p.state='matched' AND p.is_new)"
        " ORDER BY w.skey LIMIT 10",
        &stmt, err, MR_ARG_INT("tbl", t->at), MR_ARG_TEXT("name", mr_plan_table_name(t)));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(merged_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &merged, &row, err)) == MR_OK &&
           row) {
        mr_strbuf_reset(&text);
        mr_strbuf_add_str(&text, "key ");
        code = mr_plan_text_values(&text, t, &t->key, merged.key, err);
        mr_strbuf_add_str(&text, ": an earlier plan merged it into key ");
        if (code == MR_OK)
            code = mr_plan_text_values(&text, t, &t->key, merged.holder, err);
        if (code == MR_OK)
            code = mr_strbuf_check(&text, "planning", err);
        if (code == MR_OK)
            mr_log_warning("table \"%s\", %s, who is not as he was; it is asked again, "
                           "and merge-into says the same as then",
                           mr_plan_table_name(t), text.ptr);
    }
    mr_case_free(stmt);
    mr_strbuf_release(&text);
    return code;
}

/* Whom this plan decided otherwise about is merged no more. */
static enum mr_code forget_merged(struct mr_merge *m, const struct mr_plan_table *t,
                                  struct mr_err *err)
{
    return MR_CASE_ONCE(m->cf,
                        "DELETE FROM plan_map WHERE tbl=:name AND state='matched' AND is_new AND"
                        " source_key IN (SELECT w.skey FROM earlier e JOIN w ON w.id=e.id"
                        " JOIN chosen c ON c.id=e.id"
                        " WHERE w.tbl=:tbl AND c.kind='unique' AND c.choice<>'merge-into')",
                        err, MR_ARG_TEXT("name", mr_plan_table_name(t)), MR_ARG_INT("tbl", t->at));
}

/* Whom this plan asks about again, or decided otherwise about, is told and forgotten before his
 * new word is written. */
static enum mr_code propose_table(struct proposing *added, struct proposing *matched,
                                  const struct mr_plan_table *t, struct mr_err *err)
{
    static const enum mr_decision restored[] = {MR_DECIDE_INSERT, MR_DECIDE_RENUMBER};
    struct mr_plan_digester digester;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_merge *m = added->m;
    added->digester = matched->digester = &digester;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_plan_digester_of(&digester, t, &arena, err));
    MR_TRY_OUT(tell_asked(m, t, err));
    MR_TRY_OUT(forget_merged(m, t, err));
    for (size_t d = 0; d < sizeof restored / sizeof *restored; d++)
        MR_TRY_OUT(mr_plan_store_each(m->store, t->at, restored[d], propose, added, err));
    MR_TRY_OUT(mr_plan_store_each(m->store, t->at, MR_DECIDE_MATCHED, propose, matched, err));
    MR_TRY_OUT(
        mr_plan_store_each(m->store, t->at, MR_DECIDE_UPDATE, propose_updated, matched, err));
out:
    mr_plan_digester_release(&digester);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_merge_propose(struct mr_merge *m, struct mr_err *err)
{
    struct proposing added = {.m = m}, matched = {.m = m};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_merge_named_keep(m, err));
    MR_TRY_OUT(mr_case_prepare(m->cf, propose_sql, &added.stmt, err));
    MR_TRY_OUT(mr_case_prepare(m->cf, matched_sql, &matched.stmt, err));
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (m->plan->tables[i].key.count > 0)
            MR_TRY_OUT(propose_table(&added, &matched, &m->plan->tables[i], err));
out:
    mr_case_free(added.stmt);
    mr_case_free(matched.stmt);
    return code;
}
