/*
 * changes: which rows of the tables of a pairing did one side's binary log name since a place?
 *
 *   mr_changes_init → set → fn, once a side → of, whole_why → mr_changes_release
 *
 * Who asks (recon/check) does not know logs, who reads them (recon/history) not what the answer is for;
 * main.c hands the one to the other.  A table of which the log does not tell all is *whole*: it has to be
 * read from end to end, and `why` says so in a clause for people.
 *
 * Ownership: keys are the struct's until release, texts the arena's.  Threads: one, read-only afterwards.
 */
#ifndef MR_CHANGES_H
#define MR_CHANGES_H

#include "core/db/log_place.h"
#include "core/pair/pair.h"
#include "core/source/key_set.h"

/* Bytes of keys of all tables; beyond that the table with the most is whole. */
#define MR_CHANGES_MAX_BYTES ((size_t)16 * 1024 * 1024)

struct mr_changes_of {
    struct mr_key_set keys; /* as scans have them (mr_pair.scan), of both sides together */
    const char *why;        /* NULL: all changes are among the keys */
};

struct mr_changes {
    /* set by the caller */
    const struct mr_pairing *pairing;
    struct mr_log_place from[MR_SIDES];
    struct mr_log_habits habits[MR_SIDES];
    struct mr_db_opts opts; /* of the connection to a side's log */
    /* Called now and then: throttle, progress. */
    enum mr_code (*breathe)(void *ctx, struct mr_err *err);
    void *ctx;
    struct mr_arena *arena;
    bool moved_only;         /* mr_changed_keys.moved_only */
    uint64_t most_log_bytes; /* a side's log that is longer is not read; 0: any */
    /* results */
    struct mr_changes_of *of;     /* by mr_pair.at */
    const char *whole_why;        /* all tables are whole; NULL: they are not */
    uint64_t log_bytes[MR_SIDES]; /* that were read */
    uint64_t transactions[MR_SIDES];
    bool unended[MR_SIDES]; /* the server has not ended one of its logs, as in a crash */
    /* private */
    size_t bytes; /* of all keys */
};

/* of: one a table of the pairing, without keys. */
enum mr_code mr_changes_init(struct mr_changes *changes, const struct mr_pairing *pairing,
                             struct mr_arena *arena, struct mr_err *err);
void mr_changes_release(struct mr_changes *changes);

/* The table is whole: its keys are forgotten; the first reason stays.  why lives as long as the arena. */
void mr_changes_whole(struct mr_changes *changes, size_t table, const char *why);
/* Adds a key of a table, unless that is whole. */
enum mr_code mr_changes_add(struct mr_changes *changes, size_t table, struct mr_key key,
                            struct mr_err *err);

/* Reads the side's log from changes->from[side] up to where it ends now, and adds what it names.
 * MR_E_DENIED with the GRANT; what else is wrong with a log makes all tables whole. */
typedef enum mr_code mr_changes_read_fn(struct mr_changes *changes, enum mr_side side,
                                        struct mr_err *err);

#endif
