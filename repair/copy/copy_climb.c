/* copy_climb.c: who stands above the rows that are to be written; see copy_internal.h.
 *
 * What the run compared has slots for all that differs; of a table beyond it nothing is
 * known.  So from each row that is to be written references are followed up on SOURCE, as
 * copy_taint.c follows them down, through rows that are equal on both sides, too.  Rows of
 * tables beyond the run that are met get slots, and are classified; whoever of them is two
 * people taints what is below him.  Followed is only what leads to such a table; a direct
 * parent is looked at by copy_links.c.
 *
 * Each row is met once, whatever leads to it, so that circles end; rows that are waiting
 * are in a temporary table. */
#include "repair/copy/copy_internal.h"

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_reference.h"

struct climbing {
    struct mr_copy *c;
    const struct mr_plan_reference *by;
    const struct mr_copy_blind *blind;
    const struct mr_plan_table *beyond;
    struct mr_case_stmt *meet;
    struct mr_vec asks; /* struct mr_merge_ask */
    struct mr_strbuf key;
    bool *leads; /* per table: do its rows belong to somebody beyond the run? */
};

static bool is_beyond(const struct mr_copy *c, size_t table)
{
    return table >= c->m.plan->ntables;
}

static bool leads_by(const struct climbing *w, const struct mr_plan_reference *r)
{
    return mr_copy_is_followed(w->c, r) && (is_beyond(w->c, r->parent) || w->leads[r->parent]);
}

/* Which tables lead beyond the run at all, until a round finds no more: without that each
 * reference of the run would be read for nothing. */
static void find_ways(struct climbing *w)
{
    bool more = true;
    for (size_t i = 0; i < w->c->nblind; i++) {
        const struct mr_plan_reference *r = &w->c->blind[i].by;
        w->leads[r->child] = w->leads[r->child] || mr_copy_is_followed(w->c, r);
    }
    while (more) {
        more = false;
        for (size_t i = 0; i < w->c->m.plan->nreferences; i++) {
            const struct mr_plan_reference *r = &w->c->m.plan->references[i];
            if (w->leads[r->child] || !leads_by(w, r))
                continue;
            w->leads[r->child] = more = true;
        }
    }
}

/* ---- up ---- */

/* A row that was met before is not met again (UNIQUE), which is what ends circles.  Its image is
 * kept only where it goes on from there: a table may have millions of rows. */
static enum mr_code take_parent(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct climbing *w = ctx;
    const struct mr_plan_table *t = &w->c->m.plan->tables[w->by->parent];
    bool goes_on = w->leads[t->at], null = false;
    (void)ask;
    enum mr_code code =
        mr_pair_values_of(row->image, row->len, t->key.at, t->key.count, &w->key, &null, err);
    if (code != MR_OK || null)
        return code;
    return MR_CASE_RUN(
        w->meet, err, MR_ARG_INT("tbl", t->at), MR_ARG_BLOB("key", w->key.ptr, w->key.len),
        MR_ARG_BLOB("image", goes_on ? row->image : NULL, row->len), MR_ARG_INT("todo", goes_on));
}

/* Up on SOURCE alone: where TARGET's row refers to somebody else, the run has found that row to
 * differ. */
static enum mr_code climb_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                               struct mr_err *err)
{
    struct climbing *w = ctx;
    const struct mr_merge_lookup what = {MR_SOURCE, &w->c->m.plan->tables[w->by->parent],
                                         w->by->to};
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        const struct mr_key image = {row->image, row->len};
        bool refers = false;
        code = mr_merge_row_refers(w->by, image, &refers, err);
        if (code == MR_OK && refers)
            code = mr_merge_reference_push(&w->asks, row->id, image, w->by, arena, err);
    }
    return code == MR_OK ? mr_merge_lookup_ask(&w->c->m, &what, &w->asks, take_parent, w, err)
                         : code;
}

/* A reference that cannot be followed hurts only where a row refers by it. */
static enum mr_code look_blind(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                               struct mr_err *err)
{
    struct climbing *w = ctx;
    (void)arena;
    for (size_t i = 0; i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        bool refers = false;
        MR_TRY(mr_merge_row_refers(&w->blind->by, (struct mr_key){row->image, row->len}, &refers,
                                   err));
        if (refers)
            MR_TRY(mr_copy_blind_refuse(w->blind, err));
    }
    return MR_OK;
}

/* ---- table by table ---- */

#define WAITING                                                                                    \
    "SELECT id, key, image FROM climb WHERE tbl=:tbl AND todo=2 AND"                               \
    " id>:after ORDER BY id LIMIT 500"

/* todo 1, 2, 0: what is met while a table is gone through waits for the next round, so that pages
 * do not move under the reader. */
static enum mr_code climb_table(struct climbing *w, size_t table, bool *more, struct mr_err *err)
{
    int64_t waiting = 0;
    enum mr_code code =
        MR_CASE_CHANGE(w->c->m.cf, "UPDATE climb SET todo=2 WHERE tbl=:tbl AND todo=1", &waiting,
                       err, MR_ARG_INT("tbl", table));
    if (code != MR_OK || waiting == 0)
        return code;
    *more = true;
    for (size_t i = 0; code == MR_OK && i < w->c->nblind; i++) {
        w->blind = &w->c->blind[i];
        if (w->blind->by.child == table && mr_copy_is_followed(w->c, &w->blind->by))
            code = mr_copy_pages(w->c, WAITING, table, look_blind, w, err);
    }
    for (size_t i = 0; code == MR_OK && i < w->c->m.plan->nreferences; i++) {
        w->by = &w->c->m.plan->references[i];
        if (w->by->child == table && leads_by(w, w->by))
            code = mr_copy_pages(w->c, WAITING, table, climb_rows, w, err);
    }
    return code == MR_OK ? MR_CASE_ONCE(w->c->m.cf,
                                        "UPDATE climb SET todo=0, image=NULL WHERE"
                                        " tbl=:tbl AND todo=2",
                                        err, MR_ARG_INT("tbl", table))
                         : code;
}

/* From what is to be written, and from then on from whoever was met, in rounds: a row may be met
 * from a table that comes later in the plan. */
static enum mr_code climb(struct climbing *w, struct mr_err *err)
{
    bool more = true;
    MR_TRY(mr_case_prepare(w->c->m.cf,
                           "INSERT OR IGNORE INTO climb (tbl, key, image,"
                           " todo) VALUES (:tbl, :key, :image, :todo)",
                           &w->meet, err));
    for (size_t i = 0; i < w->c->m.plan->nreferences; i++) {
        w->by = &w->c->m.plan->references[i];
        if (w->c->planned[w->by->child] && w->leads[w->by->parent])
            MR_TRY(mr_copy_pages(w->c,
                                 "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND"
                                 " c.id>:after AND c.op IN (1,2) AND c.kind IS NULL ORDER BY"
                                 " c.id LIMIT 500",
                                 w->by->child, climb_rows, w, err));
    }
    while (more) {
        more = false;
        for (size_t i = 0; i < w->c->ntables; i++)
            if (w->leads[i])
                MR_TRY(climb_table(w, i, &more, err));
    }
    return MR_OK;
}

/* ---- who they are ---- */

/* Slots for whom was met, as the run would have made them. */
static enum mr_code collect(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                            struct mr_err *err)
{
    struct climbing *w = ctx;
    (void)arena;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; i < rows->count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&w->asks);
        if (ask == NULL)
            return mr_merge_nomem(err);
        *ask =
            (struct mr_merge_ask){.value = ((struct mr_merge_work_row *)mr_vec_at(rows, i))->key};
    }
    return mr_copy_collect_keys(w->c, w->beyond, &w->asks, err);
}

static enum mr_code judge(struct climbing *w, struct mr_err *err)
{
    for (size_t i = w->c->m.plan->ntables; i < w->c->ntables; i++) {
        w->beyond = &w->c->m.plan->tables[i];
        MR_TRY(mr_copy_pages(w->c,
                             "SELECT id, key FROM climb WHERE"
                             " tbl=:tbl AND id>:after AND todo=0 ORDER BY id LIMIT 500",
                             i, collect, w, err));
        MR_TRY(mr_copy_classify_table(w->c, w->beyond, err));
    }
    return MR_OK;
}

/* Before owners are looked for: who of the rows beyond the run is two people is where taint
 * begins. */
enum mr_code mr_copy_climb(struct mr_copy *c, struct mr_err *err)
{
    struct climbing w = {.c = c, .asks = MR_VEC_INIT(struct mr_merge_ask), .key = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    w.leads = mr_arena_calloc(&c->m.arena, c->ntables + 1, sizeof *w.leads);
    if (w.leads == NULL)
        return mr_merge_nomem(err);
    find_ways(&w);
    MR_TRY_OUT(climb(&w, err));
    MR_TRY_OUT(judge(&w, err));
out:
    mr_case_free(w.meet);
    mr_vec_release(&w.asks);
    mr_strbuf_release(&w.key);
    return code;
}
