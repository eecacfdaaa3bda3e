/* decide_options.c: see decide_options.h. */
#include "repair/page/decide_options.h"

#include <stddef.h>

#define AT(field) offsetof(struct mr_decide_options, field)

static const struct mr_option options[] = {
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "FILE",
     .group = "Result",
     .help = "the page, FILE.html, or the decisions, FILE.csv, as with --join",
     .not_in_file = true},
    {.name = "decisions",
     .type = MR_OPTION_STRING,
     .offset = AT(decisions),
     .arg = "FILE",
     .group = "Result",
     .help = "without --output: the file that is written, and gone on with",
     .initial_note = "DIR.decisions.csv",
     .not_in_file = true},
    {.name = "spreadsheet-safe",
     .type = MR_OPTION_FLAG,
     .offset = AT(sheet),
     .group = "Result",
     .help = "FILE.csv: cells that a spreadsheet would run or change get an apostrophe",
     .not_in_file = true},
    {.name = "join",
     .type = MR_OPTION_FLAG,
     .offset = AT(join),
     .group = "Result",
     .help = "join decisions that several people have saved; where they disagree nothing is "
             "decided, and it is listed",
     .not_in_file = true},
    {.name = "unmask",
     .type = MR_OPTION_FLAG,
     .offset = AT(unmask),
     .group = "Result",
     .help = "show columns that the configuration masks as they are",
     .not_in_file = true},
    {.name = "force",
     .type = MR_OPTION_FLAG,
     .offset = AT(force),
     .group = "Result",
     .help = "replace FILE if it exists",
     .not_in_file = true},
    MR_GENERAL_OPTIONS(struct mr_decide_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_decide_options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

const struct mr_option_set mr_decide_option_set = {.options = options,
                                                   .count = sizeof options / sizeof options[0],
                                                   .values_size = sizeof(struct mr_decide_options),
                                                   .finish = finish};
