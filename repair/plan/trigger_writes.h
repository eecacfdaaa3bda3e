/*
 * trigger_writes: into which tables a trigger writes, by its text.
 *
 *   const char *at = body;
 *   while (mr_trigger_next_write(&at, &db, &table)) …
 *
 * Found are INSERT and REPLACE with a table's name, outside of comments and strings.  What a
 * routine that is called writes, or a text that is prepared, is not.  Threads: no state.
 */
#ifndef MR_TRIGGER_WRITES_H
#define MR_TRIGGER_WRITES_H

#include "core/base/strbuf.h"

/* db is empty where none is named.  False: there is no further one. */
bool mr_trigger_next_write(const char **at, struct mr_strbuf *db,
                           struct mr_strbuf *table);

#endif
