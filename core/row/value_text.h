/*
 * value_text: values as people and JSON see them.
 *
 * Numbers, decimals, dates and bits become text (a double the shortest that reads back
 * to the same bits: FLOAT columns with up to 9 digits, DOUBLE with up to 17); text
 * stays what it is if it is UTF-8; binary and geometry become hex.  A double is written
 * without an exponent where the servers' clients do so: from 1e-15 up to 1e15.
 *
 * A long value (row.h) is not read here: encode and decode it first.  Given one, or out
 * of memory, the buffer is marked failed.  LC_NUMERIC must be "C".  Threads: no state.
 */
#ifndef MR_VALUE_TEXT_H
#define MR_VALUE_TEXT_H

#include "core/row/row.h"

/*
 * How a column's values are shown.  `cls` is the column's class (tells FLOAT from
 * DOUBLE, UINT from INT), `decimals` the fractional digits of a temporal column (0..6)
 * or the scale of a DECIMAL; of an unsigned number the least digits (4 of a YEAR).
 */
struct mr_value_style {
    enum mr_class cls;
    unsigned decimals;
};

/*
 * Appends the text of a number, decimal, bit, temporal or text value.  For BINARY and
 * GEOMETRY appends hex digits.  NULL appends "NULL".
 */
void mr_value_to_text(struct mr_strbuf *out, const struct mr_value *value,
                      struct mr_value_style style);
/* Appends a double as the servers' own conversion has it: the fewest digits that read back, without
 * an exponent from 1e-15 up to 1e15, and beyond where there are digits behind the point. */
void mr_value_add_double(struct mr_strbuf *out, double d);
/*
 * Appends the value as JSON: null, a string (with escapes), or {"hex":"…"} for BINARY,
 * GEOMETRY and for text that is not valid UTF-8.
 */
void mr_value_to_json(struct mr_strbuf *out, const struct mr_value *value,
                      struct mr_value_style style);
/* For a terminal: as text, strings in '' with control characters escaped (\n, \0,
 * \x1b), binary as 0x…, cut to max_width columns (at least MR_VALUE_MIN_WIDTH) with "…"
 * in the middle of long values. */
#define MR_VALUE_MIN_WIDTH 8
void mr_value_to_screen(struct mr_strbuf *out, const struct mr_value *value,
                        struct mr_value_style style, size_t max_width);
/* The same of two values that differ, each into a buffer of its own.  Where both would look
 * alike, because what differs gives way, each is shown from shortly before that place on,
 * behind a "…". */
void mr_value_pair_to_screen(struct mr_strbuf *a_out, struct mr_strbuf *b_out,
                             const struct mr_value *a, const struct mr_value *b,
                             struct mr_value_style style, size_t max_width);

#endif
