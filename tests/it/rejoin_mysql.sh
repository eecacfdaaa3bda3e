#!/bin/bash
# rejoin_mysql.sh: a failover of MySQL: the old primary went on alone, and becomes a replica of the live
# server without a rebuild; what it had lost is discarded, both are equal, and what is written next arrives.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
[ -n "$mr_mysql_root" ] || { skip "rejoin of MySQL" "no MySQL 9"; finish; exit; }
mr_start_mysql OLD || bail "no server"
mr_start_mysql LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
rejoin_world
finish
