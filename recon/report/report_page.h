/*
 * report_page: a report for people, in two editions: the page, which has everything, and the
 * text for a ticket: the verdict, what to do next, the tables that are not equal, and of the
 * first of these what differs, with a few rows.
 *
 * The same case and options give the same report.  What is told goes to the sink table by
 * table.  Errors: MR_E_CASE, MR_E_NOMEM, MR_E_IO.  Threads: one.
 */
#ifndef MR_REPORT_PAGE_H
#define MR_REPORT_PAGE_H

#include "recon/report/report.h"
#include "recon/report/report_sink.h"

/* The page. */
enum mr_code mr_report_html(const struct mr_report *report, struct mr_report_sink *sink,
                            struct mr_err *err);
/* The text for a ticket. */
enum mr_code mr_report_md(const struct mr_report *report, struct mr_report_sink *sink,
                          struct mr_err *err);

#endif
