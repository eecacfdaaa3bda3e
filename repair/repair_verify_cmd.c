/* repair_verify_cmd.c: `myrecon repair verify`; see repair_cmd.h. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "repair/apply/journal.h"
#include "repair/apply/native.h"
#include "repair/apply/rejoin_apply.h"
#include "repair/apply/repair_options.h"
#include "repair/apply/reseed_report.h"
#include "repair/plan/approval.h"
#include "repair/plan/plan_dir.h"
#include "repair/plan/plan_next.h"
#include "repair/repair_cmd.h"
#include "repair/script/script_shape.h"
#include "repair/verify/verify_report.h"
#include "repair/verify/verify_touched.h"

#define PEER_TIMEOUT_S 60

static const struct mr_command_doc doc = {
    .summary = "prove that a plan was carried out",
    .operands = "DIR TARGET",
    .description =
        "Proves from the records of the plan in DIR alone that its target is as decided: "
        "every row stands under its key with the planned values, once; what it refers to "
        "is who it was; nothing unplanned has one of the new ids, and no reference names "
        "one that is nobody's; and AUTO_INCREMENT stands above all of them, here and on "
        "the replicas named by --peer. It only reads, in one consistent view.\n"
        "\n"
        "With --source the lost history is read again: what was planned from is still "
        "there, and restored rows hold its values, but for ids and references "
        "(of tables without a key it is not looked at, which a warning says). "
        "A row that the live application has edited since is listed as such: it is still "
        "the same one, and still refers to the same ones. Open conflicts are counted. "
        "Of a table whose columns were changed nothing can be said.\n"
        "\n"
        "Exit status: 0 everything stands; 1 some rows or counters do not, or were "
        "changed since; 3 could not run; 4 a table could not be read, or not as it was "
        "planned, the server was lost, or a replica has not caught up; 5 refused: the "
        "plan was changed, or it is for another server; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon repair verify club.merge mysql://dba@live\n"
                "  myrecon repair verify --peer mysql://dba@replica club.merge \\\n"
                "      mysql://dba@live\n",
};

struct job {
    const struct mr_repair_options *opts;
    const char *operand; /* the target, as it was given */
    struct mr_run_id id;
    struct mr_plan_dir plan;
    struct mr_target target;
    struct mr_peers peers;
    struct mr_arena arena;
    struct mr_reseed_run counters;
    struct mr_verify_rows rows;
    struct mr_journal *journal; /* NULL: it was not opened */
    struct mr_verify_report report;
};

static enum mr_code job_open(struct job *job, const struct mr_invocation *invocation,
                             struct mr_err *err)
{
    *job = (struct job){
        .opts = invocation->settings.values, .id = mr_run_id_now(), .arena = MR_ARENA_INIT};
    job->operand = invocation->operands[1];
    const struct mr_target_opts opts = {.run_tag = job->id.id,
                                        .login = job->opts->login,
                                        .statement_timeout_s = job->opts->statement_timeout_s};
    struct mr_script_calls calls = {0};
    mr_general_options_apply(&job->opts->general);
    job->report = (struct mr_verify_report){.counters = &job->counters,
                                            .started = job->id.started,
                                            .json = job->opts->json,
                                            .look = mr_general_look(&job->opts->general),
                                            .max_findings = job->opts->max_findings,
                                            .out = stdout};
    mr_verify_report_init(&job->report);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_global_init(err));
    MR_TRY_OUT(mr_plan_open(invocation->operands[0], &job->plan, err));
    if (job->opts->signer != NULL)
        MR_TRY_OUT(mr_approval_check(&job->plan, job->opts->signer, err));
    MR_TRY_OUT(mr_script_shape_conditions(&job->plan.manifest, job->plan.path, &calls, err));
    MR_TRY_OUT(
        mr_target_open(invocation->operands[1], &job->plan.manifest, &opts, &job->target, err));
    MR_TRY_OUT(mr_native_check(job->target.db, &calls, job->plan.path, err));
    MR_TRY_OUT(mr_journal_read(job->plan.path, &job->journal, err));
    MR_TRY_OUT(
        mr_peers_open(&job->opts->peers, &job->target, &opts, &job->arena, &job->peers, err));
out:
    job->counters = (struct mr_reseed_run){.manifest = &job->plan.manifest,
                                           .target = &job->target,
                                           .peers = &job->peers,
                                           .peer_timeout_s = PEER_TIMEOUT_S,
                                           .arena = &job->arena};
    job->rows = (struct mr_verify_rows){.plan = &job->plan,
                                        .journal = job->journal,
                                        .target = &job->target,
                                        .run_tag = job->id.id,
                                        .source = job->opts->source,
                                        .open_snapshot = invocation->commands.open_snapshot,
                                        .login = job->opts->login,
                                        .statement_timeout_s = job->opts->statement_timeout_s,
                                        .found = mr_verify_report_found,
                                        .ctx = &job->report,
                                        .arena = &job->arena};
    return code;
}

static void job_close(struct job *job)
{
    mr_progress_free(job->rows.progress);
    mr_journal_close(job->journal);
    mr_verify_report_release(&job->report);
    mr_peers_close(&job->peers);
    mr_target_close(&job->target);
    mr_plan_close(&job->plan);
    mr_arena_release(&job->arena);
}

/* Incomplete outweighs findings. */
static int exit_of(const struct job *job)
{
    int counters = mr_reseed_report_exit(&job->counters);
    int rows = job->report.rows != NULL ? mr_verify_exit(&job->rows) : 0;
    return counters > rows ? counters : rows;
}

static enum mr_code verify(struct job *job, struct mr_err *err)
{
    enum mr_code code = mr_reseed_verify(&job->counters, err);
    if (code != MR_OK)
        return code;
    mr_verify_report_begin(&job->report);
    if (mr_manifest_writes_rows(&job->plan.manifest)) {
        code = mr_progress_new(job->opts->general.progress, &job->rows.progress, err);
        if (code == MR_OK) {
            mr_progress_begin(job->rows.progress, "proving");
            code = mr_verify_rows(&job->rows, err);
        }
        mr_progress_finish(job->rows.progress);
        job->report.rows = &job->rows;
    }
    return code == MR_OK ? mr_verify_report_end(&job->report, err) : code;
}

#define SETTLE_S 10

static enum mr_code look_at_touched(void *ctx, struct mr_rejoin_touched *touched,
                                    struct mr_err *err)
{
    struct job *job = ctx;
    const char *live = job->plan.manifest.uri[MR_SOURCE];
    struct mr_verify_touched task = {
        .plan = &job->plan,
        .uri = {live != NULL ? live : job->plan.manifest.source, job->operand},
        .run_tag = job->id.id,
        .login = job->opts->login,
        .statement_timeout_s = job->opts->statement_timeout_s,
        .settle_s = SETTLE_S,
        .arena = &job->arena};
    MR_TRY(mr_verify_touched(&task, err));
    *touched = (struct mr_rejoin_touched){.rows = task.rows,
                                          .differ = task.differ,
                                          .first = task.first,
                                          .unreadable = task.unreadable};
    return MR_OK;
}

/* Its rows are the live server's by now, whatever was planned of them: those that it had changed alone are
 * read on both, and a check compares all. */
static enum mr_code verify_rejoin(struct job *job, int *exit_code, struct mr_err *err)
{
    struct mr_rejoin_run run = {.opts = job->opts,
                                .plan = &job->plan,
                                .target = &job->target,
                                .run_tag = job->id.id,
                                .arena = &job->arena,
                                .touched = look_at_touched,
                                .touched_ctx = job};
    enum mr_code code = mr_rejoin_run_open(&run, err);
    if (code == MR_OK)
        code = mr_rejoin_run_verify(&run, exit_code, err);
    mr_rejoin_run_close(&run);
    return code;
}

/* Of a plan that nobody has carried out yet, or not to its end, or that was undone, rows are
 * missing, or "changed since". */
static void warn_unapplied(const struct mr_plan_dir *plan, const struct mr_journal *journal)
{
    if (!mr_journal_has_applied(journal))
        mr_log_warning("the journal of plan \"%s\" knows of no apply: unless apply.sql was "
                       "run by a client, what is missing was never written, and what was "
                       "changed since was never changed",
                       plan->path);
    else if (mr_journal_units_done(journal, MR_JOURNAL_UNDO) > 0)
        mr_log_warning("plan \"%s\" was undone, as its journal says: what was taken back is "
                       "missing, or changed since",
                       plan->path);
    else if (!mr_journal_has_left_out(journal) &&
             mr_journal_units_done(journal, MR_JOURNAL_APPLY) < plan->manifest.planned.units)
        mr_log_warning("apply has not come to its end: %" PRIu64 " of %" PRIu64 " units of plan "
                       "\"%s\" are done, as its journal says; what the others write is missing, or "
                       "changed since, until the same \"repair apply\" has gone on",
                       mr_journal_units_done(journal, MR_JOURNAL_APPLY),
                       plan->manifest.planned.units, plan->path);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct job job;
    enum mr_code code = job_open(&job, invocation, err);
    if (code == MR_OK && mr_manifest_rejoins(&job.plan.manifest))
        code = verify_rejoin(&job, exit_code, err);
    else if (code == MR_OK)
        code = verify(&job, err);
    if (code == MR_OK && !mr_manifest_rejoins(&job.plan.manifest))
        *exit_code = exit_of(&job);
    if (code == MR_OK && *exit_code == 0 && !job.opts->json &&
        mr_manifest_writes_rows(&job.plan.manifest))
        mr_plan_next_check(&job.plan.manifest);
    if (code == MR_OK && *exit_code == 1 && job.report.rows != NULL)
        warn_unapplied(&job.plan, job.journal);
    job_close(&job);
    if (code == MR_E_CANCELLED || code == MR_E_LOST)
        mr_err_hint(err, "Nothing was changed. Run it again.");
    return code;
}

const struct mr_command mr_repair_verify_command = {.name = "repair verify",
                                                    .doc = &doc,
                                                    .options = &mr_repair_verify_option_set,
                                                    .min_operands = 2,
                                                    .max_operands = 2,
                                                    .run = run};
