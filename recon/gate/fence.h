/*
 * fence: can anybody still write to a server that should have no writers any more?
 *
 *   mr_fence_read (before the wait) → mr_fence_read_again (behind it) → mr_fence_judge
 *
 * What is looked at: read_only, super_read_only and offline_mode; sessions of others, and which of
 * their accounts may write all the same, as may events and routines by their definers; open transactions that have changed rows; the event
 * scheduler; whom it replicates from; and whether its own part of the log has moved in between:
 * by GTIDs of its own server_id or server_uuid, so that what it applies of the live server does not
 * count; else by the position in its log.  Where it applies nothing, whether it wrote rows at all:
 * sessions can keep what they write out of the log.
 *
 * Ownership: texts live in the arena given.  Errors: only what ends a run (mr_gate_is_fatal); what
 * cannot be read stands in the facts as not seen, and is told as unknown.  Threads: one.
 */
#ifndef MR_FENCE_H
#define MR_FENCE_H

#include "core/base/vec.h"
#include "recon/gate/gate_judge.h"
#include "recon/gate/gate_link.h"

/* A value that a right, or the version, may hide. */
struct mr_fence_value {
    bool is_seen;
    uint64_t value;
    const char *why; /* not seen; or NULL */
};

/* By what its own writes are told from those that it applies. */
enum mr_fence_mark {
    MR_FENCE_BY_NOTHING = 0, /* it has no log, and no GTIDs */
    MR_FENCE_BY_GTID,
    MR_FENCE_BY_POSITION
};

struct mr_fence_facts {
    const char *uri;
    const char *away;      /* why it could not be looked at; NULL: it was */
    const char *away_hint; /* where it is there and refused the login: what helps; or NULL */
    bool is_mariadb;
    bool is_live;        /* it is the server that --live names, */
    bool is_twin;        /* or another one of its server_uuid, */
    bool shares_cluster; /* or another node of that server's Galera cluster, */
    bool shares_group;   /* or another member of its group */
    unsigned nodes,
        named; /* of its own cluster, or group: that it sees, 0: none; that are looked at */
    struct mr_gate_group group; /* of Group Replication */
    uint32_t server_id;
    const char *uuid;
    const char *calls_itself; /* "db1:3306" */
    const char *log_right;    /* that shows its binary log (monitor_right.h) */

    struct mr_fence_value read_only, super_read_only, offline;
    struct mr_fence_value
        sessions;                 /* of other accounts, without replication and the server's own */
    const char *session_users;    /* "app (3), web (1)" */
    struct mr_fence_value exempt; /* of these, those that may write although it is read_only */
    const char *exempt_users;
    struct mr_fence_value accounts; /* others that may, though they are not connected */
    const char *account_names;
    struct mr_fence_value exempt_events, exempt_routines; /* whose definers may */
    const char *event_definers, *routine_definers;
    struct mr_fence_value writing; /* open transactions of others that have changed rows */
    struct mr_fence_value events;  /* enabled, and the scheduler runs */
    struct mr_gate_view replication;
    const char *sources; /* whom it replicates from by a running channel; "" nobody */

    enum mr_fence_mark mark;
    const char *before, *after;    /* of the log; after NULL: not read */
    struct mr_fence_value written; /* its own transactions in between; by position 0 or 1 */
    struct mr_fence_value rows;    /* written, since it started; behind the wait: in between */
};

struct mr_fence_finding {
    enum mr_gate_severity severity;
    const char *name;           /* "read_only" … */
    const char *message, *hint; /* hint or NULL */
};

enum mr_code mr_fence_read(struct mr_gate_link *link, struct mr_arena *arena,
                           struct mr_fence_facts *facts, struct mr_err *err);
/* Rows of a text and a number: "app (3), web (1)", and their sum. */
enum mr_code mr_fence_read_list(const struct mr_gate_link *link, const char *sql,
                                struct mr_arena *arena, struct mr_fence_value *out,
                                const char **list, struct mr_err *err);
/* Does each transaction that is written there get a GTID, and a place in its log? */
enum mr_code mr_fence_numbers_own(const struct mr_gate_link *link, bool *numbers,
                                  struct mr_err *err);
/* fence_exempt.c: who may write in spite of read_only. */
enum mr_code mr_fence_read_exempt(const struct mr_gate_link *link, struct mr_arena *arena,
                                  struct mr_fence_facts *facts, struct mr_err *err);
/* Neither the server's own sessions, nor servers that follow it. */
#define MR_FENCE_NOT_OWN                                                                           \
    " WHERE ID <> CONNECTION_ID() AND USER NOT IN ('system user', 'event_scheduler',"              \
    " 'mysql.session') AND COMMAND NOT IN ('Binlog Dump', 'Binlog Dump GTID', 'Daemon')"
enum mr_code mr_fence_read_again(struct mr_gate_link *link, struct mr_arena *arena,
                                 struct mr_fence_facts *facts, struct mr_err *err);
/* Adds to findings (struct mr_fence_finding) one for each thing looked at.  seconds: between the two
 * readings.  Returns the worst of them: MR_GATE_OK is fenced. */
enum mr_code mr_fence_judge(const struct mr_fence_facts *facts, double seconds,
                            struct mr_arena *arena, struct mr_vec *findings,
                            enum mr_gate_severity *worst, struct mr_err *err);

/* What helps where a server answered and refused the login, in arena; NULL: it did not. */
const char *mr_fence_refusal_hint(struct mr_arena *arena, const struct mr_err *why);

#endif
