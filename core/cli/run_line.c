/* run_line.c: see run_line.h. */
#include "core/cli/run_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/base/signals.h"
#include "core/base/stdpipe.h"
#include "core/base/version.h"
#include "core/cli/general_options.h"
#include "core/cli/help.h"
#include "core/cli/log_options.h"
#include "core/db/db.h"

static enum mr_code print_help(const struct mr_invocation *invocation, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    if (invocation->command != NULL)
        mr_help_command(invocation->command, mr_help_width(), &text);
    else
        mr_help_overview(invocation->commands, invocation->group, mr_help_width(), &text);
    enum mr_code code = mr_term_print(&text, stdout, "printing the help", err);
    mr_strbuf_release(&text);
    return code;
}

/* The client library settles what TLS and which ways to log in there are. */
static void print_version(void)
{
    (void)printf("myrecon " MR_VERSION "\nclient library: %s %s\n", mr_db_client_name(),
                 mr_db_client_version());
}

/* args: the command line, without passwords. */
static enum mr_code dispatch(struct mr_invocation *invocation, char *const *args, int *exit_code,
                             struct mr_err *err)
{
    switch (invocation->request) {
    case MR_CLI_HELP: return print_help(invocation, err);
    case MR_CLI_VERSION: print_version(); return MR_OK;
    case MR_CLI_RUN: break;
    }
    MR_TRY(mr_cli_configure(invocation, err));
    MR_TRY(mr_log_options_begin(&invocation->settings, args, err));
    if (!invocation->command->is_to_show && mr_general_is_silent(&invocation->settings)) {
        mr_stdpipe_hold();
        mr_log_hold();
    }
    return invocation->command->run(invocation, exit_code, err);
}

/* Whoever does not hear of the result has to know at least whether something was done. */
static enum mr_code hint_unheard(const struct mr_invocation *invocation, struct mr_err *err)
{
    const struct mr_command *command = invocation->command;
    if (err->hint[0] == '\0')
        mr_err_hint(err, "%s",
                    command != NULL && command->unheard != NULL
                        ? command->unheard
                        : "The result is incomplete; see where standard output leads.");
    return MR_E_IO;
}

/* Nobody took it, and a signal ended the wait for somebody who would. */
static enum mr_code end_unheard(const struct mr_invocation *invocation, struct mr_err *err)
{
    (void)mr_cancelled_err(err);
    (void)hint_unheard(invocation, err);
    return MR_E_CANCELLED;
}

/* What was written to stdout must have arrived, or the result is worth nothing. */
static enum mr_code close_stdout(const struct mr_invocation *invocation, struct mr_err *err)
{
    bool failed = ferror(stdout) != 0;
    errno = 0;
    if (fclose(stdout) == 0 && !failed)
        return MR_OK;
    if (mr_is_cancelled())
        return end_unheard(invocation, err);
    if (errno != 0)
        (void)mr_err_set_sys(err, MR_E_IO, errno, "could not write to standard output");
    else
        (void)mr_err_set(err, MR_E_IO, "could not write to standard output");
    return hint_unheard(invocation, err);
}

int mr_run_line(struct mr_command_list commands, int argc, char **argv)
{
    struct mr_invocation invocation;
    struct mr_err err = {.code = MR_OK};
    int exit_code = 0;
    enum mr_code code = mr_cli_parse(&invocation, commands, argc, argv, &err);
    for (int i = 1; i < argc; i++) {
        mr_log_hide(argv[i]);
        (void)mr_secret_mask(argv[i]);
        if (i + 1 < argc && strcmp(argv[i], "--password-command") == 0)
            mr_secret_wipe(argv[++i]);
    }
    if (getenv("MYRECON_CONFIG") != NULL)
        mr_log_hide(getenv("MYRECON_CONFIG"));
    if (code == MR_OK)
        code = dispatch(&invocation, argv + 1, &exit_code, &err);
    const bool has_news = code != MR_OK || exit_code != 0;
    mr_stdpipe_unhold(has_news);
    mr_log_unhold(has_news);
    if (code == MR_OK)
        code = close_stdout(&invocation, &err);
    else if (code == MR_E_IO && ferror(stdout) != 0)
        code = mr_is_cancelled() ? end_unheard(&invocation, &err) : hint_unheard(&invocation, &err);
    else
        (void)fflush(stdout); /* what there is of a result; the error is told below */
    if (code != MR_OK) {
        mr_log_err(&err);
        exit_code = mr_code_exit(code);
    }
    mr_log_options_end(exit_code);
    mr_cli_release(&invocation);
    return exit_code;
}
