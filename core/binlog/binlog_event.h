/*
 * binlog_event: one event of a binary log, as bytes that were checked.
 *
 * An event is a header of 19 bytes (time, type, server id, size, end position, flags; all
 * numbers little-endian), a body, and, where the log has them, four bytes of CRC32 over all
 * before them.  What the body means is said by those who take it apart: binlog_query.h,
 * binlog_gtid.h, binlog_table.h, binlog_rows.h.
 *
 * We take logs apart ourselves: the client libraries' readers stop at event 40, cannot read
 * the files that a server writes, and give no values of MySQL's formats.
 *
 * Source: the formats as MySQL and MariaDB document them, checked against logs of both.
 * Ownership: an event points into memory of who gave it, until the next is asked for.
 * Errors: MR_E_BINLOG with the log, the position and what is wrong: bytes are never trusted.
 * Threads: no state.
 */
#ifndef MR_BINLOG_EVENT_H
#define MR_BINLOG_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/binlog/binlog_cursor.h"

enum mr_binlog_type {
    MR_BINLOG_NONE = 0, /* no event: the end of a log */
#define MR_BINLOG_TYPE(number, symbol, word) MR_BINLOG_##symbol = (number),
#include "core/binlog/binlog_type.def"
#undef MR_BINLOG_TYPE
};

#define MR_BINLOG_HEADER_BYTES 19
#define MR_BINLOG_CRC_BYTES 4
/* Larger than any event that a server writes; one that says more is damaged. */
#define MR_BINLOG_EVENT_MAX ((uint32_t)1 << 30 | 0x4000)

/* header.flags */
#define MR_BINLOG_IN_USE 0x1      /* FORMAT_DESCRIPTION: the log was not closed */
#define MR_BINLOG_ARTIFICIAL 0x20 /* made for the reader: it stands in no file */
#define MR_BINLOG_RELAY 0x40      /* FORMAT_DESCRIPTION: of a relay log */
#define MR_BINLOG_IGNORABLE 0x80  /* may be skipped by who does not know it */

struct mr_binlog_place {
    const char *log;   /* name of the file, as the server has it, or its path */
    uint64_t position; /* of the event's first byte; of one in a payload, of that payload */
};

struct mr_binlog_event {
    enum mr_binlog_type type; /* also a number without a symbol */
    uint32_t when;            /* seconds of UTC since 1970: when the statement began */
    uint32_t server_id;
    uint64_t end; /* position behind it, in the log of the server that wrote it; 0: not known
                     (MariaDB's cached events of a transaction have it filled; events of a payload
                     have the payload's).  A header has 32 bits of it; the stream adds the rest,
                     where the position that was read, or a ROTATE of a relay log, tells it */
    uint16_t flags;
    const uint8_t *body; /* without header and CRC */
    size_t len;
    struct mr_binlog_place place;
    bool in_payload; /* it was unpacked out of a TRANSACTION_PAYLOAD */
    bool is_mariadb; /* a MariaDB wrote the log: some bodies differ */
};

#define MR_BINLOG_WORD_BYTES 16
/* "WRITE_ROWS_V1"; "event 201" for a number without a name.  The text is constant, or in buf. */
const char *mr_binlog_type_word(enum mr_binlog_type type, char buf[MR_BINLOG_WORD_BYTES]);

/* What a server ends each log with; a crash leaves neither. */
bool mr_binlog_ends_log(enum mr_binlog_type type);

/* The header of an event that is whole in memory, with nothing behind it; the body is all that
 * follows, a CRC too.  MR_E_BINLOG where there is no header, or it says another length. */
enum mr_code mr_binlog_header(const struct mr_binlog_place *place, const uint8_t *raw, size_t len,
                              struct mr_binlog_event *event, struct mr_err *err);

/* MR_E_BINLOG at that place: `what` is lower case without a full stop. */
enum mr_code mr_binlog_damaged(const struct mr_binlog_place *place, const char *what,
                               struct mr_err *err);

#endif
