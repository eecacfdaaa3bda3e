/* repair_plan_cmd.c: `myrecon repair plan`; see repair_cmd.h. */
#include <stdio.h>

#include "core/base/term.h"
#include "repair/planning/plan_show.h"
#include "repair/planning/planning.h"
#include "repair/planning/rejoin_rows.h"
#include "repair/planning/rewind_rows.h"
#include "repair/repair_cmd.h"
#include "repair/verify/verify_merged.h"

static const struct mr_command_doc doc = {
    .summary = "plan a repair, as files that can be read and run",
    .operands = "",
    .description =
        "Plans how TARGET, the live server, gets back what SOURCE, the lost history, "
        "holds. Nothing is written to any server: the plan is a directory of files that "
        "can be read and signed off; \"repair apply\" carries them out, and so does the "
        "stock client.\n"
        "\n"
        "With --policy the rows that a check found to differ are planned, in the case "
        "that it filled. merge brings two histories together: nobody is lost, nobody is "
        "overwritten, a person whose id was taken gets a new one, and what cannot be "
        "known is asked, in conflicts.csv: fill in its column decision and plan again "
        "with --again DIR. With --reseed-only counters and sequences of TARGET are "
        "raised "
        "above both histories, and no row is looked at.\n"
        "\n"
        "rewind undoes transactions of one server, by its binary log, and needs neither "
        "case nor check: what was changed rightly since stays, what is in doubt is asked, "
        "what no log can undo is refused.\n"
        "\n"
        "rejoin makes the old primary, --target, a replica of the live server, --source, "
        "without a rebuild: what it did alone is taken back by its log; see "
        "--point-of-no-return of repair apply.\n"
        "\n"
        "Exit status: 0 planned; 1 planned, and conflicts are open; 3 could not run; 4 "
        "something was not compared or could not be planned; 5 refused: nothing may be "
        "planned so, or DIR is not empty; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon repair plan --reseed-only --case club.case --output club.reseed \\\n"
                "      --source mysql://dba@lost-replica/club --target mysql://dba@live/club\n"
                "  myrecon repair plan --policy merge --split-at '2026-04-02 12:11:00' \\\n"
                "      --case club.case --output club.plan\n"
                "  myrecon repair plan --again club.plan\n"
                "  myrecon repair plan --policy rewind --target mysql://dba@live/club \\\n"
                "      --transactions 0-1-4711 --output club.rewind\n",
};

static enum mr_code needs(const char *option, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "command \"repair plan\" needs --%s", option);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

/* One thing at a time, with what it is good for: who plans for the first time is led through it. */
static enum mr_code require_options(const struct mr_plan_options *o, struct mr_err *err)
{
    if (!o->reseed_only && o->policy == NULL)
        return needs("policy P or --reseed-only",
                     "--policy merge brings two histories together; --reseed-only raises "
                     "counters above both.",
                     err);
    if (o->output == NULL)
        return needs("output DIR", "Name a directory that does not exist yet.", err);
    if (mr_rejoin_is_asked(o) && (o->source == NULL || o->target == NULL))
        return needs("source URI and --target URI",
                     "--source is the live server, --target the old primary that comes back.", err);
    if (mr_rejoin_is_asked(o) && o->replication_user == NULL)
        return needs("replication-user USER",
                     "Name the account of the source by which the target is to replicate.", err);
    if (mr_rewind_is_asked(o))
        return o->target != NULL
                   ? MR_OK
                   : needs("target URI", "Name the server whose transactions are to be undone.",
                           err);
    if (o->policy != NULL && o->case_path == NULL)
        return needs("case FILE", "Name the case file that myrecon check --case FILE has filled.",
                     err);
    if (o->case_path == NULL && (o->source == NULL || o->target == NULL))
        return needs("source URI and --target URI", "Or name a case that knows them: --case FILE.",
                     err);
    return MR_OK;
}

static enum mr_code show(const struct mr_planning *p, struct mr_err *err)
{
    const struct mr_plan_options *o = p->opts;
    struct mr_plan_signers signers = {.ids = MR_VEC_INIT(const char *)};
    const char **id = NULL;
    enum mr_code code = MR_OK;
    if (p->signer != NULL) {
        MR_TRY_OUT(mr_sign_key_id(p->signer, signers.proved, err));
        if ((id = mr_vec_push(&signers.ids)) == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "printing a plan"));
        *id = signers.proved;
    }
    MR_TRY_OUT(o->json ? mr_plan_show_json(&p->manifest, &signers, stdout, err)
                       : mr_plan_show_text(&p->manifest, o->output, &signers,
                                           mr_general_look(&o->general), stdout, err));
out:
    mr_vec_release(&signers.ids);
    return code;
}

static enum mr_code plan_all(struct mr_planning *p, struct mr_err *err)
{
    const struct mr_plan_options *o = p->opts;
    MR_TRY(mr_planning_open(p, err));
    MR_TRY(o->policy != NULL ? mr_plan_rows(p, err) : mr_plan_reseed(p, err));
    return show(p, err);
}

/* plan.json is written last: a plan that was cut short has none, and nothing can be done with
 * it. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct mr_planning p = {.opts = invocation->settings.values,
                            .settings = &invocation->settings,
                            .config = invocation->config,
                            .open_snapshot = invocation->commands.open_snapshot,
                            .look = mr_verify_merged,
                            .read_logs_on = invocation->commands.catch_up,
                            .id = mr_run_id_now(),
                            .arena = MR_ARENA_INIT};
    mr_general_options_apply(&p.opts->general);
    enum mr_code code = require_options(p.opts, err);
    if (code == MR_OK)
        code = mr_db_global_init(err);
    if (code == MR_OK)
        code = plan_all(&p, err);
    if (code == MR_E_CANCELLED || code == MR_E_LOST)
        mr_err_hint(err, "No plan was written, and no server was changed. Run it again.");
    *exit_code = code == MR_OK ? mr_manifest_exit(&p.manifest) : 0;
    return mr_planning_close(&p, code, err);
}

const struct mr_command mr_repair_plan_command = {.name = "repair plan",
                                                  .doc = &doc,
                                                  .options = &mr_plan_option_set,
                                                  .min_operands = 0,
                                                  .max_operands = 0,
                                                  .run = run};
