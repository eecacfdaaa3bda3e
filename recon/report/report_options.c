/* report_options.c: see report_options.h. */
#include "recon/report/report_options.h"

_Static_assert(sizeof(enum mr_report_format) == sizeof(unsigned), "stored as unsigned");

static const struct mr_choice formats[] = {
    {"html", MR_REPORT_HTML},
    {"md", MR_REPORT_MD},
    {"json", MR_REPORT_JSON},
    {NULL, 0},
};

#define AT(field) offsetof(struct mr_report_options, field)

static const struct mr_option options[] = {
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = "What is reported",
     .help = "the case file that a check has filled",
     .not_in_file = true},
    {.name = "run",
     .type = MR_OPTION_STRING,
     .offset = AT(run),
     .arg = "ID",
     .group = "What is reported",
     .help = "the run of that id, or of the only id that holds ID",
     .initial_note = "the last finished one",
     .not_in_file = true},
    {.name = "max-rows",
     .type = MR_OPTION_UINT64,
     .offset = AT(max_rows),
     .arg = "N",
     .group = "What is reported",
     .help = "show at most N rows a table; all are counted and drawn",
     .initial_note = "50; of md: 10",
     .max = UINT64_MAX,
     .not_in_file = true},
    {.name = "unmask",
     .type = MR_OPTION_FLAG,
     .offset = AT(unmask),
     .group = "What is reported",
     .help = "show personal data as it is",
     .not_in_file = true},

    {.name = "plan",
     .type = MR_OPTION_LIST,
     .offset = AT(plans),
     .arg = "DIR",
     .group = "What was done since",
     .help = "tell what this plan decided and how it was applied (repeatable)",
     .not_in_file = true},
    {.name = "verify",
     .type = MR_OPTION_LIST,
     .offset = AT(verifies),
     .arg = "FILE",
     .group = "What was done since",
     .help = "and what a saved \"repair verify --json\" proves (repeatable)",
     .not_in_file = true},
    {.name = "gate",
     .type = MR_OPTION_LIST,
     .offset = AT(gates),
     .arg = "FILE",
     .group = "What was done since",
     .help = "a saved \"gate check --json\", or a file of gate record (repeatable); "
             "before and after are told by time",
     .not_in_file = true},

    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "FILE",
     .group = "Result",
     .help = "write it to FILE; md and json go to standard output without",
     .not_in_file = true},
    {.name = "format",
     .type = MR_OPTION_CHOICE,
     .offset = AT(format),
     .arg = "html|md|json",
     .group = "Result",
     .help = "one page of HTML, a short text for a ticket, or one JSON object a line",
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
     .help = "replace FILE if it exists",
     .not_in_file = true},
    MR_GENERAL_OPTIONS(struct mr_report_options, general),
};

const struct mr_command_doc mr_report_doc = {
    .summary = "write a run of a case as one self-contained page",
    .operands = "",
    .description =
        "Writes what a check has found, from its case file alone, as one page of HTML "
        "that "
        "loads nothing: the verdict and what to do next, a map of each diverged table "
        "over "
        "its keys, when the rows were created, who stands under somebody else's key, and "
        "where AUTO_INCREMENT goes on. Nothing is connected to.\n"
        "\n"
        "With --plan, --verify and --gate it is the report of a completed repair, too: "
        "what was found, what was planned and decided, what was applied when, what "
        "verify proves, and which checks of the gate say something else than before.\n"
        "\n"
        "Personal data is masked: columns that the configuration's mask names, columns "
        "with usual names such as email or phone, the identities of people, and mail "
        "addresses and telephone numbers in any text. Keys are shown.\n"
        "\n"
        "Exit status: 0 written; 3 could not be written; 4 written from a run that is "
        "incomplete or not finished; 5 refused: a plan was changed; 6 interrupted, "
        "nothing was written; 70 bug.\n",
    .examples = "  myrecon report --case incident.case --output incident.html\n"
                "  myrecon report --case incident.case --format md > ticket.md\n"
                "  myrecon report --case incident.case --plan club.merge --verify v.json \\\n"
                "      --gate before.json --gate after.json --output done.html\n"
                "  myrecon report --unmask --case incident.case --output internal.html\n",
};

enum mr_code mr_report_format_finish(struct mr_settings *settings, bool json,
                                     enum mr_report_format *format, struct mr_err *err)
{
    const struct mr_option *option = mr_settings_find(settings->set, "format");
    if (json && *format != MR_REPORT_JSON &&
        mr_settings_origin(settings, option)->kind != MR_ORIGIN_DEFAULT) {
        (void)mr_err_set(err, MR_E_USAGE, "--json and another --format exclude each other");
        mr_err_hint(err, "Keep one of them.");
        return MR_E_USAGE;
    }
    if (json)
        *format = MR_REPORT_JSON;
    return MR_OK;
}

/* How many rows are shown by default depends on the format: a ticket that is longer than a screen
 * is not read. */
static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_report_options *values = settings->values;
    MR_TRY(mr_report_format_finish(settings, values->json, &values->format, err));
    const struct mr_option *rows = mr_settings_find(settings->set, "max-rows");
    if (mr_settings_origin(settings, rows)->kind == MR_ORIGIN_DEFAULT)
        values->max_rows = values->format == MR_REPORT_MD ? 10 : 50;
    return mr_general_options_finish(settings, &values->general, err);
}

/* A page is not written to a terminal, where it would be noise: of HTML the file must be named. */
enum mr_code mr_report_options_check(const struct mr_report_options *opts, struct mr_err *err)
{
    if (opts->case_path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--case\" is missing");
        mr_err_hint(err, "Name the case file of a check: --case FILE.");
        return MR_E_USAGE;
    }
    if (opts->output == NULL && opts->format == MR_REPORT_HTML) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--output\" is missing");
        mr_err_hint(err, "Name the page: --output FILE.html; or choose --format md or "
                         "json.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

const struct mr_option_set mr_report_option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct mr_report_options),
    .finish = finish,
};
