/*
 * fired: rows that triggers of TARGET write while apply runs, known again by undo.
 *
 * A trigger's row is none of the plan's, so that it keeps what it refers to.  Which rows are
 * triggers' is seen in the unit's transaction, when all is written and nothing committed:
 * a row above the greatest key of before, that the plan does not insert, and that a second
 * session does not see.  Nobody else can see or refer to it yet, and whatever another
 * session has committed the second one sees.  Looked at: tables of the plan whose key is one
 * AUTO_INCREMENT column.  The journal keeps key and digest of each.
 *
 * Calling sequence, of an apply that lets triggers fire: new; for each unit begin; in each
 * try before, after; and list when it is committed.
 *
 * What cannot be told is not taken for a trigger's: where the second session cannot be had,
 * or is led to another server than ours, that is warned of once, and nothing is listed.
 *
 * Errors: those of db.h, of the first session only.  Memory: 72 bytes a row of the unit.
 * Threads: one.
 */
#ifndef MR_FIRED_H
#define MR_FIRED_H

#include "repair/apply/staged.h"
#include "repair/apply/target.h"

struct mr_fired;

/* staged: of the unit at hand; outlives it.  *out NULL: there is no such table. */
enum mr_code mr_fired_new(const struct mr_target *target, const char *run_tag,
                          const struct mr_planned *planned, const struct mr_staged *staged,
                          struct mr_fired **out, struct mr_err *err);
void mr_fired_free(struct mr_fired *fired); /* NULL is fine */

void mr_fired_begin(struct mr_fired *fired);
/* lost: an earlier try of the unit may have been committed; else it was rolled back. */
enum mr_code mr_fired_before(struct mr_fired *fired, bool lost, struct mr_err *err);
enum mr_code mr_fired_after(struct mr_fired *fired, struct mr_err *err);
/* Appends the rows of every try that may have been committed, as struct mr_journal_unit has
 * them. */
void mr_fired_list(const struct mr_fired *fired, struct mr_strbuf *list);

/* ---- what both sides of it have in common ---- */

#define MR_FIRED_KEY_SIZE 24    /* with a NUL, as is the next */
#define MR_FIRED_DIGEST_SIZE 33 /* mr_fired_sql_digest */

/* As mr_db_query. */
enum mr_code mr_fired_ask(struct mr_db *db, const char *shape, const struct mr_strbuf *sql,
                          struct mr_result **res, struct mr_err *err);
/* Appends the value of a column of row `alias`, in hexadecimal digits; of NULL, '-'. */
void mr_fired_sql_value(struct mr_strbuf *sql, const struct mr_planned_column *column,
                        const char *alias);
/* Appends the digest of row `alias`: 32 hexadecimal digits over all columns of the plan. */
void mr_fired_sql_digest(struct mr_strbuf *sql, const struct mr_planned_table *table,
                         const char *alias);

#endif
