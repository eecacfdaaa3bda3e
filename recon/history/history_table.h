/*
 * history_table: a table of the case on one side, as its log is to be read: which columns, by which key.
 *
 * Logs are of the side's own columns; findings may compare two types in a common form.  What is kept of a
 * log are the own ones, so that they are what a SELECT of the columns gives on that side; but for texts of two
 * character sets that findings compare as UTF-8: those are turned into it, if both sets are known
 * (binlog_charset.h).  A table whose key findings have in another form that is not known here has no marks that a
 * finding could be looked up by: it is blind.
 *
 * Ownership: all lives in the pairing's arena.  Errors: MR_E_NOMEM.  Threads: read-only once made.
 */
#ifndef MR_HISTORY_TABLE_H
#define MR_HISTORY_TABLE_H

#include "core/case/evidence.h"
#include "core/pair/pair.h"

struct mr_history_table {
    const struct mr_pair *pair;      /* NULL: it cannot be read, see why */
    const struct mr_table *today[2]; /* of each side's catalogue; NULL likewise */
    const size_t *columns[2];        /* per column of the case's table: its place in today's */
    size_t ncolumns;
    /* per column: the character set that its texts are turned into UTF-8 from, on each side; NULL: they are
     * kept as they are */
    const char *const *from[2];
    const size_t *key; /* places of the key's parts among these columns */
    size_t nkey;
    struct mr_readspec read[2]; /* the columns as each side has them, by that key */
    const char *why;            /* why it is blind on both sides; or NULL */
    struct mr_evidence_table evidence;
};

/* find: of the run.  MR_OK also where the table cannot be read: then out->why says so. */
enum mr_code mr_history_table_make(const struct mr_pairing *pairing,
                                   const struct mr_find_table *find, struct mr_history_table *out,
                                   struct mr_err *err);

#endif
