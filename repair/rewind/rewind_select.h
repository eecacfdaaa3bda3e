/*
 * rewind_select: which transactions of a server's log are to be undone: by GTID, or between two times or
 * places.
 *
 *   mr_rewind_select_read → mr_rewind_select_has of each transaction, in the log's order
 *   → mr_rewind_select_add_missing
 *
 * GTIDs are written as the server does: of MySQL a set, "uuid:23,uuid:40-45"; of MariaDB
 * "0-1-4711,0-1-4720..4730", where .. stands for all sequences between.
 *
 * Ownership: the struct is the caller's; texts outlive it.  Errors: MR_E_USAGE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_REWIND_SELECT_H
#define MR_REWIND_SELECT_H

#include "core/base/vec.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/logs/history_own.h"
#include "core/logs/history_window.h"

struct mr_rewind_select {
    /* NULL, or who judges in place of the rest: what is a server's own is meant */
    struct mr_history_own *own;
    bool is_untold; /* a transaction had no GTID, and it was to judge by that */
    struct mr_vec
        last; /* struct mr_gtid: of MariaDB, of each domain the last that was not its own */
    bool by_gtid;
    struct mr_history_window window;
    /* private */
    bool is_mariadb;
    struct mr_gtid_set wanted, met;
    struct mr_vec runs; /* struct mr_rewind_run */
};

/* gtids NULL: from and to, of which either may be NULL. */
enum mr_code mr_rewind_select_read(struct mr_rewind_select *select, const char *gtids,
                                   const char *from, const char *to, struct mr_arena *arena,
                                   struct mr_err *err);
void mr_rewind_select_release(struct mr_rewind_select *select);
/* Is it one of them? */
enum mr_code mr_rewind_select_has(struct mr_rewind_select *select, const struct mr_gtid *gtid,
                                  const struct mr_binlog_place *begun, int64_t committed_us,
                                  bool *yes, struct mr_err *err);
/* With `own`: a transaction that both sides have, of what stands in front of the logs that are read. */
enum mr_code mr_rewind_select_keep_last(struct mr_rewind_select *select, const struct mr_gtid *gtid,
                                        struct mr_err *err);
/* Appends the GTIDs that were asked for and were not met; nothing: all were. */
void mr_rewind_select_add_missing(const struct mr_rewind_select *select, struct mr_strbuf *out);

#endif
