/* gate_rules_cluster.c: nodes of Galera: are they in step, and is their cluster whole? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "recon/gate/gate_rules.h"

/* Of the time, from which on writers are held up for more than a moment. */
#define PAUSED_SHARE 0.1

bool mr_gate_is_one_cluster(const struct mr_gate_facts *a, const struct mr_gate_facts *b)
{
    return a->cluster.is_member && b->cluster.is_member && a->cluster.uuid[0] != '\0' &&
           strcmp(a->cluster.uuid, b->cluster.uuid) == 0;
}

bool mr_gate_is_cut_off(const struct mr_gate_facts *facts)
{
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

static void compare_past(struct mr_gate_judge *j, const struct mr_gate_facts *past)
{
    const struct mr_gate_cluster *now = &j->now->cluster, *then = &past->cluster;
    mr_gate_base(j, "%" PRIu64 " nodes", then->size);
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
    size_t members = 0;
    for (size_t i = 0; i <= j->npeers; i++) {
        const struct mr_gate_facts *f = mr_gate_server_at(j, i);
        if (f == NULL || !f->cluster.is_member)
            continue;
        members++;
        judge_state(j, f);
        judge_flow(j, f);
    }
    if (past != NULL && past->cluster.is_member)
        compare_past(j, past);
    if (j->now->cluster.is_member) {
        mr_gate_value(j, "%s, %" PRIu64 " nodes", j->now->cluster.state, j->now->cluster.size);
        put_metrics(j, &j->now->cluster);
    }
    if (members > 0)
        mr_gate_note(j, "%zu node%s of Galera, in step", members, members > 1 ? "s" : "");
    else
        mr_gate_note(j, "no server here is a node of Galera");
}
