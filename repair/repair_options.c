/* repair_options.c: see repair_options.h. */
#include "repair/repair_options.h"

#include <stddef.h>

#define PLAN_AT(field) offsetof(struct mr_plan_options, field)
#define AT(field) offsetof(struct mr_repair_options, field)

static const struct mr_option plan_options[] = {
    {.name = "reseed-only",
     .type = MR_OPTION_FLAG,
     .offset = PLAN_AT(reseed_only),
     .group = "What is planned",
     .help = "raise AUTO_INCREMENT counters and sequences above both histories; needed",
     .not_in_file = true},
    {.name = "source",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(source),
     .arg = "URI",
     .group = "What is planned",
     .help = "the lost history",
     .initial_note = "the case's source",
     .not_in_file = true},
    {.name = "target",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(target),
     .arg = "URI",
     .group = "What is planned",
     .help = "the live server, whose counters are raised",
     .initial_note = "the case's target",
     .not_in_file = true},
    {.name = "margin",
     .type = MR_OPTION_UINT64,
     .offset = PLAN_AT(margin),
     .arg = "N",
     .group = "What is planned",
     .help = "ids to reserve in each table above both histories; where less than four "
             "times that is left, a quarter of what is left",
     .initial = "1000000",
     .min = 1,
     .max = UINT64_MAX / 8},
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(tables),
     .arg = "PATTERN",
     .group = "What is planned",
     .help = "only tables that match db.table (wildcards * and ?); a bare name means any "
             "database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = PLAN_AT(exclude),
     .arg = "PATTERN",
     .group = "What is planned",
     .help = "not these tables; repeatable"},
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(output),
     .arg = "DIR",
     .group = "Result",
     .help = "directory of the plan, which must be absent or empty; needed",
     .not_in_file = true},
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = PLAN_AT(case_path),
     .arg = "FILE",
     .group = "Result",
     .help = "record counters and reserved ids in this case file; started if absent",
     .not_in_file = true},
    {.name = "json",
     .type = MR_OPTION_FLAG,
     .offset = PLAN_AT(json),
     .group = "Result",
     .help = "one JSON object a line"},
    {.name = "statement-timeout",
     .type = MR_OPTION_UINT,
     .offset = PLAN_AT(statement_timeout_s),
     .arg = "SECONDS",
     .group = "Result",
     .help = "let the server end a statement after that time; 0: the server's own limit",
     .initial = "0",
     .max = 1000000},
    MR_ASK_PASSWORD_OPTION(struct mr_plan_options, ask_password),
    MR_GENERAL_OPTIONS(struct mr_plan_options, general),
};

#define JSON_OPTION                                                                      \
    {                                                                                    \
        .name = "json", .type = MR_OPTION_FLAG, .offset = AT(json), .group = "Result",   \
        .help = "one JSON object a line"                                                 \
    }
#define YES_OPTION                                                                       \
    {                                                                                    \
        .name = "yes", .type = MR_OPTION_FLAG, .offset = AT(yes), .group = "Safety",     \
        .help = "do not ask; needed where there is no terminal", .not_in_file = true     \
    }
#define PEER_OPTION                                                                      \
    {                                                                                    \
        .name = "peer", .type = MR_OPTION_LIST, .offset = AT(peers), .arg = "URI",       \
        .group = "Safety",                                                               \
        .help = "a replica of TARGET, on which the counters are read back; repeatable",  \
        .not_in_file = true                                                              \
    }

static const struct mr_option show_options[] = {
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
    PEER_OPTION,
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
    JSON_OPTION,
    MR_ASK_PASSWORD_OPTION(struct mr_repair_options, ask_password),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static const struct mr_option verify_options[] = {
    PEER_OPTION,
    JSON_OPTION,
    MR_ASK_PASSWORD_OPTION(struct mr_repair_options, ask_password),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static const struct mr_option undo_options[] = {
    YES_OPTION,
    MR_ASK_PASSWORD_OPTION(struct mr_repair_options, ask_password),
    MR_GENERAL_OPTIONS(struct mr_repair_options, general),
};

static enum mr_code finish_plan(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_plan_options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_repair_options *values = settings->values;
    return mr_general_options_finish(settings, &values->general, err);
}

#define SET(table, type, function)                                                       \
    {                                                                                    \
        .options = (table), .count = sizeof(table) / sizeof *(table),                    \
        .values_size = sizeof(type), .finish = (function)                                \
    }

const struct mr_option_set mr_plan_option_set =
    SET(plan_options, struct mr_plan_options, finish_plan);
const struct mr_option_set mr_show_option_set =
    SET(show_options, struct mr_repair_options, finish);
const struct mr_option_set mr_apply_option_set =
    SET(apply_options, struct mr_repair_options, finish);
const struct mr_option_set mr_repair_verify_option_set =
    SET(verify_options, struct mr_repair_options, finish);
const struct mr_option_set mr_undo_option_set =
    SET(undo_options, struct mr_repair_options, finish);
