/*
 * rolling: the parts of tables that --rolling reads in turn, as the case keeps them.
 *
 * The ranges of a table tile its key space, each with the slot of the turns in which it is read: that of
 * turn t of N is (t - 1) % N.  They belong to no run, and outlive each.
 *
 * Ownership: keys in arena.  Threads: every function takes the case's lock.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_ROLLING_H
#define MR_ROLLING_H

#include "core/case/findings.h"

struct mr_rolling_range {
    unsigned slot; /* from 0 on, below parts */
    struct mr_range range;
};

struct mr_rolling_table {
    const char *name;  /* "db.t", SOURCE's names */
    const char *order; /* of both sides' keys: in another one the ranges mean nothing */
    unsigned parts;
    uint64_t first; /* the turn in which it was divided so */
};

/* Pushes struct mr_rolling_range; none where the table was not divided so. *first is set where there are. */
enum mr_code mr_rolling_load(struct mr_findings *fd, const struct mr_rolling_table *table,
                             struct mr_arena *arena, uint64_t *first, struct mr_vec *ranges,
                             struct mr_err *err);
/* Replaces what is kept of the table, in one transaction. */
enum mr_code mr_rolling_save(struct mr_findings *fd, const struct mr_rolling_table *table,
                             const struct mr_rolling_range *ranges, size_t count,
                             struct mr_err *err);
/* The last finished run that had a turn: *parts 0 where there is none. */
enum mr_code mr_rolling_last(struct mr_findings *fd, unsigned *parts, uint64_t *turn,
                             struct mr_err *err);
/* When the last finished run began that had that turn of so many parts; NULL: there is none. */
enum mr_code mr_rolling_began(struct mr_findings *fd, unsigned parts, uint64_t turn,
                              struct mr_arena *arena, const char **started, struct mr_err *err);

#endif
