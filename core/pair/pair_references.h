/*
 * pair_references: the graph of references between the tables of a run, and whose rows
 * are people.
 *
 * Edges are the foreign keys of either side (those of both are one edge), and the
 * `reference =` lines of the configuration.  A reference to a table that the run does not
 * compare is kept, so that what it would have led to is known to be missing.
 *
 * A table is a subject by `subject = yes`.  Where the configuration names none, in this run
 * or outside of it, the subject is inferred: the one table with an identity of its own that other tables
 * refer to, directly or over others, and that refers to no such table itself; with two of
 * them nothing is inferred.
 */
#ifndef MR_PAIR_REFERENCES_H
#define MR_PAIR_REFERENCES_H

#include "core/case/lineage.h"
#include "core/pair/pair.h"
#include "core/pair/spelling.h"

struct mr_pair_reference {
    struct mr_lineage_reference edge; /* ids of table and parent are set by _save */
    struct mr_pair *child;
    struct mr_pair *parent;             /* NULL: not compared by this run */
    const char *condition;              /* edge.condition by TARGET's names, or NULL */
    const struct mr_spelling *spelling; /* per column; NULL: all write the key's own bytes */
};

/* Sets how its columns spell the parent's; *why: why they do not, for people, or NULL. */
enum mr_code mr_pair_reference_spell(struct mr_arena *arena, struct mr_pair_reference *r,
                                     const char **why, struct mr_err *err);

/* ---- values ---- */

/* Replaces out by the key that the row of this image refers to, as the parent writes it;
 * *none: a value is NULL, or means no key.  spelling: of the reference, or NULL. */
enum mr_code mr_pair_reference_key(const struct mr_spelling *spelling, const size_t *columns,
                                   size_t ncolumns, const void *image, size_t len,
                                   struct mr_strbuf *out, bool *none, struct mr_err *err);

/* ---- the graph ---- */

/* Fills pairing->references, and subject and time_at of all tables.  MR_E_CONFIG for a
 * configured column or table that does not exist, columns that cannot be compared, or a
 * condition that a server does not understand. */
enum mr_code mr_pair_references_plan(struct mr_pairing *pairing, struct mr_err *err);

/* Writes the graph to the case, whose tables are known by then; what an earlier try of
 * the run had found out is forgotten. */
enum mr_code mr_pair_references_save(struct mr_pairing *pairing, struct mr_findings *fd,
                                     struct mr_err *err);

#endif
