/* throttle_sample.c: Threads_running and replica lag, over connections of its own. */
#include "core/db/throttle_sample.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/signals.h"
#include "core/base/vec.h"
#include "core/db/replication.h"
#include "core/db/sqltext.h"

#define STATEMENT_TIMEOUT_S 5
#define REPLICA_CONNECT_S 3
#define DISCOVER_EVERY_S 60.0
#define RETRY_EVERY_S 30.0
#define MAX_WATCHES 64
#define READS 7 /* a sample; the middle one counts */
#define READS_APART_MS 2
#define READS_ALL_MS 500 /* no further one after that time */

/* One server.  On the heap, each by itself: its connection keeps a pointer to `ep`. */
struct watch {
    struct watch *next;
    struct mr_endpoint ep; /* strings but own_host are the given endpoint's */
    char *own_host;        /* a replica found: its host; else NULL */
    struct mr_db *db;      /* NULL: not connected */
    double retry_at_s;
    bool was_connected;
    bool told;       /* that it cannot be sampled */
    bool warned_lag; /* that its lag cannot be seen, or that it is stopped */
    bool warned_delay;
    bool duplicate; /* the same server as another watch */
};

struct probe {
    struct mr_db_opts db_opts;
    char *run_tag;
    bool wants_load, wants_lag, wants_reads;
    struct mr_throttle_read read;
    uint64_t random;
    double discover_at_s;
    size_t count;
    struct watch *watches, **last;
};

static struct watch *watch_add(struct probe *probe, const struct mr_endpoint *ep)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    watch->ep = *ep;
    *probe->last = watch;
    probe->last = &watch->next;
    probe->count++;
    return watch;
}

static void lose(struct watch *watch, struct mr_err *err)
{
    mr_db_close(watch->db);
    watch->db = NULL;
    bool gives_way = watch->own_host == NULL && !watch->was_connected;
    watch->retry_at_s =
        gives_way && mr_db_is_account_full(err) ? INFINITY : mr_clock_now_s() + RETRY_EVERY_S;
    if (!watch->told && !mr_is_cancelled()) {
        mr_err_context(err, "going on without watching the load of a server");
        mr_err_hint(err, "The work goes on as long as the server answers its readers.");
        mr_log_err_as_warning(err);
    }
    watch->told = true;
}

/* Whatever names lead to it, one server is watched once. */
static void connect_watch(struct probe *probe, struct watch *watch)
{
    struct mr_err err;
    if (watch->duplicate || watch->db != NULL || mr_clock_now_s() < watch->retry_at_s)
        return;
    if (mr_db_open(&watch->ep, &probe->db_opts, &watch->db, &err) != MR_OK) {
        watch->db = NULL;
        lose(watch, &err);
        return;
    }
    watch->was_connected = true;
    for (struct watch *w = probe->watches; w != watch; w = w->next) {
        if (w->db == NULL || !mr_server_is_one(mr_db_server(w->db), mr_db_server(watch->db)))
            continue;
        watch->duplicate = true;
        mr_db_close(watch->db);
        watch->db = NULL;
        return;
    }
}

/* Takes "host:port", "[v6]:port" or "v6:port" apart; the host is malloc'ed, or NULL. */
static char *split_name(const char *name, unsigned *port)
{
    const char *colon = strrchr(name, ':');
    if (colon == NULL)
        return NULL;
    size_t len = (size_t)(colon - name);
    unsigned long number = strtoul(colon + 1, NULL, 10);
    if (len >= 2 && name[0] == '[' && name[len - 1] == ']') {
        name++;
        len -= 2;
    }
    if (len == 0 || number == 0 || number > 65535)
        return NULL;
    *port = (unsigned)number;
    return strndup(name, len);
}

static bool is_known(const struct probe *probe, const char *host, unsigned port)
{
    for (const struct watch *w = probe->watches; w != NULL; w = w->next)
        if (w->own_host != NULL && w->ep.port == port && strcmp(w->own_host, host) == 0)
            return true;
    return false;
}

static void add_replica(struct probe *probe, const struct watch *above, const char *name)
{
    unsigned port = 0;
    char *host = split_name(name, &port);
    struct watch *watch = NULL;
    if (host != NULL && probe->count < MAX_WATCHES && !is_known(probe, host, port))
        watch = watch_add(probe, &above->ep);
    if (watch == NULL) {
        free(host);
        return;
    }
    watch->own_host = watch->ep.host = host;
    watch->ep.port = port;
    watch->ep.socket = NULL;
    watch->ep.connect_timeout_s = REPLICA_CONNECT_S;
    mr_log_detail("watching the lag of replica %s:%u", host, port);
}

/* Walks while it appends: replicas of replicas are found in the same or the next round;
 * a ring ends at the names already known. */
static void discover(struct probe *probe)
{
    double now_s = mr_clock_now_s();
    if (!probe->wants_lag || now_s < probe->discover_at_s)
        return;
    probe->discover_at_s = now_s + DISCOVER_EVERY_S;
    for (struct watch *watch = probe->watches; watch != NULL; watch = watch->next) {
        connect_watch(probe, watch);
        if (watch->db == NULL)
            continue;
        struct mr_vec hosts = MR_VEC_INIT(char *);
        struct mr_err err;
        if (mr_replication_below(watch->db, &hosts, &err) != MR_OK)
            mr_log_detail("replicas below %s are not known: %s", mr_db_label(watch->db),
                          err.message);
        for (size_t i = 0; i < hosts.count; i++) {
            char *host = *(char **)mr_vec_at(&hosts, i);
            add_replica(probe, watch, host);
            free(host);
        }
        mr_vec_release(&hosts);
    }
}

static void copy_label(char out[MR_LOAD_LABEL_MAX], const char *label)
{
    (void)snprintf(out, MR_LOAD_LABEL_MAX, "%s", label);
}

static enum mr_code sample_running(struct watch *watch, struct mr_load *load, struct mr_err *err)
{
    static const char sql[] = "SHOW GLOBAL STATUS LIKE 'Threads_running'";
    struct mr_result *res = NULL;
    enum mr_code rc = mr_db_query(watch->db, "nn", sql, sizeof sql - 1, &res, err);
    if (rc != MR_OK)
        return rc;
    const struct mr_cell *row = mr_result_next(res);
    if (row != NULL && row[1].ptr != NULL) {
        unsigned long running = strtoul(row[1].ptr, NULL, 10);
        if (running > load->running) {
            load->running = running;
            copy_label(load->running_at, mr_db_label(watch->db));
        }
    }
    mr_result_free(res);
    return MR_OK;
}

static enum mr_code sample_lag(struct watch *watch, struct mr_load *load, struct mr_err *err)
{
    long lag_s;
    unsigned long delay_s;
    enum mr_code rc = mr_replication_lag(watch->db, &lag_s, &delay_s, err);
    if (rc != MR_OK)
        return rc;
    if (lag_s > load->lag_s) {
        load->lag_s = lag_s;
        copy_label(load->lag_at, mr_db_label(watch->db));
    }
    if (delay_s > 0 && !watch->warned_delay) {
        mr_log_info("replica %s is delayed on purpose, by %lu s: its lag is not waited for",
                    mr_db_label(watch->db), delay_s);
        watch->warned_delay = true;
    }
    /* a stopped replica does not catch up by our waiting */
    if (lag_s == -2 && !watch->warned_lag) {
        mr_log_warning("replication on %s is stopped: its lag is not waited for",
                       mr_db_label(watch->db));
        watch->warned_lag = true;
    } else if (lag_s == -1 && delay_s == 0 && watch->own_host != NULL && !watch->warned_lag) {
        mr_log_info("the lag of replica %s cannot be seen and is not waited for",
                    mr_db_label(watch->db));
        watch->warned_lag = true;
    }
    return MR_OK;
}

/* ---- tiny reads ---- */

/* Another row each time: one that was read a moment ago needs no disk. */
static void read_sql(struct probe *probe, struct mr_strbuf *sql)
{
    const struct mr_throttle_read *read = &probe->read;
    uint64_t span = read->greatest - read->least + 1;
    if (read->table == NULL) {
        mr_strbuf_add_str(sql, "SELECT 1");
        return;
    }
    /* Marsaglia's xorshift64 */
    probe->random ^= probe->random << 13;
    probe->random ^= probe->random >> 7;
    probe->random ^= probe->random << 17;
    uint64_t at = read->least + (span != 0 ? probe->random % span : probe->random);
    mr_strbuf_add_str(sql, "SELECT 1 FROM ");
    mr_sql_table(sql, read->db, read->table);
    mr_strbuf_add_str(sql, " WHERE ");
    mr_sql_ident(sql, read->column);
    mr_strbuf_add_fmt(sql, " >= %" PRIu64 " ORDER BY ", at);
    mr_sql_ident(sql, read->column);
    mr_strbuf_add_str(sql, " LIMIT 1");
}

static int compare_times(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Somebody may drop the table, or alter it: that is no reason not to watch the load. */
static bool give_table_up(struct probe *probe, const struct watch *watch, const struct mr_err *err)
{
    if (probe->read.table == NULL || err->sql_errno == 0 || mr_db_is_lost(watch->db))
        return false;
    mr_log_detail("tiny reads are of no table from now on: %s", err->message);
    probe->read.table = NULL;
    return true;
}

/* One that the server gives up is as slow as it got. */
static enum mr_code sample_reads(struct probe *probe, struct watch *watch, struct mr_load *load,
                                 struct mr_err *err)
{
    double took_ms[READS], from_s = mr_clock_now_s();
    size_t count = 0;
    enum mr_code code = MR_OK;
    struct mr_strbuf sql = MR_STRBUF_INIT;
    while (code == MR_OK && count < READS && (mr_clock_now_s() - from_s) * 1e3 < READS_ALL_MS) {
        struct mr_result *res = NULL;
        mr_strbuf_reset(&sql);
        read_sql(probe, &sql);
        double begun_s = mr_clock_now_s();
        code = mr_strbuf_check(&sql, "building a query", err);
        if (code == MR_OK)
            code = mr_db_query(watch->db, "n*", sql.ptr, sql.len, &res, err);
        mr_result_free(res);
        took_ms[count++] = (mr_clock_now_s() - begun_s) * 1e3;
        if (code == MR_E_TIMEOUT || (code != MR_OK && give_table_up(probe, watch, err)))
            code = MR_OK;
        (void)usleep(READS_APART_MS * 1000);
    }
    mr_strbuf_release(&sql);
    qsort(took_ms, count, sizeof *took_ms, compare_times);
    if (code == MR_OK && took_ms[count / 2] > load->read_ms) {
        load->read_ms = took_ms[count / 2];
        copy_label(load->read_at, mr_db_label(watch->db));
    }
    return code;
}

static void probe_sample(void *ctx, struct mr_load *load)
{
    struct probe *probe = ctx;
    discover(probe);
    for (struct watch *watch = probe->watches; watch != NULL && !mr_is_cancelled();
         watch = watch->next) {
        connect_watch(probe, watch);
        if (watch->db == NULL)
            continue;
        struct mr_err err;
        enum mr_code rc = MR_OK;
        /* first: another question would take the blame for a server that stands still */
        if (probe->wants_reads && watch->own_host == NULL)
            rc = sample_reads(probe, watch, load, &err);
        /* the load of a replica that nobody compares is not ours to wait for */
        if (rc == MR_OK && probe->wants_load && watch->own_host == NULL)
            rc = sample_running(watch, load, &err);
        if (rc == MR_OK && probe->wants_lag)
            rc = sample_lag(watch, load, &err);
        if (rc != MR_OK)
            lose(watch, &err);
    }
}

static void probe_end(void *ctx)
{
    struct probe *probe = ctx;
    struct watch *watch = probe->watches;
    while (watch != NULL) {
        struct watch *next = watch->next;
        mr_db_close(watch->db);
        free(watch->own_host);
        free(watch);
        watch = next;
    }
    free(probe->run_tag);
    free(probe);
}

enum mr_code mr_throttle_probe_new(const struct mr_throttle_opts *opts,
                                   const struct mr_endpoint *const *endpoints, size_t count,
                                   const struct mr_db_opts *db_opts, struct mr_load_probe *out,
                                   struct mr_err *err)
{
    struct probe *probe = calloc(1, sizeof *probe);
    if (probe == NULL)
        return mr_err_nomem(err, "setting up the throttle");
    probe->last = &probe->watches;
    probe->db_opts = *db_opts;
    probe->db_opts.statement_timeout_s = STATEMENT_TIMEOUT_S;
    probe->wants_load = opts->max_load > 0 || opts->max_load_stop > 0;
    probe->wants_lag = opts->max_lag_s > 0;
    probe->wants_reads = opts->max_slowdown > 0;
    probe->read = opts->read;
    probe->random = (uint64_t)(mr_clock_now_s() * 1e6) | 1;
    bool full = false;
    if (db_opts->run_tag != NULL) {
        probe->run_tag = strdup(db_opts->run_tag);
        probe->db_opts.run_tag = probe->run_tag;
        full = probe->run_tag == NULL;
    }
    for (size_t i = 0; i < count && !full; i++)
        if (endpoints[i]->kind == MR_ENDPOINT_MYSQL)
            full = watch_add(probe, endpoints[i]) == NULL;
    if (full) {
        probe_end(probe);
        return mr_err_nomem(err, "setting up the throttle");
    }
    *out = (struct mr_load_probe){probe, probe_sample, probe_end};
    return MR_OK;
}
