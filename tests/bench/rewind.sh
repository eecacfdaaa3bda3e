#!/bin/bash
# rewind.sh: what it costs to undo a bad statement, by a plan of repair (--policy rewind) and by
# mariadb-binlog --flashback, from the same log of a private MariaDB server.
#
#   ROWS=200000    rows of about 230 bytes; a half is deleted, and the others are updated, in one transaction
#   RUNS=3         interleaved runs of each; medians are printed
#
# Behind each the table has the checksum that it had before.  A plan is made, written and carried out with
# guards, journal and undo.sql; flashback writes the rows of the log, whatever stands there by now.
# So time is told, and has no bar. Exits 1 if that of memory is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-200000}
runs=${RUNS:-3}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

median() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n |
        awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
sum() { mr_sql A -e "CHECKSUM TABLE bench.wide" | cut -f 2; }
place() { mr_sql A -e "SHOW MASTER STATUS" | cut -f 2; }
damage() { # $log, $from, $to: where the log has it
    mr_sql A -e 'FLUSH BINARY LOGS'
    log=$(mr_sql A -e "SHOW MASTER STATUS" | cut -f 1)
    from=$(place)
    mr_sql A bench -e "BEGIN; DELETE FROM wide WHERE id % 2 = 0; UPDATE wide SET amount = 0, touched = touched + 1; COMMIT" ||
        exit 3
    to=$(place)
    [ "$(sum)" != "$before" ] || exit 3
}
run_once() { # NAME COMMAND…: appends "SECONDS PEAK_KIB STATUS CPU_SECONDS" to $work/NAME
    local name=$1
    shift
    if ! "$tools/rss" "$work/one" "$@" >"$work/$name.out" 2>"$work/$name.err"; then
        tail -n 5 "$work/$name.err" >&2
        exit 3
    fi
    cat "$work/one" >>"$work/$name"
}

missed=0
bar() { # TITLE VALUE LIMIT
    local verdict=ok
    awk -v v="$2" -v l="$3" 'BEGIN { exit !(v != "none" && v <= l) }' || verdict=MISSED missed=1
    printf '%-52s %9s %10s  %s\n' "$1" "$2" "<= $3" $verdict
}
ratio() { # A B
    awk -v a="$1" -v b="$2" 'BEGIN { if (a <= 0 || b <= 0) exit 1; printf "%.3f", a / b }' || printf 'none'
}

mr_servers_begin || exit 3
work=$mr_run_dir
echo "Loading $rows rows into a MariaDB server ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=512M --innodb-log-file-size=512M && mr_await A || exit 3
{
    echo "CREATE DATABASE bench; USE bench;"
    sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
} | mr_sql A >/dev/null || exit 3
before=$(sum)
[ -n "$before" ] || exit 3
for ((run = 1; run <= runs; run++)); do
    damage
    run_once flashback bash -c 'mariadb-binlog --no-defaults --flashback --start-position="$1" --stop-position="$2" "$3" |
        mariadb --no-defaults --max-allowed-packet=1G -uroot -S "$4"' - "$from" "$to" "$MR_A_DIR/data/$log" "$MR_A_SOCK"
    [ "$(sum)" = "$before" ] || { echo "error: flashback has not brought all back" >&2 && exit 3; }
    damage
    run_once plan "$MYRECON" repair plan --no-progress --policy rewind --target "$MR_A_URI/bench" --output "$work/plan.$run" \
        --from "$log:$from" --to "$log:$to"
    run_once apply "$MYRECON" repair apply --no-progress --yes "$work/plan.$run" "$MR_A_URI/bench"
    paste -d ' ' <(tail -n 1 "$work/plan") <(tail -n 1 "$work/apply") |
        awk '{ print $1 + $5, ($2 > $6 ? $2 : $6), 0, $4 + $8 }' >>"$work/rewind"
    [ "$(sum)" = "$before" ] || { echo "error: the plan has not brought all back" >&2 && exit 3; }
    rm -r "$work/plan.$run"
done
printf '\n%s rows, half of them deleted and half updated, median of %s runs\n' "$rows" "$runs"
for name in flashback plan apply rewind; do
    printf '  %-24s %9s s %9s s of a core %8s KiB\n' $name "$(median $name 1)" "$(median $name 4)" "$(median $name 2)"
done
printf '%-52s %9s\n' 'time: plan and apply / flashback' "$(ratio "$(median rewind 1)" "$(median flashback 1)")"
bar 'peak memory: plan and apply / flashback' "$(ratio "$(median rewind 2)" "$(median flashback 2)")" 0.25
exit $missed
