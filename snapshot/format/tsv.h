/*
 * tsv: rows as the text that LOAD DATA reads by default, exact to the last bit.
 *
 * Fields end in TAB, rows in LF; NULL is \N; within a field NUL, TAB, LF and backslash are
 * written \0 \t \n \\, and every other byte is itself, so that a row is one line for any
 * tool.  Text is in its column's own charset.  FLOAT and DOUBLE have the fewest digits
 * that the server reads back to the same bits (-0 is "-0"), BIT is its number, temporal
 * values have the digits of their column.  docs/formats/snapshot-v1.md is the definition.
 *
 * Calling sequence: mr_tsv_add_row for each row.  Long values are read slice by slice and
 * handed on, so that the memory is bounded, whatever the width of a row.
 *
 * Errors: the sink's, and those of reading a long value; MR_E_NOMEM.  Threads: no state
 * beyond the writer's.
 */
#ifndef MR_TSV_H
#define MR_TSV_H

#include "core/file/sink.h"
#include "snapshot/format/snap_table.h"

struct mr_tsv {
    struct mr_sink sink;
    struct mr_strbuf text; /* not yet handed on */
    uint64_t bytes;        /* written in all */
    char *slice;           /* of a long value; allocated when first needed */
};

/* Nothing written yet; what sink needs must outlive it. */
void mr_tsv_init(struct mr_tsv *tsv, struct mr_sink sink);
/* Does not hand on what is left. */
void mr_tsv_release(struct mr_tsv *tsv);

/* values: one a column. */
enum mr_code mr_tsv_add_row(struct mr_tsv *tsv, const struct mr_snap_table *table,
                            const struct mr_value *values, struct mr_err *err);
enum mr_code mr_tsv_flush(struct mr_tsv *tsv, struct mr_err *err);

#endif
