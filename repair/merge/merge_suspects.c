/* merge_suspects.c: see merge_suspects.h. */
#include "repair/merge/merge_suspects.h"

#include <stdlib.h>

#include "core/case/case_args.h"
#include "core/pair/suspect_look.h"
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

static enum mr_code read_ids(struct mr_merge *m, size_t table, struct mr_vec *ids,
                             struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    bool row = false;
    enum mr_code code =
        MR_CASE_PREPARE(m->cf, "SELECT w.skey FROM m JOIN w ON w.id=m.id WHERE " CHANGES_HANDS,
                        &stmt, err, MR_ARG_INT("tbl", table));
    while (code == MR_OK && (code = mr_case_step(stmt, &row, err)) == MR_OK && row) {
        struct mr_value value;
        size_t len = 0, pos = 0;
        uint64_t n = 0;
        const void *key = mr_case_blob(stmt, 0, &len);
        code = mr_row_decode(key, len, &pos, &value, err);
        if (code != MR_OK || !mr_suspect_number(&value, &n))
            continue;
        uint64_t *slot = mr_vec_push(ids);
        if (slot == NULL)
            code = mr_merge_nomem(err);
        else
            *slot = n;
    }
    mr_case_free(stmt);
    return code;
}

static enum mr_code find_parent(struct looking *l, const struct mr_plan_table *t,
                                struct mr_err *err)
{
    struct mr_suspect_parent *parent = &l->look.parents[t->pair->at];
    struct mr_vec ids = MR_VEC_INIT(uint64_t);
    uint64_t next = 0;
    if (t->key.count != 1 || !mr_plan_has_counter(t))
        return MR_OK;
    enum mr_code code = read_ids(l->m, t->at, &ids, err);
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
        code = MR_CASE_PREPARE(l->m->cf, "SELECT image FROM w WHERE tbl=:tbl", &stmt, err,
                               MR_ARG_INT("tbl", t->at));
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

static enum mr_code look(struct looking *l, struct mr_err *err)
{
    const struct mr_plan_tables *plan = l->m->plan;
    bool *mapped = mr_arena_calloc(&l->m->arena, plan->ntables + 1, sizeof *mapped);
    bool any = false;
    MR_TRY(mapped != NULL ? MR_OK : mr_merge_nomem(err));
    for (size_t i = 0; i < plan->ntables; i++) {
        MR_TRY(is_mapped(l->m, i, &mapped[i], err));
        MR_TRY(find_parent(l, &plan->tables[i], err));
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
