/*
 * cascades: rows of other tables that a change takes along without an event of their own.
 *
 * What InnoDB deletes or changes by ON DELETE and ON UPDATE stands in no log but for the parent's row.
 * So a table whose foreign key acts is not told of, once a row of its parent was deleted, or the columns
 * that it refers to were changed; and whatever hangs on it, in turn.  A parent in a database that is not
 * looked at is not seen.
 *
 *   mr_cascades_init → deleted, updated for tables of the catalogue → mr_cascades_spread → release
 *
 * Ownership: points to the catalogue.  Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_CASCADES_H
#define MR_CASCADES_H

#include "core/schema/schema.h"

struct mr_cascade {
    bool is_parent; /* a foreign key that acts refers to it */
    /* of a parent: which of its columns such keys refer to, by their place; NULL: none */
    bool *referenced;
    bool deleted, updated; /* rows; in columns that are referred to */
    bool is_taken;         /* its rows may have gone, or changed, with those of a parent */
    const char *parent;    /* of which, "db.t"; NULL: one that is not in the catalogue */
    size_t *parents;       /* private: of each foreign key, the place of its parent */
};

struct mr_cascades {
    const struct mr_catalogue *cat;
    struct mr_cascade *of; /* by place in the catalogue's tables */
    struct mr_arena *arena;
};

enum mr_code mr_cascades_init(struct mr_cascades *cascades, const struct mr_catalogue *cat,
                              struct mr_arena *arena, struct mr_err *err);
/* From the tables that were touched to all that they take along. */
enum mr_code mr_cascades_spread(struct mr_cascades *cascades, struct mr_err *err);

#endif
