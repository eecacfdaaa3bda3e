/* check_json: the result of a check as JSON lines, schema "myrecon/check/1". */
#ifndef MR_CHECK_JSON_H
#define MR_CHECK_JSON_H

#include <stdio.h>

#include "recon/check/check_result.h"

/* Writes run, table, range, row, moved, duplicate, object, advice and summary lines. */
enum mr_code mr_check_json(const struct mr_check_result *result, FILE *out, struct mr_err *err);

#endif
