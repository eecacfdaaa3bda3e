/*
 * window: --since TIME as a condition on a table's rows.
 *
 * The columns are the configured time-column (creation) and update-column (last edit); a
 * row is in the window if either is at or after TIME.  Without configuration: columns with
 * ON UPDATE CURRENT_TIMESTAMP or DEFAULT CURRENT_TIMESTAMP, else of the usual names
 * (created_at, updated_at, …).  A table without any is compared whole, and says so.
 *
 * TIME with a zone is that instant for TIMESTAMP columns and its wall clock for DATE and
 * DATETIME; without a zone it is taken as written for DATE and DATETIME, and in TARGET's
 * global time zone for TIMESTAMP.  A DATE does not tell whether its row came before or behind
 * a TIME within that day: it is in the window.
 */
#ifndef MR_WINDOW_H
#define MR_WINDOW_H

#include "core/cli/table_config.h"
#include "core/row/when.h"
#include "recon/check/check.h"

/* One end of a window. */
struct mr_window_end {
    const struct mr_when *when;
    const char *option; /* that gave it, for messages */
    bool before;        /* rows before that time; else at it or later */
};

/* The end as the column's values are read.  target: TARGET's connection, which is asked for
 * its time zone; NULL: it is a snapshot, and MR_E_USAGE where the zone would be needed. */
enum mr_code mr_window_time(struct mr_db *target, const struct mr_column *col,
                            const struct mr_window_end *end, struct mr_time *time,
                            struct mr_err *err);

/* Appends what the column has to be to. */
enum mr_code mr_window_bound(struct mr_db *target, const struct mr_column *col,
                             const struct mr_window_end *end, struct mr_strbuf *sql,
                             struct mr_err *err);

/* Appends the condition (with AND where sql holds one already), and to note what it is. */
enum mr_code mr_window_condition(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct mr_table_config *config, struct mr_strbuf *sql,
                                 struct mr_strbuf *note, struct mr_err *err);

#endif
