/*
 * check: what the parts of `myrecon check` share: the run, its two sides, its tables.
 *
 * The parts, in the order in which check_cmd.c calls them:
 *   check_plan       pairs databases and tables, chooses keys, classes and identities
 *   check_scope      which part of that is read, where several share the work
 *   check_scan       leapfrog over key ranges: suspects and finished chunks
 *   check_changed    which rows logs name, and which tables are read whole all the same
 *   check_keys       rows that are looked up by their keys
 *   check_spill      tables without a common key order: joined on disk
 *   check_relate     who follows whom, and who may be behind
 *   check_settle     waits until a side has applied what the other had written
 *   check_marks      is a table still the one that was read?
 *   check_shards     the same questions of a source that is many servers
 *   check_trail      the catalogues of the end, read behind the rows of thousands of tables
 *   check_confirm    reads suspects again until they are diverged, settled or unsettled
 *   check_classify   kinds and moved identities, from the row images
 *   check_alike    what the differing rows of a table have in common
 *   check_objects    schema objects, rights, AUTO_INCREMENT
 *   check_suspects   references that nothing declares, as advice
 *   check_json, check_text   the result, from the case alone
 *
 * Everything found goes through findings.h.
 */
#ifndef MR_CHECK_H
#define MR_CHECK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/case/findings.h"
#include "core/cli/progress.h"
#include "core/db/replication.h"
#include "core/db/throttle.h"
#include "core/pair/pair.h"
#include "recon/check/digest_choice.h"

struct mr_check_options;
struct mr_spill;
struct mr_check_mark;
struct mr_check_shards_marks;
struct mr_check_alike;
struct mr_check_trail;
struct mr_scope;
struct mr_check_changed;
struct mr_changes;

/* May a side lack what the other one had written before? */
enum mr_lag {
    MR_LAG_NONE = 1, /* it applies nothing that the other writes */
    MR_LAG_WAIT,     /* it does, and can be waited for (check_settle.h) */
    MR_LAG_UNKNOWN   /* it may, and nothing tells how far it has got */
};

/* What the waits of a run share. */
struct mr_check_settle {
    bool by_history[MR_SIDES]; /* the side is fed by others: waits are for all GTIDs */
    double waited_s;           /* of --settle-limit; the coordinator's */
    bool over;                 /* … which has run out before a side had caught up */
    atomic_bool slow;          /* waits take long: one a round, none a batch */
    atomic_uint waited_ms;     /* of the batches' own waits */
    const char *why;           /* a side may be behind: a clause for people; or NULL */
};

struct mr_check_run {
    const struct mr_check_options *opts;
    mr_source_open_fn *open_snapshot;
    /* mr_changes_read_fn (core/pair/changes.h) */
    enum mr_code (*read_changes)(struct mr_changes *changes, enum mr_side side, struct mr_err *err);
    struct mr_pairing pairing;
    const struct mr_vec *dbs; /* struct mr_db_pair */
    struct mr_findings *fd;
    struct mr_find_run run;
    struct mr_arena arena;
    struct mr_throttle *throttle;
    struct mr_progress *progress;
    pthread_mutex_t lock;           /* reasons of tables */
    pthread_mutex_t asking;         /* workers, on the sides' main connections */
    atomic_bool lost;               /* a server went away for good: the run can be resumed */
    struct mr_digest_choice choice; /* who digests */
    unsigned object_kinds;          /* --objects, bits of enum mr_objects_kind */
    const struct mr_scope *scope;   /* --scope (check_scope.h), or NULL: the whole pair */
    const char *scope_digest;
    struct mr_check_changed *changed; /* --changed (check_changed.h), or NULL: everything is read */
    /* Which side writes first: rows are read upstream, downstream, upstream. */
    enum mr_side upstream;
    enum mr_lag lag[MR_SIDES];
    struct mr_check_settle settle;
    struct mr_spill **spills;    /* by mr_pair.at: between two passes (check_spill.h) */
    struct mr_check_mark *marks; /* by mr_pair.at (check_marks.h) */
    struct mr_check_shards_marks *shards_marks; /* check_shards.h */
    const char **deletions; /* of each source of a map, before the first row: check_moves.h */
    bool is_resumed;        /* an earlier process has begun the run */
    struct mr_check_alikes *alikes; /* check_alike.h */
    struct mr_check_trail *trail;   /* check_trail.h, or NULL */
    struct mr_changes *rekeyed;     /* check_rekeyed.h, or NULL */
};

/* Gives up on a table: verdict not-checked with err's message as the reason.  The first
 * failure is kept.  Safe from any thread. */
void mr_check_give_up(struct mr_check_run *check, struct mr_pair *table, const struct mr_err *err);
/* What fails at one table is its own: gives up on it.  Returns what ends the run, in err as `why` has it. */
enum mr_code mr_check_leave(struct mr_check_run *check, struct mr_pair *table, enum mr_code code,
                            const struct mr_err *why, struct mr_err *err);
/* The tables as they are told of so far, into the case. */
enum mr_code mr_check_save_tables(struct mr_check_run *check, struct mr_err *err);
/* How far apart two readings are where nothing can be waited for: --settle; nothing where
 * both sides are snapshots, which do not move. */
double mr_check_settle_s(const struct mr_check_run *check);
/* Sleeps between two readings; ends early, with its error, when cancelled.  progress: the
 * coordinator's, to be ticked; NULL in a worker. */
enum mr_code mr_check_sleep(double seconds, struct mr_progress *progress, struct mr_err *err);

/* Something of the run could not be done: the result says so, and why. */
enum mr_code mr_check_keep_unseen(struct mr_check_run *check, const char *what,
                                  const struct mr_err *why, struct mr_err *err);

/* Must this error end the whole run (cancelled, out of memory, case file, bug)? */
bool mr_check_is_fatal(enum mr_code code);
/* Where a server or an account has no more connections: how many it takes. */
void mr_check_hint_connections(enum mr_code code, struct mr_err *err);

#endif
