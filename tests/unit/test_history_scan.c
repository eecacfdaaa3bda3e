/* test_history_scan.c: how far a log was read, whether the split was met in it, and what in it is nobody's word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "evidence_case.h"
#include "recon/history/history_scan.h"
#include "tests/unit/binlog_made.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
