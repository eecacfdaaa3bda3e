/*
 * binlog_bytes: events for unit tests, out of the hex digits of their bodies.
 */
#ifndef MR_TESTS_BINLOG_BYTES_H
#define MR_TESTS_BINLOG_BYTES_H

#include <stdlib.h>
#include <string.h>

#include "core/binlog/binlog_event.h"

static inline unsigned bytes_digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* In a block of exactly its size, the caller's to free. */
static inline uint8_t *bytes_of(const char *hex, size_t *len)
{
    *len = strlen(hex) / 2;
    uint8_t *bytes = malloc(*len + (*len == 0));
    for (size_t i = 0; bytes != NULL && i < *len; i++)
        bytes[i] = (uint8_t)(bytes_digit(hex[2 * i]) << 4 | bytes_digit(hex[2 * i + 1]));
    return bytes;
}

static inline struct mr_binlog_event bytes_event(enum mr_binlog_type type, const uint8_t *body,
                                                 size_t len)
{
    return (struct mr_binlog_event){
        .type = type, .server_id = 7, .body = body, .len = len, .place = {"bin.000042", 1234}};
}

/* A copy of the first bytes, so that reading beyond them is seen. */
static inline uint8_t *bytes_cut(const uint8_t *body, size_t len)
{
    uint8_t *copy = malloc(len + (len == 0));
    if (copy != NULL)
        memcpy(copy, body, len);
    return copy;
}

#endif
