/*
 * report_samples: which rows of a table a report shows, and these rows as HTML.
 *
 * A report shows at most so many rows a table; each kind that the table has gets its
 * share, in key order.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_REPORT_SAMPLES_H
#define MR_REPORT_SAMPLES_H

#include "recon/report/report_survey.h"

/* Rows still to be shown, by kind. */
struct mr_sample_quota {
    uint64_t left[MR_KIND_COLLISION + 1];
};

void mr_sample_quota_init(struct mr_sample_quota *quota,
                          const struct mr_find_counts *counts, uint64_t max_rows);
/* Is a row of that kind to be shown?  Counts it. */
bool mr_sample_take(struct mr_sample_quota *quota, enum mr_find_kind kind);

/* Columns of a row that only one side has: the identity, then others; not the key. */
#define MR_SAMPLE_COLUMNS 6
size_t mr_sample_columns(const struct mr_find_table *table,
                         size_t columns[MR_SAMPLE_COLUMNS]);

/* Collisions, changed, missing and extra rows, moved identities, duplicates: a heading
 * and a table each, where there are any. */
enum mr_code mr_samples_html(struct mr_strbuf *out, const struct mr_report *report,
                             struct mr_report_columns columns, struct mr_err *err);

#endif
