#!/bin/bash
# snapshot.sh: what snapshot create, verify and restore cost, against mysqldump | zstd and its way
# back, and against mydumper and myloader with as many threads, on two private MariaDB servers.
#
#   ROWS=2000000   rows of about 230 bytes
#   INDEXES=no     yes: with two secondary indexes
#   RUNS=3         interleaved runs of each; medians are printed
#   THREADS=N      of all that have threads; default: cores, at most 4
#   SECONDS_WRITER=10   how long the writer is watched, idle and during each of them
#   TARGET=mariadb mysql9: the way back alone, into an Oracle MySQL 9
#
# restore reads every row back and compares it; mysql and myloader do not.  verify is
# measured with one thread, by the text that it unpacks and takes apart, and by the processor
# time that it takes.  mydumper compresses with gzip; the line "plain" is without.
# Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-2000000}
runs=${RUNS:-3}
cores=$(nproc)
threads=${THREADS:-$((cores < 4 ? cores : 4))}
writer_seconds=${SECONDS_WRITER:-10}
target=${TARGET:-mariadb}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

load() { # NAME
    local indexes=''
    [ "${INDEXES:-no}" = no ] || indexes=', KEY by_mobile (mobile), KEY by_created (created_at)'
    {
        echo 'CREATE DATABASE bench; USE bench;'
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/; s/^) ENGINE/$indexes) ENGINE/" tests/bench/table.sql
    } | mr_sql "$1" >/dev/null
}

# One run: appends "SECONDS PEAK_KIB STATUS CPU_SECONDS" to $work/NAME.
run_once() { # NAME COMMAND…
    local name=$1 status
    shift
    "$tools/rss" "$work/one" "$@" >"$work/$name.out" 2>&1
    status=$?
    if [ $status -ne 0 ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/$name.out" >&2
        exit 3
    fi
    cat "$work/one" >>"$work/$name"
}

run_create() {
    rm -rf "$work/snap"
    run_once create "$MYRECON" snapshot create --no-progress --threads "$threads" \
        "mysql://root@localhost/bench?socket=$MR_A_SOCK" "$work/snap"
}

run_mysqldump() {
    # shellcheck disable=SC2016
    run_once mysqldump bash -c 'set -o pipefail
        mysqldump --no-defaults -u root -S "$1" --single-transaction --quick bench | zstd -qf -o "$2"' \
        - "$MR_A_SOCK" "$work/dump.zst"
}

dump_with_mydumper() { # NAME OPTION…
    local name=$1
    shift
    rm -rf "$work/$name.dir"
    run_once "$name" mydumper -u root -S "$MR_A_SOCK" -B bench -o "$work/$name.dir" \
        -t "$threads" --rows 100000 "$@"
}

run_mydumper() {
    dump_with_mydumper mydumper --compress
}

run_plain() {
    dump_with_mydumper plain
}

run_verify() {
    run_once verify "$MYRECON" snapshot verify --no-progress --threads 1 "$work/snap"
}

unpurged="VARIABLE_VALUE < 10 FROM information_schema.GLOBAL_STATUS
    WHERE VARIABLE_NAME = 'INNODB_HISTORY_LIST_LENGTH'"
[ "$target" = mariadb ] || unpurged="COUNT < 10 FROM information_schema.INNODB_METRICS
    WHERE NAME = 'trx_rseg_history_len'"

# What the last one has left to be purged and written would be paid for by the next.
empty_target() {
    local tries
    mr_sql B <<<'DROP DATABASE IF EXISTS bench' >/dev/null
    for ((tries = 0; tries < 600; tries++)); do
        [ "$(mr_sql B <<<"SELECT $unpurged")" != 1 ] || return 0
        sleep 0.1
    done
    echo 'error: the server does not come to rest' >&2
    exit 3
}

run_restore() {
    empty_target
    run_once restore "$MYRECON" snapshot restore --no-progress --threads "$threads" \
        "$work/snap" "mysql://root@localhost/?socket=$MR_B_SOCK"
}

run_myloader() {
    empty_target
    run_once myloader myloader -u root -S "$MR_B_SOCK" -B bench -d "$work/mydumper.dir" \
        -t "$threads"
    require_rows myloader
}

run_mysql() {
    empty_target
    mr_sql B <<<'CREATE DATABASE bench' >/dev/null
    # shellcheck disable=SC2016
    run_once mysql bash -c 'set -o pipefail
        zstd -dc "$2" | mysql --no-defaults -u root -S "$1" bench' - "$MR_B_SOCK" "$work/dump.zst"
    require_rows mysql
}

require_rows() { # NAME: that has loaded them
    local loaded
    loaded=$(mr_sql B <<<'SELECT COUNT(*) FROM bench.wide')
    [ "$loaded" = "$rows" ] || { echo "error: $1 has loaded $loaded rows" >&2 && exit 3; }
}

sorted() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n
}

median() { # NAME FIELD
    sorted "$@" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

bytes_of() { # PATH
    du -sb "$1" | cut -f 1
}

calc() { # FORMAT EXPRESSION
    awk "BEGIN { printf \"$1\", $2 }"
}

missed=0
bar() { # TITLE VALUE "<= N" | ">= N"
    local verdict=ok
    if ! awk "BEGIN { exit !($2 $3) }"; then
        verdict=MISSED
        missed=1
    fi
    printf '%-44s %9s %10s  %s\n' "$1" "$2" "$3" "$verdict"
}

print_times() {
    local name title size
    printf '\n%-22s %9s %17s %9s %9s %9s\n' "$rows rows, $runs runs" median 'fastest..slowest' \
        'CPU' 'peak' 'size'
    while read -r name size title; do
        [ -s "$work/$name" ] || continue
        [ "$size" = - ] || size=$(calc '%.1f MB' "$(bytes_of "$work/$size") / 1e6")
        printf '%-22s %7s s %8s..%-7s %7s s %5s MiB %9s\n' "$title" "$(median "$name" 1)" \
            "$(sorted "$name" 1 | head -n 1)" "$(sorted "$name" 1 | tail -n 1)" \
            "$(median "$name" 4)" "$(calc '%.0f' "$(sorted "$name" 2 | tail -n 1) / 1024")" "$size"
    done <<'NAMES'
create snap snapshot create
mysqldump dump.zst mysqldump | zstd
mydumper mydumper.dir mydumper --compress
plain plain.dir mydumper, plain
verify - snapshot verify, 1
restore - snapshot restore
myloader - myloader
mysql - zstd -dc | mysql
NAMES
    printf '\n%-44s %9s %10s\n' measure value bar
    print_bars_back
    [ "$target" = mysql9 ] || print_bars_there
}

print_bars_back() {
    bar 'restore / myloader' \
        "$(calc '%.2f' "$(median restore 1) / $(median myloader 1)")" '<= 0.60'
    bar 'restore / zstd -dc | mysql' \
        "$(calc '%.2f' "$(median restore 1) / $(median mysql 1)")" '<= 0.50'
}

print_bars_there() {
    local text
    text=$(jq .totals.plain_bytes "$work/snap/manifest.json")
    bar 'mysqldump | zstd / create' \
        "$(calc '%.2f' "$(median mysqldump 1) / $(median create 1)")" '>= 2.00'
    bar 'mydumper / create' \
        "$(calc '%.2f' "$(median mydumper 1) / $(median create 1)")" '>= 1.00'
    bar 'size / that of mysqldump | zstd' \
        "$(calc '%.2f' "$(bytes_of "$work/snap") / $(bytes_of "$work/dump.zst")")" '<= 1.10'
    bar 'verify, MB of text a second of one core' \
        "$(calc '%.0f' "$text / 1e6 / $(median verify 4)")" '>= 300'
    bar 'peak memory of create, MiB' \
        "$(calc '%.1f' "$(sorted create 2 | tail -n 1) / 1024")" '<= 64'
}

watch() { # NAME: the writer while that runs again and again
    local probe until
    "$tools/probe" "$MR_A_SOCK" bench.wide "$rows" 0 >"$work/busy.$1" &
    probe=$!
    until=$((SECONDS + writer_seconds))
    while [ $SECONDS -lt $until ]; do
        "run_$1"
    done
    kill $probe
    wait $probe || exit 3
}

print_writer() {
    local idle name
    idle=$("$tools/probe" "$MR_A_SOCK" bench.wide "$rows" "$writer_seconds") || exit 3
    for name in create mysqldump mydumper; do
        watch $name
    done
    bar "writer's worst latency added by create, ms" \
        "$(calc '%.2f' "$(awk '{ print $4 }' "$work/busy.create") - ${idle##* }")" '<= 50'
    printf '\nwriter (updates, then median, 99th percentile, worst in ms):\n'
    printf '  %-18s %s\n' idle "$idle"
    for name in create mysqldump mydumper; do
        printf '  %-18s %s\n' "during $name" "$(cat "$work/busy.$name")"
    done
}

spawn_target() {
    if [ "$target" = mariadb ]; then
        # A server that has no binary log shows no position, and one connection is used.
        mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin --local-infile=1
        return
    fi
    mr_mysql_root=$(CI=true tests/lib/mysql9.sh) || exit 3
    # Room in the redo log for all of a run; and what is purged is taken off the list at once.
    mr_spawn_mysql B --innodb-buffer-pool-size=1G --skip-log-bin --innodb-redo-log-capacity=1G \
        --innodb-purge-rseg-truncate-frequency=1
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $rows rows into a MariaDB server ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G && spawn_target && mr_await A B || exit 3
load A || exit 3

all='create mysqldump mydumper plain verify restore myloader mysql'
echo "Warming up, then $runs interleaved runs with $threads threads ..."
for name in $all; do
    "run_$name"
    : >"$work/$name"
done
if [ "$target" = mysql9 ]; then # what the source does is known from the other target
    all='restore myloader mysql'
fi
for ((run = 0; run < runs; run++)); do
    for name in $all; do
        "run_$name"
    done
done
print_times
[ "$target" = mysql9 ] || print_writer
exit $missed
