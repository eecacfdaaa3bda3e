/*
 * docgen.c: makes manual pages and completions from the option tables, when myrecon is
 * built, and says whether a command line that the documentation shows is one.
 *
 *   docgen man < docs/man/NAME.1.scd    the page's source, its placeholders filled in
 *   docgen bash < docgen/myrecon.bash   a completion script; zsh, fish likewise
 *   docgen parse ARGUMENT…              would myrecon take them?  Nothing is run
 *   docgen parse-options ARGUMENT…      the same; what is needed besides may be missing
 *
 * It is linked with the commands of this build, so that what it writes is true of it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "core/base/log.h"
#include "core/file/io.h"
#include "docs/docgen/completion.h"
#include "docs/docgen/man_page.h"

#define MAX_SOURCE ((size_t)1 << 20)

static enum mr_code fill(const char *what, const char *text, struct mr_strbuf *out,
                         struct mr_err *err)
{
    if (strcmp(what, "man") == 0)
        return mr_man_page_expand(mr_commands, text, out, err);
    if (strcmp(what, "bash") == 0)
        return mr_completion_expand(mr_commands, text, mr_completion_bash, out, err);
    if (strcmp(what, "zsh") == 0)
        return mr_completion_expand(mr_commands, text, mr_completion_zsh, out, err);
    if (strcmp(what, "fish") == 0)
        return mr_completion_expand(mr_commands, text, mr_completion_fish, out, err);
    (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is not man, bash, zsh or fish", what);
    mr_err_hint(err, "Run it as: docgen man|bash|zsh|fish < SOURCE");
    return MR_E_USAGE;
}

/* argv[0] takes the place of the program's name. */
static enum mr_code try_line(int argc, char **argv, bool whole, struct mr_err *err)
{
    struct mr_invocation invocation;
    enum mr_code code = mr_cli_parse(&invocation, mr_commands, argc, argv, err);
    if (code == MR_OK && whole && invocation.request == MR_CLI_RUN)
        code = mr_settings_finish(&invocation.settings, err);
    mr_cli_release(&invocation);
    return code;
}

static enum mr_code fill_in(const char *what, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_strbuf out = MR_STRBUF_INIT;
    enum mr_code code = MR_OK;
    MR_TRY_OUT(mr_io_read_file("/dev/stdin", MAX_SOURCE, &text, err));
    MR_TRY_OUT(fill(what, text.ptr, &out, err));
    MR_TRY_OUT(mr_io_write_all(STDOUT_FILENO, "standard output", out.ptr, out.len, err));
out:
    mr_strbuf_release(&text);
    mr_strbuf_release(&out);
    return code;
}

int main(int argc, char **argv)
{
    struct mr_err err = {.code = MR_OK};
    const char *what = argc > 1 ? argv[1] : "";
    bool whole = strcmp(what, "parse") == 0;
    enum mr_code code = whole || strcmp(what, "parse-options") == 0
                            ? try_line(argc - 1, argv + 1, whole, &err)
                            : fill_in(what, &err);
    if (code != MR_OK)
        mr_log_err(&err);
    return code == MR_OK ? 0 : mr_code_exit(code);
}
