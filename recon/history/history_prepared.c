/* history_prepared.c: see history_prepared.h. */
#include "recon/history/history_prepared.h"

#include <string.h>

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "reading a binary log");
}

static struct mr_history_prepared *at(const struct mr_vec *list, size_t i)
{
    return mr_vec_at(list, i);
}

static void release(struct mr_history_prepared *p)
{
    mr_vec_release(&p->changes);
    mr_arena_release(&p->arena);
}

void mr_history_prepared_release(struct mr_vec *list)
{
    for (size_t i = 0; i < list->count; i++)
        release(at(list, i));
    mr_vec_release(list);
}

size_t mr_history_prepared_bytes(const struct mr_vec *list)
{
    size_t bytes = 0;
    for (size_t i = 0; i < list->count; i++)
        bytes += at(list, i)->arena.total_bytes +
                 at(list, i)->changes.cap * sizeof(struct mr_history_change);
    return bytes;
}

enum mr_code mr_history_prepared_add(struct mr_vec *list, const char *xid, const bool *touched,
                                     size_t ntables, struct mr_history_prepared **out,
                                     struct mr_err *err)
{
    struct mr_history_prepared *p = *out = mr_vec_push(list);
    if (p == NULL)
        return nomem(err);
    *p = (struct mr_history_prepared){.changes = MR_VEC_INIT(struct mr_history_change),
                                      .arena = MR_ARENA_INIT};
    bool *tables = mr_arena_calloc(&p->arena, ntables + 1, sizeof *tables);
    p->xid = mr_arena_strdup(&p->arena, xid);
    p->tables = tables;
    if (tables == NULL || p->xid == NULL)
        return nomem(err);
    memcpy(tables, touched, ntables * sizeof *tables);
    return MR_OK;
}

/* Nothing, and an image that has no bytes, stay what they are. */
static bool copy(struct mr_arena *arena, struct mr_key *key)
{
    if (key->ptr == NULL || key->len == 0)
        return true;
    key->ptr = mr_arena_dup(arena, key->ptr, key->len);
    return key->ptr != NULL;
}

static enum mr_code add_copies(const struct mr_history_change *from, size_t count,
                               struct mr_vec *changes, struct mr_arena *arena, struct mr_err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct mr_history_change *c = mr_vec_push(changes);
        if (c == NULL)
            return nomem(err);
        *c = from[i];
        if (!copy(arena, &c->key) || !copy(arena, &c->before.bytes) ||
            !copy(arena, &c->after.bytes) || !copy(arena, &c->came) || !copy(arena, &c->went))
            return nomem(err);
    }
    return MR_OK;
}

enum mr_code mr_history_prepared_hold(struct mr_history_prepared *p,
                                      const struct mr_history_change *changes, size_t count,
                                      const struct mr_evidence_tx *head, struct mr_err *err)
{
    p->head = *head;
    p->head.gtid = mr_arena_strdup(&p->arena, head->gtid);
    p->head.log = mr_arena_strdup(&p->arena, head->log);
    if (p->head.gtid == NULL || p->head.log == NULL)
        return nomem(err);
    return add_copies(changes, count, &p->changes, &p->arena, err);
}

struct mr_history_prepared *mr_history_prepared_find(const struct mr_vec *list, const char *xid)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(at(list, i)->xid, xid) == 0)
            return at(list, i);
    return NULL;
}

enum mr_code mr_history_prepared_give(const struct mr_history_prepared *p, struct mr_vec *changes,
                                      struct mr_arena *kept, struct mr_err *err)
{
    return add_copies(p->changes.items, p->changes.count, changes, kept, err);
}

/* What was not held: that its rows count from when it was prepared is the same, since they are locked, but where it is
 * rolled back.  Rows in front of the first own transaction are not known, which matters where the end is own. */
const char *mr_history_prepared_blinds(const struct mr_history_prepared *p, bool commits,
                                       bool is_own)
{
    if (p->is_counted && !commits)
        return "an XA transaction was rolled back after it was prepared";
    return commits && (p->is_counted || !p->is_decoded) && p->is_own != is_own
               ? "an XA transaction of both sides was committed on one"
               : NULL;
}

void mr_history_prepared_drop(struct mr_vec *list, struct mr_history_prepared *p)
{
    release(p);
    *p = *at(list, list->count - 1);
    list->count--;
}
