#!/bin/bash
# fleet_run.sh: the parts of a fleet's plan: each is done once, whoever is killed, repeated or run twice;
# readers have slots on the servers; the directory needs nothing but renames.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
begin ab
FLEET=20261128T080000Z-abc123 DIR=$IT_TMP/shared/fleet
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR" "$IT_TMP/shared"
fresh ab fleet_run2
client b <<<"DROP DATABASE IF EXISTS fleet_run9"
for db in "$DB" fleet_run2; do
    for side in a b; do
        client $side -D "$db" <<<"CREATE TABLE p (id INT AUTO_INCREMENT PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE);
            INSERT INTO p SELECT seq, CONCAT('m', seq) FROM seq_1_to_3000;
            CREATE TABLE o (id INT PRIMARY KEY, p_id INT, FOREIGN KEY (p_id) REFERENCES p (id));
            INSERT INTO o SELECT seq, seq FROM seq_1_to_1000" || bail "no table"
    done
done
client a -D "$DB" <<<"INSERT INTO p SELECT seq, CONCAT('m', seq) FROM seq_3001_to_3040; INSERT INTO o VALUES (1001, 3005)"
client b -D "$DB" <<<"INSERT INTO p SELECT seq, CONCAT('m', seq + 20) FROM seq_3001_to_3040; UPDATE o SET p_id = 9 WHERE id = 1000"

plan() { # plan READERS [CONFIG]: two parts, table p cut within its collisions
    rm -rf "$DIR"
    "$IT_DIR/fleet_dir.py" "$DIR" "$FLEET" <<END || bail "no plan"
{"readers": $1, "config": "[options]\nsettle = 0\n${2:-}",
 "pairs": {"one": ["$SRC", "$DST"], "two": ["$(uri a fleet_run2)", "$(uri b fleet_run2)"], "gone": ["$SRC", "$(uri b fleet_run9)"]},
 "parts": [
  [{"pair": "one", "objects": true, "tables": {"$DB.p": [[0, null, 1500], [2, 3020, null]]}, "order": {"$DB.p": "int(11)"}},
   {"pair": "two", "objects": true, "tables": {"fleet_run2.p": [[0, null, null]], "fleet_run2.o": [[0, null, null]]}}],
  [{"pair": "one", "objects": false, "tables": {"$DB.p": [[1, 1500, 3020]], "$DB.o": [[0, null, null]]}, "order": {"$DB.p": "int(11)"}}],
  [{"pair": "gone", "objects": true, "tables": {}}, {"pair": "two", "objects": false, "tables": {}}],
  []]}
END
}
fleet() { # fleet run|status ARGS…: $RC, $OUT, $ERR
    CMD=("$MYRECON" fleet "$1" "$DIR" "${@:2}")
    timeout -k 5 "${LIMIT:-120}" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
pairs() { jq -r 'select(.type == "pair") | "\(.pair) \(.state) \(.verdict) \(.differing)"' "$OUT" | xargs; }
left() { find "$TMPDIR" -mindepth 1 | wc -l; }
hold() { # hold SIDE SLOT: a client has it until let_go
    HELD=$1
    client "$1" <<<"SELECT GET_LOCK('myrecon $FLEET $2', 5), SLEEP(317)" >/dev/null 2>&1 &
    soon "$1" "SELECT IS_USED_LOCK('myrecon $FLEET $2') IS NOT NULL" || bail "slot $2 of $1 cannot be held"
}
soon() { # SIDE SQL: says 1 within half a minute
    local i
    for i in {1..300}; do
        [ "$(client "$1" <<<"$2")" != 1 ] || return 0
        sleep 0.1
    done
    return 1
}
let_go() { # whoever sleeps there
    client "$HELD" <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE '%SLEEP(317)%' AND id <> CONNECTION_ID()" |
        client "$HELD"
}
until_says() { # until_says FILE PATTERN; the file is of this one program
    local i
    for i in {1..300}; do grep -q -- "$2" "$1" && return 0; sleep 0.1; done
    return 1
}

# --- each part
plan 4
fleet run --part 0 --json
is "part 0" "$RC $(pairs)" "1 one done diverged 20 two done equal 0"
fleet run --part 1 --json
is "part 1: the rest of the table that is cut" "$RC $(pairs)" "1 one done diverged 22"
fleet run --part 1 --json
is "a part that is done is not read again" "$RC $(pairs) $(jq .was_done "$OUT" | head -n 1) $(cat "$ERR")" "1 one done diverged 22 true "
is "and tells what it has read" "$(jq -r 'select(.type == "summary") | .rows' "$OUT")" "$(jq .rows "$DIR/parts/1.json")"
SLURM_ARRAY_TASK_ID=3 fleet run --json
is "a part without work, of Slurm's index" "$RC $(pairs)" "0 "
fleet status --json
is "not all is done" "$RC $(jq -r 'select(.type == "summary") | "\(.done) \(.waiting)"' "$OUT")" "4 3 1"
is "what is known of the pairs" "$(jq -r 'select(.type == "pair") | "\(.pair) \(.verdict)"' "$OUT" | xargs)" "one diverged two waiting gone waiting"
fleet run --part 2
is "one pair fails, the other is read" "$RC $(grep -c '^  two' "$OUT")" "4 1"
like "the reason is told" "$(cat "$OUT")" '^  gone .*failed: .*fleet_run9'
fleet status
is "a failed pair" "$RC $(grep -c '^  gone .*failed' "$OUT")" "4 1"
like "its part is incomplete" "$(cat "$OUT")" 'part 2 .*incomplete'
fresh b fleet_run9
for db in fleet_run9; do client b -D "$db" <<<"CREATE TABLE p (id INT PRIMARY KEY)"; done
PARALLEL_SEQ=3 fleet run --json
is "tried again once it is there, by GNU parallel's number, and the other one is not" \
    "$RC $(pairs) $(grep -c 'pair two' "$ERR")" "1 gone done diverged 0 two done equal 0 0"
fleet status
is "all is done" "$RC $(grep -o '^[0-9]* of 4 parts done' "$OUT")" "1 4 of 4 parts done"
is "nothing is left behind" "$(left) $(find "$DIR/parts" -name '*.lease' -o -name '*.progress' | wc -l)" "0 0"

# --- slips
for args in '' '--part 4' '--part x'; do
    # shellcheck disable=SC2086
    fleet run $args
    is "fleet run $args" "$RC" 3
done
JOB_COMPLETION_INDEX=-1 fleet run
is "an index that is none" "$RC $(grep -c JOB_COMPLETION_INDEX "$ERR")" "3 1"
(cd "$DIR" && sed -i 's|"at":0|"at":1|' work/1.jsonl)
fleet run --part 1
is "work that was changed is not done" "$RC $(grep -c 'work/1.jsonl' "$ERR")" "5 1"

# --- slots; a run that is killed while it waits for one
plan 1
hold a 1
CMD=("$MYRECON" fleet run "$DIR" --part 0 --save-every 1)
"${CMD[@]}" >"$OUT" 2>"$IT_TMP/first.3" </dev/null &
FIRST=$!
ok "without a free slot nobody reads" until_says "$IT_TMP/first.3" "has a reader's slot free"
"$MYRECON" fleet run "$DIR" --part 0 --json >"$IT_TMP/second.out" 2>"$IT_TMP/second" </dev/null &
SECOND=$!
ok "a second run of the part waits for the first" until_says "$IT_TMP/second" "is at work on this part: waiting"
kill -KILL $FIRST
wait $FIRST 2>/dev/null
ok "and takes over when it is dead" until_says "$IT_TMP/second" "is gone: the part is taken over"
ok "it waits for the slot, too" until_says "$IT_TMP/second" "has a reader's slot free"
ok "and says who has it" until_says "$IT_TMP/second" "is held by #[0-9]* ("
let_go
wait $SECOND
is "a reader who dies frees its slot" "$? $(jq -r 'select(.type == "pair") | "\(.pair) \(.differing)"' "$IT_TMP/second.out" | xargs)" \
    "1 one 20 two 0"
is "what the killed one had here is gone" "$(left)" 0

# --- more workers than slots: the others do without
plan 1
fleet run --part 0 --threads 3 --json --log-file "$IT_TMP/log"
is "three workers and one slot" "$RC $(pairs)" "1 one done diverged 20 two done equal 0"
is "what its checks say is in the log file, too" "$(grep -c ' begins: check ' "$IT_TMP/log")" 2
plan 2
"$MYRECON" fleet run "$DIR" --part 0 --threads 2 -q >"$OUT" 2>"$ERR" </dev/null &
FIRST=$!
"$MYRECON" fleet run "$DIR" --part 1 --threads 2 -q >"$IT_TMP/second.out" 2>"$IT_TMP/second" </dev/null
RC=$?
wait $FIRST
is "two parts of two workers each, and two slots" "$? $RC" "1 1"
is "with -q only warnings are said" "$(cat "$ERR" "$IT_TMP/second" | grep '^myrecon: ' | grep -vcE '^myrecon: (warning|detail|hint): ')" 0

# --- a snapshot as a side, cut where its files do not end
"$MYRECON" snapshot create -q "$DST" "$IT_TMP/snap" >"$OUT" 2>"$ERR" || bail "no snapshot: $(cat "$ERR")"
KEEP=$DST DST=snapshot:$IT_TMP/snap
plan 4
fleet run --part 0 --json
FIRST=$(pairs | cut -d' ' -f1-4)
fleet run --part 1 --json
is "each row of a snapshot counts in one part" "$FIRST, $(pairs)" "one done diverged 20, one done diverged 22"
is "and each is read in one" "$(jq .rows "$DIR/parts/1.json")" "$((2 * 1520 + 1001 + 1000))"
DST=$KEEP

# --- killed between two pairs: the first one is not read again
plan 1
hold a 1
"$MYRECON" fleet run "$DIR" --part 0 >"$OUT" 2>"$IT_TMP/first.6" </dev/null &
FIRST=$!
until_says "$IT_TMP/first.6" "has a reader's slot free"
# the second pair's database is locked, so that the first is read and the second is not
client b -D fleet_run2 <<<"LOCK TABLES p WRITE, o WRITE; SELECT SLEEP(317)" >/dev/null 2>&1 &
soon b "SELECT COUNT(*) FROM information_schema.processlist WHERE info = 'SELECT SLEEP(317)'" || bail "no lock"
let_go
ok "the second pair is begun" until_says "$IT_TMP/first.6" "pair two, 2 of 2"
for i in {1..300}; do
    [ ! -e "$DIR/parts/0.progress" ] || break
    sleep 0.1
done
kill -KILL $FIRST
wait $FIRST 2>/dev/null
HELD=b let_go
fleet run --part 0 --json
is "the next run goes on" "$RC $(pairs)" "1 one done diverged 20 two done equal 0"
is "from what was kept" "$(grep -c 'going on from .*0.progress' "$ERR") $(grep -c 'pair one' "$ERR")" "1 0"

# --- a signal keeps what was read
plan 1
hold a 1
"$MYRECON" fleet run "$DIR" --part 1 >"$OUT" 2>"$IT_TMP/first.7" </dev/null &
FIRST=$!
until_says "$IT_TMP/first.7" "has a reader's slot free"
BEGUN=$(date +%s%N)
kill -TERM $FIRST
for i in {1..200}; do # of a tenth of a second
    kill -0 $FIRST 2>/dev/null || break
    [ "$i" != 200 ] || kill -KILL $FIRST
    sleep 0.1
done
wait $FIRST
is "a signal ends it" "$? $((($(date +%s%N) - BEGUN) / 1000000000 < 3))" "6 1"
is "and is told once" "$(grep -c 'error: ' "$IT_TMP/first.7") $(grep -c 'error: interrupted by SIGTERM' "$IT_TMP/first.7")" "1 1"
is "what was read is kept" "$(find "$DIR/parts" -name 1.progress | wc -l)" 1
is "the lease is gone, and the part stopped" "$(find "$DIR/parts" -name '*.lease' | wc -l) $(jq -r .state "$DIR/parts/1.json")" "0 stopped"
let_go

# --- what it works on is cleared away under it
plan 1
hold a 1
"$MYRECON" fleet run "$DIR" --part 1 --save-every 1 >"$OUT" 2>"$IT_TMP/first.8" </dev/null &
FIRST=$!
until_says "$IT_TMP/first.8" "has a reader's slot free"
for i in {1..300}; do
    [ ! -e "$DIR/parts/1.progress" ] || break
    sleep 0.1
done
rm -f "$TMPDIR"/myrecon-fleet.*/work.case*
let_go
wait $FIRST
is "what is gone is no result" "$? $(find "$DIR/parts" -name '1.[cp]*' -printf '%f ') $(grep -c 'what was read of the part is gone' "$IT_TMP/first.8")" "3 1.progress  1"
fleet run --part 1 --json
is "and is read again" "$RC $(pairs)" "1 one done diverged 22"

# --- files that lie
plan 4
mkdir -m 700 "$DIR/parts"
head -c 5000 /dev/urandom >"$DIR/parts/0.progress"
fleet run --part 0 --json
is "a progress that is none" "$RC $(pairs) $(grep -c 'cannot be used' "$ERR")" "1 one done diverged 20 two done equal 0 1"
truncate -s 8192 "$DIR/parts/0.case"
fleet run --part 0 --json
is "half a result is none" "$RC $(pairs)" "1 one done diverged 20 two done equal 0"
cp "$DIR/parts/0.case" "$DIR/parts/1.case"
fleet run --part 1 --json
is "another part's result is none of this one" "$RC $(pairs)" "1 one done diverged 22"
python3 -c 'import sqlite3, sys
case = sqlite3.connect(sys.argv[1])
case.execute("UPDATE run SET options = replace(options, \"scope\", \"scope 0\") WHERE uuid LIKE \"%.two\"")
case.commit()' "$DIR/parts/0.case"
fleet run --part 0 --json
is "half a part's result is none: both pairs are read" "$RC $(pairs) $(grep -c 'cannot be used' "$ERR") $(grep -c 'pair .*of 2' "$ERR")" \
    "1 one done diverged 20 two done equal 0 1 2"
fleet run --part 0 --json
is "and both are in the new one" "$RC $(pairs) $(jq .was_done "$OUT" | head -n 1)" "1 one done diverged 20 two done equal 0 true"
jq -c '.state = "running" | .host = "ahead" | .updated_at += 5000' "$DIR/parts/0.json" >"$IT_TMP/ahead" && cp "$IT_TMP/ahead" "$DIR/parts/0.json"
fleet status --json
is "a clock that runs ahead is told" "$RC $(grep -cE 'part 0: the clock of host ahead is (49[0-9][0-9]|5000) s ahead' "$ERR")" "4 1"
printf 'nonsense' >"$DIR/parts/0.json"
fleet status --json
is "a status that cannot be read" "$RC $(grep -c '0.json' "$ERR")" "4 1"
# as of a process that was killed between its result and what it tells of it
for lie in nonsense '{}' "$(jq -c '.pairs[0].verdict = "equal" | .state = "done"' "$IT_TMP/ahead")" "$(cat "$IT_TMP/ahead")"; do
    printf '%s' "$lie" >"$DIR/parts/0.json"
    fleet run --part 0 --json
    is "of a part that is done the next run tells so, and reads nothing" \
        "$RC $(pairs) $(grep -c 'pair .*of 2' "$ERR") $(jq -r '"\(.state) \(.host == "ahead") \(.rows) \(.pairs[0].verdict)"' "$DIR/parts/0.json")" \
        "1 one done diverged 20 two done equal 0 0 done false $(jq -r .rows "$IT_TMP/ahead") diverged"
done

# --- a directory that knows no locks, no links and no shared memory
if [ -e "$FAULT_DIR/failing_lock.so" ]; then
    plan 2
    for part in 0 1; do
        LD_PRELOAD=$FAULT_DIR/failing_lock.so MR_FAULT_PATH=$IT_TMP/shared MR_FAULT_REPORT=$IT_TMP/asked fleet run --part $part --save-every 1 --json
        is "renames are enough, part $part" "$RC $(pairs | cut -d' ' -f1-4)" "1 one done diverged $((20 + 2 * part))"
    done
    is "locks were asked for nowhere" "$(cat "$IT_TMP/asked" 2>/dev/null)" ""
fi

# --- what is full
plan 4
if [ -e "$FAULT_DIR/failing_io.so" ]; then
    LD_PRELOAD=$FAULT_DIR/failing_io.so MR_FAULT_PATH=$IT_TMP/shared MR_FAULT_AT=3 MR_FAULT_ERROR=ENOSPC fleet run --part 1
    is "a full disk is no result" "$RC $(find "$DIR/parts" -name '1.case' | wc -l)" "3 0"
    fleet run --part 1 --json
    is "with space again it is" "$RC $(pairs)" "1 one done diverged 22"
    for at in 1 2 3; do # where it says how far it is; the third is the last
        rm -f "$DIR"/parts/1.*
        LD_PRELOAD=$FAULT_DIR/failing_io.so MR_FAULT_PATH=1.json MR_FAULT_AT=$at MR_FAULT_ERROR=EIO fleet run --part 1 --json
        is "what cannot be told once costs no work, $at" "$RC $(pairs) $(grep -c 'warning: .*1.json' "$ERR")" "1 one done diverged 22 1"
    done
fi
is "nothing is left behind at the end" "$(left)" 0
finish
