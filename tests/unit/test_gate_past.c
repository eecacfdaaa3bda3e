/* test_gate_past.c: what became of the rows, logs, counters and replicas of a baseline. */
#include "gate_sample.h"
#include "recon/gate/gate_rules.h"

static void one_row_less(struct gate *g)
{
    g->tables[0].rows--;
}

static void structure(struct gate *g)
{
    g->tables[0].fingerprint = "f2";
}

static void old_rows_touched(struct gate *g)
{
    g->ranges[0].digest = "e";
    g->ranges[0].touched = true;
}

static void old_rows_deleted(struct gate *g)
{
    g->ranges[0].digest = "e";
    g->ranges[0].rows = 30;
}

static void oldest_rows_purged(struct gate *g)
{
    g->ranges[0].digest = "e";
    g->ranges[0].rows = 0;
}

static void old_rows_gone(struct gate *g)
{
    g->ranges[1].digest = "e";
    g->ranges[1].rows = 0;
}

static void old_rows_gone_static(struct gate *g)
{
    g->tables[0].is_static = true;
    old_rows_deleted(g);
}

static void old_rows_changed_static(struct gate *g)
{
    g->tables[0].is_static = true;
    old_rows_touched(g);
}

/* Rows of the past: a letter each, the newest first. */
static void last_rows(struct gate *g, const char *fates)
{
    static struct mr_gate_row rows[64];
    static const struct {
        char letter;
        enum mr_gate_row_state state;
    } states[] = {{'.', MR_GATE_ROW_SAME},     {'t', MR_GATE_ROW_TOUCHED},
                  {'c', MR_GATE_ROW_CHANGED},  {'d', MR_GATE_ROW_DOUBTFUL},
                  {'r', MR_GATE_ROW_REPLACED}, {'-', MR_GATE_ROW_GONE}};
    g->tables[0].by_key = (struct mr_gate_rows){rows, strlen(fates)};
    for (size_t i = 0; i < strlen(fates); i++)
        for (size_t s = 0; s < sizeof states / sizeof *states; s++)
            if (states[s].letter == fates[i])
                rows[i] = (struct mr_gate_row){"", "", "", "", states[s].state, false};
}

static void older_baseline(struct gate *g)
{
    g->baseline.server.is_older = true;
}

static void newest_replaced(struct gate *g)
{
    last_rows(g, "rrrrrrrrrrrr............");
}

static void newest_rows_gone(struct gate *g)
{
    last_rows(g, "------------............");
}

static void newest_gone_of_few(struct gate *g)
{
    last_rows(g, "------------...");
}

static void two_doubtful(struct gate *g)
{
    last_rows(g, "dd......................");
}

static void some_deleted(struct gate *g)
{
    last_rows(g, "...-....--....-.......-.");
    one_row_less(g);
}

static void estimate_of_nothing(struct gate *g)
{
    last_rows(g, "........................");
    g->tables[0].rows_exact = false;
    g->tables[0].rows = 0;
}

static void estimate_of_less(struct gate *g)
{
    estimate_of_nothing(g);
    last_rows(g, "...-..--.--.-.-.-..--.-.");
}

static void identities_edited(struct gate *g)
{
    last_rows(g, "...d....d.....d.......d.");
}

static void oldest_purged(struct gate *g)
{
    last_rows(g, "................--------");
    one_row_less(g);
}

static void purged_and_newest_gone(struct gate *g)
{
    last_rows(g, "------------........--------");
}

/* All rows of the past are gone; the table and the process are those of the baseline. */
static void queue_consumed(struct gate *g)
{
    last_rows(g, "------------------------");
    g->tables[0].age_known = true;
    g->tables[0].age_s = 40 * 86400.0;
}

static void queue_under_other_keys(struct gate *g)
{
    queue_consumed(g);
    g->tables[0].rows_born = "created_at";
    for (size_t i = 0; i < g->tables[0].by_key.count; i++)
        g->tables[0].by_key.rows[i].elsewhere = true;
}

/* Of whose rows it is not known when they came: a table that is loaded anew by the hour. */
static void cache_under_other_keys(struct gate *g)
{
    queue_under_other_keys(g);
    g->tables[0].rows_born = "";
}

static void one_row_consumed(struct gate *g)
{
    queue_consumed(g);
    last_rows(g, "-");
}

static void queue_with_failed_jobs(struct gate *g)
{
    queue_consumed(g);
    last_rows(g, "---------------.-.--.--.-.");
}

static void queue_of_unknown_age(struct gate *g)
{
    queue_consumed(g);
    g->tables[0].age_known = false;
}

static void queue_created_anew(struct gate *g)
{
    queue_consumed(g);
    g->now.recorded = "2026-04-09T14:00:00Z";
    g->tables[0].age_s = 3600;
}

static void queue_restarted(struct gate *g)
{
    queue_consumed(g);
    g->now.uptime_s = 10;
    g->now.recorded = "2026-04-09T14:00:00Z";
    g->now.started = "2026-04-09T13:59:50Z";
}

/* The virtual address points to an old clone that has run for longer. */
static void queue_elsewhere(struct gate *g)
{
    queue_consumed(g);
    g->now.started = "2026-02-01T00:00:00Z";
    g->now.uptime_s = 5000000;
}

static void queue_few_left(struct gate *g)
{
    queue_restarted(g);
    last_rows(g, "---------------.-.--.--.-.");
}

static void queue_static(struct gate *g)
{
    queue_consumed(g);
    g->tables[0].is_static = true;
}

static void queue_configured(struct gate *g)
{
    queue_restarted(g);
    g->tables[0].is_queue = true;
    g->tables[0].rows = 0;
    g->tables[0].greatest = "";
    g->tables[0].counter_greatest = 0;
    g->tables[0].newest = "";
    g->ranges[1].digest = "e";
    g->ranges[1].rows = 0;
}

/* Another table has a row that came later than any of the queue's. */
static void queue_with_witness(struct gate *g)
{
    static const char *const shape[] = {"column id int not null",
                                        "column created_at datetime not null"};
    static struct mr_gate_row there = {"", "", "", "", MR_GATE_ROW_SAME, false};
    queue_restarted(g);
    for (size_t i = 0; i < 2; i++) {
        g->tables[i].shape = g->past_tables[i].shape = shape;
        g->tables[i].nshape = g->past_tables[i].nshape = 2;
    }
    g->tables[1].by_key = (struct mr_gate_rows){&there, 1};
}

static void queue_with_early_witness(struct gate *g)
{
    queue_with_witness(g);
    g->tables[0].newest = g->past_tables[0].newest = "2026-04-08 14:00:01";
}

static void queue_with_future_witness(struct gate *g)
{
    queue_with_witness(g);
    g->tables[1].newest = g->past_tables[1].newest = "2027-01-01 00:00:00";
}

static void queue_with_lost_witness(struct gate *g)
{
    static struct mr_gate_row lost[] = {{"", "", "", "", MR_GATE_ROW_GONE, false},
                                        {"", "", "", "", MR_GATE_ROW_SAME, false}};
    queue_with_witness(g);
    g->tables[1].by_key = (struct mr_gate_rows){lost, 2};
}

static void replaced_or_edited(struct gate *g)
{
    last_rows(g, "cccccccc................");
    g->tables[0].rows_identity = "";
    g->tables[0].rows_born = "";
}

static void replaced_behind_time(struct gate *g)
{
    replaced_or_edited(g);
    g->tables[0].tells_updates = true;
}

static void edited_without_time(struct gate *g)
{
    last_rows(g, "cccccccc................");
}

static void edited_behind_time(struct gate *g)
{
    g->tables[0].tells_updates = true;
    last_rows(g, "tttttttc................");
}

static void edited_static(struct gate *g)
{
    g->tables[0].is_static = true;
    last_rows(g, ".............t..........");
}

static void log_of(struct gate *g, enum mr_gate_log_fate fate)
{
    g->baseline.server.log = (struct mr_gate_log){
        .view = {.seen = MR_GATE_SEEN}, .file = "bin.000002", .position = 4711, .gtid = "0-1-100"};
    g->now.log = (struct mr_gate_log){.view = {.seen = MR_GATE_SEEN},
                                      .file = "bin.000003",
                                      .fate = fate,
                                      .gtid_then = "0-1-100",
                                      .next = ""};
}

static void log_same(struct gate *g)
{
    log_of(g, MR_GATE_LOG_THERE);
}

static void log_purged(struct gate *g)
{
    log_of(g, MR_GATE_LOG_PURGED);
}

static void log_back(struct gate *g)
{
    log_of(g, MR_GATE_LOG_BACK);
}

static void log_other(struct gate *g)
{
    log_of(g, MR_GATE_LOG_OTHER);
}

static void log_renumbered(struct gate *g)
{
    log_of(g, MR_GATE_LOG_THERE);
    g->now.log.gtid_then = "0-1-98";
}

static void log_of_new_instance(struct gate *g)
{
    log_renumbered(g);
    g->judge.expect_new_instance = true;
}

static void queue_log(struct gate *g)
{
    queue_restarted(g);
    log_same(g);
}

static void queue_log_purged(struct gate *g)
{
    queue_restarted(g);
    log_purged(g);
}

/* A planned move to what was a replica: it has all that the old server wrote. */
static void queue_moved(struct gate *g)
{
    queue_restarted(g);
    g->judge.expect_new_instance = true;
    g->now.server.server_id = 9;
    g->now.server.uuid[0] = 'x';
    g->now.gtid_position = "0-1-100";
    g->peer_channel.source_id = 9;
}

static void trigger_dropped(struct gate *g)
{
    static const char *const lines[] = {"trigger t AFTER INSERT 1 body 00"};
    g->past_tables[0].triggers = lines;
    g->past_tables[0].ntriggers = 1;
    g->past_tables[0].triggers_seen = g->tables[0].triggers_seen = true;
}

static void trigger_hidden(struct gate *g)
{
    trigger_dropped(g);
    g->tables[0].triggers_seen = false;
    g->tables[0].triggers_grant = "GRANT TRIGGER";
}

static void columns_hidden(struct gate *g)
{
    structure(g);
    g->tables[0].view = (struct mr_gate_view){.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"};
    g->tables[0].counter_column = NULL;
}

static void wanted_hidden(struct gate *g)
{
    static const struct mr_gate_wanted wanted = {
        "club", "periods", {.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"}, true, true};
    g->now.wanted = &wanted;
    g->now.nwanted = 1;
}

static void wanted_of_one(struct gate *g)
{
    static const struct mr_gate_wanted wanted = {
        "club", "periods", {.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"}, true, false};
    g->now.wanted = &wanted;
    g->now.nwanted = 1;
}

/* The peer, with a history of its own, has a table that SERVER does not show. */
static void shown_by_peer_alone(struct gate *g)
{
    g->peer_facts.nchannels = 0;
    g->baseline.server.ntables = g->now.ntables = 2;
}

static void grouped_counter(struct gate *g)
{
    g->tables[0].counter_grouped = true;
    g->tables[0].next = 0;
}

static void drawn(struct gate *g, uint64_t next)
{
    static struct mr_gate_sequence then, now;
    then = (struct mr_gate_sequence){"club", "s", {.seen = MR_GATE_SEEN}, 3001, false, false};
    now = then;
    now.next = next;
    g->tables[0].drawn_column = "id";
    g->tables[0].drawn_db = "club";
    g->tables[0].drawn_name = "s";
    g->tables[0].drawn_greatest = 1000;
    g->tables[0].drawn_view.seen = MR_GATE_SEEN;
    g->baseline.server.sequences = &then;
    g->now.sequences = &now;
    g->baseline.server.nsequences = g->now.nsequences = 1;
}

static void sequence_ahead(struct gate *g)
{
    drawn(g, 3001);
}

static void sequence_restarted(struct gate *g)
{
    drawn(g, 500);
}

static void sequence_dropped(struct gate *g)
{
    static const struct mr_gate_absent gone = {"club", "s", {.seen = MR_GATE_SEEN}};
    drawn(g, 0);
    g->now.nsequences = 0;
    g->tables[0].drawn_gone = true;
    g->now.absent_sequences = &gone;
    g->now.nabsent_sequences = 1;
}

static void db_gone(struct gate *g)
{
    static const struct mr_gate_absent gone = {"shelf", "", {.seen = MR_GATE_SEEN}};
    g->now.absent_dbs = &gone;
    g->now.nabsent_dbs = 1;
}

static void db_hidden(struct gate *g)
{
    static const struct mr_gate_absent hidden = {
        "shelf", "", {.seen = MR_GATE_HIDDEN, .grant = "GRANT SELECT"}};
    g->now.absent_dbs = &hidden;
    g->now.nabsent_dbs = 1;
}

/* West of Greenwich the newest of a TIMESTAMP lies behind that of the DATETIME that it became. */
static void time_of_another_type(struct gate *g)
{
    static const char *const before[] = {"column created_at timestamp not null"};
    static const char *const after[] = {"column created_at datetime not null"};
    g->past_tables[0].shape = before;
    g->tables[0].shape = after;
    g->past_tables[0].nshape = g->tables[0].nshape = 1;
    g->tables[0].fingerprint = "f2";
    g->tables[0].newest = "2026-04-08 09:00:00";
}

/* Its account saw none, or there was none; and where there is none now, none is missed. */
static void no_tables_then(struct gate *g)
{
    g->baseline.server.ntables = 0;
}

static void no_tables_ever(struct gate *g)
{
    no_tables_then(g);
    g->now.ntables = 0;
}

static void other_tables(struct gate *g)
{
    for (size_t i = 0; i < sizeof g->past_tables / sizeof g->past_tables[0]; i++)
        g->past_tables[i].db = "shop";
}

static void filtered(struct gate *g)
{
    g->peer_channel.filters = "Replicate_Ignore_Table club.logs";
}

static void filtered_before(struct gate *g)
{
    static struct mr_gate_facts then;
    filtered(g);
    then = g->peer_facts;
    g->baseline.peers = &then;
    g->baseline.npeers = 1;
}

static void delayed(struct gate *g)
{
    g->peer_channel.delay_s = 3600;
}

static void other_replica_fetches(struct gate *g)
{
    g->baseline.server.replicas = "2 3 5"; /* 2 is the peer */
    g->now.replicas = "3 4";
}

/* One of the baseline's replicas was promoted: it does not fetch from itself. */
static void promoted(struct gate *g)
{
    queue_moved(g);
    g->baseline.server.replicas = "2 9";
    g->now.replicas = "2";
}

static void promoted_by_number(struct gate *g)
{
    queue_moved(g);
    g->baseline.server.attached = 2;
    g->now.attached = 1;
}

static void promoted_and_one_gone(struct gate *g)
{
    promoted_by_number(g);
    g->now.attached = 0;
}

static void fetching_hidden(struct gate *g)
{
    g->baseline.server.attached = 1;
    g->now.sessions = (struct mr_gate_view){.seen = MR_GATE_HIDDEN, .grant = "GRANT PROCESS"};
}

static void fetching_was_hidden(struct gate *g)
{
    g->baseline.server.sessions =
        (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "no PROCESS"};
}

/* Their numbers were visible, and are not any more. */
static void numbers_were_visible(struct gate *g)
{
    fetching_was_hidden(g);
    g->baseline.server.replicas = "3";
}

static void numbers_visible(struct gate *g)
{
    numbers_were_visible(g);
    g->now.replicas = "3";
}

static void probe_failed(struct gate *g)
{
    g->activity.probe.failed = "club.orders";
    g->activity.probe.why = "no time left";
}

static void other_key(struct gate *g)
{
    last_rows(g, "");
    g->past_tables[0].by_key.count = 3;
    g->tables[0].rows_key = "uuid";
    structure(g);
}

/* --full was asked for, and the baseline has digests of all rows. */
static void full_of_other(struct gate *g)
{
    g->judge.full = true;
    g->past_tables[0].full = (struct mr_gate_range){.hi = "00", .rows = 5, .digest = "d"};
    structure(g);
}

static void replica_lacks_rows(struct gate *g)
{
    static const struct mr_gate_twin twin = {"club", "members", {.seen = MR_GATE_SEEN},
                                             1000,   600,       true};
    g->peer_facts.twins = &twin;
    g->peer_facts.ntwins = 1;
}

static const struct gate_example examples[] = {
    {"an estimate of nothing, and all rows there", estimate_of_nothing, ""},
    {"an estimate of less, and rows gone", estimate_of_less, "row_counts:warning"},
    {"columns hidden", columns_hidden,
     "row_counts:unknown max_keys:unknown newest_row:unknown schema:unknown "
     "sample_digest:unknown auto_increment_position:unknown "
     "auto_increment_headroom:unknown"},
    {"some old rows deleted", old_rows_deleted, ""},
    {"the oldest rows purged", oldest_rows_purged, ""},
    {"old rows gone", old_rows_gone, "sample_digest:critical"},
    {"old rows of a static table deleted", old_rows_gone_static, "sample_digest:critical"},
    {"old rows of a static table updated", old_rows_changed_static, "sample_digest:critical"},
    {"a baseline of an older version", older_baseline, "sample_digest:unknown"},
    {"other rows under the newest keys", newest_replaced, "sample_digest:critical"},
    {"the newest rows gone", newest_rows_gone, "sample_digest:critical"},
    {"the newest rows gone, few older known", newest_gone_of_few, "sample_digest:warning"},
    {"two newest rows with another identity", two_doubtful, "sample_digest:warning"},
    {"rows deleted by a rule", some_deleted, ""},
    {"identities edited", identities_edited, ""},
    {"the oldest known rows purged", oldest_purged, ""},
    {"purged, and the newest rows gone", purged_and_newest_gone, "sample_digest:critical"},
    {"a queue consumed", queue_consumed, ""},
    {"one row consumed", one_row_consumed, ""},
    {"a queue with failed jobs", queue_with_failed_jobs, ""},
    {"a queue of unknown age", queue_of_unknown_age, "sample_digest:warning"},
    {"a queue created anew", queue_created_anew, "sample_digest:warning"},
    {"a queue behind a restart", queue_restarted, "sample_digest:warning"},
    {"a queue behind a restart, few rows left", queue_few_left, "sample_digest:warning"},
    {"rows under other keys", queue_under_other_keys, "sample_digest:warning"},
    {"rows of a cache under other keys", cache_under_other_keys, ""},
    {"a queue of an older process", queue_elsewhere, "sample_digest:warning"},
    {"a queue of a static table", queue_static, "sample_digest:critical"},
    {"a queue that is configured", queue_configured, ""},
    {"a queue, and a witness", queue_with_witness, ""},
    {"a queue, and a witness that came before", queue_with_early_witness, "sample_digest:warning"},
    {"a queue, and a witness of times to come", queue_with_future_witness, "sample_digest:warning"},
    {"a queue, and a witness that is gone", queue_with_lost_witness, "sample_digest:warning"},
    {"a queue behind a restart, in the same log", queue_log, ""},
    {"a queue behind a restart, its log purged", queue_log_purged, "sample_digest:warning"},
    {"a queue behind a planned move", queue_moved, ""},
    {"newest rows edited", edited_without_time, ""},
    {"newest rows changed, not by an UPDATE", replaced_behind_time, "sample_digest:critical"},
    {"newest rows edited of which nothing tells who they are", replaced_or_edited,
     "sample_digest:warning"},
    {"an edit that its time stamp does not tell", edited_behind_time, "sample_digest:warning"},
    {"an edit of a static table", edited_static, "sample_digest:critical"},
    {"the same log", log_same, ""},
    {"a purged log", log_purged, ""},
    {"a log that went back", log_back, "gtid_superset:critical"},
    {"another log", log_other, "gtid_superset:critical"},
    {"a log with numbers given twice", log_renumbered, "gtid_superset:critical"},
    {"the log of a planned move", log_of_new_instance, ""},
    {"a trigger dropped", trigger_dropped, "schema:warning"},
    {"triggers hidden", trigger_hidden, "schema:unknown"},
    {"a table that is wanted and hidden", wanted_hidden,
     "sequence_gaps:unknown completeness:unknown freshness:unknown"},
    {"a table that is wanted by one check and hidden", wanted_of_one, "freshness:unknown"},
    {"a table that only another history shows", shown_by_peer_alone, "completeness:unknown"},
    {"a counter that counts in groups", grouped_counter, ""},
    {"a sequence above its keys", sequence_ahead, ""},
    {"a sequence restarted", sequence_restarted, "auto_increment_position:critical"},
    {"a sequence dropped", sequence_dropped, "tables:critical auto_increment_position:critical"},
    {"a filter", filtered, "replication_source:warning"},
    {"a filter of the baseline", filtered_before, ""},
    {"a new delay", delayed, "replication_lag:warning"},
    {"another replica fetches", other_replica_fetches, "replication_threads:warning"},
    {"a replica was promoted", promoted, ""},
    {"a replica was promoted, by number", promoted_by_number, ""},
    {"a replica was promoted, another one is gone", promoted_and_one_gone,
     "replication_threads:warning"},
    {"who fetches is hidden", fetching_hidden,
     "replication_threads:unknown long_transactions:unknown metadata_locks:unknown "
     "running_backup:unknown"},
    {"who fetched was hidden", fetching_was_hidden, "replication_threads:unknown"},
    {"who fetched was known by number", numbers_were_visible, "replication_threads:unknown"},
    {"who fetches is known by number", numbers_visible, ""},
    {"a lookup that fails", probe_failed, "probe_latency:unknown"},
    {"a database without tables gone", db_gone, "tables:critical"},
    {"a database without tables hidden", db_hidden, "tables:unknown"},
    {"a time of another type", time_of_another_type, "schema:warning"},
    {"a baseline without a table", no_tables_then,
     "tables:unknown row_counts:unknown max_keys:unknown newest_row:unknown schema:unknown "
     "sample_digest:unknown"},
    {"no table then or now", no_tables_ever, ""},
    {"a baseline of other tables", other_tables,
     "tables:unknown row_counts:unknown max_keys:unknown newest_row:unknown "
     "schema:unknown sample_digest:unknown"},
    {"another key", other_key, "schema:warning sample_digest:unknown"},
    {"another structure, and all rows", full_of_other, "schema:warning sample_digest:unknown"},
    {"a replica that lacks rows", replica_lacks_rows, "completeness:critical"},
};

static void test_examples(void **state)
{
    (void)state;
    gate_run_examples(examples, sizeof examples / sizeof *examples);
}

/* What cannot be compared tells of no older copy. */
static void test_another_flavour(void **state)
{
    static const enum mr_gate_name names[] = {MR_GATE_gtid_superset, MR_GATE_sample_digest};
    struct gate g;
    (void)state;
    gate_begin(&g);
    g.now.server.flavour = MR_FLAVOUR_MYSQL;
    gate_run(&g);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct mr_gate_result *result = gate_result(&g, names[i]);
        assert_int_equal(result->severity, MR_GATE_UNKNOWN);
        assert_string_equal(result->hint, "Compare the two servers row by row: myrecon check.");
    }
    gate_end(&g);
}

/* The table has grown, and no index leads to the time: that two are compared and not three is said. */
static void test_newest_not_read(void **state)
{
    struct gate g;
    (void)state;
    gate_begin(&g);
    g.tables[0].time_column = NULL;
    g.tables[0].newest = "";
    gate_run(&g);
    assert_non_null(strstr(gate_result(&g, MR_GATE_newest_row)->message,
                           "of 1 the time column is gone, or too many rows"));
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_examples),
                                       cmocka_unit_test(test_newest_not_read),
                                       cmocka_unit_test(test_another_flavour)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
