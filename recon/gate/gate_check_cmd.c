/* gate_check_cmd.c: `myrecon gate check`; see gate_cmd.h. */
#include <stdio.h>
#include <time.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/base/term.h"
#include "recon/gate/gate_answer.h"
#include "recon/gate/gate_cmd.h"
#include "recon/gate/gate_file.h"
#include "recon/gate/gate_run.h"

#define NAP_MS 100
#define TOLD_S 5    /* pauses longer than that are announced */
#define PAUSE_S 1.0 /* at least */

/* A name after --only must be checkable: silence would be taken for fine. */
static enum mr_code require_baseline(const struct mr_gate_run *run, struct mr_err *err)
{
    struct mr_gate_judge probe = {.baseline = run->has_baseline ? &run->baseline : NULL,
                                  .npeers = run->opts->peers.count};
    if (run->opts->only.count == 0)
        return MR_OK;
    for (int i = MR_GATE_NONE + 1; i < MR_GATE_NAMES_END; i++) {
        const struct mr_gate_name_info *info = &mr_gate_names[i];
        if (!run->wanted[i] || mr_gate_judge_applies(&probe, (enum mr_gate_name)i))
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "check \"%s\" needs a %s", info->name,
                         info->needs == MR_GATE_NEEDS_PEER ? "peer" : "baseline");
        mr_err_hint(err, info->needs == MR_GATE_NEEDS_PEER
                             ? "Name the other side: --peer URI."
                             : "Record one before the change: myrecon gate record SERVER "
                               "--output FILE; then gate check FILE SERVER.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

/* As long as the last round has taken, so that no server is read more than half of the time; the last one begins when
 * the time is up.  False when it is. */
static bool pause_for(const char *server, double round_s, double deadline_s)
{
    const struct timespec step = {.tv_nsec = NAP_MS * 1000000L};
    const double begun_s = mr_clock_now_s();
    double until_s = begun_s + (round_s > PAUSE_S ? round_s : PAUSE_S);
    until_s = until_s < deadline_s ? until_s : deadline_s;
    if (until_s - begun_s > TOLD_S)
        mr_log_info("not well yet: %s is looked at again in %.0f s", server, until_s - begun_s);
    while (mr_clock_now_s() < until_s && !mr_is_cancelled())
        (void)nanosleep(&step, NULL);
    return begun_s < deadline_s;
}

static bool is_retryable(enum mr_code code)
{
    return code == MR_E_CONNECT || code == MR_E_LOST || code == MR_E_TIMEOUT || code == MR_E_AUTH ||
           code == MR_E_MOVED;
}

/* The last round decides; a server that is away may come back while there is time. */
static enum mr_code rounds(struct mr_gate_run *run, struct mr_err *err)
{
    const double deadline_s = mr_clock_now_s() + run->opts->wait_s;
    enum mr_code code;
    for (;;) {
        const double begun_s = mr_clock_now_s();
        code = mr_gate_run_round(run, err);
        const bool well = code == MR_OK && mr_gate_judge_verdict(&run->judge) == MR_GATE_OK;
        if (well || (code != MR_OK && !is_retryable(code)) || run->opts->wait_s == 0)
            break;
        mr_log_detail("not well yet%s%s", code != MR_OK ? ": " : "",
                      code != MR_OK ? err->message : "");
        if (!pause_for(run->display, mr_clock_now_s() - begun_s, deadline_s))
            break;
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
    }
    return code;
}

static enum mr_code print(const struct mr_gate_run *run, const struct mr_gate_answer *how,
                          int *exit_code, struct mr_err *err)
{
    const struct mr_gate_options *opts = run->opts;
    const struct mr_gate_report report = {
        .judge = &run->judge,
        .run_id = run->id.id,
        .started = run->id.started,
        .server = run->display,
        .label = run->label,
        .metrics = MR_GATE_CHECK_METRICS,
        .seconds = run->seconds,
        .color = mr_term_use_color(opts->general.color, 1),
        .verbose = opts->general.verbose > 0,
        .brief = opts->general.brief,
    };
    return mr_gate_answer(&report, how, exit_code, err);
}

static enum mr_code check(struct mr_gate_run *run, const char *file,
                          const struct mr_gate_answer *how, int *exit_code, struct mr_err *err)
{
    enum mr_code code = MR_OK;
    if (file != NULL)
        code = mr_gate_file_read(file, &run->arena, &run->baseline, err);
    run->has_baseline = file != NULL && code == MR_OK;
    if (code == MR_OK)
        code = require_baseline(run, err);
    if (code == MR_OK)
        code = rounds(run, err);
    if (code == MR_OK)
        return print(run, how, exit_code, err);
    if (code == MR_E_LOST || code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing is known about the server. Run it again.");
    /* metrics of the last time would go on to say that all is well */
    if (how->prometheus != NULL)
        (void)mr_gate_output_prometheus_down(MR_GATE_CHECK_METRICS, run->label, how->prometheus,
                                             NULL);
    return code;
}

static enum mr_code run_check(const struct mr_invocation *invocation, int *exit_code,
                              struct mr_err *err)
{
    const struct mr_gate_options *opts = invocation->settings.values;
    const struct mr_gate_answer how = {opts->json, opts->nagios, opts->prometheus};
    const bool has_file = invocation->noperands == 2;
    const char *file = has_file ? invocation->operands[0] : NULL;
    struct mr_gate_run run;
    mr_general_options_apply(&opts->general);
    enum mr_code code = mr_gate_run_init(&run, opts, invocation->config,
                                         invocation->operands[has_file ? 1 : 0], err);
    if (code == MR_OK)
        code = check(&run, file, &how, exit_code, err);
    code = mr_gate_answer_nagios(&how, code, exit_code, err);
    mr_gate_run_release(&run);
    return code;
}

const struct mr_command mr_gate_check_command = {.name = "gate check",
                                                 .doc = &mr_gate_check_doc,
                                                 .options = &mr_gate_check_option_set,
                                                 .min_operands = 1,
                                                 .max_operands = 2,
                                                 .run = run_check};
