#!/bin/bash
# rejoin_unlogged.sh: an old primary that does not log what it applies (MariaDB's log_slave_updates is off): what it applied
# of the live server is not sent again, and what it applied of a third server, and the live one lacks, is refused.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD --log-slave-updates=OFF || bail "no server"
mr_start_mariadb LIVE || bail "no server"
mr_start_mariadb THIRD || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"

has() { # SERVER COUNT: until it has as many visits
    local i
    for ((i = 0; i < 300; i++)); do
        [ "$(mr_sql "$1" -e "SELECT COUNT(*) FROM club.visits" 2>/dev/null)" != "$2" ] || return 0
        sleep 0.1
    done
    bail "$1 does not catch up"
}

# OLD, LIVE, and again OLD, while LIVE goes on: OLD's log has its first part and its last one.
pair
old "CREATE TABLE club.visits (member INT, at INT) ENGINE=InnoDB; INSERT INTO club.visits VALUES (1, 1)"
has LIVE 1
live "STOP SLAVE; RESET SLAVE ALL"
mr_replicate LIVE OLD || bail "no replication"
live "INSERT INTO club.visits VALUES (2, 2), (3, 3); INSERT INTO club.visits VALUES (4, 4); INSERT INTO club.tags VALUES (3, 'y')"
has OLD 4
old "STOP SLAVE; RESET SLAVE ALL; INSERT INTO club.tags VALUES (4, 'own'); UPDATE club.members SET points = 0 WHERE id = 2"
live "INSERT INTO club.visits VALUES (5, 5); INSERT INTO club.tags VALUES (4, 'live')"
old "SET GLOBAL read_only = 1; SET GLOBAL event_scheduler = OFF"
applied=$(old "SELECT @@gtid_slave_pos")
plan --discard-lost
is "planned" "$RC $(grep -c "2 transactions of the target's own are taken back" "$ERR")" "0 1"
is "it goes on behind what it has applied" "$(sed -n 's/.*"position":"\([^"]*\)".*/\1/p' "$PLAN/rejoin.json")" "$applied"
act apply --point-of-no-return
is "rejoined" "$RC $(grep -c 'has caught up' "$ERR")" "0 1"
is "nothing is there twice" "$(old "SELECT COUNT(*), COUNT(DISTINCT at) FROM club.visits" | tr '\t' ' ')" "5 5"
is "equal" "$(equal)" 0
act verify
is "verified" "$RC" 0

# Switched over again: its log is empty, and its position has all.
old "STOP SLAVE; RESET SLAVE ALL"
end_dumps
live "INSERT INTO club.visits VALUES (5, 6)"
two_steps
pointed_without_password
live "DELETE FROM club.visits WHERE at = 6"

# A third server is followed by both, and dies when OLD alone has its last transaction.
follow_third() { # SERVER: from where LIVE stands
    mr_sql "$1" -e "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL gtid_slave_pos = '$at'; CHANGE MASTER TO master_host = '127.0.0.1', master_port = $MR_THIRD_PORT, master_user = 'repl', master_password = 'repl', master_use_gtid = slave_pos; START SLAVE"
}
at=$(live "SELECT @@gtid_current_pos")
old "SET GLOBAL read_only = 0"
mr_sql THIRD -e "SET GLOBAL gtid_slave_pos = '$at'; SET sql_log_bin = 0; CREATE USER repl@127.0.0.1 IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1; CREATE DATABASE club; CREATE TABLE club.visits (member INT, at INT) ENGINE=InnoDB"
follow_third LIVE
follow_third OLD
mr_sql THIRD -e "INSERT INTO club.visits VALUES (6, 6)"
has LIVE 6
has OLD 6
live "STOP SLAVE; RESET SLAVE ALL"
mr_sql THIRD -e "INSERT INTO club.visits VALUES (7, 7)"
has OLD 7
old "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 1"
lost=$(old "SELECT @@gtid_slave_pos")
live "INSERT INTO club.visits VALUES (8, 8)"
plan
is "what it applied of a server that is dead" \
    "$RC $(grep -cF "the target has applied without logging it what the source does not have: up to $lost" "$ERR")" "5 1"
plan --discard-lost
is "whoever wants it lost" "$RC" 5
finish
