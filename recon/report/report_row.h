/*
 * report_row: keys and identities of rows, said to a document: "order_id 4201, line 1".
 *
 * Values are masked.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_REPORT_ROW_H
#define MR_REPORT_ROW_H

#include "core/case/image.h"
#include "recon/report/report_doc.h"

/* A table with what may be shown of its columns. */
struct mr_report_columns {
    const struct mr_find_table *table;
    const enum mr_mask *masks;
};

/* The columns of a part (key or identity), each with its name where asked for. */
enum mr_code mr_report_row_say(struct mr_doc *doc, struct mr_report_columns columns,
                               const struct mr_image *image, enum mr_image_part part, bool names,
                               struct mr_err *err);

/* Appends the key of a finding, SOURCE's where it has the row, as plain text. */
enum mr_code mr_report_row_add_key(struct mr_strbuf *out, struct mr_report_columns columns,
                                   const struct mr_finding *finding, struct mr_err *err);

#endif
