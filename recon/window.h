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
 * global time zone for TIMESTAMP.
 */
#ifndef MR_WINDOW_H
#define MR_WINDOW_H

#include "core/table_config.h"
#include "recon/check.h"

/* Appends the condition (with AND where sql holds one already), and to note what it is. */
enum mr_code mr_window_condition(struct mr_check_run *check, const struct mr_pair *table,
                                 const struct mr_table_config *config,
                                 struct mr_strbuf *sql, struct mr_strbuf *note,
                                 struct mr_err *err);

#endif
