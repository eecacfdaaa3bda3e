/*
 * changed_how: must a table be read whole, or are the rows enough that logs and the last run name?
 *
 * Pure: facts in, a reason out.  The list of facts is in the order in which they are told: what says
 * that nothing is known of the table comes before what says that not all is.
 */
#ifndef MR_CHANGED_HOW_H
#define MR_CHANGED_HOW_H

#include <stdbool.h>

struct mr_changed_facts {
    bool was_there;     /* the last run had a table of that name, on both sides */
    bool was_read;      /* … and read it to its end */
    bool same_columns;  /* of the same columns, in one key */
    bool same_settings; /* compared in the same way: where, ignore-columns */
    bool same_table;    /* it is not another one of that name, or made anew */
    bool was_windowed;  /* the last run compared only some of its rows: --where, --since */
    bool is_windowed;   /* a condition chooses its rows: --where, --since, where = */
    const char *log;    /* why logs do not tell of it; NULL: they do */
    bool shares_rows;   /* its engine has rows that are written as another table's (engine.h) */
    bool may_have_torn; /* its engine has no transactions, and its server was restarted */
    /* a key finds its rows, and both sides order them alike */
    bool has_order;
    bool was_equal; /* the last run found nothing in it */
    /* rows of it, which is in partitions, were not to be told: a key may not find what a scan meets */
    bool is_misplaced;
    bool rolls; /* --rolling: some of the rows that nothing names are read, too */
};

/* A clause for people, which lives as long as the facts; NULL: it need not be read whole. */
const char *mr_changed_whole(const struct mr_changed_facts *facts);

#endif
