/*
 * report_history: what the collected logs say of the rows of a table that differ, in the words of
 * `history show` (recon/history/history_text.h), masked as the report's other values are.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM, MR_E_CANCELLED, and what is called back.  Threads: one.
 */
#ifndef MR_REPORT_HISTORY_H
#define MR_REPORT_HISTORY_H

#include "recon/report/report.h"
#include "recon/report/report_row.h"

struct mr_row_history {
    const char *key;            /* "id 3001" */
    const char *untold[2];      /* why a side's log does not tell of it; "": it does */
    const char *split;          /* the row as both had it */
    const char *explained;      /* whether logged changes explain the difference: a clause */
    const char *const *changes; /* a line each, by time */
    size_t nchanges;
};

/* Called for at most `limit` differing rows, as their findings are numbered; never, where no logs were
 * collected.  What is given lives until the next call. */
typedef enum mr_code mr_row_history_fn(void *ctx, const struct mr_row_history *row,
                                       struct mr_err *err);
enum mr_code mr_report_history(const struct mr_report *report, struct mr_report_columns columns,
                               uint64_t limit, mr_row_history_fn *fn, void *ctx,
                               struct mr_err *err);

#endif
