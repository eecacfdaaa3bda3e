/*
 * report_overview: the parts of the page that look at all tables together: the figures
 * on top, the list of tables, and those that were not compared.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_OVERVIEW_H
#define MR_REPORT_OVERVIEW_H

#include "recon/report/report.h"

/* The tables of the result, gravest verdict first; of one verdict those with the most
 * collisions, then the most differing rows, then by name: indexes into
 * result->tables, in the arena; NULL when memory is out. */
size_t *mr_overview_order(const struct mr_report *report, struct mr_arena *arena);

void mr_overview_figures(struct mr_strbuf *out, const struct mr_report *report);
/* details: how many of the diverged tables, in that order, have a section to link to. */
void mr_overview_tables(struct mr_strbuf *out, const struct mr_report *report,
                        const size_t *order, size_t details);

#endif
