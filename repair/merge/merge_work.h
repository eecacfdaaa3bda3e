/*
 * merge_work: the merge planner's temporary tables (merge_internal.h), and a way to read their
 * rows; what gives none is run by core/case/case_args.h.
 *
 * Ownership: what is read lives in the arena handed in.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_MERGE_WORK_H
#define MR_MERGE_WORK_H

#include "core/case/case_args.h"
#include "repair/merge/merge_internal.h"

/* Makes them anew, whatever an earlier planner left; close drops them. */
enum mr_code mr_merge_work_open(struct mr_merge *m, struct mr_err *err);
void mr_merge_work_close(struct mr_merge *m);

/* A row of w. */
struct mr_merge_work_row {
    int64_t id;
    struct mr_key key; /* as SOURCE has it */
    int64_t n;         /* what the counter gave it, as its order (side/counted.h) */
    bool above;        /* above its table's past */
    bool equal;        /* TARGET has it byte by byte under the same key */
    const void *image;
    size_t len;
    struct mr_key live_key; /* TARGET's row under the same key; ptr NULL: none */
    const void *live;
    size_t live_len;
};

/* Rows of a query whose columns are called as the members are, all or some of them
 * (MR_MERGE_WORK_COLUMNS: those of w, with its images).  Replaces what `rows` holds by struct
 * mr_merge_work_row. */
#define MR_MERGE_PAGE_BYTES ((size_t)8 * 1024 * 1024)
#define MR_MERGE_WORK_COLUMNS                                                                      \
    "w.id, w.skey AS key, w.n, w.above, w.equal, source.image, w.live_key, target.image AS live"
/* The tables that they are of; rows come in the order of w. */
#define MR_MERGE_WORK "w CROSS JOIN source ON source.id=w.id LEFT JOIN target ON target.id=w.id"
enum mr_code mr_merge_work_rows_with(struct mr_merge *m, const char *sql,
                                     const struct mr_case_arg *args, size_t count,
                                     struct mr_arena *arena, struct mr_vec *rows,
                                     struct mr_err *err);
#define MR_MERGE_ROWS(m, sql, arena, rows, err, ...)                                               \
    mr_merge_work_rows_with(m, sql, MR_CASE_ARGS(__VA_ARGS__), arena, rows, err)
/* Those of them behind an id: the query asks for ids greater than :after, orders by id and limits
 * itself; the caller gives its other parameters, one at least.  Wide rows end a page before the
 * query does, so that only an empty page is the last one. */
#define MR_MERGE_PAGE(m, sql, after, arena, rows, err, ...)                                        \
    MR_MERGE_ROWS(m, sql, arena, rows, err, __VA_ARGS__, MR_ARG_INT("after", after))

#define MR_MERGE_ADD_LIVE "INSERT INTO live (tbl, image) VALUES (:tbl, :image)"

#endif
