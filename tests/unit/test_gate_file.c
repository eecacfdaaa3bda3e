/* test_gate_file.c: facts out and in, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file/sha256.h"
#include "gate_sample.h"
#include "json_mutants.h"
#include "recon/gate/gate_file.h"

static void write_sample(struct gate *g, struct mr_strbuf *text)
{
    struct mr_gate_facts servers[2];
    struct mr_err err = {0};
    gate_begin(g);
    g->tables[0].full = (struct mr_gate_range){
        .lo = "", .hi = "6901", .rows = 18446744073709551615U, .digest = "ff", .each = ""};
    g->tables[1].key_column = NULL;
    g->tables[1].has_greatest = false;
    g->tables[1].time_column = NULL;
    g->tables[2].view = (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "locked"};
    g->tables[1].sequence_column = "period";
    g->tables[1].sequence_view = (struct mr_gate_view){.seen = MR_GATE_FAILED, .why = "no time"};
    static struct mr_gate_row rows[2] = {{"690100", "0a", "", "0c", MR_GATE_ROW_SAME, false},
                                         {"690101", "", "0b", "0d", MR_GATE_ROW_SAME, false}};
    static const char *const triggers[] = {"trigger t"};
    static const struct mr_gate_sequence sequence = {"club", "s",   {.seen = MR_GATE_SEEN},
                                                     3001,   false, false};
    g->tables[0].by_key = (struct mr_gate_rows){rows, 2};
    g->tables[0].rows_key = "id";
    g->tables[0].rows_identity = "mobile";
    g->tables[0].rows_born = "";
    g->tables[0].triggers_seen = true;
    g->tables[0].triggers = triggers;
    g->tables[0].ntriggers = 1;
    g->now.sequences = &sequence;
    g->now.nsequences = 1;
    g->now.replicas = "2 3";
    g->now.log = (struct mr_gate_log){.file = "bin.000002", .position = 4711, .gtid = "0-1-100"};
    g->peer_channel.filters = "Replicate_Ignore_Table a.b";
    g->now.cluster = (struct mr_gate_cluster){
        .is_member = true, .uuid = "c1", .component = "Primary", .state = "Synced", .size = 3};
    g->now.group = (struct mr_gate_group){.name = "g",
                                          .view = {.seen = MR_GATE_SEEN},
                                          .state = "ONLINE",
                                          .members = 3,
                                          .reached = 2,
                                          .with = "u1 u2"};
    servers[0] = g->now;
    servers[1] = g->peer_facts;
    assert_int_equal(mr_gate_file_text(servers, 2, text, &err), MR_OK);
}

static enum mr_code parse(const struct mr_strbuf *text, struct mr_arena *arena,
                          struct mr_gate_baseline *out, struct mr_err *err)
{
    return mr_gate_file_parse(text->ptr, text->len, "f", arena, out, err);
}

static void test_round_trip(void **state)
{
    struct gate g;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline got;
    struct mr_err err = {0};
    (void)state;
    write_sample(&g, &text);
    assert_int_equal(parse(&text, &arena, &got, &err), MR_OK);
    assert_int_equal(got.npeers, 1);
    assert_string_equal(got.recorded, "2026-04-08T14:00:00Z");
    const struct mr_gate_facts *f = &got.server;
    assert_string_equal(f->server.uuid, "u1");
    assert_int_equal(f->server.version, 101119);
    assert_string_equal(f->role, "primary");
    assert_string_equal(f->gtid_executed, "0-1-100");
    assert_int_equal(f->max_connections, 200);
    assert_true(f->cluster.is_member);
    assert_string_equal(f->cluster.uuid, "c1");
    assert_int_equal(f->cluster.size, 3);
    assert_false(got.peers[0].cluster.is_member);
    assert_int_equal(f->group.view.seen, MR_GATE_SEEN);
    assert_string_equal(f->group.name, "g");
    assert_string_equal(f->group.state, "ONLINE");
    assert_int_equal(f->group.members, 3);
    assert_int_equal(f->group.reached, 2);
    assert_string_equal(f->group.with, "u1 u2");
    assert_string_equal(got.peers[0].group.name, "");
    assert_int_equal(f->ntables, GATE_TABLES);
    const struct mr_gate_table *t = mr_gate_facts_table(f, "club", "orders");
    assert_string_equal(t->sequence_view.why, "no time");
    t = mr_gate_facts_table(f, "club", "members");
    assert_non_null(t);
    assert_int_equal(t->sequence_view.seen, MR_GATE_SEEN);
    assert_string_equal(t->greatest, "1000");
    assert_string_equal(t->newest, "2026-04-08 14:00:00");
    assert_int_equal(t->next, 1001);
    assert_int_equal(t->nranges, 2);
    assert_string_equal(t->ranges[0].digest, "d");
    assert_string_equal(t->ranges[0].each, "0a");
    assert_true(t->full.rows == 18446744073709551615U);
    assert_int_equal(t->nshape, 3);
    assert_int_equal(t->by_key.count, 2);
    assert_int_equal(t->by_time.count, 0);
    assert_string_equal(t->by_key.rows[0].key, "690100");
    assert_string_equal(t->by_key.rows[0].who, "0a");
    assert_string_equal(t->by_key.rows[0].born, "");
    assert_string_equal(t->by_key.rows[1].born, "0b");
    assert_string_equal(t->by_key.rows[1].held, "0d");
    assert_string_equal(t->rows_identity, "mobile");
    assert_true(t->triggers_seen);
    assert_string_equal(t->triggers[0], "trigger t");
    assert_int_equal(f->nsequences, 1);
    assert_int_equal(f->sequences[0].next, 3001);
    assert_string_equal(f->replicas, "2 3");
    assert_string_equal(f->log.file, "bin.000002");
    assert_int_equal(f->log.position, 4711);
    assert_string_equal(got.peers[0].log.file, "");
    assert_null(got.peers[0].replicas);
    assert_string_equal(got.peers[0].channels[0].filters, "Replicate_Ignore_Table a.b");
    t = mr_gate_facts_table(f, "club", "orders");
    assert_string_equal(t->rows_key, "");
    assert_false(t->triggers_seen);
    assert_null(t->key_column);
    assert_false(t->has_greatest);
    assert_null(t->full.digest);
    t = mr_gate_facts_table(f, "club", "wallet");
    assert_int_equal(t->view.seen, MR_GATE_FAILED);
    assert_null(mr_gate_facts_table(f, "club", "zebra"));
    assert_int_equal(got.peers[0].nchannels, 1);
    assert_string_equal(got.peers[0].channels[0].host, "db1");
    assert_string_equal(mr_gate_facts_variable(f, "sync_binlog"), "1");
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
    gate_end(&g);
}

/* Any byte changed, anything cut off. */
static void test_edited(void **state)
{
    struct gate g;
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline got;
    (void)state;
    write_sample(&g, &text);
    for (size_t i = 0; i < text.len - 1; i += 7) {
        struct mr_err err = {0};
        const char was = text.ptr[i];
        text.ptr[i] = was == '7' ? '8' : '7';
        assert_int_equal(parse(&text, &arena, &got, &err), MR_E_CONFIG);
        text.ptr[i] = was;
        mr_arena_reset(&arena);
    }
    for (size_t len = 0; len < text.len - 1; len += 11) {
        struct mr_err err = {0};
        assert_int_equal(mr_gate_file_parse(text.ptr, len, "f", &arena, &got, &err), MR_E_CONFIG);
        mr_arena_reset(&arena);
    }
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
    gate_end(&g);
}

static void refuse_sealed(const char *body, const char *message)
{
    char digest[MR_SHA256_HEX];
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline got;
    struct mr_err err = {0};
    assert_int_equal(mr_sha256_bytes(body, strlen(body), digest, &err), MR_OK);
    mr_strbuf_add_fmt(&text, "%s,\"sha256\":\"%s\"}\n", body, digest);
    assert_int_equal(parse(&text, &arena, &got, &err), MR_E_CONFIG);
    assert_non_null(strstr(err.message, message));
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
}

static void test_other_files(void **state)
{
    (void)state;
    refuse_sealed("{\"schema\":\"myrecon/facts/2\"", "is of version");
    refuse_sealed("{\"schema\":\"myrecon/plan/1\"", "is no file of");
    refuse_sealed("{\"schema\":\"myrecon/facts/1\"", "lacks something");
    refuse_sealed("{\"schema\":\"myrecon/facts/1\",\"version\":\"1\",\"recorded\":\"x\","
                  "\"servers\":[]",
                  "lacks something");
    refuse_sealed("{\"schema\":\"myrecon/facts/1\",\"version\":\"1\",\"recorded\":\"x\","
                  "\"servers\":[{\"uri\":7}]",
                  "lacks something");
}

/* The sample with another text in one place, sealed anew. */
static void refuse_with(const char *from, const char *to, const char *detail)
{
    struct gate g;
    char digest[MR_SHA256_HEX];
    struct mr_strbuf text = MR_STRBUF_INIT, other = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline got;
    struct mr_err err = {0};
    write_sample(&g, &text);
    const char *at = strstr(text.ptr, from), *seal = strstr(text.ptr, ",\"sha256\":");
    assert_non_null(at);
    assert_non_null(seal);
    mr_strbuf_add(&other, text.ptr, (size_t)(at - text.ptr));
    mr_strbuf_add_str(&other, to);
    at += strlen(from);
    mr_strbuf_add(&other, at, (size_t)(seal - at));
    assert_int_equal(mr_sha256_bytes(other.ptr, other.len, digest, &err), MR_OK);
    mr_strbuf_add_fmt(&other, ",\"sha256\":\"%s\"}\n", digest);
    if (parse(&other, &arena, &got, &err) != MR_E_CONFIG || strstr(err.detail, detail) == NULL)
        fail_msg("%s: %s %s", to, err.message, err.detail);
    mr_arena_release(&arena);
    mr_strbuf_release(&text);
    mr_strbuf_release(&other);
    gate_end(&g);
}

/* Sealed, but no server has such a name, number or time. */
static void test_out_of_range(void **state)
{
    char uuid[96], host[300];
    (void)state;
    (void)snprintf(uuid, sizeof uuid, "\"uuid\":\"%064d\"", 0);
    (void)snprintf(host, sizeof host, "\"hostname\":\"%0256d\"", 0);
    refuse_with("\"uuid\":\"u1\"", uuid, "uuid");
    refuse_with("\"hostname\":\"db1\"", host, "hostname");
    refuse_with("\"flavour\":\"mariadb\"", "\"flavour\":\"oracle\"", "flavour");
    refuse_with("\"server_id\":\"1\"", "\"server_id\":\"4294967297\"", "server_id");
    refuse_with("\"port\":\"3306\"", "\"port\":\"4294967296\"", "port");
    refuse_with("\"delay_seconds\":\"0\"", "\"delay_seconds\":\"9223372036854775808\"",
                "delay_seconds");
    refuse_with("\"rows\":\"32\"", "\"rows\":\"1152921504606846974\"", "rows");
    refuse_with("690100:0a::0c", "690100:0a", "by_key");
    refuse_with("690100:0a::0c", "690100:0a::0c:0d", "by_key");
    refuse_with("\"recorded\":\"2026-04-08T14:00:00Z\",\"server\"",
                "\"recorded\":\"2026-04-08' OR SLEEP(9) OR '\",\"server\"", "recorded");
}

/* Sealed, but a look-up by halves would miss a table, or find one of two. */
static void test_order(void **state)
{
    static const char *const names[][GATE_TABLES] = {{"wallet", "orders", "members"},
                                                     {"members", "wallet", "orders"},
                                                     {"members", "members", "wallet"}};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct gate g;
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_baseline got;
        struct mr_err err = {0};
        gate_begin(&g);
        for (size_t t = 0; t < GATE_TABLES; t++)
            g.tables[t].name = names[i][t];
        assert_int_equal(mr_gate_file_text(&g.now, 1, &text, &err), MR_OK);
        assert_int_equal(parse(&text, &arena, &got, &err), MR_E_CONFIG);
        assert_non_null(strstr(err.detail, "order of tables"));
        mr_arena_release(&arena);
        mr_strbuf_release(&text);
        gate_end(&g);
    }
}

/* Written before newest rows, the binary log and sequences were kept: it is read, and known
 * for what it is. */
static void test_older(void **state)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline got;
    struct mr_err err = {0};
    (void)state;
    assert_int_equal(mr_gate_file_read("tests/golden/facts-v1/older.facts", &arena, &got, &err),
                     MR_OK);
    assert_true(got.server.is_older);
    assert_int_equal(got.server.ntables, 2);
    assert_string_equal(got.server.tables[0].name, "members");
    assert_string_equal(got.server.tables[0].greatest, "3");
    assert_int_equal(got.server.tables[0].nranges, 1);
    assert_int_equal(got.server.tables[0].by_key.count, 0);
    assert_string_equal(got.server.log.file, "");
    mr_arena_release(&arena);
}

static void test_pairs_by_position(void **state)
{
    static const char *const club[] = {"club"}, *const restored[] = {"club_restored"};
    struct mr_gate_facts then = {.named = club, .nnamed = 1};
    struct mr_gate_facts now = {.named = restored, .nnamed = 1};
    (void)state;
    assert_string_equal(mr_gate_facts_pair(&then, &now, "club"), "club_restored");
    assert_string_equal(mr_gate_facts_pair(&now, &then, "club_restored"), "club");
    now.nnamed = 0;
    assert_string_equal(mr_gate_facts_pair(&then, &now, "club"), "club");
}

/* A server with lower_case_table_names = 1 takes /Club and writes club; files of older versions
 * kept the former. */
static void test_letters(void **state)
{
    static const char *const named[] = {"CLUB"}, *const dbs[] = {"club"};
    static const char *const values[] = {"1", "0"}, *const kept[] = {"club", "CLUB"};
    for (int i = 0; i < 2; i++) {
        const struct mr_gate_variable letters = {"lower_case_table_names", values[i]};
        struct gate g;
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_gate_baseline got;
        struct mr_err err = {0};
        gate_begin(&g);
        g.now.named = named;
        g.now.dbs = dbs;
        g.now.nnamed = g.now.ndbs = 1;
        g.now.variables = &letters;
        g.now.nvariables = 1;
        assert_int_equal(mr_gate_file_text(&g.now, 1, &text, &err), MR_OK);
        assert_int_equal(parse(&text, &arena, &got, &err), MR_OK);
        assert_string_equal(got.server.named[0], kept[i]);
        mr_strbuf_release(&text);
        mr_arena_release(&arena);
        gate_end(&g);
    }
    (void)state;
}

static void use(const char *text, size_t len)
{
    struct mr_strbuf again = MR_STRBUF_INIT;
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_gate_baseline got;
    struct mr_err err = {0};
    if (mr_gate_file_parse(text, len, "f", &arena, &got, &err) == MR_OK) {
        struct mr_gate_facts servers[2] = {got.server};
        servers[1] = got.npeers > 0 ? got.peers[0] : got.server;
        assert_int_equal(mr_gate_file_text(servers, 2, &again, &err), MR_OK);
    } else {
        assert_int_equal(err.code, MR_E_CONFIG);
    }
    mr_strbuf_release(&again);
    mr_arena_release(&arena);
}

/* Sealed, and spoilt in every place. */
static void test_mutants(void **state)
{
    struct gate g;
    struct mr_strbuf text = MR_STRBUF_INIT;
    (void)state;
    write_sample(&g, &text);
    assert_true(json_mutants(&text, use) > 5000);
    mr_strbuf_release(&text);
    gate_end(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),        cmocka_unit_test(test_edited),
        cmocka_unit_test(test_other_files),       cmocka_unit_test(test_older),
        cmocka_unit_test(test_pairs_by_position), cmocka_unit_test(test_order),
        cmocka_unit_test(test_out_of_range),      cmocka_unit_test(test_letters),
        cmocka_unit_test(test_mutants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
