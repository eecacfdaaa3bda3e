/*
 * create_options: the options of `myrecon snapshot create`, as a table and as a struct.
 *
 * Texts live as long as the invocation.
 */
#ifndef MR_CREATE_OPTIONS_H
#define MR_CREATE_OPTIONS_H

#include "core/cli.h"
#include "core/general_options.h"

/* --where PATTERN=SQL */
struct mr_create_where {
    const char *pattern, *sql;
};

struct mr_create_options {
    struct mr_string_list tables, exclude, where_texts;
    unsigned threads, max_load, max_load_stop, max_lag_s, statement_timeout_s;
    const char *pause_file;
    unsigned rate_mib, chunk_mib, level, consistency_wait_ms;
    bool json, ask_password;
    struct mr_general_options general;

    /* computed when finishing */
    const struct mr_create_where *wheres;
    size_t nwheres;
};

extern const struct mr_option_set mr_create_option_set;

/* The SQL of the last --where that matches the table, or NULL. */
const char *mr_create_where_of(const struct mr_create_options *options, const char *db,
                               const char *table);

#endif
