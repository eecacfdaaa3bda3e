/*
 * report_cell: a value of report_value as HTML: escaped, cut where it is long with its
 * length stated, the differing part marked, NULL and the empty string told from texts.
 *
 * Errors: the buffer's.  Threads: no state.
 */
#ifndef MR_REPORT_CELL_H
#define MR_REPORT_CELL_H

#include "recon/report/report_value.h"

/* The content alone. */
void mr_cell_add(struct mr_strbuf *out, const struct mr_report_value *value);
/* The content in a <td>. */
void mr_cell_add_td(struct mr_strbuf *out, const struct mr_report_value *value);

#endif
