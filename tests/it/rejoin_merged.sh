#!/bin/bash
# rejoin_merged.sh: a failover of MariaDB whose lost rows are merged into the live server: the old primary comes back
# where that merge is proved, and else it is refused by name; nobody is lost.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
merged_world
finish
