/* fleet_plan_cmd.c: `myrecon fleet plan`; see fleet_cmd.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/run_id.h"
#include "core/base/term.h"
#include "core/db/endpoint.h"
#include "recon/fleet/fleet_cmd.h"
#include "recon/fleet/fleet_cuts.h"
#include "recon/fleet/fleet_dir.h"
#include "recon/fleet/fleet_inputs.h"
#include "recon/fleet/fleet_options.h"
#include "recon/fleet/fleet_plan_print.h"
#include "recon/fleet/fleet_plan_warn.h"
#include "recon/fleet/fleet_sizes.h"
#include "recon/fleet/fleet_survey.h"

#define DOING "planning a fleet"
#define CUTS_A_PART                                                                                \
    20 /* of one table: where it is nearly all of the work, parts are alike by 5 % */
#define CUTS_LEAST 255

struct options {
    struct mr_fleet_options fleet;
    unsigned parts;
    const char *output, *record_sizes, *sizes; /* or NULL */
    bool json;
    struct mr_general_options general;
};

static const struct mr_option options[] = {
    MR_FLEET_OPTIONS(struct options, fleet),
    {.name = "parts",
     .type = MR_OPTION_UINT,
     .offset = offsetof(struct options, parts),
     .arg = "N",
     .group = "The plan",
     .help = "into how many parts the work is dealt; needed",
     .min = 1,
     .max = MR_FLEET_PARTS_MAX,
     .not_in_file = true},
    {.name = "output",
     .type = MR_OPTION_STRING,
     .offset = offsetof(struct options, output),
     .arg = "DIR",
     .group = "The plan",
     .help = "the directory to write, which all machines share; needed",
     .not_in_file = true},
    {.name = "record-sizes",
     .type = MR_OPTION_STRING,
     .offset = offsetof(struct options, record_sizes),
     .arg = "FILE",
     .group = "The plan",
     .help = "keep what the servers say of their tables",
     .not_in_file = true},
    {.name = "sizes",
     .type = MR_OPTION_STRING,
     .offset = offsetof(struct options, sizes),
     .arg = "FILE",
     .group = "The plan",
     .help = "plan from what was kept, without asking a server",
     .not_in_file = true},
    {.name = "json",
     .type = MR_OPTION_FLAG,
     .offset = offsetof(struct options, json),
     .group = "Result",
     .help = "one JSON object a line on stdout",
     .not_in_file = true},
    MR_PASSWORD_COMMAND_OPTION(struct options, fleet),
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
    .summary = "deal the check of a fleet out to many machines",
    .operands = "",
    .description =
        "Asks the servers of every pair of an inventory for their tables and sizes, cuts pairs, "
        "tables and ranges of keys into units of about equal bytes, and deals these out to N parts "
        "of about equal weight. No row is compared; big tables are cut at keys that an index is "
        "asked for, never by reading them. Nothing is written to any server.\n"
        "\n"
        "DIR is written whole or not at all, and must not be there yet: fleet.json and work, which "
        "\"fleet run\" does, the configurations as they are now, and fleet.sbatch, fleet-job.yaml "
        "and README.txt, which say how the parts are handed to Slurm, Kubernetes or GNU parallel. "
        "No password is in it: a URI of the inventory that has one is refused.\n"
        "\n"
        "A pair that cannot be looked at is in no part; it is named, and the others are planned.\n"
        "\n"
        "Exit status: 0 all pairs are planned; 3 could not run; 4 planned, but a pair is not; 5 "
        "DIR "
        "is there already; 6 interrupted; 70 bug.\n",
    .examples = "  myrecon fleet plan --inventory fleet.ini --parts 64 --output fleet\n"
                "  myrecon fleet plan --inventory fleet.ini --parts 64 --output fleet \\\n"
                "      --record-sizes fleet.sizes\n"
                "  myrecon fleet plan --inventory fleet.ini --parts 128 --output wider \\\n"
                "      --sizes fleet.sizes\n",
};

struct planner {
    const struct options *opts;
    const struct mr_invocation *invocation;
    struct mr_arena arena;
    struct mr_run_id id;
    double begun_s;
    struct mr_inventory inventory;
    struct mr_fleet_file file;
    struct mr_fleet_sizes sizes; /* as file.pairs */
    struct mr_vec configs;       /* struct mr_strbuf */
    struct mr_fleet_units units;
};

static const struct mr_inventory_pair *inventory_pair(const struct planner *p, size_t at)
{
    return mr_vec_at(&p->inventory.pairs, at);
}

/* ---- what was asked for ---- */

static enum mr_code missing(const char *option, const char *hint, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_USAGE, "option \"%s\" is missing", option);
    mr_err_hint(err, "%s", hint);
    return MR_E_USAGE;
}

static enum mr_code check_options(const struct options *o, struct mr_err *err)
{
    if (o->parts == 0)
        return missing("--parts", "Say into how many parts the work is dealt: --parts N.", err);
    if (o->output == NULL)
        return missing("--output", "Name the directory of the plan: --output DIR.", err);
    if (o->sizes == NULL || o->record_sizes == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE, "--sizes and --record-sizes exclude each other");
    mr_err_hint(err, "Sizes are recorded where servers are asked for them.");
    return MR_E_USAGE;
}

/* What is merged has a file of each pair, and one of all. */
static enum mr_code require_names(const struct mr_inventory *inventory, struct mr_err *err)
{
    for (size_t i = 0; i < inventory->pairs.count; i++) {
        const struct mr_inventory_pair *pair = mr_vec_at(&inventory->pairs, i);
        if (strcasecmp(pair->name, "fleet") == 0)
            return mr_err_set(err, MR_E_CONFIG,
                              "%s:%u: a pair of a plan cannot be called \"%s\": the file of all "
                              "pairs is",
                              inventory->path, pair->line, pair->name);
    }
    return MR_OK;
}

static enum mr_code name_side(struct planner *p, const struct mr_inventory_pair *pair,
                              enum mr_side side, const char **uri, struct mr_err *err)
{
    struct mr_endpoint ep = {0};
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_endpoint_parse_any(&ep, pair->uri[side], err));
    code = mr_fleet_uri_shared(&p->inventory, pair, side, &ep,
                               "MYRECON_SOURCE_PASSWORD and MYRECON_TARGET_PASSWORD", &p->arena,
                               uri, err);
out:
    mr_endpoint_release(&ep);
    return code;
}

static enum mr_code name_pairs(struct planner *p, struct mr_err *err)
{
    const size_t count = p->inventory.pairs.count;
    struct mr_fleet_file_pair *pairs = mr_arena_calloc(&p->arena, count, sizeof *pairs);
    struct mr_fleet_sizes_pair *sizes = mr_arena_calloc(&p->arena, count, sizeof *sizes);
    if (pairs == NULL || sizes == NULL)
        return mr_err_nomem(err, DOING);
    for (size_t i = 0; i < count; i++) {
        const struct mr_inventory_pair *pair = inventory_pair(p, i);
        sizes[i].name = pairs[i].name = pair->name;
        for (int side = MR_SOURCE; side < MR_SIDES; side++) {
            MR_TRY(name_side(p, pair, (enum mr_side)side, &pairs[i].uri[side], err));
            sizes[i].uri[side] = pairs[i].uri[side];
        }
        MR_TRY(mr_fleet_config_keep(&p->configs, &p->inventory, pair, p->invocation->config,
                                    &pairs[i].config_at, err));
    }
    p->file.pairs = pairs;
    p->sizes.pairs = sizes;
    p->file.npairs = p->sizes.npairs = count;
    return MR_OK;
}

/* ---- how large they are ---- */

/* More parts need more of the ranges of a table that is nearly all there is. */
static unsigned cuts_of(const struct options *o)
{
    const unsigned wanted = o->parts * CUTS_A_PART;
    return wanted < CUTS_LEAST          ? CUTS_LEAST
           : wanted < MR_FLEET_CUTS_MAX ? wanted
                                        : MR_FLEET_CUTS_MAX;
}

/* URIs without passwords: a task takes them from where check would.  Of its time a quarter is left for
 * what comes before and behind the cuts. */
static enum mr_code make_tasks(struct planner *p, struct mr_fleet_task *tasks, struct mr_err *err)
{
    static const char *const words[] = {"check", NULL};
    char cuts[16], seconds[16];
    (void)snprintf(cuts, sizeof cuts, "%u", cuts_of(p->opts));
    (void)snprintf(seconds, sizeof seconds, "%u", (p->opts->fleet.limit_s * 3 + 3) / 4);
    for (size_t i = 0; i < p->file.npairs; i++) {
        struct mr_fleet_line line;
        mr_fleet_line_begin(&line, &p->arena, &p->opts->fleet,
                            mr_fleet_config_path(inventory_pair(p, i), p->invocation->config),
                            words);
        mr_fleet_line_add(&line, "--cuts");
        mr_fleet_line_add(&line, cuts);
        mr_fleet_line_add(&line, "--cut-seconds");
        mr_fleet_line_add(&line, seconds);
        mr_fleet_line_add(&line, "--");
        mr_fleet_line_add(&line, p->file.pairs[i].uri[MR_SOURCE]);
        mr_fleet_line_add(&line, p->file.pairs[i].uri[MR_TARGET]);
        tasks[i].argv = mr_fleet_line_take(&line);
        tasks[i].role = -1;
        if (tasks[i].argv == NULL)
            return mr_err_nomem(err, DOING);
    }
    return MR_OK;
}

/* A process of its own for each pair: one that stands still delays nobody. */
static enum mr_code ask_servers(struct planner *p, struct mr_err *err)
{
    const size_t count = p->file.npairs;
    struct mr_fleet_task *tasks = calloc(count, sizeof *tasks);
    struct mr_fleet_survey *survey = NULL;
    double seconds = 0;
    enum mr_code code = MR_OK;
    bool begun = false;
    MR_TRY_OUT(tasks != NULL ? MR_OK : mr_err_nomem(err, DOING));
    MR_TRY_OUT(make_tasks(p, tasks, err));
    MR_TRY_OUT(mr_fleet_survey_new(p->invocation->commands, &survey, err));
    begun = true;
    MR_TRY_OUT(mr_fleet_ask(&p->opts->fleet, mr_fleet_survey_commands(survey),
                            p->opts->general.progress, tasks, count, &seconds, err));
    for (size_t i = 0; i < count; i++)
        MR_TRY_OUT(mr_fleet_sizes_take(&tasks[i], &p->sizes.pairs[i], &p->arena, err));
out:
    for (size_t i = 0; begun && i < count; i++)
        mr_fleet_task_release(&tasks[i]);
    free(tasks);
    mr_fleet_survey_free(survey);
    return code;
}

/* A fleet of which nothing can be looked at is no plan. */
static enum mr_code require_pairs(const struct planner *p, struct mr_err *err)
{
    for (size_t i = 0; i < p->sizes.npairs; i++)
        if (p->sizes.pairs[i].failed == NULL)
            return MR_OK;
    (void)mr_err_set(err, p->opts->sizes != NULL ? MR_E_USAGE : MR_E_CONNECT,
                     "no pair can be planned; pair \"%s\": %s", p->sizes.pairs[0].name,
                     p->file.pairs[0].failed);
    mr_err_hint(
        err, "%s",
        p->opts->sizes != NULL ? "Record sizes of this inventory: fleet plan --record-sizes FILE."
        : mr_endpoint_is_shards(p->sizes.pairs[0].uri[MR_SOURCE])
            ? "Each table of a map's sources stands in one line: tables = NAME -> TARGET'S NAME, "
              "or NAME "
              "-> none. What servers lack is told by \"myrecon fleet doctor\"."
            : "What each pair lacks is told by \"myrecon fleet doctor\". Passwords are taken "
              "from MYRECON_PASSWORD and the like, an option file, or --password-command.");
    return err->code;
}

/* What a map has wrong may be its lines: they are in that section. */
static enum mr_code name_failure(struct planner *p, size_t at, struct mr_err *err)
{
    const struct mr_fleet_sizes_pair *pair = &p->sizes.pairs[at];
    struct mr_strbuf text = MR_STRBUF_INIT;
    p->file.pairs[at].failed = pair->failed;
    if (pair->failed == NULL || !mr_endpoint_is_shards(pair->uri[MR_SOURCE]))
        return MR_OK;
    mr_strbuf_add_fmt(&text, "%s:%u: %s", p->inventory.path, inventory_pair(p, at)->line,
                      pair->failed);
    p->file.pairs[at].failed = text.failed ? NULL : mr_arena_strdup(&p->arena, text.ptr);
    mr_strbuf_release(&text);
    return p->file.pairs[at].failed != NULL ? MR_OK : mr_err_nomem(err, DOING);
}

/* What could be recorded is kept also where a pair failed, which stands in it as such. */
static enum mr_code find_sizes(struct planner *p, struct mr_err *err)
{
    const struct options *o = p->opts;
    MR_TRY(o->sizes != NULL ? mr_fleet_sizes_load(o->sizes, &p->sizes, &p->arena, err)
                            : ask_servers(p, err));
    for (size_t i = 0; i < p->sizes.npairs; i++)
        MR_TRY(name_failure(p, i, err));
    MR_TRY(mr_fleet_plan_warn_failed(&p->file, err));
    MR_TRY(require_pairs(p, err));
    mr_fleet_plan_warn_empty(&p->sizes);
    MR_TRY(mr_fleet_plan_warn_maps(&p->sizes, err));
    return o->record_sizes != NULL ? mr_fleet_sizes_save(&p->sizes, o->record_sizes, err) : MR_OK;
}

/* ---- the plan ---- */

/* All of the work is summed up before any is cut: how large a unit is follows from it. */
static enum mr_code deal(struct planner *p, struct mr_err *err)
{
    uint64_t total = 0;
    for (size_t i = 0; i < p->sizes.npairs; i++)
        for (size_t t = 0; t < p->sizes.pairs[i].ntables; t++)
            total += mr_fleet_table_weight(&p->sizes.pairs[i].tables[t]);
    mr_fleet_units_begin(&p->units, &p->arena, total, p->opts->parts);
    for (size_t i = 0; i < p->sizes.npairs; i++) {
        const struct mr_fleet_sizes_pair *pair = &p->sizes.pairs[i];
        if (pair->failed == NULL)
            MR_TRY(mr_fleet_units_pair(&p->units, i, pair->tables, pair->ntables, err));
    }
    return mr_fleet_units_deal(&p->units, err);
}

static enum mr_code write_dir(struct planner *p, struct mr_err *err)
{
    struct mr_fleet_file *file = &p->file;
    file->dir = p->opts->output;
    file->id = p->id.id;
    file->created = p->id.started;
    file->readers_per_server = p->inventory.readers_per_server;
    file->nparts = p->opts->parts;
    file->nconfigs = p->configs.count;
    file->parts = mr_arena_calloc(&p->arena, file->nparts, sizeof *file->parts);
    file->configs = mr_arena_calloc(&p->arena, file->nconfigs, sizeof *file->configs);
    if (file->parts == NULL || file->configs == NULL)
        return mr_err_nomem(err, DOING);
    const struct mr_fleet_dir_plan plan = {
        .file = file, .units = &p->units, .configs = p->configs.items};
    return mr_fleet_dir_write(p->opts->output, &plan, &p->arena, err);
}

static enum mr_code print(const struct planner *p, struct mr_err *err)
{
    const struct mr_fleet_plan_result result = {.file = &p->file,
                                                .sizes = &p->sizes,
                                                .inventory = p->inventory.path,
                                                .seconds = mr_clock_now_s() - p->begun_s};
    struct mr_strbuf out = MR_STRBUF_INIT;
    if (p->opts->json)
        mr_fleet_plan_json(&result, &out);
    else
        mr_fleet_plan_text(&result, &out);
    enum mr_code code = mr_term_print(&out, stdout, "printing the result", err);
    mr_strbuf_release(&out);
    return code;
}

static void release(struct planner *p)
{
    mr_fleet_texts_release(&p->configs);
    mr_fleet_units_release(&p->units);
    mr_inventory_release(&p->inventory);
    mr_arena_release(&p->arena);
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    struct planner p = {.opts = invocation->settings.values,
                        .invocation = invocation,
                        .arena = MR_ARENA_INIT,
                        .id = mr_run_id_now(),
                        .begun_s = mr_clock_now_s(),
                        .configs = MR_VEC_INIT(struct mr_strbuf)};
    enum mr_code code = MR_OK;
    *exit_code = 0;
    mr_general_options_apply(&p.opts->general);
    MR_TRY_OUT(check_options(p.opts, err));
    MR_TRY_OUT(mr_fleet_open(&p.opts->fleet, &p.arena, &p.inventory, err));
    MR_TRY_OUT(require_names(&p.inventory, err));
    MR_TRY_OUT(name_pairs(&p, err));
    MR_TRY_OUT(mr_fleet_plan_warn_twins(&p.file, err));
    MR_TRY_OUT(find_sizes(&p, err));
    MR_TRY_OUT(deal(&p, err));
    MR_TRY_OUT(write_dir(&p, err));
    for (size_t i = 0; i < p.file.npairs; i++)
        if (p.file.pairs[i].failed != NULL)
            *exit_code = mr_code_exit(MR_E_DENIED); /* incomplete */
    MR_TRY_OUT(print(&p, err));
out:
    release(&p);
    return code;
}

const struct mr_command mr_fleet_plan_command = {
    .name = "fleet plan",
    .doc = &doc,
    .options = &option_set,
    .unheard = "The plan was written all the same; see README.txt in it.",
    .run = run};
