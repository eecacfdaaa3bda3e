/*
 * fleet_report_page: all pairs of a fleet in one document: as a page, as a short text for a ticket, and
 * as one JSON object a line.
 *
 * Pairs stand in the report's order, the worst first.  The page lists all of them, the text those that
 * are not equal, up to a limit, which it says.  Errors: MR_E_IO, MR_E_NOMEM, MR_E_CANCELLED.
 * Threads: one.
 */
#ifndef MR_FLEET_REPORT_PAGE_H
#define MR_FLEET_REPORT_PAGE_H

#include "recon/fleet/fleet_report.h"
#include "recon/report/report_sink.h"

/* link: URL of the directory of the pairs' own pages, with a slash at its end. */
enum mr_code mr_fleet_report_html(const struct mr_fleet_report *report, const char *link,
                                  struct mr_report_sink *sink, struct mr_err *err);
enum mr_code mr_fleet_report_md(const struct mr_fleet_report *report, struct mr_report_sink *sink,
                                struct mr_err *err);
/* docs/formats/fleet-json-v1.md. */
enum mr_code mr_fleet_report_json(const struct mr_fleet_report *report, struct mr_report_sink *sink,
                                  struct mr_err *err);

#endif
