/* servers_own: databases that are the server's own, and no user's tables are in (mysql, sys …). */
#ifndef MR_SERVERS_OWN_H
#define MR_SERVERS_OWN_H

#include <stdbool.h>
#include <stddef.h>

/* Is the name, of that length, one of them?  In any case of its letters. */
bool mr_is_servers_own(const char *name, size_t len);

#endif
