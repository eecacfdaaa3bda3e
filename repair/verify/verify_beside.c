/* verify_beside.c: what triggers made of the columns that a restored change did not write; see
 * verify_internal.h.
 *
 * Where no trigger fires, such a column has moved on, and that is nobody's concern.  Where some do, the row
 * alone does not tell theirs from a live write: the journal does, of rows that apply has looked at
 * (fired_beside.h).  Of any other, as after apply.sql by a client, it is not known, and so said. */
#include <stdlib.h>
#include <string.h>

#include "repair/verify/verify_internal.h"

/* A row that the journal names. */
struct looked {
    const char *name; /* table and key, each with its length in front */
    const char *columns;
    size_t at; /* in the order of the journal */
};

struct reading {
    struct mr_verify *v;
    struct mr_strbuf name;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading the journal");
}

static int compare(const void *a, const void *b)
{
    const struct looked *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static const char *keep(struct mr_verify *v, const char *ptr, size_t len)
{
    char *copy = mr_arena_calloc(v->run->arena, len + 1, 1);
    return copy != NULL ? memcpy(copy, ptr, len) : NULL;
}

static enum mr_code take(void *ctx, const struct mr_journal_beside *row, struct mr_err *err)
{
    struct reading *r = ctx;
    struct looked *looked = mr_vec_push(&r->v->beside);
    mr_strbuf_reset(&r->name);
    mr_strbuf_add_fmt(&r->name, "%zu:", row->table.len);
    mr_strbuf_add(&r->name, row->table.ptr, row->table.len);
    mr_strbuf_add_fmt(&r->name, "%zu:", row->key.len);
    mr_strbuf_add(&r->name, row->key.ptr, row->key.len);
    if (looked == NULL || r->name.failed)
        return nomem(err);
    *looked = (struct looked){keep(r->v, r->name.ptr, r->name.len),
                              keep(r->v, row->columns.ptr, row->columns.len), r->v->beside.count};
    return looked->name != NULL && looked->columns != NULL ? MR_OK : nomem(err);
}

enum mr_code mr_verify_beside_open(struct mr_verify *v, struct mr_err *err)
{
    const struct mr_planned *planned = &v->run->plan->manifest.planned;
    struct reading r = {v, MR_STRBUF_INIT};
    v->beside = (struct mr_vec)MR_VEC_INIT(struct looked);
    v->fires = false;
    for (size_t i = 0; planned->fire_triggers && i < planned->ntables; i++)
        v->fires = v->fires || planned->tables[i].ntriggers > 0;
    if (!v->fires || v->run->journal == NULL)
        return MR_OK;
    enum mr_code code = mr_journal_each_beside(v->run->journal, take, &r, err);
    if (code == MR_OK && v->beside.count > 1)
        qsort(v->beside.items, v->beside.count, sizeof(struct looked), compare);
    mr_strbuf_release(&r.name);
    return code;
}

const char *mr_verify_beside(const struct mr_verify *v, const struct mr_verify_table *t,
                             struct mr_key key)
{
    struct mr_strbuf text = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    const struct looked *rows = v->beside.items;
    size_t lo = 0, hi = v->beside.count;
    mr_proof_key_text(&text, t->image, key);
    mr_journal_add_left_out(&name, t->planned->table, text.len > 0 ? text.ptr : "");
    while (!name.failed && lo < hi) { /* the first that is greater */
        const size_t mid = lo + (hi - lo) / 2;
        if (strcmp(rows[mid].name, name.ptr) <= 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    const char *columns = !name.failed && lo > 0 && strcmp(rows[lo - 1].name, name.ptr) == 0
                              ? rows[lo - 1].columns
                              : NULL;
    mr_strbuf_release(&text);
    mr_strbuf_release(&name);
    return columns;
}
