/*
 * binlog_decimal: DECIMAL as the servers store it, and its text.
 *
 * Nine digits stand in four bytes, what is left over at either end in as few as hold them, all
 * big-endian; the first bit is inverted, and all bits of a negative number.  JSON holds the same.
 *
 * Ownership: the caller's bytes and buffer.  Threads: no state.
 */
#ifndef MR_BINLOG_DECIMAL_H
#define MR_BINLOG_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/strbuf.h"

/* More than a server has; what says more is damaged. */
#define MR_BINLOG_DIGITS_MAX 255

/* Bytes of a number of so many digits, `scale` of them behind the point; SIZE_MAX: there is none. */
size_t mr_binlog_decimal_width(unsigned digits, unsigned scale);
/* Appends "-12.30" as a SELECT gives it, with all digits of its scale, and "0" before a point
 * without one.  False for bytes that hold no number; at has all bytes of its width. */
bool mr_binlog_decimal_text(struct mr_strbuf *out, const uint8_t *at, unsigned digits,
                            unsigned scale);

#endif
