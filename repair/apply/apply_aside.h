/*
 * apply_aside: which rows of a unit the server refuses, so that the rest can be written.
 *
 * Calling sequence: init; for each unit: reset, add what an earlier run had set aside; where
 * a try is refused because of a row: search, which adds it; fill tells the script, in each
 * try after its rows are staged; release.
 *
 * SEARCH: rows are written in the order of their numbers.  The first n of them are tried,
 * and rolled back, for n between the last row that is known to pass and the first that is
 * known not to: so each row that is refused takes as many tries as the logarithm of the
 * rows between it and the one before.
 *
 * Memory: a text a row.  Threads: one.
 */
#ifndef MR_APPLY_ASIDE_H
#define MR_APPLY_ASIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/vec.h"
#include "core/db/db.h"

struct mr_aside {
    struct mr_arena arena;
    struct mr_vec rows; /* private */
    uint64_t passed;    /* up to this row all pass, or are set aside */
    uint64_t refused;   /* rows that were found */
};

/* Tries the first `last` rows and rolls them back: sets *refused and why where the server
 * refuses one of them.  An error ends the search. */
typedef enum mr_code mr_aside_probe(void *ctx, uint64_t last, bool *refused, struct mr_err *why,
                                    struct mr_err *err);

/* No rows; reset forgets those of the unit before. */
void mr_aside_init(struct mr_aside *aside);
void mr_aside_release(struct mr_aside *aside);
void mr_aside_reset(struct mr_aside *aside);

/* Rows that an earlier run had set aside, as mr_aside_text gave them; NULL is fine.  They
 * are tried again, apart from what they belong to. */
enum mr_code mr_aside_add(struct mr_aside *aside, const char *text, struct mr_err *err);
/* A row that is not to be written, and why; NULL: it is tried again. */
enum mr_code mr_aside_put(struct mr_aside *aside, uint64_t line, const char *why,
                          struct mr_err *err);
/* Appends "17,44": the rows of the unit that are set aside, or were. */
void mr_aside_text(const struct mr_aside *aside, struct mr_strbuf *out);
bool mr_aside_is_empty(const struct mr_aside *aside);

/* May a row be to blame for what the server said, and not the server or the account? */
bool mr_aside_is_of_row(const struct mr_err *why);
/* Finds the next row that is refused, out of `rows`, of which all together are refused with
 * why. */
enum mr_code mr_aside_search(struct mr_aside *aside, uint64_t rows, const struct mr_err *why,
                             mr_aside_probe *probe, void *ctx, struct mr_err *err);
/* Tells the script of the session's unit. */
enum mr_code mr_aside_fill(const struct mr_aside *aside, struct mr_db *db, struct mr_err *err);

#endif
