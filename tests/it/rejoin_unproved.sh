#!/bin/bash
# rejoin_unproved.sh: merges that do not prove that an old primary has nothing of its own any more: made before it went
# on, not carried out, undone, of other tables.  MariaDB.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
unproved_world
finish
