/*
 * gate_facts: what the gate knows about one server at one moment.
 *
 * Read from a live server by gate_collect, written to and read from a facts file by
 * gate_file, compared by the checks.  Everything lives in one arena; texts are never
 * NULL unless said.  A part that could not be read says why in its view: what is not
 * known is never taken for fine.
 */
#ifndef MR_GATE_FACTS_H
#define MR_GATE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/db/db.h"

#define MR_GATE_UNKNOWN_S (-1L) /* of a number of seconds */

enum mr_gate_seen {
    MR_GATE_SEEN = 1,
    MR_GATE_HIDDEN, /* a right is missing */
    MR_GATE_FAILED  /* an error, a lock, no time left */
};

struct mr_gate_view {
    enum mr_gate_seen seen;
    const char *why;   /* NULL where seen */
    const char *grant; /* the statement that helps, or NULL */
};

/* One replication channel of a replica. */
struct mr_gate_channel {
    const char *name;        /* "" for the only one */
    const char *host, *uuid; /* of the source; uuid "" where not known */
    unsigned port;
    uint32_t source_id;   /* 0: not known yet */
    const char *io, *sql; /* "Yes", "No", "Connecting" */
    long lag_s;           /* MR_GATE_UNKNOWN_S where the server says NULL */
    long delay_s;         /* wanted: SQL_DELAY */
    unsigned io_errno, sql_errno;
    const char *io_error, *sql_error;
    const char *worker_error; /* of a parallel worker; "" for none */
    const char *retrieved;    /* GTIDs fetched: MySQL's set, MariaDB's position; or "" */
    bool caught_up;           /* all that is fetched is applied, by file and position */
};

/* A range of keys of the past, and what its rows were. */
struct mr_gate_range {
    const char *lo, *hi; /* keys, encoded (core/row/row.h), in hex; lo "": open */
    uint64_t rows;
    const char *digest; /* 32 hex digits */
    const char *each;   /* 8 hex digits a row: its digest, cut; "" where not kept */
    /* of one read again: */
    bool touched; /* its rows were updated since, by their own word */
    bool grown; /* rows came in between; the old ones are there, as far as one can see */
};

struct mr_gate_table {
    const char *db, *name;
    struct mr_gate_view view; /* of everything below */
    const char *engine;
    const char *fingerprint;  /* of `shape` */
    const char *const *shape; /* a line a column, index, foreign key */
    size_t nshape;
    bool rows_exact;
    uint64_t rows;
    const char *key_column; /* one integer column that is the key; NULL: none */
    bool has_greatest;
    const char *greatest;       /* of key_column, digits; "" where the table is empty */
    const char *counter_column; /* AUTO_INCREMENT; NULL: none */
    uint64_t next, counter_greatest, counter_max;
    const char *time_column; /* NULL: none is known, or it cannot be read cheaply */
    bool time_is_number;
    const char *newest;    /* its greatest value as text; "" where the table is empty */
    const char *newest_by; /* "index", "last rows" or "all rows" */
    const struct mr_gate_range *ranges;
    size_t nranges;
    struct mr_gate_range full; /* digest NULL: not taken */
    /* freshness */
    const char *fresh_column; /* configured; NULL: none */
    bool fresh_known;
    double fresh_age_s; /* of its newest value; below zero: in the future */
    /* sequence */
    const char *sequence_column; /* configured; NULL: none */
    struct mr_gate_view sequence_view;
    uint64_t sequence_lo, sequence_hi, sequence_present; /* present 0: no rows */
    uint64_t sequence_missing;
    const char *sequence_gaps; /* "3342788–3342806, 3342811", the first ones; "" */
};

/* A table of the baseline that the catalogue does not show. */
struct mr_gate_absent {
    const char *db, *name;    /* as they would be called now */
    struct mr_gate_view view; /* SEEN: it is gone; HIDDEN: that cannot be known */
};

struct mr_gate_variable {
    const char *name, *value;
};

struct mr_gate_heartbeat {
    const char *table; /* "db.t"; NULL: there is none */
    struct mr_gate_view view;
    double age_s;
};

struct mr_gate_facts {
    const char *uri;      /* without password */
    const char *recorded; /* UTC, "2026-11-20T14:03:00Z" */
    struct mr_server server;
    const char *started; /* UTC */
    uint64_t uptime_s;
    const char *role; /* "primary" or "replica"; "" where not visible */
    bool read_only, super_read_only;
    const char *gtid_executed; /* MySQL: gtid_executed; MariaDB: gtid_binlog_state */
    const char *gtid_position; /* MariaDB: gtid_slave_pos; else "" */
    struct mr_gate_view replication; /* of channels */
    const struct mr_gate_channel *channels;
    size_t nchannels;
    struct mr_gate_view sessions; /* of what belongs to other accounts */
    uint64_t attached;            /* replicas that fetch now, where sessions is seen */
    uint64_t max_connections, connected, running, most_connected;
    const char *by_account; /* "app 180, dba 3", or "" */
    struct mr_gate_view history;
    uint64_t history_length;
    bool semi_sync_known; /* the server has the plugin */
    bool semi_sync_wanted, semi_sync_on;
    uint64_t semi_sync_clients;
    const struct mr_gate_variable *variables;
    size_t nvariables;
    const char *const *dbs;
    size_t ndbs;
    const char *const *named; /* databases that the URI named */
    size_t nnamed;
    const struct mr_gate_table *tables; /* by db, then name */
    size_t ntables;
    const struct mr_gate_absent *absent;
    size_t nabsent;
    bool tables_read;    /* false of a server of which only the status was asked */
    uint64_t data_bytes; /* as the server estimates */
    struct mr_gate_view disk;
    uint64_t disk_bytes, disk_free_bytes; /* of the data directory's file system */
    struct mr_gate_heartbeat heartbeat;
};

/* The table of that name, or NULL. */
const struct mr_gate_table *mr_gate_facts_table(const struct mr_gate_facts *facts,
                                                const char *db, const char *name);
/* The name that a database of `from` has in `to`: by position where both URIs named as
 * many, else the same. */
const char *mr_gate_facts_pair(const struct mr_gate_facts *from,
                               const struct mr_gate_facts *to, const char *db);
/* Of that name, or NULL. */
const char *mr_gate_facts_variable(const struct mr_gate_facts *facts, const char *name);

/* A baseline: SERVER's facts, and those of the peers that were named. */
struct mr_gate_baseline {
    const char *path, *recorded, *version;
    struct mr_gate_facts server;
    const struct mr_gate_facts *peers;
    size_t npeers;
};

#endif
