/* gate_record_cmd.c: `myrecon gate record`; see gate_cmd.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/strbuf.h"
#include "core/base/utf8.h"
#include "core/file/io.h"
#include "core/file/owner.h"
#include "core/json/jsonw.h"
#include "recon/gate/gate_cmd.h"
#include "recon/gate/gate_file.h"
#include "recon/gate/gate_run.h"

struct tally {
    size_t tables, unread, estimated;
    uint64_t rows;
};

/* What a right hides is missed at the next check: said now, while it can be granted. */
static bool tell_view(const char *uri, const char *what, const struct mr_gate_view *view)
{
    if (view->seen == MR_GATE_SEEN)
        return true;
    mr_log_warning("%s: %s is not recorded: %s%s%s", uri, what, view->why != NULL ? view->why : "?",
                   view->grant != NULL ? "; to see it: " : "",
                   view->grant != NULL ? view->grant : "");
    return false;
}

/* A baseline is as good as what it has seen: what it lacks is told while somebody is there to grant
 * a right, and not when it is needed. */
static bool tell_hidden(const struct mr_gate_facts *f, struct tally *tally)
{
    bool complete = tell_view(f->uri, "the replication status", &f->replication);
    complete &= tell_view(f->uri, "what sessions of other accounts do", &f->sessions);
    if (f->tables_read)
        complete &= tell_view(f->uri, "what databases hold", &f->any_db);
    for (size_t i = 0; i < f->ntables; i++) {
        const struct mr_gate_table *t = &f->tables[i];
        char name[300];
        (void)snprintf(name, sizeof name, "table %.120s.%.120s", t->db, t->name);
        tally->tables++;
        tally->rows += t->rows;
        if (!tell_view(f->uri, name, &t->view)) {
            tally->unread++;
            complete = false;
        } else if (!t->rows_exact) {
            tally->estimated++;
        }
    }
    if (f->ntables == 0) {
        mr_log_warning("%s: no table is recorded: there is none, or the account sees none "
                       "(GRANT SELECT ON DB.* to it), and nothing that is lost would be "
                       "missed",
                       f->uri);
        complete = false;
    }
    for (size_t i = 0; i < f->nwanted; i++) {
        char name[300];
        (void)snprintf(name, sizeof name, "table %.120s.%.120s", f->wanted[i].db,
                       f->wanted[i].name);
        complete &= tell_view(f->uri, name, &f->wanted[i].view);
    }
    return complete;
}

static void print_text(const struct mr_gate_run *run, size_t servers, const struct tally *t)
{
    struct mr_strbuf rows = MR_STRBUF_INIT;
    mr_strbuf_add_grouped(&rows, t->rows);
    (void)fputs("recorded ", stdout);
    mr_utf8_print(stdout, run->opts->output);
    (void)printf(" in %.1f s: %zu server%s, %zu table%s, %s rows", run->seconds, servers,
                 servers > 1 ? "s" : "", t->tables, t->tables == 1 ? "" : "s", rows.ptr);
    if (t->estimated > 0)
        (void)printf(" (%zu table%s by estimate; --budget for exact counts)", t->estimated,
                     t->estimated == 1 ? "" : "s");
    if (t->unread > 0)
        (void)printf(", %zu table%s could not be read", t->unread, t->unread == 1 ? "" : "s");
    (void)printf("\n");
    mr_strbuf_release(&rows);
}

static enum mr_code print_json(const struct mr_gate_run *run, size_t servers, const struct tally *t,
                               bool complete, struct mr_err *err)
{
    struct mr_jsonw w;
    const struct {
        const char *key;
        uint64_t count;
    } counts[] = {{"servers", servers},
                  {"tables", t->tables},
                  {"rows", t->rows},
                  {"estimated", t->estimated},
                  {"unread", t->unread}};
    mr_jsonw_init_file(&w, stdout);
    mr_jsonw_object_begin(&w);
    mr_jsonw_add_str(&w, "type", "record");
    mr_jsonw_add_str(&w, "schema", "myrecon/gate-record/1");
    mr_jsonw_add_str(&w, "run_id", run->id.id);
    mr_jsonw_add_str(&w, "server", run->display);
    mr_jsonw_add_str(&w, "output", run->opts->output);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        mr_jsonw_add_uint(&w, counts[i].key, counts[i].count);
    }
    mr_jsonw_add_bool(&w, "complete", complete);
    mr_jsonw_add_seconds(&w, run->seconds);
    mr_jsonw_object_end(&w);
    mr_jsonw_end_line(&w);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* ---- what is there already ---- */

/* Does the file begin as baselines do? */
static bool is_baseline(const char *path)
{
    static const char begin[] = "{\"schema\":\"myrecon/facts/";
    return mr_io_head(AT_FDCWD, path, O_NOFOLLOW, begin, sizeof begin - 1) == MR_IO_HEAD_SAME;
}

/* The baseline that is there may be the only witness of what was before: it is kept beside the
 * new one. */
static enum mr_code keep_old(const char *path, struct mr_err *err)
{
    struct mr_strbuf old = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&old, "%s.old", path);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_strbuf_check(&old, "keeping a baseline", err));
    MR_TRY_OUT(mr_owner_check(old.ptr, err));
    if ((unlink(old.ptr) != 0 && errno != ENOENT) || link(path, old.ptr) != 0)
        MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno,
                                  "could not keep the earlier baseline as \"%s\"", old.ptr));
    mr_log_warning("the baseline that was there is kept as \"%s\"", old.ptr);
out:
    mr_strbuf_release(&old);
    return code;
}

static enum mr_code write_baseline(const struct mr_gate_run *run, struct mr_outfile *out,
                                   const struct mr_gate_facts *facts, size_t count,
                                   struct mr_err *err)
{
    if (!run->opts->force && is_baseline(run->opts->output))
        MR_TRY(keep_old(run->opts->output, err));
    return mr_gate_file_write(out, facts, count, err);
}

/* The file is written also where it is incomplete, for that is more than none; the exit status says
 * so. */
static enum mr_code record(struct mr_gate_run *run, struct mr_outfile *out, int *exit_code,
                           struct mr_err *err)
{
    const struct mr_gate_facts *facts = NULL;
    struct tally tally = {0};
    size_t count = 0;
    bool complete;
    MR_TRY(mr_gate_run_record(run, &facts, &count, &complete, err));
    MR_TRY(write_baseline(run, out, facts, count, err));
    for (size_t i = 0; i < count; i++)
        complete &= tell_hidden(&facts[i], &tally);
    *exit_code = complete ? 0 : 4;
    if (run->opts->json)
        return print_json(run, count, &tally, complete, err);
    print_text(run, count, &tally);
    return MR_OK;
}

/* What is there and is no baseline is refused before a server is asked. */
static enum mr_code begin_output(const struct mr_gate_options *opts, struct mr_outfile **out,
                                 struct mr_err *err)
{
    const struct mr_outfile_opts how = {.path = opts->output,
                                        .force = opts->force || is_baseline(opts->output)};
    return mr_outfile_begin(&how, out, err);
}

/* The output is begun before anything is read, so that a file that is there, or cannot be written,
 * is reported at once. */
static enum mr_code run_record(const struct mr_invocation *invocation, int *exit_code,
                               struct mr_err *err)
{
    const struct mr_gate_options *opts = invocation->settings.values;
    struct mr_gate_run run;
    struct mr_outfile *out = NULL;
    mr_general_options_apply(&opts->general);
    if (opts->output == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--output\" is missing");
        mr_err_hint(err, "Name the baseline to be written: --output FILE.");
        return MR_E_USAGE;
    }
    enum mr_code code =
        mr_gate_run_init(&run, opts, invocation->config, invocation->operands[0], err);
    if (code == MR_OK)
        code = begin_output(opts, &out, err);
    if (code == MR_OK)
        code = record(&run, out, exit_code, err);
    if (code == MR_E_LOST || code == MR_E_CANCELLED)
        mr_err_hint(err, "No baseline was written. Run it again.");
    mr_outfile_free(out);
    mr_gate_run_release(&run);
    return code;
}

const struct mr_command mr_gate_record_command = {.name = "gate record",
                                                  .doc = &mr_gate_record_doc,
                                                  .options = &mr_gate_record_option_set,
                                                  .min_operands = 1,
                                                  .max_operands = 1,
                                                  .unheard = "The baseline is written.",
                                                  .run = run_record};
