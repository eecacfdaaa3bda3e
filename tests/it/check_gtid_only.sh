#!/bin/bash
# check_gtid_only.sh: a replica that knows its place by GTIDs alone (GTID_ONLY), and was started
# anew: it says no positions, and what it has fetched and not applied yet is still to come.

. "$(dirname "$0")/lib.sh"
begin ''
. "$IT_DIR/../lib/servers.sh"
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || {
    skip "a replica by GTIDs alone" "$(tail -n 1 "$IT_TMP/mysql9.err")"
    finish
    exit
}
mr_servers_begin && mr_spawn_mysql GO && mr_spawn_mysql GQ && mr_await GO GQ && mr_replicate GO GQ ||
    bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
SRC=$(mr_get_server GO URI)/club DST=$(mr_get_server GQ URI)/club

has() { # ROWS: the replica has as many
    [ "$(mr_sql GQ -e "SELECT COUNT(*) FROM club.members")" = "$1" ]
}
fetched() { # the replica has fetched all that its source has written
    [ "$(mr_sql GO -e "SHOW BINARY LOG STATUS" | awk '{print $1, $2}')" = \
        "$(mr_sql GQ -e "SHOW REPLICA STATUS" | awk -F'\t' '{print $6, $7}')" ]
}
check_pair() { # ARGS…
    CMD=("$MYRECON" check --json --settle 1 "$@" "$SRC" "$DST")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
summary() { jq -r 'select(.type == "summary") | "\(.verdict) missing \(.missing)"' "$OUT"; }

mr_sql GO -e "CREATE DATABASE club; CREATE TABLE club.members (id INT PRIMARY KEY); INSERT INTO club.members VALUES (1)"
wait_for 30 has 1 || bail "it does not follow"
mr_sql GQ -e "STOP REPLICA; CHANGE REPLICATION SOURCE TO REQUIRE_ROW_FORMAT = 1, GTID_ONLY = 1,
    SOURCE_DELAY = 20; START REPLICA"
mr_sql GO -e "INSERT INTO club.members VALUES (2), (3)"
wait_for 30 fetched || bail "not fetched"
mr_sql GQ -e "STOP REPLICA"
port=$(mr_get_server GQ PORT) id=$(mr_sql GQ -e 'SELECT @@server_id')
mr_stop_server GQ
mr_spawn_mysql GQ --port="$port" --server-id="$id" --skip-replica-start=ON
mr_set_server GQ PORT "$port"
mr_await GQ || bail "the replica does not start"
mr_sql GQ -e "START REPLICA SQL_THREAD"
is "it knows no positions" "$(mr_sql GQ -e "SHOW REPLICA STATUS" | awk -F'\t' '{print $6, $7, $10, $22}')" "INVALID 0 INVALID 0"
check_pair --settle-limit 1
is "what it has fetched is still to come" "$RC $(summary)" "4 incomplete missing 0"
like "and that is said" "$(cat "$ERR")" 'has not yet applied all that it fetched'
check_pair
is "and is waited for" "$RC $(summary)" "0 equal missing 0"
mr_sql GQ -e "SET sql_log_bin = 0; DELETE FROM club.members WHERE id = 1"
check_pair
is "then what is missing is missing" "$RC $(summary)" "1 diverged missing 1"
finish
