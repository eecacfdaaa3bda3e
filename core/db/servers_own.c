/* servers_own.c: see servers_own.h. */
#include "core/db/servers_own.h"

#include <string.h>
#include <strings.h>

bool mr_is_servers_own(const char *name, size_t len)
{
    static const char *const names[] = {"mysql", "information_schema", "performance_schema", "sys"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
            return true;
    return false;
}
