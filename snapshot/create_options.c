/* create_options.c: see create_options.h. */
#include "snapshot/create_options.h"

#include <string.h>

#include "core/compress.h"
#include "core/pattern.h"
#include "snapshot/snap_options.h"

#define MAX_THREADS 64
#define CHUNK_MIB_MAX 1024

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
     .offset = AT(where_texts),
     .arg = "DB.TABLE=SQL",
     .group = "What is kept",
     .help = "only rows of that table for which the condition holds; repeatable",
     .not_in_file = true},

    {.name = "chunk-size",
     .type = MR_OPTION_UINT,
     .offset = AT(chunk_mib),
     .arg = "MIB",
     .group = "How it is kept",
     .help = "text in one file, before compression",
     .initial = "32",
     .min = 1,
     .max = CHUNK_MIB_MAX},
    {.name = "level",
     .type = MR_OPTION_UINT,
     .offset = AT(level),
     .arg = "N",
     .group = "How it is kept",
     .help = "of zstd: 1 is fast, 19 is small",
     .initial = "2",
     .min = 1,
     .max = MR_COMPRESS_LEVEL_MAX},
    {.name = "consistency-wait",
     .type = MR_OPTION_MILLIS,
     .offset = AT(consistency_wait_ms),
     .arg = "SECONDS",
     .group = "How it is kept",
     .help = "try as long as that to see one moment on all connections, then use fewer",
     .initial = "5",
     .max = 3600 * 1000},

    {.name = "threads",
     .type = MR_OPTION_UINT,
     .offset = AT(threads),
     .arg = "N",
     .group = "Load and pace",
     .help = "workers, each with a connection of its own",
     .initial_note = "cores, at most 4",
     .min = 1,
     .max = MAX_THREADS},
    {.name = "rate",
     .type = MR_OPTION_UINT,
     .offset = AT(rate_mib),
     .arg = "MIB",
     .group = "Load and pace",
     .help = "read at most that much text a second, all workers together; 0: no limit",
     .initial = "0",
     .max = 1000000},
    {.name = "max-load",
     .type = MR_OPTION_UINT,
     .offset = AT(max_load),
     .arg = "N",
     .group = "Load and pace",
     .help = "pause while Threads_running of the server is above N; 0: never",
     .initial = "50",
     .max = 1000000},
    {.name = "max-load-stop",
     .type = MR_OPTION_UINT,
     .offset = AT(max_load_stop),
     .arg = "N",
     .group = "Load and pace",
     .help = "stop, to be resumed later, when Threads_running is above N; 0: never",
     .initial = "0",
     .max = 1000000},
    {.name = "max-lag",
     .type = MR_OPTION_UINT,
     .offset = AT(max_lag_s),
     .arg = "SECONDS",
     .group = "Load and pace",
     .help = "pause while a replica is further behind; 0: never",
     .initial = "60",
     .max = 1000000},
    {.name = "pause-file",
     .type = MR_OPTION_STRING,
     .offset = AT(pause_file),
     .arg = "FILE",
     .group = "Load and pace",
     .help = "pause while FILE exists"},
    {.name = "statement-timeout",
     .type = MR_OPTION_UINT,
     .offset = AT(statement_timeout_s),
     .arg = "SECONDS",
     .group = "Load and pace",
     .help = "let the server end a statement after that time; 0: the server's own limit",
     .initial = "0",
     .max = 1000000},

    {.name = "json",
     .type = MR_OPTION_FLAG,
     .offset = AT(json),
     .group = "Result",
     .help = "one JSON object"},
    MR_ASK_PASSWORD_OPTION(struct mr_create_options, ask_password),
    MR_GENERAL_OPTIONS(struct mr_create_options, general),
};

/* The pattern ends at the first =, which no pattern needs. */
static enum mr_code split_where(struct mr_create_where *where, const char *text,
                                struct mr_arena *arena, struct mr_err *err)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || equals[1 + strspn(equals + 1, " ")] == '\0') {
        (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is not DB.TABLE=SQL", text);
        mr_err_hint(err, "Write it like --where \"club.orders=id > 1000\".");
        return MR_E_USAGE;
    }
    where->pattern = mr_arena_dup(arena, text, (size_t)(equals - text));
    where->sql = equals + 1;
    return where->pattern != NULL ? MR_OK : mr_err_nomem(err, "reading options");
}

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_create_options *values = settings->values;
    size_t count = values->where_texts.count;
    struct mr_create_where *wheres =
        mr_arena_calloc(settings->arena, count + 1, sizeof *wheres);
    if (values->threads == 0)
        values->threads = mr_snap_default_threads();
    enum mr_code code = wheres != NULL ? MR_OK : mr_err_nomem(err, "reading options");
    if (code == MR_OK)
        code = mr_general_options_finish(settings, &values->general, err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        code =
            split_where(&wheres[i], values->where_texts.items[i], settings->arena, err);
        if (code != MR_OK)
            mr_settings_context(settings, "where", err);
    }
    values->wheres = wheres;
    values->nwheres = count;
    return code;
}

const struct mr_option_set mr_create_option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct mr_create_options),
    .finish = finish,
};

const char *mr_create_where_of(const struct mr_create_options *values, const char *db,
                               const char *table)
{
    for (size_t i = values->nwheres; i > 0; i--)
        if (mr_pattern_match(values->wheres[i - 1].pattern, db, table))
            return values->wheres[i - 1].sql;
    return NULL;
}
