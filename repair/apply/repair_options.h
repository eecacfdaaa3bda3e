/*
 * repair_options: the options of the commands `repair …` other than `plan`
 * (plan_options.h), as structs and tables.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_REPAIR_OPTIONS_H
#define MR_REPAIR_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/db/throttle.h"

/* repair show, apply, verify, undo: each has some of them. */
struct mr_repair_options {
    bool no_return;      /* past the point of no return */
    const char *archive; /* directory, or NULL */
    unsigned catch_up_s;
    bool yes, dry_run, recheck, no_binlog, allow_replica;
    const char *case_path, *signer, *require_approval, *approve_with; /* or NULL */
    const char *allow_triggers;                                       /* "fire", or NULL */
    unsigned max_age_s, lock_timeout_s, retries;
    struct mr_throttle_opts load;
    unsigned statement_timeout_s;
    struct mr_string_list peers;
    uint64_t max_findings;
    const char *source;         /* or NULL */
    const char *row, *identity; /* that is asked for, or NULL */
    const char *kind, *table;   /* of conflicts; or NULL */
    bool why, conflicts, json;
    struct mr_login_opts login;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_show_option_set, mr_apply_option_set,
    mr_repair_verify_option_set, mr_undo_option_set, mr_rehearse_option_set;

#endif
