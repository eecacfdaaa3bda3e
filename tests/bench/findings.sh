#!/bin/bash
# findings.sh: what very many differing rows cost, on two private MariaDB servers.
#
#   ROWS=2000000     rows of about 120 bytes in each table
#   EQUAL=1000000    of these, in front, are equal; each of the others is a finding
#   RUNS=3           runs of each check; the fastest counts
#   KINDS=…          which of the four tables, by their names
#
# Four tables: the rows behind them are changed, or missing, or each under the next key (a
# collision, and a moved identity), or that with an identity that no UNIQUE index guards.  Their
# checks take turns with that of a fifth, of which all rows are equal.  Then the case is read, by
# the commands that people go on with.
#
# Exits 1 where a check takes more than ten times as long as that of equal rows, or more than
# 128 MiB, its case more than 400 bytes a finding, or another command more than 60 s or 256 MiB.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-2000000}
equal=${EQUAL:-1000000}
runs=${RUNS:-3}
kinds=${KINDS:-changed missing collision unguarded}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

missed=0
shape="id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL,
    name VARCHAR(60) NOT NULL, email VARCHAR(80) NOT NULL, city VARCHAR(40), state TINYINT NOT NULL,
    balance DECIMAL(12, 2) NOT NULL, created_at DATETIME NOT NULL, updated_at TIMESTAMP(3) NULL"

table() { # NAME UNIQUE|KEY ID CONDITION TIME: SQL that makes and fills it
    printf '%s\n' "CREATE DATABASE $1; USE $1;
    CREATE TABLE people ($shape, $2 (mobile)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
    INSERT INTO people SELECT $3, CONCAT('+4917', LPAD(seq * 7919 % 100000007, 9, '0')),
        CONCAT('Member ', MD5(seq), ' of the club'), CONCAT(LEFT(MD5(seq + 1), 14), '@example.net'),
        ELT(1 + seq % 4, 'Lyon', 'Gent', 'Turku', NULL), seq % 5, seq % 1000 / 7,
        '2026-01-01' + INTERVAL seq SECOND, $5
    FROM seq_1_to_$rows WHERE $4;
    ANALYZE TABLE people;"
}

load() { # SERVER a|b
    local time="'2026-01-01' + INTERVAL seq * 2 SECOND" later id=seq some=1 kind
    later=$time
    if [ "$2" = b ]; then
        later="IF(seq > $equal, '2026-02-01' + INTERVAL seq SECOND, $time)"
        id="seq + (seq > $equal)"
        some="seq <= $equal"
    fi
    for kind in equal $kinds; do
        case $kind in
        equal) table equal UNIQUE seq 1 "$time" ;;
        changed) table changed UNIQUE seq 1 "$later" ;;
        missing) table missing UNIQUE seq "$some" "$time" ;;
        collision) table collision UNIQUE "$id" 1 "$time" ;;
        unguarded) table unguarded KEY "$id" 1 "$time" ;;
        esac
    done | mr_sql "$1" >/dev/null
}

run() { # NAME STATUS COMMAND…: appends what it took to the file of that name
    local name=$1 wanted=$2 status
    shift 2
    "$tools/rss" "$work/one" "$MYRECON" "$@" --config "$work/ini" --no-progress \
        >"$work/out" 2>&1
    status=$?
    if [ $status -ne "$wanted" ]; then
        echo "error: $name ended with exit code $status" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    fi
    cat "$work/one" >>"$work/$name"
}

check() { # NAME STATUS
    rm -f "$work/$1.case"
    run "$1" "$2" check "mysql://root@localhost/$1?socket=$MR_A_SOCK" \
        "mysql://root@localhost/$1?socket=$MR_B_SOCK" --case "$work/$1.case" --max-rows 5
}

judge() { # DESCRIPTION VALUE MOST
    local verdict=met
    awk -v v="$2" -v m="$3" 'BEGIN { exit !(v > m) }' && verdict=MISSED missed=1
    printf '  %-40s %9s %8s  %s\n' "$1" "$2" "<= $3" "$verdict"
}

fastest() { # NAME: its seconds
    sort -n "$work/$1" | awk 'NR == 1 { print $1 }'
}

peak() { # NAME: MiB, the greatest
    awk '$2 > most { most = $2 } END { printf "%.1f", most / 1024 }' "$work/$1"
}

compare() { # KIND
    local name=$1 n ratio bytes
    rm -f "$work/equal" "$work/$name"
    for ((n = 0; n < runs; n++)); do
        check equal 0
        check "$name" 1
    done
    ratio=$(awk -v a="$(fastest "$name")" -v b="$(fastest equal)" 'BEGIN { printf "%.1f", a / b }')
    bytes=$(($(stat -c %s "$work/$name.case") / (rows - equal)))
    printf '%s: equal rows %s s, these %s s\n' "$name" "$(fastest equal)" "$(fastest "$name")"
    judge 'check, times that of equal rows' "$ratio" 10
    judge 'check, MiB' "$(peak "$name")" 128
    judge 'case, bytes a finding' "$bytes" 400
}

follow() { # KIND COMMAND STATUS ARGUMENT…
    local name=$1.$2 command=$2 status=$3
    shift 3
    run "$name" "$status" "$@"
    judge "$command, s" "$(fastest "$name")" 60
    judge "$command, MiB" "$(peak "$name")" 256
}

mr_servers_begin || exit 3
work=$mr_run_dir
printf '[table unguarded.people]\nidentity = mobile\n' >"$work/ini"
echo "Loading tables of $rows rows into each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_await A B || exit 3
load A a &
loading=$!
load B b && wait $loading || exit 3
printf '\n%s differing rows, beside %s equal ones\n' $((rows - equal)) "$equal"
for kind in $kinds; do
    case=$work/$kind.case
    compare "$kind"
    follow "$kind" report 0 report --case "$case" --output "$work/page.html"
    follow "$kind" affected 0 affected --case "$case" --subject "$kind.people" \
        --output "$work/people.csv"
    follow "$kind" plan 0 repair plan --case "$case" --policy mirror --output "$work/plan"
    follow "$kind" show 0 repair show "$work/plan"
    rm -rf "$work/plan"
    [ "$kind" != collision ] ||
        follow "$kind" merge 0 repair plan --case "$case" --policy merge --output "$work/plan"
    rm -rf "$work/plan" "$work/page.html" "$work/people.csv" "$case"
done
exit $missed
