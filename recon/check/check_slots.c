/* check_slots.c: see check_slots.h. */
#include "recon/check/check_slots.h"

#include "core/base/arena.h"
#include "core/source/source_shards.h"
#include "recon/check/check_shards.h"
#include "recon/check/check_scope.h"

bool mr_check_has_slots(const struct mr_check_run *check)
{
    return check->scope != NULL && check->scope->slots.name != NULL;
}

/* Of a connection that was made anew: those who wait for both slots hold none meanwhile. */
static enum mr_code take_again(void *ctx, struct mr_db *db, struct mr_err *err)
{
    const struct mr_check_run *check = ctx;
    return mr_slots_wait(db, &check->scope->slots, err);
}

/* The connections of a worker, which need a slot each: one a side, or one a server of many sources. */
struct connections {
    struct mr_reader **readers;
    struct mr_db **db;
    unsigned *slot; /* 0: none yet */
    size_t count;
};

static enum mr_code add_connection(struct connections *c, struct mr_reader *reader,
                                   struct mr_err *err)
{
    c->readers[c->count] = reader;
    c->db[c->count] = mr_reader_db(reader);
    if (c->db[c->count] == NULL)
        return mr_err_set(err, MR_E_LOST, "a connection is gone");
    c->count++;
    return MR_OK;
}

static enum mr_code list_connections(struct mr_check_worker *worker, struct mr_arena *arena,
                                     struct connections *c, struct mr_err *err)
{
    const struct mr_server_side *sides = worker->check->pairing.side;
    const size_t shards =
        mr_check_has_shards(worker->check) ? mr_source_shards_count(sides[MR_SOURCE].source) : 0;
    const size_t most = shards + MR_SIDES;
    *c = (struct connections){.readers = mr_arena_calloc(arena, most, sizeof *c->readers),
                              .db = mr_arena_calloc(arena, most, sizeof *c->db),
                              .slot = mr_arena_calloc(arena, most, sizeof *c->slot)};
    if (c->readers == NULL || c->db == NULL || c->slot == NULL)
        return mr_err_nomem(err, "taking a slot");
    for (size_t i = 0; i < shards; i++)
        MR_TRY(add_connection(c, mr_reader_shard(worker->reader[MR_SOURCE], i), err));
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (mr_side_is_server(&sides[side]))
            MR_TRY(add_connection(c, worker->reader[side], err));
    return MR_OK;
}

static enum mr_code release_all(struct connections *c, const struct mr_slots *slots,
                                struct mr_err *err)
{
    for (size_t i = 0; i < c->count; i++) {
        if (c->slot[i] != 0)
            MR_TRY(mr_slots_release(c->db[i], slots, c->slot[i], err));
        c->slot[i] = 0;
    }
    return MR_OK;
}

/* All or none; *full: of which server there was none free. */
static enum mr_code try_all(struct connections *c, const struct mr_slots *slots,
                            struct mr_db **full, struct mr_err *err)
{
    *full = NULL;
    for (size_t i = 0; i < c->count && *full == NULL; i++) {
        MR_TRY(mr_slots_try(c->db[i], slots, &c->slot[i], err));
        if (c->slot[i] == 0)
            *full = c->db[i];
    }
    return *full != NULL ? release_all(c, slots, err) : MR_OK;
}

/* A worker that needs more slots of a server than there are would wait for ever. */
static enum mr_code refuse_few(const struct connections *c, unsigned nslots, struct mr_err *err)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct mr_server *server = mr_db_server(c->db[i]);
        size_t needed = 0;
        for (size_t k = 0; k < c->count; k++)
            needed += mr_server_is_one(server, mr_db_server(c->db[k]));
        if (needed <= nslots)
            continue;
        (void)mr_err_set(
            err, MR_E_REFUSED,
            "%zu connections of each reader are to server \"%s\", which has %u reader's "
            "slot%s",
            needed, mr_db_label(c->db[i]), nslots, nslots == 1 ? "" : "s");
        mr_err_hint(err, "Plan the fleet with readers-per-server = %zu or more.", needed);
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code wait_for_all(struct connections *c, const struct mr_slots *slots, bool waits,
                                 struct mr_err *err)
{
    struct mr_slots_pauses pauses = {0};
    struct mr_db *full = NULL;
    for (;;) {
        MR_TRY(try_all(c, slots, &full, err));
        if (full == NULL)
            return MR_OK;
        if (!waits)
            return mr_err_set(err, MR_E_CONNECT, "the fleet reads \"%s\" by as many as it may",
                              mr_db_label(full));
        MR_TRY(mr_slots_pause(full, slots, &pauses, err));
    }
}

enum mr_code mr_check_slots_take(struct mr_check_worker *worker, bool waits, struct mr_err *err)
{
    struct mr_check_run *check = worker->check;
    struct mr_arena arena = MR_ARENA_INIT;
    struct connections c;
    enum mr_code code = MR_OK;
    if (!mr_check_has_slots(check) || worker->has_slots)
        return MR_OK;
    MR_TRY_OUT(list_connections(worker, &arena, &c, err));
    MR_TRY_OUT(refuse_few(&c, check->scope->slots.count, err));
    MR_TRY_OUT(wait_for_all(&c, &check->scope->slots, waits, err));
    worker->has_slots = true;
    for (size_t i = 0; i < c.count; i++)
        mr_reader_on_renewal(c.readers[i], take_again, check);
out:
    mr_arena_release(&arena);
    return code;
}
