/* gate_answer.c: see gate_answer.h. */
#include "recon/gate/gate_answer.h"

#include <stdio.h>

#include "core/base/log.h"
#include "core/base/utf8.h"

/* Where a server is critical that is what has to be heard, also on a full disk; and Nagios has
 * had its line. */
static enum mr_code settle_unwritten(const struct mr_gate_report *report, bool nagios,
                                     enum mr_code code, int *exit_code, struct mr_err *err)
{
    const bool critical = mr_gate_judge_verdict(report->judge) == MR_GATE_CRITICAL;
    if (code == MR_OK || code == MR_E_BUG || (!critical && !nagios))
        return code;
    mr_log_err_as_warning(err);
    if (!critical)
        *exit_code = 3;
    return MR_OK;
}

enum mr_code mr_gate_answer(const struct mr_gate_report *report, const struct mr_gate_answer *how,
                            int *exit_code, struct mr_err *err)
{
    const enum mr_code code = how->json ? mr_gate_output_json(report, stdout, err)
                                        : mr_gate_output_text(report, stdout, err);
    *exit_code = mr_gate_output_exit(mr_gate_judge_verdict(report->judge), how->nagios);
    if (how->prometheus == NULL)
        return code;
    const enum mr_code metrics =
        mr_gate_output_prometheus(report, how->prometheus, code == MR_OK ? err : NULL);
    return code == MR_OK ? settle_unwritten(report, how->nagios, metrics, exit_code, err) : code;
}

enum mr_code mr_gate_answer_nagios(const struct mr_gate_answer *how, enum mr_code code,
                                   int *exit_code, struct mr_err *err)
{
    if (!how->nagios || code == MR_OK || code == MR_E_USAGE || code == MR_E_CONFIG ||
        code == MR_E_BUG)
        return code;
    *exit_code = 3;
    if (how->json) {
        mr_log_err(err);
        return MR_OK;
    }
    (void)fputs("GATE UNKNOWN - ", stdout);
    mr_utf8_print(stdout, err->message);
    (void)fputs("\n", stdout);
    return MR_OK;
}
