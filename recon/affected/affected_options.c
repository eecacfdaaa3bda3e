/* affected_options.c: see affected_options.h. */
#include "recon/affected/affected_options.h"

#include <string.h>

#include "core/cli/load_options.h"

_Static_assert(sizeof(enum mr_affected_format) == sizeof(unsigned), "stored as unsigned");

static const struct mr_choice formats[] = {
#define MR_AFFECTED_FORMAT(symbol, word) {#word, MR_AFFECTED_##symbol},
#include "recon/affected/affected_format.def"
#undef MR_AFFECTED_FORMAT
    {NULL, 0},
};
/* "|csv|…" */
static const char format_words[] =
#define MR_AFFECTED_FORMAT(symbol, word) "|" #word
#include "recon/affected/affected_format.def"
#undef MR_AFFECTED_FORMAT
    ;

#define AT(field) offsetof(struct mr_affected_options, field)

static const struct mr_option options[] = {
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = "What is read",
     .help = "case file that check has filled",
     .not_in_file = true},
    {.name = "run",
     .type = MR_OPTION_STRING,
     .offset = AT(run),
     .arg = "ID",
     .group = "What is read",
     .help = "this run of the case, by its run_id or a part of it",
     .initial_note = "that of --plan, else the last finished one",
     .not_in_file = true},
    {.name = "plan",
     .type = MR_OPTION_STRING,
     .offset = AT(plan),
     .arg = "DIR",
     .group = "What is read",
     .help = "list new_key, too: the key after this plan of repair",
     .not_in_file = true},

    {.name = "subject",
     .type = MR_OPTION_LIST,
     .offset = AT(subjects),
     .arg = "DB.TABLE",
     .group = "Who is listed",
     .help = "the rows of this table are the people, whatever the configuration says "
             "(wildcards * and ?); repeatable",
     .not_in_file = true},
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = "Who is listed",
     .help = "only those affected by rows of tables that match db.table (wildcards * and "
             "?); a bare name means any database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(exclude),
     .arg = "PATTERN",
     .group = "Who is listed",
     .help = "not by rows of these tables; repeatable"},
    {.name = "since",
     .type = MR_OPTION_STRING,
     .offset = AT(since_text),
     .arg = "TIME",
     .group = "Who is listed",
     .help = "and everybody who registered at TIME or later, by the time-column; reads "
             "the servers; YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, then Z or +HH:MM for a "
             "time zone",
     .not_in_file = true},
    {.name = "until",
     .type = MR_OPTION_STRING,
     .offset = AT(until_text),
     .arg = "TIME",
     .group = "Who is listed",
     .help = "and everybody who registered before TIME",
     .not_in_file = true},

    {.name = "source",
     .type = MR_OPTION_STRING,
     .offset = AT(source),
     .arg = "URI",
     .group = "Servers, for --since and --until",
     .help = "where SOURCE is now",
     .initial_note = "the run's",
     .not_in_file = true},
    {.name = "target",
     .type = MR_OPTION_STRING,
     .offset = AT(target),
     .arg = "URI",
     .group = "Servers, for --since and --until",
     .help = "where TARGET is now",
     .initial_note = "the run's",
     .not_in_file = true},
    MR_THROTTLE_OPTIONS(struct mr_affected_options, load, "Servers, for --since and --until",
                        "a server"),
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_affected_options, statement_timeout_s,
                                "Servers, for --since and --until"),

    {.name = "format",
     .type = MR_OPTION_CHOICE,
     .offset = AT(format),
     .arg = format_words + 1,
     .group = "What is written",
     .help = "csv is RFC 4180, json one object a line, sql a table with its rows",
     .initial = "csv",
     .choices = formats},
    {.name = "json",
     .type = MR_OPTION_FLAG,
     .offset = AT(json),
     .group = "What is written",
     .help = "the same as --format json"},
    {.name = "columns",
     .type = MR_OPTION_LIST,
     .offset = AT(columns),
     .arg = "NAME,NAME",
     .group = "What is written",
     .help = "further columns of the subject table; first_divergence and last_change, by the "
             "collected logs; repeatable; ? lists those that there are"},
    {.name = "template",
     .type = MR_OPTION_STRING,
     .offset = AT(template),
     .arg = "TEXT",
     .group = "What is written",
     .help = "a line a key, such as 'user:{id}'; also {source_key}, {target_key}, "
             "{reasons}, {tables} and every listed column; {{ is a brace"},
    {.name = "shell-safe",
     .type = MR_OPTION_FLAG,
     .offset = AT(shell_safe),
     .group = "What is written",
     .help = "quote each value that a template inserts as one word of a shell"},
    {.name = "spreadsheet-safe",
     .type = MR_OPTION_FLAG,
     .offset = AT(sheet),
     .group = "What is written",
     .help = "csv: cells that a spreadsheet would run or change get an apostrophe"},
    {.name = "sql-table",
     .type = MR_OPTION_STRING,
     .offset = AT(sql_table),
     .arg = "NAME",
     .group = "What is written",
     .help = "the table that --format sql creates",
     .initial = "myrecon_affected"},

    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "FILE",
     .group = "Where to",
     .help = "write to FILE, compressed where it ends in .zst",
     .initial_note = "standard output",
     .not_in_file = true},
    {.name = "force",
     .type = MR_OPTION_FLAG,
     .offset = AT(force),
     .group = "Where to",
     .help = "replace FILE if it is there",
     .not_in_file = true},
    {.name = "encrypt-to",
     .type = MR_OPTION_STRING,
     .offset = AT(encrypt_to),
     .arg = "CERT.pem",
     .group = "Where to",
     .help = "encrypt to this certificate (CMS, AES-256-GCM)"},
    MR_LOGIN_OPTIONS(struct mr_affected_options, login),
    MR_GENERAL_OPTIONS(struct mr_affected_options, general),
};

const struct mr_command_doc mr_affected_doc = {
    .summary = "list everybody whom the differences of a case touch",
    .operands = "",
    .description =
        "Lists every person whom the differences in a case file touch: whose own row is "
        "missing, extra or changed, stands under somebody else's key or under two keys, "
        "or of whom rows of other tables differ, however deep below. With their keys on "
        "both sides, the reasons, and the tables. It works from the case alone, and "
        "reads servers only for --since and --until.\n"
        "\n"
        "The people are the rows of the subject tables: those with subject = yes in the "
        "configuration. One line is one person, by its identity; a row whose identity is "
        "NULL is a person of its own. The list is sorted by identity.\n"
        "\n"
        "Exit status: 0 written; 3 could not run; 4 written, but the run is incomplete "
        "or "
        "somebody could not be reached: the list may lack people; 5 refused: DIR of "
        "--plan is no plan, was changed, or is of another run; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon affected --case club.case --columns name,email --output who.csv.zst\n"
                "  myrecon affected --case club.case --template 'user:{id}' |\n"
                "      xargs -d '\\n' redis-cli del\n"
                "  myrecon affected --case club.case --format sql | mariadb tools\n"
                "  myrecon affected --case club.case --since 2026-04-02 --output new.csv\n"
                "  myrecon affected --case club.case --encrypt-to it.pem --output who.cms\n",
};

static enum mr_code refuse(struct mr_err *err, const char *message, const char *hint)
{
    (void)mr_err_set(err, MR_E_USAGE, "%s", message);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static enum mr_origin_kind origin_of(const struct mr_settings *settings, const char *name)
{
    return mr_settings_origin(settings, mr_settings_find(settings->set, name))->kind;
}

/* --json and --template name a format, too; of a file they name none against the command
 * line. */
static enum mr_code finish_format(struct mr_settings *settings, struct mr_affected_options *o,
                                  struct mr_err *err)
{
    enum mr_origin_kind format = origin_of(settings, "format");
    enum mr_origin_kind json = o->json ? origin_of(settings, "json") : MR_ORIGIN_DEFAULT;
    bool template =
        o->template != NULL && origin_of(settings, "template") == MR_ORIGIN_COMMAND_LINE;
    if (json > MR_ORIGIN_DEFAULT && json == format && o->format != MR_AFFECTED_JSON)
        return refuse(err, "--json and another --format exclude each other", "Keep one of them.");
    o->writes = json > format ? MR_AFFECTED_JSON : o->format;
    if (template && format < MR_ORIGIN_COMMAND_LINE && json < MR_ORIGIN_COMMAND_LINE)
        o->writes = MR_AFFECTED_TEMPLATE;
    if (template && o->writes != MR_AFFECTED_TEMPLATE)
        return refuse(err, "--template and another format exclude each other",
                      "Leave out --format or --json, or --template.");
    if (o->writes == MR_AFFECTED_TEMPLATE && o->template == NULL)
        return refuse(err, "--format template needs --template TEXT",
                      "Give it like --template 'user:{id}'.");
    if (o->sheet && o->writes != MR_AFFECTED_CSV &&
        origin_of(settings, "spreadsheet-safe") == MR_ORIGIN_COMMAND_LINE)
        return refuse(err, "--spreadsheet-safe is for csv", "Leave out the other format.");
    if (o->sql_table[0] == '\0')
        return refuse(err, "option \"--sql-table\" needs a name",
                      "Leave it out for myrecon_affected.");
    return MR_OK;
}

static enum mr_code parse_time(struct mr_settings *settings, const char *name, const char *text,
                               struct mr_when *when, struct mr_err *err)
{
    if (text == NULL)
        return MR_OK;
    enum mr_code code = mr_when_parse(when, text, err);
    if (code != MR_OK)
        mr_settings_context(settings, name, err);
    return code;
}

/* An end with a zone and one without are not compared here: what a server takes for its local
 * time is not known yet. */
static enum mr_code finish_window(struct mr_settings *settings, struct mr_affected_options *o,
                                  struct mr_err *err)
{
    MR_TRY(parse_time(settings, "since", o->since_text, &o->since, err));
    MR_TRY(parse_time(settings, "until", o->until_text, &o->until, err));
    if (!mr_affected_has_window(o) && (o->source != NULL || o->target != NULL))
        return refuse(err, "--source and --target are for --since and --until",
                      "Without them the list is made from the case alone.");
    if (o->since_text != NULL && o->until_text != NULL && o->since.has_zone == o->until.has_zone) {
        struct mr_strbuf since = MR_STRBUF_INIT, until = MR_STRBUF_INIT;
        struct mr_time from = mr_when_utc(&o->since), to = mr_when_utc(&o->until);
        mr_when_format(&from, &since);
        mr_when_format(&to, &until);
        bool empty = strcmp(since.ptr, until.ptr) >= 0;
        mr_strbuf_release(&since);
        mr_strbuf_release(&until);
        if (empty)
            return refuse(err, "--until is not after --since",
                          "Nobody can have registered between them.");
    }
    return MR_OK;
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_affected_options *o = settings->values;
    MR_TRY(mr_general_options_finish(settings, &o->general, err));
    MR_TRY(finish_format(settings, o, err));
    MR_TRY(finish_window(settings, o, err));
    if (o->force && o->output == NULL)
        MR_TRY(refuse(err, "option \"--force\" needs --output FILE",
                      "Without a file there is nothing to replace."));
    return MR_OK;
}

const struct mr_option_set mr_affected_option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct mr_affected_options),
    .finish = finish,
};

bool mr_affected_has_window(const struct mr_affected_options *o)
{
    return o->since_text != NULL || o->until_text != NULL;
}
