/* history_archive_cmd.c: `myrecon history archive`; see history_cmd.h. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/cli/general_options.h"
#include "core/cli/load_options.h"
#include "core/json/jsonw.h"
#include "core/logs/history_archive.h"
#include "recon/history/history_cmd.h"

struct options {
    bool verify, json;
    const char *split_at; /* NULL: all that the server has */
    struct mr_throttle_opts load;
    unsigned statement_timeout_s;
    struct mr_login_opts login;
    struct mr_general_options general;
};

#define AT(field) offsetof(struct options, field)
static const struct mr_option options[] = {
    {.name = "split-at",
     .type = MR_OPTION_STRING,
     .offset = AT(split_at),
     .arg = "TIME",
     .group = "What is archived",
     .help = "only logs that hold anything from that time on: YYYY-MM-DD[ HH:MM:SS[.f]]"
             "[Z|+HH:MM]; UTC without a zone",
     .not_in_file = true},
    {.name = "verify",
     .type = MR_OPTION_FLAG,
     .offset = AT(verify),
     .group = "What is archived",
     .help = "read nothing from a server: prove that DIR is what was written",
     .not_in_file = true},
    MR_THROTTLE_OPTIONS(struct options, load, "Load", "SERVER"),
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
    .summary = "keep a server's binary logs before it removes them",
    .operands = "SERVER DIR | --verify DIR",
    .description =
        "Copies the binary logs of SERVER into DIR, each as NAME.zst, to the byte what "
        "the server has on its disk (but for what encrypts it there): the evidence of "
        "what a failover has lost is gone when the server removes them. Run again, from "
        "cron perhaps, it adds what is new: a log that was whole is not read again, the one "
        "that the server still writes is. archive.json lists them with their SHA-256.\n"
        "\n"
        "They are read over a connection, as a replica would, under a server_id at random; "
        "nothing is written to the server, nothing is locked, and it may be a primary under "
        "load. The account needs REPLICATION SLAVE, and BINLOG MONITOR (MySQL: REPLICATION "
        "CLIENT).\n"
        "\n"
        "A DIR of another server is refused, and so is one whose logs SERVER has begun anew "
        "since (RESET). What the archive lacks, because the server had removed it or its file is "
        "damaged, is named by this run and each later one.\n"
        "\n"
        "With --verify every file is read: that it is there, that it is the one that was "
        "written, and that what comes out of it is what the server sent.\n"
        "\n"
        "Exit status: 0 archived, or proved; 1 --verify found damage; 3 could not run; 4 a right "
        "is missing, the server was lost, or something is lacking or wrong: named; 5 DIR is no "
        "archive of this server, or another run is at work there; 6 interrupted, can be run again; "
        "70 bug.\n",
    .examples = "  myrecon history archive mysql://dba@old-primary /evidence/old\n"
                "  myrecon history archive --split-at '2026-04-02 03:10:00' \\\n"
                "      mysql://dba@old-primary /evidence/old\n"
                "  myrecon history archive --verify /evidence/old\n"
                "  zstd -dc /evidence/old/bin.000001.zst | mariadb-binlog -\n",
};

/* ---- result ---- */

struct sums {
    size_t states[MR_ARCHIVE_MISSING + 1];
};

static struct sums count(const struct mr_history_archive *a)
{
    struct sums sums = {{0}};
    for (size_t i = 0; i < a->told.count; i++)
        sums.states[((const struct mr_archive_told *)mr_vec_at(&a->told, i))->state]++;
    return sums;
}

static bool has_fault(const struct mr_history_archive *a)
{
    for (size_t i = 0; i < a->told.count; i++)
        if (((const struct mr_archive_told *)mr_vec_at(&a->told, i))->why != NULL)
            return true;
    return false;
}

/* What is wrong on the server, or was never archived, is no damage of the archive: it is not all. */
static int exit_of(const struct options *opts, const struct mr_history_archive *a)
{
    const struct sums sums = count(a);
    if (opts->verify && sums.states[MR_ARCHIVE_DAMAGED] + sums.states[MR_ARCHIVE_MISSING] > 0)
        return 1;
    return a->gap != NULL || has_fault(a) ? 4 : 0;
}

static void add_time(struct mr_strbuf *out, uint64_t began)
{
    const time_t seconds = (time_t)began;
    char text[32] = "";
    struct tm utc;
    if (gmtime_r(&seconds, &utc) != NULL)
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &utc);
    mr_strbuf_add_str(out, text);
}

static bool is_bad(const struct mr_archive_told *told)
{
    return told->state == MR_ARCHIVE_DAMAGED || told->state == MR_ARCHIVE_MISSING ||
           told->why != NULL;
}

static void add_line(struct mr_strbuf *out, const struct mr_archive_told *told, bool color)
{
    mr_strbuf_add_fmt(out, "%s%-8s%s %s", is_bad(told) ? mr_term_style(MR_STYLE_BAD, color) : "",
                      mr_archive_state_word(told->state),
                      is_bad(told) ? mr_term_style(MR_STYLE_RESET, color) : "", told->log.name);
    if (told->log.file != NULL) {
        mr_strbuf_add_str(out, "  from ");
        add_time(out, told->log.began);
        mr_strbuf_add_str(out, " UTC, ");
        mr_strbuf_add_grouped(out, told->log.bytes);
        mr_strbuf_add_fmt(out, " bytes%s", told->log.is_whole ? "" : ", not to its end");
    }
    if (told->why != NULL) {
        mr_strbuf_add_str(out, ": ");
        mr_utf8_show_str(out, told->why);
    }
    mr_strbuf_add_str(out, "\n");
}

static void add_gaps(struct mr_strbuf *out, const char *gaps)
{
    for (const char *at = gaps; at != NULL && *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        mr_strbuf_add_fmt(out, "incomplete: %.*s\n", (int)len, at);
        at += len + (at[len] == '\n');
    }
}

/* What is lacking stands before what is there. */
static void add_end(struct mr_strbuf *out, const struct options *opts,
                    const struct mr_history_archive *a, const char *dir)
{
    const struct sums sums = count(a);
    const size_t bad = sums.states[MR_ARCHIVE_DAMAGED] + sums.states[MR_ARCHIVE_MISSING];
    add_gaps(out, a->gap);
    if (opts->verify) {
        if (bad > 0)
            mr_strbuf_add_fmt(out, "%zu of %zu logs are damaged or missing\n", bad, a->told.count);
        else
            mr_strbuf_add_fmt(out, "%zu log%s what was written\n", a->told.count,
                              a->told.count == 1 ? " is" : "s are");
        return;
    }
    mr_strbuf_add_fmt(out, "%zu log%s added, %zu kept: ", sums.states[MR_ARCHIVE_ADDED],
                      sums.states[MR_ARCHIVE_ADDED] == 1 ? "" : "s", sums.states[MR_ARCHIVE_KEPT]);
    mr_strbuf_add_grouped(out, a->bytes);
    mr_strbuf_add_str(out, " bytes, ");
    mr_strbuf_add_grouped(out, a->stored_bytes);
    mr_strbuf_add_str(
        out, " as they lie there\nProve it, where it lies:\n  myrecon history archive --verify ");
    mr_utf8_show_word(out, dir);
    mr_strbuf_add_str(out, "\n");
}

static enum mr_code print_text(const struct options *opts, const struct mr_history_archive *a,
                               const char *dir, struct mr_err *err)
{
    struct mr_strbuf out = MR_STRBUF_INIT;
    const bool color = mr_term_use_color(opts->general.color, 1);
    for (size_t i = 0; i < a->told.count; i++) {
        const struct mr_archive_told *told = mr_vec_at(&a->told, i);
        if (!opts->general.brief || is_bad(told))
            add_line(&out, told, color);
    }
    add_end(&out, opts, a, dir);
    enum mr_code code = mr_term_print(&out, stdout, "printing", err);
    mr_strbuf_release(&out);
    return code;
}

static void put_log(struct mr_jsonw *w, const struct mr_archive_told *told)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "log");
    mr_jsonw_add_str(w, "name", told->log.name);
    mr_jsonw_add_str(w, "file", told->log.file);
    mr_jsonw_add_str(w, "state", mr_archive_state_word(told->state));
    mr_jsonw_add_str(w, "reason", told->why);
    mr_jsonw_add_uint(w, "began", told->log.began);
    mr_jsonw_add_uint(w, "bytes", told->log.bytes);
    mr_jsonw_add_uint(w, "stored_bytes", told->log.stored_bytes);
    mr_jsonw_add_str(w, "sha256", told->log.stored);
    mr_jsonw_add_bool(w, "whole", told->log.is_whole);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static enum mr_code print_json(const struct options *opts, const struct mr_history_archive *a,
                               const struct mr_run_id *run, struct mr_err *err)
{
    const struct sums sums = count(a);
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "run");
    mr_jsonw_add_str(&w, "schema", "myrecon/history-archive/1");
    mr_jsonw_add_str(&w, "run_id", run->id);
    mr_jsonw_add_str(&w, "started", run->started);
    mr_jsonw_add_str(&w, "server", a->list.server);
    mr_jsonw_add_bool(&w, "verify", opts->verify);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    for (size_t i = 0; i < a->told.count; i++)
        put_log(&w, mr_vec_at(&a->told, i));
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "summary");
    mr_jsonw_add_uint(&w, "added", sums.states[MR_ARCHIVE_ADDED]);
    mr_jsonw_add_uint(&w, "kept", sums.states[MR_ARCHIVE_KEPT]);
    mr_jsonw_add_uint(&w, "good", sums.states[MR_ARCHIVE_GOOD]);
    mr_jsonw_add_uint(&w, "damaged", sums.states[MR_ARCHIVE_DAMAGED]);
    mr_jsonw_add_uint(&w, "missing", sums.states[MR_ARCHIVE_MISSING]);
    mr_jsonw_add_str(&w, "gap", a->gap);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- the command ---- */

/* The dump takes the connection that was asked which logs there are: it is the same server. */
static enum mr_code archive(const struct options *opts, const char *uri, const char *dir,
                            const struct mr_run_id *run, struct mr_history_archive *a,
                            struct mr_err *err)
{
    const struct mr_db_opts db_opts = {.run_tag = run->id,
                                       .statement_timeout_s = opts->statement_timeout_s};
    struct mr_endpoint ep = {0};
    const struct mr_endpoint *const eps[] = {&ep};
    struct mr_when since;
    struct mr_throttle *throttle = NULL;
    struct mr_strbuf shown = MR_STRBUF_INIT;
    enum mr_code code = mr_endpoint_parse(&ep, uri, err);
    MR_TRY_OUT(code);
    if (ep.kind != MR_ENDPOINT_MYSQL)
        MR_TRY_OUT(mr_err_set(err, MR_E_USAGE, "\"%.200s\" is no server", uri));
    mr_endpoint_display(&ep, &shown);
    MR_TRY_OUT(mr_strbuf_check(&shown, "archiving binary logs", err));
    MR_TRY_OUT(mr_login_complete(&ep, NULL, shown.ptr, &opts->login, err));
    if (opts->split_at != NULL) {
        code = mr_when_parse(&since, opts->split_at, err);
        if (code != MR_OK)
            mr_err_context(err, "option \"--split-at\"");
        MR_TRY_OUT(code);
        a->since = &since;
    }
    MR_TRY_OUT(mr_db_global_init(err));
    MR_TRY_OUT(mr_db_open(&ep, &db_opts, &a->db, err));
    MR_TRY_OUT(mr_throttle_new(&opts->load, eps, 1, &db_opts, &throttle, err));
    a->ep = &ep;
    a->opts = &db_opts;
    a->throttle = throttle;
    a->shown = mr_arena_strdup(a->arena, shown.ptr);
    code = a->shown != NULL ? mr_history_archive(a, dir, err)
                            : mr_err_nomem(err, "archiving binary logs");
out:
    mr_strbuf_release(&shown);
    mr_throttle_free(throttle);
    mr_db_close(a->db);
    mr_endpoint_release(&ep);
    return code;
}

static enum mr_code bad_operands(const struct options *opts, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE,
                     opts->verify ? "--verify is of a directory alone"
                                  : "operand \"DIR\" is missing");
    mr_err_hint(err, "myrecon history archive SERVER DIR, or history archive --verify DIR.");
    return MR_E_USAGE;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    const struct mr_run_id id = mr_run_id_now();
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_history_archive a;
    const char *dir = invocation->operands[invocation->noperands - 1];
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    mr_history_archive_init(&a);
    a.arena = &arena;
    if (invocation->noperands != (opts->verify ? 1 : 2))
        MR_TRY_OUT(bad_operands(opts, err));
    MR_TRY_OUT(mr_progress_new(opts->general.progress, &a.progress, err));
    mr_progress_begin(a.progress, opts->verify ? "proving" : "reading");
    code = opts->verify ? mr_history_archive_verify(&a, dir, err)
                        : archive(opts, invocation->operands[0], dir, &id, &a, err);
    mr_progress_finish(a.progress);
    MR_TRY_OUT(code);
    *exit_code = exit_of(opts, &a);
    code = opts->json ? print_json(opts, &a, &id, err) : print_text(opts, &a, dir, err);
out:
    if (code == MR_E_CANCELLED || code == MR_E_LOST)
        mr_err_hint(err,
                    "Logs that were read whole are in the archive. Run the same command again.");
    mr_progress_free(a.progress);
    mr_history_archive_release(&a);
    mr_arena_release(&arena);
    return code;
}

const struct mr_command mr_history_archive_command = {
    .name = "history archive",
    .doc = &doc,
    .options = &option_set,
    .min_operands = 1,
    .max_operands = 2,
    .unheard = "The logs are in the archive; history archive --verify tells of it.",
    .run = run};
