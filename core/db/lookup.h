/*
 * lookup: the address of a host, and no wait for it without an end.
 *
 *   mr_lookup_begin → logins by the client library, getaddrinfo() → mr_lookup_end
 *
 * A name server that does not answer holds getaddrinfo() up for as long as /etc/resolv.conf
 * says, half a minute and more for each lookup, and no signal ends that.  The client
 * libraries look names up by themselves, so that this stands in for the C library's function
 * of that name: it is called in a thread of its own, which is left to itself where the
 * time is over or the run is interrupted.  Addresses that are numbers need no thread.
 *
 * Threads: each has a time of its own; without one only an interruption ends its lookups.
 */
#ifndef MR_LOOKUP_H
#define MR_LOOKUP_H

#include <stdbool.h>

/* Lookups of this thread end by then, a time of mr_clock_now_s(). */
void mr_lookup_begin(double until_s);
/* Was one of them left to itself? */
bool mr_lookup_end(void);

#endif
