/*
 * create_options: the options of `myrecon snapshot create`, as a table and as a struct.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_CREATE_OPTIONS_H
#define MR_CREATE_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/cli/table_where.h"
#include "core/db/slots.h"
#include "core/db/throttle.h"

struct mr_create_options {
    struct mr_string_list tables, exclude;
    struct mr_table_wheres where;
    struct mr_throttle_opts load;
    unsigned threads, statement_timeout_s;
    const char *slots_text; /* or NULL */
    struct mr_slots slots;  /* what it says */
    unsigned rate_mib, chunk_mib, level, consistency_wait_ms;
    const char *base;            /* directory of the snapshot that it goes on from; or NULL */
    const char *case_path, *run; /* only_diverged: rows of that case, of that run */
    bool only_diverged;
    struct mr_string_list encrypt_to; /* certificates */
    const char *sign_with;            /* key, or NULL */
    bool json;
    struct mr_login_opts login;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_create_option_set;

#endif
