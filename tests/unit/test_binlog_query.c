/* test_binlog_query.c: statements with their sessions, and the small events of a transaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "core/base/strbuf.h"
#include "core/binlog/binlog_query.h"
#include "tests/unit/binlog_bytes.h"

/* Thread 7, 2 seconds, error 1062; these status variables; database "db", "DROP". */
static uint8_t *query_of(const char *status, size_t *len)
{
    char hex[1024];
    (void)snprintf(hex, sizeof hex, "0700000002000000022604%02x00%s64620044524f50",
                   (unsigned)(strlen(status) / 2), status);
    return bytes_of(hex, len);
}

static void describe(const struct mr_binlog_query *q, struct mr_strbuf *out)
{
    struct mr_binlog_words db;
    size_t at = 0;
    if (q->has_options)
        mr_strbuf_add_fmt(out, "options %x ", q->options);
    if (q->has_sql_mode)
        mr_strbuf_add_fmt(out, "mode %llx ", (unsigned long long)q->sql_mode);
    if (q->has_charset)
        mr_strbuf_add_fmt(out, "charset %u %u %u ", q->client_collation, q->connection_collation,
                          q->server_collation);
    if (q->has_db_collation)
        mr_strbuf_add_fmt(out, "db %u ", q->db_collation);
    if (q->time_zone.ptr != NULL)
        mr_strbuf_add_fmt(out, "zone %.*s ", (int)q->time_zone.len, q->time_zone.ptr);
    if (q->user.ptr != NULL)
        mr_strbuf_add_fmt(out, "by %.*s@%.*s ", (int)q->user.len, q->user.ptr, (int)q->host.len,
                          q->host.ptr);
    if (q->microseconds != 0)
        mr_strbuf_add_fmt(out, "us %u ", q->microseconds);
    if (q->is_definition)
        mr_strbuf_add_fmt(out, "xid %llu ", (unsigned long long)q->xid);
    if (q->ndbs > 0)
        mr_strbuf_add_fmt(out, "dbs %u ", q->ndbs);
    while (mr_binlog_query_db(q, &at, &db))
        mr_strbuf_add_fmt(out, "[%.*s]", (int)db.len, db.ptr);
    mr_strbuf_add_str(out, q->has_unread ? "unread" : "");
}

static const struct {
    const char *what, *status, *expected; /* NULL: refused */
} sessions[] = {
    {"none", "", ""},
    {"of MySQL 9",
     "00000000000120"
     "00a04500000000"
     "0603737464"
     "0421002100ff00"
     "12ff00"
     "1300",
     "options 0 mode 45a00020 charset 33 33 255 "},
    {"no foreign keys", "0000000004", "options 4000000 "},
    {"time zone, database's collation",
     "0503555443"
     "082d00",
     "db 45 zone UTC "},
    {"who invoked it", "0b04726f6f74096c6f63616c686f7374", "by root@localhost "},
    {"two databases",
     "0c02"
     "613100"
     "6200",
     "dbs 2 [a1][b]"},
    {"more databases than are listed", "0cfe", "dbs 254 "},
    {"microseconds of MySQL", "0d010203", "us 197121 "},
    {"of MariaDB",
     "80010203"
     "810500000000000000",
     "us 197121 xid 5 "},
    {"an ALTER of MariaDB in two parts",
     "8204"
     "0100000000000000"
     "810500000000000000",
     "xid 5 "},
    {"its start",
     "8202"
     "810500000000000000",
     "xid 5 "},
    {"collations of MariaDB 11.5",
     "8301"
     "2d002e00"
     "082d00",
     "db 45 "},
    {"all that are passed over",
     "0201610003010001000702000901000000000000000a01000000"
     "1001"
     "15001301"
     "1401"
     "110600000000000000",
     "xid 6 "},
    {"one that is not known", "6364", "unread"},
    {"cut off", "0100", NULL},
    {"a database without its end", "0c016131", NULL},
    {"user without host", "0b0161", NULL},
};

static void test_sessions(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        struct mr_strbuf text = MR_STRBUF_INIT;
        struct mr_binlog_query query;
        size_t len;
        uint8_t *body = query_of(sessions[i].status, &len);
        const struct mr_binlog_event event = bytes_event(MR_BINLOG_QUERY, body, len);
        print_message("%s\n", sessions[i].what);
        assert_int_equal(mr_binlog_query_read(&event, &query, NULL),
                         sessions[i].expected != NULL ? MR_OK : MR_E_BINLOG);
        if (sessions[i].expected != NULL) {
            describe(&query, &text);
            assert_string_equal(text.ptr, sessions[i].expected);
            assert_int_equal(query.thread, 7);
            assert_int_equal(query.seconds, 2);
            assert_int_equal(query.error, 1062);
            assert_int_equal(query.db.len, 2);
            assert_memory_equal(query.db.ptr, "db", 2);
            assert_int_equal(query.text.len, 4);
            assert_memory_equal(query.text.ptr, "DROP", 4);
        }
        free(body);
        mr_strbuf_release(&text);
    }
}

/* Each cut is refused until the database is there; every byte may be wrong. */
static void test_cut_and_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sessions / sizeof sessions[0]; i++) {
        size_t len;
        struct mr_binlog_query query;
        uint8_t *body = query_of(sessions[i].status, &len);
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *copy = bytes_cut(body, cut);
            const struct mr_binlog_event event = bytes_event(MR_BINLOG_QUERY, copy, cut);
            const enum mr_code code = mr_binlog_query_read(&event, &query, NULL);
            assert_int_equal(code,
                             cut + 4 >= len && sessions[i].expected != NULL ? MR_OK : MR_E_BINLOG);
            free(copy);
        }
        const struct mr_binlog_event event = bytes_event(MR_BINLOG_QUERY, body, len);
        for (size_t at = 0; at < len; at++)
            for (unsigned value = 0; value < 256; value++) {
                struct mr_strbuf text = MR_STRBUF_INIT;
                const uint8_t was = body[at];
                body[at] = (uint8_t)value;
                if (mr_binlog_query_read(&event, &query, NULL) == MR_OK)
                    describe(&query, &text);
                body[at] = was;
                mr_strbuf_release(&text);
            }
        free(body);
    }
}

static void test_small(void **state)
{
    static const uint8_t rotate[] = "\4\0\0\0\1\0\0\0bin.000043";
    static const uint8_t xa[] = "\0\5\0\0\0\2\0\0\0\3\0\0\0ggbbb";
    static const uint8_t long_xa[80] = "\1\5\0\0\0\x41\0\0\0\0\0\0\0";
    struct mr_binlog_event event = bytes_event(MR_BINLOG_ROTATE, rotate, sizeof rotate - 1);
    struct mr_binlog_rotate next;
    struct mr_binlog_xa prepared;
    struct mr_binlog_words text;
    uint64_t xid = 0;
    (void)state;
    assert_int_equal(mr_binlog_rotate_read(&event, &next, NULL), MR_OK);
    assert_true(next.position == 0x100000004);
    assert_int_equal(next.name.len, 10);
    assert_memory_equal(next.name.ptr, "bin.000043", 10);
    event.len = 8; /* without a name */
    assert_int_equal(mr_binlog_rotate_read(&event, &next, NULL), MR_E_BINLOG);
    event.len = 7;
    assert_int_equal(mr_binlog_rotate_read(&event, &next, NULL), MR_E_BINLOG);
    event = bytes_event(MR_BINLOG_ROTATE, (const uint8_t *)"\4\0\0\0\0\0\0\0bin\0x", 13);
    assert_int_equal(mr_binlog_rotate_read(&event, &next, NULL), MR_E_BINLOG);

    event = bytes_event(MR_BINLOG_XA_PREPARE, xa, sizeof xa - 1);
    assert_int_equal(mr_binlog_xa_read(&event, &prepared, NULL), MR_OK);
    assert_false(prepared.one_phase);
    assert_int_equal(prepared.format, 5);
    assert_memory_equal(prepared.global.ptr, "gg", 2);
    assert_memory_equal(prepared.branch.ptr, "bbb", 3);
    event.len--;
    assert_int_equal(mr_binlog_xa_read(&event, &prepared, NULL), MR_E_BINLOG);
    event = bytes_event(MR_BINLOG_XA_PREPARE, long_xa, sizeof long_xa);
    assert_int_equal(mr_binlog_xa_read(&event, &prepared, NULL), MR_E_BINLOG);

    event = bytes_event(MR_BINLOG_XID, rotate, 8);
    assert_int_equal(mr_binlog_xid(&event, &xid, NULL), MR_OK);
    assert_true(xid == 0x100000004);
    event.len = 7;
    assert_int_equal(mr_binlog_xid(&event, &xid, NULL), MR_E_BINLOG);

    event = bytes_event(MR_BINLOG_ROWS_QUERY, (const uint8_t *)"\3ABC", 4);
    assert_int_equal(mr_binlog_rows_text(&event, &text, NULL), MR_OK);
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.ptr, "ABC", 3);
    event.type = MR_BINLOG_ANNOTATE_ROWS;
    assert_int_equal(mr_binlog_rows_text(&event, &text, NULL), MR_OK);
    assert_int_equal(text.len, 4);
    event.type = MR_BINLOG_ROWS_QUERY;
    event.len = 0;
    assert_int_equal(mr_binlog_rows_text(&event, &text, NULL), MR_E_BINLOG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_cut_and_wrong),
        cmocka_unit_test(test_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
