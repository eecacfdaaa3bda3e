#!/bin/bash
# rejoin.sh: what it costs to make an old primary a replica again that has LOST changes of its own, in a table of
# ROWS rows; on two private MariaDB servers.
#
#   ROWS=10000000  rows of about 230 bytes
#   LOST=1000      changes of the old primary's own: as many updates as inserts and deletes together
#   MAX_S=30       exits 1 if plan and apply take longer, without the wait until it has caught up
#
# Each changed row lies in another page than the one before.  A tenth of the rows is measured, too: the time is to
# be that of what was lost, and not of the data.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-10000000}
lost=${LOST:-1000}
max_s=${MAX_S:-30}
MYRECON=${MYRECON:-$PWD/build/myrecon}
export MYRECON_REPLICATION_PASSWORD=repl
unset MYRECON_CONFIG

fail() {
    echo "error: $1" >&2
    [ ! -s "$work/out" ] || tail -n 5 "$work/out" >&2
    exit 3
}
timed() { # NAME COMMAND…: appends its seconds to $work/NAME; apply may stop before the reset (1)
    local name=$1 from=$EPOCHREALTIME status
    shift
    "$@" >"$work/out" 2>&1 </dev/null
    status=$?
    awk -v a="$from" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }' >>"$work/$name"
    [ $status -le "${may:-0}" ] || fail "$name ended with exit code $status"
}
# The table on both, by no log; then the pair; then each has a history of its own.
world() { # ROWS
    local s step=$(($1 / lost))
    for s in OLD LIVE; do
        mr_sql $s -e "STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 0" 2>/dev/null
        {
            echo 'SET sql_log_bin = 0; DROP DATABASE IF EXISTS bench; CREATE DATABASE bench; USE bench;'
            sed "s/seq_1_to_ROWS/seq_1_to_$1/" tests/bench/table.sql
        } | mr_sql $s >/dev/null || fail "no table"
        mr_sql $s -e "SET sql_log_bin = 0; DROP USER IF EXISTS repl@127.0.0.1; SET sql_log_bin = 1; RESET MASTER;
            SET GLOBAL gtid_slave_pos = ''" || fail "no history"
    done
    mr_replicate OLD LIVE || fail "no replication"
    mr_sql OLD -e "CREATE DATABASE IF NOT EXISTS both_have; DROP DATABASE both_have"
    mr_sql LIVE -e "DO MASTER_GTID_WAIT('$(mr_sql OLD -e 'SELECT @@gtid_binlog_pos')', 60);
        STOP SLAVE; RESET SLAVE ALL; SET sql_log_bin = 0;
        CREATE OR REPLACE USER repl@127.0.0.1 IDENTIFIED BY 'repl'; GRANT REPLICATION SLAVE ON *.* TO repl@127.0.0.1"
    mr_sql OLD bench <<SQL || fail "no lost changes"
UPDATE wide SET touched = touched + 1 WHERE id % $step = 7 LIMIT $((lost / 2));
DELETE FROM wide WHERE id % $step = 8 LIMIT $((lost / 4));
CREATE TEMPORARY TABLE t AS SELECT * FROM wide LIMIT $((lost - lost / 2 - lost / 4));
UPDATE t SET id = id + 2 * $1;
INSERT INTO wide SELECT * FROM t;
SET GLOBAL read_only = 1;
SQL
    mr_sql LIVE bench -e "UPDATE wide SET touched = touched + 1 WHERE id = 1"
    mr_sql OLD -e "SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'" |
        mr_sql OLD 2>/dev/null
}
measure() { # ROWS: $seconds
    local plan=$work/plan.$1 name
    world "$1"
    for name in plan rows reset verify; do : >"$work/$name"; done
    timed plan "$MYRECON" repair plan --policy rejoin --source "$MR_LIVE_URI" --target "$MR_OLD_URI" \
        --replication-user repl --discard-lost --output "$plan"
    may=1 timed rows "$MYRECON" repair apply --yes "$plan" "$MR_OLD_URI"
    timed reset "$MYRECON" repair apply --yes --point-of-no-return "$plan" "$MR_OLD_URI"
    timed verify "$MYRECON" repair verify "$plan" "$MR_OLD_URI"
    seconds=$(cat "$work"/{plan,rows,reset} | awk '{ s += $1 } END { printf "%.2f", s }')
    printf '%s rows, %s lost changes: plan %s s, apply up to the reset %s s, past it until it has caught up %s s, verify %s s: %s s\n' \
        "$1" "$lost" "$(cat "$work/plan")" "$(cat "$work/rows")" "$(cat "$work/reset")" "$(cat "$work/verify")" "$seconds"
}

mr_servers_begin || exit 3
trap mr_servers_end EXIT
mr_spawn_mariadb OLD && mr_spawn_mariadb LIVE && mr_await OLD LIVE || exit 3
work=$mr_run_dir/work
mkdir -p "$work"
measure $((rows / 10))
measure "$rows"
awk -v s="$seconds" -v m="$max_s" 'BEGIN { exit s > m }' || {
    echo "more than $max_s s"
    exit 1
}
