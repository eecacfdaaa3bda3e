/*
 * trigger_writes: what a trigger writes, and to which tables, by its text.
 *
 *   struct mr_trigger_writes writes;
 *   mr_trigger_writes_init(&writes, body);
 *   while (mr_trigger_writes_next(&writes)) …
 *   mr_trigger_writes_release(&writes);
 *
 * Found are INSERT, REPLACE, UPDATE, DELETE with a table's name (of several tables the
 * first), the UPDATE of ON DUPLICATE KEY, and CALL with a routine's, outside of comments and
 * strings.  What a routine writes, or a text that is prepared, is not.  The body must stay.
 * Threads: one a trigger_writes.
 */
#ifndef MR_TRIGGER_WRITES_H
#define MR_TRIGGER_WRITES_H

#include "core/base/strbuf.h"
#include "core/db/sqlscan.h"

enum mr_trigger_verb {
    MR_TRIGGER_INSERTS = 1,
    MR_TRIGGER_REPLACES,
    MR_TRIGGER_UPDATES,
    MR_TRIGGER_DELETES,
    MR_TRIGGER_CALLS
};

struct mr_trigger_writes {
    enum mr_trigger_verb verb;
    struct mr_strbuf db, table; /* db: empty where none is named */
    struct mr_token words[2];   /* private, as is this: the last two */
    struct mr_sqlscan scan;
};

void mr_trigger_writes_init(struct mr_trigger_writes *w, const char *body);
/* False: there is no further one; look at the strbufs for want of memory. */
bool mr_trigger_writes_next(struct mr_trigger_writes *w);
void mr_trigger_writes_release(struct mr_trigger_writes *w);

#endif
