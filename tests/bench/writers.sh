#!/bin/bash
# writers.sh: what a writer of a table feels while somebody alters it again and again, and a reader
# has read it or is about to: that ALTER waits for the reader, and the writer behind it.
#
#   ROWS=2000000   rows of the table that is read meanwhile, of about 230 bytes
#   RUNS=3         interleaved runs of each; the median of their 99th percentiles counts
#   SECONDS_WRITER=10   of each run
#
# Of each reader two runs are compared: it reads the writer's table and the long one, or the long
# one alone, so that the machine is as busy.  mysqldump is the peer.  Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-2000000}
runs=${RUNS:-3}
seconds=${SECONDS_WRITER:-10}
small=10000
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

load() { # NAME
    {
        echo 'CREATE DATABASE bench; USE bench;'
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
        echo "CREATE TABLE a_small LIKE wide; INSERT INTO a_small SELECT * FROM wide WHERE id <= $small"
    } | mr_sql "$1" >/dev/null
}

# A table that is altered while it is read is said to be not checked, or of another moment.
read_once() { # READER TABLE…
    local reader=$1 status=0 table
    local options=()
    shift
    for table in "$@"; do
        options+=(--tables "$table")
    done
    case $reader in
    check)
        "$MYRECON" check --consistent --settle 0 --threads 1 --no-progress "${options[@]}" \
            "mysql://root@localhost/bench?socket=$MR_A_SOCK" \
            "mysql://root@localhost/bench?socket=$MR_B_SOCK" >"$work/out" 2>&1 || status=$?
        ;;
    create)
        rm -rf "$work/snap"
        "$MYRECON" snapshot create --threads 1 --no-progress "${options[@]}" \
            "mysql://root@localhost/bench?socket=$MR_A_SOCK" "$work/snap" >"$work/out" 2>&1 || status=$?
        ;;
    mysqldump)
        mysqldump --no-defaults -u root -S "$MR_A_SOCK" --single-transaction --quick bench "$@" \
            >/dev/null 2>"$work/out" || status=$?
        [ $status -eq 0 ] || grep -q 1412 "$work/out" && status=0
        ;;
    esac
    [ $status -eq 0 ] || [ $status -eq 4 ] || {
        echo "error: $reader ended with exit code $status" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    }
}

alter() { # until it is ended
    while :; do
        mr_sql A <<<'ALTER TABLE bench.a_small FORCE' >/dev/null && echo >>"$work/altered"
        sleep 0.2
    done
}

# Appends "UPDATES MEDIAN P99 WORST ALTERS" to $work/NAME.
watch() { # NAME READER TABLE…
    local name=$1 probe alterer until=$((SECONDS + seconds))
    shift
    : >"$work/altered"
    alter &
    alterer=$!
    "$tools/probe" "$MR_A_SOCK" bench.a_small $small 0 >"$work/probe" &
    probe=$!
    while [ $SECONDS -lt $until ]; do
        read_once "$@"
    done
    kill $probe $alterer
    wait $probe || exit 3
    wait $alterer 2>/dev/null
    echo "$(cat "$work/probe") $(wc -l <"$work/altered")" >>"$work/$name"
}

median() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $rows rows into two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G && mr_await A B || exit 3
load A && load B || exit 3

for ((run = 0; run < runs; run++)); do
    for reader in check create mysqldump; do
        watch $reader $reader a_small wide
        watch $reader.alone $reader wide
    done
done

missed=0
printf '\nA writer of a table that is altered (median of %s runs of %s s, ms):\n' "$runs" "$seconds"
printf '%-32s %8s %8s %8s %8s %8s\n' 'while it is read by' updates median p99 worst ALTERs
for reader in check create mysqldump; do
    for name in $reader $reader.alone; do
        printf '%-32s' "${name/.alone/, the long table alone}"
        for field in 1 2 3 4 5; do
            printf ' %8s' "$(median $name $field)"
        done
        echo
    done
done
bar() { # TITLE VALUE "<= N" | ">= N"
    local verdict=ok
    awk "BEGIN { exit !($2 $3) }" || verdict=MISSED missed=1
    printf '%-56s %9s %10s  %s\n' "$1" "$2" "$3" $verdict
}
against() { # READER FIELD: to that of the long table alone
    awk "BEGIN { printf \"%.2f\", $(median "$1" "$2") / $(median "$1.alone" "$2") }"
}
echo
for reader in check create; do
    bar "p99 by $reader / the long table alone" "$(against $reader 3)" '<= 1.20'
    # One update that stands for seconds is no percentile: it is those that were not made.
    bar "updates by $reader / the long table alone" "$(against $reader 1)" '>= 0.80'
done
exit $missed
