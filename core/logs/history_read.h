/*
 * history_read: the logs of one server, of it or of files, transaction by transaction, as far as a window
 * of them is asked for.
 *
 *   mr_history_read_init → fields → mr_history_read (which calls take) → mr_history_read_release
 *
 * take gets the steps of each transaction within the window, from MR_STEP_BEGIN to its end, and nothing
 * else.  What is in front of the window is not read, as far as the heads of logs tell where that is: of
 * a server by a few short connections of their own.
 *
 * Whatever may lack within the window is a gap: logs that the server has removed, files that do not
 * follow each other or end within an event, changes that the server itself says are not in its log.
 *
 * Memory: that of the stream.  Ownership: what is set by the caller outlives it; texts live in the
 * arena.  Errors: those of server_logs.h, binlog_dump.h, binlog_file.h, of take; MR_E_NO_SUCH for a log
 * that is not there; MR_E_CANCELLED.  Threads: one.
 */
#ifndef MR_HISTORY_READ_H
#define MR_HISTORY_READ_H

#include "core/binlog/binlog_gtid_set.h"
#include "core/binlog/binlog_walk.h"
#include "core/cli/progress.h"
#include "core/db/throttle.h"
#include "core/logs/history_window.h"

struct mr_history_read {
    /* set by the caller */
    const struct mr_endpoint *ep; /* NULL: files */
    const struct mr_db_opts *opts;
    const char *const *given; /* files and directories */
    size_t ngiven;
    struct mr_history_window *window;
    bool
        takes_all; /* take gets all transactions from the first log on that may hold one of the window:
                       the caller judges; of a window whose end is open nothing else is the end */
    struct mr_arena *arena;
    struct mr_progress *progress; /* NULL: none */
    struct mr_throttle *throttle; /* NULL: none */
    enum mr_code (*take)(void *ctx, const struct mr_binlog_step *step, struct mr_err *err);
    /* NULL: none; that log is read from here on, be it without a transaction */
    void (*meet)(void *ctx, const char *log);
    void *ctx;
    /* set by take: nothing behind this step is read, nor asked whether it lacks */
    bool is_enough;
    /* set by take: what is behind this step is read, and not asked whether it lacks */
    bool is_beyond;
    /* what was read; first_log NULL: nothing */
    const char *first_log, *end_log;
    uint64_t first_position, end_position;
    int64_t began_us;   /* when the first log was begun, by its server's clock */
    int64_t log_us;     /* the same of the one that is being read */
    uint32_t server_id; /* that wrote the logs; 0: none was met */
    bool is_mixed;      /* they are logs of more than one server, by their heads */
    const char *gap;    /* what is lacking, a clause a line; NULL: nothing */
    /* of files: the first log that others follow, and that its server has not ended: it may have crashed there,
     * and what it had not synced of that log is in none; NULL: none */
    const char *unended;
    /* private */
    struct mr_gtid_set met; /* that was met, and what the logs before the first one held */
    struct mr_gtid_state met_state;
    uint64_t since_breath;
    unsigned gaps;
    bool has_before, is_within, is_over, has_gtids;
};

/* Of nothing yet; to be released also after a failure. */
void mr_history_read_init(struct mr_history_read *read);
void mr_history_read_release(struct mr_history_read *read);
enum mr_code mr_history_read(struct mr_history_read *read, struct mr_err *err);

#endif
