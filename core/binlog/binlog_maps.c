/* binlog_maps.c: see binlog_maps.h. */
#include "core/binlog/binlog_maps.h"

#include <stdlib.h>
#include <string.h>

#include "core/binlog/binlog_cursor.h"

#define ID_BYTES 6
#define FIRST_SLOTS 64 /* a power of two, as all are */

/* A slot is found by the table's number; one that was never used has an empty body. */
struct mr_binlog_map_slot {
    uint64_t id;
    uint64_t statement; /* in which it was said */
    struct mr_binlog_map map;
    struct mr_arena arena; /* of the map */
    uint8_t *body;         /* of the event that it was read of */
    size_t len;
};

void mr_binlog_maps_init(struct mr_binlog_maps *maps)
{
    *maps = (struct mr_binlog_maps){.slots = NULL, .statement = 1};
}

static void drop(struct mr_binlog_map_slot *slot)
{
    mr_arena_release(&slot->arena);
    free(slot->body);
    *slot = (struct mr_binlog_map_slot){.body = NULL};
}

void mr_binlog_maps_release(struct mr_binlog_maps *maps)
{
    for (size_t i = 0; i < maps->cap; i++)
        drop(&maps->slots[i]);
    free(maps->slots);
    mr_binlog_maps_init(maps);
}

void mr_binlog_maps_forget(struct mr_binlog_maps *maps)
{
    maps->statement++;
}

/* Numbers are given one after the other: their own low bits spread them.  Half of the slots are free. */
static struct mr_binlog_map_slot *slot_of(struct mr_binlog_map_slot *slots, size_t cap, uint64_t id)
{
    size_t at = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (cap - 1);
    while (slots[at].body != NULL && slots[at].id != id)
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

/* Into a table of that size, all or those that hold now. */
static enum mr_code move(struct mr_binlog_maps *maps, size_t cap, bool all, struct mr_err *err)
{
    struct mr_binlog_map_slot *slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return mr_err_nomem(err, "reading a binary log");
    maps->count = 0;
    for (size_t i = 0; i < maps->cap; i++) {
        struct mr_binlog_map_slot *slot = &maps->slots[i];
        if (slot->body == NULL)
            continue;
        if (all || slot->statement == maps->statement) {
            *slot_of(slots, cap, slot->id) = *slot;
            maps->count++;
        } else {
            drop(slot);
        }
    }
    free(maps->slots);
    maps->slots = slots;
    maps->cap = cap;
    return MR_OK;
}

static enum mr_code make_room(struct mr_binlog_maps *maps, struct mr_err *err)
{
    if (maps->count >= MR_BINLOG_MAPS_MAX)
        MR_TRY(move(maps, maps->cap, false, err));
    if (maps->count * 2 < maps->cap)
        return MR_OK;
    return move(maps, maps->cap == 0 ? FIRST_SLOTS : maps->cap * 2, true, err);
}

/* The map is read before the slot is touched: a faulty one leaves the last as it was. */
static enum mr_code read_into(struct mr_binlog_maps *maps, struct mr_binlog_map_slot *slot,
                              const struct mr_binlog_event *event, uint64_t id, struct mr_err *err)
{
    struct mr_binlog_map_slot fresh = {
        .id = id, .arena = MR_ARENA_INIT, .body = malloc(event->len), .len = event->len};
    enum mr_code code = fresh.body != NULL
                            ? mr_binlog_table_read(event, &fresh.arena, &fresh.map.table, err)
                            : mr_err_nomem(err, "reading a binary log");
    if (code != MR_OK) {
        drop(&fresh);
        return code;
    }
    memcpy(fresh.body, event->body, event->len);
    fresh.map.serial = ++maps->last_serial;
    maps->count += slot->body == NULL;
    drop(slot);
    *slot = fresh;
    return MR_OK;
}

enum mr_code mr_binlog_maps_add(struct mr_binlog_maps *maps, const struct mr_binlog_event *event,
                                struct mr_err *err)
{
    struct mr_binlog_cursor c = mr_binlog_cursor(event->body, event->len);
    const uint64_t id = mr_binlog_uint(&c, ID_BYTES);
    if (c.failed)
        return mr_binlog_damaged(&event->place, "a table map without a number", err);
    MR_TRY(make_room(maps, err));
    struct mr_binlog_map_slot *slot = slot_of(maps->slots, maps->cap, id);
    if (slot->body == NULL || slot->len != event->len ||
        memcmp(slot->body, event->body, event->len) != 0)
        MR_TRY(read_into(maps, slot, event, id, err));
    slot->statement = maps->statement;
    return MR_OK;
}

enum mr_code mr_binlog_maps_find(struct mr_binlog_maps *maps, uint64_t id,
                                 const struct mr_binlog_place *place,
                                 const struct mr_binlog_map **out, struct mr_err *err)
{
    const struct mr_binlog_map_slot *slot =
        maps->cap > 0 ? slot_of(maps->slots, maps->cap, id) : NULL;
    *out = NULL;
    if (slot == NULL || slot->body == NULL || slot->statement != maps->statement)
        return mr_binlog_damaged(place, "rows of a table that no table map names", err);
    *out = &slot->map;
    return MR_OK;
}
