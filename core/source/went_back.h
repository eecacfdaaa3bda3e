/*
 * went_back: has a server executed less than it had at a place?
 *
 * Then it was put back to what it was before, by its disk or a backup; or another one that has its name
 * answers, which was set up from it; or its log was begun anew.  Without GTIDs nothing tells.
 *
 * Errors: those of log_place.h; MR_E_USAGE for texts that are no GTIDs; MR_E_NOMEM.  Threads: no state.
 */
#ifndef MR_WENT_BACK_H
#define MR_WENT_BACK_H

#include "core/db/log_place.h"

enum mr_code mr_went_back(bool is_mariadb, const char *was, const char *now, bool *back,
                          struct mr_err *err);
/* Of two readings of one server.  Who may not see its log is told nothing of what was executed. */
enum mr_code mr_went_back_since(bool is_mariadb, const struct mr_log_place *was,
                                const struct mr_log_place *now, bool *back, struct mr_err *err);
/* Is the second so much later that it has to have all of the first?  Those of five seconds tell nothing, since a place's
 * time is that of its beginning, and a server's clock may be set. */
bool mr_went_back_tells(const struct mr_log_place *was, const struct mr_log_place *now);
/* Of two readings, in whatever order: does the later one have less, where that tells? */
enum mr_code mr_went_back_between(bool is_mariadb, const struct mr_log_place *a,
                                  const struct mr_log_place *b, bool *back, struct mr_err *err);
/* Asks db, which is of the family that the place is of.  *back false also where it does not say. */
enum mr_code mr_went_back_ask(struct mr_db *db, const struct mr_log_place *was,
                              struct mr_arena *arena, bool *back, struct mr_err *err);

#endif
