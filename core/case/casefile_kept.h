/*
 * casefile_kept: prepared statements that nobody uses at the moment, by their text.  To prepare one
 * takes SQLite ten times as long as to run it, and what a check does of each table is the same for
 * thousands of them.
 *
 *   take → (prepare, where there was none) → … → keep, in place of sqlite3_finalize
 *
 * SQLite prepares a statement anew by itself where the schema has changed since.  Any thread may
 * call; a statement is one caller's from take to keep.
 */
#ifndef MR_CASEFILE_KEPT_H
#define MR_CASEFILE_KEPT_H

#include <pthread.h>
#include <stdint.h>

#define MR_CASE_KEPT 64

struct sqlite3_stmt;

struct mr_case_kept {
    pthread_mutex_t mutex;
    struct {
        uint64_t hash; /* of the text */
        struct sqlite3_stmt *stmt;
    } slots[MR_CASE_KEPT];
    unsigned next; /* whose turn it is to be given up for another one */
};

/* It keeps none. */
void mr_case_kept_init(struct mr_case_kept *kept);
/* Finalizes all: before the database is closed. */
void mr_case_kept_clear(struct mr_case_kept *kept);
/* Finalizes all, too; nobody calls from then on. */
void mr_case_kept_destroy(struct mr_case_kept *kept);
/* NULL: none of that text is kept. */
struct sqlite3_stmt *mr_case_kept_take(struct mr_case_kept *kept, const char *sql);
/* It is reset and its bindings are cleared. */
void mr_case_kept_keep(struct mr_case_kept *kept, struct sqlite3_stmt *stmt);

#endif
