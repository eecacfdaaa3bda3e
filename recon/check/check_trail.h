/*
 * check_trail: of thousands of small tables the catalogues of the end are read behind their rows.
 *
 * What such tables cost a MariaDB, or a MySQL before 8.0, is that it opens them, and it keeps so many
 * open.  A catalogue that is read when all rows are has nearly all tables opened once more; one that
 * follows the rows, slice by slice, finds them open.  Of each table it is read when the last of its rows
 * were, on that side, so it proves what the one of the end would: that the table was not altered
 * meanwhile.
 *
 *   begin → expect… → start → { done for each segment that was read }… → end → take
 *
 * It is believed only where nothing differs: where a row is suspected it is read again later, so that
 * the catalogue has to be younger than that, and is read in the end as for any other run (spoil).  So it
 * is where a side's slices do not fit together (struct mr_catalogue_opts), where it was refused a
 * connection more, and of whatever else fails here: the reading in the end says so by itself.
 *
 * Threads: begin, end and take the coordinator's; done and spoil any worker's.  A run without a trail
 * (check->trail NULL) takes all of these calls.
 */
#ifndef MR_CHECK_TRAIL_H
#define MR_CHECK_TRAIL_H

#include "recon/check/check.h"

/* Where it pays, and may be: both sides are servers that open tables to tell of them, all tables are to be
 * read, at least `least` of them (a segment each, or a few), and are small together.  pairs: struct
 * mr_db_pair; these live to the end. */
enum mr_code mr_check_trail_begin(struct mr_check_run *check, const struct mr_vec *pairs,
                                  size_t least, struct mr_err *err);
/* One more segment of the table is to be read. */
void mr_check_trail_expect(struct mr_check_run *check, const struct mr_pair *table);
/* Before the first worker. */
void mr_check_trail_start(struct mr_check_run *check);
/* A segment was read, or given up.  Waits where the rows are so far ahead that tables are closed before the catalogues
 * come to them; never for a catalogue that waits for rows, and for a second at most. */
void mr_check_trail_done(struct mr_check_run *check, const struct mr_pair *table);
/* Rows are suspected. */
void mr_check_trail_spoil(struct mr_check_run *check);
/* All rows were read, or (failed) they will not be.  Nothing of it runs afterwards. */
void mr_check_trail_end(struct mr_check_run *check, bool failed);
/* What nobody has taken. */
void mr_check_trail_drop(struct mr_check_run *check);
/* Hands the catalogues over, once, where there are both; false: there are none. */
bool mr_check_trail_take(struct mr_check_run *check, struct mr_catalogue *cat[MR_SIDES]);

#endif
