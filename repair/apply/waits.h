/*
 * waits: says what the target lets us wait for.
 *
 *   mr_waits_new → (mr_waits_say …) → mr_waits_free, before the connection is closed
 *
 * A thread looks twice a second at how long the statement at hand has been running.  After
 * MR_WAITS_FIRST_S seconds it asks the server over a connection of its own what our session
 * waits for and who holds it, and logs that with what the run is at and the limit of the
 * wait; and again every MR_WAITS_AGAIN_S seconds while waits go on.  Most runs never wait,
 * so the connection is opened when it is first needed.  What cannot be found out is left
 * out: that we wait is said in any case.
 *
 * Errors: MR_E_NOMEM.  Threads: say and free belong to the one that has made it.
 */
#ifndef MR_WAITS_H
#define MR_WAITS_H

#include <stdbool.h>

#include "core/db/db.h"
#include "core/db/grants.h"

#define MR_WAITS_FIRST_S 3
#define MR_WAITS_AGAIN_S 30

struct mr_waits;

/* db is watched; ep leads to the same server; grants: of the account, or NULL.  All
 * outlive it. */
enum mr_code mr_waits_new(const struct mr_db *db, const struct mr_endpoint *ep,
                          const char *run_tag, const struct mr_grants *grants,
                          struct mr_waits **out, struct mr_err *err);
/* What is being done, and how long that may wait; NULL in waits is fine. */
void mr_waits_say(struct mr_waits *waits, const char *fmt, ...) MR_PRINTF(2, 3);
/* False: the thread hangs in a server that does not answer, and goes on using what it was
 * given, which is then left to the system as it is.  NULL is fine. */
bool mr_waits_free(struct mr_waits *waits);

#endif
