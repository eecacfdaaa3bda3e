/* gate_options.c: see gate_options.h. */
#include "recon/gate/gate_options.h"

#include "core/cli/load_options.h"
#include "recon/gate/gate_answer.h"
#include "recon/gate/gate_pick.h"

#define AT(field) offsetof(struct mr_gate_options, field)

#define SCOPE_OPTIONS                                                                              \
    {.name = "tables",                                                                             \
     .type = MR_OPTION_LIST,                                                                       \
     .offset = AT(tables),                                                                         \
     .arg = "PATTERN",                                                                             \
     .group = "What is looked at",                                                                 \
     .help = "only tables that match db.table (wildcards * and ?); a bare name means "             \
             "any database; repeatable"},                                                          \
        {.name = "exclude",                                                                        \
         .type = MR_OPTION_LIST,                                                                   \
         .offset = AT(exclude),                                                                    \
         .arg = "PATTERN",                                                                         \
         .group = "What is looked at",                                                             \
         .help = "not these tables; repeatable"},                                                  \
    {                                                                                              \
        .name = "peer", .type = MR_OPTION_LIST, .offset = AT(peers), .arg = "URI",                 \
        .group = "What is looked at",                                                              \
        .help = "a replica of SERVER, its source, or the other side; repeatable",                  \
        .not_in_file = true                                                                        \
    }

#define FULL_OPTION(text)                                                                          \
    {                                                                                              \
        .name = "full", .type = MR_OPTION_FLAG, .offset = AT(full), .group = "What is looked at",  \
        .help = (text), .not_in_file = true                                                        \
    }

#define BUDGET_OPTION(seconds)                                                                     \
    {                                                                                              \
        .name = "budget", .type = MR_OPTION_MILLIS, .offset = AT(budget_ms), .arg = "SECONDS",     \
        .group = "What is looked at",                                                              \
        .help = "time for exact row counts; where it ends, the server's estimates "                \
                "stand",                                                                           \
        .initial = (seconds), .max = 86400000, .not_in_file = true                                 \
    }

#define TIMEOUT_OPTION                                                                             \
    MR_STATEMENT_TIMEOUT_OPTION_OF(struct mr_gate_options, statement_timeout_s,                    \
                                   "What is looked at", "30")

static const struct mr_option record_options[] = {
    SCOPE_OPTIONS,
    FULL_OPTION("read every row, for a digest of the whole past"),
    BUDGET_OPTION("10"),
    TIMEOUT_OPTION,
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = AT(output),
     .arg = "FILE",
     .group = "Result",
     .help = "the baseline; needed",
     .not_in_file = true},
    {.name = "force",
     .type = MR_OPTION_FLAG,
     .offset = AT(force),
     .group = "Result",
     .help = "replace FILE whatever it is, and keep nothing of it",
     .not_in_file = true},
    MR_JSON_OPTION(struct mr_gate_options, json, "one JSON object a line"),
    MR_LOGIN_OPTIONS(struct mr_gate_options, login),
    MR_GENERAL_OPTIONS(struct mr_gate_options, general),
};

static const struct mr_option check_options[] = {
    SCOPE_OPTIONS,
    FULL_OPTION("compare digests of all rows, of a baseline that was recorded so"),
    BUDGET_OPTION("1"),
    TIMEOUT_OPTION,
    MR_GATE_PICK_OPTIONS(struct mr_gate_options, mr_gate_choices),
    {.name = "expect-new-instance",
     .type = MR_OPTION_FLAG,
     .offset = AT(expect_new_instance),
     .group = "Which checks",
     .help = "the move to another instance is planned: its identity and directory may "
             "differ, its data may not",
     .not_in_file = true},
    {.name = "wait",
     .type = MR_OPTION_UINT,
     .offset = AT(wait_s),
     .arg = "SECONDS",
     .group = "Which checks",
     .help = "check again until all is well; no look begins after so long",
     .initial = "0",
     .max = 86400,
     .not_in_file = true},
    {.name = "witness-hours",
     .type = MR_OPTION_UINT,
     .offset = AT(witness_hours),
     .arg = "N",
     .group = "Which checks",
     .help = "binary logs are to be kept for so long, or a failover leaves no witness",
     .initial_note = "witness-hours in [gate], else 168",
     .max = MR_GATE_WITNESS_MOST,
     .not_in_file = true},
    MR_GATE_ANSWER_OPTIONS(struct mr_gate_options),
    MR_LOGIN_OPTIONS(struct mr_gate_options, login),
    MR_GENERAL_OPTIONS(struct mr_gate_options, general),
};

const struct mr_command_doc mr_gate_record_doc = {
    .summary = "record what a server is and holds, before a change",
    .operands = "SERVER",
    .description =
        "Writes a baseline for \"gate check\": the server's identity, role, GTIDs, "
        "replication, settings and load, and of each table the number of rows, the "
        "greatest key, the next AUTO_INCREMENT value, the newest row, the structure, and "
        "digests of a few ranges of old rows and of the newest ones. Nothing is written "
        "to any server.\n"
        "\n"
        "Rows are counted while the budget lasts, small tables first; the others are "
        "known by the server's estimate, and the result says so. With --peer, replicas "
        "are recorded, too.\n"
        "\n"
        "A baseline that is there is kept as FILE.old: it may be the only witness of "
        "what was there before. Any other FILE is not replaced without --force.\n"
        "\n"
        "Exit status: 0 recorded; 3 could not run; 4 recorded, but a table, a peer or "
        "something that a right hides is missing; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon gate record --output before.facts mysql://gate@db1/club\n"
                "  myrecon gate record --full --peer mysql://gate@db2 \\\n"
                "      --output before.facts mysql://gate@db1\n",
};

const struct mr_command_doc mr_gate_check_doc = {
    .summary = "is it the right server, with all its data, fit for traffic?",
    .operands = "[FILE] SERVER",
    .description =
        "Compares SERVER with the baseline FILE that \"gate record\" wrote before a "
        "change, and says what a person on call must do: another instance, an older copy "
        "of the data, lost rows or transactions, two servers that accept writes, stopped "
        "or lagging replication, connections that run out, locks, backups. Without FILE "
        "it checks what needs no baseline. With --peer it looks at replicas and at the "
        "other side, too. Nothing is written to any server.\n"
        "\n"
        "What a missing right hides is unknown, never fine, and the GRANT is named. "
        "Thresholds, silences and what to leave out stand in section [gate] of the "
        "configuration; myrecon-gate(1) describes every check.\n"
        "\n"
        "Exit status: 0 all is well; 1 warning; 2 critical; 3 could not run; 4 unknown "
        "(3 with --nagios); 6 interrupted; 70 bug.\n",
    .examples = "  myrecon gate check before.facts mysql://gate@db1/club\n"
                "  myrecon gate check --peer mysql://gate@db2 mysql://gate@db1\n"
                "  myrecon gate check --wait 300 --only replication_lag mysql://gate@db2\n",
};

enum mr_code mr_gate_options_wanted(const struct mr_gate_options *opts,
                                    bool wanted[MR_GATE_NAMES_END], struct mr_err *err)
{
    return mr_gate_pick(mr_gate_choices, &opts->only, &opts->skip, wanted, MR_GATE_NAMES_END, err);
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_gate_options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

const struct mr_option_set mr_gate_record_option_set = {
    .options = record_options,
    .count = sizeof record_options / sizeof *record_options,
    .values_size = sizeof(struct mr_gate_options),
    .finish = finish,
};

const struct mr_option_set mr_gate_check_option_set = {
    .options = check_options,
    .count = sizeof check_options / sizeof *check_options,
    .values_size = sizeof(struct mr_gate_options),
    .finish = finish,
};
