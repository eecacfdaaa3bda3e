/* check_slots.c: see check_slots.h. */
#include "recon/check/check_slots.h"

#include <string.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/backoff.h"
#include "core/base/log.h"
#include "core/db/sqltext.h"
#include "core/source/source_shards.h"
#include "recon/check/check_shards.h"
#include "recon/check/check_scope.h"

#define WAITS 5 /* after so many they grow no longer: of the order of two seconds */

bool mr_check_has_slots(const struct mr_check_run *check)
{
    return check->scope != NULL && check->scope->slots != NULL;
}

static enum mr_code ask(struct mr_db *db, const char *function, const struct mr_scope *scope,
                        unsigned slot, const char *more, bool *yes, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT, answer = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_add_fmt(&name, "%s %u", scope->slots, slot);
    mr_strbuf_add_fmt(&sql, "SELECT %s(", function);
    mr_sql_string(&sql, name.ptr);
    mr_strbuf_add_fmt(&sql, "%s)", more);
    MR_TRY_OUT(mr_strbuf_check(&name, "taking a slot", err));
    MR_TRY_OUT(mr_strbuf_check(&sql, "taking a slot", err));
    MR_TRY_OUT(mr_db_query_text(db, sql.ptr, &answer, err));
    *yes = strcmp(answer.ptr, "1") == 0;
out:
    mr_strbuf_release(&sql);
    mr_strbuf_release(&name);
    mr_strbuf_release(&answer);
    if (code != MR_OK)
        mr_err_context(err, "a reader's slot on server \"%s\"", mr_db_label(db));
    return code;
}

/* The first that is free; *slot 0: none. */
static enum mr_code try_slots(struct mr_db *db, const struct mr_scope *scope, unsigned *slot,
                              struct mr_err *err)
{
    const unsigned first = (unsigned)getpid() % scope->nslots;
    bool taken = false;
    *slot = 0;
    for (unsigned i = 0; i < scope->nslots && !taken; i++) {
        const unsigned at = (first + i) % scope->nslots + 1;
        MR_TRY(ask(db, "GET_LOCK", scope, at, ", 0", &taken, err));
        if (taken)
            *slot = at;
    }
    return MR_OK;
}

static enum mr_code pause_for(unsigned *tries, const char *who, struct mr_err *err)
{
    if (++*tries == 1)
        mr_log_info("waiting until %s has a reader's slot free", who);
    return mr_backoff_wait(0, *tries < WAITS ? *tries : WAITS, err);
}

/* Of a connection that was made anew: those who wait for both slots hold none meanwhile. */
static enum mr_code take_again(void *ctx, struct mr_db *db, struct mr_err *err)
{
    const struct mr_check_run *check = ctx;
    unsigned slot = 0, tries = 0;
    for (;;) {
        MR_TRY(try_slots(db, check->scope, &slot, err));
        if (slot != 0)
            return MR_OK;
        MR_TRY(pause_for(&tries, mr_db_label(db), err));
    }
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

static enum mr_code release_all(struct connections *c, const struct mr_scope *scope,
                                struct mr_err *err)
{
    bool freed;
    for (size_t i = 0; i < c->count; i++) {
        if (c->slot[i] != 0)
            MR_TRY(ask(c->db[i], "RELEASE_LOCK", scope, c->slot[i], "", &freed, err));
        c->slot[i] = 0;
    }
    return MR_OK;
}

/* All or none; *full: of which server there was none free. */
static enum mr_code try_all(struct connections *c, const struct mr_scope *scope,
                            const struct mr_db **full, struct mr_err *err)
{
    *full = NULL;
    for (size_t i = 0; i < c->count && *full == NULL; i++) {
        MR_TRY(try_slots(c->db[i], scope, &c->slot[i], err));
        if (c->slot[i] == 0)
            *full = c->db[i];
    }
    return *full != NULL ? release_all(c, scope, err) : MR_OK;
}

/* A worker that needs more slots of a server than there are would wait for ever. */
static enum mr_code refuse_few(const struct connections *c, unsigned nslots, struct mr_err *err)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct mr_server *server = mr_db_server(c->db[i]);
        size_t needed = 0;
        for (size_t k = 0; k < c->count; k++)
            needed += mr_server_is_same(server, mr_db_server(c->db[k]));
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

static enum mr_code wait_for_all(struct connections *c, const struct mr_scope *scope, bool waits,
                                 struct mr_err *err)
{
    const struct mr_db *full = NULL;
    unsigned tries = 0;
    for (;;) {
        MR_TRY(try_all(c, scope, &full, err));
        if (full == NULL)
            return MR_OK;
        if (!waits)
            return mr_err_set(err, MR_E_CONNECT, "the fleet reads \"%s\" by as many as it may",
                              mr_db_label(full));
        MR_TRY(pause_for(&tries, mr_db_label(full), err));
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
    MR_TRY_OUT(refuse_few(&c, check->scope->nslots, err));
    MR_TRY_OUT(wait_for_all(&c, check->scope, waits, err));
    worker->has_slots = true;
    for (size_t i = 0; i < c.count; i++)
        mr_reader_on_renewal(c.readers[i], take_again, check);
out:
    mr_arena_release(&arena);
    return code;
}
