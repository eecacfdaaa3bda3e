/*
 * history_logs: the logs of one side, of a server or of files, on their way into a scan.
 *
 *   mr_history_logs_open → mr_history_logs_read (all that there is) → mr_history_logs_read_on, again and
 *   again: what a server has written since → close
 *
 * Files may end before their server did.  By GTIDs the scan knows what it has executed (mr_history_scan_reaches); where
 * the split is told otherwise the server is asked for its log of the last file's name, and what stands behind its end.
 *
 * Of a server's logs reading begins with the newest in front of which nothing of its own lies, and ends
 * where they ended when it was asked.
 *
 * Errors: those of server_logs.h, binlog_dump.h, binlog_file.h, the scan.  Threads: one.
 */
#ifndef MR_HISTORY_LOGS_H
#define MR_HISTORY_LOGS_H

#include "core/cli/option.h"
#include "core/cli/progress.h"
#include "core/logs/log_names.h"
#include "recon/history/history_scan.h"

struct mr_history_logs {
    /* set by the caller: of a server, or files; both texts outlive it */
    const struct mr_endpoint *ep; /* NULL: files */
    const struct mr_db_opts *opts;
    const char *const *given; /* files and directories */
    size_t ngiven;
    const struct mr_endpoint *of; /* of files: the side's server, which may have written on */
    struct mr_arena *arena;
    struct mr_progress *progress; /* NULL: none */
    /* private */
    struct mr_db *db;
    struct mr_vec logs; /* struct mr_server_log */
    bool is_used;
    const char *end_log; /* of a server: how far was read */
    uint64_t end;
};

/* Of nothing yet; to be closed also after a failure. */
void mr_history_logs_init(struct mr_history_logs *logs);
/* Connects; looks for the files.  A server's account that may not read its logs fails here. */
enum mr_code mr_history_logs_open(struct mr_history_logs *logs, struct mr_err *err);
void mr_history_logs_close(struct mr_history_logs *logs);

enum mr_code mr_history_logs_read(struct mr_history_logs *logs, struct mr_history_scan *scan,
                                  struct mr_err *err);
/* They were read before, so far: nothing but reading on follows. */
void mr_history_logs_go_on(struct mr_history_logs *logs, const struct mr_evidence_side *known);
/* *more false: nothing was written since; of files there never is more. */
enum mr_code mr_history_logs_read_on(struct mr_history_logs *logs, struct mr_history_scan *scan,
                                     bool *more, struct mr_err *err);

#endif
