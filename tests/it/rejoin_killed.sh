#!/bin/bash
# rejoin_killed.sh: the old primary itself is killed between the steps of its rejoin, behind each of them: the same
# command goes on behind what the server shows when it is back.  MariaDB; rejoin_refused kills myrecon.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_start_mariadb OLD || bail "no server"
mr_start_mariadb LIVE || bail "no server"
. "$IT_DIR/../lib/rejoin.sh"

# With what it has under the port that it had.
killed() {
    local pid
    pid=$(mr_get_server OLD PID)
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
    # shellcheck disable=SC2046
    mr_launch OLD "$MR_OLD_DIR/again.log" mariadbd --no-defaults $(mr_as_root_option) --datadir="$MR_OLD_DIR/data" \
        --socket="$MR_OLD_SOCK" --pid-file="$MR_OLD_DIR/again.pid" --tmpdir="$MR_OLD_DIR/tmp" --port="$MR_OLD_PORT" \
        --bind-address=127.0.0.1 --server-id=1 --log-bin="$LOG" --binlog-format=ROW --log-slave-updates=ON \
        --skip-name-resolve --read-only=ON --skip-slave-start
    mr_await OLD || bail "the server does not come back"
}
step() { # NUMBER: the statement of rejoin.sql
    grep -v '^--' "$PLAN/rejoin.sql" | sed -n "$1p" | sed "s/MASTER_USER = 'repl'/&, MASTER_PASSWORD = 'repl'/" | mr_sql OLD
}
stage() {
    act verify --json
    sed -n 's/.*"type":"summary","stage":"\([a-z]*\)".*/\1/p' "$OUT"
}

pair
fail_over
LOG=$(old "SELECT @@log_bin_basename")
old "SET GLOBAL innodb_flush_log_at_trx_commit = 1; SET GLOBAL sync_binlog = 1"
plan --discard-lost
act apply
is "rows are taken back" "$RC $(rows)" "1 $SPLIT"
killed
is "killed before the reset" "$(stage) $(rows)" "rows $SPLIT"
for n in "1 reset" "2 position" "3 point"; do
    step "${n% *}"
    killed
    is "killed behind step ${n#* }" "$(stage)" "${n#* }"
done
act apply --point-of-no-return
is "gone on" "$RC" 0
is "equal" "$(equal)" 0
finish
