/* test_gate_topology.c: how the servers that are named follow each other decides what is
 * errant, and whose rows SERVER must have: chains, rings, several sources, siblings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "gate_sample.h"
#include "recon/gate/gate_rules.h"

#define SERVERS 4
#define CHANNELS 2

/* Servers 1 to 4; SERVER is the first that `judged` names, the others are its peers. */
struct cluster {
    struct gate gate;
    struct mr_gate_table tables[SERVERS][GATE_TABLES];
    struct mr_gate_channel channels[SERVERS][CHANNELS];
    struct mr_gate_facts facts[SERVERS];
    struct mr_gate_peer peers[SERVERS];
};

static const char *const uris[SERVERS] = {"mysql://s1", "mysql://s2", "mysql://s3", "mysql://s4"};

static void cluster_begin(struct cluster *c)
{
    gate_begin(&c->gate);
    for (uint32_t i = 0; i < SERVERS; i++) {
        for (size_t t = 0; t < GATE_TABLES; t++)
            c->tables[i][t] = c->gate.tables[t];
        c->tables[i][0].nranges = 0;
        c->facts[i] = gate_facts(uris[i], i + 1, c->tables[i]);
        c->facts[i].read_only = true;
        c->facts[i].channels = c->channels[i];
    }
}

/* `replica` gets one channel more, from `source`; both count from 1. */
static struct mr_gate_channel *follow(struct cluster *c, size_t replica, uint32_t source)
{
    struct mr_gate_facts *f = &c->facts[replica - 1];
    struct mr_gate_channel *channel = &c->channels[replica - 1][f->nchannels++];
    *channel = (struct mr_gate_channel){.name = f->nchannels > 1 ? "second" : "",
                                        .host = uris[source - 1],
                                        .uuid = "",
                                        .port = 3306,
                                        .source_id = source,
                                        .io = "Yes",
                                        .sql = "Yes",
                                        .lag_s = 1,
                                        .io_error = "",
                                        .sql_error = "",
                                        .worker_error = "",
                                        .retrieved = ""};
    f->role = "replica";
    return channel;
}

/* order: numbers of servers, 0 at the end. */
static void judge(struct cluster *c, const int *order, const char *fires)
{
    static const enum mr_gate_name names[] = {
        MR_GATE_newest_row,         MR_GATE_errant_transactions,
        MR_GATE_sequence_gaps,      MR_GATE_auto_increment_position,
        MR_GATE_completeness,       MR_GATE_replication_lag,
        MR_GATE_replication_source,
    };
    struct mr_gate_judge *j = &c->gate.judge;
    bool wanted[MR_GATE_NAMES_END] = {false};
    struct mr_err err = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        wanted[names[i]] = true;
    j->now = &c->facts[order[0] - 1];
    j->gtid_last = j->now->gtid_executed;
    for (j->npeers = 0; order[j->npeers + 1] != 0; j->npeers++) {
        const int number = order[j->npeers + 1];
        c->peers[j->npeers] =
            (struct mr_gate_peer){.uri = uris[number - 1], .facts = &c->facts[number - 1]};
    }
    j->peers = c->peers;
    j->activity = &c->gate.activity;
    j->config = &c->gate.config;
    j->arena = &c->gate.arena;
    assert_int_equal(mr_gate_judge_run(j, wanted, &err), MR_OK);
    gate_fires(&c->gate, fires);
    mr_gate_judge_release(j);
    mr_gate_judge_init(j);
    j->time = "2026-04-09T10:00:00Z";
}

/* What the writer has done since the one that is judged was looked at. */
static void ahead(struct cluster *c, size_t server)
{
    for (size_t t = 0; t < GATE_TABLES; t++) {
        c->tables[server - 1][t].greatest = "1007";
        c->tables[server - 1][t].next = 1008;
        c->tables[server - 1][t].counter_greatest = 1007;
        c->tables[server - 1][t].rows += 7;
    }
}

static void test_chain(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 2, 1);
    follow(&c, 3, 2);
    ahead(&c, 3);
    judge(&c, (int[]){1, 2, 3, 0}, "");
    judge(&c, (int[]){1, 3, 2, 0}, "");
    /* the last one is looked at while the first one writes */
    ahead(&c, 1);
    c.facts[0].gtid_executed = "0-1-107";
    judge(&c, (int[]){3, 2, 1, 0}, "");
    judge(&c, (int[]){3, 1, 2, 0}, "");
    /* what only the middle has written is its own error, of both that lack it */
    c.facts[0].gtid_executed = "0-1-100";
    c.facts[1].gtid_executed = c.facts[2].gtid_executed = "0-1-100,0-2-101";
    judge(&c, (int[]){1, 2, 3, 0}, "errant_transactions:critical");
    c.facts[1].gtid_executed = "0-1-100";
    c.facts[2].gtid_executed = "0-1-100,0-3-101";
    judge(&c, (int[]){1, 2, 3, 0}, "errant_transactions:critical");
    judge(&c, (int[]){3, 2, 1, 0}, "errant_transactions:critical");
    gate_end(&c.gate);
}

/* A copy of the source from days ago has its server_id: by that its replica follows the copy.  Without a
 * log of its own all that tells is how far the replica has got. */
static void test_copy_of_the_source(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 2, 1);
    c.facts[1].gtid_executed = "";
    c.facts[1].gtid_position = "0-1-100";
    judge(&c, (int[]){1, 2, 0}, "");
    c.facts[1].gtid_position = "5-9-50,0-1-100"; /* of a source of long ago */
    judge(&c, (int[]){1, 2, 0}, "");
    c.facts[1].gtid_position = "5-9-50,0-1-600";
    judge(&c, (int[]){1, 2, 0}, "errant_transactions:critical");
    /* of one that does not run it may be of a source that nobody remembers */
    c.channels[1][0].io = c.channels[1][0].sql = "No";
    c.facts[1].gtid_position = "0-9-50";
    judge(&c, (int[]){1, 2, 0}, "");
    gate_end(&c.gate);
}

/* Two that follow each other: what either lacks is on its way, unless neither fetches any more
 * and both have something of their own. */
static void test_circle(void **state)
{
    struct cluster c;
    struct mr_gate_channel *channels[2];
    (void)state;
    cluster_begin(&c);
    channels[0] = follow(&c, 1, 2);
    channels[1] = follow(&c, 2, 1);
    c.facts[0].gtid_executed = "0-1-101,0-2-100";
    c.facts[1].gtid_executed = "0-1-100,0-2-101";
    judge(&c, (int[]){1, 2, 0}, "");
    channels[0]->io = channels[0]->sql = "No";
    judge(&c, (int[]){1, 2, 0}, "");
    channels[1]->io = "No";
    judge(&c, (int[]){1, 2, 0}, "errant_transactions:critical");
    judge(&c, (int[]){2, 1, 0}, "errant_transactions:critical");
    /* one of them is only late */
    c.facts[1].gtid_executed = "0-1-100,0-2-100";
    judge(&c, (int[]){1, 2, 0}, "");
    c.facts[0].gtid_position = "5-9-50"; /* of a source of long ago */
    c.facts[1].gtid_executed = "0-1-100,0-2-101";
    c.facts[0].gtid_executed = "0-1-100,0-2-100";
    judge(&c, (int[]){1, 2, 0}, "");
    gate_end(&c.gate);
}

/* A replica below one that has stopped may be all that there is of what was lost. */
static void test_chain_stopped(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 2, 1)->sql = "No";
    follow(&c, 3, 2);
    ahead(&c, 3);
    judge(&c, (int[]){1, 2, 3, 0},
          "auto_increment_position:critical "
          "completeness:warning");
    gate_end(&c.gate);
}

static void test_ring(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 1, 2);
    follow(&c, 2, 1);
    ahead(&c, 2);
    c.facts[0].gtid_executed = "0-1-105,0-2-90";
    c.facts[1].gtid_executed = "0-1-100,0-2-95";
    judge(&c, (int[]){1, 2, 0}, "");
    judge(&c, (int[]){2, 1, 0}, "");
    gate_end(&c.gate);
}

static void test_several_sources(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 3, 1);
    follow(&c, 3, 2);
    c.facts[1].gtid_executed = "7-2-50,7-4-20";
    c.facts[2].gtid_executed = "0-1-100,7-2-50,7-4-20";
    /* the other source is named: also what it has of its own source is no error */
    c.gate.config.writable_servers = 2;
    c.facts[2].gtid_position = "";
    judge(&c, (int[]){3, 1, 2, 0}, "");
    /* it is not: its server_id says whose they are */
    c.facts[2].gtid_executed = "0-1-100,7-2-50";
    judge(&c, (int[]){3, 1, 0}, "");
    /* of its own, it is errant all the same */
    c.facts[2].gtid_executed = "0-1-100,7-2-50,0-3-101";
    judge(&c, (int[]){3, 1, 2, 0}, "errant_transactions:critical");
    gate_end(&c.gate);
}

static void test_siblings(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 2, 1);
    follow(&c, 3, 1);
    ahead(&c, 3);
    c.facts[2].gtid_executed = "0-1-107";
    judge(&c, (int[]){2, 3, 0}, "");
    c.facts[2].gtid_executed = "0-1-107,0-3-8";
    judge(&c, (int[]){2, 3, 0}, "errant_transactions:critical");
    /* who does not run any more may be all that there is of what was lost */
    c.channels[1][0].io = "No";
    c.facts[2].gtid_executed = "0-1-107";
    judge(&c, (int[]){2, 3, 0},
          "errant_transactions:critical "
          "auto_increment_position:critical completeness:warning");
    gate_end(&c.gate);
}

/* Without a log of its own a peer has a position alone: of what others write it tells nothing. */
static void test_position_of_others(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 1, 3); /* as both do, which follows 4 */
    follow(&c, 2, 3);
    c.facts[0].gtid_executed = "0-4-100";
    c.facts[1].gtid_executed = "";
    c.facts[1].gtid_position = "0-4-107";
    judge(&c, (int[]){1, 2, 0}, "");
    gate_end(&c.gate);
    cluster_begin(&c);
    follow(&c, 2, 1);
    follow(&c, 2, 3); /* and that one 4, in the same domain */
    c.facts[0].gtid_executed = "0-1-1000";
    c.facts[1].gtid_executed = "";
    c.facts[1].gtid_position = "0-4-777";
    judge(&c, (int[]){1, 2, 0}, "replication_source:critical");
    gate_end(&c.gate);
}

/* Two that follow nobody who is named, and a source that is not. */
static void test_strangers(void **state)
{
    struct cluster c;
    (void)state;
    cluster_begin(&c);
    follow(&c, 2, 4);
    c.facts[1].gtid_executed = "0-1-100,0-4-150";
    ahead(&c, 2);
    judge(&c, (int[]){1, 2, 0},
          "errant_transactions:critical auto_increment_position:critical "
          "completeness:warning replication_source:critical");
    gate_end(&c.gate);
}

/* SERVER is an hour late on purpose, as it was. */
static void test_late_on_purpose(void **state)
{
    struct cluster c;
    struct mr_gate_baseline baseline;
    struct mr_gate_judge *j = &c.gate.judge;
    (void)state;
    for (int recorded = 0; recorded < 2; recorded++) {
        cluster_begin(&c);
        struct mr_gate_channel *channel = follow(&c, 2, 1);
        channel->delay_s = channel->lag_s = 3600;
        baseline = (struct mr_gate_baseline){.server = c.facts[1]};
        c.facts[0].gtid_executed = "0-1-5100";
        c.tables[0][0].newest = "2026-04-08 15:00:00";
        j->baseline = recorded ? &baseline : NULL;
        judge(&c, (int[]){2, 1, 0}, recorded ? "" : "newest_row:critical replication_lag:critical");
        gate_end(&c.gate);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copy_of_the_source),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_chain_stopped),
        cmocka_unit_test(test_circle),
        cmocka_unit_test(test_ring),
        cmocka_unit_test(test_position_of_others),
        cmocka_unit_test(test_several_sources),
        cmocka_unit_test(test_siblings),
        cmocka_unit_test(test_strangers),
        cmocka_unit_test(test_late_on_purpose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
