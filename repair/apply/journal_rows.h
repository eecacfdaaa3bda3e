/*
 * journal_rows: how a line of the journal lists rows, and what is asked of such a list.
 *
 * A row is texts behind one another, each with its length in bytes in front ("4:db.t2:17"):
 * TARGET's table, and its key.  A row that stood as planned has how it was planned in front
 * of the key ("4:db.t4:i:17"), one that a trigger wrote has its digest (fired.h) behind it, one
 * of which the columns were looked at has those that a trigger changed (fired_beside.h).
 * A list ends where it is no such text: what a journal says may lie.
 *
 * Ownership: texts point into the list.  Threads: plain data.
 */
#ifndef MR_JOURNAL_ROWS_H
#define MR_JOURNAL_ROWS_H

#include "core/base/err.h"
#include "core/base/strbuf.h"
#include "core/base/vec.h"

struct mr_journal_text {
    const char *ptr; /* no NUL behind it */
    size_t len;
};

/* Append a row.  op: 'i', 'u' or 'd'. */
void mr_journal_add_left_out(struct mr_strbuf *out, const char *table, const char *key);
void mr_journal_add_found(struct mr_strbuf *out, const char *table, char op, const char *key);
void mr_journal_add_fired(struct mr_strbuf *out, const char *table, const char *key,
                          const char *digest);
/* columns: their names, or "". */
void mr_journal_add_beside(struct mr_strbuf *out, const char *table, const char *key,
                           const char *columns);

/* The next text; false at the end of the list. */
bool mr_journal_next_text(const char **at, struct mr_journal_text *text);

/* Of rows of table and key; a list may be NULL. */
bool mr_journal_rows_have(const char *list, const char *row, size_t len);
uint64_t mr_journal_rows_count(const char *list);
/* Appends what both lists have. */
void mr_journal_rows_common(struct mr_strbuf *out, const char *list, const char *other);
/* Adds each to a vector of struct mr_journal_text. */
enum mr_code mr_journal_rows_add(struct mr_vec *rows, const char *list, struct mr_err *err);
/* Such a vector, sorted once, is asked for many rows. */
void mr_journal_rows_sort(struct mr_vec *rows);
bool mr_journal_rows_find(const struct mr_vec *rows, const char *row, size_t len);
/* Leaves of a list what the other has, too. */
enum mr_code mr_journal_keep_found(struct mr_strbuf *list, const char *other, struct mr_err *err);

#endif
