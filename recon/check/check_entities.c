/* check_entities.c: see check_entities.h. */
#include "recon/check/check_entities.h"

#include <stdlib.h>
#include <string.h>

#include "core/pair/pair_identity.h"

void mr_entities_init(struct mr_entities *e)
{
    mr_rowset_init(&e->u1);
    mr_rowset_init(&e->u2);
    mr_rowset_init(&e->d);
    e->list = (struct mr_vec)MR_VEC_INIT(struct mr_entity);
}

void mr_entities_release(struct mr_entities *e)
{
    mr_rowset_release(&e->u1);
    mr_rowset_release(&e->u2);
    mr_rowset_release(&e->d);
    mr_vec_release(&e->list);
}

struct mr_key mr_entity_up_key(const struct mr_entities *e, const struct mr_entity *entity)
{
    if (entity->u2 != NULL)
        return mr_rowset_key(&e->u2, entity->u2);
    if (entity->u1 != NULL)
        return mr_rowset_key(&e->u1, entity->u1);
    return (struct mr_key){NULL, 0};
}

struct mr_key mr_entity_down_key(const struct mr_entities *e, const struct mr_entity *entity)
{
    return entity->d != NULL ? mr_rowset_key(&e->d, entity->d) : (struct mr_key){NULL, 0};
}

static enum mr_code push_entity(struct mr_entities *e, struct mr_rowset_row *u1,
                                struct mr_rowset_row *u2, struct mr_rowset_row *d,
                                struct mr_err *err)
{
    struct mr_entity *entity = mr_vec_push(&e->list);
    if (entity == NULL)
        return mr_err_nomem(err, "confirming rows");
    *entity = (struct mr_entity){u1, u2, d};
    if (d != NULL)
        d->claimed = true;
    return MR_OK;
}

static enum mr_code pair_by_bytes(struct mr_entities *e, struct mr_err *err)
{
    for (size_t i = 0; i < e->u2.rows.count; i++) {
        struct mr_rowset_row *u2 = mr_rowset_at(&e->u2, i);
        struct mr_key key = mr_rowset_key(&e->u2, u2);
        struct mr_rowset_row *u1 = mr_rowset_find_at(&e->u1, key, u2->place);
        if (u1 != NULL)
            u1->claimed = true;
        MR_TRY(push_entity(e, u1, u2, mr_rowset_find(&e->d, key), err));
    }
    for (size_t i = 0; i < e->u1.rows.count; i++) {
        struct mr_rowset_row *u1 = mr_rowset_at(&e->u1, i);
        struct mr_key key = mr_rowset_key(&e->u1, u1);
        if (!u1->claimed)
            MR_TRY(push_entity(e, u1, NULL, mr_rowset_find(&e->d, key), err));
    }
    return MR_OK;
}

/* A row, or an entity, that is alone on its side; its canonical key is item `at`. */
struct lone {
    size_t at;
    struct mr_rowset_row *d; /* or */
    size_t entity;
    const struct mr_canon_item *item;
};

static enum mr_code add_lone(struct mr_vec *lone, struct mr_vec *items, struct lone what,
                             struct mr_key key, struct mr_err *err)
{
    struct lone *l = mr_vec_push(lone);
    struct mr_canon_item *item = mr_vec_push(items);
    if (l == NULL || item == NULL)
        return mr_err_nomem(err, "confirming rows");
    *l = what;
    l->at = items->count - 1;
    item->in = key.ptr;
    item->in_len = key.len;
    return MR_OK;
}

static enum mr_code find_lone(const struct mr_entities *e, struct mr_vec *up, struct mr_vec *down,
                              struct mr_vec *items, struct mr_err *err)
{
    for (size_t i = 0; i < e->list.count; i++) {
        const struct mr_entity *entity = mr_vec_at(&e->list, i);
        if (entity->d == NULL)
            MR_TRY(
                add_lone(up, items, (struct lone){.entity = i}, mr_entity_up_key(e, entity), err));
    }
    for (size_t i = 0; i < e->d.rows.count; i++) {
        struct mr_rowset_row *d = mr_rowset_at(&e->d, i);
        if (!d->claimed)
            MR_TRY(add_lone(down, items, (struct lone){.d = d}, mr_rowset_key(&e->d, d), err));
    }
    return MR_OK;
}

/* By canonical key; NULL, which is nobody's, first; equal ones as they were found. */
static int compare_lone(const void *a, const void *b)
{
    const struct lone *x = a, *y = b;
    int order = mr_key_compare((struct mr_key){x->item->out, x->item->out_len},
                               (struct mr_key){y->item->out, y->item->out_len});
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static void sort_lone(struct mr_vec *lone, const struct mr_vec *items)
{
    for (size_t i = 0; i < lone->count; i++) {
        struct lone *l = mr_vec_at(lone, i);
        l->item = mr_vec_at(items, l->at);
    }
    if (lone->count > 1)
        qsort(lone->items, lone->count, sizeof(struct lone), compare_lone);
}

/* Two sorted lists: each row goes to the first entity of its canonical key. */
static void join_lone(struct mr_entities *e, const struct mr_vec *up, const struct mr_vec *down)
{
    size_t u = 0, d = 0;
    while (u < up->count && d < down->count) {
        const struct lone *mine = mr_vec_at(up, u), *theirs = mr_vec_at(down, d);
        int order = mr_key_compare((struct mr_key){mine->item->out, mine->item->out_len},
                                   (struct mr_key){theirs->item->out, theirs->item->out_len});
        if (order == 0 && mine->item->out != NULL) {
            struct mr_entity *entity = mr_vec_at(&e->list, mine->entity);
            entity->d = theirs->d;
            theirs->d->claimed = true;
        }
        u += order <= 0;
        d += order >= 0;
    }
}

/* Joins what is left alone on both sides as TARGET's collation does. */
static enum mr_code pair_by_collation(struct mr_entities *e, const struct mr_pair *table,
                                      struct mr_db *db, struct mr_arena *arena, struct mr_err *err)
{
    struct mr_vec items = MR_VEC_INIT(struct mr_canon_item);
    struct mr_vec up = MR_VEC_INIT(struct lone), down = MR_VEC_INIT(struct lone);
    enum mr_code code = find_lone(e, &up, &down, &items, err);
    if (code == MR_OK && up.count > 0 && down.count > 0) {
        code = mr_pair_canonise(table, table->scan[MR_TARGET].key, table->scan[MR_TARGET].nkey, db,
                                &items, arena, err);
        if (code == MR_OK) {
            sort_lone(&up, &items);
            sort_lone(&down, &items);
            join_lone(e, &up, &down);
        }
    }
    mr_vec_release(&items);
    mr_vec_release(&up);
    mr_vec_release(&down);
    return code;
}

enum mr_code mr_entities_make(struct mr_entities *e, const struct mr_pair *table, struct mr_db *db,
                              struct mr_arena *arena, struct mr_err *err)
{
    mr_vec_clear(&e->list);
    MR_TRY(pair_by_bytes(e, err));
    if (table->text_key)
        MR_TRY(pair_by_collation(e, table, db, arena, err));
    for (size_t i = 0; i < e->d.rows.count; i++) {
        struct mr_rowset_row *d = mr_rowset_at(&e->d, i);
        if (!d->claimed)
            MR_TRY(push_entity(e, NULL, NULL, d, err));
    }
    return MR_OK;
}
