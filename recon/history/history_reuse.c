/* history_reuse.c: see history_reuse.h. */
#include "recon/history/history_reuse.h"

#include "core/base/log.h"

static enum mr_code refuse_by_hand(enum mr_side side, const char *which, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "GTIDs do not tell which transactions are of one side: of the %s the %s has "
                     "empty ones, that somebody wrote there: %.300s",
                     mr_side_name(mr_other_side(side)), mr_side_name(side), which);
    mr_err_hint(err, "They count as executed, and are not. Say where the histories part: "
                     "--split source=FILE:POS,target=FILE:POS, or --split-at TIME.");
    return MR_E_REFUSED;
}

static enum mr_code refuse_reused(enum mr_side side, const char *which, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "GTIDs do not tell which transactions are of one side: the %s has %s, the "
                     "other side's log has that number of another server",
                     mr_side_name(side), which);
    mr_err_hint(err, "A server_id was given to two servers. Say where the histories part: "
                     "--split source=FILE:POS,target=FILE:POS, or --split-at TIME.");
    return MR_E_REFUSED;
}

enum mr_code mr_history_reuse_check(const struct mr_history_own own[MR_SIDES],
                                    const char *const then[MR_SIDES], struct mr_arena *arena,
                                    struct mr_err *err)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const enum mr_side other = mr_other_side((enum mr_side)side);
        const char *which;
        MR_TRY(mr_history_own_by_hand(&own[side], then != NULL ? then[other] : NULL, arena, &which,
                                      err));
        if (which != NULL)
            return refuse_by_hand((enum mr_side)side, which, err);
        MR_TRY(mr_history_own_reused(&own[side], &own[other], arena, &which, err));
        if (which != NULL)
            return refuse_reused((enum mr_side)side, which, err);
    }
    return MR_OK;
}

/* ---- what both have ---- */

/* A side that has no log, or does not show it, is why files were given. */
static enum mr_code look(struct mr_shared_gtids *shared, const struct mr_history_logs *logs,
                         struct mr_err *err)
{
    struct mr_err why = {0};
    if (logs->ep != NULL)
        return mr_shared_gtids_look(shared, logs->ep, logs->opts, err);
    const enum mr_code code = mr_shared_gtids_look(shared, logs->of, logs->opts, &why);
    if (code == MR_OK || code == MR_E_DENIED || code == MR_E_UNSUPPORTED)
        return MR_OK;
    if (err != NULL)
        *err = why;
    return code;
}

static enum mr_code refuse_two(const char *which, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "GTIDs do not tell which transactions are of one side: both sides have %s, "
                     "and their logs show two transactions of that number",
                     which);
    mr_err_hint(err, "A server was set up from another's disk or backup, and went on under its "
                     "server_uuid or server_id. Say where the histories part: --split "
                     "source=FILE:POS,target=FILE:POS, or --split-at TIME.");
    return MR_E_REFUSED;
}

enum mr_code mr_history_reuse_check_shared(struct mr_shared_gtids shared[MR_SIDES],
                                           const struct mr_history_logs logs[MR_SIDES],
                                           struct mr_arena *arena, struct mr_err *err)
{
    const char *differs, *untold;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const enum mr_code code = look(&shared[side], &logs[side], err);
        if (code != MR_OK)
            mr_err_context(err, "logs of the %s", mr_side_name((enum mr_side)side));
        MR_TRY(code);
    }
    MR_TRY(mr_shared_gtids_compare(shared, arena, &differs, &untold, err));
    if (differs != NULL)
        return refuse_two(differs, err);
    if (untold != NULL)
        mr_log_warning("that both sides mean the same transaction by %s is not proved: it is not "
                       "in the logs of both",
                       untold);
    return MR_OK;
}
