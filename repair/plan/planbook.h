/*
 * planbook: which plans were made for a case, and which ids they reserve.
 *
 * A plan is recorded before its directory gets its name, in one transaction with all of
 * its blocks, so that no two plans of a case can take the same ids.  The counters that it
 * saw are recorded with it: the first ones tell later plans where the histories parted.
 *
 * Ownership: texts that are read live in the arena given.  Errors: MR_E_CASE, MR_E_NOMEM.
 * Threads: every function takes the case's lock itself.
 */
#ifndef MR_PLANBOOK_H
#define MR_PLANBOOK_H

#include "core/case/findings.h"

struct mr_plan_record {
    int64_t id; /* set by mr_planbook_add */
    const char *uuid, *policy, *created, *dir;
    const char *source, *target; /* no passwords */
    const char *uri[2];          /* the same with options, or NULL */
    int64_t run;                 /* that it was planned from; 0: none */
};

struct mr_plan_block {
    const char *table, *target_table; /* "db.t" */
    const char *column;
    const char *sequence; /* "db.s", NULL: AUTO_INCREMENT */
    uint64_t next[2], greatest[2];
    uint64_t from, to; /* [from, to) */
    uint64_t reseed_to;
};

/* The state is "proposed" until mr_planbook_finish says that the directory is there. */
enum mr_code mr_planbook_add(struct mr_findings *fd, struct mr_plan_record *plan,
                             const struct mr_plan_block *blocks, size_t count, struct mr_err *err);
/* Blocks of a plan that was added without, within the caller's transaction. */
enum mr_code mr_planbook_add_blocks(struct mr_findings *fd, int64_t plan,
                                    const struct mr_plan_block *blocks, size_t count,
                                    struct mr_err *err);
enum mr_code mr_planbook_finish(struct mr_findings *fd, int64_t plan, struct mr_err *err);
/* Forgets a plan whose directory could not be written. */
enum mr_code mr_planbook_remove(struct mr_findings *fd, int64_t plan, struct mr_err *err);

/* The latest block of that counter that a plan for this target reserved; *plan is its
 * plan's uuid, NULL where there is none. */
enum mr_code mr_planbook_last_block(struct mr_findings *fd, const char *target, const char *table,
                                    const char *column, struct mr_arena *arena,
                                    struct mr_plan_block *block, const char **plan,
                                    struct mr_err *err);
/* This target's next value of that counter when the case first recorded it, by a run or by a
 * plan; *found false: never.  target: NULL: of any. */
enum mr_code mr_planbook_first_next(struct mr_findings *fd, const char *target, const char *table,
                                    const char *column, uint64_t *next, bool *found,
                                    struct mr_err *err);
/* Endpoints of the latest plan of that policy (NULL: of any), with their options; both NULL
 * where there is none. */
enum mr_code mr_planbook_endpoints(struct mr_findings *fd, const char *policy,
                                   struct mr_arena *arena, const char *uris[2], struct mr_err *err);

#endif
