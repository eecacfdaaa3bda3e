#!/bin/bash
# rejoin_clean_mysql.sh: a MySQL that was switched over, and has nothing of its own, becomes a replica in the two steps of
# the guide: nothing is taken back, archived or reset.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
[ -n "$mr_mysql_root" ] || { skip "rejoin of a MySQL that has nothing of its own" "no MySQL 9"; finish; exit; }
mr_start_mysql OLD || bail "no server"
mr_start_mysql LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"
pair
live "STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = 0"
end_dumps
mr_sql LIVE -e "SET sql_log_bin = 0; CREATE USER IF NOT EXISTS repl@127.0.0.1 IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
live "INSERT INTO club.tags VALUES (3, 'z')"
old "SET GLOBAL read_only = 1; SET GLOBAL event_scheduler = OFF"
two_steps
pointed_without_password

# A transaction that both hold prepared: OLD's own end of it is no row, and would stop what LIVE sends of it.
live "XA START 'both'; INSERT INTO club.tags VALUES (9, 'xa'); XA END 'both'; XA PREPARE 'both'"
for _ in {1..100}; do
    [ "$(old "XA RECOVER" | wc -l)" = 0 ] || break
    sleep 0.1
done
old "STOP REPLICA; RESET REPLICA ALL"
plan
is "one that both hold prepared" "$RC $(grep -c 'the target holds prepared transactions' "$ERR") $(grep -c 'Where the source has one of them' "$ERR")" "5 1 1"
old "XA ROLLBACK 'both'"
plan --discard-lost
is "and ended on one side" "$RC $(grep -cE "what no log can undo: XA ROLLBACK " "$ERR")" "5 1"
finish
