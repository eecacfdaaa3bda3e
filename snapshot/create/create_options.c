/* create_options.c: see create_options.h. */
#include "snapshot/create/create_options.h"

#include "core/cli/load_options.h"
#include "snapshot/create/kept_options.h"

#define AT(field) offsetof(struct mr_create_options, field)

static const struct mr_option options[] = {
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = "What is kept",
     .help = "only tables, views and routines that match db.table (wildcards * and ?); a "
             "bare name means any database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(exclude),
     .arg = "PATTERN",
     .group = "What is kept",
     .help = "not these; repeatable"},
    {.name = "where",
     .type = MR_OPTION_LIST,
     .offset = AT(where.texts),
     .arg = "DB.TABLE=SQL",
     .group = "What is kept",
     .help = "only rows of that table for which the condition holds; repeatable",
     .not_in_file = true},
    {.name = "base",
     .type = MR_OPTION_STRING,
     .offset = AT(base),
     .arg = "DIR0",
     .group = "What is kept",
     .help = "only what changed since the snapshot in DIR0, by the server's binary logs",
     .not_in_file = true},
    {.name = "only-diverged",
     .type = MR_OPTION_FLAG,
     .offset = AT(only_diverged),
     .group = "What is kept",
     .help = "only rows that a check has found to differ, as SOURCE, which is one of its "
             "sides, has them now: the evidence",
     .not_in_file = true},
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = "What is kept",
     .help = "the case file of that check",
     .not_in_file = true},
    {.name = "run",
     .type = MR_OPTION_STRING,
     .offset = AT(run),
     .arg = "ID",
     .group = "What is kept",
     .help = "the run of that id, or of the only id that holds ID",
     .initial_note = "the last finished one",
     .not_in_file = true},

    MR_KEPT_OPTIONS(struct mr_create_options),
    {.name = "consistency-wait",
     .type = MR_OPTION_MILLIS,
     .offset = AT(consistency_wait_ms),
     .arg = "SECONDS",
     .group = "How it is kept",
     .help = "try as long as that to see one moment on all connections, then use fewer",
     .initial = "5",
     .max = 3600 * 1000},

    {.name = "encrypt-to",
     .type = MR_OPTION_LIST,
     .offset = AT(encrypt_to),
     .arg = "CERT.pem",
     .group = "Who can read it",
     .help = "encrypt the rows, so that only the key of this certificate opens them; "
             "repeatable: each of them does"},
    {.name = "sign-with",
     .type = MR_OPTION_STRING,
     .offset = AT(sign_with),
     .arg = "KEY.pem",
     .group = "Who can read it",
     .help = "sign the manifest, since anybody can encrypt to a certificate"},

    MR_THREADS_OPTION(struct mr_create_options, threads, "Load and pace",
                      "workers, each with a connection of its own"),
    {.name = "rate",
     .type = MR_OPTION_UINT,
     .offset = AT(rate_mib),
     .arg = "MIB",
     .group = "Load and pace",
     .help = "read at most that much text a second, all workers together; 0: no limit",
     .initial = "0",
     .max = 1000000},
    MR_THROTTLE_OPTIONS(struct mr_create_options, load, "Load and pace", "the server"),
    {.name = "max-slowdown",
     .type = MR_OPTION_UINT,
     .offset = AT(load.max_slowdown),
     .arg = "FACTOR",
     .group = "Load and pace",
     .help = "pause while a tiny read takes FACTOR times as long as before the run; 0: "
             "never",
     .initial = "10",
     .max = 1000000},
    {.name = "max-load-stop",
     .type = MR_OPTION_UINT,
     .offset = AT(load.max_load_stop),
     .arg = "N",
     .group = "Load and pace",
     .help = "stop, to be resumed later, when Threads_running is above N; 0: never",
     .initial = "0",
     .max = 1000000},
    {.name = "slots",
     .type = MR_OPTION_STRING,
     .offset = AT(slots_text),
     .arg = "NAME=N",
     .group = "Load and pace",
     .help = "each connection that reads rows holds one of N locks of that name on the server, "
             "as those of other runs do: fleet run says so",
     .not_in_file = true},
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_create_options, statement_timeout_s, "Load and pace"),

    MR_JSON_OPTION(struct mr_create_options, json, "one JSON object"),
    MR_LOGIN_OPTIONS(struct mr_create_options, login),
    MR_GENERAL_OPTIONS(struct mr_create_options, general),
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_create_options *values = settings->values;
    if (values->threads == 0)
        values->threads = mr_default_threads();
    enum mr_code code = mr_general_options_finish(settings, &values->general, err);
    if (code == MR_OK)
        code = mr_table_wheres_finish(settings, &values->where, err);
    if (code == MR_OK && (values->case_path != NULL) != values->only_diverged) {
        code = mr_err_set(err, MR_E_USAGE, "--only-diverged and --case belong together");
        mr_err_hint(err, "--only-diverged --case FILE keeps the rows that a check has "
                         "found to differ.");
    }
    if (code == MR_OK && values->base != NULL && values->only_diverged)
        code = mr_err_set(err, MR_E_USAGE, "--base and --only-diverged keep two different things");
    if (code == MR_OK && values->slots_text != NULL &&
        !mr_slots_parse(values->slots_text, settings->arena, &values->slots)) {
        code = mr_err_set(err, MR_E_USAGE, "no name of slots and number from 1 to %d: \"%s\"",
                          MR_SLOTS_MAX, values->slots_text);
        mr_settings_context(settings, "slots", err);
    }
    return code == MR_OK ? mr_kept_options_check(settings, values->chunk_mib,
                                                 values->encrypt_to.count > 0, err)
                         : code;
}

const struct mr_option_set mr_create_option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct mr_create_options),
    .finish = finish,
};
