/*
 * snap_show_dry: what a dry run of a restore says, as text and as JSON lines.
 *
 * Calling sequence: mr_restore_run with dry_run, then one of them.  What is lost, kept or leads into
 * nothing the caller adds as of any restore: as text in `notes`, as lines between put_dry_tables and
 * put_dry_summary.
 *
 * Threads: one.
 */
#ifndef MR_SNAP_SHOW_DRY_H
#define MR_SNAP_SHOW_DRY_H

#include "core/json/jsonw.h"
#include "snapshot/restore/restore.h"

/* Prints all of it to stdout; MR_E_IO where that cannot be written. */
enum mr_code mr_restore_show_dry(const struct mr_restore *restore, const struct mr_strbuf *notes,
                                 bool color, struct mr_err *err);
/* A line for each table and each obstacle; the last line. */
void mr_restore_put_dry_tables(struct mr_jsonw *w, const struct mr_restore *restore);
void mr_restore_put_dry_summary(struct mr_jsonw *w, const struct mr_restore *restore);

/* 5: a restore would be refused; 4: something would be missing, or not as it was; else 0. */
int mr_restore_dry_exit(const struct mr_restore *restore);

#endif
