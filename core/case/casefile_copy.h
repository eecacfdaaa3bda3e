/*
 * casefile_copy: all pages of an open case into another file, as they are at one moment, while
 * somebody may write to it (SQLite's online backup).
 *
 * Threads: those of the connection.
 */
#ifndef MR_CASEFILE_COPY_H
#define MR_CASEFILE_COPY_H

struct sqlite3;

/* Into a new file, of mode 0600, which is a database without a journal then.  A result code of SQLite
 * (SQLITE_CANTOPEN: it is there already, or cannot be made); a failure leaves none. */
int mr_case_copy_pages(struct sqlite3 *from, const char *path);

#endif
