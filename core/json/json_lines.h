/*
 * json_lines: reading files of one JSON object a line, as --json writes them.
 *
 * Errors: MR_E_IO for a file that cannot be read or is larger than max_bytes; MR_E_REFUSED
 * for a line that is no JSON object, with file and line; what the visitor returns.
 * Threads: no state.
 */
#ifndef MR_JSON_LINES_H
#define MR_JSON_LINES_H

#include "core/json/json_in.h"

/* The object is gone when it returns. */
typedef enum mr_code mr_json_line_fn(void *ctx, const struct json_t *line, struct mr_err *err);

enum mr_json_lines {
    MR_JSON_LINES_WHOLE = 1,
    MR_JSON_LINES_TORN /* of a plan's journal: what is no JSON is passed over */
};

/* Visits every line that is not empty. */
enum mr_code mr_json_lines_read(const char *path, size_t max_bytes, enum mr_json_lines lines,
                                mr_json_line_fn *visit, void *ctx, struct mr_err *err);

#endif
