/*
 * decide_options: the options of `repair decide`, as a struct and a table.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_DECIDE_OPTIONS_H
#define MR_DECIDE_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"

struct mr_decide_options {
    const char *output; /* or NULL */
    bool join, unmask, force;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_decide_option_set;

#endif
