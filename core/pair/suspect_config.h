/*
 * suspect_config: the lines of the configuration that declare a reference, for people to
 * paste.
 *
 * Errors: none; a buffer that failed says so itself.  Threads: any.
 */
#ifndef MR_SUSPECT_CONFIG_H
#define MR_SUSPECT_CONFIG_H

#include <stdbool.h>

#include "core/base/strbuf.h"
#include "core/schema/schema.h"

/* A column of SOURCE's table `child` that refers to a key of `parent`. */
struct mr_suspect_line {
    const struct mr_table *child, *parent;
    const char *column, *parent_column;
    const char *type_column, *type; /* only where the one holds the other; NULL: always */
    bool unlike; /* not of the key's type: written as a comment, since it cannot be followed */
    bool either; /* one of several lines of its column, of which one is meant: a comment */
};

/* Appends "[table …]" and a line for each; all are of one child.  False if the
 * configuration cannot say it (a line break in a name). */
bool mr_suspect_config(struct mr_strbuf *out, const struct mr_suspect_line *lines, size_t count);

#endif
