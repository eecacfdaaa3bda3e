#!/bin/bash
# rejoin_killed.sh: the old primary itself is killed between the steps of its rejoin, behind each of them: the same
# command goes on behind what the server shows when it is back.  MariaDB; rejoin_refused kills myrecon.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
killed_world
finish
