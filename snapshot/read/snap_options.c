/* snap_options.c: see snap_options.h. */
#include "snapshot/read/snap_options.h"

#include "core/cli/load_options.h"
#include "snapshot/format/loss.h"

#define AT(field) offsetof(struct mr_snap_options, field)

#define JSON_OPTION(what) MR_JSON_OPTION(struct mr_snap_options, json, what)

#define RECORD_OPTION(what)                                                                        \
    {                                                                                              \
        .name = "no-record", .type = MR_OPTION_FLAG, .offset = AT(no_record), .group = "Result",   \
        .help = (what), .not_in_file = true                                                        \
    }

#define READ_OPTIONS                                                                               \
    {.name = "decrypt-with",                                                                       \
     .type = MR_OPTION_STRING,                                                                     \
     .offset = AT(decrypt_with),                                                                   \
     .arg = "KEY.pem",                                                                             \
     .group = "Encrypted and signed snapshots",                                                    \
     .help = "private key that opens the rows"},                                                   \
    {                                                                                              \
        .name = "signer", .type = MR_OPTION_STRING, .offset = AT(signer), .arg = "CERT.pem",       \
        .group = "Encrypted and signed snapshots",                                                 \
        .help = "the manifest must be signed by the key of this certificate"                       \
    }

#define BASE_OPTION                                                                                \
    {                                                                                              \
        .name = "base", .type = MR_OPTION_LIST, .offset = AT(bases), .arg = "DIR0",                \
        .group = "Incremental snapshots",                                                          \
        .help = "a snapshot that DIR goes on from, where it does not lie beside it; repeatable",   \
        .not_in_file = true                                                                        \
    }

static const struct mr_option verify_options[] = {
    {.name = "quick",
     .type = MR_OPTION_FLAG,
     .offset = AT(quick),
     .group = "What is verified",
     .help = "only the manifest, and that every file is there and as long as it was",
     .not_in_file = true},
    {.name = "against",
     .type = MR_OPTION_STRING,
     .offset = AT(against),
     .arg = "URI",
     .group = "What is verified",
     .help = "then compare it with this server, as \"myrecon check snapshot:DIR URI\" does",
     .not_in_file = true},
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = "What is verified",
     .help = "of that comparison: keep what it finds",
     .not_in_file = true},
    BASE_OPTION,
    READ_OPTIONS,
    MR_THREADS_OPTION(struct mr_snap_options, threads, "Load and pace",
                      "files that are read at a time"),
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_snap_options, statement_timeout_s, "Load and pace"),
    RECORD_OPTION("keep no DIR.verified.json"),
    JSON_OPTION("one JSON object a line"),
    MR_LOGIN_OPTIONS(struct mr_snap_options, login),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

static const struct mr_option list_options[] = {
    {.name = "chain",
     .type = MR_OPTION_FLAG,
     .offset = AT(chain),
     .group = "Incremental snapshots",
     .help = "a line for each snapshot that DIR goes on from, down to a full one",
     .not_in_file = true},
    BASE_OPTION,
    JSON_OPTION("one JSON object"),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

#define KEEP_OPTION(rule, field, what)                                                             \
    {                                                                                              \
        .name = "keep-" rule, .type = MR_OPTION_UINT, .offset = AT(keep.field), .arg = "N",        \
        .group = "What is kept", .help = (what), .min = 1, .max = 100000                           \
    }

static const struct mr_option expire_options[] = {
    KEEP_OPTION("last", last, "the last N"),
    KEEP_OPTION("daily", daily, "the newest of each of the last N days that have one"),
    KEEP_OPTION("weekly", weekly, "the newest of each of the last N weeks that have one"),
    KEEP_OPTION("monthly", monthly, "the newest of each of the last N months that have one"),
    {.name = "dry-run",
     .type = MR_OPTION_FLAG,
     .offset = AT(dry_run),
     .group = "Result",
     .help = "say what would be removed, and remove nothing",
     .not_in_file = true},
    JSON_OPTION("one JSON object a line"),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

_Static_assert(sizeof(enum mr_into) == sizeof(unsigned), "stored as unsigned");

static const struct mr_choice into_modes[] = {
    {"refuse", MR_INTO_REFUSE},
    {"add", MR_INTO_ADD},
    {"replace", MR_INTO_REPLACE},
    {NULL, 0},
};

static const struct mr_choice loss_kinds[] = {
#define MR_LOSS_KIND(symbol, word, means) {word, MR_LOSS_##symbol},
#include "snapshot/format/loss_kind.def"
#undef MR_LOSS_KIND
    {NULL, 0},
};

#define CHOOSE_OPTIONS                                                                             \
    {.name = "tables",                                                                             \
     .type = MR_OPTION_LIST,                                                                       \
     .offset = AT(tables),                                                                         \
     .arg = "PATTERN",                                                                             \
     .group = "What is restored",                                                                  \
     .help = "only tables, views and routines that match db.table (wildcards * and ?), by "        \
             "the snapshot's names; a bare name means any database; repeatable"},                  \
    {                                                                                              \
        .name = "exclude", .type = MR_OPTION_LIST, .offset = AT(exclude), .arg = "PATTERN",        \
        .group = "What is restored", .help = "not these; repeatable"                               \
    }

#define LACKING_OPTIONS                                                                            \
    {.name = "drop-foreign-keys",                                                                  \
     .type = MR_OPTION_FLAG,                                                                       \
     .offset = AT(drop_foreign_keys),                                                              \
     .group = "What is restored",                                                                  \
     .help = "leave out foreign keys to tables that are neither restored nor there",               \
     .not_in_file = true},                                                                         \
    {                                                                                              \
        .name = "allow-lossy", .type = MR_OPTION_LIST, .offset = AT(allow_lossy), .arg = "KIND",   \
        .group = "What is restored",                                                               \
        .help = "restore without what the target cannot express of that kind; a refusal "          \
                "names the kinds; repeatable",                                                     \
        .choices = loss_kinds, .not_in_file = true                                                 \
    }

static const struct mr_option restore_options[] = {
    CHOOSE_OPTIONS,
    {.name = "schema-only",
     .type = MR_OPTION_FLAG,
     .offset = AT(schema_only),
     .group = "What is restored",
     .help = "everything but the rows",
     .not_in_file = true},
    {.name = "data-only",
     .type = MR_OPTION_FLAG,
     .offset = AT(data_only),
     .group = "What is restored",
     .help = "the rows alone, into tables that are there and empty",
     .not_in_file = true},
    {.name = "rename",
     .type = MR_OPTION_LIST,
     .offset = AT(renames),
     .arg = "OLD=NEW",
     .group = "What is restored",
     .help = "restore a database under another name, or a table: db.old=db.new; repeatable",
     .not_in_file = true},
    {.name = "rename-db",
     .type = MR_OPTION_LIST,
     .offset = AT(rename_dbs),
     .arg = "OLD=NEW",
     .group = "What is restored",
     .help = "the same, of databases only",
     .not_in_file = true},
    {.name = "into-existing",
     .type = MR_OPTION_CHOICE,
     .offset = AT(into_existing),
     .arg = "refuse|add|replace",
     .group = "What is restored",
     .help = "where a database is not empty: refuse; add what it does not have by the "
             "same names, and leave alone what it has; replace drops that first",
     .initial = "refuse",
     .choices = into_modes,
     .not_in_file = true},
    LACKING_OPTIONS,
    {.name = "yes",
     .type = MR_OPTION_FLAG,
     .offset = AT(yes),
     .group = "What is restored",
     .help = "do not ask whether a database that has something may be restored into",
     .not_in_file = true},
    {.name = "dry-run",
     .type = MR_OPTION_FLAG,
     .offset = AT(dry_run),
     .group = "What is restored",
     .help = "say what would be done, what would not fit and how long it may take; write "
             "nothing",
     .not_in_file = true},
    MR_ALLOW_REPLICA_OPTION(struct mr_snap_options, allow_replica),
    {.name = "no-binlog",
     .type = MR_OPTION_FLAG,
     .offset = AT(no_binlog),
     .group = "Safety",
     .help = "restore into this server alone: no replica gets it",
     .not_in_file = true},
    {.name = "unsafe-fast",
     .type = MR_OPTION_FLAG,
     .offset = AT(unsafe_fast),
     .group = "Safety",
     .help = "MySQL 8.0.21+: load without InnoDB's redo log; a crash of the server meanwhile "
             "costs all of its data; refused where it has other databases, or replicas",
     .not_in_file = true},

    {.name = "until",
     .type = MR_OPTION_STRING,
     .offset = AT(until),
     .arg = "TIME|GTID",
     .group = "A moment behind the snapshot",
     .help = "rows as of the last transaction of the logs that was committed by that time, or as "
             "of that transaction",
     .not_in_file = true},
    {.name = "source-log",
     .type = MR_OPTION_LIST,
     .offset = AT(source_logs),
     .arg = "FILE|DIR",
     .group = "A moment behind the snapshot",
     .help = "binary logs of the snapshot's server, plain, .gz or .zst, or a directory of them, "
             "as \"history archive\" makes it; repeatable",
     .not_in_file = true},
    BASE_OPTION,
    {.name = "work-dir",
     .type = MR_OPTION_STRING,
     .offset = AT(work_dir),
     .arg = "DIR",
     .group = "Incremental snapshots",
     .help =
         "put a chain, or rows with --until, together in this directory, which needs the room of "
         "a full snapshot",
     .initial_note = "beside DIR"},
    READ_OPTIONS,
    MR_THREADS_OPTION(struct mr_snap_options, threads, "Load and pace", "connections that load"),
    MR_THROTTLE_OPTIONS(struct mr_snap_options, load, "Load and pace", "the server"),
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_snap_options, statement_timeout_s, "Load and pace"),
    JSON_OPTION("one JSON object a line"),
    MR_LOGIN_OPTIONS(struct mr_snap_options, login),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

static const struct mr_option rehearse_options[] = {
    {.name = "server",
     .type = MR_OPTION_STRING,
     .offset = AT(server_program),
     .arg = "PROGRAM",
     .group = "The server",
     .help = "the server program, a path or a name of PATH",
     .initial_note = "mariadbd or mysqld, whichever is of the snapshot's family",
     .not_in_file = true}, /* a configuration that others may write would run theirs */
    {.name = "work-dir",
     .type = MR_OPTION_STRING,
     .offset = AT(work_dir),
     .arg = "DIR",
     .group = "The server",
     .help = "where its data lie for a while, in a directory of mode 0700",
     .initial_note = "$TMPDIR, else /var/tmp"},
    {.name = "run-as",
     .type = MR_OPTION_STRING,
     .offset = AT(run_as),
     .arg = "ACCOUNT",
     .group = "The server",
     .help = "where this is root: who runs the server",
     .initial_note = "mysql, if there is that account"},
    {.name = "start-timeout",
     .type = MR_OPTION_UINT,
     .offset = AT(start_timeout_s),
     .arg = "SECONDS",
     .group = "The server",
     .help = "how long it may take to set it up, and to start it",
     .initial = "120",
     .min = 1,
     .max = 86400},
    CHOOSE_OPTIONS,
    LACKING_OPTIONS,
    READ_OPTIONS,
    MR_THREADS_OPTION(struct mr_snap_options, threads, "Load and pace", "connections that load"),
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_snap_options, statement_timeout_s, "Load and pace"),
    RECORD_OPTION("keep no DIR.rehearsed.json"),
    JSON_OPTION("one JSON object a line"),
    MR_GENERAL_OPTIONS(struct mr_snap_options, general),
};

/* A kind that is none would be an allowance that somebody believes in. */
static enum mr_code check_lossy(const struct mr_string_list *list, struct mr_err *err)
{
    struct mr_strbuf words = MR_STRBUF_INIT;
    size_t i = 0;
    while (i < list->count && mr_loss_named(list->items[i]) != MR_LOSS_NONE)
        i++;
    if (i == list->count)
        return MR_OK;
    for (size_t k = 0; loss_kinds[k].word != NULL; k++)
        mr_strbuf_add_fmt(&words, "%s%s", k > 0 ? ", " : "", loss_kinds[k].word);
    (void)mr_err_set(err, MR_E_USAGE, "--allow-lossy \"%s\" is no kind of loss", list->items[i]);
    mr_err_hint(err, "There are: %s.", words.ptr);
    mr_strbuf_release(&words);
    return MR_E_USAGE;
}

/* A moment without logs, or logs without one, are half of what somebody wants. */
static enum mr_code check_until(const struct mr_snap_options *values, struct mr_err *err)
{
    if (values->until != NULL && values->source_logs.count == 0) {
        (void)mr_err_set(err, MR_E_USAGE, "--until needs the logs that lead there");
        mr_err_hint(err,
                    "--source-log names a directory of \"myrecon history archive\", or files.");
        return MR_E_USAGE;
    }
    if (values->until == NULL && values->source_logs.count > 0)
        return mr_err_set(err, MR_E_USAGE, "--source-log tells how to come to a moment: --until");
    if (values->until != NULL && values->schema_only)
        return mr_err_set(err, MR_E_USAGE, "--schema-only leaves no rows to bring to --until");
    return MR_OK;
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_snap_options *values = settings->values;
    if (values->threads == 0)
        values->threads = mr_default_threads();
    if (values->case_path != NULL && values->against == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "--case keeps what --against finds");
        return MR_E_USAGE;
    }
    if (values->into_existing == 0) /* of a command that has no such option */
        values->into_existing = MR_INTO_REFUSE;
    MR_TRY(check_lossy(&values->allow_lossy, err));
    MR_TRY(check_until(values, err));
    if (values->schema_only && values->data_only)
        return mr_err_set(err, MR_E_USAGE, "--schema-only and --data-only leave nothing");
    if (values->data_only && values->into_existing != MR_INTO_REFUSE)
        return mr_err_set(err, MR_E_USAGE,
                          "--data-only makes and drops no tables: --into-existing has no place");
    if (values->unsafe_fast &&
        (values->schema_only || values->data_only || values->into_existing != MR_INTO_REFUSE))
        return mr_err_set(err, MR_E_USAGE,
                          "--unsafe-fast is for all of a snapshot, into databases that are not "
                          "there: a crash would cost what is there");
    return mr_general_options_finish(settings, &values->general, err);
}

#define SET(table)                                                                                 \
    {                                                                                              \
        .options = (table), .count = sizeof(table) / sizeof *(table),                              \
        .values_size = sizeof(struct mr_snap_options), .finish = finish                            \
    }

const struct mr_option_set mr_snap_verify_option_set = SET(verify_options);
const struct mr_option_set mr_snap_list_option_set = SET(list_options);
const struct mr_option_set mr_snap_restore_option_set = SET(restore_options);
const struct mr_option_set mr_snap_rehearse_option_set = SET(rehearse_options);
const struct mr_option_set mr_snap_expire_option_set = SET(expire_options);
