#!/bin/bash
# shapes.sh: tables of an unusual shape beside a plain one of the same bytes: 1,000 partitions,
# 1,000 columns, 64 indexes (the key among them), keys of 3,072 bytes; check, snapshot create and
# restore.
#
# Beside them a bare read of all rows in key order by the stock client: what the server takes for
# the shape itself.
#
#   MIB=64      of rows in each table
#   RUNS=3      interleaved runs of each; the fastest counts
#
# A restore into 64 indexes builds them, which is the server's work: it is shown, and has no bar.
# Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

mib=${MIB:-64}
runs=${RUNS:-3}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG
shapes='plain partitions indexes wide columns longkey keys'

columns() { # COUNT FORMAT: joined by commas
    local i
    for ((i = 1; i <= $1; i++)); do
        # shellcheck disable=SC2059
        printf "$2" $i $i
        [ $i -eq "$1" ] || printf ', '
    done
}

# Rows of 256 bytes; then of 4,000 bytes in one column and in 1,000; then of 3,072 bytes.
world() {
    local small=$((mib * 4096)) large=$((mib * 262)) keys=$((mib * 341))
    local eight='a BIGINT NOT NULL, b BIGINT NOT NULL, c BIGINT NOT NULL, d BIGINT NOT NULL,
        e BIGINT NOT NULL, f BIGINT NOT NULL, g BIGINT NOT NULL, note VARCHAR(200) NOT NULL'
    local values="seq, seq * 3, seq * 5, seq * 7, seq * 11, seq * 13, seq * 17, seq * 19,
        RPAD(MD5(seq), 192, 'x') FROM seq_1_to_$small"
    cat <<SQL
CREATE DATABASE bench; USE bench;
CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, $eight);
INSERT INTO plain SELECT $values;
CREATE TABLE partitions (id INT NOT NULL PRIMARY KEY, $eight) PARTITION BY HASH (id) PARTITIONS 1000;
INSERT INTO partitions SELECT $values;
CREATE TABLE indexes (id INT NOT NULL PRIMARY KEY, $eight,
    $(columns 63 'KEY k%d (a, b, c, d, e, f, g, note(%d))'));
INSERT INTO indexes SELECT $values;
CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, note VARBINARY(4000) NOT NULL);
INSERT INTO wide SELECT seq, RPAD(MD5(seq), 3996, 'x') FROM seq_1_to_$large;
CREATE TABLE columns (id INT NOT NULL PRIMARY KEY, $(columns 999 'c%d INT NOT NULL DEFAULT %d'));
INSERT INTO columns (id) SELECT seq FROM seq_1_to_$large;
CREATE TABLE longkey (id INT NOT NULL PRIMARY KEY, note VARBINARY(3072) NOT NULL);
INSERT INTO longkey SELECT seq, RPAD(MD5(seq), 3072, 'x') FROM seq_1_to_$keys;
CREATE TABLE \`keys\` (note VARBINARY(3072) NOT NULL PRIMARY KEY);
INSERT INTO \`keys\` SELECT RPAD(MD5(seq), 3072, 'x') FROM seq_1_to_$keys;
SQL
}

# One run: appends its seconds to $work/WHAT.TABLE.
measure() { # WHAT TABLE ARGUMENT…
    local what=$1 table=$2 status
    shift 2
    "$tools/rss" "$work/one" "$MYRECON" "$@" --no-progress >"$work/out" 2>&1
    status=$?
    if [ $status -ne 0 ]; then
        echo "error: $what of $table ended with exit code $status" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    fi
    awk '{ print $1 }' "$work/one" >>"$work/$what.$table"
}

# The same for the stock client.
bare_read() { # TABLE
    local key=id
    [ "$1" != keys ] || key=note
    "$tools/rss" "$work/one" mariadb -S "$MR_A_SOCK" -u root --quick -N \
        -e "SELECT * FROM bench.\`$1\` ORDER BY $key" >/dev/null || exit 3
    awk '{ print $1 }' "$work/one" >>"$work/read.$1"
}

run() { # TABLE
    bare_read "$1"
    rm -rf "$work/snap"
    echo 'DROP DATABASE IF EXISTS back' | mr_sql B
    measure check "$1" check --tables "bench.$1" "$a" "$b"
    measure create "$1" snapshot create --tables "bench.$1" "$a" "$work/snap"
    measure restore "$1" snapshot restore --yes "$work/snap" "${b/\/bench?/\/back?}"
}

fastest() { # WHAT TABLE
    sort -n "$work/$1.$2" | head -n 1
}

missed=0
compare() { # TABLE WITH TITLE
    local what ratio verdict
    for what in read check create restore; do
        ratio=$(awk -v s="$(fastest $what "$1")" -v p="$(fastest $what "$2")" \
            'BEGIN { printf "%.2f", s / p }')
        verdict=ok
        if [ $what = read ] || [ "$what $1" = 'restore indexes' ]; then
            verdict='(no bar)'
        elif awk -v r="$ratio" 'BEGIN { exit !(r > 2) }'; then
            verdict=MISSED
            missed=1
        fi
        printf '%-26s %-8s %8s s %8s s %6s  <= 2.00  %s\n' "$3" $what "$(fastest $what "$1")" \
            "$(fastest $what "$2")" "$ratio" "$verdict"
    done
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $mib MiB into each of seven tables on two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin && mr_await A B || exit 3
world | mr_sql A >/dev/null &
loading=$!
world | mr_sql B >/dev/null && wait $loading || exit 3
a="mysql://root@localhost/bench?socket=$MR_A_SOCK"
b="mysql://root@localhost/bench?socket=$MR_B_SOCK"

echo "Warming up, then $runs interleaved runs ..."
for ((i = 0; i <= runs; i++)); do
    for table in $shapes; do
        run $table
        [ $i -gt 0 ] || rm -f "$work"/{read,check,create,restore}.$table
    done
done
printf '\n%-26s %-8s %10s %10s %6s\n' 'shape' command time plain ratio
compare partitions plain '1,000 partitions'
compare columns wide '1,000 columns'
compare indexes plain '64 indexes'
compare keys longkey 'keys of 3,072 bytes'
exit $missed
