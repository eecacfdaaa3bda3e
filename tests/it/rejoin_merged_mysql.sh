#!/bin/bash
# rejoin_merged_mysql.sh: a failover of MySQL whose lost rows are merged into the live server: the old primary comes
# back where that merge is proved, and else it is refused by name; nobody is lost.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
[ -n "$mr_mysql_root" ] || { skip "rejoin of MySQL behind a merge" "no MySQL 9"; finish; exit; }
mr_start_mysql OLD || bail "no server"
mr_start_mysql LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
merged_world
finish
