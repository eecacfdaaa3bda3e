/*
 * check_entities: which of the rows that were read for a batch of keys are one row of the
 * table: two readings upstream (u1, u2) and one downstream (d).
 *
 * Rows with the same bytes as key are one (of many sources: and of the same place; then several
 * entities have one key, and one row downstream); then, for text keys, those that TARGET's
 * collation takes for the same: 'a' here and 'A' there.
 *
 * Calling sequence: init, fill u1, d and u2 (rowset.h), make, walk list; again; release.
 * Rows belong to the rowsets, the list lives until the next make.  One thread.
 */
#ifndef MR_CHECK_ENTITIES_H
#define MR_CHECK_ENTITIES_H

#include "core/pair/pair.h"
#include "core/pair/rowset.h"

/* One row of the table on both sides; NULL: not there at that reading. */
struct mr_entity {
    struct mr_rowset_row *u1, *u2, *d;
};

struct mr_entities {
    struct mr_rowset u1, u2, d;
    struct mr_vec list; /* struct mr_entity */
};

/* Empty sets and an empty list; release frees all of them. */
void mr_entities_init(struct mr_entities *e);
void mr_entities_release(struct mr_entities *e);

/* Every row of u1, u2 and d is in exactly one entity.  db: TARGET's connection, asked for
 * its collation where the table's key is text; MR_E_LOST if it is needed and gone. */
enum mr_code mr_entities_make(struct mr_entities *e, const struct mr_pair *table, struct mr_db *db,
                              struct mr_arena *arena, struct mr_err *err);

/* The key of the entity upstream; ptr NULL: it is not there. */
struct mr_key mr_entity_up_key(const struct mr_entities *e, const struct mr_entity *entity);
/* The same downstream. */
struct mr_key mr_entity_down_key(const struct mr_entities *e, const struct mr_entity *entity);

#endif
