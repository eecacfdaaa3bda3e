/*
 * sqlpurpose: what a statement is for, in a few words, for messages about one that does
 * not end: `reading "information_schema.EVENTS"`, `"SHOW CREATE TABLE"`.
 *
 * Of the statement only names and keywords are shown, never a value.  Threads: any.
 */
#ifndef MR_SQLPURPOSE_H
#define MR_SQLPURPOSE_H

#include <stddef.h>

#include "core/base/strbuf.h"

/* Appends it; the text may be cut off anywhere. */
void mr_sqlpurpose(struct mr_strbuf *out, const char *text, size_t len);

#endif
