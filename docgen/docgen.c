/*
 * docgen.c: makes manual pages and completions from the option tables, when myrecon is
 * built.
 *
 *   docgen man < docs/man/NAME.1.scd    the page's source, its placeholders filled in
 *   docgen bash < docgen/myrecon.bash   a completion script; zsh likewise
 *
 * It is linked with the commands of this build, so that what it writes is true of it.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "core/io.h"
#include "core/log.h"
#include "docgen/completion.h"
#include "docgen/man_page.h"

#define MAX_SOURCE ((size_t)1 << 20)

static enum mr_code fill(const char *what, const char *text, struct mr_strbuf *out,
                         struct mr_err *err)
{
    if (strcmp(what, "man") == 0)
        return mr_man_page_expand(mr_commands, text, out, err);
    if (strcmp(what, "bash") == 0)
        return mr_completion_expand(mr_commands, text, mr_completion_fill_bash, out, err);
    if (strcmp(what, "zsh") == 0)
        return mr_completion_expand(mr_commands, text, mr_completion_fill_zsh, out, err);
    (void)mr_err_set(err, MR_E_USAGE, "\"%s\" is not man, bash or zsh", what);
    mr_err_hint(err, "Run it as: docgen man|bash|zsh < SOURCE");
    return MR_E_USAGE;
}

int main(int argc, char **argv)
{
    struct mr_err err = {.code = MR_OK};
    struct mr_strbuf text = MR_STRBUF_INIT;
    struct mr_strbuf out = MR_STRBUF_INIT;
    enum mr_code code = mr_io_read_file("/dev/stdin", MAX_SOURCE, &text, &err);
    if (code == MR_OK)
        code = fill(argc == 2 ? argv[1] : "", text.ptr, &out, &err);
    if (code == MR_OK)
        code = mr_io_write_all(STDOUT_FILENO, "standard output", out.ptr, out.len, &err);
    mr_strbuf_release(&text);
    mr_strbuf_release(&out);
    if (code != MR_OK)
        mr_log_err(&err);
    return code == MR_OK ? 0 : mr_code_exit(code);
}
