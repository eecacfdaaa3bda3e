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
    bool is_locked;    /* a lock was waited for in vain */
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
    const char *filters;      /* "Replicate_Ignore_Table a.b", or ""; NULL: not recorded */
    bool caught_up;           /* all that is fetched is applied, by file and position */
};

/* A range of keys of the past, and what its rows were. */
struct mr_gate_range {
    const char *lo, *hi; /* keys, encoded (core/row/row.h), in hex; lo "": open */
    uint64_t rows;
    const char *digest; /* 32 hex digits */
    const char *each;   /* 8 hex digits a row: its digest, cut; "" where not kept */
    const char *keys;   /* the same of each row's key */
    /* of one read again: */
    bool touched;     /* its rows were updated since, by their own word */
    bool grown;       /* rows came in between; the old ones are there, as far as one can see */
    bool judged;      /* row by row: */
    uint64_t deleted; /* rows of the past that are not there; */
    uint64_t changed; /* that are, and hold something else */
};

/* What became of a row of the past. */
enum mr_gate_row_state {
    MR_GATE_ROW_UNSEEN = 0, /* of a baseline */
    MR_GATE_ROW_SAME,
    MR_GATE_ROW_TOUCHED,  /* changed since, by its own word */
    MR_GATE_ROW_CHANGED,  /* it holds something else */
    MR_GATE_ROW_DOUBTFUL, /* it has another identity, or another time of birth, and the
                             other of the two is not known */
    MR_GATE_ROW_REPLACED, /* another row stands under its key */
    MR_GATE_ROW_GONE
};

/* A row of the past: who it was, and what it held. */
struct mr_gate_row {
    const char *key; /* encoded (core/row/row.h), in hex */
    /* 8 hex digits of a digest: of its identity, its time of birth, all of it; "": not
     * known */
    const char *who, *born, *held;
    enum mr_gate_row_state state;
    bool elsewhere; /* its identity stands under another key, as a repair leaves it */
};

/* The newest rows, then some that double their distance, then the oldest. */
struct mr_gate_rows {
    struct mr_gate_row *rows;
    size_t count;
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
    bool counter_grouped; /* it counts anew for each value before it in the key: next is 0 */
    /* A column whose DEFAULT draws from a sequence (NULL: none), and its greatest value; 0
     * where it cannot be read cheaply. */
    const char *drawn_column, *drawn_db, *drawn_name;
    uint64_t drawn_greatest;
    struct mr_gate_view drawn_view; /* of the sequence */
    bool drawn_gone;
    const char *const *triggers; /* a line each */
    size_t ntriggers;
    bool triggers_seen;
    const char *triggers_grant; /* the statement that helps, or NULL */
    const char *time_column;    /* NULL: none is known, or it cannot be read cheaply */
    bool time_is_number;
    const char *newest;    /* its greatest value as text; "" where the table is empty */
    const char *newest_by; /* "index", "last rows" or "all rows" */
    const struct mr_gate_range *ranges;
    size_t nranges;
    struct mr_gate_range full; /* digest NULL: not taken */
    /* Columns "a,b": the key, the identity, the time of birth; "" for none. */
    const char *rows_key, *rows_identity, *rows_born;
    struct mr_gate_rows by_key, by_time; /* two orders; by_time empty where it is the same */
    bool is_static;                      /* configured: what it holds does not change */
    bool is_queue;                       /* configured: its rows come and go */
    bool age_known;     /* of now, where its rows do not tell what became of them: */
    double age_s;       /* since it was created */
    bool tells_updates; /* a column says when a row was changed */
    /* freshness */
    const char *fresh_column; /* configured; NULL: none */
    bool fresh_known;
    double fresh_age_s; /* of its newest value; below zero: in the future */
    /* sequence */
    const char *sequence_column; /* configured; NULL: none */
    struct mr_gate_view sequence_view;
    uint64_t sequence_lo, sequence_hi, sequence_present; /* present 0: no rows */
    uint64_t sequence_missing;
    bool sequence_null;        /* of now: there are rows, and each of them has none */
    const char *sequence_gaps; /* "3342788–3342806, 3342811", the first ones; "" */
};

/* A sequence of MariaDB. */
struct mr_gate_sequence {
    const char *db, *name;
    struct mr_gate_view view; /* of what follows */
    uint64_t next;            /* that is not handed out or cached yet */
    bool descends, cycles;
};

/* A table, sequence or database of the baseline that the catalogue does not show. */
struct mr_gate_absent {
    const char *db, *name;    /* as they would be called now */
    struct mr_gate_view view; /* SEEN: it is gone; HIDDEN: that cannot be known */
};

/* A table of which the configuration wants a check, and that is hidden from the account, or
 * not there. */
struct mr_gate_wanted {
    const char *db, *name;
    struct mr_gate_view view;
    bool fresh, sequence; /* what is wanted */
};

struct mr_gate_variable {
    const char *name, *value;
};

/* A table of SERVER on a replica that has applied all: both counted up to one key. */
struct mr_gate_twin {
    const char *db, *name; /* as SERVER names it */
    struct mr_gate_view view;
    uint64_t ours, theirs;
    bool differs;
};

struct mr_gate_heartbeat {
    const char *table; /* "db.t"; NULL: there is none */
    struct mr_gate_view view;
    double age_s;
};

/* What became of the place where the baseline's binary log stood. */
enum mr_gate_log_fate {
    MR_GATE_LOG_UNSEEN = 0, /* not asked for, or it cannot be told */
    MR_GATE_LOG_THERE,      /* see gtid_then and next */
    MR_GATE_LOG_OTHER,      /* no event begins there */
    MR_GATE_LOG_BACK,       /* the log never got there */
    MR_GATE_LOG_PURGED
};

struct mr_gate_log {
    struct mr_gate_view view;
    const char *file; /* where it stands; "": there is none, or it is not visible */
    uint64_t position;
    const char *gtid; /* what it has got to there; "" for no GTIDs */
    /* of now: binlog_do_db, binlog_ignore_db: names joined by commas, or ""; NULL: not seen */
    const char *only, *leaves;
    /* of now, about the baseline's file and position: */
    enum mr_gate_log_fate fate;
    const char *gtid_then; /* MariaDB: what it has got to there; "" for not known */
    const char *next;      /* MySQL: the transaction that begins there, or "" */
};

/* What a node of Galera says of its cluster. */
struct mr_gate_cluster {
    bool is_member;        /* the server has a provider, and uses it; else nothing else is set */
    const char *uuid;      /* of the history that all its nodes have */
    const char *component; /* "Primary", or another word: without a quorum */
    const char *state;     /* "Synced", "Donor/Desynced", "Joined", "Initialized" */
    uint64_t size;         /* nodes that it sees, itself included */
    /* of now: */
    bool is_ready, is_paused; /* it takes statements; flow control holds up writers */
    double paused;            /* the share of the time since FLUSH STATUS, 0 to 1 */
    uint64_t queue;           /* write sets that it has not applied yet */
};

/* What MySQL says of the group (Group Replication) that the server is set up for. */
struct mr_gate_group {
    const char *name; /* "" or NULL: none, and nothing else is set */
    struct mr_gate_view view;
    const char *state; /* of the server itself: "ONLINE", "RECOVERING", "ERROR", "OFFLINE" */
    uint64_t members;  /* that it knows, itself included, */
    uint64_t reached;  /* and of these those that are ONLINE or RECOVERING: */
    const char *with;  /* the server_uuid of each of these, "u1 u2" */
};

struct mr_gate_facts {
    const char *uri;      /* without password */
    const char *recorded; /* UTC, "2026-11-20T14:03:00Z" */
    bool is_older;        /* of a file of versions that kept no newest rows, logs and sequences */
    struct mr_server server;
    const char *started; /* UTC */
    uint64_t uptime_s;
    const char *role; /* "primary" or "replica"; "" where not visible */
    bool read_only, super_read_only;
    const char *gtid_executed; /* MySQL: gtid_executed; MariaDB: gtid_binlog_state */
    const char *gtid_position; /* MariaDB: gtid_slave_pos; else "" */
    struct mr_gate_log log;
    struct mr_gate_view replication; /* of channels */
    const struct mr_gate_channel *channels;
    size_t nchannels;
    struct mr_gate_view sessions; /* of what belongs to other accounts */
    uint64_t attached;            /* replicas that fetch now, where sessions is seen */
    const char *replicas;         /* their numbers, "2 3", each once; NULL: not visible */
    uint64_t max_connections, connected, running, most_connected;
    const char *by_account; /* "app 180, dba 3", or "" */
    struct mr_gate_view history;
    uint64_t history_length;
    bool semi_sync_known; /* the server has the plugin */
    bool semi_sync_wanted, semi_sync_on;
    uint64_t semi_sync_clients;
    struct mr_gate_cluster cluster;
    struct mr_gate_group group;
    const struct mr_gate_variable *variables;
    size_t nvariables;
    struct mr_gate_view any_db; /* HIDDEN: none shows, and the account need not see all */
    const char *const *dbs;
    size_t ndbs;
    const char *const *named; /* databases that the URI named */
    size_t nnamed;
    const struct mr_gate_table *tables; /* by db, then name */
    size_t ntables;
    const struct mr_gate_absent *absent;
    size_t nabsent;
    const struct mr_gate_wanted *wanted; /* hidden; also without a baseline */
    size_t nwanted;
    const struct mr_gate_wanted *missing; /* not there, though their databases are */
    size_t nmissing;
    const struct mr_gate_sequence *sequences; /* by db, then name */
    size_t nsequences;
    const struct mr_gate_absent *absent_sequences;
    size_t nabsent_sequences;
    const struct mr_gate_absent *absent_dbs; /* without a table; name: "" */
    size_t nabsent_dbs;
    bool tables_read; /* false of a server of which only the status was asked */
    /* of a peer that runs below SERVER */
    const struct mr_gate_twin *twins;
    size_t ntwins, twins_left; /* tables of SERVER that were not counted on both */
    uint64_t data_bytes;       /* as the server estimates */
    struct mr_gate_view disk;
    uint64_t disk_bytes, disk_free_bytes; /* of the data directory's file system */
    struct mr_gate_heartbeat heartbeat;
};

/* The table of that name, or NULL. */
const struct mr_gate_table *mr_gate_facts_table(const struct mr_gate_facts *facts, const char *db,
                                                const char *name);
/* The sequence of that name, or NULL. */
const struct mr_gate_sequence *mr_gate_facts_sequence(const struct mr_gate_facts *facts,
                                                      const char *db, const char *name);
/* The database as its server writes it, which may take it in any letters
 * (lower_case_table_names), or NULL. */
const char *mr_gate_facts_db(const struct mr_gate_facts *facts, const char *db);
/* What the URI has named, as the server writes it where it is there: names are compared by
 * their bytes from there on. */
enum mr_code mr_gate_facts_spell(struct mr_gate_facts *facts, struct mr_arena *arena,
                                 struct mr_err *err);
/* The name that a database of `from` has in `to`: by position where both URIs named as
 * many, else the same. */
const char *mr_gate_facts_pair(const struct mr_gate_facts *from, const struct mr_gate_facts *to,
                               const char *db);
/* What a table of `from` is in `to`: the one of that name, or of that name but for capitals where
 * one of the two servers does not tell these apart and no other table could be meant; or NULL. */
const struct mr_gate_table *mr_gate_facts_twin(const struct mr_gate_facts *from,
                                               const struct mr_gate_facts *to, const char *db,
                                               const char *name);
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
