/* gate_cutover_cmd.c: `myrecon gate cutover`; see gate_cmd.h. */
#include <stdlib.h>

#include "core/base/term.h"
#include "core/cli/load_options.h"
#include "recon/gate/cutover.h"
#include "recon/gate/gate_answer.h"
#include "recon/gate/gate_cmd.h"
#include "recon/gate/gate_pick.h"

#define AT(field) offsetof(struct mr_cutover_options, field)

static const struct mr_option options[] = {
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = "What is looked at",
     .help = "only tables that match db.table (wildcards * and ?); a bare name means any database; "
             "repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(exclude),
     .arg = "PATTERN",
     .group = "What is looked at",
     .help = "not these tables; repeatable"},
    {.name = "rows",
     .type = MR_OPTION_UINT,
     .offset = AT(rows),
     .arg = "N",
     .group = "What is looked at",
     .help = "how many of the last rows of each table are compared",
     .initial = "100",
     .min = 1,
     .max = 100000,
     .not_in_file = true},
    {.name = "accounts",
     .type = MR_OPTION_FLAG,
     .offset = AT(accounts),
     .group = "What is looked at",
     .help = "compare users, roles, their rights and how they log in, too",
     .not_in_file = true},
    {.name = "wait",
     .type = MR_OPTION_UINT,
     .offset = AT(wait_s),
     .arg = "SECONDS",
     .group = "What is looked at",
     .help = "how long NEW may take to apply what OLD has written by now",
     .initial = "10",
     .max = 86400,
     .not_in_file = true},
    MR_STATEMENT_TIMEOUT_OPTION_OF(struct mr_cutover_options, statement_timeout_s,
                                   "What is looked at", "30"),
    MR_GATE_PICK_OPTIONS(struct mr_cutover_options, mr_cutover_choices),
    MR_GATE_ANSWER_OPTIONS(struct mr_cutover_options),
    MR_LOGIN_OPTIONS(struct mr_cutover_options, login),
    MR_GENERAL_OPTIONS(struct mr_cutover_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_cutover_options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct mr_cutover_options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "is a replica ready to take the place of its source?",
    .operands = "OLD NEW",
    .description =
        "Looks at both before a planned cutover: NEW replicates from OLD, by identity, its threads "
        "run, and within --wait it has applied all that OLD had written when this began (by GTIDs, "
        "else by OLD's log; never by two machines' clocks). Nobody writes to NEW yet, no event "
        "runs "
        "twice, NEW has no transactions of its own. Definitions, and the last --rows of each "
        "table, are "
        "the same, and NEW's next ids are above all that were given. Their settings answer "
        "statements alike. With "
        "--accounts users and roles are compared, too. Nothing is written to any server.\n"
        "\n"
        "OLD that cannot be reached is unknown, not ready. So is what a missing right hides, and "
        "the "
        "GRANT is named. Where NEW is ready, the steps that are left are listed.\n"
        "\n"
        "Exit status: 0 ready; 1 ready, with a warning; 2 not ready; 3 could not run; 4 unknown (3 "
        "with --nagios); 6 interrupted; 70 bug.\n",
    .examples = "  myrecon gate cutover mysql://gate@db1 mysql://gate@db2\n"
                "  myrecon gate cutover --wait 300 --only caught_up mysql://gate@db1 \\\n"
                "      mysql://gate@db2\n",
};

static enum mr_code print(const struct mr_cutover *c, const struct mr_gate_answer *how,
                          int *exit_code, struct mr_err *err)
{
    const struct mr_cutover_options *opts = c->opts;
    const struct mr_gate_report report = {
        .judge = &c->judge,
        .run_id = c->id.id,
        .started = c->id.started,
        .server = c->display[MR_NEW],
        .label = c->label,
        .metrics = MR_GATE_CUTOVER_METRICS,
        .old = c->display[MR_OLD],
        .steps = c->steps.items,
        .nsteps = c->steps.count,
        .seconds = c->seconds,
        .color = mr_term_use_color(opts->general.color, 1),
        .verbose = opts->general.verbose > 0,
        .brief = opts->general.brief,
    };
    return mr_gate_answer(&report, how, exit_code, err);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_cutover_options *opts = invocation->settings.values;
    const struct mr_gate_answer how = {opts->json, opts->nagios, opts->prometheus};
    struct mr_cutover *c = calloc(1, sizeof *c);
    if (c == NULL)
        return mr_err_nomem(err, "comparing servers");
    mr_general_options_apply(&opts->general);
    enum mr_code code = mr_cutover_init(c, opts, invocation->config, invocation->operands, err);
    if (code == MR_OK)
        code = mr_cutover_run(c, err);
    if (code == MR_OK) {
        code = print(c, &how, exit_code, err);
    } else {
        if (code == MR_E_LOST || code == MR_E_CANCELLED)
            mr_err_hint(err, "Nothing is known about the servers. Run it again.");
        if (opts->prometheus != NULL && c->label[0] != '\0')
            (void)mr_gate_output_prometheus_down(MR_GATE_CUTOVER_METRICS, c->label,
                                                 opts->prometheus, NULL);
    }
    code = mr_gate_answer_nagios(&how, code, exit_code, err);
    mr_cutover_release(c);
    free(c);
    return code;
}

const struct mr_command mr_gate_cutover_command = {.name = "gate cutover",
                                                   .doc = &doc,
                                                   .options = &option_set,
                                                   .min_operands = 2,
                                                   .max_operands = 2,
                                                   .run = run};
