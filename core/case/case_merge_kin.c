/*
 * case_merge_kin.c: whom rows belong to, over all parts; see case_merge.h.
 *
 * References are those of the pair, the same in every part, but for tables that came or went between two
 * of them, which nobody has read.  The row that a reference of one part names may be a finding of another:
 * every ancestor is placed anew, by its key or its image, among all findings (lineage.h), and links lead to
 * where it is then.
 */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/base/same_text.h"
#include "core/case/case_merge_internal.h"
#include "core/case/findings_internal.h"

#define BATCH 1000
#define BATCH_BYTES ((size_t)4 * 1024 * 1024)

/* ---- tables of the part, by number ---- */

struct named {
    int64_t id;
    const char *name;
};

/* Those that were there: of others a case has the name alone. */
static enum mr_code read_names(struct mr_findings *part, struct mr_arena *arena,
                               struct mr_vec *names, struct mr_err *err)
{
    static const struct mr_case_field fields[] =
        MR_CASE_LIST(MR_CASE_FIELD(struct named, id, MR_CASE_INT),
                     MR_CASE_FIELD(struct named, name, MR_CASE_TEXT));
    struct mr_case_stmt *stmt = NULL;
    mr_case_lock(part->cf);
    enum mr_code code =
        MR_CASE_PREPARE(part->cf,
                        "SELECT id, name FROM tbl t WHERE run=:run AND EXISTS (SELECT 1 FROM col c"
                        " WHERE c.tbl=t.id) ORDER BY id",
                        &stmt, err, MR_ARG_INT("run", part->run));
    if (code == MR_OK)
        code = mr_case_fields_all(stmt, MR_CASE_FIELDS(fields), arena, names, err);
    mr_case_free(stmt);
    mr_case_unlock(part->cf);
    return code;
}

static int compare_ids(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* NULL: it is of no table of the run. */
static const char *name_of(const struct mr_vec *names, int64_t id)
{
    const struct named *found = names->count > 0 ? bsearch(&id, names->items, names->count,
                                                           sizeof(struct named), compare_ids)
                                                 : NULL;
    return found != NULL ? found->name : NULL;
}

/* ---- references ---- */

static bool same_reference(const struct mr_lineage_reference *a,
                           const struct mr_lineage_reference *b)
{
    bool same = mr_same_text(a->parent_name, b->parent_name) && mr_same_text(a->name, b->name) &&
                mr_same_text(a->condition, b->condition) && a->declared == b->declared &&
                a->condition_at == b->condition_at && a->ncolumns == b->ncolumns &&
                (a->parent != 0) == (b->parent != 0);
    for (size_t i = 0; same && i < a->ncolumns; i++)
        same = a->columns[i] == b->columns[i] && a->parent_columns[i] == b->parent_columns[i];
    return same;
}

/* The names of the child and of the parent, by the case's own numbers; "" where there is none. */
static enum mr_code name_tables(struct mr_case_merging *m, const struct mr_vec *references,
                                const struct mr_vec *names, const char ***tables,
                                struct mr_err *err)
{
    bool out = false;
    *tables = mr_arena_calloc(&m->arena, 2 * references->count + 1, sizeof **tables);
    for (size_t i = 0; *tables != NULL && i < references->count; i++) {
        const struct mr_lineage_reference *r = mr_vec_at(references, i);
        (*tables)[2 * i] = mr_arena_keep(&m->arena, name_of(names, r->table), &out);
        (*tables)[2 * i + 1] = mr_arena_keep(&m->arena, name_of(names, r->parent), &out);
    }
    return *tables != NULL && !out ? MR_OK : mr_case_merge_nomem(err);
}

/* Which of the merge's references it is; as many as there are: none.  They come in one order: it is looked for
 * from `from` on. */
static size_t match_of(const struct mr_case_merging *m, const struct mr_lineage_reference *r,
                       const struct mr_vec *names, size_t from)
{
    const size_t count = m->references.count;
    const char *child = name_of(names, r->table), *parent = name_of(names, r->parent);
    for (size_t n = 0; n < count; n++) {
        const size_t at = (from + n) % count;
        if (same_reference(r, mr_vec_at(&m->references, at)) &&
            mr_same_text(child != NULL ? child : "", m->reference_tables[2 * at]) &&
            mr_same_text(parent != NULL ? parent : "", m->reference_tables[2 * at + 1]))
            return at;
    }
    return count;
}

static bool is_named(const struct mr_vec *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(((const struct named *)mr_vec_at(names, i))->name, name) == 0)
            return true;
    return false;
}

/* Rows of a table that the first part did not have, and that none is to read, are no findings, and none's
 * ancestors: what leads to it would be a reference that only one of the two has, of a table that both have. */
static bool is_new(const struct mr_case_merging *m, const char *table)
{
    const struct mr_case_merged_table *t = table != NULL ? mr_case_merge_table_of(m, table) : NULL;
    return table != NULL && (t == NULL || t->nranges == 0) && !is_named(&m->reference_names, table);
}

/* matched: of each of the merge's references, whether the part has it. */
static bool same_references(const struct mr_case_merging *m, const struct mr_vec *references,
                            const struct mr_vec *names, bool *matched)
{
    bool same = true;
    for (size_t i = 0, from = 0; same && i < references->count; i++) {
        const struct mr_lineage_reference *r = mr_vec_at(references, i);
        const size_t at = match_of(m, r, names, from);
        if (at < m->references.count) {
            matched[at] = true;
            from = at + 1;
        } else {
            same = is_new(m, name_of(names, r->table));
        }
    }
    for (size_t at = 0; same && at < m->references.count; at++)
        same = matched[at] || !is_named(names, m->reference_tables[2 * at]); /* it is gone */
    return same;
}

static enum mr_code has_kin(struct mr_findings *part, bool *has, struct mr_err *err)
{
    mr_case_lock(part->cf);
    enum mr_code code = mr_case_has_with(part->cf,
                                         "SELECT 1 WHERE EXISTS (SELECT 1 FROM link)"
                                         " OR EXISTS (SELECT 1 FROM ancestor)",
                                         NULL, 0, has, err);
    mr_case_unlock(part->cf);
    return code;
}

enum mr_code mr_case_merge_references(struct mr_case_merging *m, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec references = MR_VEC_INIT(struct mr_lineage_reference);
    struct mr_vec names = MR_VEC_INIT(struct named);
    const bool first = m->reference_tables == NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(has_kin(m->part, &m->parts[m->at].has_kin, err));
    if (first) {
        m->reference_names = (struct mr_vec)MR_VEC_INIT(struct named);
        MR_TRY_OUT(read_names(m->part, &m->arena, &m->reference_names, err));
        MR_TRY_OUT(mr_lineage_references(m->part, &m->arena, &m->references, err));
        MR_TRY_OUT(name_tables(m, &m->references, &m->reference_names, &m->reference_tables, err));
        goto out;
    }
    MR_TRY_OUT(read_names(m->part, &arena, &names, err));
    MR_TRY_OUT(mr_lineage_references(m->part, &arena, &references, err));
    bool *matched = mr_arena_calloc(&arena, m->references.count + 1, sizeof *matched);
    if (matched == NULL)
        MR_TRY_OUT(mr_case_merge_nomem(err));
    if (m->other_references == NULL && !same_references(m, &references, &names, matched))
        m->other_references = m->of->parts[m->at].name;
out:
    mr_vec_release(&references);
    mr_vec_release(&names);
    mr_arena_release(&arena);
    return code;
}

static int64_t id_of(const struct mr_case_merging *m, const char *name)
{
    const struct mr_case_merged_table *t = mr_case_merge_table_of(m, name);
    return t != NULL ? t->find.id : 0;
}

enum mr_code mr_case_merge_references_save(struct mr_case_merging *m, struct mr_err *err)
{
    for (size_t i = 0; i < m->references.count; i++) {
        struct mr_lineage_reference *r = mr_vec_at(&m->references, i);
        r->table = id_of(m, m->reference_tables[2 * i]);
        r->parent = id_of(m, m->reference_tables[2 * i + 1]);
        if (r->table != 0) /* else of a table that is gone: no link is of it */
            MR_TRY(mr_lineage_reference_add(m->out, r, err));
    }
    return MR_OK;
}

/* ---- ancestors ---- */

/* An ancestor of the part, and where it is in the new case. */
struct placed {
    int64_t id, node;
};

struct kin {
    struct mr_case_merging *m;
    struct mr_arena arena;     /* of the part */
    struct mr_arena batch;     /* of some ancestors or links */
    struct mr_vec names;       /* struct named */
    struct mr_vec references;  /* struct mr_lineage_reference, the part's */
    size_t *matches;           /* of each of these, which of the merge's it is */
    struct mr_vec placed;      /* struct placed, by id */
    struct mr_vec steps;       /* struct mr_lineage_step */
    struct mr_case_stmt *find; /* is there a finding of that id? */
};

/* Is a row known by its image, too, as a check knows it? */
static bool is_by_image(const struct mr_find_table *table)
{
    bool by_image = table->keyless;
    for (size_t i = 0; !by_image && i < table->ncolumns; i++)
        by_image = table->columns[i].key_at >= 0 && table->columns[i].style.cls == MR_CLASS_TEXT;
    return by_image;
}

static enum mr_code place_batch(struct kin *k, int side, const struct mr_vec *ancestors,
                                bool by_image, int64_t table, struct mr_err *err)
{
    const struct mr_lineage_row **rows =
        mr_arena_calloc(&k->batch, ancestors->count + 1, sizeof *rows);
    int64_t *nodes = mr_arena_calloc(&k->batch, ancestors->count + 1, sizeof *nodes);
    if (rows == NULL || nodes == NULL)
        return mr_case_merge_nomem(err);
    for (size_t i = 0; i < ancestors->count; i++) {
        struct mr_lineage_ancestor *a = mr_vec_at(ancestors, i);
        a->row.table = table;
        a->row.by_image = by_image;
        rows[i] = &a->row;
    }
    MR_TRY(mr_lineage_place(k->m->out, side, rows, ancestors->count, nodes, err));
    for (size_t i = 0; i < ancestors->count; i++) {
        struct placed *placed = mr_vec_push(&k->placed);
        if (placed == NULL)
            return mr_case_merge_nomem(err);
        *placed =
            (struct placed){((struct mr_lineage_ancestor *)mr_vec_at(ancestors, i))->id, nodes[i]};
    }
    return MR_OK;
}

static enum mr_code place_table(struct kin *k, const struct named *named, int side,
                                struct mr_err *err)
{
    const struct mr_case_merged_table *t = mr_case_merge_table_of(k->m, named->name);
    struct mr_vec ancestors = MR_VEC_INIT(struct mr_lineage_ancestor);
    struct mr_lineage_page page = {
        .table = named->id, .side = side, .limit = BATCH, .max_bytes = BATCH_BYTES};
    enum mr_code code = MR_OK;
    while (t != NULL && code == MR_OK) {
        mr_arena_reset(&k->batch);
        mr_vec_clear(&ancestors);
        code = mr_lineage_ancestors(k->m->part, &page, &k->batch, &ancestors, err);
        if (code != MR_OK || ancestors.count == 0)
            break;
        page.after_id =
            ((struct mr_lineage_ancestor *)mr_vec_at(&ancestors, ancestors.count - 1))->id;
        code = place_batch(k, side, &ancestors, is_by_image(&t->find), t->find.id, err);
    }
    mr_vec_release(&ancestors);
    return code;
}

/* ---- links ---- */

struct link {
    int64_t side, child, reference, parent;
};

#define LINK(member) MR_CASE_FIELD(struct link, member, MR_CASE_INT)
static const struct mr_case_field link_fields[] =
    MR_CASE_LIST(LINK(side), LINK(child), LINK(reference), LINK(parent));

/* The node of the part in the new case; *there false: its row was not taken over. */
static enum mr_code node_of(struct kin *k, int64_t node, int64_t *now, bool *there,
                            struct mr_err *err)
{
    const struct mr_case_merging *m = k->m;
    *now = 0;
    *there = node == 0;
    if (node > 0) {
        *now = node + m->parts[m->at].first;
        MR_TRY(MR_CASE_ASK(k->find, there, err, MR_ARG_INT("id", *now)));
        mr_case_reset(k->find);
    } else if (node < 0 && k->placed.count > 0) {
        const int64_t id = -node;
        const struct placed *found =
            bsearch(&id, k->placed.items, k->placed.count, sizeof(struct placed), compare_ids);
        *there = found != NULL;
        *now = found != NULL ? found->node : 0;
    }
    return MR_OK;
}

static enum mr_code save_steps(struct kin *k, int side, struct mr_err *err)
{
    enum mr_code code = mr_lineage_save(k->m->out, side, k->steps.items, k->steps.count, err);
    mr_vec_clear(&k->steps);
    return code;
}

static enum mr_code take_link(struct kin *k, const struct link *link, struct mr_err *err)
{
    const struct mr_lineage_reference *references = k->references.items;
    struct mr_lineage_step step = {0};
    bool child = false, parent = false;
    size_t at = 0;
    while (at < k->references.count && references[at].id != link->reference)
        at++;
    if (at == k->references.count) /* of another pair of the part */
        return MR_OK;
    const size_t match = k->matches[at];
    if (match == k->m->references.count) /* of a table that is none's */
        return MR_OK;
    MR_TRY(node_of(k, link->child, &step.child, &child, err));
    MR_TRY(node_of(k, link->parent, &step.node, &parent, err));
    if (!child || step.child == 0 || !parent)
        return MR_OK;
    step.reference = ((const struct mr_lineage_reference *)mr_vec_at(&k->m->references, match))->id;
    struct mr_lineage_step *slot = mr_vec_push(&k->steps);
    if (slot == NULL)
        return mr_case_merge_nomem(err);
    *slot = step;
    return MR_OK;
}

/* Of the run's own rows and ancestors alone: a part has those of all of its pairs, and each pair would
 * read them all. */
static const char links_sql[] =
    "SELECT side, child, reference, parent FROM link WHERE side=:side AND child IN"
    " (SELECT id FROM finding WHERE tbl IN (SELECT id FROM tbl WHERE run=:run) UNION ALL"
    " SELECT -id FROM ancestor WHERE tbl IN (SELECT id FROM tbl WHERE run=:run) AND side=:side)";

static enum mr_code copy_links(struct kin *k, int side, struct mr_err *err)
{
    struct mr_case_stmt *read = NULL;
    struct mr_case_fields map;
    struct link link;
    bool more = true;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(MR_CASE_PREPARE(k->m->part->cf, links_sql, &read, err, MR_ARG_INT("side", side),
                               MR_ARG_INT("run", k->m->part->run)));
    MR_TRY_OUT(mr_case_fields_open(&map, read, MR_CASE_FIELDS(link_fields), err));
    while (more) {
        link = (struct link){0};
        MR_TRY_OUT(mr_case_fields_next(&map, NULL, &link, &more, err));
        if (more)
            MR_TRY_OUT(take_link(k, &link, err));
        if (!more || k->steps.count == BATCH)
            MR_TRY_OUT(save_steps(k, side, err));
    }
out:
    mr_case_free(read);
    return code;
}

static int compare_placed(const void *a, const void *b)
{
    return compare_ids(&((const struct placed *)a)->id, &((const struct placed *)b)->id);
}

static enum mr_code match_references(struct kin *k, struct mr_err *err)
{
    k->matches = mr_arena_calloc(&k->arena, k->references.count + 1, sizeof *k->matches);
    if (k->matches == NULL)
        return mr_case_merge_nomem(err);
    for (size_t i = 0; i < k->references.count; i++)
        k->matches[i] = match_of(k->m, mr_vec_at(&k->references, i), &k->names,
                                 i > 0 ? k->matches[i - 1] + 1 : 0);
    return MR_OK;
}

static enum mr_code copy_kin(struct kin *k, struct mr_err *err)
{
    struct mr_case_merging *m = k->m;
    MR_TRY(read_names(m->part, &k->arena, &k->names, err));
    MR_TRY(mr_lineage_references(m->part, &k->arena, &k->references, err));
    MR_TRY(match_references(k, err));
    MR_TRY(mr_case_prepare(m->out->cf, "SELECT 1 FROM finding WHERE id=:id", &k->find, err));
    for (size_t i = 0; i < k->names.count; i++)
        for (int side = 0; side < 2; side++)
            MR_TRY(place_table(k, mr_vec_at(&k->names, i), side, err));
    if (k->placed.count > 1)
        qsort(k->placed.items, k->placed.count, sizeof(struct placed), compare_placed);
    for (int side = 0; side < 2; side++)
        MR_TRY(copy_links(k, side, err));
    return MR_OK;
}

enum mr_code mr_case_merge_kin(struct mr_case_merging *m, struct mr_err *err)
{
    struct kin k = {.m = m,
                    .arena = MR_ARENA_INIT,
                    .batch = MR_ARENA_INIT,
                    .names = MR_VEC_INIT(struct named),
                    .references = MR_VEC_INIT(struct mr_lineage_reference),
                    .placed = MR_VEC_INIT(struct placed),
                    .steps = MR_VEC_INIT(struct mr_lineage_step)};
    enum mr_code code = copy_kin(&k, err);
    mr_case_free(k.find);
    mr_vec_release(&k.steps);
    mr_vec_release(&k.placed);
    mr_vec_release(&k.references);
    mr_vec_release(&k.names);
    mr_arena_release(&k.batch);
    mr_arena_release(&k.arena);
    return code;
}
