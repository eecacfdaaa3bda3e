/*
 * decide_copy: what the policies that copy (backfill, newest, mirror) do with a key, as a pure
 * function over what is known of its rows; see decide.h.
 *
 * Threads: any.  Errors: none.
 */
#ifndef MR_DECIDE_COPY_H
#define MR_DECIDE_COPY_H

#include "repair/decide/decide.h"

enum mr_copy_policy { MR_COPY_MIRROR = 1, MR_COPY_BACKFILL, MR_COPY_NEWEST };

/* What is known of the rows of both sides under one key. */
struct mr_copy_fact {
    bool planned;   /* the table is one that is to be written */
    bool on_source; /* SOURCE has a row */
    bool on_target; /* TARGET has one */
    bool differs;   /* both have, with other values */
    bool same_name; /* by their own columns, both rows are one entity */
    bool several;   /* a side has several rows that the other takes for one key */
    bool newer;     /* newest: SOURCE's row was edited later */
    bool older;     /* newest: TARGET's was */
};

enum mr_copy_deed {
    MR_COPY_LEAVES = 0, /* TARGET's row, or that there is none */
    MR_COPY_KEEPS,      /* a row that only TARGET has: counted */
    MR_COPY_INSERTS,
    MR_COPY_UPDATES,
    MR_COPY_DELETES
};

/* What would be done, and what keeps it from being done. */
struct mr_copy_ruling {
    enum mr_copy_deed deed;
    struct mr_obstacle why;
};
struct mr_copy_ruling mr_decide_copy(const struct mr_copy_fact *f, enum mr_copy_policy policy);

#endif
