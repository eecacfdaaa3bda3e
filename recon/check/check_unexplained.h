/*
 * check_unexplained: differing rows that no logged change explains (core/case/explain.h): where the logs of
 * both sides were collected into the case, and are to be relied upon for the table and the row.
 *
 * Such a difference is older than the split, or was made without the log, as what ON DELETE and ON UPDATE do
 * to children is (but for MySQL from 9.6 on): the case does not know what its foreign keys do, so that they are
 * not told apart.  Where the rows were read after
 * the logs (mr_evidence_is_before), it may also have been made in between; but what plans of the case
 * account for (check_explained.h) is none of it.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED.  Threads: one.
 */
#ifndef MR_CHECK_UNEXPLAINED_H
#define MR_CHECK_UNEXPLAINED_H

#include "core/case/explain.h"

/* What is known of a run as a whole. */
struct mr_unexplained_run {
    bool has_evidence; /* else no row is ever told */
    bool is_later;     /* the rows were read after the logs of a side */
};
enum mr_code mr_check_unexplained_run(struct mr_findings *fd, const struct mr_find_run *run,
                                      struct mr_unexplained_run *out, struct mr_err *err);

/* Walks those of a table of the current run, as their findings are numbered.  fn NULL: they are only
 * counted. */
typedef enum mr_code mr_unexplained_fn(void *ctx, const struct mr_finding *finding,
                                       const struct mr_explain *explain, struct mr_err *err);
enum mr_code mr_check_unexplained(struct mr_findings *fd, const struct mr_find_table *table,
                                  mr_unexplained_fn *fn, void *ctx, uint64_t *count,
                                  struct mr_err *err);

/* Appends what a result says of all of them, in sentences; nothing where there are none. */
enum mr_code mr_check_unexplained_say(struct mr_findings *fd, const struct mr_find_run *run,
                                      const struct mr_find_table *tables, size_t ntables,
                                      struct mr_strbuf *out, struct mr_err *err);

#endif
