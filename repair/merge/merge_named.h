/*
 * merge_named: by which columns plans of the case knew the rows of a table.
 *
 * Whom a plan found on TARGET by one identity is not who has another one, and is not deleted
 * because that is found elsewhere: once the configuration names other columns, what was found
 * by the ones of then says nothing any more.
 *
 *   names of then: plan_named of the case; for plans that are older than it, nothing
 *
 * Errors: those of the case.  Threads: one.
 */
#ifndef MR_MERGE_NAMED_H
#define MR_MERGE_NAMED_H

#include "repair/merge/merge_internal.h"

/* In SQL: did an earlier plan that had the table `:name`, too, bring the row of this mark to where it stands?
 * A plan that is known by its map alone had all tables. */
#define MR_MERGE_CAME(mark)                                                                        \
    "(" mark ".known IS 1 AND " mark ".into_key IS NOT NULL AND coalesce(" mark ".plan NOT IN"     \
    " (SELECT plan FROM plan_named EXCEPT SELECT plan FROM plan_named WHERE tbl=:name), 1))"
/* Of a case that has no plan yet. */
enum mr_code mr_merge_named_make(struct mr_merge *m, struct mr_err *err);
/* The identity of the table's rows, as the case keeps it. */
enum mr_code mr_merge_named_text(const struct mr_plan_table *table, struct mr_strbuf *out,
                                 struct mr_err *err);
/* Forgets whom plans found on TARGET by other columns. */
enum mr_code mr_merge_named_sift(struct mr_merge *m, struct mr_err *err);
/* Keeps the columns of the plan that is made. */
enum mr_code mr_merge_named_keep(struct mr_merge *m, struct mr_err *err);

#endif
