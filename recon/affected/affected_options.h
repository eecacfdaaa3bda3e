/*
 * affected_options: the options of `myrecon affected`, as a table and as a struct.
 *
 * The struct is filled by core/cli before the command runs; its texts live as long as the
 * invocation.  Where an option is not given the field holds its default, which stands in
 * the table.
 */
#ifndef MR_AFFECTED_OPTIONS_H
#define MR_AFFECTED_OPTIONS_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/db/throttle.h"
#include "core/row/when.h"
#include "recon/affected/affected_format.h"

struct mr_affected_options {
    /* what is read */
    const char *case_path;
    const char *run; /* or NULL: the last finished one */

    const char *plan; /* directory of a plan, or NULL */

    /* who is listed */
    struct mr_string_list subjects;        /* patterns (core/base/pattern.h) */
    struct mr_string_list tables, exclude; /* patterns */
    const char *since_text, *until_text;   /* as given, or NULL; see since and until */

    /* servers, for since and until */
    const char *source, *target; /* or NULL: the case's */
    struct mr_login_opts login;
    struct mr_throttle_opts load;
    unsigned statement_timeout_s;

    /* what is written */
    struct mr_string_list columns; /* items may hold several names, joined by commas */
    enum mr_affected_format format;
    bool json;
    const char *template;
    bool shell_safe;
    bool sheet;
    const char *sql_table;

    /* where to */
    const char *output; /* or NULL: standard output */
    bool force;
    const char *encrypt_to; /* or NULL */

    struct mr_general_options general;

    /* computed when finishing */
    enum mr_affected_format writes; /* by format, json and template together */
    struct mr_when since, until;    /* valid where the text is not NULL */
};

extern const struct mr_option_set mr_affected_option_set;
extern const struct mr_command_doc mr_affected_doc;

/* Is anybody to be listed for when they registered? */
bool mr_affected_has_window(const struct mr_affected_options *options);

#endif
