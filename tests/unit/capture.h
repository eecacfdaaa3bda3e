/*
 * capture: what code under test writes to stderr, for unit tests.
 *
 *   capture_begin(&c) → code under test → capture_end(&c) → c.text
 *
 * stderr is a file (CAPTURE_FILE) or a pseudo terminal (CAPTURE_TERMINAL); a terminal's
 * text must fit its buffer, a few KiB.
 */
#ifndef MR_CAPTURE_H
#define MR_CAPTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

enum capture_kind { CAPTURE_FILE = 1, CAPTURE_TERMINAL };

struct capture {
    enum capture_kind kind;
    int saved, from; /* the real stderr; where to read what was written */
    size_t len;
    char text[1 << 18];
};

static inline int capture_open_terminal(struct capture *c, unsigned short columns)
{
    c->from = posix_openpt(O_RDWR | O_NOCTTY);
    if (c->from < 0 || grantpt(c->from) != 0 || unlockpt(c->from) != 0)
        abort();
    char name[64];
    if (ptsname_r(c->from, name, sizeof name) != 0)
        abort();
    int fd = open(name, O_RDWR | O_NOCTTY);
    struct termios raw;
    if (fd < 0 || tcgetattr(fd, &raw) != 0)
        abort();
    cfmakeraw(&raw);
    struct winsize size = {.ws_row = 24, .ws_col = columns};
    if (tcsetattr(fd, TCSANOW, &raw) != 0 || ioctl(fd, TIOCSWINSZ, &size) != 0)
        abort();
    return fd;
}

static inline void capture_begin(struct capture *c, enum capture_kind kind, unsigned short columns)
{
    c->kind = kind;
    c->len = 0;
    fflush(stderr);
    c->saved = dup(STDERR_FILENO);
    int fd = -1;
    if (kind == CAPTURE_FILE)
        fd = c->from = memfd_create("stderr", 0);
    else
        fd = capture_open_terminal(c, columns);
    if (c->saved < 0 || fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        abort();
    if (kind == CAPTURE_TERMINAL)
        close(fd);
}

static inline void capture_end(struct capture *c)
{
    fflush(stderr);
    ssize_t got = 0;
    if (c->kind == CAPTURE_FILE) {
        got = pread(c->from, c->text, sizeof c->text - 1, 0);
    } else {
        /* a read from a terminal waits for text: there is always the mark */
        if (write(STDERR_FILENO, "\001", 1) != 1)
            abort();
        while (got == 0 || c->text[got - 1] != '\001') {
            ssize_t more = read(c->from, c->text + got, sizeof c->text - 1 - (size_t)got);
            if (more <= 0)
                abort();
            got += more;
        }
        got--;
    }
    c->len = got < 0 ? 0 : (size_t)got;
    c->text[c->len] = '\0';
    dup2(c->saved, STDERR_FILENO);
    close(c->saved);
    close(c->from);
}

static inline size_t capture_count(const struct capture *c, const char *needle)
{
    size_t count = 0;
    for (const char *at = c->text; (at = strstr(at, needle)) != NULL; at++)
        count++;
    return count;
}

#endif
