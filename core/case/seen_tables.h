/*
 * seen_tables: which tables each side had when a part of a fleet had read its last row, and of what columns.
 *
 * A part reads some tables of a pair, and one of them compares the objects: a table that came, went or was altered
 * between the two is another for one than for the other, and each by itself sees nothing of that.
 *
 * All of the current run.  Tables of the case are made on demand: cases of earlier versions know nothing of it.
 *
 * Ownership: texts in arena.  Threads: every function takes the case's lock.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_SEEN_TABLES_H
#define MR_SEEN_TABLES_H

#include "core/case/findings.h"

struct mr_seen_table {
    const char *name;    /* "db.t", as SOURCE calls it */
    const char *columns; /* a digest of them */
};

/* The order of lists, for qsort(). */
int mr_seen_tables_by_name(const void *a, const void *b);
/* Of a side, sorted by name: replaces what is kept. */
enum mr_code mr_seen_tables_save(struct mr_findings *fd, int side,
                                 const struct mr_seen_table *tables, size_t count,
                                 struct mr_err *err);
/* A digest of all of them, to be compared before they are read; NULL: nothing is kept. */
enum mr_code mr_seen_tables_digest(struct mr_findings *fd, int side, struct mr_arena *arena,
                                   const char **digest, struct mr_err *err);
/* Pushes struct mr_seen_table, sorted by name. */
enum mr_code mr_seen_tables(struct mr_findings *fd, int side, struct mr_arena *arena,
                            struct mr_vec *tables, struct mr_err *err);

#endif
