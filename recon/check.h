/*
 * check: what the parts of `myrecon check` share: the run, its two sides, its tables.
 *
 * The parts, in the order in which check_cmd.c calls them:
 *   check_plan       pairs databases and tables, chooses keys, classes and identities
 *   check_scan       leapfrog over key ranges: suspects and finished chunks
 *   check_spill      tables without a common key order: joined on disk
 *   check_confirm    reads suspects again until they are diverged, settled or unsettled
 *   check_classify   kinds and moved identities, from the row images
 *   check_objects    schema objects, rights, AUTO_INCREMENT
 *   check_json, check_text   the result, from the case alone
 *
 * Everything found goes through findings.h; a struct mr_check_table is what the process
 * knows about a table while it runs.
 */
#ifndef MR_CHECK_H
#define MR_CHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/findings.h"
#include "core/progress.h"
#include "core/replication.h"
#include "core/sides.h"
#include "core/table_config.h"
#include "core/throttle.h"

/* How the rows of the two sides find each other. */
enum mr_join {
    MR_JOIN_UNDECIDED = 0,
    MR_JOIN_SHARED, /* one key order: the source's bounds are the target's ranges */
    MR_JOIN_SPILL,  /* a key whose order differs: both sides tiled, joined on disk */
    MR_JOIN_DIGEST  /* no key: a multiset of row digests */
};

struct mr_check_table {
    struct mr_find_table find;
    size_t at; /* in check->tables */
    const struct mr_table *side[MR_SIDES];
    enum mr_join join;
    /* Values of a scan: the columns, flags (all compared: `ncompared` in front), then
     * hidden key values; of a full read: the same and then texts for people. */
    struct mr_readspec scan[MR_SIDES], full[MR_SIDES];
    size_t ncompared;
    /* Rows of both sides may be compared as the bytes that the servers send, until their
     * layouts turn out to differ (under no lock: it only ever falls). */
    atomic_bool raw;
    const bool *normalise; /* per scanned value: JSON across flavours */
    bool text_key;         /* the server may equate keys of other bytes */
    /* key as columns among the compared ones (MR_JOIN_SPILL joins by them) */
    const size_t *key_columns;
    size_t nkey_columns;
    /* identity, as positions of columns; none: see `by_identity` */
    const size_t *identity;
    size_t nidentity;
    bool by_identity;     /* collision and moved are possible */
    bool row_is_identity; /* identity = none: other row, other entity */
    const struct mr_table_config *config;
    /* Positions in a full read of the values of the conditions of config->references, as
     * many; SIZE_MAX where one has none. */
    const size_t *condition_at;
    uint64_t est_rows;
    struct mr_arena *arena; /* of the plan: reasons and notes may be added to it */

    /* shared by workers */
    atomic_bool failed; /* a segment failed; find.reason says why (set under lock) */
};

struct mr_check_options;
struct mr_check_reference;

struct mr_check_run {
    const struct mr_check_options *opts;
    struct mr_config *config;
    struct mr_server_side *side; /* both, of the struct mr_sides that is open */
    struct mr_findings *fd;
    struct mr_find_run run;
    struct mr_arena arena;
    struct mr_check_table **tables;
    size_t ntables;
    struct mr_check_reference *references; /* check_references.h */
    size_t nreferences;
    struct mr_throttle *throttle;
    struct mr_progress *progress;
    pthread_mutex_t lock; /* reasons of tables */
    atomic_bool lost;     /* a server went away for good: the run can be resumed */
    bool server_digest;
    unsigned object_kinds; /* --objects, bits of enum mr_objects_kind */
    /* Which side writes first: rows are read upstream, downstream, upstream.  `follows`:
     * positions can be waited for; else --settle. */
    enum mr_side upstream;
    bool follows;
    enum mr_relation relation;
    bool relation_seen; /* by replication status, not only concluded from GTIDs */
};

/* Gives up on a table: verdict not-checked with err's message as the reason.  The first
 * failure is kept.  Safe from any thread. */
void mr_check_give_up(struct mr_check_run *check, struct mr_check_table *table,
                      const struct mr_err *err);
/* Sleeps between two readings; ends early, with its error, when cancelled.  progress: the
 * coordinator's, to be ticked; NULL in a worker. */
enum mr_code mr_check_sleep(double seconds, struct mr_progress *progress,
                            struct mr_err *err);

/* Must this error end the whole run (cancelled, out of memory, case file, bug)? */
bool mr_check_is_fatal(enum mr_code code);

#endif
