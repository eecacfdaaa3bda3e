/*
 * history_top_cmd: `myrecon history show --top`: which transactions of a server's log changed most.
 *
 * Of a server it reads the logs alone, as a replica would; of files it connects to nothing.
 * Errors: MR_E_USAGE; those of history_read.h, history_top.h and history_top_print.h.
 */
#ifndef MR_HISTORY_TOP_CMD_H
#define MR_HISTORY_TOP_CMD_H

#include "core/cli/cli.h"
#include "core/cli/general_options.h"
#include "core/cli/load_options.h"
#include "core/db/login_opts.h"

struct mr_top_options {
    unsigned keep; /* 0: it is not asked for */
    const char *from, *to, *kinds;
    struct mr_string_list tables, exclude;
    bool unmask, json, color;
    struct mr_throttle_opts load;
    unsigned statement_timeout_s;
    struct mr_login_opts login;
    enum mr_progress_mode progress;
};

/* The operands are a server's URI, or files and directories. */
enum mr_code mr_history_top_run(const struct mr_top_options *opts,
                                const struct mr_invocation *invocation, int *exit_code,
                                struct mr_err *err);

#endif
