/* test_binlog_stream.c: logs that servers wrote give all their events; cut off at any byte they
 * give those before it, and say so; with any byte wrong they give the right ones or an error; what
 * no server writes is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <zlib.h>
#include <zstd.h>

#include "tests/unit/binlog_made.h"

static const char *const golden[] = {
    "mariadb", "mariadb-compressed", "mariadb-plain", "mysql56", "mysql56-plain",
    "mysql9",  "mysql9-payload",     "mysql9-plain",
};
#define NGOLDEN (sizeof golden / sizeof golden[0])

/* ---- logs of servers ---- */

static void test_golden(void **state)
{
    static const char *const expected[NGOLDEN] = {
        "15 163 161 161 162 160 19 23 16 162 160 19 24 16 162 160 19 25 16 162 160 19 23 160 19 24 "
        "16 162 160 19 23 2 38 162 2 162 2 4 end",
        "15 163 161 162 160 19 23 16 162 160 19 24 16 162 160 19 25 16 162 160 19 23 160 19 24 16 "
        "161 162 2 160 19 23 16 162 2 4 end",
        "15 163 161 161 161 162 2 162 160 19 23 16 162 160 19 24 16 162 160 19 25 16 162 160 19 23 "
        "160 19 24 16 162 2 16 4 end",
        "15 35 33 2 19 30 16 33 2 19 31 16 33 2 19 32 16 33 2 19 30 19 31 16 4 end",
        "15 35 33 2 19 30 16 4 end",
        "15 35 33 2 29 19 30 16 33 2 29 19 31 16 33 2 29 19 32 16 33 2 29 19 30 29 19 31 16 42 2 "
        "29 "
        "19 30 16 33 2 29 19 30 2 38 33 2 4 end",
        "15 35 33 2 29 19 30 16 33 2 29 19 31 16 33 2 29 19 32 16 33 2 29 19 30 29 19 31 16 4 end",
        "15 35 33 2 29 19 39 16 42 2 29 19 32 16 4 end",
    };
    (void)state;
    for (size_t i = 0; i < NGOLDEN; i++) {
        struct mr_strbuf log = MR_STRBUF_INIT, lines = MR_STRBUF_INIT, types = MR_STRBUF_INIT;
        load(golden[i], &log);
        read_bytes(log.ptr, log.len, false, &lines);
        types_of(&lines, &types);
        assert_string_equal(types.ptr, expected[i]);
        mr_strbuf_release(&log);
        mr_strbuf_release(&lines);
        mr_strbuf_release(&types);
    }
}

/* Whole lines of the beginning, then one of `ends`. */
static bool is_beginning(const struct mr_strbuf *got, const struct mr_strbuf *whole,
                         const char *const *ends)
{
    size_t last = got->len - 1;
    while (last > 0 && got->ptr[last - 1] != '\n')
        last--;
    for (; *ends != NULL; ends++)
        if (strcmp(got->ptr + last, *ends) == 0)
            return last <= whole->len && memcmp(got->ptr, whole->ptr, last) == 0;
    return false;
}

/* MariaDB encrypts what stands behind the format: that is said, and the way round. */
static void test_encrypted(void **state)
{
    struct mr_strbuf log = MR_STRBUF_INIT;
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_event event;
    struct mr_err err = {.code = MR_OK};
    (void)state;
    load("mariadb-encrypted", &log);
    const struct mr_binlog_input input = binlog_memory_input(&memory, log.ptr, log.len);
    assert_int_equal(mr_binlog_stream_open(input, &stream, NULL), MR_OK);
    assert_int_equal(mr_binlog_stream_next(stream, &event, &err), MR_OK);
    assert_int_equal(event.type, MR_BINLOG_FORMAT_DESCRIPTION);
    assert_int_equal(mr_binlog_stream_next(stream, &event, &err), MR_E_UNSUPPORTED);
    assert_string_equal(err.message, "binary log \"memory\" is encrypted");
    assert_non_null(strstr(err.hint, "from the server"));
    mr_binlog_stream_close(stream);
    free(memory.raw);
    mr_strbuf_release(&log);
}

/* "end" is right where an event ends, and only there.  What a server has closed is never cut, but
 * before it says so. */
static void assert_cut_anywhere(const char *name, bool is_closed)
{
    struct mr_strbuf log = MR_STRBUF_INIT, lines = MR_STRBUF_INIT, whole = MR_STRBUF_INIT;
    load(name, &log);
    log.ptr[4 + 17] = (char)(is_closed ? 0 : MR_BINLOG_IN_USE);
    read_bytes(log.ptr, log.len, false, &whole);
    size_t end = 4;
    const char *ended = "cut\n";
    for (size_t len = 4; len < log.len; len++) {
        const bool is_end = len == end;
        if (is_end) {
            struct mr_binlog_cursor c = mr_binlog_cursor(log.ptr + len + 9, 4);
            end += (size_t)mr_binlog_uint(&c, 4);
        }
        if (is_end && len > 4 && is_closed)
            ended = "binary log\n";
        const char *const ends[] = {is_end ? "end\n" : ended, NULL};
        read_bytes(log.ptr, len, false, &lines);
        if (!is_beginning(&lines, &whole, ends))
            fail_msg("%s, %zu bytes: %s", name, len, lines.ptr);
    }
    mr_strbuf_release(&log);
    mr_strbuf_release(&lines);
    mr_strbuf_release(&whole);
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < NGOLDEN; i++) {
        assert_cut_anywhere(golden[i], true);
        assert_cut_anywhere(golden[i], false);
    }
}

/* Under checksums no wrong event is given; without them nothing is read beyond its end. */
static void test_wrong_anywhere(void **state)
{
    static const char *const ends[] = {"end\n", "cut\n", "binary log\n", "not supported\n", NULL};
    (void)state;
    for (size_t i = 0; i < NGOLDEN; i++) {
        struct mr_strbuf log = MR_STRBUF_INIT, lines = MR_STRBUF_INIT, whole = MR_STRBUF_INIT;
        const bool has_crc = strstr(golden[i], "-plain") == NULL;
        load(golden[i], &log);
        read_bytes(log.ptr, log.len, false, &whole);
        for (size_t at = 4; at < log.len; at++)
            for (unsigned bit = 0; bit < 8; bit += has_crc ? 1 : 3) {
                log.ptr[at] = (char)(log.ptr[at] ^ 1 << bit);
                read_bytes(log.ptr, log.len, false, &lines);
                if (has_crc && strcmp(lines.ptr, whole.ptr) != 0 &&
                    !is_beginning(&lines, &whole, ends + 1))
                    fail_msg("%s, bit %u of byte %zu: %.300s", golden[i], bit, at, lines.ptr);
                if (has_crc && strstr(lines.ptr, "cut\n") != NULL)
                    fail_msg("%s, bit %u of byte %zu: taken as cut off", golden[i], bit, at);
                if (bit % 3 == 0)
                    read_bytes(log.ptr, log.len, true, &lines);
                log.ptr[at] = (char)(log.ptr[at] ^ 1 << bit);
            }
        mr_strbuf_release(&log);
        mr_strbuf_release(&lines);
        mr_strbuf_release(&whole);
    }
}

/* ---- logs that are made here ---- */

static void test_types(void **state)
{
    static const struct {
        unsigned type, flags;
        const char *ends;
    } rows[] = {
        {3, 0, "15 3 end"},           /* STOP */
        {27, 0, "15 end"},            /* a heartbeat is for whoever keeps the connection */
        {41, 0, "15 end"},            /* … and its second version */
        {201, 0, "15 not supported"}, /* nobody knows it */
        {201, 0x80, "15 201 end"},    /* … but may pass over it */
        {6, 0, "15 not supported"},   /* LOAD of MySQL 3.23 */
        {164, 0, "15 not supported"}, /* encrypted from here on */
        {164, 0x80, "15 164 end"},    /* … and decrypted by the server that has sent it */
        {28, 0x80, "15 28 end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        begin_made(&m, "10.11.6-MariaDB", true);
        add_event(&m, rows[i].type, "abc", 3, rows[i].flags);
        assert_ends(&m, true, rows[i].ends);
    }
}

static void test_servers(void **state)
{
    static const struct {
        const char *server;
        bool has_crc;
        const char *ends;
    } rows[] = {
        {"8.0.36", true, "15 3 end"},     {"8.0.36", false, "15 3 end"},
        {"5.6.1", true, "15 3 end"},      {"5.3.0-MariaDB", true, "15 3 end"},
        {"5.5.62", true, "binary log"}, /* it knows no checksums, and fewer types */
        {"8.0.\xff", true, "binary log"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        begin_made(&m, rows[i].server, rows[i].has_crc);
        add_event(&m, MR_BINLOG_STOP, "", 0, 0);
        struct mr_strbuf lines = MR_STRBUF_INIT, types = MR_STRBUF_INIT;
        read_bytes(m.log.ptr, m.log.len, false, &lines);
        types_of(&lines, &types);
        if (strcmp(rows[i].ends, "binary log") == 0)
            assert_string_not_equal(types.ptr, "15 3 end");
        else
            assert_string_equal(types.ptr, rows[i].ends);
        mr_strbuf_release(&lines);
        mr_strbuf_release(&types);
        mr_strbuf_release(&m.log);
    }
}

/* A server's ROTATE comes before the format, and has a CRC or not. */
static void test_made_rotate(void **state)
{
    (void)state;
    for (int has_crc = 0; has_crc < 2; has_crc++) {
        struct made m, format;
        begin_made(&format, "8.0.36", true);
        m = (struct made){.log = MR_STRBUF_INIT, .has_crc = has_crc != 0};
        mr_strbuf_add(&m.log,
                      "\xfe"
                      "bin",
                      4);
        add_event(&m, MR_BINLOG_ROTATE, "\4\0\0\0\0\0\0\0bin.000007", 18, 0x20);
        mr_strbuf_add(&m.log, format.log.ptr + 4, format.log.len - 4);
        m.has_crc = true;
        add_event(&m, MR_BINLOG_STOP, "", 0, 0);
        struct binlog_memory memory = {.seal = false};
        struct mr_binlog_input input = binlog_memory_input(&memory, m.log.ptr, m.log.len);
        struct mr_binlog_stream *stream = NULL;
        struct mr_binlog_event event;
        input.is_file = false;
        assert_int_equal(mr_binlog_stream_open(input, &stream, NULL), MR_OK);
        assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
        assert_int_equal(event.type, MR_BINLOG_ROTATE);
        assert_int_equal(event.len, 18);
        assert_string_equal(event.place.log, "memory");
        assert_null(mr_binlog_stream_format(stream));
        assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
        assert_int_equal(event.type, MR_BINLOG_FORMAT_DESCRIPTION);
        assert_string_equal(event.place.log, "bin.000007");
        assert_string_equal(mr_binlog_stream_format(stream)->server, "8.0.36");
        assert_int_equal(mr_binlog_stream_format(stream)->number, 80036);
        assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
        assert_int_equal(event.type, MR_BINLOG_STOP);
        assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
        assert_int_equal(event.type, MR_BINLOG_NONE);
        mr_binlog_stream_close(stream);
        free(memory.raw);
        mr_strbuf_release(&m.log);
        mr_strbuf_release(&format.log);
    }
}

/* An input without an end: two logs that name each other. */
static enum mr_code next_rotate(void *arg, const uint8_t **raw, size_t *len, uint64_t *position,
                                struct mr_err *err)
{
    struct made *m = arg;
    (void)err;
    *raw = (const uint8_t *)m->log.ptr;
    *len = m->log.len;
    *position = 0;
    return MR_OK;
}

static void test_rotate_loop(void **state)
{
    struct made m = {.log = MR_STRBUF_INIT};
    struct mr_strbuf lines = MR_STRBUF_INIT;
    (void)state;
    add_event(&m, MR_BINLOG_ROTATE, "\4\0\0\0\0\0\0\0bin.000007", 18, 0x20);
    binlog_read_all((struct mr_binlog_input){.next = next_rotate, .arg = &m, .log = "bin.000001"},
                    &lines);
    assert_non_null(strstr(lines.ptr, "binary log\n"));
    mr_strbuf_release(&lines);
    mr_strbuf_release(&m.log);
}

static void test_damage(void **state)
{
    struct made m;
    (void)state;
    /* from a server no event is cut off */
    begin_made(&m, "8.0.36", true);
    add_header(&m.log, MR_BINLOG_STOP, 100, 0, 0);
    assert_ends(&m, false, "15 binary log");
    /* a length that does not lead where the event ends is damage, not a cut */
    begin_made(&m, "8.0.36", true);
    add_header(&m.log, MR_BINLOG_STOP, 100, m.log.len + 23, 0);
    assert_ends(&m, true, "15 binary log");
    begin_made(&m, "8.0.36", true);
    m.log.ptr[4 + 17] = MR_BINLOG_IN_USE;
    add_header(&m.log, MR_BINLOG_STOP, 100, m.log.len + 100, 0);
    assert_ends(&m, true, "15 cut");
    /* what was closed has no such end */
    begin_made(&m, "8.0.36", true);
    add_header(&m.log, MR_BINLOG_STOP, 100, m.log.len + 100, 0);
    assert_ends(&m, true, "15 binary log");
    /* shorter than a header; longer than any */
    begin_made(&m, "8.0.36", true);
    add_header(&m.log, MR_BINLOG_STOP, 18, 0, 0);
    assert_ends(&m, true, "15 binary log");
    begin_made(&m, "8.0.36", true);
    add_header(&m.log, MR_BINLOG_STOP, 0xffffffff, 0, 0);
    assert_ends(&m, true, "15 binary log");
    /* no format */
    m = (struct made){.log = MR_STRBUF_INIT};
    mr_strbuf_add(&m.log,
                  "\xfe"
                  "bin",
                  4);
    add_event(&m, MR_BINLOG_STOP, "", 0, 0);
    assert_ends(&m, true, "binary log");
}

/* A version may be any text: who has as many types is a MariaDB. */
static void test_family(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct made m;
        struct binlog_memory memory = {.seal = true};
        struct mr_binlog_stream *stream = NULL;
        struct mr_binlog_event event;
        begin_made(&m, i == 0 ? "8.0.36" : "10.11.6-MariaDB", true);
        if (i == 1)
            memcpy(m.log.ptr + 4 + 19 + 2 + 8, "our-own", 7);
        assert_int_equal(mr_binlog_stream_open(binlog_memory_input(&memory, m.log.ptr, m.log.len),
                                               &stream, NULL),
                         MR_OK);
        assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
        assert_int_equal(mr_binlog_stream_format(stream)->is_mariadb, i == 1);
        assert_int_equal(event.is_mariadb, i == 1);
        mr_binlog_stream_close(stream);
        free(memory.raw);
        mr_strbuf_release(&m.log);
    }
}

/* ---- compressed events of MariaDB ---- */

/* A QUERY_COMPRESSED of `size` bytes of one letter, that says it becomes `said`. */
static void add_compressed(struct made *m, size_t size, size_t said, unsigned first)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    char *text = malloc(size + 1);
    uLongf len = compressBound((uLong)size);
    unsigned char *packed = malloc(len);
    memset(text, 'x', size + 1);
    assert_int_equal(compress(packed, &len, (unsigned char *)text, (uLong)size), Z_OK);
    put(&body, 1, 4);
    put(&body, 0, 4);
    put(&body, 2, 1);
    put(&body, 0, 2);
    put(&body, 0, 2);
    mr_strbuf_add(&body, "db", 3);
    put(&body, first, 1);
    for (unsigned i = 0; i < (first & 7); i++)
        put(&body, said >> 8 * ((first & 7) - 1 - i) & 0xff, 1);
    mr_strbuf_add(&body, packed, len);
    add_event(m, MR_BINLOG_QUERY_COMPRESSED, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
    free(text);
    free(packed);
}

static void test_compressed(void **state)
{
    static const struct {
        size_t size, said;
        unsigned first;
        const char *ends;
    } rows[] = {
        {1000, 1000, 0x82, "15 2 end"},
        {1000000, 1000000, 0x83, "15 2 end"},
        {1000, 1000, 0x84, "15 2 end"},
        {0, 0, 0x81, "15 2 end"},
        {1000, 999, 0x82, "15 binary log"},        /* it becomes more … */
        {1000, 1001, 0x82, "15 binary log"},       /* … or less than it says */
        {1000, 0xffffffff, 0x84, "15 binary log"}, /* a bomb, by what it says */
        {1000, 1000000, 0x84, "15 binary log"},    /* more than so few bytes can become */
        {1000, 1000, 0x92, "15 binary log"},       /* by another way than zlib */
        {1000, 1000, 0x02, "15 binary log"},
        {1000, 0, 0x80, "15 binary log"},
        {1000, 1000, 0x85, "15 binary log"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        begin_made(&m, "10.11.6-MariaDB", true);
        add_compressed(&m, rows[i].size, rows[i].said, rows[i].first);
        assert_ends(&m, true, rows[i].ends);
    }
}

/* ---- payloads of MySQL ---- */

/* What stands in it, what its size is said to be (0: not said), and how it is compressed. */
static void add_payload(struct made *m, const struct mr_strbuf *inner, uint64_t said, unsigned way)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    const size_t bound = ZSTD_compressBound(inner->len);
    char *packed = malloc(bound);
    size_t len = ZSTD_compress(packed, bound, inner->ptr, inner->len, 3);
    assert_false(ZSTD_isError(len));
    put(&body, 2, 1);
    put(&body, way == 255 ? 3 : 1, 1);
    put(&body, way == 255 ? 252 : way, 1);
    if (way == 255)
        put(&body, 255, 2);
    if (said != 0) {
        put(&body, 3, 1);
        put(&body, 9, 1);
        put(&body, 254, 1);
        put(&body, said, 8);
    }
    if (way == 255)
        len = inner->len;
    put(&body, 1, 1);
    put(&body, 9, 1);
    put(&body, 254, 1);
    put(&body, len, 8);
    put(&body, 0, 1);
    mr_strbuf_add(&body, way == 255 ? inner->ptr : packed, len);
    add_event(m, MR_BINLOG_TRANSACTION_PAYLOAD, body.ptr, body.len, 0);
    mr_strbuf_release(&body);
    free(packed);
}

static void add_inner(struct mr_strbuf *inner, unsigned type, size_t len)
{
    add_header(inner, type, 19 + len, 0, 0);
    for (size_t i = 0; i < len; i++)
        mr_strbuf_add_char(inner, (char)('a' + i % 7));
}

static void test_payload(void **state)
{
    static const struct {
        const char *what;
        unsigned type;
        size_t len;
        int64_t more; /* said beyond what it becomes */
        unsigned way;
        const char *ends;
    } rows[] = {
        {"plain", MR_BINLOG_XID, 8, 0, 0, "15 16 16 4 end"},
        {"not compressed", MR_BINLOG_XID, 8, 0, 255, "15 16 16 4 end"},
        {"an event that is larger than buffers", MR_BINLOG_XID, 3000000, 0, 0, "15 16 16 4 end"},
        {"more than it says", MR_BINLOG_XID, 8, -1, 0, "15 binary log"},
        {"less than it says", MR_BINLOG_XID, 8, 1, 0, "15 16 16 binary log"},
        {"a bomb", MR_BINLOG_XID, 3000000, -2000000, 0, "15 binary log"},
        {"a payload in a payload", MR_BINLOG_TRANSACTION_PAYLOAD, 8, 0, 0, "15 binary log"},
        {"a format in a payload", MR_BINLOG_FORMAT_DESCRIPTION, 8, 0, 0, "15 binary log"},
        {"a rotate in a payload", MR_BINLOG_ROTATE, 18, 0, 0, "15 binary log"},
        {"by an unknown way", MR_BINLOG_XID, 8, 0, 7, "15 not supported"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        struct mr_strbuf inner = MR_STRBUF_INIT;
        begin_made(&m, "8.0.36", true);
        add_inner(&inner, rows[i].type, rows[i].len);
        add_inner(&inner, MR_BINLOG_XID, 8);
        add_payload(&m, &inner, (uint64_t)((int64_t)inner.len + rows[i].more), rows[i].way);
        add_event(&m, MR_BINLOG_ROTATE, "\4\0\0\0\0\0\0\0bin.000007", 18, 0);
        print_message("%s\n", rows[i].what);
        assert_ends(&m, true, rows[i].ends);
        mr_strbuf_release(&inner);
    }
}

/* An event in it that is longer than the rest, or that says gigabytes. */
static void test_payload_cut(void **state)
{
    (void)state;
    for (int huge = 0; huge < 2; huge++) {
        struct made m;
        struct mr_strbuf inner = MR_STRBUF_INIT;
        begin_made(&m, "8.0.36", true);
        add_inner(&inner, MR_BINLOG_XID, 8);
        add_header(&inner, MR_BINLOG_XID, huge ? 0x3fffffff : 28, 0, 0);
        mr_strbuf_add(&inner, "12345678", 8);
        add_payload(&m, &inner, 0, 0);
        assert_ends(&m, true, "15 16 binary log");
        mr_strbuf_release(&inner);
    }
}

/* Every inner event has the place of its payload. */
static void test_payload_place(void **state)
{
    struct made m;
    struct mr_strbuf inner = MR_STRBUF_INIT;
    struct binlog_memory memory = {.seal = false};
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_event event;
    (void)state;
    begin_made(&m, "8.0.36", true);
    const size_t begin = m.log.len;
    for (int i = 0; i < 1000; i++)
        add_inner(&inner, MR_BINLOG_XID, (size_t)(8 + i % 500));
    add_payload(&m, &inner, inner.len, 0);
    const struct mr_binlog_input input = binlog_memory_input(&memory, m.log.ptr, m.log.len);
    assert_int_equal(mr_binlog_stream_open(input, &stream, NULL), MR_OK);
    assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
    assert_false(event.in_payload);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
        assert_true(event.in_payload);
        assert_int_equal(event.place.position, begin);
        assert_int_equal(event.end, m.log.len);
        assert_int_equal(event.len, 8 + i % 500);
        assert_memory_equal(event.body, "abcdefga", 8);
    }
    assert_int_equal(mr_binlog_stream_next(stream, &event, NULL), MR_OK);
    assert_int_equal(event.type, MR_BINLOG_NONE);
    assert_false(mr_binlog_stream_is_cut(stream));
    mr_binlog_stream_close(stream);
    free(memory.raw);
    mr_strbuf_release(&inner);
    mr_strbuf_release(&m.log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),       cmocka_unit_test(test_encrypted),
        cmocka_unit_test(test_cut_anywhere), cmocka_unit_test(test_wrong_anywhere),
        cmocka_unit_test(test_types),        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_made_rotate),  cmocka_unit_test(test_rotate_loop),
        cmocka_unit_test(test_damage),       cmocka_unit_test(test_family),
        cmocka_unit_test(test_compressed),   cmocka_unit_test(test_payload),
        cmocka_unit_test(test_payload_cut),  cmocka_unit_test(test_payload_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
