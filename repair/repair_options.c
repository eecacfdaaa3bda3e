/* repair_options.c: see repair_options.h. */
#include "repair/repair_options.h"

#include <stddef.h>

#define AT(field) offsetof(struct mr_repair_options, field)

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

const struct mr_option_set mr_show_option_set =
    SET(show_options, struct mr_repair_options, finish);
const struct mr_option_set mr_apply_option_set =
    SET(apply_options, struct mr_repair_options, finish);
const struct mr_option_set mr_repair_verify_option_set =
    SET(verify_options, struct mr_repair_options, finish);
const struct mr_option_set mr_undo_option_set =
    SET(undo_options, struct mr_repair_options, finish);
