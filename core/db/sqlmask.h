/*
 * sqlmask: a statement without the values in it, so that it may be shown or handed on.
 *
 * Strings, numbers and other literals become `?`, comments are left out, white space is
 * one blank.  Names stay: the result says which tables a statement reads and how, not
 * whose rows.  A literal without an end (a statement that was cut off) is masked to the end
 * of the text, and so is what follows one whose end depends on the sql_mode, which is not
 * known: one with a quote behind a backslash.  Text is read as sqlscan.h reads it: "…" is a
 * string.
 * Threads: any.
 */
#ifndef MR_SQLMASK_H
#define MR_SQLMASK_H

#include <stddef.h>

#include "core/base/strbuf.h"

void mr_sqlmask(struct mr_strbuf *out, const char *text, size_t len);

#endif
