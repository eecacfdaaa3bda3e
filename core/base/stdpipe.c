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

/* 0 is what tells the C library of a failure. */
static ssize_t cookie_write(void *cookie, const char *ptr, size_t len)
{
    (void)cookie;
    return mr_stdpipe_write(STDOUT_FILENO, ptr, len) ? (ssize_t)len : 0;
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
