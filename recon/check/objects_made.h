/*
 * objects_made: in whose name, and under which settings, the bodies of two objects run.
 *
 * The same text is another one under another sql_mode (1||2), with other rights by another
 * definer, and compares otherwise under another collation.  What a side does not tell is no
 * difference.  Errors: only memory, kept in the buffers.  Threads: any.
 */
#ifndef MR_OBJECTS_MADE_H
#define MR_OBJECTS_MADE_H

#include "core/base/strbuf.h"
#include "core/schema/schema.h"
#include "recon/check/objects_text.h"

/* cross: the two come from servers of different flavour, of which modes count that both know,
 * and no collations. */
bool mr_objects_same_made(const struct mr_made_as *a, const struct mr_made_as *b, bool cross);
/* The text of a body that was made so, in its database. */
struct mr_objects_text mr_objects_body_of(const char *text, const char *db,
                                          const struct mr_made_as *made);
/* Appends what of it is not as on the other side, a line each: "\n(definer root@localhost)". */
void mr_objects_add_made(struct mr_strbuf *out, const struct mr_made_as *made,
                         const struct mr_made_as *other, bool cross);

#endif
