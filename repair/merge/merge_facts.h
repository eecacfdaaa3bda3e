/*
 * merge_facts: what is known of the rows of a table, a page at a time, for those who decide
 * (repair/decide).
 *
 * A query names its columns as the members of struct mr_fact are called, beside id, grp and
 * image; it orders by id and limits itself, and its first parameter is the table, its last
 * one the id after which to go on:
 *
 *     struct mr_merge_facts pages = mr_merge_facts_of(m, table);
 *     while ((code = mr_merge_facts_next(&pages, sql, args, nargs, err)) == MR_OK &&
 *            pages.rows.count > 0)
 *         …                                 args[nargs - 1] is moved on
 *     mr_merge_facts_release(&pages);
 *
 * Rows may be written while a page is looked at.  Ownership: a page's texts and bytes live
 * until the next one.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_MERGE_FACTS_H
#define MR_MERGE_FACTS_H

#include "repair/decide/fact.h"
#include "repair/merge/merge_internal.h"

struct mr_merge_known {
    int64_t id;
    const char *grp;     /* its group's name */
    struct mr_key image; /* where the query wants it */
    struct mr_fact fact;
};

struct mr_merge_facts {
    struct mr_merge *m;
    const struct mr_merge_table *table; /* fills the facts of the table */
    struct mr_arena arena;
    struct mr_vec rows; /* struct mr_merge_known */
};

/* What is known of each row of a table. */
struct mr_fact mr_merge_facts_about(const struct mr_merge_table *table);

struct mr_merge_facts mr_merge_facts_of(struct mr_merge *m,
                                        const struct mr_merge_table *table);
enum mr_code mr_merge_facts_next(struct mr_merge_facts *pages, const char *sql,
                                 int64_t *args, size_t nargs, struct mr_err *err);
void mr_merge_facts_release(struct mr_merge_facts *pages);

#endif
