/* copy_links.c: who the parents of the rows to be written are on both sides, and who
 * refers to rows that go; see copy_internal.h. */
#include "repair/copy/copy_internal.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_referrers.h"

struct linking {
    struct mr_copy *c;
    const struct mr_plan_reference *r;
    size_t number; /* of r */
    enum mr_side side;
    struct mr_case_stmt *add, *found[MR_SIDES], *same, *dep, *nth, *equal, *laid, *lay;
    struct mr_strbuf bytes, key;
    struct mr_arena arena;
    struct mr_vec asks, leavers; /* struct mr_merge_ask, struct mr_merge_leaver */
};

static const struct mr_plan_table *parent_of(const struct linking *w)
{
    return &w->c->m.plan->tables[w->r->parent];
}

static const struct mr_plan_table *child_of(const struct linking *w)
{
    return &w->c->m.plan->tables[w->r->child];
}

/* ---- parents ---- */

/* What names a row: 'I' and its identity, 'K' and its key, or 'R' and all of it. */
static enum mr_code name_row(struct linking *w, const struct mr_merge_answer *row,
                             struct mr_strbuf *out, struct mr_err *err)
{
    const struct mr_plan_table *t = parent_of(w);
    struct mr_strbuf values = MR_STRBUF_INIT;
    bool null = true;
    char tag = 'R';
    enum mr_code code = MR_OK;
    mr_strbuf_reset(out);
    if (mr_copy_identity(w->c, t) == MR_PLAN_BY_COLUMNS || w->c->task->fill != NULL) {
        tag = 'I';
        if (t->named_by.count > 0 && w->c->task->fill == NULL)
            code = mr_pair_values_of(row->image, row->len, t->named_by.at, t->named_by.count,
                                     &values, &null, err);
        if (code == MR_OK && null) {
            tag = 'K';
            code = mr_pair_values_of(row->image, row->len, t->key.at, t->key.count, &values, &null,
                                     err);
        }
    } else {
        mr_strbuf_add(&values, row->image, row->len);
    }
    mr_strbuf_add_char(out, tag);
    mr_strbuf_add(out, values.ptr, values.len);
    if (code == MR_OK)
        code = mr_strbuf_check(out, "finding parents", err);
    mr_strbuf_release(&values);
    return code;
}

/* A parent without a slot is 0: nothing is to be done with it, it stays as it is. */
static enum mr_code take_parent(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct linking *w = ctx;
    const struct mr_plan_table *t = parent_of(w);
    bool null = false;
    enum mr_code code =
        mr_pair_values_of(row->image, row->len, t->key.at, t->key.count, &w->key, &null, err);
    if (code == MR_OK)
        code = name_row(w, row, &w->bytes, err);
    return code == MR_OK ? MR_CASE_RUN(w->found[w->side], err, MR_ARG_INT("child", ask->tag),
                                       MR_ARG_INT("ref", w->number), MR_ARG_INT("tbl", t->at),
                                       MR_ARG_BLOB("key", w->key.ptr, w->key.len),
                                       MR_ARG_BLOB("ident", w->bytes.ptr, w->bytes.len))
                         : code;
}

/* SOURCE is TARGET, but for the rows that were filled in: those stand for their parents in front of what
 * was read.  A child may spell its parent's key as the collation lets it. */
static enum mr_code overlay(struct linking *w, struct mr_arena *arena, struct mr_err *err)
{
    MR_TRY(mr_merge_lookup_canonise(&w->c->m, parent_of(w), w->r->to, &w->asks, arena, err));
    for (size_t i = 0; i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        MR_TRY(MR_CASE_RUN(w->laid, err, MR_ARG_INT("child", ask->tag),
                           MR_ARG_INT("ref", w->number), MR_ARG_BYTES("value", ask->canon)));
    }
    return MR_OK;
}

static enum mr_code ask_sides(struct linking *w, struct mr_arena *arena, struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_merge_lookup what = {(enum mr_side)side, parent_of(w), w->r->to};
        w->side = (enum mr_side)side;
        MR_TRY(mr_merge_lookup_ask(&w->c->m, &what, &w->asks, take_parent, w, err));
    }
    return w->c->task->fill != NULL ? overlay(w, arena, err) : MR_OK;
}

/* Does the server take the row only with its parent, by a foreign key?  Of two servers SOURCE may have it without one, and what
 * it has is to be; a row that comes back to its own server stood there with one, or by leave that nobody gives
 * now.  What an update leaves as it is nobody looks at. */
static enum mr_code must(struct linking *w, const struct mr_merge_work_row *row, bool *is,
                         struct mr_err *err)
{
    const struct mr_plan_columns from = w->r->from;
    bool null = false;
    *is = w->c->task->fill != NULL && w->r->pair->edge.declared;
    if (!*is || row->n == MR_STEP_INSERT)
        return MR_OK;
    MR_TRY(mr_pair_values_of(row->image, row->len, from.at, from.count, &w->key, &null, err));
    MR_TRY(mr_pair_values_of(row->live, row->live_len, from.at, from.count, &w->bytes, &null, err));
    *is = null || mr_key_compare((struct mr_key){w->key.ptr, w->key.len},
                                 (struct mr_key){w->bytes.ptr, w->bytes.len}) != 0;
    return MR_OK;
}

/* The link is there before the parents are asked for: what neither side answers leads to nobody,
 * which is a fact, too. */
static enum mr_code link_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                              struct mr_err *err)
{
    struct linking *w = ctx;
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        const struct mr_key image = {row->image, row->len};
        bool refers = false, needs = false;
        code = mr_merge_row_refers(w->r, image, &refers, err);
        if (code != MR_OK || !refers)
            continue;
        code = mr_merge_reference_push(&w->asks, row->id, image, w->r, arena, err);
        if (code == MR_OK)
            code = must(w, row, &needs, err);
        if (code == MR_OK)
            code = MR_CASE_RUN(w->add, err, MR_ARG_INT("child", row->id),
                               MR_ARG_INT("ref", w->number), MR_ARG_INT("must", needs));
    }
    return code == MR_OK ? ask_sides(w, arena, err) : code;
}

/* ---- are they the same? ---- */

struct named {
    int64_t child;
    struct mr_key name[MR_SIDES];
};

#define NAMED(name, member, type) MR_CASE_FIELD_AS(name, struct named, member, type)
static const struct mr_case_field named_fields[] = MR_CASE_LIST(
    NAMED("child", child, MR_CASE_INT), NAMED("sident", name[MR_SOURCE], MR_CASE_BYTES),
    NAMED("tident", name[MR_TARGET], MR_CASE_BYTES));

/* Parents of which the bytes differ, a page of them: TARGET is asked for a page in one
 * statement. */
static enum mr_code read_named(struct linking *w, int64_t after, struct mr_vec *out,
                               struct mr_err *err)
{
    struct mr_case_stmt *stmt = NULL;
    enum mr_code code =
        MR_CASE_PREPARE(w->c->m.cf,
                        "SELECT child, sident, tident FROM link WHERE ref=:ref AND child>:after"
                        " AND sident<>tident ORDER BY child LIMIT 500",
                        &stmt, err, MR_ARG_INT("ref", w->number), MR_ARG_INT("after", after));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(named_fields), &w->arena, out, err);
    mr_case_free(stmt);
    return code;
}

/* Behind its tag. */
static struct mr_key named_by(const struct named *n, enum mr_side side)
{
    return (struct mr_key){(const char *)n->name[side].ptr + 1, n->name[side].len - 1};
}

/* Names of one kind of which TARGET's collation may still say that they are one. */
static enum mr_code compare_names(struct linking *w, struct mr_vec *list, char tag,
                                  struct mr_plan_columns columns, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; code == MR_OK && i < list->count; i++) {
        const struct named *n = mr_vec_at(list, i);
        if (*(const char *)n->name[0].ptr != tag || *(const char *)n->name[1].ptr != tag)
            continue;
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            struct mr_merge_ask *ask = mr_vec_push(&w->asks);
            if (ask == NULL)
                return mr_merge_nomem(err);
            *ask = (struct mr_merge_ask){.tag = n->child, .value = named_by(n, (enum mr_side)side)};
        }
    }
    if (w->asks.count > 0)
        code = mr_merge_lookup_canonise(&w->c->m, parent_of(w), columns, &w->asks, &w->arena, err);
    for (size_t i = 0; code == MR_OK && i + 1 < w->asks.count; i += 2) {
        const struct mr_merge_ask *a = mr_vec_at(&w->asks, i), *b = mr_vec_at(&w->asks, i + 1);
        if (mr_key_compare(a->canon, b->canon) != 0)
            continue;
        code = MR_CASE_RUN(w->same, err, MR_ARG_INT("child", a->tag), MR_ARG_INT("ref", w->number));
    }
    return code;
}

/* Two whole rows are one where they differ in nothing that is compared. */
static enum mr_code compare_wholes(struct linking *w, struct mr_vec *list, struct mr_err *err)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct named *n = mr_vec_at(list, i);
        bool differs = true;
        if (*(const char *)n->name[MR_SOURCE].ptr == 'R' &&
            *(const char *)n->name[MR_TARGET].ptr == 'R')
            MR_TRY(mr_merge_row_differs(&w->c->m, parent_of(w), named_by(n, MR_SOURCE),
                                        named_by(n, MR_TARGET), MR_NO_COLUMN, &differs, err));
        if (!differs)
            MR_TRY(MR_CASE_RUN(w->same, err, MR_ARG_INT("child", n->child),
                               MR_ARG_INT("ref", w->number)));
    }
    return MR_OK;
}

/* Byte-equal names need no server; only the others are put to TARGET's collation. */
static enum mr_code compare_parents(struct linking *w, struct mr_err *err)
{
    struct mr_vec list = MR_VEC_INIT(struct named);
    int64_t after = 0;
    enum mr_code code =
        MR_CASE_ONCE(w->c->m.cf, "UPDATE link SET same=1 WHERE ref=:ref AND sident=tident", err,
                     MR_ARG_INT("ref", w->number));
    while (code == MR_OK) {
        mr_vec_clear(&list);
        mr_arena_reset(&w->arena);
        code = read_named(w, after, &list, err);
        if (code != MR_OK || list.count == 0)
            break;
        after = ((struct named *)mr_vec_at(&list, list.count - 1))->child;
        code = compare_names(w, &list, 'I', parent_of(w)->named_by, err);
        if (code == MR_OK)
            code = compare_names(w, &list, 'K', parent_of(w)->key, err);
        if (code == MR_OK)
            code = compare_wholes(w, &list, err);
    }
    mr_vec_release(&list);
    return code;
}

/* ---- who refers to rows that go ---- */

/* The same of a table without a key: of rows that are equal, as many go as have slots. */
static enum mr_code take_equal(struct linking *w, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct mr_digest whole = mr_digest_bytes(row->image, row->len);
    enum mr_code code = MR_CASE_RUN(w->nth, err, MR_ARG_INT("ref", w->number),
                                    MR_ARG_BLOB("whole", &whole, sizeof whole));
    mr_strbuf_reset(&w->key); /* above all that begin so */
    mr_strbuf_add(&w->key, row->image, row->len);
    mr_strbuf_add_char(&w->key, '\xff');
    if (code == MR_OK)
        code = mr_strbuf_check(&w->key, "looking for references", err);
    return code == MR_OK
               ? MR_CASE_RUN(w->equal, err, MR_ARG_INT("parent", ask->tag),
                             MR_ARG_INT("ref", w->number), MR_ARG_INT("tbl", child_of(w)->at),
                             MR_ARG_BLOB("from", row->image, row->len),
                             MR_ARG_BLOB("to", w->key.ptr, w->key.len),
                             MR_ARG_BLOB("whole", &whole, sizeof whole))
               : code;
}

/* A child of a row that goes; one without a slot stays. */
static enum mr_code take_child(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct linking *w = ctx;
    const struct mr_plan_table *t = child_of(w);
    bool refers = false, null = false;
    enum mr_code code =
        mr_merge_row_refers(w->r, (struct mr_key){row->image, row->len}, &refers, err);
    if (code != MR_OK || !refers)
        return code;
    if (t->key.count == 0)
        return take_equal(w, ask, row, err);
    mr_strbuf_reset(&w->key);
    code = mr_pair_values_of(row->image, row->len, t->key.at, t->key.count, &w->key, &null, err);
    return code == MR_OK ? MR_CASE_RUN(w->dep, err, MR_ARG_INT("parent", ask->tag),
                                       MR_ARG_INT("ref", w->number), MR_ARG_INT("tbl", t->at),
                                       MR_ARG_BLOB("key", w->key.ptr, w->key.len))
                         : code;
}

/* A row that is deleted lets go of all its values, one that is updated of those that change. */
enum mr_code mr_copy_leavers(const struct mr_vec *rows, struct mr_vec *leavers, struct mr_err *err)
{
    mr_vec_clear(leavers);
    for (size_t i = 0; i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        struct mr_merge_leaver *leaver = mr_vec_push(leavers);
        if (leaver == NULL)
            return mr_merge_nomem(err);
        *leaver = (struct mr_merge_leaver){.tag = row->id, .live = {row->live, row->live_len}};
        if (row->n != MR_STEP_DELETE)
            leaver->after = (struct mr_key){row->image, row->len};
    }
    return MR_OK;
}

static enum mr_code depend_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                                struct mr_err *err)
{
    struct linking *w = ctx;
    (void)arena;
    enum mr_code code = mr_copy_leavers(rows, &w->leavers, err);
    return code == MR_OK ? mr_merge_referrers(&w->c->m, w->r, &w->leavers, take_child, w, err)
                         : code;
}

/* ---- both ---- */

/* A parent, or a child, without a slot has number 0: it is no row of the plan, and stays as it
 * is.  OR IGNORE, since one row may answer for several spellings of its key. */
static enum mr_code prepare(struct linking *w, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&w->add, "INSERT OR IGNORE INTO link (child, ref, must) VALUES (:child, :ref, :must)"},
        {&w->found[MR_SOURCE],
         "UPDATE link SET sfound=1, ps=coalesce((SELECT id FROM c WHERE tbl=:tbl AND"
         " skey=:key), 0), sident=:ident WHERE child=:child AND ref=:ref"},
        {&w->found[MR_TARGET],
         "UPDATE link SET tfound=1, pt=coalesce((SELECT id FROM c WHERE tbl=:tbl AND"
         " tkey=:key), 0), tident=:ident WHERE child=:child AND ref=:ref"},
        {&w->laid, "UPDATE link SET sfound=1, ps=(SELECT slot FROM laid WHERE value=:value),"
                   " sident=CASE WHEN EXISTS (SELECT 1 FROM laid JOIN c ON c.id=slot WHERE"
                   " value=:value AND kind='key-taken') THEN 'X' ELSE coalesce(tident, 'S') END"
                   " WHERE child=:child AND ref=:ref AND EXISTS"
                   " (SELECT 1 FROM laid WHERE value=:value)"},
        {&w->lay, "INSERT OR IGNORE INTO laid (value, slot) VALUES (:value, :slot)"},
        {&w->same, "UPDATE link SET same=1 WHERE child=:child AND ref=:ref"},
        {&w->dep, "INSERT OR IGNORE INTO dep (parent, ref, child) VALUES (:parent, :ref,"
                  " coalesce((SELECT id FROM c WHERE tbl=:tbl AND tkey=:key), 0))"},
        {&w->nth, "INSERT INTO nth (ref, whole, n) VALUES (:ref, :whole, 0)"
                  " ON CONFLICT DO UPDATE SET n=n+1"},
        {&w->equal, "INSERT OR IGNORE INTO dep (parent, ref, child) VALUES (:parent, :ref,"
                    " coalesce((SELECT id FROM c WHERE tbl=:tbl AND tkey>:from AND tkey<:to"
                    " ORDER BY tkey LIMIT 1"
                    " OFFSET (SELECT n FROM nth WHERE ref=:ref AND whole=:whole)), 0))"},
    };
    return mr_case_prepare_all(w->c->m.cf, list, sizeof list / sizeof list[0], err);
}

/* What the rows that are filled in have in the columns that this reference leads to. */
static enum mr_code lay_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                             struct mr_err *err)
{
    struct linking *w = ctx;
    mr_vec_clear(&w->asks);
    for (size_t i = 0; i < rows->count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        const struct mr_key image = {row->image, row->len};
        MR_TRY(mr_merge_lookup_push(&w->asks, row->id, image, w->r->to, arena, err));
    }
    MR_TRY(mr_merge_lookup_canonise(&w->c->m, parent_of(w), w->r->to, &w->asks, arena, err));
    for (size_t i = 0; i < w->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&w->asks, i);
        MR_TRY(MR_CASE_RUN(w->lay, err, MR_ARG_BYTES("value", ask->canon),
                           MR_ARG_INT("slot", ask->tag)));
    }
    return MR_OK;
}

static enum mr_code lay(struct linking *w, struct mr_err *err)
{
    if (w->c->task->fill == NULL)
        return MR_OK;
    MR_TRY(mr_case_exec(w->c->m.cf, "DELETE FROM laid", err));
    return mr_copy_pages(w->c,
                         "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.id>:after"
                         " AND c.source IS NOT NULL AND c.op IN (1,2) ORDER BY c.id LIMIT 500",
                         w->r->parent, lay_rows, w, err);
}

/* Rows that are not written need no parents; rows that go are looked at from the parent. */
static enum mr_code link_reference(struct linking *w, struct mr_err *err)
{
    MR_TRY(lay(w, err));
    if (w->c->planned[w->r->child])
        MR_TRY(mr_copy_pages(w->c,
                             "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.id>:after"
                             " AND c.op IN (1,2) ORDER BY c.id LIMIT 500",
                             w->r->child, link_rows, w, err));
    MR_TRY(compare_parents(w, err));
    if (w->c->planned[w->r->parent])
        MR_TRY(mr_copy_pages(w->c, MR_COPY_LEAVING, w->r->parent, depend_rows, w, err));
    return MR_OK;
}

/* Reference by reference: of a page of rows one question is put to one parent then. */
enum mr_code mr_copy_links(struct mr_copy *c, struct mr_err *err)
{
    struct linking w = {.c = c,
                        .bytes = MR_STRBUF_INIT,
                        .key = MR_STRBUF_INIT,
                        .arena = MR_ARENA_INIT,
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .leavers = MR_VEC_INIT(struct mr_merge_leaver)};
    enum mr_code code = prepare(&w, err);
    for (size_t i = 0; code == MR_OK && i < c->m.plan->nreferences; i++) {
        w.r = &c->m.plan->references[i];
        w.number = i;
        code = link_reference(&w, err);
    }
    mr_case_free(w.add);
    mr_case_free(w.found[MR_SOURCE]);
    mr_case_free(w.found[MR_TARGET]);
    mr_case_free(w.same);
    mr_case_free(w.laid);
    mr_case_free(w.lay);
    mr_case_free(w.dep);
    mr_case_free(w.nth);
    mr_case_free(w.equal);
    mr_vec_release(&w.asks);
    mr_vec_release(&w.leavers);
    mr_strbuf_release(&w.bytes);
    mr_strbuf_release(&w.key);
    mr_arena_release(&w.arena);
    return code;
}
