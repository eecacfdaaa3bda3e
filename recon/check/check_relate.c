/* check_relate.c: see check_relate.h. */
#include "recon/check/check_relate.h"

#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "recon/check/check_options.h"
#include "recon/check/check_settle.h"
#include "recon/check/check_shards.h"

#define TRY_S 5 /* for a position that may never come */
#define POLL_S 0.2

/* One side as a follower of the other. */
struct follower {
    enum mr_side side;
    struct mr_db *up, *db;
    enum mr_relation relation;
    enum mr_behind behind;
    struct mr_strbuf note;   /* of mr_replication_relation */
    struct mr_strbuf others; /* whom it follows besides */
};

static bool has_snapshot(const struct mr_check_run *check)
{
    return mr_side_is_snapshot(&check->pairing.side[MR_SOURCE]) ||
           mr_side_is_snapshot(&check->pairing.side[MR_TARGET]);
}

static enum mr_code look(struct mr_check_run *check, struct follower *f, enum mr_side side,
                         struct mr_err *err)
{
    *f = (struct follower){.side = side,
                           .up = mr_reader_db(check->pairing.side[!side].main),
                           .db = mr_reader_db(check->pairing.side[side].main),
                           .note = MR_STRBUF_INIT,
                           .others = MR_STRBUF_INIT};
    if (f->up == NULL || f->db == NULL)
        return mr_err_set(err, MR_E_LOST, "a connection is gone");
    enum mr_code code = mr_replication_relation(f->up, f->db, &f->relation, &f->note, err);
    return code == MR_OK
               ? mr_replication_behind(f->up, f->db, f->relation, &f->behind, &f->others, err)
               : code;
}

/* What a stopped connection had brought is applied sooner or later: soon, it is waited for. */
static enum mr_code drain(struct mr_check_run *check, struct follower *f, struct mr_err *err)
{
    double end = mr_clock_now_s() + mr_check_settle_left_s(check);
    if (f->behind == MR_BEHIND_DRAINING)
        mr_log_info("waiting until the %s has applied what it had fetched", mr_side_name(f->side));
    while (f->behind == MR_BEHIND_DRAINING && mr_clock_now_s() < end) {
        MR_TRY(mr_check_sleep(POLL_S, NULL, err));
        MR_TRY(mr_replication_behind(f->up, f->db, f->relation, &f->behind, &f->others, err));
    }
    return MR_OK;
}

/* Whoever feeds it: once it has all that the other side had, it is behind in nothing. */
static enum mr_code try_history(struct mr_check_run *check, struct follower *f, enum mr_lag *lag,
                                struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    double left = mr_check_settle_left_s(check);
    bool reached = false;
    enum mr_code code = mr_replication_history(f->up, &position, err);
    if (code == MR_OK && position.len > 0)
        code = mr_replication_wait(f->db, position.ptr, left < TRY_S ? (unsigned)left : TRY_S,
                                   &reached, err);
    if (code == MR_OK)
        code = mr_replication_confirm(f->up, f->db, false, position.ptr, &reached, err);
    *lag = reached ? MR_LAG_WAIT : MR_LAG_UNKNOWN;
    check->settle.by_history[f->side] = reached;
    mr_strbuf_release(&position);
    return code;
}

/* --unrelated overrules only what nobody can tell, never what the servers say. */
static enum mr_code decide(struct mr_check_run *check, struct follower *f, struct mr_err *err)
{
    enum mr_lag *lag = &check->lag[f->side];
    enum mr_code code = drain(check, f, err);
    if (code != MR_OK)
        return code;
    switch (f->behind) {
    case MR_BEHIND_NEVER: *lag = MR_LAG_NONE; break;
    case MR_BEHIND_DIRECT: *lag = MR_LAG_WAIT; break;
    case MR_BEHIND_DRAINING: *lag = MR_LAG_UNKNOWN; break;
    case MR_BEHIND_OTHERS:
    case MR_BEHIND_HIDDEN: code = try_history(check, f, lag, err); break;
    }
    if (*lag == MR_LAG_UNKNOWN && check->opts->unrelated)
        *lag = MR_LAG_NONE;
    return code;
}

/* Why it is not known how far a side has got, and what would show it. */
static void add_why(const struct follower *f, struct mr_strbuf *why)
{
    const char *side = mr_side_name(f->side), *other = mr_side_name(!f->side);
    if (why->len > 0)
        mr_strbuf_add_str(why, "; ");
    if (f->behind == MR_BEHIND_DRAINING)
        mr_strbuf_add_fmt(why, "the %s has not yet applied all that it fetched from the %s", side,
                          other);
    else if (f->behind == MR_BEHIND_OTHERS)
        mr_strbuf_add_fmt(why,
                          "the %s applies what %s writes, and whether it has all that the "
                          "%s wrote is not known (compare with that server, stop the "
                          "replication meanwhile, or say --unrelated if nothing of the %s "
                          "comes that way)",
                          side, f->others.ptr, other, other);
    else
        mr_strbuf_add_fmt(why, "%s (or say --unrelated if it does not, by any way)", f->note.ptr);
}

static void say(struct mr_check_run *check, const struct follower f[MR_SIDES])
{
    const struct follower *down = &f[!check->upstream];
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool hidden = strstr(down->note.ptr, "GRANT") != NULL;
    mr_strbuf_add_fmt(&text, "%s to %s: %s", mr_side_name(check->upstream),
                      mr_side_name(down->side), down->note.ptr);
    check->run.replication = mr_arena_strdup(&check->arena, text.ptr);
    if (check->lag[down->side] == MR_LAG_NONE)
        mr_strbuf_add_fmt(&text, "; rows that differ are read again --settle seconds later (%g)",
                          check->opts->settle_ms / 1000.0);
    if (down->relation == MR_RELATION_STOPPED || hidden)
        mr_log_warning("replication, %s", text.ptr);
    else if (down->relation == MR_RELATION_NONE)
        mr_log_info("replication, %s", text.ptr);
    else
        mr_log_detail("replication, %s", text.ptr);
    mr_strbuf_reset(&text);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (check->lag[side] == MR_LAG_UNKNOWN)
            add_why(&f[side], &text);
    if (text.len > 0) {
        check->settle.why = mr_arena_strdup(&check->arena, text.ptr);
        mr_log_warning("what differs stays unsettled: %s", text.ptr);
    }
    mr_strbuf_release(&text);
}

/* Does a relation say that this side is, or was, fed by the other? */
static bool is_fed(const struct follower *f)
{
    return f->relation == MR_RELATION_FOLLOWS || f->relation == MR_RELATION_STOPPED;
}

/* A stopped replica is said so and compared as it is. */
enum mr_code mr_check_relate(struct mr_check_run *check, struct mr_err *err)
{
    struct follower f[MR_SIDES] = {{0}, {0}};
    enum mr_code code = MR_OK;
    check->upstream = MR_SOURCE;
    check->lag[MR_SOURCE] = check->lag[MR_TARGET] = MR_LAG_NONE;
    if (mr_check_has_shards(check))
        return mr_check_shards_relate(check, err);
    if (has_snapshot(check))
        return MR_OK;
    for (int side = MR_SOURCE; code == MR_OK && side < MR_SIDES; side++) {
        code = look(check, &f[side], (enum mr_side)side, err);
        if (code == MR_OK)
            code = decide(check, &f[side], err);
    }
    if (code == MR_OK) {
        bool only_source_waits =
            check->lag[MR_SOURCE] == MR_LAG_WAIT && check->lag[MR_TARGET] != MR_LAG_WAIT;
        if (!is_fed(&f[MR_TARGET]) && (is_fed(&f[MR_SOURCE]) || only_source_waits))
            check->upstream = MR_TARGET;
        check->settle.slow =
            check->lag[MR_SOURCE] == MR_LAG_WAIT && check->lag[MR_TARGET] == MR_LAG_WAIT;
        say(check, f);
    }
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        mr_strbuf_release(&f[side].note);
        mr_strbuf_release(&f[side].others);
    }
    return code;
}
