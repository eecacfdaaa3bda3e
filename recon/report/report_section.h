/*
 * report_section: one diverged table in detail, as HTML: where its rows differ in words
 * and as a map, when they were created, the runs of diverged keys, and samples.
 *
 * Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_REPORT_SECTION_H
#define MR_REPORT_SECTION_H

#include "recon/report/report.h"

struct mr_section_opts {
    size_t no;         /* of the table: its anchor is t<no> */
    bool open;         /* unfolded from the beginning */
    bool with_samples; /* false: and without runs; the reader is told */
};

enum mr_code mr_section_html(struct mr_strbuf *out, const struct mr_report *report,
                             const struct mr_find_table *table,
                             const struct mr_section_opts *opts, struct mr_err *err);

#endif
