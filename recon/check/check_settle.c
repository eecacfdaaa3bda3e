/* check_settle.c: see check_settle.h. */
#include "recon/check/check_settle.h"

#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/grants.h"
#include "core/db/monitor_right.h"
#include "recon/check/check_options.h"
#include "recon/check/check_sides.h"

#define SLICE_S 1
#define SAY_AFTER_S 5 /* then it is said what is waited for */
#define SLOW_S 0.3    /* a round's wait that takes longer: rows must rest */
#define BATCH_S 1.0   /* how long a batch waits, at most */
#define BATCHES_MS 10000
#define RECONNECTS 8

/* A wait that cannot wait returns at once; so does one that only seems to be over. */
static const struct timespec step = {0, 20 * 1000 * 1000};

double mr_check_settle_left_s(const struct mr_check_run *check)
{
    double left = check->opts->settle_limit_ms / 1000.0 - check->settle.waited_s;
    return left > 0 ? left : 0;
}

bool mr_check_settle_follows(const struct mr_check_run *check)
{
    return check->lag[MR_SOURCE] == MR_LAG_WAIT || check->lag[MR_TARGET] == MR_LAG_WAIT;
}

bool mr_check_settle_is_sure(const struct mr_check_run *check)
{
    return check->lag[MR_SOURCE] != MR_LAG_UNKNOWN && check->lag[MR_TARGET] != MR_LAG_UNKNOWN;
}

bool mr_check_settle_rests(const struct mr_check_run *check)
{
    return !mr_check_settle_is_sure(check) || atomic_load(&check->settle.slow);
}

static enum mr_code read_position(struct mr_db *db, bool by_history, struct mr_strbuf *position,
                                  struct mr_err *err)
{
    return by_history ? mr_replication_history(db, position, err)
                      : mr_replication_position(db, position, err);
}

/* The connection may have been idle for hours: what it lost, one more try finds out. */
static enum mr_code position_of(struct mr_check_run *check, enum mr_side up, bool by_history,
                                struct mr_strbuf *position, struct mr_err *err)
{
    enum mr_code code = MR_E_LOST;
    for (int attempt = 0; code == MR_E_LOST && attempt < 2; attempt++) {
        struct mr_db *db;
        code = mr_check_main(check, up, &db, err);
        if (code != MR_OK)
            break;
        code = read_position(db, by_history, position, err);
    }
    return code;
}

/* In slices, so that a cancel is heard and a lost connection noticed. */
static enum mr_code wait_slice(struct mr_check_run *check, enum mr_side down, const char *position,
                               bool *reached, struct mr_err *err)
{
    struct mr_db *db = mr_reader_db(check->pairing.side[down].main);
    struct mr_db *up = mr_reader_db(check->pairing.side[mr_other_side(down)].main);
    if (db == NULL || up == NULL)
        return mr_err_set(err, MR_E_LOST, "a connection is gone");
    enum mr_code code = mr_replication_wait(db, position, SLICE_S, reached, err);
    if (code == MR_OK)
        code =
            mr_replication_confirm(up, db, !check->settle.by_history[down], position, reached, err);
    if (code == MR_E_LOST && !mr_is_cancelled())
        code = mr_db_reconnect(mr_db_is_lost(db) ? db : up, RECONNECTS, err);
    return code;
}

/* One side, until it is there or nothing is left of the limit. */
static enum mr_code wait_for(struct mr_check_run *check, enum mr_side down, bool *reached,
                             bool *seen, struct mr_err *err)
{
    enum mr_side up = mr_other_side(down);
    struct mr_strbuf position = MR_STRBUF_INIT;
    double begun = mr_clock_now_s(), limit = mr_check_settle_left_s(check), took = 0;
    bool said = false;
    *reached = false;
    enum mr_code code = position_of(check, up, check->settle.by_history[down], &position, err);
    while (code == MR_OK && position.len > 0 && !*reached && (took < limit || took == 0)) {
        code = wait_slice(check, down, position.ptr, reached, err);
        if (code == MR_OK && mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (code == MR_OK && !*reached) {
            (void)nanosleep(&step, NULL);
            mr_progress_tick(check->progress);
        }
        took = mr_clock_now_s() - begun;
        if (!said && !*reached && took > SAY_AFTER_S) {
            mr_log_info("waiting until the %s has applied what the %s had written, at "
                        "most %.0f s in all (--settle-limit)",
                        mr_side_name(down), mr_side_name(up),
                        check->opts->settle_limit_ms / 1000.0);
            said = true;
        }
    }
    check->settle.waited_s += took;
    *seen = position.len > 0;
    mr_strbuf_release(&position);
    return code;
}

/* Where there is no position, the account may not see it. */
static void add_why(const struct mr_check_run *check, enum mr_side down, bool seen,
                    struct mr_strbuf *why)
{
    enum mr_side up = mr_other_side(down);
    const struct mr_server_side *side = &check->pairing.side[up];
    if (seen) {
        mr_strbuf_add_fmt(why,
                          "the %s had not applied what the %s had written when %g seconds "
                          "of waiting were over (--settle-limit; if it never will, stop its "
                          "replication)",
                          mr_side_name(down), mr_side_name(up),
                          check->opts->settle_limit_ms / 1000.0);
        return;
    }
    mr_strbuf_add_fmt(why,
                      "the position of the %s, which the %s would have to reach, is not "
                      "visible to the account",
                      mr_side_name(up), mr_side_name(down));
    if (side->grants != NULL && side->cat != NULL)
        mr_strbuf_add_fmt(why, "; to see it: GRANT %s ON *.* TO %s",
                          mr_monitor_right_log(&side->cat->server),
                          mr_grants_account(side->grants));
}

/* Said once, and kept for the notes of all tables: why nothing that differs is a finding. */
static enum mr_code give_up(struct mr_check_run *check, enum mr_side down, bool seen,
                            struct mr_err *err)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    check->settle.over = true;
    add_why(check, down, seen, &why);
    enum mr_code code = mr_strbuf_check(&why, "waiting for replication", err);
    if (code == MR_OK) {
        check->settle.why = mr_arena_strdup(&check->arena, why.ptr);
        mr_log_warning("what differs stays unsettled: %s", why.ptr);
    }
    mr_strbuf_release(&why);
    return code;
}

/* Over is over: later rounds do not wait again for what has not come in the limit. */
enum mr_code mr_check_settle(struct mr_check_run *check, bool *reached, struct mr_err *err)
{
    double before = check->settle.waited_s;
    bool both = check->lag[MR_SOURCE] == MR_LAG_WAIT;
    enum mr_code code = MR_OK;
    both = both && check->lag[MR_TARGET] == MR_LAG_WAIT;
    *reached = !check->settle.over;
    for (int side = MR_SOURCE; code == MR_OK && *reached && side < MR_SIDES; side++) {
        if (check->lag[side] != MR_LAG_WAIT)
            continue;
        bool seen = false;
        code = wait_for(check, (enum mr_side)side, reached, &seen, err);
        if (code == MR_OK && !*reached)
            code = give_up(check, (enum mr_side)side, seen, err);
    }
    atomic_store(&check->settle.slow, both || check->settle.waited_s - before > SLOW_S ||
                                          atomic_load(&check->settle.waited_ms) > BATCHES_MS);
    return code;
}

/* A batch that waited in vain turns all batches' waits off: with many of them a run would take for
 * ever, and the next round finds the rows anyway. */
enum mr_code mr_check_catch_up(struct mr_check_run *check, struct mr_db *up, struct mr_db *down,
                               bool *reached, struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    double begun = mr_clock_now_s(), took = 0;
    *reached = !mr_check_settle_follows(check);
    if (*reached || up == NULL || down == NULL || atomic_load(&check->settle.slow))
        return MR_OK;
    enum mr_code code =
        read_position(up, check->settle.by_history[!check->upstream], &position, err);
    while (code == MR_OK && !*reached && position.len > 0 && took < BATCH_S) {
        if (mr_is_cancelled())
            code = mr_cancelled_err(err);
        else
            code = mr_replication_wait(down, position.ptr, SLICE_S, reached, err);
        if (code == MR_OK)
            code = mr_replication_confirm(up, down, !check->settle.by_history[!check->upstream],
                                          position.ptr, reached, err);
        if (code == MR_OK && !*reached)
            (void)nanosleep(&step, NULL);
        took = mr_clock_now_s() - begun;
    }
    mr_strbuf_release(&position);
    unsigned ms = atomic_fetch_add(&check->settle.waited_ms, (unsigned)(took * 1000));
    if (code == MR_OK && (!*reached || ms > BATCHES_MS))
        atomic_store(&check->settle.slow, true);
    return code;
}

enum mr_code mr_check_settle_note(struct mr_check_run *check, struct mr_pair *table,
                                  struct mr_err *err)
{
    struct mr_strbuf note = MR_STRBUF_INIT;
    uint64_t unsettled = 0;
    const char *why = atomic_load(&table->misplaced)
                          ? "a scan meets rows that their keys do not find, as where they "
                            "stand in a partition that is not theirs: CHECK TABLE names "
                            "them, REPAIR or REBUILD PARTITION moves them"
                          : check->settle.why;
    enum mr_code code =
        mr_findings_count(check->fd, table->find.id, MR_FIND_UNSETTLED, &unsettled, err);
    if (code != MR_OK || unsettled == 0 || why == NULL)
        return code;
    mr_strbuf_add_fmt(&note, "unsettled: %s", why);
    code = mr_strbuf_check(&note, "describing a table", err);
    if (code == MR_OK)
        code = mr_pair_add_note(table, note.ptr, err);
    mr_strbuf_release(&note);
    return code;
}
