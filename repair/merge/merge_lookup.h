/*
 * merge_lookup: rows of a server by the values of any of their columns.
 *
 * Calling sequence: fill a vector of questions (struct mr_merge_ask), ask.  Values that
 * TARGET's collation takes for the same find each other; a NULL finds nobody.  Questions
 * are put in batches; a batch's rows are held in memory, so that a column with few values
 * is to be streamed (mr_merge_lookup_stream), not asked.
 *
 * Ownership: answers live until the callback returns.  Errors: those of the servers;
 * MR_E_LOST ends the plan, since the view is gone.
 */
#ifndef MR_MERGE_LOOKUP_H
#define MR_MERGE_LOOKUP_H

#include "repair/merge/merge_internal.h"

struct mr_merge_ask {
    int64_t tag;         /* the caller's */
    struct mr_key value; /* encoded values of the columns */
    struct mr_key canon; /* their canonical bytes; ptr NULL: not known yet, or a value is NULL */
};

struct mr_merge_lookup {
    enum mr_side side;
    const struct mr_plan_table *table;
    struct mr_plan_columns columns;
};

/* A row that has the values of a question. */
struct mr_merge_answer {
    const void *image;
    size_t len;
};
typedef enum mr_code mr_merge_answer_fn(void *ctx, const struct mr_merge_ask *ask,
                                        const struct mr_merge_answer *row, struct mr_err *err);

/* Sorts asks (struct mr_merge_ask) by their canonical values, and calls fn for each pair of a
 * question and a row.  A question whose canonical bytes are known, by the same columns of the same
 * table, need not be canonised again; afterwards no question has any. */
enum mr_code mr_merge_lookup_ask(struct mr_merge *m, const struct mr_merge_lookup *what,
                                 struct mr_vec *asks, mr_merge_answer_fn *fn, void *ctx,
                                 struct mr_err *err);

/* Every row that has one of the values, as it comes; which question it answers is not
 * told.  fn's question is NULL.  Keys: struct mr_key. */
enum mr_code mr_merge_lookup_stream(struct mr_merge *m, const struct mr_merge_lookup *what,
                                    const struct mr_key *keys, size_t nkeys, mr_merge_answer_fn *fn,
                                    void *ctx, struct mr_err *err);

/* All rows for which a condition holds (SQL; NULL: all), as they come. */
enum mr_code mr_merge_lookup_stream_where(struct mr_merge *m, const struct mr_merge_lookup *what,
                                          const char *where, mr_merge_answer_fn *fn, void *ctx,
                                          struct mr_err *err);

/* Lets go of the tables that were read: whoever alters one of them need not wait while
 * the plan looks at nothing but its case. */
enum mr_code mr_merge_unlock(struct mr_merge *m, struct mr_err *err);

/* Keys that one statement should ask for, where all of them are at hand: many where no
 * index leads to them, since each statement reads the whole table then; a snapshot has
 * no other index than the order of its key. */
size_t mr_merge_lookup_keys(const struct mr_merge *m, const struct mr_merge_lookup *what);

/* Fills canon of all asks that have none yet, by the columns of a table. */
enum mr_code mr_merge_lookup_canonise(struct mr_merge *m, const struct mr_plan_table *table,
                                      struct mr_plan_columns columns, struct mr_vec *asks,
                                      struct mr_arena *arena, struct mr_err *err);

/* Pushes a question for the values of these columns of an image, copied to arena; none
 * where one of them is NULL. */
enum mr_code mr_merge_lookup_push(struct mr_vec *asks, int64_t tag, struct mr_key image,
                                  struct mr_plan_columns columns, struct mr_arena *arena,
                                  struct mr_err *err);

#endif
