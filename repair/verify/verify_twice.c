/* verify_twice.c: identities that two rows of TARGET have; see verify_internal.h.
 *
 * The server is asked for them at once: its own collation groups the rows.  A UNIQUE index
 * over no other columns makes the question needless. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/db/sqltext.h"
#include "core/pair/pair_identity.h"
#include "repair/verify/verify_internal.h"

#define NAMED_MAX 10 /* rows of one identity whose keys are told */

bool mr_verify_is_twice(const struct mr_verify_table *table, struct mr_key identity)
{
    struct mr_digest digest = mr_digest_bytes(identity.ptr, identity.len);
    return table->twice.count > 0 && bsearch(&digest, table->twice.items, table->twice.count,
                                             sizeof digest, mr_digest_compare) != NULL;
}

bool mr_verify_has_twice(const struct mr_verify *v)
{
    for (size_t i = 0; i < v->ntables; i++)
        if (v->tables[i].twice.count > 0)
            return true;
    return false;
}

static const char *column_name(const struct mr_verify_table *table, size_t at)
{
    return table->image->find.columns[table->identity.at[at]].name;
}

static bool is_identity_column(const struct mr_verify_table *table, const char *name)
{
    for (size_t i = 0; i < table->identity.count; i++)
        if (strcasecmp(column_name(table, i), name) == 0)
            return true;
    return false;
}

/* A prefix or an expression keeps other values apart than the identity does. */
static bool is_kept_unique(const struct mr_verify_table *table)
{
    const struct mr_table *t = table->image->side[MR_TARGET];
    for (size_t i = 0; i < t->nindexes; i++) {
        const struct mr_index *index = &t->indexes[i];
        bool all = index->unique;
        for (size_t k = 0; all && k < index->nparts; k++)
            all = index->parts[k].column != NULL && index->parts[k].prefix_len == 0 &&
                  is_identity_column(table, index->parts[k].column);
        if (all)
            return true;
    }
    return false;
}

static void add_columns(struct mr_strbuf *sql, const struct mr_verify_table *table,
                        const char *between, const char *behind)
{
    for (size_t i = 0; i < table->identity.count; i++) {
        mr_strbuf_add_str(sql, i > 0 ? between : "");
        mr_sql_ident(sql, column_name(table, i));
        mr_strbuf_add_str(sql, behind);
    }
}

/* NULL is nobody: rows whose identity holds one are not alike. */
static void add_condition(struct mr_strbuf *sql, const struct mr_verify_table *table)
{
    mr_strbuf_add_char(sql, '(');
    add_columns(sql, table, ", ", "");
    mr_strbuf_add_str(sql, ") IN (SELECT ");
    add_columns(sql, table, ", ", "");
    mr_strbuf_add_str(sql, " FROM ");
    mr_sql_table(sql, table->spec.db, table->spec.table);
    mr_strbuf_add_str(sql, " WHERE ");
    add_columns(sql, table, " AND ", " IS NOT NULL");
    mr_strbuf_add_str(sql, " GROUP BY ");
    add_columns(sql, table, ", ", "");
    mr_strbuf_add_str(sql, " HAVING COUNT(*) > 1)");
}

struct gathering {
    struct mr_verify *v;
    struct mr_verify_table *table;
    struct mr_arena arena;
    struct mr_vec items; /* struct mr_canon_item */
    struct mr_strbuf bytes;
};

/* Kept as the collation sees it: lines of the plan have the canonical identity, and rows that
 * only case tells apart are one. */
static enum mr_code keep_batch(struct gathering *g, struct mr_err *err)
{
    enum mr_code code =
        mr_pair_canonise(g->table->image, g->table->identity.at, g->table->identity.count,
                         g->v->run->target->db, &g->items, &g->arena, err);
    for (size_t i = 0; code == MR_OK && i < g->items.count; i++) {
        const struct mr_canon_item *item = mr_vec_at(&g->items, i);
        struct mr_digest *digest = item->out != NULL ? mr_vec_push(&g->table->twice) : NULL;
        if (digest != NULL)
            *digest = mr_digest_bytes(item->out, item->out_len);
        else if (item->out != NULL)
            code = mr_err_nomem(err, "looking for identities that two rows have");
    }
    mr_vec_clear(&g->items);
    mr_arena_reset(&g->arena);
    return code;
}

static enum mr_code take_row(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct gathering *g = ctx;
    mr_strbuf_reset(&g->bytes);
    for (size_t i = 0; i < g->table->identity.count; i++)
        MR_TRY(mr_row_encode(&g->bytes, &values[i], err));
    struct mr_canon_item *item = mr_vec_push(&g->items);
    const void *copy = mr_arena_dup(&g->arena, g->bytes.ptr, g->bytes.len);
    if (item == NULL || copy == NULL)
        return mr_err_nomem(err, "looking for identities that two rows have");
    *item = (struct mr_canon_item){.in = copy, .in_len = g->bytes.len};
    return g->items.count == MR_VERIFY_BATCH ? keep_batch(g, err) : MR_OK;
}

/* Only the columns of the identity are read. */
static enum mr_code scan(struct gathering *g, struct mr_err *err)
{
    const struct mr_verify_table *table = g->table;
    struct mr_strbuf where = MR_STRBUF_INIT;
    struct mr_readspec spec = table->spec;
    struct mr_readcol *cols =
        mr_arena_calloc(g->v->run->arena, table->identity.count + 1, sizeof *cols);
    if (cols == NULL)
        return mr_err_nomem(err, "looking for identities that two rows have");
    for (size_t i = 0; i < table->identity.count; i++)
        cols[i] = table->spec.cols[table->identity.at[i]];
    add_condition(&where, table);
    spec.cols = cols;
    spec.ncols = table->identity.count;
    spec.nkey = 0;
    spec.where = where.ptr;
    spec.store = false;
    enum mr_code code = mr_strbuf_check(&where, "building a query", err);
    if (code == MR_OK)
        code = mr_reader_scan(g->v->reader, &spec, (struct mr_range){0}, 0, take_row, g, err);
    mr_strbuf_release(&where);
    return code;
}

/* ---- the other rows of one ---- */

struct twins {
    const struct mr_verify_table *table;
    struct mr_key own;
    struct mr_strbuf key;
    struct mr_strbuf *out;
    size_t count;
};

/* The fetch gives the row itself, too. */
static enum mr_code take_twin(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct twins *t = ctx;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(&t->key);
    for (size_t i = 0; code == MR_OK && i < t->table->key.count; i++)
        code = mr_row_encode(&t->key, &values[t->table->key.at[i]], err);
    const struct mr_key key = {t->key.ptr, t->key.len};
    if (code != MR_OK || mr_key_compare(key, t->own) == 0 || ++t->count > NAMED_MAX)
        return code;
    mr_strbuf_add_str(t->out, t->count > 1 ? "; " : "");
    mr_proof_key_text(t->out, t->table->image, key);
    return MR_OK;
}

/* Rows are asked for by the columns of the identity, so that the server compares them. */
enum mr_code mr_verify_name_twins(struct mr_verify *v, struct mr_verify_table *table,
                                  struct mr_key image, struct mr_key own, struct mr_strbuf *out,
                                  struct mr_err *err)
{
    struct twins t = {.table = table, .own = own, .key = MR_STRBUF_INIT, .out = out};
    struct mr_strbuf values = MR_STRBUF_INIT;
    struct mr_readspec spec = table->spec;
    bool null = false;
    spec.key = table->identity.at;
    spec.nkey = table->identity.count;
    spec.index = NULL;
    mr_strbuf_reset(out);
    enum mr_code code = mr_pair_values_of(image.ptr, image.len, table->identity.at,
                                          table->identity.count, &values, &null, err);
    const struct mr_key key = {values.ptr, values.len};
    if (code == MR_OK)
        code = mr_reader_fetch(v->reader, &spec, &key, 1, take_twin, &t, err);
    if (code == MR_OK && t.count > NAMED_MAX)
        mr_strbuf_add_fmt(out, "; and %zu more", t.count - NAMED_MAX);
    if (code == MR_OK)
        code = mr_strbuf_check(out, "naming rows", err);
    mr_strbuf_release(&values);
    mr_strbuf_release(&t.key);
    return code;
}

/* ---- all of a table ---- */

static enum mr_code find_in(struct mr_verify *v, struct mr_verify_table *table, struct mr_err *err)
{
    struct gathering g = {.v = v,
                          .table = table,
                          .arena = MR_ARENA_INIT,
                          .items = MR_VEC_INIT(struct mr_canon_item),
                          .bytes = MR_STRBUF_INIT};
    enum mr_code code = scan(&g, err);
    if (code == MR_OK && g.items.count > 0)
        code = keep_batch(&g, err);
    if (table->twice.count > 1)
        qsort(table->twice.items, table->twice.count, sizeof(struct mr_digest), mr_digest_compare);
    mr_arena_release(&g.arena);
    mr_vec_release(&g.items);
    mr_strbuf_release(&g.bytes);
    return code;
}

enum mr_code mr_verify_find_twice(struct mr_verify *v, struct mr_err *err)
{
    if (strcmp(v->run->plan->manifest.policy, MR_POLICY_MIRROR) == 0 ||
        mr_policy_rewinds(v->run->plan->manifest.policy))
        return MR_OK; /* one as often as SOURCE has it */
    for (size_t i = 0; i < v->ntables; i++) {
        struct mr_verify_table *table = &v->tables[i];
        const uint64_t *n = table->planned->decisions;
        struct mr_err why = {0};
        if (table->image == NULL || table->identity.count == 0 || table->key.count == 0 ||
            n[MR_DECIDE_INSERT] + n[MR_DECIDE_RENUMBER] + n[MR_DECIDE_MATCHED] +
                    n[MR_DECIDE_UPDATE] ==
                0 ||
            is_kept_unique(table))
            continue;
        MR_TRY(mr_verify_excuse(v, table, find_in(v, table, &why), &why, err));
    }
    return MR_OK;
}
