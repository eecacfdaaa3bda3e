/*
 * snap_charset: texts of a server's character sets as UTF-8, and back, without a server.
 *
 *   mr_snap_charset_open → mr_snap_charset_convert … → mr_snap_charset_close
 *
 * The C library converts.  latin1 is Windows' code page 1252, in which the five bytes that
 * it leaves out are control characters, as the servers have it.  What cannot be converted
 * becomes "?", as in theirs.
 *
 * Errors: MR_E_UNSUPPORTED for a character set that the C library does not know.  Threads:
 * a converter belongs to one.
 */
#ifndef MR_SNAP_CHARSET_H
#define MR_SNAP_CHARSET_H

#include "core/base/err.h"
#include "core/base/strbuf.h"

struct mr_snap_charset;

/* Of utf8mb4, utf8mb3 and ascii the converter copies. */
enum mr_code mr_snap_charset_open(const char *charset, bool to_utf8, struct mr_snap_charset **out,
                                  struct mr_err *err);
/* Appends.  *lost (or NULL) becomes true where a "?" stands for what is no character. */
enum mr_code mr_snap_charset_convert(struct mr_snap_charset *charset, const void *ptr, size_t len,
                                     struct mr_strbuf *out, bool *lost, struct mr_err *err);
void mr_snap_charset_close(struct mr_snap_charset *charset); /* NULL is fine */

#endif
