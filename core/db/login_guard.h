/*
 * login_guard: ends a login whose time is over, where the library waits by itself: in a
 * handshake of TLS each byte that comes begins its time-out anew.
 *
 * A thread looks at the clock, and at whether the run was interrupted, and shuts the socket
 * down.  It has a descriptor of its own, so that it never meets another file of that number.
 */
#ifndef MR_LOGIN_GUARD_H
#define MR_LOGIN_GUARD_H

struct mr_login_guard;

/* Of the socket, until that time of mr_clock_now_s().  NULL: no thread is to be had, and the
 * library's own time-outs must do. */
struct mr_login_guard *mr_login_guard_new(int fd, double until_s);
/* The login has ended.  NULL is fine. */
void mr_login_guard_free(struct mr_login_guard *guard);

#endif
