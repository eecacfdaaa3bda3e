/*
 * utf8: reading UTF-8 that may be anything, and showing it to people.
 *
 * Valid means as Unicode defines it: no overlong forms, no surrogates, nothing above
 * U+10FFFF.  Text is <ptr,len> and may hold NUL.  Widths are of our own small table,
 * not of wcwidth(), which would tie every thread to the process's locale.  Threads:
 * any.
 */
#ifndef MR_UTF8_H
#define MR_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/base/strbuf.h"

#define MR_UTF8_INVALID UINT32_MAX
#define MR_UTF8_SHOWN_MAX 12 /* bytes that mr_utf8_show_one() writes at most, with NUL */

/* Bytes of the first character (1 to 4) and its code point.  An invalid first byte:
 * 1 and MR_UTF8_INVALID.  len must not be 0. */
size_t mr_utf8_decode(const char *ptr, size_t len, uint32_t *code_point);
bool mr_utf8_is_valid(const char *ptr, size_t len);

/* Columns on a terminal: 2 for wide East Asian characters and emoji, 0 for combining
 * marks, 1 for all else, also for an invalid byte. */
unsigned mr_utf8_char_width(uint32_t code_point);
size_t mr_utf8_width(const char *ptr, size_t len);
/* Bytes of the longest prefix that is at most `columns` wide; whole characters. */
size_t mr_utf8_fit(const char *ptr, size_t len, size_t columns);

/*
 * Showing.  A printable character as it is; \n \r \t and \\ where `quote_backslash`;
 * other controls, invalid bytes, and characters that turn the reading direction or are not
 * seen, as \xNN or \u{NNNN}: a value cannot move the cursor or disguise itself.
 */
/* Consumes one character (bytes returned), writes its form and its length. */
size_t mr_utf8_show_one(const char *ptr, size_t len, bool quote_backslash,
                        char shown[MR_UTF8_SHOWN_MAX], size_t *shown_len);
void mr_utf8_show(struct mr_strbuf *out, const char *ptr, size_t len, bool quote_backslash);
/* The same of a text, with its backslashes as they are. */
void mr_utf8_show_str(struct mr_strbuf *out, const char *text);
/* A text as a word of a POSIX shell (mr_strbuf_add_shell_word), in a command that is shown. */
void mr_utf8_show_word(struct mr_strbuf *out, const char *text);
void mr_utf8_print(FILE *file, const char *text); /* the same; the caller looks at ferror() */

#endif
