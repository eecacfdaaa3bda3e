/* history_entry.c: see history_entry.h. */
#include "recon/history/history_entry.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT ((size_t)16)
#define PLACES ((size_t)5) /* of bytes, besides those of steps */

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

/*
 * By number: of each name the bytes of its table and its key, as one text, behind those in which all
 * names of the list are alike.  Eight of them are enough for nearly all; those that are still alike are
 * sorted by all of their bytes.
 */
struct sorting {
    uint64_t bytes;
    struct mr_history_entry *entry;
};

#define TABLE_BYTES ((size_t)4)
#define DIGITS ((size_t)256)

static struct mr_history_name name_of(const struct mr_history_entry *e)
{
    return (struct mr_history_name){e->table, mr_history_entry_key(e)};
}

static unsigned byte_at(const struct mr_history_entry *e, size_t at)
{
    if (at < TABLE_BYTES)
        return e->table >> 8 * (TABLE_BYTES - 1 - at) & 0xff;
    at -= TABLE_BYTES;
    return at < e->key_len ? (unsigned char)e->key[at] : 0;
}

/* Bytes in which all are as the first is. */
static size_t find_alike(struct mr_history_entry *const *list, size_t count)
{
    size_t alike = TABLE_BYTES + list[0]->key_len;
    for (size_t i = 1; i < count && alike > 0; i++) {
        size_t at = 0;
        while (at < alike && byte_at(list[i], at) == byte_at(list[0], at))
            at++;
        alike = at;
    }
    return alike;
}

static uint64_t bytes_from(const struct mr_history_entry *e, size_t from)
{
    uint64_t n = 0;
    for (size_t i = from; i < from + sizeof n; i++)
        n = n << 8 | byte_at(e, i);
    return n;
}

static int compare_sorting(const void *a, const void *b)
{
    const struct sorting *x = a, *y = b;
    return mr_history_name_compare(name_of(x->entry), name_of(y->entry));
}

/* One byte after the other, the last one first; one in which all are alike changes nothing.  The result is
 * in either of both. */
static struct sorting *sort_by_bytes(struct sorting *all, struct sorting *other, size_t count)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        size_t begins[DIGITS] = {0}, at = 0;
        for (size_t i = 0; i < count; i++)
            begins[all[i].bytes >> shift & 0xff]++;
        if (begins[all[0].bytes >> shift & 0xff] == count)
            continue;
        for (size_t digit = 0; digit < DIGITS; digit++) {
            const size_t many = begins[digit];
            begins[digit] = at;
            at += many;
        }
        for (size_t i = 0; i < count; i++)
            other[begins[all[i].bytes >> shift & 0xff]++] = all[i];
        struct sorting *const swap = all;
        all = other;
        other = swap;
    }
    return all;
}

static void sort_alike(struct sorting *all, size_t count)
{
    for (size_t from = 0, end; from < count; from = end) {
        for (end = from + 1; end < count && all[end].bytes == all[from].bytes; end++)
            continue;
        if (end - from > 1)
            qsort(all + from, end - from, sizeof *all, compare_sorting);
    }
}

/* A statement that goes through a table in the order of its key leaves its keys so. */
static bool is_sorted(struct mr_history_entry *const *list, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (mr_history_name_compare(name_of(list[i - 1]), name_of(list[i])) > 0)
            return false;
    return true;
}

enum mr_code mr_history_entry_sort(struct mr_history_entry **list, size_t count, struct mr_err *err)
{
    if (is_sorted(list, count))
        return MR_OK;
    struct sorting *both = calloc(count, 2 * sizeof *both);
    if (both == NULL)
        return nomem(err);
    const size_t alike = find_alike(list, count);
    for (size_t i = 0; i < count; i++)
        both[i] = (struct sorting){bytes_from(list[i], alike), list[i]};
    struct sorting *const all = sort_by_bytes(both, both + count, count);
    sort_alike(all, count);
    for (size_t i = 0; i < count; i++)
        list[i] = all[i].entry;
    free(both);
    return MR_OK;
}

/* ---- packing ---- */

/* In front of each.  What follows is the entry with its key, and where it has more that, its steps and all of
 * their bytes. */
struct head {
    size_t bytes;   /* all of it, a multiple of ALIGNMENT */
    size_t more_at; /* 0: it has no more */
};
_Static_assert(sizeof(struct head) == MR_HISTORY_ENTRY_HEAD_BYTES, "it is asked for its length");

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The entry stands behind the head. */
#define BODY_AT sizeof(struct head)

static size_t entry_bytes(const struct mr_history_entry *e)
{
    return sizeof *e + e->key_len;
}

/* All that has bytes, in the order in which they stand behind it. */
static void places_of(struct mr_history_more *more, struct mr_key *out[PLACES])
{
    out[0] = &more->head;
    out[1] = &more->first;
    out[2] = &more->last;
    out[3] = &more->came;
    out[4] = &more->went;
}

static void pack_more(const struct mr_history_more *more, struct mr_strbuf *out)
{
    struct mr_history_more copy = *more;
    struct mr_key *places[PLACES];
    places_of(&copy, places);
    mr_strbuf_add(out, &copy, sizeof copy);
    for (const struct mr_history_step *s = more->steps; s != NULL; s = s->next)
        mr_strbuf_add(out, s, sizeof *s);
    for (size_t i = 0; i < PLACES; i++)
        if (places[i]->ptr != NULL)
            mr_strbuf_add(out, places[i]->ptr, places[i]->len);
    for (const struct mr_history_step *s = more->steps; s != NULL; s = s->next)
        if (s->image.ptr != NULL)
            mr_strbuf_add(out, s->image.ptr, s->image.len);
}

enum mr_code mr_history_entry_pack(const struct mr_history_entry *entry, struct mr_strbuf *out,
                                   struct mr_err *err)
{
    static const char zeros[ALIGNMENT];
    const size_t begin = out->len, more_at = BODY_AT + aligned(entry_bytes(entry));
    struct head head = {.more_at = entry->more != NULL ? more_at : 0};
    mr_strbuf_add(out, &head, sizeof head);
    mr_strbuf_add(out, entry, entry_bytes(entry));
    mr_strbuf_add(out, zeros, more_at - BODY_AT - entry_bytes(entry));
    if (entry->more != NULL)
        pack_more(entry->more, out);
    mr_strbuf_add(out, zeros, aligned(out->len - begin) - (out->len - begin));
    MR_TRY(mr_strbuf_check(out, "collecting changes", err));
    head.bytes = out->len - begin;
    memcpy(out->ptr + begin, &head, sizeof head);
    return MR_OK;
}

size_t mr_history_entry_packed_bytes(const void *at)
{
    return ((const struct head *)at)->bytes;
}

struct mr_history_name mr_history_entry_name(const void *at)
{
    return name_of((const void *)((const char *)at + BODY_AT));
}

/* What was no pointer then is none now. */
static void put_bytes(struct mr_key *place, const char **at)
{
    if (place->ptr == NULL)
        return;
    place->ptr = *at;
    *at += place->len;
}

static struct mr_history_more *unpack_more(char *copy)
{
    struct mr_history_more *more = (void *)copy;
    struct mr_history_step *steps = (void *)(more + 1);
    struct mr_key *places[PLACES];
    const char *data = (const char *)(steps + more->nsteps);
    places_of(more, places);
    for (size_t i = 0; i < PLACES; i++)
        put_bytes(places[i], &data);
    for (size_t i = 0; i < more->nsteps; i++) {
        put_bytes(&steps[i].image, &data);
        steps[i].next = i + 1 < more->nsteps ? &steps[i + 1] : NULL;
    }
    more->steps = more->nsteps > 0 ? steps : NULL;
    more->steps_end = NULL;
    return more;
}

enum mr_code mr_history_entry_unpack(const void *at, struct mr_arena *arena,
                                     struct mr_history_entry **out, struct mr_err *err)
{
    const struct head *head = at;
    char *copy = mr_arena_alloc(arena, head->bytes - BODY_AT);
    if (copy == NULL)
        return nomem(err);
    memcpy(copy, (const char *)at + BODY_AT, head->bytes - BODY_AT);
    struct mr_history_entry *e = (void *)copy;
    e->next = NULL;
    e->more = head->more_at > 0 ? unpack_more(copy + head->more_at - BODY_AT) : NULL;
    *out = e;
    return MR_OK;
}
