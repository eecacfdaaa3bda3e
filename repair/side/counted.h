/*
 * counted: what a counter hands out, as a signed integer of the same order.
 *
 * A BIGINT UNSIGNED counter goes up to 2^64-1, and SQLite's integers end at 2^63-1.  So the
 * number of a row is kept as its ORDER: of a signed column the number itself, of an unsigned
 * one the number with its top bit flipped.  Orders of one table compare as its keys do, in
 * memory and in SQLite; nobody but this module adds to one or prints one.
 *
 * Numbers that the column cannot hold stand as the nearest that it can.
 * Threads: any.  Nothing fails.
 */
#ifndef MR_COUNTED_H
#define MR_COUNTED_H

#include "core/row/row.h"

#define MR_COUNTED_TEXT 24 /* bytes that the text of any number fits */

int64_t mr_counted_of(uint64_t number, bool is_unsigned);
/* Of an integer; of anything else that of 0. */
int64_t mr_counted_of_value(const struct mr_value *value, bool is_unsigned);
/* Digits, with a sign where it is negative; *end (may be NULL) is where they end. */
int64_t mr_counted_of_text(const char *text, bool is_unsigned, char **end);

/* Back again: INT or UINT; the number, 0 where it is negative; its digits. */
struct mr_value mr_counted_value(int64_t order, bool is_unsigned);
uint64_t mr_counted_number(int64_t order, bool is_unsigned);
const char *mr_counted_text(int64_t order, bool is_unsigned, char text[MR_COUNTED_TEXT]);

#endif
