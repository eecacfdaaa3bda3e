/*
 * snap_options: the options of `myrecon snapshot verify`, `list`, `restore`,
 * `rehearse` and `expire`.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_SNAP_OPTIONS_H
#define MR_SNAP_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/db/throttle.h"

/* restore: what is done where a database is not empty. */
enum mr_into {
    MR_INTO_REFUSE = 1,
    MR_INTO_ADD,    /* what the snapshot holds is added to it */
    MR_INTO_REPLACE /* and what it has by the same names is dropped first */
};

/* expire: how many are kept (expire.h); 0: no such rule. */
struct mr_expire_rules {
    unsigned last, daily, weekly, monthly;
};

/* Each command has some of them. */
struct mr_snap_options {
    /* verify */
    bool quick;
    const char *against, *case_path; /* a server, and where the check keeps; or NULL */

    /* verify, rehearse: nothing is kept beside the snapshot */
    bool no_record;

    /* rehearse; work_dir: restore, too */
    const char *server_program, *work_dir, *run_as; /* or NULL */
    unsigned start_timeout_s;

    /* verify, list, restore: where the bases of an incremental one are */
    struct mr_string_list bases;
    bool chain; /* list */

    /* verify, restore, rehearse */
    const char *decrypt_with, *signer; /* or NULL */
    unsigned threads, statement_timeout_s;
    struct mr_login_opts login;

    /* restore: the moment that rows are brought to, NULL: the snapshot's; and the logs that tell how */
    const char *until;
    struct mr_string_list source_logs;

    /* restore; some of them rehearse */
    struct mr_string_list tables, exclude, rename_dbs, renames, allow_lossy;
    enum mr_into into_existing;
    bool schema_only, data_only, drop_foreign_keys, yes, allow_replica, no_binlog, unsafe_fast;
    struct mr_throttle_opts load;

    /* expire */
    struct mr_expire_rules keep;

    /* restore, expire */
    bool dry_run;

    bool json;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_snap_verify_option_set, mr_snap_list_option_set,
    mr_snap_restore_option_set, mr_snap_rehearse_option_set, mr_snap_expire_option_set;

#endif
