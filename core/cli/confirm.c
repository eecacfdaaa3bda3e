/* confirm.c: see confirm.h. */
#include "core/cli/confirm.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/strbuf.h"
#include "core/base/term.h"
#include "core/base/utf8.h"
#include "core/file/io.h"

static bool is_yes(char *line)
{
    line[strcspn(line, "\r\n")] = '\0';
    return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

/* A server says its name itself: it cannot write over the question. */
static enum mr_code ask(const char *question, struct mr_err *err)
{
    struct mr_strbuf text = MR_STRBUF_INIT;
    mr_utf8_show_str(&text, question);
    mr_strbuf_add_str(&text, " [y/N] ");
    enum mr_code code = mr_strbuf_check(&text, "asking", err);
    if (code == MR_OK)
        code = mr_io_write_all(STDERR_FILENO, "the terminal", text.ptr, text.len, err);
    mr_strbuf_release(&text);
    return code;
}

/* Nobody is taken to agree: without a terminal it is refused, and so is an empty line, or the end
 * of the input. */
enum mr_code mr_confirm(const char *question, bool yes, struct mr_err *err)
{
    char line[16] = "";
    if (yes)
        return MR_OK;
    if (!mr_term_is_terminal(STDIN_FILENO) || !mr_term_is_terminal(STDERR_FILENO)) {
        (void)mr_err_set(err, MR_E_REFUSED, "there is nobody to ask: %s", question);
        mr_err_hint(err, "Nothing was changed. Where it is what you want, run it again "
                         "with --yes.");
        return MR_E_REFUSED;
    }
    enum mr_code code = ask(question, err);
    if (code == MR_OK)
        code = mr_term_await_line(STDIN_FILENO, err);
    if (code == MR_E_CANCELLED)
        mr_err_hint(err, "Nothing was changed.");
    if (code != MR_OK)
        return code;
    if (fgets(line, sizeof line, stdin) != NULL && is_yes(line))
        return MR_OK;
    (void)mr_err_set(err, MR_E_REFUSED, "not confirmed");
    mr_err_hint(err, "Nothing was changed.");
    return MR_E_REFUSED;
}
