#!/bin/bash
# collect.sh: what "history collect" costs beside mariadb-binlog -v, which only prints the same log, and
# what a writer feels of either, on two private MariaDB servers.
#
#   ROWS=150000    rows of about 230 bytes, each changed three times
#   RUNS=3         interleaved runs of each; medians are printed
#   SECONDS_WRITER=10   how long the writer is watched, each time
#   KINDS=…        which of the three, by their names
#
# Three kinds: rows that are in the end what they were (no findings: marks alone are kept), rows that
# differ (each change and both images are), and such rows changed in any order.  Both read the log over
# a connection.  Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-150000}
runs=${RUNS:-3}
writer_seconds=${SECONDS_WRITER:-10}
kinds=${KINDS:-same differ strewn}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

median() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

place() { # SERVER: FILE:POS
    mr_sql "$1" -e 'SHOW MASTER STATUS' | awk '{ print $1 ":" $2 }'
}

change() { # KIND: three changes of each row
    local by order=
    [ "$1" != strewn ] || order='ORDER BY MD5(id)'
    for by in 1 1 "$([ "$1" = same ] && echo -2 || echo 1)"; do
        mr_sql A -e "UPDATE $1.wide SET touched = touched + $by $order"
    done
}

make_world() { # KIND: $split, $log
    local server
    for server in A B; do
        {
            echo "CREATE DATABASE $1; USE $1;"
            sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
        } | mr_sql $server >/dev/null || exit 3
        mr_sql $server -e 'FLUSH BINARY LOGS'
    done
    split=source=$(place A),target=$(place B)
    log=$(place A)
    log=${log%:*}
    change "$1"
    "$MYRECON" check --no-progress --case "$work/$1.case" "$MR_A_URI/$1" "$MR_B_URI/$1" \
        >"$work/out" 2>&1
    [ $? -le 1 ] || {
        tail -n 5 "$work/out" >&2
        exit 3
    }
}

run_once() { # NAME COMMAND…: appends "SECONDS PEAK_KIB STATUS CPU_SECONDS" to $work/NAME
    local name=$1 status
    shift
    "$tools/rss" "$work/one" "$@" >"$work/$name.out" 2>&1
    status=$?
    # 1: rows that differ; 4, of collect: a row that is written to all the while is named
    if [ $status -gt 1 ] && [ $status -ne "${fine:-4}" ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/$name.out" >&2
        exit 3
    fi
    cat "$work/one" >>"$work/$name"
}

run_binlog() { # NAME
    run_once "$1" sh -c "mariadb-binlog --no-defaults -v -R -h 127.0.0.1 -P $MR_A_PORT -u root $log >/dev/null"
}

run_check() { # NAME KIND CASE: with what the case knows of logs, or without
    local fine=1
    cp "$work/$3.case" "$work/checked.case"
    run_once "$1" "$MYRECON" check -q --no-progress --case "$work/checked.case" "$MR_A_URI/$2" "$MR_B_URI/$2"
}

run_collect() { # NAME KIND
    cp "$work/$2.case" "$work/one.case"
    run_once "$1" "$MYRECON" history collect --no-progress --case "$work/one.case" --split "$split"
}

missed=0
bar() { # TITLE VALUE LIMIT
    local verdict=ok
    awk -v v="$2" -v l="$3" 'BEGIN { exit !(v <= l) }' || verdict=MISSED missed=1
    printf '%-56s %9s %10s  %s\n' "$1" "$2" "<= $3" $verdict
}
ratio() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'
}
mebibytes() { # BYTES
    awk -v b="$1" 'BEGIN { printf "%.1f", b / 1048576 }'
}

measure() { # KIND
    local run before bytes
    make_world "$1"
    before=$(stat -c %s "$work/$1.case")
    for ((run = 0; run < runs; run++)); do
        run_binlog "$1.binlog"
        run_collect "$1.collect" "$1"
    done
    for ((run = 0; run < runs; run++)); do
        run_check "$1.plain" "$1" "$1"
        run_check "$1.told" "$1" one
    done
    bytes=$(mr_sql A -e 'SHOW BINARY LOGS' | awk -v name="$log" '$1 == name { print $2 }')
    printf '\n%s: %s rows, %s changes, log of %s MiB, median of %s runs\n' "$1" "$rows" $((3 * rows)) \
        "$(mebibytes "$bytes")" "$runs"
    printf '  %-24s %8s s %8s s of a core\n' 'mariadb-binlog -v' "$(median "$1.binlog" 1)" \
        "$(median "$1.binlog" 4)" 'history collect' "$(median "$1.collect" 1)" "$(median "$1.collect" 4)"
    printf '  the case has grown by %s MiB, %s bytes a change\n' \
        "$(mebibytes $(($(stat -c %s "$work/one.case") - before)))" \
        $((($(stat -c %s "$work/one.case") - before) / (3 * rows)))
    printf '  %-56s %9s\n' 'of a core: history collect / mariadb-binlog -v' \
        "$(ratio "$(median "$1.collect" 4)" "$(median "$1.binlog" 4)")"
    bar "$1: history collect / mariadb-binlog -v" \
        "$(ratio "$(median "$1.collect" 1)" "$(median "$1.binlog" 1)")" 0.50
    bar "$1: check by the logs / check and the log by 200 MB/s" \
        "$(awk -v told="$(median "$1.told" 1)" -v plain="$(median "$1.plain" 1)" -v b="$bytes" \
            'BEGIN { printf "%.2f", told / (plain + b / 200e6) }')" 1.00
    # 64 MiB, and what is known of the case: the keys of its findings
    bar "$1: peak memory, MiB" "$(mebibytes $(($(median "$1.collect" 2) * 1024)))" 80
}

watch() { # NAME [COMMAND…]: the writer's "UPDATES MEDIAN P99 WORST" to $work/NAME.writer
    local name=$1 probe until
    shift
    "$tools/probe" "$MR_A_SOCK" "$kind.wide" "$rows" 0 >"$work/$name.writer" &
    probe=$!
    until=$((SECONDS + writer_seconds))
    while [ $SECONDS -lt $until ]; do
        if [ $# -gt 0 ]; then "$@"; else sleep 0.1; fi
    done
    kill $probe
    wait $probe || exit 3
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $rows rows into each of two MariaDB servers, for each kind ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --innodb-log-file-size=512M &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --innodb-log-file-size=512M &&
    mr_await A B || exit 3
for kind in $kinds; do
    measure "$kind"
done

watch idle
watch binlog run_binlog watched
watch collect run_collect watched "$kind"
printf '\nwriter (updates, then median, 99th percentile, worst in ms):\n'
for name in idle binlog collect; do
    printf '  %-28s %s\n' "$(case $name in idle) echo 'nobody reads' ;; binlog) echo 'mariadb-binlog -v' ;;
        *) echo 'history collect' ;; esac)" "$(cat "$work/$name.writer")"
done
bar "writer's p99: history collect / nobody" \
    "$(ratio "$(median collect.writer 3)" "$(median idle.writer 3)")" 1.10
bar "writer's p99: history collect / mariadb-binlog -v" \
    "$(ratio "$(median collect.writer 3)" "$(median binlog.writer 3)")" 1.10
exit $missed
