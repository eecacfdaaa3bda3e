/*
 * verify_merged: does a merge stand on the live server, and was it carried out to its end?  For whoever
 * wants to drop what it came of (repair/rejoin/merged.h).
 *
 * Nothing is written.  Ownership: texts in the arena.  Errors: those of target.h (another server answers
 * than the merge was for), of verify_rows.h.  Threads: one.
 */
#ifndef MR_VERIFY_MERGED_H
#define MR_VERIFY_MERGED_H

#include "repair/rejoin/merged.h"

/* As mr_merged_look_fn has it. */
enum mr_code mr_verify_merged(const struct mr_merged_look *task, struct mr_merged_rows *rows,
                              struct mr_err *err);

#endif
