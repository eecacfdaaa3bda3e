/*
 * target: the server that a plan is for, and nothing else.
 *
 * Calling sequence: mr_target_open, use .db, mr_target_close (also after a failed open).
 *
 * Errors: MR_E_REFUSED where another server answers than the plan was made for (naming what
 * differs), where a database of the plan is not there, or a table of it is in none of them or one of the server's
 * own, and, with `writable`, where the
 * server is read-only or a replica (core/db/replication.h); those of endpoint.h and db.h.  Nothing is written.  Threads: one.
 */
#ifndef MR_TARGET_H
#define MR_TARGET_H

#include "core/db/grants.h"
#include "core/db/login_opts.h"
#include "repair/plan/manifest.h"

struct mr_target_opts {
    const char *run_tag;
    unsigned statement_timeout_s;
    struct mr_login_opts login;
    bool writable;      /* it is going to be changed */
    bool allow_replica; /* also where it replicates from another server */
};

struct mr_target {
    struct mr_endpoint ep;
    struct mr_db *db;
    bool allow_replica;
    struct mr_grants *grants; /* NULL where they cannot be read (warned of) */
};

enum mr_code mr_target_open(const char *uri, const struct mr_manifest *manifest,
                            const struct mr_target_opts *opts, struct mr_target *target,
                            struct mr_err *err);
void mr_target_close(struct mr_target *target);

/* Is it the planned server, and with `writable` one that can be written to? */
enum mr_code mr_target_check(const struct mr_target *target, const struct mr_manifest *manifest,
                             bool writable, struct mr_err *err);
/* Is it still?  For a connection that was opened anew: one that was good at the start, and is not any
 * more, is MR_E_CHANGED, with things done or not. */
enum mr_code mr_target_check_again(const struct mr_target *target,
                                   const struct mr_manifest *manifest, bool writable,
                                   struct mr_err *err);

/* May the account raise every counter?  MR_E_REFUSED with the GRANT. */
enum mr_code mr_target_check_rights(const struct mr_target *target,
                                    const struct mr_manifest *manifest, struct mr_err *err);

#endif
