/* merge_suspects.c: see merge_suspects.h. */
#include "repair/merge/merge_suspects.h"

#include <stdlib.h>

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/suspect_look.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_trace.h"
#include "repair/merge/merge_work.h"
#include "repair/plan/plan_suspects.h"

/* Of a table: rows whose key on TARGET is another than on SOURCE, or none. */
#define CHANGES_HANDS                                                                              \
    "m.tbl=:tbl AND (m.waits OR m.newid OR (m.there IS NOT NULL AND m.there<>w.skey))"

struct looking {
    struct mr_merge *m;
    struct mr_suspect_look look;
};

/* ---- ids that change hands ---- */

static enum mr_code is_mapped(struct mr_merge *m, size_t table, bool *yes, struct mr_err *err)
{
    return MR_CASE_HAS(m->cf, "SELECT 1 FROM m JOIN w ON w.id=m.id WHERE " CHANGES_HANDS " LIMIT 1",
                       yes, err, MR_ARG_INT("tbl", table));
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The value of the column that a counter makes, of a key. */
static enum mr_code counter_of(const struct mr_plan_table *t, struct mr_key key,
                               struct mr_key *bytes, struct mr_err *err)
{
    size_t at = 0;
    while (t->key.at[at] != t->counter)
        at++;
    return mr_merge_row_value(key, at, bytes, err);
}

static enum mr_code push_id(struct mr_vec *ids, struct mr_key bytes, struct mr_err *err)
{
    struct mr_value value;
    size_t pos = 0;
    uint64_t n = 0;
    enum mr_code code = mr_row_decode(bytes.ptr, bytes.len, &pos, &value, err);
    if (code != MR_OK || !mr_suspect_number(&value, &n))
        return code;
    uint64_t *slot = mr_vec_push(ids);
    if (slot == NULL)
        return mr_merge_nomem(err);
    *slot = n;
    return MR_OK;
}

static enum mr_code read_ids(struct mr_merge *m, size_t table, struct mr_vec *ids,
                             struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        MR_CASE_PREPARE(m->cf, "SELECT w.skey FROM m JOIN w ON w.id=m.id WHERE " CHANGES_HANDS,
                        &stmt, err, MR_ARG_INT("tbl", table));
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_key key = {0};
        key.ptr = mr_case_blob(stmt, 0, &key.len);
        code = push_id(ids, key, err);
    }
    mr_case_free(stmt);
    return code;
}

/* ---- ids that two rows would have, of a key that is more than the id ---- */

struct lost {
    int64_t id;
    struct mr_key key;
    bool moves; /* its id changes hands */
};

#define LOST(member, type) MR_CASE_FIELD(struct lost, member, MR_CASE_##type)
static const struct mr_case_field lost_fields[] =
    MR_CASE_LIST(LOST(id, INT), LOST(key, BYTES), LOST(moves, FLAG));

/* The next rows of SOURCE that TARGET has not under their keys, a question for the id of each,
 * and whether it changes hands by itself; none: that is all. */
static enum mr_code next_lost(struct looking *l, const struct mr_plan_table *t, int64_t *after,
                              struct mr_vec *asks, struct mr_vec *moves, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    struct mr_case_fields map;
    struct lost lost;
    bool row = false;
    mr_arena_reset(arena);
    mr_vec_clear(asks);
    mr_vec_clear(moves);
    enum mr_code code =
        MR_CASE_PREPARE(l->m->cf,
                        "SELECT m.id AS id, w.skey AS key, " CHANGES_HANDS " AS moves"
                        " FROM m JOIN w ON w.id=m.id"
                        " WHERE m.tbl=:tbl AND m.id>:after AND m.there IS NOT w.skey"
                        " ORDER BY m.id LIMIT :limit",
                        &stmt, err, MR_ARG_INT("tbl", t->at), MR_ARG_INT("after", *after),
                        MR_ARG_INT("limit", MR_MERGE_BATCH));
    if (code == MR_OK)
        code = mr_case_fields_open(&map, stmt, MR_CASE_FIELDS(lost_fields), err);
    while (code == MR_OK && (code = mr_case_fields_next(&map, NULL, &lost, &row, err)) == MR_OK &&
           row) {
        struct mr_key bytes = {0};
        *after = lost.id;
        code = counter_of(t, lost.key, &bytes, err);
        if (code != MR_OK)
            break;
        struct mr_merge_ask *ask = mr_vec_push(asks);
        bool *move = mr_vec_push(moves);
        const void *copy = mr_arena_dup(arena, bytes.ptr, bytes.len);
        if (ask == NULL || move == NULL || copy == NULL) {
            code = mr_merge_nomem(err);
            break;
        }
        *ask = (struct mr_merge_ask){.value = {copy, bytes.len}};
        *move = lost.moves;
    }
    mr_case_free(stmt);
    return code;
}

/* Where nothing refers to the id, as far as is declared, a lost row comes back under the id
 * that somebody else has on TARGET, if the keys are two.  An id that rows of both sides share
 * goes on to mean the same. */
static enum mr_code read_parts(struct looking *l, const struct mr_plan_table *t, struct mr_vec *ids,
                               struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec asks = MR_VEC_INIT(struct mr_merge_ask), moves = MR_VEC_INIT(bool);
    int64_t after = 0;
    enum mr_code code = MR_OK;
    do {
        code = next_lost(l, t, &after, &asks, &moves, &arena, err);
        if (code == MR_OK && asks.count > 0)
            code = mr_merge_trace_counter(l->m, t, &asks, err);
        for (size_t i = 0; code == MR_OK && i < asks.count; i++) {
            const struct mr_merge_ask *ask = mr_vec_at(&asks, i);
            const bool moved = *(const bool *)mr_vec_at(&moves, i);
            if (ask->tag == MR_MERGE_PART_HELD || (ask->tag == MR_MERGE_PART_FREE && moved))
                code = push_id(ids, ask->value, err);
        }
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
    } while (code == MR_OK && asks.count > 0);
    mr_vec_release(&asks);
    mr_vec_release(&moves);
    mr_arena_release(&arena);
    return code;
}

/* Is there a counter in the key, and a number in its column? */
static bool has_ids(const struct mr_plan_table *t)
{
    size_t column = 0;
    if (!mr_plan_has_counter(t))
        return false;
    return t->key.count == 1 || (mr_plan_columns_has(&t->key, t->counter) &&
                                 mr_suspect_look_id(t->pair, &column) && column == t->counter);
}

static enum mr_code find_parent(struct looking *l, const struct mr_plan_table *t,
                                struct mr_err *err)
{
    struct mr_suspect_parent *parent = &l->look.parents[t->pair->at];
    struct mr_vec ids = MR_VEC_INIT(uint64_t);
    uint64_t next = 0;
    if (!has_ids(t))
        return MR_OK;
    enum mr_code code =
        t->key.count == 1 ? read_ids(l->m, t->at, &ids, err) : read_parts(l, t, &ids, err);
    if (code == MR_OK && ids.count > 0) {
        qsort(ids.items, ids.count, sizeof(uint64_t), compare_ids);
        parent->ids =
            (const uint64_t *)mr_arena_dup(&l->m->arena, ids.items, ids.count * sizeof(uint64_t));
        parent->nids = ids.count;
        code = parent->ids != NULL
                   ? mr_reader_counter(l->m->plan->pairing.side[MR_SOURCE].main,
                                       t->pair->side[MR_SOURCE], &next, &parent->greatest, err)
                   : mr_merge_nomem(err);
        if (code == MR_OK && parent->greatest < parent->ids[parent->nids - 1])
            parent->greatest = parent->ids[parent->nids - 1];
    }
    mr_vec_release(&ids);
    return code;
}

/* ---- rows ---- */

static enum mr_code look_at_table(struct looking *l, const struct mr_plan_table *t,
                                  struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code = mr_suspect_look_begin(&l->look, t->pair, err);
    if (code == MR_OK)
        code = MR_CASE_PREPARE(
            l->m->cf,
            "SELECT source.image FROM w CROSS JOIN source ON source.id=w.id WHERE w.tbl=:tbl",
            &stmt, err, MR_ARG_INT("tbl", t->at));
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        size_t len = 0;
        const void *image = mr_case_blob(stmt, 0, &len);
        code = mr_suspect_look_row(&l->look, image, len, err);
    }
    mr_case_free(stmt);
    if (code == MR_OK)
        code = mr_suspect_look_tail(&l->look, err);
    return code == MR_OK ? mr_suspect_look_end(&l->look, err) : code;
}

/* Where no key changes hands an undeclared reference does no harm, and nothing is read. */
static enum mr_code look(struct looking *l, struct mr_err *err)
{
    const struct mr_plan_tables *plan = l->m->plan;
    bool *mapped = mr_arena_calloc(&l->m->arena, plan->ntables + 1, sizeof *mapped);
    bool any = false;
    if (mapped == NULL)
        return mr_merge_nomem(err);
    for (size_t i = 0; i < plan->ntables; i++) {
        MR_TRY(is_mapped(l->m, i, &mapped[i], err));
        MR_TRY(find_parent(l, &plan->tables[i], err));
        if (plan->tables[i].key.count > 1)
            mapped[i] = l->look.parents[plan->tables[i].pair->at].nids > 0;
        any = any || mapped[i];
    }
    if (any)
        MR_TRY(mr_plan_suspects_by_name(plan, mapped, &l->look.suspects, err));
    for (size_t i = 0; any && i < plan->ntables; i++)
        MR_TRY(look_at_table(l, &plan->tables[i], err));
    return mr_plan_suspects_refuse(&l->look.suspects, err);
}

enum mr_code mr_merge_suspects(struct mr_merge *m, struct mr_err *err)
{
    struct looking l = {.m = m};
    enum mr_code code = mr_suspect_look_open(&l.look, &m->plan->pairing, m->reader[MR_SOURCE], err);
    if (code == MR_OK)
        code = look(&l, err);
    mr_suspect_look_release(&l.look);
    return code;
}
