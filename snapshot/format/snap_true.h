/*
 * snap_true: CREATE TABLE with what servers print as "?".
 *
 * SHOW CREATE TABLE tells members of ENUM and SET, and MariaDB literal defaults, in three bytes a
 * character at most: a character of four, such as an emoji, is a "?" whatever character set is
 * asked for.  Made so, a table holds "?" where the other one holds what was meant.
 *
 * Ownership: texts are the caller's.  Threads: no state.
 */
#ifndef MR_SNAP_TRUE_H
#define MR_SNAP_TRUE_H

#include "core/base/strbuf.h"

/* A column, and what is to stand in its definition. */
struct mr_snap_true {
    const char *name;
    const char *type;   /* "enum('a','b')", or NULL: as it is printed */
    const char *preset; /* what its DEFAULT is, UTF-8, without quotes; or NULL */
};

/* Appends the statement with the columns' types and literal defaults put right. */
void mr_snap_true_add(struct mr_strbuf *out, const char *create, const struct mr_snap_true *columns,
                      size_t count);

/* Appends a type whose members are these texts. */
void mr_snap_true_type(struct mr_strbuf *out, bool is_set, const char *const *members,
                       size_t count);

#endif
