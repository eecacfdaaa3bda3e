/*
 * check_suspects: references that no foreign key and no configuration declares, as
 * advice.
 *
 * A column is suspected where its name means a table (suspect_names.h), it has the type
 * of that table's key, an index begins with it, and the values sampled on either side
 * are all keys there (suspect_sample.h).  Nothing acts on a suspicion.
 *
 * At most MR_SUSPECTS_MAX suspicions are looked into, for at most MR_SUSPECTS_SECONDS.
 */
#ifndef MR_CHECK_SUSPECTS_H
#define MR_CHECK_SUSPECTS_H

#include "recon/check/check.h"

#define MR_SUSPECTS_MAX 500
#define MR_SUSPECTS_SECONDS 60

/* Replaces the advice of the run.  After the other phases; a coordinator's task.  Advice
 * is a courtesy: a server that is lost, or refuses, ends or shortens the search without
 * an error, which is left to what must end a run (mr_check_is_fatal). */
enum mr_code mr_check_suspects(struct mr_check_run *check, struct mr_err *err);

#endif
