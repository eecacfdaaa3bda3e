/* check_servers.c: see check_servers.h. */
#include "recon/check/check_servers.h"

#include "core/base/log.h"
#include "core/case/run_change.h"
#include "core/source/source_shards.h"
#include "core/source/went_back.h"
#include "recon/check/check_sides.h"

static struct mr_source *many(const struct mr_check_run *check)
{
    const struct mr_server_side *source = &check->pairing.side[MR_SOURCE];
    return mr_side_is_shards(source) ? source->source : NULL;
}

size_t mr_check_servers_count(const struct mr_check_run *check)
{
    return MR_FINDINGS_SHARD + (many(check) != NULL ? mr_source_shards_count(many(check)) : 0);
}

static enum mr_side side_of(size_t at)
{
    return at == MR_TARGET ? MR_TARGET : MR_SOURCE;
}

enum mr_code mr_check_servers_db(const struct mr_check_run *check, size_t at, struct mr_db **db,
                                 struct mr_err *err)
{
    const struct mr_server_side *side = &check->pairing.side[side_of(at)];
    *db = NULL;
    if (at >= MR_FINDINGS_SHARD)
        *db = mr_reader_db(mr_reader_shard(side->main, at - MR_FINDINGS_SHARD));
    else if (!mr_side_is_server(side))
        return MR_OK;
    else
        return mr_check_main(check, side_of(at), db, err);
    return *db != NULL ? MR_OK : mr_err_set(err, MR_E_LOST, "a connection is gone");
}

/* NULL: no server. */
static const struct mr_server *server_at(const struct mr_check_run *check, size_t at)
{
    const struct mr_server_side *side = &check->pairing.side[side_of(at)];
    if (at < MR_FINDINGS_SHARD)
        return mr_side_is_server(side) ? &side->cat->server : NULL;
    const struct mr_db *db = mr_reader_db(mr_reader_shard(side->main, at - MR_FINDINGS_SHARD));
    return db != NULL ? mr_db_server(db) : NULL;
}

/* Without a password; old: what the run calls both sides. */
static const char *address_of(struct mr_check_run *check, const struct mr_find_run *old, size_t at)
{
    if (at < MR_FINDINGS_SHARD)
        return at == MR_SOURCE ? old->source : old->target;
    const char *text = mr_endpoint_text(
        mr_source_shards_endpoint(many(check), at - MR_FINDINGS_SHARD), false, &check->arena);
    return text != NULL ? text : old->source;
}

enum mr_code mr_check_servers_keep(struct mr_check_run *check, struct mr_err *err)
{
    const size_t count = mr_check_servers_count(check);
    const struct mr_server **servers = mr_arena_calloc(&check->arena, count, sizeof *servers);
    if (servers == NULL)
        return mr_err_nomem(err, "starting a run");
    for (size_t at = 0; at < count; at++)
        servers[at] = server_at(check, at);
    return mr_findings_servers_save(check->fd, servers, count, err);
}

/* ---- one that goes on ---- */

struct moved {
    const struct mr_find_run *old;
    enum mr_side side;
    const char *address;
    const struct mr_server *was, *now;
};

static enum mr_code refuse_other(const struct moved *m, struct mr_err *err)
{
    struct mr_strbuf then = MR_STRBUF_INIT, here = MR_STRBUF_INIT;
    mr_server_add_text(m->was, &then);
    mr_server_add_text(m->now, &here);
    (void)mr_err_set(err, MR_E_CASE_OTHER,
                     "the unfinished run %s of the case file has another server as its %s",
                     m->old->uuid, mr_side_name(m->side));
    if (!then.failed && !here.failed)
        mr_err_detail(err, "the run's: %s\nnow at %s: %s", then.ptr, m->address, here.ptr);
    mr_err_hint(err, "Name the server that the run has read, not an address that moves "
                     "between servers; or leave out --resume, also where it is the same "
                     "one on another machine, which cannot be told.");
    mr_strbuf_release(&then);
    mr_strbuf_release(&here);
    return MR_E_CASE_OTHER;
}

static void warn_of_machine(const struct moved *m)
{
    mr_log_warning(
        "the %s of run %s was \"%s\" (server_id %u), and \"%s\" (server_id %u) answers now under "
        "its server_uuid: if that is a copy of its data, leave out --resume",
        mr_side_name(m->side), m->old->uuid, m->was->hostname, (unsigned)m->was->server_id,
        m->now->hostname, (unsigned)m->now->server_id);
}

/* A server that was put back, or a copy under its name, has not the rows that were read. */
static enum mr_code refuse_back(struct mr_check_run *check, const struct moved *m, size_t at,
                                const struct mr_log_place *was, struct mr_err *err)
{
    bool back = false;
    struct mr_db *db;
    if (was->at == 0) /* an earlier version began it */
        return MR_OK;
    MR_TRY(mr_check_servers_db(check, at, &db, err));
    MR_TRY(mr_went_back_ask(db, was, &check->arena, &back, err));
    if (!back)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CASE_OTHER,
                     "the %s has executed less than when the unfinished run %s began: it was put "
                     "back to what it was before, or it is a copy of that server",
                     mr_side_name(m->side), m->old->uuid);
    mr_err_detail(err, "it is %s", m->address);
    mr_err_hint(err, "What the run has read of it is not true any more. Leave out --resume.");
    return MR_E_CASE_OTHER;
}

/* Its address may have moved on to another server since. */
static enum mr_code refuse_one(struct mr_check_run *check, const struct mr_find_run *old, size_t at,
                               const struct mr_log_place *place, struct mr_err *err)
{
    struct mr_server was;
    bool known = false;
    const struct moved m = {.old = old,
                            .side = side_of(at),
                            .address = address_of(check, old, at),
                            .was = &was,
                            .now = server_at(check, at)};
    if (m.now == NULL)
        return MR_OK;
    MR_TRY(mr_findings_server(check->fd, (int)at, &was, &known, err));
    if (!known) {
        mr_log_warning("whether %s is still the server that run %s has read cannot be "
                       "told: the case does not say which one that was",
                       m.address, old->uuid);
        return MR_OK;
    }
    if (!mr_server_is_same(&was, m.now))
        return refuse_other(&m, err);
    MR_TRY(refuse_back(check, &m, at, place, err));
    if (!mr_server_is_still(&was, m.now))
        warn_of_machine(&m);
    return MR_OK;
}

enum mr_code mr_check_servers_refuse(struct mr_check_run *check, const struct mr_find_run *old,
                                     struct mr_err *err)
{
    const size_t count = mr_check_servers_count(check);
    struct mr_log_place *places = mr_arena_calloc(&check->arena, count, sizeof *places);
    if (places == NULL)
        return mr_err_nomem(err, "starting a run");
    MR_TRY(mr_run_places(check->fd, MR_RUN_BEGAN, &check->arena, places, count, err));
    for (size_t at = 0; at < count; at++)
        MR_TRY(refuse_one(check, old, at, &places[at], err));
    return MR_OK;
}
