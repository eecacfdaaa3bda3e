/* ask_secret.c: see ask_secret.h. */
#include "core/base/ask_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/term.h"

/* One line. */
static enum mr_code read_line(int fd, char *buf, size_t size, struct mr_err *err)
{
    size_t used = 0;
    for (;;) {
        char c;
        MR_TRY(mr_term_await_line(fd, err));
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mr_err_set_sys(err, MR_E_IO, errno, "could not read the password");
        if (got == 0 || c == '\n' || c == '\r')
            break;
        if (used + 1 >= size)
            return mr_err_set(err, MR_E_USAGE, "password is longer than %zu bytes", size - 1);
        buf[used++] = c;
    }
    buf[used] = '\0';
    return MR_OK;
}

/* On the terminal itself, so that input and output may be redirected; the echo comes back however
 * it ends. */
enum mr_code mr_ask_secret(const char *prompt, char *buf, size_t size, struct mr_err *err)
{
    struct termios before;
    bool quiet = false;
    enum mr_code code = MR_OK;
    const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &before) != 0)
        MR_TRY_OUT(mr_err_set(err, MR_E_USAGE, "no terminal to ask on: %s", prompt));
    struct termios silent = before;
    silent.c_lflag &= (tcflag_t) ~(tcflag_t)(ECHO);
    silent.c_lflag |= (tcflag_t)(ICANON | ECHONL);
    if (tcsetattr(fd, TCSAFLUSH, &silent) != 0)
        MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not turn off the echo"));
    quiet = true;
    if (dprintf(fd, "%s", prompt) < 0)
        MR_TRY_OUT(mr_err_set_sys(err, MR_E_IO, errno, "could not write to the terminal"));
    MR_TRY_OUT(read_line(fd, buf, size, err));
out:
    if (quiet)
        (void)tcsetattr(fd, TCSAFLUSH, &before);
    if (fd >= 0)
        (void)close(fd);
    return code;
}
