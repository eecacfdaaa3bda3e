/* apply_plan.c: see apply_plan.h. */
#include "repair/apply/apply_plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/term.h"
#include "repair/apply/apply_blocks.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/native.h"
#include "repair/apply/rehearse.h"
#include "repair/apply/undo_triggers.h"
#include "repair/script/script_shape.h"

static const char *script_name(const struct mr_apply_plan *ap)
{
    return ap->which == MR_JOURNAL_UNDO ? "undo.sql" : "apply.sql";
}

/* ---- before anything is done ---- */

/* The digest was compared when the plan was opened; what is run is what is read now. */
static enum mr_code check_script(const struct mr_apply_plan *ap, const char *sha256,
                                 struct mr_err *err)
{
    const struct mr_manifest *m = &ap->plan->manifest;
    for (size_t i = 0; i < m->nfiles; i++)
        if (strcmp(m->files[i].name, script_name(ap)) == 0)
            return strcmp(m->files[i].sha256, sha256) == 0
                       ? MR_OK
                       : mr_err_set(err, MR_E_REFUSED,
                                    "plan \"%s\": file \"%s\" was changed since it was "
                                    "planned",
                                    ap->plan->path, script_name(ap));
    return mr_err_set(err, MR_E_REFUSED, "plan \"%s\" has no file \"%s\"", ap->plan->path,
                      script_name(ap));
}

static enum mr_code open_script(struct mr_apply_plan *ap, struct mr_err *err)
{
    char sha256[MR_SHA256_HEX];
    struct mr_script_shape *shape = NULL;
    const char *path = mr_plan_path(&ap->plan->arena, ap->plan->path, script_name(ap));
    MR_TRY(path != NULL ? mr_script_read_open(path, &ap->script, err)
                        : mr_err_nomem(err, "opening a script"));
    MR_TRY(mr_script_shape_new(&ap->plan->manifest, &ap->calls, &ap->plan->arena, &shape, err));
    mr_script_read_judged(ap->script, mr_script_shape_fits, shape);
    MR_TRY(mr_script_read_index(ap->script, &ap->units, sha256, err));
    return check_script(ap, sha256, err);
}

/* What could not be taken back is not done: undo would refuse such a script as a whole. */
static enum mr_code check_undo(struct mr_apply_plan *ap, struct mr_err *err)
{
    const char *path = mr_plan_path(&ap->plan->arena, ap->plan->path, "undo.sql");
    return path != NULL ? mr_script_shape_check(&ap->plan->manifest, path, &ap->calls, err)
                        : mr_err_nomem(err, "opening a script");
}

static enum mr_code open_case(struct mr_apply_plan *ap, struct mr_err *err)
{
    if (ap->opts->case_path == NULL)
        return MR_OK;
    enum mr_code code = mr_apply_case_open(ap->opts->case_path, &ap->plan->manifest, &ap->ac, err);
    if (code != MR_OK)
        return code;
    return ap->which == MR_JOURNAL_UNDO ? mr_apply_case_check_later(ap->ac, err)
                                        : mr_apply_case_check_sums(ap->ac, err);
}

/* Everything that could refuse the plan is asked here, while nothing is changed yet: what holds up
 * to the first unit makes a refusal (exit 5), what goes wrong later is reported of units and rows.  The
 * script comes first, as what it is going to do says which rights and surroundings matter. */
enum mr_code mr_apply_plan_prepare(struct mr_apply_plan *ap, struct mr_err *err)
{
    const struct mr_manifest *m = &ap->plan->manifest;
    const bool undo = ap->which == MR_JOURNAL_UNDO;
    ap->units = (struct mr_vec)MR_VEC_INIT(struct mr_script_read_unit);
    ap->dropped = (struct mr_vec)MR_VEC_INIT(const char *);
    ap->calls = (struct mr_script_calls){0};
    MR_TRY(open_script(ap, err));
    if (!undo)
        MR_TRY(check_undo(ap, err));
    MR_TRY(mr_native_check(ap->target->db, &ap->calls, ap->plan->path, err));
    MR_TRY(open_case(ap, err));
    const struct mr_apply_needs needs = {undo, mr_script_read_has_updates(ap->script)};
    MR_TRY(mr_apply_check_rights(ap->target, m, &needs, err));
    MR_TRY(mr_apply_check_columns(ap->target, m, err));
    MR_TRY(mr_apply_check_around(ap->target, m, &needs, &ap->plan->arena, &ap->dropped, err));
    MR_TRY(mr_apply_check_unseen(ap->target, m, &needs, err));
    const struct mr_undo_triggers triggers = {.target = ap->target,
                                              .planned = &m->planned,
                                              .updates = needs.updates,
                                              .fire = ap->opts->allow_triggers != NULL,
                                              .arena = &ap->plan->arena};
    if (undo)
        MR_TRY(mr_undo_triggers_check(&triggers, err));
    MR_TRY(mr_apply_check_gtid(ap->target, m, err));
    if (!undo)
        MR_TRY(mr_apply_check_blocks(ap->target, m, err));
    MR_TRY(mr_apply_check_session(ap->target, ap->opts->no_binlog, err));
    if (ap->opts->no_binlog && !mr_manifest_rejoins(m))
        mr_log_warning("--no-binlog: replicas of \"%s\" will not get these rows, and "
                       "differ from it",
                       mr_db_label(ap->target->db));
    return MR_OK;
}

/* ---- the units ---- */

static enum mr_code take_refusal(void *ctx, const struct mr_refusal *refusal, struct mr_err *err)
{
    struct mr_apply_plan *ap = ctx;
    return mr_apply_report_refusal(&ap->report, refusal, err);
}

static enum mr_code take_fired(void *ctx, const struct mr_fired_sum *sum, struct mr_err *err)
{
    struct mr_apply_plan *ap = ctx;
    return mr_apply_report_fired(&ap->report, sum, err);
}

/* Counts are handed out whatever ends the run: what is committed stays so, and is reported. */
static enum mr_code send_units(struct mr_apply_plan *ap, struct mr_apply_counts *counts,
                               struct mr_err *err)
{
    const struct mr_endpoint *endpoint = &ap->target->ep;
    const struct mr_db_opts db_opts = {.run_tag = ap->run_tag};
    struct mr_apply_units run = {.target = ap->target,
                                 .run_tag = ap->run_tag,
                                 .manifest = &ap->plan->manifest,
                                 .script = ap->script,
                                 .units = &ap->units,
                                 .dropped = &ap->dropped,
                                 .which = ap->which,
                                 .journal = ap->journal,
                                 .dry_run = ap->opts->dry_run,
                                 .rehearse = ap->rehearse,
                                 .recheck = ap->opts->recheck,
                                 .no_binlog = ap->opts->no_binlog,
                                 .on_refusal = take_refusal,
                                 .on_fired = take_fired,
                                 .ctx = ap};
    bool *skip = calloc(ap->units.count + 1, sizeof *skip);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(skip != NULL ? MR_OK : mr_err_nomem(err, "sending units"));
    if (ap->nontransactional != NULL)
        MR_TRY_OUT(mr_rehearse_skip(ap->script, &ap->units, ap->nontransactional, skip, err));
    run.skip = ap->nontransactional != NULL ? skip : NULL;
    MR_TRY_OUT(mr_throttle_new(&ap->opts->load, &endpoint, 1, &db_opts, &run.throttle, err));
    MR_TRY_OUT(mr_progress_new(ap->opts->general.progress, &run.progress, err));
    mr_progress_begin(run.progress, "writing");
    mr_progress_add_total(run.progress, ap->units.count);
    code = mr_apply_units_run(&run, err);
    mr_progress_finish(run.progress);
out:
    mr_progress_free(run.progress);
    mr_throttle_free(run.throttle);
    free(skip);
    *counts = run.counts;
    if (code != MR_OK && run.counts.done + run.counts.partial > 0)
        mr_log_info("%llu of %llu units were carried out before that",
                    (unsigned long long)(run.counts.done + run.counts.partial + run.counts.passed),
                    (unsigned long long)run.counts.units);
    return code;
}

/* Which units are done is said of an apply that has ended early, too: their rows are not open for the next plan.
 * Of such an undo the next plan looks on TARGET. */
static enum mr_code end_case(struct mr_apply_plan *ap, const struct mr_apply_counts *counts,
                             enum mr_code code, struct mr_err *err)
{
    const bool clean = code == MR_OK && counts->partial + counts->failed == 0;
    return code == MR_OK || ap->which == MR_JOURNAL_APPLY
               ? mr_apply_case_end(ap->ac, ap->journal, ap->which, clean, err)
               : MR_OK;
}

/* With the case, which hears of a run that ends early, too. */
static enum mr_code run_units(struct mr_apply_plan *ap, struct mr_apply_counts *counts,
                              struct mr_err *err)
{
    const bool tell = ap->ac != NULL && !ap->opts->dry_run;
    struct mr_err later = {0};
    if (tell)
        MR_TRY(mr_apply_case_begin(ap->ac, ap->which, err));
    enum mr_code code = send_units(ap, counts, err);
    if (tell && end_case(ap, counts, code, &later) != MR_OK && code == MR_OK) {
        *err = later;
        code = later.code;
    }
    if (tell && mr_apply_case_journal(ap->ac, ap->plan->path, &later) != MR_OK && code == MR_OK) {
        *err = later;
        code = later.code;
    }
    return code;
}

/* rows false: the counters could not be raised, and no row may come before them; that is reported
 * all the same. */
enum mr_code mr_apply_plan_run(struct mr_apply_plan *ap, bool rows, int *exit_code,
                               struct mr_err *err)
{
    struct mr_apply_counts counts = {0};
    ap->report = (struct mr_apply_report){.manifest = &ap->plan->manifest,
                                          .reseed = ap->reseed,
                                          .dir = ap->plan->path,
                                          .undo = ap->which == MR_JOURNAL_UNDO,
                                          .dry_run = ap->opts->dry_run || ap->rehearse,
                                          .rehearse = ap->rehearse,
                                          .nontransactional = ap->nontransactional,
                                          .json = ap->opts->json,
                                          .look = mr_general_look(&ap->opts->general),
                                          .out = stdout};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_apply_report_begin(&ap->report, err));
    if (rows)
        MR_TRY_OUT(run_units(ap, &counts, err));
    if (rows && ap->look != NULL && !ap->report.dry_run)
        MR_TRY_OUT(ap->look(ap->look_ctx, &ap->report, err));
    MR_TRY_OUT(mr_apply_report_end(&ap->report, rows ? &counts : NULL, err));
    *exit_code = mr_apply_report_exit(&ap->report, rows ? &counts : NULL);
out:
    mr_apply_report_release(&ap->report);
    return code;
}

enum mr_code mr_apply_plan_release(struct mr_apply_plan *ap, enum mr_code code, struct mr_err *err)
{
    enum mr_code closed = mr_apply_case_close(ap->ac, code == MR_OK ? err : NULL);
    mr_vec_release(&ap->units);
    mr_vec_release(&ap->dropped);
    mr_script_read_close(ap->script);
    return code == MR_OK ? closed : code;
}
