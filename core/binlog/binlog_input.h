/*
 * binlog_input: where raw events come from: a file (binlog_file.h) or a server.
 *
 * Raw: header, body and CRC as they stand in the log, one event at a time, as long as its header
 * says; nothing of them was looked at but that.  A server's ROTATE at the head of each file is
 * handed on as any other event.  Of a file that ends within an event, what is there of it is given,
 * and then the end.  Ownership: the bytes are the input's, until the next call.
 */
#ifndef MR_BINLOG_INPUT_H
#define MR_BINLOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"

struct mr_binlog_input {
    /* *len = 0: the end.  *position is of its first byte in the log that is read; 0 of an
     * artificial one. */
    enum mr_code (*next)(void *arg, const uint8_t **raw, size_t *len, uint64_t *position,
                         struct mr_err *err);
    void *arg;
    const char *log; /* name of the first log; a ROTATE names those after it */
    bool is_file;    /* log and position are of a file, whatever a ROTATE in it says */
};

#endif
