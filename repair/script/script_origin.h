/*
 * script_origin: which unit of apply.sql wrote a row of undo.sql, where that takes several
 * units together.
 *
 * Behind the line of such a unit, in front of its sections, each row stands in one line:
 *   -- rows 1-40,52: units 4-6
 * numbers of rows as the unit has them, and the units of apply.sql that any step of them belongs to.
 *
 * Ownership: text is the caller's.  Threads: plain data.
 */
#ifndef MR_SCRIPT_ORIGIN_H
#define MR_SCRIPT_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/err.h"

#define MR_SCRIPT_ORIGIN_PREFIX "-- rows "

struct mr_script_origin_range {
    uint64_t first_row, last_row, first_unit, last_unit;
};

typedef enum mr_code mr_script_origin_fn(void *ctx, const struct mr_script_origin_range *origin,
                                         struct mr_err *err);

/* Is it such a line, without its end? */
bool mr_script_origin_is_line(const char *line);
/* Each range of rows; text: lines that are, each with its end; or NULL. */
enum mr_code mr_script_origin_each(const char *text, mr_script_origin_fn *fn, void *ctx,
                                   struct mr_err *err);

#endif
