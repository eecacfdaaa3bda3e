/*
 * gate_options: the options of `myrecon gate record` and `gate check`, as tables and as
 * one struct.
 *
 * The struct is filled by core/cli before the command runs; its texts live as long as
 * the invocation.
 */
#ifndef MR_GATE_OPTIONS_H
#define MR_GATE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cli/cli.h"
#include "recon/gate/gate_config.h"
#include "core/cli/general_options.h"

struct mr_gate_options {
    struct mr_string_list peers, tables, exclude, only, skip;
    unsigned budget_ms, statement_timeout_s;
    bool full;
    const char *output; /* record */
    bool force;         /* record: replace output */
    bool json, nagios;
    const char *prometheus; /* or NULL */
    unsigned wait_s;
    unsigned witness_hours; /* 0: as configured */
    bool expect_new_instance;
    struct mr_login_opts login;
    struct mr_general_options general;
};

extern const struct mr_option_set mr_gate_record_option_set, mr_gate_check_option_set;
extern const struct mr_command_doc mr_gate_record_doc, mr_gate_check_doc;

/* Which checks --only and --skip leave; MR_E_USAGE for a name that is none. */
enum mr_code mr_gate_options_wanted(const struct mr_gate_options *opts,
                                    bool wanted[MR_GATE_NAMES_END], struct mr_err *err);

#endif
