/* check_options.c: see check_options.h. */
#include "recon/check/check_options.h"

#include "core/cli/load_options.h"

_Static_assert(sizeof(enum mr_digest_mode) == sizeof(unsigned), "stored as unsigned");

static const struct mr_choice digest_modes[] = {
    {"auto", MR_DIGEST_AUTO},
    {"client", MR_DIGEST_CLIENT},
    {"server", MR_DIGEST_SERVER},
    {NULL, 0},
};

static const struct mr_choice object_words[] = {
    {"table", 0},   {"column", 0},         {"index", 0},     {"foreign_key", 0},
    {"charset", 0}, {"auto_increment", 0}, {"attribute", 0},
#define MR_OBJECT_KIND(symbol, word, sql, stage, traits) {word, 0},
#include "core/schema/object_kind.def"
#undef MR_OBJECT_KIND
    {"all", 0},     {"none", 0},           {NULL, 0},
};

#define AT(field) offsetof(struct mr_check_options, field)

static const struct mr_option options[] = {
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = "What is compared",
     .help = "only tables that match db.table (wildcards * and ?); a bare name means any "
             "database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(exclude),
     .arg = "PATTERN",
     .group = "What is compared",
     .help = "not these tables; repeatable"},
    {.name = "where",
     .type = MR_OPTION_LIST,
     .offset = AT(where.texts),
     .arg = "DB.TABLE=SQL",
     .group = "What is compared",
     .help = "only rows of that table for which the condition holds; repeatable",
     .not_in_file = true},
    {.name = "since",
     .type = MR_OPTION_STRING,
     .offset = AT(since_text),
     .arg = "TIME",
     .group = "What is compared",
     .help = "only rows since TIME, by the update-column or else the time-column of the "
             "configuration; YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS, then Z or +HH:MM for a "
             "time zone"},
    {.name = "objects",
     .type = MR_OPTION_STRING,
     .offset = AT(objects),
     .arg = "LIST",
     .choices = object_words,
     .group = "What is compared",
     .help = "kinds of schema objects, joined by commas: table, column, index, "
             "foreign_key, trigger, charset, auto_increment, database, view, routine, "
             "event, sequence, attribute; or all, or none",
     .initial = "all"},
    {.name = "changed",
     .type = MR_OPTION_FLAG,
     .offset = AT(changed),
     .group = "What is compared",
     .help = "only rows that the binary logs of both sides name since the last finished run of "
             "--case, and those that differed then",
     .not_in_file = true},
    {.name = "rolling",
     .type = MR_OPTION_UINT,
     .offset = AT(rolling),
     .arg = "N",
     .group = "What is compared",
     .help = "with --changed: and one Nth of all other rows, in turn, so that each row is read "
             "again within N runs",
     .min = 1,
     .max = 1000,
     .not_in_file = true},
    {.name = "scope",
     .type = MR_OPTION_STRING,
     .offset = AT(scope_path),
     .arg = "FILE",
     .group = "What is compared",
     .help = "only the tables and ranges of keys in FILE, one part of a fleet's plan; fleet run "
             "uses it",
     .not_in_file = true},

    {.name = "consistent",
     .type = MR_OPTION_FLAG,
     .offset = AT(consistent),
     .group = "How it is compared",
     .help = "read each connection's rows in one transaction, as of its start"},
    {.name = "digest",
     .type = MR_OPTION_CHOICE,
     .offset = AT(digest),
     .arg = "auto|client|server",
     .group = "How it is compared",
     .help = "where rows are digested; server saves a slow link",
     .initial = "auto",
     .choices = digest_modes},
    {.name = "settle",
     .type = MR_OPTION_MILLIS,
     .offset = AT(settle_ms),
     .arg = "SECONDS",
     .group = "How it is compared",
     .help = "wait before a difference is read again, where replication cannot say when "
             "the other side has caught up",
     .initial = "2",
     .max = 3600 * 1000},
    {.name = "settle-limit",
     .type = MR_OPTION_MILLIS,
     .offset = AT(settle_limit_ms),
     .arg = "SECONDS",
     .group = "How it is compared",
     .help = "wait so long, in all, for a side to apply what the other had written; what "
             "differs then is unsettled",
     .initial = "60",
     .max = 24 * 3600 * 1000},
    {.name = "unrelated",
     .type = MR_OPTION_FLAG,
     .offset = AT(unrelated),
     .group = "How it is compared",
     .help = "you know that neither server gets, by any way, what the other writes: "
             "differences count although the account cannot see that",
     .not_in_file = true},
    {.name = "same-server",
     .type = MR_OPTION_FLAG,
     .offset = AT(same_server),
     .group = "How it is compared",
     .help = "compare a database with itself, too",
     .not_in_file = true},
    {.name = "trust-manifest",
     .type = MR_OPTION_FLAG,
     .offset = AT(trust_manifest),
     .group = "How it is compared",
     .help = "of a snapshot: do not read files whose sums in the manifest say enough",
     .not_in_file = true},

    MR_THREADS_OPTION(struct mr_check_options, threads, "Load and pace",
                      "workers, each with a connection to both servers"),
    MR_THROTTLE_OPTIONS(struct mr_check_options, load, "Load and pace", "a server"),
    MR_STATEMENT_TIMEOUT_OPTION(struct mr_check_options, statement_timeout_s, "Load and pace"),

    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = "Result",
     .help = "keep the run and every finding in this case file",
     .not_in_file = true},
    {.name = "resume",
     .type = MR_OPTION_FLAG,
     .offset = AT(resume),
     .group = "Result",
     .help = "go on with the unfinished run of --case",
     .not_in_file = true},
    MR_JSON_OPTION(struct mr_check_options, json, "one JSON object a line"),
    {.name = "max-rows",
     .type = MR_OPTION_UINT64,
     .offset = AT(max_rows),
     .arg = "N",
     .group = "Result",
     .help = "print at most N rows a table; all are counted and kept in the case",
     .initial = "100000",
     .max = UINT64_MAX},
    MR_LOGIN_OPTIONS(struct mr_check_options, login),
    MR_GENERAL_OPTIONS(struct mr_check_options, general),
};

const struct mr_command_doc mr_check_doc = {
    .summary = "compare the schema and every row of two servers",
    .operands = "SOURCE TARGET",
    .description = "Compares the schema and every row of two servers, down to the last bit, and "
                   "says whose rows are missing, extra or changed, and who stands under somebody "
                   "else's key. It only reads. SOURCE is what should be true, or the lost "
                   "history; "
                   "TARGET is what is being judged, or the live server.\n"
                   "\n"
                   "SOURCE and TARGET are mysql://[user[:password]@]host[:port][/db[,db...]]"
                   "[?key=value&...] with the keys socket, ssl-mode, ssl-ca, ssl-cert, ssl-key, "
                   "defaults-file, defaults-group, password-command, enable-cleartext-plugin, "
                   "compress and connect-timeout. Without /db every database is compared but the "
                   "servers' own. Passwords are better given by "
                   "MYRECON_SOURCE_PASSWORD and MYRECON_TARGET_PASSWORD or an option file. Either "
                   "may be a snapshot: snapshot:DIR[?key=KEY.pem].\n"
                   "\n"
                   "Exit status: 0 equal; 1 differences; 3 could not run; 4 something was not "
                   "checked; 6 interrupted, can be resumed; 70 bug.\n",
    .examples = "  myrecon check mysql://dba@10.0.0.1/club mysql://dba@10.0.0.2/club\n"
                "  myrecon check --tables 'club.*' --exclude '*.log' --case club.case \\\n"
                "      mysql://dba@lost-replica mysql://dba@live\n"
                "  myrecon check --json --where \"club.orders=id > 1000\" \\\n"
                "      mysql://dba@10.0.0.1/club mysql://dba@10.0.0.2/club_restored\n"
                "  myrecon check snapshot:/backup/club mysql://dba@10.0.0.2/club\n"
                "  myrecon check --case club.case --resume \\\n"
                "      mysql://dba@lost-replica mysql://dba@live\n"
                "  myrecon check --case nightly.case --changed --rolling 30 \\\n"
                "      mysql://dba@10.0.0.1/club mysql://dba@10.0.0.2/club\n",
};

static enum mr_code finish(struct mr_settings *settings, struct mr_err *err)
{
    struct mr_check_options *values = settings->values;
    if (values->threads == 0)
        values->threads = mr_default_threads();
    if (values->resume && values->case_path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--resume\" needs --case FILE");
        mr_err_hint(err, "Name the case file of the run that is to go on.");
        return MR_E_USAGE;
    }
    if (values->changed && values->case_path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--changed\" needs --case FILE");
        mr_err_hint(err, "Name the case file whose last finished run is the start: what changed is "
                         "read since then.");
        return MR_E_USAGE;
    }
    if (values->rolling > 0 && !values->changed) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--rolling\" needs --changed");
        mr_err_hint(err, "Without --changed each run reads every row.");
        return MR_E_USAGE;
    }
    if (values->changed && (values->scope_path != NULL || values->consistent)) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--changed\" does not go with %s",
                         values->consistent ? "--consistent" : "--scope");
        return MR_E_USAGE;
    }
    if (values->scope_path != NULL &&
        (values->tables.count + values->exclude.count + values->where.texts.count > 0 ||
         values->since_text != NULL)) {
        (void)mr_err_set(err, MR_E_USAGE,
                         "option \"--scope\" says what is read: it goes with none of --tables, "
                         "--exclude, --where and --since");
        return MR_E_USAGE;
    }
    MR_TRY(mr_general_options_finish(settings, &values->general, err));
    enum mr_code code = mr_table_wheres_finish(settings, &values->where, err);
    if (code == MR_OK && values->since_text != NULL) {
        code = mr_when_parse(&values->since, values->since_text, err);
        if (code != MR_OK)
            mr_settings_context(settings, "since", err);
    }
    return code;
}

const struct mr_option_set mr_check_option_set = {
    .options = options,
    .count = sizeof options / sizeof options[0],
    .values_size = sizeof(struct mr_check_options),
    .finish = finish,
};
