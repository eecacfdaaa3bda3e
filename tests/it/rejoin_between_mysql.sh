#!/bin/bash
# rejoin_between_mysql.sh: what comes between the rows and the reset of an old primary: something that it executes itself, logs
# that the live server removes, a reset that was not ours.  MySQL.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
[ -n "$mr_mysql_root" ] || { skip "what comes between, of MySQL" "no MySQL 9"; finish; exit; }
mr_start_mysql OLD || bail "no server"
mr_start_mysql LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
between_world
finish
