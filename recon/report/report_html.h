/*
 * report_html: a report as one page of HTML that needs nothing else: style and script are
 * in it, allowed by their digests in its Content-Security-Policy, and it loads nothing.
 * It is whole without the script, which adds sorting, searching and themes.
 *
 * The page is the same for the same case and options.  Sections go to the sink one by
 * one.  Errors: MR_E_CASE, MR_E_NOMEM, MR_E_IO.  Threads: one.
 */
#ifndef MR_REPORT_HTML_H
#define MR_REPORT_HTML_H

#include "recon/report/report.h"
#include "recon/report/report_sink.h"

enum mr_code mr_report_html(const struct mr_report *report, struct mr_report_sink *sink,
                            struct mr_err *err);

#endif
