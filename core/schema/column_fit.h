/*
 * column_fit: can a column hold a value exactly as it is?
 *
 * A value that a column would cut off, round, pad, replace or give back in another form does
 * not fit, whatever the server would say: sql_mode has no part in it.  What a column of the
 * same definition holds on the other side fits: index 0 of an ENUM, a zero date.
 *
 *   mr_column_fit → MR_FIT_ASK: ask the server about the text (struct mr_fit_value.asked),
 *   put the answer there, and judge again.
 *
 * A text that was read in another column's type is judged as what it says: "12.50" in an INT
 * does not fit, "12" does.  CHECK constraints and expressions are not looked at, nor is what
 * a generated column computes: nothing is written to it.
 *
 * Pure: no server, no state.  Ownership: nothing is kept.
 */
#ifndef MR_COLUMN_FIT_H
#define MR_COLUMN_FIT_H

#include "core/schema/schema.h"

enum mr_fit {
    MR_FIT_YES = 1,
    MR_FIT_NO, /* why says it */
    MR_FIT_ASK /* only a server knows the charset */
};

struct mr_fit_value {
    const struct mr_value *value; /* no long one (row.h) */
    const char *charset;          /* of TEXT bytes; NULL: UTF-8 */
    const struct mr_column *from; /* where it is read from; NULL: a person wrote it */
    uint64_t most_bytes;          /* the server's max_allowed_packet; 0: not known */
    /* What a server said of a text that is UTF-8 here: */
    bool asked;
    bool exact;     /* it is the same after having been in the column's charset */
    uint64_t bytes; /* that it has there */
};

/* Appends to why, for people: "31 characters, varchar(20) holds 20". */
enum mr_fit mr_column_fit(const struct mr_column *to, const struct mr_fit_value *v,
                          struct mr_strbuf *why);

/* Are the two of one definition, so that whatever one holds the other does, too? */
bool mr_column_fit_is_same(const struct mr_column *to, const struct mr_column *from);

/* Reads YYYY-MM-DD[ HH:MM:SS[.f]], or for MR_CLASS_TIME [-]HH[H]:MM:SS[.f]. */
bool mr_column_fit_read_time(enum mr_class cls, const char *text, size_t len, struct mr_time *time);

/* Of texts, ENUM and SET; column_fit_text.c. */
enum mr_fit mr_column_fit_text(const struct mr_column *to, const struct mr_fit_value *v,
                               struct mr_strbuf *why);
/* The number in the parentheses of a type: 20 of "varchar(20)"; 0: there is none. */
uint64_t mr_column_fit_size(const struct mr_column *column);

#endif
