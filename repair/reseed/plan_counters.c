/* plan_counters.c: see plan_counters.h. */
#include "repair/reseed/plan_counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/case/case_args.h"
#include "core/case/case_fields.h"
#include "core/pair/pair_columns.h"
#include "repair/plan/planbook.h"
#include "repair/reseed/reseed_read.h"
#include "core/schema/sequence.h"
#include "repair/side/side_column.h"

struct counting {
    const struct mr_plan_counters_task *task;
    struct mr_case_stmt *kept;
    struct mr_case_fields kept_map; /* struct kept */
    struct mr_err *err;
};

static enum mr_code no_memory(const struct counting *c)
{
    return mr_err_nomem(c->err, "planning counters");
}

/* ---- what the servers say ---- */

static enum mr_code read_number(struct mr_db *db, const char *sql, uint64_t *value,
                                struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    enum mr_code code = mr_db_query_text(db, sql, &text, err);
    *value = code == MR_OK ? strtoull(text.ptr, NULL, 10) : 0;
    mr_strbuf_release(&text);
    return code;
}

/* SOURCE's sequence, where its column has one, need not be of that name.  TARGET's counts by its
 * own step, which then holds in place of the server's. */
static enum mr_code read_sequence(const struct counting *c, const struct mr_plan_table *t,
                                  enum mr_side side, struct mr_counter *counter)
{
    const struct mr_server_side *s = &c->task->tables->pairing.side[side];
    const char *db = NULL, *name = NULL;
    struct mr_sequence sequence = {0};
    const struct mr_column *column = mr_table_column(t->pair->side[side], counter->column);
    if (column == NULL ||
        !mr_sequence_of(column, t->pair->side[side]->db, c->task->arena, &db, &name))
        return MR_OK;
    if (side == MR_SOURCE)
        return mr_side_sequence_next(s->main, db, name, &counter->next[side], c->err);
    MR_TRY(mr_sequence_read(mr_reader_db(s->main), db, name, &sequence, c->err));
    counter->next[side] = sequence.next;
    if (sequence.increment > 0) {
        counter->increment = sequence.increment;
        counter->offset = sequence.start % sequence.increment;
    }
    return MR_OK;
}

/* Read anew, since ids may have been handed out after they were decided: what is shown, and
 * guarded, is where the counters stand when the plan is written. */
static enum mr_code read_servers(const struct counting *c, const struct mr_plan_table *t,
                                 struct mr_counter *counter)
{
    const struct mr_server_side *side = c->task->tables->pairing.side;
    struct mr_db *db = mr_reader_db(side[MR_TARGET].main);
    struct mr_reseed_pair pair = {{0}, {0}};
    for (int s = MR_SOURCE; s < MR_SIDES; s++) {
        pair.table[s] = t->pair->side[s];
        pair.column[s] = mr_table_column(t->pair->side[s], counter->column);
    }
    if (db == NULL)
        return mr_err_set(c->err, MR_E_LOST, "the connection to the target is gone");
    MR_TRY(mr_reseed_read(side, &pair, counter->next, counter->greatest, c->err));
    MR_TRY(
        read_number(db, "SELECT @@GLOBAL.auto_increment_increment", &counter->increment, c->err));
    MR_TRY(read_number(db, "SELECT @@GLOBAL.auto_increment_offset", &counter->offset, c->err));
    for (int s = MR_SOURCE; counter->sequence != NULL && s < MR_SIDES; s++)
        MR_TRY(read_sequence(c, t, (enum mr_side)s, counter));
    return MR_OK;
}

/* ---- what was decided ---- */

/* Did an earlier plan of the case reserve the ids, and raise the counter above them? */
static enum mr_code find_reserved(const struct counting *c, struct mr_counter *counter,
                                  bool *reserved)
{
    struct mr_plan_block block;
    const char *plan = NULL;
    char note[128];
    *reserved = false;
    enum mr_code code =
        mr_planbook_last_block(c->task->fd, c->task->target, counter->table, counter->column,
                               c->task->arena, &block, &plan, c->err);
    if (code != MR_OK || plan == NULL || counter->next[MR_TARGET] < block.reseed_to ||
        counter->from < block.from || counter->to > block.to)
        return code;
    (void)snprintf(note, sizeof note, "reserved by plan %s", plan);
    *reserved = true;
    counter->margin_note = mr_arena_strdup(c->task->arena, note);
    return counter->margin_note != NULL ? MR_OK : no_memory(c);
}

/* Of a table, in plan_table. */
struct kept {
    uint64_t margin, start, step, ids, counter;
};

#define KEPT(member) MR_CASE_FIELD(struct kept, member, MR_CASE_DIGITS)
static const struct mr_case_field kept_fields[] =
    MR_CASE_LIST(KEPT(margin), KEPT(start), KEPT(step), KEPT(ids), KEPT(counter));

/* The ids that were given stand as their first, their step and their number: the end is behind
 * the last one, on the same step. */
static enum mr_code find_kept(const struct counting *c, const struct mr_plan_table *t,
                              struct mr_counter *counter, bool *found)
{
    struct kept kept;
    mr_case_reset(c->kept);
    MR_CASE_BIND(c->kept, MR_ARG_INT("plan", c->task->plan),
                 MR_ARG_TEXT("tbl", mr_plan_table_name(t)));
    enum mr_code code = mr_case_fields_next(&c->kept_map, NULL, &kept, found, c->err);
    if (code == MR_OK && *found) {
        counter->margin = kept.margin;
        counter->from = kept.start;
        counter->to = kept.start + kept.step * kept.ids;
        counter->reseed_to = kept.counter;
    }
    mr_case_reset(c->kept);
    return code;
}

/* *found false: no row of the table gets a new id, so its counter is left where it is. */
static enum mr_code take(const struct counting *c, const struct mr_plan_table *t,
                         struct mr_counter *counter, bool *found, bool *reserved)
{
    const struct mr_table *target = t->pair->side[MR_TARGET];
    *counter = (struct mr_counter){.table = mr_plan_table_name(t),
                                   .target_table = t->pair->find.target_name,
                                   .db = target->db,
                                   .name = target->name,
                                   .column = mr_plan_column_name(t, t->counter),
                                   .sequence_db = t->sequence_db,
                                   .sequence = t->sequence,
                                   .rebuild = !target->transactional && t->sequence == NULL};
    MR_TRY(find_kept(c, t, counter, found));
    if (!*found)
        return MR_OK;
    MR_TRY(read_servers(c, t, counter));
    return find_reserved(c, counter, reserved);
}

enum mr_code mr_plan_counters_open(struct mr_case *cf, int64_t plan, struct mr_err *err)
{
    static const char schema_sql[] =
        "CREATE TABLE IF NOT EXISTS plan_table (plan INT NOT NULL, tbl TEXT NOT NULL,"
        " base TEXT, base_origin TEXT, fresh TEXT, fresh_origin TEXT, next TEXT,"
        " margin TEXT, start TEXT, step TEXT, ids TEXT, counter TEXT,"
        " PRIMARY KEY (plan, tbl)) STRICT";
    MR_TRY(mr_case_exec(cf, schema_sql, err));
    return MR_CASE_ONCE(cf, "DELETE FROM plan_table WHERE plan=:plan", err,
                        MR_ARG_INT("plan", plan));
}

enum mr_code mr_plan_counters(const struct mr_plan_counters_task *task,
                              struct mr_manifest *manifest, bool **reserved, struct mr_err *err)
{
    struct counting c = {.task = task, .err = err};
    size_t n = task->tables->ntables;
    struct mr_counter *counters = mr_arena_calloc(task->arena, n + 1, sizeof *counters);
    bool *kept = mr_arena_calloc(task->arena, n + 1, sizeof *kept);
    manifest->ncounters = 0;
    manifest->counters = counters;
    *reserved = kept;
    if (counters == NULL || kept == NULL)
        return no_memory(&c);
    /* start is NULL of a table whose counter was looked at, and of which nothing is numbered */
    enum mr_code code = mr_case_prepare(mr_findings_case(task->fd),
                                        "SELECT margin, start, step, ids, counter FROM plan_table"
                                        " WHERE plan=:plan AND tbl=:tbl AND start IS NOT NULL",
                                        &c.kept, err);
    if (code == MR_OK)
        code = mr_case_fields_open(&c.kept_map, c.kept, MR_CASE_FIELDS(kept_fields), err);
    for (size_t i = 0; code == MR_OK && i < n; i++) {
        const struct mr_plan_table *t = &task->tables->tables[i];
        bool found = false;
        if (!mr_plan_has_counter(t))
            continue;
        code = take(&c, t, &counters[manifest->ncounters], &found, &kept[manifest->ncounters]);
        manifest->ncounters += found;
    }
    mr_case_free(c.kept);
    return code;
}
