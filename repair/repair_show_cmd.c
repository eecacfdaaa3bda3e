/* repair_show_cmd.c: `myrecon repair show`; see repair_cmd.h. */
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/term.h"
#include "repair/plan/approval.h"
#include "repair/apply/repair_options.h"
#include "repair/plan/plan_conflicts_show.h"
#include "repair/plan/plan_dir.h"
#include "repair/plan/plan_find.h"
#include "repair/planning/plan_show.h"
#include "repair/repair_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "print what a plan would do",
    .operands = "DIR [TABLE KEY]",
    .description = "Prints what the plan in DIR would change, table by table. No server is "
                   "asked. A plan whose files were changed is refused.\n"
                   "\n"
                   "Exit status: 0 printed; 3 could not run; 4 a table could not be "
                   "planned; 5 refused: the plan was changed; 70 bug.\n",
    .examples = "  myrecon repair show club.reseed\n"
                "  myrecon repair show --json club.reseed\n"
                "  myrecon repair show --row club.members=4711 club.plan\n"
                "  myrecon repair show --identity +4366012345 club.plan\n"
                "  myrecon repair show club.plan --why club.members 4711\n"
                "  myrecon repair show --conflicts --kind changed club.plan\n",
};

/* Behind what it approves, so that whoever signs has seen it. */
static enum mr_code approve(struct mr_plan_dir *plan, const char *key_path, struct mr_err *err)
{
    const char *path = NULL;
    MR_TRY(mr_approval_write(plan, key_path, &path, err));
    mr_log_info("approved: \"%s\"", path);
    return MR_OK;
}

/* Before anything of it is printed. */
static enum mr_code check_signer(struct mr_plan_dir *plan, const char *cert_path,
                                 char id[MR_SIGN_ID], struct mr_err *err)
{
    MR_TRY(mr_approval_check(plan, cert_path, err));
    return mr_sign_id(cert_path, id, err);
}

static enum mr_code check_operands(const struct mr_invocation *invocation, struct mr_err *err)
{
    const struct mr_repair_options *opts = invocation->settings.values;
    if (opts->why && (opts->row != NULL || opts->identity != NULL))
        return mr_err_set(err, MR_E_USAGE, "option \"--why\" stands without --row and --identity");
    if (opts->conflicts && (opts->why || opts->row != NULL || opts->identity != NULL))
        return mr_err_set(err, MR_E_USAGE,
                          "option \"--conflicts\" stands without --row, --identity and --why");
    if (!opts->conflicts && (opts->kind != NULL || opts->table != NULL))
        return mr_err_set(err, MR_E_USAGE, "option \"--%s\" stands with --conflicts",
                          opts->kind != NULL ? "kind" : "table");
    if (invocation->noperands == (opts->why ? 3 : 1))
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE,
                     opts->why ? "option \"--why\" wants a table and a key behind DIR"
                               : "a table and a key are shown with --why");
    mr_err_hint(err, "Write it like: myrecon repair show club.plan --why club.members 4711.");
    return MR_E_USAGE;
}

static enum mr_code show(struct mr_plan_dir *plan, const struct mr_repair_options *opts,
                         const struct mr_plan_signers *signers, struct mr_err *err)
{
    const struct mr_plan_find_task task = {.plan = plan,
                                           .row = opts->row,
                                           .identity = opts->identity,
                                           .json = opts->json,
                                           .out = stdout};
    const struct mr_plan_conflicts_task conflicts = {
        .plan = plan, .kind = opts->kind, .table = opts->table, .json = opts->json, .out = stdout};
    if (opts->row != NULL || opts->identity != NULL)
        return mr_plan_find(&task, err);
    if (opts->conflicts)
        return mr_plan_conflicts_show(&conflicts, err);
    return opts->json ? mr_plan_show_json(&plan->manifest, signers, stdout, err)
                      : mr_plan_show_text(&plan->manifest, plan->path, signers,
                                          mr_general_look(&opts->general), stdout, err);
}

/* The row of the operands: TABLE=KEY, as --row has it. */
static enum mr_code show_why(struct mr_plan_dir *plan, const struct mr_invocation *invocation,
                             struct mr_err *err)
{
    const struct mr_repair_options *opts = invocation->settings.values;
    struct mr_strbuf row = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&row, "%s=%s", invocation->operands[1], invocation->operands[2]);
    enum mr_code code = mr_strbuf_check(&row, "looking into a plan", err);
    const struct mr_plan_find_task task = {
        .plan = plan, .row = row.ptr, .why = true, .json = opts->json, .out = stdout};
    if (code == MR_OK)
        code = mr_plan_find(&task, err);
    mr_strbuf_release(&row);
    return code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_repair_options *opts = invocation->settings.values;
    struct mr_plan_dir plan;
    struct mr_plan_signers signers = {.ids = MR_VEC_INIT(const char *)};
    mr_general_options_apply(&opts->general);
    MR_TRY(check_operands(invocation, err));
    enum mr_code code = mr_plan_open(invocation->operands[0], &plan, err);
    if (code == MR_OK && opts->signer != NULL)
        code = check_signer(&plan, opts->signer, signers.proved, err);
    if (code == MR_OK)
        code = mr_approval_list(&plan, &signers.ids, err);
    if (code == MR_OK)
        code = opts->why ? show_why(&plan, invocation, err) : show(&plan, opts, &signers, err);
    if (code == MR_OK && opts->approve_with != NULL)
        code = approve(&plan, opts->approve_with, err);
    *exit_code = code == MR_OK && mr_manifest_is_incomplete(&plan.manifest) ? 4 : 0;
    mr_vec_release(&signers.ids);
    mr_plan_close(&plan);
    return code;
}

const struct mr_command mr_repair_show_command = {.name = "repair show",
                                                  .is_to_show = true,
                                                  .doc = &doc,
                                                  .options = &mr_show_option_set,
                                                  .min_operands = 1,
                                                  .max_operands = 3,
                                                  .run = run};
