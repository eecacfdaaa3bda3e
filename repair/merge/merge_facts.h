/*
 * merge_facts: what is known of the rows of a table, a page at a time, for those who decide
 * (repair/decide).
 *
 * A query names its columns as the members of struct mr_fact are called, beside id, grp and
 * image; it orders by id and limits itself.  Of its parameters :tbl is the table, :after the id
 * after which to go on; others are the caller's.
 *
 * Each row is handed to a callback, which may write rows.  Ownership: texts and bytes live
 * until it returns.  Errors: MR_E_CASE, MR_E_NOMEM, the callback's own.
 */
#ifndef MR_MERGE_FACTS_H
#define MR_MERGE_FACTS_H

#include "core/case/case_args.h"
#include "repair/decide/fact.h"
#include "repair/merge/merge_internal.h"

struct mr_merge_known {
    int64_t id;
    const char *grp;     /* its group's name */
    struct mr_key image; /* where the query wants it */
    struct mr_fact fact;
};

/* What is known of each row of a table. */
struct mr_fact mr_merge_facts_about(const struct mr_merge_table *table);

typedef enum mr_code mr_merge_known_fn(void *ctx, struct mr_merge_known *row, struct mr_err *err);
#define MR_MERGE_FACTS_ARGS 4 /* at most */
struct mr_merge_facts_query {
    const char *sql;
    const struct mr_case_arg *args; /* the caller's */
    size_t nargs;
};
enum mr_code mr_merge_facts_each(struct mr_merge *m, const struct mr_merge_table *table,
                                 struct mr_merge_facts_query query, mr_merge_known_fn *fn,
                                 void *ctx, struct mr_err *err);

#endif
