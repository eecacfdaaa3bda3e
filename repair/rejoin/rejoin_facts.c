/* rejoin_facts.c: see rejoin_facts.h. */
#include "repair/rejoin/rejoin_facts.h"

#include <stddef.h>

struct rule {
    const char *what, *way_out;
};

static const struct rule rules[MR_REJOIN_BARS] = {
    [MR_REJOIN_BAR_FAMILY] = {"one server is MariaDB, the other one MySQL: their GTIDs do not meet",
                              "Build the replica anew from a snapshot of the live server."},
    [MR_REJOIN_BAR_GTIDS_OLD] = {"the target has no GTIDs (gtid_mode)",
                                 "Build the replica anew from a snapshot of the live server."},
    [MR_REJOIN_BAR_GTIDS_LIVE] = {"the source has no GTIDs (gtid_mode)",
                                  "Build the replica anew from a snapshot of the live server."},
    [MR_REJOIN_BAR_SAME_ID] =
        {"both servers have the same server_id or server_uuid",
         "Which transactions are whose cannot be told. Build the replica anew "
         "under another server_id (MySQL: without auto.cnf)."},
    [MR_REJOIN_BAR_LIVE_LOG] = {"the source writes no binary log (log_bin)",
                                "Start it with log_bin, and build the replica anew."},
    [MR_REJOIN_BAR_LIVE_APPLIED] = {"the source did not log what it had applied "
                                    "(log_slave_updates): its log does not hold the split",
                                    "Build the replica anew from a snapshot of the live server."},
    [MR_REJOIN_BAR_LIVE_FOLLOWS] = {"the source is set up as a replica of the target",
                                    "On the source: STOP REPLICA, RESET REPLICA ALL."},
    [MR_REJOIN_BAR_OLD_FOLLOWS] =
        {"the target replicates already",
         "Where that is meant, there is nothing to do; else STOP REPLICA, "
         "RESET REPLICA ALL on the target."},
    [MR_REJOIN_BAR_REPLICAS] =
        {"replicas read the target's binary log, which is to be reset",
         "They have what it did alone, too. Make each of them a replica of the source by a rejoin "
         "of its own, first; where nobody is there any more, KILL the thread."},
    [MR_REJOIN_BAR_WRITABLE] = {"the target takes writes",
                                "On the target: SET GLOBAL read_only = 1, and let it stay so."},
    [MR_REJOIN_BAR_SUPER] = {"super_read_only lets nobody write to the target, nor this repair",
                             "On the target: SET GLOBAL super_read_only = 0; read_only stays 1."},
    [MR_REJOIN_BAR_WRITERS] = {"sessions on the target may write in spite of read_only",
                               "End them (KILL), and keep their programs away until it is done."},
    [MR_REJOIN_BAR_TRANSACTIONS] = {"a transaction is under way on the target",
                                    "Let it end, or end it (KILL)."},
    [MR_REJOIN_BAR_PREPARED] =
        {"the target holds prepared transactions (XA RECOVER)",
         "XA COMMIT or XA ROLLBACK each of them on the target. Where the source "
         "has one of them, too (XA RECOVER), build the replica anew from a "
         "snapshot of the live server."},
    [MR_REJOIN_BAR_EVENTS] = {"the event scheduler of the target runs events",
                              "On the target: SET GLOBAL event_scheduler = OFF."},
    [MR_REJOIN_BAR_UNSEEN_REPLICATION] = {"the account may not see who replicates from whom",
                                          "On both servers: GRANT REPLICATION CLIENT (MariaDB: "
                                          "SLAVE MONITOR, BINLOG MONITOR) ON *.* to it."},
    [MR_REJOIN_BAR_UNSEEN_SESSIONS] = {"the account may not see the sessions of the target",
                                       "On the target: GRANT PROCESS ON *.* to it."},
    [MR_REJOIN_BAR_UNSEEN_PREPARED] = {"the account may not see prepared transactions",
                                       "On the target: GRANT XA_RECOVER_ADMIN ON *.* to it."},
    [MR_REJOIN_BAR_UNSEEN_EVENTS] = {"the event scheduler of the target is on, and the account may "
                                     "not see its events",
                                     "On the target: SET GLOBAL event_scheduler = OFF, or GRANT "
                                     "EVENT ON *.* to the account."},
    [MR_REJOIN_BAR_LIVE_PURGED] = {"the source has removed logs that the target would have to read",
                                   "Build the replica anew from a snapshot of the live server."},
};

static bool has_unseen_sessions(const struct mr_rejoin_facts *f)
{
    return f->writers == MR_REJOIN_UNSEEN || f->transactions == MR_REJOIN_UNSEEN ||
           f->replicas == MR_REJOIN_UNSEEN;
}

static bool holds(const struct mr_rejoin_facts *f, enum mr_rejoin_bar bar)
{
    switch (bar) {
    case MR_REJOIN_BAR_FAMILY: return !f->is_same_family;
    case MR_REJOIN_BAR_GTIDS_OLD: return !f->old_has_gtids;
    case MR_REJOIN_BAR_GTIDS_LIVE: return !f->live_has_gtids;
    case MR_REJOIN_BAR_SAME_ID: return f->is_same_id;
    case MR_REJOIN_BAR_LIVE_LOG: return !f->live_logs;
    /* MariaDB sends from the place of the transaction that the replica names, which must be in its
     * log; MySQL sends what is not in the replica's set. */
    case MR_REJOIN_BAR_LIVE_APPLIED: return f->is_mariadb && !f->live_logs_applied;
    case MR_REJOIN_BAR_LIVE_FOLLOWS: return f->live_follows == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_OLD_FOLLOWS: return f->old_follows == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_WRITABLE: return !f->is_read_only;
    case MR_REJOIN_BAR_SUPER: return f->is_super_read_only;
    case MR_REJOIN_BAR_WRITERS: return f->writers == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_REPLICAS: return f->replicas == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_TRANSACTIONS: return f->transactions == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_PREPARED: return f->prepared == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_EVENTS: return f->events == MR_REJOIN_SOME;
    case MR_REJOIN_BAR_UNSEEN_REPLICATION:
        return f->live_follows == MR_REJOIN_UNSEEN || f->old_follows == MR_REJOIN_UNSEEN;
    case MR_REJOIN_BAR_UNSEEN_SESSIONS: return has_unseen_sessions(f);
    case MR_REJOIN_BAR_UNSEEN_PREPARED: return f->prepared == MR_REJOIN_UNSEEN;
    case MR_REJOIN_BAR_UNSEEN_EVENTS: return f->events == MR_REJOIN_UNSEEN;
    case MR_REJOIN_BAR_LIVE_PURGED: return !f->live_has_all;
    case MR_REJOIN_FREE:
    case MR_REJOIN_BARS: break;
    }
    return false;
}

enum mr_rejoin_bar mr_rejoin_decide(const struct mr_rejoin_facts *facts)
{
    for (enum mr_rejoin_bar bar = MR_REJOIN_FREE + 1; bar < MR_REJOIN_BARS; bar++)
        if (holds(facts, bar))
            return bar;
    return MR_REJOIN_FREE;
}

enum mr_code mr_rejoin_refuse(enum mr_rejoin_bar bar, const struct mr_rejoin_facts *facts,
                              struct mr_err *err)
{
    if (bar == MR_REJOIN_FREE)
        return MR_OK;
    const bool named =
        facts->who != NULL && (bar == MR_REJOIN_BAR_OLD_FOLLOWS || bar == MR_REJOIN_BAR_WRITERS ||
                               bar == MR_REJOIN_BAR_REPLICAS || bar == MR_REJOIN_BAR_LIVE_PURGED);
    (void)mr_err_set(err, MR_E_REFUSED, "%s%s%.400s", rules[bar].what, named ? ": " : "",
                     named ? facts->who : "");
    mr_err_hint(err, "Nothing was changed. %s", rules[bar].way_out);
    return MR_E_REFUSED;
}
