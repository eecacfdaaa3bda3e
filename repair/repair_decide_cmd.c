/* repair_decide_cmd.c: `myrecon repair decide`; see repair_cmd.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/case/run_command.h"
#include "repair/page/answers.h"
#include "repair/page/decide_join.h"
#include "repair/page/decide_options.h"
#include "repair/page/decide_page.h"
#include "repair/page/decide_walk.h"
#include "repair/plan/undecided.h"
#include "repair/repair_cmd.h"

static const struct mr_command_doc doc = {
    .summary = "people decide the conflicts of a plan",
    .operands = "DIR | --join A.csv B.csv...",
    .description =
        "On a terminal shows each conflict of the plan in DIR with both rows side by side, and "
        "what "
        "each choice would do. A number chooses, u takes back, g decides all of a kind, q leaves. "
        "What is decided is kept in DIR.decisions.csv after every step, and gone on with the next "
        "time.\n"
        "\n"
        "With --output FILE.html writes one page of HTML for the same, which loads nothing; with "
        "--output FILE.csv the file itself, to be filled in by whatever means. \"repair plan "
        "--decisions\" reads what comes of all three. No server is asked, and nothing is changed.\n"
        "\n"
        "With --join the files that several people have saved become one; where they disagree "
        "nothing is decided, and each such row is listed.\n"
        "\n"
        "Exit status: 0 written, or all is decided; 1 some conflicts are open; joined, and people "
        "disagree; 3 could not run; 5 refused: the plan was changed, or asks nothing, or the files "
        "answer different plans; 6 interrupted: what was decided is saved; 70 bug.\n",
    .examples = "  myrecon repair decide club.plan\n"
                "  myrecon repair decide club.plan --output decide.html\n"
                "  myrecon repair decide --join ann.csv bob.csv --output decisions.csv\n",
};

static enum mr_code usage(const char *message, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "%s", message);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static bool is_csv(const char *path)
{
    static const char end[] = ".csv";
    const size_t len = path != NULL ? strlen(path) : 0;
    return len >= sizeof end - 1 && strcmp(path + len - (sizeof end - 1), end) == 0;
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
    if (o->output == NULL && o->join)
        return usage("option \"--join\" needs --output FILE",
                     "Name the file of the decisions: --output decisions.csv.", err);
    if (o->decisions != NULL && o->output != NULL)
        return usage("option \"--decisions\" goes not with --output",
                     "It names the file of what is decided on the terminal.", err);
    if (o->sheet && (o->join || !is_csv(o->output)))
        return usage("option \"--spreadsheet-safe\" goes with --output FILE.csv",
                     "Write it like: myrecon repair decide club.plan --spreadsheet-safe --output "
                     "decisions.csv.",
                     err);
    if (o->output == NULL && (!mr_term_is_terminal(0) || !mr_term_is_terminal(1)))
        return usage(
            "there is no terminal to decide on",
            "Make a page for it: --output decide.html; or a file to be filled in: --output "
            "decisions.csv.",
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

/* As a page that nobody has decided on would save it. */
static enum mr_code write_file(const struct mr_invocation *invocation, struct mr_err *err)
{
    const struct mr_decide_options *o = invocation->settings.values;
    struct mr_plan_dir plan;
    struct mr_answers answers = {.rows.plan = NULL};
    enum mr_code code = mr_plan_open(invocation->operands[0], &plan, err);
    if (code == MR_OK)
        code = mr_answers_open(&plan, invocation->config, o->unmask, &answers, err);
    if (code == MR_OK)
        code = mr_answers_save(&answers, o->output, o->force, o->sheet, err);
    if (code == MR_OK)
        mr_log_info("%zu conflict%s: fill in the column decision of \"%s\", and give it to repair "
                    "plan --decisions",
                    mr_answers_count(&answers), mr_answers_count(&answers) == 1 ? "" : "s",
                    o->output);
    mr_answers_close(&answers);
    mr_plan_close(&plan);
    return code;
}

/* Beside the plan, whose directory is sealed. */
static const char *decisions_path(const struct mr_invocation *invocation, struct mr_arena *arena)
{
    const struct mr_decide_options *o = invocation->settings.values;
    const char *dir = invocation->operands[0];
    size_t len = strlen(dir);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    return o->decisions != NULL ? o->decisions
                                : mr_arena_fmt(arena, "%.*s" MR_DECISIONS_END, (int)len, dir);
}

/* What was decided, and what is to be done with it. */
static enum mr_code tell(const struct mr_invocation *invocation, const char *path, size_t open,
                         size_t decided, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT, command = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%zu decided, %zu open: \"", decided, open);
    mr_utf8_show_str(&text, path);
    mr_strbuf_add_str(&text, "\"\nplan with it: ");
    mr_strbuf_add_str(&command, "myrecon repair plan");
    mr_command_add_option(&command, "--again", invocation->operands[0]);
    mr_command_add_option(&command, "--decisions", path);
    mr_utf8_show_str(&text, command.ptr);
    mr_strbuf_add_char(&text, '\n');
    text.failed |= command.failed;
    const enum mr_code code = mr_term_print(&text, stdout, "printing", err);
    mr_strbuf_release(&text);
    mr_strbuf_release(&command);
    return code;
}

static enum mr_code walk(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_decide_options *o = invocation->settings.values;
    struct mr_plan_dir plan;
    size_t open = 0, decided = 0;
    enum mr_code code = mr_plan_open(invocation->operands[0], &plan, err);
    struct mr_decide_walk_task task = {.plan = &plan,
                                       .config = invocation->config,
                                       .unmask = o->unmask,
                                       .color = mr_general_look(&o->general).color};
    if (code == MR_OK && (task.path = decisions_path(invocation, &plan.arena)) == NULL)
        code = mr_err_nomem(err, "deciding");
    if (code == MR_OK)
        code = mr_decide_walk(&task, &open, &decided, err);
    if (code == MR_OK)
        code = tell(invocation, task.path, open, decided, err);
    mr_plan_close(&plan);
    *exit_code = open > 0 ? 1 : 0;
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
    if (o->join)
        return join(invocation, exit_code, err);
    if (o->output == NULL)
        return walk(invocation, exit_code, err);
    return is_csv(o->output) ? write_file(invocation, err) : write_page(invocation, err);
}

const struct mr_command mr_repair_decide_command = {.name = "repair decide",
                                                    .is_to_show = true,
                                                    .doc = &doc,
                                                    .options = &mr_decide_option_set,
                                                    .min_operands = 1,
                                                    .max_operands = 64,
                                                    .run = run};
