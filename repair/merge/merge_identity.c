/* merge_identity.c: rows above the past by their identity; see merge_match.h. */
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/pair/pair_identity.h"
#include "repair/decide/decide.h"
#include "repair/merge/merge_match_internal.h"
#include "repair/merge/merge_owner.h"
#include "repair/merge/merge_row.h"

/* What TARGET, and the rest of SOURCE, say about the identity of a row. */
struct holders {
    int64_t on_source; /* rows of w with it, itself included */
    int64_t on_target;
    struct mr_key first, first_image;
    bool first_above, any_above;
    struct mr_key below; /* a base row that has it; ptr NULL: none */
    struct mr_fact fact; /* all of it, for who decides */
};

struct identifying {
    struct mr_merge_matching *x;
    struct holders *holders; /* per row of the batch */
    struct mr_case_stmt *count, *known, *past, *update, *there;
};

static const struct mr_merge_work_row *row_of(const struct identifying *d, size_t i)
{
    return mr_vec_at(&d->x->rows, i);
}

static struct mr_key key_of(struct identifying *d, const struct mr_merge_answer *row,
                            enum mr_code *code, struct mr_err *err)
{
    const struct mr_plan_columns *key = &d->x->table->plan->key;
    bool null = false;
    *code = mr_pair_values_of(row->image, row->len, key->at, key->count, &d->x->bytes, &null, err);
    return *code == MR_OK ? mr_merge_matching_keep(
                                d->x, (struct mr_key){d->x->bytes.ptr, d->x->bytes.len}, code, err)
                          : (struct mr_key){0};
}

/* Is TARGET's row of that key known as past, though above the bound? */
static enum mr_code is_past(struct identifying *d, struct mr_key key, bool *past,
                            struct mr_err *err)
{
    enum mr_code code = MR_CASE_ASK(d->past, past, err, MR_ARG_INT("tbl", d->x->table->plan->at),
                                    MR_ARG_BYTES("key", key));
    mr_case_reset(d->past);
    return code;
}

/* The first holder is whom the row may be; all of them count, since two make it ambiguous, and one
 * of the past is in the way whatever stands above. */
static enum mr_code take_holder(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct identifying *d = ctx;
    struct holders *h = &d->holders[ask->tag];
    struct mr_key image = {row->image, row->len};
    enum mr_code code = MR_OK;
    int64_t n = 0;
    struct mr_key key = key_of(d, row, &code, err);
    if (code == MR_OK)
        code = mr_merge_row_count(d->x->table->plan, image, &n, err);
    if (code != MR_OK)
        return code;
    bool past = false;
    code = is_past(d, key, &past, err);
    if (code != MR_OK)
        return code;
    bool above = !past && n > d->x->table->bound.base;
    h->any_above = h->any_above || above;
    if (!above && (h->below.ptr == NULL || mr_key_compare(key, h->below) < 0))
        h->below = key;
    if (h->on_target++ > 0)
        return MR_OK;
    h->first = key;
    h->first_above = above;
    h->first_image = mr_merge_matching_keep(d->x, image, &code, err);
    return code;
}

/* The canonical bytes of identities are known since their rows were matched by key. */
static enum mr_code ask_target(struct identifying *d, struct mr_err *err)
{
    struct mr_merge_matching *x = d->x;
    const struct mr_merge_lookup what = {MR_TARGET, x->table->plan, x->table->plan->named_by};
    enum mr_code code = MR_OK;
    mr_vec_clear(&x->asks);
    for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
        const struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
        code = mr_merge_lookup_push(&x->asks, (int64_t)i, (struct mr_key){row->image, row->len},
                                    what.columns, &x->arena, err);
        if (code != MR_OK || x->asks.count == 0)
            continue;
        struct mr_merge_ask *last = mr_vec_at(&x->asks, x->asks.count - 1);
        if (last->tag != (int64_t)i)
            continue;
        last->canon = row->live_key;
        if (mr_merge_provisional_within(last->value))
            x->asks.count--; /* no row of TARGET refers to what is not there */
    }
    return code == MR_OK ? mr_merge_lookup_ask(x->m, &what, &x->asks, take_holder, d, err) : code;
}

/* ---- is the identity ambiguous on SOURCE? ---- */

static enum mr_code count_source(struct identifying *d, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < d->x->rows.count; i++) {
        bool row = false;
        code = MR_CASE_ASK(d->count, &row, err, MR_ARG_INT("id", row_of(d, i)->id));
        if (code == MR_OK && row)
            d->holders[i].on_source = mr_case_int(d->count, 0);
        mr_case_reset(d->count);
    }
    return code;
}

static enum mr_code count_twin(void *ctx, const struct mr_merge_ask *ask,
                               const struct mr_merge_answer *row, struct mr_err *err)
{
    struct identifying *d = ctx;
    (void)row;
    (void)err;
    d->holders[ask->tag].on_source++;
    return MR_OK;
}

/* A row of SOURCE that is not in w is equal on both sides: it holds the identity, too, if
 * the holder on TARGET has its key. */
static enum mr_code ask_twins(struct identifying *d, struct mr_err *err)
{
    struct mr_merge_matching *x = d->x;
    const struct mr_merge_lookup what = {MR_SOURCE, x->table->plan, x->table->plan->key};
    enum mr_code code = MR_OK;
    mr_vec_clear(&x->asks);
    for (size_t i = 0; code == MR_OK && i < x->rows.count; i++) {
        const struct holders *h = &d->holders[i];
        bool known = false;
        if (h->on_target != 1 || !h->first_above)
            continue;
        code = MR_CASE_ASK(d->known, &known, err, MR_ARG_INT("tbl", x->table->plan->at),
                           MR_ARG_BYTES("key", h->first));
        mr_case_reset(d->known);
        struct mr_merge_ask *ask = code == MR_OK && !known ? mr_vec_push(&x->asks) : NULL;
        if (ask != NULL)
            *ask = (struct mr_merge_ask){.tag = (int64_t)i, .value = h->first};
        else if (code == MR_OK && !known)
            code = mr_merge_nomem(err);
    }
    return code == MR_OK ? mr_merge_lookup_ask(x->m, &what, &x->asks, count_twin, d, err) : code;
}

/* ---- what comes of it ---- */

static void know(struct holders *h)
{
    h->fact.crosses = h->below.ptr != NULL;
    h->fact.ambiguous = h->on_source > 1 || h->on_target > 1;
    h->fact.met = h->on_target == 1;
}

/* A subject row has no owner.  Asked only of rows that would be matched: it costs reads on both
 * sides. */
static enum mr_code find_owners(struct identifying *d, struct mr_err *err)
{
    struct mr_merge_matching *x = d->x;
    struct mr_vec pairs = MR_VEC_INIT(struct mr_merge_owner_pair);
    enum mr_code code = MR_OK;
    if (x->table->plan->pair->find.subject != MR_SUBJECT_NO)
        return MR_OK;
    for (size_t i = 0; i < x->rows.count; i++) {
        const struct holders *h = &d->holders[i];
        const struct mr_merge_work_row *row = mr_vec_at(&x->rows, i);
        if (!mr_decide_identity(&h->fact).is_it)
            continue;
        struct mr_merge_owner_pair *pair = mr_vec_push(&pairs);
        if (pair == NULL) {
            code = mr_merge_nomem(err);
            break;
        }
        pair->row[MR_SOURCE] = (struct mr_key){row->live, row->live_len};
        pair->row[MR_TARGET] = h->first_image;
    }
    if (code == MR_OK)
        code = mr_merge_owners(x->m, x->table->plan, pairs.items, pairs.count, err);
    for (size_t i = 0, at = 0; code == MR_OK && i < x->rows.count; i++) {
        struct holders *h = &d->holders[i];
        if (mr_decide_identity(&h->fact).is_it)
            h->fact.owned = ((struct mr_merge_owner_pair *)mr_vec_at(&pairs, at++))->differs;
    }
    mr_vec_release(&pairs);
    return code;
}

/* The row of TARGET that is in the way, where there is one. */
static struct mr_key other_of(const struct holders *h)
{
    if (mr_decide_identity(&h->fact).obstacle.conflict == MR_CONFLICT_NONE)
        return (struct mr_key){0};
    if (h->fact.crosses)
        return h->below;
    return h->fact.met ? h->first : (struct mr_key){0};
}

static enum mr_code write_batch(struct identifying *d, struct mr_err *err)
{
    for (size_t i = 0; i < d->x->rows.count; i++) {
        const struct holders *h = &d->holders[i];
        int64_t id = row_of(d, i)->id;
        bool matched = mr_decide_identity(&h->fact).is_it;
        MR_TRY(MR_CASE_RUN(d->update, err, MR_ARG_INT("id", id),
                           MR_ARG_BYTES("there", matched ? h->first : (struct mr_key){0}),
                           MR_ARG_BYTES("other", other_of(h)), MR_ARG_INT("held", h->any_above),
                           MR_ARG_INT("crosses", h->fact.crosses),
                           MR_ARG_INT("ambiguous", h->fact.ambiguous),
                           MR_ARG_INT("owned", h->fact.owned)));
        if (matched)
            MR_TRY(MR_CASE_RUN(d->there, err, MR_ARG_INT("id", id),
                               MR_ARG_BYTES("there", h->first_image)));
    }
    return MR_OK;
}

/* SOURCE first, from the case alone; then TARGET; then SOURCE again for rows that are not looked
 * at, which only a holder on TARGET tells of. */
static enum mr_code identify_batch(struct identifying *d, struct mr_err *err)
{
    struct mr_merge_matching *x = d->x;
    d->holders = mr_arena_calloc(&x->arena, x->rows.count + 1, sizeof *d->holders);
    if (d->holders == NULL)
        return mr_merge_nomem(err);
    MR_TRY(count_source(d, err));
    MR_TRY(ask_target(d, err));
    MR_TRY(ask_twins(d, err));
    for (size_t i = 0; i < x->rows.count; i++)
        know(&d->holders[i]);
    MR_TRY(find_owners(d, err));
    return write_batch(d, err);
}

/* The mapped row stands for its image; its row as SOURCE has it for TARGET's, and its canonical
 * identity for that one's key. */
static const char rows_sql[] =
    "SELECT w.id, w.skey AS key, w.n, w.above, w.equal, img.after AS image,"
    " m.ident AS live_key, source.image AS live FROM m INDEXED BY m_tbl"
    " JOIN w ON w.id=m.id JOIN source ON source.id=m.id JOIN img ON img.id=m.id WHERE m.tbl=:tbl "
    "AND w.wave=:wave AND "
    "m.id>:after"
    " AND w.above AND m.there IS NULL AND NOT m.doubt AND m.ident IS NOT NULL"
    " ORDER BY m.id LIMIT 1000";

static enum mr_code open_statements(struct identifying *d, struct mr_err *err)
{
    const struct mr_case_sql list[] = {
        {&d->count, "SELECT count(*) FROM m a JOIN m b ON b.tbl=a.tbl"
                    " AND b.ident=a.ident WHERE a.id=:id"},
        {&d->known, "SELECT 1 FROM w WHERE tbl=:tbl AND skey=:key"},
        {&d->past, "SELECT 1 FROM w WHERE tbl=:tbl AND skey=:key AND past>0"},
        {&d->update, "UPDATE m SET there=:there, other=:other, held=:held, crosses=:crosses,"
                     " ambiguous=:ambiguous, owned=:owned WHERE id=:id"},
        {&d->there, "UPDATE img SET there=:there WHERE id=:id"},
    };
    return mr_case_prepare_all(d->x->m->cf, list, sizeof list / sizeof list[0], err);
}

enum mr_code mr_merge_match_identities(struct mr_merge_matching *x, struct mr_err *err)
{
    struct identifying d = {.x = x};
    int64_t after = 0;
    enum mr_code code = open_statements(&d, err);
    while (code == MR_OK) {
        mr_arena_reset(&x->arena);
        code = MR_MERGE_PAGE(x->m, rows_sql, after, &x->arena, &x->rows, err,
                             MR_ARG_INT("tbl", x->table->plan->at), MR_ARG_INT("wave", x->wave));
        if (code != MR_OK || x->rows.count == 0)
            break;
        after = ((struct mr_merge_work_row *)mr_vec_at(&x->rows, x->rows.count - 1))->id;
        code = identify_batch(&d, err);
    }
    mr_case_free(d.count);
    mr_case_free(d.known);
    mr_case_free(d.past);
    mr_case_free(d.update);
    mr_case_free(d.there);
    return code;
}
