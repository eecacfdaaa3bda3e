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
    const char *output;    /* NULL: decided on the terminal */
    const char *decisions; /* or NULL */
    bool join, unmask, force;
    bool sheet; /* the file is for spreadsheets */
    struct mr_general_options general;
};

extern const struct mr_option_set mr_decide_option_set;

#endif
