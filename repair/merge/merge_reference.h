/*
 * merge_reference: references whose columns write a key in a type of their own
 * (core/pair/spelling.h), and all others.
 *
 * Upwards a value is read as the key that it means, and looked up as that.  Downwards a key
 * is asked for as the child writes it, so that the child's index serves; a text that spells a
 * key otherwise ('017') is not found like that, and all such rows are read once.
 *
 * Ownership: as merge_lookup.h.  Errors: those of the servers, MR_E_NOMEM.
 */
#ifndef MR_MERGE_REFERENCE_H
#define MR_MERGE_REFERENCE_H

#include "repair/merge/merge_lookup.h"

/* Pushes a question for what an image refers to by r, in the parent's columns; none where it
 * refers to nothing. */
enum mr_code mr_merge_reference_push(struct mr_vec *asks, int64_t tag, struct mr_key image,
                                     const struct mr_plan_reference *r, struct mr_arena *arena,
                                     struct mr_err *err);

/* Replaces out by the key that an image refers to; *none: there is none. */
enum mr_code mr_merge_reference_key(const struct mr_plan_reference *r, struct mr_key image,
                                    struct mr_strbuf *out, bool *none, struct mr_err *err);

/* Pushes a question for the rows that refer by r to a key of the parent, in the child's
 * columns: one for each way to write it. */
enum mr_code mr_merge_reference_push_children(struct mr_vec *asks, int64_t tag, struct mr_key key,
                                              const struct mr_plan_reference *r,
                                              struct mr_arena *arena, struct mr_err *err);

/* Every row of a side that refers by r to one of the keys (struct mr_key), as they come;
 * but for those that spell it otherwise. */
enum mr_code mr_merge_reference_children(struct mr_merge *m, enum mr_side side,
                                         const struct mr_plan_reference *r,
                                         const struct mr_vec *keys, mr_merge_answer_fn *fn,
                                         void *ctx, struct mr_err *err);
/* Every row of a side that refers by r to any key and spells it otherwise. */
enum mr_code mr_merge_reference_otherwise(struct mr_merge *m, enum mr_side side,
                                          const struct mr_plan_reference *r, mr_merge_answer_fn *fn,
                                          void *ctx, struct mr_err *err);
/* Such rows that mean one of these keys (struct mr_merge_ask, which are sorted by them); fn
 * gets the question that it is. */
enum mr_code mr_merge_reference_otherwise_to(struct mr_merge *m, enum mr_side side,
                                             const struct mr_plan_reference *r, struct mr_vec *keys,
                                             mr_merge_answer_fn *fn, void *ctx, struct mr_err *err);

#endif
