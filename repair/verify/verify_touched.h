/*
 * verify_touched: are the rows that a rejoin took back the same on the old primary (OLD), which replicates by
 * now, and on the live server (LIVE)?
 *
 * Every key of entities.csv.zst is read on both sides, a batch at a time, and the rows' digests are
 * compared.  LIVE goes on meanwhile: a key whose rows differ is read again, until they are equal or the
 * time is over.
 *
 * Ownership: texts in the arena.  Errors: those of the servers, MR_E_REFUSED for a damaged plan.
 * Threads: one.  Memory: a batch of keys.
 */
#ifndef MR_VERIFY_TOUCHED_H
#define MR_VERIFY_TOUCHED_H

#include "core/db/login_opts.h"
#include "repair/plan/plan_dir.h"

struct mr_verify_touched {
    const struct mr_plan_dir *plan;
    const char *uri[2]; /* of LIVE, of OLD */
    const char *run_tag;
    struct mr_login_opts login;
    unsigned statement_timeout_s;
    unsigned settle_s; /* how long a key may differ */
    struct mr_arena *arena;
    /* what is found */
    uint64_t rows, differ;
    const char *first;      /* that differs, for people; or NULL */
    const char *unreadable; /* why a table could not be read, with its name; or NULL */
};

enum mr_code mr_verify_touched(struct mr_verify_touched *task, struct mr_err *err);

#endif
