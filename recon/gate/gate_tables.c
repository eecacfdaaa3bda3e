/* gate_tables.c: the facts of a server's tables; see gate_collect.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/pattern.h"
#include "core/base/signals.h"
#include "core/db/sqltext.h"
#include "core/row/row_class.h"
#include "core/schema/near_db.h"
#include "recon/gate/gate_ahead.h"
#include "recon/gate/gate_newest.h"
#include "recon/gate/gate_shape.h"
#include "recon/gate/gate_work.h"

/* A locked table costs a second; more than this is not spent on them together. */
#define LOCKED_MAX_S 3.0
#define ER_QUERY_INTERRUPTED 1317

double mr_gate_work_left(const struct mr_gate_work *work)
{
    double left = work->deadline_s - mr_clock_now_s();
    return left > 0 ? left : 0;
}

enum mr_code mr_gate_work_query(const struct mr_gate_work *work, const char *shape,
                                const char *body, double limit_s, struct mr_result **out,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    const unsigned most_s = work->task->link->opts.db.statement_timeout_s;
    if (most_s > 0 && limit_s > most_s)
        limit_s = most_s;
    unsigned ms = limit_s > 1000 ? 1000000 : (unsigned)(limit_s * 1000) + 1;
    if (mr_gate_link_is_mariadb(work->task->link))
        mr_strbuf_add_fmt(&sql, "SET STATEMENT max_statement_time = %u.%03u FOR SELECT ", ms / 1000,
                          ms % 1000);
    else
        mr_strbuf_add_fmt(&sql, "SELECT /*+ MAX_EXECUTION_TIME(%u) */ ", ms);
    mr_strbuf_add_str(&sql, body);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query(work->task->link->db, shape, sql.ptr, sql.len, out, err);
    mr_strbuf_release(&sql);
    /* so MySQL ends a COUNT(*) that it counts with several threads */
    if (code == MR_E_LOST && err->sql_errno == ER_QUERY_INTERRUPTED)
        code = err->code = MR_E_TIMEOUT;
    return code;
}

enum mr_code mr_gate_work_fail(const struct mr_gate_work *work, struct mr_gate_item *item,
                               enum mr_code code, const struct mr_err *why, struct mr_err *err)
{
    struct mr_strbuf place = MR_STRBUF_INIT;
    if (mr_gate_is_fatal(code)) {
        *err = *why;
        return code;
    }
    mr_sql_table(&place, item->table->db, item->table->name);
    item->out->view =
        mr_gate_link_view(work->task->link, code, why, "SELECT", place.ptr, work->task->arena);
    item->out->view.is_locked = mr_gate_is_locked(why);
    mr_strbuf_release(&place);
    return MR_OK;
}

/* ---- one table ---- */

const char *mr_gate_work_keep(struct mr_gate_work *work, const char *text)
{
    return mr_arena_keep(work->task->arena, text, &work->nomem);
}

const struct mr_column *mr_gate_work_counter(const struct mr_table *table)
{
    const struct mr_column *column = mr_table_counter(table);
    return column != NULL && mr_table_is_led_by(table, column) ? column : NULL;
}

/* A table is dropped while it is read: then it is not there. */
static bool is_gone(enum mr_code code, const struct mr_err *why)
{
    return code == MR_E_NO_SUCH && why->sql_errno == 1146;
}

/* With rights on some columns alone the others are not shown, as if there were none. */
static enum mr_code see_all_columns(const struct mr_gate_work *work,
                                    const struct mr_gate_item *item, struct mr_err *why)
{
    const struct mr_grants *grants = work->task->link->grants;
    const struct mr_table *table = item->table;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    if (grants != NULL && mr_grants_on_table(grants, "SELECT", table->db, table->name))
        return MR_OK;
    mr_strbuf_add_str(&sql, "* FROM ");
    mr_sql_table(&sql, table->db, table->name);
    mr_strbuf_add_str(&sql, " LIMIT 0");
    enum mr_code code = mr_strbuf_check(&sql, "building a query", why);
    if (code == MR_OK)
        code = mr_gate_work_query(work, "*", sql.ptr, 2.0, &res, why);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Returns MR_OK also where the table could not be read; its view says so. */
static enum mr_code read_table(struct mr_gate_work *work, struct mr_gate_item *item, bool *gone,
                               struct mr_err *err)
{
    struct mr_err why = {0};
    enum mr_code code = mr_gate_shape(item->table, work->task->arena, item->out, err);
    if (code == MR_OK)
        code = mr_gate_read_triggers(work, item, err);
    if (code != MR_OK)
        return code;
    if (item->table->open_error != NULL)
        code = mr_err_set(&why, MR_E_SQL, "%s", item->table->open_error);
    else if (work->locked_s >= LOCKED_MAX_S)
        code =
            mr_err_set(&why, MR_E_TIMEOUT, "not read: too many tables are locked to wait for each");
    else
        code = see_all_columns(work, item, &why);
    if (code == MR_OK)
        code = mr_gate_read_quick(work, item, &why);
    if (code == MR_OK)
        code = mr_gate_read_drawn(work, item, &why);
    if (code == MR_OK && item->config.sequence != NULL)
        code = mr_gate_read_sequence(work, item, &why);
    if (code == MR_OK && work->task->digests)
        code = mr_gate_read_digests(work, item, &why);
    *gone = is_gone(code, &why);
    if (work->nomem)
        return mr_err_nomem(err, "reading tables");
    return code == MR_OK || *gone ? MR_OK : mr_gate_work_fail(work, item, code, &why, err);
}

/* ---- all tables ---- */

bool mr_gate_work_selects(const struct mr_gate_task *task, const char *db, const char *name)
{
    const struct mr_string_list *tables = task->tables, *exclude = task->exclude;
    const struct mr_string_list *always = &task->gate->exclude;
    return mr_pattern_selects(tables->items, tables->count, exclude->items, exclude->count, db,
                              name) &&
           mr_pattern_selects(NULL, 0, always->items, always->count, db, name);
}

/* A column that is named for one table must be there; a pattern's may be missing. */
static enum mr_code require_column(const struct mr_gate_item *item, const char *key,
                                   const char *column, struct mr_err *err)
{
    if (column == NULL || item->config.place.by_pattern ||
        mr_table_column(item->table, column) != NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_CONFIG, "table \"%s.%s\" has no column \"%s\"", item->table->db,
                     item->table->name, column);
    mr_err_hint(err, "The key %s of the configuration names it.", key);
    return MR_E_CONFIG;
}

static enum mr_code configure(struct mr_gate_work *work, struct mr_gate_item *item,
                              struct mr_err *err)
{
    const struct mr_table_config *config = &item->config;
    enum mr_code code = mr_config_table(work->task->config, item->table->db, item->table->name,
                                        work->task->arena, &item->config, err);
    if (code == MR_OK && mr_db_server(work->task->link->db)->lower_case_table_names != 0)
        code =
            mr_config_require_letters(work->task->config, item->table->db, item->table->name, err);
    if (code == MR_OK)
        code = require_column(item, "freshness", config->freshness, err);
    if (code == MR_OK)
        code = require_column(item, "sequence", config->sequence, err);
    if (code == MR_OK && !config->time_by_pattern)
        code = require_column(item, "time-column", config->time_column, err);
    item->out->is_queue = config->is_queue && !config->is_static;
    /* said also of a table that cannot be read: then they are unknown */
    if (config->freshness != NULL && mr_table_column(item->table, config->freshness) != NULL)
        item->out->fresh_column = mr_gate_work_keep(work, config->freshness);
    if (config->sequence != NULL && mr_table_column(item->table, config->sequence) != NULL)
        item->out->sequence_column = mr_gate_work_keep(work, config->sequence);
    return code;
}

static void begin_table(const struct mr_gate_work *work, const struct mr_table *table,
                        struct mr_gate_table *out)
{
    *out = (struct mr_gate_table){.db = mr_arena_strdup(work->task->arena, table->db),
                                  .name = mr_arena_strdup(work->task->arena, table->name),
                                  .view = {.seen = MR_GATE_SEEN},
                                  .greatest = "",
                                  .newest = "",
                                  .newest_by = "",
                                  .rows_key = "",
                                  .rows_identity = "",
                                  .rows_born = "",
                                  .sequence_view = {.seen = MR_GATE_SEEN},
                                  .sequence_gaps = "",
                                  .rows = table->est_rows};
}

/* Tables are compared under the names that databases have here: before the first is read. */
static enum mr_code keep_dbs(struct mr_gate_work *work, const struct mr_catalogue *cat,
                             struct mr_err *err)
{
    struct mr_gate_facts *facts = work->facts;
    if (facts->dbs != NULL)
        return MR_OK;
    const char **dbs = mr_arena_calloc(work->task->arena, cat->ndbs + 1, sizeof *dbs);
    if (dbs == NULL)
        return mr_err_nomem(err, "reading tables");
    for (size_t i = 0; i < cat->ndbs; i++) {
        dbs[i] = mr_arena_strdup(work->task->arena, cat->dbs[i].name);
        if (dbs[i] == NULL)
            return mr_err_nomem(err, "reading tables");
    }
    facts->dbs = dbs;
    facts->ndbs = cat->ndbs;
    return mr_gate_facts_spell(facts, work->task->arena, err);
}

/* Those of a slice that were asked for, behind the items that there are. */
static enum mr_code plan(struct mr_gate_work *work, const struct mr_table *tables, size_t count,
                         struct mr_err *err)
{
    struct mr_gate_table *out = calloc(count, sizeof *out), **part = mr_vec_push(&work->parts);
    if (out == NULL || part == NULL) {
        free(out);
        return mr_err_nomem(err, "reading tables");
    }
    *part = out;
    for (size_t i = 0; i < count; i++) {
        const struct mr_table *table = &tables[i];
        if (table->kind != MR_TABLE_BASE ||
            !mr_gate_work_selects(work->task, table->db, table->name))
            continue;
        struct mr_gate_item *item = mr_vec_push(&work->items);
        if (item == NULL)
            return mr_err_nomem(err, "reading tables");
        item->table = table;
        item->out = out++;
        begin_table(work, table, item->out);
        if (item->out->db == NULL || item->out->name == NULL)
            return mr_err_nomem(err, "reading tables");
        MR_TRY(configure(work, item, err));
    }
    return MR_OK;
}

static struct mr_gate_item *item_at(const struct mr_gate_work *work, size_t i)
{
    return mr_vec_at(&work->items, i);
}

/* Of the tables from `first` on.  A few at a time, so that the server has them open still when each
 * is read. */
static enum mr_code read_many(struct mr_gate_work *work, size_t first, struct mr_err *err)
{
    const size_t left = work->items.count - first;
    return mr_gate_read_quick_many(work, item_at(work, first),
                                   left < MR_GATE_AT_ONCE ? left : MR_GATE_AT_ONCE, err);
}

/* A table that is gone since it was listed is no item any more. */
static enum mr_code read_slice(void *ctx, const struct mr_catalogue *cat,
                               const struct mr_table *tables, size_t count, struct mr_err *err)
{
    struct mr_gate_work *work = ctx;
    const size_t first = work->items.count;
    size_t kept = first;
    MR_TRY(keep_dbs(work, cat, err));
    MR_TRY(plan(work, tables, count, err));
    for (size_t i = first; i < work->items.count; i++) {
        bool gone = false;
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if ((i - first) % MR_GATE_AT_ONCE == 0)
            MR_TRY(read_many(work, i, err));
        struct mr_gate_item *item = item_at(work, i);
        MR_TRY(read_table(work, item, &gone, err));
        mr_arena_reset(&work->scratch);
        work->facts->data_bytes += item->table->data_bytes;
        if (!gone)
            *item_at(work, kept++) = *item;
    }
    work->items.count = kept;
    return MR_OK;
}

static int compare_items(const void *left, const void *right)
{
    const struct mr_gate_item *a = left, *b = right;
    const int order = strcmp(a->out->db, b->out->db);
    return order != 0 ? order : strcmp(a->out->name, b->out->name);
}

/* Slices come in the server's order; facts are looked up by the bytes of names. */
static enum mr_code keep_tables(struct mr_gate_work *work, struct mr_err *err)
{
    const size_t count = work->items.count;
    struct mr_gate_table *tables = mr_arena_calloc(work->task->arena, count + 1, sizeof *tables);
    if (tables == NULL)
        return mr_err_nomem(err, "reading tables");
    if (count > 0)
        qsort(work->items.items, count, sizeof(struct mr_gate_item), compare_items);
    for (size_t i = 0; i < count; i++) {
        struct mr_gate_item *item = item_at(work, i);
        tables[i] = *item->out;
        item->out = &tables[i];
        item->table = mr_catalogue_table(work->cat, tables[i].db, tables[i].name);
    }
    work->facts->tables = tables;
    work->facts->ntables = count;
    return MR_OK;
}

static void release(struct mr_gate_work *work)
{
    for (size_t i = 0; i < work->parts.count; i++)
        free(*(struct mr_gate_table **)mr_vec_at(&work->parts, i));
    mr_arena_release(&work->scratch);
    mr_vec_release(&work->parts);
    mr_vec_release(&work->items);
    mr_catalogue_free(work->cat);
}

/* An account that sees no database says nothing of what there is. */
static struct mr_gate_view see_any_db(const struct mr_gate_work *work)
{
    const struct mr_gate_link *link = work->task->link;
    const struct mr_err why = {.message = "no database is visible to the account"};
    const bool all = link->grants != NULL && mr_grants_lists_dbs(link->grants);
    const bool hidden = work->cat->ndbs == 0 && !all;
    return mr_gate_link_view(link, hidden ? MR_E_DENIED : MR_OK, &why, "SELECT", "*.*",
                             work->task->arena);
}

/* ---- heartbeat ---- */

/* By name and columns; of one row a server, which a table of somebody's own beats is not. */
static const struct mr_table *find_heartbeat(const struct mr_catalogue *cat)
{
    for (size_t i = 0; i < cat->ntables; i++) {
        const struct mr_table *t = &cat->tables[i];
        if (strcasecmp(t->name, "heartbeat") == 0 && mr_table_column(t, "ts") &&
            mr_table_column(t, "server_id") && t->est_rows <= MR_GATE_SMALL_ROWS)
            return t;
    }
    return NULL;
}

/* pt-heartbeat writes text with a T in the middle, in local time unless told --utc. */
static void heartbeat_sql(struct mr_strbuf *sql, const struct mr_table *table, bool utc)
{
    const struct mr_column *ts = mr_table_column(table, "ts");
    const bool is_stamp = ts != NULL && strcmp(ts->data_type, "timestamp") == 0;
    mr_strbuf_add_fmt(sql,
                      "TIMESTAMPDIFF(MICROSECOND, CAST(REPLACE(MAX(ts), 'T', ' ') AS DATETIME(6)), "
                      "%s) / 1000000 FROM ",
                      utc || is_stamp
                          ? "UTC_TIMESTAMP(6)"
                          : "CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', @@GLOBAL.time_zone)");
    mr_sql_table(sql, table->db, table->name);
}

static enum mr_code read_heartbeat(struct mr_gate_work *work, struct mr_gate_facts *facts,
                                   struct mr_err *err)
{
    const struct mr_gate_config *gate = work->task->gate;
    const struct mr_table *table = find_heartbeat(work->cat);
    struct mr_strbuf sql = MR_STRBUF_INIT, name = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    struct mr_err why = {0};
    const struct mr_cell *row;
    enum mr_code code = MR_OK;
    if (gate->heartbeat_table != NULL)
        code = mr_schema_reload_table(work->task->link->db, gate->heartbeat_db,
                                      gate->heartbeat_table, work->task->arena, &table, &why);
    if (code == MR_OK && table == NULL && gate->heartbeat_table != NULL)
        code = mr_err_set(&why, MR_E_NO_SUCH, "table \"%s.%s\" does not exist or is hidden",
                          gate->heartbeat_db, gate->heartbeat_table);
    if (code == MR_OK && table == NULL)
        return MR_OK;
    mr_strbuf_add_fmt(&name, "%s.%s", table != NULL ? table->db : gate->heartbeat_db,
                      table != NULL ? table->name : gate->heartbeat_table);
    facts->heartbeat.table = mr_gate_work_keep(work, name.ptr);
    if (work->nomem)
        code = mr_err_nomem(&why, "reading tables");
    if (code == MR_OK) {
        heartbeat_sql(&sql, table, gate->heartbeat_utc);
        code = mr_strbuf_check(&sql, "building a query", &why);
    }
    if (code == MR_OK)
        code = mr_gate_work_query(work, "n", sql.ptr, 2.0, &res, &why);
    if (code == MR_OK && ((row = mr_result_next(res)) == NULL || row[0].ptr == NULL))
        code = mr_err_set(&why, MR_E_NO_SUCH, "the table has no time that can be read");
    else if (code == MR_OK)
        facts->heartbeat.age_s = strtod(row[0].ptr, NULL);
    facts->heartbeat.view =
        mr_gate_link_view(work->task->link, code, &why, "SELECT", name.ptr, work->task->arena);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&name);
    if (!mr_gate_is_fatal(code))
        return MR_OK;
    *err = why;
    return code;
}

/* Nothing of a baseline says whether it should be there: then all is well with nothing. */
static enum mr_code require_dbs(struct mr_db *db, const struct mr_gate_facts *facts,
                                const struct mr_endpoint *ep, struct mr_err *err)
{
    for (size_t i = 0; i < ep->ndbs; i++) {
        if (mr_gate_facts_db(facts, ep->dbs[i]) == NULL) {
            (void)mr_err_set(err, MR_E_NO_SUCH, "database \"%s\" does not exist or is hidden",
                             ep->dbs[i]);
            mr_near_db_hint(db, ep->dbs[i], err);
            return MR_E_NO_SUCH;
        }
    }
    return MR_OK;
}

enum mr_code mr_gate_collect_tables(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                    struct mr_err *err)
{
    const struct mr_endpoint *own = &task->link->ep;
    const struct mr_endpoint *ep = own->ndbs > 0 ? own : task->scope;
    struct mr_gate_work work = {.task = task,
                                .facts = facts,
                                .items = MR_VEC_INIT(struct mr_gate_item),
                                .parts = MR_VEC_INIT(struct mr_gate_table *),
                                .deadline_s = mr_clock_now_s() + task->budget_s};
    const char *const *dbs = (const char *const *)ep->dbs;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_gate_ahead(task->link, dbs, ep->ndbs, read_slice, &work, &work.cat, err));
    MR_TRY_OUT(keep_dbs(&work, work.cat, err));
    facts->any_db = see_any_db(&work);
    if (task->past == NULL)
        MR_TRY_OUT(require_dbs(task->link->db, facts, own, err));
    MR_TRY_OUT(keep_tables(&work, err));
    MR_TRY_OUT(mr_gate_count_rows(&work, err));
    MR_TRY_OUT(mr_gate_read_sequences(&work, facts, err));
    MR_TRY_OUT(mr_gate_find_absent(&work, facts, err));
    MR_TRY_OUT(read_heartbeat(&work, facts, err));
out:
    facts->tables_read = code == MR_OK;
    release(&work);
    return code;
}
