/* peers.c: see peers.h. */
#include "repair/apply/peers.h"

#include "core/base/log.h"
#include "core/db/replication.h"
#include "repair/reseed/counter_read.h"

static enum mr_code check_relation(const struct mr_target *target,
                                   const struct mr_peer *peer, struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    enum mr_relation relation = MR_RELATION_UNKNOWN;
    enum mr_code code =
        mr_replication_relation(target->db, peer->db, &relation, &note, err);
    if (code == MR_OK && relation == MR_RELATION_NONE) {
        code = mr_err_set(err, MR_E_REFUSED, "peer \"%s\" does not follow the target",
                          mr_db_label(peer->db));
        mr_err_hint(err, "Nothing was changed. --peer names replicas of the target.");
    } else if (code == MR_OK && relation == MR_RELATION_STOPPED) {
        code = mr_err_set(err, MR_E_REFUSED, "replication to peer \"%s\" has stopped: %s",
                          mr_db_label(peer->db), note.ptr);
        mr_err_hint(err, "Nothing was changed. Start it, or leave that --peer out.");
    } else if (code == MR_OK && relation == MR_RELATION_UNKNOWN) {
        mr_log_warning("peer \"%s\": %s", mr_db_label(peer->db), note.ptr);
    }
    mr_strbuf_release(&note);
    return code;
}

static enum mr_code open_peer(struct mr_peer *peer, const char *uri,
                              const struct mr_target *target,
                              const struct mr_target_opts *opts, struct mr_err *err)
{
    struct mr_db_opts db_opts = {.run_tag = opts->run_tag,
                                 .statement_timeout_s = opts->statement_timeout_s};
    enum mr_code code = mr_endpoint_parse(&peer->ep, uri, err);
    if (code == MR_OK && peer->ep.kind != MR_ENDPOINT_MYSQL)
        code = mr_err_set(err, MR_E_USAGE, "a snapshot is no replica");
    if (code == MR_OK)
        code = mr_endpoint_from_env(&peer->ep, NULL, err);
    if (code == MR_OK && opts->ask_password && peer->ep.password == NULL)
        code = mr_endpoint_ask_password(&peer->ep, "peer", err);
    if (code == MR_OK)
        code = mr_db_open(&peer->ep, &db_opts, &peer->db, err);
    return code == MR_OK ? check_relation(target, peer, err) : code;
}

enum mr_code mr_peers_open(const struct mr_string_list *uris,
                           const struct mr_target *target,
                           const struct mr_target_opts *opts, struct mr_arena *arena,
                           struct mr_peers *peers, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    peers->items = mr_arena_calloc(arena, uris->count + 1, sizeof *peers->items);
    if (peers->items == NULL)
        return mr_err_nomem(err, "opening peers");
    for (size_t i = 0; code == MR_OK && i < uris->count; i++) {
        peers->count++;
        code = open_peer(&peers->items[i], uris->items[i], target, opts, err);
    }
    if (code != MR_OK && err != NULL && code != MR_E_REFUSED)
        mr_err_context(err, "peer");
    return code;
}

void mr_peers_close(struct mr_peers *peers)
{
    for (size_t i = 0; i < peers->count; i++) {
        mr_db_close(peers->items[i].db);
        mr_endpoint_release(&peers->items[i].ep);
    }
    peers->count = 0;
}

enum mr_code mr_peers_wait(const struct mr_peers *peers, struct mr_db *target,
                           unsigned timeout_s, const char **behind, struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *behind = NULL;
    if (peers->count > 0)
        code = mr_replication_position(target, &position, err);
    for (size_t i = 0; code == MR_OK && i < peers->count && *behind == NULL; i++) {
        bool reached = false;
        if (position.len > 0)
            code = mr_replication_wait(peers->items[i].db, position.ptr, timeout_s,
                                       &reached, err);
        if (code == MR_OK && !reached)
            *behind = mr_db_label(peers->items[i].db);
    }
    mr_strbuf_release(&position);
    return code;
}

enum mr_code mr_peers_lowest(const struct mr_peers *peers,
                             const struct mr_counter *counter, const char **low,
                             uint64_t *next, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *low = NULL;
    *next = UINT64_MAX;
    for (size_t i = 0; code == MR_OK && i < peers->count; i++) {
        uint64_t own = 0;
        code = mr_counter_read(peers->items[i].db, counter, &own, err);
        if (code == MR_OK && own < counter->reseed_to && own < *next) {
            *low = mr_db_label(peers->items[i].db);
            *next = own;
        }
    }
    return code;
}
