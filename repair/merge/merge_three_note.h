/*
 * merge_three_note: keeps in m and img what a row comes to by its columns (merge_three.h).
 *
 * Calling sequence: open → note of each row → close.  Errors: MR_E_CASE.
 */
#ifndef MR_MERGE_THREE_NOTE_H
#define MR_MERGE_THREE_NOTE_H

#include "repair/decide/fact.h"
#include "repair/merge/merge_three.h"

/* Zeroed before open. */
struct mr_merge_three_note {
    struct mr_case_stmt *row, *images; /* private */
};

enum mr_code mr_merge_three_note_open(struct mr_merge_three_note *note, struct mr_merge *m,
                                      struct mr_err *err);
void mr_merge_three_note_close(struct mr_merge_three_note *note); /* also one that was not opened */
/* Of the row of that id in w; facts: what is known of it besides. */
enum mr_code mr_merge_three_note(const struct mr_merge_three_note *note, int64_t id,
                                 const struct mr_merge_three_result *result,
                                 const struct mr_fact *facts, struct mr_err *err);

#endif
