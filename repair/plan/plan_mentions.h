/*
 * plan_mentions: old ids that stand inside texts and JSON of rows that are brought back.
 *
 * Ids in columns of keys, identities and references are mapped; those inside a text
 * ("see member 4711") are not: nobody can tell whose number it is.  They are reported, so
 * that somebody can look.  An old id is what a counter gave to a row of SOURCE that is,
 * or will be, under another one on TARGET; which numbers of a text may be ids says
 * text_ids.h.  Looked at are text and JSON of the rows that the plan inserts, but for
 * columns of keys, identities and references, and generated ones.
 *
 * Calling sequence: when the plan's store is filled.  Ownership: notes live in the arena.
 * Errors: those of the case, MR_E_NOMEM.  Threads: one.  Limits: one row in memory at a
 * time; old ids are in a temporary table of the case.
 */
#ifndef MR_PLAN_MENTIONS_H
#define MR_PLAN_MENTIONS_H

#include "repair/plan/plan_store.h"
#include "repair/plan/plan_tables.h"

struct mr_plan_mentions_task {
    const struct mr_plan_tables *tables;
    struct mr_plan_store *store;
    struct mr_findings *fd;
    struct mr_arena *arena;
};

/* What is to be said about a column. */
struct mr_plan_mention {
    const char *table; /* "db.t", SOURCE's names */
    const char *text;  /* how many rows, and one of them */
};

/* Pushes struct mr_plan_mention, one a column in which an old id was seen. */
enum mr_code mr_plan_mentions(const struct mr_plan_mentions_task *task, struct mr_vec *mentions,
                              struct mr_err *err);

#endif
