#!/bin/bash
# fleet.sh: what it costs to check a fleet in parts, beside one check of the same rows: on a private Slurm of
# two nodes of two processors, and in one part; interleaved, on two private MariaDB servers whose tables are equal.
#
#   PAIRS=16         pairs of one table each; in one database for the check beside it
#   PARTS=8          parts they are cut into: twice as many as run at once, as docs/fleet.md advises
#   ROWS=1000000     rows of about 230 bytes of each table
#   RUNS=3           runs of each; medians are compared
#   PLANNED=1000     pairs of 200 tables each that are planned from recorded sizes; 0: none
#   FINDINGS=400     parts of 1,000 findings that are merged (4,000 is a day's work of their own); 0: none
#
# CPU seconds are those of both servers.  An array whose tasks do nothing says what Slurm itself takes: it looks for
# the next tasks once a second.  Exits 1 if a bar is missed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 3
. tests/lib/servers.sh
. tests/lib/slurm.sh

pairs=${PAIRS:-16}
parts=${PARTS:-8}
rows=${ROWS:-1000000}
runs=${RUNS:-3}
planned=${PLANNED:-1000}
findings=${FINDINGS:-400}
myrecon=$(realpath "${MYRECON:-$PWD/build/myrecon}")
rss=$(realpath "${BUILD:-build}/tests/bench/rss")
unset MYRECON_CONFIG

load() { # NAME
    local pair
    {
        echo 'CREATE DATABASE bench; USE bench;'
        sed "s/seq_1_to_ROWS/seq_1_to_$rows/" tests/bench/table.sql
        for ((pair = 1; pair < pairs; pair++)); do
            echo "CREATE TABLE wide_$pair LIKE wide; INSERT INTO wide_$pair SELECT * FROM wide; ANALYZE TABLE wide_$pair;"
        done
        for ((pair = 0; pair < pairs; pair++)); do
            echo "CREATE DATABASE shop_$pair; CREATE TABLE shop_$pair.wide LIKE wide;
                INSERT INTO shop_$pair.wide SELECT * FROM wide; ANALYZE TABLE shop_$pair.wide;"
        done
    } | mr_sql "$1" >/dev/null
}

uri() { # NAME DATABASE
    echo "mysql://root@127.0.0.1:$(mr_get_server "$1" PORT)/$2"
}
server_cpu() { # seconds of both
    cat "/proc/$(mr_get_server A PID)/stat" "/proc/$(mr_get_server B PID)/stat" |
        awk -v hz="$(getconf CLK_TCK)" '{ s += $14 + $15 } END { printf "%.2f", s / hz }'
}
timed() { # NAME COMMAND…: appends "SECONDS SERVERS' CPU" to $work/NAME
    local name=$1 cpu begun
    shift
    cpu=$(server_cpu) begun=$EPOCHREALTIME
    "$@" >"$work/out" 2>&1 || {
        echo "error: $name ended with exit code $?" >&2
        tail -n 5 "$work/out" >&2
        exit 3
    }
    echo "$begun $EPOCHREALTIME $cpu $(server_cpu)" | awk '{ printf "%.2f %.2f\n", $2 - $1, $4 - $3 }' >>"$work/$name"
}
plan() { # PARTS DIR FIRST LAST
    rm -rf "$2"
    cat >"$work/fleet.ini" <<END
[fleet]
readers-per-server = 16
config = /dev/null
[pair shop-{$3..$4}]
source = $(uri A 'shop_{}')
target = $(uri B 'shop_{}')
END
    "$myrecon" fleet plan -q --inventory "$work/fleet.ini" --parts "$1" --output "$2" >"$work/out" 2>&1 || {
        cat "$work/out" >&2
        exit 3
    }
}
slurm() { # SCRIPT: until all of its tasks have ended; sbatch --wait looks rarely
    (cd "$work" && sbatch --parsable --output="$work/slurm-%a.log" "$1") || return
    until [ -z "$(squeue -h)" ]; do sleep 0.2; done
}
array() { # the file for Slurm as it is written
    slurm "$work/array/fleet.sbatch" && [ "$(find "$work/array/parts" -name '*.case' | wc -l)" = "$parts" ]
}
median() { # NAME FIELD
    awk -v field="$2" '{ print $field }' "$work/$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
missed=0
judge() { # WHAT VALUE LIMIT
    local verdict=ok
    awk -v v="$2" -v l="$3" 'BEGIN { exit !(v <= l) }' || { verdict=MISSED && missed=1; }
    printf '%-52s %8s %9s  %s\n' "$1" "$2" "<= $3" $verdict
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

# --- plan: from what was recorded, a server here and there far larger than the others

plan_many() {
    local into=$work/planned spread
    python3 - "$planned" "$work/sizes" >"$work/planned.ini" <<'END' || exit 3
import hashlib, json, random, sys
count, chance, lines = int(sys.argv[1]), random.Random(1), []
def key(number):
    return "6901" + format(number, "016x")
def say(**line):
    lines.append(json.dumps(line, separators=(",", ":")) + "\n")
say(type="sizes", schema="myrecon-fleet-sizes/1", created="2026-11-28T00:00:00Z", version="bench")
for pair in range(count):
    uri = ["mysql://recon@db%d-%s/shop_%d" % (pair // 8, side, pair) for side in ("old", "new")]
    print("[pair shop-%d]\nsource = %s\ntarget = %s" % (pair, *uri))
    say(type="pair", pair="shop-%d" % pair, source=uri[0], target=uri[1], failed=None)
    for table in range(200):
        size = int(chance.paretovariate(0.6) * 65536) % (64 << 30)
        more = {}
        if size > 128 << 20:
            cuts = min(size // (64 << 20), 2000) - 1
            more = {"order": ["int(11)", "int(11)"], "cuts": [key(at * 1000) for at in range(1, cuts + 1)]}
        say(type="table", table="shop_%d.t%d" % (pair, table), bytes=size, rows=size // 200, **more)
text = "".join(lines)
say(type="end", pairs=count, tables=count * 200, sha256=hashlib.sha256(text.encode()).hexdigest())
open(sys.argv[2], "w").write("".join(lines))
END
    "$rss" "$work/rss" "$myrecon" fleet plan -q --config /dev/null --inventory "$work/planned.ini" --sizes "$work/sizes" --parts 256 --output "$into" >"$work/out" 2>&1 || {
        tail -n 5 "$work/out" >&2
        exit 3
    }
    [ "$(cat "$into"/work/*.jsonl | jq -r '.tables[].table' | sort -u | wc -l)" = $((planned * 200)) ] || exit 3
    read -r seconds peak _ <"$work/rss"
    spread=$(jq -r '[.parts[].weight] | "\(max) \(min)"' "$into/fleet.json" | awk '{ printf "%.2f", 100 * ($1 - $2) / $1 }')
    judge "plan of $planned pairs of 200 tables in 256 parts, s" "$seconds" 10
    judge "… parts differ by, %" "$spread" 5
    judge "… and its peak memory, MiB" "$((peak / 1024))" 128
}

# --- merge: one pair, as many parts as findings, each of 1,000 rows that differ

merge_many() {
    local into=$work/merged
    for server in A B; do
        mr_sql "$server" -e "CREATE DATABASE many; CREATE TABLE many.t (id INT PRIMARY KEY, v INT);
            USE many; INSERT INTO t SELECT seq, $([ $server = A ] && echo 1 || echo 2) FROM seq_1_to_$((findings * 1000))" || exit 3
    done
    python3 - "$findings" "$(uri A many)" "$(uri B many)" <<'END' | python3 tests/it/fleet_dir.py "$work/many" 20261128T000000Z-0000 || exit 3
import json, sys
count = int(sys.argv[1])
parts = [[{"pair": "one", "objects": at == 0, "order": {"many.t": "int(11)"}, "tables": {"many.t": [
    [at, at * 1000 if at else None, at * 1000 + 1000 if at + 1 < count else None]]}}] for at in range(count)]
print(json.dumps({"readers": 16, "pairs": {"one": sys.argv[2:4]}, "config": "[options]\nsettle = 0\n", "parts": parts}))
END
    echo "Reading $findings parts of 1,000 differences ..."
    seq 0 $((findings - 1)) | xargs -P 4 -I{} "$myrecon" fleet run --no-verdict -q "$work/many" --part {} >"$work/out" 2>&1 || {
        tail -n 5 "$work/out" >&2
        exit 3
    }
    "$rss" "$work/rss" "$myrecon" fleet merge -q "$work/many" --output "$into" >"$work/out" 2>&1
    [ "$(jq -r 'select(.type == "pair") | .changed' "$into/fleet.jsonl")" = $((findings * 1000)) ] || {
        tail -n 5 "$work/out" >&2
        exit 3
    }
    read -r seconds peak _ <"$work/rss"
    judge "merge of $findings parts of 1,000 findings, s" "$seconds" "$(awk -v n="$findings" 'BEGIN { print 60 * n / 4000 }')"
    judge "… and its peak memory, MiB" "$((peak / 1024))" 256
}

mr_servers_begin || exit 3
work=$mr_run_dir
trap 'mr_slurm_stop; mr_servers_end' EXIT
export TMPDIR=$work/tmp PATH=${myrecon%/*}:$PATH
mkdir "$TMPDIR"
echo "Loading twice $pairs tables of $rows rows into each of two MariaDB servers ..."
mr_spawn_mariadb A --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_spawn_mariadb B --innodb-buffer-pool-size=1G --skip-log-bin &&
    mr_await A B || exit 3
load A &
loading=$!
load B && wait $loading || exit 3
mr_slurm_start "$work/slurm" || exit 3

printf '#!/bin/sh\n#SBATCH --array=0-%d\n' $((parts - 1)) >"$work/nothing"
echo "$runs interleaved runs, $parts parts ..."
check() { # DATABASE
    "$myrecon" check -q --settle 0 --threads 4 --config /dev/null "$(uri A "$1")" "$(uri B "$1")" --case "$work/$RANDOM.case"
}
for ((run = 0; run <= runs; run++)); do
    timed check check bench
    plan "$parts" "$work/array" 0 $((pairs - 1))
    timed on_slurm array
    timed idle slurm "$work/nothing"
    timed check_one check shop_0
    plan 1 "$work/part" 0 0
    timed one_part "$myrecon" fleet run -q --threads 4 --part 0 "$work/part"
    [ $run -gt 0 ] || rm "$work"/{check,on_slurm,idle,check_one,one_part} # the first warms up
done
printf '\n%-44s %10s %12s\n' "$pairs × $rows rows, $runs runs" "median, s" "servers, s"
while read -r name title; do
    printf '%-44s %10s %12s\n' "$title" "$(median "$name" 1)" "$(median "$name" 2)"
done <<'NAMES'
check check --threads 4 of one database
on_slurm fleet.sbatch on two nodes
idle as many tasks that do nothing
check_one check --threads 4 of one pair
one_part fleet run of one part
NAMES
printf '\n%-52s %8s %9s\n' measure value bar
judge "fleet.sbatch / check" "$(ratio "$(median on_slurm 1)" "$(median check 1)")" 1.15
judge "one part / check of the same pair" "$(ratio "$(median one_part 1)" "$(median check_one 1)")" 1.05
[ "$planned" = 0 ] || plan_many
[ "$findings" = 0 ] || merge_many
exit $missed
