#!/bin/bash
# rejoin_between.sh: what comes between the rows and the reset of an old primary: something that it executes itself, logs
# that the live server removes, a reset that was not ours.  MariaDB.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
between_world
finish
