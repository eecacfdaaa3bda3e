/*
 * table_marks: is the table of a name still the table that it was?
 *
 * A table that another one has changed places with (RENAME TABLE, as tools that alter online
 * end; EXCHANGE PARTITION), or that was made anew (TRUNCATE, OPTIMIZE), may have the definition
 * that it had: what was read before is of another table than what is read after.  Two marks
 * tell: InnoDB's numbers (of each partition), which need PROCESS, and when the server made the
 * table (MariaDB: or altered or renamed it).  The numbers decide, and the times where there
 * are none.
 *
 * To be asked over a connection that is in no view: one may see the catalogue of its moment.
 *
 * Ownership: marks are of the arena.  Threads: those of the connection.
 */
#ifndef MR_TABLE_MARKS_H
#define MR_TABLE_MARKS_H

#include "core/schema/schema.h"

struct mr_table_mark {
    const char *numbers, *time; /* NULL: not known */
};

/* One mark for each table, by two statements.  NULL among the tables: none.  What the server
 * does not show is not known; errors of the connection are reported.  Servers open a table to tell
 * its time, so that none is asked for in vain.  was: what the marks are to be compared with; times that
 * would not be are not asked for.  NULL: marks to begin with; the times of tables whose numbers are
 * known are those that the catalogue was told (mr_table.made_at): numbers decide, times only say where
 * they are worth a look.  Of others the time now is asked for; where it is another than the
 * catalogue's the mark is that of no table. */
enum mr_code mr_table_marks_read(struct mr_db *db, const struct mr_table *const *tables,
                                 size_t count, const struct mr_table_mark *was,
                                 struct mr_arena *arena, struct mr_table_mark *marks,
                                 struct mr_err *err);

/* True only where it is certain: a mark that was not to be had proves nothing. */
bool mr_table_mark_is_other(const struct mr_table_mark *was, const struct mr_table_mark *now);

/* Are these two numbers, or times, of one table?  Lines "partition=number"; a partition that
 * only one of them has was added or dropped. */
bool mr_table_marks_agree(const char *a, const char *b);

#endif
