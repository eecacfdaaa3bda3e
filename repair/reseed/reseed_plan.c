/* reseed_plan.c: see reseed_plan.h. */
#include "repair/reseed/reseed_plan.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/signals.h"
#include "core/pair/pair.h"
#include "repair/plan/plan_server.h"
#include "repair/plan/planbook.h"
#include "repair/reseed/reseed_read.h"
#include "repair/reseed/reseed_refs.h"
#include "repair/reseed/reseed_value.h"
#include "core/schema/sequence.h"
#include "repair/side/side_column.h"

struct planner {
    const struct mr_reseed_task *task;
    struct mr_reseed_refs refs;
    struct mr_reseed_step step; /* of TARGET's AUTO_INCREMENT */
    struct mr_vec counters;     /* struct mr_counter */
    struct mr_vec skipped;      /* struct mr_plan_skipped */
    size_t selected;
    struct mr_err *err;
};

/* One counter on its way into the plan. */
struct work {
    struct mr_reseed_pair pair;
    struct mr_counter counter;
    struct mr_reseed_step step;
    uint64_t limit;        /* greatest id that all columns hold */
    const char *narrowest; /* the column that sets it */
};

static const char *print(struct planner *p, const char *fmt, ...) MR_PRINTF(2, 3);

/* In the arena of the task; NULL when memory is out. */
static const char *print(struct planner *p, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return mr_arena_strdup(p->task->arena, text);
}

static enum mr_code no_memory(const struct planner *p)
{
    return mr_err_nomem(p->err, "planning counters");
}

static enum mr_code skip(struct planner *p, const char *table, bool incomplete, const char *reason)
{
    struct mr_plan_skipped *skipped = mr_vec_push(&p->skipped);
    if (skipped == NULL || table == NULL || reason == NULL)
        return no_memory(p);
    *skipped = (struct mr_plan_skipped){table, reason, incomplete};
    if (incomplete)
        mr_log_warning("table \"%s\" is not planned: %s", table, reason);
    return MR_OK;
}

static bool is_of_this_table(enum mr_code code)
{
    return code == MR_E_DENIED || code == MR_E_NO_SUCH || code == MR_E_SQL ||
           code == MR_E_TIMEOUT || code == MR_E_CHANGED || code == MR_E_UNSUPPORTED;
}

/* ---- what a table has ---- */

static const struct mr_column *column_named(const struct mr_table *table, const char *name)
{
    for (size_t i = 0; table != NULL && i < table->ncolumns; i++)
        if (strcasecmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static bool leads_index(const struct mr_table *table, const struct mr_column *col)
{
    for (size_t i = 0; i < table->nindexes; i++) {
        const char *first = table->indexes[i].parts[0].column;
        if (first != NULL && strcasecmp(first, col->name) == 0)
            return true;
    }
    return false;
}

/* ---- how far ---- */

/* The margin that holds for the table: its own, else the one of the command. */
static enum mr_code wanted_margin(struct planner *p, const struct work *w, uint64_t *margin)
{
    const struct mr_table *s = w->pair.table[MR_SOURCE];
    struct mr_table_config config;
    enum mr_code code =
        mr_config_table(p->task->config, s->db, s->name, p->task->arena, &config, p->err);
    if (code == MR_OK)
        *margin = config.has_margin ? config.margin : p->task->margin;
    return code;
}

/* The greatest, over both servers, of the counters and the greatest keys + 1; 0: above
 * all that 64 bits hold. */
static uint64_t next_of(const struct mr_counter *c)
{
    uint64_t next = 1;
    for (int side = MR_SOURCE; side < MR_SIDES; side++) {
        if (c->greatest[side] == UINT64_MAX)
            return 0;
        if (c->greatest[side] + 1 > next)
            next = c->greatest[side] + 1;
        if (c->next[side] > next)
            next = c->next[side];
    }
    return next;
}

/* One table that does not fit refuses the whole plan: a server with some counters raised hands
 * out the very ids of the one that was left. */
static enum mr_code refuse(struct planner *p, const struct work *w, uint64_t margin,
                           const struct mr_reseed_value *value)
{
    const struct mr_counter *c = &w->counter;
    const uint64_t next = next_of(c);
    (void)mr_err_set(
        p->err, MR_E_REFUSED,
        "table \"%s\": a margin of %" PRIu64 " does not fit column \"%s\": the next id is %" PRIu64
        ", the greatest that it can hold %" PRIu64 "; the greatest margin that fits is %" PRIu64,
        c->table, margin, w->narrowest, next, w->limit, value->greatest_margin);
    if (value->greatest_margin > 0)
        mr_err_hint(p->err,
                    "Nothing was changed. Widen the column, or set margin = %" PRIu64
                    " or less for the table in the configuration, or leave it out with "
                    "--exclude.",
                    value->greatest_margin);
    else
        mr_err_hint(p->err, "Nothing was changed. Widen the column, or leave the table "
                            "out with --exclude.");
    return MR_E_REFUSED;
}

/* The note says where less was taken than was asked for, since the block may then be used up
 * before the histories are merged. */
static enum mr_code set_value(struct planner *p, struct work *w)
{
    struct mr_counter *c = &w->counter;
    uint64_t margin = 0;
    MR_TRY(wanted_margin(p, w, &margin));
    uint64_t next = next_of(c);
    struct mr_reseed_value value = mr_reseed_value(next, margin, w->limit, w->step);
    if (!value.fits)
        return refuse(p, w, margin, &value);
    c->margin = value.margin;
    c->from = next;
    c->to = value.to;
    c->reseed_to = value.reseed_to;
    c->increment = w->step.increment;
    c->offset = w->step.offset;
    if (!value.cut)
        return MR_OK;
    c->margin_note = print(
        p, "a quarter of what is left in %s, which holds up to %" PRIu64 "; asked for: %" PRIu64,
        w->narrowest, w->limit, margin);
    return c->margin_note != NULL ? MR_OK : no_memory(p);
}

/* ---- what the case has reserved ---- */

/* Ids of the block have neither been taken nor are about to be. */
static enum mr_code is_untouched(struct planner *p, const struct work *w,
                                 const struct mr_plan_block *block, bool *untouched)
{
    const struct mr_counter *c = &w->counter;
    const uint64_t target = c->next[MR_TARGET];
    bool used = false;
    *untouched = false;
    /* not greatest + 1: behind 2^64-1 that is 0, and below every block */
    const bool source_is_in =
        c->next[MR_SOURCE] > block->from || c->greatest[MR_SOURCE] >= block->from;
    if (source_is_in || (target > block->from && target < block->reseed_to))
        return MR_OK;
    MR_TRY(mr_reseed_is_used(mr_reader_db(p->task->side[MR_TARGET].main), w->pair.table[MR_TARGET],
                             c->column, block->from, block->to, &used, p->err));
    *untouched = !used;
    return MR_OK;
}

/* The same block again, so that planning twice does not move the counter twice.  Not where it is
 * too small for the margin of now, unless no bigger one would fit either. */
static enum mr_code take_reserved(struct planner *p, struct work *w, bool *taken)
{
    struct mr_counter *c = &w->counter;
    struct mr_plan_block block;
    const char *plan = NULL;
    uint64_t margin = 0;
    *taken = false;
    if (p->task->fd == NULL)
        return MR_OK;
    MR_TRY(mr_planbook_last_block(p->task->fd, p->task->target, c->table, c->column, p->task->arena,
                                  &block, &plan, p->err));
    if (plan == NULL)
        return MR_OK;
    MR_TRY(wanted_margin(p, w, &margin));
    bool same_kind = (block.sequence == NULL) == (c->sequence == NULL);
    if (!same_kind || block.reseed_to > w->limit ||
        (block.to - block.from < margin && (w->limit - block.from) / 4 >= margin))
        return MR_OK;
    MR_TRY(is_untouched(p, w, &block, taken));
    if (!*taken)
        return MR_OK;
    c->from = block.from;
    c->to = block.to;
    c->margin = block.to - block.from;
    c->reseed_to = block.reseed_to;
    c->increment = w->step.increment;
    c->offset = w->step.offset;
    c->margin_note = print(p, "reserved by plan %s", plan);
    return c->margin_note != NULL ? MR_OK : no_memory(p);
}

/* ---- one counter ---- */

/* A table takes no id that lies behind its last partition, however wide its column is; where an
 * expression hides where that is, only people can tell. */
static enum mr_code set_limit(struct planner *p, struct work *w)
{
    const struct mr_table *t = w->pair.table[MR_TARGET];
    uint64_t partitions = UINT64_MAX;
    bool unclear = false;
    MR_TRY(mr_reseed_refs_limit(&p->refs, t, w->counter.column, &w->limit, &w->narrowest, p->err));
    MR_TRY(mr_reseed_partition_limit(mr_reader_db(p->task->side[MR_TARGET].main), t,
                                     w->counter.column, &partitions, &unclear, p->err));
    if (partitions < w->limit) {
        w->limit = partitions;
        w->narrowest = print(p, "%s.%s.%s (its last partition)", t->db, t->name, w->counter.column);
        if (w->narrowest == NULL)
            return no_memory(p);
    }
    if (unclear)
        mr_log_warning("table \"%s\" is partitioned by an expression over \"%s\": see "
                       "that a partition takes the new ids",
                       w->counter.table, w->counter.column);
    return MR_OK;
}

static enum mr_code keep(struct planner *p, const struct work *w)
{
    struct mr_counter *slot = mr_vec_push(&p->counters);
    if (slot == NULL)
        return no_memory(p);
    *slot = w->counter;
    return MR_OK;
}

/* Where both sides' values are known: the block, and the place in the plan. */
static enum mr_code finish(struct planner *p, struct work *w)
{
    bool taken = false;
    MR_TRY(take_reserved(p, w, &taken));
    if (!taken)
        MR_TRY(set_value(p, w));
    return keep(p, w);
}

static enum mr_code plan_auto(struct planner *p, struct work *w)
{
    struct mr_counter *c = &w->counter;
    MR_TRY(mr_reseed_read(p->task->side, &w->pair, c->next, c->greatest, p->err));
    w->step = p->step;
    MR_TRY(set_limit(p, w));
    return finish(p, w);
}

/* A sequence of the source counts for next; one that it cannot read does not. */
static enum mr_code read_sequences(struct planner *p, struct work *w, struct mr_sequence *target)
{
    struct mr_counter *c = &w->counter;
    const char *db = NULL, *name = NULL;
    const struct mr_server_side *side = p->task->side;
    MR_TRY(mr_sequence_read(mr_reader_db(side[MR_TARGET].main), c->sequence_db, c->sequence, target,
                            p->err));
    const struct mr_column *col = w->pair.column[MR_SOURCE];
    if (col != NULL &&
        mr_sequence_of(col, w->pair.table[MR_SOURCE]->db, p->task->arena, &db, &name))
        MR_TRY(mr_side_sequence_next(side[MR_SOURCE].main, db, name, &c->next[MR_SOURCE], p->err));
    c->next[MR_TARGET] = target->next;
    return MR_OK;
}

/* A sequence has a step and an end of its own.  Above both histories one that counts down has
 * nothing to reserve. */
static enum mr_code plan_sequence(struct planner *p, struct work *w)
{
    struct mr_counter *c = &w->counter;
    struct mr_sequence sequence;
    MR_TRY(mr_reseed_read(p->task->side, &w->pair, c->next, c->greatest, p->err));
    MR_TRY(read_sequences(p, w, &sequence));
    if (sequence.descends)
        return skip(p, c->table, false,
                    print(p, "sequence \"%s.%s\" counts down", c->sequence_db, c->sequence));
    w->step = sequence.increment > 0
                  ? (struct mr_reseed_step){sequence.increment, sequence.start % sequence.increment}
                  : p->step;
    MR_TRY(set_limit(p, w));
    if (sequence.maximum < w->limit) {
        w->limit = sequence.maximum;
        w->narrowest = print(p, "%s.%s", c->sequence_db, c->sequence);
        if (w->narrowest == NULL)
            return no_memory(p);
    }
    return finish(p, w);
}

/* A sequence may serve several columns: the plan keeps the farthest of them once. */
static void merge_shared(struct planner *p)
{
    struct mr_counter *items = p->counters.items;
    size_t kept = 0;
    for (size_t i = 0; i < p->counters.count; i++) {
        size_t twin = 0;
        while (twin < kept && (items[i].sequence == NULL || items[twin].sequence == NULL ||
                               strcmp(items[i].sequence, items[twin].sequence) != 0 ||
                               strcmp(items[i].sequence_db, items[twin].sequence_db) != 0))
            twin++;
        if (twin == kept)
            items[kept++] = items[i];
        else if (items[i].reseed_to > items[twin].reseed_to)
            items[twin] = items[i];
    }
    p->counters.count = kept;
}

/* ---- tables ---- */

static enum mr_code start_work(struct planner *p, struct work *w, const struct mr_table *s,
                               const struct mr_table *t, const struct mr_column *column)
{
    *w =
        (struct work){.pair = {.table = {s, t}, .column = {column_named(s, column->name), column}}};
    w->counter.table = print(p, "%s.%s", s->db, s->name);
    w->counter.target_table = print(p, "%s.%s", t->db, t->name);
    w->counter.db = t->db;
    w->counter.name = t->name;
    w->counter.column = column->name;
    w->counter.rebuild = !t->transactional;
    return w->counter.table != NULL && w->counter.target_table != NULL ? MR_OK : no_memory(p);
}

/* A table that cannot be read is left out, with the reason. */
static enum mr_code settle(struct planner *p, const struct work *w, enum mr_code code)
{
    if (!is_of_this_table(code))
        return code;
    return skip(p, w->counter.table, true, print(p, "%s", p->err->message));
}

/* Beside AUTO_INCREMENT: a table may have both, and several columns that draw. */
static enum mr_code plan_sequences(struct planner *p, const struct mr_table *s,
                                   const struct mr_table *t)
{
    enum mr_code code = MR_OK;
    struct work w;
    for (size_t i = 0; code == MR_OK && i < t->ncolumns; i++) {
        const char *db = NULL, *name = NULL;
        if (!mr_sequence_of(&t->columns[i], t->db, p->task->arena, &db, &name))
            continue;
        code = start_work(p, &w, s, t, &t->columns[i]);
        w.counter.sequence_db = db;
        w.counter.sequence = name;
        w.counter.rebuild = false;
        if (code == MR_OK)
            code = settle(p, &w, plan_sequence(p, &w));
    }
    return code;
}

/* What is left alone is told with the reason, unless neither side counts: then there is nothing
 * that could hand out an id twice. */
static enum mr_code plan_pair(struct planner *p, const struct mr_table *s, const struct mr_table *t)
{
    const struct mr_column *column = mr_table_counter(t);
    const char *name = print(p, "%s.%s", s->db, s->name);
    struct work w;
    if (name == NULL)
        return no_memory(p);
    const struct mr_table *const tables[MR_SIDES] = {s, t};
    enum mr_code code = mr_pair_check_names(p->task->side, tables, p->task->config, p->err);
    if (code != MR_OK)
        return code;
    if (t->engine == NULL || s->engine == NULL)
        return skip(p, name, true, "a server cannot open the table");
    code = plan_sequences(p, s, t);
    if (code != MR_OK)
        return code;
    if (column == NULL)
        return mr_table_counter(s) != NULL
                   ? skip(p, name, false, "the target's table has no counter")
                   : MR_OK;
    if (!leads_index(t, column))
        return skip(p, name, false,
                    "its counter leads no index: it counts anew for each value of the "
                    "columns in front of it");
    if (column_named(s, column->name) == NULL)
        return skip(p, name, false, "the source's table has no such column");
    code = start_work(p, &w, s, t, column);
    return code == MR_OK ? settle(p, &w, plan_auto(p, &w)) : code;
}

/* Is the table absent on that side, or only hidden? */
static enum mr_code skip_lonely(struct planner *p, const struct mr_table *table, const char *db,
                                enum mr_side missing)
{
    struct mr_err why = {0};
    const char *name = print(p, "%s.%s", table->db, table->name);
    enum mr_code code = mr_reader_probe(p->task->side[missing].main, db, table->name, NULL, &why);
    if (mr_table_counter(table) == NULL)
        return MR_OK;
    if (code == MR_E_LOST) {
        *p->err = why;
        return code;
    }
    if (code == MR_E_NO_SUCH)
        return skip(p, name, false, print(p, "the %s has no such table", mr_side_name(missing)));
    return skip(p, name, true,
                code == MR_OK ? "the other side's is a view, or came while it was planned"
                              : print(p, "%s: %s", mr_side_name(missing), why.message));
}

static bool selects(const struct planner *p, const char *db, const char *table)
{
    const struct mr_reseed_task *task = p->task;
    return mr_pattern_selects(task->tables->items, task->tables->count, task->exclude->items,
                              task->exclude->count, db, table);
}

/* Also the tables that one side alone has: if that side's account only does not see the twin,
 * its counter would stay low, and nobody would know. */
static enum mr_code plan_db(struct planner *p, const struct mr_db_pair *pair)
{
    const struct mr_catalogue *cs = p->task->side[MR_SOURCE].cat;
    const struct mr_catalogue *ct = p->task->side[MR_TARGET].cat;
    for (size_t i = 0; i < cs->ntables; i++) {
        const struct mr_table *s = &cs->tables[i];
        if (strcmp(s->db, pair->name[MR_SOURCE]) != 0 || !selects(p, s->db, s->name))
            continue;
        p->selected++;
        if (mr_is_cancelled())
            return mr_cancelled_err(p->err);
        const struct mr_table *t = mr_sides_twin(cs, s->db, ct, pair->name[MR_TARGET], s->name);
        MR_TRY(t != NULL ? plan_pair(p, s, t)
                         : skip_lonely(p, s, pair->name[MR_TARGET], MR_TARGET));
    }
    for (size_t i = 0; i < ct->ntables; i++) {
        const struct mr_table *t = &ct->tables[i];
        if (strcmp(t->db, pair->name[MR_TARGET]) != 0 ||
            !selects(p, pair->name[MR_SOURCE], t->name) ||
            mr_sides_twin(ct, t->db, cs, pair->name[MR_SOURCE], t->name) != NULL)
            continue;
        p->selected++;
        MR_TRY(skip_lonely(p, t, pair->name[MR_SOURCE], MR_SOURCE));
    }
    return MR_OK;
}

/* db NULL: databases. */
static enum mr_code skip_unseen(struct planner *p, const char *name, const char *db,
                                enum mr_side side)
{
    struct mr_strbuf why = MR_STRBUF_INIT;
    const struct mr_grants *grants = p->task->side[side].grants;
    mr_strbuf_add_fmt(&why, "the account %s on the %s: ",
                      grants != NULL ? "sees no others" : "may not see others", mr_side_name(side));
    if (grants != NULL)
        mr_grants_needed_names(&why, grants, db);
    else
        mr_strbuf_add_str(&why, "its grants cannot be read");
    enum mr_code code = mr_strbuf_check(&why, "planning", p->err);
    if (code == MR_OK)
        code = skip(p, name, true, print(p, "%s", why.ptr));
    mr_strbuf_release(&why);
    return code;
}

/* Where an account does not even see the names, both sides may have tables that nobody
 * raises the counters of. */
static enum mr_code name_unseen(struct planner *p, const struct mr_vec *pairs)
{
    const struct mr_string_list *named = p->task->tables;
    const char *const *patterns = (const char *const *)named->items;
    const bool any_db = mr_pattern_is_open(patterns, named->count, false);
    const bool any_table = mr_pattern_is_open(patterns, named->count, true);
    enum mr_code code = MR_OK;
    for (int n = MR_SOURCE; code == MR_OK && n < MR_SIDES; n++) {
        const enum mr_side side = (enum mr_side)n;
        const struct mr_server_side *s = &p->task->side[side];
        if (s->grants == NULL && s->ep->kind == MR_ENDPOINT_MYSQL && (any_db || any_table))
            code = skip_unseen(p, "*.*", NULL, side);
        if (s->grants == NULL)
            continue;
        if (s->ndbs == 0 && any_db && !mr_grants_lists_dbs(s->grants))
            code = skip_unseen(p, "*.*", NULL, side);
        for (size_t i = 0; any_table && code == MR_OK && i < pairs->count; i++) {
            const struct mr_db_pair *pair = mr_vec_at(pairs, i);
            if (!mr_grants_lists_tables(s->grants, pair->name[side]))
                code =
                    skip_unseen(p, print(p, "%s.*", pair->name[MR_SOURCE]), pair->name[side], side);
        }
    }
    return code;
}

static enum mr_code require_selected(const struct planner *p)
{
    const struct mr_string_list *named = p->task->tables, *left = p->task->exclude;
    if (p->selected > 0 || named->count + left->count == 0)
        return MR_OK;
    const struct mr_string_list *list = named->count > 0 ? named : left;
    (void)mr_err_set(p->err, MR_E_NO_SUCH, "no table matches %s %s%s",
                     named->count > 0 ? "--tables" : "what is left by --exclude", list->items[0],
                     list->count > 1 ? " …" : "");
    mr_err_hint(p->err, "A pattern is db.table with * and ?; a bare name means any "
                        "database; for another one repeat the option. Quote it so that the "
                        "shell leaves it alone.");
    return MR_E_NO_SUCH;
}

/* ---- the plan ---- */

/* TARGET's, which hands out the ids; a server that says nothing counts by ones. */
static enum mr_code read_step(struct planner *p)
{
    static const char sql[] =
        "SELECT @@GLOBAL.auto_increment_increment, @@GLOBAL.auto_increment_offset";
    struct mr_result *res = NULL;
    struct mr_db *db = mr_reader_db(p->task->side[MR_TARGET].main);
    if (db == NULL)
        return mr_err_set(p->err, MR_E_LOST, "the connection to the target is gone");
    enum mr_code code = mr_db_query(db, "nn", sql, sizeof sql - 1, &res, p->err);
    const struct mr_cell *cells = code == MR_OK ? mr_result_next(res) : NULL;
    p->step = (struct mr_reseed_step){1, 1};
    if (cells != NULL && cells[0].ptr != NULL && cells[1].ptr != NULL)
        p->step = (struct mr_reseed_step){strtoull(cells[0].ptr, NULL, 10),
                                          strtoull(cells[1].ptr, NULL, 10)};
    mr_result_free(res);
    return code;
}

static void *copy_items(struct planner *p, const struct mr_vec *list)
{
    return list->count > 0
               ? mr_arena_dup(p->task->arena, list->items, list->count * list->item_size)
               : mr_arena_calloc(p->task->arena, 1, list->item_size);
}

static enum mr_code fill_manifest(struct planner *p, struct mr_manifest *manifest)
{
    merge_shared(p);
    manifest->counters = copy_items(p, &p->counters);
    manifest->ncounters = p->counters.count;
    manifest->skipped = copy_items(p, &p->skipped);
    manifest->nskipped = p->skipped.count;
    if (manifest->counters == NULL || manifest->skipped == NULL)
        return no_memory(p);
    return mr_plan_server_describe(p->task->side, p->task->arena, &manifest->server, p->err);
}

enum mr_code mr_reseed_plan(const struct mr_reseed_task *task, struct mr_manifest *manifest,
                            struct mr_err *err)
{
    struct planner p = {.task = task,
                        .counters = MR_VEC_INIT(struct mr_counter),
                        .skipped = MR_VEC_INIT(struct mr_plan_skipped),
                        .err = err};
    struct mr_vec pairs = MR_VEC_INIT(struct mr_db_pair);
    enum mr_code code = MR_OK;
    /* all references first: a table that is not planned itself may bound one that is */
    MR_TRY_OUT(mr_sides_pair_dbs(task->side, task->arena, &pairs, err));
    MR_TRY_OUT(read_step(&p));
    MR_TRY_OUT(mr_reseed_refs_load(&p.refs, task->side, &pairs, task->config, task->arena, err));
    for (size_t i = 0; i < pairs.count; i++)
        MR_TRY_OUT(plan_db(&p, mr_vec_at(&pairs, i)));
    MR_TRY_OUT(name_unseen(&p, &pairs));
    MR_TRY_OUT(require_selected(&p));
    MR_TRY_OUT(fill_manifest(&p, manifest));
out:
    mr_reseed_refs_release(&p.refs);
    mr_vec_release(&p.counters);
    mr_vec_release(&p.skipped);
    mr_vec_release(&pairs);
    return code;
}
