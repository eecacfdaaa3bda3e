/* history_top_cmd.c: see history_top_cmd.h. */
#include "recon/history/history_top_cmd.h"

#include <string.h>

#include "core/db/sqlmask.h"
#include "core/db/sqlshort.h"
#include "recon/history/history_top_print.h"

/* What the command holds while it runs. */
struct job {
    const struct mr_top_options *opts;
    struct mr_run_id run;
    struct mr_arena arena;
    struct mr_endpoint ep;
    struct mr_db_opts db_opts;
    struct mr_throttle *throttle;
    struct mr_history_window window;
    struct mr_history_read read;
    struct mr_history_top top;
    bool hides;
    const char *server;       /* for people */
    const char *uri, *config; /* for the next command; NULL: there is none */
};

/* ---- options ---- */

/* A literal does not say of which column it is a value: if any is masked, none is shown. */
static bool masks_anything(const struct mr_config *config)
{
    for (const struct mr_ini_section *section = config->sections; section != NULL;
         section = section->next)
        for (const struct mr_ini_entry *entry = section->entries;
             strcmp(section->word, "table") == 0 && entry != NULL; entry = entry->next)
            if (strcmp(entry->key, "mask") == 0)
                return true;
    return false;
}

static void say(void *ctx, const char *text, size_t len, struct mr_strbuf *out)
{
    const struct job *job = ctx;
    if (job->hides)
        mr_sqlmask(out, text, len);
    else
        mr_sqlshort(out, text, len);
}

static enum mr_code take_step(void *ctx, const struct mr_binlog_step *step, struct mr_err *err)
{
    struct job *job = ctx;
    return mr_history_top_take(&job->top, step, err);
}

/* ---- whose logs ---- */

static enum mr_code open_server(struct job *job, const char *uri, struct mr_err *err)
{
    const struct mr_endpoint *const eps[] = {&job->ep};
    struct mr_strbuf shown = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_endpoint_parse(&job->ep, uri, err));
    if (job->ep.kind != MR_ENDPOINT_MYSQL)
        MR_TRY_OUT(mr_err_set(err, MR_E_USAGE, "\"%.200s\" is no server", uri));
    mr_endpoint_display(&job->ep, &shown);
    MR_TRY_OUT(mr_strbuf_check(&shown, "reading options", err));
    MR_TRY_OUT(mr_login_complete(&job->ep, NULL, shown.ptr, &job->opts->login, err));
    job->server = mr_arena_strdup(&job->arena, shown.ptr);
    job->uri = mr_endpoint_text(&job->ep, true, &job->arena);
    if (job->server == NULL || job->uri == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "reading options"));
    MR_TRY_OUT(mr_db_global_init(err));
    MR_TRY_OUT(mr_throttle_new(&job->opts->load, eps, 1, &job->db_opts, &job->throttle, err));
    job->read.ep = &job->ep;
    job->read.opts = &job->db_opts;
    job->read.throttle = job->throttle;
out:
    mr_strbuf_release(&shown);
    return code;
}

/* One server's logs, in one order: of two servers nothing could be said in one list. */
static enum mr_code open_logs(struct job *job, const struct mr_invocation *invocation,
                              struct mr_err *err)
{
    const char *const *given = invocation->operands;
    if (invocation->noperands == 0) {
        (void)mr_err_set(err, MR_E_USAGE, "operand \"SERVER\" is missing");
        mr_err_hint(err, "myrecon history show --top N SERVER, or the files of its binary logs.");
        return MR_E_USAGE;
    }
    job->read.given = given;
    job->read.ngiven = invocation->noperands;
    job->server = given[0];
    for (size_t i = 0; i < invocation->noperands; i++) {
        if (strstr(given[i], "://") == NULL)
            continue;
        if (invocation->noperands > 1)
            return mr_err_set(err, MR_E_USAGE,
                              "--top is of one server: its URI, or files of its binary logs");
        return open_server(job, given[i], err);
    }
    return MR_OK;
}

/* ---- the command ---- */

static enum mr_code begin(struct job *job, const struct mr_invocation *invocation,
                          struct mr_err *err)
{
    const struct mr_top_options *opts = job->opts;
    struct mr_history_top *top = &job->top;
    top->keep = opts->keep;
    top->tables = opts->tables.items;
    top->ntables = opts->tables.count;
    top->excluded = opts->exclude.items;
    top->nexcluded = opts->exclude.count;
    top->say = say;
    top->ctx = job;
    job->config = invocation->config->file;
    job->hides = !opts->unmask && masks_anything(invocation->config);
    job->db_opts = (struct mr_db_opts){.run_tag = job->run.id,
                                       .statement_timeout_s = opts->statement_timeout_s};
    MR_TRY(mr_change_kinds_read(opts->kinds, top->kinds, err));
    MR_TRY(mr_history_window_read(&job->window, opts->from, opts->to, &job->arena, err));
    job->read.window = &job->window;
    job->read.arena = &job->arena;
    job->read.take = take_step;
    job->read.ctx = job;
    MR_TRY(open_logs(job, invocation, err));
    return mr_progress_new(opts->progress, &job->read.progress, err);
}

static enum mr_code print(struct job *job, int *exit_code, struct mr_err *err)
{
    const struct mr_top_print printed = {.top = &job->top,
                                         .read = &job->read,
                                         .server = job->server,
                                         .uri = job->uri,
                                         .config = job->config,
                                         .run = &job->run,
                                         .hides = job->hides,
                                         .color = job->opts->color};
    mr_history_top_order(&job->top);
    *exit_code = mr_history_top_is_incomplete(&printed) ? 4 : 0;
    return job->opts->json ? mr_history_top_json(&printed, stdout, err)
                           : mr_history_top_text(&printed, stdout, err);
}

enum mr_code mr_history_top_run(const struct mr_top_options *opts,
                                const struct mr_invocation *invocation, int *exit_code,
                                struct mr_err *err)
{
    struct job job = {.opts = opts, .run = mr_run_id_now(), .arena = MR_ARENA_INIT};
    enum mr_code code = MR_OK;
    mr_history_read_init(&job.read);
    MR_TRY_OUT(mr_history_top_init(&job.top, err));
    MR_TRY_OUT(begin(&job, invocation, err));
    mr_progress_begin(job.read.progress, "reading");
    code = mr_history_read(&job.read, err);
    mr_progress_finish(job.read.progress);
    MR_TRY_OUT(code);
    code = print(&job, exit_code, err);
out:
    mr_progress_free(job.read.progress);
    mr_history_top_release(&job.top);
    mr_history_read_release(&job.read);
    mr_throttle_free(job.throttle);
    mr_endpoint_release(&job.ep);
    mr_arena_release(&job.arena);
    return code;
}
