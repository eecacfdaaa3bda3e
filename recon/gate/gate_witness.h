/*
 * gate_witness: would a server's binary log say, after a failover, which row was changed how?
 *
 * It would where it holds rows and no statements, whole ones, of all databases, those that it
 * applies as a replica, too, and is kept until somebody asks.  All of that are settings, which every
 * account may read, but for the databases, which SHOW MASTER STATUS shows.  Source: what can be read out of a log, measured with both families.
 *
 * Threads: no state.
 */
#ifndef MR_GATE_WITNESS_H
#define MR_GATE_WITNESS_H

#include "recon/gate/gate_facts.h"

#define MR_GATE_WITNESS_LACKS 5 /* at most */

struct mr_gate_witness_lack {
    char what[120]; /* "binlog_format is MIXED" */
    char fix[160];  /* a sentence with the statement */
    bool blinds;    /* changes leave no rows in the log at all */
};

/* Fills `lacks`, the worst first; how many.  hours: how long it is to be kept. */
size_t mr_gate_witness(const struct mr_gate_facts *facts, double hours,
                       struct mr_gate_witness_lack lacks[MR_GATE_WITNESS_LACKS]);

/* Is there another to fail over to?  Not of a server that nobody follows, and that follows nobody; nor
 * of a cluster's nodes, which have what the others have. */
bool mr_gate_witness_matters(const struct mr_gate_facts *facts);
/* May it be a replica whose own log lacks what it applies, since the account does not see whether it is one? */
bool mr_gate_witness_is_hidden(const struct mr_gate_facts *facts);
/* Has the server a binary log? */
bool mr_gate_witness_logs(const struct mr_gate_facts *facts);
/* Is it removed when it is too large, whatever its age? */
bool mr_gate_witness_is_by_size(const struct mr_gate_facts *facts);
/* Hours after which a file of it is removed; 0: never by its age. */
double mr_gate_witness_kept_h(const struct mr_gate_facts *facts);

#endif
