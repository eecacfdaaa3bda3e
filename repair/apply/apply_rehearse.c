/* apply_rehearse.c: units that are written and rolled back; see apply_internal.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/signals.h"
#include "repair/apply/apply_internal.h"

/* Nothing of it stays: what is told is what would have come of it. */
static enum mr_code take_rehearsed(struct mr_attempt *a, enum mr_outcome outcome,
                                   const struct mr_err *why, struct mr_err *err)
{
    if (mr_is_cancelled())
        return mr_cancelled_err(err); /* that may be why */
    if (outcome == MR_OUTCOME_REFUSED && !a->unheld)
        return mr_attempt_take_failed(a, why->message, err);
    return a->committed ? mr_attempt_take_done(a, err) : mr_attempt_take_rolled_back(a, err);
}

/* Whatever a guard, a constraint or a trigger says against it: what the units before it write
 * or delete may change that. */
static bool needs_others(const struct mr_attempt *a, enum mr_outcome outcome,
                         const struct mr_err *why)
{
    if (a->unit == mr_vec_at(a->run->units, 0))
        return false;
    if (outcome == MR_OUTCOME_REFUSED)
        return a->unheld || mr_aside_is_of_row(why);
    return a->refusals.count > 0 || !a->committed;
}

static const char *reason_of(const struct mr_attempt *a, enum mr_outcome outcome,
                             const struct mr_err *why)
{
    const struct mr_refusal *first = a->refusals.count > 0 ? mr_vec_at(&a->refusals, 0) : NULL;
    if (outcome == MR_OUTCOME_REFUSED)
        return why->message;
    return first != NULL ? first->reason : MR_GUARD_FAILED;
}

/* Alone, so that its locks are let go at once. */
static enum mr_code rehearse_alone(struct mr_attempt *a, bool *again, struct mr_err *err)
{
    enum mr_outcome outcome = 0;
    struct mr_err why = {0};
    enum mr_code code = mr_attempt_carry_out(a, &outcome, &why, err);
    *again = code == MR_OK && needs_others(a, outcome, &why);
    if (*again)
        mr_log_detail("unit %" PRIu64 " is rehearsed behind others, too: %s", a->unit->number,
                      reason_of(a, outcome, &why));
    if (code == MR_OK && !*again)
        code = mr_attempt_write_rest(a, &outcome, &why, err);
    return code == MR_OK && !*again ? take_rehearsed(a, outcome, &why, err) : code;
}

static bool is_skipped(const struct mr_attempt *a, size_t unit)
{
    return a->run->skip != NULL && a->run->skip[unit];
}

/* One that an earlier apply has done is only compared, as another apply would. */
static enum mr_code rehearse_new(struct mr_attempt *a, bool *again, struct mr_err *err)
{
    bool left = true;
    enum mr_code code = MR_OK;
    mr_aside_reset(&a->aside);
    if (mr_attempt_is_journaled(a))
        code = mr_attempt_look_again(a, &left, err);
    if (code == MR_OK && left)
        code = mr_attempt_recall(a, err);
    return code == MR_OK && left ? rehearse_alone(a, again, err) : code;
}

/* Behind the units before it, in their transaction; what it could not do is taken out. */
static enum mr_code rehearse_behind(struct mr_attempt *a, bool *tell, struct mr_err *err)
{
    enum mr_outcome outcome = 0;
    struct mr_err why = {0}, ended = {0};
    a->staged = false;
    enum mr_code code = mr_attempt_recall(a, &ended);
    if (code == MR_OK)
        code = mr_attempt_exec(a, "SAVEPOINT " MR_CHAIN_SAVEPOINT, &ended);
    a->broken = code != MR_OK;
    if (code == MR_OK)
        code = mr_attempt_carry_out(a, &outcome, &why, &ended);
    if (code == MR_OK)
        code = mr_attempt_write_rest(a, &outcome, &why, &ended);
    if (a->broken)
        return MR_OK;
    if (code != MR_OK)
        *err = ended;
    if (code != MR_OK || !*tell)
        return code;
    *tell = false;
    return take_rehearsed(a, outcome, &why, err);
}

/* All units from the first on, whether or not they are to be told: what one of them needs any before
 * it may have written.  What breaks the transaction breaks it for all. */
static enum mr_code rehearse_chain(struct mr_attempt *a, bool *tell, size_t count,
                                   struct mr_err *err)
{
    enum mr_code code = mr_attempt_exec(a, "START TRANSACTION", err);
    a->chained = true;
    a->broken = false;
    a->unsure = false;
    for (size_t i = 0; code == MR_OK && !a->broken && i < count; i++) {
        a->unit = mr_vec_at(a->run->units, i);
        a->unsure = a->unsure || is_skipped(a, i);
        if (is_skipped(a, i))
            continue;
        code = mr_attempt_wait(a->run, err);
        if (code == MR_OK)
            code = rehearse_behind(a, &tell[i], err);
    }
    a->chained = false;
    if (!mr_attempt_roll_back(a) && code == MR_OK)
        code = mr_attempt_reconnect(a, err);
    return code;
}

/* MariaDB logs a transaction that was rolled back if temporary tables were made in it. */
static bool keep_out_of_log(struct mr_attempt *a)
{
    struct mr_err ignored = {0};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_db *db = a->run->target->db;
    if (mr_db_server(db)->flavour != MR_FLAVOUR_MARIADB)
        return true;
    bool quiet = mr_db_query_text(db, "SELECT @@GLOBAL.log_bin", &text, &ignored) == MR_OK &&
                 strcmp(text.ptr, "0") == 0;
    mr_strbuf_release(&text);
    return quiet || mr_attempt_exec(a, "SET SESSION sql_log_bin = 0", &ignored) == MR_OK;
}

/* Units that build on others, together with all before them. */
static enum mr_code rehearse_together(struct mr_attempt *a, bool *tell, size_t count,
                                      struct mr_err *err)
{
    bool quiet = true;
    a->broken = true;
    for (unsigned tries = 0; a->broken && (quiet = keep_out_of_log(a)) && tries < MR_APPLY_TRIES;
         tries++)
        MR_TRY(rehearse_chain(a, tell, count, err));
    for (size_t i = 0; a->broken && i < count; i++) {
        a->unit = mr_vec_at(a->run->units, i);
        if (tell[i])
            MR_TRY(mr_attempt_take_failed(
                a,
                quiet ? "it could not be rehearsed: others held its rows"
                      : "it cannot be done alone, and is rehearsed behind "
                        "other units only by an account that may keep that out of "
                        "the binary log (BINLOG ADMIN)",
                err));
    }
    return MR_OK;
}

/* Each alone first, as locks are held for one unit then; only up to the last one that needs others
 * a chain is built, which holds them all. */
enum mr_code mr_attempt_rehearse(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    bool *tell = calloc(run->units->count + 1, sizeof *tell);
    size_t last = 0;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(tell != NULL ? MR_OK : mr_err_nomem(err, "rehearsing units"));
    for (size_t i = 0; i < run->units->count; i++) {
        a->unit = mr_vec_at(run->units, i);
        a->staged = false;
        if (is_skipped(a, i)) {
            a->unsure = true;
            run->counts.skipped++;
            run->counts.skipped_rows += a->unit->rows;
            continue;
        }
        MR_TRY_OUT(mr_attempt_wait(run, err));
        MR_TRY_OUT(rehearse_new(a, &tell[i], err));
        if (tell[i])
            last = i + 1;
    }
    if (last > 0)
        MR_TRY_OUT(rehearse_together(a, tell, last, err));
out:
    free(tell);
    return code;
}
