/*
 * binlog_json_diff: a document that MySQL logged as diffs to the one before it
 * (binlog_row_value_options = PARTIAL_JSON).
 *
 * Each diff is an operation (replace, insert, remove), a path, and a value in the binary format.
 * Only what paths lead through is taken apart; all else is printed as it stands in the document.
 *
 * Ownership: documents are the caller's.  Threads: no state.
 */
#ifndef MR_BINLOG_JSON_DIFF_H
#define MR_BINLOG_JSON_DIFF_H

#include "core/binlog/binlog_json.h"

/* Appends the text of `before` with `diffs` done to it.  MR_E_BINLOG for what does not fit together
 * (the caller adds which column), MR_E_NOMEM. */
enum mr_code mr_binlog_json_diff(struct mr_strbuf *out, const uint8_t *before, size_t before_len,
                                 const uint8_t *diffs, size_t diffs_len, struct mr_err *err);

#endif
