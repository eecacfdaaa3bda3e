/* verify_gone.c: rows of the plan that stand to the byte while whom they refer to is gone; see
 * verify_internal.h.
 *
 * Only where the lines have reported such a parent are its children asked for, and the file
 * is gone through once more: which of them are the plan's own, and stood so far. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "repair/verify/verify_internal.h"

/* A row of TARGET that refers to somebody who is gone. */
struct orphan {
    struct mr_key key;
    struct mr_digest found;
    const char *detail;
    bool is_reported;
};

struct asking {
    struct mr_verify *v;
    struct mr_verify_table *child;
    struct mr_strbuf bytes;
    const char *detail;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "verifying references");
}

enum mr_code mr_verify_note_gone(const struct mr_verify *v, struct mr_verify_table *table,
                                 struct mr_key key, struct mr_err *err)
{
    struct mr_key *gone = mr_vec_push(&table->gone);
    if (gone == NULL)
        return nomem(err);
    *gone = (struct mr_key){mr_arena_dup(v->run->arena, key.ptr, key.len), key.len};
    return gone->ptr != NULL ? MR_OK : nomem(err);
}

/* ---- who refers to them ---- */

/* The digest is of what stands now: only a row that still is the planned one is reported
 * (take_line); any other was reported by its line. */
static enum mr_code take_child(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct asking *a = ctx;
    struct mr_verify_table *t = a->child;
    struct orphan *orphan = mr_vec_push(&t->orphans);
    MR_TRY(orphan != NULL ? MR_OK : nomem(err));
    *orphan = (struct orphan){.detail = a->detail};
    mr_strbuf_reset(&a->bytes);
    enum mr_code code = mr_rowhash_image(&t->hash, values, &a->bytes, err);
    if (code == MR_OK)
        code = mr_plan_digester_row(&t->digester, (struct mr_key){a->bytes.ptr, a->bytes.len},
                                    &orphan->found, err);
    mr_strbuf_reset(&a->bytes);
    for (size_t i = 0; code == MR_OK && i < t->key.count; i++)
        code = mr_row_encode(&a->bytes, &values[t->key.at[i]], err);
    orphan->key.ptr = mr_arena_dup(a->v->run->arena, a->bytes.ptr, a->bytes.len);
    orphan->key.len = a->bytes.len;
    return code == MR_OK && orphan->key.ptr == NULL ? nomem(err) : code;
}

/* A parent's key, in the order in which the reference has its columns; *known false: it
 * leads to other columns than the key's. */
static enum mr_code referred(const struct asking *a, const struct mr_verify_table *parent,
                             const struct mr_planned_reference *r, struct mr_key key,
                             struct mr_key *value, bool *known, struct mr_err *err)
{
    const struct mr_planned_names *names = &parent->planned->key;
    struct mr_strbuf out = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *known = r->parent_columns.count == r->columns.count;
    for (size_t i = 0; code == MR_OK && *known && i < r->parent_columns.count; i++) {
        size_t at = 0, from = 0, to = 0;
        while (at < names->count && strcasecmp(names->items[at], r->parent_columns.items[i]) != 0)
            at++;
        *known = at < names->count;
        for (size_t k = 0; code == MR_OK && *known && k <= at; k++) {
            from = to;
            code = mr_row_skip(key.ptr, key.len, &to, err);
        }
        if (code == MR_OK)
            mr_strbuf_add(&out, (const char *)key.ptr + from, to - from);
    }
    *value = (struct mr_key){mr_arena_dup(a->v->run->arena, out.ptr, out.len), out.len};
    if (code == MR_OK)
        code = mr_strbuf_check(&out, "verifying references", err);
    mr_strbuf_release(&out);
    return code == MR_OK && value->ptr == NULL ? nomem(err) : code;
}

/* How the child writes the columns of a reference, which are at `at`. */
static const struct mr_spelling *spelling_of(const struct asking *a,
                                             const struct mr_planned_reference *r, const size_t *at)
{
    struct mr_spelling *s = mr_arena_calloc(a->v->run->arena, r->columns.count + 1, sizeof *s);
    for (size_t i = 0; s != NULL && i < r->columns.count; i++)
        s[i] = mr_planned_spelling(r, i, a->child->spec.cols[at[i]].cls);
    return s;
}

/* Pushes a key in every way in which the child may write it. */
static enum mr_code push_spelt(const struct asking *a, const struct mr_spelling *spelling,
                               size_t ncolumns, struct mr_key key, struct mr_vec *keys,
                               struct mr_err *err)
{
    enum mr_code code = MR_OK;
    unsigned ways = mr_spelling_key_ways(spelling, ncolumns);
    for (unsigned way = 0; code == MR_OK && way < ways; way++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        bool can = true;
        code = mr_spelling_key_write(spelling, ncolumns, key, way, &out, &can, err);
        struct mr_key *slot = code == MR_OK && can ? mr_vec_push(keys) : NULL;
        if (slot != NULL)
            *slot = (struct mr_key){mr_arena_dup(a->v->run->arena, out.ptr, out.len), out.len};
        if (code == MR_OK && can && (slot == NULL || slot->ptr == NULL))
            code = nomem(err);
        mr_strbuf_release(&out);
    }
    return code;
}

/* Children of those that are gone, by a reference whose columns are at `at`. */
static enum mr_code ask(struct asking *a, const struct mr_verify_table *parent,
                        const struct mr_planned_reference *r, const size_t *at, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    struct mr_readspec spec = a->child->spec;
    struct mr_strbuf where = MR_STRBUF_INIT;
    const struct mr_spelling *spelling = spelling_of(a, r, at);
    bool known = true;
    enum mr_code code = spelling != NULL ? MR_OK : nomem(err);
    for (size_t i = 0; code == MR_OK && known && i < parent->gone.count; i++) {
        struct mr_key key;
        code = referred(a, parent, r, *(struct mr_key *)mr_vec_at(&parent->gone, i), &key, &known,
                        err);
        if (code == MR_OK && known)
            code = push_spelt(a, spelling, r->columns.count, key, &keys, err);
    }
    spec.key = at;
    spec.nkey = r->columns.count;
    spec.index = NULL;
    spec.store = false;
    if (r->condition != NULL) {
        mr_strbuf_add_fmt(&where, "(%s\n)", r->condition);
        spec.where = where.ptr;
    }
    if (code == MR_OK)
        code = mr_strbuf_check(&where, "verifying references", err);
    for (size_t i = 0; code == MR_OK && known && i < keys.count; i += MR_VERIFY_BATCH) {
        size_t n = keys.count - i < MR_VERIFY_BATCH ? keys.count - i : (size_t)MR_VERIFY_BATCH;
        code = mr_reader_fetch(a->v->reader, &spec, mr_vec_at(&keys, i), n, take_child, a, err);
    }
    mr_strbuf_release(&where);
    mr_vec_release(&keys);
    return code;
}

static const char *detail_of(struct mr_verify *v, const struct mr_planned_reference *r)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    for (size_t i = 0; i < r->columns.count; i++)
        mr_strbuf_add_fmt(&text, "%s%s", i > 0 ? "," : "", r->columns.items[i]);
    mr_strbuf_add_fmt(&text, " -> %s", r->parent);
    const char *kept = text.failed ? NULL : mr_arena_strdup(v->run->arena, text.ptr);
    mr_strbuf_release(&text);
    return kept;
}

/* `at` moves on over all references: their columns stand one behind the other, also those
 * of references that nobody asks about. */
static enum mr_code ask_table(struct mr_verify *v, struct mr_verify_table *child,
                              struct mr_err *err)
{
    const size_t *at = child->references.at;
    struct asking a = {.v = v, .child = child, .bytes = MR_STRBUF_INIT};
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < child->planned->nreferences; i++) {
        const struct mr_planned_reference *r = &child->planned->references[i];
        const struct mr_verify_table *parent = mr_verify_find(v, r->parent);
        if (parent != NULL && parent->gone.count > 0) {
            a.detail = detail_of(v, r);
            code = a.detail != NULL ? MR_OK : nomem(err);
            if (code == MR_OK)
                code = ask(&a, parent, r, at, err);
        }
        at += r->columns.count;
    }
    mr_strbuf_release(&a.bytes);
    return code;
}

/* ---- which of them are the plan's ---- */

static int compare_orphans(const void *a, const void *b)
{
    const struct orphan *x = a, *y = b;
    return mr_key_compare(x->key, y->key);
}

/* One finding a row. */
static void sort_orphans(struct mr_vec *orphans)
{
    struct orphan *items = orphans->items;
    size_t kept = 0;
    if (orphans->count > 1)
        qsort(items, orphans->count, sizeof *items, compare_orphans);
    for (size_t i = 0; i < orphans->count; i++)
        if (kept == 0 || compare_orphans(&items[i], &items[kept - 1]) != 0)
            items[kept++] = items[i];
    orphans->count = kept;
}

/* Did the row stand, and not only to the byte? */
static bool has_moved_on(const struct mr_verify_table *t, struct mr_key key)
{
    const struct mr_digest digest = mr_digest_bytes(key.ptr, key.len);
    return t->moved_on.count > 0 && bsearch(&digest, t->moved_on.items, t->moved_on.count,
                                            sizeof digest, mr_digest_compare) != NULL;
}

/* A row that is another one than planned was reported, and so was what it refers to. */
static enum mr_code take_line(void *ctx, const struct mr_entity_line *line, struct mr_err *err)
{
    struct mr_verify *v = ctx;
    struct mr_verify_table *t = mr_verify_find(v, line->table);
    const struct orphan wanted = {.key = line->target_key};
    bool written = line->decision == MR_DECIDE_INSERT || line->decision == MR_DECIDE_RENUMBER ||
                   line->decision == MR_DECIDE_UPDATE;
    if (t == NULL || t->image == NULL || t->orphans.count == 0 || !written ||
        line->target_key.ptr == NULL)
        return MR_OK;
    struct orphan *orphan =
        bsearch(&wanted, t->orphans.items, t->orphans.count, sizeof *orphan, compare_orphans);
    if (orphan == NULL || !line->has_digest ||
        (!mr_digest_equal(orphan->found, line->digest) && !has_moved_on(t, line->target_key)))
        return MR_OK;
    orphan->is_reported = true;
    if (t->result->counts[MR_PROOF_STANDS] > 0)
        t->result->counts[MR_PROOF_STANDS]--;
    const struct mr_proof_finding finding = {.table = t->planned,
                                             .image = t->image,
                                             .proof = MR_PROOF_DANGLING,
                                             .source_key = line->source_key,
                                             .key = line->target_key,
                                             .detail = orphan->detail};
    return mr_verify_tell(v, t, &finding, err);
}

/* Sorted as they are found: take_line() and mr_verify_is_orphan() look them up by halves. */
enum mr_code mr_verify_orphans(struct mr_verify *v, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    bool any = false;
    for (size_t i = 0; i < v->ntables; i++)
        any = any || v->tables[i].gone.count > 0;
    for (size_t i = 0; code == MR_OK && any && i < v->ntables; i++) {
        struct mr_verify_table *child = &v->tables[i];
        struct mr_err why = {0};
        if (child->image == NULL || child->key.count == 0)
            continue;
        code = mr_verify_excuse(v, child, ask_table(v, child, &why), &why, err);
        sort_orphans(&child->orphans);
        if (child->moved_on.count > 1)
            qsort(child->moved_on.items, child->moved_on.count, sizeof(struct mr_digest),
                  mr_digest_compare);
    }
    return code == MR_OK && any ? mr_entity_file_read(v->path, take_line, v, err) : code;
}

bool mr_verify_is_orphan(const struct mr_verify_table *table, struct mr_key key)
{
    const struct orphan wanted = {.key = key};
    const struct orphan *orphan = table->orphans.count > 0
                                      ? bsearch(&wanted, table->orphans.items, table->orphans.count,
                                                sizeof *orphan, compare_orphans)
                                      : NULL;
    return orphan != NULL && orphan->is_reported;
}

void mr_verify_gone_init(struct mr_verify_table *table)
{
    table->gone = (struct mr_vec)MR_VEC_INIT(struct mr_key);
    table->orphans = (struct mr_vec)MR_VEC_INIT(struct orphan);
    table->moved_on = (struct mr_vec)MR_VEC_INIT(struct mr_digest);
}
