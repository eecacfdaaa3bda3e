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

/* In front of each.  What follows is a slim entry and its key, or the entry itself, its steps and all of
 * their bytes. */
struct head {
    size_t bytes; /* all of it, a multiple of ALIGNMENT */
    size_t table;
    size_t key_len;
    uint32_t key_at;
    bool is_slim;
};
_Static_assert(sizeof(struct head) <= MR_HISTORY_ENTRY_HEAD_BYTES, "it is asked for its length");

/* An entry without images, as those of all keys are that do not matter: a third of the bytes. */
struct slim {
    struct mr_digest head, last;
    uint64_t changes;
    int64_t first_tx, last_tx;
    int flags, shared_flags;
    bool is_row_head, is_row_first, is_row_last;
    bool has_shared, matters, forgets;
};

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

#define BODY_AT aligned(sizeof(struct head))

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

static bool is_slim(const struct mr_history_entry *e)
{
    struct mr_history_entry copy = *e;
    struct mr_key *places[PLACES];
    bool slim = e->nsteps == 0 && e->head.image.is_whole && e->last.image.is_whole;
    places_of(&copy, places);
    for (size_t i = 1; i < PLACES; i++)
        slim = slim && places[i]->ptr == NULL;
    return slim;
}

static void pack_slim(const struct mr_history_entry *e, struct mr_strbuf *out)
{
    const struct slim slim = {.head = e->head.image.digest,
                              .last = e->last.image.digest,
                              .changes = e->changes,
                              .first_tx = e->first_tx,
                              .last_tx = e->last_tx,
                              .flags = e->flags,
                              .shared_flags = e->shared_flags,
                              .is_row_head = e->head.is_row,
                              .is_row_first = e->first.is_row,
                              .is_row_last = e->last.is_row,
                              .has_shared = e->has_shared,
                              .matters = e->matters,
                              .forgets = e->forgets};
    mr_strbuf_add(out, &slim, sizeof slim);
    mr_strbuf_add(out, e->key.ptr, e->key.len);
}

static void pack_whole(const struct mr_history_entry *e, struct mr_strbuf *out)
{
    struct mr_history_entry copy = *e;
    struct mr_key *places[PLACES];
    places_of(&copy, places);
    mr_strbuf_add(out, &copy, sizeof copy);
    for (const struct mr_history_step *s = e->steps; s != NULL; s = s->next)
        mr_strbuf_add(out, s, sizeof *s);
    for (size_t i = 0; i < PLACES; i++)
        if (places[i]->ptr != NULL)
            mr_strbuf_add(out, places[i]->ptr, places[i]->len);
    for (const struct mr_history_step *s = e->steps; s != NULL; s = s->next)
        if (s->image.ptr != NULL)
            mr_strbuf_add(out, s->image.ptr, s->image.len);
}

enum mr_code mr_history_entry_pack(const struct mr_history_entry *entry, struct mr_strbuf *out,
                                   struct mr_err *err)
{
    static const char zeros[2 * ALIGNMENT + sizeof(struct head)];
    const size_t begin = out->len;
    const bool slim = is_slim(entry);
    const size_t key_at =
        BODY_AT + (slim ? sizeof(struct slim)
                        : sizeof *entry + entry->nsteps * sizeof(struct mr_history_step));
    mr_strbuf_add(out, zeros, BODY_AT);
    if (slim)
        pack_slim(entry, out);
    else
        pack_whole(entry, out);
    mr_strbuf_add(out, zeros, aligned(out->len - begin) - (out->len - begin));
    MR_TRY(mr_strbuf_check(out, "collecting changes", err));
    const struct head head = {.bytes = out->len - begin,
                              .table = entry->table,
                              .key_len = entry->key.len,
                              .key_at = (uint32_t)key_at,
                              .is_slim = slim};
    memcpy(out->ptr + begin, &head, sizeof head);
    return MR_OK;
}

size_t mr_history_entry_packed_bytes(const void *at)
{
    return ((const struct head *)at)->bytes;
}

struct mr_history_name mr_history_entry_name(const void *at)
{
    const struct head *head = at;
    return (struct mr_history_name){head->table, {(const char *)at + head->key_at, head->key_len}};
}

/* What was no pointer then is none now. */
static void put_bytes(struct mr_key *place, const char **at)
{
    if (place->ptr == NULL)
        return;
    place->ptr = *at;
    *at += place->len;
}

/* copy: the body. */
static struct mr_history_entry *unpack_whole(char *copy)
{
    struct mr_history_entry *e = (void *)copy;
    struct mr_history_step *steps = (void *)(e + 1);
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
    return e;
}

static struct mr_history_state state_of(bool is_row, struct mr_digest digest)
{
    return (struct mr_history_state){is_row, {.is_whole = true, .digest = digest}};
}

/* copy: the body, whose key stays in it. */
static void unpack_slim(const char *copy, const struct head *head, struct mr_history_entry *e)
{
    const struct slim *slim = (const void *)copy;
    *e = (struct mr_history_entry){.table = head->table,
                                   .key = {copy + sizeof *slim, head->key_len},
                                   .head = state_of(slim->is_row_head, slim->head),
                                   .first = {.is_row = slim->is_row_first},
                                   .last = state_of(slim->is_row_last, slim->last),
                                   .changes = slim->changes,
                                   .first_tx = slim->first_tx,
                                   .last_tx = slim->last_tx,
                                   .flags = slim->flags,
                                   .shared_flags = slim->shared_flags,
                                   .has_shared = slim->has_shared,
                                   .matters = slim->matters,
                                   .forgets = slim->forgets};
}

enum mr_code mr_history_entry_unpack(const void *at, struct mr_arena *arena,
                                     struct mr_history_entry **out, struct mr_err *err)
{
    const struct head *head = at;
    const size_t bytes = head->bytes - BODY_AT;
    char *copy = mr_arena_alloc(arena, bytes);
    struct mr_history_entry *e = head->is_slim ? mr_arena_alloc(arena, sizeof *e) : NULL;
    if (copy == NULL || (head->is_slim && e == NULL))
        return nomem(err);
    memcpy(copy, (const char *)at + BODY_AT, bytes);
    if (head->is_slim)
        unpack_slim(copy, head, e);
    *out = head->is_slim ? e : unpack_whole(copy);
    return MR_OK;
}
