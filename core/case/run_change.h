/*
 * run_change: what a run kept so that the next one may read what changed since, and nothing else.
 *
 *   mr_run_places_save    of every run that is kept, before its first row is read, and behind its last
 *   mr_run_change_save    of one that reads what changed: since when, and which turn it has
 *   mr_table_proof_save   of each of its tables: how it was read, and why
 *
 * All of the current run.  Tables are made on demand, so that cases of earlier versions stay usable: they
 * know no places, and no proofs.
 *
 * Ownership: texts in arena.  Threads: every function takes the case's lock.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_RUN_CHANGE_H
#define MR_RUN_CHANGE_H

#include "core/case/findings.h"
#include "core/db/log_place.h"

enum mr_run_moment {
    MR_RUN_BEGAN, /* before its first row was read */
    MR_RUN_ENDED  /* behind its last one */
};

/* Of each side, of which many servers that are one source have one each (MR_FINDINGS_SHARD).  why is set where there is
 * none. */
enum mr_code mr_run_places_save(struct mr_findings *fd, enum mr_run_moment moment,
                                const struct mr_log_place *places, size_t count,
                                struct mr_err *err);
/* Of a side that nothing is kept of log and why are NULL. */
enum mr_code mr_run_places(struct mr_findings *fd, enum mr_run_moment moment,
                           struct mr_arena *arena, struct mr_log_place *places, size_t count,
                           struct mr_err *err);

struct mr_run_change {
    int64_t base;      /* the run since which changes were read */
    const char *since; /* when that one began: UTC, ISO 8601 */
    unsigned parts;    /* of the rolling part; 0: there is none */
    uint64_t turn;     /* counted on from run to run while `parts` stays: from 1 on; 0: none yet */
    const char *note;  /* whose log stands for another's: a sentence; or NULL */
};
enum mr_code mr_run_change_save(struct mr_findings *fd, const struct mr_run_change *change,
                                struct mr_err *err);
/* *found false: the run has read everything. */
enum mr_code mr_run_change(struct mr_findings *fd, struct mr_arena *arena,
                           struct mr_run_change *change, bool *found, struct mr_err *err);

enum mr_read_how {
    MR_READ_WHOLE = 1, /* all of its rows */
    MR_READ_KEYS,      /* rows that logs, or the run before, name */
    MR_READ_TURN       /* the same, and this turn's part of the others */
};
struct mr_table_proof {
    enum mr_read_how how;
    const char *why; /* it is whole; else NULL */
    uint64_t keys;   /* that were looked up */
    const char
        *proved; /* each of its rows was read and compared by a run that began then or later */
};
enum mr_code mr_table_proof_save(struct mr_findings *fd, int64_t table,
                                 const struct mr_table_proof *proof, struct mr_err *err);
/* *found false: all of its rows were read by its run, or nothing is known of it. */
enum mr_code mr_table_proof(struct mr_findings *fd, int64_t table, struct mr_arena *arena,
                            struct mr_table_proof *proof, bool *found, struct mr_err *err);

/* Were only some of its rows read?  For queries of one's own: the case's lock is not taken. */
enum mr_code mr_table_is_part(struct mr_case *cf, int64_t table, bool *is_part, struct mr_err *err);

#endif
