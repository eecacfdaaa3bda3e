/*
 * merge_rivals: which unique values, that rows of TARGET are to get from SOURCE, another row of TARGET has;
 * asked for a page of rows at once, an index a question.
 *
 * A row is looked at as it would stand with all that SOURCE has changed.  The identity counts as an
 * index, after those that TARGET has.  What a server computes is not asked about: which value it will
 * be, only TARGET knows.
 *
 * Calling sequence: init → for each page: begin, add of each row and index, ask, has … → release.
 * Ownership: values are copied; they go at the next begin.  Memory: the page's values.
 * Errors: those of TARGET, MR_E_NOMEM.
 */
#ifndef MR_MERGE_RIVALS_H
#define MR_MERGE_RIVALS_H

#include "repair/merge/merge_internal.h"

struct mr_merge_rivals {
    struct mr_merge *m;
    const struct mr_plan_table *table;
    struct mr_vec *asks;  /* an index: struct mr_merge_ask, by the number of the row in `rows` */
    size_t nasks;         /* indexes that there is room for */
    struct mr_vec rows;   /* struct mr_merge_rivals_row */
    struct mr_vec rivals; /* struct mr_merge_rival, in order once asked */
    struct mr_arena arena;
    struct mr_strbuf bytes;
    size_t index; /* that is being asked about */
};

void mr_merge_rivals_init(struct mr_merge_rivals *rivals, struct mr_merge *m);
void mr_merge_rivals_release(struct mr_merge_rivals *rivals);

/* How many indexes of the table are asked about, and the columns of one; none where it is computed. */
size_t mr_merge_rivals_indexes(const struct mr_plan_table *table);
struct mr_plan_columns mr_merge_rivals_columns(const struct mr_plan_table *table, size_t index);

enum mr_code mr_merge_rivals_begin(struct mr_merge_rivals *rivals,
                                   const struct mr_plan_table *table, struct mr_err *err);
/* id: of w; live_key: TARGET's own, which is no rival; image: the row as it would stand. */
enum mr_code mr_merge_rivals_add(struct mr_merge_rivals *rivals, int64_t id, struct mr_key live_key,
                                 struct mr_key image, size_t index, struct mr_err *err);
enum mr_code mr_merge_rivals_ask(struct mr_merge_rivals *rivals, struct mr_err *err);
/* false, too, of what was not added. */
bool mr_merge_rivals_has(const struct mr_merge_rivals *rivals, int64_t id, size_t index);

#endif
