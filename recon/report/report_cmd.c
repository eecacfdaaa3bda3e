/* report_cmd.c: see report_cmd.h.  Opens the case, chooses the run, writes the report. */
#include "recon/report/report_cmd.h"

#include <sys/stat.h>

#include "core/base/log.h"
#include "recon/report/report_json.h"
#include "recon/report/report_options.h"
#include "recon/report/report_page.h"

static enum mr_code write_format(const struct mr_report *report, enum mr_report_format format,
                                 struct mr_report_sink *sink, struct mr_err *err)
{
    switch (format) {
    case MR_REPORT_HTML: return mr_report_html(report, sink, err);
    case MR_REPORT_MD: return mr_report_md(report, sink, err);
    case MR_REPORT_JSON: break;
    }
    return mr_report_json(report, sink, err);
}

static enum mr_code write_report(const struct mr_report *report,
                                 const struct mr_report_options *opts, struct mr_err *err)
{
    struct mr_report_sink sink;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_report_sink_begin(&sink, opts->output, opts->force, err));
    MR_TRY_OUT(write_format(report, opts->format, &sink, err));
    MR_TRY_OUT(mr_report_sink_commit(&sink, err));
    if (opts->output != NULL)
        mr_log_info("run %s is written to \"%s\"", report->result->run->uuid, opts->output);
out:
    mr_report_sink_free(&sink);
    return code;
}

/* Everything that is known of the run. */
struct about {
    struct mr_findings *fd;
    struct mr_find_run run;
    struct mr_story story;
};

/* The report of a run with gaps is written, too, but the exit status says so: a script must not
 * take it for the whole truth. */
static enum mr_code report_run(const struct about *about, const struct mr_invocation *invocation,
                               int *exit_code, struct mr_err *err)
{
    const struct mr_report_options *opts = invocation->settings.values;
    struct mr_check_result result;
    enum mr_code code = mr_check_result_load(&result, about->fd, &about->run, opts->max_rows, err);
    struct mr_report report = {.result = &result,
                               .config = invocation->config,
                               .case_path = opts->case_path,
                               .unmask = opts->unmask,
                               .max_rows = opts->max_rows,
                               .story = mr_story_is_empty(&about->story) ? NULL : &about->story};
    if (code == MR_OK)
        code = mr_report_load(&report, err);
    if (code == MR_OK) {
        code = write_report(&report, opts, err);
        mr_report_release(&report);
    }
    *exit_code = result.incomplete || result.interrupted ? 4 : 0;
    mr_check_result_release(&result);
    return code;
}

/* A slip of the pen must not cost the case. */
static enum mr_code refuse_case(const struct mr_report_options *opts, struct mr_err *err)
{
    struct stat in, out;
    if (opts->output == NULL || stat(opts->case_path, &in) != 0 || stat(opts->output, &out) != 0 ||
        in.st_dev != out.st_dev || in.st_ino != out.st_ino)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "output \"%s\" is the case file itself", opts->output);
    mr_err_hint(err, "Give the report a name of its own.");
    return MR_E_USAGE;
}

/* Everything that can be refused is refused before the output is begun. A failure to close the case
 * counts only where nothing failed before, or it would hide the cause. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct mr_report_options *opts = invocation->settings.values;
    struct mr_arena arena = MR_ARENA_INIT;
    const struct mr_story_from from = {.plans = &opts->plans,
                                       .gates = &opts->gates,
                                       .verifies = &opts->verifies,
                                       .unmask = opts->unmask};
    struct about about = {0};
    struct mr_err late = {0};
    mr_general_options_apply(&opts->general);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_report_options_check(opts, err));
    MR_TRY_OUT(refuse_case(opts, err));
    MR_TRY_OUT(mr_story_load(&about.story, &from, err));
    MR_TRY_OUT(mr_findings_open(opts->case_path, MR_CASE_READ, &about.fd, err));
    MR_TRY_OUT(mr_findings_run_choose(about.fd, opts->run, &arena, &about.run, err));
    MR_TRY_OUT(report_run(&about, invocation, exit_code, err));
out:
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "%s",
                    opts->output != NULL
                        ? "No file was written; run it again."
                        : "The report is cut short, if any of it was written; run it "
                          "again.");
    mr_story_release(&about.story);
    enum mr_code closed = mr_findings_close(about.fd, &late);
    if (code == MR_OK && closed != MR_OK) {
        code = closed;
        *err = late;
    }
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_report_command = {.name = "report",
                                             .is_to_show = true,
                                             .doc = &mr_report_doc,
                                             .options = &mr_report_option_set,
                                             .run = run};
