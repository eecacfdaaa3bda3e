/*
 * report_diff: which part of two texts differs, and which part of a long text is shown.
 *
 * Both cut between characters, never inside one; a byte that is no UTF-8 is a character.
 * Texts are <ptr,len>, positions are bytes.  Threads: no state.
 */
#ifndef MR_REPORT_DIFF_H
#define MR_REPORT_DIFF_H

#include <stdbool.h>
#include <stddef.h>

/* [0, from) and [to, len) are common to both texts. */
struct mr_diff_part {
    size_t from, to;
};

/* The part in the middle where they differ; empty in both where they are equal. */
void mr_diff_parts(const char *a, size_t a_len, const char *b, size_t b_len,
                   struct mr_diff_part *a_part, struct mr_diff_part *b_part);

/* What is shown of a text: [from, to), and of its differing part [mark_from, mark_to).
 * from > 0 or to < len: something was left out there. */
struct mr_diff_view {
    size_t from, to;
    size_t mark_from, mark_to;
};

/* A window of max_chars characters, so placed that the differing part is in it, with
 * some of what stands before. */
struct mr_diff_view mr_diff_view(const char *ptr, size_t len, struct mr_diff_part part,
                                 size_t max_chars);

/* Characters of a text. */
size_t mr_diff_chars(const char *ptr, size_t len);

#endif
