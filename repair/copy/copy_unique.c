/* copy_unique.c: who holds the unique values that rows are to have; see
 * copy_internal.h. */
#include "repair/copy/copy_internal.h"

#include <string.h>
#include <strings.h>

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"

struct taking {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_plan_columns columns;
    size_t number; /* of the index; nuniques: the identity */
    bool rival;    /* SOURCE may have the value twice */
    struct mr_case_stmt *take, *own, *want;
    struct mr_strbuf bytes, held;
    struct mr_vec asks; /* struct mr_merge_ask */
};

/* One holder a value, since TARGET's index is unique; without an index it is the last that
 * answers. */
static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct taking *w = ctx;
    const struct mr_plan_columns *key = &w->table->key;
    bool null = false;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&w->bytes);
    if (key->count > 0)
        code = mr_pair_values_of(row->image, row->len, key->at, key->count, &w->bytes, &null, err);
    else
        code = mr_copy_multiset_key(&w->bytes, (struct mr_key){row->image, row->len}, 1, err);
    return code == MR_OK ? MR_CASE_RUN(w->take, err, MR_ARG_INT("taker", ask->tag),
                                       MR_ARG_INT("u", w->number), MR_ARG_INT("tbl", w->table->at),
                                       MR_ARG_BLOB("key", w->bytes.ptr, w->bytes.len))
                         : code;
}

static enum mr_code note_wants(struct taking *w, struct mr_arena *arena, struct mr_err *err)
{
    enum mr_code code =
        w->asks.count == 0
            ? MR_OK
            : mr_merge_lookup_canonise(&w->c->m, w->table, w->columns, &w->asks, arena, err);
    for (size_t i = 0; code == MR_OK && i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        code = MR_CASE_RUN(w->want, err, MR_ARG_INT("u", w->number),
                           MR_ARG_BYTES("canon", ask->canon), MR_ARG_INT("taker", ask->tag));
    }
    return code;
}

/* Is the row TARGET's present holder of what it is to have?  Then TARGET's index has nobody else under
 * it.  What logs say of a row is not what stands there; of rows without a key, one stands for many;
 * and where no index sees to it, others may have the same value. */
static enum mr_code is_own_holder(struct taking *w, const struct mr_merge_work_row *row, bool *is,
                                  struct mr_err *err)
{
    bool null = false;
    *is = false;
    if (row->image == NULL || row->live == NULL || w->c->task->fill != NULL ||
        w->table->key.count == 0 || w->number >= w->table->nuniques)
        return MR_OK;
    MR_TRY(mr_pair_values_of(row->image, row->len, w->columns.at, w->columns.count, &w->bytes,
                             &null, err));
    if (null) /* which is no value: nobody holds it */
        return MR_OK;
    MR_TRY(mr_pair_values_of(row->live, row->live_len, w->columns.at, w->columns.count, &w->held,
                             &null, err));
    *is = !null && mr_key_compare((struct mr_key){w->bytes.ptr, w->bytes.len},
                                  (struct mr_key){w->held.ptr, w->held.len}) == 0;
    return MR_OK;
}

/* A row is asked for, or notes itself as what it takes. */
static enum mr_code take_row(struct taking *w, const struct mr_merge_work_row *row,
                             struct mr_arena *arena, struct mr_err *err)
{
    bool is_own = false;
    if (!w->rival)
        MR_TRY(is_own_holder(w, row, &is_own, err));
    if (is_own)
        return MR_CASE_RUN(w->own, err, MR_ARG_INT("taker", row->id), MR_ARG_INT("u", w->number));
    return mr_merge_lookup_push(&w->asks, row->id, (struct mr_key){row->image, row->len},
                                w->columns, arena, err);
}

/* Who wants a value is noted even where nobody has it: two that come may want the same one. */
static enum mr_code take_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct taking *w = ctx;
    const struct mr_merge_lookup what = {MR_TARGET, w->table, w->columns};
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++)
        code = take_row(w, mr_vec_at(rows, i), arena, err);
    if (code == MR_OK && w->rival)
        code = note_wants(w, arena, err);
    return code == MR_OK ? mr_merge_lookup_ask(&w->c->m, &what, &w->asks, take_holder, w, err)
                         : code;
}

/* Does SOURCE keep the values apart just as TARGET does? */
static bool source_has(const struct mr_plan_table *t, const struct mr_plan_columns *of)
{
    const struct mr_table *s = t->pair->side[MR_SOURCE];
    for (size_t i = 0; i < s->nindexes; i++) {
        const struct mr_index *index = &s->indexes[i];
        bool all = index->unique && index->nparts == of->count;
        for (size_t k = 0; all && k < of->count; k++) {
            const struct mr_column *own = mr_pair_column(t->pair, MR_SOURCE, of->at[k]);
            const struct mr_column *live = mr_pair_column(t->pair, MR_TARGET, of->at[k]);
            const char *name = own->name;
            bool is_part = false;
            for (size_t p = 0; p < index->nparts; p++)
                is_part =
                    is_part || (index->parts[p].column != NULL && index->parts[p].prefix_len == 0 &&
                                strcasecmp(index->parts[p].column, name) == 0);
            all = is_part && (own->collation == NULL || live->collation == NULL ||
                              strcmp(own->collation, live->collation) == 0);
        }
        if (all)
            return true;
    }
    return false;
}

/* Backfill and newest let nobody in twice, also where no index sees to that. */
static bool is_guarded(const struct mr_copy *c, const struct mr_plan_table *t)
{
    bool beyond = false;
    if (c->task->policy == MR_COPY_MIRROR || mr_copy_identity(c, t) != MR_PLAN_BY_COLUMNS ||
        mr_plan_is_guarded(t))
        return false;
    for (size_t i = 0; i < t->named_by.count; i++)
        beyond = beyond || !mr_plan_columns_has(&t->key, t->named_by.at[i]);
    return beyond;
}

/* Where SOURCE keeps the values apart as TARGET does, nobody can want one twice; else all who do
 * are left out, since none of them is the better one. */
static enum mr_code take_index(struct taking *w, struct mr_err *err)
{
    w->rival = !source_has(w->table, &w->columns);
    MR_TRY(mr_case_exec(w->c->m.cf, "DELETE FROM temp.want", err));
    MR_TRY(mr_copy_pages(w->c,
                         "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.id>:after"
                         " AND c.op IN (1,2) ORDER BY c.id LIMIT 500",
                         w->table->at, take_rows, w, err));
    if (!w->rival)
        return MR_OK;
    return mr_case_once_with(
        w->c->m.cf,
        "UPDATE c SET kind='duplicate' WHERE kind IS NULL AND id IN (SELECT taker FROM"
        " want JOIN (SELECT u AS gu, canon AS gc FROM want GROUP BY u, canon HAVING"
        " count(*)>1) ON u=gu AND canon=gc)",
        NULL, 0, err);
}

/* The key is no business of this file: what stands under it is the slot's own other row. */
static enum mr_code take_table(struct taking *w, struct mr_err *err)
{
    const struct mr_plan_table *t = w->table;
    for (size_t i = 0; i < t->nuniques; i++) {
        if (t->uniques[i].is_key)
            continue;
        w->number = i;
        w->columns = t->uniques[i].columns;
        MR_TRY(take_index(w, err));
    }
    if (is_guarded(w->c, t)) {
        w->number = t->nuniques;
        w->columns = t->named_by;
        MR_TRY(take_index(w, err));
    }
    return MR_OK;
}

/* Rows of tables that are not written neither take a value nor let go of one. */
enum mr_code mr_copy_unique(struct mr_copy *c, struct mr_err *err)
{
    struct taking w = {.c = c,
                       .bytes = MR_STRBUF_INIT,
                       .held = MR_STRBUF_INIT,
                       .asks = MR_VEC_INIT(struct mr_merge_ask)};
    const struct mr_case_sql list[] = {
        {&w.take, "INSERT OR REPLACE INTO take (taker, u, holder) VALUES (:taker, :u,"
                  " coalesce((SELECT id FROM c WHERE tbl=:tbl AND tkey=:key), 0))"},
        {&w.own, "INSERT OR REPLACE INTO take (taker, u, holder) VALUES (:taker, :u, :taker)"},
        {&w.want, "INSERT INTO want (u, canon, taker) VALUES (:u, :canon, :taker)"},
    };
    enum mr_code code = mr_case_prepare_all(c->m.cf, list, sizeof list / sizeof list[0], err);
    for (size_t i = 0; code == MR_OK && i < c->m.plan->ntables; i++) {
        w.table = &c->m.plan->tables[i];
        if (c->planned[i])
            code = take_table(&w, err);
    }
    mr_case_free(w.take);
    mr_case_free(w.own);
    mr_case_free(w.want);
    mr_vec_release(&w.asks);
    mr_strbuf_release(&w.bytes);
    mr_strbuf_release(&w.held);
    return code;
}
