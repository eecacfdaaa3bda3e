#!/bin/bash
# tables.sh: what thousands of small tables cost, against pt-table-checksum, mysqldump | zstd and
# mydumper, on two private MariaDB servers.
#
#   TABLES=3000    of two rows each
#   RUNS=3         interleaved runs of each; the best counts
#
# pt-table-checksum reads one side only.  The floor is the server's own: what the stock client waits for
# an answer for which MariaDB opens each table once, as it has to for a catalogue with row counts, and
# for rows; nothing that reads a row of each table is faster on one connection.  Exits 1 if a bar is
# missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

tables=${TABLES:-3000}
runs=${RUNS:-3}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

load() { # NAME
    {
        echo 'CREATE DATABASE bench; USE bench;'
        for ((i = 1; i <= tables; i++)); do
            echo "CREATE TABLE t$i (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
                name VARCHAR(40) NOT NULL, note VARCHAR(80), amount DECIMAL(10, 2),
                created_at DATETIME NOT NULL, KEY (name));
                INSERT INTO t$i (name, note, amount, created_at) VALUES
                ('n$i', 'x', 1.5, '2026-01-02 03:04:05'), ('m$i', NULL, 2.5, '2026-01-03 03:04:05');"
        done
    } | mr_sql "$1" >/dev/null
}

# One run: appends "SECONDS PEAK_KIB STATUS CPU_SECONDS" to $work/NAME.  pt-table-checksum exits
# with 8 where it finds no replica.
run_once() { # NAME COMMAND…
    local name=$1 status
    shift
    "$tools/rss" "$work/one" "$@" >"$work/$name.out" 2>"$work/$name.err"
    status=$?
    if [ $status -ne 0 ] && [ "$name $status" != 'pt 8' ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/$name.out" "$work/$name.err" >&2
        exit 3
    fi
    cat "$work/one" >>"$work/$name"
}

uri() { # NAME
    local sock=MR_$1_SOCK
    echo "mysql://root@localhost/bench?socket=${!sock}"
}

run_check() { run_once check "$MYRECON" check --no-progress "$(uri A)" "$(uri B)"; }
run_record() { run_once record "$MYRECON" gate record --force --output "$work/base.json" "$(uri A)"; }
run_gate() { run_once gate "$MYRECON" gate check "$work/base.json" "$(uri A)"; }
run_doctor() { run_once doctor "$MYRECON" doctor "$(uri A)"; }

# For the number of rows, and for nothing else, each table is opened.
run_floor() {
    run_once floor mariadb --no-defaults -u root -S "$MR_A_SOCK" -N -e \
        "SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'bench'"
}

run_pt() {
    run_once pt pt-table-checksum --no-version-check --no-check-binlog-format --quiet \
        --databases=bench "h=localhost,S=$MR_A_SOCK,u=root"
}

# Each run has a directory of its own, removed in the end: where thousands of files were just
# deleted, ext4 takes ten times as long to make others, for seconds.
made=0
run_create() {
    run_once create "$MYRECON" snapshot create --no-progress "$(uri A)" "$work/snap.$((made++))"
}

run_mysqldump() {
    # shellcheck disable=SC2016
    run_once mysqldump bash -c 'set -o pipefail
        mysqldump --no-defaults -u root -S "$1" --single-transaction --quick bench | zstd -qf -o "$2"' \
        - "$MR_A_SOCK" "$work/dump.zst"
}

run_mydumper() {
    run_once mydumper mydumper -u root -S "$MR_A_SOCK" -B bench -o "$work/mydumper.$((made++))" -t 4 --compress
}

# Milliseconds until a check says on a terminal for the first time what it does.
first_progress() {
    local began=${EPOCHREALTIME/[.,]/} first now
    script -qec "'$MYRECON' check --progress '$(uri A)' '$(uri B)'" "$work/typescript" </dev/null | {
        IFS= read -r -N 1 first
        now=${EPOCHREALTIME/[.,]/}
        cat >/dev/null
        echo $(((now - began) / 1000))
    }
    grep -q 'reading the catalogues' "$work/typescript"
}

best() { # NAME: seconds
    awk '{ print $1 }' "$work/$1" | sort -n | head -n 1
}

peak() { # NAME: MiB
    awk '{ print $2 / 1024 }' "$work/$1" | sort -n | tail -n 1
}

calc() { # FORMAT EXPRESSION
    awk "BEGIN { printf \"$1\", $2 }"
}

missed=0
bar() { # TITLE VALUE "<= N"
    local verdict=ok
    if ! awk "BEGIN { exit !($2 $3) }"; then
        verdict=MISSED
        missed=1
    fi
    printf '%-44s %9s %10s  %s\n' "$1" "$2" "$3" "$verdict"
}

print_times() {
    local name title
    printf '\n%-22s %9s %9s\n' "$tables tables, $runs runs" best peak
    while read -r name title; do
        printf '%-22s %7s s %5s MiB\n' "$title" "$(best "$name")" "$(calc %.0f "$(peak "$name")")"
    done <<'NAMES'
check myrecon check
pt pt-table-checksum
create snapshot create
mysqldump mysqldump | zstd
mydumper mydumper, 4 threads
record gate record
gate gate check
doctor doctor
floor floor: opened once
NAMES
    printf '\n%-44s %9s %10s\n' measure value bar
    bar 'check / pt-table-checksum' "$(calc %.2f "$(best check) / $(best pt)")" '<= 0.33'
    bar 'snapshot create / mysqldump | zstd' "$(calc %.2f "$(best create) / $(best mysqldump)")" '<= 0.5'
    bar 'snapshot create / mydumper' "$(calc %.2f "$(best create) / $(best mydumper)")" '<= 1'
    bar 'gate record, s' "$(best record)" '<= 3'
    bar 'gate check, s' "$(best gate)" '<= 3'
    bar 'doctor, s' "$(best doctor)" '<= 1'
    printf '%-44s %9s\n' 'gate record / floor' "$(calc %.2f "$(best record) / $(best floor)")" \
        'gate check / floor' "$(calc %.2f "$(best gate) / $(best floor)")"
    bar 'first progress line, s' "$(calc %.2f "$1 / 1000")" '<= 1'
    for name in check create record gate doctor; do
        bar "peak memory of $name, MiB" "$(calc %.1f "$(peak $name)")" '<= 64'
    done
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Making $tables tables on each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-flush-log-at-trx-commit=0 &&
    mr_spawn_mariadb B --innodb-flush-log-at-trx-commit=0 && mr_await A B || exit 3
load A &
loading=$!
load B && wait $loading || exit 3

all='check pt create mysqldump mydumper record gate doctor floor'
echo "Warming up, then $runs interleaved runs ..."
for name in $all; do
    "run_$name"
    : >"$work/$name"
done
for ((run = 0; run < runs; run++)); do
    for name in $all; do
        "run_$name"
    done
done
first=$(first_progress) || exit 3
print_times "$first"
exit $missed
