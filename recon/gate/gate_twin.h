/*
 * gate_twin: has a replica that runs all the rows that SERVER has?
 *
 * Neither its threads nor its GTIDs tell of rows that were deleted on it with
 * sql_log_bin = 0: both are counted, up to the greatest key that SERVER had.  A count that
 * differs is taken again a few times; what is written meanwhile moves both, the replica's later.
 *
 * Errors: MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM.
 */
#ifndef MR_GATE_TWIN_H
#define MR_GATE_TWIN_H

#include "recon/gate/gate_link.h"

struct mr_gate_twin_task {
    const struct mr_gate_link *server, *replica;
    const struct mr_gate_facts *facts; /* of SERVER, tables included */
    double budget_s;
    struct mr_arena *arena;
};

/* Fills replica->twins: the tables of SERVER that were counted exactly, while the budget
 * lasts; twins_left is how many were not. */
enum mr_code mr_gate_read_twins(const struct mr_gate_twin_task *task, struct mr_gate_facts *replica,
                                struct mr_err *err);

#endif
