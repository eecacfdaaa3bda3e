/* merge_owner.c: see merge_owner.h. */
#include "repair/merge/merge_owner.h"

#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_identity.h"
#include "repair/merge/merge_reference.h"
#include "repair/merge/merge_row.h"
#include "repair/merge/merge_work.h"

#define LEVELS 32 /* beyond them, nobody owns the row */

/* A row on the way up, or an owner. */
struct step {
    size_t pair;
    size_t table;
    struct mr_key image; /* on the way */
    struct mr_key key;   /* of an owner, on TARGET; ptr NULL: it is not there */
};

struct climbing {
    struct mr_merge *m;
    enum mr_side side;
    const struct mr_plan_reference *r;
    struct mr_arena arena;
    struct mr_vec level, above; /* struct step */
    struct mr_vec owners[MR_SIDES];
    struct mr_vec asks;
    struct mr_strbuf bytes;
    struct mr_case_stmt *place;
    struct mr_case_fields place_map; /* struct step */
};

static bool is_subject(const struct climbing *c, size_t table)
{
    return c->m->plan->tables[table].pair->find.subject != MR_SUBJECT_NO;
}

static enum mr_code take_parent(void *ctx, const struct mr_merge_ask *ask,
                                const struct mr_merge_answer *row, struct mr_err *err)
{
    struct climbing *c = ctx;
    struct step *step = mr_vec_push(&c->above);
    if (step == NULL)
        return mr_merge_nomem(err);
    *step = (struct step){.pair = (size_t)ask->tag,
                          .table = c->r->parent,
                          .image = {mr_arena_dup(&c->arena, row->image, row->len), row->len}};
    return step->image.ptr != NULL ? MR_OK : mr_merge_nomem(err);
}

/* One reference of all rows of the level at once: a question a level, not a row. */
static enum mr_code climb_reference(struct climbing *c, struct mr_err *err)
{
    const struct mr_merge_lookup what = {c->side, &c->m->plan->tables[c->r->parent], c->r->to};
    mr_vec_clear(&c->asks);
    for (size_t i = 0; i < c->level.count; i++) {
        const struct step *step = mr_vec_at(&c->level, i);
        bool refers = false;
        if (step->table != c->r->child)
            continue;
        MR_TRY(mr_merge_row_refers(c->r, step->image, &refers, err));
        if (refers)
            MR_TRY(mr_merge_reference_push(&c->asks, (int64_t)step->pair, step->image, c->r,
                                           &c->arena, err));
    }
    return mr_merge_lookup_ask(c->m, &what, &c->asks, take_parent, c, err);
}

static const struct mr_case_field place_fields[] =
    MR_CASE_LIST(MR_CASE_FIELD(struct step, key, MR_CASE_BYTES));

/* Where an owner of SOURCE stands on TARGET. */
static enum mr_code find_place(struct climbing *c, struct step *owner, struct mr_err *err)
{
    bool found = false;
    if (c->side == MR_TARGET)
        return MR_OK;
    MR_CASE_BIND(c->place, MR_ARG_INT("tbl", owner->table), MR_ARG_BYTES("key", owner->key));
    enum mr_code code = mr_case_fields_next(&c->place_map, &c->arena, owner, &found, err);
    mr_case_reset(c->place);
    return code;
}

/* By the key on TARGET, since owners of both sides are compared there. */
static enum mr_code add_owner(struct climbing *c, const struct step *step, struct mr_err *err)
{
    const struct mr_plan_table *t = &c->m->plan->tables[step->table];
    struct step *owner = mr_vec_push(&c->owners[c->side]);
    bool null = false;
    if (owner == NULL)
        return mr_merge_nomem(err);
    *owner = *step;
    enum mr_code code = mr_pair_values_of(step->image.ptr, step->image.len, t->key.at, t->key.count,
                                          &c->bytes, &null, err);
    owner->key = (struct mr_key){mr_arena_dup(&c->arena, c->bytes.ptr, c->bytes.len), c->bytes.len};
    if (code == MR_OK && owner->key.ptr == NULL)
        code = mr_merge_nomem(err);
    return code == MR_OK ? find_place(c, owner, err) : code;
}

/* Pairs that have owners on this level are done; the others go on from what was found. */
static enum mr_code take_owners(struct climbing *c, bool *done, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    for (size_t i = 0; code == MR_OK && i < c->above.count; i++) {
        const struct step *step = mr_vec_at(&c->above, i);
        if (!is_subject(c, step->table))
            continue;
        done[step->pair] = true;
        code = add_owner(c, step, err);
    }
    mr_vec_clear(&c->level);
    for (size_t i = 0; code == MR_OK && i < c->above.count; i++) {
        const struct step *step = mr_vec_at(&c->above, i);
        struct step *next = done[step->pair] ? NULL : mr_vec_push(&c->level);
        if (!done[step->pair] && next == NULL)
            return mr_merge_nomem(err);
        if (next != NULL)
            *next = *step;
    }
    return code;
}

/* Breadth first, so that the nearest subjects are met first; who has one goes no further. */
static enum mr_code climb(struct climbing *c, const struct mr_plan_table *table,
                          const struct mr_merge_owner_pair *pairs, size_t count, struct mr_err *err)
{
    bool *done = calloc(count + 1, sizeof *done);
    enum mr_code code = done != NULL ? MR_OK : mr_merge_nomem(err);
    mr_vec_clear(&c->level);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        struct step *step = mr_vec_push(&c->level);
        if (step == NULL)
            code = mr_merge_nomem(err);
        else
            *step = (struct step){.pair = i, .table = table->at, .image = pairs[i].row[c->side]};
    }
    for (int n = 0; code == MR_OK && c->level.count > 0 && n < LEVELS; n++) {
        mr_vec_clear(&c->above);
        for (size_t i = 0; code == MR_OK && i < c->m->plan->nreferences; i++) {
            c->r = &c->m->plan->references[i];
            code = climb_reference(c, err);
        }
        if (code == MR_OK)
            code = take_owners(c, done, err);
    }
    free(done);
    return code;
}

static int compare_owners(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    if (x->pair != y->pair)
        return x->pair < y->pair ? -1 : 1;
    if (x->table != y->table)
        return x->table < y->table ? -1 : 1;
    return mr_key_compare(x->key, y->key);
}

/* Owners of a pair from *at on, each once: the next one, or NULL. */
static const struct step *next_owner(const struct mr_vec *owners, size_t pair, size_t *at)
{
    while (*at < owners->count) {
        const struct step *o = mr_vec_at(owners, *at);
        if (o->pair > pair)
            return NULL;
        ++*at;
        bool again = *at < owners->count && compare_owners(o, mr_vec_at(owners, *at)) == 0;
        if (o->pair == pair && !again)
            return o;
    }
    return NULL;
}

static bool sets_differ(const struct climbing *c, size_t pair, size_t at[MR_SIDES])
{
    const struct step *mine = next_owner(&c->owners[MR_SOURCE], pair, &at[MR_SOURCE]);
    const struct step *theirs = next_owner(&c->owners[MR_TARGET], pair, &at[MR_TARGET]);
    bool differs = false;
    if (mine == NULL || theirs == NULL)
        return false; /* the next pair skips what is left of this one */
    while (mine != NULL && theirs != NULL) {
        differs = differs || mine->key.ptr == NULL || compare_owners(mine, theirs) != 0;
        mine = next_owner(&c->owners[MR_SOURCE], pair, &at[MR_SOURCE]);
        theirs = next_owner(&c->owners[MR_TARGET], pair, &at[MR_TARGET]);
    }
    return differs || mine != NULL || theirs != NULL;
}

/* Owners are sorted by pair, table and key: both sets of a pair are compared in one walk. */
enum mr_code mr_merge_owners(struct mr_merge *m, const struct mr_plan_table *table,
                             struct mr_merge_owner_pair *pairs, size_t count, struct mr_err *err)
{
    struct climbing c = {.m = m,
                         .arena = MR_ARENA_INIT,
                         .level = MR_VEC_INIT(struct step),
                         .above = MR_VEC_INIT(struct step),
                         .owners = {MR_VEC_INIT(struct step), MR_VEC_INIT(struct step)},
                         .asks = MR_VEC_INIT(struct mr_merge_ask),
                         .bytes = MR_STRBUF_INIT};
    size_t at[MR_SIDES] = {0, 0};
    enum mr_code code = mr_case_prepare(
        m->cf, "SELECT m.there AS key FROM w JOIN m ON m.id=w.id WHERE w.tbl=:tbl AND w.skey=:key",
        &c.place, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&c.place_map, c.place, MR_CASE_FIELDS(place_fields), err);
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        c.side = (enum mr_side)side;
        code = climb(&c, table, pairs, count, err);
        if (code == MR_OK && c.owners[side].count > 1)
            qsort(c.owners[side].items, c.owners[side].count, sizeof(struct step), compare_owners);
    }
    for (size_t i = 0; code == MR_OK && i < count; i++)
        pairs[i].differs = sets_differ(&c, i, at);
    mr_case_free(c.place);
    mr_vec_release(&c.level);
    mr_vec_release(&c.above);
    mr_vec_release(&c.owners[MR_SOURCE]);
    mr_vec_release(&c.owners[MR_TARGET]);
    mr_vec_release(&c.asks);
    mr_strbuf_release(&c.bytes);
    mr_arena_release(&c.arena);
    return code;
}
