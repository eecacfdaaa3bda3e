/*
 * own_sessions: which sessions of a server are this process's own.
 *
 * Whoever looks for a session that may hold a lock is not to suspect himself.  A server is told by the
 * label of the connection: one that is reached by two addresses is two.
 *
 * Errors: none; without memory a session is not known.  Threads: any.
 */
#ifndef MR_OWN_SESSIONS_H
#define MR_OWN_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Session id of the server that connections call label is this process's from now on, until it is
 * removed; one that was not added is not removed. */
void mr_own_session_add(const char *label, uint64_t id);
/* It is closed. */
void mr_own_session_remove(const char *label, uint64_t id);
/* Is it?  id as the server writes it; NULL is not. */
bool mr_own_session_is(const char *label, const char *id);

#endif
