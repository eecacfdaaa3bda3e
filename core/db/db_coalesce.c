/*
 * db_coalesce.c: how a reader of many rows waits for the next of them; see db_internal.h.
 *
 * A server sends rows in pieces of 16 KiB, and whoever waits in poll() is woken by each of
 * them: on one machine the two spend a fifth of their time changing places.  So instead of
 * waiting for the next piece, the reader sleeps while some of them gather in the socket's
 * buffer, which holds ten and more.
 */
#include "core/db/db_internal.h"

#ifdef MARIADB_PACKAGE_VERSION

#include <errno.h>
#include <poll.h>
#include <time.h>

#define WAIT_NS 300000
#define LEAST_MS 5000 /* no time-out that db_connect.c sets is shorter */

/* Where a signal has woken the library as it reads by TLS, it gives the seconds of its time-out as
 * milliseconds: the line was lost then, so that it was not known that the run was interrupted, nor
 * the statement ended on the server. */
int mr_db_wait(my_socket fd, my_bool is_read, int timeout_ms)
{
    struct pollfd ready = {.fd = fd, .events = is_read ? POLLIN : POLLOUT};
    int got;
    if (timeout_ms > 0 && timeout_ms < LEAST_MS)
        timeout_ms *= 1000;
    do
        got = poll(&ready, 1, timeout_ms > 0 ? timeout_ms : -1);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        errno = ETIMEDOUT;
    return got;
}

static int sleep_and_wait(my_socket fd, my_bool is_read, int timeout_ms)
{
    const struct timespec step = {.tv_nsec = WAIT_NS};
    if (is_read)
        (void)nanosleep(&step, NULL);
    return mr_db_wait(fd, is_read, timeout_ms);
}

void mr_db_begin_naps(struct mr_db *db)
{
    (void)mysql_optionsv(db->mysql, MARIADB_OPT_IO_WAIT, sleep_and_wait);
}

void mr_db_end_naps(struct mr_db *db)
{
    if (db->mysql != NULL)
        (void)mysql_optionsv(db->mysql, MARIADB_OPT_IO_WAIT, mr_db_wait);
}

#else

/* Oracle's library waits in recv(), and lets nobody wait in its place. */
void mr_db_begin_naps(struct mr_db *db)
{
    (void)db;
}

void mr_db_end_naps(struct mr_db *db)
{
    (void)db;
}

#endif
