/*
 * exact_sum: what two histories added to one number, digit by digit: target + source - base.
 *
 * Takes INT, UINT and DECIMAL as struct mr_value has them, in any mixture: up to
 * MR_EXACT_WHOLE digits before the point and MR_EXACT_FRACTION behind it, which is more than any
 * column of MySQL or MariaDB holds.  Nothing is rounded, cut or wrapped; whether the sum fits a
 * column is core/schema/column_fit.h's to say.
 *
 * Own code, and not libmpdec: one sum of three numbers is all that is needed, and its contexts,
 * traps and allocator would be another library to package for forty lines.
 *
 * Ownership: the caller's buffer.  Threads: no state.
 */
#ifndef MR_EXACT_SUM_H
#define MR_EXACT_SUM_H

#include <stdbool.h>

#include "core/row/row.h"

#define MR_EXACT_WHOLE 65
#define MR_EXACT_FRACTION 38
/* Bytes of the longest sum's text: a sign, a carry, a point and the end besides its digits. */
#define MR_EXACT_TEXT (MR_EXACT_WHOLE + MR_EXACT_FRACTION + 4)

/* Sets text to "-12.3": no zeros in front or at the end, never "-0".  False: one of them is no
 * such number (NULL, a FLOAT, a text, more digits). */
bool mr_exact_sum(const struct mr_value *target, const struct mr_value *source,
                  const struct mr_value *base, char text[MR_EXACT_TEXT]);

#endif
