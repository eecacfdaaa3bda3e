/* merge_unique.c: who holds the unique values of rows to be inserted; see
 * merge_unique.h. */
#include "repair/merge/merge_unique.h"

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_lookup.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

struct seeking {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    const char *index;
    struct mr_case_stmt *found, *held; /* that the row is in conflict; with whom */
    struct mr_strbuf bytes, *empty;
    struct mr_arena arena;
    struct mr_vec rows, asks;
    const struct mr_plan_columns *columns;
};

/* Without it the row is still the same, and whose it was. */
static bool can_leave_out(const struct seeking *s, size_t column)
{
    return s->table->nullable[column] && mr_plan_fit_is_plain(s->m->plan, s->table, column);
}

static bool can_be_empty(const struct seeking *s)
{
    for (size_t i = 0; i < s->columns->count; i++)
        if (can_leave_out(s, s->columns->at[i]))
            return true;
    return false;
}

static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct seeking *s = ctx;
    const struct mr_plan_columns *key = &s->table->key;
    bool null = false;
    MR_TRY(mr_pair_values_of(row->image, row->len, key->at, key->count, &s->bytes, &null, err));
    const struct mr_key holder = {s->bytes.ptr, s->bytes.len};
    MR_TRY(MR_CASE_RUN(s->found, err, MR_ARG_INT("id", ask->tag), MR_ARG_BYTES("other", holder),
                       MR_ARG_TEXT("index", s->index),
                       MR_ARG_TEXT("choices", can_be_empty(s) ? "merge-into;without-value;skip"
                                                              : "merge-into;skip")));
    return MR_CASE_RUN(s->held, err, MR_ARG_INT("id", ask->tag), MR_ARG_BYTES("key", holder),
                       MR_ARG_BLOB("image", row->image, row->len));
}

static enum mr_code push_ask(struct seeking *s, int64_t id, struct mr_key image, struct mr_err *err)
{
    size_t before = s->asks.count;
    enum mr_code code = mr_merge_lookup_push(&s->asks, id, image, *s->columns, &s->arena, err);
    if (code == MR_OK && s->asks.count > before &&
        mr_merge_provisional_within(((struct mr_merge_ask *)mr_vec_at(&s->asks, before))->value))
        s->asks.count = before; /* nobody refers to what is not there yet */
    return code;
}

/* Rows to be inserted so far, as they would stand on TARGET. */
static const char rows_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, img.after AS image FROM m INDEXED BY "
    "m_tbl"
    " JOIN w ON w.id=m.id JOIN img ON img.id=m.id LEFT JOIN mark k ON k.id=m.id"
    " WHERE m.tbl=:tbl AND m.id>:after AND m.there IS NULL AND m.own IS NULL"
    " AND NOT m.misfit AND NOT m.rival AND k.skip IS NOT 1 AND (:only_gone=0 OR m.grp='gone') "
    "ORDER BY m.id LIMIT 1000";

/* Index by index, so that the first rival is named; who has one is not asked about again. */
static enum mr_code seek(struct seeking *s, bool only_gone, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, s->table, *s->columns};
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&s->arena);
        mr_vec_clear(&s->asks);
        code = MR_MERGE_PAGE(s->m, rows_sql, after, &s->arena, &s->rows, err,
                             MR_ARG_INT("tbl", s->table->at), MR_ARG_INT("only_gone", only_gone));
        if (code != MR_OK || s->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < s->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&s->rows, i);
            after = row->id;
            code = push_ask(s, row->id, (struct mr_key){row->image, row->len}, err);
        }
        if (code == MR_OK)
            code = mr_merge_lookup_ask(s->m, &what, &s->asks, take_holder, s, err);
    }
    return code;
}

/* Is who holds the identity asked here, and not by the matcher? */
static bool is_named(const struct mr_plan_table *t)
{
    if (t->key.count == 0 || mr_plan_has_counter(t) || t->identity != MR_PLAN_BY_COLUMNS ||
        mr_plan_is_guarded(t))
        return false;
    for (size_t i = 0; i < t->named_by.count; i++)
        if (!mr_plan_columns_has(&t->key, t->named_by.at[i]))
            return true;
    return false;
}

static enum mr_code seek_all(struct seeking *s, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&s->found, "UPDATE m SET rival=1, other=:other, detail=:index, choices=:choices"
                    " WHERE id=:id AND NOT rival"},
        {&s->held, "INSERT OR IGNORE INTO holder (id, key, image)"
                   " VALUES (:id, :key, :image)"},
    };
    enum mr_code code = mr_case_prepare_all(s->m->cf, list, sizeof list / sizeof list[0], err);
    for (size_t i = 0; code == MR_OK && i < s->table->nuniques; i++) {
        const struct mr_plan_unique *u = &s->table->uniques[i];
        if (u->is_key || u->is_computed) /* which it is after mapping, only a server knows */
            continue;
        s->columns = &u->columns;
        s->index = u->name;
        code = seek(s, u->is_identity && mr_plan_has_counter(s->table), err);
    }
    if (code == MR_OK && is_named(s->table)) {
        s->columns = &s->table->named_by;
        s->index = "identity";
        code = seek(s, false, err);
    }
    return code;
}

static struct seeking begin(struct mr_merge *m, const struct mr_plan_table *table)
{
    return (struct seeking){.m = m,
                            .table = table,
                            .arena = MR_ARENA_INIT,
                            .bytes = MR_STRBUF_INIT,
                            .rows = MR_VEC_INIT(struct mr_merge_work_row),
                            .asks = MR_VEC_INIT(struct mr_merge_ask)};
}

static void end(struct seeking *s)
{
    mr_case_free(s->found);
    mr_case_free(s->held);
    mr_vec_release(&s->rows);
    mr_vec_release(&s->asks);
    mr_strbuf_release(&s->bytes);
    mr_arena_release(&s->arena);
}

enum mr_code mr_merge_unique(struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_err *err)
{
    struct seeking s = begin(m, table);
    enum mr_code code = table->key.count > 0 ? seek_all(&s, err) : MR_OK;
    end(&s);
    return code;
}

/* ---- columns to be left empty ---- */

static enum mr_code note_columns(void *ctx, const struct mr_merge_ask *ask,
                                 const struct mr_merge_answer *row, struct mr_err *err)
{
    struct seeking *s = ctx;
    (void)ask;
    (void)row;
    for (size_t i = 0; i < s->columns->count; i++)
        if (can_leave_out(s, s->columns->at[i]))
            mr_plan_fit_add(s->empty, s->columns->at[i], (struct mr_key){"N", 1});
    return mr_strbuf_check(s->empty, "leaving values out", err);
}

static enum mr_code seek_empty(struct seeking *s, struct mr_err *err)
{
    const struct mr_merge_work_row *row = mr_vec_at(&s->rows, 0);
    for (size_t i = 0; i < s->table->nuniques; i++) {
        const struct mr_merge_lookup what = {MR_TARGET, s->table, s->table->uniques[i].columns};
        s->columns = &s->table->uniques[i].columns;
        mr_vec_clear(&s->asks);
        MR_TRY(push_ask(s, row->id, (struct mr_key){row->image, row->len}, err));
        MR_TRY(mr_merge_lookup_ask(s->m, &what, &s->asks, note_columns, s, err));
    }
    return MR_OK;
}

enum mr_code mr_merge_columns_to_empty(struct mr_merge *m, const struct mr_plan_table *table,
                                       int64_t id, struct mr_strbuf *out, struct mr_err *err)
{
    struct seeking s = begin(m, table);
    s.empty = out;
    enum mr_code code = MR_MERGE_ROWS(m, "SELECT id, after AS image FROM img WHERE id=:id",
                                      &s.arena, &s.rows, err, MR_ARG_INT("id", id));
    if (code == MR_OK && s.rows.count == 1)
        code = seek_empty(&s, err);
    end(&s);
    return code;
}
