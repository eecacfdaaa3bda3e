/* fleet_survey.c: see fleet_survey.h. */
#include "recon/fleet/fleet_survey.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/run_id.h"
#include "core/db/db.h"
#include "recon/check/check_cmd.h"
#include "recon/check/check_marks.h"
#include "recon/check/check_options.h"
#include "recon/check/check_plan.h"
#include "recon/check/check_same.h"
#include "recon/check/check_sides.h"
#include "recon/check/objects.h"
#include "recon/fleet/fleet_cuts.h"
#include "recon/fleet/fleet_sizes.h"

/* Check's own stand first, so that its table of options holds for both. */
struct options {
    struct mr_check_options check;
    unsigned cuts;  /* of a table, at most */
    unsigned cut_s; /* from the beginning: no table is cut any more then */
};

static const struct mr_option own_options[] = {
    {.name = "cuts",
     .type = MR_OPTION_UINT,
     .offset = offsetof(struct options, cuts),
     .arg = "N",
     .group = "The fleet",
     .help = "how often a table is cut at most",
     .initial = "0",
     .max = MR_FLEET_CUTS_MAX,
     .not_in_file = true},
    {.name = "cut-seconds",
     .type = MR_OPTION_UINT,
     .offset = offsetof(struct options, cut_s),
     .arg = "SECONDS",
     .group = "The fleet",
     .help = "for how long tables are cut",
     .initial = "0",
     .max = 86400,
     .not_in_file = true},
};
#define OWN_OPTIONS (sizeof own_options / sizeof *own_options)

/* ---- one table ---- */

static uint64_t bytes_of(const struct mr_table *t)
{
    const uint64_t by_rows = t->est_rows * t->avg_row_bytes;
    return t->data_bytes > by_rows ? t->data_bytes : by_rows;
}

/* The side that has more to read. */
static enum mr_side larger(const struct mr_pair *table)
{
    return bytes_of(table->side[MR_TARGET]) > bytes_of(table->side[MR_SOURCE]) ? MR_TARGET
                                                                               : MR_SOURCE;
}

/* By which ranges of one side are ranges of the other, and all of it is read.  A table of many sources
 * is one unit: rows of one key are then in one part. */
static bool can_be_cut(struct mr_pair *table, bool is_many)
{
    return table->join == MR_JOIN_SHARED && !atomic_load(&table->failed) && !is_many &&
           table->scan[MR_SOURCE].nkey > 0 && table->scan[MR_SOURCE].where == NULL &&
           table->scan[MR_TARGET].where == NULL;
}

/* A server names keys that are there; a snapshot's are ends of its files, and better than none. */
static enum mr_side cutter(const struct mr_check_run *check, const struct mr_pair *table)
{
    const enum mr_side side = larger(table);
    return mr_side_is_snapshot(&check->pairing.side[side]) ? mr_other_side(side) : side;
}

/* How often a table is to be cut; 0: it stays whole. */
static size_t wanted_cuts(const struct mr_check_run *check, struct mr_pair *table, size_t most)
{
    const uint64_t units = bytes_of(table->side[larger(table)]) / MR_UNIT_BYTES;
    if (units < 2 || !can_be_cut(table, mr_side_is_shards(&check->pairing.side[MR_SOURCE])))
        return 0;
    return units - 1 < most ? (size_t)units - 1 : most;
}

/* Where there is no time left the table is one range: slow, but planned. */
static enum mr_code find_cuts(struct mr_check_run *check, struct mr_pair *table, size_t wanted,
                              double limit_s, struct mr_fleet_table *out, struct mr_err *err)
{
    struct mr_vec keys = MR_VEC_INIT(struct mr_key);
    const enum mr_side side = cutter(check, table);
    enum mr_code code = MR_OK;
    out->rough = limit_s <= 0;
    if (out->rough)
        return MR_OK;
    MR_TRY_OUT(mr_fleet_cuts(check->pairing.side[side].main, &table->scan[side], wanted, limit_s,
                             &check->arena, &keys, &out->rough, err));
    out->ncuts = keys.count;
    out->cuts = (const struct mr_key *)(const void *)mr_arena_dup(
        &check->arena, keys.items, keys.count * sizeof(struct mr_key));
    for (int s = MR_SOURCE; s < MR_SIDES; s++)
        out->order[s] = mr_check_key_order(check, table, (enum mr_side)s);
    if (out->cuts == NULL || out->order[MR_SOURCE] == NULL || out->order[MR_TARGET] == NULL)
        MR_TRY_OUT(mr_err_nomem(err, "cutting a table"));
out:
    mr_vec_release(&keys);
    return code;
}

static enum mr_code print_table(struct mr_check_run *check, struct mr_pair *table, size_t wanted,
                                double limit_s, struct mr_jsonw *w, struct mr_err *err)
{
    const struct mr_table *t = table->side[larger(table)];
    struct mr_fleet_table line = {
        .name = table->find.name, .bytes = bytes_of(t), .rows = t->est_rows};
    if (wanted > 0)
        MR_TRY(find_cuts(check, table, wanted, limit_s, &line, err));
    mr_fleet_sizes_put(w, &line);
    return MR_OK;
}

/* Those that are to be cut share the time, which each takes by its cuts: a pair of many big ones is planned as any
 * other. */
static enum mr_code print_tables(struct mr_check_run *check, size_t most, double until_s,
                                 struct mr_jsonw *w, struct mr_err *err)
{
    const struct mr_pairing *pairing = &check->pairing;
    size_t left = 0;
    for (size_t i = 0; i < pairing->ntables; i++)
        left += wanted_cuts(check, pairing->tables[i], most);
    for (size_t i = 0; i < pairing->ntables; i++) {
        const size_t wanted = wanted_cuts(check, pairing->tables[i], most);
        const double limit_s = mr_fleet_cuts_limit(until_s - mr_clock_now_s(), wanted, left);
        MR_TRY(print_table(check, pairing->tables[i], wanted, limit_s, w, err));
        left -= wanted;
    }
    return MR_OK;
}

/* ---- the pair ---- */

/* What a part reads is said by its scope: a check that is told another thing besides is refused. */
static enum mr_code refuse_choice(const struct mr_check_options *o, struct mr_err *err)
{
    const char *name = o->tables.count > 0        ? "tables"
                       : o->exclude.count > 0     ? "exclude"
                       : o->where.texts.count > 0 ? "where"
                       : o->since_text != NULL    ? "since"
                                                  : NULL;
    if (name == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_USAGE,
                     "\"%s\" in [options] of the configuration: the parts of a fleet compare all "
                     "tables of a pair (rows of a table are chosen by where = in its own section)",
                     name);
    mr_err_hint(err, "Give the fleet a configuration without it.");
    return MR_E_USAGE;
}

static enum mr_code survey(struct mr_check_run *check, size_t most, double until_s,
                           struct mr_jsonw *w, struct mr_err *err)
{
    struct mr_vec dbs = MR_VEC_INIT(struct mr_db_pair);
    enum mr_code code = MR_OK;
    check->dbs = &dbs;
    MR_TRY_OUT(mr_sides_pair_dbs(check->pairing.side, &check->arena, &dbs, err));
    MR_TRY_OUT(mr_check_same(check, &dbs, err));
    MR_TRY_OUT(mr_check_plan(check, &dbs, err));
    MR_TRY_OUT(print_tables(check, most, until_s, w, err));
    mr_jsonw_line(w, "type:summary tables:%" PRIu64, (uint64_t)check->pairing.ntables);
    MR_TRY_OUT(mr_jsonw_finish(w, "standard output", err));
out:
    mr_vec_release(&dbs);
    return code;
}

static enum mr_code run(const struct mr_invocation *invocation, int *exit_code, struct mr_err *err)
{
    const struct options *o = invocation->settings.values;
    const char *operands[MR_SIDES] = {invocation->operands[0], invocation->operands[1]};
    const struct mr_run_id id = mr_run_id_now();
    const double until_s = mr_clock_now_s() + o->cut_s;
    struct mr_check_run check = {.opts = &o->check,
                                 .pairing = {.config = invocation->config},
                                 .open_snapshot = invocation->commands.open_snapshot,
                                 .run = {.uuid = id.id,
                                         .started = id.started,
                                         .source = operands[MR_SOURCE],
                                         .target = operands[MR_TARGET]}, /* without passwords */
                                 .arena = MR_ARENA_INIT,
                                 .lock = PTHREAD_MUTEX_INITIALIZER,
                                 .asking = PTHREAD_MUTEX_INITIALIZER};
    struct mr_sides sides = {0};
    struct mr_jsonw w;
    enum mr_code code = MR_OK;
    *exit_code = 0;
    check.pairing.arena = &check.arena;
    mr_general_options_apply(&o->check.general);
    mr_jsonw_init_file(&w, stdout);
    MR_TRY_OUT(refuse_choice(&o->check, err));
    MR_TRY_OUT(mr_objects_parse_kinds(o->check.objects, &check.object_kinds, err));
    MR_TRY_OUT(mr_db_global_init(err));
    code = mr_check_sides_open(&check, &sides, operands, err);
    mr_check_hint_connections(code, err);
    MR_TRY_OUT(code);
    MR_TRY_OUT(survey(&check, o->cuts, until_s, &w, err));
out:
    mr_jsonw_release(&w);
    mr_sides_close(&sides);
    mr_arena_release(&check.arena);
    return code;
}

/* ---- the commands ---- */

struct mr_fleet_survey {
    struct mr_command check;
    struct mr_option_set options;
    struct mr_option *option;        /* of options */
    const struct mr_command **items; /* all commands, but that this "check" stands for theirs */
    struct mr_command_list commands;
};

/* What check's own table says of options holds for the copy: its struct stands first. */
enum mr_code mr_fleet_survey_new(struct mr_command_list all, struct mr_fleet_survey **out,
                                 struct mr_err *err)
{
    const struct mr_option_set *known = &mr_check_option_set;
    struct mr_fleet_survey *s = *out = calloc(1, sizeof *s);
    if (s == NULL)
        return mr_err_nomem(err, "planning a fleet");
    s->option = calloc(known->count + OWN_OPTIONS, sizeof *s->option);
    s->items = calloc(all.count + 1, sizeof *s->items);
    if (s->option == NULL || s->items == NULL)
        return mr_err_nomem(err, "planning a fleet");
    memcpy(s->option, known->options, known->count * sizeof *s->option);
    memcpy(s->option + known->count, own_options, sizeof own_options);
    s->options = *known;
    s->options.options = s->option;
    s->options.count += OWN_OPTIONS;
    s->options.values_size = sizeof(struct options);
    s->check = mr_check_command;
    s->check.options = &s->options;
    s->check.run = run;
    for (size_t i = 0; i < all.count; i++)
        s->items[i] = all.items[i] == &mr_check_command ? &s->check : all.items[i];
    s->commands = all;
    s->commands.items = s->items;
    return MR_OK;
}

struct mr_command_list mr_fleet_survey_commands(const struct mr_fleet_survey *survey)
{
    return survey->commands;
}

void mr_fleet_survey_free(struct mr_fleet_survey *survey)
{
    if (survey == NULL)
        return;
    free(survey->option);
    free(survey->items);
    free(survey);
}
