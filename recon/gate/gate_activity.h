/*
 * gate_activity: what goes on on a server now: open transactions, sessions that wait for
 * tables, backups and schema changes, and how fast a lookup is.
 *
 * Sessions of other accounts are visible with PROCESS only; without it the lists hold our
 * own account's, and facts->sessions says so.  A list that could not be read says why.
 * Blockers come from performance_schema (MySQL) or the plugin METADATA_LOCK_INFO (MariaDB),
 * else they are a suspicion.
 *
 * Ownership: everything in arena.  Errors: only fatal ones (gate_link.h).
 */
#ifndef MR_GATE_ACTIVITY_H
#define MR_GATE_ACTIVITY_H

#include "recon/gate/gate_link.h"

struct mr_gate_session {
    const char *id, *user, *host;
    double seconds;        /* in the state that is reported */
    const char *what;      /* the state, the kind of work */
    const char *statement; /* its begin, or "" */
};

struct mr_gate_sessions {
    const struct mr_gate_session *items; /* the longest first */
    size_t count;
    const char *why; /* NULL: read; else why nothing is known */
};

struct mr_gate_probe {
    size_t tables;            /* probed */
    double seconds;           /* of the slowest table's fastest lookup */
    const char *table;        /* that one, or "" */
    const char *failed, *why; /* a table that could not be looked up in; NULL: none */
};

struct mr_gate_activity {
    struct mr_gate_sessions transactions;
    struct mr_gate_sessions waiting;  /* for a lock on a table, schema or everything */
    struct mr_gate_sessions blocking; /* those that do not wait themselves */
    bool blocking_is_certain;
    struct mr_gate_sessions backups; /* backups, dumps, schema changes */
    struct mr_gate_sessions locks;   /* FLUSH TABLES WITH READ LOCK, backup locks */
    bool locks_are_visible;          /* also of a session that sleeps */
    struct mr_gate_probe probe;
};

/* Looks once.  facts: tables of which one is taken to measure a lookup. */
enum mr_code mr_gate_read_activity(const struct mr_gate_link *link,
                                   const struct mr_gate_facts *facts, struct mr_arena *arena,
                                   struct mr_gate_activity *out, struct mr_err *err);

#endif
