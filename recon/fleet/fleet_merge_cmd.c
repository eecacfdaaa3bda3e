/* fleet_merge_cmd.c: `myrecon fleet merge`; see fleet_cmd.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/run_id.h"
#include "core/base/same_text.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/cli/general_options.h"
#include "core/file/new_dir.h"
#include "core/file/remove_tree.h"
#include "core/json/jsonw.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_merge.h"
#include "recon/fleet/fleet_next.h"
#include "recon/fleet/fleet_result.h"
#include "recon/report/report_rank.h"

#define NAMED_MAX 8    /* parts that a message names, or pairs */
#define TABLES_NAMED 4 /* of one side, in a pair's line */

struct options {
    const char *output;
    bool partial, json;
    uint64_t max_rows;
    struct mr_general_options general;
};

static const struct mr_option options[] = {
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = offsetof(struct options, output),
     .arg = "DIR2",
     .group = "Result",
     .help = "the directory of the pairs' cases; must not exist, or be empty; needed",
     .not_in_file = true},
    {.name = "partial",
     .type = MR_OPTION_FLAG,
     .offset = offsetof(struct options, partial),
     .group = "Result",
     .help = "leave out parts that are missing or damaged: their tables are not-checked",
     .not_in_file = true},
    {.name = "max-rows",
     .type = MR_OPTION_UINT64,
     .offset = offsetof(struct options, max_rows),
     .arg = "N",
     .group = "Result",
     .help = "at most N rows a table in NAME.jsonl; all are counted and kept in the case",
     .initial = "100000",
     .max = UINT64_MAX,
     .not_in_file = true},
    MR_JSON_OPTION(struct options, json, "one JSON object a line"),
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
    .summary = "join the parts of a fleet: one case a pair",
    .operands = "DIR",
    .description =
        "Joins what \"fleet run\" has left in DIR/parts. DIR2 gets, for each pair, NAME.case and "
        "NAME.jsonl: what one \"check --case\" and \"check --json\" of that pair would have left "
        "and printed, identities that have moved and rows that stand twice over all parts "
        "included. fleet.jsonl has a line a pair and a summary. No server is asked.\n"
        "\n"
        "A table is not-checked, with the reason, where a part of it was not read to its end, or "
        "where two parts have read two tables of that name. Parts that are missing or damaged are "
        "named, and nothing is written, unless --partial says so.\n"
        "\n"
        "Exit status: 0 all pairs are equal; 1 differences; 3 a part is missing or damaged, or "
        "DIR2 "
        "could not be written; 4 something is not-checked; 5 DIR is none of a fleet, or was "
        "changed "
        "since it was planned, or DIR2 is there; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon fleet merge /shared/fleet --output result\n"
                "  myrecon fleet merge /shared/fleet --output result --partial --json\n",
};

struct merging {
    const struct options *opts;
    struct mr_fleet_merge merge;
    struct mr_new_dir dir;
    struct mr_run_id id;
    struct mr_fleet_merged *pairs; /* merge.file.npairs */
    double seconds;
};

static enum mr_code nomem(struct mr_err *err)
{
    return mr_err_nomem(err, "merging the parts of a fleet");
}

/* ---- DIR2 ---- */

static bool is_own(const char *name)
{
    static const char *const ends[] = {".case", ".case-wal", ".case-shm", ".case-journal",
                                       ".jsonl"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (mr_ends_with(name, ends[i]))
            return true;
    return false;
}

static const struct mr_new_dir_kind kind = {"output", "merged fleet", is_own};

static enum mr_code remove_file(void *ctx, int folder_fd, const char *name, struct mr_err *err)
{
    const struct merging *g = ctx;
    return unlinkat(folder_fd, name, 0) == 0
               ? MR_OK
               : mr_new_dir_fail("clear away what an earlier run left in", g->dir.partial, err);
}

static enum mr_code begin_dir(struct merging *g, struct mr_err *err)
{
    MR_TRY(mr_new_dir_begin(&g->dir, g->opts->output, &kind, &g->merge.arena, err));
    return mr_new_dir_each(&g->dir, ".", remove_file, g, err);
}

/* Nothing is left of what did not come about. */
static void drop_dir(struct merging *g)
{
    if (g->dir.fd < 0)
        return;
    struct mr_err why = {0};
    if (mr_remove_tree(g->dir.partial, &why) != MR_OK)
        mr_log_err_as_warning(&why);
}

/* ---- what is refused before anything is written ---- */

static enum mr_code require_output(const struct options *opts, struct mr_err *err)
{
    if (opts->output != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "option \"--output\" is missing");
    mr_err_hint(err, "It names the directory that the pairs' cases are written to.");
    return MR_E_USAGE;
}

/* All at once: who does a part again wants to know of the others, too. */
static enum mr_code require_parts(const struct mr_fleet_merge *m, struct mr_err *err)
{
    struct mr_strbuf names = MR_STRBUF_INIT;
    const char *how = m->damaged > 0 ? "missing or damaged" : "missing";
    size_t named = 0;
    if (m->missing == 0)
        return MR_OK;
    for (size_t i = 0; i < m->file.nparts && named < NAMED_MAX; i++)
        if (m->parts[i].why != NULL)
            mr_strbuf_add_fmt(&names, "%s%zu", named++ > 0 ? ", " : "", i);
    if (named < m->missing)
        mr_strbuf_add_fmt(&names, " and %zu more", m->missing - named);
    if (m->partial) {
        mr_log_warning("%zu of %zu parts are %s: %s", m->missing, m->file.nparts, how,
                       names.failed ? "" : names.ptr);
        mr_strbuf_release(&names);
        return MR_OK;
    }
    (void)mr_err_set(err, MR_E_CASE, "%zu of %zu parts of \"%s\" are %s: %s", m->missing,
                     m->file.nparts, m->file.dir, how, names.failed ? "" : names.ptr);
    mr_strbuf_release(&names);
    mr_err_hint(err,
                "Do them first, each by \"myrecon fleet run %s --part N\", or merge what there is "
                "with --partial.",
                m->file.dir);
    return MR_E_CASE;
}

/* fleet.jsonl is of all pairs. */
static enum mr_code require_names(const struct mr_fleet_merge *m, struct mr_err *err)
{
    for (size_t i = 0; i < m->file.npairs; i++)
        if (strcasecmp(m->file.pairs[i].name, "fleet") == 0)
            return mr_err_set(err, MR_E_REFUSED,
                              "a pair is called \"fleet\", and so is the file of all pairs");
    return MR_OK;
}

/* ---- the result ---- */

static int exit_of(const struct merging *g)
{
    int worst = 0;
    for (size_t i = 0; i < g->merge.file.npairs; i++)
        if (mr_fleet_verdict_exit(g->pairs[i].verdict) > worst)
            worst = mr_fleet_verdict_exit(g->pairs[i].verdict);
    return worst;
}

static size_t count_of(const struct merging *g, enum mr_fleet_word verdict)
{
    size_t count = 0;
    for (size_t i = 0; i < g->merge.file.npairs; i++)
        count += g->pairs[i].verdict == verdict ? 1 : 0;
    return count;
}

static void put_counts(struct mr_jsonw *w, const struct mr_find_counts *c)
{
    mr_jsonw_add_uint(w, "rows", c->source_rows + c->target_rows);
    mr_jsonw_add_uint(w, "bytes", c->bytes);
    mr_jsonw_add_uint(w, "missing", c->missing);
    mr_jsonw_add_uint(w, "extra", c->extra);
    mr_jsonw_add_uint(w, "changed", c->changed);
    mr_jsonw_add_uint(w, "collision", c->collision);
    mr_jsonw_add_uint(w, "moved", c->moved);
}

/* Whoever reads the result may be elsewhere: what "fleet report" tells to type names it. */
static void put_config(struct mr_jsonw *w, const struct mr_fleet_file_pair *pair)
{
    char *whole = realpath(pair->config, NULL);
    mr_jsonw_add_str(w, "config", whole != NULL ? whole : pair->config);
    free(whole);
}

/* A pair in one line; what its tables come to is in its own file. */
static void put_pair(struct mr_jsonw *w, const struct mr_fleet_merged *p)
{
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "pair");
    mr_jsonw_add_str(w, "pair", p->pair->name);
    mr_jsonw_add_str(w, "verdict", mr_fleet_word_text(p->verdict));
    mr_jsonw_add_str(w, "reason", p->pair->failed != NULL ? p->pair->failed : p->reason);
    put_config(w, p->pair);
    mr_jsonw_add_uint(w, "tables", p->tables);
    mr_jsonw_add_uint(w, "diverged", p->diverged);
    mr_jsonw_add_uint(w, "not_checked", p->not_checked);
    put_counts(w, &p->counts);
    mr_jsonw_add_uint(w, "unsettled_rows", p->unsettled_rows);
    mr_jsonw_add_uint(w, "objects", p->objects);
    mr_jsonw_add_texts(w, "only_source", p->only.tables[MR_SOURCE], p->only.count[MR_SOURCE]);
    mr_jsonw_add_texts(w, "only_target", p->only.tables[MR_TARGET], p->only.count[MR_TARGET]);
    mr_jsonw_add_seconds(w, p->seconds);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

static void put_all(struct mr_jsonw *w, const struct merging *g)
{
    const struct mr_fleet_file *file = &g->merge.file;
    struct mr_find_counts sum = {0};
    mr_jsonw_line(w, "type:run schema:%s run_id:%s fleet:%s created:%s started:%s",
                  MR_FLEET_RESULT_SCHEMA, g->id.id, file->id, file->created, g->id.started);
    for (size_t i = 0; i < file->npairs; i++) {
        put_pair(w, &g->pairs[i]);
        mr_find_counts_add(&sum, &g->pairs[i].counts);
    }
    mr_jsonw_object_begin(w);
    mr_jsonw_add_str(w, "type", "summary");
    mr_jsonw_add_str(w, "verdict", mr_fleet_word_text(mr_fleet_verdict_of_exit(exit_of(g))));
    mr_jsonw_add_uint(w, "pairs", file->npairs);
    mr_jsonw_add_uint(w, "equal", count_of(g, MR_FLEET_EQUAL));
    mr_jsonw_add_uint(w, "diverged", count_of(g, MR_FLEET_DIVERGED));
    mr_jsonw_add_uint(w, "incomplete", count_of(g, MR_FLEET_INCOMPLETE));
    mr_jsonw_add_uint(w, "parts", file->nparts);
    mr_jsonw_add_uint(w, "parts_missing", g->merge.missing);
    put_counts(w, &sum);
    mr_jsonw_add_seconds(w, g->seconds);
    mr_jsonw_object_end(w);
    mr_jsonw_end_line(w);
}

/* Written last: a directory that has it has all pairs. */
static enum mr_code write_file(struct merging *g, struct mr_err *err)
{
    int fd = openat(g->dir.fd, MR_FLEET_RESULT_FILE,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    struct mr_jsonw w;
    if (file == NULL) {
        const int error = errno;
        if (fd >= 0)
            (void)close(fd);
        return mr_err_set_sys(err, MR_E_IO, error, "could not create \"%s\"", MR_FLEET_RESULT_FILE);
    }
    mr_jsonw_init_file(&w, file);
    put_all(&w, g);
    enum mr_code code = mr_jsonw_finish(&w, MR_FLEET_RESULT_FILE, err);
    mr_jsonw_release(&w);
    if (code == MR_OK && (fflush(file) != 0 || fsync(fd) != 0))
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not write \"%s\"", MR_FLEET_RESULT_FILE);
    if (fclose(file) != 0 && code == MR_OK)
        code = mr_err_set_sys(err, MR_E_IO, errno, "could not close \"%s\"", MR_FLEET_RESULT_FILE);
    return code;
}

static enum mr_code print_json(const struct merging *g, struct mr_err *err)
{
    struct mr_jsonw w;
    mr_jsonw_init_file(&w, stdout);
    put_all(&w, g);
    enum mr_code code = mr_jsonw_finish(&w, "standard output", err);
    mr_jsonw_release(&w);
    return code;
}

/* A whole table that is gone is no "1 object": it is named. */
static void add_only(const struct mr_fleet_only *only, struct mr_strbuf *out)
{
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        const size_t count = only->count[side];
        for (size_t i = 0; i < count && i < TABLES_NAMED; i++) {
            mr_strbuf_add_str(out, i > 0 ? ", \"" : count > 1 ? "; tables \"" : "; table \"");
            mr_utf8_show_str(out, only->tables[side][i]);
            mr_strbuf_add_char(out, '"');
        }
        if (count > TABLES_NAMED)
            mr_strbuf_add_fmt(out, " and %zu more", count - TABLES_NAMED);
        if (count > 0)
            mr_strbuf_add_fmt(out, " only on the %s", mr_side_name((enum mr_side)side));
    }
}

/* Of a pair that no part has zeroes would say too much. */
static void add_counts(const struct mr_fleet_merged *p, struct mr_strbuf *out)
{
    const struct mr_find_counts *c = &p->counts;
    if (p->pair->failed != NULL) {
        mr_strbuf_add_str(out, "nothing of it was compared");
        return;
    }
    if (p->not_checked > 0 && mr_find_counts_differing(c) > 0)
        mr_strbuf_add_str(out, "so far ");
    mr_strbuf_add_fmt(out,
                      "%" PRIu64 " missing, %" PRIu64 " extra, %" PRIu64 " changed, %" PRIu64
                      " collision%s, %" PRIu64 " moved; %zu object%s",
                      c->missing, c->extra, c->changed, c->collision, c->collision == 1 ? "" : "s",
                      c->moved, p->objects, p->objects == 1 ? "" : "s");
    add_only(&p->only, out);
    if (p->not_checked > 0)
        mr_strbuf_add_fmt(out, "; %" PRIu64 " of %zu table%s not checked", p->not_checked,
                          p->tables, p->tables == 1 ? "" : "s");
}

static void add_pair(const struct mr_fleet_merged *p, bool color, struct mr_strbuf *out)
{
    const char *reason = p->pair->failed != NULL ? p->pair->failed : p->reason;
    mr_strbuf_add_fmt(out, "%s%s%s: %s: ", mr_term_style(MR_STYLE_HEAD, color), p->pair->name,
                      mr_term_style(MR_STYLE_RESET, color), mr_fleet_word_text(p->verdict));
    add_counts(p, out);
    mr_strbuf_add_char(out, '\n');
    for (const char *at = reason != NULL ? reason : ""; *at != '\0';) {
        const size_t n = strcspn(at, "\n");
        mr_strbuf_add_str(out, "    ");
        mr_utf8_show(out, at, n, false);
        mr_strbuf_add_char(out, '\n');
        at += n + (at[n] == '\n');
    }
}

/* As fleet report has them: the worst first; what is equal is only counted. */
static enum mr_code add_pairs(const struct merging *g, bool color, struct mr_strbuf *out,
                              struct mr_err *err)
{
    const size_t count = g->merge.file.npairs;
    struct mr_report_rank *ranks = calloc(count + 1, sizeof *ranks);
    size_t *order = calloc(count + 1, sizeof *order);
    enum mr_code code = ranks != NULL && order != NULL ? MR_OK : nomem(err);
    for (size_t i = 0; code == MR_OK && i < count; i++) {
        const struct mr_fleet_merged *p = &g->pairs[i];
        ranks[i] = mr_report_rank_of(i, mr_fleet_gravity(p->verdict, &p->counts, &p->only, false),
                                     &p->counts);
    }
    if (code == MR_OK)
        mr_report_rank_sort(ranks, count, order);
    for (size_t i = 0; code == MR_OK && i < count; i++)
        if (g->pairs[order[i]].verdict != MR_FLEET_EQUAL)
            add_pair(&g->pairs[order[i]], color, out);
    free(ranks);
    free(order);
    return code;
}

static enum mr_code print_text(const struct merging *g, struct mr_err *err)
{
    const struct mr_look look = mr_general_look(&g->opts->general);
    const size_t pairs = g->merge.file.npairs;
    struct mr_strbuf out = MR_STRBUF_INIT;
    const size_t equal = count_of(g, MR_FLEET_EQUAL);
    enum mr_code code = add_pairs(g, look.color, &out, err);
    mr_strbuf_add_fmt(&out,
                      "%s%zu of %zu pair%s %s equal, %zu diverged, %zu incomplete; their cases are "
                      "in ",
                      equal < pairs ? "\n" : "", equal, pairs, pairs == 1 ? "" : "s",
                      equal == 1 || pairs == 1 ? "is" : "are", count_of(g, MR_FLEET_DIVERGED),
                      count_of(g, MR_FLEET_INCOMPLETE));
    mr_utf8_show_str(&out, g->opts->output);
    mr_strbuf_add_char(&out, '\n');
    if (!g->opts->general.brief)
        mr_fleet_next_of_merge(&g->merge, g->pairs, g->opts->output, &out);
    if (code == MR_OK)
        code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

/* ---- the command ---- */

/* As check says of one pair: equal is what a person reads who has named two wrong databases. */
static void say_empty(const struct merging *g)
{
    const size_t pairs = g->merge.file.npairs;
    size_t empty = 0;
    for (size_t i = 0; i < pairs; i++)
        if (g->pairs[i].verdict == MR_FLEET_EQUAL && g->pairs[i].tables == 0 && empty++ < NAMED_MAX)
            mr_log_warning("pair %s: neither side has a table that is looked at: nothing was "
                           "compared",
                           g->pairs[i].pair->name);
    if (empty > NAMED_MAX)
        mr_log_warning("of %zu more pairs nothing was compared", empty - NAMED_MAX);
}

/* One pair after the other: a case open for writing takes most of the memory. */
static enum mr_code merge_all(struct merging *g, struct mr_err *err)
{
    const size_t pairs = g->merge.file.npairs;
    const double begun = mr_clock_now_s();
    g->pairs = calloc(pairs + 1, sizeof *g->pairs);
    if (g->pairs == NULL)
        return nomem(err);
    for (size_t i = 0; i < pairs; i++)
        MR_TRY(mr_fleet_merge_pair(&g->merge, i, g->dir.partial, &g->pairs[i], err));
    g->seconds = mr_clock_now_s() - begun;
    MR_TRY(write_file(g, err));
    return mr_new_dir_publish(&g->dir, err);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *opts = invocation->settings.values;
    struct merging g = {
        .opts = opts,
        .merge = {.arena = MR_ARENA_INIT, .partial = opts->partial, .max_rows = opts->max_rows},
        .dir = {.fd = -1},
        .id = mr_run_id_now()};
    enum mr_code code = MR_OK;
    mr_general_options_apply(&opts->general);
    MR_TRY_OUT(require_output(opts, err));
    MR_TRY_OUT(mr_fleet_merge_open(&g.merge, invocation->operands[0], err));
    MR_TRY_OUT(require_names(&g.merge, err));
    MR_TRY_OUT(require_parts(&g.merge, err));
    MR_TRY_OUT(begin_dir(&g, err));
    code = merge_all(&g, err);
    if (code != MR_OK)
        drop_dir(&g);
    else
        say_empty(&g);
    if (code == MR_OK)
        code = opts->json ? print_json(&g, err) : print_text(&g, err);
    *exit_code = code == MR_OK ? exit_of(&g) : 0;
out:
    mr_new_dir_close(&g.dir);
    free(g.pairs);
    mr_fleet_merge_close(&g.merge);
    return code;
}

const struct mr_command mr_fleet_merge_command = {.name = "fleet merge",
                                                  .doc = &doc,
                                                  .options = &option_set,
                                                  .min_operands = 1,
                                                  .max_operands = 1,
                                                  .run = run};
