/*
 * gate_shape: the structure of a table as lines of text that can be compared, and its
 * fingerprint.  What changes without meaning (comments, AUTO_INCREMENT, statistics) and
 * what needs further rights (triggers) is left out; what only another version of the server
 * writes otherwise (int(11), utf8) is written in one way.
 */
#ifndef MR_GATE_SHAPE_H
#define MR_GATE_SHAPE_H

#include "core/base/arena.h"
#include "core/schema/schema.h"
#include "recon/gate/gate_facts.h"

/* Fills engine, shape and fingerprint. */
enum mr_code mr_gate_shape(const struct mr_table *table, struct mr_arena *arena,
                           struct mr_gate_table *out, struct mr_err *err);

/* Brings the lines of a baseline, which an older program wrote as its server did, into that form. */
enum mr_code mr_gate_shape_renew(struct mr_gate_table *table, struct mr_arena *arena,
                                 struct mr_err *err);

/* "datetime(6) not null …": what stands behind the column's name; "": there is none of that name. */
const char *mr_gate_shape_type(const struct mr_gate_table *table, const char *column);
/* Has the column one type in both, so that what it holds can be compared? */
bool mr_gate_shape_is_alike(const struct mr_gate_table *a, const struct mr_gate_table *b,
                            const char *column);

/* "0123…": 32 hex digits. */
const char *mr_gate_digest_text(struct mr_digest digest, struct mr_arena *arena);

#endif
