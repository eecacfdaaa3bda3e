/* verify_sums.c: rows to which the plan has added, by what its journal says; see verify_internal.h.
 *
 * The value does not tell: it has moved on, or stands where it stood by chance.  Batches of the journal
 * come in their order, so that the last one that names a row says whether the sum is in place. */
#include <string.h>

#include "repair/verify/verify_internal.h"

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading the journal");
}

static enum mr_code take_batch(struct mr_verify *v, const struct mr_journal_batch *b, size_t at,
                               struct mr_err *err)
{
    struct mr_journal_text text[5];
    const char *p = b->rows;
    for (;;) {
        const char *from = p;
        size_t n = 0, named = 0;
        for (; n < 5 && mr_journal_next_text(&p, &text[n]); n++)
            named = n == 1 ? (size_t)(p - from) : named;
        if (n < 5)
            return MR_OK;
        struct mr_verify_named *row = mr_vec_push(&v->summed);
        char *name = mr_arena_calloc(v->run->arena, named + 1, 1);
        if (row == NULL || name == NULL)
            return nomem(err);
        memcpy(name, from, named);
        *row = (struct mr_verify_named){.name = name,
                                        .at = at,
                                        .in_place = b->script == MR_JOURNAL_APPLY &&
                                                    b->status == MR_BATCH_DONE};
    }
}

/* One that nobody knows the end of is not said to be in place. */
enum mr_code mr_verify_sums_open(struct mr_verify *v, struct mr_err *err)
{
    v->summed = (struct mr_vec)MR_VEC_INIT(struct mr_verify_named);
    if (v->run->journal == NULL)
        return MR_OK;
    const struct mr_vec *batches = &mr_journal_sums(v->run->journal)->batches;
    for (size_t i = 0; i < batches->count; i++) {
        const struct mr_journal_batch *b = mr_vec_at(batches, i);
        if (b->status != MR_BATCH_GONE)
            MR_TRY(take_batch(v, b, i, err));
    }
    mr_verify_named_sort(&v->summed);
    return MR_OK;
}

bool mr_verify_is_summed(const struct mr_verify *v, const struct mr_verify_table *t,
                         struct mr_key key)
{
    const struct mr_verify_named *row = mr_verify_named_last(&v->summed, t, key);
    return row != NULL && row->in_place;
}

enum mr_code mr_verify_is_left_out(const struct mr_verify *v, const struct mr_verify_table *t,
                                   struct mr_key key, bool *is, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *is = false;
    if (v->run->journal == NULL)
        return MR_OK;
    mr_verify_named_key(&text, t, key);
    MR_TRY_OUT(mr_strbuf_check(&text, "reading the journal", err));
    code = mr_journal_is_left_out(v->run->journal, t->planned->table, text.ptr, is, err);
out:
    mr_strbuf_release(&text);
    return code;
}
