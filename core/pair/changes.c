/* changes.c: see changes.h. */
#include "core/pair/changes.h"

#define TOO_MANY "more of its rows changed than are looked up one by one"

enum mr_code mr_changes_init(struct mr_changes *changes, const struct mr_pairing *pairing,
                             struct mr_arena *arena, struct mr_err *err)
{
    *changes = (struct mr_changes){.pairing = pairing, .arena = arena};
    changes->of = mr_arena_calloc(arena, pairing->ntables + 1, sizeof *changes->of);
    if (changes->of == NULL)
        return mr_err_nomem(err, "reading what changed");
    for (size_t i = 0; i < pairing->ntables; i++)
        mr_key_set_init(&changes->of[i].keys);
    return MR_OK;
}

void mr_changes_release(struct mr_changes *changes)
{
    for (size_t i = 0; changes->of != NULL && i < changes->pairing->ntables; i++)
        mr_key_set_release(&changes->of[i].keys);
}

void mr_changes_whole(struct mr_changes *changes, size_t table, const char *why)
{
    struct mr_changes_of *of = &changes->of[table];
    if (of->why != NULL)
        return;
    of->why = why;
    changes->bytes -= mr_key_set_bytes(&of->keys);
    mr_key_set_release(&of->keys);
}

/* What was added may have been there more than once: only what is left when each is once counts. */
static enum mr_code make_room(struct mr_changes *changes, struct mr_err *err)
{
    size_t most;
    MR_TRY(mr_key_sets_weigh(&changes->of->keys, changes->pairing->ntables, sizeof *changes->of,
                             &changes->bytes, &most, err));
    /* a quarter less: or the next key would have all of them sorted again */
    if (changes->bytes > MR_CHANGES_MAX_BYTES / 4 * 3)
        mr_changes_whole(changes, most, TOO_MANY);
    return MR_OK;
}

enum mr_code mr_changes_add(struct mr_changes *changes, size_t table, struct mr_key key,
                            struct mr_err *err)
{
    struct mr_changes_of *of = &changes->of[table];
    if (of->why != NULL)
        return MR_OK;
    const size_t before = mr_key_set_bytes(&of->keys);
    MR_TRY(mr_key_set_add(&of->keys, key, err));
    changes->bytes += mr_key_set_bytes(&of->keys) - before;
    return changes->bytes > MR_CHANGES_MAX_BYTES ? make_room(changes, err) : MR_OK;
}
