/*
 * manifest: what a plan directory's plan.json says (docs/formats/plan-v1.md).
 *
 * Calling sequence: fill a struct mr_manifest and mr_manifest_write it; or
 * mr_manifest_read one, whose texts then live in the arena given.
 *
 * The text and its seal: core/case/plan_manifest.
 *
 * Errors: MR_E_REFUSED for a text that myrecon did not write, or that was changed;
 * MR_E_UNSUPPORTED for a format of another version.  Threads: no state.
 */
#ifndef MR_MANIFEST_H
#define MR_MANIFEST_H

#include <stdbool.h>

#include "core/base/arena.h"
#include "core/base/strbuf.h"
#include "core/db/db.h"
#include "core/source/sides.h"
#include "repair/plan/planned.h"

#define MR_POLICY_RESEED "reseed-only"
#define MR_POLICY_MERGE "merge"
#define MR_POLICY_MIRROR "mirror"
#define MR_POLICY_BACKFILL "backfill"
#define MR_POLICY_REWIND "rewind"
#define MR_POLICY_REJOIN "rejoin"
#define MR_REJOIN_ARCHIVE "archive" /* directory, beside the files: the target's logs */
#define MR_POLICY_NEWEST "newest:"  /* and a column */

/* What the target is recognised by. */
struct mr_plan_server {
    enum mr_flavour flavour;
    const char *version, *hostname, *datadir;
    const char *uuid; /* MySQL's server_uuid, MariaDB's server_uid; "" where it has none */
    unsigned port;
    uint32_t server_id;
    const char *const *dbs; /* that the plan is about */
    size_t ndbs;
    const char *replicates_from; /* for people; NULL: nobody, or not known */
};

/* One counter that the plan raises: an AUTO_INCREMENT, or a sequence that is the default
 * of a column. */
struct mr_counter {
    const char *table, *target_table; /* "db.t" as each side calls it */
    const char *db, *name;            /* of the table on TARGET */
    const char *column;
    const char *sequence_db, *sequence; /* on TARGET; NULL: AUTO_INCREMENT */
    bool rebuild;                       /* its engine raises a counter only by copying the table */
    uint64_t next[MR_SIDES], greatest[MR_SIDES]; /* next 0: no counter on that side */
    uint64_t margin;
    const char *margin_note; /* why it is not the one asked for, or NULL */
    uint64_t from, to;       /* reserved ids: [from, to) */
    uint64_t increment, offset;
    uint64_t reseed_to; /* the next value that TARGET is to hand out */
};

/* A table that the plan leaves alone. */
struct mr_plan_skipped {
    const char *table, *reason;
    bool incomplete; /* it should have been planned and could not be */
};

struct mr_plan_file {
    const char *name;
    uint64_t size_bytes;
    const char *sha256;
    const char *undecided; /* of conflicts.csv (undecided.h); NULL: of another, not known */
};

struct mr_manifest {
    const char *uuid, *created; /* UTC, ISO 8601 */
    const char *version;        /* of the myrecon that made it */
    const char *policy;
    const char *source, *target;    /* no passwords */
    const char *uri[MR_SIDES];      /* the same with options; NULL: an earlier version */
    const char *apply_to;           /* plan_next.h; NULL: an earlier version made it */
    const char *case_path, *config; /* that it was made with; NULL: none, or not known */
    const char *run;                /* of the case that it was planned from, or NULL */
    const char *check_options;      /* of that run (findings.h); NULL: not known */
    const char *page_key;           /* of digests on a page of it (asked.h); NULL: none */
    uint64_t margin;                /* asked for */
    const char *again_of;           /* uuid of the plan that it replaces, or NULL */
    const char *const *options;     /* that it was made with, NAME=VALUE (planning/plan_again.h) */
    size_t noptions;                /* 0: an earlier version */
    struct mr_planned planned;      /* all zero where only counters are raised */
    struct mr_plan_server server;
    const struct mr_counter *counters;
    size_t ncounters;
    const struct mr_plan_skipped *skipped;
    size_t nskipped;
    const struct mr_plan_file *files;
    size_t nfiles;
};

enum mr_code mr_manifest_write(const struct mr_manifest *manifest, struct mr_strbuf *out,
                               struct mr_err *err);
/* name stands for the file in messages. */
enum mr_code mr_manifest_read(const char *text, size_t len, const char *name,
                              struct mr_arena *arena, struct mr_manifest *out, struct mr_err *err);

/* Does it write rows, or only raise counters? */
bool mr_manifest_writes_rows(const struct mr_manifest *manifest);
bool mr_policy_is_known(const char *policy);
/* Is it one that takes rows back by one server's log: rewind, rejoin? */
bool mr_policy_rewinds(const char *policy);
/* Is its target to become a replica? */
bool mr_manifest_rejoins(const struct mr_manifest *manifest);
/* Was anything left out that should not have been? */
bool mr_manifest_is_incomplete(const struct mr_manifest *manifest);
/* Of who makes the plan: 4 incomplete, 1 conflicts are open, 0. */
int mr_manifest_exit(const struct mr_manifest *manifest);

#endif
