/*
 * report_sample: which rows of a table a report shows, whatever its format.
 *
 *   mr_samples_init → mr_samples_walk, which calls back for each → mr_samples_release
 *
 * At most so many rows a table: each kind that the table has gets its share, in key order.
 * As many moved identities, and as many that one side has twice.  Errors: MR_E_CASE,
 * MR_E_NOMEM, MR_E_CANCELLED, and what is called back.  Threads: one.
 */
#ifndef MR_REPORT_SAMPLE_H
#define MR_REPORT_SAMPLE_H

#include "recon/report/report.h"
#include "recon/report/report_row.h"

/* Rows still to be shown, by kind. */
struct mr_sample_quota {
    uint64_t left[MR_KIND_COLLISION + 1];
};

/* Shares max_rows among the kinds that the table has. */
void mr_sample_quota_init(struct mr_sample_quota *quota, const struct mr_find_counts *counts,
                          uint64_t max_rows);
/* Is a row of that kind to be shown?  Counts it. */
bool mr_sample_take(struct mr_sample_quota *quota, enum mr_find_kind kind);

/* Columns of a row that only one side has: the identity, then others; not the key. */
#define MR_SAMPLE_COLUMNS 6
size_t mr_sample_columns(const struct mr_find_table *table, size_t columns[MR_SAMPLE_COLUMNS]);

/* What is called, in this order; the images are open then.  NULL: is not looked for. */
struct mr_sample_fns {
    enum mr_code (*row)(void *ctx, enum mr_find_kind kind, uint64_t count, struct mr_err *err);
    /* images[0]: the row of SOURCE, images[1]: TARGET's, of the same identity. */
    enum mr_code (*moved)(void *ctx, struct mr_err *err);
    /* images[0]: a row of that side; first: of its identity, or where d->place is said, of its key. */
    enum mr_code (*duplicate)(void *ctx, const struct mr_find_duplicate *d, bool first,
                              struct mr_err *err);
};

struct mr_samples {
    const struct mr_report *report;
    struct mr_report_columns columns;
    struct mr_image images[2]; /* SOURCE's row and TARGET's, as far as they are there */
    /* how many there are, shown or not, once they were walked */
    uint64_t all[MR_KIND_COLLISION + 1]; /* rows; of a table without a key different ones */
    uint64_t all_moved, all_duplicates;  /* identities */
    struct mr_sample_quota quota;
    const struct mr_sample_fns *fns;
    void *ctx;
};

void mr_samples_init(struct mr_samples *samples, const struct mr_report *report,
                     struct mr_report_columns columns);
enum mr_code mr_samples_walk(struct mr_samples *samples, const struct mr_sample_fns *fns, void *ctx,
                             struct mr_err *err);
void mr_samples_release(struct mr_samples *samples);

/* Both sides have the row. */
bool mr_samples_is_pair(const struct mr_samples *samples);
/* The row of SOURCE, or where it has none that of TARGET. */
const struct mr_image *mr_samples_either(const struct mr_samples *samples);

#endif
