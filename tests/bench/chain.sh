#!/bin/bash
# chain.sh: what an incremental snapshot costs, beside a full one, where one row of a thousand changed; on a
# private MariaDB server.
#
#   ROWS=10000000  rows of about 230 bytes
#   RUNS=3         interleaved runs of each; medians are printed
#   THREADS=N      default: cores, at most 4
#
# Each changed row lies in another page than the one before.  Merging the two is measured, too: no server
# has any part in it.  Exits 1 if time or bytes of the incremental one are more than a twentieth of the full one's.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh

rows=${ROWS:-10000000}
runs=${RUNS:-3}
cores=$(nproc)
threads=${THREADS:-$((cores < 4 ? cores : 4))}
tools=${BUILD:-build}/tests/bench
MYRECON=${MYRECON:-$PWD/build/myrecon}
unset MYRECON_CONFIG

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
median() { cut -d' ' -f"$2" "$work/$1" | sort -n | sed -n "$(((runs + 1) / 2))p"; }
bytes() { du -sb "$1/data" | cut -f1; }

mr_servers_begin || exit 3
trap mr_servers_end EXIT
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --max-binlog-size=1G && mr_await A || exit 3
work=$mr_run_dir/work
mkdir -p "$work/d"
{
    echo 'SET sql_log_bin = 0; CREATE DATABASE bench; USE bench;'
    sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
} | mr_sql A >/dev/null || exit 3
uri="mysql://root@localhost/bench?socket=$MR_A_SOCK"
create() { # NAME DIR OPTION…
    rm -rf "$2"
    run_once "$1" "$MYRECON" snapshot create --no-progress --threads "$threads" "${@:3}" "$uri" "$2"
}

create base "$work/d/base"
mr_sql A bench -e "UPDATE wide SET touched = touched + 1 WHERE id % 1000 = 7" || exit 3
for _ in $(seq "$runs"); do
    create full "$work/d/full"
    create changes "$work/d/changes" --base "$work/d/base"
    rm -rf "$work/d/merged"
    run_once merge "$MYRECON" snapshot merge --no-progress --output "$work/d/merged" "$work/d/base" "$work/d/changes"
done
same=$(cmp -s <(jq -c '.tables[].digest' "$work/d/full/manifest.json") <(jq -c '.tables[].digest' "$work/d/merged/manifest.json") && echo yes || echo no)

awk -v rows="$rows" -v full="$(median full 1)" -v changes="$(median changes 1)" -v merge="$(median merge 1)" \
    -v peak="$(median changes 2)" -v merge_peak="$(median merge 2)" -v full_bytes="$(bytes "$work/d/full")" \
    -v bytes="$(bytes "$work/d/changes")" -v same="$same" 'BEGIN {
    printf "%d rows, 0.1 %% changed\n", rows
    printf "full     %8.2f s  %12d bytes\n", full, full_bytes
    printf "changes  %8.2f s  %12d bytes  1/%.0f of the time, 1/%.0f of the bytes, peak %d MiB\n", changes, bytes, full / changes, full_bytes / bytes, peak / 1024
    printf "merge    %8.2f s                       peak %d MiB, digests as those of the full one: %s\n", merge, merge_peak / 1024, same
    exit !(same == "yes" && changes * 20 <= full && bytes * 20 <= full_bytes)
}'
