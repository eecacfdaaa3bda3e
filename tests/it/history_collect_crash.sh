#!/bin/bash
# history_collect_crash.sh: a log that its server left without an end is no complete one, unless each commit was synced;
# of the server, of files, and of a copy that was made before the server ended its log.  Before that: a target that still
# applies what it has fetched, and a server that is another one when a collection goes on.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_spawn_mariadb CS && mr_spawn_mariadb CT && mr_await CS CT && mr_replicate CS CT || bail "no MariaDB pair"
CASE=$IT_TMP/club.case PORT=$(mr_get_server CS PORT) ID=$(mr_sql CS -e "SELECT @@server_id")

start_again() {
    mr_spawn_mariadb CS --port="$PORT" --server-id="$ID" && mr_await CS || bail "no MariaDB"
    mr_sql CS -e "SET GLOBAL innodb_flush_log_at_trx_commit = 1" # that a crash leaves its rows
    mr_set_server CS PORT "$PORT"
    mr_set_server CS URI "mysql://root@127.0.0.1:$PORT"
}
crash() {
    local pid
    pid=$(mr_get_server CS PID)
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    start_again
}
check() { "$MYRECON" check --settle 0 --case "$CASE" "$(mr_get_server CS URI)/w" "$(mr_get_server CT URI)/w" >/dev/null 2>&1; }
collect() { # ARGS…: $RC, $OUT, $ERR; into a case of its own, unless there is one
    [ -e "$CASE" ] || check
    CMD=("$MYRECON" history collect --json --case "$CASE" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    [ -n "${KEEPS:-}" ] || rm -f "$CASE"
}
gap() { jq -r 'select(.type == "side" and .gap != null) | "\(.side): \(.gap)"' "$OUT"; }
evidence() { jq -r 'select(.type == "table") | "\(.side) \(.evidence)"' "$OUT" | paste -sd' '; }
synced() { mr_sql "$1" -e "SET GLOBAL sync_binlog = $2"; }

mr_sql CS -e "CREATE DATABASE w; CREATE TABLE w.t (id INT PRIMARY KEY, a INT); INSERT INTO w.t VALUES (1, 1), (2, 2), (3, 3)"
caught() { mr_sql CT -e "SELECT MASTER_GTID_WAIT('$(mr_sql CS -e "SELECT @@gtid_binlog_pos")', 60)" >/dev/null; }
caught

# the target's connection is stopped, and its applier waits for a lock with what was fetched
mr_sql CT -e "BEGIN; SELECT * FROM w.t WHERE id = 1 FOR UPDATE; SELECT SLEEP(3600)" >/dev/null 2>&1 &
SLEEPER=$!
sleeper() { mr_sql CT -e "SELECT id FROM information_schema.processlist WHERE info = 'SELECT SLEEP(3600)'"; }
sleeps() { [ -n "$(sleeper)" ]; }
fetched() { mr_sql CT -e "SHOW SLAVE STATUS" | tr '\t' '\n' | grep -qxF "$(mr_sql CS -e "SELECT @@gtid_binlog_pos")"; } # Gtid_IO_Pos
wait_for 30 sleeps || bail "no lock"
mr_sql CS -e "UPDATE w.t SET a = 5 WHERE id = 1"
wait_for 30 fetched || bail "nothing is fetched"
mr_sql CT -e "STOP SLAVE IO_THREAD"
collect
is "a target that still applies is refused" "$RC $(grep -c 'the target still applies what it has fetched from the source' "$ERR")" "5 1"
mr_sql CT -e "KILL $(sleeper)"
wait $SLEEPER
caught
mr_sql CT -e "STOP SLAVE; RESET SLAVE ALL"
LOGS=$IT_TMP/logs DATA=$(mr_get_server CS DIR)/data
mkdir "$LOGS"

# a copy of a log that was still written: the server ends it later
mr_sql CS -e "UPDATE w.t SET a = 10 WHERE id = 1"
cp "$DATA/bin.000001" "$LOGS/"
mr_sql CS -e "FLUSH BINARY LOGS; UPDATE w.t SET a = 20 WHERE id = 2"
cp "$DATA/bin.000002" "$LOGS/"
collect --source-log "$LOGS"
is "copied before its end: good, as the server's own has no more" "$RC $(evidence) $(gap)" "0 source good target good "
mr_stop_server CS
start_again
KEEPS=yes collect
is "restarted: good" "$RC $(evidence) $(gap)" "0 source good target good "
sqlite3 "$CASE" "UPDATE history_collection SET finished = 0"
KEEPS=yes collect --resume
is "one that was killed goes on" "$RC $(evidence) $(gap)" "0 source good target good "
sqlite3 "$CASE" "UPDATE history_collection SET finished = 0; UPDATE run_server SET uuid = 'another', server_id = 4711, datadir = '/another' WHERE side = 0"
collect --resume
is "but not of another server at that address" "$RC $(grep -c 'is that of another server than the run has read' "$ERR") $(grep -c 'without --resume' "$ERR")" "5 1 1"

mr_sql CS -e "UPDATE w.t SET a = 30 WHERE id = 3"
LAST=$(mr_sql CS -e "SHOW BINARY LOGS" | tail -n 1 | cut -f 1)
GAP="was left without its end: what its server committed last may lack in it"
crash
collect
is "crashed" "$RC $(evidence)" "4 source incomplete target good"
is "crashed: why" "$(gap)" "source: log \"$LAST\" $GAP"
cp "$DATA"/bin.0* "$LOGS/"
collect --source-log "$LOGS"
is "crashed, of files" "$RC $(evidence)" "4 source incomplete target good"
is "crashed, of files: why" "$(gap)" "source: log \"$LOGS/$LAST\" $GAP"
synced CS 1
collect
is "crashed, with each commit synced: good" "$RC $(evidence) $(gap)" "0 source good target good "
collect --source-log "$LOGS"
is "crashed, with each commit synced, of files: good" "$RC $(evidence) $(gap)" "0 source good target good "
finish
