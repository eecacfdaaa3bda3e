/*
 * until_log: what a server's log did to the rows of a snapshot, from where the snapshot stands up to a moment.
 *
 *   mr_until_read → mr_until_find of each table, .reached → mr_until_release
 *
 * Nothing is believed that is not proved.  Refused (MR_E_REFUSED), by name and place: a log of another server;
 * one that does not go back to the snapshot's place, has a gap, or does not reach the moment; a moment that
 * lies in front of the snapshot.  Of tables that are wanted, what the log does not tell: statements,
 * definitions, images that do not show their key, rows of a table without a key or of an engine without
 * transactions, cascades of foreign keys; transactions of which it does not tell what became (XA); a change
 * that does not follow the one before it.
 *
 * MariaDB: the place is a position, and what stands last in front of it, of each domain, must be what the snapshot has.
 * MySQL: by GTIDs, where there are some: what the snapshot has is passed over; and what stands in front of its place
 * must be that.  Both: the log of the place was begun before the snapshot was finished.
 *
 * Memory: that of until_rows.h, of which keys have 256 MiB at most: beyond that a table is refused.  Ownership: the snapshot must outlive it; texts live in its
 * arena.  Errors: those of history_read.h, too; MR_E_USAGE for the moment.  Threads: one.
 */
#ifndef MR_UNTIL_LOG_H
#define MR_UNTIL_LOG_H

#include "core/cli/progress.h"
#include "core/logs/changed_keys.h"
#include "core/logs/history_read.h"
#include "snapshot/read/snap_open.h"
#include "snapshot/until/until_point.h"
#include "snapshot/until/until_rows.h"

struct mr_until_opts {
    const char *until;                 /* the moment */
    const struct mr_string_list *logs; /* files and directories */
    bool (*wants)(const void *ctx, const char *db,
                  const char *name); /* is that table to be restored? */
    const void *ctx;
    const char *work_dir; /* where the scratch file lies; NULL: beside the snapshot */
    struct mr_progress *progress;
};

struct mr_until_table;

struct mr_until {
    /* found */
    const char *
        reached; /* "0-1-105, committed at … UTC, at \"bin.000003\" position 4711"; NULL: no transaction
                            was taken */
    uint64_t transactions; /* that were taken, whatever tables they are of */
    const char
        *unended; /* the first log that its server has not ended (history_read.h); NULL: none */
    const char *noted; /* definitions that are restored as the snapshot has them; NULL: none */
    /* private */
    const struct mr_snap *snap;
    const struct mr_until_opts *opts;
    struct mr_arena arena;
    struct mr_catalogue *cat;
    struct mr_until_point point;
    struct mr_history_window window;
    struct mr_history_read read;
    struct mr_changed_keys changed;
    struct mr_until_table *tables; /* as changed.tables, by place in the catalogue */
    size_t ntables;
    struct mr_scratch_file scratch;
    size_t held;                      /* bytes of memory of all rows' keys, about */
    struct mr_gtid_set had, may_have; /* MySQL: of the snapshot; and which it may hold, too */
    struct mr_gtid_set purged;        /* MySQL: of these, what no log had */
    struct mr_gtid_state had_state;   /* MariaDB */
    struct mr_vec front;              /* struct mr_gtid: of each domain the last before the place */
    struct mr_gtid_state in_front;    /* the same: all of them */
    struct mr_strbuf before, after, filled, key, was; /* of a row */
    struct mr_strbuf scratch_text;
    int64_t latest_us; /* of what the snapshot has */
    /* by position: from where on the snapshot has not all, to where it may have more */
    struct mr_history_window vague;
    enum mr_in_window in; /* where the transaction stands to it; 0: none was met */
    bool is_taken, is_vague, is_last, is_reached;
    bool is_ended; /* a time: behind the transaction that `ended_by`, of that time, begins */
    struct mr_gtid ended_by;
    int64_t ended_us;
    bool is_of_all;               /* the snapshot is of whatever databases there were */
    bool is_begun;                /* it has come to a transaction */
    bool has_rows;                /* the transaction has changed rows that are wanted */
    struct mr_binlog_place begun; /* of the transaction */
    struct mr_gtid gtid;
    int64_t us;
    struct mr_binlog_place last; /* the same of the last one that was taken */
    const char *log;             /* that is being read */
    struct mr_gtid last_gtid;
    int64_t last_us;
};

/* snap: proved, and its catalogue in it.  To be released also after a failure. */
enum mr_code mr_until_read(struct mr_until *until, const struct mr_snap *snap,
                           const struct mr_until_opts *opts, struct mr_err *err);
void mr_until_release(struct mr_until *until);
/* NULL: nothing of it was changed, or it is not wanted. */
struct mr_until_rows *mr_until_find(const struct mr_until *until,
                                    const struct mr_snap_table *table);
/* A table that the log does not tell enough of, with the way out. */
enum mr_code mr_until_refuse(const struct mr_snap_table *table, const char *why,
                             struct mr_err *err);

#endif
