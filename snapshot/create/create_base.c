/* create_base.c: see create_base.h. */
#include "snapshot/create/create_base.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/log.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/logs/server_logs.h"
#include "core/db/db_binlog.h"
#include "core/db/replica_status.h"
#include "core/db/sqltext.h"
#include "core/logs/changed_keys.h"
#include "snapshot/create/view_log.h"
#include "snapshot/format/snap_logged.h"
#include "snapshot/read/snap_chain.h"
#include "snapshot/read/snap_order.h"
#include "snapshot/read/snap_rows.h"

#define KEY_BYTES_MAX                                                                              \
    ((size_t)128 * 1024 * 1024) /* of the keys of all tables: twice that in memory */
#define WHOLE_PART 4            /* where more than a fourth of the rows changed, all are read */
#define ROWS_MIN 1000           /* of a table that is so small there is nothing to be saved */
#define CLOCKS_DIFFER_S 300     /* of who made the base, and us */
#define HEAD_EVENTS 4           /* among which a log says when it was begun */

struct mr_create_base {
    struct mr_snap snap;
    struct mr_changed_keys changed;
    struct mr_create_table **tables; /* by place in the catalogue; NULL: it is not kept */
    const char *until_file;
    uint64_t until;
    uint64_t links;    /* of the base's chain, up to it; 0: not known */
    int64_t created_s; /* when it was made, by the clock of who made it */
    /* why log and rows may differ, whatever the log says, if it was not ended; NULL: they do not */
    const char *crashed;
};

/* ---- the base ---- */

static const struct mr_snap_manifest *manifest_of(const struct mr_create *c)
{
    return &c->base->snap.manifest;
}

static enum mr_code refuse(const struct mr_create *c, const char *why, struct mr_err *err)
{
    (void)mr_err_set(err, MR_E_REFUSED, "snapshot \"%s\" cannot be the base: %s", c->opts->base,
                     why);
    mr_err_hint(err, "Make a full snapshot (without --base), and go on from that.");
    return MR_E_REFUSED;
}

/* The base's own note says why it has none. */
static enum mr_code refuse_nowhere(const struct mr_create *c, struct mr_err *err)
{
    const char *note = manifest_of(c)->consistency.note;
    struct mr_strbuf why = MR_STRBUF_INIT;
    mr_strbuf_add_str(&why, "it does not say where its view stood in the server's log");
    if (note != NULL)
        mr_strbuf_add_fmt(&why, " (%.300s)", note);
    enum mr_code code = mr_strbuf_check(&why, "reading the base", err);
    if (code == MR_OK)
        code = refuse(c, why.ptr, err);
    mr_strbuf_release(&why);
    return code;
}

static enum mr_code require_position(const struct mr_create *c, struct mr_err *err)
{
    const struct mr_snap_manifest *m = manifest_of(c);
    if (m->consistency.binlog_file == NULL || m->consistency.binlog_file[0] == '\0')
        return refuse_nowhere(c, err);
    const char *why = mr_snap_logged_why(&m->consistency);
    if (why != NULL)
        return refuse(c, why, err);
    for (size_t i = 0; i < m->ntables; i++)
        if (m->tables[i].rows_of != NULL)
            return refuse(c, "it holds chosen rows of a case", err);
    return MR_OK;
}

/* An incremental base of an earlier version does not say how many it goes on from: those that lie beside it
 * are counted, and where one is not there nobody knows. */
static enum mr_code count_links(const struct mr_create *c, uint64_t *links, struct mr_err *err)
{
    const struct mr_snap_base *base = &manifest_of(c)->base;
    struct mr_snap_chain chain;
    *links = base->uuid == NULL ? 1 : base->links > 0 ? base->links + 1 : 0;
    if (*links > 0)
        return MR_OK;
    enum mr_code code = mr_snap_chain_open(&chain, c->opts->base, NULL, err);
    if (code == MR_OK && chain.missing == NULL)
        *links = chain.links.count;
    else if (chain.links.count >= MR_SNAP_LINKS_MAX)
        *links = MR_SNAP_LINKS_MAX;
    mr_snap_chain_close(&chain);
    return code == MR_E_NOMEM || code == MR_E_CANCELLED ? code : MR_OK;
}

/* A link that nobody could read is not made. */
static enum mr_code require_short(const struct mr_create *c, struct mr_err *err)
{
    char why[100];
    MR_TRY(count_links(c, &c->base->links, err));
    if (c->base->links < MR_SNAP_LINKS_MAX)
        return MR_OK;
    (void)snprintf(why, sizeof why, "its chain has %d links, and of more none is read",
                   MR_SNAP_LINKS_MAX);
    return refuse(c, why, err);
}

enum mr_code mr_create_base_open(struct mr_create *c, struct mr_err *err)
{
    if (c->opts->base == NULL)
        return MR_OK;
    c->base = mr_arena_calloc(&c->arena, 1, sizeof *c->base);
    if (c->base == NULL)
        return mr_err_nomem(err, "reading the base");
    MR_TRY(mr_snap_open(c->opts->base, &c->base->snap, err));
    MR_TRY(mr_snap_require_whole(&c->base->snap, err));
    MR_TRY(mr_snap_check_manifest(&c->base->snap, err));
    MR_TRY(mr_snap_require_whole(&c->base->snap, err));
    MR_TRY(require_short(c, err));
    return require_position(c, err);
}

void mr_create_base_close(struct mr_create *c)
{
    if (c->base == NULL)
        return;
    mr_changed_keys_release(&c->base->changed);
    mr_snap_close(&c->base->snap);
    c->base = NULL;
}

const char *mr_create_base_sha256(const struct mr_create *c)
{
    return c->base->snap.manifest_sha256;
}

/* ---- the server ---- */

/* MySQL's uuid is proof, but for a copy of its data.  MariaDB's server_uid, where it has one, is of the port and the
 * network alone: containers of several machines have the same (mr_server_is_same). */
static bool is_same_server(const struct mr_snap_server *was, const struct mr_server *now)
{
    const bool have_uuids = was->uuid[0] != '\0' && now->uuid[0] != '\0';
    if (was->flavour != now->flavour || was->server_id != now->server_id ||
        (have_uuids && strcmp(was->uuid, now->uuid) != 0))
        return false;
    return (now->flavour == MR_FLAVOUR_MYSQL && have_uuids) ||
           (was->port == now->port && strcmp(was->hostname, now->hostname) == 0);
}

static enum mr_code require_server(const struct mr_create *c, struct mr_err *err)
{
    const struct mr_snap_server *was = &manifest_of(c)->server;
    const struct mr_server *now = &c->cat->server;
    if (is_same_server(was, now))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED,
                     "snapshot \"%s\" cannot be the base: it is of another server (\"%s\", "
                     "server_id %" PRIu32 "; this one: \"%s\", %" PRIu32 ")",
                     c->opts->base, was->hostname, was->server_id, now->hostname, now->server_id);
    mr_err_hint(err, "Its position is one of that server's log. Name a base that was made of this "
                     "server, or make a full snapshot (without --base).");
    return MR_E_REFUSED;
}

static enum mr_code require_log(const struct mr_create *c, struct mr_err *err)
{
    struct mr_view_log log;
    MR_TRY(mr_view_log_look(c->db, &log, err));
    if (log.lacks == NULL)
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "the log does not tell what changed since \"%s\": %s",
                     c->opts->base, log.lacks);
    mr_err_hint(err, "Make a full snapshot (without --base).");
    return MR_E_REFUSED;
}

static enum mr_code refuse_anew(const struct mr_create *c, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "the server's log does not go on from snapshot \"%s\": it was begun anew, or is "
        "not the one that its position (\"%.200s\", %" PRIu64 ") is of",
        c->opts->base, manifest_of(c)->consistency.binlog_file,
        manifest_of(c)->consistency.binlog_position);
    mr_err_hint(err, "Make a full snapshot (without --base), and go on from that.");
    return MR_E_REFUSED;
}

/* MariaDB: the GTIDs of the place must be those that the base has for it. */
static enum mr_code require_same_place(const struct mr_create *c, struct mr_err *err)
{
    const struct mr_snap_consistency *was = &manifest_of(c)->consistency;
    struct mr_strbuf sql = MR_STRBUF_INIT, now = MR_STRBUF_INIT;
    mr_strbuf_add_str(&sql, "SELECT BINLOG_GTID_POS(");
    mr_sql_string(&sql, was->binlog_file);
    mr_strbuf_add_fmt(&sql, ", %" PRIu64 ")", was->binlog_position);
    enum mr_code code = mr_strbuf_check(&sql, "building a query", err);
    if (code == MR_OK)
        code = mr_db_query_text(c->db, sql.ptr, &now, err);
    if (code == MR_OK && (now.len == 0 || strcmp(now.ptr, was->gtid) != 0))
        code = refuse_anew(c, err);
    mr_strbuf_release(&sql);
    mr_strbuf_release(&now);
    return code;
}

/* MySQL: what the base has was executed here, and what was removed from the logs is in the base. */
static enum mr_code require_sets(const struct mr_create *c, struct mr_err *err)
{
    const char *was = manifest_of(c)->consistency.gtid;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_gtid_set base, executed, purged;
    mr_gtid_set_init(&base);
    mr_gtid_set_init(&executed);
    mr_gtid_set_init(&purged);
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_gtid_set_parse(&base, was, strlen(was), err));
    MR_TRY_OUT(mr_db_query_text(c->db, "SELECT @@GLOBAL.gtid_executed", &text, err));
    MR_TRY_OUT(mr_gtid_set_parse(&executed, text.ptr, text.len, err));
    MR_TRY_OUT(mr_db_query_text(c->db, "SELECT @@GLOBAL.gtid_purged", &text, err));
    MR_TRY_OUT(mr_gtid_set_parse(&purged, text.ptr, text.len, err));
    if (!mr_gtid_set_contains(&executed, &base) || !mr_gtid_set_contains(&base, &purged))
        MR_TRY_OUT(refuse_anew(c, err));
out:
    mr_gtid_set_release(&base);
    mr_gtid_set_release(&executed);
    mr_gtid_set_release(&purged);
    mr_strbuf_release(&text);
    return code;
}

static enum mr_code refuse_purged(const struct mr_create *c, struct mr_err *err)
{
    (void)mr_err_set(
        err, MR_E_REFUSED,
        "the server does not have log \"%.200s\" any more, from which snapshot \"%s\" goes on",
        manifest_of(c)->consistency.binlog_file, c->opts->base);
    mr_err_hint(
        err, "Make a full snapshot (without --base). Let the server keep its logs for longer than "
             "there is between two snapshots (binlog_expire_logs_seconds, expire_logs_days).");
    return MR_E_REFUSED;
}

/* When a log was begun, by its server's clock; 0: it does not say. */
static enum mr_code ask_began(const struct mr_create *c, const char *log, int64_t *began_s,
                              struct mr_err *err)
{
    struct mr_db_opts opts = c->source_opts.db;
    const struct mr_binlog_place place = {log, 0};
    struct mr_db *db = NULL;
    struct mr_db_binlog *dump = NULL;
    struct mr_binlog_event event = {.type = MR_BINLOG_NONE};
    const uint8_t *raw;
    size_t len = 1;
    enum mr_code code = MR_OK;
    *began_s = 0;
    opts.same_as = mr_db_server(c->db);
    MR_TRY_OUT(mr_db_open(&c->ep, &opts, &db, err));
    MR_TRY_OUT(mr_db_binlog_open(db, log, MR_DB_BINLOG_FIRST, mr_db_binlog_id(), &dump, err));
    for (int i = 0; *began_s == 0 && len > 0 && i < HEAD_EVENTS; i++) {
        MR_TRY_OUT(mr_db_binlog_next(dump, &raw, &len, err));
        if (len > 0)
            MR_TRY_OUT(mr_binlog_header(&place, raw, len, &event, err));
        if (len > 0 && event.type == MR_BINLOG_FORMAT_DESCRIPTION)
            *began_s = event.when;
    }
out:
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(&c->ep, &c->source_opts.db, &c->cat->server, err);
    mr_db_binlog_close(dump);
    mr_db_close(db);
    return code;
}

/* By how many seconds the server's clock is ahead of ours. */
static enum mr_code ask_ahead(const struct mr_create *c, int64_t *ahead_s, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct timespec now;
    enum mr_code code = mr_db_query_text(c->db, "SELECT UNIX_TIMESTAMP(SYSDATE(6))", &text, err);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (code == MR_OK)
        *ahead_s = llround(strtod(text.ptr, NULL) - (double)now.tv_sec - (double)now.tv_nsec / 1e9);
    mr_strbuf_release(&text);
    return code;
}

static bool read_time(const char *text, int64_t *seconds)
{
    struct tm tm = {0};
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    *seconds = end != NULL ? (int64_t)timegm(&tm) : 0;
    return end != NULL;
}

/* RESET gives logs their old names, positions and GTIDs again, and so does a server that was put back to what it was
 * before.  What they cannot give is their age: of logs that go back to the base the oldest was begun before that,
 * and the one of its position before its end. */
static enum mr_code require_older(const struct mr_create *c, const char *oldest, struct mr_err *err)
{
    const struct mr_snap_manifest *m = manifest_of(c);
    int64_t began_s = 0, ahead_s = 0, finished_s = 0;
    MR_TRY(ask_began(c, oldest, &began_s, err));
    MR_TRY(ask_ahead(c, &ahead_s, err));
    if (!read_time(m->created, &c->base->created_s) || began_s == 0 ||
        began_s - ahead_s > c->base->created_s)
        return refuse_anew(c, err);
    if (!read_time(m->finished, &finished_s))
        return MR_OK;
    c->base->changed.seen_at = (uint64_t)(finished_s + ahead_s + CLOCKS_DIFFER_S);
    if (strcmp(oldest, m->consistency.binlog_file) == 0)
        return MR_OK;
    MR_TRY(ask_began(c, m->consistency.binlog_file, &began_s, err));
    return began_s != 0 && began_s - ahead_s <= finished_s + CLOCKS_DIFFER_S ? MR_OK
                                                                             : refuse_anew(c, err);
}

/* A server that does not sync log and rows at each commit loses the last of either in a crash: rows that no log
 * has any more, or a log of rows that are not there.  It says since when it runs, and its log whether it had ended. */
static enum mr_code ask_crashed(const struct mr_create *c, struct mr_err *err)
{
    static const char sql[] =
        "SELECT @@GLOBAL.sync_binlog = 1 AND @@GLOBAL.innodb_flush_log_at_trx_commit IN (1, 3)",
                      uptime_sql[] = "SHOW GLOBAL STATUS LIKE 'Uptime'";
    struct mr_strbuf syncs = MR_STRBUF_INIT;
    struct mr_result *res = NULL;
    const struct mr_cell *cells = NULL;
    int64_t began_s = INT64_MAX;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_db_query_text(c->db, sql, &syncs, err));
    if (strcmp(syncs.ptr, "1") == 0)
        goto out;
    MR_TRY_OUT(mr_db_query(c->db, "vv", uptime_sql, sizeof uptime_sql - 1, &res, err));
    cells = mr_result_next(res);
    if (cells != NULL && cells[1].ptr != NULL)
        began_s = (int64_t)time(NULL) - (int64_t)strtoull(cells[1].ptr, NULL, 10);
    if (began_s > c->base->created_s + 1) /* all are whole seconds */
        c->base->crashed =
            "the server was started anew since without having ended its log, and may have lost in "
            "that crash what its log, or its tables, had (sync_binlog, "
            "innodb_flush_log_at_trx_commit)";
out:
    mr_result_free(res);
    mr_strbuf_release(&syncs);
    return code;
}

/* Is the log of the base's position there, and as long as that?  A log that was begun anew may be called
 * the same. */
static enum mr_code require_kept(const struct mr_create *c, struct mr_err *err)
{
    const struct mr_snap_consistency *was = &manifest_of(c)->consistency;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec logs = MR_VEC_INIT(struct mr_server_log);
    const struct mr_server_log *found = NULL;
    enum mr_code code = mr_server_logs(c->db, &arena, &logs, err);
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(&c->ep, &c->source_opts.db, &c->cat->server, err);
    for (size_t i = 0; code == MR_OK && i < logs.count; i++) {
        const struct mr_server_log *log = mr_vec_at(&logs, i);
        if (strcmp(log->name, was->binlog_file) == 0)
            found = log;
    }
    if (code == MR_OK && (found == NULL || found->bytes == 0))
        code = refuse_purged(c, err);
    if (code == MR_OK && found->bytes < was->binlog_position)
        code = refuse_anew(c, err);
    if (code == MR_OK)
        code = require_older(c, ((const struct mr_server_log *)mr_vec_at(&logs, 0))->name, err);
    mr_vec_release(&logs);
    mr_arena_release(&arena);
    return code;
}

enum mr_code mr_create_base_judge(struct mr_create *c, struct mr_err *err)
{
    if (c->base == NULL)
        return MR_OK;
    const struct mr_snap_consistency *was = &manifest_of(c)->consistency;
    MR_TRY(require_server(c, err));
    MR_TRY(require_log(c, err));
    MR_TRY(require_kept(c, err));
    MR_TRY(ask_crashed(c, err));
    if (was->gtid == NULL || was->gtid[0] == '\0')
        return MR_OK;
    return c->cat->server.flavour == MR_FLAVOUR_MARIADB ? require_same_place(c, err)
                                                        : require_sets(c, err);
}

/* ---- which tables ---- */

void mr_create_base_copy(struct mr_create_table *t, const char *why)
{
    t->delta = NULL;
    t->snap.kept_rows = MR_SNAP_ROWS_COPIED;
    t->snap.why_copied = why;
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Would the rows of the two be written in the same way, and found by the same key? */
static bool same_columns(const struct mr_snap_table *a, const struct mr_snap_table *b)
{
    if (a->ncolumns != b->ncolumns || a->nkey != b->nkey)
        return false;
    for (size_t i = 0; i < a->ncolumns; i++) {
        const struct mr_snap_column *x = &a->columns[i], *y = &b->columns[i];
        if (strcmp(x->name, y->name) != 0 || strcmp(x->type, y->type) != 0 || x->cls != y->cls ||
            !same_text(x->charset, y->charset) || x->decimals != y->decimals ||
            x->load != y->load || x->by_number != y->by_number)
            return false;
    }
    for (size_t k = 0; k < a->nkey; k++)
        if (a->key[k] != b->key[k])
            return false;
    return true;
}

static const struct mr_snap_table *find_in_base(const struct mr_create *c,
                                                const struct mr_snap_table *t)
{
    const struct mr_snap_manifest *m = manifest_of(c);
    for (size_t i = 0; i < m->ntables; i++)
        if (strcmp(m->tables[i].db, t->db) == 0 && strcmp(m->tables[i].name, t->name) == 0)
            return &m->tables[i];
    return NULL;
}

/* Logs have values as the columns have them: a key in another form than its column's would be another, and one
 * of floating point finds no row. */
static bool is_plain_key(const struct mr_create_table *t)
{
    size_t key[MR_KEY_PARTS_MAX];
    for (size_t k = 0; k < t->spec.nkey; k++) {
        const struct mr_readcol *col = &t->spec.cols[t->spec.key[k]];
        if (col->cls == MR_CLASS_FLOAT || col->cls == MR_CLASS_DOUBLE)
            return false;
    }
    return mr_changed_keys_place(&t->spec, t->table, key);
}

/* Why all of its rows are read, whatever the log says; NULL: the log decides. */
static const char *why_copied(const struct mr_create *c, const struct mr_create_table *t)
{
    const struct mr_snap_table *was = find_in_base(c, &t->snap);
    if (was == NULL)
        return "the base does not have it";
    if (!t->snap.transactional)
        return "its engine has no transactions: a crash changes rows that are in no log";
    if (!was->consistent)
        return "its rows in the base are of another moment";
    if (t->snap.where != NULL || was->where != NULL)
        return "only rows of a condition are kept";
    if (!same_columns(was, &t->snap))
        return "its columns or its key are not those of the base";
    if (!is_plain_key(t))
        return "its key is of a type that the log has in another form";
    if (t->table->system_versioned)
        return "it is system-versioned: the log has rows of the past beside those of today";
    return NULL;
}

/* Those that are copied anyway are followed, too: as parents of others. */
static enum mr_code list_table(struct mr_create *c, struct mr_create_table *t, struct mr_err *err)
{
    struct mr_create_base *b = c->base;
    const size_t at = (size_t)(t->table - c->cat->tables);
    size_t *key = mr_arena_calloc(&c->arena, MR_KEY_PARTS_MAX, sizeof *key);
    const char *why = why_copied(c, t);
    if (key == NULL)
        return mr_err_nomem(err, "reading a binary log");
    if (t->table < c->cat->tables || at >= c->cat->ntables)
        return mr_err_set(err, MR_E_BUG, "a table of no catalogue");
    b->tables[at] = t;
    if (why != NULL) {
        mr_create_base_copy(t, why);
        return MR_OK;
    }
    (void)mr_changed_keys_place(&t->spec, t->table, key);
    b->changed.tables[at] =
        (struct mr_changed_keys_of){.wanted = true, .key = key, .nkey = t->spec.nkey};
    return MR_OK;
}

static enum mr_code list_tables(struct mr_create *c, struct mr_err *err)
{
    struct mr_create_base *b = c->base;
    b->changed.tables = mr_arena_calloc(&c->arena, c->cat->ntables + 1, sizeof *b->changed.tables);
    b->tables = mr_arena_calloc(&c->arena, c->cat->ntables + 1, sizeof(struct mr_create_table *));
    if (b->changed.tables == NULL || b->tables == NULL)
        return mr_err_nomem(err, "reading a binary log");
    for (size_t i = 0; i < c->tables.count; i++) {
        struct mr_create_table *t = *(struct mr_create_table **)mr_vec_at(&c->tables, i);
        if (!t->left_out)
            MR_TRY(list_table(c, t, err));
    }
    return MR_OK;
}

/* ---- the log ---- */

/* Where the log ends now. */
static enum mr_code read_end(struct mr_create *c, struct mr_err *err)
{
    const char *sql = mr_log_status_sql(c->db);
    struct mr_result *res = NULL;
    MR_TRY(mr_db_query(c->db, "nn*", sql, strlen(sql), &res, err));
    const struct mr_cell *cells = mr_result_next(res);
    if (cells != NULL && cells[0].ptr != NULL && cells[1].ptr != NULL) {
        c->base->until_file = mr_arena_strdup(&c->arena, cells[0].ptr);
        c->base->until = strtoull(cells[1].ptr, NULL, 10);
    }
    const bool known = cells != NULL;
    mr_result_free(res);
    if (!known)
        return mr_err_set(err, MR_E_UNSUPPORTED, "the server does not say where its log ends");
    return c->base->until_file != NULL ? MR_OK : mr_err_nomem(err, "reading a binary log");
}

static enum mr_code breathe(void *ctx, struct mr_err *err)
{
    struct mr_create *c = ctx;
    mr_progress_tick(c->progress);
    return mr_throttle_wait(c->throttle, err);
}

/* What the protocol cannot name is read from the log's beginning: more keys, and none too few. */
static uint64_t begin_at(uint64_t position)
{
    return position > UINT32_MAX ? MR_DB_BINLOG_FIRST : position;
}

static enum mr_code read_log(struct mr_create *c, struct mr_err *err)
{
    const struct mr_snap_consistency *was = &manifest_of(c)->consistency;
    struct mr_create_base *b = c->base;
    const struct mr_binlog_span span = {was->binlog_file, begin_at(was->binlog_position),
                                        b->until_file, b->until};
    struct mr_db_opts opts = c->source_opts.db;
    struct mr_db *db = NULL;
    opts.same_as = mr_db_server(c->db);
    enum mr_code code = mr_db_open(&c->ep, &opts, &db, err);
    if (code == MR_OK)
        code = mr_changed_keys_read(&b->changed, db, &span, err);
    if (code == MR_E_DENIED)
        mr_server_logs_name_rights(&c->ep, &c->source_opts.db, &c->cat->server, err);
    mr_db_close(db);
    return code;
}

/* ---- what comes of it ---- */

/* Of a table that changed a lot reading all of it is quicker, and of a small one simpler. */
static bool is_worth_it(const struct mr_create_table *t, size_t nkeys)
{
    const uint64_t rows = t->table->est_rows;
    return nkeys <= rows / WHOLE_PART || rows < ROWS_MIN;
}

static void settle_table(const struct mr_create_base *b, struct mr_create_table *t,
                         struct mr_changed_keys_of *changed)
{
    const size_t nkeys = mr_key_set_count(&changed->keys);
    if (t->snap.kept_rows == MR_SNAP_ROWS_COPIED)
        return;
    if (b->crashed != NULL && b->changed.unended)
        mr_create_base_copy(t, b->crashed);
    else if (changed->why != NULL)
        mr_create_base_copy(t, changed->why);
    else if (!is_worth_it(t, nkeys))
        mr_create_base_copy(t, "more than a fourth of its rows changed");
    if (t->snap.kept_rows == MR_SNAP_ROWS_COPIED)
        return;
    t->delta = changed;
    t->snap.kept_rows = MR_SNAP_ROWS_CHANGED;
    t->spec.in_order = mr_snap_order_has(&t->snap);
    t->snap.keys_hidden = t->snap.nkey > 0;
}

static void fill_manifest(struct mr_create *c)
{
    const struct mr_snap_manifest *m = manifest_of(c);
    const struct mr_create_base *b = c->base;
    c->manifest.base = (struct mr_snap_base){.uuid = m->uuid,
                                             .created = m->created,
                                             .sha256 = b->snap.manifest_sha256,
                                             .from_file = m->consistency.binlog_file,
                                             .from_position = m->consistency.binlog_position,
                                             .until_file = b->until_file,
                                             .until_position = b->until,
                                             .links = b->links};
}

static void tell(const struct mr_create *c)
{
    const struct mr_create_base *b = c->base;
    size_t copied = 0, tables = 0;
    uint64_t keys = 0;
    for (size_t i = 0; i < c->cat->ntables; i++) {
        if (b->tables[i] == NULL)
            continue;
        tables++;
        copied += b->tables[i]->snap.kept_rows == MR_SNAP_ROWS_COPIED;
        keys += b->tables[i]->delta != NULL ? mr_key_set_count(&b->tables[i]->delta->keys) : 0;
    }
    mr_log_info("%" PRIu64 " key%s changed since the base, in %" PRIu64
                " transaction%s; %zu of %zu table%s %s copied whole",
                keys, keys == 1 ? "" : "s", b->changed.transactions,
                b->changed.transactions == 1 ? "" : "s", copied, tables, tables == 1 ? "" : "s",
                copied == 1 ? "is" : "are");
}

enum mr_code mr_create_base_read(struct mr_create *c, struct mr_err *err)
{
    struct mr_create_base *b = c->base;
    if (b == NULL)
        return MR_OK;
    mr_progress_phase(c->progress, "reading the log");
    MR_TRY(list_tables(c, err));
    b->changed.cat = c->cat;
    b->changed.is_older = true; /* it was read in front of the views */
    b->changed.seen = manifest_of(c)->consistency.gtid;
    b->changed.takes_seen =
        true; /* what is in the base is looked at again, where its place is vague */
    b->changed.most_bytes = KEY_BYTES_MAX;
    b->changed.breathe = breathe;
    b->changed.ctx = c;
    MR_TRY(mr_changed_keys_init(&b->changed, err));
    MR_TRY(read_end(c, err));
    MR_TRY(read_log(c, err));
    MR_TRY(mr_changed_keys_finish(&b->changed, err));
    for (size_t i = 0; i < c->cat->ntables; i++) {
        struct mr_create_table *t = b->tables[i];
        if (t == NULL)
            continue;
        settle_table(b, t, &b->changed.tables[i]);
        mr_progress_add_total(c->progress,
                              t->delta != NULL ? mr_key_set_count(&t->delta->keys) : t->est_rows);
    }
    tell(c);
    fill_manifest(c);
    return MR_OK;
}
