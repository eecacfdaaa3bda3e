/*
 * binlog_cursor: reading little-endian numbers and counted bytes, never beyond the end.
 *
 * A cursor that was asked for more than there is has failed and gives zeros and NULL from then
 * on, so that a parser may read a whole structure and look once, before it believes any of it.
 */
#ifndef MR_BINLOG_CURSOR_H
#define MR_BINLOG_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mr_binlog_cursor {
    const uint8_t *at, *end;
    bool failed;
};

static inline struct mr_binlog_cursor mr_binlog_cursor(const void *ptr, size_t len)
{
    const uint8_t *at = ptr;
    return (struct mr_binlog_cursor){.at = at, .end = at + len, .failed = false};
}

static inline size_t mr_binlog_left(const struct mr_binlog_cursor *c)
{
    return (size_t)(c->end - c->at);
}

/* The next `len` bytes, or NULL. */
static inline const uint8_t *mr_binlog_take(struct mr_binlog_cursor *c, uint64_t len)
{
    if (c->failed || len > mr_binlog_left(c)) {
        c->failed = true;
        return NULL;
    }
    const uint8_t *at = c->at;
    c->at += len;
    return at;
}

/* An unsigned number of up to eight bytes. */
static inline uint64_t mr_binlog_uint(struct mr_binlog_cursor *c, unsigned bytes)
{
    const uint8_t *at = mr_binlog_take(c, bytes);
    uint64_t value = 0;
    for (unsigned i = bytes; at != NULL && i > 0; i--)
        value = value << 8 | at[i - 1];
    return value;
}

/* A number of the client protocol: one byte up to 250; behind 252, 253, 254 two, three, eight
 * bytes.  251 and 255 are none: failed. */
static inline uint64_t mr_binlog_packed(struct mr_binlog_cursor *c)
{
    uint64_t first = mr_binlog_uint(c, 1);
    if (first <= 250)
        return first;
    if (first == 251 || first == 255)
        c->failed = true;
    return mr_binlog_uint(c, first == 252 ? 2 : first == 253 ? 3 : 8);
}

#endif
