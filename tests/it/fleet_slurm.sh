#!/bin/bash
# fleet_slurm.sh: the plan of a fleet on engines: a real Slurm of two nodes, one of which dies in the middle;
# pods of an Indexed Job that are killed and begun again, several at once; GNU parallel.  What comes out
# is what one check of each pair says.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/slurm.sh"
begin ab
ROOT=$(mr_slurm_programs 2>"$IT_TMP/why")
case $? in
0) ;;
77) echo "1..0 # SKIP $(cat "$IT_TMP/why")" && exit 0 ;;
*) bail "$(cat "$IT_TMP/why")" ;;
esac
DIR=$IT_TMP/fleet INTO=$IT_TMP/merged BIN=$IT_TMP/bin
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR" "$BIN"
ln -s "$(realpath "$MYRECON")" "$BIN/myrecon"
export PATH=$BIN:$PATH
SHARDS=(00 01 02 03)
for shard in "${SHARDS[@]}"; do
    fresh ab "fleet_slurm_$shard"
    for side in a b; do
        client $side -D "fleet_slurm_$shard" <<<"CREATE TABLE p (id INT AUTO_INCREMENT PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE);
            INSERT INTO p SELECT seq, CONCAT('m', seq) FROM seq_1_to_2000" || bail "no table"
    done
done
client a -D fleet_slurm_01 <<<"INSERT INTO p SELECT seq, CONCAT('a', seq) FROM seq_2001_to_2030"
client b -D fleet_slurm_01 <<<"INSERT INTO p SELECT seq, CONCAT('b', seq) FROM seq_2001_to_2040"
client b -D fleet_slurm_03 <<<"DELETE FROM p WHERE id = 7"
cat >"$IT_TMP/fleet.ini" <<END
[fleet]
readers-per-server = 4
config = settle.ini
[pair shop-{00..03}]
source = $(uri a 'fleet_slurm_{}')
target = $(uri b 'fleet_slurm_{}')
END
printf '[options]\nsettle = 0\ndigest = client\n' >"$IT_TMP/settle.ini" # what is chosen by the load of the moment differs
plan() { # a new plan in DIR: $FLEET is its id
    rm -rf "$DIR"
    "$MYRECON" fleet plan -q --inventory "$IT_TMP/fleet.ini" --parts 4 --output "$DIR" >"$OUT" 2>"$ERR" || bail "no plan: $(cat "$ERR")"
    FLEET=$(jq -r .fleet "$DIR/fleet.json")
}
hold() { # all readers' slots of a are taken
    client a <<<"SELECT GET_LOCK('myrecon $FLEET 1', 5), GET_LOCK('myrecon $FLEET 2', 5), GET_LOCK('myrecon $FLEET 3', 5),
        GET_LOCK('myrecon $FLEET 4', 5), SLEEP(300)" >/dev/null 2>&1 &
    until [ "$(client a <<<"SELECT IS_USED_LOCK('myrecon $FLEET 4') IS NOT NULL")" = 1 ]; do sleep 0.05; done
}
let_go() {
    client a <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE '%$FLEET%SLEEP(300)%' AND id <> CONNECTION_ID()" | client a
}
states() { "$MYRECON" fleet status "$DIR" --json 2>/dev/null | jq -r 'select(.type == "part") | .state' | sort | uniq -c | xargs; }
until_states() { # WANTED: "4 running"
    local i
    for i in {1..400}; do
        [ "$(states)" != "$1" ] || return 0
        sleep 0.2
    done
    return 1
}
without_names() { jq -cS 'del(.run_id, .started, .seconds, .replication)' "$1"; }
as_one_check() { # DESCRIPTION: what is merged is what one check of each pair says
    local shard
    rm -rf "$INTO"
    CMD=("$MYRECON" fleet merge "$DIR" --output "$INTO")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "$1: the verdict" "$RC $(jq -r 'select(.type == "pair") | .verdict' "$INTO/fleet.jsonl" | xargs)" "1 equal diverged equal diverged"
    for shard in "${SHARDS[@]}"; do
        "$MYRECON" check --json -q --settle 0 --digest client --case "$IT_TMP/one.case" "$(uri a "fleet_slurm_$shard")" "$(uri b "fleet_slurm_$shard")" \
            >"$IT_TMP/one.jsonl" 2>/dev/null </dev/null
        rm -f "$IT_TMP/one.case"
        is "$1: pair $shard is that of one check" "$(without_names "$INTO/shop-$shard.jsonl")" "$(without_names "$IT_TMP/one.jsonl")"
    done
}

# --- Slurm: the file as it is written, and a node that dies
on_slurm() {
    plan
    hold
    JOB=$(cd "$IT_TMP" && sbatch --parsable --output="$IT_TMP/slurm-%a.log" "$DIR/fleet.sbatch")
    if ! until_states "4 running"; then # a machine with too much else to do
        skip "a node of Slurm that dies" "Slurm has not begun all tasks in time: $(squeue -h -r -o '%i %t %r' | xargs)"
        let_go
        scancel "$JOB"
        return 0
    fi
    ok "all four parts are at work on two nodes" true
    is "two of them on each" "$(squeue -h -t R -o %N | sort | uniq -c | xargs)" "2 n1 2 n2"
    mr_slurm_kill n2
    for i in {1..50}; do
        [ "$(squeue -h -r -t PD -o %i | wc -l)" != 2 ] || break
        sleep 0.2
    done
    is "Slurm queues the two of the dead node again" "$(squeue -h -r -t PD -o %i | wc -l) $(squeue -h -t R -o %N | sort -u)" "2 n1"
    for task in $(squeue -h -r -t PD -o %A); do scontrol update "jobid=$task" starttime=now; done
    let_go
    ok "all parts are done in the end" until_states "4 done"
    until_idle
    is "for Slurm they have succeeded, with differences, too" "$(squeue -h | wc -l) $(scontrol show job "$JOB" 2>/dev/null | grep -c 'JobState=COMPLETED')" "0 4"
    ok "who was begun again took over from the dead" grep -q 'is gone: the part is taken over' "$IT_TMP"/slurm-*.log
    as_one_check "Slurm"
    snapshots_on_slurm
    mr_slurm_stop
}
until_idle() {
    local i
    for i in {1..200}; do
        [ -n "$(squeue -h)" ] || return 0
        sleep 0.2
    done
}
# By the node that is left: a snapshot of each source, proved together.
snapshots_on_slurm() {
    local night=$IT_TMP/night
    "$MYRECON" fleet snapshot -q --inventory "$IT_TMP/fleet.ini" --output "$night" >"$OUT" 2>"$ERR" || bail "no plan: $(cat "$ERR")"
    (cd "$IT_TMP" && sbatch --parsable --output="$IT_TMP/night-%a.log" "$night/fleet.sbatch" >/dev/null)
    until_idle
    CMD=("$MYRECON" snapshot verify --json "$night")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
    is "Slurm: a snapshot of each source, proved together" "$RC $(jq -r 'select(.type == "snapshot") | "\(.name) \(.verdict) \(.rows)"' "$OUT" | xargs)" \
        "0 shop-00 whole 2000 shop-01 whole 2030 shop-02 whole 2000 shop-03 whole 2000"
    fresh b fleet_slurm_copy
    "$MYRECON" snapshot restore -q "$night/shop-01" "$(uri b fleet_slurm_copy)" >"$OUT" 2>"$ERR" </dev/null
    is "one of them is restored by itself" "$? $(client b -D fleet_slurm_copy <<<"SELECT COUNT(*), SUM(id) FROM p" | xargs)" \
        "0 $(client a -D fleet_slurm_01 <<<"SELECT COUNT(*), SUM(id) FROM p" | xargs)"
}
at_exit mr_slurm_stop
if mr_slurm_start "$IT_TMP/slurm" 2>"$IT_TMP/why"; then on_slurm; else
    skip "a real Slurm of two nodes" "it does not start here: $(tail -n 1 "$IT_TMP/why") $(tail -qn 1 "$IT_TMP"/slurm/spool/*.log 2>/dev/null | head -n 1)"
    let_go 2>/dev/null
    mr_slurm_stop
fi

# --- an Indexed Job's contract: an index in the environment, pods that are killed and begun again, two at once
plan
hold
pod() { # INDEX: until it succeeds, as a Job with backoffLimitPerIndex
    local try
    for try in 1 2 3 4 5; do
        JOB_COMPLETION_INDEX=$1 myrecon fleet run --no-verdict "$DIR" >>"$IT_TMP/pod-$1.log" 2>&1 </dev/null && return 0
    done
    return 1
}
PODS=()
for index in 0 1 2 3 2; do
    pod "$index" &
    PODS+=($!)
done
ok "all are at work" until_states "4 running"
kill_pods() { # whatever works on the plan
    local process
    for process in /proc/[0-9]*; do
        case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") in
        "myrecon fleet run --no-verdict $DIR "*) kill -KILL "${process#/proc/}" ;;
        esac
    done
}
kill_pods
sleep 1
kill_pods
let_go
FAILED=0
for one in "${PODS[@]}"; do wait "$one" || FAILED=$((FAILED + 1)); done
is "every index succeeds in the end" "$FAILED $(states)" "0 4 done"
as_one_check "pods"
is "the job asks for as many completions as there are parts" \
    "$(sed -n 's/^  \(completions\|completionMode\): //p' "$DIR/fleet-job.yaml" | sort | xargs)" "4 Indexed"

# --- GNU parallel, by its own number and by the line of README.txt
plan
parallel() { perl "$ROOT/usr/bin/parallel" "$@" >"$OUT" 2>"$ERR" </dev/null; RC=$?; }
parallel -j 2 "myrecon fleet run --no-verdict -q $DIR --part {#}" ::: a b c d
is "a number beyond the last part is refused" "$RC $(states)" "1 3 done 1 waiting"
parallel -j 2 "true {}; myrecon fleet run --no-verdict -q $DIR" ::: a b c d
is "PARALLEL_SEQ counts from 1" "$RC $(states)" "0 4 done"
is "nothing is left behind" "$(find "$TMPDIR" -mindepth 1 -name 'myrecon*' | wc -l)" 0
finish
