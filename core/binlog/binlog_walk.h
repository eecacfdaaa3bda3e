/*
 * binlog_walk: a stream of events as transactions: where each begins, what it changes, how it ends.
 *
 *   mr_binlog_walk_open → mr_binlog_walk_next … (until .kind is MR_STEP_END) → close
 *
 * Both families, with and without GTIDs, say it in different ways: MariaDB's GTID is the BEGIN,
 * MySQL's has one behind it; a definition has neither BEGIN nor COMMIT; a transaction of XA ends
 * prepared, and another one, perhaps much later or never, says what became of it; one that a crash has
 * ended has no end.  Each transaction is MR_STEP_BEGIN, then any number of _ROWS and _STATEMENT, then
 * one of those from _COMMIT on, whatever the log was like.
 *
 * A walk that begins in the middle of a transaction has one without its beginning: is_headless.
 *
 * Source: the events as both families document them, and as their logs have them (tests/golden/binlog).
 * Ownership: a step points into the walk and its event, until the next.  Errors: those of the
 * stream, of binlog_maps.h; MR_E_BINLOG for events in an order that no server writes.
 * Threads: one at a time.
 */
#ifndef MR_BINLOG_WALK_H
#define MR_BINLOG_WALK_H

#include "core/binlog/binlog_gtid.h"
#include "core/binlog/binlog_maps.h"
#include "core/binlog/binlog_query.h"
#include "core/binlog/binlog_stream.h"

enum mr_binlog_step_kind {
    MR_STEP_END = 0, /* of the stream; see mr_binlog_stream_is_cut */
    MR_STEP_LOG,     /* the head of a log: FORMAT_DESCRIPTION */
    MR_STEP_BEFORE,  /* what the logs before this one hold: PREVIOUS_GTIDS, GTID_LIST */
    MR_STEP_LOST,    /* INCIDENT: the server says that something is not in its log */
    MR_STEP_BEGIN,
    MR_STEP_ROWS,      /* a row event; map is its table */
    MR_STEP_STATEMENT, /* a definition, or a change logged as a statement */
    MR_STEP_COMMIT,
    MR_STEP_ROLLBACK,  /* only what cannot be rolled back has stayed */
    MR_STEP_PREPARED,  /* of XA: in doubt until a transaction of _XA_COMMIT or _XA_ROLLBACK */
    MR_STEP_XA_COMMIT, /* the end of one that does nothing else */
    MR_STEP_XA_ROLLBACK,
    MR_STEP_UNFINISHED, /* the log ends, or goes on, without an end of it: the server has crashed */
};

struct mr_binlog_step {
    enum mr_binlog_step_kind kind;
    const struct mr_binlog_event *event; /* NULL: at the end of the stream */
    /* from MR_STEP_BEGIN to the end: of the transaction */
    const struct mr_gtid *gtid;   /* of family MR_GTID_NONE where it has none */
    struct mr_binlog_place begun; /* its first event */
    bool is_headless;
    const struct mr_binlog_map
        *map; /* MR_STEP_ROWS; NULL: the event has none (it closes a statement) */
    struct mr_binlog_query query; /* MR_STEP_STATEMENT; text.ptr NULL: it cannot be read */
    bool takes_back;              /* MR_STEP_STATEMENT: it is a ROLLBACK TO a savepoint */
    bool rewinds;    /* a savepoint MR_STEP_REWIND_MARK was set in the transaction so far */
    const char *xid; /* MR_STEP_PREPARED, _XA_…: as the servers write it: X'6131',X'',1 */
    uint32_t thread; /* of the session, as far as events so far say it; 0: none has */
    /* MR_STEP_ROWS: the statement that made them, where the server logs it (MariaDB:
     * binlog_annotate_row_events, MySQL: binlog_rows_query_log_events), its beginning of at most
     * MR_STEP_TEXT_MAX bytes; ptr NULL: it does not */
    struct mr_binlog_words made_by;
    uint64_t made_by_bytes; /* of all of it */
};

#define MR_STEP_TEXT_MAX ((size_t)64 * 1024)

/* By that savepoint, which both families log with the rows, units of a rewind are known again. */
#define MR_STEP_REWIND_MARK "myrecon_rewind"

struct mr_binlog_walk;

/* The stream stays the caller's, who asks it for nothing else meanwhile. */
enum mr_code mr_binlog_walk_open(struct mr_binlog_stream *stream, struct mr_binlog_walk **out,
                                 struct mr_err *err);
enum mr_code mr_binlog_walk_next(struct mr_binlog_walk *walk, struct mr_binlog_step *step,
                                 struct mr_err *err);
/* Of MR_STEP_BEGIN: when it was committed, microseconds of UTC since 1970, as its server's log has it: a
 * MariaDB, and a MySQL before 8.0, say the second in which its last statement began. */
int64_t mr_binlog_committed_us(const struct mr_binlog_step *step);
void mr_binlog_walk_close(struct mr_binlog_walk *walk); /* NULL is fine */

#endif
