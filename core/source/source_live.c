/* source_live.c: a live server as a source of rows; see source.h. */
#include "core/source/source_live.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/source/source_sql.h"

#define MR_LIVE_RECONNECT_ATTEMPTS 8
#define FREE_AGAIN_S 1.0

struct live_source {
    struct mr_source base;
    const struct mr_endpoint *ep;
    struct mr_source_opts opts;
    pthread_mutex_t lock;
    bool is_known; /* under the lock: */
    bool said_locks;
    struct mr_server server;
};

struct live_reader {
    struct mr_reader base;
    struct mr_db *db;
    bool lost;               /* to be reconnected before its next use */
    bool has_savepoint;      /* where its view begins */
    double freed_s;          /* when it unlocked by itself after a reading */
    struct mr_strbuf held;   /* what it read last: db, table, each with its NUL */
    const char *keeps_locks; /* why, to the view's end; or NULL */
    enum mr_class *classes;
    size_t classes_cap;
    size_t *all; /* 0, 1, 2 …: for rows of which all values are wanted */
    size_t all_cap;
};

static struct live_source *source_of(struct mr_reader *reader)
{
    return (struct live_source *)reader->source;
}

static struct live_reader *live(struct mr_reader *reader)
{
    return (struct live_reader *)reader;
}

/* Says which table (the server stands in the message); not of errors that are nobody's but our own. */
static void add_context(const struct mr_readspec *spec, enum mr_code code, struct mr_err *err)
{
    if (code == MR_E_CANCELLED || code == MR_E_NOMEM)
        return;
    mr_err_context(err, "table \"%s.%s\"", spec->db, spec->table);
}

static enum mr_code ensure_connected(struct mr_reader *reader, struct mr_err *err)
{
    struct live_reader *lr = live(reader);
    const struct mr_source_opts *opts = &source_of(reader)->opts;
    if (!lr->lost)
        return MR_OK;
    if (opts->consistent) {
        (void)mr_err_set(err, MR_E_LOST, "the connection that held the consistent view was lost");
        mr_err_hint(err, "Run it again: with --consistent a comparison cannot go on "
                         "after its view is gone.");
        return MR_E_LOST;
    }
    unsigned attempts =
        opts->reconnect_attempts > 0 ? opts->reconnect_attempts : MR_LIVE_RECONNECT_ATTEMPTS;
    MR_TRY(mr_db_reconnect(lr->db, attempts, err));
    if (reader->renewed != NULL)
        MR_TRY(reader->renewed(reader->renewed_ctx, lr->db, err));
    lr->lost = false;
    return MR_OK;
}

/* Room for the classes of a statement's columns; the reader keeps it. */
static enum mr_class *classes_for(struct live_reader *lr, size_t count)
{
    if (count <= lr->classes_cap)
        return lr->classes;
    enum mr_class *grown = reallocarray(lr->classes, count, sizeof *grown);
    if (grown != NULL) {
        lr->classes = grown;
        lr->classes_cap = count;
    }
    return grown;
}

/* The positions of so many columns; the reader keeps them. */
static const size_t *all_columns(struct live_reader *lr, size_t count)
{
    if (count > lr->all_cap) {
        size_t *grown = reallocarray(lr->all, count, sizeof *grown);
        if (grown == NULL)
            return NULL;
        lr->all = grown;
        lr->all_cap = count;
        for (size_t i = 0; i < count; i++)
            grown[i] = i;
    }
    return lr->all;
}

/* One SELECT from its first row to its last. */
struct reading {
    const struct mr_readspec *spec;
    const struct mr_strbuf *sql;
    const enum mr_class *classes;
    size_t count;
    mr_row_fn *fn;
    mr_raw_row_fn *raw_fn; /* instead of fn: rows may come raw … */
    const size_t *wanted;  /* … with the values of these columns */
    size_t nwanted;
    void *ctx;
    uint64_t most; /* rows that it asks for; 0: all that there are */
};

/* The reader's memory goes by what was asked for: a server, or whoever stands in between, that
 * sends rows without an end would fill all there is. */
static enum mr_code check_count(const struct mr_db *db, const struct reading *what, uint64_t given,
                                struct mr_err *err)
{
    if (what->most == 0 || given <= what->most)
        return MR_OK;
    (void)mr_err_set(err, MR_E_SQL,
                     "server \"%s\" gave more rows than the %" PRIu64 " that were asked for",
                     mr_db_label(db), what->most);
    mr_err_hint(err, "Whatever answers there, or stands in between, does not speak like a "
                     "MySQL or MariaDB server.");
    return MR_E_SQL;
}

/* Has the server ended the stream by saying so, and goes on listening? */
static bool leaves_connection(const struct mr_db *db, enum mr_code code)
{
    if (mr_db_is_lost(db))
        return false;
    return code == MR_E_TIMEOUT || code == MR_E_SQL || code == MR_E_DENIED || code == MR_E_NO_SUCH;
}

/* Every row to fn; *own is false if it was fn that ended it. */
static enum mr_code give_rows(const struct mr_db *db, struct mr_stream *stream,
                              const struct reading *what, bool *own, struct mr_err *err)
{
    const struct mr_value *values = NULL;
    enum mr_code code;
    uint64_t given = 0;
    while ((code = mr_stream_next(stream, &values, err)) == MR_OK && values != NULL) {
        MR_TRY(check_count(db, what, ++given, err));
        code = what->fn(what->ctx, values, err);
        if (code != MR_OK) {
            *own = false;
            break;
        }
    }
    return code;
}

static enum mr_code give_raw_rows(const struct mr_db *db, struct mr_stream *stream,
                                  const struct reading *what, bool *own, struct mr_err *err)
{
    struct mr_raw_row row = {0};
    enum mr_code code;
    uint64_t given = 0;
    bool raw = mr_stream_begin_raw(stream, what->wanted, what->nwanted, &row);
    for (;;) {
        code =
            raw ? mr_stream_next_raw(stream, &row, err) : mr_stream_next(stream, &row.values, err);
        if (code != MR_OK || (raw ? row.ptr == NULL : row.values == NULL))
            return code;
        MR_TRY(check_count(db, what, ++given, err));
        code = what->raw_fn(what->ctx, &row, err);
        if (code != MR_OK) {
            *own = false;
            return code;
        }
    }
}

static enum mr_code live_unlock(struct mr_reader *reader, struct mr_err *err)
{
    static const char sql[] = "ROLLBACK TO SAVEPOINT myrecon";
    struct live_reader *lr = live(reader);
    if (!lr->has_savepoint || lr->lost)
        return MR_OK;
    enum mr_code code = mr_db_exec(lr->db, sql, sizeof sql - 1, err);
    lr->lost = mr_db_is_lost(lr->db);
    if (code == MR_E_NO_SUCH) { /* another transaction, as of a proxy */
        lr->lost = true;
        code = mr_err_set(err, MR_E_LOST,
                          "server \"%s\": the consistent view has ended, though the "
                          "connection has not",
                          mr_db_label(lr->db));
    }
    return code;
}

static bool is_held(const struct live_reader *lr, const struct mr_readspec *spec)
{
    const struct mr_strbuf *held = &lr->held;
    return held->len == 0 || (strcmp(held->ptr, spec->db) == 0 &&
                              strcmp(held->ptr + strlen(spec->db) + 1, spec->table) == 0);
}

/* Of a view that frees tables: before it reads, and may have to wait for, another one; and
 * else so seldom that a slow line does not feel it. */
static enum mr_code free_others(struct mr_reader *reader, const struct mr_readspec *next,
                                struct mr_err *err)
{
    struct live_reader *lr = live(reader);
    if (!source_of(reader)->opts.frees_tables)
        return MR_OK;
    enum mr_code code = is_held(lr, next) ? MR_OK : live_unlock(reader, err);
    mr_strbuf_reset(&lr->held);
    mr_strbuf_add(&lr->held, next->db, strlen(next->db) + 1);
    mr_strbuf_add(&lr->held, next->table, strlen(next->table) + 1);
    return code == MR_OK ? mr_strbuf_check(&lr->held, "reading a table", err) : code;
}

static enum mr_code free_read(struct mr_reader *reader, struct mr_err *err)
{
    struct live_reader *lr = live(reader);
    double now_s = mr_clock_now_s();
    if (!source_of(reader)->opts.frees_tables || now_s < lr->freed_s + FREE_AGAIN_S)
        return MR_OK;
    lr->freed_s = now_s;
    return live_unlock(reader, err);
}

/*
 * An error of fn is passed on as it is.  A stream that was not read to its end takes
 * the connection with it (db.h), whatever the reason.
 */
static enum mr_code read_rows(struct mr_reader *reader, const struct reading *what,
                              struct mr_err *err)
{
    struct live_reader *lr = live(reader);
    struct mr_stream *stream = NULL;
    bool own = true; /* the error is of the reading, not of fn */
    enum mr_code code = mr_strbuf_check(what->sql, "building a query", err);
    if (code != MR_OK)
        return code;
    code = ensure_connected(reader, err);
    if (code == MR_OK)
        code = free_others(reader, what->spec, err);
    if (code != MR_OK)
        goto out;
    code = mr_stream_open(lr->db, what->sql->ptr, what->sql->len, what->classes, what->count,
                          what->spec->store, &stream, err);
    if (code != MR_OK) {
        lr->lost = code == MR_E_LOST || mr_db_is_lost(lr->db);
        goto out;
    }
    code = what->raw_fn != NULL ? give_raw_rows(lr->db, stream, what, &own, err)
                                : give_rows(lr->db, stream, what, &own, err);
    mr_stream_close(stream);
    lr->lost = !(code == MR_OK || (own && leaves_connection(lr->db, code)));
    if (code == MR_OK)
        code = free_read(reader, err);
out:
    if (code != MR_OK && own)
        add_context(what->spec, code, err);
    return code;
}

/* Reads all columns of what->spec. */
static enum mr_code read_columns(struct mr_reader *reader, struct reading what, struct mr_err *err)
{
    enum mr_class *classes = classes_for(live(reader), what.spec->ncols);
    if (classes == NULL)
        return mr_err_nomem(err, "reading a table");
    for (size_t i = 0; i < what.spec->ncols; i++)
        classes[i] = what.spec->cols[i].cls;
    what.classes = classes;
    what.count = what.spec->ncols;
    return read_rows(reader, &what, err);
}

enum mr_code mr_live_read_keys(struct mr_reader *reader, const struct mr_readspec *spec,
                               const struct mr_strbuf *sql, mr_row_fn *fn, void *ctx,
                               struct mr_err *err)
{
    enum mr_class *classes = classes_for(live(reader), spec->nkey);
    if (classes == NULL)
        return mr_err_nomem(err, "reading keys");
    for (size_t i = 0; i < spec->nkey; i++)
        classes[i] = spec->cols[spec->key[i]].cls;
    const struct reading what = {
        .spec = spec, .sql = sql, .classes = classes, .count = spec->nkey, .fn = fn, .ctx = ctx};
    return read_rows(reader, &what, err);
}

static enum mr_code live_scan(struct mr_reader *reader, const struct mr_readspec *spec,
                              struct mr_range range, uint64_t limit, mr_row_fn *fn, void *ctx,
                              struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_source_sql_scan(&sql, spec, range, limit);
    enum mr_code code = read_columns(
        reader, (struct reading){.spec = spec, .sql = &sql, .fn = fn, .ctx = ctx, .most = limit},
        err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code live_scan_raw(struct mr_reader *reader, const struct mr_readspec *spec,
                                  struct mr_range range, uint64_t limit, mr_raw_row_fn *fn,
                                  void *ctx, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct reading what = {.spec = spec,
                           .sql = &sql,
                           .raw_fn = fn,
                           .wanted = spec->key,
                           .nwanted = spec->nkey,
                           .ctx = ctx,
                           .most = limit};
    if (spec->whole_rows) {
        what.wanted = all_columns(live(reader), spec->ncols);
        what.nwanted = spec->ncols;
        if (what.wanted == NULL)
            return mr_err_nomem(err, "reading rows");
    }
    mr_source_sql_scan(&sql, spec, range, limit);
    enum mr_code code = read_columns(reader, what, err);
    mr_strbuf_release(&sql);
    return code;
}

static enum mr_code live_fetch(struct mr_reader *reader, const struct mr_readspec *spec,
                               const struct mr_key *keys, size_t nkeys, mr_row_fn *fn, void *ctx,
                               struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    mr_source_sql_fetch(&sql, spec, keys, nkeys);
    enum mr_code code = read_columns(
        reader, (struct reading){.spec = spec, .sql = &sql, .fn = fn, .ctx = ctx}, err);
    mr_strbuf_release(&sql);
    return code;
}

/* Where a key that is read goes. */
struct key_sink {
    struct mr_strbuf *key;
    size_t nkey;
};

static enum mr_code keep_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    const struct key_sink *sink = ctx;
    mr_strbuf_reset(sink->key);
    for (size_t i = 0; i < sink->nkey; i++) {
        MR_TRY(mr_row_encode(sink->key, &values[i], err));
    }
    return mr_strbuf_check(sink->key, "reading a key", err);
}

static enum mr_code live_bound_after(struct mr_reader *reader, const struct mr_readspec *spec,
                                     struct mr_range range, uint64_t rows, struct mr_strbuf *key,
                                     struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct key_sink sink = {key, spec->nkey};
    mr_source_sql_nth(&sql, spec, range, rows);
    enum mr_code code = mr_live_read_keys(reader, spec, &sql, keep_key, &sink, err);
    mr_strbuf_release(&sql);
    return code;
}

/* A sum as text; of no rows it is NULL. */
static bool keep_sum(char *out, size_t size, const struct mr_cell *cell)
{
    if (cell->len >= size)
        return false;
    (void)snprintf(out, size, "%s", cell->ptr != NULL ? cell->ptr : "0");
    return true;
}

static uint64_t count_in(const struct mr_cell *cell)
{
    return cell->ptr != NULL ? strtoull(cell->ptr, NULL, 10) : 0;
}

/* Of the cells COUNT_AND_SUMS of source_sql.c. */
static bool keep_digest(struct mr_range_digest *out, const struct mr_cell *cells)
{
    out->rows = count_in(&cells[0]);
    out->exact = count_in(&cells[1]) == out->rows;
    return keep_sum(out->words[0], sizeof out->words[0], &cells[2]) &&
           keep_sum(out->words[1], sizeof out->words[1], &cells[3]);
}

/* A statement about digests, and its answer. */
static enum mr_code ask_digests(struct mr_reader *reader, const struct mr_readspec *spec,
                                const char *shape, const struct mr_strbuf *sql,
                                struct mr_result **res, struct mr_err *err)
{
    struct live_reader *lr = live(reader);
    enum mr_code code = mr_strbuf_check(sql, "building a query", err);
    if (code == MR_OK)
        code = ensure_connected(reader, err);
    if (code == MR_OK) {
        code = mr_db_query(lr->db, shape, sql->ptr, sql->len, res, err);
        lr->lost = code == MR_E_LOST || mr_db_is_lost(lr->db);
    }
    if (code != MR_OK)
        add_context(spec, code, err);
    return code;
}

static enum mr_code no_digest(struct mr_reader *reader, struct mr_err *err)
{
    return mr_err_set(err, MR_E_SQL, "server \"%s\" gave no digest", mr_db_label(live(reader)->db));
}

static enum mr_code live_digest(struct mr_reader *reader, const struct mr_readspec *spec,
                                struct mr_range range, struct mr_range_digest *out,
                                struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    mr_source_sql_digest(&sql, spec, range);
    enum mr_code code = ask_digests(reader, spec, "nnnn", &sql, &res, err);
    if (code == MR_OK) {
        const struct mr_cell *row = mr_result_next(res);
        if (row == NULL || !keep_digest(out, row))
            code = no_digest(reader, err);
    }
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* A part that no row is given of has none; one that is given twice, or is none, is no answer. */
static bool keep_parts(struct mr_range_digest *out, size_t nparts, struct mr_result *res)
{
    bool seen[MR_CUTS_MAX + 1] = {false};
    const struct mr_cell *row;
    for (size_t i = 0; i < nparts; i++)
        out[i] = (struct mr_range_digest){.words = {"0", "0"}, .exact = true};
    while ((row = mr_result_next(res)) != NULL) {
        const uint64_t part = count_in(&row[0]);
        if (part >= nparts || seen[part] || !keep_digest(&out[part], row + 1))
            return false;
        seen[part] = true;
    }
    return true;
}

static enum mr_code live_digest_parts(struct mr_reader *reader, const struct mr_readspec *spec,
                                      struct mr_range range, const struct mr_key *cuts,
                                      size_t ncuts, struct mr_range_digest *out, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    if (ncuts == 0 || ncuts > MR_CUTS_MAX)
        return mr_err_set(err, MR_E_BUG, "a range is cut %zu times", ncuts);
    mr_source_sql_digest_parts(&sql, spec, range, cuts, ncuts);
    enum mr_code code = ask_digests(reader, spec, "vnnnn", &sql, &res, err);
    if (code == MR_OK && !keep_parts(out, ncuts + 1, res))
        code = no_digest(reader, err);
    mr_result_free(res);
    mr_strbuf_release(&sql);
    return code;
}

/* Where keys that are read go, one behind the other. */
struct keys_sink {
    struct mr_arena *arena;
    struct mr_vec *keys;
    struct mr_strbuf key;
    size_t nkey, most;
};

static enum mr_code keep_each_key(void *ctx, const struct mr_value *values, struct mr_err *err)
{
    struct keys_sink *sink = ctx;
    struct key_sink one = {&sink->key, sink->nkey};
    if (sink->keys->count == sink->most)
        return mr_err_set(err, MR_E_SQL,
                          "the server gave more than the %zu keys that were asked for", sink->most);
    MR_TRY(keep_key(&one, values, err));
    const char *bytes = mr_arena_dup(sink->arena, sink->key.ptr, sink->key.len);
    struct mr_key *key = bytes != NULL ? mr_vec_push(sink->keys) : NULL;
    if (key == NULL)
        return mr_err_nomem(err, "reading keys");
    *key = (struct mr_key){bytes, sink->key.len};
    return MR_OK;
}

static enum mr_code live_cuts(struct mr_reader *reader, const struct mr_readspec *spec,
                              struct mr_range range, uint64_t every, size_t wanted,
                              struct mr_arena *arena, struct mr_vec *keys, struct mr_err *err)
{
    struct mr_strbuf sql = MR_STRBUF_INIT;
    struct keys_sink sink = {.arena = arena,
                             .keys = keys,
                             .key = MR_STRBUF_INIT,
                             .nkey = spec->nkey,
                             .most = keys->count + wanted};
    mr_source_sql_every(&sql, spec, range, every, wanted);
    enum mr_code code = mr_live_read_keys(reader, spec, &sql, keep_each_key, &sink, err);
    mr_strbuf_release(&sink.key);
    mr_strbuf_release(&sql);
    return code;
}

/* MariaDB lets go of no lock while the session may write its log, whatever the transaction
 * did; this one only reads. */
static enum mr_code leave_log(struct live_reader *lr, struct mr_err *err)
{
    static const char leave[] = "SET SESSION sql_log_bin = 0", ask[] = "SELECT @@GLOBAL.log_bin";
    struct mr_err why = {0};
    struct mr_strbuf has_log = MR_STRBUF_INIT;
    if (mr_db_server(lr->db)->flavour != MR_FLAVOUR_MARIADB)
        return MR_OK;
    enum mr_code code = mr_db_exec(lr->db, leave, sizeof leave - 1, &why);
    if (code == MR_E_DENIED) {
        code = mr_db_query_text(lr->db, ask, &has_log, &why);
        if (code == MR_OK && strcmp(has_log.ptr, "1") == 0)
            lr->keeps_locks =
                "MariaDB lets go of a table sooner only for an account with BINLOG ADMIN";
    }
    if (code != MR_OK && err != NULL)
        *err = why;
    mr_strbuf_release(&has_log);
    return code;
}

/* An engine or a proxy without savepoints keeps its locks.  In the log of a MariaDB a savepoint frees
 * nothing, and makes the view's end a write, which a read-only server refuses. */
static enum mr_code live_view_begun(struct mr_reader *reader, struct mr_err *err)
{
    static const char sql[] = "SAVEPOINT myrecon";
    struct live_reader *lr = live(reader);
    struct mr_err why = {0};
    if (lr->keeps_locks != NULL)
        return MR_OK;
    enum mr_code code = mr_db_exec(lr->db, sql, sizeof sql - 1, &why);
    lr->has_savepoint = code == MR_OK;
    if (code == MR_OK)
        return MR_OK;
    lr->lost = mr_db_is_lost(lr->db);
    if (!lr->lost && code != MR_E_CANCELLED && code != MR_E_NOMEM) {
        mr_log_detail("tables stay locked until the view ends: %s", why.message);
        lr->keeps_locks = "the server knows no savepoints";
        return MR_OK;
    }
    if (err != NULL)
        *err = why;
    return code;
}

static const char *live_keeps_locks(const struct mr_reader *reader)
{
    return ((const struct live_reader *)reader)->keeps_locks;
}

static struct mr_db *live_reader_db(struct mr_reader *reader)
{
    /* Where this fails, the next statement on the connection says so. */
    (void)ensure_connected(reader, NULL);
    return live(reader)->db;
}

static enum mr_code live_counter(struct mr_reader *reader, const struct mr_table *table,
                                 uint64_t *next, uint64_t *greatest, struct mr_err *err)
{
    return mr_schema_auto_increment(live_reader_db(reader), table, next, greatest, err);
}

static enum mr_code live_probe(struct mr_reader *reader, const char *db, const char *table,
                               const char *column, struct mr_err *err)
{
    return mr_schema_probe(live_reader_db(reader), db, table, column, err);
}

static void live_reader_free(struct mr_reader *reader)
{
    mr_db_close(live(reader)->db);
    free(live(reader)->classes);
    free(live(reader)->all);
    mr_strbuf_release(&live(reader)->held);
    free(reader);
}

/* The isolation level first: under READ COMMITTED a server ignores the snapshot. */
static enum mr_code open_view(struct mr_db *db, struct mr_err *err)
{
    static const char *const statements[] = {
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"};
    enum mr_code code = MR_OK;
    for (size_t i = 0; i < 2 && code == MR_OK; i++)
        code = mr_db_exec(db, statements[i], strlen(statements[i]), err);
    if (code != MR_OK)
        mr_err_context(err, "consistent view on server \"%s\"", mr_db_label(db));
    return code;
}

/* Every connection of a source is to the server of its first. */
static enum mr_code open_db(struct live_source *ls, struct mr_db **out, struct mr_err *err)
{
    struct mr_db *db = NULL;
    MR_TRY(mr_db_open(ls->ep, &ls->opts.db, &db, err));
    (void)pthread_mutex_lock(&ls->lock);
    if (!ls->is_known)
        ls->server = *mr_db_server(db);
    ls->is_known = true;
    enum mr_code code = mr_db_require_server(db, &ls->server, err);
    (void)pthread_mutex_unlock(&ls->lock);
    if (code != MR_OK)
        mr_db_close(db);
    else
        *out = db;
    return code;
}

/* Once; where tables are freed without the caller, nobody else would. */
static void say_locks(struct live_source *ls, const struct live_reader *lr)
{
    if (lr->keeps_locks == NULL || !ls->opts.frees_tables)
        return;
    (void)pthread_mutex_lock(&ls->lock);
    bool said = ls->said_locks;
    ls->said_locks = true;
    (void)pthread_mutex_unlock(&ls->lock);
    if (!said)
        mr_log_info("server \"%s\": an ALTER of a table that was read waits until all are "
                    "read, and writers wait behind it: %s",
                    mr_db_label(lr->db), lr->keeps_locks);
}

static enum mr_code live_reader_new(struct mr_source *src, struct mr_reader **out,
                                    struct mr_err *err)
{
    struct live_source *ls = (struct live_source *)src;
    struct live_reader *lr = calloc(1, sizeof *lr);
    if (lr == NULL)
        return mr_err_nomem(err, "opening a connection");
    lr->base.source = src;
    mr_strbuf_init(&lr->held);
    enum mr_code code = open_db(ls, &lr->db, err);
    if (code == MR_OK && ls->opts.consistent)
        code = leave_log(lr, err);
    if (code == MR_OK && ls->opts.consistent)
        code = open_view(lr->db, err);
    if (code == MR_OK && ls->opts.consistent)
        code = live_view_begun(&lr->base, err);
    if (code != MR_OK) {
        live_reader_free(&lr->base);
        return code;
    }
    say_locks(ls, lr);
    *out = &lr->base;
    return MR_OK;
}

static enum mr_code live_catalogue(struct mr_source *src, const char *const *dbs, size_t ndbs,
                                   const struct mr_catalogue_opts *opts, struct mr_catalogue **out,
                                   struct mr_err *err)
{
    struct live_source *ls = (struct live_source *)src;
    struct mr_db *db = NULL;
    enum mr_code code = open_db(ls, &db, err);
    if (code == MR_OK)
        code = mr_catalogue_load_as(db, dbs, ndbs, opts, out, err);
    if (code == MR_OK)
        code = mr_catalogue_read_creates(db, *out, err);
    if (code != MR_OK) {
        mr_catalogue_free(*out);
        *out = NULL;
    }
    mr_db_close(db);
    return code;
}

static void live_free(struct mr_source *src)
{
    (void)pthread_mutex_destroy(&((struct live_source *)src)->lock);
    free(src);
}

static void live_compress(struct mr_source *src)
{
    ((struct live_source *)src)->opts.db.compress = true;
}

static const struct mr_source_ops live_ops = {
    .catalogue = live_catalogue,
    .reader_new = live_reader_new,
    .reader_free = live_reader_free,
    .scan = live_scan,
    .scan_raw = live_scan_raw,
    .fetch = live_fetch,
    .bounds = mr_live_bounds,
    .bound_after = live_bound_after,
    .digest = live_digest,
    .cuts = live_cuts,
    .digest_parts = live_digest_parts,
    .reader_db = live_reader_db,
    .reader_view_begun = live_view_begun,
    .reader_unlock = live_unlock,
    .reader_keeps_locks = live_keeps_locks,
    .counter = live_counter,
    .compress = live_compress,
    .probe = live_probe,
    .free = live_free,
};

enum mr_code mr_source_live_new(const struct mr_endpoint *ep, const struct mr_source_opts *opts,
                                struct mr_source **out, struct mr_err *err)
{
    struct live_source *ls = calloc(1, sizeof *ls);
    *out = NULL;
    if (ls == NULL)
        return mr_err_nomem(err, "opening a source");
    ls->base.ops = &live_ops;
    ls->ep = ep;
    ls->opts = *opts;
    (void)pthread_mutex_init(&ls->lock, NULL);
    *out = &ls->base;
    return MR_OK;
}
