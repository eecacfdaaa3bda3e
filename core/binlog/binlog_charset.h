/*
 * binlog_charset: character sets of columns, as table maps name them (by a collation's number).
 *
 * "utf8" is "utf8mb3" throughout: servers call it by either name.
 *
 * Threads: results are constants, and there is no state.
 */
#ifndef MR_BINLOG_CHARSET_H
#define MR_BINLOG_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/strbuf.h"

/* Name of the character set, "binary" for 63; NULL: a number that is not known. */
const char *mr_binlog_charset_of(uint32_t collation);
bool mr_binlog_charset_same(const char *a, const char *b);
/* Bytes of the widest character; 0: a character set that is not known. */
unsigned mr_binlog_charset_width(const char *charset);
/* Appends UTF-8 in that character set.  False where it cannot be done here: a character that it does
 * not have, or a set of which only ASCII is known and the text is not that. */
bool mr_binlog_charset_add(struct mr_strbuf *out, const char *charset, const char *utf8,
                           size_t len);
/* May texts of that character set be turned into UTF-8 here? */
bool mr_binlog_charset_has_utf8(const char *charset);
/* Appends a text of such a character set as CONVERT(… USING utf8mb4) gives it. */
void mr_binlog_charset_add_utf8(struct mr_strbuf *out, const char *charset, const char *bytes,
                                size_t len);

#endif
