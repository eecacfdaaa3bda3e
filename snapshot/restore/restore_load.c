/*
 * restore_load.c: the rows of a snapshot into the tables of a target; see restore.h.
 *
 * Chunks are loaded by several connections.  A chunk, and the line that says so, are one
 * transaction.  MariaDB gets the rows in bulk (restore_bulk.c), others by LOAD DATA LOCAL.  That turns
 * errors into warnings, so the rows are counted, the warnings shown, and the digests of whole tables
 * compared afterwards.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/pool.h"
#include "core/base/signals.h"
#include "core/base/backoff.h"
#include "core/db/binlog_off.h"
#include "core/db/db_error.h"
#include "core/db/sqltext.h"
#include "snapshot/format/snap_script.h"
#include "snapshot/read/snap_rows.h"
#include "snapshot/restore/restore.h"

#define INSERT_BYTES ((size_t)1 << 20)
#define HEAD_BYTES 256 /* what the client sends before a statement */
#define WARNINGS_SHOWN 3
#define TRIES 10

struct task {
    struct mr_restore_table *table;
    const struct mr_snap_chunk *chunk; /* NULL: all of the table, in order */
    bool is_loaded;                    /* only its indexes are missing */
};

struct worker {
    struct mr_restore *restore;
    struct mr_db *db;
    struct mr_strbuf sql;
    struct mr_strbuf warning; /* the first of the chunk at hand, or empty */
    bool loading;             /* the step that failed was the table's, not of the progress table */
    bool committing;          /* it was the COMMIT */
    bool taken_back;          /* and the server has confirmed that by its answer to ROLLBACK */
};

/* ---- statements ---- */

static enum mr_code exec_text(struct worker *w, const char *text, struct mr_err *err)
{
    return mr_db_exec(w->db, text, strlen(text), err);
}

static enum mr_code record_done(struct worker *w, const struct mr_snap_chunk *chunk,
                                struct mr_err *err)
{
    struct mr_strbuf *sql = &w->sql;
    mr_strbuf_reset(sql);
    mr_strbuf_add_str(sql, "INSERT INTO ");
    mr_restore_progress_table(sql, w->restore);
    mr_strbuf_add_str(sql, " VALUES (");
    mr_sql_string(sql, w->restore->snap.manifest.uuid);
    mr_strbuf_add_str(sql, ", ");
    mr_sql_string(sql, chunk->file);
    mr_strbuf_add_char(sql, ')');
    return mr_restore_exec(w->db, sql, err);
}

/* Does the server have the line of this file, and with it the rows? */
static enum mr_code look_for_line(struct worker *w, const struct mr_snap_chunk *chunk, bool *is,
                                  struct mr_err *err)
{
    struct mr_strbuf *sql = &w->sql, count = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    mr_strbuf_reset(sql);
    mr_strbuf_add_str(sql, "SELECT COUNT(*) FROM ");
    mr_restore_progress_table(sql, w->restore);
    mr_strbuf_add_str(sql, " WHERE file = ");
    mr_sql_string(sql, chunk->file);
    MR_TRY_OUT(mr_strbuf_check(sql, "building a query", err));
    MR_TRY_OUT(mr_db_query_text(w->db, sql->ptr, &count, err));
    *is = count.len > 0 && strcmp(count.ptr, "0") != 0;
out:
    mr_strbuf_release(&count);
    return code;
}

/* The first few warnings of the last statement. */
static void show_warnings(struct worker *w, const struct mr_snap_chunk *chunk)
{
    static const char sql[] = "SHOW WARNINGS LIMIT 3";
    struct mr_result *res = NULL;
    if (mr_db_query(w->db, "nnn", sql, sizeof sql - 1, &res, NULL) != MR_OK)
        return;
    const struct mr_cell *cells;
    for (int i = 0; i < WARNINGS_SHOWN && (cells = mr_result_next(res)) != NULL; i++) {
        if (cells[1].ptr == NULL || cells[2].ptr == NULL)
            continue;
        mr_log_detail("\"%s\": warning %s: %s", chunk->file, cells[1].ptr, cells[2].ptr);
        if (w->warning.len == 0)
            mr_strbuf_add_str(&w->warning, cells[2].ptr);
    }
    mr_result_free(res);
}

static enum mr_code load_file(struct worker *w, const struct task *task,
                              struct mr_db_loaded *loaded, struct mr_err *err)
{
    struct mr_snap_text *text = NULL;
    mr_strbuf_reset(&w->sql);
    mr_snap_load_sql(&w->sql, task->table->snap, task->table->db, task->chunk->file);
    MR_TRY(mr_strbuf_check(&w->sql, "building a statement", err));
    MR_TRY(mr_snap_text_open(&w->restore->snap, task->chunk, &text, err));
    const struct mr_feed feed = mr_snap_text_feed(text);
    enum mr_code code = mr_db_load(w->db, w->sql.ptr, w->sql.len, &feed, loaded, err);
    mr_snap_text_close(text);
    if (code == MR_OK && loaded->warnings > 0)
        show_warnings(w, task->chunk);
    return code;
}

/* ---- INSERT instead ---- */

static void begin_insert(struct worker *w, const struct task *task)
{
    const struct mr_snap_table *t = task->table->snap;
    mr_strbuf_reset(&w->sql);
    mr_strbuf_add_str(&w->sql, "INSERT INTO ");
    mr_sql_table(&w->sql, task->table->db, t->name);
    for (size_t i = 0; i < t->ncolumns; i++) {
        mr_strbuf_add_str(&w->sql, i == 0 ? " (" : ", ");
        mr_sql_ident(&w->sql, t->columns[i].name);
    }
    mr_strbuf_add_str(&w->sql, ") VALUES ");
}

static void add_row(struct mr_strbuf *sql, const struct mr_snap_table *t,
                    const struct mr_value *values, bool first)
{
    mr_strbuf_add_str(sql, first ? "(" : ",\n(");
    for (size_t i = 0; i < t->ncolumns; i++) {
        if (i > 0)
            mr_strbuf_add_char(sql, ',');
        mr_sql_value(sql, &values[i], t->columns[i].charset);
    }
    mr_strbuf_add_char(sql, ')');
}

static uint64_t bytes_needed(const struct worker *w)
{
    return (uint64_t)w->sql.len + HEAD_BYTES;
}

static bool is_too_long(const struct worker *w)
{
    const uint64_t max = mr_db_server(w->db)->max_packet_bytes;
    return max > 0 && bytes_needed(w) >= max;
}

static enum mr_code too_long(const struct worker *w, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_SQL,
                     "a row needs a statement of %" PRIu64 " bytes, and max_allowed_packet is "
                     "%" PRIu64,
                     bytes_needed(w), mr_db_server(w->db)->max_packet_bytes);
    mr_err_hint(err, "Raise max_allowed_packet, or allow LOAD DATA LOCAL: SET GLOBAL "
                     "local_infile = 1.");
    return MR_E_SQL;
}

/* A row that the statement has no room for any more begins the next one. */
static enum mr_code append_row(struct worker *w, const struct task *task,
                               const struct mr_value *values, uint64_t *pending, struct mr_err *err)
{
    const size_t before = w->sql.len;
    if (*pending > 0) {
        add_row(&w->sql, task->table->snap, values, false);
        (*pending)++;
        if (!is_too_long(w))
            return MR_OK;
        MR_TRY(mr_strbuf_check(&w->sql, "building a statement", err));
        MR_TRY(mr_db_exec(w->db, w->sql.ptr, before, err));
    }
    begin_insert(w, task);
    add_row(&w->sql, task->table->snap, values, true);
    *pending = 1;
    return is_too_long(w) ? too_long(w, err) : MR_OK;
}

/* Statements of about a megabyte, or of what the server takes: not a round trip for each row. */
static enum mr_code insert_rows(struct worker *w, const struct task *task,
                                struct mr_db_loaded *loaded, struct mr_err *err)
{
    struct mr_snap_rows *rows = NULL;
    const struct mr_value *values = NULL;
    uint64_t pending = 0;
    enum mr_code code =
        mr_snap_rows_open(&w->restore->snap, task->table->snap, task->chunk, &rows, err);
    while (code == MR_OK) {
        code = mr_snap_rows_next(rows, &values, err);
        if (code != MR_OK || values == NULL)
            break;
        loaded->rows++;
        code = append_row(w, task, values, &pending, err);
        if (code == MR_OK && w->sql.len >= INSERT_BYTES) {
            code = mr_restore_exec(w->db, &w->sql, err);
            pending = 0;
        }
    }
    if (code == MR_OK && pending > 0)
        code = mr_restore_exec(w->db, &w->sql, err);
    mr_snap_rows_close(rows);
    mr_strbuf_shrink(&w->sql, INSERT_BYTES * 2);
    return code;
}

/* Four bytes at most for one of a value. */
static bool may_be_wide(const struct mr_snap_chunk *chunk, size_t head_bytes, uint64_t max_bytes)
{
    return chunk->plain_bytes > (max_bytes - head_bytes) / 4 || head_bytes > max_bytes;
}

static enum mr_code measure_chunk(struct worker *w, const struct task *task, uint64_t *bytes,
                                  struct mr_err *err)
{
    struct mr_snap_rows *rows = NULL;
    const struct mr_value *values = NULL;
    enum mr_code code =
        mr_snap_rows_open(&w->restore->snap, task->table->snap, task->chunk, &rows, err);
    while (code == MR_OK) {
        code = mr_is_cancelled() ? mr_cancelled_err(err) : mr_snap_rows_next(rows, &values, err);
        if (code != MR_OK || values == NULL)
            break;
        begin_insert(w, task);
        add_row(&w->sql, task->table->snap, values, true);
        code = mr_strbuf_check(&w->sql, "building a statement", err);
        *bytes = bytes_needed(w) > *bytes ? bytes_needed(w) : *bytes;
        mr_strbuf_shrink(&w->sql, INSERT_BYTES * 2);
    }
    mr_snap_rows_close(rows);
    return code;
}

enum mr_code mr_restore_measure(struct mr_restore *r, const struct mr_restore_table *t,
                                uint64_t max_bytes, uint64_t *bytes, struct mr_err *err)
{
    struct worker w = {.restore = r, .sql = MR_STRBUF_INIT};
    struct task task = {.table = (struct mr_restore_table *)(uintptr_t)t};
    enum mr_code code = MR_OK;
    *bytes = 0;
    begin_insert(&w, &task);
    const size_t head_bytes = (size_t)bytes_needed(&w);
    for (size_t i = 0; code == MR_OK && i < t->snap->nchunks; i++) {
        task.chunk = &t->snap->chunks[i];
        if (may_be_wide(task.chunk, head_bytes, max_bytes))
            code = measure_chunk(&w, &task, bytes, err);
    }
    if (*bytes < max_bytes)
        *bytes = 0;
    mr_strbuf_release(&w.sql);
    return code;
}

/* ---- in bulk, of MariaDB ---- */

static enum mr_code send_bulk(struct worker *w, const struct task *task, struct mr_bulk *bulk,
                              struct mr_db_loaded *loaded, struct mr_err *err)
{
    const unsigned before = loaded->warnings;
    if (mr_is_cancelled())
        return mr_cancelled_err(err);
    MR_TRY(mr_bulk_send(bulk, loaded, err));
    if (loaded->warnings > before)
        show_warnings(w, task->chunk);
    return MR_OK;
}

/* Its prepared statements may be used up (max_prepared_stmt_count), by others, too: then *bulk is NULL.
 * What is wrong with the table the other way finds as well. */
static enum mr_code open_bulk(struct worker *w, const struct task *task, struct mr_bulk **bulk,
                              struct mr_err *err)
{
    const struct mr_restore_bulk *plan = task->table->bulk;
    struct mr_err why = {0};
    mr_strbuf_reset(&w->sql);
    mr_restore_bulk_sql(&w->sql, task->table);
    MR_TRY(mr_strbuf_check(&w->sql, "building a statement", err));
    enum mr_code code =
        mr_bulk_open(w->db, w->sql.ptr, w->sql.len, plan->kinds, plan->table.ncolumns, bulk, &why);
    if (code == MR_E_SQL && !mr_db_error_is_passing(why.sql_errno)) {
        mr_log_detail("\"%s\" does not go in bulk: %s", task->chunk->file, why.message);
        return MR_OK;
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    return code;
}

/* *wide: there is no bulk, or a row is longer than a packet may be, and the rest is not sent. */
static enum mr_code bulk_rows(struct worker *w, const struct task *task,
                              struct mr_db_loaded *loaded, bool *wide, struct mr_err *err)
{
    const struct mr_restore_bulk *plan = task->table->bulk;
    struct mr_snap_rows *rows = NULL;
    struct mr_bulk *bulk = NULL;
    const struct mr_value *values = NULL;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(open_bulk(w, task, &bulk, err));
    if ((*wide = bulk == NULL))
        goto out;
    MR_TRY_OUT(mr_snap_rows_open(&w->restore->snap, &plan->table, task->chunk, &rows, err));
    for (;;) {
        MR_TRY_OUT(mr_snap_rows_next(rows, &values, err));
        *wide = values != NULL && mr_restore_bulk_width(plan, values) > mr_bulk_row_bytes_max(bulk);
        if (values == NULL || *wide)
            break;
        MR_TRY_OUT(mr_bulk_add(bulk, values, err));
        if (mr_bulk_is_full(bulk))
            MR_TRY_OUT(send_bulk(w, task, bulk, loaded, err));
    }
    if (!*wide)
        MR_TRY_OUT(send_bulk(w, task, bulk, loaded, err));
out:
    mr_snap_rows_close(rows);
    mr_bulk_close(bulk);
    return code;
}

/* What is too wide for a packet goes as a text, which has no such bound, with all of its chunk. */
static enum mr_code put_rows(struct worker *w, const struct task *task, struct mr_db_loaded *loaded,
                             struct mr_err *err)
{
    bool wide = false;
    if (task->table->bulk != NULL) {
        MR_TRY(bulk_rows(w, task, loaded, &wide, err));
        if (!wide)
            return MR_OK;
        MR_TRY(exec_text(w, "ROLLBACK", err));
        MR_TRY(exec_text(w, "START TRANSACTION", err));
        *loaded = (struct mr_db_loaded){0};
        mr_strbuf_reset(&w->warning);
    }
    return w->restore->insert ? insert_rows(w, task, loaded, err) : load_file(w, task, loaded, err);
}

/* ---- chunks ---- */

/* A row that LOAD DATA leaves out is a warning only, whose text is the reason. */
static enum mr_code check_count(const struct worker *w, const struct task *task,
                                const struct mr_db_loaded *loaded, struct mr_err *err)
{
    const struct mr_snap_chunk *chunk = task->chunk;
    if (loaded->rows == chunk->rows)
        return MR_OK;
    return mr_err_set(err, MR_E_SQL, "\"%s\": the server took %" PRIu64 " of %" PRIu64 " rows%s%s",
                      chunk->file, loaded->rows, chunk->rows, w->warning.len > 0 ? ": " : "",
                      w->warning.ptr);
}

/* One transaction, taken back where it fails. */
static enum mr_code try_chunk(struct worker *w, const struct task *task,
                              struct mr_db_loaded *loaded, struct mr_err *err)
{
    struct mr_restore *r = w->restore;
    *loaded = (struct mr_db_loaded){0};
    mr_strbuf_reset(&w->warning);
    w->loading = false;
    w->committing = false;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_throttle_wait(r->throttle, err));
    MR_TRY_OUT(exec_text(w, "START TRANSACTION", err));
    w->loading = true;
    MR_TRY_OUT(put_rows(w, task, loaded, err));
    MR_TRY_OUT(check_count(w, task, loaded, err));
    w->loading = false;
    MR_TRY_OUT(record_done(w, task->chunk, err));
    w->committing = true;
    MR_TRY_OUT(exec_text(w, "COMMIT", err));
out:
    if (code != MR_OK && !mr_db_is_lost(w->db))
        w->taken_back = exec_text(w, "ROLLBACK", NULL) == MR_OK;
    return code;
}

/* What was not taken back the next START TRANSACTION would commit; and what a failed COMMIT has
 * committed all the same would be there twice. */
static enum mr_code try_again(struct worker *w, const struct task *task,
                              struct mr_db_loaded *loaded, struct mr_err *err)
{
    bool is_done = false;
    w->loading = false;
    if (!w->taken_back)
        MR_TRY(exec_text(w, "ROLLBACK", err));
    w->taken_back = true;
    if (w->committing)
        MR_TRY(look_for_line(w, task->chunk, &is_done, err));
    return is_done ? MR_OK : try_chunk(w, task, loaded, err);
}

/* The server may still be taking back what a killed run has loaded; another node of Galera may have
 * won, or this one be without its cluster for a moment. */
static bool is_passing(const struct worker *w, const struct task *task, enum mr_code code,
                       const struct mr_err *why)
{
    return mr_restore_is_undone(w->restore, task->table) && !mr_db_is_lost(w->db) &&
           (code == MR_E_TIMEOUT || (code != MR_OK && mr_db_error_is_passing(why->sql_errno)));
}

/* Tried again while the transaction leaves no trace. Engines without transactions have no second
 * try, since the first one stays. */
static enum mr_code load_chunk(struct worker *w, const struct task *task, struct mr_err *err)
{
    struct mr_restore *r = w->restore;
    struct mr_db_loaded loaded;
    struct mr_err why = {0};
    enum mr_code code = try_chunk(w, task, &loaded, &why);
    for (unsigned tries = 1; tries < TRIES && is_passing(w, task, code, &why); tries++) {
        mr_log_detail("\"%s\" is loaded again: %s", task->chunk->file, why.message);
        MR_TRY(mr_backoff_wait(r->pause_ms, tries, err));
        why = (struct mr_err){0};
        code = try_again(w, task, &loaded, &why);
    }
    if (w->loading && !mr_db_is_lost(w->db) && mr_restore_is_of_table(code, &why) &&
        !(mr_restore_is_undone(r, task->table) && mr_restore_is_disk_full(&why)))
        return mr_restore_set_aside(r, task->table,
                                    r->opts->data_only ? MR_ASIDE_PART : MR_ASIDE_LEFT, &why, err);
    if (code != MR_OK) {
        if (err != NULL)
            *err = why;
        mr_err_context(err, "table \"%s.%s\"", task->table->db, task->table->snap->name);
        return code;
    }
    pthread_mutex_lock(&r->lock);
    task->table->loaded += loaded.rows;
    task->table->warnings += loaded.warnings;
    pthread_mutex_unlock(&r->lock);
    mr_progress_add(r->progress, loaded.rows, task->chunk->plain_bytes);
    return MR_OK;
}

/* Was it the last task of a table that has all of its rows now? */
static bool ends_rows(struct mr_restore *r, struct mr_restore_table *t)
{
    pthread_mutex_lock(&r->lock);
    const bool last = --t->left == 0 && t->aside == NULL;
    pthread_mutex_unlock(&r->lock);
    return last;
}

/* By whoever loads the last of the rows, while others go on with other tables. */
static enum mr_code end_task(struct worker *w, const struct task *task, struct mr_err *err)
{
    struct mr_restore *r = w->restore;
    struct mr_restore_table *t = task->table;
    if (!ends_rows(r, t) || t->nlate == 0)
        return MR_OK;
    MR_TRY(mr_throttle_wait(r->throttle, err));
    return mr_restore_make_indexes(r, t, w->db, err);
}

/* What is left of a table that is set aside is not loaded. */
static enum mr_code load_task(struct worker *w, const struct task *task, struct mr_err *err)
{
    struct mr_restore *r = w->restore;
    const struct mr_snap_table *t = task->table->snap;
    size_t count = task->is_loaded ? 0 : task->chunk != NULL ? 1 : t->nchunks;
    for (size_t i = 0; i < count; i++) {
        const struct task one = {.table = task->table,
                                 .chunk = task->chunk != NULL ? task->chunk : &t->chunks[i]};
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if (!mr_restore_is_aside(r, task->table))
            MR_TRY(load_chunk(w, &one, err));
        mr_progress_add_done(r->progress, one.chunk->plain_bytes + 1);
    }
    return end_task(w, task, err);
}

/* ---- workers ---- */

static enum mr_code setup(void *ctx, unsigned worker, void **state, struct mr_err *err)
{
    struct worker *w = calloc(1, sizeof *w);
    (void)worker;
    *state = w;
    if (w == NULL)
        return mr_err_nomem(err, "restoring");
    w->restore = ctx;
    mr_strbuf_init(&w->sql);
    mr_strbuf_init(&w->warning);
    struct mr_db_opts opts = w->restore->db_opts;
    opts.same_as = mr_db_server(w->restore->db); /* which was found fit to be written to */
    enum mr_code code = mr_db_open(&w->restore->ep, &opts, &w->db, err);
    if (code == MR_OK)
        code = exec_text(w, mr_snap_session_sql, err);
    if (code == MR_OK && w->restore->opts->no_binlog)
        code = mr_binlog_off(w->db, err);
    if (code != MR_OK) {
        mr_db_close(w->db);
        free(w);
    }
    return code;
}

static enum mr_code work(void *ctx, void *state, void *item, struct mr_err *err)
{
    (void)ctx;
    return load_task(state, item, err);
}

static void teardown(void *ctx, void *state)
{
    struct worker *w = state;
    (void)ctx;
    mr_db_close(w->db);
    mr_strbuf_release(&w->sql);
    mr_strbuf_release(&w->warning);
    free(w);
    mr_db_thread_end();
}

static void tick(void *ctx)
{
    mr_progress_tick(((struct mr_restore *)ctx)->progress);
}

/* ---- planning ---- */

static enum mr_code add_task(struct mr_restore *r, struct mr_pool *pool, struct mr_restore_table *t,
                             const struct mr_snap_chunk *chunk, bool is_loaded, struct mr_err *err)
{
    struct task *task = mr_arena_alloc(&r->arena, sizeof *task);
    if (task == NULL)
        return mr_err_nomem(err, "restoring");
    *task = (struct task){t, chunk, is_loaded};
    t->left++;
    return mr_pool_add(pool, task, err);
}

static enum mr_code add_table(struct mr_restore *r, struct mr_pool *pool,
                              struct mr_restore_table *t, struct mr_err *err)
{
    bool again = r->resumed && !t->is_there; /* made now, or of --data-only emptied */
    bool whole = mr_snap_is_ascending(t->snap), any = false;
    if (mr_snap_is_merge(t->snap) || t->aside != NULL)
        return MR_OK;
    enum mr_code code = again && r->opts->data_only ? mr_restore_forget(r, t, err) : MR_OK;
    for (size_t i = 0; code == MR_OK && i < t->snap->nchunks; i++) {
        const struct mr_snap_chunk *chunk = &t->snap->chunks[i];
        if (!again && mr_restore_is_done(r, chunk->file)) {
            t->loaded += chunk->rows;
            continue;
        }
        if (!any)
            code = mr_restore_plan_bulk(r, t, err);
        any = true;
        mr_progress_add_total(r->progress, chunk->plain_bytes + 1);
        if (code == MR_OK && !whole)
            code = add_task(r, pool, t, chunk, false, err);
    }
    const bool lacks = !any && t->nlate > 0; /* indexes alone */
    return code == MR_OK && ((whole && any) || lacks) ? add_task(r, pool, t, NULL, lacks, err)
                                                      : code;
}

/* Which files are left is decided before the first worker starts, so that totals are right and
 * no file is loaded by two. */
enum mr_code mr_restore_load(struct mr_restore *r, struct mr_err *err)
{
    const struct mr_pool_hooks hooks = {
        .setup = setup, .task = work, .teardown = teardown, .tick = tick, .ctx = r};
    struct mr_pool *pool = NULL;
    enum mr_code code = MR_OK;
    if (r->opts->schema_only)
        return MR_OK;
    MR_TRY_OUT(mr_pool_new(&hooks, r->opts->threads, &pool, err));
    for (size_t i = 0; i < r->ntables; i++)
        MR_TRY_OUT(add_table(r, pool, &r->tables[i], err));
    MR_TRY_OUT(mr_pool_run(pool, err));
out:
    mr_pool_free(pool);
    return code;
}
