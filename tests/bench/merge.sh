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
. tests/bench/history.sh

people=${PEOPLE:-100000}
base=1000
writer_seconds=${SECONDS_WRITER:-10}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

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
history_settings "$work/ini"
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
