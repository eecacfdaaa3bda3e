/*
 * undecided: conflicts.csv but for what people write into it.
 *
 * The column `decision` may be edited in place, by any editor or spreadsheet; the seal of a
 * plan covers all else, but for what the page of decisions adds: a column `note`, and the record
 * that says which plan is answered (asked.h).  Two files that differ in that column alone, in quoting, line ends,
 * separators, a byte order mark, UTF-16, empty columns behind the last or blanks around fields have one digest.
 *
 * Errors: MR_E_REFUSED for what is no CSV or has no such column; MR_E_IO.
 */
#ifndef MR_UNDECIDED_H
#define MR_UNDECIDED_H

#include "core/file/sha256.h"

#define MR_CONFLICTS_FILE "conflicts.csv"
#define MR_DECISIONS_END ".decisions.csv" /* of what the terminal keeps beside the plan */

enum mr_code mr_undecided_digest(const char *path, char hex[MR_SHA256_HEX], struct mr_err *err);

#endif
