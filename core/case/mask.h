/*
 * mask: what is shown of personal data.
 *
 * A report masks a column because the configuration says so (that of the run, or the one that is
 * given), because its name is one that personal data or secrets usually have, or because it is
 * (part of) the identity of a table of people, or because it refers to such a column; what is
 * for a DBA's terminal masks what the configuration says.  A key is not, for it is what somebody
 * has to act upon, unless its own name or the configuration says so.  In all other texts, mail
 * addresses and telephone numbers are masked wherever they stand.
 *
 *   alice@example.com   a•••e@e•••.com        +491709000021   +49•••21
 *   Alice Arendt        A•••                  a secret        •••
 *   m                   •••
 *
 * Equal values have equal masks, and every mask has three dots, whatever it hides: it
 * tells neither the length nor more than the ends, and of one character nothing.  Different values may have the same
 * mask; whoever compares compares the values.
 *
 * Threads: no state.
 */
#ifndef MR_MASK_H
#define MR_MASK_H

#include "core/case/findings.h"

#define MR_MASK_DOTS "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"

enum mr_mask {
    MR_MASK_OFF = 1, /* --unmask */
    MR_MASK_FOUND,   /* only addresses and numbers that are found in a text */
    MR_MASK_VALUE,   /* the whole value, but its ends */
    MR_MASK_SECRET   /* nothing is shown */
};

/* How much of its values is shown, were nothing unmasked. */
enum mr_mask mr_mask_of_column(const struct mr_find_table *table, size_t column);

/* Appends the masked form of a value's text.  is_text: the value is a string, in which
 * addresses may be found; else a number, a time, or hex digits. */
void mr_mask_text(enum mr_mask mask, bool is_text, const char *ptr, size_t len,
                  struct mr_strbuf *out);

/* Appends what a server or a command said, such as "Duplicate entry '•••' for key 'name'":
 * what stands in single quotes is hidden, unless the word in front tells that it is a name;
 * the rest is masked as found in a text.  A value may hold quotes itself, so that a hidden
 * one reaches to the last quote that may be its end. */
void mr_mask_said(const char *ptr, size_t len, struct mr_strbuf *out);

#endif
