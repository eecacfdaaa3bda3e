/*
 * column_default: what a column holds where nobody gave a value.
 *
 * The catalogue has a default as text: 'a literal', a number, or an expression.
 */
#ifndef MR_COLUMN_DEFAULT_H
#define MR_COLUMN_DEFAULT_H

#include "core/base/strbuf.h"
#include "core/schema/schema.h"

/* Replaces *out by the text of a default that is a literal, without quotes.  False: there
 * is none, or it is an expression. */
bool mr_column_default_literal(const struct mr_column *column, struct mr_strbuf *out);

/* Does each row that states no value get the same one, for good: a literal or NULL, by no
 * counter, and kept by later UPDATEs? */
bool mr_column_default_is_fixed(const struct mr_column *column);

/* NULL, or the literal that the column states as its default.  False for a value of which
 * only the length is known. */
bool mr_column_holds_default(const struct mr_column *column, const struct mr_value *value);

#endif
