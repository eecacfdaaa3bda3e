/*
 * merge_options: the options of `myrecon snapshot merge`, as a table and as a struct.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_MERGE_OPTIONS_H
#define MR_MERGE_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"

struct mr_snap_merge_options {
    const char *output;
    unsigned chunk_mib, level;
    const char *decrypt_with, *signer; /* or NULL */
    struct mr_string_list encrypt_to;  /* certificates */
    const char *sign_with;             /* key, or NULL */
    bool json;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_snap_merge_option_set;

#endif
