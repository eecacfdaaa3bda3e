/*
 * rejoin_facts: what must hold before the old primary (OLD) may become a replica of the live server
 * (LIVE): one pure function over what both servers say of themselves.
 *
 *   mr_rejoin_facts_read (rejoin_read.h) → mr_rejoin_decide → mr_rejoin_refuse
 *
 * What an account may not see counts against it: nobody is said to be absent who was not looked for.
 *
 * Ownership: texts are the caller's.  Threads: no state.
 */
#ifndef MR_REJOIN_FACTS_H
#define MR_REJOIN_FACTS_H

#include <stdbool.h>

#include "core/base/err.h"

enum mr_rejoin_seen {
    MR_REJOIN_NONE = 0,
    MR_REJOIN_SOME,
    MR_REJOIN_UNSEEN /* the account may not look */
};

struct mr_rejoin_facts {
    bool is_same_family, is_mariadb;
    bool old_has_gtids, live_has_gtids;
    bool is_same_id;                       /* server_id; of MySQL also server_uuid */
    bool live_logs, live_logs_applied;     /* log_bin, log_slave_updates */
    enum mr_rejoin_seen live_follows;      /* OLD */
    enum mr_rejoin_seen old_follows;       /* anybody, running or not */
    enum mr_rejoin_seen replicas;          /* that read OLD's log: its reset would break them */
    bool is_read_only, is_super_read_only; /* OLD */
    enum mr_rejoin_seen writers;           /* sessions that may write in spite of read_only */
    enum mr_rejoin_seen transactions;      /* that are under way */
    enum mr_rejoin_seen prepared;          /* by XA */
    enum mr_rejoin_seen events;            /* that the scheduler would run */
    bool live_has_all; /* what LIVE has removed from its logs OLD has executed */
    const char *who;   /* of a fact that has a name, for people; or NULL */
};

/* In the order in which they are asked; the first that holds is told. */
enum mr_rejoin_bar {
    MR_REJOIN_FREE = 0,
    MR_REJOIN_BAR_FAMILY,
    MR_REJOIN_BAR_GTIDS_OLD,
    MR_REJOIN_BAR_GTIDS_LIVE,
    MR_REJOIN_BAR_SAME_ID,
    MR_REJOIN_BAR_LIVE_LOG,
    MR_REJOIN_BAR_LIVE_APPLIED,
    MR_REJOIN_BAR_LIVE_FOLLOWS,
    MR_REJOIN_BAR_OLD_FOLLOWS,
    MR_REJOIN_BAR_REPLICAS,
    MR_REJOIN_BAR_WRITABLE,
    MR_REJOIN_BAR_SUPER,
    MR_REJOIN_BAR_WRITERS,
    MR_REJOIN_BAR_PREPARED, /* which are transactions, too */
    MR_REJOIN_BAR_TRANSACTIONS,
    MR_REJOIN_BAR_EVENTS,
    MR_REJOIN_BAR_UNSEEN_REPLICATION,
    MR_REJOIN_BAR_UNSEEN_SESSIONS,
    MR_REJOIN_BAR_UNSEEN_PREPARED,
    MR_REJOIN_BAR_UNSEEN_EVENTS,
    MR_REJOIN_BAR_LIVE_PURGED,
    MR_REJOIN_BARS
};

enum mr_rejoin_bar mr_rejoin_decide(const struct mr_rejoin_facts *facts);
/* MR_OK for MR_REJOIN_FREE; else MR_E_REFUSED, with what is in the way and the way out. */
enum mr_code mr_rejoin_refuse(enum mr_rejoin_bar bar, const struct mr_rejoin_facts *facts,
                              struct mr_err *err);

#endif
