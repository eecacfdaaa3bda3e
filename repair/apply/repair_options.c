/* repair_options.c: see repair_options.h. */
#include "repair/apply/repair_options.h"

#include <stddef.h>

#include "core/cli/load_options.h"
#include "repair/plan/trigger_option.h"

#define AT(field) offsetof(struct mr_repair_options, field)

#define JSON_OPTION MR_JSON_OPTION(struct mr_repair_options, json, "one JSON object a line")
#define YES_OPTION                                                                                 \
    {                                                                                              \
        .name = "yes", .type = MR_OPTION_FLAG, .offset = AT(yes), .group = "Safety",               \
        .help = "do not ask; needed where there is no terminal", .not_in_file = true               \
    }
#define PEER_OPTION                                                                                \
    {                                                                                              \
        .name = "peer", .type = MR_OPTION_LIST, .offset = AT(peers), .arg = "URI",                 \
        .group = "Safety",                                                                         \
        .help = "a replica of TARGET, on which the counters are read back; repeatable",            \
        .not_in_file = true                                                                        \
    }

#define APPROVAL_OPTION                                                                            \
    {                                                                                              \
        .name = "require-approval", .type = MR_OPTION_STRING, .offset = AT(require_approval),      \
        .arg = "CERT.pem", .group = "Safety",                                                      \
        .help = "only a plan that the key of this certificate has approved (repair "               \
                "show --approve-with)"                                                             \
    }
#define SIGNER_OPTION                                                                              \
    {                                                                                              \
        .name = "signer", .type = MR_OPTION_STRING, .offset = AT(signer), .arg = "CERT.pem",       \
        .group = "Safety", .help = "only a plan that the key of this certificate has signed"       \
    }
#define CASE_OPTION                                                                                \
    {                                                                                              \
        .name = "case", .type = MR_OPTION_STRING, .offset = AT(case_path), .arg = "FILE",          \
        .group = "Safety",                                                                         \
        .help = "the case of the plan, to be told what was done; undo: later plans of "            \
                "it must have been undone",                                                        \
        .not_in_file = true                                                                        \
    }
#define RECHECK_OPTION                                                                             \
    {                                                                                              \
        .name = "recheck", .type = MR_OPTION_FLAG, .offset = AT(recheck), .group = "Safety",       \
        .help = "look at units again that the journal knows as done", .not_in_file = true          \
    }
#define NO_BINLOG_OPTION                                                                           \
    {                                                                                              \
        .name = "no-binlog", .type = MR_OPTION_FLAG, .offset = AT(no_binlog), .group = "Safety",   \
        .help = "write rows to this server alone: no replica gets them", .not_in_file = true       \
    }
#define REPLICA_OPTION MR_ALLOW_REPLICA_OPTION(struct mr_repair_options, allow_replica)
#define TIMEOUT_OPTION                                                                             \
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_repair_options, statement_timeout_s, "Load and pace")
#define PACE_OPTIONS                                                                               \
    MR_THROTTLE_OPTIONS(struct mr_repair_options, load, "Load and pace", "TARGET"), TIMEOUT_OPTION

#define CATCH_UP_OPTION                                                                            \
    {                                                                                              \
        .name = "catch-up-timeout", .type = MR_OPTION_UINT, .offset = AT(catch_up_s),              \
        .arg = "SECONDS", .group = "The old primary comes back",                                   \
        .help = "of a rejoin: how long to wait until TARGET has what SOURCE has written",          \
        .initial = "3600", .max = 1000000                                                          \
    }
#define ARCHIVE_OPTION                                                                             \
    {                                                                                              \
        .name = "archive", .type = MR_OPTION_STRING, .offset = AT(archive), .arg = "DIR",          \
        .group = "The old primary comes back",                                                     \
        .help = "of a rejoin: where TARGET's binary logs are kept",                                \
        .initial_note = "archive in the plan's directory", .not_in_file = true                     \
    }
static const struct mr_option show_options[] = {
    {.name = "row",
     .type = MR_OPTION_STRING,
     .offset = AT(row),
     .arg = "DB.TABLE=KEY",
     .group = "What is shown",
     .help = "only this row, by its key on either side",
     .not_in_file = true},
    {.name = "identity",
     .type = MR_OPTION_STRING,
     .offset = AT(identity),
     .arg = "VALUE",
     .group = "What is shown",
     .help = "only rows with this identity, such as a phone number",
     .not_in_file = true},
    {.name = "why",
     .type = MR_OPTION_FLAG,
     .offset = AT(why),
     .group = "What is shown",
     .help = "only the row KEY of TABLE, by which facts and rules it was decided, and "
             "what would have made it come out otherwise",
     .not_in_file = true},
    {.name = "conflicts",
     .type = MR_OPTION_FLAG,
     .offset = AT(conflicts),
     .group = "What is shown",
     .help = "what is asked, and what was answered: of each row the columns that differ",
     .not_in_file = true},
    {.name = "kind",
     .type = MR_OPTION_STRING,
     .offset = AT(kind),
     .arg = "KIND",
     .group = "What is shown",
     .help = "with --conflicts: only those of this kind, such as changed",
     .not_in_file = true},
    {.name = "table",
     .type = MR_OPTION_STRING,
     .offset = AT(table),
     .arg = "DB.TABLE",
     .group = "What is shown",
     .help = "with --conflicts: only those of this table",
     .not_in_file = true},
    SIGNER_OPTION,
    {.name = "approve-with",
     .type = MR_OPTION_STRING,
     .offset = AT(approve_with),
     .arg = "KEY.pem",
     .group = "Result",
     .help = "approve the plan that is shown: sign it with this private key, into "
             "DIR/approval-ID.sig",
     .not_in_file = true},
    JSON_OPTION,
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static const struct mr_option apply_options[] = {
    YES_OPTION,
    {.name = "dry-run",
     .type = MR_OPTION_FLAG,
     .offset = AT(dry_run),
     .group = "Safety",
     .help = "check everything, say what would be done, change nothing",
     .not_in_file = true},
    SIGNER_OPTION,
    APPROVAL_OPTION,
    {.name = "max-age",
     .type = MR_OPTION_UINT,
     .offset = AT(max_age_s),
     .arg = "SECONDS",
     .group = "Safety",
     .help = "only a plan that was made at most that long ago; 0: any",
     .initial = "0",
     .max = 1000000000},
    CASE_OPTION,
    RECHECK_OPTION,
    NO_BINLOG_OPTION,
    REPLICA_OPTION,
    PEER_OPTION,
    {.name = "point-of-no-return",
     .type = MR_OPTION_FLAG,
     .offset = AT(no_return),
     .group = "The old primary comes back",
     .help = "of a rejoin: go on when the rows are taken back, with what cannot be undone",
     .not_in_file = true},
    ARCHIVE_OPTION,
    CATCH_UP_OPTION,
    {.name = "lock-timeout",
     .type = MR_OPTION_UINT,
     .offset = AT(lock_timeout_s),
     .arg = "SECONDS",
     .group = "Busy tables",
     .help = "how long a statement waits for a table, and holds up others behind it",
     .initial = "2",
     .min = 1,
     .max = 3600},
    {.name = "retries",
     .type = MR_OPTION_UINT,
     .offset = AT(retries),
     .arg = "N",
     .group = "Busy tables",
     .help = "further tries, with pauses, before a row is inserted and deleted instead",
     .initial = "3",
     .max = 1000},
    PACE_OPTIONS,
    JSON_OPTION,
    MR_LOGIN_OPTIONS(struct mr_repair_options, login),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static const struct mr_option verify_options[] = {
    SIGNER_OPTION,
    PEER_OPTION,
    {.name = "source",
     .type = MR_OPTION_STRING,
     .offset = AT(source),
     .arg = "URI",
     .group = "What is proved",
     .help = "read the lost history again: what was planned from is still there",
     .not_in_file = true},
    ARCHIVE_OPTION,
    CATCH_UP_OPTION,
    TIMEOUT_OPTION,
    {.name = "max-findings",
     .type = MR_OPTION_UINT64,
     .offset = AT(max_findings),
     .arg = "N",
     .group = "Result",
     .help = "print at most N findings a table; all are counted",
     .initial = "100",
     .not_in_file = true,
     .max = UINT64_MAX},
    JSON_OPTION,
    MR_LOGIN_OPTIONS(struct mr_repair_options, login),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static const struct mr_option undo_options[] = {
    YES_OPTION,
    {.name = "dry-run",
     .type = MR_OPTION_FLAG,
     .offset = AT(dry_run),
     .group = "Safety",
     .help = "check everything, say what would be taken back, change nothing",
     .not_in_file = true},
    SIGNER_OPTION,
    APPROVAL_OPTION,
    CASE_OPTION,
    RECHECK_OPTION,
    NO_BINLOG_OPTION,
    REPLICA_OPTION,
    {.name = "allow-triggers",
     .type = MR_OPTION_STRING,
     .offset = AT(allow_triggers),
     .arg = "fire",
     .group = "Safety",
     .help = "triggers of planned tables fire for the rows that are taken back, as for "
             "any other",
     .not_in_file = true},
    PACE_OPTIONS,
    JSON_OPTION,
    MR_LOGIN_OPTIONS(struct mr_repair_options, login),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static const struct mr_option rehearse_options[] = {
    YES_OPTION,
    SIGNER_OPTION,
    APPROVAL_OPTION,
    REPLICA_OPTION,
    PACE_OPTIONS,
    JSON_OPTION,
    MR_LOGIN_OPTIONS(struct mr_repair_options, login),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_repair_options *values = settings->values;
    MR_TRY(mr_general_options_finish(settings, &values->general, err));
    return mr_trigger_option_check(values->allow_triggers, err);
}

#define SET(table, type, function)                                                                 \
    {                                                                                              \
        .options = (table), .count = sizeof(table) / sizeof *(table), .values_size = sizeof(type), \
        .finish = (function)                                                                       \
    }

const struct mr_option_set mr_show_option_set = SET(show_options, struct mr_repair_options, finish);
const struct mr_option_set mr_apply_option_set =
    SET(apply_options, struct mr_repair_options, finish);
const struct mr_option_set mr_repair_verify_option_set =
    SET(verify_options, struct mr_repair_options, finish);
const struct mr_option_set mr_rehearse_option_set =
    SET(rehearse_options, struct mr_repair_options, finish);
const struct mr_option_set mr_undo_option_set = SET(undo_options, struct mr_repair_options, finish);
