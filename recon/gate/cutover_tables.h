/*
 * cutover_tables: the tables of both servers: their definitions, counters and newest rows.
 *
 *   mr_cutover_read_tables
 *     → mr_cutover_read_schema, mr_cutover_read_counters, mr_cutover_read_rows
 *
 * Of each what is found goes to the list of that name in struct mr_cutover.
 * Errors: as cutover.h.
 */
#ifndef MR_CUTOVER_TABLES_H
#define MR_CUTOVER_TABLES_H

#include "recon/gate/cutover.h"

/* After NEW has caught up once it is at most so far behind again, in seconds. */
#define MR_CUTOVER_AGAIN_S(c) ((c)->opts->wait_s > 5 ? (double)(c)->opts->wait_s : 5.0)

/* Where that is told which keeps a table from being compared. */
struct mr_cutover_findings *mr_cutover_uncompared(struct mr_cutover *c);
/* What of it all is wanted, once NEW has caught up. */
enum mr_code mr_cutover_read_tables(struct mr_cutover *c, struct mr_err *err);

/* Is the table, by OLD's name of it, among those that were asked for? */
bool mr_cutover_selects(const struct mr_cutover *c, const char *db, const char *name);
/* Reads both catalogues, and compares them where that is wanted.  *reached: NEW was at OLD's
 * position in between. */
enum mr_code mr_cutover_read_schema(struct mr_cutover *c, bool *reached, struct mr_err *err);
/* Would NEW's next id meet a key of OLD's, or of its own? */
enum mr_code mr_cutover_read_counters(struct mr_cutover *c, struct mr_err *err);
/* Would a sequence of NEW give what OLD's has given?  *count: how many OLD has. */
enum mr_code mr_cutover_read_sequences(struct mr_cutover *c, size_t *count, struct mr_err *err);
/* Are the last rows of each table the same? */
enum mr_code mr_cutover_read_rows(struct mr_cutover *c, struct mr_err *err);

#endif
