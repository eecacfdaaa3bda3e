/*
 * gate_log: where a server's binary log stands, and what stands where a baseline's stood.
 *
 * An older copy of the data that was put back gives its next transactions the numbers that
 * the lost ones had: sets of GTIDs cannot tell.  The log can: at the file and position of
 * the baseline it has got to the same transactions, or it is another log.
 */
#ifndef MR_GATE_LOG_H
#define MR_GATE_LOG_H

#include "recon/gate/gate_collect.h"

/* Fills facts->log: where the log stands now; and, of a baseline of the same server, what
 * became of where it stood.  facts->server and the GTIDs are there already. */
enum mr_code mr_gate_read_log(const struct mr_gate_task *task, const char *file,
                              const char *position, struct mr_gate_facts *facts,
                              struct mr_err *err);

#endif
