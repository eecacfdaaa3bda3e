/* fleet_status_cmd.c: `myrecon fleet status`; see fleet_cmd.h. */
#include <stdio.h>
#include <time.h>

#include "core/base/backoff.h"
#include "core/base/term.h"
#include "core/cli/general_options.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_status.h"

struct options {
    unsigned watch_s; /* 0: once */
    bool json;
    struct mr_general_options general;
};

static const struct mr_option options[] = {
    {.name = "watch",
     .type = MR_OPTION_UINT,
     .offset = offsetof(struct options, watch_s),
     .arg = "SECONDS",
     .group = "Result",
     .help = "show it again so often, until all parts are done",
     .initial_note = "once",
     .min = 1,
     .max = 86400,
     .not_in_file = true},
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_GENERAL_OPTIONS(struct options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

static const struct mr_option_set option_set = {.options = options,
                                                .count = sizeof options / sizeof *options,
                                                .values_size = sizeof(struct options),
                                                .finish = finish};

static const struct mr_command_doc doc = {
    .summary = "how far the work on a fleet's plan is",
    .operands = "DIR",
    .description =
        "Says of the plan in DIR (fleet plan) which parts are done, running, silent or waiting, "
        "how "
        "many rows and bytes a second are read, how long it may take, and what is known of each "
        "pair so far. It reads files of DIR and no server.\n"
        "\n"
        "A part is silent that has said nothing for a minute, or whose process is known here to be "
        "gone: it is dead or cut off, or "
        "the clocks of the machines differ. An incomplete one has tried all of its pairs, and "
        "could "
        "not read one: run it again. A stopped one says which error has ended it, unless it was a "
        "signal: the next run goes on. What a pair comes to counts where its part is done or "
        "incomplete; rows that differ elsewhere are told as not kept yet.\n"
        "\n"
        "Exit status: 0 all parts done, all pairs equal; 1 all done, differences; 3 could not run; "
        "4 not done yet, or a pair was not read; 5 DIR is none of a fleet, or was changed; 6 "
        "interrupted; 70 bug.\n",
    .examples =
        "  myrecon fleet status fleet\n"
        "  myrecon fleet status fleet --watch 5\n"
        "  myrecon fleet status fleet --json | jq -r 'select(.state == \"silent\") | .part'\n",
};

static enum mr_code show(const struct options *opts, const struct mr_fleet_file *file,
                         bool *is_over, int *exit_code, struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_fleet_status status;
    const struct mr_look look = mr_general_look(&opts->general);
    enum mr_code code = mr_fleet_status_read(file, (uint64_t)time(NULL), &arena, &status, err);
    if (code == MR_OK && opts->watch_s > 0 && !opts->json && mr_term_is_terminal(1))
        (void)fputs("\033[H\033[J", stdout);
    if (code == MR_OK)
        code = opts->json ? mr_fleet_status_json(&status, err)
                          : mr_fleet_status_text(&status, look.color, look.brief, err);
    if (code == MR_OK) {
        *is_over = status.done == file->nparts;
        *exit_code = mr_fleet_status_exit(&status);
        (void)fflush(stdout);
    }
    mr_arena_release(&arena);
    return code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_fleet_file file = {0};
    bool is_over = false;
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    MR_TRY_OUT(mr_fleet_file_read(invocation->operands[0], &arena, &file, err));
    MR_TRY_OUT(show(opts, &file, &is_over, exit_code, err));
    while (opts->watch_s > 0 && !is_over) {
        MR_TRY_OUT(mr_pause(opts->watch_s, err));
        MR_TRY_OUT(show(opts, &file, &is_over, exit_code, err));
    }
out:
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_fleet_status_command = {.name = "fleet status",
                                                   .doc = &doc,
                                                   .options = &option_set,
                                                   .min_operands = 1,
                                                   .max_operands = 1,
                                                   .is_to_show = true,
                                                   .run = run};
