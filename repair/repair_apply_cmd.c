/* repair_apply_cmd.c: `myrecon repair apply`, `repair undo` and `repair rehearse`; see
 * repair_cmd.h. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/cli/confirm.h"
#include "repair/apply/apply_checks.h"
#include "repair/apply/apply_plan.h"
#include "repair/apply/native.h"
#include "repair/plan/approval.h"
#include "repair/apply/rehearse.h"
#include "repair/apply/rejoin_apply.h"
#include "repair/apply/rejoin_report.h"
#include "repair/apply/repair_options.h"
#include "repair/apply/reseed_report.h"
#include "repair/plan/plan_dir.h"
#include "repair/plan/plan_next.h"
#include "repair/repair_cmd.h"
#include "repair/script/script_shape.h"
#include "repair/verify/verify_rows.h"

#define PEER_TIMEOUT_S 60

static const struct mr_command_doc apply_doc = {
    .summary = "carry out a plan",
    .operands = "DIR TARGET",
    .description =
        "Raises the counters that the plan in DIR names, on the server that it was made "
        "for, and reads them back; then carries out apply.sql, unit by unit, in the very "
        "text of the file. A plan whose files were changed, another server, a read-only "
        "one, changed columns, ids that somebody else has taken, or a missing right are "
        "refused before anything is done; so is a statement that plan does not write, or "
        "a "
        "table that plan.json does not name. No counter is ever lowered.\n"
        "\n"
        "A unit is one transaction. Rows that its guards do not let pass are left out "
        "with "
        "all that belongs to them, and listed with the reason; the others are written. "
        "After a deadlock, a lock wait or a lost connection the unit is tried again. "
        "--dry-run compares all units, and rolls each back before it would write.\n"
        "\n"
        "A table that is in use makes ALTER TABLE wait, and everybody else behind it; so "
        "each try is short, those who hold the table are named, and between tries there "
        "is a pause. Where the table stays in use, a row with an explicit id is inserted "
        "and deleted in one transaction instead, which raises the counter here and on "
        "the replicas.\n"
        "\n"
        "What is about to be done stands in DIR/journal.jsonl. After an interruption or "
        "a kill run the same command again: nothing is done twice. A unit is done when "
        "the target shows it, whatever the journal says: one that was taken back by "
        "undo.sql, or lost with a restored copy, is carried out again; where only some "
        "of its rows are gone, somebody has deleted them, and they are written again "
        "only with --recheck.\n"
        "\n"
        "Of a rejoin the target's logs are archived first, and it stops (1) before what "
        "cannot be undone, unless --point-of-no-return is given.\n"
        "\n"
        "Exit status: 0 all is done; 1 rows were refused, somebody is there twice, "
        "a counter is too low, or conflicts are open; 3 could not run; 4 the server was "
        "lost, a replica has not caught up, or whether somebody is there twice is not "
        "known; 5 refused, nothing was changed; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon repair apply club.plan mysql://dba@live\n"
                "  myrecon repair apply --dry-run club.plan mysql://dba@live\n"
                "  myrecon repair apply --yes --peer mysql://dba@replica \\\n"
                "      club.plan mysql://dba@live\n"
                "  myrecon repair apply --yes --case club.case \\\n"
                "      --require-approval lead.pem club.plan mysql://dba@live\n",
};

static const struct mr_command_doc undo_doc = {
    .summary = "take a plan back",
    .operands = "DIR TARGET",
    .description = "Takes back what the plan in DIR has changed, by undo.sql, unit by unit. A row "
                   "that was changed since, or that something new refers to, is kept with all that "
                   "it belongs to, and listed. Raised counters stay raised: lowered again, they "
                   "would hand out ids a second time. So nothing is done for a plan of "
                   "--reseed-only, and the output says so.\n"
                   "\n"
                   "Triggers of TARGET that would fire for the rows that it deletes, updates or "
                   "brings back are named, and it is refused: nobody takes back what they do. They "
                   "may fire with --allow-triggers fire, of undo or of the plan.\n"
                   "\n"
                   "Later plans of the case that were applied are undone first; with --case they "
                   "are looked up, and named.\n"
                   "\n"
                   "Exit status: 0 done; 1 rows were kept; 3 could not run; 4 the server was lost; "
                   "5 refused, nothing was changed; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon repair undo --yes club.plan mysql://dba@live\n"
                "  myrecon repair undo --dry-run --case club.case club.plan \\\n"
                "      mysql://dba@live\n",
};

static const struct mr_command_doc rehearse_doc = {
    .summary = "carry out a plan, and roll all of it back",
    .operands = "DIR TARGET",
    .description =
        "Does what apply would do with the rows of the plan in DIR, under the same "
        "guards, "
        "in transactions that are rolled back, so that triggers, constraints and rights "
        "speak before the night. Each unit is written alone; one of which "
        "something is refused once more behind all units before it, whose rows it may "
        "lack, in one transaction, which holds their rows and the rows that they lean on "
        "until its end. A row that the server refuses is searched for as apply would.\n"
        "\n"
        "No row stays, and DIR/journal.jsonl is left alone. Ids that triggers' inserts "
        "take are gone, as after any rollback, and are listed. It cannot show what ALTER "
        "TABLE does to the counters, nor the COMMIT, nor what replicas say. Units that "
        "write a table without transactions (MyISAM, Aria, MEMORY) are not sent; such "
        "tables are named with their rows. It is refused where the plan's counters are "
        "not raised yet (by reseed.sql), and where a trigger may write to a table "
        "without transactions, which is named.\n"
        "\n"
        "It locks rows as apply does, so it needs --yes off a terminal.\n"
        "\n"
        "Exit status: 0 all would be done; 1 rows would be refused, or conflicts are "
        "open; "
        "3 could not run; 4 the server was lost; 5 refused; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon repair rehearse club.plan mysql://dba@live\n"
                "  myrecon repair rehearse --yes --json club.plan mysql://dba@live\n",
};

/* What they have in common. */
struct job {
    const struct mr_repair_options *opts;
    struct mr_run_id id;
    struct mr_plan_dir plan;
    struct mr_target target;
    struct mr_peers peers;
    struct mr_arena arena;
    struct mr_reseed_run run;
    bool rejoins;                 /* of policy rejoin */
    struct mr_repair_options own; /* of such a plan: those of the invocation, out of the log */
    struct mr_rejoin_run rejoin;
};

enum writes { WRITES_ROWS_ONLY = 1 /* undo */, WRITES_ALL };

/* What a rejoin takes back is in no log: the target's own history ends with it. */
static enum mr_code open_rejoin(struct job *job, bool undoes, struct mr_err *err)
{
    job->rejoins = mr_manifest_rejoins(&job->plan.manifest);
    job->own = *job->opts;
    job->own.no_binlog = true;
    job->rejoin = (struct mr_rejoin_run){.opts = job->opts,
                                         .plan = &job->plan,
                                         .target = &job->target,
                                         .undoes = undoes,
                                         .run_tag = job->id.id,
                                         .arena = &job->arena};
    return job->rejoins ? mr_rejoin_run_open(&job->rejoin, err) : MR_OK;
}

/* The plan is judged before any server is asked. job->run is set whatever has failed: closing looks
 * at it. */
static enum mr_code job_open(struct job *job, const struct mr_invocation *invocation,
                             enum writes writes, struct mr_err *err)
{
    *job = (struct job){
        .opts = invocation->settings.values, .id = mr_run_id_now(), .arena = MR_ARENA_INIT};
    struct mr_target_opts opts = {.run_tag = job->id.id,
                                  .login = job->opts->login,
                                  .statement_timeout_s = job->opts->statement_timeout_s,
                                  .writable = writes == WRITES_ALL,
                                  .allow_replica = job->opts->allow_replica};
    struct mr_script_calls calls = {0};
    mr_general_options_apply(&job->opts->general);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_global_init(err));
    MR_TRY_OUT(mr_plan_open(invocation->operands[0], &job->plan, err));
    if (job->opts->signer != NULL)
        MR_TRY_OUT(mr_approval_check(&job->plan, job->opts->signer, err));
    if (job->opts->require_approval != NULL)
        MR_TRY_OUT(mr_approval_check(&job->plan, job->opts->require_approval, err));
    MR_TRY_OUT(mr_script_shape_conditions(&job->plan.manifest, job->plan.path, &calls, err));
    MR_TRY_OUT(mr_apply_check_age(&job->plan.manifest, job->opts->max_age_s, err));
    if (writes == WRITES_ROWS_ONLY)
        opts.writable = mr_manifest_writes_rows(&job->plan.manifest);
    MR_TRY_OUT(
        mr_target_open(invocation->operands[1], &job->plan.manifest, &opts, &job->target, err));
    MR_TRY_OUT(mr_native_check(job->target.db, &calls, job->plan.path, err));
    MR_TRY_OUT(open_rejoin(job, writes == WRITES_ROWS_ONLY, err));
    MR_TRY_OUT(
        mr_peers_open(&job->opts->peers, &job->target, &opts, &job->arena, &job->peers, err));
out:
    /* replicas get raised counters, but not of a replica, whose source lacks them */
    job->run = (struct mr_reseed_run){.manifest = &job->plan.manifest,
                                      .target = &job->target,
                                      .peers = &job->peers,
                                      .unlogged = job->opts->no_binlog && job->opts->allow_replica,
                                      .lock_timeout_s = job->opts->lock_timeout_s,
                                      .retries = job->opts->retries,
                                      .peer_timeout_s = PEER_TIMEOUT_S,
                                      .arena = &job->arena};
    return code;
}

static void job_close(struct job *job)
{
    mr_journal_close(job->run.journal);
    mr_rejoin_run_close(&job->rejoin);
    mr_peers_close(&job->peers);
    mr_target_close(&job->target);
    mr_plan_close(&job->plan);
    mr_arena_release(&job->arena);
}

static enum mr_code print_result(const struct job *job, int *exit_code, struct mr_err *err)
{
    *exit_code = mr_reseed_report_exit(&job->run);
    return job->opts->json ? mr_reseed_report_json(&job->run, stdout, err)
                           : mr_reseed_report_text(&job->run, mr_general_look(&job->opts->general),
                                                   stdout, err);
}

/* ---- apply ---- */

/* "7 rows in 1 unit" */
static void add_rows(struct mr_strbuf *text, const struct job *job,
                     const struct mr_apply_plan *rows)
{
    uint64_t n = job->plan.manifest.planned.rows;
    mr_strbuf_add_grouped(text, n);
    mr_strbuf_add_str(text, n == 1 ? " row in " : " rows in ");
    mr_strbuf_add_grouped(text, rows->units.count);
    mr_strbuf_add_str(text, rows->units.count == 1 ? " unit" : " units");
}

/* The server is named by what it says of itself, and not by the URI alone: who has mistaken the
 * host sees it here, for the last time. */
static void add_question(struct mr_strbuf *text, const struct job *job,
                         const struct mr_apply_plan *rows)
{
    const struct mr_server *server = mr_db_server(job->target.db);
    size_t count = mr_reseed_count(&job->run, MR_RAISE_WOULD);
    if (count > 0 || rows == NULL)
        mr_strbuf_add_fmt(text, "raise %zu counter%s%s", count, count == 1 ? "" : "s",
                          rows != NULL ? " and " : "");
    if (rows != NULL) {
        mr_strbuf_add_str(text, "write up to ");
        add_rows(text, job, rows);
    }
    mr_strbuf_add_fmt(text, " on \"%s\" (host %s, server_id %u)?", mr_db_label(job->target.db),
                      server->hostname, (unsigned)server->server_id);
}

static enum mr_code confirm(const struct job *job, const struct mr_apply_plan *rows,
                            struct mr_err *err)
{
    struct mr_strbuf question = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    if (!job->opts->yes) /* who is asked sees what for */
        code = mr_reseed_report_text(&job->run, (struct mr_look){0}, stderr, err);
    add_question(&question, job, rows);
    if (code == MR_OK)
        code = mr_strbuf_check(&question, "asking", err);
    if (code == MR_OK)
        code = mr_confirm(question.ptr, job->opts->yes, err);
    mr_strbuf_release(&question);
    return code;
}

/* What is raised stays so and is not in the message of what went wrong. */
static void say_progress(const struct job *job)
{
    size_t done = mr_reseed_count(&job->run, MR_RAISE_DONE);
    if (done > 0)
        mr_log_info("%zu of %zu counters were raised before that", done,
                    job->plan.manifest.ncounters);
}

/* Who changes nothing judges by it, too.  rows: that are to be done, or NULL. */
static enum mr_code open_journal(struct job *job, struct mr_apply_plan *rows, struct mr_err *err)
{
    const bool reads = job->opts->dry_run || (rows != NULL && rows->rehearse);
    enum mr_code code = reads ? mr_journal_read(job->plan.path, &job->run.journal, err)
                              : mr_journal_open(job->plan.path, job->id.id, &job->run.journal, err);
    if (rows != NULL)
        rows->journal = job->run.journal;
    return code;
}

/* The counters.  rows NULL: the plan has no rows; else they were prepared. */
static enum mr_code raise_counters(struct job *job, struct mr_apply_plan *rows, struct mr_err *err)
{
    enum mr_code code = open_journal(job, rows, err);
    if (code == MR_OK)
        code = mr_reseed_survey(&job->run, err);
    if (code != MR_OK || job->opts->dry_run)
        return code;
    code = confirm(job, rows, err);
    if (code != MR_OK)
        return code;
    code = mr_reseed_apply(&job->run, err);
    if (code != MR_OK)
        say_progress(job);
    return code;
}

static enum mr_code apply_counters(struct job *job, int *exit_code, struct mr_err *err)
{
    MR_TRY(mr_target_check_rights(&job->target, &job->plan.manifest, err));
    MR_TRY(raise_counters(job, NULL, err));
    return print_result(job, exit_code, err);
}

static struct mr_apply_plan rows_of(struct job *job, enum mr_journal_script which)
{
    return (struct mr_apply_plan){.opts = job->rejoins ? &job->own : job->opts,
                                  .plan = &job->plan,
                                  .target = &job->target,
                                  .reseed = which == MR_JOURNAL_APPLY ? &job->run : NULL,
                                  .which = which,
                                  .run_tag = job->id.id};
}

/* ---- when all is committed ---- */

/* Is it a table that plan has named, since no unique index keeps its identity? */
static bool is_loose(const struct mr_planned *planned, const char *table)
{
    for (size_t i = 0; i < planned->nnotes; i++)
        if (strcmp(planned->notes[i].kind, MR_NOTE_LOOSE) == 0 &&
            (table == NULL || strcmp(planned->notes[i].table, table) == 0))
            return true;
    return false;
}

static enum mr_code take_found(void *ctx, const struct mr_proof_finding *finding,
                               struct mr_err *err)
{
    struct mr_strbuf key = MR_STRBUF_INIT;
    struct mr_apply_report *report = ctx;
    report->altered += finding->proof != MR_PROOF_TWICE;
    if (finding->proof != MR_PROOF_TWICE ||
        (finding->decision != MR_DECIDE_INSERT && finding->decision != MR_DECIDE_RENUMBER))
        return MR_OK;
    mr_proof_key_text(&key, finding->image, finding->key);
    enum mr_code code = mr_strbuf_check(&key, "naming rows", err);
    if (code == MR_OK)
        code =
            mr_apply_report_doubled(report, finding->table->table, key.ptr, finding->detail, err);
    mr_strbuf_release(&key);
    return code;
}

/* What came to be while nothing held it: an uncommitted sign-up that no index shows.  Where
 * triggers fire, what they made of the rows, too. */
static enum mr_code look_again(void *ctx, struct mr_apply_report *report, struct mr_err *err)
{
    struct job *job = ctx;
    const struct mr_planned *planned = &job->plan.manifest.planned;
    struct mr_verify_rows rows = {.plan = &job->plan,
                                  .target = &job->target,
                                  .run_tag = job->id.id,
                                  .statement_timeout_s = job->opts->statement_timeout_s,
                                  .journal = job->run.journal,
                                  .only_twice = !mr_planned_fires(planned),
                                  .found = take_found,
                                  .ctx = report,
                                  .arena = &job->arena};
    struct mr_err why = {0};
    if (rows.only_twice && !is_loose(planned, NULL))
        return MR_OK;
    enum mr_code code = mr_verify_rows(&rows, &why);
    if (code == MR_E_CANCELLED) {
        *err = why;
        return code;
    }
    if (code != MR_OK)
        mr_log_warning("whether %s is not known (%s): run \"repair verify\"",
                       rows.only_twice ? "anybody is there twice" : "the rows stand as planned",
                       why.message);
    report->unlooked = code != MR_OK;
    for (size_t i = 0; code == MR_OK && i < planned->ntables; i++) {
        const char *reason = rows.tables[i].unreadable;
        if (reason == NULL || (rows.only_twice && !is_loose(planned, planned->tables[i].table)))
            continue;
        mr_log_warning("whether %s table \"%s\" is not known: %s",
                       rows.only_twice ? "anybody is twice in" : "the rows stand as planned in",
                       planned->tables[i].table, reason);
        report->unlooked = true;
    }
    return MR_OK;
}

/* Rows wait for the counters: with a counter that is too low, the live application could
 * take the ids that they get. */
static enum mr_code apply_rows(struct job *job, int *exit_code, struct mr_err *err)
{
    struct mr_apply_plan rows = rows_of(job, MR_JOURNAL_APPLY);
    rows.look = look_again;
    rows.look_ctx = job;
    enum mr_code code = mr_apply_plan_prepare(&rows, err);
    if (code == MR_OK)
        code = raise_counters(job, &rows, err);
    if (code == MR_OK)
        code = mr_apply_plan_run(&rows, mr_reseed_count(&job->run, MR_RAISE_FAILED) == 0, exit_code,
                                 err);
    return mr_apply_plan_release(&rows, code, err);
}

static enum mr_code confirm_rejoin(const struct job *job, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(job->target.db);
    struct mr_strbuf question = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&question, "make \"%s\" (host %s, server_id %u) a replica of %s:%u?",
                      mr_db_label(job->target.db), server->hostname, (unsigned)server->server_id,
                      job->rejoin.file.host, job->rejoin.file.port);
    enum mr_code code = mr_strbuf_check(&question, "asking", err);
    if (code == MR_OK)
        code = mr_confirm(question.ptr, job->opts->yes, err);
    mr_strbuf_release(&question);
    return code;
}

/* Behind the rows, or where there are none. */
static enum mr_code go_on_rejoining(struct job *job, int *exit_code, struct mr_err *err)
{
    struct mr_rejoin_run *r = &job->rejoin;
    MR_TRY(open_journal(job, NULL, err));
    r->journal = job->run.journal;
    MR_TRY(mr_rejoin_run_check_reset(r, err));
    *exit_code = 0;
    if (job->opts->dry_run) {
        mr_log_info("%s", mr_rejoin_run_is_before(r)
                              ? "the target has nothing of its own: apply would take nothing back, "
                                "and reset nothing; with --point-of-no-return it would make it a "
                                "replica of the source"
                              : "the target is past the point of no return: apply would go on "
                                "there");
        return MR_OK;
    }
    if (mr_rejoin_run_has_steps(r))
        MR_TRY(confirm_rejoin(job, err));
    if (job->opts->json)
        MR_TRY(mr_rejoin_report_plan(stdout, &job->plan.manifest, err));
    return mr_rejoin_run_finish(r, exit_code, err);
}

/* Rows that were refused would stay, and the replica would differ: nothing is reset then. */
static enum mr_code apply_rejoin(struct job *job, int *exit_code, struct mr_err *err)
{
    struct mr_rejoin_run *r = &job->rejoin;
    MR_TRY(mr_rejoin_run_check(r, err));
    if (r->stage != MR_REJOIN_STAGE_ROWS)
        return go_on_rejoining(job, exit_code, err);
    if (!job->opts->dry_run)
        MR_TRY(mr_rejoin_run_archive(r, err));
    MR_TRY(apply_rows(job, exit_code, err));
    if (*exit_code != 0 || job->opts->dry_run)
        return MR_OK;
    r->journal = job->run.journal;
    return mr_rejoin_run_finish(r, exit_code, err);
}

static enum mr_code hint_again(enum mr_code code, const char *hint, struct mr_err *err)
{
    /* where a question was interrupted that hint is more exact */
    if (code == MR_E_LOST || (code == MR_E_CANCELLED && err->hint[0] == '\0'))
        mr_err_hint(err, "%s", hint);
    return code;
}

static enum mr_code run_apply(const struct mr_invocation *invocation, int *exit_code,
                              struct mr_err *err)
{
    struct job job;
    enum mr_code code = job_open(&job, invocation, WRITES_ALL, err);
    if (code == MR_OK && job.rejoins)
        code = apply_rejoin(&job, exit_code, err);
    else if (code == MR_OK)
        code = mr_manifest_writes_rows(&job.plan.manifest) ? apply_rows(&job, exit_code, err)
                                                           : apply_counters(&job, exit_code, err);
    /* what stops before the point of no return is no replica yet: it has said how to go on */
    if (code == MR_OK && !job.opts->dry_run && !job.opts->json &&
        (!job.rejoins || job.rejoin.stage >= MR_REJOIN_STAGE_POINTED))
        mr_plan_next_verify(&job.plan.manifest, invocation->operands[0]);
    job_close(&job);
    return hint_again(code, "Run it again: what is done stays done, the rest is taken up.", err);
}

/* ---- rehearse ---- */

/* what: "take back" */
static enum mr_code confirm_rows(const struct job *job, const struct mr_apply_plan *rows,
                                 const char *what, struct mr_err *err)
{
    const struct mr_server *server = mr_db_server(job->target.db);
    struct mr_strbuf question = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&question, "%s up to ", what);
    add_rows(&question, job, rows);
    mr_strbuf_add_fmt(&question, " on \"%s\" (host %s, server_id %u)?", mr_db_label(job->target.db),
                      server->hostname, (unsigned)server->server_id);
    enum mr_code code = mr_strbuf_check(&question, "asking", err);
    if (code == MR_OK)
        code = mr_confirm(question.ptr, job->opts->yes, err);
    mr_strbuf_release(&question);
    return code;
}

/* What a rollback does not take back is looked for before (tables without transactions) and after
 * (counters), since a rehearsal promises that nothing stays. */
static enum mr_code rehearse_rows(struct job *job, int *exit_code, struct mr_err *err)
{
    struct mr_apply_plan rows = rows_of(job, MR_JOURNAL_APPLY);
    struct mr_vec before = MR_VEC_INIT(struct mr_rehearse_counter);
    struct mr_vec after = MR_VEC_INIT(struct mr_rehearse_counter);
    struct mr_vec nontransactional = MR_VEC_INIT(struct mr_rehearse_nontransactional);
    rows.rehearse = true;
    rows.nontransactional = &nontransactional;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_apply_plan_prepare(&rows, err));
    MR_TRY_OUT(open_journal(job, &rows, err));
    MR_TRY_OUT(mr_reseed_survey(&job->run, err));
    MR_TRY_OUT(mr_rehearse_check(&job->run, &nontransactional, err));
    MR_TRY_OUT(confirm_rows(job, &rows, "write and roll back", err));
    MR_TRY_OUT(mr_rehearse_counters(&job->run, &before, err));
    MR_TRY_OUT(mr_apply_plan_run(&rows, true, exit_code, err));
    MR_TRY_OUT(mr_rehearse_counters(&job->run, &after, err));
    MR_TRY_OUT(mr_rehearse_moved(&before, &after, job->opts->json, stdout, err));
out:
    mr_vec_release(&before);
    mr_vec_release(&after);
    mr_vec_release(&nontransactional);
    return mr_apply_plan_release(&rows, code, err);
}

static enum mr_code run_rehearse(const struct mr_invocation *invocation, int *exit_code,
                                 struct mr_err *err)
{
    struct job job;
    enum mr_code code = job_open(&job, invocation, WRITES_ALL, err);
    if (code == MR_OK && !mr_manifest_writes_rows(&job.plan.manifest)) {
        code =
            mr_err_set(err, MR_E_REFUSED, "the plan writes no rows: there is nothing to rehearse");
        mr_err_hint(err, "repair apply --dry-run says which counters would be raised.");
    }
    if (code == MR_OK)
        code = rehearse_rows(&job, exit_code, err);
    job_close(&job);
    return hint_again(code, "Nothing of it has stayed: run it again.", err);
}

/* ---- undo ---- */

/* A counter is never lowered: ids above it may be known elsewhere by now. So there is nothing to
 * do, which is not an error. */
static enum mr_code undo_counters(struct job *job, int *exit_code, struct mr_err *err)
{
    const struct mr_apply_counts none = {0};
    struct mr_apply_report report = {.manifest = &job->plan.manifest,
                                     .undo = true,
                                     .dry_run = job->opts->dry_run,
                                     .json = true,
                                     .out = stdout};
    enum mr_code code = mr_confirm("undo the plan?", job->opts->yes || job->opts->dry_run, err);
    *exit_code = 0;
    if (code == MR_OK && !job->opts->json)
        (void)printf("nothing to undo: the plan only raises counters, and AUTO_INCREMENT "
                     "stays raised\n");
    if (code != MR_OK || !job->opts->json)
        return code;
    code = mr_apply_report_begin(&report, err);
    if (code == MR_OK)
        code = mr_apply_report_end(&report, &none, err);
    mr_apply_report_release(&report);
    return code;
}

/* What stands as planned may have been written by somebody else. */
static void say_whose(const struct job *job, const struct mr_apply_plan *rows)
{
    const uint64_t found = mr_journal_rows_found(rows->journal);
    const uint64_t unclear = mr_journal_rows_unclear(rows->journal);
    const uint64_t cut = mr_journal_units_open(rows->journal);
    const uint64_t units = job->plan.manifest.planned.units;
    const uint64_t unwritten = mr_journal_units_unwritten(rows->journal, units);
    const bool is_told = rows->units.count == units || mr_script_read_has_origins(rows->script);
    if (found > 0)
        mr_log_warning("%" PRIu64 " row%s stood already as planned when apply came, by "
                       "somebody else or by apply.sql: undo passes over %s, undo.sql by a "
                       "client takes %s back",
                       found, found == 1 ? "" : "s", found == 1 ? "it" : "them",
                       found == 1 ? "it" : "them");
    if (unclear > 0)
        mr_log_warning("of %" PRIu64 " row%s that stood as planned the journal does not "
                       "say which, or whether apply had written %s before: what stands "
                       "so is taken back, too",
                       unclear, unclear == 1 ? "" : "s", unclear == 1 ? "it" : "them");
    if (cut > 0)
        mr_log_warning("apply was cut short in %" PRIu64
                       " unit%s: what it had written there is not told from what stood "
                       "so before, and all that stands as planned is taken back",
                       cut, cut == 1 ? "" : "s");
    if (unwritten > 0)
        mr_log_warning("apply has not carried out %" PRIu64 " unit%s: what stands there as planned "
                       "was written by somebody else or by apply.sql: %s",
                       unwritten, unwritten == 1 ? "" : "s",
                       is_told ? "undo passes over it, undo.sql by a client takes it back"
                               : "this undo.sql, by an earlier version, does not tell it from the "
                                 "rest, and it is taken back, too");
    if (!mr_journal_has_applied(rows->journal))
        mr_log_warning("the journal of plan \"%s\" knows of no apply: what stands as it "
                       "was planned is taken back, whoever wrote it",
                       job->plan.path);
}

static enum mr_code undo_rows(struct job *job, int *exit_code, struct mr_err *err)
{
    struct mr_apply_plan rows = rows_of(job, MR_JOURNAL_UNDO);
    enum mr_code code = mr_apply_plan_prepare(&rows, err);
    if (code == MR_OK)
        code = open_journal(job, &rows, err);
    if (code == MR_OK)
        say_whose(job, &rows);
    if (code == MR_OK && !job->opts->dry_run)
        code = confirm_rows(job, &rows, "take back", err);
    if (code == MR_OK)
        code = mr_apply_plan_run(&rows, true, exit_code, err);
    return mr_apply_plan_release(&rows, code, err);
}

static enum mr_code run_undo(const struct mr_invocation *invocation, int *exit_code,
                             struct mr_err *err)
{
    struct job job;
    enum mr_code code = job_open(&job, invocation, WRITES_ROWS_ONLY, err);
    if (code == MR_OK && job.rejoins)
        code = mr_rejoin_run_check_undo(&job.rejoin, err);
    if (code == MR_OK)
        code = mr_manifest_writes_rows(&job.plan.manifest) ? undo_rows(&job, exit_code, err)
                                                           : undo_counters(&job, exit_code, err);
    job_close(&job);
    return hint_again(code, "Run it again: what is taken back stays so, the rest is taken up.",
                      err);
}

static const char unheard[] =
    "What was done stands in the plan's journal.jsonl; with --dry-run, nothing was. "
    "See where standard output leads, and run it again to be told.";

static const char unheard_rehearsal[] =
    "No row has stayed. See where standard output leads, and run it again to be told.";

const struct mr_command mr_repair_apply_command = {.name = "repair apply",
                                                   .doc = &apply_doc,
                                                   .options = &mr_apply_option_set,
                                                   .min_operands = 2,
                                                   .max_operands = 2,
                                                   .unheard = unheard,
                                                   .run = run_apply};

const struct mr_command mr_repair_rehearse_command = {.name = "repair rehearse",
                                                      .doc = &rehearse_doc,
                                                      .options = &mr_rehearse_option_set,
                                                      .min_operands = 2,
                                                      .max_operands = 2,
                                                      .unheard = unheard_rehearsal,
                                                      .run = run_rehearse};

const struct mr_command mr_repair_undo_command = {.name = "repair undo",
                                                  .doc = &undo_doc,
                                                  .options = &mr_undo_option_set,
                                                  .min_operands = 2,
                                                  .max_operands = 2,
                                                  .unheard = unheard,
                                                  .run = run_undo};
