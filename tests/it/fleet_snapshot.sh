#!/bin/bash
# fleet_snapshot.sh: a snapshot of each source of a fleet, by parts that are killed, begun twice and begun
# again, as pods of an Indexed Job or all by one machine; each is a snapshot by itself; the list of all
# proves that none is missing, tampered with, or another one.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
begin ab
DIR=$IT_TMP/night BIN=$IT_TMP/bin
export TMPDIR=$IT_TMP/tmp
mkdir "$TMPDIR" "$BIN"
ln -s "$(realpath "$MYRECON")" "$BIN/myrecon"
export PATH=$BIN:$PATH
SHARDS=(00 01 02 03)
for shard in "${SHARDS[@]}"; do
    fresh a "fleet_snapshot_$shard"
    client a -D "fleet_snapshot_$shard" <<<"CREATE TABLE p (id INT AUTO_INCREMENT PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE);
        INSERT INTO p SELECT seq, CONCAT('m$shard-', seq) FROM seq_1_to_3000;
        CREATE TABLE q (id INT PRIMARY KEY, v TEXT); INSERT INTO q SELECT seq, REPEAT('x', 500) FROM seq_1_to_2000" || bail "no table"
done
inventory() { # inventory [CONFIG-LINE]…
    printf '[fleet]\nreaders-per-server = 2\nconfig = all.ini\n[pair shop-{00..03}]\nsource = %s\ntarget = %s\n' \
        "$(uri a 'fleet_snapshot_{}')" "$(uri b 'fleet_snapshot_{}')"
    printf '%s\n' "$@"
}
printf '[options]\nlevel = 3\n' >"$IT_TMP/all.ini"
inventory >"$IT_TMP/fleet.ini"
run() { # run COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
plan() { # plan [OPTIONS]: a new one in DIR; $FLEET is its id
    rm -rf "$DIR"
    run fleet snapshot -q --inventory "$IT_TMP/fleet.ini" --output "$DIR" "$@"
    [ "$RC" = 0 ] || bail "no plan: $(cat "$ERR")"
    FLEET=$(jq -r .fleet "$DIR/fleet.json")
}
soon() { # COMMAND…: succeeds within a minute
    local i
    for i in {1..300}; do
        "$@" && return 0
        sleep 0.2
    done
    return 1
}
states() { "$MYRECON" fleet status "$DIR" --json 2>/dev/null | jq -r 'select(.type == "part") | .state' | sort | uniq -c | xargs; }
are() { [ "$(states)" = "$1" ]; }
verdicts() { "$MYRECON" fleet status "$DIR" --json 2>/dev/null | jq -r 'select(.type == "pair") | .verdict' | xargs; }
listed() { jq -r '[.pairs[] | select(.manifest != null)] | length' "$DIR/fleet.json"; }
sums_hold() { # the list has the digest of each manifest as it is
    local name sum
    while read -r name sum; do
        [ "$(sha256sum <"$DIR/$name/manifest.json")" = "$sum  -" ] || return 1
    done < <(jq -r '.pairs[] | "\(.name) \(.manifest)"' "$DIR/fleet.json")
}
hold() { # hold [1]: both readers' slots of a are taken, or the first alone
    local second="GET_LOCK('myrecon $FLEET 2', 5)"
    [ "${1:-2}" = 2 ] || second=1
    client a <<<"SELECT GET_LOCK('myrecon $FLEET 1', 5), $second, SLEEP(311)" >/dev/null 2>&1 &
    until [ "$(client a <<<"SELECT IS_USED_LOCK('myrecon $FLEET ${1:-2}') IS NOT NULL")" = 1 ]; do sleep 0.05; done
}
let_go() {
    client a <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE '%$FLEET%SLEEP(311)%' AND id <> CONNECTION_ID()" | client a
}

# --- the plan
plan
is "what a plan has" "$(cd "$DIR" && find . -type f | sort | xargs)" "./README.txt ./config/0.ini ./fleet-job.yaml ./fleet.json ./fleet.sbatch"
is "a part a pair" "$(jq -c '[.does, (.parts | length), [.pairs[] | .part]]' "$DIR/fleet.json")" '["snapshots",4,[0,1,2,3]]'
run snapshot verify "$DIR"
is "nothing is made, and said so" "$RC $(head -n 1 "$OUT")" "4 incomplete: 0 of 4 snapshots read, and whole, 4 not made"
run fleet merge "$DIR" --output "$IT_TMP/merged"
is "there is nothing to merge" "$RC $(ls "$IT_TMP/merged" 2>&1 | grep -c 'No such')" "5 1"

# --- pods: killed at any moment, and two of one index at once
hold
pod() { # INDEX: until it succeeds, as a Job with backoffLimitPerIndex
    local try
    for try in 1 2 3 4 5 6; do
        JOB_COMPLETION_INDEX=$1 myrecon fleet run --no-verdict -v "$DIR" >>"$IT_TMP/pod-$1.log" 2>&1 </dev/null && return 0
    done
    return 1
}
kill_pods() { # whatever works on the plan
    local process
    for process in /proc/[0-9]*; do
        case $(tr '\0' ' ' 2>/dev/null <"$process/cmdline") in
        "myrecon fleet run --no-verdict -v $DIR "*) kill -KILL "${process#/proc/}" ;;
        esac
    done
}
PODS=()
for index in 0 1 2 3 2; do
    pod "$index" &
    PODS+=($!)
done
ok "all are at work" soon are "4 running"
ok "and wait for a reader's slot" soon grep -q "waiting until .* has a reader's slot free" "$IT_TMP"/pod-*.log
is "none has begun to read" "$(find "$DIR" -path '*.partial/data/*' -type f | wc -l)" 0
kill_pods
sleep 1
kill_pods
let_go
FAILED=0
for one in "${PODS[@]}"; do wait "$one" || FAILED=$((FAILED + 1)); done
is "every index succeeds in the end" "$FAILED $(states)" "0 4 done"
is "all are made, and nothing is left of the dead" "$(verdicts) $(find "$DIR" -name '*.partial' -o -name '*.lease' | wc -l)" "made made made made 0"
is "fleet.json lists them all" "$(listed)" 4
ok "by the digests of their manifests" sums_hold
run snapshot verify "$DIR"
is "the whole is proved" "$RC $(cat "$OUT")" "0 whole: 4 of 4 snapshots read, and whole"
run snapshot list "$DIR" --json
is "they are listed as any snapshots, verified" "$RC $(jq -rs '[.[] | select(.verified != null)] | length' "$OUT")" "0 4"

# --- a part that is done
cp "$DIR/fleet.json" "$IT_TMP/list"
run fleet run "$DIR" --part 1 --json
is "is not made again" "$RC $(jq -r 'select(.type == "run") | .was_done' "$OUT") $(jq -r 'select(.type == "summary") | .verdict' "$OUT")" "0 true made"
ok "and leaves the list as it is" cmp "$DIR/fleet.json" "$IT_TMP/list"
printf nonsense >"$DIR/parts/2.json"
run fleet run "$DIR" --part 1
is "what another part tells cannot be read: it is said, and this one is done" "$RC $(grep -c 'warning: .*2.json' "$ERR")" "0 1"
rm "$DIR"/parts/*.json
run fleet run "$DIR" --all
is "what nobody has told of is asked, not made again" "$RC $(verdicts)" "0 made made made made"
ok "with the same list" cmp "$DIR/fleet.json" "$IT_TMP/list"

# --- each by itself
run snapshot verify "$DIR/shop-02"
is "one of them is verified" "$RC" 0
fresh b fleet_snapshot_back
run snapshot restore "$DIR/shop-02" "$(uri b fleet_snapshot_back)"
is "and restored" "$RC $(client b <<<"SELECT COUNT(*), MAX(mail) FROM fleet_snapshot_back.p")" "0 3000	m02-999"
run check "snapshot:$DIR/shop-01" "$(uri a fleet_snapshot_01)" --settle 0
is "and compared with its server" "$RC" 0

# --- what is wrong with the whole
proof() { # DESCRIPTION EXIT PATTERN; the fleet is put right by the caller
    run snapshot verify "$DIR" --json
    is "$1: exit" "$RC" "$2"
    like "$1" "$(jq -r 'select(.type == "damage") | "\(.file) \(.reason)"' "$OUT" | xargs -0)" "$3"
}
cp -a "$DIR/parts" "$IT_TMP/parts"
PART=$(jq '.pairs[3].part' "$DIR/fleet.json") ROWS=$(jq -s 'map(.rows) | add' "$DIR"/parts/*.json)
mv "$DIR/shop-03" "$IT_TMP/away"
proof "a snapshot that is missing" 1 'shop-03 is missing'
is "the others are looked at all the same" "$(jq -r 'select(.type == "summary") | "\(.verdict) \(.whole) \(.damaged)"' "$OUT")" "damaged 3 1"
run snapshot verify -q "$DIR"
is "and how it is made anew is said" "$(tail -n 2 "$OUT")" "To make a damaged one anew, once it is moved away:
  myrecon fleet run $DIR --part $(jq '.pairs[3].part' "$DIR/fleet.json")"
eval "$(tail -n 1 "$OUT") -q" >/dev/null 2>&1 </dev/null
proof "by that command" 0 '^$'
is "and its rows are counted once" "$(jq -s 'map(.rows) | add' "$DIR"/parts/*.json)" "$ROWS"
rm -rf "$DIR/shop-03"
mv "$IT_TMP/away" "$DIR/shop-03"
cp "$DIR/fleet.json" "$IT_TMP/anew"
run fleet run "$DIR" --part "$PART"
is "another one of that source in its place is not taken for it" "$RC $(grep -c 'pair shop-03 has no snapshot: another snapshot stands in the place of the one that was made' "$ERR")" "4 1"
ok "nor listed" cmp "$DIR/fleet.json" "$IT_TMP/anew"
run fleet run "$DIR" --all
is "nor by the next run" "$RC $(verdicts)" "4 made made made failed"
cp "$IT_TMP/list" "$DIR/fleet.json"
rm -rf "$DIR/parts" && mv "$IT_TMP/parts" "$DIR/parts"
mv "$DIR/shop-00" "$DIR/x" && mv "$DIR/shop-01" "$DIR/shop-00" && mv "$DIR/x" "$DIR/shop-01"
proof "two that have changed places" 1 'shop-00/manifest.json is that of another snapshot'
is "are both named" "$(jq -r 'select(.type == "damage") | .file' "$OUT" | grep -c manifest.json)" 2
mv "$DIR/shop-00" "$DIR/x" && mv "$DIR/shop-01" "$DIR/shop-00" && mv "$DIR/x" "$DIR/shop-01"
sed -i "s/$(jq -r '.pairs[2].manifest' "$DIR/fleet.json")/$(printf 'a%.0s' {1..64})/" "$DIR/fleet.json"
run snapshot verify "$DIR"
is "a digest of the list that was tampered with" "$RC" 5
cp "$IT_TMP/list" "$DIR/fleet.json"
FILE=$(find "$DIR/shop-02/data" -type f | head -n 1)
cp -p "$FILE" "$IT_TMP/file" && printf x | dd of="$FILE" bs=1 seek=40 conv=notrunc 2>/dev/null
proof "a byte of rows" 1 "shop-02/data/"
cp -p "$IT_TMP/file" "$FILE"
mv "$DIR/shop-02" "$IT_TMP/away"
mkfifo "$DIR/shop-02"
proof "what is no directory" 1 "shop-02 cannot be read: .* is no directory"
is "and the others besides" "$(jq -r 'select(.type == "summary") | "\(.verdict) \(.whole) \(.damaged)"' "$OUT")" "damaged 3 1"
rm "$DIR/shop-02"
mv "$IT_TMP/away" "$DIR/shop-02"
mkdir "$DIR/foreign"
proof "what is in no list" 1 "foreign is in no list"
rmdir "$DIR/foreign"
run snapshot verify "$DIR" --against "$(uri a x)"
is "against a server one is meant" "$RC" 3
run snapshot verify "$DIR" --quick
is "whole again" "$RC" 0

# --- a source that fails, and one that is of another pair
inventory "[pair gone]" "source = $(uri a fleet_snapshot_gone)" "target = $(uri b x)" "[pair twin]" "source = $(uri a fleet_snapshot_00)" "target = $(uri b x)" \
    >"$IT_TMP/fleet.ini"
plan --parts 2
run fleet run "$DIR" --all --at-once 2 --json
is "a source that is not there: the others go on" "$RC $(jq -r 'select(.type == "pair") | "\(.pair) \(.verdict)"' "$OUT" | xargs)" \
    "4 shop-00 made shop-01 made shop-02 made shop-03 made gone failed twin made"
like "it is named" "$(cat "$ERR")" 'pair gone has no snapshot: .*fleet_snapshot_gone'
is "two pairs of one source have one each, and the list has what is made" "$(listed)" 5
run snapshot verify "$DIR"
is "the list lacks one" "$RC $(cat "$OUT")" "4 incomplete: 5 of 6 snapshots read, and whole, 1 not made
To make one that is missing:
  myrecon fleet run $DIR --part $(jq '.pairs[] | select(.name == "gone").part' "$DIR/fleet.json")"
fresh a fleet_snapshot_gone
client a -D fleet_snapshot_gone <<<"CREATE TABLE t (id INT PRIMARY KEY)"
run fleet run "$DIR" --all
is "another try makes it" "$RC $(listed)" "0 6"
run snapshot verify "$DIR"
is "and all is there" "$RC" 0
plan --pair 'shop-0[01]'
cp -r "$IT_TMP/night/config" "$IT_TMP/keep"
run snapshot create "$(uri a fleet_snapshot_03)" "$DIR/shop-01"
run fleet run "$DIR" --part 1
is "what stands in a snapshot's place and is of another source is refused" "$RC" 4
like "by name" "$(cat "$OUT")" 'shop-01.*the snapshot that is there in its place is of .*fleet_snapshot_03'

# --- encrypted to a certificate that no machine needs afterwards, and signed
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=night -days 2 -keyout "$IT_TMP/key.pem" -out "$IT_TMP/cert.pem" 2>/dev/null
cat "$IT_TMP/key.pem" "$IT_TMP/cert.pem" >"$IT_TMP/both.pem"
rm -rf "$DIR"
run fleet snapshot --inventory "$IT_TMP/fleet.ini" --output "$DIR" --encrypt-to "$IT_TMP/both.pem"
is "a certificate with its key beside it is not copied to where all look" "$RC $(ls "$DIR" 2>&1 | grep -c 'No such')" "3 1"
plan --pair 'shop-0[01]' --encrypt-to "$IT_TMP/cert.pem" --sign-with "$IT_TMP/key.pem"
mv "$IT_TMP/cert.pem" "$IT_TMP/kept.pem"
run fleet run "$DIR" --all
is "encrypted snapshots" "$RC $(jq -r 'select(.type == "pair") | .verdict' "$OUT" 2>/dev/null | xargs)$(find "$DIR" -name '*.cms' | grep -c data)" "0 4"
run snapshot verify "$DIR"
is "without the key their rows are not read" "$RC" 4
run snapshot verify "$DIR" --decrypt-with "$IT_TMP/key.pem" --signer "$IT_TMP/kept.pem"
is "with it they are" "$RC" 0
echo >>"$DIR/certificates/0.pem"
run fleet run "$DIR" --part 0
is "a certificate that was changed is used by nobody" "$RC" 5

# --- killed while it reads: what is in place goes on
client a -D fleet_snapshot_03 <<<"CREATE TABLE big (id INT PRIMARY KEY, v TEXT);
    INSERT INTO big SELECT seq, REPEAT('y', 1000) FROM seq_1_to_6000"
printf '[options]\nrate = 1\nchunk-size = 1\n' >"$IT_TMP/slow.ini"
inventory "[pair slow]" "source = $(uri a fleet_snapshot_03)" "target = $(uri b x)" "config = slow.ini" >"$IT_TMP/fleet.ini"
plan --pair slow
is "its configuration is that of the plan" "$(cat "$DIR/config/0.ini")" "$(cat "$IT_TMP/slow.ini")"
JOB_COMPLETION_INDEX=0 myrecon fleet run --no-verdict -v "$DIR" >"$IT_TMP/slow.log" 2>&1 </dev/null &
ONE=$!
has_read() { [ "$(find "$DIR/slow.partial/data" -name '*.zst' 2>/dev/null | wc -l)" -ge 2 ]; }
ok "it reads" soon has_read
kill -KILL $ONE
wait $ONE 2>/dev/null
gone() { [ "$(client a <<<"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%fleet_snapshot_03%big%' AND id <> CONNECTION_ID()")" = 0 ]; }
BEGUN=$SECONDS
ok "its connection ends" soon gone
ok "at once, and with it its slot" [ $((SECONDS - BEGUN)) -le 5 ]
is "nothing of it is to be seen as a snapshot" "$(ls -d "$DIR/slow" 2>&1 | grep -c 'No such') $(listed)" "1 0"
run fleet run "$DIR" --all -v
is "another run of its part makes it whole" "$RC $(listed)" "0 1"
like "from what was there" "$(cat "$ERR")" 'going on with what an interrupted run has left'
run snapshot verify "$DIR"
is "and it is" "$RC" 0

# --- slots: a snapshot has no more connections than there are slots free
connections() { "$MYRECON" snapshot list --json "$DIR/$1" | jq .connections; }
plan --pair 'shop-0[01]'
run fleet run "$DIR" --part 0 --threads 3
is "three workers, and two slots" "$RC $(connections shop-00)" "0 2"
hold 1
run fleet run "$DIR" --part 1 --threads 3
is "of which one is another's" "$RC $(connections shop-01)" "0 1"
let_go

# --- a directory that knows no locks, no links and no shared memory
if [ -e "$FAULT_DIR/failing_lock.so" ]; then
    rm -rf "$DIR"
    without_locks() { LD_PRELOAD=$FAULT_DIR/failing_lock.so MR_FAULT_PATH=$DIR run "$@"; }
    without_locks fleet snapshot --inventory "$IT_TMP/fleet.ini" --pair 'shop-0[01]' --output "$DIR"
    is "is planned in" "$RC" 0
    mkdir -m 700 "$DIR/shop-00.partial" && echo left >"$DIR/shop-00.partial/restore.sql"
    without_locks snapshot create "$(uri a fleet_snapshot_00)" "$DIR/shop-00"
    is "what is there may be another's: who has no lease refuses it" "$RC $(cat "$DIR/shop-00.partial/restore.sql")" "5 left"
    like "with the reason" "$(cat "$ERR")" 'knows no locks'
    without_locks fleet run "$DIR" --all
    is "the part that has one begins it anew" "$RC $(verdicts) $(listed)" "0 made made 2"
    run snapshot verify "$DIR"
    is "and it is whole" "$RC" 0
else
    skip "a directory without locks" "no failing_lock.so: run the tests by make"
fi

# --- a signal: what was read goes on
plan --pair shop-00
hold
"$MYRECON" fleet run "$DIR" --all >"$OUT" 2>"$ERR" </dev/null &
ONE=$!
ok "at work" soon are "1 running"
kill -TERM $ONE
wait $ONE
is "a signal ends all of it, to be resumed" "$? $(states)" "6 1 stopped"
let_go
run fleet run "$DIR" --all
is "and it goes on" "$RC $(listed)" "0 1"
is "nothing is left behind" "$(find "$TMPDIR" -mindepth 1 -name 'myrecon*' | wc -l)" 0
finish
