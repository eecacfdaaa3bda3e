/* copy_vague.c: who makes way for whom under unique indexes whose values plain comparing does
 * not tell; see copy_internal.h.
 *
 * Over prefixes, and WITHOUT OVERLAPS, the rows of the plan are compared as the index does.
 * Of a part that only TARGET can compute nothing is known: there, within what the other
 * parts tell apart, all that go are gone before anything comes. */
#include "repair/copy/copy_internal.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_columns.h"
#include "core/pair/pair_identity.h"

struct comparing {
    struct mr_copy *c;
    const struct mr_plan_table *table;
    int64_t number;      /* of the index, among all of the plan */
    size_t *at, *prefix; /* parts that are compared */
    size_t nparts;
    size_t from, to; /* columns of the period; or MR_NO_COLUMN */
    bool is_precise; /* every part is compared */
    bool takes;      /* rows as they are to be, or as they are */
    struct mr_case_stmt *add;
    struct mr_strbuf bytes, lo, hi;
    struct mr_vec items; /* struct mr_canon_item */
};

/* ---- the index ---- */

/* A period's end stands in front of its begin. */
static bool is_of_period(const struct mr_index *index, size_t part)
{
    return index->clause != NULL && strcmp(index->clause, "without overlaps") == 0 &&
           part + 2 >= index->nparts;
}

static void take_part(struct comparing *w, const struct mr_index *index, size_t i)
{
    const struct mr_index_part *part = &index->parts[i];
    size_t at = part->column != NULL ? mr_plan_target_column(w->table, part->column) : MR_NO_COLUMN;
    if (at == MR_NO_COLUMN) {
        w->is_precise = false;
    } else if (is_of_period(index, i)) {
        *(i + 1 == index->nparts ? &w->from : &w->to) = at;
    } else {
        w->at[w->nparts] = at;
        w->prefix[w->nparts++] = part->prefix_len;
    }
}

/* False: rows have the same of it where they have the same values. */
static bool take_parts(struct comparing *w, const struct mr_index *index)
{
    bool is_vague = false;
    w->nparts = 0;
    w->from = w->to = MR_NO_COLUMN;
    w->is_precise = true;
    for (size_t i = 0; i < index->nparts; i++) {
        take_part(w, index, i);
        is_vague = is_vague || index->parts[i].prefix_len != 0 || is_of_period(index, i);
    }
    return is_vague || !w->is_precise;
}

/* ---- the rows ---- */

static enum mr_code add_row(struct comparing *w, int64_t slot, struct mr_key image,
                            const struct mr_canon_item *item, struct mr_err *err)
{
    const bool has_period = w->from != MR_NO_COLUMN && w->to != MR_NO_COLUMN;
    enum mr_code code = MR_OK;
    bool null = false;
    /* dates, whose encoding sorts as dates do */
    if (has_period)
        code = mr_pair_values_of(image.ptr, image.len, &w->from, 1, &w->lo, &null, err);
    if (code == MR_OK && has_period)
        code = mr_pair_values_of(image.ptr, image.len, &w->to, 1, &w->hi, &null, err);
    return code == MR_OK
               ? MR_CASE_RUN(w->add, err, MR_ARG_INT("u", w->number),
                             MR_ARG_BLOB("canon", w->nparts > 0 ? item->out : "", item->out_len),
                             MR_ARG_INT("slot", slot), MR_ARG_INT("takes", w->takes),
                             MR_ARG_INT("precise", w->is_precise),
                             MR_ARG_BLOB("lo", has_period ? w->lo.ptr : NULL, w->lo.len),
                             MR_ARG_BLOB("hi", has_period ? w->hi.ptr : NULL, w->hi.len))
               : code;
}

static struct mr_key image_of(const struct comparing *w, const struct mr_merge_work_row *row)
{
    return w->takes ? (struct mr_key){row->image, row->len}
                    : (struct mr_key){row->live, row->live_len};
}

static enum mr_code add_rows(void *ctx, struct mr_vec *rows, struct mr_arena *arena,
                             struct mr_err *err)
{
    struct comparing *w = ctx;
    enum mr_code code = MR_OK;
    mr_vec_clear(&w->items);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        struct mr_canon_item *item = mr_vec_push(&w->items);
        const struct mr_key image = image_of(w, mr_vec_at(rows, i));
        bool null = false;
        code = mr_pair_values_of(image.ptr, image.len, w->at, w->nparts, &w->bytes, &null, err);
        const void *copy = mr_arena_dup(arena, w->bytes.ptr, w->bytes.len);
        if (code == MR_OK && (item == NULL || copy == NULL))
            code = mr_merge_nomem(err);
        else if (code == MR_OK)
            *item = (struct mr_canon_item){.in = copy, .in_len = w->bytes.len};
    }
    if (code == MR_OK && w->nparts > 0)
        code =
            mr_pair_canonise_parts(w->table->pair, w->at, w->prefix, w->nparts,
                                   mr_reader_db(w->c->m.reader[MR_TARGET]), &w->items, arena, err);
    for (size_t i = 0; code == MR_OK && i < rows->count; i++) {
        const struct mr_canon_item *item = mr_vec_at(&w->items, i);
        const struct mr_merge_work_row *row = mr_vec_at(rows, i);
        if (w->nparts == 0 || item->out != NULL) /* a NULL is never the same */
            code = add_row(w, row->id, image_of(w, row), item, err);
    }
    return code;
}

/* What rows are to have, and what they let go of: an update does both. */
static enum mr_code compare_index(struct comparing *w, struct mr_err *err)
{
#define OF(ops)                                                                                    \
    "SELECT " MR_COPY_COLUMNS " FROM c WHERE c.tbl=:tbl AND c.id>:after AND c.op IN (" ops         \
    ") ORDER BY c.id LIMIT 500"
    w->number++;
    w->takes = true;
    enum mr_code code = mr_copy_pages(w->c, OF("1,2"), w->table->at, add_rows, w, err);
    w->takes = false;
    if (code == MR_OK)
        code = mr_copy_pages(w->c, OF("2,3"), w->table->at, add_rows, w, err);
#undef OF
    return code;
}

/* Only indexes that copy_unique.c cannot tell by values; others would be told twice. */
static enum mr_code compare_table(struct comparing *w, struct mr_err *err)
{
    const struct mr_table *target = w->table->pair->side[MR_TARGET];
    for (size_t i = 0; i < target->nindexes; i++) {
        const struct mr_index *index = &target->indexes[i];
        w->at = mr_arena_calloc(&w->c->m.arena, index->nparts + 1, sizeof *w->at);
        w->prefix = mr_arena_calloc(&w->c->m.arena, index->nparts + 1, sizeof *w->prefix);
        if (w->at == NULL || w->prefix == NULL)
            MR_TRY(mr_merge_nomem(err));
        else if (index->unique && take_parts(w, index))
            MR_TRY(compare_index(w, err));
    }
    return MR_OK;
}

/* ---- who waits ---- */

static const char waits_sql[] =
    "INSERT INTO gate (u, canon) SELECT u, canon FROM vague WHERE NOT precise GROUP BY u,"
    " canon HAVING min(takes)=0 AND max(takes)=1;"
    "INSERT OR IGNORE INTO hint SELECT l.slot, t.slot FROM vague l JOIN vague t ON"
    " t.u=l.u AND t.canon=l.canon WHERE l.precise AND NOT l.takes AND t.takes AND"
    " l.slot<>t.slot AND (l.lo IS NULL OR (l.lo<t.hi AND t.lo<l.hi));"
    "INSERT OR IGNORE INTO hint SELECT v.slot, (SELECT max(id) FROM c)+g.id FROM gate g"
    " JOIN vague v ON v.u=g.u AND v.canon=g.canon JOIN c ON c.id=v.slot WHERE NOT v.takes"
    " AND c.op=3;"
    "INSERT OR IGNORE INTO hint SELECT (SELECT max(id) FROM c)+g.id, v.slot FROM gate g"
    " JOIN vague v ON v.u=g.u AND v.canon=g.canon WHERE v.takes;"
    "DELETE FROM vague;";

/* Who waits for whom is found in one join when all rows of all indexes are in; only what comes of
 * it is kept. */
enum mr_code mr_copy_vague(struct mr_copy *c, struct mr_err *err)
{
    struct comparing w = {.c = c,
                          .bytes = MR_STRBUF_INIT,
                          .lo = MR_STRBUF_INIT,
                          .hi = MR_STRBUF_INIT,
                          .items = MR_VEC_INIT(struct mr_canon_item)};
    enum mr_code code = mr_case_prepare(c->m.cf,
                                        "INSERT INTO vague (u, canon, slot, takes, precise, lo, hi)"
                                        " VALUES (:u, :canon, :slot, :takes, :precise, :lo, :hi)",
                                        &w.add, err);
    for (size_t i = 0; code == MR_OK && i < c->m.plan->ntables; i++) {
        w.table = &c->m.plan->tables[i];
        if (c->planned[i])
            code = compare_table(&w, err);
    }
    mr_case_free(w.add);
    mr_vec_release(&w.items);
    mr_strbuf_release(&w.bytes);
    mr_strbuf_release(&w.lo);
    mr_strbuf_release(&w.hi);
    return code == MR_OK ? mr_case_exec(c->m.cf, waits_sql, err) : code;
}
