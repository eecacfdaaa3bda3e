/* key_numbers.c: see key_numbers.h. */
#include "core/source/key_numbers.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN ((size_t)64)

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "collecting keys");
}

void mr_key_numbers_init(struct mr_key_numbers *set)
{
    *set = (struct mr_key_numbers){.entries = MR_VEC_INIT(struct mr_key_entry),
                                   .arena = MR_ARENA_INIT};
}

void mr_key_numbers_release(struct mr_key_numbers *set)
{
    free(set->slots);
    mr_vec_release(&set->entries);
    mr_arena_release(&set->arena);
    mr_key_numbers_init(set);
}

static struct mr_key_entry *entry_at(const struct mr_key_numbers *set, size_t slot)
{
    return mr_vec_at(&set->entries, set->slots[slot] - 1);
}

/* The slot that has the key, or would: at most half of them are taken, so that there is one. */
static size_t slot_of(const struct mr_key_numbers *set, struct mr_key key)
{
    size_t at = (size_t)mr_digest_bytes(key.ptr, key.len).lo & (set->nslots - 1);
    while (set->slots[at] != 0 && mr_key_compare(entry_at(set, at)->key, key) != 0)
        at = (at + 1) & (set->nslots - 1);
    return at;
}

static enum mr_code grow(struct mr_key_numbers *set, struct mr_err *err)
{
    const size_t nslots = set->nslots > 0 ? set->nslots * 2 : SLOTS_MIN;
    size_t *slots = calloc(nslots, sizeof *slots);
    if (slots == NULL)
        return nomem(err);
    free(set->slots);
    set->slots = slots;
    set->nslots = nslots;
    for (size_t i = 0; i < set->entries.count; i++) {
        const struct mr_key_entry *entry = mr_vec_at(&set->entries, i);
        set->slots[slot_of(set, entry->key)] = i + 1;
    }
    return MR_OK;
}

enum mr_code mr_key_numbers_put(struct mr_key_numbers *set, struct mr_key key, unsigned number,
                                struct mr_err *err)
{
    if (set->entries.count >= set->nslots / 2)
        MR_TRY(grow(set, err));
    const size_t slot = slot_of(set, key);
    if (set->slots[slot] != 0) {
        entry_at(set, slot)->number = number;
        return MR_OK;
    }
    const void *bytes = mr_arena_dup(&set->arena, key.ptr, key.len);
    struct mr_key_entry *entry = bytes != NULL ? mr_vec_push(&set->entries) : NULL;
    if (entry == NULL)
        return nomem(err);
    *entry = (struct mr_key_entry){{bytes, key.len}, number};
    set->bytes += key.len;
    set->slots[slot] = set->entries.count;
    return MR_OK;
}

size_t mr_key_numbers_memory(const struct mr_key_numbers *set)
{
    return set->arena.total_bytes + set->entries.cap * sizeof(struct mr_key_entry) +
           set->nslots * sizeof *set->slots;
}

struct mr_key_entry *mr_key_numbers_find(const struct mr_key_numbers *set, struct mr_key key)
{
    if (set->nslots == 0)
        return NULL;
    const size_t slot = slot_of(set, key);
    return set->slots[slot] != 0 ? entry_at(set, slot) : NULL;
}
