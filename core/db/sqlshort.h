/*
 * sqlshort: a statement as the log has it: on one line, without its comments, long literals
 * shortened, and no password in it.
 *
 *   SELECT `id` FROM `club`.`members` WHERE `name` = 'Alice Arendt'
 *   INSERT INTO `t` VALUES (1, x'89504e470d0a1a0a'… 20,481 bytes)
 *
 * Names and short values stay, as whoever reads it wants to run it again.  A string behind BY,
 * PASSWORD, AUTH or CONNECTION is left out whole, wherever it stands.  Behind MR_SQLSHORT_BYTES
 * of text it ends in "…", with the bytes that the statement has.
 * Threads: any.
 */
#ifndef MR_SQLSHORT_H
#define MR_SQLSHORT_H

#include <stddef.h>

#include "core/base/strbuf.h"

#define MR_SQLSHORT_BYTES 2000
/* Of a literal, that many bytes are shown. */
#define MR_SQLSHORT_LITERAL_BYTES 64

void mr_sqlshort(struct mr_strbuf *out, const char *text, size_t len);

#endif
