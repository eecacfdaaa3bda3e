/* apply_rehearse.c: units that are written and rolled back; see apply_internal.h. */
#include <stdlib.h>
#include <string.h>

#include "repair/apply/apply_internal.h"

/* Of a server: the row that is referred to is not there. */
enum { NO_PARENT = 1452 };

/* Nothing of it stays: what is told is what would have come of it. */
static enum mr_code take_rehearsed(struct mr_attempt *a, enum mr_outcome outcome,
                                   const struct mr_err *why, struct mr_err *err)
{
    if (outcome == MR_OUTCOME_REFUSED && !a->unheld)
        return mr_attempt_take_failed(a, why->message, err);
    return a->committed ? mr_attempt_take_done(a, err)
                        : mr_attempt_take_rolled_back(a, err);
}

/* Rows of other units may be what it lacks. */
static bool needs_others(const struct mr_attempt *a, enum mr_outcome outcome,
                         const struct mr_err *why)
{
    if (outcome == MR_OUTCOME_REFUSED && !a->unheld)
        return why->sql_errno == NO_PARENT;
    for (size_t i = 0; i < a->refusals.count; i++) {
        const struct mr_refusal *refusal = mr_vec_at(&a->refusals, i);
        if (strstr(refusal->reason, "parent") != NULL)
            return true;
    }
    return false;
}

/* Alone, so that its locks are let go at once. */
static enum mr_code rehearse_alone(struct mr_attempt *a, bool *again, struct mr_err *err)
{
    enum mr_outcome outcome = 0;
    struct mr_err why = {0};
    enum mr_code code = mr_attempt_carry_out(a, &outcome, &why, err);
    *again = code == MR_OK && needs_others(a, outcome, &why);
    if (code == MR_OK && !*again)
        code = mr_attempt_write_rest(a, &outcome, &why, err);
    return code == MR_OK && !*again ? take_rehearsed(a, outcome, &why, err) : code;
}

/* Behind the units before it, in their transaction; what it could not do is taken out. */
static enum mr_code rehearse_behind(struct mr_attempt *a, bool *tell, bool *lost,
                                    struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_attempt_exec(a, "SAVEPOINT myrecon_unit", &why);
    if (code == MR_OK)
        code = mr_attempt_try(a, &why);
    enum mr_outcome outcome = mr_attempt_judge(a, code, &why);
    a->unheld = outcome == MR_OUTCOME_GUARD;
    if (code != MR_OK && !a->unheld && mr_attempt_is_fatal(code, &why)) {
        *err = why;
        return code;
    }
    *lost = outcome == MR_OUTCOME_AGAIN || outcome == MR_OUTCOME_LOST;
    if (*lost)
        return MR_OK;
    if (outcome == MR_OUTCOME_REFUSED || !a->committed)
        code = mr_attempt_exec(a, "ROLLBACK TO SAVEPOINT myrecon_unit", err);
    else
        code = MR_OK;
    if (code != MR_OK || !*tell)
        return code;
    *tell = false;
    return take_rehearsed(a, outcome, &why, err);
}

static enum mr_code rehearse_chain(struct mr_attempt *a, bool *tell, size_t count,
                                   bool *lost, struct mr_err *err)
{
    enum mr_code code = mr_attempt_exec(a, "START TRANSACTION", err);
    *lost = false;
    a->chained = true;
    a->staged = false;
    mr_aside_reset(&a->aside);
    for (size_t i = 0; code == MR_OK && !*lost && i < count; i++) {
        a->unit = mr_vec_at(a->run->units, i);
        code = mr_attempt_wait(a->run, err);
        if (code == MR_OK)
            code = rehearse_behind(a, &tell[i], lost, err);
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
    return mr_db_server(a->run->target->db)->flavour != MR_FLAVOUR_MARIADB ||
           mr_attempt_exec(a, "SET SESSION sql_log_bin = 0", &ignored) == MR_OK;
}

/* Units that build on others, together with all before them. */
static enum mr_code rehearse_together(struct mr_attempt *a, bool *tell, size_t count,
                                      struct mr_err *err)
{
    bool lost = true, quiet = true;
    enum mr_code code = MR_OK;
    for (unsigned tries = 0;
         code == MR_OK && lost && (quiet = keep_out_of_log(a)) && tries < MR_APPLY_TRIES;
         tries++)
        code = rehearse_chain(a, tell, count, &lost, err);
    for (size_t i = 0; code == MR_OK && lost && i < count; i++) {
        a->unit = mr_vec_at(a->run->units, i);
        if (tell[i])
            code = mr_attempt_take_failed(
                a,
                quiet ? "it could not be rehearsed: others held its rows"
                      : "it builds on other units, and is rehearsed with "
                        "them only by an account that may keep that out of "
                        "the binary log (BINLOG ADMIN)",
                err);
    }
    return code;
}

enum mr_code mr_attempt_rehearse(struct mr_attempt *a, struct mr_err *err)
{
    struct mr_apply_units *run = a->run;
    bool *tell = calloc(run->units->count + 1, sizeof *tell);
    size_t last = 0;
    enum mr_code code = tell != NULL ? MR_OK : mr_err_nomem(err, "rehearsing units");
    for (size_t i = 0; code == MR_OK && i < run->units->count; i++) {
        a->unit = mr_vec_at(run->units, i);
        a->staged = false;
        mr_aside_reset(&a->aside);
        code = mr_attempt_wait(run, err);
        if (code == MR_OK)
            code = rehearse_alone(a, &tell[i], err);
        if (code == MR_OK && tell[i])
            last = i + 1;
    }
    if (code == MR_OK && last > 0)
        code = rehearse_together(a, tell, last, err);
    free(tell);
    return code;
}
