/*
 * binlog_memory: a log in memory as the input of a stream, and everything that reads events.
 *
 * For unit tests and the fuzz target.  It splits what stands behind the first four bytes by the
 * lengths that headers say, as binlog_file does; the last may be cut.  seal: each event is given
 * with the CRC that fits, so that what a mutation did is read and not only noticed.
 */
#ifndef MR_TESTS_BINLOG_MEMORY_H
#define MR_TESTS_BINLOG_MEMORY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_query.h"
#include "core/binlog/binlog_stream.h"
#include "core/binlog/binlog_table.h"
#include "core/file/inflate.h"

struct binlog_memory {
    const uint8_t *ptr;
    size_t len, at;
    bool seal;
    uint8_t *raw; /* the event that was given, in a block of its size: reads beyond are seen */
};

static inline void binlog_seal(uint8_t *raw, size_t len)
{
    if (len < MR_BINLOG_HEADER_BYTES + MR_BINLOG_CRC_BYTES)
        return;
    const uint8_t flags = raw[17];
    if (raw[4] == MR_BINLOG_FORMAT_DESCRIPTION)
        raw[17] = (uint8_t)(flags & ~MR_BINLOG_IN_USE);
    const uint32_t crc = mr_crc32(raw, len - MR_BINLOG_CRC_BYTES);
    raw[17] = flags;
    for (unsigned i = 0; i < MR_BINLOG_CRC_BYTES; i++)
        raw[len - MR_BINLOG_CRC_BYTES + i] = (uint8_t)(crc >> 8 * i);
}

static inline enum mr_code binlog_memory_next(void *arg, const uint8_t **raw, size_t *len,
                                              uint64_t *position, struct mr_err *err)
{
    struct binlog_memory *m = arg;
    size_t size = MR_BINLOG_HEADER_BYTES;
    const size_t left = m->len - m->at;
    if (left >= size) {
        struct mr_binlog_cursor c = mr_binlog_cursor(m->ptr + m->at + 9, 4);
        size = (size_t)mr_binlog_uint(&c, 4);
        const struct mr_binlog_place place = {"memory", m->at};
        if (size < MR_BINLOG_HEADER_BYTES || size > MR_BINLOG_EVENT_MAX)
            return mr_binlog_damaged(&place, "an event of a length that cannot be", err);
    }
    *len = left < size ? left : size;
    *position = m->at;
    free(m->raw);
    m->raw = malloc(*len + (*len == 0));
    if (m->raw == NULL)
        return mr_err_nomem(err, "a test");
    memcpy(m->raw, m->ptr + m->at, *len);
    if (m->seal)
        binlog_seal(m->raw, *len);
    *raw = m->raw;
    m->at += *len;
    return MR_OK;
}

static inline struct mr_binlog_input binlog_memory_input(struct binlog_memory *m, const void *ptr,
                                                         size_t len)
{
    *m = (struct binlog_memory){.ptr = ptr, .len = len, .at = len < 4 ? len : 4, .seal = m->seal};
    return (struct mr_binlog_input){
        .next = binlog_memory_next, .arg = m, .log = "memory", .is_file = true};
}

static inline enum mr_code binlog_read_before(const struct mr_binlog_event *event,
                                              struct mr_err *err)
{
    struct mr_gtid_set set;
    struct mr_gtid_state state;
    mr_gtid_set_init(&set);
    mr_gtid_state_init(&state);
    const enum mr_code code = event->type == MR_BINLOG_PREVIOUS_GTIDS
                                  ? mr_gtid_set_read(&set, event, err)
                                  : mr_gtid_state_read(&state, event, err);
    mr_gtid_set_release(&set);
    mr_gtid_state_release(&state);
    return code;
}

static inline enum mr_code binlog_read_query(const struct mr_binlog_event *event,
                                             struct mr_err *err)
{
    struct mr_binlog_query query;
    struct mr_binlog_words db;
    size_t at = 0;
    MR_TRY(mr_binlog_query_read(event, &query, err));
    while (mr_binlog_query_db(&query, &at, &db))
        continue;
    return MR_OK;
}

/* By the reader of its type; what has none is fine. */
static inline enum mr_code binlog_read_event(const struct mr_binlog_event *event,
                                             struct mr_err *err)
{
    struct mr_arena arena = MR_ARENA_INIT;
    struct mr_binlog_table table;
    struct mr_gtid gtid;
    struct mr_binlog_words text;
    struct mr_binlog_xa xa;
    struct mr_binlog_rotate rotate;
    uint64_t xid;
    enum mr_code code = MR_OK;
    switch ((unsigned)event->type) {
    case MR_BINLOG_QUERY: code = binlog_read_query(event, err); break;
    case MR_BINLOG_TABLE_MAP: code = mr_binlog_table_read(event, &arena, &table, err); break;
    case MR_BINLOG_GTID:
    case MR_BINLOG_ANONYMOUS_GTID:
    case MR_BINLOG_GTID_TAGGED:
    case MR_BINLOG_MARIADB_GTID: code = mr_binlog_gtid_read(event, &gtid, err); break;
    case MR_BINLOG_PREVIOUS_GTIDS:
    case MR_BINLOG_MARIADB_GTID_LIST: code = binlog_read_before(event, err); break;
    case MR_BINLOG_ANNOTATE_ROWS:
    case MR_BINLOG_ROWS_QUERY: code = mr_binlog_rows_text(event, &text, err); break;
    case MR_BINLOG_XID: code = mr_binlog_xid(event, &xid, err); break;
    case MR_BINLOG_XA_PREPARE: code = mr_binlog_xa_read(event, &xa, err); break;
    case MR_BINLOG_ROTATE: code = mr_binlog_rotate_read(event, &rotate, err); break;
    default: break;
    }
    mr_arena_release(&arena);
    return code;
}

/* A line for each event that can be read, and at last "end", "cut" or the name of the error. */
static inline void binlog_read_all(struct mr_binlog_input input, struct mr_strbuf *out)
{
    struct mr_binlog_stream *stream = NULL;
    struct mr_binlog_event event = {.type = MR_BINLOG_NONE};
    struct mr_err err = {.code = MR_OK};
    enum mr_code code = mr_binlog_stream_open(input, &stream, &err);
    while (code == MR_OK) {
        code = mr_binlog_stream_next(stream, &event, &err);
        if (code != MR_OK || event.type == MR_BINLOG_NONE)
            break;
        code = binlog_read_event(&event, &err);
        if (code == MR_OK)
            mr_strbuf_add_fmt(out, "%u %llu %llu %u %08x\n", (unsigned)event.type,
                              (unsigned long long)event.place.position,
                              (unsigned long long)event.end, (unsigned)event.len,
                              (unsigned)mr_crc32(event.body, event.len));
    }
    if (code != MR_OK)
        mr_strbuf_add_fmt(out, "%s\n", mr_code_name(code));
    else
        mr_strbuf_add_str(out, mr_binlog_stream_is_cut(stream) ? "cut\n" : "end\n");
    mr_binlog_stream_close(stream);
}

#endif
