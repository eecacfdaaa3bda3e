/* merge_map.c: see merge_map.h. */
#include "repair/merge/merge_map.h"

#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"

/* ---- names ---- */

struct linking {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    const struct mr_plan_reference *r;
    struct mr_case_stmt *name, *find, *link, *live;
    struct mr_arena arena;
    struct mr_vec rows, asks, open; /* struct mr_merge_work_row, struct mr_merge_ask ×2 */
    struct mr_strbuf bytes;
};

/* The next batch of rows of a table; none: rows.count is 0. */
static enum mr_code next_rows(struct linking *l, int64_t *after, struct mr_err *err)
{
    mr_arena_reset(&l->arena);
    enum mr_code code =
        MR_MERGE_PAGE(l->m,
                      "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
                      " WHERE w.tbl=:tbl AND w.id>:after ORDER BY w.id LIMIT :limit",
                      *after, &l->arena, &l->rows, err, MR_ARG_INT("tbl", l->table->at),
                      MR_ARG_INT("limit", MR_MERGE_BATCH));
    if (code == MR_OK && l->rows.count > 0)
        *after = ((struct mr_merge_work_row *)mr_vec_at(&l->rows, l->rows.count - 1))->id;
    return code;
}

/* By canonical values, so that whoever refers to the row finds it as TARGET would. */
static enum mr_code name_batch(struct linking *l, size_t set, struct mr_err *err)
{
    const struct mr_plan_columns *columns = &l->table->sets[set];
    enum mr_code code = MR_OK;
    mr_vec_clear(&l->asks);
    for (size_t i = 0; code == MR_OK && i < l->rows.count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(&l->rows, i);
        code = mr_merge_lookup_push(&l->asks, row->id, (struct mr_key){row->image, row->len},
                                    *columns, &l->arena, err);
    }
    if (code == MR_OK)
        code = mr_merge_lookup_canonise(l->m, l->table, *columns, &l->asks, &l->arena, err);
    for (size_t i = 0; code == MR_OK && i < l->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&l->asks, i);
        code = MR_CASE_RUN(l->name, err, MR_ARG_INT("tbl", l->table->at), MR_ARG_INT("of", set),
                           MR_ARG_BYTES("canon", ask->canon), MR_ARG_BYTES("value", ask->value),
                           MR_ARG_INT("id", ask->tag));
    }
    return code;
}

static enum mr_code name_table(struct linking *l, struct mr_err *err)
{
    int64_t after = 0;
    MR_TRY(next_rows(l, &after, err));
    while (l->rows.count > 0) {
        for (size_t i = 0; i < l->table->nsets; i++)
            MR_TRY(name_batch(l, i, err));
        MR_TRY(next_rows(l, &after, err));
    }
    return MR_OK;
}

/* ---- links ---- */

static enum mr_code add_link(struct linking *l, int64_t child, int64_t parent, bool above,
                             struct mr_key value, struct mr_err *err)
{
    return MR_CASE_RUN(
        l->link, err, MR_ARG_INT("child", child), MR_ARG_INT("ref", l->r - l->m->plan->references),
        MR_ARG_INT("parent", parent), MR_ARG_INT("above", above), MR_ARG_BYTES("value", value));
}

/* Links to rows of w, before those that only TARGET takes for it to the one that is spelled so;
 * questions that are open go to l->open. */
static enum mr_code link_known(struct linking *l, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    mr_vec_clear(&l->open);
    for (size_t i = 0; code == MR_OK && i < l->asks.count; i++) {
        const struct mr_merge_ask *ask = mr_vec_at(&l->asks, i);
        bool found = false;
        code = MR_CASE_ASK(l->find, &found, err, MR_ARG_INT("tbl", l->r->parent),
                           MR_ARG_INT("of", l->r->to_set), MR_ARG_BYTES("canon", ask->canon),
                           MR_ARG_BYTES("value", ask->value));
        int64_t parent = code == MR_OK && found ? mr_case_int(l->find, 0) : 0;
        mr_case_reset(l->find);
        if (code == MR_OK && found) {
            code = add_link(l, ask->tag, parent, false, (struct mr_key){0}, err);
            continue;
        }
        struct mr_merge_ask *open = mr_vec_push(&l->open);
        if (open == NULL)
            return mr_merge_nomem(err);
        *open = *ask;
    }
    return code;
}

/* A parent that is not in w: it stays itself. */
static enum mr_code link_plain(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct linking *l = ctx;
    const struct mr_merge_table *parent = &l->m->tables[l->r->parent];
    struct mr_key image = {row->image, row->len};
    int64_t n = 0;
    bool null = false;
    enum mr_code code = mr_merge_row_count(parent->plan, image, &n, err);
    if (code == MR_OK)
        code = mr_pair_values_of(image.ptr, image.len, l->r->to.at, l->r->to.count, &l->bytes,
                                 &null, err);
    bool above = mr_plan_has_counter(parent->plan) && n > parent->bound.base;
    return code == MR_OK ? add_link(l, ask->tag, MR_LINK_PLAIN, above,
                                    (struct mr_key){l->bytes.ptr, l->bytes.len}, err)
                         : code;
}

static enum mr_code link_batch(struct linking *l, struct mr_err *err)
{
    const struct mr_plan_table *parent = &l->m->plan->tables[l->r->parent];
    const struct mr_merge_lookup what = {MR_SOURCE, parent, l->r->to};
    mr_vec_clear(&l->asks);
    for (size_t i = 0; i < l->rows.count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(&l->rows, i);
        struct mr_key image = {row->image, row->len};
        bool refers = false;
        MR_TRY(mr_merge_row_refers(l->r, image, &refers, err));
        if (refers)
            MR_TRY(mr_merge_reference_push(&l->asks, row->id, image, l->r, &l->arena, err));
    }
    MR_TRY(mr_merge_lookup_canonise(l->m, parent, l->r->to, &l->asks, &l->arena, err));
    MR_TRY(link_known(l, err));
    MR_TRY(mr_merge_lookup_ask(l->m, &what, &l->open, link_plain, l, err));
    /* whoever has no link yet points at nobody; the first link stays */
    for (size_t i = 0; i < l->open.count; i++)
        MR_TRY(add_link(l, ((struct mr_merge_ask *)mr_vec_at(&l->open, i))->tag, MR_LINK_NOBODY,
                        false, (struct mr_key){0}, err));
    return MR_OK;
}

/* ---- whom TARGET means by the same values ---- */

/* Kept as the key under which TARGET has it: two sides mean one row only if the matcher puts the
 * parent there. */
static enum mr_code take_live(void *ctx, const struct mr_merge_ask *ask,
                              const struct mr_merge_answer *row, struct mr_err *err)
{
    struct linking *l = ctx;
    const struct mr_plan_table *parent = &l->m->plan->tables[l->r->parent];
    bool null = false;
    MR_TRY(parent->key.count > 0 ? mr_pair_values_of(row->image, row->len, parent->key.at,
                                                     parent->key.count, &l->bytes, &null, err)
                                 : MR_OK);
    if (parent->key.count == 0) {
        mr_strbuf_reset(&l->bytes);
        mr_strbuf_add(&l->bytes, row->image, row->len);
    }
    return MR_CASE_RUN(l->live, err, MR_ARG_INT("child", ask->tag),
                       MR_ARG_INT("ref", l->r - l->m->plan->references),
                       MR_ARG_BLOB("live", l->bytes.ptr, l->bytes.len));
}

/* Of rows that are byte-equal above the past, and of rows that point at nobody. */
static enum mr_code ask_live(struct linking *l, struct mr_err *err)
{
    static const char sql[] =
        "SELECT " MR_MERGE_WORK_COLUMNS " FROM " MR_MERGE_WORK
        " JOIN link l ON l.child=w.id AND l.ref=:ref"
        " WHERE w.tbl=:tbl AND w.id>:after AND"
        " (l.parent=0 OR (l.parent>0 AND w.above AND w.equal)) ORDER BY w.id LIMIT 1000";
    const struct mr_plan_table *parent = &l->m->plan->tables[l->r->parent];
    const struct mr_merge_lookup what = {MR_TARGET, parent, l->r->to};
    int64_t after = 0;
    enum mr_code code = MR_OK;
    while (code == MR_OK) {
        mr_arena_reset(&l->arena);
        mr_vec_clear(&l->asks);
        code = MR_MERGE_PAGE(l->m, sql, after, &l->arena, &l->rows, err,
                             MR_ARG_INT("tbl", l->table->at),
                             MR_ARG_INT("ref", l->r - l->m->plan->references));
        if (code != MR_OK || l->rows.count == 0)
            break;
        for (size_t i = 0; code == MR_OK && i < l->rows.count; i++) {
            const struct mr_merge_work_row *row = mr_vec_at(&l->rows, i);
            after = row->id;
            code = mr_merge_reference_push(&l->asks, row->id, (struct mr_key){row->image, row->len},
                                           l->r, &l->arena, err);
        }
        if (code == MR_OK)
            code = mr_merge_lookup_ask(l->m, &what, &l->asks, take_live, l, err);
    }
    return code;
}

static enum mr_code link_reference(struct linking *l, struct mr_err *err)
{
    int64_t after = 0;
    enum mr_code code = MR_OK;
    l->table = &l->m->plan->tables[l->r->child];
    for (;;) {
        code = next_rows(l, &after, err);
        if (code != MR_OK || l->rows.count == 0)
            break;
        code = link_batch(l, err);
        if (code != MR_OK)
            break;
    }
    return code == MR_OK ? ask_live(l, err) : code;
}

static enum mr_code open_links(struct linking *l, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&l->name, "INSERT INTO name (tbl, of, canon, value, id)"
                   " VALUES (:tbl, :of, :canon, :value, :id)"},
        {&l->find, "SELECT id FROM name WHERE tbl=:tbl AND of=:of AND canon=:canon"
                   " ORDER BY value IS NOT :value, id LIMIT 1"},
        {&l->link, "INSERT OR IGNORE INTO link (child, ref, parent, above, value)"
                   " VALUES (:child, :ref, :parent, :above, :value)"},
        {&l->live, "UPDATE link SET live=:live WHERE child=:child AND ref=:ref"},
    };
    return mr_case_prepare_all(l->m->cf, list, sizeof list / sizeof list[0], err);
}

enum mr_code mr_merge_link(struct mr_merge *m, struct mr_err *err)
{
    struct linking l = {.m = m,
                        .arena = MR_ARENA_INIT,
                        .rows = MR_VEC_INIT(struct mr_merge_work_row),
                        .asks = MR_VEC_INIT(struct mr_merge_ask),
                        .open = MR_VEC_INIT(struct mr_merge_ask),
                        .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(open_links(&l, err));
    for (size_t i = 0; i < m->plan->ntables; i++) {
        l.table = &m->plan->tables[i];
        if (l.table->nsets > 0)
            MR_TRY_OUT(name_table(&l, err));
    }
    for (size_t i = 0; i < m->plan->nreferences; i++) {
        l.r = &m->plan->references[i];
        MR_TRY_OUT(link_reference(&l, err));
    }
out:
    mr_case_free(l.name);
    mr_case_free(l.find);
    mr_case_free(l.link);
    mr_case_free(l.live);
    mr_vec_release(&l.rows);
    mr_vec_release(&l.asks);
    mr_vec_release(&l.open);
    mr_strbuf_release(&l.bytes);
    mr_arena_release(&l.arena);
    return code;
}

/* ---- mapping ---- */

/* A row that the row at hand refers to. */
struct parent {
    int64_t ref, id;
    bool waits;
    struct mr_key value; /* of one that is not in w: that it is referred to by */
    struct mr_key image; /* of one that is: as it is to stand on TARGET */
};

#define PARENT(member, type) MR_CASE_FIELD(struct parent, member, MR_CASE_##type)
static const struct mr_case_field parent_fields[] =
    MR_CASE_LIST(PARENT(ref, INT), PARENT(id, INT), PARENT(waits, FLAG), PARENT(value, BYTES),
                 PARENT(image, BYTES));

enum mr_code mr_merge_map_open(struct mr_merge_map *map, struct mr_merge *m, struct mr_err *err)
{
    size_t widest = 0;
    for (size_t i = 0; i < m->plan->ntables; i++)
        if (m->plan->tables[i].pair->find.ncolumns > widest)
            widest = m->plan->tables[i].pair->find.ncolumns;
    *map = (struct mr_merge_map){.m = m,
                                 .nvalues = widest,
                                 .arena = MR_ARENA_INIT,
                                 .row = MR_STRBUF_INIT,
                                 .bytes = MR_STRBUF_INIT};
    map->values = mr_arena_calloc(&m->arena, widest + 1, sizeof *map->values);
    if (map->values == NULL)
        return mr_merge_nomem(err);
    MR_TRY(
        mr_case_prepare(m->cf,
                        "SELECT l.ref AS ref, l.parent AS id, l.value AS value, m.waits AS waits,"
                        " CASE WHEN m.there IS NULL THEN img.after ELSE img.there END AS image"
                        " FROM link l LEFT JOIN m ON m.id=l.parent LEFT JOIN img ON img.id=l.parent"
                        " WHERE l.child=:id AND l.parent<>0",
                        &map->parents, err));
    return mr_case_fields_open(&map->parents_map, map->parents, MR_CASE_FIELDS(parent_fields), err);
}

void mr_merge_map_close(struct mr_merge_map *map)
{
    mr_case_free(map->parents);
    map->parents = NULL;
    mr_strbuf_release(&map->row);
    mr_strbuf_release(&map->bytes);
    mr_arena_release(&map->arena);
}

/* The parent's value as the row's column writes it, appended to bytes.  What cannot be
 * written there, or nobody knows how, stays the key itself, which no such column takes:
 * plan_fit.h says so. */
static enum mr_code spell(const struct mr_spelling *s, struct mr_key own, struct mr_key value,
                          struct mr_strbuf *bytes, struct mr_err *err)
{
    struct mr_strbuf meant = MR_STRBUF_INIT;
    enum mr_spelt how = MR_SPELT_NOT;
    bool can = false;
    enum mr_code code = mr_spelling_read(s, own, &meant, &how, err);
    const struct mr_key old = {meant.ptr, meant.len};
    if (code == MR_OK && how != MR_SPELT_NOT && mr_key_compare(old, value) == 0) {
        mr_strbuf_add(bytes, own.ptr, own.len);
        can = true;
    } else if (code == MR_OK && how == MR_SPELT_AS_KEY) {
        can = mr_merge_provisional_row(value) != 0;
        if (can)
            mr_strbuf_add(bytes, value.ptr, value.len);
        else
            code = mr_spelling_write(s, value, 0, own, bytes, &can, err);
    }
    if (code == MR_OK && !can)
        mr_strbuf_add(bytes, how == MR_SPELT_OTHERWISE ? old.ptr : value.ptr,
                      how == MR_SPELT_OTHERWISE ? old.len : value.len);
    mr_strbuf_release(&meant);
    return code;
}

/* Takes the values that the parent has on TARGET for those of the reference. */
static enum mr_code take_values(struct mr_merge_map *map, const struct mr_plan_reference *r,
                                struct mr_key own, struct mr_key image, bool is_values,
                                struct mr_err *err)
{
    const struct mr_spelling *spelling = r->pair->spelling;
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < r->from.count; i++) {
        struct mr_key *slot = &map->values[r->from.at[i]];
        struct mr_key value;
        code = mr_merge_row_value(image, is_values ? i : r->to.at[i], &value, err);
        mr_strbuf_reset(&map->bytes);
        if (code == MR_OK && spelling != NULL && spelling[i].kind != MR_SPELL_SAME) {
            struct mr_key old;
            code = mr_merge_row_value(own, r->from.at[i], &old, err);
            if (code == MR_OK)
                code = spell(&spelling[i], old, value, &map->bytes, err);
            value = (struct mr_key){map->bytes.ptr, map->bytes.len};
        }
        if (code != MR_OK)
            break;
        if (slot->ptr != NULL && mr_key_compare(*slot, value) != 0)
            map->disagrees = true;
        if (slot->ptr != NULL)
            continue;
        slot->ptr = mr_arena_dup(&map->arena, value.ptr, value.len);
        slot->len = value.len;
        if (slot->ptr == NULL)
            return mr_merge_nomem(err);
    }
    return code;
}

/* One parent of the row at hand. */
static enum mr_code take_parent(struct mr_merge_map *map, const struct parent *parent,
                                enum mr_merge_map_mode mode, struct mr_key own, struct mr_err *err)
{
    const struct mr_plan_reference *r = &map->m->plan->references[parent->ref];
    const bool plain = parent->id == MR_LINK_PLAIN;
    const struct mr_key image = plain ? parent->value : parent->image;
    if ((mode == MR_MERGE_MAP_HARD && !r->hard) || (mode == MR_MERGE_MAP_KNOWN && parent->waits))
        return MR_OK;
    if (image.ptr == NULL)
        return MR_OK; /* of a circle of identities: as it is */
    return take_values(map, r, own, image, plain, err);
}

/* Edits come last: what a person wants there counts more than what the parents say. */
enum mr_code mr_merge_map_row(struct mr_merge_map *map, const struct mr_plan_table *table,
                              const struct mr_merge_work_row *row, enum mr_merge_map_mode mode,
                              struct mr_key edits, struct mr_err *err)
{
    struct parent parent;
    bool more = false;
    size_t n = table->pair->find.ncolumns;
    memset(map->values, 0, map->nvalues * sizeof *map->values);
    mr_arena_reset(&map->arena);
    map->disagrees = false;
    const bool refers = mr_plan_refers(map->m->plan, table->at);
    enum mr_code code = MR_OK;
    if (refers)
        MR_CASE_BIND(map->parents, MR_ARG_INT("id", row->id));
    while (refers &&
           (code = mr_case_fields_next(&map->parents_map, NULL, &parent, &more, err)) == MR_OK &&
           more) {
        code = take_parent(map, &parent, mode, (struct mr_key){row->image, row->len}, err);
        if (code != MR_OK)
            break;
    }
    if (refers)
        mr_case_reset(map->parents);
    mr_plan_fit_apply(edits, map->values, map->nvalues);
    return code == MR_OK ? mr_merge_row_edit((struct mr_key){row->image, row->len}, map->values, n,
                                             &map->row, err)
                         : code;
}
