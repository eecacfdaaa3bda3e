/*
 * report_options: the options of `myrecon report`, as a table and as a struct.
 *
 * The struct is filled by core/cli before the command runs; its texts live as long as
 * the invocation.
 */
#ifndef MR_REPORT_OPTIONS_H
#define MR_REPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cli/cli.h"
#include "core/cli/general_options.h"

enum mr_report_format { MR_REPORT_HTML = 1, MR_REPORT_MD, MR_REPORT_JSON };

struct mr_report_options {
    const char *case_path;
    const char *run;    /* run_id or a part of it; NULL: the last finished one */
    const char *output; /* NULL: standard output; never for HTML */
    enum mr_report_format format;
    bool json;  /* names that format, too */
    bool force; /* replace the output */
    bool unmask;
    uint64_t max_rows; /* samples a table */
    /* the story: directories of plans, and files */
    struct mr_string_list plans, gates, verifies;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_report_option_set;
extern const struct mr_command_doc mr_report_doc;

/* --json beside --format, of this report or of a fleet's: MR_E_USAGE where they say two things. */
enum mr_code mr_report_format_finish(struct mr_settings *settings, bool json,
                                     enum mr_report_format *format, struct mr_err *err);

/* Is there what a report needs?  Apart from finishing, which `config` does, too. */
enum mr_code mr_report_options_check(const struct mr_report_options *opts, struct mr_err *err);

#endif
