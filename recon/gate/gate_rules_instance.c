/* gate_rules_instance.c: is it the right server, and the only one that takes writes? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/schema/schema_norm.h"
#include "recon/gate/gate_rules.h"

static const char *flavour(const struct mr_server *server)
{
    return server->flavour == MR_FLAVOUR_MARIADB ? "MariaDB" : "MySQL";
}

static const char *or_none(const char *text)
{
    return text[0] != '\0' ? text : "(none)";
}

static void compare_text(struct mr_gate_judge *j, const char *what, const char *past,
                         const char *now)
{
    if (strcmp(past, now) == 0)
        return;
    mr_gate_found(j, MR_GATE_CRITICAL, "%s is %s, was %s", what, or_none(now), or_none(past));
}

static void planned(struct mr_gate_judge *j, const char *what)
{
    if (j->severity == MR_GATE_OK)
        return;
    j->severity = MR_GATE_OK;
    mr_strbuf_add_fmt(&j->aside, " (%s, as expected)", what);
}

void mr_gate_rule_server_identity(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    const struct mr_server *then = &past->server, *now = &j->now->server;
    char id_then[16], id_now[16], port_then[16], port_now[16];
    (void)snprintf(id_then, sizeof id_then, "%" PRIu32, then->server_id);
    (void)snprintf(id_now, sizeof id_now, "%" PRIu32, now->server_id);
    (void)snprintf(port_then, sizeof port_then, "%u", then->port);
    (void)snprintf(port_now, sizeof port_now, "%u", now->port);
    compare_text(j, "the kind of server", flavour(then), flavour(now));
    compare_text(j, now->flavour == MR_FLAVOUR_MARIADB ? "server_uid" : "server_uuid", then->uuid,
                 now->uuid);
    compare_text(j, "server_id", id_then, id_now);
    compare_text(j, "the host name", then->hostname, now->hostname);
    compare_text(j, "the port", port_then, port_now);
    mr_gate_value(j, "%s:%u server_id %" PRIu32 " %s", now->hostname, now->port, now->server_id,
                  now->uuid);
    mr_gate_base(j, "%s:%u server_id %" PRIu32 " %s", then->hostname, then->port, then->server_id,
                 then->uuid);
    mr_gate_note(j, "the same server answers");
    if (past->started[0] != '\0' && mr_gate_was_restarted(past, j->now))
        mr_gate_note(j, "it was restarted since, at %s", j->now->started);
    mr_gate_hint(j, "See where the address leads. If the move is planned, check with "
                    "--expect-new-instance.");
    if (j->expect_new_instance)
        planned(j, "another instance");
}

void mr_gate_rule_data_directory(struct mr_gate_judge *j)
{
    const char *then = mr_gate_past(j)->server.datadir, *now = j->now->server.datadir;
    compare_text(j, "the data directory", then, now);
    mr_gate_value(j, "%s", now);
    mr_gate_base(j, "%s", then);
    mr_gate_note(j, "the same data directory");
    mr_gate_hint(j, "Another copy of the data may have been mounted. If that is "
                    "planned, check with --expect-new-instance.");
    if (j->expect_new_instance)
        planned(j, "another directory");
}

void mr_gate_rule_version(struct mr_gate_judge *j)
{
    const struct mr_server *then = &mr_gate_past(j)->server, *now = &j->now->server;
    mr_gate_value(j, "%s", now->version_text);
    mr_gate_base(j, "%s", then->version_text);
    if (then->flavour != now->flavour)
        mr_gate_found(j, MR_GATE_CRITICAL, "%s %s, was %s %s", flavour(now), now->version_text,
                      flavour(then), then->version_text);
    else if (now->version < then->version)
        mr_gate_found(j, MR_GATE_CRITICAL, "version %s is older than %s", now->version_text,
                      then->version_text);
    else if (now->version > then->version)
        mr_gate_note(j, "upgraded from %s to %s", then->version_text, now->version_text);
    else
        mr_gate_note(j, "version %s", now->version_text);
    mr_gate_hint(j, "A data directory must not be opened by an older server.");
}

void mr_gate_rule_role(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    if (j->now->replication.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, "the replication status", &j->now->replication);
        return;
    }
    mr_gate_value(j, "%s", j->now->role);
    mr_gate_base(j, "%s", past->role);
    if (past->role[0] == '\0')
        mr_gate_found(j, MR_GATE_UNKNOWN, "the baseline does not know the role");
    else if (strcmp(past->role, j->now->role) != 0)
        mr_gate_found(j, MR_GATE_CRITICAL, "the server is a %s, was a %s%s", j->now->role,
                      past->role,
                      strcmp(past->role, "replica") == 0 && !j->now->read_only
                          ? ": writes go where the baseline's primary was not"
                          : "");
    else
        mr_gate_note(j, "still a %s", j->now->role);
    mr_gate_hint(j, "See that the application's address leads to the primary, and that "
                    "replication was not reset by mistake.");
}

static bool is_on(const struct mr_gate_facts *facts, const char *name)
{
    const char *value = mr_gate_facts_variable(facts, name);
    return value != NULL && (strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0);
}

/* What refuses everybody's writes, or those of ordinary accounts; NULL: nothing. */
static const char *refused_by(const struct mr_gate_facts *facts)
{
    static const char *const names[] = {"innodb_read_only", "transaction_read_only",
                                        "tx_read_only"};
    if (facts->super_read_only)
        return "super_read_only";
    if (facts->read_only)
        return "read_only";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_on(facts, names[i]))
            return names[i];
    return NULL;
}

/* A default of sessions refuses nothing to one that asks to write, or that is older. */
static bool may_write(const struct mr_gate_facts *facts)
{
    const char *by = refused_by(facts);
    return by == NULL || strcmp(by, "transaction_read_only") == 0 ||
           strcmp(by, "tx_read_only") == 0;
}

static const char *writes(const struct mr_gate_facts *facts)
{
    const char *by = refused_by(facts);
    return by != NULL ? by : "writable";
}

static void found_recovery(struct mr_gate_judge *j)
{
    const char *level = mr_gate_facts_variable(j->now, "innodb_force_recovery");
    if (level == NULL || strcmp(level, "0") == 0)
        return;
    mr_gate_found(j, MR_GATE_CRITICAL,
                  "innodb_force_recovery is %s: the server was started to save what is "
                  "left of a damaged instance",
                  level);
    mr_gate_hint(j, "Export what can be read (myrecon snapshot create), and restore it "
                    "elsewhere.");
}

void mr_gate_rule_read_only(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j), *now = j->now;
    const char *by = refused_by(now);
    found_recovery(j);
    mr_gate_value(j, "%s", writes(now));
    if (past != NULL)
        mr_gate_base(j, "%s", writes(past));
    if (past != NULL && (refused_by(past) == NULL) != (by == NULL))
        mr_gate_found(
            j, MR_GATE_CRITICAL, "the server is %s%s%s%s, was %s",
            by != NULL ? "read-only" : "writable", by != NULL && !now->read_only ? " (" : "",
            by != NULL && !now->read_only ? by : "", by != NULL && !now->read_only ? ")" : "",
            by != NULL ? "writable" : "read-only");
    else if (past != NULL && past->super_read_only && !now->super_read_only)
        mr_gate_found(j, MR_GATE_WARNING, "super_read_only is off, was on");
    else if (past == NULL && strcmp(now->role, "replica") == 0 && may_write(now))
        mr_gate_found(j, MR_GATE_WARNING, "the replica accepts writes");
    else if (past == NULL && by == NULL && now->replication.seen != MR_GATE_SEEN)
        mr_gate_found_hidden(j, "whether the writable server is a replica", &now->replication);
    else
        mr_gate_note(j, "the server is %s", by != NULL ? "read-only" : "writable");
    if (by != NULL && !now->read_only)
        mr_gate_hint(j,
                     "%s is on: turn it off, in the option file, too, if this is the "
                     "primary.",
                     by);
    mr_gate_hint(j, now->read_only ? "SET GLOBAL read_only = OFF, if this is the primary."
                                   : "SET GLOBAL read_only = ON, if this is a replica.");
}

/* Of a baseline: 0 is its server, then come its peers. */
static const struct mr_gate_facts *server_then(const struct mr_gate_baseline *b, size_t i)
{
    return i == 0 ? &b->server : &b->peers[i - 1];
}

/* How many accepted writes when the baseline was recorded; 0: it does not say. */
static unsigned writable_then(const struct mr_gate_judge *j)
{
    unsigned count = 0;
    if (j->baseline == NULL || j->baseline->npeers == 0)
        return 0;
    for (size_t i = 0; i <= j->baseline->npeers; i++) {
        const struct mr_gate_facts *facts = server_then(j->baseline, i);
        bool counted = !may_write(facts);
        for (size_t k = 0; k < i && !counted; k++)
            counted = mr_gate_is_one_cluster(facts, server_then(j->baseline, k)) &&
                      may_write(server_then(j->baseline, k));
        count += counted ? 0 : 1;
    }
    return count;
}

/* Does a node before it take writes, too?  What one writes all of a cluster certify: together they
 * are one server that does. */
static bool is_counted(const struct mr_gate_judge *j, const struct mr_gate_facts *facts)
{
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *other = mr_gate_server_at(j, i);
        if (other == facts)
            return false;
        if (other != NULL && may_write(other) && !mr_gate_is_cut_off(other) &&
            mr_gate_is_one_cluster(other, facts))
            return true;
    }
    return false;
}

static void count_writable(const struct mr_gate_judge *j, const struct mr_gate_facts *facts,
                           const char *uri, unsigned *writable, bool *open, struct mr_strbuf *who)
{
    if (!may_write(facts) || mr_gate_is_cut_off(facts) || is_counted(j, facts))
        return;
    ++*writable;
    *open = *open || refused_by(facts) == NULL;
    mr_strbuf_add_fmt(who, "%s%s", who->len > 0 ? ", " : "", uri);
}

void mr_gate_rule_split_brain(struct mr_gate_judge *j)
{
    unsigned writable = 0, expected = j->config->writable_servers;
    bool open = false; /* one accepts writes without being asked to */
    const unsigned then = writable_then(j);
    struct mr_strbuf who = MR_STRBUF_INIT;
    count_writable(j, j->now, j->now->uri, &writable, &open, &who);
    for (size_t i = 0; i < j->npeers; i++) {
        const struct mr_gate_peer *peer = &j->peers[i];
        if (peer->facts == NULL) {
            mr_gate_found_away(j, peer);
        } else {
            count_writable(j, peer->facts, peer->uri, &writable, &open, &who);
        }
    }
    if (then > expected)
        expected = then;
    if (!open && writable <= expected) {
        writable = 0;
        mr_strbuf_reset(&who);
    }
    mr_gate_value(j, "%u writable: %s", writable, or_none(who.ptr));
    if (then > 0)
        mr_gate_base(j, "%u writable", then);
    if (writable > expected)
        mr_gate_found(j, MR_GATE_CRITICAL, "%u servers accept writes: %s", writable, who.ptr);
    else if (writable == 0 && j->severity == MR_GATE_OK)
        mr_gate_found(j, MR_GATE_CRITICAL, "no server accepts writes");
    else if (then > j->config->writable_servers && writable > 1)
        mr_gate_note(j, "%u servers accept writes, as in the baseline", writable);
    else
        mr_gate_note(j, "one %s accepts writes: %s",
                     j->now->cluster.is_member ? "cluster" : "server", who.ptr);
    mr_gate_hint(j, writable == 0 ? "SET GLOBAL read_only = OFF on the primary, and only there."
                                  : "SET GLOBAL read_only = ON on all but the primary, before the "
                                    "histories part; then compare them with \"myrecon check\".");
    mr_strbuf_release(&who);
}

/* ---- variables ---- */

static bool is_listed(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* A cluster sets these two on its nodes by itself, as it grows and shrinks. */
static bool is_set_by_cluster(const struct mr_gate_judge *j, const char *name)
{
    static const char *const names[] = {"auto_increment_increment", "auto_increment_offset"};
    return j->now->cluster.is_member && mr_gate_past(j)->cluster.is_member &&
           is_listed(names, sizeof names / sizeof *names, name);
}

/* A character set that a later version calls otherwise is the same. */
static bool is_same_value(struct mr_gate_judge *j, const char *name, const char *a, const char *b)
{
    struct mr_strbuf x = MR_STRBUF_INIT, y = MR_STRBUF_INIT;
    bool same = strcmp(a, b) == 0;
    if (!same &&
        (strcmp(name, "character_set_server") == 0 || strcmp(name, "collation_server") == 0)) {
        mr_norm_charset(&x, a);
        mr_norm_charset(&y, b);
        j->nomem |= x.failed || y.failed;
        same = strcmp(x.ptr, y.ptr) == 0;
    }
    mr_strbuf_release(&x);
    mr_strbuf_release(&y);
    return same;
}

void mr_gate_rule_variables(struct mr_gate_judge *j)
{
    /* they may change with a new machine, and change no result */
    static const char *const machine[] = {"innodb_buffer_pool_size"};
    const struct mr_gate_facts *past = mr_gate_past(j);
    size_t compared = 0;
    for (size_t i = 0; i < past->nvariables; i++) {
        const struct mr_gate_variable *then = &past->variables[i];
        const char *now = mr_gate_facts_variable(j->now, then->name);
        if (now == NULL || is_set_by_cluster(j, then->name) ||
            (j->expect_new_instance &&
             is_listed(machine, sizeof machine / sizeof *machine, then->name)))
            continue;
        compared++;
        if (is_same_value(j, then->name, now, then->value))
            continue;
        mr_gate_found(j, MR_GATE_WARNING, "%s is \"%s\", was \"%s\"", then->name, now, then->value);
        mr_gate_value(j, "%s=%s", then->name, now);
        mr_gate_base(j, "%s=%s", then->name, then->value);
    }
    mr_gate_note(j, "%zu settings are as they were", compared);
    mr_gate_hint(j, "SET GLOBAL the old value, and look into the option files.");
}
