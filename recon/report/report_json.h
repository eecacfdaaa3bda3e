/*
 * report_json: a report as JSON, one object a line: schema "myrecon/report/1", described
 * in docs/formats/report-json-v1.md.
 *
 * Values are written as check --json writes them, but for what is masked.  Errors:
 * MR_E_CASE, MR_E_NOMEM, MR_E_IO.  Threads: one.
 */
#ifndef MR_REPORT_JSON_H
#define MR_REPORT_JSON_H

#include "recon/report/report.h"
#include "recon/report/report_sink.h"

enum mr_code mr_report_json(const struct mr_report *report, struct mr_report_sink *sink,
                            struct mr_err *err);

#endif
