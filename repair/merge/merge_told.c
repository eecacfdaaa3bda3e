/* merge_told.c: see merge_told.h. */
#include "repair/merge/merge_told.h"

#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "repair/merge/merge_evidence.h"
#include "repair/merge/merge_spread.h"
#include "repair/merge/merge_work.h"

void mr_merge_told_init(struct mr_merge_told_row *told)
{
    *told = (struct mr_merge_told_row){.arena = MR_ARENA_INIT};
    mr_explain_init(&told->explain);
}

void mr_merge_told_release(struct mr_merge_told_row *told)
{
    mr_explain_release(&told->explain);
    mr_arena_release(&told->arena);
}

/* ---- a row ---- */

/* Does TARGET's log lead to what is there now?  If not, it was read too early, or cannot be relied
 * upon for this key. */
static bool is_late(const struct mr_merge_told_row *told)
{
    const enum mr_told is = told->explain.told[MR_TARGET];
    return is == MR_TOLD_SINCE || is == MR_TOLD_NOT_KEPT || is == MR_TOLD_MOVING ||
           is == MR_TOLD_BROKEN;
}

static bool is_contradicted(const struct mr_explain *x)
{
    return x->base == MR_BASE_CONTRADICTED || x->bases_differ;
}

/* Invariant: what TARGET's log cannot know yet is no word about the split; a word of it that
 * contradicts SOURCE's stands. */
static enum mr_code explain_row(struct mr_merge_told_row *told, const struct mr_merge *m,
                                const struct mr_merge_table *table, struct mr_err *err)
{
    const struct mr_find_table *find = &table->plan->pair->find;
    struct mr_explain_side *target = &told->sides[MR_TARGET];
    const bool by_source = told->sides[MR_SOURCE].witness == MR_WITNESS_GOOD;
    if (by_source && !m->is_still[MR_TARGET] && target->mark == NULL && target->row.ptr != NULL)
        target->witness = MR_WITNESS_NONE;
    MR_TRY(mr_explain(&told->explain, find, told->sides, err));
    if (!by_source || target->row.ptr == NULL || !is_late(told) || is_contradicted(&told->explain))
        return MR_OK;
    target->witness = MR_WITNESS_NONE;
    target->mark = NULL;
    return mr_explain(&told->explain, find, told->sides, err);
}

enum mr_code mr_merge_told_read(struct mr_merge_told_row *told, struct mr_merge *m,
                                const struct mr_merge_table *table, struct mr_key key,
                                const struct mr_key rows[MR_SIDES], bool *is, struct mr_err *err)
{
    *is = false;
    if (table->told == 0)
        return MR_OK;
    mr_arena_reset(&told->arena);
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        MR_TRY(mr_merge_evidence_mark(m, table, (enum mr_side)side, key, &told->arena,
                                      &told->mark[side], &told->found[side], err));
        told->sides[side] = (struct mr_explain_side){rows[side], table->witness[side],
                                                     told->found[side] ? &told->mark[side] : NULL};
    }
    MR_TRY(explain_row(told, m, table, err));
    *is = told->explain.base != MR_BASE_UNKNOWN;
    return MR_OK;
}

/* ---- all rows ---- */

struct telling {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    struct mr_merge_told_row told;
    struct mr_arena arena;
    struct mr_vec rows; /* struct mr_merge_work_row */
    struct mr_case_stmt *note;
};

/* One side's word is enough where the other's log was not read as far.  Where it was, it has to show the
 * deletion: a row that neither log knows may have come without a log.  A table that was loaded anew, or
 * that its log belies, may lack it for that. */
static bool is_deleted(const struct mr_merge_told_row *told)
{
    const enum mr_witness witness = told->sides[MR_TARGET].witness;
    if (told->explain.become[MR_TARGET] != MR_BECOME_DELETED)
        return false;
    return witness == MR_WITNESS_GOOD ? told->explain.told[MR_TARGET] == MR_TOLD
                                      : witness != MR_WITNESS_BLIND && witness != MR_WITNESS_BROKEN;
}

/* A row of the past that SOURCE gave another key is not one that SOURCE made: as a new one it would
 * stand on TARGET twice. */
static bool has_come(const struct mr_merge_told_row *told)
{
    return told->found[MR_SOURCE] && (told->mark[MR_SOURCE].flags & MR_MARK_CAME) != 0;
}

static enum mr_code tell_row(struct telling *t, const struct mr_merge_work_row *row,
                             struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {{row->image, row->len}, {row->live, row->live_len}};
    const struct mr_explain *x = &t->told.explain;
    bool is = false;
    MR_TRY(mr_merge_told_read(&t->told, t->m, t->table, row->key, rows, &is, err));
    if (!is || x->base == MR_BASE_CONTRADICTED)
        return MR_OK;
    const bool stood = x->base == MR_BASE_ROW;
    return MR_CASE_RUN(t->note, err, MR_ARG_INT("id", row->id),
                       MR_ARG_INT("past", stood || has_come(&t->told) ? MR_PAST_ROW : MR_PAST_NONE),
                       MR_ARG_INT("left", stood && row->live == NULL &&
                                              x->become[MR_SOURCE] == MR_BECOME_SAME &&
                                              is_deleted(&t->told)));
}

static enum mr_code tell_table(struct telling *t, struct mr_err *err)
{
    int64_t after = 0;
    if (t->table->told == 0 || t->table->plan->key.count == 0)
        return MR_OK;
    for (;;) {
        mr_arena_reset(&t->arena);
        MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : MR_OK);
        MR_TRY(MR_MERGE_PAGE(t->m,
                             "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                             " WHERE w.tbl=:tbl AND w.id>:after AND w.equal IS NOT 1"
                             " ORDER BY w.id LIMIT 1000",
                             after, &t->arena, &t->rows, err,
                             MR_ARG_INT("tbl", t->table->plan->at)));
        if (t->rows.count == 0)
            return MR_OK;
        for (size_t i = 0; i < t->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&t->rows, i);
            after = row->id;
            MR_TRY(tell_row(t, row, err));
        }
    }
}

/* Is a row beside it absent on TARGET for another reason? */
#define ABSENT_OTHERWISE(own, other)                                                               \
    "EXISTS (SELECT 1 FROM link l JOIN w o ON o.id=l." other " LEFT JOIN told p ON p.id=o.id"      \
    " WHERE l." own "=told.id AND o.id<>told.id AND o.live_key IS NULL AND p.left IS NOT 1)"
#define IS_ASKED_WITH(own, other) "told.left AND " ABSENT_OTHERWISE(own, other)

/* Down and up in turn, until no tree is torn. */
static enum mr_code keep_trees(struct mr_merge *m, struct mr_err *err)
{
    static const struct mr_merge_spread ways[] = {
        {.table = "told",
         .takes = IS_ASKED_WITH("parent", "child"),
         .write = "UPDATE told SET left=0 WHERE id IN reached AND :wave>=0",
         .way = MR_MERGE_TO_PARENTS},
        {.table = "told",
         .takes = IS_ASKED_WITH("child", "parent"),
         .write = "UPDATE told SET left=0 WHERE id IN reached AND :wave>=0",
         .way = MR_MERGE_TO_CHILDREN},
    };
    for (int64_t wave = 1; wave > 0;) {
        wave = 0;
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
            MR_TRY(mr_merge_spread(m, &ways[i], NULL, 0, &wave, err));
    }
    return MR_OK;
}

/* Where the past ends was inferred for the whole table: of a row whose state at the split is known it
 * says nothing, and a row of the past is not to come back as a new one. */
static enum mr_code mark_past(struct mr_merge *m, struct mr_err *err)
{
    return MR_CASE_ONCE(m->cf,
                        "UPDATE w SET past=CASE WHEN live_key IS NULL THEN 2 ELSE 3 END, above=0"
                        " WHERE above AND id IN (SELECT id FROM told WHERE past=:row)",
                        err, MR_ARG_INT("row", MR_PAST_ROW));
}

enum mr_code mr_merge_told(struct mr_merge *m, struct mr_err *err)
{
    struct telling t = {
        .m = m, .arena = MR_ARENA_INIT, .rows = MR_VEC_INIT(struct mr_merge_work_row)};
    int64_t left = 0;
    mr_merge_told_init(&t.told);
    enum mr_code code = mr_case_prepare(
        m->cf, "INSERT INTO told (id, past, left) VALUES (:id, :past, :left)", &t.note, err);
    for (size_t i = 0; code == MR_OK && i < m->plan->ntables; i++) {
        t.table = &m->tables[i];
        code = tell_table(&t, err);
    }
    if (code == MR_OK)
        code = mark_past(m, err);
    if (code == MR_OK)
        code = mr_case_number_with(m->cf, "SELECT EXISTS (SELECT 1 FROM told WHERE left)", NULL, 0,
                                   &left, err);
    if (code == MR_OK && left != 0)
        code = keep_trees(m, err);
    mr_case_free(t.note);
    mr_merge_told_release(&t.told);
    mr_arena_release(&t.arena);
    mr_vec_release(&t.rows);
    return code;
}
