/* affected_cmd.c: see affected_cmd.h.  Opens the case, collects people, writes the list. */
#include "recon/affected/affected_cmd.h"

#include <inttypes.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/case/evidence.h"
#include "core/file/outfile.h"
#include "recon/affected/affected_config.h"
#include "recon/affected/affected_gaps.h"
#include "recon/affected/affected_options.h"
#include "recon/affected/affected_plan.h"
#include "recon/affected/affected_reach.h"
#include "recon/affected/affected_subject.h"
#include "recon/affected/affected_told.h"
#include "recon/affected/affected_window.h"
#include "recon/check/next_step.h"

#define WRITE_BYTES ((size_t)64 * 1024)
#define INCOMPLETE 4 /* the process's exit status */

struct command {
    const struct mr_affected_options *opts;
    const struct mr_config *config;
    mr_source_open_fn *open_snapshot;
    struct mr_affected list;
    struct mr_affected_format_opts format;
    struct mr_affected_writer *writer;
    struct mr_outfile *output;
    struct mr_affected_people people;
    struct mr_affected_lines lines;
    struct mr_affected_plan plan;
    bool incomplete;  /* somebody may be missing */
    bool other;       /* by the configuration that is given the list could be another */
    const char *next; /* a command, or NULL */
    uint64_t differing, explained; /* rows of the run; those that plans of the case have made so */
};

/* ---- the columns that there are ---- */

/* --columns '?' */
static bool is_asking(const struct command *c)
{
    const struct mr_string_list *columns = &c->opts->columns;
    return columns->count == 1 && strcmp(columns->items[0], "?") == 0;
}

static bool has_column_before(const struct mr_affected *list, size_t subject, const char *name)
{
    for (size_t s = 0; s < subject; s++) {
        const struct mr_find_table *table = list->subjects[s].table;
        if (mr_affected_column(table, name) < table->ncolumns)
            return true;
    }
    return false;
}

/* One a line, those of a second subject table behind, and then what collected logs tell. */
static enum mr_code write_columns(struct command *c, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    bool has_evidence = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_evidence_has(c->list.fd, &has_evidence, err));
    for (size_t s = 0; s < c->list.nsubjects; s++) {
        const struct mr_find_table *table = c->list.subjects[s].table;
        for (size_t i = 0; i < table->ncolumns; i++) {
            const char *name = table->columns[i].name;
            if (has_column_before(&c->list, s, name))
                continue;
            mr_utf8_show_str(&text, name);
            mr_strbuf_add_char(&text, '\n');
        }
    }
    for (size_t i = 0; has_evidence && i < 2; i++)
        if (!has_column_before(&c->list, c->list.nsubjects, mr_affected_told_names[i]))
            mr_strbuf_add_fmt(&text, "%s\n", mr_affected_told_names[i]);
    MR_TRY_OUT(mr_strbuf_check(&text, "listing columns", err));
    MR_TRY_OUT(mr_outfile_write(c->output, text.ptr, text.len, err));
    MR_TRY_OUT(mr_outfile_commit(c->output, err));
out:
    mr_strbuf_release(&text);
    return code;
}

/* ---- what is listed ---- */

/* A case may have been checked into again since the plan was made. */
static enum mr_code choose_run(struct command *c, struct mr_err *err)
{
    struct mr_affected *list = &c->list;
    const char *dir = c->opts->plan, *run = c->opts->run;
    bool is_planned = run == NULL && dir != NULL;
    enum mr_code code = is_planned ? mr_affected_plan_run(dir, &list->arena, &run, err) : MR_OK;
    if (code == MR_OK)
        code = mr_findings_run_choose(list->fd, run, &list->arena, &list->run, err);
    if (code == MR_E_NO_SUCH && is_planned && run != NULL) {
        (void)mr_err_set(err, MR_E_REFUSED,
                         "plan \"%s\" was made from run %s, which the case file \"%s\" "
                         "does not have",
                         dir, run, c->opts->case_path);
        mr_err_hint(err, "Name the case file that the plan was made from.");
        return MR_E_REFUSED;
    }
    return code;
}

/* The case is only read: what the list needs beside it stands in TEMP tables, and one view lasts
 * to the end, though a check should write meanwhile. */
static enum mr_code open_case(struct command *c, struct mr_err *err)
{
    struct mr_affected *list = &c->list;
    if (c->opts->case_path == NULL) {
        (void)mr_err_set(err, MR_E_USAGE, "option \"--case FILE\" is missing");
        mr_err_hint(err, "Name the case file that myrecon check --case FILE has filled.");
        return MR_E_USAGE;
    }
    enum mr_code code = mr_findings_open(c->opts->case_path, MR_CASE_READ, &list->fd, err);
    if (code == MR_OK)
        code = mr_case_scratch_begin(mr_findings_case(list->fd), err);
    if (code == MR_OK)
        code = choose_run(c, err);
    if (code != MR_OK)
        return code;
    mr_log_info("run %s: %s -> %s", list->run.uuid, list->run.source, list->run.target);
    return mr_findings_tables(list->fd, &list->arena, &list->tables, &list->ntables, err);
}

/* What is chosen and the format are judged before anything is collected, so that a slip costs no
 * walk through the case and no connection. */
static enum mr_code choose(struct command *c, struct mr_err *err)
{
    const struct mr_affected_choice choice = {.subjects = c->opts->subjects,
                                              .tables = c->opts->tables,
                                              .exclude = c->opts->exclude,
                                              .columns = is_asking(c) ? (struct mr_string_list){0}
                                                                      : c->opts->columns,
                                              .config = c->config,
                                              .planned = c->opts->plan != NULL};
    enum mr_code code = mr_affected_choose(&c->list, &choice, err);
    if (code == MR_OK)
        code = mr_affected_config(&c->list, &choice, c->opts->case_path, &c->other, err);
    c->format = (struct mr_affected_format_opts){.format = c->opts->writes,
                                                 .template = c->opts->template,
                                                 .shell_safe = c->opts->shell_safe,
                                                 .sheet = c->opts->sheet,
                                                 .table = c->opts->sql_table};
    if (code == MR_OK)
        code = mr_affected_writer_new(&c->list, &c->format, &c->writer, err);
    return code;
}

/* ---- the list ---- */

static enum mr_code add_window(struct command *c, struct mr_err *err)
{
    const struct mr_affected_options *o = c->opts;
    const struct mr_affected_window window = {.since = o->since_text != NULL ? &o->since : NULL,
                                              .until = o->until_text != NULL ? &o->until : NULL,
                                              .uris = {o->source, o->target},
                                              .open_snapshot = c->open_snapshot,
                                              .login = o->login,
                                              .statement_timeout_s = o->statement_timeout_s,
                                              .load = o->load,
                                              .progress = o->general.progress,
                                              .config = c->config};
    return mr_affected_has_window(o) ? mr_affected_window(&c->people, &window, &c->incomplete, err)
                                     : MR_OK;
}

/* The order is that of what is known: children lead to people whose own rows may be in already,
 * the window adds whom the case does not know, and only then is it known what is missing. */
static enum mr_code collect(struct command *c, struct mr_err *err)
{
    bool gaps = false;
    MR_TRY(mr_affected_people_begin(&c->people, &c->list, err));
    MR_TRY(mr_affected_people_own(&c->people, err));
    MR_TRY(mr_affected_reach(&c->people, err));
    MR_TRY(add_window(c, err));
    const enum mr_code code = mr_affected_gaps(&c->people, &gaps, err);
    c->incomplete = c->incomplete || gaps;
    MR_TRY(code);
    if (c->list.plan != NULL)
        MR_TRY(mr_affected_plan_spell(&c->list, err));
    return mr_affected_lines_begin(&c->lines, &c->people, err);
}

static enum mr_code load_plan(struct command *c, struct mr_err *err)
{
    if (c->opts->plan == NULL)
        return MR_OK;
    enum mr_code code =
        mr_affected_plan_load(&c->plan, c->opts->plan, &c->list.run, c->list.fd, err);
    c->list.plan = &c->plan;
    return code;
}

static enum mr_code begin_output(struct command *c, struct mr_err *err)
{
    const struct mr_outfile_opts opts = {.path = c->opts->output,
                                         .force = c->opts->force,
                                         .compress = mr_outfile_wants_zstd(c->opts->output),
                                         .encrypt_to = c->opts->encrypt_to};
    return mr_outfile_begin(&opts, &c->output, err);
}

static enum mr_code flush(struct command *c, struct mr_strbuf *text, struct mr_err *err)
{
    enum mr_code code = mr_outfile_write(c->output, text->ptr, text->len, err);
    mr_strbuf_reset(text);
    return code;
}

/* Lines go out in portions: a list of millions never stands in memory as a whole. */
static enum mr_code write_lines(struct command *c, struct mr_strbuf *text, struct mr_err *err)
{
    struct mr_affected_writer *w = c->writer;
    const struct mr_affected_line *line = NULL;
    w->facts = &c->lines.facts;
    enum mr_code code = w->ops->begin(w, text, err);
    while (code == MR_OK) {
        code = mr_affected_lines_next(&c->lines, &line, err);
        if (code != MR_OK || line == NULL)
            break;
        code = w->ops->line(w, line, text, err);
        if (code == MR_OK && text->len >= WRITE_BYTES)
            code = flush(c, text, err);
    }
    if (code == MR_OK)
        code = w->ops->end(w, text, err);
    return code == MR_OK ? flush(c, text, err) : code;
}

static enum mr_code write_list(struct command *c, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = write_lines(c, &text, err);
    if (code == MR_OK)
        code = mr_outfile_commit(c->output, err);
    mr_strbuf_release(&text);
    return code;
}

/* Who is affected and has no line is reported. */
static void tell_lineless(struct command *c)
{
    uint64_t values = c->writer->no_value, keys = c->writer->no_key;
    if (keys > 0)
        mr_log_info("%" PRIu64 " of them %s no line: no key on the side that the template "
                    "names",
                    keys, keys == 1 ? "has" : "have");
    if (values == 0)
        return;
    c->incomplete = true;
    mr_log_warning("%" PRIu64 " %s no line: a value that the template inserts is NULL or "
                   "not there",
                   values, values == 1 ? "person has" : "people have");
}

/* "17 people are affected (missing 3, child 14): written to affected.csv" */
static void tell(struct command *c)
{
    const struct mr_affected_facts *facts = &c->lines.facts;
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_fmt(&text, "%" PRIu64 " %s affected", facts->people,
                      facts->people == 1 ? "person is" : "people are");
    for (size_t i = 0, n = 0; i < MR_AFFECTED_REASONS; i++)
        if (facts->by_reason[i] > 0)
            mr_strbuf_add_fmt(&text, "%s%s %" PRIu64, n++ == 0 ? " (" : ", ",
                              mr_affected_reason_names[i], facts->by_reason[i]);
    if (facts->people > 0)
        mr_strbuf_add_char(&text, ')');
    if (c->opts->writes == MR_AFFECTED_TEMPLATE)
        mr_strbuf_add_fmt(&text, ", %" PRIu64 " line%s", c->writer->written,
                          c->writer->written == 1 ? "" : "s");
    size_t files = mr_outfile_files(c->output);
    if (files > 0)
        mr_strbuf_add_fmt(&text, ": written to \"%s\"", mr_outfile_name(c->output, 0));
    if (files > 1)
        mr_strbuf_add_fmt(&text, " … \"%s\" (%zu parts)", mr_outfile_name(c->output, files - 1),
                          files);
    mr_log_info("%s", text.ptr);
    mr_strbuf_release(&text);
    tell_lineless(c);
    if (c->explained > 0)
        mr_log_info("%" PRIu64 " of the %" PRIu64 " differing rows are as a plan of the case has "
                    "made them: whoever is listed for those alone has been seen to",
                    c->explained, c->differing);
    if (c->writer->left_out > 0) {
        c->incomplete = true;
        mr_log_warning("%" PRIu64 " line%s left out: a value has a control character, "
                       "which could pass for the end of a line",
                       c->writer->left_out, c->writer->left_out == 1 ? " is" : "s are");
    }
}

/* The plan of what becomes of them, where a check would name one: found while nothing is
 * written yet, so that a failure leaves no list behind. */
static enum mr_code find_next(struct command *c, struct mr_err *err)
{
    struct mr_next_opts opts = {.has_case = true,
                                .commands = true,
                                .case_path = c->opts->case_path,
                                .config = c->config->file};
    struct mr_check_result result;
    struct mr_next_steps steps = {.items = MR_VEC_INIT(struct mr_next_step),
                                  .arena = MR_ARENA_INIT};
    bool is_usual = true;
    MR_TRY(mr_findings_run_is_usual(c->list.fd, &c->list.run, &is_usual, err));
    enum mr_code code = MR_OK;
    opts.run = is_usual ? NULL : c->list.run.uuid;
    MR_TRY_OUT(mr_check_result_load(&result, c->list.fd, &c->list.run, 0, err));
    c->differing = mr_find_counts_differing(&result.sums);
    c->explained = result.all_explained.rows;
    MR_TRY_OUT(mr_next_steps(&steps, &result, &opts, err));
    for (size_t i = 0; i < steps.items.count; i++) {
        const struct mr_next_step *step = mr_vec_at(&steps.items, i);
        if (step->kind == MR_NEXT_PLAN &&
            (c->next = mr_arena_strdup(&c->list.arena, step->command)) == NULL)
            MR_TRY_OUT(mr_err_nomem(err, "looking for the next command"));
    }
out:
    mr_next_steps_release(&steps);
    mr_check_result_release(&result);
    return code;
}

/* What options, configuration and plan refuse comes before the output is begun, and the file
 * takes its name only after the last line. */
static enum mr_code run_list(struct command *c, struct mr_err *err)
{
    MR_TRY(open_case(c, err));
    MR_TRY(load_plan(c, err));
    MR_TRY(choose(c, err));
    MR_TRY(begin_output(c, err));
    if (is_asking(c))
        return write_columns(c, err);
    MR_TRY(collect(c, err));
    MR_TRY(find_next(c, err));
    MR_TRY(write_list(c, err));
    tell(c);
    if (c->opts->plan == NULL && !c->incomplete && !c->other && c->next != NULL)
        mr_log_info("what would become of them shows: %s", c->next);
    return MR_OK;
}

/* All is released also after a failure; an error of closing is told only where nothing worse
 * was, for the first one is the cause. */
static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct command c = {.opts = invocation->settings.values,
                        .config = invocation->config,
                        .open_snapshot = invocation->commands.open_snapshot,
                        .list = {.arena = MR_ARENA_INIT}};
    struct mr_err late = {0};
    mr_general_options_apply(&c.opts->general);
    enum mr_code code = run_list(&c, err);
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "%s",
                    c.opts->output != NULL
                        ? "No file was written; run it again."
                        : "The list is cut short, if any of it was written; run it "
                          "again.");
    mr_affected_lines_release(&c.lines);
    mr_affected_plan_release(&c.plan);
    mr_affected_people_release(&c.people);
    mr_affected_writer_free(c.writer);
    mr_outfile_free(c.output);
    enum mr_code closed = mr_findings_close(c.list.fd, &late);
    if (code == MR_OK && closed != MR_OK) {
        code = closed;
        *err = late;
    }
    mr_arena_release(&c.list.arena);
    *exit_code = c.incomplete || c.other ? INCOMPLETE : 0;
    return code;
}

const struct mr_command mr_affected_command = {.name = "affected",
                                               .is_to_show = true,
                                               .doc = &mr_affected_doc,
                                               .options = &mr_affected_option_set,
                                               .run = run};
