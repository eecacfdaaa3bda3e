/*
 * report_md: a report as a short text for a ticket, in GitHub's Markdown.
 *
 * The verdict, what to do next, the tables that are not equal, and of the first of these
 * what differs, with a few rows.  No HTML; everything from the database is escaped.
 * Errors: MR_E_CASE, MR_E_NOMEM, MR_E_IO.  Threads: one.
 */
#ifndef MR_REPORT_MD_H
#define MR_REPORT_MD_H

#include "recon/report/report.h"
#include "recon/report/report_sink.h"

enum mr_code mr_report_md(const struct mr_report *report, struct mr_report_sink *sink,
                          struct mr_err *err);

#endif
