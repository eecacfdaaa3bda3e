/*
 * cascades: rows of other tables that a change takes along without an event of their own.
 *
 * What InnoDB deletes or changes by ON DELETE and ON UPDATE stands in no log but for the parent's row.
 * So a table whose foreign key acts is not told of, once a row of its parent was deleted, or the columns
 * that it refers to were changed; and whatever hangs on it, in turn.  Of a parent that is not in the catalogue,
 * since its database is not looked at, any change of a row counts; and of the catalogue's own tables, since what
 * such a parent hangs on itself nobody has read.
 *
 *   mr_cascades_init → deleted, updated for tables that were touched → mr_cascades_spread
 *
 * Ownership: points to the catalogue.  Errors: MR_E_NOMEM.  Threads: one.
 */
#ifndef MR_CASCADES_H
#define MR_CASCADES_H

#include "core/base/vec.h"
#include "core/schema/schema.h"

struct mr_cascade {
    const char *db, *name;
    bool is_parent; /* a foreign key that acts refers to it */
    /* of a parent: which of its columns such keys refer to, by their place; NULL: none */
    bool *referenced;
    bool deleted, updated; /* rows; in columns that are referred to */
    /* of a table of the catalogue, where there are parents beside it: rows, whoever refers to it, and by whatever column */
    bool has_lost, has_changed;
    const char *
        by; /* its rows may have gone, or changed, with those of a parent: which, "db.t"; or NULL */
    size_t *parents; /* private: of each foreign key, the place of its parent */
};

struct mr_cascades {
    const struct mr_catalogue *cat;
    struct mr_vec
        of; /* struct mr_cascade: the catalogue's tables in its order, then parents beside it */
    struct mr_arena *arena;
};

#define MR_NO_CASCADE SIZE_MAX

/* Of mr_foreign_key.on_delete or on_update; one that the account may not see, NULL, is reckoned with: does it do
 * anything to a child, and may it do just that? */
bool mr_cascades_acts(const char *rule);
bool mr_cascades_may_be(const char *rule, const char *action);

/* May a log of that server have events of the rows that a foreign key takes along? */
bool mr_cascades_may_be_logged(const struct mr_server *server);

/* To be released also after a failure. */
enum mr_code mr_cascades_init(struct mr_cascades *cascades, const struct mr_catalogue *cat,
                              struct mr_arena *arena, struct mr_err *err);
void mr_cascades_release(struct mr_cascades *cascades);
struct mr_cascade *mr_cascades_at(const struct mr_cascades *cascades, size_t at);
/* A parent that is not in the catalogue: its place, or MR_NO_CASCADE. */
size_t mr_cascades_beside(const struct mr_cascades *cascades, const char *db, const char *name);
bool mr_cascades_has_beside(const struct mr_cascades *cascades);
/* From the tables that were touched to all that they take along. */
enum mr_code mr_cascades_spread(struct mr_cascades *cascades, struct mr_err *err);

#endif
