/*
 * check_moves: rows that may have gone from one source of a map to another while all were read.
 *
 * The sources are read one after the other.  A row that goes from one that is still to be read to one
 * that was read is met in none: where the target has it, it differs and is looked at again; where the
 * target lacks it, too, nothing would tell of it.  Rows that leave a source are deleted there, and servers
 * count deletions: where one has counted more, or does not say, each table has a note.
 *
 * Calling sequence: begin before the first row, end behind the last.  Errors: MR_E_NOMEM,
 * MR_E_CANCELLED; a server that does not answer costs a note.  Threads: the coordinator's.
 */
#ifndef MR_CHECK_MOVES_H
#define MR_CHECK_MOVES_H

#include "recon/check/check.h"

enum mr_code mr_check_moves_begin(struct mr_check_run *check, struct mr_err *err);
enum mr_code mr_check_moves_end(struct mr_check_run *check, struct mr_err *err);

#endif
