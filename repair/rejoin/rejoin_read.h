/*
 * rejoin_read: what both servers say of themselves, for rejoin_facts.h.
 *
 * Nothing is written, nobody waits.  Sessions are looked for before others of this run are open: each but
 * the asking one counts.
 *
 * Ownership: texts live in the arena.  Errors: those of db.h.  Threads: one.
 */
#ifndef MR_REJOIN_READ_H
#define MR_REJOIN_READ_H

#include "core/base/arena.h"
#include "core/logs/history_own.h"
#include "repair/rejoin/rejoin_facts.h"
#include "repair/rejoin/rejoin_plan.h"

struct mr_rejoin_servers {
    struct mr_db *live, *old;
    const struct mr_endpoint *live_ep;
    const struct mr_db_opts *opts; /* with which a further connection to LIVE is opened */
    struct mr_arena *arena;
    /* what is read */
    struct mr_history_executed executed[2]; /* of LIVE, of OLD */
};

/* OLD is asked first: what LIVE has executed meanwhile is no loss. */
enum mr_code mr_rejoin_facts_read(struct mr_rejoin_servers *servers, struct mr_rejoin_facts *facts,
                                  struct mr_err *err);
/* Is OLD read-only, yet? */
enum mr_code mr_rejoin_facts_read_only(struct mr_db *old, struct mr_rejoin_facts *facts,
                                       struct mr_err *err);
/* Those of OLD's sessions alone, again. */
enum mr_code mr_rejoin_facts_read_quiet(struct mr_db *old, struct mr_arena *arena,
                                        struct mr_rejoin_facts *facts, struct mr_err *err);
/* Whoever reads OLD's log, again. */
enum mr_code mr_rejoin_facts_read_below(struct mr_db *old, struct mr_arena *arena,
                                        struct mr_rejoin_facts *facts, struct mr_err *err);
/* What LIVE has removed by now that a target at the plan's position would have to read, again.  Of servers: live, live_ep,
 * opts and arena. */
enum mr_code mr_rejoin_facts_read_removed(struct mr_rejoin_servers *servers,
                                          const struct mr_rejoin_plan *plan,
                                          struct mr_rejoin_facts *facts, struct mr_err *err);
/* May that account come in at LIVE, and read its log?  MR_E_REFUSED where not.  It is tried from here:
 * from OLD's address is seen when replication starts. */
enum mr_code mr_rejoin_try_account(const struct mr_endpoint *live, const struct mr_db_opts *opts,
                                   const char *user, const char *password, struct mr_err *err);

#endif
