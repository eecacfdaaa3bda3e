/* test_history_scan.c: how far a log was read, whether the split was met in it, and what in it is nobody's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "evidence_case.h"
#include "recon/history/history_scan.h"
#include "tests/unit/log_made.h"

/* What reading one log, and no table, leaves behind. */
struct scanned {
    struct mr_history_own own;
    struct mr_evidence_side known;
    struct mr_arena arena;
};

static void begin_scanned(struct scanned *s)
{
    *s = (struct scanned){.arena = MR_ARENA_INIT};
    mr_history_own_init(&s->own);
}

static void scan_bytes(struct scanned *s, const struct mr_strbuf *log)
{
    struct check_case c;
    struct logs l;
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct mr_err err = {.code = MR_OK};
    int64_t last_tx = 0;
    case_begin(&c);
    logs_begin(&l, &c);
    struct mr_history_scan scan = {.own = &s->own,
                                   .known = &s->known,
                                   .writer = l.writer,
                                   .fd = c.fd,
                                   .is_files = true,
                                   .arena = &s->arena,
                                   .last_tx = &last_tx};
    assert_int_equal(mr_history_scan_begin(&scan, &err), MR_OK);
    struct mr_binlog_input input = binlog_memory_input(&memory, log->ptr, log->len);
    input.is_file = true;
    assert_int_equal(mr_binlog_stream_open(input, &stream, &err), MR_OK);
    assert_int_equal(mr_history_scan_stream(&scan, stream, "memory", &err), MR_OK);
    mr_binlog_stream_close(stream);
    mr_history_scan_release(&scan);
    free(memory.raw);
    logs_drop(&l);
    case_end(&c);
}

static void scan_log(struct scanned *s, const char *name, uint64_t at)
{
    struct mr_strbuf log = MR_STRBUF_INIT;
    load(name, &log);
    begin_scanned(s);
    mr_history_own_by_place(&s->own, "memory", at, "memory");
    scan_bytes(s, &log);
    mr_strbuf_release(&log);
}

static void drop(struct scanned *s)
{
    mr_history_own_release(&s->own);
    mr_arena_release(&s->arena);
}

/* Of mysql9-payload transactions begin at 380, 794, 1197 and 1567, each a payload that is the last event of
 * it, and the log rotates at 2035; of mysql9-relay at 448, 920 and 1267, and ends say 332 to 1261, as the source's
 * log has them. */
static void test_split(void **state)
{
    static const struct {
        const char *what, *log;
        uint64_t at;
        const char *missed;
    } splits[] = {
        {"between two payloads", "mysql9-payload", 1567, NULL},
        {"behind the last payload", "mysql9-payload", 2035, NULL},
        {"in front of a payload, behind its id", "mysql9-payload", 1646,
         "the place of the split is within a transaction"},
        {"behind the log", "mysql9-payload", 2077,
         "the place of the split is behind the end of its log"},
        {"in front of a relay log's", "mysql9-relay", 448, NULL},
        {"between two of a relay log", "mysql9-relay", 920, NULL},
        {"in front of its last", "mysql9-relay", 1267, NULL},
        {"within one", "mysql9-relay", 849, "the place of the split is within a transaction"},
        {"behind a relay log", "mysql9-relay", 1459,
         "the place of the split is behind the end of its log"},
        {"within one of MariaDB's", "mariadb-relay", 914,
         "the place of the split is within a transaction"},
        {"between two of MariaDB's", "mariadb-relay", 1075, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
        struct scanned s;
        scan_log(&s, splits[i].log, splits[i].at);
        const char *missed = mr_history_own_missed(&s.own);
        if ((missed == NULL) != (splits[i].missed == NULL) ||
            (missed != NULL && strcmp(missed, splits[i].missed) != 0))
            fail_msg("%s: %s", splits[i].what, missed != NULL ? missed : "it was met");
        drop(&s);
    }
}

/* Where the log ends, as its own places have it. */
static void test_end(void **state)
{
    static const struct {
        const char *log;
        uint64_t end;
    } logs[] = {{"mysql9-payload", 2035}, {"mysql9-relay", 1458}, {"mariadb-relay", 1371}};
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct scanned s;
        scan_log(&s, logs[i].log, 4);
        assert_string_equal(s.known.end_log, "memory");
        assert_int_equal(s.known.end_position, logs[i].end);
        drop(&s);
    }
}

static void add_words(struct made *m, const char *text)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    put(&body, 0, 8);
    put(&body, 0, 1); /* no database */
    put(&body, 0, 5);
    mr_strbuf_add_str(&body, text);
    add_event(m, MR_BINLOG_QUERY, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
}

/* A transaction of the server whose uuid ends so. */
static void add_tx(struct made *m, uint8_t uuid, uint64_t number, const char *const words[3])
{
    struct mr_strbuf id = MR_STRBUF_INIT;
    put(&id, 0, 1);
    put(&id, 0, 8);
    put(&id, (uint64_t)uuid << 56, 8);
    put(&id, number, 8);
    add_event(m, MR_BINLOG_GTID, id.ptr, id.len, 0);
    for (size_t i = 0; i < 3 && words[i] != NULL; i++)
        add_words(m, words[i]);
    mr_strbuf_release(&id);
}

/* Events of logs that are made are written by server 7. */
static void test_by_hand(void **state)
{
    static const struct {
        const char *what;
        uint32_t server_id; /* of the server whose log that is */
        uint8_t uuid;       /* 1: its own, 2: the other's, 3: another */
        const char *words[3], *then, *which;
    } logs[] = {
        {"an empty one of the other's, written here",
         7,
         2,
         {"BEGIN", "COMMIT"},
         NULL,
         "00000000-0000-0000-0000-000000000002:5"},
        {"that the other has had since logs were read first",
         7,
         2,
         {"BEGIN", "COMMIT"},
         "00000000-0000-0000-0000-000000000002:1-4",
         "00000000-0000-0000-0000-000000000002:5"},
        {"that it had then",
         7,
         2,
         {"BEGIN", "COMMIT"},
         "00000000-0000-0000-0000-000000000002:1-5",
         NULL},
        {"replicated, and filtered", 8, 2, {"BEGIN", "COMMIT"}, NULL, NULL},
        {"of its own", 7, 1, {"BEGIN", "COMMIT"}, NULL, NULL},
        {"of a group", 7, 3, {"BEGIN", "COMMIT"}, NULL, NULL},
        {"with a statement, as a client has it from the other's log",
         7,
         2,
         {"BEGIN", "DELETE FROM t", "COMMIT"},
         NULL,
         NULL},
        {"a definition", 7, 2, {"CREATE DATABASE d"}, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        const struct mr_history_executed self = {.has_gtids = true,
                                                 .server_id = logs[i].server_id,
                                                 .uuid = "00000000-0000-0000-0000-000000000001",
                                                 .executed = "",
                                                 .position = ""};
        struct mr_history_executed other = self;
        struct scanned s;
        struct made m;
        const char *which;
        other.server_id = 9;
        other.uuid = "00000000-0000-0000-0000-000000000002";
        other.executed = "00000000-0000-0000-0000-000000000002:1-9";
        begin_made(&m, "8.0.40", false);
        add_tx(&m, logs[i].uuid, 5, logs[i].words);
        begin_scanned(&s);
        assert_int_equal(mr_history_own_by_gtid(&s.own, &self, &other, &s.arena, NULL), MR_OK);
        scan_bytes(&s, &m.log);
        assert_int_equal(mr_history_own_by_hand(&s.own, logs[i].then, &s.arena, &which, NULL),
                         MR_OK);
        if ((which == NULL) != (logs[i].which == NULL) ||
            (which != NULL && strcmp(which, logs[i].which) != 0))
            fail_msg("%s: %s", logs[i].what, which != NULL ? which : "none");
        mr_strbuf_release(&m.log);
        drop(&s);
    }
}

/* What a replica has skipped is of the past that both have: what came by replication goes on behind it. */
static void test_skipped(void **state)
{
    static const struct {
        uint64_t numbers[3]; /* of the other's; those above 100: by hand, 100 less */
        const char *which;
    } logs[] = {
        {{4, 105, 6}, NULL},
        {{4, 5, 106}, "00000000-0000-0000-0000-000000000002:6"},
        {{103, 4, 105}, "00000000-0000-0000-0000-000000000002:5"},
    };
    struct mr_history_executed self = {.has_gtids = true,
                                       .server_id = 7,
                                       .uuid = "00000000-0000-0000-0000-000000000001",
                                       .executed = "",
                                       .position = ""};
    struct mr_history_executed other = self;
    (void)state;
    other.uuid = "00000000-0000-0000-0000-000000000002";
    other.executed = "00000000-0000-0000-0000-000000000002:1-9";
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
        struct mr_arena arena = MR_ARENA_INIT;
        struct mr_history_own own;
        const char *which;
        mr_history_own_init(&own);
        assert_int_equal(mr_history_own_by_gtid(&own, &self, &other, &arena, NULL), MR_OK);
        for (size_t k = 0; k < 3; k++) {
            const uint64_t number = logs[i].numbers[k];
            const struct mr_gtid gtid = {
                .family = MR_GTID_OF_MYSQL, .uuid = {[15] = 2}, .number = number % 100};
            assert_int_equal(
                mr_history_own_wrote(&own, &gtid, number > 100 ? 7 : 9, number > 100, NULL), MR_OK);
        }
        assert_int_equal(mr_history_own_by_hand(&own, NULL, &arena, &which, NULL), MR_OK);
        if ((which == NULL) != (logs[i].which == NULL) ||
            (which != NULL && strcmp(which, logs[i].which) != 0))
            fail_msg("log %zu: %s", i, which != NULL ? which : "none");
        mr_history_own_release(&own);
        mr_arena_release(&arena);
    }
}

/* ---- transactions of XA, over a table ---- */

static void set_time(struct made *m, size_t begin, uint32_t seconds)
{
    uint8_t *event = (uint8_t *)m->log.ptr + begin;
    for (size_t i = 0; i < 4; i++)
        event[i] = (uint8_t)(seconds >> 8 * i);
    binlog_seal(event, m->log.len - begin);
}

static void add_begin(struct made *m, uint64_t sequence, unsigned flags, uint32_t seconds)
{
    const size_t begin = m->log.len;
    add_gtid(m, sequence, flags);
    set_time(m, begin, seconds);
}

/* 'p': of XA, that inserts row 1, is prepared; 'c', 'r': it is committed, or rolled back; 'i': row 2 is inserted; 's':
 * a statement changes rows; 'l': the server says that changes are lost.  Each
 * a thousand seconds behind the one before it, and with the next number; *at: where the last one begins. */
static void add_worlds(struct made *m, const char *what, uint64_t *at)
{
    for (size_t i = 0; what[i] != '\0'; i++) {
        const uint32_t seconds = 1000 * (uint32_t)(i + 1);
        *at = m->log.len;
        add_begin(m, i + 1,
                  what[i] == 'p'                   ? 0x40
                  : strchr("isl", what[i]) != NULL ? 0
                                                   : 0x80,
                  seconds);
        if (what[i] == 'p')
            add_statement(m, "XA START X'31',X'',1");
        if (what[i] == 'c' || what[i] == 'r')
            add_statement(m, what[i] == 'c' ? "XA COMMIT X'31',X'',1" : "XA ROLLBACK X'31',X'',1");
        if (what[i] == 's') {
            add_statement(m, "UPDATE p SET v = v + 1");
            add_xid(m);
        }
        if (what[i] == 'l')
            add_event(m, INCIDENT, "\1\0\0", 3, 0);
        if (what[i] != 'p' && what[i] != 'i')
            continue;
        add_map(m, 50, "d", "p");
        add_rows(m, 50, WRITE, what[i] == 'p' ? 1 : 2, 0);
        if (what[i] == 'i') {
            add_xid(m);
            continue;
        }
        add_statement(m, "XA END X'31',X'',1");
        add_event(m, MR_BINLOG_XA_PREPARE, "\0\1\0\0\0\1\0\0\0\0\0\0\0001", 14, 0);
    }
}

/* "1@2000 0-7-1": keys with the time and the id of the transaction that changed them; why it is blind. */
static void say_marks(struct check_case *c, const struct mr_evidence_table *of,
                      struct mr_strbuf *out)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_vec marks = MR_VEC_INIT(struct mr_evidence_mark);
    assert_int_equal(
        mr_evidence_marks(c->fd, of->id, 0, (struct mr_key){NULL, 0}, 9, &arena, &marks, NULL),
        MR_OK);
    for (size_t i = 0; i < marks.count; i++) {
        const struct mr_evidence_mark *mark = mr_vec_at(&marks, i);
        struct mr_evidence_tx tx;
        struct mr_value value;
        size_t at = 0;
        bool found = false;
        assert_int_equal(mr_row_decode(mark->key.ptr, mark->key.len, &at, &value, NULL), MR_OK);
        assert_int_equal(mr_evidence_tx(c->fd, mark->last_tx, &arena, &tx, &found, NULL), MR_OK);
        assert_true(found && mark->changes == 1);
        mr_strbuf_add_fmt(out, "%s%d@%d %s", out->len > 0 ? ", " : "", (int)value.i,
                          (int)(tx.committed_us / 1000000), tx.gtid);
    }
    if (of->of[0].witness == MR_WITNESS_BLIND)
        mr_strbuf_add_fmt(out, "%s%.*s", out->len > 0 ? ", " : "",
                          (int)strcspn(of->of[0].reason, ","), of->of[0].reason);
    mr_vec_release(&marks);
    mr_arena_release(&arena);
}

/* Bytes of texts that stay. */
static size_t scan_worlds(const char *what, bool splits, struct mr_strbuf *out)
{
    static const struct mr_column columns[] = {
        {.name = "id", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 1},
        {.name = "v", .type = "int(11)", .data_type = "int", .cls = MR_CLASS_INT, .ordinal = 2}};
    static const struct mr_table today = {
        .db = "d", .name = "p", .columns = columns, .ncolumns = 2};
    static const struct mr_server server = {.flavour = MR_FLAVOUR_MARIADB, .version = 101100};
    static const size_t places[] = {0, 1};
    static const char *const from[] = {NULL, NULL};
    static const struct mr_pair pair;
    struct mr_history_table table = {
        .pair = &pair,
        .today = {&today, &today},
        .columns = {places, places},
        .ncolumns = 2,
        .from = {from, from},
        .key = places,
        .nkey = 1,
        .evidence = {.name = "d.p", .target_name = "d.p", .columns = ""}};
    struct check_case c;
    struct logs l;
    struct made m;
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct scanned s;
    uint64_t at = 4;
    int64_t last_tx = 0;
    case_begin(&c);
    logs_begin(&l, &c);
    begin_made(&m, "10.11.19-MariaDB-log", true);
    add_worlds(&m, what, &at);
    begin_scanned(&s);
    mr_history_own_by_place(&s.own, "memory", splits ? at : 4, "memory");
    LOGS_DO(&l, mr_evidence_table_add(l.writer, &s.arena, &table.evidence, NULL));
    struct mr_history_scan scan = {.own = &s.own,
                                   .tables = &table,
                                   .ntables = 1,
                                   .server = &server,
                                   .known = &s.known,
                                   .writer = l.writer,
                                   .fd = c.fd,
                                   .is_files = true,
                                   .arena = &s.arena,
                                   .last_tx = &last_tx};
    assert_int_equal(mr_history_scan_begin(&scan, NULL), MR_OK);
    assert_int_equal(
        mr_binlog_stream_open(binlog_memory_input(&memory, m.log.ptr, m.log.len), &stream, NULL),
        MR_OK);
    assert_int_equal(mr_history_scan_stream(&scan, stream, "memory", NULL), MR_OK);
    assert_int_equal(mr_history_scan_end(&scan, NULL), MR_OK);
    mr_binlog_stream_close(stream);
    mr_history_scan_release(&scan);
    const struct mr_evidence_table of = table.evidence;
    const size_t bytes = s.arena.total_bytes;
    logs_end(&l);
    say_marks(&c, &of, out);
    free(memory.raw);
    mr_strbuf_release(&m.log);
    drop(&s);
    case_end(&c);
    return bytes;
}

/* What is prepared has happened when it is committed, and not before. */
static void test_xa(void **state)
{
    static const struct {
        const char *what;
        bool splits; /* what stands in front of the last transaction is shared */
        const char *expected;
    } worlds[] = {
        {"pc", false, "1@2000 0-7-1"},
        {"pr", false, ""},
        {"p", false, ""},
        {"pic", false, "1@3000 0-7-1, 2@2000 0-7-2"},
        {"pi", false, "2@2000 0-7-2"},
        {"ipr", false, "2@1000 0-7-1"},
        {"pc", true, "an XA transaction of both sides was committed on one"},
        {"pr", true, ""},
        {"c", false, "an XA transaction was committed that was prepared before the logs"},
        {"r", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        struct mr_strbuf got = MR_STRBUF_INIT;
        scan_worlds(worlds[i].what, worlds[i].splits, &got);
        if (strcmp(got.ptr != NULL ? got.ptr : "", worlds[i].expected) != 0)
            fail_msg("%s: %s", worlds[i].what, got.ptr);
        mr_strbuf_release(&got);
    }
}

/* A log of statements, as of binlog_format MIXED, may have millions: what they say again is not kept. */
static void test_statements(void **state)
{
    enum { COUNT = 20000 };
    static char what[COUNT + 1];
    static const char kinds[] = {'s', 'c', 'l'};
    (void)state;
    for (size_t i = 0; i < sizeof kinds; i++) {
        struct mr_strbuf out = MR_STRBUF_INIT;
        memset(what, kinds[i], COUNT);
        const size_t bytes = scan_worlds(what, false, &out);
        if (bytes > 64 * 1024)
            fail_msg("%c: %zu bytes stay", kinds[i], bytes);
        mr_strbuf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),   cmocka_unit_test(test_end),
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_skipped),
        cmocka_unit_test(test_xa),      cmocka_unit_test(test_statements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
