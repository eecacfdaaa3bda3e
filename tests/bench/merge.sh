#!/bin/bash
# merge.sh: what it costs to bring two histories together, on two private MariaDB servers.
#
#   PEOPLE=100000        people of the lost history whose ids were given to others, each with
#                        two orders and a wallet entry that others have the ids of, too
#   SECONDS_WRITER=10    how long the writer is watched while nothing else happens
#
# Prints seconds and peak memory of each command, and how long a writer of the live server
# has to wait at worst.  The target has a binary log; its settings are not durable.  Exits 1
# where plan and apply together take more than 60 s, more than 128 MiB, or a writer waits
# more than 50 ms longer than its idle worst.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

people=${PEOPLE:-100000}
base=1000
writer_seconds=${SECONDS_WRITER:-10}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

history() { # NAME LETTER: everybody above the base, with a letter of their side
    mr_sql "$1" <<SQL
CREATE DATABASE club;
USE club;
CREATE TABLE members (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mobile VARCHAR(20) NOT NULL UNIQUE, name VARCHAR(50) NOT NULL, touched INT NOT NULL DEFAULT 0,
    inviter_id INT UNSIGNED NULL, created_at DATETIME NOT NULL,
    FOREIGN KEY (inviter_id) REFERENCES members (id));
CREATE TABLE orders (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    no VARCHAR(20) NOT NULL UNIQUE, member_id INT UNSIGNED NOT NULL, amount DECIMAL(10, 2),
    note VARCHAR(100), FOREIGN KEY (member_id) REFERENCES members (id));
CREATE TABLE wallet_log (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    member_id INT UNSIGNED NOT NULL, change_by INT NOT NULL, KEY (member_id));
INSERT INTO members SELECT seq, CONCAT('b', seq), CONCAT('base ', seq), 0, NULL, '2026-03-01'
    FROM seq_1_to_$base;
INSERT INTO members SELECT $base + seq, CONCAT('$2', seq), CONCAT('$2 member ', seq), 0,
    IF('$2' = 'l', 1 + seq % $base, NULL), '2026-04-03' FROM seq_1_to_$people;
INSERT INTO orders SELECT seq, CONCAT('$2', seq), $base + 1 + (seq - 1) DIV 2, seq % 1000 / 10,
    CONCAT('what was ordered as number ', seq) FROM seq_1_to_$((2 * people));
INSERT INTO wallet_log SELECT seq, $base + seq, seq % 100 FROM seq_1_to_$people;
ANALYZE TABLE members, orders, wallet_log;
SQL
}

missed=0
measure() { # NAME STATUS COMMAND…
    local name=$1 wanted=$2 status
    shift 2
    "$tools/rss" "$work/$name.took" "$MYRECON" "$@" >"$work/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    fi
    awk -v name="$name" '{ printf "%-8s %7.1f s %8.1f MiB\n", name, $1, $2 / 1024 }' "$work/$name.took"
}

judge() { # DESCRIPTION VALUE MOST
    local verdict=met
    awk -v v="$2" -v m="$3" 'BEGIN { exit !(v > m) }' && verdict=MISSED missed=1
    printf '%-44s %9s %10s  %s\n' "$1" "$2" "<= $3" "$verdict"
}

mr_servers_begin || exit 3
work=$mr_run_dir
printf '[table club.members]\ntime-column = created_at\n[table club.wallet_log]\n%s\n%s\n' \
    'reference = member_id -> club.members.id' 'reference = none: change_by' >"$work/ini"
echo "Loading $people people of either history into two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G &&
    mr_await A B || exit 3
history A l >/dev/null &
loading=$!
history B v >/dev/null && wait $loading || exit 3
source="mysql://root@localhost/club?socket=$MR_A_SOCK"
target="mysql://root@localhost/club?socket=$MR_B_SOCK"

measure check 1 check "$source" "$target" --case "$work/case" --config "$work/ini" --no-progress
measure plan 0 repair plan --policy merge --split-at 2026-04-01 --case "$work/case" \
    --config "$work/ini" --output "$work/plan" --no-progress
idle=$("$tools/probe" "$MR_B_SOCK" club.members $base "$writer_seconds") || exit 3
"$tools/probe" "$MR_B_SOCK" club.members $base 0 >"$work/busy" &
probe=$!
measure apply 0 repair apply --yes --no-progress "$work/plan" "$target"
kill $probe
wait $probe || exit 3
busy=$(cat "$work/busy")
measure again 0 repair apply --yes --no-progress "$work/plan" "$target"
measure verify 0 repair verify --no-progress "$work/plan" "$target"
measure undo 0 repair undo --yes --no-progress "$work/plan" "$target"
echo
judge 'plan and apply, s' "$(awk '{ s += $1 } END { print s }' "$work/plan.took" "$work/apply.took")" 60
judge 'peak memory of either, MiB' \
    "$(sort -k2n "$work/plan.took" "$work/apply.took" | awk '{ m = $2 / 1024 } END { print m }')" 128
judge "writer's worst latency added by apply, ms" \
    "$(awk -v i="${idle##* }" -v b="${busy##* }" 'BEGIN { print b - i }')" 50
printf '\nwriter (updates, then median, 99th percentile, worst in ms):\n'
printf '  idle          %s\n  during apply  %s\n' "$idle" "$busy"
exit $missed
