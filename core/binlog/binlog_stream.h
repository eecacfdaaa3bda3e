/*
 * binlog_stream: raw events of a file or server become plain ones, one at a time.
 *
 *   mr_binlog_stream_open → mr_binlog_stream_next … (until .type is MR_BINLOG_NONE) → close
 *
 * Plain: the CRC is checked (by zlib, at about 2 GB/s) and taken off, MariaDB's compressed
 * statements and rows are inflated and have their plain types, and a TRANSACTION_PAYLOAD is
 * replaced by the events in it, which are unpacked as they are asked for: however many gigabytes
 * they are, one stands in memory.  Heartbeats are left out; FORMAT_DESCRIPTION, ROTATE and all else is handed
 * on, after the stream has seen to it.  A type that is not known is handed on where its header says
 * that it may be ignored, else it ends the stream.
 *
 * A log may end within an event: its server has crashed, or is writing.  That is no error; the
 * caller looks at mr_binlog_stream_is_cut() at the end.  What is damaged before is one; so is an
 * end within an event of a log that its server has closed, and a length that does not lead to the
 * event's end, also by the source's positions in a relay log.  What a replica of MariaDB has
 * unpacked does not follow them: behind the first of such events, statements and rows that are not
 * whole are taken as cut off, whatever they say of their length.
 *
 * Memory: the largest event so far, at most 1 GiB (MR_BINLOG_EVENT_MAX), besides zstd's window, at
 * most 128 MiB.  Nothing is allocated for an event but where it is larger than those before it.
 * Ownership: the input must outlive the stream; an event is good until the next call.
 * Errors: MR_E_BINLOG with log and position; MR_E_UNSUPPORTED for encrypted logs and types that
 * are not known; the input's own; MR_E_NOMEM.  After an error only close may follow.
 * Threads: one at a time.
 */
#ifndef MR_BINLOG_STREAM_H
#define MR_BINLOG_STREAM_H

#include "core/binlog/binlog_format.h"
#include "core/binlog/binlog_input.h"

struct mr_binlog_stream;

/* The input is copied; what its arg points to is not. */
enum mr_code mr_binlog_stream_open(struct mr_binlog_input input, struct mr_binlog_stream **out,
                                   struct mr_err *err);
enum mr_code mr_binlog_stream_next(struct mr_binlog_stream *stream, struct mr_binlog_event *event,
                                   struct mr_err *err);
/* What holds for the events that come now; NULL before the first FORMAT_DESCRIPTION. */
const struct mr_binlog_format *mr_binlog_stream_format(const struct mr_binlog_stream *stream);
/* At the end: the last event was not whole. */
bool mr_binlog_stream_is_cut(const struct mr_binlog_stream *stream);
/* The last whole event is one that a server ends a log with: ROTATE or STOP.  A crash leaves none. */
bool mr_binlog_stream_is_ended(const struct mr_binlog_stream *stream);
/* It is a file of a log that its server had not closed when the file was copied, or that a crash has left so:
 * there may be more of the log.  Of relay logs nothing tells. */
bool mr_binlog_stream_was_open(const struct mr_binlog_stream *stream);
void mr_binlog_stream_close(struct mr_binlog_stream *stream); /* NULL is fine */

#endif
