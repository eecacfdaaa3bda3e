/*
 * schema_norm: the many spellings of one definition, brought to one.
 *
 * MariaDB and MySQL, and versions of each, print the same DDL differently: display
 * widths, now() and CURRENT_TIMESTAMP, quoted and raw defaults, parentheses, character
 * set introducers, aliases of functions.  The functions here give a normal form: texts
 * of one definition become equal, and texts of two definitions stay different.  What
 * the normal form cannot express it leaves as it is, so an unknown spelling shows as a
 * difference, never as equality.
 *
 * Ownership: results are appended to the caller's buffer.  Errors: only memory, kept in
 * the buffer (mr_strbuf_check).  Threads: any.
 */
#ifndef MR_SCHEMA_NORM_H
#define MR_SCHEMA_NORM_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/strbuf.h"
#include "core/row/row.h"

/* COLUMN_TYPE: lower case outside quotes, no display width (but of zerofill), no
 * comments, geomcollection as geometrycollection, year(4) as year. */
void mr_norm_type(struct mr_strbuf *out, const char *column_type);

/* Is there a '' among the members of ENUM or SET? */
bool mr_norm_has_empty_member(const char *column_type);

/* How a server writes COLUMN_DEFAULT. */
enum mr_default_style {
    MR_DEFAULT_RAW = 1,   /* MySQL, MariaDB before 10.2.7: the value's text */
    MR_DEFAULT_EXPRESSION /* SQL: MariaDB always, MySQL where EXTRA says so */
};
/*
 * A default that exists: a number in shortest form, 'text' quoted, or an expression.
 * "NULL" as an expression is no default: nothing is appended then.  fixed_binary: a
 * column of BINARY(n), whose padding some servers print and others leave out.  own_db:
 * as below.
 */
void mr_norm_default(struct mr_strbuf *out, const char *text, enum mr_default_style style,
                     enum mr_class cls, bool fixed_binary, const char *own_db);

/*
 * An expression or a whole SELECT as servers print them: unquoted words in lower case,
 * one blank between tokens, parentheses by structure alone, no introducers but those that
 * change what the bytes are (_binary, _ucs2 …), one name a function, operands of = and <> in
 * byte order.  own_db (or NULL) is left out where it qualifies a name.  Nested deeper than
 * MR_NORM_DEPTH, or so long that more than MR_NORM_WORK bytes would have to be copied (a chain of
 * some thousand operands), it is only split into tokens.
 */
#define MR_NORM_DEPTH 100
#define MR_NORM_WORK ((size_t)64 * 1024 * 1024)
void mr_norm_expr(struct mr_strbuf *out, const char *text, const char *own_db);

/* The expression as it may be sent: MySQL's catalogue escapes quotes and backslashes. */
void mr_norm_unescape(struct mr_strbuf *out, const char *text);

/*
 * A body stored as its author wrote it (routine, trigger, event): comments (but for hints) and
 * white space outside literals are one blank, a last semicolon goes; case stays, because
 * names may depend on it.  own_db as above.  sql_mode (or NULL): the stored one, which says
 * what quotes and backslashes are.
 */
void mr_norm_body(struct mr_strbuf *out, const char *text, const char *own_db,
                  const char *sql_mode);
/*
 * The same without what MySQL's catalogue undoes: it prints the literals of a body with
 * quotes and escapes resolved ('it''s\n' as 'it's and a line break'), so blanks,
 * quotes, control characters and backslashes are left out.  Only for texts of two
 * flavours that hold such a literal (mr_norm_has_escapes).
 */
void mr_norm_body_loose(struct mr_strbuf *out, const char *text, const char *own_db,
                        const char *sql_mode);
/* Does the text hold a backslash or a doubled quote? */
bool mr_norm_has_escapes(const char *text);

/* A character set or collation: utf8 is utf8mb3. */
void mr_norm_charset(struct mr_strbuf *out, const char *name);

#endif
