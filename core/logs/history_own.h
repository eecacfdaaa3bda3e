/*
 * history_own: is a transaction of a side's log its own, or has the other side executed it, too?
 *
 * By GTID: MySQL's own are those that are not in the other's gtid_executed.  MariaDB's are those whose
 * triple (domain, server, sequence) the other's gtid_binlog_state does not cover, nor its gtid_slave_pos
 * (of a replica that does not log what it applies) as far as this side has executed the
 * transaction that it names: from the split on two histories give the same numbers to other
 * transactions.  Two servers of one server_id (MariaDB) or server_uuid (MySQL) cannot be told apart by
 * GTIDs, and are refused.
 *
 * By place: what stands behind FILE:POS.  By time: what was committed at or behind TIME, of which a whole
 * second is taken; the clocks of two servers are not one.
 *
 *   mr_history_executed_read of both → mr_history_own_by_gtid (or _by_place, _by_time) → judge …
 *
 * Source: history.md §1; the servers' own rules for GTIDs, held by tests/unit/test_history_own.c.
 * Ownership: texts in the arena.  Errors: MR_E_REFUSED where GTIDs cannot tell, with what can;
 * MR_E_BINLOG, MR_E_NOMEM.  Threads: one at a time.
 */
#ifndef MR_HISTORY_OWN_H
#define MR_HISTORY_OWN_H

#include "core/base/arena.h"
#include "core/binlog/binlog_gtid_set.h"
#include "core/case/evidence.h"
#include "core/logs/log_names.h"

/* What a server says of itself. */
struct mr_history_executed {
    bool is_mariadb;
    bool has_gtids; /* MySQL: gtid_mode is not OFF, or gtid_executed holds something */
    uint32_t server_id;
    const char *uuid;     /* MySQL */
    const char *executed; /* gtid_executed; MariaDB: gtid_binlog_state */
    const char *position; /* MariaDB: gtid_slave_pos; else "" */
    bool own_clock; /* MariaDB: what it applies has its own seconds (secure_timestamp = YES) */
};

enum mr_code mr_history_executed_read(struct mr_db *db, struct mr_arena *arena,
                                      struct mr_history_executed *out, struct mr_err *err);

struct mr_history_own {
    enum mr_own_by by;
    bool is_mariadb;
    const char *split; /* for people */
    /* private */
    struct mr_gtid_set executed;
    struct mr_gtid_state applied;
    struct mr_gtid_pos position;
    const char *log;
    uint64_t at;
    bool is_in_log, is_behind;
    bool is_within;   /* a transaction begins before `at` and ends behind it */
    uint64_t log_end; /* of the log of the split, as far as it was met */
    int64_t time_us;
    bool begins_late; /* by time: the first log was begun behind it, and others were before that */
    struct mr_vec shared; /* runs that were judged by the other's state alone */
    struct mr_vec seen;   /* runs of everything that was met */
    struct mr_vec own;    /* runs */
    struct mr_gtid_set own_set;
    /* MySQL: the other's uuid, this one's number, and the last transaction of the other's that came by replication */
    uint8_t other_uuid[MR_GTID_UUID_BYTES];
    uint32_t self_id;
    uint64_t replicated;
    struct mr_gtid_set by_hand;
};

/* Nothing is known yet; to be released also after a failure. */
void mr_history_own_init(struct mr_history_own *own);
void mr_history_own_release(struct mr_history_own *own);

enum mr_code mr_history_own_by_gtid(struct mr_history_own *own,
                                    const struct mr_history_executed *self,
                                    const struct mr_history_executed *other, struct mr_arena *arena,
                                    struct mr_err *err);
/* log: as the events' place has it, or the end of its path. */
void mr_history_own_by_place(struct mr_history_own *own, const char *log, uint64_t position,
                             const char *split);
void mr_history_own_by_time(struct mr_history_own *own, int64_t time_us, const char *split);

enum mr_owned {
    MR_OWNED_SHARED = 1,
    MR_OWNED_OWN,
    MR_OWNED_UNTOLD /* it has no GTID, and these were to tell */
};

/* In the order of the log. */
struct mr_history_tx {
    const struct mr_gtid *gtid;
    struct mr_binlog_place begun;
    int64_t committed_us;
};
enum mr_code mr_history_own_judge(struct mr_history_own *own, const struct mr_history_tx *tx,
                                  enum mr_owned *owned, struct mr_err *err);

/* Of the head of a log: do the logs before it hold anything of the side's own?  *hidden: which, text in
 * arena; NULL: nothing, or nothing tells (by place and time). */
enum mr_code mr_history_own_before(const struct mr_history_own *own,
                                   const struct mr_binlog_event *event, struct mr_arena *arena,
                                   const char **hidden, struct mr_err *err);
/* The same of their text, as archive_head.h has it. */
enum mr_code mr_history_own_before_text(const struct mr_history_own *own, const char *before,
                                        struct mr_arena *arena, const char **hidden,
                                        struct mr_err *err);
/* An event was met, with its end. */
void mr_history_own_reach(struct mr_history_own *own, const struct mr_binlog_place *place,
                          uint64_t end);
/* The transaction that began there has ended; 0: where is not known. */
void mr_history_own_ended(struct mr_history_own *own, const struct mr_binlog_place *begun,
                          uint64_t end);
/* Behind the split in a log that is read on from there. */
void mr_history_own_go_on(struct mr_history_own *own);
/* Of the first log: when it was begun, and whether it is known that there was none before it. */
void mr_history_own_begins(struct mr_history_own *own, int64_t began_us, bool has_none_before);
/*
 * A transaction has ended, written by that server.  One that changed nothing, under an id of the other's, and written
 * here, was put there by hand, so that the other may follow or be followed: all take its transaction for executed,
 * which it was not.
 */
enum mr_code mr_history_own_wrote(struct mr_history_own *own, const struct mr_gtid *gtid,
                                  uint32_t server_id, bool is_empty, struct mr_err *err);
/* Behind all logs: those that the other has executed, but for what it had when logs were read first (NULL: that is
 * now), of which it was told then whose they are; and but for what replication has gone on behind: that was skipped
 * in front of the split.  Text in arena; NULL: none. */
enum mr_code mr_history_own_by_hand(const struct mr_history_own *own, const char *then,
                                    struct mr_arena *arena, const char **which, struct mr_err *err);
/* Behind all logs: why the split cannot be told by them, a clause; NULL: it can. */
const char *mr_history_own_missed(const struct mr_history_own *own);
/* GTIDs of its own that were met, "" where there are none: MySQL's set; MariaDB's "0-1-101..105". */
const char *mr_history_own_text(const struct mr_history_own *own, struct mr_arena *arena);

/*
 * Behind both logs: a transaction that one side was said to share by its number alone, while the other's
 * log has that number under another server, and not under this one: a server_id was given to two
 * servers.  *which: such a triple, text in arena; NULL: none.  Also MR_E_CANCELLED, MR_E_NOMEM.
 */
enum mr_code mr_history_own_reused(const struct mr_history_own *own,
                                   const struct mr_history_own *other, struct mr_arena *arena,
                                   const char **which, struct mr_err *err);

/* Of the head of a log behind others: was all that stands in front of it met in them? */
enum mr_code mr_history_own_follows(const struct mr_binlog_event *event,
                                    const struct mr_gtid_set *met,
                                    const struct mr_gtid_state *met_state, bool *follows,
                                    struct mr_err *err);

/* What the server says that it has executed and what was met in its logs does not have: a text, ""
 * where that is nothing.  Of GTIDs. */
enum mr_code mr_history_own_lacks(const struct mr_history_own *own, const struct mr_gtid_set *met,
                                  const struct mr_gtid_state *met_state, const char *executed,
                                  struct mr_strbuf *lacks, struct mr_err *err);

/* What a MariaDB has applied of others, has not logged, and the other side has not: the last triples by its position,
 * "" where there are none, or GTIDs do not tell. */
enum mr_code mr_history_own_unlogged(const struct mr_history_own *own,
                                     const struct mr_history_executed *self,
                                     struct mr_strbuf *unlogged, struct mr_err *err);

/* Of its own transactions that were met, those that are not among these (struct mr_history_executed): a
 * text, of MariaDB the last of each run; "" where there are none.  Of GTIDs. */
enum mr_code mr_history_own_behind(const struct mr_history_own *own, const char *executed,
                                   const char *position, struct mr_strbuf *behind,
                                   struct mr_err *err);

#endif
