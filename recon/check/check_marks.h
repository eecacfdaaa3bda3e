/*
 * check_marks: is the table of a name still the table that it was?
 *
 *   mr_check_marks_begin    of all tables, before the first row
 *   mr_check_marks_resume   of one that an earlier try of the run has begun to read
 *   mr_check_marks_look     of one, when some of its rows were read, or read again
 *   mr_check_marks_seen     of one, when a segment of it was read
 *   mr_check_marks_end      of all tables, when no more row is read: what has changed
 *                           meanwhile is not checked
 *
 * What tells is core/schema/table_marks.  A table whose time stood still until all of it was
 * read, and that has no findings, is as it was read, whatever becomes of it later; of others
 * the marks of the end decide, and where those cannot be had, they are not checked.
 *
 * One that changes places and comes back, as a migration that is taken back, is at the end what
 * it was at the beginning, so that its time is looked at now and then while rows are read.
 *
 * At the beginning InnoDB's numbers are asked for, and when a table was made is what the catalogue of
 * the plan was told; of tables without numbers that is asked for, too.
 *
 * One statement a side at the beginning, or two, one for each MR_CHECK_LOOK_S of a table's reading,
 * one a segment of more than one chunk, and two a side at the end.  Threads: begin and end are
 * the coordinator's, look and seen a worker's.
 */
#ifndef MR_CHECK_MARKS_H
#define MR_CHECK_MARKS_H

#include "recon/check/check.h"
#include "recon/check/check_scan.h"

#define MR_CHECK_LOOK_S 0.2

enum mr_code mr_check_marks_begin(struct mr_check_run *check, struct mr_err *err);
/* *same: it is the table that rows were read of, or nothing is known of those (then what it
 * is now is kept, for the next try).  Not so of what some parts of a fleet have found in it.  known: rows
 * were read of it. */
enum mr_code mr_check_marks_resume(struct mr_check_run *check, const struct mr_pair *table,
                                   bool known, bool *same, struct mr_err *err);
/* Of a table that another part of a fleet reads: what its columns are is kept, where this part compares the
 * objects, so that the merge can tell whether it was read as it was compared.  Nothing is decided of it so
 * far. */
enum mr_code mr_check_marks_shown(struct mr_check_run *check, struct mr_pair *table,
                                  struct mr_err *err);
/* With --resume: tables of the earlier try that are on both sides no more are forgotten, and told as any
 * other table that one side alone has. */
enum mr_code mr_check_marks_forget_gone(struct mr_check_run *check, struct mr_err *err);
/* Is it the table that another run of the case has read, under that id?  Of a table that nothing is kept
 * of nothing tells otherwise. */
enum mr_code mr_check_marks_are_of(struct mr_check_run *check, const struct mr_pair *table,
                                   int64_t id, bool *same, struct mr_err *err);
/* Appends a digest of its columns, as a definition says them. */
void mr_check_add_columns(const struct mr_table *table, struct mr_strbuf *out);
/* Types and collations of the key's columns, by which chunks are cut: in another order what was read
 * says nothing.  In the run's arena; NULL: no memory. */
const char *mr_check_key_order(struct mr_check_run *check, const struct mr_pair *table,
                               enum mr_side side);
void mr_check_marks_look(struct mr_check_run *check, const struct mr_pair *table);
void mr_check_marks_seen(struct mr_check_worker *worker, const struct mr_scan_task *task);
enum mr_code mr_check_marks_end(struct mr_check_run *check, struct mr_err *err);

#endif
