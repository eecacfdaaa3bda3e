/* test_binlog_relay.c: relay logs, whose events say where they ended in another log, and positions
 * that need more bits than a header has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/binlog_made.h"

/* The head of a relay log of a source without checksums, whose events come from 1000 on; its
 * format says no position. */
static void begin_relay(struct made *m, const char *server)
{
    struct made source;
    begin_made(m, server, true);
    m->log.ptr[4 + 17] = MR_BINLOG_RELAY;
    binlog_seal((uint8_t *)m->log.ptr + 4, m->log.len - 4);
    begin_made(&source, server, false);
    memset(source.log.ptr + 4 + 13, 0, 4);
    binlog_seal((uint8_t *)source.log.ptr + 4, source.log.len - 4);
    add_event(m, MR_BINLOG_ROTATE, "\xe8\3\0\0\0\0\0\0bin.000007", 18, 0x20);
    mr_strbuf_add(&m->log, source.log.ptr + 4, source.log.len - 4);
    mr_strbuf_release(&source.log);
    m->has_crc = false;
}

/* An XID (or what has no more than a text) of the source that ends there. */
static void add_of_source(struct made *m, unsigned type, uint64_t end)
{
    add_header(&m->log, type, 27, end, 0);
    mr_strbuf_add(&m->log, "12345678", 8);
}

/* The second format holds for what follows, and so do the source's positions. */
static void test_relay(void **state)
{
    static const char mysql[] = "8.0.36", maria[] = "10.11.6-MariaDB";
    static const struct {
        const char *server;
        unsigned type;  /* of an event before the last, … */
        uint64_t whole; /* … and where it ends; 0: there is none */
        unsigned last;
        uint64_t size, end;
        const char *ends;
    } rows[] = {
        {mysql, 0, 0, 16, 100, 1100, "15 4 15 cut"},
        {mysql, 0, 0, 16, 100 ^ 0x400, 1100, "15 4 15 binary log"}, /* a bit of the length */
        {mysql, 0, 0, 16, 100, 1100 ^ 0x10, "15 4 15 binary log"},  /* … of the end */
        {mysql, 0, 0, 16, 100, 0, "15 4 15 cut"},                   /* it does not say */
        {mysql, 16, 1027, 16, 100, 1127, "15 4 15 16 cut"},
        {mysql, 16, 1027, 16, 100 ^ 0x800, 1127, "15 4 15 16 binary log"},
        /* something lies between them, and something may again */
        {mysql, 16, 1127, 16, 100, 1300, "15 4 15 16 cut"},
        {maria, 16, 1127, 16, 100, 1300, "15 4 15 16 cut"},
        /* unpacked by the replica: longer than its way in the source's log */
        {maria, 24, 1010, 24, 100, 1050, "15 4 15 24 cut"},
        {maria, 24, 1010, 2, 100, 1050, "15 4 15 24 cut"},
        {maria, 24, 1010, 16, 100, 1110, "15 4 15 24 cut"},
        {maria, 24, 1010, 16, 100 ^ 0x400, 1110, "15 4 15 24 binary log"}, /* never packed */
        {maria, 24, 1010, 19, 100, 1050, "15 4 15 24 binary log"},
        {maria, 24, 1027, 24, 100, 1050, "15 4 15 24 binary log"}, /* nothing was */
    };
    struct made m;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_relay(&m, rows[i].server);
        if (rows[i].whole != 0)
            add_of_source(&m, rows[i].type, rows[i].whole);
        add_header(&m.log, rows[i].last, rows[i].size, rows[i].end, 0);
        assert_ends(&m, true, rows[i].ends);
    }
    /* the source's next log begins where its ROTATE says */
    begin_relay(&m, "8.0.36");
    add_event(&m, MR_BINLOG_ROTATE, "\4\0\0\0\0\0\0\0bin.000008", 18, 0x20);
    add_of_source(&m, MR_BINLOG_XID, 31);
    add_header(&m.log, MR_BINLOG_XID, 100, 131, 0);
    assert_ends(&m, true, "15 4 15 4 16 cut");
    begin_relay(&m, "8.0.36");
    add_event(&m, MR_BINLOG_ROTATE, "\4\0\0\0\0\0\0\0bin.000008", 18, 0x20);
    add_of_source(&m, MR_BINLOG_XID, 31);
    add_header(&m.log, MR_BINLOG_XID, 100, 1200, 0);
    assert_ends(&m, true, "15 4 15 4 16 binary log");
    /* one of the replica's own is between them, and breaks nothing off */
    begin_relay(&m, "8.0.36");
    add_of_source(&m, MR_BINLOG_XID, 1027);
    add_event(&m, MR_BINLOG_STOP, "", 0, 0);
    add_header(&m.log, MR_BINLOG_XID, 100, 1300, 0);
    assert_ends(&m, true, "15 4 15 16 3 binary log");
}

/* Relay logs of servers: cut off in any event that is so; where a bit of its length is wrong besides,
 * that is found of every event of the source. */
static void test_relay_anywhere(void **state)
{
    static const char *const names[] = {"mariadb-relay", "mysql9-relay"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mr_strbuf log = MR_STRBUF_INIT, lines = MR_STRBUF_INIT;
        size_t size, events = 0;
        unsigned formats = 0;
        load(names[i], &log);
        for (size_t at = 4; at < log.len; at += size) {
            struct mr_binlog_cursor c = mr_binlog_cursor(log.ptr + at + 4, 13);
            const bool is_format = mr_binlog_uint(&c, 1) == MR_BINLOG_FORMAT_DESCRIPTION;
            (void)mr_binlog_uint(&c, 4);
            size = (size_t)mr_binlog_uint(&c, 4);
            const bool has_end = mr_binlog_uint(&c, 4) != 0;
            read_bytes(log.ptr, at + size - 1, false, &lines);
            if (strcmp(lines.ptr + lines.len - 4, "cut\n") != 0)
                fail_msg("%s, at %zu: %s", names[i], at, lines.ptr);
            for (unsigned bit = 5; bit < 32 && formats == 2 && has_end; bit++) {
                char *byte = &log.ptr[at + 9 + bit / 8];
                *byte = (char)(*byte ^ 1 << bit % 8);
                read_bytes(log.ptr, at + size - 1, false, &lines);
                *byte = (char)(*byte ^ 1 << bit % 8);
                if (strstr(lines.ptr, "\nbinary log\n") == NULL)
                    fail_msg("%s, at %zu, bit %u: %s", names[i], at, bit, lines.ptr);
                events += bit == 5;
            }
            formats += is_format;
        }
        assert_true(events > 10);
        mr_strbuf_release(&log);
        mr_strbuf_release(&lines);
    }
}

/* ---- positions beyond 4 GiB ---- */

#define FAR_AT (UINT64_C(3) << 32)

static enum mr_code next_far(void *arg, const uint8_t **raw, size_t *len, uint64_t *position,
                             struct mr_err *err)
{
    MR_TRY(binlog_memory_next(arg, raw, len, position, err));
    *position += FAR_AT;
    return MR_OK;
}

/* A line of binlog_read_all begins so: its type, position and end. */
static void assert_line(const struct mr_strbuf *lines, unsigned type, uint64_t at, uint64_t end)
{
    char line[64];
    (void)snprintf(line, sizeof line, "\n%u %llu %llu ", type, (unsigned long long)at,
                   (unsigned long long)end);
    if (strstr(lines->ptr, line) == NULL)
        fail_msg("no%s in %s", line, lines->ptr);
}

/* A header has 32 bits of an end; the place has them all. */
static void test_far(void **state)
{
    struct made m;
    struct binlog_memory memory = {.seal = false};
    struct mr_strbuf lines = MR_STRBUF_INIT;
    (void)state;
    begin_made(&m, "10.11.6-MariaDB", true);
    const uint64_t at = FAR_AT + m.log.len;
    add_event(&m, MR_BINLOG_STOP, "", 0, 0);
    struct mr_binlog_input input = binlog_memory_input(&memory, m.log.ptr, m.log.len);
    input.next = next_far;
    binlog_read_all(input, &lines);
    assert_line(&lines, MR_BINLOG_STOP, at, at + 23);
    free(memory.raw);
    mr_strbuf_release(&m.log);
    /* in a relay log a ROTATE has them, and what was unpacked, or comes again, is near */
    begin_relay(&m, "10.11.6-MariaDB");
    add_event(&m, MR_BINLOG_ROTATE, "\xf0\xff\xff\xff\2\0\0\0bin.000007", 18, 0x20);
    const uint64_t first = m.log.len;
    add_of_source(&m, MR_BINLOG_XID, 11);
    add_of_source(&m, MR_BINLOG_DELETE_ROWS_V1, 21);
    add_of_source(&m, MR_BINLOG_XID, 0xfffffff0);
    add_of_source(&m, MR_BINLOG_XID, 0);
    read_bytes(m.log.ptr, m.log.len, false, &lines);
    assert_line(&lines, MR_BINLOG_XID, first, FAR_AT + 11);
    assert_line(&lines, MR_BINLOG_DELETE_ROWS_V1, first + 27, FAR_AT + 21);
    assert_line(&lines, MR_BINLOG_XID, first + 54, FAR_AT - 16);
    assert_line(&lines, MR_BINLOG_XID, first + 81, 0);
    mr_strbuf_release(&m.log);
    mr_strbuf_release(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay),
        cmocka_unit_test(test_relay_anywhere),
        cmocka_unit_test(test_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
