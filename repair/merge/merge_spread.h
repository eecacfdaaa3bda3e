/*
 * merge_spread: what a row is because of the rows that it refers to, or that refer to it: a
 * row below one that waits, waits.
 *
 * It spreads over temp.link in waves.  A row takes it by what its neighbours are, so the first
 * wave is found among all rows, and each one after it among the neighbours of those that the
 * last one has reached: a chain costs as much as a crowd, however its rows are numbered.
 *
 * Errors: MR_E_CASE, MR_E_CANCELLED; those of take().  One at a time.
 */
#ifndef MR_MERGE_SPREAD_H
#define MR_MERGE_SPREAD_H

#include "core/case/case_args.h"
#include "repair/merge/merge_internal.h"

enum mr_merge_way { MR_MERGE_TO_CHILDREN, MR_MERGE_TO_PARENTS };

/* Puts those rows of temp.beside that take it into temp.reached, and gives it to them; first:
 * of all rows. */
typedef enum mr_code mr_merge_take_fn(void *ctx, bool first, struct mr_err *err);

#define MR_MERGE_BESIDE "beside CROSS JOIN m ON m.id=beside.id" /* of m; behind FROM */
#define MR_MERGE_REACH "INSERT OR IGNORE INTO reached (id) VALUES (:id)"

struct mr_merge_spread {
    const char *table; /* of the rows, by id: "m" */
    /* SQL: when a row of it takes it, and no more once it has */
    const char *takes;
    /* SQL that gives it to the rows of temp.reached, with :wave, its number; or NULL, where
     * more than SQL decides: of rows that `takes` is true for, take() does. */
    const char *write;
    mr_merge_take_fn *take;
    void *ctx;
    enum mr_merge_way way;
};

/* Until no row takes it any more.  args: all parameters of `takes`, which names each of them;
 * NULL and 0: it has none.  *wave: the number of the first wave, then of the one that has reached
 * nobody; NULL: write does not ask for it. */
enum mr_code mr_merge_spread(struct mr_merge *m, const struct mr_merge_spread *what,
                             const struct mr_case_arg *args, size_t nargs, int64_t *wave,
                             struct mr_err *err);

#endif
