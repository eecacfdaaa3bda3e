#!/bin/bash
# snapshot_position.sh: a transaction of MySQL that is in the log and not in the engine, since it
# waits for its replica (semi-sync, no GTIDs), lies behind the position that
# a snapshot says: a replica built from it gets every row.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
. "$IT_DIR/../lib/servers.sh"
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>/dev/null) || {
    echo "1..0 # SKIP no MySQL 9"
    exit 0
}
begin ""
mr_servers_begin || bail "no directory"
mr_spawn_mysql V --gtid-mode=OFF --enforce-gtid-consistency=OFF &&
    mr_spawn_mysql W --gtid-mode=OFF --enforce-gtid-consistency=OFF &&
    mr_await V W || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
PAIR_P=$MR_V_URI PAIR_R=$MR_W_URI
SNAP=$IT_TMP/snap
client p <<<"INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
    SET GLOBAL rpl_semi_sync_source_timeout = 600000;
    CREATE USER repl@127.0.0.1 IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1;
    CREATE USER few@127.0.0.1 IDENTIFIED BY 'x'; GRANT SELECT ON club.* TO few@127.0.0.1;
    GRANT REPLICATION CLIENT ON *.* TO few@127.0.0.1;
    CREATE DATABASE club; USE club; CREATE TABLE t (id INT PRIMARY KEY, v INT);
    INSERT INTO t VALUES (1, 1), (2, 2); INSERT INTO t VALUES (3, 3)" || bail "no rows"

field() { jq -r ".consistency.$1" "$SNAP/manifest.json"; }
waits() { # an INSERT waits for a replica
    [ "$(client p <<<"SHOW STATUS LIKE 'Rpl_semi_sync_source_wait_sessions'" | cut -f2)" = 1 ]
}
during() { # during VALUE ACCOUNT [OPTION…]: a snapshot while VALUE is only in the log
    local value=$1 account=$2 inserter
    shift 2
    rm -rf "$SNAP"
    client p <<<"SET GLOBAL rpl_semi_sync_source_enabled = 1"
    client p -D club <<<"INSERT INTO t VALUES ($value, $value)" &
    inserter=$!
    wait_for 20 waits || bail "nothing waits"
    take --consistency-wait 0.2 "$@" "$(uri p club "$account")" "$SNAP"
    client p <<<"SET GLOBAL rpl_semi_sync_source_enabled = 0"
    wait $inserter
}
replica() { # replica DESCRIPTION: built from the snapshot, as a DBA would
    client r <<<"STOP REPLICA; RESET REPLICA ALL; DROP DATABASE IF EXISTS club"
    snap restore --no-progress "$SNAP" "$(side_uri r)"
    is "$1: restored" "$RC" 0
    client r <<<"CHANGE REPLICATION SOURCE TO source_host = '127.0.0.1', source_port = $MR_V_PORT,
        source_user = 'repl', source_password = 'repl', get_source_public_key = 1, source_connect_retry = 1,
        source_log_file = '$(field binlog_file)', source_log_pos = $(field binlog_position); START REPLICA"
    at_end() { [ "$(client r <<<"SELECT SOURCE_POS_WAIT($(client p <<<"SHOW BINARY LOG STATUS" | awk '{ printf "\"%s\", %s", $1, $2 }'), 1)")" -ge 0 ] 2>/dev/null; }
    wait_for 20 at_end
    is "$1: the replica has every row" "$(client r -D club <<<"SELECT * FROM t ORDER BY id; SELECT * FROM performance_schema.replication_applier_status_by_worker WHERE LAST_ERROR_NUMBER <> 0")" \
        "$(client p -D club <<<"SELECT * FROM t ORDER BY id")"
}

during 4 root
is "while a transaction waits: 4 is not in the view" "$RC $(zstd -qdc "$SNAP"/data/*.zst | wc -l)" "0 3"
is "and the position says so" "$(field position)" at-or-before
replica "while a transaction waits"

client p <<<"FLUSH BINARY LOGS"
during 5 few:x
is "an account that sees nothing of it: the beginning of the log's file" "$RC $(field position) $(field binlog_position)" "4 at-or-before 4"
like "is told" "$(cat "$OUT")" "behind"
replica "an account that sees nothing of it"

client p -D club <<<"INSERT INTO t VALUES (6, 6)"
rm -rf "$SNAP"
take "$(uri p club)" "$SNAP"
is "at rest the position is exact" "$RC $(field position)" "0 exact"
client p -D club <<<"INSERT INTO t VALUES (7, 7)"
replica "at rest"

client r <<<"STOP REPLICA"
client p <<<"SET GLOBAL enforce_gtid_consistency = ON; SET GLOBAL gtid_mode = OFF_PERMISSIVE;
    SET GLOBAL gtid_mode = ON_PERMISSIVE; SET GLOBAL gtid_mode = ON; INSERT INTO club.t VALUES (8, 8)"
before=$(client p <<<"SHOW BINARY LOG STATUS" | awk -F'\t' '{ print $2, $5 }')
during 9 root
is "with GTIDs: position and GTIDs of before, and what may be behind them is not known" \
    "$RC $(field position) $(field binlog_position) $(field gtid) $(field until_gtid)" "0 at-or-before $before null"

uuid=00000000-0000-0000-0000-00000000000a
client p <<<"SET GTID_NEXT = '$uuid:1'; BEGIN; COMMIT; SET GTID_NEXT = AUTOMATIC"
rm -rf "$SNAP"
take "$(uri p club)" "$SNAP"
is "GTIDs of several servers are one line, fit to be pasted" "$(field gtid)" \
    "$(client p -r <<<"SELECT @@GLOBAL.gtid_executed" | tr -d '\n')"
like "in the output, too" "$(cat "$OUT")" "GTID $uuid:1,$(client p <<<"SELECT @@GLOBAL.server_uuid"):1"
finish
