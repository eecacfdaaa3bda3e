/*
 * report_row: keys and identities of rows as one plain text: "order_id 4201, line 1".
 *
 * The text is masked and not escaped.  Errors: MR_E_CASE, MR_E_NOMEM.  Threads: one at a
 * time a buffer.
 */
#ifndef MR_REPORT_ROW_H
#define MR_REPORT_ROW_H

#include "core/case/image.h"
#include "recon/report/report_mask.h"

/* A table with what may be shown of its columns. */
struct mr_report_columns {
    const struct mr_find_table *table;
    const enum mr_mask *masks;
};

/* Appends the columns of a part (key or identity), each with its name where asked for. */
enum mr_code mr_report_row_add(struct mr_strbuf *out, struct mr_report_columns columns,
                               const struct mr_image *image, enum mr_image_part part,
                               bool names, struct mr_err *err);

/* The key of a finding, SOURCE's where it has the row. */
enum mr_code mr_report_row_add_key(struct mr_strbuf *out,
                                   struct mr_report_columns columns,
                                   const struct mr_finding *finding, bool names,
                                   struct mr_err *err);

#endif
