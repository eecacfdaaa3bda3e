/* test_gate_rules.c: which facts make which check fire, and how gravely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "gate_sample.h"
#include "recon/gate/gate_rules.h"

static void nothing(struct gate *g)
{
    (void)g;
}

static void other_uuid(struct gate *g)
{
    (void)snprintf(g->now.server.uuid, sizeof g->now.server.uuid, "u9");
}

static void expected_move(struct gate *g)
{
    other_uuid(g);
    (void)snprintf(g->now.server.datadir, sizeof g->now.server.datadir, "/new/");
    g->judge.expect_new_instance = true;
}

static void other_datadir(struct gate *g)
{
    (void)snprintf(g->now.server.datadir, sizeof g->now.server.datadir, "/tmp/");
}

static void downgrade(struct gate *g)
{
    g->now.server.version = 101118;
}

static void upgrade(struct gate *g)
{
    g->now.server.version = 110400;
}

static void role(struct gate *g)
{
    g->now.role = "replica";
}

static void two_writable(struct gate *g)
{
    g->peer_facts.read_only = false;
}

static void two_writable_wanted(struct gate *g)
{
    g->peer_facts.read_only = false;
    g->config.writable_servers = 2;
}

static void none_writable(struct gate *g)
{
    g->now.read_only = true;
}

static void table_gone(struct gate *g)
{
    static const struct mr_gate_absent gone = {"club", "wallet", {.seen = MR_GATE_SEEN}};
    g->now.absent = &gone;
    g->now.nabsent = 1;
    g->now.ntables = 2;
}

static void table_hidden(struct gate *g)
{
    static const struct mr_gate_absent hidden = {
        "club", "wallet", {.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"}};
    g->now.absent = &hidden;
    g->now.nabsent = 1;
    g->now.ntables = 2;
}

static void table_locked(struct gate *g)
{
    g->tables[1].view =
        (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "zu lange", .is_locked = true};
}

static void baseline_lacks(struct gate *g)
{
    g->past_tables[1].view = (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "x"};
}

static void one_row_less(struct gate *g)
{
    g->tables[0].rows--;
}

static void ten_percent_less(struct gate *g)
{
    g->tables[0].rows = 900;
}

static void estimate_less(struct gate *g)
{
    g->tables[0].rows = 600;
    g->tables[0].rows_exact = false;
}

static void estimate_much_less(struct gate *g)
{
    g->tables[0].rows = 400;
    g->tables[0].rows_exact = false;
}

static void week_old(struct gate *g)
{
    for (size_t i = 0; i < GATE_TABLES; i++) {
        g->tables[i].rows -= 300;
        g->tables[i].greatest = "700";
        g->tables[i].counter_greatest = 700;
        g->tables[i].next = 701;
        g->tables[i].newest = "2026-04-02 12:11:00";
    }
    g->now.gtid_executed = g->judge.gtid_last = "0-1-60";
    g->peer_facts.gtid_executed = "0-1-100";
    g->peer_channel.io = "No";
    g->peer_channel.io_errno = 1236;
    g->peer_channel.io_error = "diverged";
}

static void newest_gone(struct gate *g)
{
    g->tables[0].newest = "";
}

/* The peer is the other side: it does not follow the server. */
static void part(struct gate *g)
{
    g->peer_facts.nchannels = 0;
    g->peer_facts.role = "primary";
}

static void newest_behind_peer(struct gate *g)
{
    part(g);
    g->peer_tables[0].newest = "2026-04-08 14:06:00";
}

static void newest_far_behind_peer(struct gate *g)
{
    part(g);
    g->peer_tables[0].newest = "2026-04-09 02:00:00";
}

static void newest_behind_replica(struct gate *g)
{
    g->peer_tables[0].newest = "2026-04-09 02:00:00"; /* errant: reported elsewhere */
}

static void newest_little_behind_peer(struct gate *g)
{
    part(g);
    g->peer_tables[0].newest = "2026-04-08 14:04:59";
}

static void structure(struct gate *g)
{
    g->tables[0].fingerprint = "f2";
}

static void old_rows_changed(struct gate *g)
{
    g->ranges[0].digest = "e";
}

static void old_rows_touched(struct gate *g)
{
    g->ranges[0].digest = "e";
    g->ranges[0].touched = true;
}

static void rows_in_between(struct gate *g)
{
    g->ranges[0].digest = "e";
    g->ranges[0].rows = 33;
    g->ranges[0].grown = true;
}

static void full_rows(struct gate *g, const char *digest, uint64_t rows)
{
    g->past_tables[0].full =
        (struct mr_gate_range){.lo = "", .hi = "0a", .rows = 1000, .digest = "d", .each = ""};
    g->tables[0].full = g->past_tables[0].full;
    g->tables[0].full.digest = digest;
    g->tables[0].full.rows = rows;
}

static void full_alike(struct gate *g)
{
    full_rows(g, "d", 1000);
}

static void full_changed(struct gate *g)
{
    full_rows(g, "e", 1000);
}

static void full_rows_gone(struct gate *g)
{
    full_rows(g, "e", 999);
}

static void full_rows_in_between(struct gate *g)
{
    full_rows(g, "e", 1001);
}

static void gtid_back(struct gate *g)
{
    g->judge.gtid_last = "0-1-99";
}

static void gtid_reset(struct gate *g)
{
    g->judge.gtid_last = "";
}

static void errant(struct gate *g)
{
    g->peer_facts.gtid_executed = "0-1-100,0-2-101";
}

static void counter_low(struct gate *g)
{
    g->tables[0].next = 1000;
}

static void counter_back(struct gate *g)
{
    g->past_tables[0].next = 5000;
}

static void counter_back_restarted(struct gate *g)
{
    g->past_tables[0].next = 5000;
    g->now.started = "2026-04-08T14:00:01Z";
}

/* Within the second of the baseline, or by another machine's clock. */
static void counter_back_at_once(struct gate *g)
{
    g->past_tables[0].next = 5000;
    g->now.started = "2026-04-08T14:00:00Z";
}

static void counter_back_young(struct gate *g)
{
    g->past_tables[0].next = 5000;
    g->baseline.server.uptime_s = 3;
    g->now.uptime_s = 1;
}

static void counter_far_back_restarted(struct gate *g)
{
    g->past_tables[0].next = 1000 + 65536 + 1;
    g->now.started = "2026-04-08T14:00:01Z";
}

static void counter_below_other_side(struct gate *g)
{
    g->peer_facts.nchannels = 0;
    g->peer_facts.role = "primary";
    g->peer_tables[0].counter_greatest = 1001;
}

static void counter_of_replica_behind(struct gate *g)
{
    g->peer_tables[0].counter_greatest = 1001; /* errant, or on its way: not ours to tell */
}

static void headroom(struct gate *g)
{
    g->tables[0].counter_max = 1200;
}

static void headroom_gone(struct gate *g)
{
    g->tables[0].counter_max = 1000;
}

static void sequence(struct gate *g)
{
    g->tables[0].sequence_column = "period";
    g->tables[0].sequence_lo = 3342700;
    g->tables[0].sequence_hi = 3342915;
    g->tables[0].sequence_present = 216;
}

static void sequence_with_gap(struct gate *g)
{
    sequence(g);
    g->tables[0].sequence_present = 197;
    g->tables[0].sequence_gaps = "3342788–3342806";
}

static void sequence_locked(struct gate *g)
{
    g->tables[1].sequence_column = "period";
    g->tables[1].fresh_column = "created_at";
    table_locked(g);
}

static void sequence_cut(struct gate *g)
{
    sequence(g);
    g->past_tables[0].sequence_column = "period";
    g->past_tables[0].sequence_lo = 3342700;
    g->past_tables[0].sequence_hi = 3342916;
    g->past_tables[0].sequence_present = 217;
}

static void fresh(struct gate *g, double age)
{
    g->tables[0].fresh_column = "created_at";
    g->tables[0].fresh_known = true;
    g->tables[0].fresh_age_s = age;
}

static void fresh_299(struct gate *g)
{
    fresh(g, 299);
}

static void fresh_300(struct gate *g)
{
    fresh(g, 300);
}

static void fresh_600(struct gate *g)
{
    fresh(g, 600);
}

static void fresh_future(struct gate *g)
{
    fresh(g, -3600);
}

static void heartbeat(struct gate *g)
{
    g->now.heartbeat = (struct mr_gate_heartbeat){
        .table = "percona.heartbeat", .view = {.seen = MR_GATE_SEEN}, .age_s = 60};
}

static void sql_thread(struct gate *g)
{
    g->peer_channel.sql = "No";
    g->peer_channel.lag_s = MR_GATE_UNKNOWN_S;
}

static void connecting(struct gate *g)
{
    g->peer_channel.io = "Connecting";
    g->peer_channel.io_errno = 2003;
    g->peer_channel.io_error = "cannot connect";
    g->peer_channel.lag_s = MR_GATE_UNKNOWN_S;
}

static void lag_60(struct gate *g)
{
    g->peer_channel.lag_s = 60;
}

static void lag_new(struct gate *g)
{
    g->peer_channel.lag_s = 3600;
    g->peer_channel.delay_s = 3600;
}

static void lag_wanted(struct gate *g)
{
    static struct mr_gate_facts then;
    lag_new(g);
    then = g->peer_facts;
    g->baseline.peers = &then;
    g->baseline.npeers = 1;
}

static void many_wait_on_purpose(struct gate *g)
{
    lag_wanted(g);
    g->now.gtid_executed = "0-1-5000";
    g->judge.gtid_last = "0-1-5000";
}

static void quiet(struct gate *g)
{
    g->now.gtid_executed = "0-1-105";
    g->judge.gtid_last = "0-1-105";
}

static void quiet_and_stopped(struct gate *g)
{
    quiet(g);
    sql_thread(g);
}

static void other_source(struct gate *g)
{
    g->peer_channel.source_id = 7;
    g->peer_channel.host = "db7";
}

static void lost_replica(struct gate *g)
{
    g->baseline.server.attached = 2;
    g->now.attached = 1;
}

static void semi_sync_fell_back(struct gate *g)
{
    g->now.semi_sync_known = g->now.semi_sync_wanted = true;
}

static void semi_sync_off(struct gate *g)
{
    g->baseline.server.semi_sync_wanted = g->baseline.server.semi_sync_on = true;
}

static void connections_41(struct gate *g)
{
    g->now.connected = 200 - 41;
}

static void connections_39(struct gate *g)
{
    g->now.connected = 200 - 39;
}

static void connections_9(struct gate *g)
{
    g->now.connected = 200 - 9;
}

static void connections_less(struct gate *g)
{
    g->now.max_connections = 199;
}

static void no_process(struct gate *g)
{
    g->now.sessions = (struct mr_gate_view){.seen = MR_GATE_HIDDEN, .grant = "GRANT PROCESS"};
}

static const struct mr_gate_session session = {"7", "app", "h", 61, "x", ""};

static void transaction(struct gate *g)
{
    g->activity.transactions = (struct mr_gate_sessions){.items = &session, .count = 1};
}

static void orphan(struct gate *g)
{
    static const struct mr_gate_session one = {
        .id = "0", .user = "", .host = "", .seconds = 61, .what = "", .statement = ""};
    g->activity.transactions = (struct mr_gate_sessions){.items = &one, .count = 1};
}

static void lock_wait(struct gate *g)
{
    g->activity.waiting = (struct mr_gate_sessions){.items = &session, .count = 1};
}

static void backup(struct gate *g)
{
    g->activity.backups = (struct mr_gate_sessions){.items = &session, .count = 1};
}

static void read_lock(struct gate *g)
{
    g->activity.locks = (struct mr_gate_sessions){.items = &session, .count = 1};
}

static void history(struct gate *g)
{
    g->now.history_length = 100000;
}

static void slow(struct gate *g)
{
    g->activity.probe.seconds = 1;
}

static void disk(struct gate *g)
{
    g->now.disk_bytes = 1000;
    g->now.disk_free_bytes = 29;
}

static void setting(struct gate *g)
{
    g->variables[1].value = "0";
}

static void heartbeat_future(struct gate *g)
{
    heartbeat(g);
    g->now.heartbeat.age_s = -3600;
}

static void part_unread(struct gate *g)
{
    part(g);
    g->peer_tables[1].view = (struct mr_gate_view){.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"};
    g->peer_tables[1].rows_exact = false;
}

static void transactions_unread(struct gate *g)
{
    g->activity.transactions.why = "statement timed out";
}

static void waiting_unread(struct gate *g)
{
    g->activity.waiting.why = "statement timed out";
}

static void statements_unread(struct gate *g)
{
    g->activity.backups.why = "statement timed out";
}

static void peer_away(struct gate *g)
{
    g->peer = (struct mr_gate_peer){.uri = "mysql://db2", .why = "refused"};
}

static void peer_away_sequence(struct gate *g)
{
    sequence(g);
    peer_away(g);
}

static const struct gate_example examples[] = {
    {"healthy", nothing, ""},
    {"another uuid", other_uuid, "server_identity:critical"},
    {"a planned move", expected_move, ""},
    {"another directory", other_datadir, "data_directory:critical"},
    {"an older version", downgrade, "version:critical"},
    {"a newer version", upgrade, ""},
    {"another role", role, "role:critical"},
    {"two writable", two_writable, "split_brain:critical"},
    {"two writable, as wanted", two_writable_wanted, ""},
    {"none writable", none_writable, "read_only:critical split_brain:critical"},
    {"a table gone", table_gone, "tables:critical"},
    {"a table hidden", table_hidden,
     "tables:unknown row_counts:unknown max_keys:unknown newest_row:unknown "
     "schema:unknown sample_digest:unknown auto_increment_position:unknown "
     "auto_increment_headroom:unknown"},
    {"a table locked", table_locked,
     "row_counts:unknown max_keys:unknown newest_row:unknown sample_digest:unknown "
     "auto_increment_position:unknown auto_increment_headroom:unknown "
     "metadata_locks:critical"},
    {"one row less", one_row_less, "row_counts:warning"},
    {"ten per cent less", ten_percent_less, "row_counts:critical"},
    {"an estimate that is lower", estimate_less, ""},
    {"an estimate that is much lower", estimate_much_less, "row_counts:warning"},
    {"a week-old copy", week_old,
     "row_counts:critical max_keys:critical newest_row:critical gtid_superset:critical "
     "errant_transactions:critical auto_increment_position:critical "
     "completeness:critical replication_threads:critical replication_errors:critical"},
    {"no newest row", newest_gone, "newest_row:critical"},
    {"five minutes behind the peer", newest_behind_peer, "newest_row:warning"},
    {"half a day behind the peer", newest_far_behind_peer, "newest_row:critical"},
    {"a little behind the peer", newest_little_behind_peer, ""},
    {"half a day behind a running replica", newest_behind_replica, ""},
    {"a table that the baseline lacks", baseline_lacks,
     "row_counts:unknown max_keys:unknown newest_row:unknown sample_digest:unknown"},
    {"structure", structure, "schema:warning"},
    {"old rows changed", old_rows_changed, "sample_digest:warning"},
    {"old rows updated since", old_rows_touched, ""},
    {"rows that came in between", rows_in_between, ""},
    {"all rows are alike", full_alike, ""},
    {"of all rows, one changed", full_changed, "sample_digest:warning"},
    {"of all rows, one is gone", full_rows_gone, "sample_digest:critical"},
    {"among all rows, one came", full_rows_in_between, "sample_digest:unknown"},
    {"GTIDs went back", gtid_back, "gtid_superset:critical errant_transactions:critical"},
    {"GTIDs reset", gtid_reset, "gtid_superset:critical errant_transactions:critical"},
    {"an errant transaction", errant, "errant_transactions:critical"},
    {"a counter at the greatest key", counter_low, "auto_increment_position:critical"},
    {"a counter that went back", counter_back, "auto_increment_position:warning"},
    {"a counter that a restart took back", counter_back_restarted, ""},
    {"a counter that a restart took back at once", counter_back_at_once, ""},
    {"a counter that a young server took back", counter_back_young, ""},
    {"a counter that a restart took too far back", counter_far_back_restarted,
     "auto_increment_position:warning"},
    {"a counter below the other side's keys", counter_below_other_side,
     "auto_increment_position:critical"},
    {"a counter below its replica's keys", counter_of_replica_behind, ""},
    {"a sixth of a counter left", headroom, "auto_increment_headroom:warning"},
    {"nothing of a counter left", headroom_gone, "auto_increment_headroom:critical"},
    {"a sequence", sequence, ""},
    {"a sequence with a gap", sequence_with_gap, "sequence_gaps:critical completeness:critical"},
    {"a sequence in a locked table", sequence_locked,
     "row_counts:unknown max_keys:unknown newest_row:unknown sample_digest:unknown "
     "auto_increment_position:unknown auto_increment_headroom:unknown "
     "sequence_gaps:unknown completeness:unknown "
     "freshness:unknown metadata_locks:critical"},
    {"a sequence that lost its last number", sequence_cut,
     "sequence_gaps:critical completeness:warning"},
    {"299 s old", fresh_299, ""},
    {"300 s old", fresh_300, "freshness:warning"},
    {"600 s old", fresh_600, "freshness:critical"},
    {"an hour ahead", fresh_future, "freshness:warning"},
    {"a heartbeat 60 s old", heartbeat, "heartbeat:warning"},
    {"a heartbeat an hour ahead", heartbeat_future, "heartbeat:warning"},
    {"the SQL thread stopped", sql_thread, "replication_threads:critical"},
    {"the I/O thread cannot connect", connecting,
     "replication_threads:critical replication_errors:critical"},
    {"60 s behind", lag_60, "replication_lag:warning"},
    {"behind as in the baseline", lag_wanted, ""},
    {"behind as in the baseline, by many", many_wait_on_purpose, ""},
    {"behind by a new delay", lag_new, "replication_lag:critical"},
    {"up to date by its own word only", quiet, "replication_lag:warning"},
    {"some transactions behind, and stopped", quiet_and_stopped,
     "replication_threads:critical replication_lag:warning"},
    {"another source", other_source, "replication_source:critical"},
    {"a replica less", lost_replica, "replication_threads:warning"},
    {"semi-sync fell back", semi_sync_fell_back, "semi_sync:warning"},
    {"semi-sync switched off", semi_sync_off, "semi_sync:warning"},
    {"41 of 200 connections left", connections_41, ""},
    {"39 of 200 connections left", connections_39, "connections:warning"},
    {"9 of 200 connections left", connections_9, "connections:critical"},
    {"a lower limit", connections_less, "connections:warning"},
    {"no PROCESS", no_process,
     "long_transactions:unknown metadata_locks:unknown running_backup:unknown"},
    {"transactions that could not be read", transactions_unread, "long_transactions:unknown"},
    {"waits that could not be read", waiting_unread,
     "metadata_locks:unknown running_backup:unknown"},
    {"statements that could not be read", statements_unread, "running_backup:unknown"},
    {"a transaction of 61 s", transaction, "long_transactions:warning"},
    {"a prepared transaction of 61 s", orphan, "long_transactions:warning"},
    {"a wait of 61 s", lock_wait, "metadata_locks:critical"},
    {"a backup", backup, "running_backup:warning"},
    {"a read lock", read_lock, "running_backup:critical"},
    {"a long history", history, "history_list:warning"},
    {"a slow lookup", slow, "probe_latency:critical"},
    {"a full disk", disk, "disk:critical"},
    {"a setting", setting, "variables:warning"},
    {"a table of the other side's that is hidden", part_unread,
     "newest_row:unknown auto_increment_position:unknown completeness:unknown"},
    {"a peer that is away, and a sequence", peer_away_sequence,
     "split_brain:unknown newest_row:unknown errant_transactions:unknown "
     "auto_increment_position:unknown sequence_gaps:unknown completeness:unknown "
     "replication_threads:unknown replication_lag:unknown replication_source:unknown "
     "replication_errors:unknown cluster:unknown witness:unknown"},
    {"a peer that is away", peer_away,
     "split_brain:unknown newest_row:unknown errant_transactions:unknown "
     "auto_increment_position:unknown completeness:unknown replication_threads:unknown "
     "replication_lag:unknown replication_source:unknown "
     "replication_errors:unknown cluster:unknown witness:unknown"},
};

static void test_examples(void **state)
{
    (void)state;
    gate_run_examples(examples, sizeof examples / sizeof *examples);
}

static void test_priorities(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    ten_percent_less(&g);
    lag_60(&g);
    setting(&g);
    gate_run(&g);
    assert_int_equal(gate_result(&g, MR_GATE_row_counts)->priority, 0);
    assert_int_equal(gate_result(&g, MR_GATE_replication_lag)->priority, 2);
    assert_int_equal(gate_result(&g, MR_GATE_variables)->priority, 2);
    assert_int_equal(mr_gate_judge_verdict(&g.judge), MR_GATE_CRITICAL);
    gate_end(&g);
}

static void test_unknown_outweighs_warning(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    no_process(&g);
    setting(&g);
    gate_run(&g);
    assert_int_equal(mr_gate_judge_verdict(&g.judge), MR_GATE_UNKNOWN);
    assert_string_equal(gate_result(&g, MR_GATE_long_transactions)->hint, "GRANT PROCESS");
    gate_end(&g);
}

/* What a rule advises is of no use where nothing was seen. */
static void test_unread_hint(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    peer_away(&g);
    table_locked(&g);
    gate_run(&g);
    assert_non_null(strstr(gate_result(&g, MR_GATE_newest_row)->hint, "check again"));
    assert_non_null(strstr(gate_result(&g, MR_GATE_max_keys)->hint, "check again"));
    assert_non_null(strstr(gate_result(&g, MR_GATE_split_brain)->hint, "check again"));
    gate_end(&g);
}

/* Rows have nothing to do with who cannot connect. */
static void test_error_hint(void **state)
{
    struct gate g;
    (void)state;
    for (int of_rows = 0; of_rows < 2; of_rows++) {
        gate_begin(&g);
        connecting(&g);
        g.peer_channel.sql_errno = of_rows ? 1062 : 0;
        gate_run(&g);
        const char *hint = gate_result(&g, MR_GATE_replication_errors)->hint;
        assert_true((strstr(hint, "rows differ") != NULL) == (of_rows != 0));
        gate_end(&g);
    }
}

static void test_silence(void **state)
{
    struct mr_gate_silence silence = {.name = MR_GATE_variables,
                                      .until = {.year = 2026, .month = 4, .day = 10},
                                      .until_text = "2026-04-10"};
    (void)state;
    for (int over = 0; over < 2; over++) {
        struct gate g;
        gate_begin(&g);
        silence.until.day = over ? 9 : 10; /* it is April 9, 10:00 */
        g.config.silences = &silence;
        g.config.nsilences = 1;
        setting(&g);
        gate_run(&g);
        gate_fires(&g, "variables:warning");
        assert_int_equal(mr_gate_judge_verdict(&g.judge), over ? MR_GATE_WARNING : MR_GATE_OK);
        gate_end(&g);
    }
}

static void test_without_baseline_or_peer(void **state)
{
    struct mr_gate_judge judge = {.npeers = 0};
    struct mr_gate_baseline baseline = {0};
    (void)state;
    assert_false(mr_gate_judge_applies(&judge, MR_GATE_row_counts));
    assert_false(mr_gate_judge_applies(&judge, MR_GATE_split_brain));
    assert_false(mr_gate_judge_applies(&judge, MR_GATE_newest_row));
    assert_true(mr_gate_judge_applies(&judge, MR_GATE_connections));
    judge.npeers = 1;
    assert_true(mr_gate_judge_applies(&judge, MR_GATE_newest_row));
    assert_true(mr_gate_judge_applies(&judge, MR_GATE_split_brain));
    judge.npeers = 0;
    judge.baseline = &baseline;
    assert_true(mr_gate_judge_applies(&judge, MR_GATE_newest_row));
    assert_true(mr_gate_judge_applies(&judge, MR_GATE_row_counts));
}

static void test_numbers(void **state)
{
    static const struct {
        const char *a, *b;
        int order;
    } pairs[] = {{"9", "10", -1},   {"10", "9", 1},
                 {"", "-5", -1},    {"-5", "-4", -1},
                 {"-10", "-9", -1}, {"-1", "1", -1},
                 {"7", "7", 0},     {"007", "7", 0},
                 {"", "", 0},       {"18446744073709551615", "18446744073709551614", 1}};
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        int got = mr_gate_compare_numbers(pairs[i].a, pairs[i].b);
        assert_int_equal((got > 0) - (got < 0), pairs[i].order);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_priorities),
        cmocka_unit_test(test_unknown_outweighs_warning),
        cmocka_unit_test(test_unread_hint),
        cmocka_unit_test(test_error_hint),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_without_baseline_or_peer),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
