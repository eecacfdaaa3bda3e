/* merge_erased.c: see merge_erased.h. */
#include "repair/merge/merge_erased.h"

#include <string.h>
#include <strings.h>

#include "core/base/same_text.h"
#include "core/base/signals.h"
#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"
#include "repair/decide/decide_three.h"
#include "repair/merge/merge_choice.h"
#include "repair/merge/merge_erased_order.h"
#include "repair/merge/merge_evidence.h"
#include "repair/merge/merge_referrers.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_told.h"

/* A row that SOURCE's log shows as deleted. */
struct gone {
    struct mr_key key;  /* as the log has it */
    struct mr_key live; /* TARGET's row; ptr NULL: none */
    bool lives;         /* SOURCE has a row of that key */
};

/* A row of temp.erased. */
struct erased {
    int64_t id;
    struct mr_key image;
};

struct erasing {
    struct mr_merge *m;
    const struct mr_merge_table *table;
    const struct mr_plan_reference *r;
    enum mr_side side;     /* that is asked at the moment */
    struct mr_vec rows;    /* struct gone, or struct erased */
    struct mr_vec asks;    /* struct mr_merge_ask */
    struct mr_vec leavers; /* struct mr_merge_leaver */
    struct mr_vec along;   /* struct along: that are sought on SOURCE */
    struct mr_merge_told_row told;
    struct mr_arena arena;
    struct mr_strbuf bytes;
    struct mr_case_stmt *marks, *page, *add, *find, *said, *edge, *stays;
    struct mr_case_fields page_map;
};

/* A row of TARGET that no mark of SOURCE names, and that refers to one that is to go. */
struct along {
    int64_t parent;
    struct mr_key key, image;
    bool lives; /* on SOURCE */
};

static const char kind[] = "deleted-in-source";

static enum mr_code keep(struct erasing *w, const void *ptr, size_t len, struct mr_key *out)
{
    *out = (struct mr_key){mr_arena_dup(&w->arena, ptr, len), len};
    return out->ptr != NULL || len == 0 ? MR_OK : MR_E_NOMEM;
}

/* The key of a row as TARGET writes it, in w->bytes. */
static enum mr_code key_of(struct erasing *w, const struct mr_plan_table *t, struct mr_key image,
                           struct mr_err *err)
{
    bool null = false;
    return mr_pair_values_of(image.ptr, image.len, t->key.at, t->key.count, &w->bytes, &null, err);
}

/* ---- what was chosen ---- */

/* A rule that the conflict does not offer is none.  *said: it is somebody's word about that very row. */
static enum mr_code choose(struct erasing *w, struct mr_key key, struct mr_key live,
                           const char **choice, bool *said, struct mr_err *err)
{
    const struct mr_merge_options *o = w->m->options;
    const char *table = mr_plan_table_name(w->table->plan);
    const struct mr_decision_ask ask = {
        .table = table, .source_key = key, .kind = kind, .target = live};
    *choice = NULL;
    if (o->decision != NULL)
        MR_TRY(o->decision(o->decision_ctx, &ask, choice, err));
    *said = *choice != NULL && mr_merge_is_choice(kind, *choice);
    if (*choice == NULL)
        *choice = mr_merge_choice_rule(w->m, w->table->plan, kind);
    if (*choice != NULL && !mr_merge_is_choice(kind, *choice))
        *choice = NULL;
    if (*choice != NULL && strcmp(*choice, MR_CHOICE_STOP) == 0)
        return mr_err_set(err, MR_E_REFUSED,
                          "a row of table \"%s\" was deleted on SOURCE: the choice for %s is to "
                          "stop",
                          table, kind);
    return MR_OK;
}

/* ---- rows that SOURCE's log shows as deleted ---- */

static struct mr_three_fact about_row(const struct erasing *w)
{
    const struct mr_merge_told_row *told = &w->told;
    const struct mr_explain *e = &told->explain;
    const int source = told->found[MR_SOURCE] ? told->mark[MR_SOURCE].flags : 0;
    const int target = told->found[MR_TARGET] ? told->mark[MR_TARGET].flags : 0;
    return (struct mr_three_fact){
        .evidence = true,
        .base_known = e->base == MR_BASE_ABSENT || e->base == MR_BASE_ROW,
        .base = e->base == MR_BASE_ROW,
        .bases_differ = e->bases_differ,
        .target = true,
        .source_touched = told->found[MR_SOURCE],
        .target_touched = told->found[MR_TARGET],
        .target_remade = mr_merge_told_is_remade(told, w->table, MR_TARGET),
        .source_moved = (source & MR_MARK_WENT) != 0,
        .target_moved = (target & MR_MARK_WENT) != 0,
    };
}

/* Of the key in w->bytes; 0: it is none. */
static enum mr_code find(struct erasing *w, const struct mr_plan_table *t, int64_t *id,
                         struct mr_err *err)
{
    bool found = false;
    const enum mr_code code = MR_CASE_ASK(w->find, &found, err, MR_ARG_INT("tbl", t->at),
                                          MR_ARG_BLOB("key", w->bytes.ptr, w->bytes.len));
    *id = code == MR_OK && found ? mr_case_int(w->find, 0) : 0;
    mr_case_reset(w->find);
    return code;
}

static enum mr_code add(struct erasing *w, const struct mr_plan_table *t, struct mr_key image,
                        bool goes, bool along, int64_t *id, struct mr_err *err)
{
    bool is_new = false;
    MR_TRY(key_of(w, t, image, err));
    const enum mr_code code =
        MR_CASE_ASK(w->add, &is_new, err, MR_ARG_INT("tbl", t->at),
                    MR_ARG_BLOB("key", w->bytes.ptr, w->bytes.len), MR_ARG_BYTES("image", image),
                    MR_ARG_INT("goes", goes), MR_ARG_INT("along", along));
    *id = code == MR_OK && is_new ? mr_case_int(w->add, 0) : 0;
    mr_case_reset(w->add);
    return code == MR_OK && !is_new ? find(w, t, id, err) : code;
}

/* Only what stood at the split, and SOURCE's own transaction deleted, was erased.  Where the logs tell of
 * two such rows, nobody knows which it was: TARGET's stays. */
static enum mr_code take(struct erasing *w, const struct gone *row, struct mr_err *err)
{
    const struct mr_key rows[MR_SIDES] = {{NULL, 0}, row->live};
    enum mr_pick picks[MR_CONFLICTS] = {MR_PICK_NONE};
    struct mr_column_ruling none;
    const char *choice = NULL;
    int64_t id = 0;
    bool is = false, said = false;
    MR_TRY(mr_merge_told_read(&w->told, w->m, w->table, row->key, rows, &is, err));
    if (!is)
        return MR_OK;
    const struct mr_three_fact fact = about_row(w);
    if (mr_decide_three(&fact, NULL, 0, picks, &none).outcome != MR_THREE_IS_DELETED_IN_SOURCE)
        return MR_OK;
    MR_TRY(key_of(w, w->table->plan, row->live, err));
    MR_TRY(choose(w, (struct mr_key){w->bytes.ptr, w->bytes.len}, row->live, &choice, &said, err));
    picks[MR_CONFLICT_DELETED_IN_SOURCE] = mr_pick_of(choice);
    const bool goes = mr_decide_three(&fact, NULL, 0, picks, &none).deed == MR_THREE_DELETES;
    MR_TRY(add(w, w->table->plan, row->live, goes, false, &id, err));
    return said ? MR_CASE_RUN(w->said, err, MR_ARG_INT("id", id)) : MR_OK;
}

static enum mr_code answer(void *ctx, const struct mr_merge_ask *ask,
                           const struct mr_merge_answer *row, struct mr_err *err)
{
    struct erasing *w = ctx;
    struct gone *gone = mr_vec_at(&w->rows, (size_t)ask->tag);
    if (w->side == MR_SOURCE) {
        gone->lives = true;
        return MR_OK;
    }
    return keep(w, row->image, row->len, &gone->live) == MR_OK ? MR_OK : mr_merge_nomem(err);
}

/* What each side has of the keys of a page. */
static enum mr_code ask_sides(struct erasing *w, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_merge_lookup what = {(enum mr_side)side, w->table->plan,
                                             w->table->plan->key};
        w->side = (enum mr_side)side;
        mr_vec_clear(&w->asks);
        for (size_t i = 0; i < w->rows.count; i++) {
            struct mr_merge_ask *ask = mr_vec_push(&w->asks);
            if (ask == NULL)
                return mr_merge_nomem(err);
            *ask = (struct mr_merge_ask){
                .tag = (int64_t)i, .value = ((const struct gone *)mr_vec_at(&w->rows, i))->key};
        }
        MR_TRY(mr_merge_lookup_ask(w->m, &what, &w->asks, answer, w, err));
    }
    return MR_OK;
}

/* A page of the keys that SOURCE's log has as deleted, behind `after`. */
static enum mr_code read_marks(struct erasing *w, struct mr_key after, struct mr_err *err)
{
    bool more = false;
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->rows);
    mr_arena_reset(&w->arena);
    MR_CASE_BIND(w->marks, MR_ARG_INT("tbl", w->table->told), MR_ARG_BYTES("after", after),
                 MR_ARG_INT("deleted", MR_MARK_DELETED),
                 MR_ARG_INT("absent", MR_MARK_ABSENT_BEFORE));
    while (code == MR_OK && (code = mr_case_step(w->marks, &more, err)) == MR_OK && more) {
        struct gone *row = mr_vec_push(&w->rows);
        size_t len = 0;
        const void *key = mr_case_blob(w->marks, 0, &len);
        if (row == NULL)
            code = mr_merge_nomem(err);
        else if (*row = (struct gone){.lives = false}, keep(w, key, len, &row->key) != MR_OK)
            code = mr_merge_nomem(err);
    }
    mr_case_reset(w->marks);
    return code;
}

static enum mr_code find_table(struct erasing *w, struct mr_err *err)
{
    struct mr_arena last = MR_ARENA_INIT;
    struct mr_key after = {"", 0};
    enum mr_code code = MR_OK;
    for (;;) {
        MR_TRY_OUT(mr_is_cancelled() ? mr_cancelled_err(err) : read_marks(w, after, err));
        if (w->rows.count == 0)
            break;
        const struct gone *end = mr_vec_at(&w->rows, w->rows.count - 1);
        mr_arena_reset(&last);
        after = (struct mr_key){mr_arena_dup(&last, end->key.ptr, end->key.len), end->key.len};
        MR_TRY_OUT(after.ptr != NULL ? ask_sides(w, err) : mr_merge_nomem(err));
        for (size_t i = 0; i < w->rows.count; i++) {
            const struct gone *row = mr_vec_at(&w->rows, i);
            if (row->live.ptr != NULL && !row->lives)
                MR_TRY_OUT(take(w, row, err));
        }
    }
out:
    mr_arena_release(&last);
    return code;
}

/* ---- who refers to them ---- */

static enum mr_code stay(struct erasing *w, int64_t id, const char *table, struct mr_err *err)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&why, "rows of table \"%s\" that stay refer to it", table);
    enum mr_code code = mr_strbuf_check(&why, "looking for references", err);
    if (code == MR_OK)
        code = MR_CASE_RUN(w->stays, err, MR_ARG_INT("id", id), MR_ARG_TEXT("why", why.ptr));
    mr_strbuf_release(&why);
    return code;
}

/* Does SOURCE's foreign key take children along?  One whose rule the account may not see is not said to. */
static bool cascades(const struct erasing *w)
{
    const struct mr_pair *pair = w->m->plan->tables[w->r->child].pair;
    const struct mr_table *own = pair->side[MR_SOURCE];
    for (size_t i = 0; i < own->nfks; i++) {
        const struct mr_foreign_key *fk = &own->fks[i];
        bool same = mr_same_text(fk->on_delete, "CASCADE") && fk->ncolumns == w->r->from.count &&
                    mr_catalogue_is_table(w->m->plan->pairing.side[MR_SOURCE].cat,
                                          w->m->plan->tables[w->r->parent].pair->side[MR_SOURCE],
                                          fk->ref_db, fk->ref_table);
        for (size_t k = 0; same && k < fk->ncolumns; k++)
            same = strcasecmp(mr_pair_column(pair, MR_SOURCE, w->r->from.at[k])->name,
                              fk->columns[k]) == 0;
        if (same)
            return true;
    }
    return false;
}

/* A row that refers to one that goes: it goes, too, or may have gone along on SOURCE, or keeps it. */
static enum mr_code meet_child(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct erasing *w = ctx;
    const struct mr_plan_table *child = &w->m->plan->tables[w->r->child];
    const struct mr_key image = {row->image, row->len};
    bool refers = false;
    int64_t id = 0;
    MR_TRY(mr_merge_row_refers(w->r, image, &refers, err));
    if (!refers)
        return MR_OK;
    if (child->key.count == 0)
        return stay(w, ask->tag, mr_plan_table_name(child), err);
    MR_TRY(key_of(w, child, image, err));
    MR_TRY(find(w, child, &id, err));
    if (id != 0)
        return id == ask->tag ? MR_OK
                              : MR_CASE_RUN(w->edge, err, MR_ARG_INT("child", id),
                                            MR_ARG_INT("parent", ask->tag));
    struct along *along = mr_vec_push(&w->along);
    if (along == NULL)
        return mr_merge_nomem(err);
    *along = (struct along){.parent = ask->tag};
    return keep(w, w->bytes.ptr, w->bytes.len, &along->key) == MR_OK &&
                   keep(w, image.ptr, image.len, &along->image) == MR_OK
               ? MR_OK
               : mr_merge_nomem(err);
}

static enum mr_code meet_outside(void *ctx, int64_t tag, const struct mr_table *child,
                                 struct mr_err *err)
{
    struct erasing *w = ctx;
    struct mr_strbuf name = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&name, "%s.%s", child->db, child->name);
    enum mr_code code = mr_strbuf_check(&name, "looking for references", err);
    if (code == MR_OK)
        code = stay(w, tag, name.ptr, err);
    mr_strbuf_release(&name);
    return code;
}

static enum mr_code answer_along(void *ctx, const struct mr_merge_ask *ask,
                                 const struct mr_merge_answer *row, struct mr_err *err)
{
    struct erasing *w = ctx;
    (void)row, (void)err;
    ((struct along *)mr_vec_at(&w->along, (size_t)ask->tag))->lives = true;
    return MR_OK;
}

/* Neither log names it, both are good, and SOURCE lacks it: it was there at the split, since TARGET's log
 * would show how it came. */
static enum mr_code went_along(struct erasing *w, const struct mr_merge_table *child,
                               const struct along *row, bool *is, struct mr_err *err)
{
    *is = false;
    if (row->lives || child->told == 0)
        return MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        bool found = false;
        if (child->witness[side] != MR_WITNESS_GOOD || !w->m->is_still[side])
            return MR_OK;
        MR_TRY(mr_merge_evidence_mark(w->m, child, (enum mr_side)side, row->key, &w->told.arena,
                                      &w->told.mark[side], &found, err));
        if (found)
            return MR_OK;
    }
    *is = true;
    return MR_OK;
}

static enum mr_code settle_along(struct erasing *w, struct mr_err *err)
{
    const struct mr_merge_table *child = &w->m->tables[w->r->child];
    const struct mr_merge_lookup what = {MR_SOURCE, child->plan, child->plan->key};
    const bool may = w->along.count > 0 && cascades(w);
    mr_vec_clear(&w->asks);
    for (size_t i = 0; may && i < w->along.count; i++) {
        struct mr_merge_ask *ask = mr_vec_push(&w->asks);
        if (ask == NULL)
            return mr_merge_nomem(err);
        *ask = (struct mr_merge_ask){.tag = (int64_t)i,
                                     .value = ((const struct along *)mr_vec_at(&w->along, i))->key};
    }
    if (may)
        MR_TRY(mr_merge_lookup_ask(w->m, &what, &w->asks, answer_along, w, err));
    for (size_t i = 0; i < w->along.count; i++) {
        const struct along *row = mr_vec_at(&w->along, i);
        int64_t id = 0;
        bool is = false;
        if (may)
            MR_TRY(went_along(w, child, row, &is, err));
        if (is)
            MR_TRY(add(w, child->plan, row->image, true, true, &id, err));
        MR_TRY(is ? MR_CASE_RUN(w->edge, err, MR_ARG_INT("child", id),
                                MR_ARG_INT("parent", row->parent))
                  : stay(w, row->parent, mr_plan_table_name(child->plan), err));
    }
    return MR_OK;
}

/* Children of a page of rows of one table that are to go. */
static enum mr_code look_below(struct erasing *w, struct mr_err *err)
{
    const size_t at = w->table->plan->at;
    mr_vec_clear(&w->leavers);
    for (size_t i = 0; i < w->rows.count; i++) {
        const struct erased *row = mr_vec_at(&w->rows, i);
        struct mr_merge_leaver *leaver = mr_vec_push(&w->leavers);
        if (leaver == NULL)
            return mr_merge_nomem(err);
        *leaver = (struct mr_merge_leaver){.tag = row->id, .live = row->image};
    }
    for (size_t i = 0; i < w->m->plan->nreferences; i++) {
        w->r = &w->m->plan->references[i];
        mr_vec_clear(&w->along);
        if (w->r->parent != at)
            continue;
        MR_TRY(mr_merge_referrers(w->m, w->r, &w->leavers, meet_child, w, err));
        MR_TRY(settle_along(w, err));
    }
    return mr_merge_referrers_outside(w->m, w->table->plan, &w->leavers, meet_outside, w, err);
}

#define ERASED(member, type) MR_CASE_FIELD(struct erased, member, MR_CASE_##type)
static const struct mr_case_field erased_fields[] =
    MR_CASE_LIST(ERASED(id, INT), ERASED(image, BYTES));

/* Rows that came along have a greater id than those that took them, so that one more round meets them. */
static enum mr_code look_below_all(struct erasing *w, struct mr_err *err)
{
    int64_t after[2] = {0, 0};
    enum mr_code code = MR_OK;
    do {
        after[0] = after[1];
        MR_TRY(
            mr_case_number_with(w->m->cf, "SELECT max(id) FROM erased", NULL, 0, &after[1], err));
        for (size_t t = 0; t < w->m->plan->ntables; t++) {
            int64_t from = after[0];
            w->table = &w->m->tables[t];
            for (;;) {
                mr_vec_clear(&w->rows);
                mr_arena_reset(&w->arena);
                MR_CASE_BIND(w->page, MR_ARG_INT("tbl", t), MR_ARG_INT("after", from),
                             MR_ARG_INT("last", after[1]));
                code = mr_case_fields_all(w->page, MR_CASE_FIELDS(erased_fields), &w->arena,
                                          &w->rows, err);
                mr_case_reset(w->page);
                MR_TRY(code);
                if (w->rows.count == 0)
                    break;
                from = ((const struct erased *)mr_vec_at(&w->rows, w->rows.count - 1))->id;
                MR_TRY(mr_is_cancelled() ? mr_cancelled_err(err) : look_below(w, err));
            }
        }
    } while (after[1] > after[0]);
    return MR_OK;
}

/* ---- all of it ---- */

static enum mr_code open_statements(struct erasing *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->marks, "SELECT key FROM history_mark WHERE tbl=:tbl AND side=0 AND key>:after"
                    " AND flags & :deleted AND NOT flags & :absent ORDER BY key LIMIT 500"},
        {&w->page,
         "SELECT id, image FROM erased WHERE tbl=:tbl AND id>:after AND id<=:last AND goes"
         " ORDER BY id LIMIT 500"},
        {&w->add, "INSERT OR IGNORE INTO erased (tbl, key, image, goes, along, asked)"
                  " VALUES (:tbl, :key, :image, :goes, :along, :goes) RETURNING id"},
        {&w->find, "SELECT id FROM erased WHERE tbl=:tbl AND key=:key"},
        {&w->said, "UPDATE erased SET said=1 WHERE id=:id"},
        {&w->edge, "INSERT OR IGNORE INTO erased_edge (child, parent) VALUES (:child, :parent)"},
        {&w->stays, "UPDATE erased SET goes=0, why=:why WHERE id=:id AND goes"},
    };
    return mr_case_prepare_all(w->m->cf, list, sizeof list / sizeof list[0], err);
}

enum mr_code mr_merge_erased(struct mr_merge *m, struct mr_err *err)
{
    struct erasing w = {.m = m,
                        .rows = MR_VEC_INIT(struct gone),
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .leavers = MR_VEC_INIT(struct mr_merge_leaver),
                        .along = MR_VEC_INIT(struct along),
                        .arena = MR_ARENA_INIT,
                        .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    mr_merge_told_init(&w.told);
    MR_TRY_OUT(open_statements(&w, err));
    for (size_t i = 0; i < m->plan->ntables; i++) {
        w.table = &m->tables[i];
        if (w.table->told != 0 && w.table->plan->key.count > 0 &&
            w.table->witness[MR_SOURCE] == MR_WITNESS_GOOD)
            MR_TRY_OUT(find_table(&w, err));
    }
    mr_vec_release(&w.rows);
    w.rows = (struct mr_vec)MR_VEC_INIT(struct erased);
    MR_TRY_OUT(look_below_all(&w, err));
    code = mr_merge_erased_order(m, err);
out:
    mr_case_free(w.marks);
    mr_case_free(w.page);
    mr_case_free(w.add);
    mr_case_free(w.find);
    mr_case_free(w.said);
    mr_case_free(w.edge);
    mr_case_free(w.stays);
    mr_merge_told_release(&w.told);
    mr_vec_release(&w.rows);
    mr_vec_release(&w.asks);
    mr_vec_release(&w.leavers);
    mr_vec_release(&w.along);
    mr_strbuf_release(&w.bytes);
    mr_arena_release(&w.arena);
    return code;
}
