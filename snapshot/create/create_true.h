/*
 * create_true: what SHOW CREATE TABLE prints as "?" (snap_true.h), found out by other questions.
 *
 *   mr_create_true_read       of each table, when its columns are planned: asks for the members
 *                             that its rows have, and on MariaDB for its defaults
 *   mr_create_true_text       its CREATE TABLE, put right
 *
 * A member that no row has cannot be asked for: the column is named as left out.  Only a table
 * that prints a "?" where a character of four bytes may stand is asked, and read for it.
 *
 * Ownership: texts are of the run's arena.  Threads: the coordinator.
 */
#ifndef MR_CREATE_TRUE_H
#define MR_CREATE_TRUE_H

#include "snapshot/create/create.h"

/* Sets the table's `trues`, and the types of its columns that are kept. */
enum mr_code mr_create_true_read(struct mr_create *create, struct mr_create_table *table,
                                 struct mr_err *err);
/* Once, at the end: names what stays unknown. */
enum mr_code mr_create_true_text(struct mr_create *create, const struct mr_create_table *table,
                                 const char **out, struct mr_err *err);

#endif
