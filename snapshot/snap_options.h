/*
 * snap_options: the options of `myrecon snapshot verify` and `list`.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_SNAP_OPTIONS_H
#define MR_SNAP_OPTIONS_H

#include "core/cli.h"
#include "core/general_options.h"

struct mr_snap_options {
    bool quick;       /* verify */
    unsigned threads; /* verify */
    bool json;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_snap_verify_option_set, mr_snap_list_option_set;

/* Cores, at most 4. */
unsigned mr_snap_default_threads(void);

#endif
