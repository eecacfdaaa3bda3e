#!/bin/bash
# findings.sh: what check costs where very many rows differ, on two private MariaDB servers.
#
#   ROWS=1100000   rows of about 120 bytes in each table
#   EQUAL=100000   of these, in front, are equal; each of the others is a finding
#   RUNS=1         runs of each; the slowest is printed
#
# Four tables: the rows behind them are changed, or missing, or each under the next key (a
# collision, and a moved identity), or that with an identity that no UNIQUE index guards.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-1100000}
equal=${EQUAL:-100000}
runs=${RUNS:-1}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

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

load() { # NAME a|b
    local time="'2026-01-01' + INTERVAL seq * 2 SECOND" later id=seq some=1
    later=$time
    if [ "$2" = b ]; then
        later="IF(seq > $equal, '2026-02-01' + INTERVAL seq SECOND, $time)"
        id="seq + (seq > $equal)"
        some="seq <= $equal"
    fi
    {
        table changed UNIQUE seq 1 "$later"
        table missing UNIQUE seq "$some" "$time"
        table collision UNIQUE "$id" 1 "$time"
        table unguarded KEY "$id" 1 "$time"
    } | mr_sql "$1" >/dev/null
}

measure() { # NAME
    local name=$1 file=$work/$1.case run status
    for ((run = 0; run < runs; run++)); do
        rm -f "$file"
        "$tools/rss" "$work/one" "$MYRECON" check "mysql://root@localhost/$name?socket=$MR_A_SOCK" \
            "mysql://root@localhost/$name?socket=$MR_B_SOCK" --case "$file" --config "$work/ini" \
            --no-progress --max-rows 5 >"$work/out" 2>&1
        status=$?
        if [ $status -ne 1 ]; then
            echo "error: $name ended with exit code $status" >&2
            tail -n 5 "$work/out" >&2
            exit 3
        fi
        cat "$work/one" >>"$work/$name"
    done
    sort -n "$work/$name" | tail -n 1 |
        awk -v name="$name" -v bytes="$(stat -c %s "$file")" -v n=$((rows - equal)) \
            '{ printf "%-12s %7.1f s %8.1f MiB %8.0f MiB %11.0f\n", name, $1, $2 / 1024,
               bytes / 1048576, bytes / n }'
}

mr_servers_begin || exit 3
work=$mr_run_dir
printf '[table unguarded.people]\nidentity = mobile\n' >"$work/ini"
echo "Loading four tables of $rows rows into each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_await A B || exit 3
load A a &
loading=$!
load B b && wait $loading || exit 3
printf '\n%-12s %9s %12s %12s %11s\n' "$((rows - equal)) rows" time 'peak memory' 'case file' 'bytes a row'
for name in changed missing collision unguarded; do
    measure $name
done
