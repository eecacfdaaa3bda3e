/* peers.c: see peers.h. */
#include "repair/apply/peers.h"

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/db/replication.h"
#include "repair/reseed/counter_read.h"

#define FIRST_PIECE_S 3
#define NEXT_PIECE_S 30

/* A counter that is read on a server that never gets it would be low for good, and one that has
 * stopped late: better said before anything is raised. */
static enum mr_code check_relation(const struct mr_target *target, const struct mr_peer *peer,
                                   struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    enum mr_relation relation = MR_RELATION_UNKNOWN;
    enum mr_code code = mr_replication_relation(target->db, peer->db, &relation, &note, err);
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

static enum mr_code open_peer(struct mr_peer *peer, const char *uri, const struct mr_target *target,
                              const struct mr_target_opts *opts, struct mr_err *err)
{
    struct mr_db_opts db_opts = {.run_tag = opts->run_tag,
                                 .statement_timeout_s = opts->statement_timeout_s};
    long lag_s = 0;
    MR_TRY(mr_endpoint_parse(&peer->ep, uri, err));
    if (peer->ep.kind != MR_ENDPOINT_MYSQL)
        return mr_err_set(err, MR_E_USAGE, "a snapshot is no replica");
    MR_TRY(mr_login_complete(&peer->ep, NULL, "peer", &opts->login, err));
    MR_TRY(mr_db_open(&peer->ep, &db_opts, &peer->db, err));
    MR_TRY(check_relation(target, peer, err));
    MR_TRY(mr_replication_lag(peer->db, &lag_s, &peer->delay_s, err));
    if (peer->delay_s > 0)
        mr_log_info("peer \"%s\" is delayed on purpose, by %lu s: it is not waited for",
                    mr_db_label(peer->db), peer->delay_s);
    return MR_OK;
}

enum mr_code mr_peers_open(const struct mr_string_list *uris, const struct mr_target *target,
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

static void say_behind(const struct mr_peer *peer, unsigned waited_s, unsigned timeout_s)
{
    long lag_s = -1;
    unsigned long delay_s = 0;
    struct mr_strbuf lag = MR_STRBUF_INIT;
    if (mr_replication_lag(peer->db, &lag_s, &delay_s, NULL) == MR_OK && lag_s >= 0)
        mr_strbuf_add_fmt(&lag, ", which is %ld s behind", lag_s);
    mr_log_info("waiting for %u s now for peer \"%s\"%s, to apply what the target has "
                "written: at most %u s",
                waited_s, mr_db_label(peer->db), lag.len > 0 ? lag.ptr : "", timeout_s);
    mr_strbuf_release(&lag);
}

/* In pieces: who waits is told so, early and then now and again. */
static enum mr_code wait_for(const struct mr_peer *peer, const char *position, unsigned timeout_s,
                             bool *reached, struct mr_err *err)
{
    const double from_s = mr_clock_now_s();
    unsigned piece_s = FIRST_PIECE_S, waited_s = 0;
    enum mr_code code = MR_OK;
    *reached = false;
    while (code == MR_OK && !*reached && waited_s < timeout_s) {
        unsigned left_s = timeout_s - waited_s;
        double begun_s = mr_clock_now_s();
        code = mr_replication_wait(peer->db, position, piece_s < left_s ? piece_s : left_s, reached,
                                   err);
        if (code != MR_OK || *reached)
            break;
        if (mr_clock_now_s() - begun_s < 0.5)
            break; /* it cannot wait for that */
        waited_s = (unsigned)(mr_clock_now_s() - from_s + 0.5);
        if (waited_s < timeout_s)
            say_behind(peer, waited_s, timeout_s);
        piece_s = NEXT_PIECE_S;
    }
    if (code == MR_OK && !*reached)
        mr_log_warning("peer \"%s\" has not caught up within %u s", mr_db_label(peer->db),
                       waited_s);
    return code;
}

/* The first that is late ends it: nothing can be proved then, and each further one would cost its own
 * timeout.  Who is late on purpose counts as behind, without being waited for. */
enum mr_code mr_peers_wait(const struct mr_peers *peers, struct mr_db *target, unsigned timeout_s,
                           const char **behind, struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    *behind = NULL;
    if (peers->count > 0)
        code = mr_replication_position(target, &position, err);
    bool late = false;
    for (size_t i = 0; code == MR_OK && i < peers->count && !late; i++) {
        bool reached = false, delayed = peers->items[i].delay_s > 0;
        if (position.len > 0 && !delayed)
            code = wait_for(&peers->items[i], position.ptr, timeout_s, &reached, err);
        late = code == MR_OK && !reached && !delayed;
        if (code == MR_OK && !reached)
            *behind = mr_db_label(peers->items[i].db);
    }
    mr_strbuf_release(&position);
    return code;
}

enum mr_code mr_peers_lowest(const struct mr_peers *peers, const struct mr_counter *counter,
                             const char **low, uint64_t *next, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    *low = NULL;
    *next = UINT64_MAX;
    for (size_t i = 0; code == MR_OK && i < peers->count; i++) {
        uint64_t own = 0;
        code = mr_counter_read(peers->items[i].db, counter, &own, err);
        if (code == MR_E_NO_SUCH && peers->items[i].delay_s > 0)
            code = MR_OK; /* so late that the table is not there yet */
        if (code == MR_OK && own < counter->reseed_to && own < *next) {
            *low = mr_db_label(peers->items[i].db);
            *next = own;
        }
    }
    return code;
}
