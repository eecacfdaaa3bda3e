/* test_gate_cluster.c: nodes of Galera, and members of a group: what is found, and what several of
 * them are taken for. */
#include "gate_sample.h"

static const struct mr_gate_cluster whole_cluster = {.is_member = true,
                                                     .uuid = "c1",
                                                     .component = "Primary",
                                                     .state = "Synced",
                                                     .size = 3,
                                                     .is_ready = true};

/* Two of three nodes, both writable, that replicate by the cluster alone. */
static void cluster(struct gate *g)
{
    g->now.cluster = g->baseline.server.cluster = g->peer_facts.cluster = whole_cluster;
    g->peer_facts.channels = NULL;
    g->peer_facts.nchannels = 0;
    g->peer_facts.gtid_position = "";
    g->peer_facts.read_only = false;
    g->peer_facts.role = "primary";
}

static void cluster_parted(struct gate *g)
{
    cluster(g);
    g->peer_facts.cluster.uuid = "c2";
}

static void cluster_shrunk(struct gate *g)
{
    cluster(g);
    g->now.cluster.size = 2;
    g->variables[1] = (struct mr_gate_variable){"auto_increment_increment", "2"};
    g->past_variables[1] = (struct mr_gate_variable){"auto_increment_increment", "3"};
}

static void cluster_cut_off(struct gate *g)
{
    cluster(g);
    g->peer_facts.cluster.component = "non-Primary";
    g->peer_facts.cluster.is_ready = false;
}

static void cluster_joining(struct gate *g)
{
    cluster(g);
    g->now.cluster.state = "Joining: receiving State Transfer";
    g->now.cluster.is_ready = false;
}

static void cluster_desynced(struct gate *g)
{
    cluster(g);
    g->now.cluster.state = "Donor/Desynced";
}

static void cluster_left(struct gate *g)
{
    cluster(g);
    g->now.cluster = (struct mr_gate_cluster){0};
}

static void cluster_paused(struct gate *g)
{
    cluster(g);
    g->now.cluster.is_paused = true;
}

static void cluster_held_up(struct gate *g)
{
    cluster(g);
    g->now.cluster.paused = 0.1;
}

static void cluster_behind(struct gate *g)
{
    cluster(g);
    g->peer_facts.cluster.queue = 1000000;
}

static const struct mr_gate_group whole_group = {.name = "g",
                                                 .view = {.seen = MR_GATE_SEEN},
                                                 .state = "ONLINE",
                                                 .members = 3,
                                                 .reached = 3,
                                                 .with = "u1 u2 u3"};

/* Two of three members, both writable; the peer was read a moment later, and gives ids. */
static void group(struct gate *g)
{
    cluster(g);
    g->now.cluster = g->baseline.server.cluster = g->peer_facts.cluster =
        (struct mr_gate_cluster){0};
    g->now.group = g->baseline.server.group = g->peer_facts.group = whole_group;
    (void)snprintf(g->peer_facts.server.uuid, sizeof g->peer_facts.server.uuid, "u2");
    g->peer_tables[0].counter_greatest = 1005;
}

/* Each was made anew, under one name. */
static void group_parted(struct gate *g)
{
    group(g);
    g->peer_tables[0].counter_greatest = 1000;
    g->now.group.with = g->baseline.server.group.with = "u1 u3";
    g->peer_facts.group.with = "u2";
}

static void group_shrunk(struct gate *g)
{
    group(g);
    g->now.group.members = g->now.group.reached = 2;
}

static void group_without_quorum(struct gate *g)
{
    group(g);
    g->peer_facts.group.reached = 1;
}

static void group_recovering(struct gate *g)
{
    group(g);
    g->peer_facts.group.state = "RECOVERING";
}

static void group_left(struct gate *g)
{
    group(g);
    g->peer_facts.read_only = true;
    g->peer_tables[0].counter_greatest = 1000;
    g->now.group = (struct mr_gate_group){
        .name = "g", .view = {.seen = MR_GATE_SEEN}, .state = "OFFLINE", .with = ""};
}

static void group_left_before(struct gate *g)
{
    group_left(g);
    g->baseline.server.group = g->now.group;
}

static void group_expelled(struct gate *g)
{
    group_left(g);
    g->now.group.state = "ERROR";
    g->now.group.members = 1;
}

/* A peer that had been in it when the baseline was recorded. */
static struct mr_gate_facts peer_then;

static void group_left_by_peer(struct gate *g)
{
    group(g);
    peer_then = g->peer_facts;
    g->baseline.peers = &peer_then;
    g->baseline.npeers = 1;
    g->peer_facts.read_only = true;
    g->peer_tables[0].counter_greatest = 1000;
    g->peer_facts.group = (struct mr_gate_group){
        .name = "g", .view = {.seen = MR_GATE_SEEN}, .state = "OFFLINE", .with = ""};
}

/* SERVER is a new one, as was said. */
static void group_moved(struct gate *g)
{
    group_left(g);
    g->now.group = whole_group;
    g->now.group.name = "h";
    g->now.group.with = "u1 u3";
    g->judge.expect_new_instance = true;
}

static void group_gone(struct gate *g)
{
    group_left(g);
    g->now.group = (struct mr_gate_group){.name = ""};
}

static void group_hidden(struct gate *g)
{
    group_left(g);
    g->now.group.view = (struct mr_gate_view){.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"};
}

/* A healthy one, whose list the account may not see: whose ids the peer gives is known by its name. */
static void group_hidden_of_both(struct gate *g)
{
    group(g);
    g->now.group = g->baseline.server.group = g->peer_facts.group =
        (struct mr_gate_group){.name = "g",
                               .view = {.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"},
                               .state = "",
                               .with = ""};
}

/* Its writers wait: that is no second one that accepts writes. */
static void group_isolated(struct gate *g)
{
    group(g);
    g->peer_tables[0].counter_greatest = 1000;
    g->now.group.reached = 2;
    g->now.group.with = "u1 u3";
    g->peer_facts.group.reached = 1;
    g->peer_facts.group.with = "u2";
}

static const struct gate_example examples[] = {
    {"two members of a group", group, ""},
    {"two groups of one name", group_parted, "split_brain:critical"},
    {"a group that lost a member", group_shrunk, "cluster:warning"},
    {"a member without a majority", group_without_quorum, "cluster:critical"},
    {"a member that recovers", group_recovering, "cluster:warning"},
    {"a member that left its group", group_left, "cluster:critical"},
    {"a server that was in none before", group_left_before, "cluster:warning"},
    {"a member that its group goes on without", group_expelled, "cluster:critical"},
    {"a server that is set up for no group any more", group_gone, "cluster:critical"},
    {"a peer that left its group", group_left_by_peer, "cluster:critical"},
    {"a move to another group", group_moved, ""},
    {"a group that is hidden", group_hidden, "cluster:unknown"},
    {"a healthy group that is hidden", group_hidden_of_both, "cluster:unknown"},
    {"a member that reaches nobody", group_isolated, "cluster:critical"},
    {"two nodes of a cluster", cluster, ""},
    {"a cluster that is two", cluster_parted, "split_brain:critical"},
    {"a cluster that lost a node", cluster_shrunk, "cluster:warning"},
    {"a node without a quorum", cluster_cut_off, "cluster:critical"},
    {"a node that joins", cluster_joining, "cluster:critical"},
    {"a donor", cluster_desynced, "cluster:warning"},
    {"a node that left its cluster", cluster_left, "split_brain:critical cluster:critical"},
    {"flow control now", cluster_paused, "cluster:warning"},
    {"flow control for a tenth of the time", cluster_held_up, "cluster:warning"},
    {"write sets that wait", cluster_behind, "cluster:critical"},
};

static void test_examples(void **state)
{
    (void)state;
    gate_run_examples(examples, sizeof examples / sizeof *examples);
}

/* Two that write, and count as one, did so when the baseline was recorded, too. */
static void test_baseline(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    cluster_parted(&g);
    struct mr_gate_facts then = g.peer_facts;
    then.cluster.uuid = "c1";
    g.baseline.peers = &then;
    g.baseline.npeers = 1;
    gate_run(&g);
    gate_fires(&g, "split_brain:critical");
    gate_end(&g);
}

/* Nothing is known of its cluster either. */
static void test_away(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    group(&g);
    g.peer.facts = NULL;
    g.peer.why = "refused";
    gate_run_wanted(&g, (const bool[MR_GATE_NAMES_END]){[MR_GATE_cluster] = true});
    gate_fires(&g, "cluster:unknown");
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples),
                                       cmocka_unit_test(test_baseline),
                                       cmocka_unit_test(test_away)};
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
