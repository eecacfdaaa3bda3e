/*
 * gate_sample: a healthy server's facts and a judge over them, for unit tests of gate.
 *
 *   gate_begin(&g) → change g.now, g.past, g.peer … → gate_run(&g) → gate_severity(&g, …)
 *   → gate_end(&g)
 *
 * Facts are plain structs of literals; every test starts from the same.
 */
#ifndef MR_GATE_SAMPLE_H
#define MR_GATE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recon/gate/gate_judge.h"

#define GATE_TABLES 3

struct gate {
    struct mr_arena arena;
    struct mr_gate_config config;
    struct mr_gate_table tables[GATE_TABLES], past_tables[GATE_TABLES], peer_tables[GATE_TABLES];
    struct mr_gate_range ranges[2], past_ranges[2];
    struct mr_gate_channel channel, peer_channel;
    struct mr_gate_variable variables[2], past_variables[2];
    struct mr_gate_facts now, peer_facts;
    struct mr_gate_baseline baseline;
    struct mr_gate_peer peer;
    struct mr_gate_activity activity;
    struct mr_gate_judge judge;
};

static const char *const gate_shape[] = {"table InnoDB x", "column id int not null",
                                         "index PRIMARY unique BTREE (id)"};
static const char *const gate_dbs[] = {"club"};

static struct mr_gate_table gate_table(const char *name, uint64_t rows)
{
    return (struct mr_gate_table){.db = "club",
                                  .name = name,
                                  .view = {.seen = MR_GATE_SEEN},
                                  .engine = "InnoDB",
                                  .fingerprint = "f1",
                                  .shape = gate_shape,
                                  .nshape = 3,
                                  .rows = rows,
                                  .rows_exact = true,
                                  .key_column = "id",
                                  .has_greatest = true,
                                  .greatest = "1000",
                                  .counter_column = "id",
                                  .next = 1001,
                                  .counter_greatest = 1000,
                                  .counter_max = 2147483647,
                                  .time_column = "created_at",
                                  .newest = "2026-04-08 14:00:00",
                                  .newest_by = "index",
                                  .rows_key = "id",
                                  .rows_identity = "mobile",
                                  .rows_born = "created_at",
                                  .sequence_view = {.seen = MR_GATE_SEEN},
                                  .sequence_gaps = ""};
}

static struct mr_gate_facts gate_facts(const char *uri, uint32_t server_id,
                                       const struct mr_gate_table *tables)
{
    struct mr_gate_facts f = {.uri = uri,
                              .recorded = "2026-04-08T14:00:00Z",
                              .started = "2026-03-01T00:00:00Z",
                              .uptime_s = 1000000,
                              .role = "primary",
                              .gtid_executed = "0-1-100",
                              .gtid_position = "",
                              .replication = {.seen = MR_GATE_SEEN},
                              .sessions = {.seen = MR_GATE_SEEN},
                              .history = {.seen = MR_GATE_SEEN},
                              .disk = {.seen = MR_GATE_SEEN},
                              .max_connections = 200,
                              .connected = 10,
                              .by_account = "app 9",
                              .dbs = gate_dbs,
                              .ndbs = 1,
                              .tables = tables,
                              .ntables = GATE_TABLES,
                              .tables_read = true};
    f.server = (struct mr_server){.flavour = MR_FLAVOUR_MARIADB,
                                  .version = 101119,
                                  .version_text = "10.11.19-MariaDB",
                                  .hostname = "db1",
                                  .uuid = "u1",
                                  .server_id = server_id,
                                  .port = 3306,
                                  .datadir = "/data/"};
    return f;
}

static inline void gate_begin(struct gate *g)
{
    *g = (struct gate){.arena = MR_ARENA_INIT};
    mr_gate_config_init(&g->config);
    const char *const names[GATE_TABLES] = {"members", "orders", "wallet"};
    for (size_t i = 0; i < GATE_TABLES; i++)
        g->tables[i] = g->past_tables[i] = g->peer_tables[i] = gate_table(names[i], 1000 * (i + 1));
    for (size_t i = 0; i < 2; i++)
        g->ranges[i] = g->past_ranges[i] =
            (struct mr_gate_range){.lo = "", .hi = "00", .rows = 32, .digest = "d", .each = "0a"};
    g->tables[0].ranges = g->ranges;
    g->past_tables[0].ranges = g->past_ranges;
    g->tables[0].nranges = g->past_tables[0].nranges = 2;
    g->now = gate_facts("mysql://db1", 1, g->tables);
    g->baseline = (struct mr_gate_baseline){.path = "before.facts",
                                            .recorded = "2026-04-08T14:00:00Z",
                                            .version = "0.1",
                                            .server = gate_facts("mysql://db1", 1, g->past_tables)};
    g->peer_facts = gate_facts("mysql://db2", 2, g->peer_tables);
    g->peer_channel = (struct mr_gate_channel){.name = "",
                                               .host = "db1",
                                               .uuid = "",
                                               .port = 3306,
                                               .source_id = 1,
                                               .io = "Yes",
                                               .sql = "Yes",
                                               .io_error = "",
                                               .sql_error = "",
                                               .worker_error = "",
                                               .retrieved = "0-1-100"};
    g->peer_facts.channels = &g->peer_channel;
    g->peer_facts.nchannels = 1;
    g->peer_facts.role = "replica";
    g->peer_facts.read_only = true;
    g->peer_facts.gtid_position = "0-1-100";
    g->peer = (struct mr_gate_peer){.uri = "mysql://db2", .facts = &g->peer_facts};
    g->variables[0] = g->past_variables[0] = (struct mr_gate_variable){"sql_mode", "STRICT"};
    g->variables[1] = g->past_variables[1] = (struct mr_gate_variable){"sync_binlog", "1"};
    g->now.variables = g->variables;
    g->baseline.server.variables = g->past_variables;
    g->now.nvariables = g->baseline.server.nvariables = 2;
    g->activity.probe = (struct mr_gate_probe){.tables = 1, .seconds = 0.001, .table = ""};
    mr_gate_judge_init(&g->judge);
    g->judge.gtid_last = "0-1-101";
    g->judge.time = "2026-04-09T10:00:00Z";
}

/* Judges what is wanted: indexed by enum mr_gate_name. */
static inline void gate_run_wanted(struct gate *g, const bool wanted[MR_GATE_NAMES_END])
{
    struct mr_err err = {0};
    g->judge.now = &g->now;
    g->judge.activity = &g->activity;
    g->judge.baseline = &g->baseline;
    g->judge.peers = &g->peer;
    g->judge.npeers = 1;
    g->judge.config = &g->config;
    g->judge.arena = &g->arena;
    assert_int_equal(mr_gate_judge_run(&g->judge, wanted, &err), MR_OK);
}

/* Everything that a baseline and a peer allow. */
static inline void gate_run(struct gate *g)
{
    bool wanted[MR_GATE_NAMES_END];
    memset(wanted, 1, sizeof wanted);
    gate_run_wanted(g, wanted);
}

static inline const struct mr_gate_result *gate_result(const struct gate *g, enum mr_gate_name name)
{
    for (size_t i = 0; i < g->judge.results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&g->judge.results, i);
        if (r->name == name)
            return r;
    }
    print_error("no result of %s\n", mr_gate_names[name].name);
    abort();
}

/* Exactly these are not ok: "name:severity name:severity", in the order of the checks. */
static inline void gate_fires(const struct gate *g, const char *want)
{
    char got[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < g->judge.results.count; i++) {
        const struct mr_gate_result *r = mr_vec_at(&g->judge.results, i);
        if (r->severity != MR_GATE_OK && used < sizeof got)
            used +=
                (size_t)snprintf(got + used, sizeof got - used, "%s%s:%s", used > 0 ? " " : "",
                                 mr_gate_names[r->name].name, mr_gate_severity_text(r->severity));
    }
    assert_string_equal(got, want);
}

static inline void gate_end(struct gate *g)
{
    mr_gate_judge_release(&g->judge);
    mr_arena_release(&g->arena);
}

/* One change to a healthy pair, and what must fire. */
struct gate_example {
    const char *name;
    void (*change)(struct gate *g);
    const char *fires;
};

static inline void gate_run_examples(const struct gate_example *examples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gate g;
        gate_begin(&g);
        examples[i].change(&g);
        gate_run(&g);
        print_message("# %s\n", examples[i].name);
        gate_fires(&g, examples[i].fires);
        gate_end(&g);
    }
}

#endif
