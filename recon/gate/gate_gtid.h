/*
 * gate_gtid: sets of executed transactions, subtracted and counted.
 *
 * MySQL: "uuid:1-5:8,uuid:tag:3".  MariaDB: a state "0-1-55,0-2-7" stands, for each pair
 * of domain and server, for everything up to that number.  Blanks and line breaks are
 * passed over.  Text that is no set is an error: MR_E_CHANGED.
 *
 * Ownership: outputs are appended to strbufs.  Threads: no state.
 */
#ifndef MR_GATE_GTID_H
#define MR_GATE_GTID_H

#include <stdint.h>

#include "core/db/db.h"

/* Appends to `out` what is in `a` and not in `b`, in a's notation ("" for nothing), and
 * counts its transactions.  On MariaDB the difference of a pair is written as
 * "0-1-8..55". */
enum mr_code mr_gate_gtid_subtract(enum mr_flavour flavour, const char *a, const char *b,
                                   struct mr_strbuf *out, uint64_t *count, struct mr_err *err);

/* Appends `set` without what one server has written: on MySQL it goes by uuid, on MariaDB
 * by server_id; where that is "" or 0, nothing is left out. */
void mr_gate_gtid_without(enum mr_flavour flavour, const char *set, const char *uuid,
                          uint32_t server_id, struct mr_strbuf *out);

/* How many of the transactions that are in `after` and not in `before` one server has written itself,
 * told as above. */
enum mr_code mr_gate_gtid_own(enum mr_flavour flavour, const char *before, const char *after,
                              const char *uuid, uint32_t server_id, uint64_t *count,
                              struct mr_err *err);

#endif
