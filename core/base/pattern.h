/*
 * pattern: which tables are meant (--tables, --exclude, sections of the configuration).
 *
 * A pattern is `db.table`.  `*` stands for any run of characters, also across the dot
 * between database and table; `?` for one character (of UTF-8), not for that dot.  A
 * pattern without a dot is a table name of any database.  Bytes are compared as they
 * are: case matters.  There is no escape: `?` matches a `*` or `?` in a name.
 *
 * Names are as in the catalogue and may themselves hold dots: `a.b.c` matches table
 * "b.c" of "a" and table "c" of "a.b".  Nothing allocates or fails.  Threads: any.
 */
#ifndef MR_PATTERN_H
#define MR_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Does the pattern mean that table? */
bool mr_pattern_match(const char *pattern, const char *db, const char *table);

/* Included (no include patterns: everything is) and not excluded. */
bool mr_pattern_selects(const char *const *includes, size_t nincludes, const char *const *excludes,
                        size_t nexcludes, const char *db, const char *table);
/* Can a table that nobody has seen be included, of a database that was (else of one that
 * was not)?  Not where each include pattern spells the name out. */
bool mr_pattern_is_open(const char *const *includes, size_t nincludes, bool db_is_known);

#endif
