/* merge_match.c: see merge_match.h. */
#include "repair/merge/merge_match.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_facts.h"
#include "repair/merge/merge_match_internal.h"
#include "repair/merge/merge_past.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_trace.h"

struct mr_key mr_merge_matching_keep(struct mr_merge_matching *x, struct mr_key bytes,
                                     enum mr_code *code, struct mr_err *err)
{
    struct mr_key copy = {mr_arena_dup(&x->arena, bytes.ptr, bytes.len), bytes.len};
    if (copy.ptr == NULL)
        *code = mr_merge_nomem(err);
    return copy;
}

static struct mr_merge_candidate *candidate(const struct mr_merge_matching *x, size_t i)
{
    return mr_vec_at(&x->candidates, i);
}

/* ---- one batch of rows ---- */

#define MARK(name, member, type)                                                                   \
    MR_CASE_FIELD_AS(name, struct mr_merge_candidate, member, MR_CASE_##type)
static const struct mr_case_field mark_fields[] =
    MR_CASE_LIST(MARK("unsame", unsame, FLAG), MARK("into_key", into, BYTES),
                 MARK("edits", edits, BYTES), MARK("settled", settled, FLAG));

static enum mr_code read_marks(struct mr_merge_matching *x, struct mr_merge_candidate *c,
                               struct mr_err *err)
{
    bool found = false;
    if (!x->has_marks)
        return MR_OK;
    MR_CASE_BIND(x->marks, MR_ARG_INT("id", c->row->id));
    enum mr_code code = mr_case_fields_next(&x->marks_map, &x->arena, c, &found, err);
    mr_case_reset(x->marks);
    return code;
}

/* A row is looked for under the key that it would have on TARGET, so references come first. */
static enum mr_code map_batch(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    enum mr_code code = MR_OK;
    mr_vec_clear(&x->candidates);
    for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
        struct mr_merge_candidate *c = mr_vec_push(&x->candidates);
        bool null = false;
        if (c == NULL)
            return mr_merge_nomem(err);
        c->row = mr_vec_at(&x->rows, i);
        c->lone = -1;
        code = read_marks(x, c, err);
        if (code == MR_OK)
            code = mr_merge_map_row(&x->map, t, c->row, x->mode, c->edits, err);
        if (code != MR_OK)
            break;
        c->disagrees = x->map.disagrees;
        c->after =
            mr_merge_matching_keep(x, (struct mr_key){x->map.row.ptr, x->map.row.len}, &code, err);
        if (code == MR_OK)
            code = mr_pair_values_of(c->after.ptr, c->after.len, t->key.at, t->key.count, &x->bytes,
                                     &null, err);
        if (code == MR_OK)
            c->key =
                mr_merge_matching_keep(x, (struct mr_key){x->bytes.ptr, x->bytes.len}, &code, err);
    }
    return code;
}

/* What TARGET takes for one key, SOURCE may have in several rows. */
static enum mr_code name_keys(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    mr_vec_clear(&x->asks);
    for (size_t i = 0; i < x->candidates.count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&x->asks);
        if (ask == NULL)
            return mr_merge_nomem(err);
        *ask = (struct mr_merge_ask){.value = candidate(x, i)->key};
    }
    MR_TRY(mr_merge_lookup_canonise(x->m, t, t->key, &x->asks, &x->arena, err));
    for (size_t i = 0; i < x->candidates.count; i++)
        candidate(x, i)->canon = ((const struct mr_merge_ask *)mr_vec_at(&x->asks, i))->canon;
    return MR_OK;
}

/* TARGET's unique key lets one row answer at most. */
static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct mr_merge_matching *x = ctx;
    const struct mr_plan_columns *key = &x->table->plan->key;
    struct mr_merge_candidate *c = candidate(x, (size_t)ask->tag);
    bool null = false;
    enum mr_code code =
        mr_pair_values_of(row->image, row->len, key->at, key->count, &x->bytes, &null, err);
    if (code == MR_OK)
        c->taken_key =
            mr_merge_matching_keep(x, (struct mr_key){x->bytes.ptr, x->bytes.len}, &code, err);
    if (code == MR_OK)
        c->taken = mr_merge_matching_keep(x, (struct mr_key){row->image, row->len}, &code, err);
    return code;
}

/* TARGET's rows under the mapped keys; where a person chose another one, that. */
static enum mr_code find_holders(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, x->table->plan, x->table->plan->key};
    enum mr_code code = MR_OK;
    mr_vec_clear(&x->asks);
    for (size_t i = 0; code == MR_OK && i < x->candidates.count; i++) {
        struct mr_merge_candidate *c = candidate(x, i);
        struct mr_key key = c->into.ptr != NULL ? c->into : c->key;
        if (mr_key_compare(key, c->row->key) == 0) {
            c->taken_key = c->row->live_key;
            c->taken = (struct mr_key){c->row->live, c->row->live_len};
            continue;
        }
        if (mr_merge_provisional_within(key))
            continue;
        struct mr_merge_ask *ask = mr_vec_push(&x->asks);
        if (ask == NULL)
            return mr_merge_nomem(err);
        *ask = (struct mr_merge_ask){.tag = (int64_t)i, .value = key};
    }
    return mr_merge_lookup_ask(x->m, &what, &x->asks, take_holder, x, err);
}

/* Is TARGET's row under its key the row itself? */
static void meet_holder(const struct mr_merge_matching *x, struct mr_merge_candidate *c)
{
    struct mr_fact f = mr_merge_facts_about(x->table);
    f.above = c->row->above;
    f.taken = c->taken.ptr != NULL;
    f.merged = c->into.ptr != NULL;
    c->same = f.counted && f.above && !f.merged && c->row->equal && !c->unsame &&
              mr_key_compare(c->key, c->row->key) == 0;
    f.same = c->same;
    if (!mr_decide_holder(&f).is_it)
        return;
    c->there = c->taken_key;
    c->there_image = c->taken;
}

/* Does it count who TARGET's row under the key is?  Only where a counter made the key. */
static bool is_holder_named(const struct mr_merge_matching *x, const struct mr_merge_candidate *c)
{
    return mr_plan_has_counter(x->table->plan) && c->taken.ptr != NULL && !c->same && c->row->above;
}

/* The canonical identity of a row counted as a multiset is the row itself. */
static enum mr_code name_whole(struct mr_merge_matching *x, struct mr_key image,
                               struct mr_key *ident, struct mr_err *err)
{
    struct mr_digest name;
    enum mr_code code = mr_merge_match_name(x, image, &name, err);
    if (code == MR_OK)
        *ident = mr_merge_matching_keep(x, (struct mr_key){&name, sizeof name}, &code, err);
    return code;
}

static enum mr_code name_wholes(struct mr_merge_matching *x, struct mr_err *err)
{
    for (size_t i = 0; i < x->candidates.count; i++) {
        struct mr_merge_candidate *c = candidate(x, i);
        MR_TRY(name_whole(x, c->after, &c->ident, err));
        if (is_holder_named(x, c))
            MR_TRY(name_whole(x, c->taken, &c->taken_ident, err));
    }
    return MR_OK;
}

/* Canonical identities of the rows, and of TARGET's under their keys, in one go: who was moved by
 * a key stands beside its row, so that a text is asked for once. */
static enum mr_code name_columns(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    mr_vec_clear(&x->asks);
    for (size_t i = 0; i < x->candidates.count; i++) {
        const struct mr_merge_candidate *c = candidate(x, i);
        int64_t tag = (int64_t)(2 * i);
        MR_TRY(mr_merge_lookup_push(&x->asks, tag, c->after, t->named_by, &x->arena, err));
        if (is_holder_named(x, c))
            MR_TRY(mr_merge_lookup_push(&x->asks, tag + 1, c->taken, t->named_by, &x->arena, err));
    }
    MR_TRY(mr_merge_lookup_canonise(x->m, t, t->named_by, &x->asks, &x->arena, err));
    for (size_t i = 0; i < x->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&x->asks, i);
        struct mr_merge_candidate *c = candidate(x, (size_t)(ask->tag / 2));
        *(ask->tag % 2 != 0 ? &c->taken_ident : &c->ident) = ask->canon;
    }
    return MR_OK;
}

/* Is its key held by another identity? */
static bool collides(const struct mr_merge_matching *x, const struct mr_merge_candidate *c)
{
    if (c->same || !c->row->above || c->taken.ptr == NULL || c->into.ptr != NULL || c->past ||
        c->doubt)
        return false;
    return x->table->plan->identity == MR_PLAN_BY_NONE || c->ident.ptr == NULL ||
           mr_key_compare(c->ident, c->taken_ident) != 0;
}

/* The row as it would stand on TARGET, and TARGET's that it is. */
static enum mr_code write_image(struct mr_merge_matching *x, int64_t id, struct mr_key after,
                                struct mr_key there, struct mr_err *err)
{
    return MR_CASE_RUN(x->image, err, MR_ARG_INT("id", id), MR_ARG_BYTES("after", after),
                       MR_ARG_BYTES("there", there));
}

static enum mr_code write_batch(struct mr_merge_matching *x, struct mr_err *err)
{
    for (size_t i = 0; i < x->candidates.count; i++) {
        const struct mr_merge_candidate *c = candidate(x, i);
        MR_TRY(MR_CASE_RUN(x->insert, err, MR_ARG_INT("id", c->row->id),
                           MR_ARG_INT("tbl", x->table->plan->at), MR_ARG_BYTES("ident", c->ident),
                           MR_ARG_BYTES("mkey", c->key), MR_ARG_BYTES("canon", c->canon),
                           MR_ARG_BYTES("taken", c->taken_key),
                           MR_ARG_INT("collides", collides(x, c)), MR_ARG_BYTES("there", c->there),
                           MR_ARG_INT("same", c->same), MR_ARG_INT("disagrees", c->disagrees),
                           MR_ARG_INT("doubt", c->doubt), MR_ARG_INT("lone", c->lone)));
        if (c->past)
            MR_TRY(MR_CASE_RUN(x->past, err, MR_ARG_INT("id", c->row->id)));
        MR_TRY(write_image(x, c->row->id, c->after, c->there_image, err));
    }
    return MR_OK;
}

/* The key first; identities next, also that of TARGET's row under the key, which tells a collision
 * from an edit. */
static enum mr_code match_batch(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    MR_TRY(map_batch(x, err));
    if (t->key.count > 0)
        MR_TRY(name_keys(x, err));
    if (t->key.count > 0)
        MR_TRY(find_holders(x, err));
    for (size_t i = 0; t->key.count > 0 && i < x->candidates.count; i++)
        meet_holder(x, candidate(x, i));
    if (t->identity != MR_PLAN_BY_NONE)
        MR_TRY(t->identity == MR_PLAN_BY_ROW ? name_wholes(x, err) : name_columns(x, err));
    MR_TRY(mr_merge_past_judge(x, err));
    return write_batch(x, err);
}

static enum mr_code match_keys(struct mr_merge_matching *x, struct mr_err *err)
{
    int64_t after = 0;
    for (;;) {
        mr_arena_reset(&x->arena);
        enum mr_code code =
            MR_MERGE_PAGE(x->m,
                          "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                          " WHERE w.tbl=:tbl AND w.wave=:wave AND w.id>:after"
                          " ORDER BY w.id LIMIT 1000",
                          after, &x->arena, &x->rows, err, MR_ARG_INT("tbl", x->table->plan->at),
                          MR_ARG_INT("wave", x->wave));
        if (code != MR_OK || x->rows.count == 0)
            return code;
        after = ((struct mr_merge_work_row *)mr_vec_at(&x->rows, x->rows.count - 1))->id;
        code = match_batch(x, err);
        if (code != MR_OK)
            return code;
    }
}

/* ---- rows that TARGET takes for one ---- */

/* TARGET's row is whose key it spells; of the others nobody is it. */
static enum mr_code part_row(void *ctx, struct mr_merge_known *row, struct mr_err *err)
{
    struct mr_merge_matching *x = ctx;
    if (mr_decide_holder(&row->fact).is_it)
        return MR_OK;
    MR_TRY(MR_CASE_RUN(x->apart, err, MR_ARG_INT("id", row->id)));
    return write_image(x, row->id, row->image, (struct mr_key){0}, err);
}

/* SOURCE may tell keys apart that TARGET does not: a row is not taken for TARGET's that is
 * another one of SOURCE's. */
static enum mr_code part_namesakes(struct mr_merge_matching *x, struct mr_err *err)
{
    static const char sql[] =
        "SELECT m.id AS id, w.above AS above, m.same AS same, 1 AS taken, 1 AS namesake,"
        " k.into_key IS NOT NULL AS merged, img.after AS image FROM m INDEXED BY m_respelt"
        " JOIN w ON w.id=m.id JOIN img ON img.id=m.id LEFT JOIN mark k ON k.id=m.id"
        " WHERE m.tbl=:tbl AND w.wave<=:wave AND m.id>:after AND m.taken<>m.mkey AND EXISTS"
        " (SELECT 1 FROM m o WHERE o.tbl=m.tbl AND o.canon=m.canon AND o.id<>m.id)"
        " ORDER BY m.id LIMIT 1000";
    const struct mr_merge_facts_query query = {sql, MR_CASE_ARGS(MR_ARG_INT("wave", x->wave))};
    return mr_merge_facts_each(x->m, x->table, query, part_row, x, err);
}

/* ---- new ids ---- */

/* Gives rows whose key is taken, or was, a provisional id. */
static enum mr_code write_traces(struct mr_merge_matching *x, struct mr_err *err)
{
    for (size_t i = 0; i < x->rows.count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
        const struct mr_merge_ask *ask = mr_vec_at(&x->asks, i);
        if (ask->tag != 0)
            continue;
        MR_TRY(MR_CASE_RUN(x->traced, err, MR_ARG_INT("id", row->id)));
    }
    return MR_OK;
}

/* Ids that a counter made are one row's each, unless rows were written under the id of another
 * one on purpose. */
static enum mr_code find_shared(struct mr_merge_matching *x, struct mr_err *err)
{
    const size_t at = x->table->plan->at;
    struct mr_plan_table *t = &x->m->plan->tables[at];
    int64_t shared = 0;
    bool any = false;
    for (size_t i = 0; i < x->m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &x->m->plan->references[i];
        any = any || (r->parent == at && mr_plan_is_of_part(t, r));
    }
    if (!any || t->parts == MR_PLAN_PARTS_SHARED)
        return MR_OK;
    enum mr_code code =
        MR_CASE_NUMBER(x->m->cf,
                       "SELECT EXISTS (SELECT 1 FROM w WHERE tbl=:tbl AND above GROUP BY n HAVING"
                       " count(*)>1)",
                       &shared, err, MR_ARG_INT("tbl", at));
    t->parts = shared != 0 ? MR_PLAN_PARTS_SHARED : MR_PLAN_PARTS_ALONE;
    return code;
}

/* Only keys that nobody holds: of others it is known that they are taken. */
static enum mr_code find_traces(struct mr_merge_matching *x, struct mr_err *err)
{
    static const char sql[] =
        "SELECT w.id, m.mkey AS key, w.n, w.above, w.equal FROM m INDEXED BY m_tbl"
        " JOIN w ON w.id=m.id WHERE m.tbl=:tbl AND w.wave=:wave AND m.id>:after"
        " AND m.there IS NULL AND m.taken IS NULL ORDER BY m.id LIMIT :limit";
    int64_t after = 0;
    enum mr_code code = find_shared(x, err);
    while (code == MR_OK) {
        mr_arena_reset(&x->arena);
        mr_vec_clear(&x->asks);
        code = MR_MERGE_PAGE(x->m, sql, after, &x->arena, &x->rows, err,
                             MR_ARG_INT("tbl", x->table->plan->at), MR_ARG_INT("wave", x->wave),
                             MR_ARG_INT("limit", mr_merge_trace_keys(x->m, x->table->plan)));
        if (code != MR_OK || x->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
            struct mr_merge_ask *ask = mr_vec_push(&x->asks);
            if (ask == NULL)
                return mr_merge_nomem(err);
            *ask = (struct mr_merge_ask){.tag = row->id, .value = row->key};
            after = row->id;
        }
        code = mr_merge_traces(x->m, x->table->plan, &x->asks, err);
        if (code == MR_OK)
            code = write_traces(x, err);
    }
    return code;
}

/* Puts a provisional id where the counter's goes. */
static enum mr_code renumber(struct mr_merge_matching *x, int64_t id, struct mr_key image,
                             struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    char number[10];
    struct mr_key *values = x->map.values;
    memset(values, 0, x->map.nvalues * sizeof *values);
    mr_merge_provisional_encode(id, number);
    values[t->counter] = (struct mr_key){number, sizeof number};
    enum mr_code code = mr_merge_row_edit(image, values, t->pair->find.ncolumns, &x->bytes, err);
    if (code == MR_OK)
        code = MR_CASE_RUN(x->newid, err, MR_ARG_INT("id", id));
    return code == MR_OK ? write_image(x, id, (struct mr_key){x->bytes.ptr, x->bytes.len},
                                       (struct mr_key){0}, err)
                         : code;
}

static enum mr_code place_row(void *ctx, struct mr_merge_known *row, struct mr_err *err)
{
    return mr_decide_place(&row->fact).place == MR_PLACE_NEW_ID
               ? renumber(ctx, row->id, row->image, err)
               : MR_OK;
}

/* Of rows that are not there; the others keep what they have. */
static enum mr_code give_ids(struct mr_merge_matching *x, struct mr_err *err)
{
    static const char sql[] =
        "SELECT m.id AS id, w.above AS above, m.taken IS NOT NULL AS taken,"
        " m.traced AS traced, img.after AS image FROM m INDEXED BY m_tbl"
        " JOIN w ON w.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl AND w.wave=:wave"
        " AND m.id>:after AND m.there IS NULL AND (m.taken IS NOT NULL OR m.traced)"
        " ORDER BY m.id LIMIT 1000";
    const struct mr_merge_facts_query query = {sql, MR_CASE_ARGS(MR_ARG_INT("wave", x->wave))};
    return mr_plan_has_counter(x->table->plan)
               ? mr_merge_facts_each(x->m, x->table, query, place_row, x, err)
               : MR_OK;
}

/* ---- tables ---- */

/* References of a table to itself that say who its rows are, as "1, 4". */
static void self_references(const struct mr_merge_matching *x, struct mr_strbuf *list)
{
    const struct mr_plan_tables *plan = x->m->plan;
    for (size_t i = 0; i < plan->nreferences; i++) {
        const struct mr_plan_reference *r = &plan->references[i];
        if (r->hard && r->child == x->table->plan->at && r->parent == r->child)
            mr_strbuf_add_fmt(list, "%s%zu", list->len > 0 ? ", " : "", i);
    }
}

/* Row by row: a wave of rows refers to earlier waves only.  What is left in a circle is
 * one last wave. */
static enum mr_code find_waves(struct mr_merge_matching *x, int64_t *waves, struct mr_err *err)
{
    struct mr_strbuf refs = MR_STRBUF_INIT, sql = MR_STRBUF_INIT;
    const size_t at = x->table->plan->at;
    int64_t changed = 1;
    *waves = 1;
    if (!x->table->plan->self_hard)
        return MR_OK;
    self_references(x, &refs);
    mr_strbuf_add_fmt(&sql,
                      "UPDATE w SET wave=:wave WHERE tbl=:tbl AND wave=-1 AND NOT EXISTS"
                      " (SELECT 1 FROM link l JOIN w p ON p.id=l.parent WHERE"
                      " l.child=w.id AND l.ref IN (%s) AND l.parent<>w.id"
                      " AND (p.wave=-1 OR p.wave=:wave))",
                      refs.ptr);
    enum mr_code code = mr_strbuf_check(&sql, "ordering rows", err);
    if (code == MR_OK)
        code = MR_CASE_ONCE(x->m->cf, "UPDATE w SET wave=-1 WHERE tbl=:tbl", err,
                            MR_ARG_INT("tbl", at));
    for (*waves = 0; code == MR_OK && changed > 0; ++*waves) {
        code = MR_CASE_CHANGE(x->m->cf, sql.ptr, &changed, err, MR_ARG_INT("tbl", at),
                              MR_ARG_INT("wave", *waves));
    }
    if (code == MR_OK) /* the last one found nothing */
        code = MR_CASE_ONCE(x->m->cf, "UPDATE w SET wave=:wave WHERE tbl=:tbl AND wave=-1", err,
                            MR_ARG_INT("wave", *waves - 1), MR_ARG_INT("tbl", at));
    mr_strbuf_release(&refs);
    mr_strbuf_release(&sql);
    return code;
}

/* Are the parents of all its references decided before it? */
static bool has_parents_decided(const struct mr_merge_matching *x)
{
    for (size_t i = 0; i < x->m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &x->m->plan->references[i];
        if (r->child == x->table->plan->at && r->parent >= r->child)
            return false;
    }
    return true;
}

/* Wave by wave: a row of a later one is known by where rows of earlier ones stand. */
static enum mr_code match_waves(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    int64_t waves = 1;
    MR_TRY(find_waves(x, &waves, err));
    x->mode = has_parents_decided(x) ? MR_MERGE_MAP_ALL : MR_MERGE_MAP_HARD;
    for (x->wave = 0; x->wave < waves; x->wave++) {
        MR_TRY(match_keys(x, err));
        if (t->key.count > 0)
            MR_TRY(part_namesakes(x, err));
        if (t->identity == MR_PLAN_BY_COLUMNS && mr_plan_has_counter(t))
            MR_TRY(mr_merge_match_identities(x, err));
        if (t->key.count == 0 || (t->identity == MR_PLAN_BY_ROW && mr_plan_has_counter(t)))
            MR_TRY(mr_merge_match_multiset(x, err));
        if (t->key.count > 0)
            MR_TRY(find_traces(x, err));
        MR_TRY(give_ids(x, err));
    }
    return MR_OK;
}

static enum mr_code match_table(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_plan_table *t = x->table->plan;
    struct mr_arena arena = MR_ARENA_INIT;
    const bool is_counted = t->key.count == 0 || t->identity == MR_PLAN_BY_ROW;
    enum mr_code code = MR_OK;
    if (is_counted) {
        MR_TRY_OUT(mr_plan_digester_of(&x->digester, t, &arena, err));
        x->names = mr_arena_calloc(&arena, t->pair->find.ncolumns + 1, sizeof *x->names);
        MR_TRY_OUT(x->names != NULL ? MR_OK : mr_merge_nomem(err));
        for (size_t i = 0; i < t->named_by.count; i++)
            x->names[t->named_by.at[i]] = true;
    }
    MR_TRY_OUT(match_waves(x, err));
out:
    if (is_counted)
        mr_plan_digester_release(&x->digester);
    mr_arena_release(&arena);
    return code;
}

/* ---- all references ---- */

static enum mr_code map_all(struct mr_merge_matching *x, struct mr_err *err)
{
    static const char sql[] =
        "SELECT w.id, w.skey AS key, w.n, m.newid AND m.there IS NULL AS above, w.equal,"
        " source.image, m.there AS live_key, img.there AS live FROM m JOIN w ON w.id=m.id"
        " JOIN source ON source.id=m.id JOIN img ON img.id=m.id"
        " WHERE m.tbl=:tbl AND m.id>:after AND NOT m.same ORDER BY m.id LIMIT 1000";
    const struct mr_plan_table *t = x->table->plan;
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK && !has_parents_decided(x)) {
        mr_arena_reset(&x->arena);
        code = MR_MERGE_PAGE(x->m, sql, after, &x->arena, &x->rows, err, MR_ARG_INT("tbl", t->at));
        if (code != MR_OK || x->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
            struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
            struct mr_merge_candidate c = {.row = row};
            after = row->id;
            code = read_marks(x, &c, err);
            if (code == MR_OK)
                code = mr_merge_map_row(&x->map, t, row, MR_MERGE_MAP_ALL, c.edits, err);
            if (code == MR_OK)
                code = MR_CASE_RUN(x->disagrees, err, MR_ARG_INT("id", row->id),
                                   MR_ARG_INT("disagrees", x->map.disagrees));
            if (code != MR_OK)
                break;
            struct mr_key mapped = mr_merge_matching_keep(
                x, (struct mr_key){x->map.row.ptr, x->map.row.len}, &code, err);
            if (code == MR_OK && row->above) { /* here: it has a new id */
                code = renumber(x, row->id, mapped, err);
            } else if (code == MR_OK) {
                code =
                    write_image(x, row->id, mapped, (struct mr_key){row->live, row->live_len}, err);
            }
        }
    }
    return code;
}

/* ---- a component ---- */

/* Rows that were taken for the same, though a reference means somebody else: those whose
 * parents are in tables before `limit`, of the tables from first on. */
static enum mr_code find_unsame(struct mr_merge_matching *x, int64_t *changed, struct mr_err *err)
{
    static const char sql[] =
        "INSERT INTO mark (id, unsame) SELECT DISTINCT c.id, 1 FROM w c"
        " JOIN link l ON l.child=c.id LEFT JOIN m p ON p.id=l.parent"
        " LEFT JOIN w pw ON pw.id=l.parent LEFT JOIN mark k ON k.id=c.id"
        " WHERE c.tbl>=:first AND c.tbl<:end AND c.above AND c.equal AND k.unsame IS NOT 1"
        " AND ((l.parent=0 AND l.live IS NOT NULL)"
        "  OR (p.id IS NOT NULL AND l.live IS NOT NULL AND p.there IS NOT l.live)"
        "  OR (p.id IS NOT NULL AND l.live IS NULL"
        "   AND (pw.above OR p.there IS NOT NULL)))"
        " ON CONFLICT (id) DO UPDATE SET unsame=1";
    return MR_CASE_CHANGE(x->m->cf, sql, changed, err, MR_ARG_INT("first", x->first),
                          MR_ARG_INT("end", x->first + x->count));
}

/* A component is matched anew as a whole: what was known of it rests on marks that have changed. */
static enum mr_code forget(struct mr_merge_matching *x, struct mr_err *err)
{
    int64_t marks = 0;
    MR_TRY(
        mr_case_number_with(x->m->cf, "SELECT EXISTS (SELECT 1 FROM mark)", NULL, 0, &marks, err));
    x->has_marks = marks != 0;
    static const char *const of_rows[] = {
        "DELETE FROM img WHERE id IN (SELECT id FROM m WHERE tbl>=:first AND tbl<:end)",
        "DELETE FROM holder WHERE id IN (SELECT id FROM m WHERE tbl>=:first AND tbl<:end)"};
    for (size_t i = 0; i < sizeof of_rows / sizeof of_rows[0]; i++)
        MR_TRY(MR_CASE_ONCE(x->m->cf, of_rows[i], err, MR_ARG_INT("first", x->first),
                            MR_ARG_INT("end", x->first + x->count)));
    MR_TRY(MR_CASE_ONCE(x->m->cf, "DELETE FROM m WHERE tbl>=:first AND tbl<:end", err,
                        MR_ARG_INT("first", x->first), MR_ARG_INT("end", x->first + x->count)));
    MR_TRY(mr_merge_past_forget(x, err));
    return MR_CASE_ONCE(x->m->cf,
                        "UPDATE live SET taken=0 WHERE taken=1 AND tbl>=:first AND tbl<:end", err,
                        MR_ARG_INT("first", x->first), MR_ARG_INT("end", x->first + x->count));
}

static enum mr_code each_table(struct mr_merge_matching *x,
                               enum mr_code (*work)(struct mr_merge_matching *, struct mr_err *),
                               struct mr_err *err)
{
    for (size_t i = x->first; i < x->first + x->count; i++) {
        x->table = &x->m->tables[i];
        MR_TRY(work(x, err));
    }
    return MR_OK;
}

static enum mr_code match_component(struct mr_merge_matching *x, struct mr_err *err)
{
    int64_t changed = 1;
    MR_TRY(forget(x, err));
    MR_TRY(find_unsame(x, &changed, err));
    for (changed = 1; changed > 0;) {
        MR_TRY(forget(x, err));
        MR_TRY(each_table(x, match_table, err));
        MR_TRY(find_unsame(x, &changed, err));
    }
    return each_table(x, map_all, err);
}

static enum mr_code open_matching(struct mr_merge_matching *x, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&x->marks, "SELECT unsame, into_key, edits, cleared OR restored AS settled FROM mark"
                    " WHERE id=:id"},
        {&x->insert,
         "INSERT INTO m (id, tbl, ident, mkey, canon, taken, collides, there, same, disagrees,"
         " doubt, lone) VALUES (:id, :tbl, :ident, :mkey, :canon, :taken, :collides, :there,"
         " :same, :disagrees, :doubt, :lone)"},
        {&x->image, "INSERT OR REPLACE INTO img (id, after, there)"
                    " VALUES (:id, :after, :there)"},
        {&x->traced, "UPDATE m SET traced=1 WHERE id=:id"},
        {&x->newid, "UPDATE m SET newid=1 WHERE id=:id"},
        {&x->apart, "UPDATE m SET namesake=1, there=NULL, same=0 WHERE id=:id"},
        {&x->past, "UPDATE w SET past=1, above=0 WHERE id=:id"},
        {&x->ends, "SELECT l.ref FROM link l LEFT JOIN w p ON p.id=l.parent"
                   " WHERE l.child=:id AND (l.parent=0 OR p.above OR"
                   " (l.parent=-1 AND l.above))"},
        {&x->lost, "SELECT 1 FROM link l JOIN m p ON p.id=l.parent WHERE l.child=:id"
                   " AND p.id<>:id AND p.grp='lost'"},
        {&x->disagrees, "UPDATE m SET disagrees=:disagrees"
                        " WHERE id=:id AND disagrees<>:disagrees"},
    };
    MR_TRY(mr_merge_map_open(&x->map, x->m, err));
    MR_TRY(mr_case_prepare_all(x->m->cf, list, sizeof list / sizeof list[0], err));
    return mr_case_fields_open(&x->marks_map, x->marks, MR_CASE_FIELDS(mark_fields), err);
}

enum mr_code mr_merge_match(struct mr_merge *m, size_t first, size_t count, struct mr_err *err)
{
    struct mr_merge_matching x = {.m = m,
                                  .first = first,
                                  .count = count,
                                  .arena = MR_ARENA_INIT,
                                  .rows = MR_VEC_INIT(struct mr_merge_work_row),
                                  .candidates = MR_VEC_INIT(struct mr_merge_candidate),
                                  .asks = MR_VEC_INIT(struct mr_merge_ask),
                                  .bytes = MR_STRBUF_INIT};
    enum mr_code code = open_matching(&x, err);
    if (code == MR_OK)
        code = match_component(&x, err);
    mr_merge_map_close(&x.map);
    mr_case_free(x.marks);
    mr_case_free(x.insert);
    mr_case_free(x.image);
    mr_case_free(x.traced);
    mr_case_free(x.newid);
    mr_case_free(x.apart);
    mr_case_free(x.disagrees);
    mr_case_free(x.past);
    mr_case_free(x.ends);
    mr_case_free(x.lost);
    mr_vec_release(&x.rows);
    mr_vec_release(&x.candidates);
    mr_vec_release(&x.asks);
    mr_strbuf_release(&x.bytes);
    mr_arena_release(&x.arena);
    return code;
}
