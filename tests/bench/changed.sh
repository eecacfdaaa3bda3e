#!/bin/bash
# changed.sh: what "check --changed" costs beside a check of everything, where few rows have changed, on two
# private MariaDB servers that do not replicate.
#
#   ROWS=2000000   rows of about 230 bytes
#   PER_MILLE=1    of them so many are changed, strewn over the table, on both sides alike
#   POOL=1G        buffer pool of each: with one that is smaller than the table, each changed row is a page of a disk
#   RUNS=3         runs of each, after as many changes; medians are printed
#
# And how long until a difference that no log has is found by --rolling 30, and what such a run costs.
# Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-2000000}
per_mille=${PER_MILLE:-1}
pool=${POOL:-1G}
runs=${RUNS:-3}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

median() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
change() { # alike on both sides
    local server
    for server in A B; do
        mr_sql $server -e "UPDATE bench.wide SET touched = touched + 1 WHERE id % 1000 < $per_mille" || exit 3
    done
}
run_check() { # NAME WANTED-EXIT ARGS…: appends "SECONDS PEAK_KIB STATUS CPU_SECONDS ROWS"
    local name=$1 wanted=$2 status
    shift 2
    "$tools/rss" "$work/one" "$MYRECON" check --json --no-progress --case "$work/case" "$@" \
        "$MR_A_URI/bench" "$MR_B_URI/bench" >"$work/out" 2>"$work/err"
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/err" >&2
        exit 3
    fi
    echo "$(cat "$work/one") $(jq -r 'select(.type == "summary") | .rows' "$work/out")" >>"$work/$name"
}

missed=0
bar() { # TITLE VALUE LIMIT
    local verdict=ok
    awk -v v="$2" -v l="$3" 'BEGIN { exit !(v <= l) }' || verdict=MISSED missed=1
    printf '%-52s %9s %10s  %s\n' "$1" "$2" "<= $3" $verdict
}
ratio() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4f", a / b }'
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $rows rows into each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size="$pool" --innodb-log-file-size=512M &&
    mr_spawn_mariadb B --innodb-buffer-pool-size="$pool" --innodb-log-file-size=512M &&
    mr_await A B || exit 3
for server in A B; do
    {
        echo "CREATE DATABASE bench; USE bench;"
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
    } | mr_sql $server >/dev/null || exit 3
    mr_sql $server -e 'FLUSH BINARY LOGS'
done
run_check warm 0
for ((run = 0; run < runs; run++)); do
    run_check full 0
    change
    run_check changed 0 --changed
done
printf '\n%s rows a side, %s per mille changed, median of %s runs\n' "$rows" "$per_mille" "$runs"
for name in full changed; do
    printf '  %-24s %9s s %9s s of a core %8s KiB %10s rows read\n' "$name" "$(median $name 1)" "$(median $name 4)" \
        "$(median $name 2)" "$(median $name 5)"
done
bar 'time: changed / full' "$(ratio "$(median changed 1)" "$(median full 1)")" 0.05
bar 'rows read: changed / full' "$(ratio "$(median changed 5)" "$(median full 5)")" 0.05

mr_sql B -e "SET sql_log_bin = 0; UPDATE bench.wide SET touched = touched + 1 WHERE id = $((rows * 7 / 10 + 7))"
run_check silent 0 --changed
for ((turn = 1; turn <= 30; turn++)); do
    change
    "$MYRECON" check --json --no-progress --settle 0 --case "$work/case" --changed --rolling 30 \
        "$MR_A_URI/bench" "$MR_B_URI/bench" >"$work/out" 2>"$work/err"
    status=$?
    [ "${found:-0}" -ne 0 ] || [ $status -ne 1 ] || found=$turn
    if [ $status -ne 0 ] && [ $status -ne 1 ]; then
        tail -n 5 "$work/err" >&2
        exit 3
    fi
    jq -r 'select(.type == "summary") | "\(.seconds) 0 0 0 \(.rows)"' "$work/out" >>"$work/rolling"
done
printf '\n  %-24s %9s s %34s rows read\n' '--changed --rolling 30' "$(median rolling 1)" "$(median rolling 5)"
bar 'found, of what no log has, in turn' "${found:-31}" 30
bar 'rows read: rolling / full' "$(ratio "$(median rolling 5)" "$(median full 5)")" 0.05
exit $missed
