/* history_reuse.c: see history_reuse.h. */
#include "recon/history/history_reuse.h"

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
