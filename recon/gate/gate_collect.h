/*
 * gate_collect: the facts of one live server.
 *
 * Calling sequence: fill a task, mr_gate_collect_status, then mr_gate_collect_tables where
 * tables are asked for.  Everything lives in task->arena.
 * Nothing is written to the server and no lock is taken; reading its tables stops at
 * the budget and waits at most a second for one that is locked.
 *
 * Errors: MR_E_LOST, MR_E_CANCELLED, MR_E_NOMEM, and MR_E_CONFIG for a configured column
 * that does not exist.  What could not be read otherwise stands in the facts' views.
 */
#ifndef MR_GATE_COLLECT_H
#define MR_GATE_COLLECT_H

#include "core/cli/config.h"
#include "recon/gate/gate_config.h"
#include "recon/gate/gate_link.h"

struct mr_gate_task {
    struct mr_gate_link *link;
    const struct mr_endpoint *scope; /* names databases where link's URI names none */
    const struct mr_config *config;
    const struct mr_gate_config *gate;
    const struct mr_string_list *tables, *exclude; /* patterns */
    double budget_s;                               /* for exact counts and digests */
    bool full;                                     /* digests of all rows */
    bool digests;                                  /* sampled ones at all */
    /* Whose ranges are read again, table by table; NULL: new ones are chosen. */
    const struct mr_gate_facts *past;
    struct mr_arena *arena;
};

enum mr_code mr_gate_collect_status(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                    struct mr_err *err);
enum mr_code mr_gate_collect_tables(const struct mr_gate_task *task, struct mr_gate_facts *facts,
                                    struct mr_err *err);

#endif
