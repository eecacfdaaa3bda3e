/* merge_collect.c: see merge_collect.h. */
#include "repair/merge/merge_collect.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_gone.h"
#include "repair/merge/merge_parents.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"
#include "repair/plan/plan_written.h"

#define FINDINGS 500 /* a batch, with their images */

struct collecting {
    struct mr_merge *m;
    const struct mr_merge_table *table; /* whose rows are added */
    const struct mr_plan_reference *by; /* only rows that refer by it; NULL: all */
    struct mr_case_stmt *add, *source, *live, *target, *rest, *extra;
    struct mr_arena arena;
    struct mr_vec asks, keys,
        rows;             /* struct mr_merge_ask, struct mr_key, struct mr_merge_work_row */
    struct mr_vec others; /* struct mr_merge_ask: keys that TARGET spells otherwise */
    struct mr_strbuf bytes;
    struct mr_merge_gone gone;
    int64_t *risen;  /* per reference: the last row of w whose parent was looked for */
    int64_t ordinal; /* of a row without a key */
    bool any;        /* a row was found (of a table without a key) */
};

static struct mr_merge_table *merge_table(struct mr_merge *m, size_t at)
{
    return &m->tables[at];
}

static bool is_keyless(const struct mr_merge_table *t)
{
    return t->plan->key.count == 0;
}

/* ---- rows of SOURCE ---- */

/* The key of a row; one without any is named by all of it, and its number. */
static enum mr_code key_of(struct collecting *c, struct mr_key image, struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    bool null = false;
    if (!is_keyless(c->table))
        return mr_pair_values_of(image.ptr, image.len, t->key.at, t->key.count, &c->bytes, &null,
                                 err);
    struct mr_value number = {.cls = MR_CLASS_INT, .i = ++c->ordinal};
    mr_strbuf_reset(&c->bytes);
    mr_strbuf_add(&c->bytes, image.ptr, image.len);
    return mr_row_encode(&c->bytes, &number, err);
}

/* By the key in c->bytes; one that is there already is looked at once. */
static enum mr_code insert(struct collecting *c, struct mr_key image, int64_t n, struct mr_err *err)
{
    bool is_new = false;
    enum mr_code code =
        MR_CASE_ASK(c->add, &is_new, err, MR_ARG_INT("tbl", c->table->plan->at),
                    MR_ARG_BLOB("key", c->bytes.ptr, c->bytes.len), MR_ARG_INT("n", n));
    const int64_t id = code == MR_OK && is_new ? mr_case_int(c->add, 0) : 0;
    mr_case_reset(c->add);
    return code == MR_OK && is_new
               ? MR_CASE_RUN(c->source, err, MR_ARG_INT("id", id), MR_ARG_BYTES("image", image))
               : code;
}

static enum mr_code add_row(void *ctx, const struct mr_merge_ask *ask,
                            const struct mr_merge_answer *row, struct mr_err *err)
{
    struct collecting *c = ctx;
    struct mr_key image = {row->image, row->len};
    bool refers = true;
    int64_t n = 0;
    mr_merge_gone_see(&c->gone, ask);
    enum mr_code code = MR_OK;
    if (c->by != NULL)
        code = mr_merge_row_refers(c->by, image, &refers, err);
    if (code != MR_OK || !refers)
        return code;
    c->any = true;
    if (is_keyless(c->table) && !c->table->all)
        return MR_OK; /* it is read whole */
    code = mr_merge_row_count(c->table->plan, image, &n, err);
    if (code == MR_OK)
        code = key_of(c, image, err);
    if (code != MR_OK)
        return code;
    return insert(c, image, n, err);
}

/* ---- TARGET's rows under the same keys ---- */

/* SOURCE may have a row of its own under TARGET's spelling of a key, equal to TARGET's, so that the
 * run did not find it: whose row TARGET's is cannot be told without it. */
static enum mr_code note_spelling(struct collecting *c, struct mr_key own, struct mr_err *err)
{
    const struct mr_key live = {c->bytes.ptr, c->bytes.len};
    if (mr_key_compare(own, live) == 0)
        return MR_OK;
    struct mr_merge_ask *other = mr_vec_push(&c->others);
    const void *copy = mr_arena_dup(&c->arena, live.ptr, live.len);
    if (other == NULL || copy == NULL)
        return mr_merge_nomem(err);
    *other = (struct mr_merge_ask){.value = {copy, live.len}};
    return MR_OK;
}

/* Adds those rows, whatever they refer to. */
static enum mr_code add_spelt(struct collecting *c, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_SOURCE, c->table->plan, c->table->plan->key};
    const struct mr_plan_reference *by = c->by;
    c->by = NULL;
    enum mr_code code = mr_merge_lookup_ask(c->m, &what, &c->others, add_row, c, err);
    c->by = by;
    return code;
}

/* Whether both rows are equal is said now, while both are at hand: the bounds and the matcher go
 * by it. */
static enum mr_code take_live(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct collecting *c = ctx;
    const struct mr_merge_work_row *own = mr_vec_at(&c->rows, (size_t)ask->tag);
    const struct mr_plan_table *t = c->table->plan;
    struct mr_key image = {row->image, row->len};
    bool differs = false, null = false;
    enum mr_code code = mr_merge_row_differs(c->m, t, (struct mr_key){own->image, own->len}, image,
                                             MR_NO_COLUMN, &differs, err);
    if (code == MR_OK)
        code =
            mr_pair_values_of(image.ptr, image.len, t->key.at, t->key.count, &c->bytes, &null, err);
    if (code == MR_OK)
        code = note_spelling(c, own->key, err);
    if (code != MR_OK)
        return code;
    MR_TRY(MR_CASE_RUN(c->live, err, MR_ARG_INT("id", own->id),
                       MR_ARG_BLOB("key", c->bytes.ptr, c->bytes.len),
                       MR_ARG_INT("equal", !differs)));
    return MR_CASE_RUN(c->target, err, MR_ARG_INT("id", own->id), MR_ARG_BYTES("image", image));
}

/* Reads TARGET's rows for those of w beyond *after. */
static enum mr_code read_live(struct collecting *c, int64_t *after, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_TARGET, c->table->plan, c->table->plan->key};
    enum mr_code code = MR_OK;
    if (is_keyless(c->table))
        return MR_OK;
    for (;;) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&c->asks);
        mr_vec_clear(&c->others);
        code =
            MR_MERGE_PAGE(c->m,
                          "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                          " WHERE w.tbl=:tbl AND w.id>:after ORDER BY w.id LIMIT :limit",
                          *after, &c->arena, &c->rows, err, MR_ARG_INT("tbl", c->table->plan->at),
                          MR_ARG_INT("limit", MR_MERGE_BATCH));
        if (code != MR_OK || c->rows.count == 0)
            return code;
        for (size_t i = 0; code == MR_OK && i < c->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&c->rows, i);
            *after = row->id;
            code = mr_merge_lookup_push(&c->asks, (int64_t)i, (struct mr_key){row->image, row->len},
                                        what.table->key, &c->arena, err);
        }
        if (code == MR_OK)
            code = mr_merge_lookup_ask(c->m, &what, &c->asks, take_live, c, err);
        if (code == MR_OK)
            code = add_spelt(c, err);
        if (code != MR_OK)
            return code;
    }
}

static enum mr_code last_id(struct mr_merge *m, int64_t *id, struct mr_err *err)
{
    return mr_case_number_with(m->cf, "SELECT max(id) FROM w", NULL, 0, id, err);
}

/* ---- tables without a key ---- */

static enum mr_code add_rest(void *ctx, const struct mr_merge_ask *ask,
                             const struct mr_merge_answer *row, struct mr_err *err)
{
    struct collecting *c = ctx;
    (void)ask;
    return MR_CASE_RUN(c->rest, err, MR_ARG_INT("tbl", c->table->plan->at),
                       MR_ARG_BLOB("image", row->image, row->len));
}

static enum mr_code load_all(struct collecting *c, struct mr_err *err)
{
    struct mr_merge_table *t = merge_table(c->m, c->table->plan->at);
    struct mr_merge_lookup what = {MR_SOURCE, t->plan, {NULL, 0}};
    if (t->all)
        return MR_OK;
    t->all = true;
    c->by = NULL;
    c->ordinal = 0;
    enum mr_code code = mr_merge_lookup_stream(c->m, &what, NULL, 0, add_row, c, err);
    what.side = MR_TARGET;
    return code == MR_OK ? mr_merge_lookup_stream(c->m, &what, NULL, 0, add_rest, c, err) : code;
}

/* ---- what check found ---- */

/* Values of plan columns from an image of the run; *null: one is NULL or unknown. */
static enum mr_code values_of_finding(struct collecting *c, const void *image, size_t len,
                                      struct mr_plan_columns columns, bool *null,
                                      struct mr_err *err)
{
    size_t at[MR_KEY_PARTS_MAX] = {0};
    *null = true;
    if (image == NULL || columns.count > MR_KEY_PARTS_MAX)
        return MR_OK;
    for (size_t i = 0; i < columns.count; i++) {
        at[i] = c->table->plan->found_at[columns.at[i]];
        if (at[i] == MR_NO_COLUMN)
            return MR_OK;
    }
    return mr_pair_values_of(image, len, at, columns.count, &c->bytes, null, err);
}

static enum mr_code keep_bytes(struct collecting *c, struct mr_key *key, struct mr_err *err)
{
    key->ptr = mr_arena_dup(&c->arena, c->bytes.ptr, c->bytes.len);
    key->len = c->bytes.len;
    return key->ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

/* A finding is only a hint: its row is read again by its key, and if nothing answers it is
 * gone. */
static enum mr_code ask_for_keys(struct collecting *c, const struct mr_vec *findings,
                                 struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->asks);
    for (size_t i = 0; code == MR_OK && i < findings->count; i++) {
        const struct mr_finding *f = mr_vec_at(findings, i);
        bool null = true;
        struct mr_key key;
        code = values_of_finding(c, f->source, f->source_len, c->table->plan->key, &null, err);
        if (code != MR_OK || null)
            continue;
        struct mr_merge_ask *ask = mr_vec_push(&c->asks);
        code = ask != NULL ? keep_bytes(c, &key, err) : mr_merge_nomem(err);
        if (code == MR_OK) {
            *ask = (struct mr_merge_ask){.value = key};
            code = mr_merge_gone_expect(&c->gone, ask, err);
        }
    }
    return code;
}

/* Values that only TARGET's rows hold: a row of SOURCE that refers to one of them points
 * at nobody there, and at somebody here. */
static enum mr_code live_values(struct collecting *c, const struct mr_vec *findings,
                                struct mr_plan_columns columns, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->keys);
    for (size_t i = 0; code == MR_OK && i < findings->count; i++) {
        const struct mr_finding *f = mr_vec_at(findings, i);
        struct mr_key live = {0}, own = {0};
        bool null = true;
        code = values_of_finding(c, f->target, f->target_len, columns, &null, err);
        if (code != MR_OK || null)
            continue;
        code = keep_bytes(c, &live, err);
        if (code == MR_OK)
            code = values_of_finding(c, f->source, f->source_len, columns, &null, err);
        if (code == MR_OK && !null)
            code = keep_bytes(c, &own, err);
        if (code != MR_OK || mr_key_compare(live, own) == 0)
            continue;
        struct mr_key *slot = mr_vec_push(&c->keys);
        if (slot == NULL)
            return mr_merge_nomem(err);
        *slot = live;
    }
    return code;
}

/* Adds the rows of SOURCE that refer by r to one of c->keys. */
static enum mr_code add_children(struct collecting *c, const struct mr_plan_reference *r,
                                 struct mr_err *err)
{
    const struct mr_merge_table *before = c->table;
    struct mr_merge_table *child = merge_table(c->m, r->child);
    int64_t after = 0;
    if (c->keys.count == 0 || child->all)
        return MR_OK;
    /* the batch at hand must outlive what is read for its children */
    struct mr_arena arena = c->arena;
    struct mr_vec rows = c->rows;
    c->arena = (struct mr_arena)MR_ARENA_INIT;
    c->rows = (struct mr_vec)MR_VEC_INIT(struct mr_merge_work_row);
    c->table = child;
    c->by = r;
    c->any = false;
    enum mr_code code = last_id(c->m, &after, err);
    if (code == MR_OK)
        code = mr_merge_reference_children(c->m, MR_SOURCE, r, &c->keys, add_row, c, err);
    if (code == MR_OK && c->any)
        code = is_keyless(child) ? load_all(c, err) : read_live(c, &after, err);
    c->table = before;
    c->by = NULL;
    mr_arena_release(&c->arena);
    mr_vec_release(&c->rows);
    c->arena = arena;
    c->rows = rows;
    return code;
}

/* Rows that only TARGET has: those of the past were deleted on the lost side. */
static enum mr_code note_extra(struct collecting *c, const struct mr_vec *findings,
                               struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    struct mr_plan_table as = *t;
    enum mr_code code = MR_OK;
    if (!mr_plan_has_counter(t) || t->found_at[t->counter] == MR_NO_COLUMN)
        return MR_OK;
    as.counter = t->found_at[t->counter];
    for (size_t i = 0; code == MR_OK && i < findings->count; i++) {
        const struct mr_finding *f = mr_vec_at(findings, i);
        int64_t n = 0;
        if (f->source != NULL || f->target == NULL)
            continue;
        code = mr_merge_row_count(&as, (struct mr_key){f->target, f->target_len}, &n, err);
        if (code == MR_OK)
            code = MR_CASE_RUN(c->extra, err, MR_ARG_INT("tbl", t->at), MR_ARG_INT("n", n));
    }
    return code;
}

static enum mr_code children_of_live(struct collecting *c, const struct mr_vec *findings,
                                     struct mr_err *err)
{
    size_t own = c->table->plan->at;
    for (size_t i = 0; i < c->m->plan->nreferences; i++) {
        const struct mr_plan_reference *r = &c->m->plan->references[i];
        if (r->parent != own)
            continue;
        MR_TRY(live_values(c, findings, r->to, err));
        MR_TRY(add_children(c, r, err));
    }
    return MR_OK;
}

/* The page of findings lives in the arena until its children are added; rows are read again only
 * then, so that a batch is held once. */
static enum mr_code collect_state(struct collecting *c, enum mr_find_state state,
                                  struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    const struct mr_merge_lookup what = {MR_SOURCE, t, t->key};
    struct mr_vec findings = MR_VEC_INIT(struct mr_finding);
    int64_t after = 0, from = 0;
    enum mr_code code = MR_OK;
    for (;;) {
        mr_arena_reset(&c->arena);
        mr_vec_clear(&findings);
        const struct mr_find_page page = {.table = t->found->id,
                                          .state = state,
                                          .after_id = after,
                                          .limit = FINDINGS,
                                          .max_bytes = MR_MERGE_PAGE_BYTES,
                                          .with_images = true};
        code = mr_findings_page(c->m->fd, &page, &c->arena, &findings, err);
        if (code != MR_OK || findings.count == 0)
            break;
        after = ((struct mr_finding *)mr_vec_at(&findings, findings.count - 1))->id;
        if (is_keyless(c->table)) {
            code = load_all(c, err);
            break;
        }
        MR_TRY_OUT(ask_for_keys(c, &findings, err));
        MR_TRY_OUT(last_id(c->m, &from, err));
        MR_TRY_OUT(mr_merge_lookup_ask(c->m, &what, &c->asks, add_row, c, err));
        MR_TRY_OUT(mr_merge_gone_take(&c->gone, c->m, t, err));
        MR_TRY_OUT(note_extra(c, &findings, err));
        MR_TRY_OUT(children_of_live(c, &findings, err));
        mr_arena_reset(&c->arena);
        MR_TRY_OUT(read_live(c, &from, err));
    }
out:
    mr_vec_release(&findings);
    return code;
}

/* ---- what plans of the case have written ---- */

/* A plan made its rows equal on both sides, so that no finding names them; whether they stand is
 * asked all the same. */
static enum mr_code collect_written(struct collecting *c, struct mr_err *err)
{
    const struct mr_plan_table *t = c->table->plan;
    const struct mr_merge_lookup what = {MR_SOURCE, t, t->key};
    struct mr_arena kept = MR_ARENA_INIT;
    struct mr_key after = {0};
    int64_t from = 0;
    bool any = false;
    enum mr_code code = MR_OK;
    if (is_keyless(c->table)) {
        code = mr_plan_written_any(c->m->cf, t, &any, err);
        return code == MR_OK && any ? load_all(c, err) : code;
    }
    while (code == MR_OK) {
        mr_vec_clear(&c->keys);
        code = mr_plan_written_page(c->m->cf, t, after, &kept, &c->keys, err);
        if (code != MR_OK || c->keys.count == 0)
            break;
        after = *(struct mr_key *)mr_vec_at(&c->keys, c->keys.count - 1);
        code = last_id(c->m, &from, err);
        if (code == MR_OK)
            code =
                mr_merge_lookup_stream(c->m, &what, c->keys.items, c->keys.count, add_row, c, err);
        if (code == MR_OK)
            code = read_live(c, &from, err);
    }
    mr_arena_release(&kept);
    return code;
}

/* ---- children ---- */

/* May what r refers to be another value on TARGET? */
static enum mr_code may_move(const struct mr_merge *m, const struct mr_plan_table *t,
                             const struct mr_plan_reference *r, const struct mr_merge_work_row *row,
                             struct mr_strbuf *own, bool *moves, struct mr_err *err)
{
    struct mr_strbuf live = MR_STRBUF_INIT;
    bool null = false;
    *moves = row->above || row->live == NULL;
    for (size_t i = 0; i < m->plan->nreferences; i++)
        if (m->plan->references[i].child == t->at && m->plan->references[i].of_key)
            *moves = true;
    enum mr_code code =
        mr_pair_values_of(row->image, row->len, r->to.at, r->to.count, own, &null, err);
    if (code != MR_OK || null) {
        *moves = false;
        return code;
    }
    if (!*moves) {
        code =
            mr_pair_values_of(row->live, row->live_len, r->to.at, r->to.count, &live, &null, err);
        *moves = live.len != own->len || memcmp(live.ptr, own->ptr, own->len) != 0;
    }
    mr_strbuf_release(&live);
    return code;
}

/* Adds to c->keys what the rows at hand are referred to by. */
static enum mr_code take_keys(struct collecting *c, const struct mr_plan_reference *r,
                              struct mr_arena *kept, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->rows.count; i++) {
        bool moves = false;
        code = may_move(c->m, c->table->plan, r, mr_vec_at(&c->rows, i), &c->bytes, &moves, err);
        if (code != MR_OK || !moves)
            continue;
        struct mr_key *key = mr_vec_push(&c->keys);
        if (key == NULL)
            return mr_merge_nomem(err);
        *key = (struct mr_key){mr_arena_dup(kept, c->bytes.ptr, c->bytes.len), c->bytes.len};
        if (key->ptr == NULL)
            return mr_merge_nomem(err);
    }
    return code;
}

/* Adds the rows that refer by r to those of the table that were not looked at yet. */
static enum mr_code expand_reference(struct collecting *c, const struct mr_plan_reference *r,
                                     int64_t last, struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_SOURCE, &c->m->plan->tables[r->child], r->from};
    struct mr_arena kept = MR_ARENA_INIT;
    size_t wanted = mr_merge_lookup_keys(c->m, &what);
    int64_t after = c->table->expanded;
    enum mr_code code = MR_OK;
    mr_vec_clear(&c->keys);
    while (code == MR_OK) {
        mr_arena_reset(&c->arena);
        code = MR_MERGE_PAGE(c->m,
                             "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                             " WHERE w.tbl=:tbl AND w.id>:after"
                             " AND w.id<=:last ORDER BY w.id LIMIT 1000",
                             after, &c->arena, &c->rows, err, MR_ARG_INT("tbl", c->table->plan->at),
                             MR_ARG_INT("last", last));
        bool ended = c->rows.count == 0;
        if (code == MR_OK && !ended) {
            after = ((struct mr_merge_work_row *)mr_vec_at(&c->rows, c->rows.count - 1))->id;
            code = take_keys(c, r, &kept, err);
        }
        if (code == MR_OK && (ended || c->keys.count >= wanted)) {
            code = add_children(c, r, err);
            mr_vec_clear(&c->keys);
            mr_arena_reset(&kept);
        }
        if (ended)
            break;
    }
    mr_arena_release(&kept);
    return code;
}

/* Rows that come while their children are sought have a greater id than the last one here, and
 * are expanded the next time round: none twice, none never. */
static enum mr_code expand_table(struct collecting *c, bool *grown, struct mr_err *err)
{
    const size_t at = c->table->plan->at;
    int64_t last = 0;
    MR_TRY(MR_CASE_NUMBER(c->m->cf, "SELECT max(id) FROM w WHERE tbl=:tbl AND id>:expanded", &last,
                          err, MR_ARG_INT("tbl", at), MR_ARG_INT("expanded", c->table->expanded)));
    if (last == 0)
        return MR_OK;
    *grown = true;
    for (size_t i = 0; i < c->m->plan->nreferences; i++)
        if (c->m->plan->references[i].parent == at)
            MR_TRY(expand_reference(c, &c->m->plan->references[i], last, err));
    merge_table(c->m, at)->expanded = last;
    return MR_OK;
}

static enum mr_code mark_above(struct mr_merge *m, const struct mr_merge_table *t,
                               struct mr_err *err)
{
    return mr_plan_has_counter(t->plan)
               ? MR_CASE_ONCE(
                     m->cf, "UPDATE w SET above=1 WHERE tbl=:tbl AND n>:base AND above IS NOT 1",
                     err, MR_ARG_INT("tbl", t->plan->at), MR_ARG_INT("base", t->bound.base))
               : MR_OK;
}

/* ---- parents ---- */

/* Of rows that came last: others may get their numbers, and must not get their images. */
static enum mr_code drop_equal(struct mr_merge *m, size_t table, int64_t after, struct mr_err *err)
{
    static const char *const images[] = {
        "DELETE FROM source WHERE id>:after AND id NOT IN (SELECT id FROM w WHERE id>:after)",
        "DELETE FROM target WHERE id>:after AND id NOT IN (SELECT id FROM w WHERE id>:after)"};
    MR_TRY(MR_CASE_ONCE(m->cf, "DELETE FROM w WHERE tbl=:tbl AND id>:after AND equal", err,
                        MR_ARG_INT("tbl", table), MR_ARG_INT("after", after)));
    for (size_t i = 0; i < sizeof images / sizeof images[0]; i++)
        MR_TRY(MR_CASE_ONCE(m->cf, images[i], err, MR_ARG_INT("after", after)));
    return MR_OK;
}

/* Adds the rows of SOURCE that c->keys name; those that TARGET has all the same, where only
 * ignored columns differ, need not be looked at. */
static enum mr_code add_parents(struct collecting *c, const struct mr_plan_reference *r,
                                struct mr_err *err)
{
    const struct mr_merge_lookup what = {MR_SOURCE, c->table->plan, r->to};
    int64_t before = 0;
    enum mr_code code = last_id(c->m, &before, err);
    int64_t after = before;
    if (is_keyless(c->table))
        return code == MR_OK ? load_all(c, err) : code;
    if (code == MR_OK)
        code = mr_merge_lookup_stream(c->m, &what, c->keys.items, c->keys.count, add_row, c, err);
    if (code == MR_OK)
        code = read_live(c, &after, err);
    return code == MR_OK ? drop_equal(c->m, r->parent, before, err) : code;
}

/* Adds the parents, by r, of rows that came since the last look. */
static enum mr_code rise_by(struct collecting *c, size_t at, bool *grown, struct mr_err *err)
{
    const struct mr_plan_reference *r = &c->m->plan->references[at];
    struct mr_arena kept = MR_ARENA_INIT;
    int64_t before = 0, last = 0, from = -1;
    enum mr_code code = last_id(c->m, &before, err);
    c->table = merge_table(c->m, r->parent);
    while (code == MR_OK && from != c->risen[at] && !c->table->all) {
        from = c->risen[at];
        mr_vec_clear(&c->keys);
        mr_arena_reset(&kept);
        code = mr_merge_parents_moved(c->m, r, &c->risen[at], &kept, &c->keys, err);
        if (code == MR_OK && c->keys.count > 0)
            code = add_parents(c, r, err);
    }
    if (code == MR_OK)
        code = last_id(c->m, &last, err);
    *grown = *grown || last > before;
    mr_arena_release(&kept);
    return code;
}

/* Rows that spell whom they refer to otherwise than its key is written are not found by the
 * key: they are looked at, all of them. */
static enum mr_code add_otherwise(struct collecting *c, const struct mr_plan_reference *r,
                                  struct mr_err *err)
{
    int64_t after = 0;
    c->table = merge_table(c->m, r->child);
    c->by = r;
    c->any = false;
    enum mr_code code = last_id(c->m, &after, err);
    if (code == MR_OK && !c->table->all)
        code = mr_merge_reference_otherwise(c->m, MR_SOURCE, r, add_row, c, err);
    if (code == MR_OK && c->any)
        code = is_keyless(c->table) ? load_all(c, err) : read_live(c, &after, err);
    c->by = NULL;
    return code;
}

/* Downwards until nothing comes any more, then a step upwards, since a parent that moved may have
 * children of its own. */
static enum mr_code expand_all(struct collecting *c, struct mr_err *err)
{
    const struct mr_plan_tables *plan = c->m->plan;
    enum mr_code code = MR_OK;
    bool grown = true;
    for (size_t i = 0; code == MR_OK && i < plan->nreferences; i++)
        code = add_otherwise(c, &plan->references[i], err);
    c->risen = mr_arena_calloc(&c->m->arena, plan->nreferences + 1, sizeof *c->risen);
    if (code == MR_OK && c->risen == NULL)
        return mr_merge_nomem(err);
    while (code == MR_OK && grown) {
        grown = false;
        for (size_t i = 0; code == MR_OK && i < plan->ntables; i++) {
            c->table = &c->m->tables[i];
            code = mark_above(c->m, c->table, err);
            if (code == MR_OK)
                code = expand_table(c, &grown, err);
        }
        for (size_t i = 0; code == MR_OK && !grown && i < plan->nreferences; i++)
            code = rise_by(c, i, &grown, err);
    }
    return code;
}

/* ---- both ---- */

static enum mr_code open_statements(struct collecting *c, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&c->add, "INSERT OR IGNORE INTO w (tbl, skey, n) VALUES (:tbl, :key, :n) RETURNING id"},
        {&c->source, "INSERT INTO source (id, image) VALUES (:id, :image)"},
        {&c->live, "UPDATE w SET live_key=:key, equal=:equal WHERE id=:id"},
        {&c->target, "INSERT OR REPLACE INTO target (id, image) VALUES (:id, :image)"},
        {&c->rest, MR_MERGE_ADD_LIVE},
        {&c->extra, "INSERT INTO extra (tbl, n) VALUES (:tbl, :n)"},
    };
    return mr_case_prepare_all(c->m->cf, list, sizeof list / sizeof list[0], err);
}

static enum mr_code collect_all(struct collecting *c, struct mr_err *err)
{
    for (size_t i = 0; i < c->m->plan->ntables; i++) {
        c->table = &c->m->tables[i];
        MR_TRY(collect_state(c, MR_FIND_DIVERGED, err));
        MR_TRY(collect_state(c, MR_FIND_UNSETTLED, err));
        if (c->table->all)
            MR_TRY(mr_merge_gone_bag(c->m, c->table->plan, err));
        MR_TRY(collect_written(c, err));
    }
    return MR_OK;
}

static enum mr_code with_collecting(struct mr_merge *m,
                                    enum mr_code (*work)(struct collecting *, struct mr_err *),
                                    struct mr_err *err)
{
    struct collecting c = {.m = m,
                           .arena = MR_ARENA_INIT,
                           .asks = MR_VEC_INIT(struct mr_merge_ask),
                           .keys = MR_VEC_INIT(struct mr_key),
                           .rows = MR_VEC_INIT(struct mr_merge_work_row),
                           .others = MR_VEC_INIT(struct mr_merge_ask),
                           .bytes = MR_STRBUF_INIT};
    mr_merge_gone_init(&c.gone);
    enum mr_code code = open_statements(&c, err);
    if (code == MR_OK)
        code = work(&c, err);
    mr_case_free(c.add);
    mr_case_free(c.source);
    mr_case_free(c.live);
    mr_case_free(c.target);
    mr_case_free(c.rest);
    mr_case_free(c.extra);
    mr_vec_release(&c.asks);
    mr_vec_release(&c.keys);
    mr_vec_release(&c.rows);
    mr_vec_release(&c.others);
    mr_strbuf_release(&c.bytes);
    mr_merge_gone_release(&c.gone);
    mr_arena_release(&c.arena);
    return code;
}

enum mr_code mr_merge_collect_findings(struct mr_merge *m, struct mr_err *err)
{
    return with_collecting(m, collect_all, err);
}

enum mr_code mr_merge_collect_children(struct mr_merge *m, struct mr_err *err)
{
    return with_collecting(m, expand_all, err);
}
