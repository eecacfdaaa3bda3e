/*
 * binlog_unpack: events that stand packed in another: the stream's tools (binlog_stream.h).
 *
 * MariaDB packs the statement of a QUERY_COMPRESSED, or the rows of a row event, by zlib: one
 * event becomes one.  MySQL packs all events of a transaction by zstd, into a
 * TRANSACTION_PAYLOAD: they come one at a time, and no more of it stands in memory than one
 * event and what zstd looks back upon.
 *
 *   new → inflate | payload_begin, payload_next … (until *is_over) → free
 *
 * What packed bytes may become is bounded by what they say, and that by what they can: deflated
 * ones by their length, an event in a payload by MR_BINLOG_EVENT_MAX.
 *
 * Ownership: what comes out is this struct's until the next call; what goes in must live as long.
 * Errors: MR_E_BINLOG, MR_E_UNSUPPORTED for a way of packing that is not known, MR_E_NOMEM.
 */
#ifndef MR_BINLOG_UNPACK_H
#define MR_BINLOG_UNPACK_H

#include "core/binlog/binlog_event.h"

struct mr_binlog_unpack;

enum mr_code mr_binlog_unpack_new(struct mr_binlog_unpack **out, struct mr_err *err);
void mr_binlog_unpack_free(struct mr_binlog_unpack *unpack); /* NULL is fine */

/* An event of MariaDB's compressed types becomes the plain one; others stay as they are. */
enum mr_code mr_binlog_unpack_inflate(struct mr_binlog_unpack *unpack,
                                      struct mr_binlog_event *event, struct mr_err *err);

/* payload: a TRANSACTION_PAYLOAD, of which the events that follow have the place and the end. */
enum mr_code mr_binlog_unpack_payload_begin(struct mr_binlog_unpack *unpack,
                                            const struct mr_binlog_event *payload,
                                            struct mr_err *err);
enum mr_code mr_binlog_unpack_payload_next(struct mr_binlog_unpack *unpack,
                                           struct mr_binlog_event *event, bool *is_over,
                                           struct mr_err *err);

#endif
