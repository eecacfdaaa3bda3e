/* stdpipe.c: see stdpipe.h. */
#include "core/base/stdpipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

#include "core/base/signals.h"
#include "core/base/strbuf.h"

#define STEP_MS 50

/* Waited since the signal, of each descriptor. */
static atomic_int waited_ms[STDERR_FILENO + 1];

/* Until a pipe takes PIPE_BUF bytes without waiting; or nobody waits for it any longer. */
static bool await(int fd)
{
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    for (;;) {
        int ready = poll(&out, 1, STEP_MS);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* write() tells what is wrong with it */
        if (mr_is_cancelled() && atomic_fetch_add(&waited_ms[fd], STEP_MS) >= MR_STDPIPE_GRACE_MS) {
            errno = EINTR;
            return false;
        }
    }
}

/* In pieces that a pipe takes whole: more at once would wait for a reader who may be gone, where no
 * signal ends it. */
bool mr_stdpipe_write(int fd, const char *ptr, size_t len)
{
    while (len > 0) {
        if (!await(fd))
            return false;
        ssize_t done = write(fd, ptr, len < PIPE_BUF ? len : PIPE_BUF);
        if (done < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (done <= 0)
            return false;
        ptr += done;
        len -= (size_t)done;
    }
    return true;
}

#define HOLD_MAX_BYTES ((size_t)1 << 20)

/* Of stdout: what is kept until it is known whether anybody wants it. */
static struct {
    bool is_on;
    struct mr_strbuf text;
} held = {.text = MR_STRBUF_INIT};

static bool keep(const char *ptr, size_t len)
{
    if (held.is_on && len <= HOLD_MAX_BYTES - held.text.len)
        mr_strbuf_add(&held.text, ptr, len);
    else
        held.is_on = false;
    return held.is_on && !held.text.failed;
}

/* The reader has closed the pipe: he has seen what he wanted (`| head`, a pager that was left). */
static bool is_gone;

/* What was kept comes first. */
static bool print_kept(void)
{
    bool good = held.text.len == 0 || mr_stdpipe_write(STDOUT_FILENO, held.text.ptr, held.text.len);
    held.is_on = false;
    mr_strbuf_release(&held.text);
    return good;
}

/* 0 is what tells the C library of a failure.  A reader who has gone is none, and stops no work: the
 * rest of the result is for nobody. */
static ssize_t cookie_write(void *cookie, const char *ptr, size_t len)
{
    (void)cookie;
    if (is_gone || keep(ptr, len))
        return (ssize_t)len;
    if (print_kept() && mr_stdpipe_write(STDOUT_FILENO, ptr, len))
        return (ssize_t)len;
    is_gone = errno == EPIPE;
    return is_gone ? (ssize_t)len : 0;
}

static int cookie_close(void *cookie)
{
    (void)cookie;
    return close(STDOUT_FILENO);
}

void mr_stdpipe_install(void)
{
    FILE *file = fopencookie(NULL, "w",
                             (cookie_io_functions_t){.write = cookie_write, .close = cookie_close});
    if (file == NULL)
        return;
    if (isatty(STDOUT_FILENO) == 1)
        (void)setvbuf(file, NULL, _IOLBF, BUFSIZ);
    stdout = file;
}

void mr_stdpipe_hold(void)
{
    held.is_on = true;
}

/* Printed by way of the stream, which remembers that it could not be. */
void mr_stdpipe_unhold(bool print)
{
    if (!held.is_on)
        return;
    (void)fflush(stdout);
    if (!held.is_on) /* it was too much */
        return;
    struct mr_strbuf text = held.text;
    held.is_on = false;
    mr_strbuf_init(&held.text);
    if (print && text.len > 0)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    mr_strbuf_release(&text);
}
