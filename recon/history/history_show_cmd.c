/* history_show_cmd.c: `myrecon history show`; see history_cmd.h. */
#include <stddef.h>
#include <stdint.h>

#include "core/base/term.h"
#include "recon/history/history_cmd.h"
#include "recon/history/history_show.h"
#include "recon/history/history_top_cmd.h"

struct options {
    const char *case_path, *run;
    const char *table, *key, *gtid, *person;
    bool unmask, json;
    struct mr_top_options top;
    struct mr_general_options general;
};

#define AT(field) offsetof(struct options, field)
#define TOP "The largest transactions of one server"
static const struct mr_option options[] = {
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = "What is shown",
     .help = "the case file that a check has filled, and the logs of both sides",
     .not_in_file = true},
    {.name = "run",
     .type = MR_OPTION_STRING,
     .offset = AT(run),
     .arg = "ID",
     .group = "What is shown",
     .help = "the rows of this run, by its run_id or a part of it",
     .initial_note = "the last finished one",
     .not_in_file = true},
    {.name = "table",
     .type = MR_OPTION_STRING,
     .offset = AT(table),
     .arg = "DB.TABLE",
     .group = "What is shown",
     .help = "what happened to a row of this table, with --key",
     .not_in_file = true},
    {.name = "key",
     .type = MR_OPTION_STRING,
     .offset = AT(key),
     .arg = "KEY",
     .group = "What is shown",
     .help = "its key, as check prints it; values of a composite one joined by commas",
     .not_in_file = true},
    {.name = "gtid",
     .type = MR_OPTION_STRING,
     .offset = AT(gtid),
     .arg = "GTID",
     .group = "What is shown",
     .help = "what this transaction changed",
     .not_in_file = true},
    {.name = "person",
     .type = MR_OPTION_STRING,
     .offset = AT(person),
     .arg = "IDENTITY",
     .group = "What is shown",
     .help = "what happened to this person, and to the rows that lead there: the identity as "
             "affected prints it, its columns joined by commas",
     .not_in_file = true},
    {.name = "unmask",
     .type = MR_OPTION_FLAG,
     .offset = AT(unmask),
     .group = "What is shown",
     .help = "show columns that the configuration's mask names, and values in statements",
     .not_in_file = true},
    {.name = "top",
     .type = MR_OPTION_UINT,
     .offset = AT(top.keep),
     .arg = "N",
     .group = TOP,
     .help = "the N transactions that changed most rows, and the last N statements whose rows the "
             "log does not hold",
     .initial_note = "of a case, not of a server",
     .min = 1,
     .max = 1000,
     .not_in_file = true},
    {.name = "from",
     .type = MR_OPTION_STRING,
     .offset = AT(top.from),
     .arg = "TIME|FILE:POS",
     .group = TOP,
     .help = "begin with what was committed then, YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM], UTC without "
             "a zone; or at that place in a log",
     .initial_note = "all that is there",
     .not_in_file = true},
    {.name = "to",
     .type = MR_OPTION_STRING,
     .offset = AT(top.to),
     .arg = "TIME|FILE:POS",
     .group = TOP,
     .help = "end before that",
     .not_in_file = true},
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(top.tables),
     .arg = "PATTERN",
     .group = TOP,
     .help = "count rows of tables that match db.table (wildcards * and ?); a bare name means any "
             "database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(top.exclude),
     .arg = "PATTERN",
     .group = TOP,
     .help = "not of these; repeatable"},
    {.name = "kind",
     .type = MR_OPTION_STRING,
     .offset = AT(top.kinds),
     .arg = "KINDS",
     .group = TOP,
     .help = "count these changes: insert, update, delete, joined by commas",
     .initial_note = "all",
     .not_in_file = true},
    MR_THROTTLE_OPTIONS(struct options, top.load, "Load", "SERVER"),
    MR_STATEMENT_TIMEOUT_OPTION(struct options, top.statement_timeout_s, "Load"),
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_LOGIN_OPTIONS(struct options, top.login),
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
    .summary = "tell what the binary logs say of a row, a person or a time",
    .operands = "--case FILE | --top N SERVER|FILE...",
    .description =
        "Shows, from the case file alone, what the logs of both sides say: who changed which row, "
        "when, from what to what, and how the row was at the split. Nothing is connected to.\n"
        "\n"
        "Without --key, --gtid and --person it tells which logs were read, whether they are "
        "complete, and which tables' logs are to be relied upon.\n"
        "\n"
        "Of a row it tells why a side's log does not tell of it, where it does not; the row at the "
        "split; what stands now on both sides, by the run; whether logged changes explain that; "
        "and "
        "each change, in order of time, with its transaction and its place in the log. A \"?\" is "
        "a "
        "value that no log shows. Columns that the configuration's mask names stay masked.\n"
        "\n"
        "With --top no case is needed. The binary logs of one server are read, of it or of files "
        "(plain, .gz, .zst, directories of them), and the N transactions told that changed most "
        "rows, largest first: when, GTID and place, rows by table and kind, the session's thread "
        "where the log has it, and the statement where the server logs it "
        "(binlog_annotate_row_events of MariaDB, binlog_rows_query_log_events of MySQL). Below "
        "them stand the last N statements of whose rows the log says nothing: TRUNCATE, DROP, "
        "ALTER, changes logged as statements. Where the configuration masks any column, ? stands "
        "for every value in a statement. The server is only read, as by a replica; its account "
        "needs REPLICATION SLAVE and BINLOG MONITOR (MySQL: REPLICATION CLIENT).\n"
        "\n"
        "Exit status: 0 shown; 3 could not run, or the case knows no such row, transaction or "
        "person; 4 shown, and a log is incomplete or was not read, or a table's log is not to be "
        "relied upon; with --top a right is missing, or logs of that time are lacking, or rows "
        "changed that the log does not hold; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon history show --case incident.case\n"
                "  myrecon history show --case incident.case --table club.members --key 3001\n"
                "  myrecon history show --case incident.case --person +4366012345\n"
                "  myrecon history show --top 10 --from '2026-04-02 03:00:00' \\\n"
                "      --to '2026-04-02 04:00:00' --kind delete mysql://dba@live\n"
                "  myrecon history show --top 10 --tables 'club.*' /evidence/live\n",
};

/* What only --top reads says nothing without it; the configuration may hold tables for other commands. */
static enum mr_code check_top(const struct mr_invocation *invocation, struct mr_err *err)
{
    static const char *const of_top[] = {"from", "to", "tables", "exclude", "kind"};
    const struct mr_settings *settings = &invocation->settings;
    for (size_t i = 0; i < sizeof of_top / sizeof *of_top; i++) {
        const struct mr_option *option = mr_settings_find(settings->set, of_top[i]);
        if (mr_settings_origin(settings, option)->kind != MR_ORIGIN_COMMAND_LINE)
            continue;
        (void)mr_err_set(err, MR_E_USAGE, "option \"--%s\" needs --top", of_top[i]);
        mr_err_hint(err, "myrecon history show --top N --%s … SERVER.", of_top[i]);
        return MR_E_USAGE;
    }
    if (invocation->noperands == 0)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "unexpected operand \"%.200s\"", invocation->operands[0]);
    mr_err_hint(err,
                "Logs of a server are read with --top N; what a case holds, with --case FILE.");
    return MR_E_USAGE;
}

/* A case and a server's logs are two things to be asked. */
static enum mr_code run_top(const struct mr_invocation *invocation, int *exit_code,
                            struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct mr_top_options top = opts->top;
    if (opts->case_path != NULL || opts->run != NULL || opts->table != NULL || opts->key != NULL ||
        opts->gtid != NULL || opts->person != NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "--top is of a server's logs, and takes no case");
        mr_err_hint(err,
                    "Leave out --case and what asks of it: myrecon history show --top N SERVER.");
        return MR_E_USAGE;
    }
    top.unmask = opts->unmask;
    top.json = opts->json;
    top.color = mr_term_use_color(opts->general.color, 1);
    top.progress = opts->general.progress;
    return mr_history_top_run(&top, invocation, exit_code, err);
}

/* One thing at a time; a key is one of a table. */
static enum mr_code check_options(const struct options *opts, struct mr_err *err)
{
    const int asked = (opts->key != NULL) + (opts->gtid != NULL) + (opts->person != NULL);
    if (opts->case_path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--case FILE\" is missing");
        mr_err_hint(err, "Name the case file that myrecon check --case FILE has filled.");
        return MR_E_USAGE;
    }
    if ((opts->table != NULL) != (opts->key != NULL)) {
        (void)mr_err_set(err, MR_E_USAGE, "options \"--table\" and \"--key\" belong together");
        mr_err_hint(err, "Write: --table club.members --key 3001.");
        return MR_E_USAGE;
    }
    if (asked > 1) {
        (void)mr_err_set(err, MR_E_USAGE, "--key, --gtid and --person exclude each other");
        mr_err_hint(err, "Keep one of them.");
        return MR_E_USAGE;
    }
    return MR_OK;
}

static enum mr_code show_all(const struct options *opts, struct mr_history_show *show,
                             struct mr_err *err)
{
    MR_TRY(mr_history_show_open(show, opts->run, err));
    if (opts->key != NULL)
        MR_TRY(mr_history_show_key(show, opts->table, opts->key, err));
    if (opts->gtid != NULL)
        MR_TRY(mr_history_show_gtid(show, opts->gtid, err));
    if (opts->person != NULL)
        MR_TRY(mr_history_show_person(show, opts->person, err));
    return opts->json
               ? mr_history_show_json(show, stdout, err)
               : mr_history_show_text(show, stdout, mr_term_use_color(opts->general.color, 1), err);
}

/* An error of closing is told only where nothing worse was. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct mr_history_show show;
    struct mr_err late = {0};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    if (opts->top.keep > 0)
        return run_top(invocation, exit_code, err);
    MR_TRY(check_top(invocation, err));
    mr_history_show_init(&show);
    show.case_path = opts->case_path;
    show.unmask = opts->unmask;
    MR_TRY_OUT(check_options(opts, err));
    MR_TRY_OUT(mr_findings_open(opts->case_path, MR_CASE_READ, &show.fd, err));
    MR_TRY_OUT(show_all(opts, &show, err));
    *exit_code = mr_history_show_is_incomplete(&show) ? 4 : 0;
out:;
    const enum mr_code closed = mr_findings_close(show.fd, &late);
    if (code == MR_OK && closed != MR_OK) {
        code = closed;
        *err = late;
    }
    mr_history_show_release(&show);
    return code;
}

const struct mr_command mr_history_show_command = {.name = "history show",
                                                   .is_to_show = true,
                                                   .doc = &doc,
                                                   .options = &option_set,
                                                   .max_operands = SIZE_MAX,
                                                   .run = run};
