/* verify_beside.c: what triggers made of the columns that a restored change did not write; see
 * verify_internal.h.
 *
 * Where no trigger fires, such a column has moved on, and that is nobody's concern.  Where some do, the row
 * alone does not tell theirs from a live write: the journal does, of rows that apply has looked at
 * (fired_beside.h).  Of any other, as after apply.sql by a client, it is not known, and so said. */
#include <string.h>

#include "repair/verify/verify_internal.h"

struct reading {
    struct mr_verify *v;
    struct mr_strbuf name;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading the journal");
}

static const char *keep(struct mr_verify *v, const char *ptr, size_t len)
{
    char *copy = mr_arena_calloc(v->run->arena, len + 1, 1);
    return copy != NULL ? memcpy(copy, ptr, len) : NULL;
}

static enum mr_code take(void *ctx, const struct mr_journal_beside *row, struct mr_err *err)
{
    struct reading *r = ctx;
    struct mr_verify_named *looked = mr_vec_push(&r->v->beside);
    mr_strbuf_reset(&r->name);
    mr_strbuf_add_fmt(&r->name, "%zu:", row->table.len);
    mr_strbuf_add(&r->name, row->table.ptr, row->table.len);
    mr_strbuf_add_fmt(&r->name, "%zu:", row->key.len);
    mr_strbuf_add(&r->name, row->key.ptr, row->key.len);
    if (looked == NULL || r->name.failed)
        return nomem(err);
    *looked = (struct mr_verify_named){.name = keep(r->v, r->name.ptr, r->name.len),
                                       .at = r->v->beside.count,
                                       .columns = keep(r->v, row->columns.ptr, row->columns.len)};
    return looked->name != NULL && looked->columns != NULL ? MR_OK : nomem(err);
}

enum mr_code mr_verify_beside_open(struct mr_verify *v, struct mr_err *err)
{
    struct reading r = {v, MR_STRBUF_INIT};
    v->beside = (struct mr_vec)MR_VEC_INIT(struct mr_verify_named);
    v->fires = mr_planned_fires(&v->run->plan->manifest.planned);
    if (!v->fires || v->run->journal == NULL)
        return MR_OK;
    enum mr_code code = mr_journal_each_beside(v->run->journal, take, &r, err);
    mr_verify_named_sort(&v->beside);
    mr_strbuf_release(&r.name);
    return code;
}

const char *mr_verify_beside(const struct mr_verify *v, const struct mr_verify_table *t,
                             struct mr_key key)
{
    const struct mr_verify_named *row = mr_verify_named_last(&v->beside, t, key);
    return row != NULL ? row->columns : NULL;
}
