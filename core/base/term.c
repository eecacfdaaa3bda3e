/* term.c: see term.h. */
#include "core/base/term.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/signals.h"

#define DEFAULT_WIDTH 80
#define MIN_WIDTH 20
#define MAX_WIDTH 10000
#define AWAIT_STEP_MS 200

bool mr_term_is_terminal(int fd)
{
    return isatty(fd) == 1;
}

/* As no-color.org has it: a variable that is set to nothing does not count. */
bool mr_term_use_color(enum mr_color_mode mode, int fd)
{
    if (mode == MR_COLOR_ALWAYS)
        return true;
    if (mode == MR_COLOR_NEVER)
        return false;
    const char *no_color = getenv("NO_COLOR");
    if (no_color != NULL && no_color[0] != '\0')
        return false;
    const char *term = getenv("TERM");
    if (term == NULL || term[0] == '\0' || strcmp(term, "dumb") == 0)
        return false;
    return mr_term_is_terminal(fd);
}

unsigned mr_term_width(int fd)
{
    unsigned long width = 0;
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    const char *columns = width == 0 ? getenv("COLUMNS") : NULL;
    if (columns != NULL)
        width = strtoul(columns, NULL, 10);
    if (width == 0 || width > MAX_WIDTH)
        width = DEFAULT_WIDTH;
    return width < MIN_WIDTH ? MIN_WIDTH : (unsigned)width;
}

enum mr_code mr_term_await_line(int fd, struct mr_err *err)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    for (;;) {
        int got = poll(&ready, 1, AWAIT_STEP_MS);
        if (mr_is_cancelled())
            return mr_cancelled_err(err);
        if (got > 0)
            return MR_OK;
        if (got < 0 && errno != EINTR)
            return mr_err_set_sys(err, MR_E_IO, errno, "could not read from the terminal");
    }
}

const char *mr_term_style(enum mr_style style, bool on)
{
    if (!on)
        return "";
    switch (style) {
    case MR_STYLE_RESET: return "\033[0m";
    case MR_STYLE_GOOD: return "\033[32m";
    case MR_STYLE_BAD: return "\033[1;31m";
    case MR_STYLE_WARN: return "\033[33m";
    case MR_STYLE_HEAD: return "\033[1m";
    case MR_STYLE_DIM: return "\033[2m";
    }
    return "";
}

enum mr_code mr_term_print(const struct mr_strbuf *text, FILE *file, const char *doing,
                           struct mr_err *err)
{
    MR_TRY(mr_strbuf_check(text, doing, err));
    errno = 0;
    return fwrite(text->ptr, 1, text->len, file) == text->len
               ? MR_OK
               : mr_err_set_sys(err, MR_E_IO, errno, "could not write to standard output");
}
