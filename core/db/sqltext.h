/*
 * sqltext: the only place that puts identifiers and values into SQL text.
 *
 * Texts are valid under any sql_mode (ANSI_QUOTES, NO_BACKSLASH_ESCAPES) and connection
 * charset: identifiers in backticks, strings as hex literals with a charset introducer,
 * numbers in digits.
 */
#ifndef MR_SQLTEXT_H
#define MR_SQLTEXT_H

#include "core/base/strbuf.h"
#include "core/row/row.h"

/* `o``dd` */
void mr_sql_ident(struct mr_strbuf *sql, const char *name);
/* `db`.`table` */
void mr_sql_table(struct mr_strbuf *sql, const char *db, const char *table);
/* Of the catalogue's "user@host": `user`@`host`; of a role's, which has no host, `role`. */
void mr_sql_definer(struct mr_strbuf *sql, const char *definer);
/* What switches an event on.  ALTER EVENT makes whoever runs it the definer, unless it names one, and
 * keeps the session's collation. */
void mr_sql_enable_event(struct mr_strbuf *sql, const char *db, const char *event,
                         const char *definer, const char *collation);
/* A UTF-8 string as a literal: 'plain' when it holds only printable ASCII without ' and
 * \, else _utf8mb4 x'…'. */
void mr_sql_string(struct mr_strbuf *sql, const char *str);

/*
 * A value as a literal that compares exactly with a column of that class:
 *   numbers in digits (a double with 17 digits and an exponent, so that it is a double
 *   literal), decimals as they are, temporal values as quoted text, TEXT as
 *   _<charset> x'…' (exact bytes, the column's collation decides), ENUM by its index
 * when the value is INT or UINT, else as TEXT, binary and geometry as x'…' ('' when
 * empty), NULL as NULL. charset: the bytes' charset name as the server writes it
 * ("utf8mb4", "cp932"); NULL for non-character values (text without one is x'…' and
 * compares by its bytes).  JSON is utf8mb4.
 *
 * A long value (row.h) is not read here: encode and decode it first.  Given one, or
 * what is no value at all (letters in a decimal, a charset that is no name), the text
 * is marked failed.  Zero dates need a session whose sql_mode is without NO_ZERO_DATE
 * and NO_ZERO_IN_DATE: with them MySQL refuses the literal (1525).
 */
void mr_sql_value(struct mr_strbuf *sql, const struct mr_value *value, const char *charset);
/* Are the ASCII characters of that charset one byte each? */
bool mr_sql_charset_is_narrow(const char *charset);
/* A value as mr_sql_value() has it, but text that is nothing but printable ASCII without ' and \ stands as it is behind its
 * charset, _utf8mb4 'plain', in half of the bytes.  Of a charset whose ASCII is wider (utf16) it
 * never does, nor without a charset. */
void mr_sql_value_short(struct mr_strbuf *sql, const struct mr_value *value, const char *charset);

#endif
