/* history_entry.c: see history_entry.h. */
#include "recon/history/history_entry.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT ((size_t)16)
#define PLACES ((size_t)6) /* of bytes, besides those of steps */

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "collecting changes");
}

int mr_history_name_compare(struct mr_history_name a, struct mr_history_name b)
{
    if (a.table != b.table)
        return a.table < b.table ? -1 : 1;
    return mr_key_compare(a.key, b.key);
}

/* ---- sorting ---- */

/* The first bytes of its key beside each, so that most comparisons need not look at it. */
struct sorting {
    uint64_t hi, lo;
    struct mr_history_entry *entry;
};

static uint64_t first_bytes(struct mr_key key, size_t from)
{
    const unsigned char *bytes = key.ptr;
    uint64_t n = 0;
    for (size_t i = from; i < from + sizeof n; i++)
        n = n << 8 | (i < key.len ? bytes[i] : 0);
    return n;
}

static int compare_sorting(const void *a, const void *b)
{
    const struct sorting *x = a, *y = b;
    if (x->entry->table == y->entry->table) {
        if (x->hi != y->hi)
            return x->hi < y->hi ? -1 : 1;
        if (x->lo != y->lo)
            return x->lo < y->lo ? -1 : 1;
    }
    return mr_history_name_compare((struct mr_history_name){x->entry->table, x->entry->key},
                                   (struct mr_history_name){y->entry->table, y->entry->key});
}

enum mr_code mr_history_entry_sort(struct mr_history_entry **list, size_t count, struct mr_err *err)
{
    struct sorting *all = calloc(count + 1, sizeof *all);
    if (all == NULL)
        return nomem(err);
    for (size_t i = 0; i < count; i++)
        all[i] =
            (struct sorting){first_bytes(list[i]->key, 0), first_bytes(list[i]->key, 8), list[i]};
    qsort(all, count, sizeof *all, compare_sorting);
    for (size_t i = 0; i < count; i++)
        list[i] = all[i].entry;
    free(all);
    return MR_OK;
}

/* ---- packing ---- */

/* All that has bytes, in the order in which they stand behind it; the key comes first. */
static void places_of(struct mr_history_entry *e, struct mr_key *out[PLACES])
{
    out[0] = &e->key;
    out[1] = &e->head.image.bytes;
    out[2] = &e->first.image.bytes;
    out[3] = &e->last.image.bytes;
    out[4] = &e->came;
    out[5] = &e->went;
}

static void align(struct mr_strbuf *out)
{
    static const char zeros[ALIGNMENT];
    mr_strbuf_add(out, zeros, (ALIGNMENT - out->len % ALIGNMENT) % ALIGNMENT);
}

enum mr_code mr_history_entry_pack(const struct mr_history_entry *entry, struct mr_strbuf *out,
                                   struct mr_err *err)
{
    struct mr_history_entry copy = *entry;
    struct mr_key *places[PLACES];
    const size_t begin = out->len;
    places_of(&copy, places);
    mr_strbuf_add(out, &copy, sizeof copy);
    align(out);
    for (const struct mr_history_step *s = entry->steps; s != NULL; s = s->next)
        mr_strbuf_add(out, s, sizeof *s);
    for (size_t i = 0; i < PLACES; i++)
        if (places[i]->ptr != NULL)
            mr_strbuf_add(out, places[i]->ptr, places[i]->len);
    for (const struct mr_history_step *s = entry->steps; s != NULL; s = s->next)
        if (s->image.ptr != NULL)
            mr_strbuf_add(out, s->image.ptr, s->image.len);
    align(out);
    MR_TRY(mr_strbuf_check(out, "collecting changes", err));
    copy.packed_bytes = out->len - begin;
    memcpy(out->ptr + begin, &copy, sizeof copy);
    return MR_OK;
}

static size_t steps_at(void)
{
    return (sizeof(struct mr_history_entry) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

struct mr_history_name mr_history_entry_name(const void *at)
{
    const struct mr_history_entry *e = at;
    const char *key = (const char *)at + steps_at() + e->nsteps * sizeof(struct mr_history_step);
    return (struct mr_history_name){e->table, {key, e->key.len}};
}

/* What was no pointer then is none now. */
static void put_bytes(struct mr_key *place, const char **at)
{
    if (place->ptr == NULL)
        return;
    place->ptr = *at;
    *at += place->len;
}

enum mr_code mr_history_entry_unpack(const void *at, struct mr_arena *arena,
                                     struct mr_history_entry **out, struct mr_err *err)
{
    size_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    char *copy = mr_arena_alloc(arena, bytes);
    if (copy == NULL)
        return nomem(err);
    memcpy(copy, at, bytes);
    struct mr_history_entry *e = (void *)copy;
    struct mr_history_step *steps = (void *)(copy + steps_at());
    struct mr_key *places[PLACES];
    const char *data = (const char *)(steps + e->nsteps);
    places_of(e, places);
    for (size_t i = 0; i < PLACES; i++)
        put_bytes(places[i], &data);
    for (size_t i = 0; i < e->nsteps; i++) {
        put_bytes(&steps[i].image, &data);
        steps[i].next = i + 1 < e->nsteps ? &steps[i + 1] : NULL;
    }
    e->steps = e->nsteps > 0 ? steps : NULL;
    e->steps_end = NULL;
    e->next = NULL;
    *out = e;
    return MR_OK;
}
