/* repair_decide_cmd.c: `myrecon repair decide`; see repair_cmd.h. */
#include <inttypes.h>
#include <stdio.h>

#include "core/base/log.h"
#include "repair/page/decide_join.h"
#include "repair/page/decide_options.h"
#include "repair/page/decide_page.h"
#include "repair/repair_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "a page on which people decide the conflicts of a plan",
    .operands = "DIR | --join A.csv B.csv...",
    .description =
        "Writes one page of HTML that loads nothing: each conflict of the plan in DIR with both "
        "rows side by side, and what each choice would do. It saves the file that \"repair plan "
        "--decisions\" reads. No server is asked, and nothing is changed.\n"
        "\n"
        "With --join the files that several people have saved become one; where they disagree "
        "nothing is decided, and each such row is listed.\n"
        "\n"
        "Exit status: 0 written; 1 joined, and people disagree; 3 could not run; 5 refused: the "
        "plan was changed, or asks nothing, or the files answer different plans; 6 interrupted, "
        "nothing was written; 70 bug.\n",
    .examples = "  myrecon repair decide club.plan --output decide.html\n"
                "  myrecon repair decide --join ann.csv bob.csv --output decisions.csv\n",
};

static enum mr_code usage(const char *message, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "%s", message);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static enum mr_code check(const struct mr_invocation *invocation, struct mr_err *err)
{
    const struct mr_decide_options *o = invocation->settings.values;
    if (o->join && invocation->noperands < 2)
        return usage("option \"--join\" wants the files of two people, or of more",
                     "Write it like: myrecon repair decide --join ann.csv bob.csv --output "
                     "decisions.csv.",
                     err);
    if (!o->join && invocation->noperands != 1)
        return usage("command \"repair decide\" wants the directory of one plan",
                     "Write it like: myrecon repair decide club.plan --output decide.html.", err);
    if (o->output == NULL)
        return usage("command \"repair decide\" needs --output FILE",
                     o->join ? "Name the file of the decisions: --output decisions.csv."
                             : "Name the page: --output decide.html.",
                     err);
    return MR_OK;
}

static enum mr_code write_page(const struct mr_invocation *invocation, struct mr_err *err)
{
    const struct mr_decide_options *o = invocation->settings.values;
    struct mr_plan_dir plan;
    uint64_t conflicts = 0;
    enum mr_code code = mr_plan_open(invocation->operands[0], &plan, err);
    const struct mr_decide_page_task task = {.plan = &plan,
                                             .config = invocation->config,
                                             .unmask = o->unmask,
                                             .output = o->output,
                                             .force = o->force};
    if (code == MR_OK)
        code = mr_decide_page_write(&task, &conflicts, err);
    if (code == MR_OK)
        mr_log_info("%" PRIu64 " conflict%s: open \"%s\" in a browser, and give what it saves to "
                    "repair plan --decisions",
                    conflicts, conflicts == 1 ? "" : "s", o->output);
    mr_plan_close(&plan);
    return code;
}

static enum mr_code join(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_decide_options *o = invocation->settings.values;
    const struct mr_decide_join_task task = {.paths = invocation->operands,
                                             .count = invocation->noperands,
                                             .output = o->output,
                                             .force = o->force,
                                             .list = stdout};
    uint64_t disagreed = 0;
    MR_TRY(mr_decide_join(&task, &disagreed, err));
    *exit_code = disagreed > 0 ? 1 : 0;
    return MR_OK;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_decide_options *o = invocation->settings.values;
    mr_general_options_apply(&o->general);
    MR_TRY(check(invocation, err));
    return o->join ? join(invocation, exit_code, err) : write_page(invocation, err);
}

const struct mr_command mr_repair_decide_command = {.name = "repair decide",
                                                    .is_to_show = true,
                                                    .doc = &doc,
                                                    .options = &mr_decide_option_set,
                                                    .min_operands = 1,
                                                    .max_operands = 64,
                                                    .run = run};
