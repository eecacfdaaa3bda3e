/* doctor_history.c: do the binary logs of two servers reach back to where their histories part?  See
 * doctor.h. */
#include <string.h>

#include "recon/doctor/doctor.h"
#include "core/logs/history_own.h"

static void say_untold(struct mr_doctor *d, const struct mr_doctor_server *a,
                       const struct mr_doctor_server *b, const struct mr_err *why)
{
    mr_doctor_say(d, MR_DOCTOR_NOTE, MR_DOCTOR_pair_logs,
                  "which transactions %s and %s have alone is not told by themselves: %s", a->uri,
                  b->uri, why->message);
    mr_doctor_hint(d, "Note where the histories part: history collect wants it as --split "
                      "source=FILE:POS,target=FILE:POS, or --split-at TIME.");
}

/* What `self` has executed and `other` has not: is it in the logs that are still there? */
static enum mr_code look_at(struct mr_doctor *d, const struct mr_doctor_server *self,
                            const struct mr_doctor_server *other,
                            const struct mr_history_executed *mine,
                            const struct mr_history_executed *theirs, bool *told,
                            struct mr_err *err)
{
    struct mr_history_own own;
    struct mr_err why = {0};
    const char *hidden = NULL;
    *told = true;
    mr_history_own_init(&own);
    enum mr_code code = mr_history_own_by_gtid(&own, mine, theirs, &d->arena, &why);
    if (code == MR_OK)
        code = mr_history_own_before_text(&own, self->log_before, &d->arena, &hidden, &why);
    mr_history_own_release(&own);
    if (code == MR_E_REFUSED) {
        say_untold(d, self, other, &why);
        *told = false;
        return MR_OK;
    }
    if (code != MR_OK) {
        *err = why;
        return code;
    }
    if (hidden == NULL)
        return MR_OK;
    *told = false;
    mr_doctor_say(d, MR_DOCTOR_PROBLEM, MR_DOCTOR_pair_logs,
                  "binary logs of %s are gone that held transactions which %s has not executed: %s",
                  self->uri, other->uri, hidden);
    mr_doctor_hint(d,
                   "Where they were archived: history collect --source-log DIR (--target-log DIR). "
                   "Keep what is left: myrecon history archive %s DIR",
                   self->uri);
    return MR_OK;
}

/* Two servers of which each has executed what the other has are no split, and well. */
enum mr_code mr_doctor_pair_logs(struct mr_doctor *d, const struct mr_doctor_server *a,
                                 const struct mr_doctor_server *b, struct mr_err *err)
{
    struct mr_history_executed x, y;
    bool told = false, also = false;
    if ((d->opts.work & (unsigned)MR_DOCTOR_FOR_HISTORY) == 0 || a->log_before == NULL ||
        b->log_before == NULL || mr_server_is_one(&a->facts.server, &b->facts.server))
        return MR_OK;
    MR_TRY(mr_history_executed_read(a->link.db, &d->arena, &x, err));
    MR_TRY(mr_history_executed_read(b->link.db, &d->arena, &y, err));
    MR_TRY(look_at(d, a, b, &x, &y, &told, err));
    if (told)
        MR_TRY(look_at(d, b, a, &y, &x, &also, err));
    if (told && also)
        mr_doctor_say(d, MR_DOCTOR_OK, MR_DOCTOR_pair_logs,
                      "what %s and %s have executed alone is in the binary logs that are there",
                      a->uri, b->uri);
    return MR_OK;
}
