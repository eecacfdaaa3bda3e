#!/bin/bash
# snapshot_throttle.sh: `snapshot create` gives way: to a server that answers more slowly than
# before the run, to a busy one, to a pause file also within a table without a key, to --rate,
# and to a disk on which it cannot fit; `snapshot restore` to a lock that passes.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ""
own_begin TS || bail "no server"
PAIR_P=$MR_TS_URI
fresh p "$DB"
at p "CREATE TABLE n (id INT PRIMARY KEY, pad VARCHAR(200)); INSERT INTO n SELECT seq, REPEAT(CHAR(65 + seq % 26), 200) FROM seq_1_to_60000;
    CREATE TABLE k (id INT, pad VARCHAR(200)); INSERT INTO k SELECT seq % 100, REPEAT('k', 200) FROM seq_1_to_60000"
SRC=$(uri p "$DB") SNAP=$IT_TMP/snap PAUSE=$IT_TMP/pause

start() { # start ARGS…: create in the background; $PID
    rm -rf "$SNAP" "$SNAP.partial"
    CMD=("$MYRECON" snapshot create --no-progress --chunk-size 1 "$@" "$SRC" "$SNAP")
    "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
}
says() { grep -qE -e "$1" "$ERR"; }
has_chunks() { [ "$(ls "$SNAP.partial/data" 2>/dev/null | wc -l)" -ge "$1" ]; }
bytes() { du -sb "$SNAP.partial/data" | cut -f 1; }
whole() {
    snap verify "$SNAP"
    is "$1: whole" "$RC $(jq -c '[.tables[].rows]' "$SNAP/manifest.json")" "0 [60000,60000]"
}

# --- a server that answers slowly ---------------------------------------------------------

SLOW=$IT_TMP/slow
slow() { # the server runs for 0.3 s of every 2.8, while $SLOW is there
    touch "$SLOW"
    (while [ -e "$SLOW" ]; do
        kill -STOP "$MR_TS_PID"
        sleep 2.5
        kill -CONT "$MR_TS_PID"
        sleep 0.3
    done) &
    SLOWED=$!
}
fast() {
    rm -f "$SLOW"
    wait $SLOWED
}
start --rate 4 --threads 2 --max-load 0
wait_for 20 has_chunks 3
unlike "an undisturbed server: nothing is said" "$(cat "$ERR")" "waiting"
slow
ok "a slow server: says that it waits" wait_for 20 says "waiting: "
like "a slow server: for what" "$(cat "$ERR")" \
    'waiting: a tiny read on .* takes [0-9.]+ ms, not [0-9.]+ ms as usual \(--max-slowdown 10\)'
sleep 8 # without a pause it would be done: what was asked for comes in the 0.3 s
ok "a slow server: gets next to nothing to do" kill -0 $PID
fast
ended
is "fast again: it ends" "$RC" 0
whole "fast again"

# The table of the tiny reads is away for a while: the load is watched all the same.
reads_k() { [ -n "$(ls "$SNAP.partial/data" 2>/dev/null | grep '\.k\.')" ]; }
start --rate 4 --threads 1 -v
wait_for 20 reads_k || bail "the table without a key is not read"
at p "RENAME TABLE n TO gone"
ok "a table is renamed: tiny reads are of none" wait_for 20 says 'tiny reads are of no table from now on'
at p "RENAME TABLE gone TO n"
ended
is "a table is renamed: exits 0" "$RC" 0
unlike "a table is renamed: the load is watched" "$(cat "$ERR")" "without watching"
whole "a table is renamed"

start --rate 8 --threads 2 --max-slowdown 0
wait_for 20 has_chunks 3
slow
ended
fast
is "--max-slowdown 0: waits for nothing" "$RC $(grep -c waiting "$ERR")" "0 0"

# --- a busy one ---------------------------------------------------------------------------

sleepers() { # sleepers SECONDS: they raise Threads_running
    local i
    for i in {1..12}; do
        client p <<<"SELECT SLEEP($1)" >/dev/null 2>&1 &
    done
    wait_for 20 sleeping || bail "no load"
}
sleeping() { [ "$(client p <<<"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'")" = 12 ]; }
quiet() { ! sleeping; }
start --rate 2 --threads 1 --max-load 0 --max-load-stop 10 --tables n
wait_for 20 has_chunks 3
unlike "--max-load-stop: nothing is said below it" "$(cat "$ERR")" "stopped|waiting"
sleepers 6
ended 10
is "--max-load-stop: exits 6, nothing looks whole" "$RC $(test -e "$SNAP" || echo absent)" "6 absent"
like "--max-load-stop: says why" "$(cat "$ERR")" 'stopped: Threads_running of .* is 1[0-9] \(--max-load-stop 10\)'
like "--max-load-stop: and how to go on" "$(cat "$ERR")" 'hint: .*the same command'
kept=$(cd "$SNAP.partial/data" && ls | head -n 1)
wait_for 20 quiet
kept_sum=$(sha256sum <"$SNAP.partial/data/$kept")
take --chunk-size 1 --tables n "$SRC" "$SNAP"
like "--max-load-stop: the same command goes on" "$RC $(cat "$ERR")" '^0 .*going on'
is "--max-load-stop: with what was done" "$(sha256sum <"$SNAP/data/$kept")" "$kept_sum"
snap verify "$SNAP"
is "--max-load-stop: whole" "$RC $(jq -c '[.tables[].rows]' "$SNAP/manifest.json")" "0 [60000]"

# --- a pause file, in the middle of a table that is one statement -------------------------

start --rate 4 --threads 1 --tables k --pause-file "$PAUSE"
wait_for 20 has_chunks 2
touch "$PAUSE"
ok "a table without a key: says that it waits" wait_for 20 says "waiting: file"
sleep 0.5
before=$(bytes)
sleep 1.5
is "a table without a key: nothing is read" "$(bytes)" "$before"
rm "$PAUSE"
ended
is "a table without a key: goes on" "$RC $(jq -c '[.tables[].rows]' "$SNAP/manifest.json")" "0 [60000]"

# --- a pause file, between two statements of a table: it is not locked meanwhile -------------

start --rate 4 --threads 1 --tables n --pause-file "$PAUSE"
wait_for 20 has_chunks 1
touch "$PAUSE"
ok "a wait: says so" wait_for 20 says "waiting: file"
ok "a wait: the table can be altered" client p -D "$DB" <<<"SET lock_wait_timeout = 2; ALTER TABLE n FORCE"
ok "a wait: and it still lasts" kill -0 $PID
rm "$PAUSE"
ended
is "a wait: what was altered is read again" "$RC $(jq -c '[.tables[] | .rows, .consistent]' "$SNAP/manifest.json")" "4 [60000,false]"
snap verify "$SNAP"
is "a wait: whole" "$RC" 0

# --- tables without a key on resume -------------------------------------------------------

start --rate 4 --threads 1 --tables k
wait_for 20 has_chunks 3
kill -9 $PID
wait $PID 2>/dev/null
at p "UPDATE k SET pad = 'moved' WHERE id = 7"
take --chunk-size 1 --tables k "$SRC" "$SNAP"
like "a table without a key: the run goes on" "$RC $(cat "$ERR")" '^0 .*going on'
is "a table without a key: all of it is read anew" \
    "$(zstd -qdc "$SNAP"/data/*.zst | wc -l) $(zstd -qdc "$SNAP"/data/*.zst | grep -c moved)" "60000 600"
snap verify "$SNAP"
is "a table without a key: whole" "$RC" 0

# --- rate ---------------------------------------------------------------------------------

rm -rf "$SNAP"
from=$(date +%s%N)
take --rate 8 --threads 4 "$SRC" "$SNAP"
took=$((($(date +%s%N) - from) / 1000000))
is "--rate: 24 MiB at 8 MiB a second, over 4 connections" "$RC $((took > 2600))" "0 1"

# --- restore: what is locked for a moment -------------------------------------------------

rm -rf "$SNAP"
take --tables n "$SRC" "$SNAP"
COPY=${DB}_copy
FILE=$(jq -r '.tables[0].chunks[0].file' "$SNAP/manifest.json")
prepared() { [ "$(client p <<<"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '$COPY' AND table_name IN ('n', 'myrecon_restore')")" = 2 ]; }
is_locked() { [ "$(client p <<<"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")" = 1 ]; }
client p <<<"SET GLOBAL innodb_lock_wait_timeout = 1, GLOBAL local_infile = 1"
touch "$PAUSE"
CMD=("$MYRECON" snapshot restore --no-progress --pause-file "$PAUSE" --rename-db "$DB=$COPY" "$SNAP" "$(side_uri p)")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
wait_for 20 prepared
client p <<<"BEGIN; INSERT INTO $COPY.myrecon_restore VALUES ('$(jq -r .uuid "$SNAP/manifest.json")', '$FILE'); DO SLEEP(3); ROLLBACK" &
wait_for 20 is_locked
rm "$PAUSE"
ended
is "a lock that passes: the file is loaded again, once" \
    "$RC $(client p <<<"SELECT COUNT(*), COUNT(DISTINCT id) FROM $COPY.n")" "0 60000	60000"

# --- a disk on which it cannot fit --------------------------------------------------------

DISK=$IT_TMP/disk
mkdir "$DISK"
if mount -t tmpfs -o size=512k tmpfs "$DISK" 2>/dev/null; then
    at_exit "umount -l '$DISK' 2>/dev/null"
    at p "ANALYZE TABLE n, k"
    take "$SRC" "$DISK/snap"
    is "too small a disk: exits 3, no row was read" "$RC $(find "$DISK" -name '*.zst')" "3 "
    like "too small a disk: says so" "$(cat "$ERR")" \
        'tables of [0-9.]+ MiB cannot fit into the [0-9.]+ KiB that are free at ".*snap.partial"'
    like "too small a disk: what to do" "$(cat "$ERR")" 'hint: Free some space'
    mount -o remount,size=4m "$DISK"
    take "$SRC" "$DISK/snap"
    like "a disk that may be too small: begins, and says so" "$RC $(xargs <"$ERR")" '^0 .*it may not fit'

    # a run that was interrupted needs room for the rest alone
    rm -rf "$DISK"/*
    REST=(--exclude k --chunk-size 1)
    "$MYRECON" snapshot create --no-progress "${REST[@]}" --pause-file "$PAUSE" --rate 4 "$SRC" "$DISK/snap" >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    wait_for 20 [ -e "$DISK/snap.partial/data/$DB.n.8.tsv.zst" ]
    kill -INT $PID
    wait $PID
    is "interrupted: exits 6" "$?" 6
    mount -o remount,size=512k "$DISK"
    take "${REST[@]}" --pause-file "$PAUSE" --rate 4 "$SRC" "$DISK/snap"
    is "the rest fits: it goes on where it was" "$RC $(grep -c 'going on with' "$ERR")" "0 1"
    umount "$DISK"
else
    skip "a small disk" "no right to mount one"
fi
finish
