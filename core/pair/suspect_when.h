/*
 * suspect_when: does a row meet the condition of a reference that is declared for a column?
 *
 * A reference `when` covers the rows that meet its condition; a type that it misspells is
 * declared by nobody.  Where only a server can judge the condition every row counts as met.
 *
 *   mr_suspect_when_open → mr_suspect_when_holds for each row → mr_suspect_when_release
 *
 * Ownership: the table must outlive it.  Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_SUSPECT_WHEN_H
#define MR_SUSPECT_WHEN_H

#include "core/pair/pair.h"

struct mr_suspect_when {
    struct mr_vec conditions;
    bool always;
};

/* Of the column of that name. */
enum mr_code mr_suspect_when_open(struct mr_suspect_when *when, const struct mr_pair *table,
                                  const char *column, struct mr_err *err);
/* values: of the table's columns, SOURCE's. */
enum mr_code mr_suspect_when_holds(struct mr_suspect_when *when, const struct mr_value *values,
                                   bool *holds, struct mr_err *err);
void mr_suspect_when_release(struct mr_suspect_when *when);

#endif
