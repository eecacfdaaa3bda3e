/*
 * history_scan: a stream of one side's log becomes changes of the case's tables (history_fold.h).
 *
 *   init → mr_history_scan_stream, for each stream in the log's order → end → release
 *
 * Rows count with the end of their transaction.  What leaves no rows makes the tables blind that it may
 * have touched, from that transaction on: statements (statement_reach.h), transactions that were
 * rolled back in part, those of XA of which too much is in doubt, rows that cannot be decoded.  What may lack
 * altogether makes the side incomplete: gaps.
 *
 * Nothing of the shared past is looked at, up to the first transaction that is the side's own; behind it
 * shared ones count for the chain of their keys.
 *
 * Ownership: what is set by the caller must outlive it.  Errors: those of the stream, the fold, the case.
 * Threads: one.
 */
#ifndef MR_HISTORY_SCAN_H
#define MR_HISTORY_SCAN_H

#include "core/binlog/binlog_walk.h"
#include "recon/history/history_fold.h"
#include "core/logs/shared_gtids.h"
#include "recon/history/history_table.h"

struct mr_history_scan {
    /* set by the caller */
    enum mr_side side;
    struct mr_history_table *tables; /* evidence.of[side] is filled */
    size_t ntables;
    const struct mr_server *server; /* whose catalogue that is */
    struct mr_history_own *own;
    struct mr_shared_gtids *shared; /* NULL, or: sees each step */
    struct mr_evidence_side *known; /* counts, and how far it is */
    struct mr_evidence_writer *writer;
    struct mr_findings *fd;
    /* Does that key matter to the case? */
    bool (*matters)(void *ctx, size_t table, struct mr_key key);
    /* Called now and then, with the bytes of logs since the last call: throttle, progress. */
    enum mr_code (*breathe)(void *ctx, uint64_t bytes, struct mr_err *err);
    void *ctx;
    bool goes_on;           /* the logs before the first stream were read by an earlier run */
    bool is_files;          /* streams are files: that each follows the one before is looked at */
    struct mr_arena *arena; /* for texts that stay */
    /* NULL, or: called for each key that changes, perhaps again and again */
    enum mr_code (*touch)(void *ctx, size_t table, struct mr_key key, struct mr_err *err);
    void *touch_ctx;
    int64_t *last_tx; /* ids of both sides' transactions are one sequence */
    /* private */
    struct mr_history_work *work;
};

/* Tables that cannot be read are blind from here on.  To be released also after a failure. */
enum mr_code mr_history_scan_begin(struct mr_history_scan *scan, struct mr_err *err);
/* log: its name, for messages. */
enum mr_code mr_history_scan_stream(struct mr_history_scan *scan, struct mr_binlog_stream *stream,
                                    const char *log, struct mr_err *err);
/* What a caller knows to be lacking: a clause that lives. */
enum mr_code mr_history_scan_gap(struct mr_history_scan *scan, const char *what,
                                 struct mr_err *err);
/* The file ends within an event, though others follow it: what it lacks is a gap. */
enum mr_code mr_history_scan_cut(struct mr_history_scan *scan, const char *log, struct mr_err *err);
/* Does what was met hold all that the server says that it has executed?  Else that is a gap; NULL in
 * `executed`: it does not say. */
enum mr_code mr_history_scan_reaches(struct mr_history_scan *scan, const char *executed,
                                     struct mr_err *err);
/* What is in memory goes into the case, with how far it is. */
enum mr_code mr_history_scan_flush(struct mr_history_scan *scan, struct mr_err *err);
/* Behind the last stream: what is still in doubt makes its tables blind. */
enum mr_code mr_history_scan_end(struct mr_history_scan *scan, struct mr_err *err);
void mr_history_scan_release(struct mr_history_scan *scan);

#endif
