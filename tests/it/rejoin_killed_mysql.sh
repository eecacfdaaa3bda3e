#!/bin/bash
# rejoin_killed_mysql.sh: the old primary itself is killed between the steps of its rejoin, behind each of them: the same
# command goes on behind what the server shows when it is back.  MySQL; rejoin_refused kills myrecon.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
[ -n "$mr_mysql_root" ] || { skip "rejoin of a MySQL that is killed" "no MySQL 9"; finish; exit; }
mr_start_mysql OLD || bail "no server"
mr_start_mysql LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
killed_world
finish
