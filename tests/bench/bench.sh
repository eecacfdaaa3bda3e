#!/bin/bash
# bench.sh: what check costs, against the plain reading of the same rows and against
# pt-table-checksum, on two private MariaDB servers.
#
#   ROWS=2000000   rows of about 230 bytes; peak memory is that of check at this size
#   RUNS=7         interleaved runs of each; medians are printed
#   SECONDS_WRITER=10   how long the writer is watched, idle and during checks
#
# The baseline is tests/bench/stream.c: one statement a side, both sides at once, the same
# columns.  pt-table-checksum reads one side only, and writes its own table there.
# Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-2000000}
runs=${RUNS:-7}
writer_seconds=${SECONDS_WRITER:-10}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
columns='id, mobile, name, amount, ratio, state, touched, created_at, updated_at, note'
unset MYRECON_CONFIG

load() { # NAME
    {
        echo 'CREATE DATABASE bench; USE bench;'
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
    } | mr_sql "$1" >/dev/null
}

# One run: appends "SECONDS PEAK_KIB STATUS" to $work/NAME.  pt-table-checksum exits with 8
# where it finds no replica.
run_once() { # NAME COMMAND…
    local name=$1 status
    shift
    "$tools/rss" "$work/one" "$@" >"$work/$name.out" 2>&1
    status=$?
    if [ $status -ne 0 ] && [ "$name $status" != 'pt 8' ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/$name.out" >&2
        exit 3
    fi
    cat "$work/one" >>"$work/$name"
}

run_stream() {
    run_once stream "$tools/stream" "$MR_A_SOCK" "$MR_B_SOCK" \
        "SELECT $columns FROM bench.wide FORCE INDEX (PRIMARY) ORDER BY id"
}

run_check() {
    run_once check "$MYRECON" check "mysql://root@localhost/bench?socket=$MR_A_SOCK" \
        "mysql://root@localhost/bench?socket=$MR_B_SOCK" --no-progress
}

run_pt() {
    run_once pt pt-table-checksum --no-version-check --no-check-binlog-format --quiet \
        --databases=bench "h=localhost,S=$MR_A_SOCK,u=root"
}

sorted() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n
}

median() { # NAME FIELD
    sorted "$@" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

missed=0
judge() { # VALUE LIMIT: ok, or MISSED
    if awk -v v="$1" -v l="$2" 'BEGIN { exit !(v <= l) }'; then
        verdict=ok
    else
        verdict=MISSED
        missed=1
    fi
}

print_times() {
    local base check ratio name title
    base=$(median stream 1) check=$(median check 1)
    printf '\n%-22s %9s %17s %8s\n' "$rows rows, $runs runs" median 'fastest..slowest' ratio
    while read -r name title; do
        printf '%-22s %7s s %8s..%-7s %8s\n' "$title" "$(median "$name" 1)" \
            "$(sorted "$name" 1 | head -n 1)" "$(sorted "$name" 1 | tail -n 1)" \
            "$(awk -v a="$(median "$name" 1)" -v b="$base" 'BEGIN { printf "%.2f", a / b }')"
    done <<'NAMES'
stream plain streaming
check myrecon check
pt pt-table-checksum
NAMES
    printf '\n%-44s %9s %10s\n' measure value bar
    ratio=$(awk -v a="$check" -v b="$base" 'BEGIN { printf "%.2f", a / b }')
    judge "$ratio" 1.15
    printf '%-44s %9s %10s  %s\n' 'check / plain streaming' "$ratio" '<= 1.15' $verdict
    ratio=$(awk -v a="$(median pt 1)" -v b="$check" 'BEGIN { printf "%.2f", a / b }')
    judge 2 "$ratio"
    printf '%-44s %9s %10s  %s\n' 'pt-table-checksum / check' "$ratio" '>= 2.00' $verdict
    ratio=$(sorted check 2 | tail -n 1 | awk '{ printf "%.1f", $1 / 1024 }')
    judge "$ratio" 64
    printf '%-44s %9s %10s  %s\n' 'peak memory of check, MiB' "$ratio" '<= 64' $verdict
}

print_writer() {
    local idle busy probe added until
    idle=$("$tools/probe" "$MR_A_SOCK" bench.wide "$rows" "$writer_seconds") || exit 3
    "$tools/probe" "$MR_A_SOCK" bench.wide "$rows" 0 >"$work/busy" &
    probe=$!
    until=$((SECONDS + writer_seconds))
    while [ $SECONDS -lt $until ]; do
        run_check
    done
    kill $probe
    wait $probe || exit 3
    busy=$(cat "$work/busy")
    added=$(awk -v i="${idle##* }" -v b="${busy##* }" 'BEGIN { printf "%.2f", b - i }')
    judge "$added" 50
    printf '%-44s %9s %10s  %s\n' "writer's worst latency added by check, ms" "$added" \
        '<= 50' $verdict
    printf '\nwriter (updates, then median, 99th percentile, worst in ms):\n'
    printf '  idle          %s\n  during check  %s\n' "$idle" "$busy"
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $rows rows into each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_await A B || exit 3
load A &
loading=$!
load B && wait $loading || exit 3

echo "Warming up, then $runs interleaved runs ..."
for name in stream check pt; do
    "run_$name"
    : >"$work/$name"
done
for ((run = 0; run < runs; run++)); do
    for name in stream check pt; do
        "run_$name"
    done
done
print_times
print_writer
exit $missed
