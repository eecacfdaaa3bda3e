/*
 * side_column: what repair asks of a numeric column of one side, which may be a snapshot.
 *
 * A live server answers in SQL.  A snapshot has no SQL: its rows are read, from the end
 * backwards where the column alone is the primary key, so that as a rule the last of them
 * are enough; else all of them.
 *
 * Ownership: nothing is kept; what struct mr_side_column points to must outlive the call.
 * Errors: of source.h.  Threads: that of the reader.  Limits: a reader's keys are given in
 * batches of at most MR_SIDE_KEYS_MOST.
 */
#ifndef MR_SIDE_COLUMN_H
#define MR_SIDE_COLUMN_H

#include "core/pair/spelling.h"
#include "core/source/source.h"

#define MR_SIDE_KEYS_MOST 65536

struct mr_side_column {
    struct mr_reader *reader;
    const struct mr_table *table;
    const struct mr_column *column; /* numeric */
};

/* The next value of an AUTO_INCREMENT column; 0: CREATE TABLE states none. */
enum mr_code mr_side_next_id(const struct mr_side_column *c, uint64_t *next, struct mr_err *err);
/* The next value of a sequence that is not handed out or cached yet; 0: negative. */
enum mr_code mr_side_sequence_next(struct mr_reader *reader, const char *db, const char *name,
                                   uint64_t *next, struct mr_err *err);

/* The greatest value; 0 where there is none, or a negative one. */
enum mr_code mr_side_greatest(const struct mr_side_column *c, uint64_t *greatest,
                              struct mr_err *err);
/* The greatest value of [from, to); 0: there is none.  spelling: how the column, which need not
 * be numeric then, writes numbers; NULL: it is an integer. */
enum mr_code mr_side_greatest_within(const struct mr_side_column *c,
                                     const struct mr_spelling *spelling, uint64_t from, uint64_t to,
                                     uint64_t *greatest, struct mr_err *err);

/* Of an integer column; numbers are orders (counted.h), of a column that is unsigned as
 * is_unsigned says, which may be the other side's. */
struct mr_side_counter {
    struct mr_side_column column;
    bool is_unsigned;
};

/* Raises *greatest to the greatest value of a row whose `time`, a column of the same table,
 * is known, not a zero date, and before `split`. */
enum mr_code mr_side_greatest_before(const struct mr_side_counter *c, const struct mr_column *time,
                                     const struct mr_time *split, int64_t *greatest,
                                     struct mr_err *err);

/* The youngest `time` of the rows up to a key that is known and no zero date. */
enum mr_code mr_side_newest(const struct mr_side_counter *c, const struct mr_column *time,
                            int64_t up_to, struct mr_time *newest, bool *known, struct mr_err *err);

/* Replaces keys (int64_t) by the greatest values below *below (NULL: of all), each once,
 * descending.  *ended: there is none below them. */
enum mr_code mr_side_keys_below(const struct mr_side_counter *c, const int64_t *below,
                                struct mr_vec *keys, bool *ended, struct mr_err *err);

#endif
