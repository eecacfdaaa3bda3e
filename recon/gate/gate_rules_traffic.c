/* gate_rules_traffic.c: can the server take the load? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recon/gate/gate_rules.h"

static void describe(struct mr_gate_judge *j, enum mr_gate_severity severity, const char *what,
                     const struct mr_gate_session *s)
{
    mr_gate_found(j, severity, "%s: session %s of %s@%s, %.0f s%s%.160s", what, s->id, s->user,
                  s->host, s->seconds, s->statement[0] != '\0' ? ": " : "", s->statement);
}

/* Rights are not all that keeps a list from being read. */
static bool found_unread(struct mr_gate_judge *j, const char *what,
                         const struct mr_gate_sessions *list)
{
    const struct mr_gate_view view = {.seen = MR_GATE_FAILED, .why = list->why};
    if (list->why != NULL)
        mr_gate_found_hidden(j, what, &view);
    return list->why != NULL;
}

/* A prepared XA transaction whose session is gone. */
static bool is_orphan(const struct mr_gate_session *s)
{
    return strcmp(s->id, "0") == 0;
}

/* ---- connections ---- */

static enum mr_gate_severity worse(enum mr_gate_severity a, enum mr_gate_severity b)
{
    return a > b ? a : b;
}

void mr_gate_rule_connections(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *now = j->now, *past = mr_gate_past(j);
    const uint64_t most = now->max_connections;
    const uint64_t left = most > now->connected ? most - now->connected : 0;
    const double share = most > 0 ? 100.0 * (double)left / (double)most : 0;
    enum mr_gate_severity severity = worse(mr_gate_weigh(j, MR_GATE_T_CONNECTIONS, (double)left),
                                           mr_gate_weigh(j, MR_GATE_T_CONNECTIONS_SHARE, share));
    mr_gate_value(j, "%" PRIu64 " of %" PRIu64 " used", now->connected, most);
    if (past != NULL)
        mr_gate_base(j, "%" PRIu64 " of %" PRIu64 " used", past->connected, past->max_connections);
    const char *offline = mr_gate_facts_variable(now, "offline_mode");
    if (offline != NULL && strcmp(offline, "ON") == 0) {
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "offline_mode is on: only accounts with CONNECTION_ADMIN get in");
        mr_gate_hint(j, "SET GLOBAL offline_mode = OFF, when the reason is gone.");
    }
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "%" PRIu64 " of %" PRIu64 " connections are left (%s)", left,
                      most, now->by_account);
    if (past != NULL && most < past->max_connections)
        mr_gate_found(j, MR_GATE_WARNING, "max_connections is %" PRIu64 ", was %" PRIu64, most,
                      past->max_connections);
    mr_gate_note(
        j, "%" PRIu64 " of %" PRIu64 " connections used, at most %" PRIu64 " since the start (%s)",
        now->connected, most, now->most_connected, now->by_account);
    mr_gate_hint(j, "Lower the pools of the accounts named, or raise max_connections.");
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "connections_used",
                                               .help = "Connections that are open.",
                                               .value = (double)now->connected,
                                               .in_perfdata = true});
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "connections_limit",
                                               .help = "The setting max_connections.",
                                               .value = (double)most,
                                               .in_perfdata = true});
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "threads_running",
                                               .help = "Sessions that execute now.",
                                               .value = (double)now->running,
                                               .in_perfdata = true});
}

/* ---- sessions ---- */

void mr_gate_rule_long_transactions(struct mr_gate_judge *j)
{
    const struct mr_gate_sessions *open = &j->activity->transactions;
    if (j->now->sessions.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, "transactions of other accounts", &j->now->sessions);
        return;
    }
    if (found_unread(j, "open transactions", open))
        return;
    const double longest = open->count > 0 ? open->items[0].seconds : 0;
    for (size_t i = 0; i < open->count; i++) {
        const enum mr_gate_severity severity =
            mr_gate_weigh(j, MR_GATE_T_TRANSACTION, open->items[i].seconds);
        if (severity != MR_GATE_OK && is_orphan(&open->items[i]))
            mr_gate_found(j, severity, "a prepared XA transaction without a session, %.0f s, %s",
                          open->items[i].seconds, open->items[i].what);
        else if (severity != MR_GATE_OK)
            describe(j, severity, "open transaction", &open->items[i]);
    }
    mr_gate_value(j, "%.0f s", longest);
    if (open->count > 0)
        mr_gate_note(j, "the oldest of %zu open transactions is %.0f s old", open->count, longest);
    else
        mr_gate_note(j, "no transaction is open");
    if (open->count > 0 && is_orphan(&open->items[0]))
        mr_gate_hint(j, "XA RECOVER shows it; ask its coordinator whether to XA COMMIT or "
                        "XA ROLLBACK it.");
    else if (open->count > 0)
        mr_gate_hint(j, "Ask whose it is; KILL %s ends it and rolls it back.", open->items[0].id);
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "longest_transaction_seconds",
                                               .help = "Age of the oldest open transaction.",
                                               .value = longest,
                                               .has_limits = true,
                                               .limits = j->config->limits[MR_GATE_T_TRANSACTION],
                                               .in_perfdata = true});
}

static bool is_blocked(const struct mr_gate_facts *facts)
{
    for (size_t i = 0; i < facts->ntables; i++)
        if (facts->tables[i].view.is_locked)
            return true;
    return false;
}

void mr_gate_rule_metadata_locks(struct mr_gate_judge *j)
{
    const struct mr_gate_activity *a = j->activity;
    for (size_t i = 0; i < a->waiting.count; i++) {
        const struct mr_gate_session *s = &a->waiting.items[i];
        enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_LOCK_WAIT, s->seconds);
        if (severity == MR_GATE_OK)
            continue;
        /* we could not read a table ourselves: nor can the application */
        if (is_blocked(j->now))
            severity = MR_GATE_CRITICAL;
        describe(j, severity, s->what, s);
    }
    for (size_t i = 0; j->severity > MR_GATE_OK && i < a->blocking.count && i < 3; i++) {
        const struct mr_gate_session *s = &a->blocking.items[i];
        mr_gate_value(j, "%s session %s of %s@%s: %s",
                      a->blocking_is_certain ? "held by" : "perhaps held by", s->id, s->user,
                      s->host, s->what);
        mr_gate_hint(j, "%s session %s of %s@%s (%s)%s%.160s. KILL %s frees them.",
                     a->blocking_is_certain ? "They wait for" : "They may wait for", s->id, s->user,
                     s->host, s->what, s->statement[0] != '\0' ? ", " : "", s->statement, s->id);
    }
    if (j->severity == MR_GATE_OK && is_blocked(j->now))
        mr_gate_found(j, MR_GATE_CRITICAL, "a table is locked: we waited for it in vain");
    if (j->now->sessions.seen != MR_GATE_SEEN && j->severity == MR_GATE_OK)
        mr_gate_found_hidden(j, "sessions of other accounts", &j->now->sessions);
    else if (j->severity == MR_GATE_OK)
        (void)found_unread(j, "sessions that wait", &a->waiting);
    mr_gate_note(j, "no session waits for a table");
    mr_gate_hint(j, "See who holds the lock: SHOW FULL PROCESSLIST.");
    mr_gate_metric(
        j, &(struct mr_gate_metric){.name = "lock_waits",
                                    .help = "Sessions that wait for a metadata or global lock.",
                                    .value = (double)a->waiting.count,
                                    .in_perfdata = true});
}

static bool waits_for_all(const struct mr_gate_session *s)
{
    return strcmp(s->what, "Waiting for global read lock") == 0 ||
           strcmp(s->what, "Waiting for commit lock") == 0 ||
           strcmp(s->what, "Waiting for backup lock") == 0;
}

void mr_gate_rule_running_backup(struct mr_gate_judge *j)
{
    const struct mr_gate_activity *a = j->activity;
    if (j->now->sessions.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, "sessions of other accounts", &j->now->sessions);
        return;
    }
    (void)found_unread(j, "running statements", &a->backups);
    (void)found_unread(j, "sessions that wait", &a->waiting);
    for (size_t i = 0; i < a->locks.count; i++)
        describe(j,
                 strcmp(a->locks.items[i].what, "LOCK INSTANCE FOR BACKUP") == 0 ? MR_GATE_WARNING
                                                                                 : MR_GATE_CRITICAL,
                 a->locks.items[i].what, &a->locks.items[i]);
    for (size_t i = 0; i < a->backups.count; i++)
        describe(j, MR_GATE_WARNING, a->backups.items[i].what, &a->backups.items[i]);
    for (size_t i = 0; a->locks.count == 0 && i < a->waiting.count; i++)
        if (waits_for_all(&a->waiting.items[i])) {
            mr_gate_found(j, MR_GATE_CRITICAL,
                          "writes are held up by a global read lock or backup lock");
            break;
        }
    mr_gate_value(j, "%zu", a->backups.count + a->locks.count);
    mr_gate_note(j, "no backup, dump or schema change runs");
    if (!a->locks_are_visible)
        mr_gate_note(j,
                     "a sleeping FLUSH TABLES WITH READ LOCK would show only through "
                     "%s",
                     j->now->server.flavour == MR_FLAVOUR_MARIADB ? "the plugin metadata_lock_info"
                                                                  : "performance_schema");
    mr_gate_hint(j, "Do not start a change now; a backup belongs on a replica.");
}

/* ---- engine ---- */

void mr_gate_rule_history_list(struct mr_gate_judge *j)
{
    const double length = (double)j->now->history_length;
    if (j->now->history.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, "the history list", &j->now->history);
        return;
    }
    const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_HISTORY, length);
    mr_gate_value(j, "%" PRIu64, j->now->history_length);
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "the history list holds %.0f undo records", length);
    mr_gate_note(j, "the history list holds %.0f undo records", length);
    mr_gate_hint(j, "A long transaction keeps purge back; see long_transactions.");
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "history_list_length",
                                               .help = "Undo records that wait for purge.",
                                               .value = length,
                                               .has_limits = true,
                                               .limits = j->config->limits[MR_GATE_T_HISTORY],
                                               .in_perfdata = true});
}

void mr_gate_rule_probe_latency(struct mr_gate_judge *j)
{
    const struct mr_gate_probe *probe = &j->activity->probe;
    if (probe->failed != NULL)
        mr_gate_found(j, MR_GATE_UNKNOWN, "a lookup by key in %s failed: %s", probe->failed,
                      probe->why);
    if (probe->tables == 0) {
        mr_gate_note(j, "no table has an integer key to look up");
        return;
    }
    const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_PROBE, probe->seconds);
    mr_gate_value(j, "%.4f s", probe->seconds);
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "a lookup by key in %s takes %.3f s", probe->table,
                      probe->seconds);
    mr_gate_note(j, "lookups by key in %zu tables take at most %.4f s", probe->tables,
                 probe->seconds);
    mr_gate_hint(j, "See what saturates the disk: a backup, a dump, a big query.");
    mr_gate_metric(j, &(struct mr_gate_metric){
                          .name = "probe_latency_seconds",
                          .help = "Time that a lookup by primary key takes, network included.",
                          .value = probe->seconds,
                          .has_limits = true,
                          .limits = j->config->limits[MR_GATE_T_PROBE],
                          .in_perfdata = true});
}

void mr_gate_rule_disk(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *now = j->now;
    const double gib = 1024.0 * 1024 * 1024;
    if (now->disk.seen == MR_GATE_HIDDEN) {
        mr_gate_found_hidden(j, "the disk", &now->disk);
        return;
    }
    if (now->disk_bytes == 0) {
        mr_gate_value(j, "%.1f GiB of data", (double)now->data_bytes / gib);
        mr_gate_note(j, "free space is not visible through this server");
        return;
    }
    const double share = 100.0 * (double)now->disk_free_bytes / (double)now->disk_bytes;
    const enum mr_gate_severity severity = mr_gate_weigh(j, MR_GATE_T_DISK_SHARE, share);
    mr_gate_value(j, "%.1f of %.1f GiB free", (double)now->disk_free_bytes / gib,
                  (double)now->disk_bytes / gib);
    if (severity != MR_GATE_OK)
        mr_gate_found(j, severity, "%.1f %% of the data directory's disk is free", share);
    mr_gate_note(j, "%.1f %% of the data directory's disk is free", share);
    mr_gate_hint(j, "Look at binary logs (PURGE BINARY LOGS), temporary files and "
                    "backups on that disk.");
    mr_gate_metric(j,
                   &(struct mr_gate_metric){.name = "disk_free_bytes",
                                            .help = "Free bytes on the disk of the data directory.",
                                            .value = (double)now->disk_free_bytes,
                                            .in_perfdata = true});
}
