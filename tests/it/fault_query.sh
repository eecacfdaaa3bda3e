#!/bin/bash
# fault_query.sh: a bad network.  The connection to one side is cut after N bytes, for N all
# over a run, stands still, or is slow; and a run is killed at any moment.  check gives the
# right result, or says what is not checked and goes on from its case.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
CASE_SQL=$FAULT_DIR/case_sql
[ -x "$PROXY" ] && [ -x "$CASE_SQL" ] || bail "no program at $PROXY"
begin
CASE=$IT_TMP/case
small_pair ab
BIG_ROWS=220000
at ab "CREATE TABLE middle (id INT PRIMARY KEY, v INT, pad VARCHAR(60));
    INSERT INTO middle SELECT seq, seq, REPEAT('p', 40) FROM seq_1_to_45000;
    CREATE TABLE big (id INT PRIMARY KEY, v INT, pad VARCHAR(60));
    INSERT INTO big SELECT seq, seq, REPEAT('p', 30) FROM seq_1_to_$BIG_ROWS;
    CREATE TABLE little (id INT PRIMARY KEY); INSERT INTO little VALUES (1); ANALYZE TABLE big" >/dev/null
at b "UPDATE middle SET v = 0 WHERE id % 7001 = 0; DELETE FROM middle WHERE id IN (1, 30000, 45000);
    UPDATE big SET v = 0 WHERE id BETWEEN 100 AND 110"

through() { # through SIDE ARGS…: check, that side by way of the proxy
    local src dst
    src=$(uri a "$DB") dst=$(uri b "$DB")
    case $1 in a) src=$VIA ;; b) dst=$VIA ;; esac
    LIMIT=100 run_check "$src" "$dst" --settle 0 "${@:2}"
}

# A run that did not come to its end goes on; the network is good by now.
resumed() { # resumed LABEL SIDE ARGS…
    [ "$RC" != "$WHOLE_RC" ] || return 0
    UNFINISHED=$((UNFINISHED + 1))
    through "$2" --resume "${@:3}"
    is_whole || WRONG+="$1: resumed: exit code $RC: $(diff <(echo "$WHOLE") <(whole) | head -n 4)
$(head -n 3 "$ERR")
"
}

# --- cut ---------------------------------------------------------------------------------

cuts() { # cuts DESCRIPTION SIDE COUNT [ARGS…]: one cut, anywhere in the run
    local n total side=$2 args=(--threads 1 --exclude big "${@:4}")
    proxy "$side"
    through "$side" "${args[@]}"
    proxy_ends
    is "$1: an undisturbed run by the proxy" "$(what_is_wrong)" ""
    total=$BYTES UNFINISHED=0
    for n in $(spread "$total" "$3"); do
        rm -f "$CASE"*
        proxy "$side" "cut=$n"
        through "$side" --case "$CASE" "${args[@]}"
        judge "$1: cut at $n of $total"
        resumed "$1: cut at $n of $total" "$side" --case "$CASE" "${args[@]}"
    done
    proxy_ends
    judged "$1: cut at $3 places of $total bytes ($UNFINISHED were resumed)"
}
undisturbed "undisturbed: exits 1" 1 --threads 1 --exclude big
cuts "cut from the target" b "$SEEDS" --digest client
cuts "cut from the source" a $((SEEDS / 3 + 1))
cuts "cut, server digests" b $((SEEDS / 3 + 1)) --digest server

# Each connection breaks: a chunk is tried again, not for ever.
for part in 12 3; do
    rm -f "$CASE"*
    proxy b "cut-each=$((3000000 / part))"
    through b --case "$CASE" --threads 1 --exclude big
    judge "each connection is cut, 1/$part"
    proxy b
    UNFINISHED=0
    resumed "each connection is cut, 1/$part" b --case "$CASE" --threads 1 --exclude big
done
judged "each connection is cut: the right result, or to be resumed"

proxy b stall=1000000 stall-ms=2000
through b --threads 1 --exclude big
is "a connection that stands still for 2 s: the right result" "$(what_is_wrong) $RC" " 1"

# --- slow --------------------------------------------------------------------------------

undisturbed "two tables, undisturbed: exits 1" 1 --threads 2 --tables big --tables keyed
proxy b
through b --threads 2 --tables big --tables keyed --digest client
proxy_ends
CLIENT_BYTES=$BYTES
proxy b rate=2097152
through b --threads 2 --tables big --tables keyed --digest auto
proxy_ends
is "2 MiB/s: the right result" "$(what_is_wrong) $RC" " 1"
like "2 MiB/s: says that the servers compute the digests" "$(cat "$ERR")" 'link to the target.*MiB/s.*digest.*come compressed'
ok "2 MiB/s: $BYTES bytes, with --digest client $CLIENT_BYTES" test $((BYTES * 3)) -lt $((CLIENT_BYTES * 2))

# --- killed ------------------------------------------------------------------------------

# What a resumed run may read again are the rows of chunks that the case does not have; the
# proxy counts what it reads, in bytes of the target (a third of a chunk is left for more).
TWO=(--threads 2 --digest client --tables big --tables keyed)
proxy b
through b --threads 2 --digest client --tables little
proxy_ends
BASE=$BYTES
proxy b
BEGUN=$EPOCHREALTIME
through b "${TWO[@]}" --case "$CASE"
TAKEN=$(awk "BEGIN {print $EPOCHREALTIME - $BEGUN}")
rm -f "$CASE"*
RANDOM=1 KEPT=0

rows_done() { # of the target, by the case of a run that was killed; "finished" where it was
    [ -s "$CASE" ] || return 0
    mkdir "$IT_TMP/copy" && cp "$CASE"* "$IT_TMP/copy" # looking into it changes it
    "$CASE_SQL" "$IT_TMP/copy/case" "SELECT CASE WHEN (SELECT max(finished) FROM run) = 1
        THEN 'finished' ELSE CAST(total(target_rows) AS INT) END FROM chunk" 2>/dev/null
    rm -rf "$IT_TMP/copy"
}

KILLS=$((SEEDS / 2 + 1))
for ((i = 0; i < KILLS; i++)); do
    proxy b
    "$MYRECON" check --json --no-progress "$(uri a "$DB")" "$VIA" --settle 0 \
        "${TWO[@]}" --case "$CASE" >"$IT_TMP/killed" 2>"$ERR" </dev/null &
    PID=$!
    sleep "$(awk "BEGIN {print $TAKEN * (0.15 + 0.85 * ($i + $RANDOM / 32768) / $KILLS)}")"
    kill -9 $PID 2>/dev/null
    wait $PID 2>/dev/null
    DONE=$(rows_done) DONE=${DONE:-0} UNPRINTED=
    if [ "$DONE" = finished ]; then
        grep -q '"type": *"summary"' "$IT_TMP/killed" || UNPRINTED="finished, but not printed"
        DONE=0 # --resume begins anew
    fi
    proxy b
    through b --resume --case "$CASE" "${TWO[@]}"
    proxy_ends
    MOST=$((BASE + (CLIENT_BYTES - BASE) * (BIG_ROWS - DONE) / BIG_ROWS * 21 / 20 + 300000))
    judge "killed, $DONE rows done" "$UNPRINTED" \
        "$([ "$BYTES" -le "$MOST" ] || echo "$BYTES bytes read again, at most $MOST wanted")" \
        "$([ "$RC" = 1 ] || echo "not the whole result")" "$(ls "$IT_TMP" | grep '^case.')"
    [ "$DONE" = 0 ] || KEPT=$((KEPT + 1))
    rm -f "$CASE"*
done
judged "killed $KILLS times: resumed to the whole result, reading only what was not done"
[ "$SEEDS" -lt 20 ] || ok "killed: chunks had been done before ($KEPT times)" test $KEPT -gt 0
finish
