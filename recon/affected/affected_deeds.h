/*
 * affected_deeds: which rows of people a plan takes away or writes anew under the key that they
 * have (--plan DIR), from its entities.csv.zst: what its map of keys does not tell.
 *
 *   mr_affected_deeds_load; when everybody is collected, mr_affected_deeds_spell
 *
 * A row that is deleted is nobody's afterwards.  Where a plan mirrors SOURCE, a row that it updates
 * is what SOURCE has there: of a collision another person's than before.
 *
 * Temporary tables of the case: temp.deed (as read), and temp.gone, the keys on TARGET that are
 * nobody's or somebody else's afterwards, as the list has them; keys that SOURCE's people get so
 * are added to temp.new_key.  Memory does not grow with them.
 *
 * Errors: MR_E_REFUSED for what is no such file; MR_E_IO, MR_E_CASE.  Threads: one.
 */
#ifndef MR_AFFECTED_DEEDS_H
#define MR_AFFECTED_DEEDS_H

#include "recon/affected/affected.h"

/* path: of the file; NULL: the plan has none, and then nothing is gone. */
enum mr_code mr_affected_deeds_load(const char *path, struct mr_case *cf, struct mr_err *err);

/* temp.new_key is filled.  mirrors: the plan makes TARGET what SOURCE is. */
enum mr_code mr_affected_deeds_spell(const struct mr_affected *list, bool mirrors,
                                     struct mr_err *err);

#endif
