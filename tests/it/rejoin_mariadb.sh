#!/bin/bash
# rejoin_mariadb.sh: a failover of MariaDB: the old primary went on alone, and becomes a replica of the live
# server without a rebuild; what it had lost is discarded, both are equal, and what is written next arrives.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
rejoin_world
finish
