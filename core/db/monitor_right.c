/* monitor_right.c: see monitor_right.h. */
#include "core/db/monitor_right.h"

static const char *right_of(const struct mr_server *server, const char *of_mariadb)
{
    return server->flavour == MR_FLAVOUR_MARIADB && server->version >= 100502
               ? of_mariadb
               : "REPLICATION CLIENT";
}

const char *mr_monitor_right_log(const struct mr_server *server)
{
    return right_of(server, "BINLOG MONITOR");
}

const char *mr_monitor_right_replica(const struct mr_server *server)
{
    return right_of(server, "SLAVE MONITOR");
}
