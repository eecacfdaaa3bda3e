/*
 * report_facts: the parts of the page below the tables: schema objects, AUTO_INCREMENT,
 * what could not be seen, how to read it all, and how it was compared.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_FACTS_H
#define MR_REPORT_FACTS_H

#include "recon/report/report.h"

void mr_facts_objects(struct mr_strbuf *out, const struct mr_report *report);
void mr_facts_counters(struct mr_strbuf *out, const struct mr_report *report);
void mr_facts_advice(struct mr_strbuf *out, const struct mr_report *report);
void mr_facts_hidden(struct mr_strbuf *out, const struct mr_report *report);
void mr_facts_legend(struct mr_strbuf *out);
void mr_facts_method(struct mr_strbuf *out, const struct mr_report *report);

#endif
