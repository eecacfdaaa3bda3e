/* history_collect_cmd.c: `myrecon history collect`; see history_cmd.h. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/case/evidence_reason.h"
#include "core/case/run_command.h"
#include "core/cli/general_options.h"
#include "core/cli/load_options.h"
#include "core/json/jsonw.h"
#include "recon/check/check_unexplained.h"
#include "recon/history/history_cmd.h"
#include "recon/history/history_collect.h"
#include "recon/history/history_text.h"

#define INCOMPLETE 4 /* the process's exit status */

struct options {
    const char *case_path, *run;
    const char *source, *target;
    struct mr_string_list source_log, target_log;
    const char *split, *split_at;
    struct mr_string_list tables, exclude;
    bool resume, json;
    struct mr_throttle_opts load;
    unsigned statement_timeout_s;
    struct mr_login_opts login;
    struct mr_general_options general;
};

#define AT(field) offsetof(struct options, field)
#define WHAT "What is read"
static const struct mr_option options[] = {
    {.name = "case",
     .type = MR_OPTION_STRING,
     .offset = AT(case_path),
     .arg = "FILE",
     .group = WHAT,
     .help = "case file that check has filled; what the logs say is added to it",
     .not_in_file = true},
    {.name = "run",
     .type = MR_OPTION_STRING,
     .offset = AT(run),
     .arg = "ID",
     .group = WHAT,
     .help = "tables and findings of this run, by its run_id or a part of it",
     .initial_note = "the last finished one",
     .not_in_file = true},
    {.name = "source",
     .type = MR_OPTION_STRING,
     .offset = AT(source),
     .arg = "URI",
     .group = WHAT,
     .help = "where SOURCE is now",
     .initial_note = "the run's",
     .not_in_file = true},
    {.name = "target",
     .type = MR_OPTION_STRING,
     .offset = AT(target),
     .arg = "URI",
     .group = WHAT,
     .help = "where TARGET is now",
     .initial_note = "the run's",
     .not_in_file = true},
    {.name = "source-log",
     .type = MR_OPTION_LIST,
     .offset = AT(source_log),
     .arg = "FILE|DIR|URI",
     .group = WHAT,
     .help = "SOURCE's binary logs: files (plain, .gz, .zst), directories of them, or a server; "
             "repeatable",
     .initial_note = "SOURCE itself",
     .not_in_file = true},
    {.name = "target-log",
     .type = MR_OPTION_LIST,
     .offset = AT(target_log),
     .arg = "FILE|DIR|URI",
     .group = WHAT,
     .help = "TARGET's; repeatable",
     .initial_note = "TARGET itself",
     .not_in_file = true},
    {.name = "tables",
     .type = MR_OPTION_LIST,
     .offset = AT(tables),
     .arg = "PATTERN",
     .group = WHAT,
     .help = "only tables of the run that match db.table (wildcards * and ?); a bare name means "
             "any database; repeatable"},
    {.name = "exclude",
     .type = MR_OPTION_LIST,
     .offset = AT(exclude),
     .arg = "PATTERN",
     .group = WHAT,
     .help = "not these; repeatable"},
    {.name = "resume",
     .type = MR_OPTION_FLAG,
     .offset = AT(resume),
     .group = WHAT,
     .help = "go on where the same command was ended; logs that were read are not read again",
     .not_in_file = true},
    {.name = "split",
     .type = MR_OPTION_STRING,
     .offset = AT(split),
     .arg = "source=FILE:POS,target=FILE:POS",
     .group = "Where the histories part",
     .help = "the first place in each log that the other side has not executed",
     .initial_note = "by GTID",
     .not_in_file = true},
    {.name = "split-at",
     .type = MR_OPTION_STRING,
     .offset = AT(split_at),
     .arg = "TIME",
     .group = "Where the histories part",
     .help =
         "what was committed from TIME on, YYYY-MM-DD[ HH:MM:SS[.f]][Z|+HH:MM]; inexact: clocks "
         "differ, and a whole second is taken; UTC without a zone",
     .not_in_file = true},
    MR_THROTTLE_OPTIONS(struct options, load, "Load", "SOURCE or TARGET"),
    MR_STATEMENT_TIMEOUT_OPTION(struct options, statement_timeout_s, "Load"),
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
    MR_LOGIN_OPTIONS(struct options, login),
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
    .summary = "read from both sides' binary logs who changed which row",
    .operands = "",
    .description =
        "Two images of a row cannot say who changed it; the binary logs of both servers can. For "
        "every key that a transaction has changed which the other side has not executed, it adds "
        "to the case what was there before the first change and what after the last; of the rows "
        "of findings each change, with GTID, time and place in the log. history show tells it.\n"
        "\n"
        "Which transactions are of one side is known by GTID; without them, say where the "
        "histories part. Whether the logs tell all is proved: they have to reach from the split "
        "to now without a gap, each image must be what the change before it had left, and the "
        "last one the row that is there. A table of which that does not hold has no evidence on "
        "that side, and its reason is said: statements in place of rows, TRUNCATE, ALTER, rows "
        "that cannot be decoded.\n"
        "\n"
        "Servers are only read: their logs as a replica would, rows by their keys in small "
        "batches. The account needs REPLICATION SLAVE and BINLOG MONITOR (MySQL: REPLICATION "
        "CLIENT) besides SELECT. Logs that are not on a server any more may be files. What does "
        "not fit into memory is sorted in a file without a name beside the case: up to 150 bytes "
        "for each change, of rows of findings half a KiB and their images.\n"
        "\n"
        "What was collected before is replaced when all is done, unless logs were complete then "
        "and are not any more.\n"
        "\n"
        "Exit status: 0 all tables have good evidence; 3 could not run; 4 a log is incomplete, or "
        "a table has no evidence: named; 5 GTIDs do not tell the sides apart, or what the case has "
        "would be replaced by less; 6 interrupted, can be resumed; 70 bug.\n",
    .examples = "  myrecon history collect --case club.case\n"
                "  myrecon history collect --case club.case --source-log /evidence/old\n"
                "  myrecon history collect --case club.case \\\n"
                "      --split source=bin.000041:1207,target=bin.000007:4\n"
                "  myrecon history collect --case club.case --split-at '2026-04-02 03:10:00Z'\n",
};

/* ---- result ---- */

static bool is_good(const struct mr_evidence_table *t)
{
    return t->of[MR_SOURCE].witness == MR_WITNESS_GOOD &&
           t->of[MR_TARGET].witness == MR_WITNESS_GOOD;
}

static size_t count_good(const struct mr_history_collect *c)
{
    size_t good = 0;
    for (size_t i = 0; i < c->ntables; i++)
        good += is_good(&c->of[i].evidence);
    return good;
}

static void add_count(struct mr_strbuf *out, uint64_t n, const char *one, const char *many)
{
    mr_strbuf_add_grouped(out, n);
    mr_strbuf_add_fmt(out, " %s", n == 1 ? one : many);
}

static void add_side(struct mr_strbuf *out, enum mr_side side, const struct mr_evidence_side *s)
{
    mr_strbuf_add_fmt(out, "%s  ", mr_side_name(side));
    mr_utf8_show_str(out, s->server);
    mr_strbuf_add_str(out, "\n        ");
    if (s->first_log == NULL) {
        mr_strbuf_add_str(out, "no log was read\n");
    } else {
        mr_utf8_show_str(out, s->first_log);
        mr_strbuf_add_fmt(out, ":%" PRIu64 " to ", s->first_position);
        mr_utf8_show_str(out, s->end_log);
        mr_strbuf_add_fmt(out, ":%" PRIu64 ", %s\n", s->end_position,
                          s->is_complete ? "complete" : "incomplete");
    }
    mr_strbuf_add_str(out, "        ");
    add_count(out, s->transactions, "transaction", "transactions");
    mr_strbuf_add_str(out, " of its own with ");
    add_count(out, s->changes, "change", "changes");
    mr_strbuf_add_str(out, " of these tables\n");
    for (const char *at = s->gap; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        mr_strbuf_add_str(out, "        incomplete: ");
        mr_utf8_show(out, at, len, false);
        mr_strbuf_add_str(out, "\n");
        at += len + (at[len] == '\n');
    }
}

/* Its columns by the configuration; NULL: it could not be read. */
static const struct mr_find_table *columns_of(const struct mr_history_table *table)
{
    return table->pair != NULL ? &table->pair->find : NULL;
}

static void add_table(struct mr_strbuf *out, const struct mr_history_table *table, bool brief)
{
    const struct mr_evidence_table *t = &table->evidence;
    if (brief && is_good(t))
        return;
    if (is_good(t) && t->of[MR_SOURCE].keys + t->of[MR_TARGET].keys == 0)
        return;
    mr_utf8_show_str(out, t->name);
    mr_strbuf_add_str(out, "\n");
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_evidence_of *of = &t->of[side];
        mr_strbuf_add_fmt(out, "        %s %s: ", mr_side_name((enum mr_side)side),
                          mr_witness_name(of->witness));
        add_count(out, of->keys, "key", "keys");
        mr_strbuf_add_str(out, ", ");
        add_count(out, of->changes, "change", "changes");
        if (of->moving > 0)
            mr_strbuf_add_fmt(out, ", %" PRIu64 " of them change all the time", of->moving);
        if (of->reason != NULL && of->witness != MR_WITNESS_INCOMPLETE) {
            mr_strbuf_add_str(out, ": ");
            mr_history_add_reason(out, of->reason, columns_of(table), NULL);
        }
        mr_strbuf_add_str(out, "\n");
    }
}

/* What can be done about a log that is gone. */
static void add_lacking(struct mr_strbuf *out, const struct mr_history_collect *c)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        if (!c->sides[side].is_complete)
            mr_strbuf_add_fmt(
                out,
                "Logs of the %s that are lacking there may be files, of history "
                "archive or of a backup:\n  --%s-log FILE|DIR, with all that are behind "
                "them.\n",
                mr_side_name((enum mr_side)side), mr_side_name((enum mr_side)side));
}

/* Many of them say that the split is told wrongly, and nothing else would. */
static enum mr_code add_unexplained(struct mr_strbuf *out, const struct mr_history_collect *c,
                                    struct mr_err *err)
{
    struct mr_find_table *tables = NULL;
    size_t count = 0;
    const size_t before = out->len;
    MR_TRY(mr_findings_tables(c->fd, c->arena, &tables, &count, err));
    MR_TRY(mr_check_unexplained_say(c->fd, &c->run, tables, count, out, err));
    if (out->len > before)
        mr_strbuf_add_str(out, "\n");
    return MR_OK;
}

static enum mr_code print_text(const struct options *opts, const struct mr_history_collect *c,
                               struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT, command = MR_STRBUF_INIT;
    const size_t good = count_good(c);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        add_side(&out, (enum mr_side)side, &c->sides[side]);
    for (size_t i = 0; i < c->ntables; i++)
        add_table(&out, &c->of[i], opts->general.brief);
    mr_strbuf_add_fmt(&out, "%zu of %zu tables %s good evidence on both sides\n", good, c->ntables,
                      c->ntables == 1 ? "has" : "have");
    add_lacking(&out, c);
    enum mr_code code = add_unexplained(&out, c, err);
    if (code != MR_OK) {
        mr_strbuf_release(&out);
        return code;
    }
    mr_strbuf_add_str(&command, "myrecon history show");
    mr_command_add_option(&command, "--case", opts->case_path);
    mr_strbuf_add_str(&out, "What it says:\n  ");
    mr_utf8_show(&out, command.ptr, command.len, false);
    mr_strbuf_add_str(&out, "\n");
    code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    mr_strbuf_release(&command);
    return code;
}

static void put_side(struct mr_jsonw *w, enum mr_side side, const struct mr_evidence_side *s)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "side");
    mr_jsonw_add_str(w, "side", mr_side_name(side));
    mr_jsonw_add_str(w, "server", s->server);
    mr_jsonw_add_str(w, "own_by", mr_own_by_name(s->own_by));
    mr_jsonw_add_str(w, "own", s->own);
    mr_jsonw_add_bool(w, "complete", s->is_complete);
    mr_jsonw_add_str(w, "gap", s->gap);
    mr_jsonw_add_str(w, "first_log", s->first_log);
    mr_jsonw_add_uint(w, "first_position", s->first_position);
    mr_jsonw_add_str(w, "end_log", s->end_log);
    mr_jsonw_add_uint(w, "end_position", s->end_position);
    mr_jsonw_add_uint(w, "transactions", s->transactions);
    mr_jsonw_add_uint(w, "changes", s->changes);
    mr_jsonw_add_uint(w, "bytes", s->bytes);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_table(struct mr_jsonw *w, const struct mr_history_table *table,
                      struct mr_strbuf *text)
{
    const struct mr_evidence_table *t = &table->evidence;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const struct mr_evidence_of *of = &t->of[side];
        mr_jsonw_object_begin(w);
        mr_jsonw_add_str(w, "type", "table");
        mr_jsonw_add_str(w, "table", t->name);
        mr_jsonw_add_str(w, "side", mr_side_name((enum mr_side)side));
        mr_jsonw_add_str(w, "evidence", mr_witness_name(of->witness));
        mr_strbuf_reset(text);
        if (of->reason != NULL)
            mr_evidence_add_reason(text, of->reason, columns_of(table), NULL);
        mr_jsonw_add_str(w, "reason", of->reason != NULL ? text->ptr : NULL);
        mr_jsonw_add_uint(w, "keys", of->keys);
        mr_jsonw_add_uint(w, "changes", of->changes);
        mr_jsonw_add_uint(w, "moving", of->moving);
        mr_jsonw_object_end(w);
        mr_jsonw_end_line(w);
    }
}

static enum mr_code print_json(const struct mr_history_collect *c, const struct mr_run_id *run,
                               struct mr_err *err)
{
    struct mr_jsonw w;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "run");
    mr_jsonw_add_str(&w, "schema", "myrecon/history-collect/1");
    mr_jsonw_add_str(&w, "run_id", run->id);
    mr_jsonw_add_str(&w, "started", run->started);
    mr_jsonw_add_str(&w, "of_run", c->run.uuid);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    for (int side = MR_SOURCE; side < MR_SIDES; side++)
        put_side(&w, (enum mr_side)side, &c->sides[side]);
    for (size_t i = 0; i < c->ntables; i++)
        put_table(&w, &c->of[i], &text);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_uint(&w, "tables", c->ntables);
    mr_jsonw_add_uint(&w, "good", count_good(c));
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_strbuf_check(&text, "writing JSON", err);
    if (code == MR_OK)
        code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    mr_strbuf_release(&text);
    return code;
}

/* ---- the command ---- */

static enum mr_code refuse_split(const char *what, const char *text, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "option \"--split\": %s: \"%.200s\"", what, text);
    mr_err_hint(err, "Write the place of both: "
                     "--split source=bin.000041:1207,target=bin.000007:4.");
    return MR_E_USAGE;
}

/* "source=FILE:POS,target=FILE:POS", either side first; a side may be left out.  Names of logs have no
 * comma in front of "source=" or "target=". */
static enum mr_code take_split(const char *text, struct mr_history_collect *c, struct mr_err *err)
{
    static const char *const words[MR_SIDES] = {"source=", "target="};
    for (const char *at = text; *at != '\0';) {
        int side = strncmp(at, words[0], strlen(words[0])) == 0   ? MR_SOURCE
                   : strncmp(at, words[1], strlen(words[1])) == 0 ? MR_TARGET
                                                                  : MR_SIDES;
        if (side == MR_SIDES || c->split[side] != NULL)
            return refuse_split("no place of one side", at, err);
        at += strlen(words[side]);
        const char *comma = strchr(at, ',');
        const size_t len = comma != NULL ? (size_t)(comma - at) : strlen(at);
        c->split[side] = mr_arena_dup(c->arena, at, len);
        if (c->split[side] == NULL)
            return mr_err_nomem(err, "reading options");
        at += len + (comma != NULL);
    }
    if (c->split[MR_SOURCE] == NULL || c->split[MR_TARGET] == NULL)
        return refuse_split("the place of one side only", text, err);
    return MR_OK;
}

/* Nothing would be of one side alone, and everything proved.  A minute is what clocks may differ. */
static enum mr_code refuse_future(const struct mr_when *when, const char *text, struct mr_err *err)
{
    if (mr_when_us(when) / 1000000 <= (int64_t)time(NULL) + 60)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "option \"--split-at\": \"%.200s\" is in the future", text);
    mr_err_hint(err, "Say when the histories parted; without Z or +HH:MM behind it a time is UTC.");
    return MR_E_USAGE;
}

static enum mr_code take_options(const struct options *opts, struct mr_history_collect *c,
                                 struct mr_when *split_at, struct mr_err *err)
{
    if (opts->case_path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--case FILE\" is missing");
        mr_err_hint(err, "Name the case file that myrecon check --case FILE has filled.");
        return MR_E_USAGE;
    }
    if (opts->split != NULL && opts->split_at != NULL)
        return mr_err_set(err, MR_E_USAGE, "--split and --split-at exclude each other");
    if (opts->split != NULL)
        MR_TRY(take_split(opts->split, c, err));
    if (opts->split_at != NULL) {
        const enum mr_code code = mr_when_parse(split_at, opts->split_at, err);
        if (code != MR_OK)
            mr_err_context(err, "option \"--split-at\"");
        MR_TRY(code);
        MR_TRY(refuse_future(split_at, opts->split_at, err));
        c->split_at = split_at;
        c->split_at_text = opts->split_at;
    }
    c->logs[MR_SOURCE] = opts->source_log;
    c->logs[MR_TARGET] = opts->target_log;
    c->tables = opts->tables;
    c->exclude = opts->exclude;
    c->resume = opts->resume;
    c->login = opts->login;
    c->load = opts->load;
    c->statement_timeout_s = opts->statement_timeout_s;
    return MR_OK;
}

static enum mr_code open_case(const struct options *opts, struct mr_history_collect *c,
                              struct mr_err *err)
{
    struct mr_findings *probe = NULL;
    /* a name that was mistyped makes no new case */
    MR_TRY(mr_findings_open(opts->case_path, MR_CASE_READ, &probe, err));
    enum mr_code code = mr_findings_run_choose(probe, opts->run, c->arena, &c->run, err);
    (void)mr_findings_close(probe, NULL);
    MR_TRY(code);
    MR_TRY(mr_findings_open(opts->case_path, MR_CASE_WRITE, &c->fd, err));
    MR_TRY(mr_findings_run_choose(c->fd, opts->run, c->arena, &c->run, err));
    c->uris[MR_SOURCE] = opts->source != NULL ? opts->source : mr_run_uri(&c->run, MR_SOURCE);
    c->uris[MR_TARGET] = opts->target != NULL ? opts->target : mr_run_uri(&c->run, MR_TARGET);
    mr_log_info("run %s: %s -> %s", c->run.uuid, c->run.source, c->run.target);
    return MR_OK;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    const struct mr_run_id id = mr_run_id_now();
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_collect c;
    struct mr_when split_at;
    struct mr_err late = {0};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    mr_history_collect_init(&c);
    c.arena = &arena;
    c.config = invocation->config;
    c.run_tag = id.id;
    MR_TRY_OUT(take_options(opts, &c, &split_at, err));
    MR_TRY_OUT(open_case(opts, &c, err));
    MR_TRY_OUT(mr_progress_new(opts->general.progress, &c.progress, err));
    code = mr_history_collect(&c, err);
    mr_progress_finish(c.progress);
    MR_TRY_OUT(code);
    *exit_code = count_good(&c) == c.ntables ? 0 : INCOMPLETE;
    code = opts->json ? print_json(&c, &id, err) : print_text(opts, &c, err);
out:
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "Run the same command again with --resume.");
    mr_progress_free(c.progress);
    mr_history_collect_release(&c);
    if (mr_findings_close(c.fd, &late) != MR_OK && code == MR_OK) {
        code = late.code;
        *err = late;
    }
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_history_collect_command = {
    .name = "history collect",
    .doc = &doc,
    .options = &option_set,
    .unheard = "What the logs say is in the case; history show tells of it.",
    .run = run};
