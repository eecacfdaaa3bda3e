/*
 * check_options: the options of `myrecon check`, as a table and as a struct.
 *
 * The struct is filled by core/cli before the command runs; its texts live as long as
 * the invocation.  Where an option is not given the field holds its default, which
 * stands in the table.
 */
#ifndef MR_CHECK_OPTIONS_H
#define MR_CHECK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/cli/table_where.h"
#include "core/db/throttle.h"
#include "core/row/when.h"

enum mr_digest_mode { MR_DIGEST_AUTO = 1, MR_DIGEST_CLIENT, MR_DIGEST_SERVER };

struct mr_check_options {
    /* what is compared */
    struct mr_string_list tables, exclude; /* patterns (core/base/pattern.h) */
    struct mr_table_wheres where;
    const char *since_text; /* as given, or NULL; see `since` */
    const char *objects;    /* the list as given; "all" by default */
    const char *scope_path; /* or NULL */
    bool changed;           /* only with case_path */
    unsigned rolling;       /* parts; 0: none.  Only with changed */

    /* how */
    bool consistent;
    enum mr_digest_mode digest;
    unsigned settle_ms, settle_limit_ms;
    bool unrelated;   /* neither side applies, by any way, what the other writes */
    bool same_server; /* both sides may be one database */
    bool trust_manifest;

    /* load and pace */
    unsigned threads; /* at least 1 after finishing */
    struct mr_throttle_opts load;
    unsigned statement_timeout_s; /* 0: the server's own */

    /* the result */
    const char *case_path; /* or NULL: a temporary case */
    bool resume;           /* only with case_path */
    bool json;
    uint64_t max_rows; /* row lines printed a table; 0: none */

    struct mr_login_opts login;
    struct mr_general_options general;

    /* computed when finishing */
    struct mr_when since; /* valid where since_text != NULL */
};

extern const struct mr_option_set mr_check_option_set;
extern const struct mr_command_doc mr_check_doc;

#endif
