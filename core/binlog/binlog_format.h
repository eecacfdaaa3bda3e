/*
 * binlog_format: a FORMAT_DESCRIPTION: who wrote the log, and how.
 *
 * It stands at the head of every log, and a second one in relay logs, where the later counts:
 * what follows is the source's.  Ownership: the struct is the caller's.
 * Errors: MR_E_BINLOG for what cannot be one; MR_E_UNSUPPORTED for logs of servers before 5.1 and
 * for layouts that no server is known to write.  Threads: no state.
 */
#ifndef MR_BINLOG_FORMAT_H
#define MR_BINLOG_FORMAT_H

#include "core/binlog/binlog_event.h"

struct mr_binlog_format {
    char server[51];        /* version as the server says it, "10.11.6-MariaDB-log" */
    unsigned number;        /* 101106 */
    bool is_mariadb;        /* by its name, or by the types of events that it has */
    bool has_crc;           /* each event behind it ends in a CRC32 */
    bool is_closed;         /* the server has closed the log: whole to its end */
    uint32_t created;       /* seconds of UTC; 0: the log was not begun by a start of the server */
    uint8_t ntypes;         /* types 1 … ntypes have a length */
    uint8_t fixed_len[255]; /* of the fixed part of each body, by type - 1 */
};

/* body and len as in the raw event: with its CRC, where it has one. */
enum mr_code mr_binlog_format_read(const struct mr_binlog_event *event,
                                   struct mr_binlog_format *format, struct mr_err *err);
/* What stands behind the body of this FORMAT_DESCRIPTION: 4, also without checksums, or 0 of a
 * server that knows none. */
size_t mr_binlog_format_tail(const struct mr_binlog_format *format);

#endif
