/* fleet_report_cmd.c: `myrecon fleet report`; see fleet_cmd.h. */
#include <stddef.h>
#include <string.h>

#include "core/base/log.h"
#include "core/cli/general_options.h"
#include "core/cli/progress.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_pages.h"
#include "recon/fleet/fleet_report_page.h"
#include "recon/report/report_options.h"
#include "recon/report/report_page.h"

struct options {
    const char *output; /* NULL: standard output; never for HTML */
    enum mr_report_format format;
    bool json, force, unmask;
    uint64_t max_rows;
    struct mr_general_options general;
};

static const struct mr_choice formats[] = {
    {"html", MR_REPORT_HTML}, {"md", MR_REPORT_MD}, {"json", MR_REPORT_JSON}, {NULL, 0}};

#define AT(field) offsetof(struct options, field)
static const struct mr_option options[] = {
    {.name = "max-rows",
     .type = MR_OPTION_UINT64,
     .offset = AT(max_rows),
     .arg = "N",
     .group = "What is reported",
     .help = "on a pair's own page show at most N rows a table",
     .initial = "50",
     .max = UINT64_MAX,
     .not_in_file = true},
    {.name = "unmask",
     .type = MR_OPTION_FLAG,
     .offset = AT(unmask),
     .group = "What is reported",
     .help = "show personal data on pages of pairs as it is",
     .not_in_file = true},
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "F.html",
     .group = "Result",
     .help = "write it to F.html, and the page of each pair to F.pages/PAIR.html; md and json are "
             "one file, and go to standard output without",
     .not_in_file = true},
    {.name = "format",
     .type = MR_OPTION_CHOICE,
     .offset = AT(format),
     .arg = "html|md|json",
     .group = "Result",
     .help = "pages of HTML, a short text for a ticket, or one JSON object a line",
     .initial = "html",
     .choices = formats,
     .not_in_file = true},
    {.name = "json",
     .type = MR_OPTION_FLAG,
     .offset = AT(json),
     .group = "Result",
     .help = "the same as --format json",
     .not_in_file = true},
    {.name = "force",
     .type = MR_OPTION_FLAG,
     .offset = AT(force),
     .group = "Result",
     .help = "replace F.html and F.pages if they exist",
     .not_in_file = true},
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    MR_TRY(mr_report_format_finish(settings, values->json, &values->format, err));
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "one page of all pairs of a fleet, and one of each",
    .operands = "DIR2",
    .description =
        "Writes what \"fleet merge\" has left in DIR2 as a page of HTML that loads nothing: the "
        "verdict of every pair, the worst first, what differs by kind, how many people are "
        "affected, and what was not seen, by name. Each pair links to its own page, which is what "
        "\"report\" writes of its case. These are in a directory beside: F.html and F.pages are "
        "moved and served together; F.html by itself, in a mail, has all but them. No server is "
        "asked.\n"
        "\n"
        "A pair whose case is missing, damaged or of another fleet is named, and told as "
        "fleet.jsonl "
        "has it; the others are shown. F.html and F.pages come into being whole or not at all.\n"
        "\n"
        "People are counted as \"affected\" lists them, pair by pair; a configuration that is "
        "given "
        "says of all pairs which tables hold them. Personal data is masked as by \"report\".\n"
        "\n"
        "Exit status: 0 written; 3 could not be written; 4 written, and something is incomplete: a "
        "pair was not seen whole, or its case does not count; 5 DIR2 is none that fleet merge has "
        "written; 6 interrupted, nothing was written; 70 bug.\n",
    .examples = "  myrecon fleet report result --output fleet.html\n"
                "  myrecon fleet report result --format md > ticket.md\n"
                "  myrecon fleet report result --json | jq -r 'select(.people > 0) | .pair'\n",
};

struct reporting {
    const struct options *opts;
    struct mr_arena arena;
    struct mr_fleet_result result;
    struct mr_fleet_report report;
    struct mr_fleet_pages pages; /* of HTML */
    struct mr_progress *bar;
};

/* ---- pages ---- */

static enum mr_code write_pair(void *ctx, const struct mr_fleet_report_pair *pair,
                               const struct mr_report *report, struct mr_err *err)
{
    struct reporting *g = ctx;
    struct mr_arena scratch = MR_ARENA_INIT;
    struct mr_report_sink sink = {.out = NULL};
    enum mr_code code = MR_OK;
    const char *path = mr_fleet_pages_path(&g->pages, pair->told->name, &scratch);
    if (path == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "naming the pages of a fleet"));
    MR_TRY_OUT(mr_report_sink_begin_one(&sink, path, err));
    MR_TRY_OUT(mr_report_html(report, &sink, err));
    MR_TRY_OUT(mr_report_sink_commit(&sink, err));
out:
    mr_report_sink_free(&sink);
    mr_arena_release(&scratch);
    return code;
}

static void one_is_done(void *ctx)
{
    struct reporting *g = ctx;
    mr_progress_add_done(g->bar, 1);
    mr_progress_tick(g->bar);
}

static enum mr_code read_pairs(struct reporting *g, mr_fleet_pair_fn *visit, struct mr_err *err)
{
    MR_TRY(mr_progress_new(g->opts->general.progress, &g->bar, err));
    mr_progress_begin(g->bar, "reading cases");
    mr_progress_add_total(g->bar, g->result.npairs);
    enum mr_code code = mr_fleet_report_load(&g->report, visit, one_is_done, g, err);
    mr_progress_finish(g->bar);
    mr_progress_free(g->bar);
    return code;
}

/* ---- what is written ---- */

static enum mr_code write_format(struct reporting *g, struct mr_report_sink *sink,
                                 struct mr_err *err)
{
    switch (g->opts->format) {
    case MR_REPORT_HTML: return mr_fleet_report_html(&g->report, g->pages.link, sink, err);
    case MR_REPORT_MD: return mr_fleet_report_md(&g->report, sink, err);
    case MR_REPORT_JSON: break;
    }
    return mr_fleet_report_json(&g->report, sink, err);
}

/* The pages first: F.html never leads to one that is not there. */
static enum mr_code publish(struct reporting *g, struct mr_report_sink *sink, struct mr_err *err)
{
    if (g->opts->format == MR_REPORT_HTML)
        MR_TRY(mr_fleet_pages_publish(&g->pages, err));
    return mr_report_sink_commit(sink, err);
}

/* All that can be refused is refused before any case is read. */
static enum mr_code write_all(struct reporting *g, struct mr_err *err)
{
    const bool is_html = g->opts->format == MR_REPORT_HTML;
    struct mr_report_sink sink = {.out = NULL};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_report_sink_begin(&sink, g->opts->output, g->opts->force, err));
    if (is_html)
        MR_TRY_OUT(
            mr_fleet_pages_begin(&g->pages, g->opts->output, g->opts->force, &g->arena, err));
    g->report.up = g->pages.back;
    MR_TRY_OUT(read_pairs(g, is_html ? write_pair : NULL, err));
    MR_TRY_OUT(write_format(g, &sink, err));
    MR_TRY_OUT(publish(g, &sink, err));
out:
    if (is_html && code == MR_OK)
        mr_fleet_pages_keep(&g->pages);
    else if (is_html)
        mr_fleet_pages_undo(&g->pages);
    mr_fleet_pages_close(&g->pages);
    mr_report_sink_free(&sink);
    return code;
}

/* ---- the command ---- */

static enum mr_code require_output(const struct options *opts, struct mr_err *err)
{
    if (opts->output != NULL || opts->format != MR_REPORT_HTML)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "option \"--output\" is missing");
    mr_err_hint(err, "Name the page: --output F.html; or choose --format md or json.");
    return MR_E_USAGE;
}

static void name_faults(const struct mr_fleet_report *report)
{
    for (size_t i = 0; i < report->result->npairs; i++)
        if (report->pairs[i].fault != NULL)
            mr_log_warning("pair %s does not count: %s", report->pairs[i].told->name,
                           report->pairs[i].fault);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct reporting g = {.opts = opts, .arena = MR_ARENA_INIT, .pages = {.dir = {.fd = -1}}};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    g.report = (struct mr_fleet_report){.result = &g.result,
                                        .config = invocation->config,
                                        .unmask = opts->unmask,
                                        .max_rows = opts->max_rows};
    MR_TRY_OUT(require_output(opts, err));
    MR_TRY_OUT(mr_fleet_result_read(invocation->operands[0], &g.arena, &g.result, err));
    MR_TRY_OUT(write_all(&g, err));
    name_faults(&g.report);
    *exit_code = mr_fleet_report_exit(&g.report);
    if (opts->output != NULL)
        mr_log_info("the report of %zu pair%s is written to \"%s\"", g.result.npairs,
                    g.result.npairs == 1 ? "" : "s", opts->output);
out:
    if (code == MR_E_CANCELLED && opts->output != NULL)
        mr_err_hint(err, "No file was written; run it again.");
    mr_fleet_report_release(&g.report);
    mr_arena_release(&g.arena);
    return code;
}

const struct mr_command mr_fleet_report_command = {.name = "fleet report",
                                                   .doc = &doc,
                                                   .options = &option_set,
                                                   .min_operands = 1,
                                                   .max_operands = 1,
                                                   .is_to_show = true,
                                                   .run = run};
