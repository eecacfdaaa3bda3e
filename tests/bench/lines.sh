#!/bin/bash
# lines.sh: check by rows, by the servers' digests, and as --digest auto chooses, over three lines to
# the target: this machine's own, 100 Mbit/s, 10 Mbit/s and 40 ms; interleaved, on two private
# MariaDB servers whose tables are equal.
#
#   ROWS=1000000     rows of about 230 bytes; over 10 Mbit/s a quarter of them
#   RUNS=3           runs of each; the fastest of each is compared
#   THREADS=2        of check
#
# Bytes are those that each server has sent, CPU seconds those of its process.  Exits 1 where auto
# takes more than 1.2 times the better of the other two.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-1000000}
runs=${RUNS:-3}
threads=${THREADS:-2}
myrecon=${MYRECON:-$PWD/build/myrecon}
proxy=${BUILD:-build}/tests/fault/proxy
unset MYRECON_CONFIG

load() { # NAME
    {
        echo 'CREATE DATABASE bench; CREATE DATABASE quarter; USE bench;'
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
        echo 'USE quarter;'
        sed "s/seq_1_to_ROWS/seq_1_to_$((rows / 4))/" tests/bench/table.sql
    } | mr_sql "$1" >/dev/null
}

cpu() { # NAME: seconds of its process
    awk -v hz="$(getconf CLK_TCK)" '{ printf "%.2f", ($14 + $15) / hz }' "/proc/$(mr_get_server "$1" PID)/stat"
}
sent() { # NAME: bytes
    mr_sql "$1" -e "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'BYTES_SENT'"
}

through() { # [KEY=VALUE…]: a proxy to B; sets $port and $proxy_pid
    rm -f "$work/proxy"
    "$proxy" 0 "127.0.0.1:$MR_B_PORT" "$work/proxy" "$@" &
    proxy_pid=$!
    until [ -s "$work/proxy" ]; do sleep 0.01; done
    port=$(sed -n 's/^port //p' "$work/proxy")
}

# One run: a line "seconds bytes-a bytes-b cpu-a cpu-b" in $work/LINE.MODE.
measure() { # LINE MODE DATABASE [KEY=VALUE…]
    local line=$1 mode=$2 db=$3 before begun
    port=$MR_B_PORT proxy_pid=
    [ $# -lt 4 ] || through "${@:4}"
    before="$(sent A) $(sent B) $(cpu A) $(cpu B)"
    begun=$EPOCHREALTIME
    "$myrecon" check --digest "$mode" --threads "$threads" --settle 0 --no-progress -q \
        "mysql://root@127.0.0.1:$MR_A_PORT/$db" "mysql://root@127.0.0.1:$port/$db" >"$work/out" 2>&1 || {
        echo "error: check --digest $mode over $line:" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    }
    echo "$begun $EPOCHREALTIME $before $(sent A) $(sent B) $(cpu A) $(cpu B)" |
        awk '{ printf "%.2f %d %d %.2f %.2f\n", $2 - $1, $7 - $3, $8 - $4, $9 - $5, $10 - $6 }' \
            >>"$work/$line.$mode"
    [ -z "$proxy_pid" ] || { kill "$proxy_pid" && wait "$proxy_pid"; }
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
measure warm server bench
for ((run = 0; run < runs; run++)); do
    for mode in client server auto; do
        measure direct $mode bench
        measure 100Mbit $mode bench rate=12500000
        measure 10Mbit+40ms $mode quarter rate=1250000 delay-ms=40
    done
done

missed=0
printf '\n%-12s %-7s %9s %11s %11s %8s %8s\n' "fastest of $runs" '' seconds 'MB from A' 'MB from B' 'CPU A' 'CPU B'
for line in direct 100Mbit 10Mbit+40ms; do
    for mode in client server auto; do
        sort -n "$work/$line.$mode" | head -n 1 | tee "$work/$line.$mode.best" |
            awk -v l=$line -v m=$mode '{ printf "%-12s %-7s %9.2f %11.2f %11.2f %8.2f %8.2f\n", l, m, $1, $2 / 1e6, $3 / 1e6, $4, $5 }'
    done
    ratio=$(cat "$work/$line".{client,server,auto}.best |
        awk '{ s[NR] = $1 } END { printf "%.3f", s[3] / (s[1] < s[2] ? s[1] : s[2]) }')
    verdict=ok
    awk -v r="$ratio" 'BEGIN { exit !(r > 1.2) }' && verdict=MISSED missed=1
    printf '%-12s auto takes %s of the better  <= 1.200  %s\n' '' "$ratio" $verdict
done
exit $missed
