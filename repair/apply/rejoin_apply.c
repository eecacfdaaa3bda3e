/* rejoin_apply.c: see rejoin_apply.h. */
#include "repair/apply/rejoin_apply.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/db/replication.h"
#include "core/logs/history_archive.h"
#include "core/source/went_back.h"
#include "repair/apply/rejoin_report.h"
#include "repair/rejoin/rejoin_read.h"

#define SAY_EVERY_S 10

/* ---- where it stands ---- */

static enum mr_code look(struct mr_rejoin_run *run, struct mr_err *err)
{
    struct mr_rejoin_now now;
    MR_TRY(mr_rejoin_now_read(run->target->db, &run->file, run->arena, &now, err));
    run->fault = now.fault;
    run->is_denied = now.is_denied;
    MR_TRY(mr_rejoin_keeps_history(&run->file, &now, &run->keeps_history, err));
    return mr_rejoin_stage(&run->file, &now, &run->stage, err);
}

/* begun: this run has changed something, or one before it. */
static enum mr_code refuse_strange(const struct mr_rejoin_run *run, bool begun, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the target is not as it was planned: it has executed something since, or was "
                     "made a replica by somebody else");
    if (run->keeps_history)
        mr_err_hint(err, "%s %s", begun ? "Nothing was reset." : "Nothing was changed.",
                    mr_rejoin_resets(&run->file)
                        ? "Rows that were taken back repair undo brings back. Plan again then."
                        : "Plan again.");
    else
        mr_err_hint(err, "%s See what it says of its GTIDs and of replication, and %s.",
                    begun ? "No further step was taken." : "Nothing was changed.",
                    begun ? "go on with what is left of rejoin.sql" : "plan again");
    return MR_E_REFUSED;
}

enum mr_code mr_rejoin_run_open(struct mr_rejoin_run *run, struct mr_err *err)
{
    const char *path = mr_plan_path(run->arena, run->plan->path, MR_REJOIN_FILE);
    if (path == NULL)
        return mr_err_nomem(err, "rejoining");
    MR_TRY(mr_rejoin_plan_read(path, run->arena, &run->file, err));
    MR_TRY(look(run, err));
    if (run->stage != MR_REJOIN_STAGE_STRANGE || (run->undoes && run->keeps_history))
        return MR_OK;
    return refuse_strange(run, false, err);
}

bool mr_rejoin_run_is_before(const struct mr_rejoin_run *run)
{
    return run->stage == MR_REJOIN_STAGE_ROWS ||
           (run->stage == MR_REJOIN_STAGE_PLACED && !mr_rejoin_resets(&run->file));
}

void mr_rejoin_run_close(struct mr_rejoin_run *run)
{
    mr_db_close(run->live);
    mr_endpoint_release(&run->live_ep);
}

enum mr_code mr_rejoin_run_check_undo(const struct mr_rejoin_run *run, struct mr_err *err)
{
    if (run->stage == MR_REJOIN_STAGE_STRANGE)
        mr_log_warning("the target has executed something since it was planned: rows that this "
                       "changed are kept, and listed");
    if (mr_rejoin_run_is_before(run) || run->stage == MR_REJOIN_STAGE_STRANGE)
        return MR_OK;
    if (!mr_rejoin_resets(&run->file)) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "the target was made a replica of the source, and nothing was taken back "
                         "or reset: there is nothing to undo");
        mr_err_hint(err,
                    "Nothing was changed. STOP REPLICA (STOP SLAVE) on the target parts them.");
        return MR_E_REFUSED;
    }
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the target is past the point of no return: its own history "
                     "was reset");
    mr_err_hint(err,
                "Nothing was changed. Its logs are in the archive; apply goes on, or finds that "
                "it is done.");
    return MR_E_REFUSED;
}

/* ---- before anything is done ---- */

/* A copy of it, or the server put back to what it was before, has its server_uuid, or its server_id, and not what the
 * target keeps.  What a MariaDB was set up with stands in its position alone. */
static enum mr_code require_shared(struct mr_rejoin_run *run, struct mr_err *err)
{
    const bool is_mariadb = run->file.is_mariadb;
    struct mr_strbuf executed = MR_STRBUF_INIT;
    bool back = false;
    enum mr_code code = mr_db_query_text(
        run->live,
        is_mariadb ? "SELECT CONCAT(@@GLOBAL.gtid_binlog_state, ',', @@GLOBAL.gtid_slave_pos)"
                   : "SELECT @@GLOBAL.gtid_executed",
        &executed, err);
    if (code == MR_OK)
        code = mr_went_back(is_mariadb, run->file.position, executed.ptr, &back, err);
    mr_strbuf_release(&executed);
    if (code != MR_OK || !back)
        return code;
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "\"%s\" has not executed what both servers had when it was planned: it was put "
        "back to what it was before, or is a copy of the live server",
        mr_db_label(run->live));
    mr_err_hint(err, "Nothing was changed. Plan again for the one that is live now.");
    return MR_E_REFUSED;
}

static enum mr_code open_live(struct mr_rejoin_run *run, struct mr_err *err)
{
    const struct mr_db_opts opts = {.run_tag = run->run_tag,
                                    .statement_timeout_s = run->opts->statement_timeout_s};
    const char *uri = run->plan->manifest.uri[MR_SOURCE];
    if (run->live != NULL)
        return MR_OK;
    MR_TRY(mr_endpoint_parse(&run->live_ep, uri != NULL ? uri : run->plan->manifest.source, err));
    MR_TRY(mr_login_complete(&run->live_ep, "SOURCE", "source", &run->opts->login, err));
    MR_TRY(mr_db_open(&run->live_ep, &opts, &run->live, err));
    const struct mr_server *server = mr_db_server(run->live);
    if (server->server_id == run->file.live_id && strcmp(server->uuid, run->file.live_uuid) == 0)
        return require_shared(run, err);
    (void)mr_err_set(err, MR_E_REFUSED, "\"%s\" is not the live server that was planned for",
                     mr_db_label(run->live));
    mr_err_hint(err, "Nothing was changed. Plan again for the one that is live now.");
    return MR_E_REFUSED;
}

static const char *password(void)
{
    return getenv("MYRECON_REPLICATION_PASSWORD"); // NOLINT(concurrency-mt-unsafe)
}

static enum mr_code check_password(const struct mr_rejoin_run *run, struct mr_err *err)
{
    if (!run->opts->no_return || run->stage >= MR_REJOIN_STAGE_POINTED || password() != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "MYRECON_REPLICATION_PASSWORD is not set");
    mr_err_hint(err,
                "Nothing was changed. It is the password of account \"%s\" on the source, and is "
                "written to no file of ours.",
                run->file.user);
    return MR_E_USAGE;
}

/* What can be known of the account before the reset. */
static enum mr_code try_account(const struct mr_rejoin_run *run, struct mr_err *err)
{
    const struct mr_db_opts opts = {.run_tag = run->run_tag,
                                    .statement_timeout_s = run->opts->statement_timeout_s};
    if (!run->opts->no_return || run->stage >= MR_REJOIN_STAGE_POINTED)
        return MR_OK;
    return mr_rejoin_try_account(&run->live_ep, &opts, run->file.user, password(), err);
}

/* Of which nothing is in the way. */
static struct mr_rejoin_facts nothing_in_the_way(void)
{
    return (struct mr_rejoin_facts){.is_same_family = true,
                                    .old_has_gtids = true,
                                    .live_has_gtids = true,
                                    .live_logs = true,
                                    .live_logs_applied = true,
                                    .is_read_only = true,
                                    .live_has_all = true};
}

/* What the target is like yet. */
static const char *so_far(const struct mr_rejoin_run *run)
{
    return mr_rejoin_resets(&run->file) ? "Nothing was reset, and repair undo is possible yet."
                                        : "Nothing was changed.";
}

/* Is anything in the way still, or again?  Rows were changed, perhaps by this very run. */
static enum mr_code refuse_now(const struct mr_rejoin_run *run, const struct mr_rejoin_facts *facts,
                               const char *way_out, struct mr_err *err)
{
    const enum mr_code code = mr_rejoin_refuse(mr_rejoin_decide(facts), facts, err);
    if (code == MR_E_REFUSED)
        mr_err_hint(err, "%s %s", so_far(run), way_out);
    return code;
}

/* Between plan and apply, and while rows are taken back, LIVE goes on to remove logs. */
static enum mr_code check_removed(struct mr_rejoin_run *run, struct mr_err *err)
{
    struct mr_rejoin_facts facts = nothing_in_the_way();
    const struct mr_db_opts opts = {.run_tag = run->run_tag,
                                    .statement_timeout_s = run->opts->statement_timeout_s};
    struct mr_rejoin_servers servers = {
        .live = run->live, .live_ep = &run->live_ep, .opts = &opts, .arena = run->arena};
    MR_TRY(mr_rejoin_facts_read_removed(&servers, &run->file, &facts, err));
    return refuse_now(run, &facts, "Build the replica anew from a snapshot of the live server.",
                      err);
}

/* Sessions are looked for while the run has but one on the target. */
enum mr_code mr_rejoin_run_check(struct mr_rejoin_run *run, struct mr_err *err)
{
    struct mr_rejoin_facts facts = nothing_in_the_way();
    MR_TRY(check_password(run, err));
    MR_TRY(open_live(run, err));
    MR_TRY(try_account(run, err));
    if (run->stage == MR_REJOIN_STAGE_RUNS)
        return MR_OK;
    if (!mr_rejoin_run_is_before(run)) { /* a restart has lost what SET GLOBAL said */
        MR_TRY(mr_rejoin_facts_read_only(run->target->db, &facts, err));
        return mr_rejoin_refuse(mr_rejoin_decide(&facts), &facts, err);
    }
    MR_TRY(mr_rejoin_facts_read_quiet(run->target->db, run->arena, &facts, err));
    MR_TRY(mr_rejoin_refuse(mr_rejoin_decide(&facts), &facts, err));
    return check_removed(run, err);
}

/* Nothing shows then whether the target did something alone between the plan and that. */
static enum mr_code check_pointed(const struct mr_rejoin_run *run, struct mr_err *err)
{
    if (mr_rejoin_resets(&run->file) || run->stage < MR_REJOIN_STAGE_POINTED ||
        mr_journal_has_step(run->journal, mr_rejoin_step_name(MR_REJOIN_POINT)))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the target was made a replica of the source, and not by this plan: that it "
                     "had nothing of its own then is not known");
    mr_err_hint(err,
                "Nothing was changed. STOP REPLICA and RESET REPLICA ALL (STOP SLAVE, RESET SLAVE "
                "ALL) on the target part them: plan again then.");
    return MR_E_REFUSED;
}

/* A RESET by hand leaves the same, and so does a backup that was put back without its log's state.  What was begun before
 * the rows were put back by undo says nothing. */
enum mr_code mr_rejoin_run_check_reset(const struct mr_rejoin_run *run, struct mr_err *err)
{
    MR_TRY(check_pointed(run, err));
    if (mr_rejoin_run_is_before(run) || run->stage >= MR_REJOIN_STAGE_POINTED ||
        (mr_journal_has_step(run->journal, mr_rejoin_step_name(MR_REJOIN_RESET)) &&
         mr_journal_units_done(run->journal, MR_JOURNAL_UNDO) == 0))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "the target's history was reset, and not by this plan: that its rows are as "
                     "they were at the split is not known");
    mr_err_hint(err, "Nothing was changed. Where a client has carried out apply.sql and the first "
                     "statements of rejoin.sql, go on with the next one; else build the replica "
                     "anew from a snapshot of the live server.");
    return MR_E_REFUSED;
}

/* ---- the logs ---- */

static const char *archive_dir(const struct mr_rejoin_run *run)
{
    return run->opts->archive != NULL
               ? run->opts->archive
               : mr_plan_path(run->arena, run->plan->path, MR_REJOIN_ARCHIVE);
}

static enum mr_code fault_of(const struct mr_history_archive *a, const char *dir,
                             struct mr_err *err)
{
    for (size_t i = 0; i < a->told.count; i++) {
        const struct mr_archive_told *told = mr_vec_at(&a->told, i);
        if (told->why == NULL && told->state != MR_ARCHIVE_DAMAGED &&
            told->state != MR_ARCHIVE_MISSING)
            continue;
        (void)mr_err_set(err, MR_E_REFUSED, "the archive \"%s\" is not whole: log \"%s\": %s", dir,
                         told->log.name,
                         told->why != NULL ? told->why : mr_archive_state_word(told->state));
        mr_err_hint(err, "What the target did alone would be nowhere.");
        return MR_E_REFUSED;
    }
    return MR_OK;
}

static enum mr_code begin_progress(const struct mr_rejoin_run *run, const char *what,
                                   struct mr_progress **out, struct mr_err *err)
{
    MR_TRY(mr_progress_new(run->opts->general.progress, out, err));
    mr_progress_begin(*out, what);
    return MR_OK;
}

static enum mr_code prove_archive(struct mr_rejoin_run *run, const char *dir, struct mr_err *err)
{
    struct mr_history_archive a;
    mr_history_archive_init(&a);
    a.arena = run->arena;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(begin_progress(run, "proving", &a.progress, err));
    MR_TRY_OUT(mr_history_archive_verify(&a, dir, err));
    MR_TRY_OUT(fault_of(&a, dir, err));
    mr_log_info("archive \"%s\": %zu log%s what was written", dir, a.told.count,
                a.told.count == 1 ? " is" : "s are");
    if (run->opts->json && run->tells_archive)
        code = mr_rejoin_report_archive(stdout, dir, a.told.count, err);
out:
    mr_progress_free(a.progress);
    mr_history_archive_release(&a);
    return code;
}

/* Each of them is read back from the disk before anything of the target is touched. */
enum mr_code mr_rejoin_run_archive(struct mr_rejoin_run *run, struct mr_err *err)
{
    const struct mr_db_opts opts = {.run_tag = run->run_tag,
                                    .statement_timeout_s = run->opts->statement_timeout_s};
    const char *dir = archive_dir(run);
    struct mr_history_archive a;
    mr_history_archive_init(&a);
    enum mr_code code = MR_OK;
    a.arena = run->arena;
    a.ep = &run->target->ep;
    a.opts = &opts;
    a.shown = mr_db_label(run->target->db);
    MR_TRY_OUT(dir != NULL ? MR_OK : mr_err_nomem(err, "archiving binary logs"));
    MR_TRY_OUT(mr_db_open(a.ep, &opts, &a.db, err));
    MR_TRY_OUT(begin_progress(run, "archiving", &a.progress, err));
    MR_TRY_OUT(mr_history_archive(&a, dir, err));
    MR_TRY_OUT(fault_of(&a, dir, err));
out:
    mr_progress_free(a.progress);
    mr_db_close(a.db);
    mr_history_archive_release(&a);
    return code == MR_OK ? prove_archive(run, dir, err) : code;
}

/* ---- steps ---- */

static enum mr_code take_step(struct mr_rejoin_run *run, enum mr_rejoin_step step,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const char *name = mr_rejoin_step_name(step);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_journal_write_step(run->journal, MR_JOURNAL_TRY, name, err));
    mr_rejoin_statement(&run->file, step, password(), &sql);
    MR_TRY_OUT(mr_strbuf_check(&sql, "rejoining", err));
    MR_TRY_OUT(mr_db_exec(run->target->db, sql.ptr, sql.len, err));
    MR_TRY_OUT(mr_journal_write_step(run->journal, MR_JOURNAL_DONE, name, err));
    run->is_pointed = run->is_pointed || step == MR_REJOIN_POINT;
    if (run->opts->json)
        code = mr_rejoin_report_step(stdout, step, err);
out:
    if (code != MR_OK)
        mr_err_context(err, "step %s", name);
    mr_strbuf_release(&sql);
    return code;
}

/* From here to the reset nobody writes, whatever the account may: so what is seen then is what is reset.
 * Who has a table locked, or a transaction under way, is waited for as long as for any lock. */
static enum mr_code lock_all(const struct mr_rejoin_run *run, struct mr_err *err)
{
    static const char flush[] = "FLUSH TABLES WITH READ LOCK";
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_err why = {0};
    mr_strbuf_add_fmt(&sql, "SET SESSION lock_wait_timeout = %u",
                      run->opts->lock_timeout_s > 0 ? run->opts->lock_timeout_s : 1);
    enum mr_code code = mr_strbuf_check(&sql, "rejoining", err);
    if (code == MR_OK)
        code = mr_db_exec(run->target->db, sql.ptr, sql.len, err);
    mr_strbuf_release(&sql);
    MR_TRY(code);
    code = mr_db_exec(run->target->db, flush, strlen(flush), &why);
    if (code == MR_E_LOST || code == MR_E_CANCELLED)
        *err = why;
    if (code == MR_OK || code == MR_E_LOST || code == MR_E_CANCELLED)
        return code;
    (void)mr_err_set(err, MR_E_REFUSED, "the target cannot be held still for the reset: %.600s",
                     why.message);
    mr_err_hint(err,
                "%s End what holds its tables, or give it longer (--lock-timeout), then run it "
                "again.",
                so_far(run));
    return MR_E_REFUSED;
}

/* A connection that is lost has let go, too. */
static void unlock_all(const struct mr_rejoin_run *run)
{
    static const char sql[] = "UNLOCK TABLES";
    (void)mr_db_exec(run->target->db, sql, strlen(sql), NULL);
}

/* The last look, and the step that it is for, under the lock: whoever may write in spite of read_only could have come
 * since the first one, and what he wrote is not in the archive, nor on LIVE.  A target that is past its reset by now, by
 * another copy of the plan, has a history that is LIVE's: the next step is the one behind what it shows. */
static enum mr_code step_locked(struct mr_rejoin_run *run, struct mr_err *err)
{
    struct mr_rejoin_facts facts = nothing_in_the_way();
    MR_TRY(mr_rejoin_facts_read_quiet(run->target->db, run->arena, &facts, err));
    MR_TRY(refuse_now(run, &facts, "Put that right, then run it again.", err));
    MR_TRY(look(run, err));
    if (run->stage == MR_REJOIN_STAGE_STRANGE)
        return refuse_strange(run, true, err);
    if (!mr_rejoin_run_is_before(run))
        return MR_OK;
    if (run->stage == MR_REJOIN_STAGE_PLACED)
        return take_step(run, MR_REJOIN_POINT, err);
    mr_log_warning(
        "point of no return: the target's own history is reset now; its logs are in \"%s\"",
        archive_dir(run));
    return take_step(run, MR_REJOIN_RESET, err);
}

static enum mr_code cross(struct mr_rejoin_run *run, struct mr_err *err)
{
    struct mr_rejoin_facts facts = nothing_in_the_way();
    if (mr_rejoin_resets(&run->file))
        MR_TRY(mr_rejoin_run_archive(run, err));
    MR_TRY(mr_rejoin_facts_read_below(run->target->db, run->arena, &facts, err));
    MR_TRY(
        refuse_now(run, &facts, "Make them replicas of the source first, then run it again.", err));
    MR_TRY(check_removed(run, err));
    MR_TRY(try_account(run, err));
    MR_TRY(lock_all(run, err));
    const enum mr_code code = step_locked(run, err);
    unlock_all(run);
    return code;
}

/* A target that was pointed by somebody who had no password for it asks for nothing else. */
static bool can_point_again(const struct mr_rejoin_run *run)
{
    return run->is_denied && !run->is_pointed && password() != NULL;
}

static enum mr_code point_again(struct mr_rejoin_run *run, struct mr_err *err)
{
    const char *stop = run->file.has_source_words ? "STOP REPLICA" : "STOP SLAVE";
    MR_TRY(mr_db_exec(run->target->db, stop, strlen(stop), err));
    return take_step(run, MR_REJOIN_POINT, err);
}

/* The next step is the one behind what the target shows; without the second option none up to LIVE's address.  One that
 * ran, and stopped with an error, is started again, once a run: only then its server says whether what was in the way
 * still is. */
static enum mr_code take_steps(struct mr_rejoin_run *run, struct mr_err *err)
{
    bool is_started = false;
    for (int tries = 0; tries < MR_REJOIN_STEPS; tries++) {
        MR_TRY(look(run, err));
        if (run->stage < MR_REJOIN_STAGE_POINTED && !run->opts->no_return)
            return MR_OK;
        if (can_point_again(run)) {
            MR_TRY(point_again(run, err));
            continue;
        }
        switch (run->stage) {
        case MR_REJOIN_STAGE_ROWS: MR_TRY(cross(run, err)); break;
        case MR_REJOIN_STAGE_EMPTY: MR_TRY(take_step(run, MR_REJOIN_POSITION, err)); break;
        case MR_REJOIN_STAGE_PLACED:
            MR_TRY(check_password(run, err));
            MR_TRY(mr_rejoin_run_is_before(run) ? cross(run, err)
                                                : take_step(run, MR_REJOIN_POINT, err));
            break;
        case MR_REJOIN_STAGE_POINTED:
            if (run->fault != NULL && is_started)
                return MR_OK;
            MR_TRY(take_step(run, MR_REJOIN_START, err));
            is_started = true;
            break;
        case MR_REJOIN_STAGE_RUNS: return MR_OK;
        case MR_REJOIN_STAGE_STRANGE: return refuse_strange(run, true, err);
        }
    }
    return look(run, err);
}

/* ---- catching up ---- */

static enum mr_code wait_caught_up(struct mr_rejoin_run *run, unsigned limit_s, bool *reached,
                                   struct mr_err *err)
{
    struct mr_strbuf position = MR_STRBUF_INIT;
    const double from_s = mr_clock_now_s();
    double said_s = from_s;
    *reached = false;
    enum mr_code code = mr_replication_position(run->live, &position, err);
    while (code == MR_OK && !*reached) {
        code = mr_replication_wait(run->target->db, position.ptr, 1, reached, err);
        if (code == MR_OK && *reached)
            code = mr_replication_confirm(run->live, run->target->db, true, position.ptr, reached,
                                          err);
        if (code == MR_OK)
            code = look(run, err);
        const double now_s = mr_clock_now_s();
        if (code != MR_OK || *reached || run->fault != NULL || now_s - from_s >= limit_s)
            break;
        if (mr_is_cancelled())
            code = mr_cancelled_err(err);
        if (now_s - said_s >= SAY_EVERY_S) {
            said_s = now_s;
            mr_log_info(
                "waiting for %.0f s now until the target has what the source has written: at "
                "most %u s",
                now_s - from_s, limit_s);
        }
    }
    mr_strbuf_release(&position);
    return code;
}

/* MySQL ends its errors with a full stop. */
static int fault_length(const char *fault)
{
    const size_t len = strlen(fault);
    return (int)(len > 0 && fault[len - 1] == '.' ? len - 1 : len);
}

/* An account that cannot come in is told at once; a line that is down may come back.  touched: of verify,
 * else NULL. */
static enum mr_code tell_end(const struct mr_rejoin_run *run,
                             const struct mr_rejoin_touched *touched, bool reached, int *exit_code,
                             struct mr_err *err)
{
    const struct mr_rejoin_end end = {.type = touched != NULL ? "summary" : "rejoin",
                                      .stage = run->stage,
                                      .caught_up = reached,
                                      .fault = run->fault,
                                      .is_verify = touched != NULL,
                                      .has_touched = reached && touched != NULL,
                                      .touched = touched != NULL ? touched->rows : 0,
                                      .differ = touched != NULL ? touched->differ : 0,
                                      .unreadable = touched != NULL ? touched->unreadable : NULL};
    *exit_code = reached ? 0 : run->fault != NULL ? 1 : 4;
    if (reached)
        mr_log_info("the target replicates from the source, and has caught up");
    else if (run->is_denied)
        mr_log_warning("the target does not replicate: %.*s. Run it again with "
                       "MYRECON_REPLICATION_PASSWORD, which it is told once more",
                       fault_length(run->fault), run->fault);
    else if (run->fault != NULL)
        mr_log_warning("the target does not replicate: %.*s. Put that right on it; the same "
                       "command goes on",
                       fault_length(run->fault), run->fault);
    else
        mr_log_warning("the target has not caught up within %u s; it goes on, and the same command "
                       "waits again",
                       run->opts->catch_up_s);
    return run->opts->json ? mr_rejoin_report_end(stdout, &end, err) : MR_OK;
}

/* A run that was killed behind the last step, and before its line, has left a journal that knows of it no end. */
static enum mr_code note_end(const struct mr_rejoin_run *run, struct mr_err *err)
{
    if (run->stage != MR_REJOIN_STAGE_RUNS)
        return MR_OK;
    return mr_journal_write_step(run->journal, MR_JOURNAL_DONE,
                                 mr_rejoin_step_name(MR_REJOIN_START), err);
}

/* What the second option does, of what is left. */
static enum mr_code say_left(const struct mr_rejoin_run *run, int *exit_code, struct mr_err *err)
{
    const struct mr_rejoin_end stops = {.type = "rejoin", .stage = run->stage};
    const struct mr_rejoin_plan *f = &run->file;
    if (run->stage == MR_REJOIN_STAGE_ROWS)
        mr_log_warning(
            "the rows are as they were at the split, and the logs are in \"%s\"; what is "
            "left is past the point of no return: %s, the position %s, and replication "
            "from %s:%u. Run it again with --point-of-no-return",
            archive_dir(run), f->has_source_words ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
            f->position, f->host, f->port);
    else if (run->stage == MR_REJOIN_STAGE_EMPTY)
        mr_log_warning("the target's own history was reset; what is left is the position %s, and "
                       "replication from %s:%u. Run it again with --point-of-no-return",
                       f->position, f->host, f->port);
    else
        mr_log_warning("%s; what is left is replication from %s:%u. Run it again with "
                       "--point-of-no-return",
                       mr_rejoin_resets(f) ? "the target's own history was reset, and its position "
                                             "set"
                                           : "the target has nothing of its own: nothing is taken "
                                             "back, and nothing is reset",
                       f->host, f->port);
    *exit_code = 1;
    return run->opts->json ? mr_rejoin_report_end(stdout, &stops, err) : MR_OK;
}

bool mr_rejoin_run_has_steps(const struct mr_rejoin_run *run)
{
    return run->stage < MR_REJOIN_STAGE_POINTED
               ? run->opts->no_return
               : run->stage == MR_REJOIN_STAGE_POINTED || can_point_again(run);
}

enum mr_code mr_rejoin_run_finish(struct mr_rejoin_run *run, int *exit_code, struct mr_err *err)
{
    bool reached = false;
    run->tells_archive = true; /* the line of the plan is out */
    MR_TRY(look(run, err));
    MR_TRY(note_end(run, err));
    MR_TRY(take_steps(run, err));
    if (run->stage < MR_REJOIN_STAGE_POINTED)
        return say_left(run, exit_code, err);
    if (run->fault == NULL)
        MR_TRY(wait_caught_up(run, run->opts->catch_up_s, &reached, err));
    return tell_end(run, NULL, reached, exit_code, err);
}

/* Every row is what only a check proves. */
static void say_check(const struct mr_rejoin_run *run)
{
    struct mr_strbuf command = MR_STRBUF_INIT;
    const char *uri = run->plan->manifest.uri[MR_TARGET];
    mr_strbuf_add_str(&command, "myrecon check ");
    mr_strbuf_add_shell_word(&command, run->plan->manifest.uri[MR_SOURCE],
                             strlen(run->plan->manifest.uri[MR_SOURCE]));
    mr_strbuf_add_char(&command, ' ');
    mr_strbuf_add_shell_word(&command, uri, strlen(uri));
    if (!command.failed)
        mr_log_info("that every row is equal proves: %s", command.ptr);
    mr_strbuf_release(&command);
}

/* What the two servers say of the rows that the target had changed alone; the exit code. */
static int say_touched(const struct mr_rejoin_run *run, const struct mr_rejoin_touched *touched)
{
    if (touched->differ > 0)
        mr_log_warning("%" PRIu64 " of %" PRIu64
                       " rows that were taken back are not the same on both servers, such as %s",
                       touched->differ, touched->rows, touched->first);
    else
        mr_log_info("%" PRIu64 " rows that were taken back are the same on both servers",
                    touched->rows);
    if (touched->unreadable != NULL)
        mr_log_warning("rows that were taken back could not be compared: %s", touched->unreadable);
    say_check(run);
    return touched->differ > 0 ? 1 : touched->unreadable != NULL ? 4 : 0;
}

enum mr_code mr_rejoin_run_verify(struct mr_rejoin_run *run, int *exit_code, struct mr_err *err)
{
    const char *dir = archive_dir(run);
    const struct mr_rejoin_end lacks = {
        .type = "summary", .stage = run->stage, .fault = run->fault, .is_verify = true};
    struct mr_rejoin_touched touched = {.rows = 0};
    bool reached = false;
    MR_TRY(open_live(run, err));
    if (run->opts->json)
        MR_TRY(mr_rejoin_report_plan(stdout, &run->plan->manifest, err));
    run->tells_archive = true;
    if (run->stage != MR_REJOIN_STAGE_RUNS) {
        mr_log_warning("the target does not replicate from the source%s%s",
                       run->fault != NULL ? ": "
                                          : " yet: repair apply --point-of-no-return goes on",
                       run->fault != NULL ? run->fault : "");
        *exit_code = 1;
        return run->opts->json ? mr_rejoin_report_end(stdout, &lacks, err) : MR_OK;
    }
    if (dir == NULL)
        return mr_err_nomem(err, "rejoining");
    if (mr_rejoin_resets(&run->file))
        MR_TRY(prove_archive(run, dir, err));
    MR_TRY(wait_caught_up(run, run->opts->catch_up_s, &reached, err));
    if (reached)
        MR_TRY(run->touched(run->touched_ctx, &touched, err));
    MR_TRY(tell_end(run, &touched, reached, exit_code, err));
    if (reached)
        *exit_code = say_touched(run, &touched);
    return MR_OK;
}
