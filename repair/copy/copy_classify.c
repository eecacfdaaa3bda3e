/* copy_classify.c: what is to be done with each slot, by the policy; see
 * copy_internal.h. */
#include "repair/copy/copy_internal.h"

#include <string.h>
#include <strings.h>

#include "core/base/suggest.h"
#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_newer.h"

/* What names two rows: their identities, or where one of them has none, their keys. */
enum naming { BY_IDENTITY, BY_KEY, NAMINGS };

struct classifying {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    struct mr_case_stmt *save, *several;
    struct mr_strbuf bytes[MR_SIDES];
    struct mr_vec facts;         /* struct mr_copy_fact, of the rows of a page */
    struct mr_vec asks[NAMINGS]; /* struct mr_merge_ask: SOURCE's and TARGET's name of a row whose
                                    names differ to the byte; tag: its place in facts */
};

/* ---- the column of newest ---- */

static bool has_newest(const struct mr_copy *c, const struct mr_plan_table *t)
{
    size_t n = t->pair->find.ncolumns, i = 0;
    while (i < n && strcasecmp(mr_plan_column_name(t, i), c->task->newest) != 0)
        i++;
    return i < n;
}

enum mr_plan_identity mr_copy_identity(const struct mr_copy *c, const struct mr_plan_table *table)
{
    bool said = table->pair->config->identity != MR_IDENTITY_DEFAULT;
    return c->task->policy == MR_COPY_NEWEST && !said && table->identity == MR_PLAN_BY_NONE &&
                   has_newest(c, table)
               ? MR_PLAN_BY_COLUMNS
               : table->identity;
}

/* A column that no planned table has is surely a slip. */
static enum mr_code find_newest(const struct mr_copy *c, struct mr_err *err)
{
    if (c->task->policy != MR_COPY_NEWEST)
        return MR_OK;
    struct mr_suggest suggest = {.typed = c->task->newest};
    for (size_t i = 0; i < c->task->tables->ntables; i++) {
        const struct mr_plan_table *t = &c->task->tables->tables[i];
        if (c->planned[i] && has_newest(c, t))
            return MR_OK;
        for (size_t k = 0; c->planned[i] && k < t->pair->find.ncolumns; k++)
            mr_suggest_offer(&suggest, mr_plan_column_name(t, k));
    }
    (void)mr_err_set(err, MR_E_REFUSED,
                     "newest:%s: no planned table has such a column on both sides",
                     c->task->newest);
    if (suggest.best != NULL)
        mr_err_hint(err, "Nothing was changed. Did you mean \"%s\"?", suggest.best);
    else
        mr_err_hint(err, "Nothing was changed. Name the column that says when a row was "
                         "last edited.");
    return MR_E_REFUSED;
}

/* ---- rows of both sides under one key ---- */

/* The values of both rows; *null: one of them is NULL, or there are no columns. */
static enum mr_code read_both(struct classifying *w, const struct mr_plan_columns *by,
                              struct mr_key image, struct mr_key held, bool *null,
                              struct mr_err *err)
{
    bool nulls[MR_SIDES] = {false, false};
    enum mr_code code = mr_pair_values_of(image.ptr, image.len, by->at, by->count,
                                          &w->bytes[MR_SOURCE], &nulls[MR_SOURCE], err);
    if (code == MR_OK)
        code = mr_pair_values_of(held.ptr, held.len, by->at, by->count, &w->bytes[MR_TARGET],
                                 &nulls[MR_TARGET], err);
    *null = by->count == 0 || nulls[MR_SOURCE] || nulls[MR_TARGET];
    return code;
}

static enum mr_code push_name(struct classifying *w, enum naming by, size_t row,
                              const struct mr_strbuf *bytes, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct mr_merge_ask *ask = mr_vec_push(&w->asks[by]);
    const void *copy = mr_arena_dup(arena, bytes->ptr, bytes->len);
    if (ask == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *ask = (struct mr_merge_ask){.tag = (int64_t)row, .value = {copy, bytes->len}};
    return MR_OK;
}

/* Are they one entity by their own columns?  Without them it is the key that tells.  Names that
 * differ to the byte are put to TARGET, whose collation may take them for one (settle_names). */
static enum mr_code compare_names(struct classifying *w, size_t row, struct mr_key image,
                                  struct mr_key held, struct mr_arena *arena, bool *same,
                                  struct mr_err *err)
{
    enum naming by = BY_IDENTITY;
    bool null = false;
    *same = true;
    if (mr_copy_identity(w->c, w->table) != MR_PLAN_BY_COLUMNS) {
        *same = false; /* another row, another event */
        return MR_OK;
    }
    MR_TRY(read_both(w, &w->table->named_by, image, held, &null, err));
    if (null) {
        by = BY_KEY;
        MR_TRY(read_both(w, &w->table->key, image, held, &null, err));
    }
    const struct mr_key own = {w->bytes[MR_SOURCE].ptr, w->bytes[MR_SOURCE].len};
    const struct mr_key live = {w->bytes[MR_TARGET].ptr, w->bytes[MR_TARGET].len};
    if (null || mr_key_compare(own, live) == 0)
        return MR_OK;
    MR_TRY(push_name(w, by, row, &w->bytes[MR_SOURCE], arena, err));
    return push_name(w, by, row, &w->bytes[MR_TARGET], arena, err);
}

/* One question to TARGET for all names of a kind, not one a row. */
static enum mr_code settle_names(struct classifying *w, struct mr_arena *arena, struct mr_err *err)
{
    const struct mr_plan_columns *const columns[] = {
        [BY_IDENTITY] = &w->table->named_by, [BY_KEY] = &w->table->key};
    for (int by = BY_IDENTITY; by < NAMINGS; by++) {
        struct mr_vec *asks = &w->asks[by];
        MR_TRY(mr_merge_lookup_canonise(&w->c->m, w->table, *columns[by], asks, arena, err));
        for (size_t i = 0; i + 1 < asks->count; i += 2) {
            const struct mr_merge_ask *own = mr_vec_at(asks, i), *live = mr_vec_at(asks, i + 1);
            struct mr_copy_fact *f = mr_vec_at(&w->facts, (size_t)own->tag);
            f->same_name = mr_key_compare(own->canon, live->canon) == 0;
        }
    }
    return MR_OK;
}

/* No row is at hand, and no name. */
static void begin_page(struct classifying *w)
{
    mr_vec_clear(&w->facts);
    for (int by = BY_IDENTITY; by < NAMINGS; by++)
        mr_vec_clear(&w->asks[by]);
}

/* Which of them is the newer one?  Only newest asks, of rows that are one entity. */
static enum mr_code find_newer(struct classifying *w, const struct mr_merge_work_row *row,
                               struct mr_copy_fact *f, struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {
        [MR_SOURCE] = {row->image, row->len}, [MR_TARGET] = {row->live, row->live_len}};
    int by = 0;
    if (w->c->task->policy != MR_COPY_NEWEST || !f->planned || !f->same_name ||
        !has_newest(w->c, w->table))
        return MR_OK;
    enum mr_code code = mr_merge_newer(&w->c->m, w->table, w->c->task->newest, rows, &by, err);
    f->newer = by > 0;
    f->older = by < 0;
    return code;
}

/* What is put back is all of a row: a rewind that left what nobody compares would leave it in silence, and
 * an old primary that is to be a replica would be none. */
static enum mr_code differ(struct classifying *w, struct mr_key own, struct mr_key live,
                           bool *differs, struct mr_err *err)
{
    struct mr_image *const image = w->c->m.image;
    const struct mr_pair *pair = w->table->pair;
    MR_TRY(mr_merge_row_differs(&w->c->m, w->table, own, live, MR_NO_COLUMN, differs, err));
    if (*differs || w->c->task->fill == NULL || pair->ignored == NULL)
        return MR_OK;
    MR_TRY(mr_image_open(&image[0], own.ptr, own.len, err));
    MR_TRY(mr_image_open(&image[1], live.ptr, live.len, err));
    for (size_t i = 0; !*differs && i < pair->find.ncolumns; i++)
        *differs = pair->ignored[i] && !w->table->generated[i] &&
                   mr_image_differs(&image[0], &image[1], i, &pair->find.columns[i]);
    return MR_OK;
}

/* Costs grow from line to line, so each is asked only where the one before leaves it open. */
static enum mr_code know(struct classifying *w, const struct mr_merge_work_row *row,
                         struct mr_arena *arena, struct mr_copy_fact *f, struct mr_err *err)
{
    const struct mr_key own = {row->image, row->len}, live = {row->live, row->live_len};
    f->planned = w->c->planned[w->table->at];
    f->on_source = own.ptr != NULL;
    f->on_target = live.ptr != NULL;
    if (!f->on_source || !f->on_target)
        return MR_OK;
    f->same_name = true;
    MR_TRY(differ(w, own, live, &f->differs, err));
    return f->differs && w->c->task->fill == NULL
               ? compare_names(w, w->facts.count - 1, own, live, arena, &f->same_name, err)
               : MR_OK;
}

static enum mr_code ask_several(struct classifying *w, int64_t slot, bool *several,
                                struct mr_err *err)
{
    bool found = false;
    enum mr_code code = MR_CASE_ASK(w->several, &found, err, MR_ARG_INT("id", slot));
    *several = code == MR_OK && found;
    mr_case_reset(w->several);
    return code;
}

/* taint begins here, at rows under one key that are two entities; copy_taint.c carries it down. */
static enum mr_code save(struct classifying *w, int64_t slot, const struct mr_copy_fact *f,
                         struct mr_err *err)
{
    static const enum mr_step_op ops[] = {[MR_COPY_INSERTS] = MR_STEP_INSERT,
                                          [MR_COPY_UPDATES] = MR_STEP_UPDATE,
                                          [MR_COPY_DELETES] = MR_STEP_DELETE};
    const struct mr_copy_ruling ruling = mr_decide_copy(f, w->c->task->policy);
    const bool both = f->on_source && f->on_target;
    w->c->result->extra += ruling.deed == MR_COPY_KEEPS ? 1 : 0;
    return MR_CASE_RUN(w->save, err, MR_ARG_INT("id", slot), MR_ARG_INT("op", ops[ruling.deed]),
                       MR_ARG_INT("same", both && f->same_name),
                       MR_ARG_INT("taint", both && !f->same_name),
                       MR_ARG_TEXT("kind", mr_conflict_name(ruling.why.conflict)),
                       MR_ARG_INT("equal", both && !f->differs));
}

static enum mr_code judge_all(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct classifying *w = ctx;
    begin_page(w);
    for (size_t i = 0; i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        struct mr_copy_fact *f = mr_vec_push(&w->facts);
        if (f == NULL)
            return mr_merge_nomem(err);
        *f = (struct mr_copy_fact){0};
        MR_TRY(ask_several(w, row->id, &f->several, err));
        MR_TRY(know(w, row, arena, f, err));
    }
    MR_TRY(settle_names(w, arena, err));
    for (size_t i = 0; i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        struct mr_copy_fact *f = mr_vec_at(&w->facts, i);
        if (f->differs)
            MR_TRY(find_newer(w, row, f, err));
        MR_TRY(save(w, row->id, f, err));
    }
    return MR_OK;
}

/* By pages of ids: what is written of a slot moves it to no other page. */
static enum mr_code classify(struct classifying *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->save, "UPDATE c SET op=:op, same=:same, taint=:taint, kind=coalesce(kind, :kind),"
                   " equal=:equal WHERE id=:id"},
        {&w->several, "SELECT 1 FROM c WHERE id=:id AND several"},
    };
    enum mr_code code = mr_case_prepare_all(w->c->m.cf, list, sizeof list / sizeof list[0], err);
    return code == MR_OK ? mr_copy_pages(w->c,
                                         "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND"
                                         " c.id>:after ORDER BY c.id LIMIT 500",
                                         w->table->at, judge_all, w, err)
                         : code;
}

static struct classifying begin(struct mr_copy *c, const struct mr_plan_table *table)
{
    return (struct classifying){
        .c = c,
        .table = table,
        .bytes = {MR_STRBUF_INIT, MR_STRBUF_INIT},
        .facts = MR_VEC_INIT(struct mr_copy_fact),
        .asks = {MR_VEC_INIT(struct mr_merge_ask), MR_VEC_INIT(struct mr_merge_ask)}};
}

static void release(struct classifying *w)
{
    mr_case_free(w->save);
    mr_case_free(w->several);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        mr_strbuf_release(&w->bytes[side]);
    mr_vec_release(&w->facts);
    for (int by = BY_IDENTITY; by < NAMINGS; by++)
        mr_vec_release(&w->asks[by]);
}

enum mr_code mr_copy_classify_table(struct mr_copy *c, const struct mr_plan_table *table,
                                    struct mr_err *err)
{
    struct classifying w = begin(c, table);
    enum mr_code code = classify(&w, err);
    release(&w);
    return code;
}

/* Equal rows are one entity whatever names them; asked of rows under different keys, too. */
enum mr_code mr_copy_is_same(struct mr_copy *c, const struct mr_plan_table *table,
                             struct mr_key source, struct mr_key target, bool *same,
                             struct mr_err *err)
{
    struct classifying w = begin(c, table);
    struct mr_arena arena = MR_ARENA_INIT;
    bool differs = false;
    enum mr_code code = MR_OK;
    struct mr_copy_fact *f = mr_vec_push(&w.facts);
    MR_TRY_OUT(f != NULL ? MR_OK : mr_merge_nomem(err));
    *f = (struct mr_copy_fact){.same_name = true};
    MR_TRY_OUT(mr_merge_row_differs(&c->m, table, source, target, MR_NO_COLUMN, &differs, err));
    if (differs)
        MR_TRY_OUT(compare_names(&w, 0, source, target, &arena, &f->same_name, err));
    MR_TRY_OUT(settle_names(&w, &arena, err));
    *same = f->same_name;
out:
    mr_arena_release(&arena);
    release(&w);
    return code;
}

enum mr_code mr_copy_classify(struct mr_copy *c, struct mr_err *err)
{
    MR_TRY(find_newest(c, err));
    for (size_t i = 0; i < c->m.plan->ntables; i++)
        MR_TRY(mr_copy_classify_table(c, &c->m.plan->tables[i], err));
    return MR_OK;
}
