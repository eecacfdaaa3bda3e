/* gate_rules_replication.c: do replicas run, how far behind, and behind whom? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "recon/gate/gate_gtid.h"
#include "recon/gate/gate_rules.h"

/* What was known of the same server when the baseline was recorded, or NULL. */
const struct mr_gate_facts *mr_gate_then_of(const struct mr_gate_judge *j, size_t i)
{
    const struct mr_gate_facts *now = mr_gate_server_at(j, i);
    if (j->baseline == NULL || now == NULL)
        return NULL;
    if (i == 0)
        return &j->baseline->server;
    for (size_t p = 0; p < j->baseline->npeers; p++) {
        const struct mr_server *then = &j->baseline->peers[p].server;
        if (strcmp(then->uuid, now->server.uuid) == 0 && then->server_id == now->server.server_id &&
            then->port == now->server.port)
            return &j->baseline->peers[p];
    }
    return NULL;
}

/* The next server whose channels can be seen; others are reported. */
static const struct mr_gate_facts *next_server(struct mr_gate_judge *j, size_t *at)
{
    while (*at <= j->npeers) {
        const struct mr_gate_facts *f = mr_gate_server_at(j, (*at)++);
        char what[600];
        if (f == NULL) {
            const struct mr_gate_peer *peer = &j->peers[*at - 2];
            mr_gate_found_away(j, peer);
            continue;
        }
        if (f->replication.seen == MR_GATE_SEEN)
            return f;
        (void)snprintf(what, sizeof what, "the replication status of %s", f->uri);
        mr_gate_found_hidden(j, what, &f->replication);
    }
    return NULL;
}

static bool runs(const char *state)
{
    return strcasecmp(state, "Yes") == 0;
}

/* "mysql://r:3306 (channel x)" */
static const char *where(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                         const struct mr_gate_channel *c)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_strbuf_add_str(&text, f->uri);
    if (c->name[0] != '\0')
        mr_strbuf_add_fmt(&text, " (channel %s)", c->name);
    const char *kept = text.failed ? NULL : mr_arena_strdup(j->arena, text.ptr);
    mr_strbuf_release(&text);
    j->nomem |= kept == NULL;
    return kept != NULL ? kept : "?";
}

static const char *reason(const char *error, const char *otherwise)
{
    return error[0] != '\0' ? error : otherwise;
}

/* ---- threads ---- */

static void channel_threads(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                            const struct mr_gate_channel *c)
{
    const char *at = where(j, f, c);
    if (!runs(c->io) && strcasecmp(c->io, "No") != 0)
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: the I/O thread cannot connect to %s:%u: %.200s", at,
                      c->host, c->port, reason(c->io_error, c->io));
    else if (!runs(c->io))
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: the I/O thread is stopped%s%.200s", at,
                      c->io_error[0] != '\0' ? ": " : ", without an error", c->io_error);
    if (!runs(c->sql))
        mr_gate_found(j, MR_GATE_CRITICAL, "%s: the SQL thread is stopped%s%.200s", at,
                      c->sql_error[0] != '\0' ? ": " : ", without an error", c->sql_error);
    mr_gate_value(j, "I/O %s, SQL %s", c->io, c->sql);
}

static const struct mr_gate_channel *channel_named(const struct mr_gate_facts *f, const char *name)
{
    for (size_t i = 0; i < f->nchannels; i++)
        if (strcmp(f->channels[i].name, name) == 0)
            return &f->channels[i];
    return NULL;
}

static void lost_channels(struct mr_gate_judge *j, const struct mr_gate_facts *now,
                          const struct mr_gate_facts *then)
{
    for (size_t i = 0; then != NULL && i < then->nchannels; i++) {
        const struct mr_gate_channel *c = &then->channels[i];
        if (channel_named(now, c->name) == NULL)
            mr_gate_found(j, MR_GATE_CRITICAL, "%s does not replicate any more; it followed %s:%u",
                          where(j, now, c), c->host, c->port);
    }
}

/* "2 3": is that word among them? */
static bool has_word(const char *words, const char *word, size_t len)
{
    for (const char *at = words; *at != '\0';) {
        const size_t n = strcspn(at, " ");
        if (n == len && strncmp(at, word, len) == 0)
            return true;
        at += n + strspn(at + n, " ");
    }
    return false;
}

/* A peer tells itself whom it follows; and who was a replica may be SERVER by now. */
static bool is_peer(const struct mr_gate_judge *j, const char *server_id)
{
    const unsigned long id = strtoul(server_id, NULL, 10);
    if (j->now->server.server_id == id)
        return true;
    for (size_t i = 0; i < j->npeers; i++)
        if (j->peers[i].facts != NULL && j->peers[i].facts->server.server_id == id)
            return true;
    return false;
}

/* A replica that was pointed elsewhere does not fetch here any more: by its server_id
 * where that can be seen, else by their number. */
static void attached_replicas(struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    const struct mr_gate_facts *now = j->now;
    const uint64_t promoted =
        j->expect_new_instance && now->server.server_id != past->server.server_id ? 1 : 0;
    if (past->replicas != NULL && now->replicas != NULL) {
        for (const char *at = past->replicas; *at != '\0';) {
            const size_t n = strcspn(at, " ");
            if (!is_peer(j, at) && !has_word(now->replicas, at, n))
                mr_gate_found(j, MR_GATE_WARNING,
                              "the replica with server_id %.*s does not fetch from %s any "
                              "more",
                              (int)n, at, now->uri);
            at += n + strspn(at + n, " ");
        }
    } else if (past->sessions.seen != MR_GATE_SEEN) {
        mr_gate_found(j, MR_GATE_UNKNOWN,
                      "which replicas fetched was not visible for the baseline: %s",
                      past->sessions.why != NULL ? past->sessions.why : "?");
        mr_gate_hint(j, "Record a new baseline, by an account with PROCESS.");
    } else if (past->attached > 0 && now->sessions.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, "which replicas fetch", &now->sessions);
    } else if (now->sessions.seen == MR_GATE_SEEN && now->attached + promoted < past->attached) {
        mr_gate_found(j, MR_GATE_WARNING, "%" PRIu64 " replicas fetch from %s, %" PRIu64 " did",
                      now->attached, now->uri, past->attached);
    }
}

void mr_gate_rule_replication_threads(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j), *f;
    size_t at = 0, channels = 0;
    while ((f = next_server(j, &at)) != NULL) {
        channels += f->nchannels;
        for (size_t i = 0; i < f->nchannels; i++)
            channel_threads(j, f, &f->channels[i]);
        lost_channels(j, f, mr_gate_then_of(j, at - 1));
    }
    if (past != NULL)
        attached_replicas(j, past);
    if (channels > 0)
        mr_gate_note(j, "%zu channel%s, all threads run", channels, channels > 1 ? "s" : "");
    else
        mr_gate_note(j, "no server here is a replica");
    /* a replica of a server that went back is all that has the lost days */
    mr_gate_hint(j,
                 "Look at SHOW %s STATUS on the replica and remove the cause, then START %s there; "
                 "not where it was promoted, nor while data is missing on what it follows.",
                 j->now->server.flavour == MR_FLAVOUR_MARIADB ? "ALL SLAVES" : "REPLICA",
                 j->now->server.flavour == MR_FLAVOUR_MARIADB ? "ALL SLAVES" : "REPLICA");
}

/* ---- lag ---- */

struct lag {
    bool knows_pending;
    uint64_t pending;
};

/* The source's set must have been read before the replica's. */
static const char *source_set(const struct mr_gate_judge *j, const struct mr_gate_facts *replica,
                              const struct mr_gate_channel *c)
{
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *source = mr_gate_server_at(j, i);
        if (source != NULL && source != replica && mr_gate_channel_leads_to(c, replica, source) &&
            source->server.flavour == replica->server.flavour && source->gtid_executed[0] != '\0')
            return source->gtid_executed;
    }
    return NULL;
}

static void count_pending(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                          const struct mr_gate_channel *c, struct lag *lag)
{
    struct mr_strbuf pending = MR_STRBUF_INIT;
    const char *fetched = source_set(j, f, c);
    const char *applied =
        mr_gate_with_applied(j, f == j->now ? j->gtid_last : f->gtid_executed, f->gtid_position);
    struct mr_err why;
    /* what its source has written since the connection stopped, it has not heard of */
    if (fetched == NULL && c->retrieved[0] != '\0' && runs(c->io))
        fetched = c->retrieved;
    if (fetched != NULL && applied[0] != '\0')
        lag->knows_pending = mr_gate_gtid_subtract(f->server.flavour, fetched, applied, &pending,
                                                   &lag->pending, &why) == MR_OK;
    if (!lag->knows_pending && c->caught_up && runs(c->io)) {
        lag->knows_pending = true;
        lag->pending = 0;
    }
    mr_strbuf_release(&pending);
}

static void put_lag_metrics(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                            const struct mr_gate_channel *c, const struct lag *lag)
{
    char text[300];
    (void)snprintf(text, sizeof text, "%s:%u", f->server.hostname, f->server.port);
    const char *server = mr_arena_strdup(j->arena, text);
    struct mr_gate_metric metric = {
        .name = "replication_lag_seconds",
        .help = "Seconds that a replica is behind its source.",
        .label_names = {"replica", "channel"},
        .labels = {server != NULL ? server : "?", c->name},
        .value = (double)c->lag_s,
        .has_limits = true,
        .limits = j->config->limits[MR_GATE_T_LAG],
        .in_perfdata = true,
    };
    if (c->lag_s != MR_GATE_UNKNOWN_S)
        mr_gate_metric(j, &metric);
    metric.name = "replication_pending_transactions";
    metric.help = "Transactions that a replica has not applied yet.";
    metric.value = (double)lag->pending;
    metric.limits = j->config->limits[MR_GATE_T_PENDING];
    if (lag->knows_pending)
        mr_gate_metric(j, &metric);
}

/* A delay is wanted if it was there when the baseline was recorded. */
static long wanted_delay(const struct mr_gate_facts *then, const struct mr_gate_channel *c)
{
    const struct mr_gate_channel *before = then != NULL ? channel_named(then, c->name) : NULL;
    if (before == NULL)
        return 0;
    return before->delay_s < c->delay_s ? before->delay_s : c->delay_s;
}

long mr_gate_wanted_delay_s(const struct mr_gate_judge *judge)
{
    long most = 0;
    for (size_t i = 0; i < judge->now->nchannels; i++) {
        const long delay = wanted_delay(mr_gate_past(judge), &judge->now->channels[i]);
        if (delay > most)
            most = delay;
    }
    return most;
}

static void channel_lag(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                        const struct mr_gate_facts *then, const struct mr_gate_channel *c)
{
    const long delay_s = wanted_delay(then, c);
    struct lag lag = {0};
    const char *at = where(j, f, c);
    if (c->delay_s > delay_s)
        mr_gate_found(j, MR_GATE_WARNING, "%s is told to stay %ld s behind (%s_DELAY)%s", at,
                      c->delay_s, f->server.flavour == MR_FLAVOUR_MARIADB ? "MASTER" : "SOURCE",
                      then != NULL ? ", as it was not" : "");
    count_pending(j, f, c, &lag);
    put_lag_metrics(j, f, c, &lag);
    enum mr_gate_severity by_count = MR_GATE_OK;
    if (lag.knows_pending && delay_s == 0) /* a wanted delay keeps some waiting */
        by_count = mr_gate_weigh(j, MR_GATE_T_PENDING, (double)lag.pending);
    if (c->lag_s == MR_GATE_UNKNOWN_S) {
        if (!lag.knows_pending)
            mr_gate_found(j, MR_GATE_UNKNOWN,
                          "%s: how far it is behind cannot be told while a thread is "
                          "stopped",
                          at);
        else if (lag.pending > 0) /* few as they are, nothing fetches or applies them */
            mr_gate_found(j, by_count != MR_GATE_OK ? by_count : MR_GATE_WARNING,
                          "%s is %" PRIu64 " transactions behind, and a thread is stopped", at,
                          lag.pending);
        else
            mr_gate_note(j, "%s is 0 transactions behind, and a thread is stopped", at);
        mr_gate_value(j, "%" PRIu64 " transactions", lag.pending);
        return;
    }
    const double late = c->lag_s > delay_s ? (double)c->lag_s - (double)delay_s : 0;
    enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_LAG, late);
    mr_gate_value(j, "%ld s", c->lag_s);
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "%s is %ld s behind", at, c->lag_s);
    else if (by_count != MR_GATE_OK)
        mr_gate_found(j, by_count, "%s is %" PRIu64 " transactions behind", at, lag.pending);
    else if (lag.pending > 0 && c->lag_s == 0 && c->delay_s == 0 && source_set(j, f, c))
        /* it has been given a second (gate_run): this is no mere moment */
        mr_gate_found(j, MR_GATE_WARNING,
                      "%s says that it is up to date, but %" PRIu64 " transactions of "
                      "its source do not arrive",
                      at, lag.pending);
    else
        mr_gate_note(j, "%s is %ld s behind", at, c->lag_s);
}

void mr_gate_rule_replication_lag(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *f;
    size_t at = 0, channels = 0;
    while ((f = next_server(j, &at)) != NULL)
        for (size_t i = 0; i < f->nchannels; i++) {
            channels++;
            channel_lag(j, f, mr_gate_then_of(j, at - 1), &f->channels[i]);
        }
    if (channels == 0)
        mr_gate_note(j, "no server here is a replica");
    mr_gate_hint(j, "Look for a long transaction or a missing key on the replica; do not "
                    "switch over before it has caught up.");
}

/* ---- source ---- */

static bool leads_to_known(const struct mr_gate_judge *j, const struct mr_gate_facts *f,
                           const struct mr_gate_channel *c)
{
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *source = mr_gate_server_at(j, i);
        if (source != NULL && source != f && mr_gate_channel_leads_to(c, f, source))
            return true;
    }
    /* two replicas of one source that is not named */
    for (size_t i = 0; f != j->now && i < j->now->nchannels; i++)
        if (mr_gate_same_source(c, &j->now->channels[i]))
            return true;
    return false;
}

/* A replica that leaves something out is none to switch to: named, unless it was so. */
static void channel_filters(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                            const struct mr_gate_channel *before, const struct mr_gate_channel *c)
{
    if (c->filters == NULL || c->filters[0] == '\0')
        return;
    if (before != NULL && before->filters != NULL && strcmp(before->filters, c->filters) == 0)
        mr_gate_note(j, "%s leaves something out, as in the baseline: %.300s", where(j, f, c),
                     c->filters);
    else
        mr_gate_found(j, MR_GATE_WARNING, "%s does not get all that its source writes: %.300s",
                      where(j, f, c), c->filters);
}

static void channel_source(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                           const struct mr_gate_facts *then, const struct mr_gate_channel *c)
{
    const struct mr_gate_channel *before = then != NULL ? channel_named(then, c->name) : NULL;
    mr_gate_value(j, "%s:%u", c->host, c->port);
    channel_filters(j, f, before, c);
    if (before != NULL) {
        mr_gate_base(j, "%s:%u", before->host, before->port);
        if (!mr_gate_same_source(before, c))
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "%s follows %s:%u (server_id %" PRIu32
                          "), it followed %s:%u (server_id %" PRIu32 ")",
                          where(j, f, c), c->host, c->port, c->source_id, before->host,
                          before->port, before->source_id);
        return;
    }
    if (f != j->now && !leads_to_known(j, f, c))
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s follows %s:%u (server_id %" PRIu32 "%s%s), which is not %s",
                      where(j, f, c), c->host, c->port, c->source_id,
                      c->uuid[0] != '\0' ? ", " : "", c->uuid, j->now->uri);
}

void mr_gate_rule_replication_source(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *f;
    size_t at = 0, channels = 0;
    while ((f = next_server(j, &at)) != NULL)
        for (size_t i = 0; i < f->nchannels; i++) {
            channels++;
            channel_source(j, f, mr_gate_then_of(j, at - 1), &f->channels[i]);
        }
    if (channels > 0)
        mr_gate_note(j, "%zu channel%s the right source", channels,
                     channels > 1 ? "s lead to" : " leads to");
    else
        mr_gate_note(j, "no server here is a replica");
    mr_gate_hint(j, "Keep that replica as it is: it may hold what this server lacks. "
                    "Compare them with \"myrecon check\" before you point it elsewhere.");
}

/* ---- errors ---- */

void mr_gate_rule_replication_errors(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *f;
    size_t at = 0;
    bool of_rows = false;
    while ((f = next_server(j, &at)) != NULL)
        for (size_t i = 0; i < f->nchannels; i++) {
            const struct mr_gate_channel *c = &f->channels[i];
            if (c->io_errno != 0)
                mr_gate_found(j, MR_GATE_CRITICAL, "%s: I/O error %u: %.300s", where(j, f, c),
                              c->io_errno, c->io_error);
            if (c->sql_errno != 0)
                mr_gate_found(j, MR_GATE_CRITICAL, "%s: SQL error %u: %.300s", where(j, f, c),
                              c->sql_errno,
                              c->worker_error[0] != '\0' ? c->worker_error : c->sql_error);
            of_rows |= c->sql_errno != 0;
            if (c->io_errno != 0 || c->sql_errno != 0)
                mr_gate_value(j, "%u", c->sql_errno != 0 ? c->sql_errno : c->io_errno);
        }
    mr_gate_note(j, "no replication error");
    if (of_rows)
        mr_gate_hint(j, "Do not skip the event: find out why the rows differ. \"myrecon "
                        "check\" lists them.");
    else
        mr_gate_hint(j, "See the source's address, the replication account, server_id and "
                        "the source's binary logs; \"myrecon doctor\" says what the number "
                        "means.");
}

void mr_gate_rule_semi_sync(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *now = j->now, *past = mr_gate_past(j);
    if (past != NULL && past->semi_sync_wanted && !now->semi_sync_wanted)
        mr_gate_found(j, MR_GATE_WARNING, "semi-synchronous replication is off, was on");
    else if (now->semi_sync_wanted && !now->semi_sync_on)
        mr_gate_found(j, MR_GATE_WARNING, "semi-synchronous replication fell back to asynchronous");
    else if (now->semi_sync_wanted && now->semi_sync_clients == 0)
        mr_gate_found(j, MR_GATE_WARNING, "no semi-synchronous replica is connected");
    if (now->semi_sync_wanted || (past != NULL && past->semi_sync_wanted))
        mr_gate_value(j, "%s, %" PRIu64 " replicas", now->semi_sync_on ? "on" : "off",
                      now->semi_sync_clients);
    if (past != NULL && past->semi_sync_wanted)
        mr_gate_base(j, "%s, %" PRIu64 " replicas", past->semi_sync_on ? "on" : "off",
                     past->semi_sync_clients);
    if (now->semi_sync_wanted)
        mr_gate_note(j, "semi-synchronous, with %" PRIu64 " replicas", now->semi_sync_clients);
    else
        mr_gate_note(j, "semi-synchronous replication is not in use");
    mr_gate_hint(j, "A transaction may be lost with the primary now. See the replica's "
                    "I/O thread and network.");
}
