/*
 * report_order: where a finding stands among all rows of its table, told by the chunks.
 *
 * Every finding knows how many equal rows its chunk holds before it and how many findings;
 * so the sums over the chunks before give its rank.  A table without chunks (its rows were
 * joined on disk) has no order: nobody knows how many rows lie between two findings.
 *
 * Memory: 64 bytes a chunk of thousands of rows.  Errors: MR_E_CASE, MR_E_NOMEM.
 */
#ifndef MR_REPORT_ORDER_H
#define MR_REPORT_ORDER_H

#include "core/case/findings.h"
#include "recon/report/report_axis.h"

struct mr_order_chunk {
    int64_t segment, no;
    uint64_t equal_before; /* rows */
    uint64_t rank;         /* equal rows and findings before */
    mr_place hi;           /* its upper bound, where that is a single integer */
    bool has_hi;
};

struct mr_report_order {
    struct mr_vec chunks; /* struct mr_order_chunk, in key order */
    uint64_t equal;       /* rows of all chunks */
    uint64_t rows;        /* and findings */
};

/* All chunks of a table of the case (its id).  Empty after an error. */
enum mr_code mr_order_load(struct mr_report_order *order, struct mr_findings *fd, int64_t table,
                           struct mr_err *err);
void mr_order_release(struct mr_report_order *order);

/* False: the table has no chunks, and nothing can be said of ranks. */
bool mr_order_is_known(const struct mr_report_order *order);
/* The chunk of a finding, or NULL. */
const struct mr_order_chunk *mr_order_find(const struct mr_report_order *order,
                                           const struct mr_finding *finding);
/* Rows before the finding; 0 where the order is not known. */
uint64_t mr_order_rank(const struct mr_report_order *order, const struct mr_finding *finding);

#endif
