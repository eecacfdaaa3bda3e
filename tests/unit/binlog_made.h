/*
 * binlog_made: logs of servers out of tests/golden, logs that are made event by event, and what
 * reading either ends in.
 */
#ifndef MR_TESTS_BINLOG_MADE_H
#define MR_TESTS_BINLOG_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/binlog_memory.h"

static inline void load(const char *name, struct mr_strbuf *out)
{
    char path[128], buf[4096];
    (void)snprintf(path, sizeof path, "tests/golden/binlog/%s.000001", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (size_t got; (got = fread(buf, 1, sizeof buf, file)) > 0;)
        mr_strbuf_add(out, buf, got);
    assert_int_equal(fclose(file), 0);
    assert_true(out->len > 100);
}

static inline void read_bytes(const void *ptr, size_t len, bool seal, struct mr_strbuf *lines)
{
    struct binlog_memory memory = {.seal = seal};
    mr_strbuf_reset(lines);
    binlog_read_all(binlog_memory_input(&memory, ptr, len), lines);
    free(memory.raw);
}

static inline void types_of(const struct mr_strbuf *lines, struct mr_strbuf *types)
{
    mr_strbuf_reset(types);
    for (const char *at = lines->ptr; *at != '\0'; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');
        const size_t len = end[1] == '\0' ? (size_t)(end - at) : strcspn(at, " ");
        if (types->len > 0)
            mr_strbuf_add_char(types, ' ');
        mr_strbuf_add(types, at, len);
    }
}

struct made {
    struct mr_strbuf log;
    bool has_crc;
};

static inline void put(struct mr_strbuf *out, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        mr_strbuf_add_char(out, (char)(i < sizeof value ? value >> 8 * i : 0));
}

static inline void add_header(struct mr_strbuf *out, unsigned type, size_t size, uint64_t end,
                              unsigned flags)
{
    put(out, 1000, 4);
    put(out, type, 1);
    put(out, 7, 4);
    put(out, size, 4);
    put(out, end, 4);
    put(out, flags, 2);
}

static inline void add_event(struct made *m, unsigned type, const void *body, size_t len,
                             unsigned flags)
{
    const size_t begin = m->log.len, size = 19 + len + (m->has_crc ? 4 : 0);
    add_header(&m->log, type, size, begin + size, flags);
    mr_strbuf_add(&m->log, body, len);
    if (!m->has_crc)
        return;
    mr_strbuf_add(&m->log, "0000", 4);
    assert_false(m->log.failed);
    binlog_seal((uint8_t *)m->log.ptr + begin, size);
}

/* The head of a log of that server. */
static inline void begin_made(struct made *m, const char *server, bool has_crc)
{
    struct mr_strbuf body = MR_STRBUF_INIT;
    char version[50] = "";
    *m = (struct made){.log = MR_STRBUF_INIT, .has_crc = true};
    (void)snprintf(version, sizeof version, "%s", server);
    put(&body, 4, 2);
    mr_strbuf_add(&body, version, sizeof version);
    put(&body, 0, 4);
    put(&body, 19, 1);
    for (unsigned type = 1; type <= (strstr(server, "MariaDB") != NULL ? 171 : 42); type++)
        put(&body, type == 2 ? 13 : type == 4 || type == 19 || (type > 22 && type < 26) ? 8 : 0, 1);
    put(&body, has_crc ? 1 : 0, 1);
    mr_strbuf_add(&m->log,
                  "\xfe"
                  "bin",
                  4);
    add_event(m, MR_BINLOG_FORMAT_DESCRIPTION, body.ptr, body.len, 0);
    m->has_crc = has_crc;
    mr_strbuf_release(&body);
}

/* What reading it ends in; from `from` on, as a file or from a server. */
static inline void assert_ends(struct made *m, bool is_file, const char *expected)
{
    struct binlog_memory memory = {.seal = false};
    struct mr_strbuf lines = MR_STRBUF_INIT;
    struct mr_binlog_input input = binlog_memory_input(&memory, m->log.ptr, m->log.len);
    input.is_file = is_file;
    binlog_read_all(input, &lines);
    struct mr_strbuf types = MR_STRBUF_INIT;
    types_of(&lines, &types);
    assert_string_equal(types.ptr, expected);
    free(memory.raw);
    mr_strbuf_release(&lines);
    mr_strbuf_release(&types);
    mr_strbuf_release(&m->log);
}

#endif
