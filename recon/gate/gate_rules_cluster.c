/* gate_rules_cluster.c: nodes of Galera, members of a group (Group Replication): are they in step, and
 * is their cluster whole? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "recon/gate/gate_rules.h"

/* Of the time, from which on writers are held up for more than a moment. */
#define PAUSED_SHARE 0.1

static bool has_group(const struct mr_gate_facts *facts)
{
    return facts->group.name != NULL && facts->group.name[0] != '\0';
}

/* Does it apply what the others write, or is it about to? */
static bool is_in_group(const struct mr_gate_facts *facts)
{
    const char *state = has_group(facts) ? facts->group.state : "";
    return has_group(facts) && facts->group.view.seen == MR_GATE_SEEN &&
           (strcasecmp(state, "ONLINE") == 0 || strcasecmp(state, "RECOVERING") == 0);
}

/* Where nobody may see whom it knows, the name of its group has to do: that it is hidden is told. */
static bool may_know(const struct mr_gate_facts *a, const struct mr_gate_facts *b)
{
    return has_group(a) && (a->group.view.seen != MR_GATE_SEEN ||
                            (is_in_group(a) && strcasestr(a->group.with, b->server.uuid) != NULL));
}

/* Two groups may have one name, where each was made anew: their members do not know each other. */
static bool is_one_group(const struct mr_gate_facts *a, const struct mr_gate_facts *b)
{
    return a->server.uuid[0] != '\0' && b->server.uuid[0] != '\0' && may_know(a, b) &&
           may_know(b, a) && strcasecmp(a->group.name, b->group.name) == 0;
}

bool mr_gate_is_one_cluster(const struct mr_gate_facts *a, const struct mr_gate_facts *b)
{
    if (is_one_group(a, b))
        return true;
    return a->cluster.is_member && b->cluster.is_member && a->cluster.uuid[0] != '\0' &&
           strcmp(a->cluster.uuid, b->cluster.uuid) == 0;
}

bool mr_gate_is_cut_off(const struct mr_gate_facts *facts)
{
    if (is_in_group(facts))
        return facts->group.reached * 2 <= facts->group.members;
    return facts->cluster.is_member &&
           (strcasecmp(facts->cluster.component, "Primary") != 0 || !facts->cluster.is_ready);
}

static bool is_state(const struct mr_gate_cluster *c, const char *state)
{
    return strcasecmp(c->state, state) == 0;
}

/* A node without a quorum refuses all, whatever else it says of itself. */
static void judge_state(struct mr_gate_judge *j, const struct mr_gate_facts *f)
{
    const struct mr_gate_cluster *c = &f->cluster;
    if (strcasecmp(c->component, "Primary") != 0) {
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s is in a component without a quorum (%s): it refuses reads and writes",
                      f->uri, c->component[0] != '\0' ? c->component : "not connected");
        mr_gate_hint(j, "See whether it reaches the other nodes. Where a Primary component is "
                        "left, it joins that by itself; where none is, make one, of the node that "
                        "has most: SET GLOBAL wsrep_provider_options = 'pc.bootstrap=1', there "
                        "alone.");
    } else if (!c->is_ready) {
        mr_gate_found(j, MR_GATE_CRITICAL, "%s takes no statements (wsrep_ready is OFF): %s",
                      f->uri, c->state);
        mr_gate_hint(j, "It is joining, or its provider failed: see its error log.");
    } else if (is_state(c, "Donor/Desynced")) {
        mr_gate_found(j, MR_GATE_WARNING,
                      "%s is Donor/Desynced: it may fall behind, and holds up nobody", f->uri);
        mr_gate_hint(j, "It gives its data to a node that joins, a backup runs there, or "
                        "wsrep_desync is ON. Let no traffic go there until it is Synced.");
    } else if (!is_state(c, "Synced")) {
        mr_gate_found(j, MR_GATE_WARNING, "%s has not caught up with its cluster: %s", f->uri,
                      c->state);
        mr_gate_hint(j, "Let no traffic go there until it is Synced.");
    }
}

static void judge_flow(struct mr_gate_judge *j, const struct mr_gate_facts *f)
{
    const struct mr_gate_cluster *c = &f->cluster;
    const enum mr_gate_severity by_queue = mr_gate_weigh(j, MR_GATE_T_PENDING, (double)c->queue);
    if (by_queue != MR_GATE_OK)
        mr_gate_found(j, by_queue, "%s has %" PRIu64 " write sets to apply", f->uri, c->queue);
    if (c->is_paused)
        mr_gate_found(j, MR_GATE_WARNING, "%s: flow control holds up writers now", f->uri);
    else if (c->paused >= PAUSED_SHARE)
        mr_gate_found(j, MR_GATE_WARNING,
                      "%s: flow control held up writers for %.0f %% of the time since FLUSH "
                      "STATUS",
                      f->uri, 100 * c->paused);
    else
        return;
    mr_gate_hint(j, "One node applies more slowly than the others write: look for the longest "
                    "wsrep_local_recv_queue, its disk, and tables without a primary key.");
}

/* One that has left goes on to serve what it had, and no channel tells: it has none. */
static void judge_group(struct mr_gate_judge *j, const struct mr_gate_facts *f,
                        const struct mr_gate_facts *past)
{
    const struct mr_gate_group *g = &f->group;
    const uint64_t reached = g->reached, members = g->members;
    if (g->view.seen != MR_GATE_SEEN) {
        mr_gate_found_hidden(j, "which state it has in its group (Group Replication)", &g->view);
    } else if (strcasecmp(g->state, "ERROR") == 0) {
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s is in state ERROR: its group goes on without it, and it gets nothing of "
                      "what the others write",
                      f->uri);
        mr_gate_hint(j,
                     "See its error log; performance_schema.replication_applier_status_by_worker "
                     "says what could not be applied. Compare it by \"myrecon check\" before it "
                     "is set up anew.");
    } else if (!is_in_group(f)) {
        mr_gate_found(j, past != NULL && is_in_group(past) ? MR_GATE_CRITICAL : MR_GATE_WARNING,
                      "%s is set up for a group, and not in it (%s): it gets nothing of what the "
                      "others write",
                      f->uri, g->state);
        mr_gate_hint(j, "START GROUP_REPLICATION there, when it is known why it left.");
    } else if (reached * 2 <= members) {
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s reaches %" PRIu64 " of the %" PRIu64
                      " members of its group: without more than half of them writes wait for ever",
                      f->uri, reached, members);
        mr_gate_hint(j, "See whether it reaches the other members. Where they are lost: "
                        "group_replication_force_members, on one of those that are left, alone.");
    } else if (strcasecmp(g->state, "ONLINE") != 0) {
        mr_gate_found(j, MR_GATE_WARNING, "%s has not caught up with its group: %s", f->uri,
                      g->state);
        mr_gate_hint(j, "Let no traffic go there until it is ONLINE.");
    }
}

static void compare_groups(struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    const struct mr_gate_group *now = &j->now->group, *then = &past->group;
    mr_gate_base(j, "%" PRIu64 " members", then->reached);
    const bool is_other = !has_group(j->now) || strcasecmp(now->name, then->name) != 0;
    if (is_other && j->expect_new_instance)
        return;
    if (is_other)
        mr_gate_found(j, MR_GATE_CRITICAL, "%s is in %s", j->now->uri,
                      has_group(j->now) ? "another group" : "no group any more");
    else if (is_in_group(j->now) && now->reached < then->reached)
        mr_gate_found(j, MR_GATE_WARNING,
                      "%" PRIu64 " of %" PRIu64 " members are left in the group", now->reached,
                      then->reached);
    mr_gate_hint(j, "Look at the members that are missing before anything else is changed; compare "
                    "them by \"myrecon check\" before one is thrown away.");
}

static void compare_past(struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    const struct mr_gate_cluster *now = &j->now->cluster, *then = &past->cluster;
    mr_gate_base(j, "%" PRIu64 " nodes", then->size);
    if (j->expect_new_instance && (!now->is_member || !mr_gate_is_one_cluster(past, j->now)))
        return;
    if (!now->is_member) {
        mr_gate_found(j, MR_GATE_CRITICAL, "%s is in no cluster any more", j->now->uri);
        mr_gate_hint(j, "Nothing that is written there gets to the other nodes: see wsrep_on and "
                        "wsrep_provider.");
        return;
    }
    if (!mr_gate_is_one_cluster(past, j->now))
        mr_gate_found(j, MR_GATE_CRITICAL,
                      "%s is in another cluster: it was bootstrapped anew, with a history of its "
                      "own",
                      j->now->uri);
    else if (now->size < then->size)
        mr_gate_found(j, MR_GATE_WARNING,
                      "%" PRIu64 " of %" PRIu64 " nodes are left in the cluster", now->size,
                      then->size);
    mr_gate_hint(j, "Look at the nodes that are missing before anything else is changed; compare "
                    "them by \"myrecon check\" before one is thrown away.");
}

static void put_metrics(struct mr_gate_judge *j, const struct mr_gate_cluster *c)
{
    mr_gate_metric(j, &(struct mr_gate_metric){.name = "cluster_nodes",
                                               .help = "Nodes that the Galera cluster has.",
                                               .value = (double)c->size,
                                               .in_perfdata = true});
    mr_gate_metric(
        j, &(struct mr_gate_metric){.name = "cluster_pending_write_sets",
                                    .help = "Write sets that a Galera node has not applied yet.",
                                    .value = (double)c->queue,
                                    .has_limits = true,
                                    .limits = j->config->limits[MR_GATE_T_PENDING],
                                    .in_perfdata = true});
}

void mr_gate_rule_cluster(struct mr_gate_judge *j)
{
    const struct mr_gate_facts *past = mr_gate_past(j);
    size_t members = 0, grouped = 0;
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *f = mr_gate_server_at(j, i);
        if (f == NULL) /* SERVER is always there */
            mr_gate_found_away(j, &j->peers[i - 1]);
        if (f != NULL && has_group(f)) {
            grouped++;
            judge_group(j, f, mr_gate_then_of(j, i));
        }
        if (f == NULL || !f->cluster.is_member)
            continue;
        members++;
        judge_state(j, f);
        judge_flow(j, f);
    }
    if (past != NULL && past->cluster.is_member)
        compare_past(j, past);
    if (past != NULL && is_in_group(past))
        compare_groups(j, past);
    if (has_group(j->now) && j->now->group.view.seen == MR_GATE_SEEN)
        mr_gate_value(j, "%s, %" PRIu64 " members", j->now->group.state, j->now->group.reached);
    if (j->now->cluster.is_member) {
        mr_gate_value(j, "%s, %" PRIu64 " nodes", j->now->cluster.state, j->now->cluster.size);
        put_metrics(j, &j->now->cluster);
    }
    if (members > 0)
        mr_gate_note(j, "%zu node%s of Galera, in step", members, members > 1 ? "s" : "");
    if (grouped > 0)
        mr_gate_note(j, "%zu member%s of a group, ONLINE", grouped, grouped > 1 ? "s" : "");
    if (members + grouped == 0)
        mr_gate_note(j, "no server here is a node of Galera, or of a group");
}
