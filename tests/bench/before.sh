#!/bin/bash
# before.sh: this build beside an earlier one: check, snapshot create, repair plan and apply,
# interleaved on the same two private MariaDB servers.
#
#   BEFORE=PROGRAM   the earlier build; needed
#   ROWS=1000000     rows of about 230 bytes for check and snapshot create
#   PEOPLE=20000     people of the lost history for plan and apply, as in merge.sh
#   RUNS=5           runs of each; the fastest of each is compared: what else the machine does
#                    makes a run slower, never faster
#
# Exits 1 where this build takes more than 5 % longer.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh
. tests/bench/history.sh

rows=${ROWS:-1000000}
people=${PEOPLE:-20000}
base=1000
runs=${RUNS:-5}
tools=${BUILD:-build}/tests/bench
declare -A program=([now]=${MYRECON:-$PWD/build/myrecon} [before]=${BEFORE:?the earlier build})
unset MYRECON_CONFIG

load() { # NAME
    {
        echo 'CREATE DATABASE bench; USE bench;'
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
    } | mr_sql "$1" >/dev/null
}

# One run: appends its seconds to $work/NAME.BUILD.
measure() { # BUILD NAME STATUS ARGUMENT…
    local build=$1 name=$2 wanted=$3 status
    shift 3
    "$tools/rss" "$work/one" "${program[$build]}" "$@" --no-progress >"$work/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "error: $name of the build $build ended with exit code $status" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    fi
    awk '{ print $1 }' "$work/one" >>"$work/$name.$build"
}

fastest() { # NAME BUILD
    sort -n "$work/$1.$2" | head -n 1
}

run_reading() { # BUILD
    rm -rf "$work/snap"
    measure "$1" check 0 check "$wide_a" "$wide_b"
    measure "$1" create 0 snapshot create "$wide_a" "$work/snap"
}

# Undone afterwards, so that the next run finds the same rows.
run_merge() { # BUILD
    rm -rf "$work/plan"
    measure "$1" plan 0 repair plan --policy merge --split-at 2026-04-01 --case "$work/case.$1" \
        --config "$work/ini" --output "$work/plan"
    measure "$1" apply 0 repair apply --yes "$work/plan" "$club_b"
    measure "$1" undo 0 repair undo --yes "$work/plan" "$club_b"
}

mr_servers_begin || exit 3
work=$mr_run_dir
history_settings "$work/ini"
echo "Loading $rows rows and $people people into each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_await A B || exit 3
{ load A && history A l >/dev/null; } &
loading=$!
load B && history B v >/dev/null && wait $loading || exit 3
wide_a="mysql://root@localhost/bench?socket=$MR_A_SOCK"
wide_b="mysql://root@localhost/bench?socket=$MR_B_SOCK"
club_a="mysql://root@localhost/club?socket=$MR_A_SOCK"
club_b="mysql://root@localhost/club?socket=$MR_B_SOCK"

echo "Warming up, then $runs interleaved runs ..."
for build in before now; do
    measure $build case 1 check "$club_a" "$club_b" --case "$work/case.$build" --config "$work/ini"
    run_reading $build
    run_merge $build
done
for name in check create plan apply; do
    rm -f "$work/$name".{before,now}
done
for ((run = 0; run < runs; run++)); do
    for build in before now; do
        run_reading $build
        run_merge $build
    done
done

missed=0
printf '\n%-16s %10s %10s %8s\n' "fastest of $runs" before now ratio
for name in check create plan apply; do
    ratio=$(awk -v b="$(fastest $name before)" -v n="$(fastest $name now)" \
        'BEGIN { printf "%.3f", n / b }')
    verdict=ok
    awk -v r="$ratio" 'BEGIN { exit !(r > 1.05) }' && verdict=MISSED missed=1
    printf '%-16s %8s s %8s s %8s  <= 1.050  %s\n' $name "$(fastest $name before)" \
        "$(fastest $name now)" "$ratio" $verdict
done
exit $missed
