/* history_reuse.c: see history_reuse.h. */
#include "recon/history/history_reuse.h"

#include <inttypes.h>

#include "core/base/log.h"
#include "core/logs/shared_split.h"

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

/* What is wrong with a log, or with asking for it.  Logs that need not be read otherwise may be older than what is read, of
 * a key that is gone, or removed meanwhile: what they do not tell stays untold. */
static bool is_of_log(enum mr_code code)
{
    return code == MR_E_BINLOG || code == MR_E_UNSUPPORTED || code == MR_E_SQL ||
           code == MR_E_NO_SUCH;
}

/* Files were given because the server has no log any more, or does not show it, or stands behind what passes on no
 * log. */
static enum mr_code look(struct mr_shared_gtids *shared, const struct mr_history_logs *logs,
                         enum mr_side side, struct mr_err *err)
{
    const bool is_server = logs->ep != NULL;
    struct mr_err why = {0};
    const enum mr_code code =
        mr_shared_gtids_look(shared, is_server ? logs->ep : logs->of, logs->opts, &why);
    if (code == MR_OK)
        return MR_OK;
    if (code == MR_E_CANCELLED || code == MR_E_NOMEM || (is_server && !is_of_log(code))) {
        if (err != NULL)
            *err = why;
        mr_err_context(err, "logs of the %s", mr_side_name(side));
        return code;
    }
    if (is_server)
        mr_log_warning("logs of the %s in front of those that are needed cannot be read: %s",
                       mr_side_name(side), why.message);
    else
        mr_log_detail("logs of the server itself are not read: %s", why.message);
    return MR_OK;
}

#define PARTED                                                                                     \
    "A server was set up from another's disk or backup and went on under its server_uuid or "      \
    "server_id, or lost its last transactions in a crash and gave their numbers anew. "

/* Of files it is not looked for: the server's logs may have the same names and be of another, such as a copy of the one
 * that is out of reach. */
static enum mr_code find_split(const struct mr_shared_found *found,
                               const struct mr_shared_gtids shared[MR_SIDES],
                               const struct mr_history_logs logs[MR_SIDES], struct mr_arena *arena,
                               struct mr_shared_split *split, struct mr_err *err)
{
    const bool own_clock[MR_SIDES] = {shared[MR_SOURCE].own_clock, shared[MR_TARGET].own_clock};
    struct mr_gtid_logs of[MR_SIDES];
    struct mr_err why = {0};
    *split = (struct mr_shared_split){.log = {NULL, NULL}};
    if (found->origins != 1 || logs[MR_SOURCE].ep == NULL || logs[MR_TARGET].ep == NULL)
        return MR_OK;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        of[side] = (struct mr_gtid_logs){.ep = logs[side].ep,
                                         .opts = logs[side].opts,
                                         .breathe = shared[side].breathe,
                                         .ctx = shared[side].ctx};
    mr_log_info("two transactions have the number %s: looking for where the histories part",
                found->differs);
    const enum mr_code code = mr_shared_split_find(of, own_clock, &found->two, arena, split, &why);
    if (code == MR_E_CANCELLED || code == MR_E_NOMEM) {
        if (err != NULL)
            *err = why;
        return code;
    }
    if (code != MR_OK)
        mr_log_detail("where the histories part is not found: %s", why.message);
    return MR_OK;
}

/* Two histories of one number have one place where they part; what cannot be found out is a person's to say. */
static enum mr_code refuse_two(const struct mr_shared_found *found,
                               const struct mr_shared_gtids shared[MR_SIDES],
                               const struct mr_history_logs logs[MR_SIDES], struct mr_arena *arena,
                               struct mr_err *err)
{
    struct mr_shared_split split;
    struct mr_strbuf first = MR_STRBUF_INIT;
    MR_TRY(find_split(found, shared, logs, arena, &split, err));
    (void)mr_err_set(err, MR_E_REFUSED,
                     "GTIDs do not tell which transactions are of one side: both sides have %s, "
                     "and their logs show two transactions of that number",
                     found->differs);
    mr_gtid_add_text(&first, &split.first);
    if (split.log[0] != NULL && !first.failed)
        mr_err_hint(err,
                    PARTED "By both logs %s is the first that is two: --split "
                           "source=%s:%" PRIu64 ",target=%s:%" PRIu64 ".",
                    first.ptr, split.log[0], split.at[0], split.log[1], split.at[1]);
    else
        mr_err_hint(err,
                    PARTED "Say where the histories part, before %s UTC: --split "
                           "source=FILE:POS,target=FILE:POS, or --split-at TIME.",
                    found->before);
    mr_strbuf_release(&first);
    return MR_E_REFUSED;
}

enum mr_code mr_history_reuse_check_shared(struct mr_shared_gtids shared[MR_SIDES],
                                           const struct mr_history_logs logs[MR_SIDES],
                                           struct mr_arena *arena, struct mr_err *err)
{
    struct mr_shared_found found;
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        MR_TRY(look(&shared[side], &logs[side], (enum mr_side)side, err));
    MR_TRY(mr_shared_gtids_compare(shared, arena, &found, err));
    if (found.differs != NULL)
        return refuse_two(&found, shared, logs, arena, err);
    if (found.untold != NULL)
        mr_log_warning("that both sides mean the same transaction by %s is not proved: it is not "
                       "in the logs of both",
                       found.untold);
    return MR_OK;
}
