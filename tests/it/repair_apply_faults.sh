#!/bin/bash
# repair_apply_faults.sh: `repair apply` and `repair undo` of rows are killed, lose their disk
# or their server at every step: the same command, run again, comes to the same end, and
# nothing is there twice.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
LIBRARY=$FAULT_DIR/failing_io.so
[ -e "$LIBRARY" ] && [ -x "$PROXY" ] || bail "no library at $LIBRARY"
T=b
begin ab
cd "$IT_TMP" || exit 1
. "$IT_DIR/rows/lib.sh"

failing() { # failing N ERROR ARGS…: repair ARGS… with the N-th write to the plan failing (0: none)
    CMD=("$MYRECON" repair "${@:3}")
    { # the shell tells of a process that was killed
        timeout -k 5 60 env LD_PRELOAD="$LIBRARY" MR_FAULT_PATH="$IT_TMP/plan/" MR_FAULT_AT="$1" \
            MR_FAULT_ERROR="$2" MR_FAULT_REPORT="$IT_TMP/report" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    } 2>/dev/null
    RC=$?
}
anew() { # as before apply
    afresh
    rm -f plan/journal.jsonl
}
begun() { # as after it
    on "$DUMP"
    rm -f plan/journal.jsonl
}

afresh
BEFORE=$(state)
make_plan
for what in apply undo; do
    if [ $what = apply ]; then
        reset=anew wanted=$DONE
    else
        rep apply --yes plan "$DST"
        is "applied" "$RC" 0
        DUMP="SET foreign_key_checks = 0; TRUNCATE orders; TRUNCATE members;"
        DUMP+=$(on "SELECT CONCAT('INSERT INTO members VALUES (', id, ', ', QUOTE(mobile), ', ', QUOTE(name), ');') FROM members
            UNION ALL SELECT CONCAT('INSERT INTO orders VALUES (', id, ', ', member_id, ', ', QUOTE(what), ');') FROM orders")
        DUMP=${DUMP//\\n/$'\n'} reset=begun wanted=$BEFORE
    fi
    $reset
    failing 0 EIO $what --yes plan "$DST"
    total=$(head -n 1 "$IT_TMP/report")
    is "$what: undisturbed" "$RC $((total >= 12)) $(state | md5sum)" "0 1 $(md5sum <<<"$wanted")"
    for error in EIO ENOSPC KILL; do
        for ((n = 1; n <= total; n++)); do
            $reset
            failing "$n" "$error" $what --yes plan "$DST"
            case "$error $RC" in
            "KILL 137") ;;
            *" 0") ;; # what fails is synced later
            E*" 3") grep -q '^myrecon: error: .*journal' "$ERR" || WRONG+="$error at $n: the journal is not named
" ;;
            *) WRONG+="$error at $n: exit code $RC
" ;;
            esac
            failing 0 EIO $what --yes --json plan "$DST"
            [ "$RC" = 0 ] && [ "$(state)" = "$wanted" ] ||
                WRONG+="$error at $n, then again: exit code $RC, $(state | diff - <(echo "$wanted") | head -n 3)
"
            [ "$(sum '.rows_refused + .units_failed')" = 0 ] || WRONG+="$error at $n: something was refused: $(refused)
"
        done
    done
    judged "$what: whatever write to the journal fails, or is the last, the next run ends it"
done

# ---- the network -----------------------------------------------------------------------
anew
proxy b
rep apply --yes plan "$VIA"
proxy_ends
is "apply by way of a proxy" "$RC $(state | md5sum)" "0 $(md5sum <<<"$DONE")"
reconnected=0
cuts=$((SEEDS < 20 ? 20 : SEEDS))
for n in $(spread "$BYTES" $cuts); do
    anew
    proxy b "cut=$n"
    rep apply --yes --json -v plan "$VIA"
    proxy_ends
    case $RC in
    0) grep -q 'connecting again' "$ERR" && reconnected=$((reconnected + 1)) ;;
    3 | 4) grep -q '^myrecon: error: ' "$ERR" || WRONG+="cut at $n: exit code $RC without an error
" ;;
    *) WRONG+="cut at $n: exit code $RC: $(tail -n 2 "$ERR")
" ;;
    esac
    [ "$RC" != 0 ] || [ "$(state)" = "$DONE" ] || WRONG+="cut at $n: exit code 0, and not everybody is there
"
    rep apply --yes --json plan "$DST"
    [ "$RC" = 0 ] && [ "$(state)" = "$DONE" ] || WRONG+="cut at $n, then again: exit code $RC
"
    rep undo --yes --json plan "$DST" # what a lost try wrote is none of the live side's
    [ "$RC" = 0 ] && [ "$(state)" = "$BEFORE" ] || WRONG+="cut at $n, then undone: exit code $RC
"
done
judged "a connection that is cut anywhere is opened anew, and nothing is done twice"
is "in many of these runs" "$((reconnected > cuts / 5))" 1

# ---- kill, at any moment -----------------------------------------------------------------
slow=$(printf '[["members", {"id": %d, "mobile": "s%d", "name": "x"}]],' $(for ((i = 100; i < 140; i++)); do echo $i $i; done))
slow="[${slow%,}]"
afresh
make_plan "$slow"
LOOP_FROM=$SECONDS
for ((i = 1; i <= ${SEEDS:-20}; i++)); do
    in_time $((i - 1)) "${SEEDS:-20}" "kills" || break
    anew
    "$MYRECON" repair apply --yes plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
    pid=$!
    sleep "0.$(printf '%03d' $((RANDOM % 400 + 20)))"
    kill -9 $pid 2>/dev/null
    wait $pid 2>/dev/null
    # the server may still be at the last statement of the session that is gone
    for ((k = 0; k < 100; k++)); do
        [ "$(on "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '/* myrecon%'")" = 0 ] && break
        sleep 0.05
    done
    rep apply --yes --json plan "$DST"
    [ "$RC $(on "SELECT COUNT(*), COUNT(DISTINCT mobile) FROM members")" = "0 43	43" ] ||
        WRONG+="killed once, then again: exit code $RC, $(on "SELECT COUNT(*) FROM members") members, $(tail -n 2 "$ERR") $(refused)
"
done
judged "killed at any moment, it goes on"

# ---- the same with what repair plan writes -----------------------------------------------
CASE=$IT_TMP/case
histories
at a "INSERT INTO members (mobile, name, inviter, created_at) SELECT CONCAT('more', seq), 'x', IF(seq % 3 = 0, seq, NULL), '2026-02-05'
        FROM seq_1_to_400;
    INSERT INTO orders (member_id, no) SELECT id, CONCAT('mo', id) FROM members WHERE id > 6;
    INSERT INTO log (member_id, what) SELECT id, 'in' FROM members WHERE id > 6"
plan_is 0 "a plan of several units" merged
LIVE=$(people)
killed=0 LOOP_FROM=$SECONDS
for ((i = 1; i <= SEEDS; i++)); do
    in_time $((i - 1)) "$SEEDS" "kills of a merge, twice each" || break
    for what in apply undo; do
        "$MYRECON" repair $what --yes --case "$CASE" merged "$DST" >"$OUT" 2>"$ERR" </dev/null &
        pid=$!
        sleep "0.$(printf '%03d' $((RANDOM % 90 + 5)))"
        kill -9 $pid 2>/dev/null && killed=$((killed + 1))
        wait $pid 2>/dev/null
        rep $what --yes --case "$CASE" --json merged "$DST"
        [ "$RC" = 0 ] || WRONG+="$what, killed and again: exit code $RC: $(tail -n 1 "$ERR") $(refused | head -n 3)
"
        if [ $what = apply ]; then
            rep verify merged "$DST"
            [ "$RC" = 0 ] || WRONG+="verify: exit code $RC: $(head -n 3 "$OUT")
"
        else
            [ "$(people)" = "$LIVE" ] || WRONG+="undo leaves $(people | diff - <(echo "$LIVE") | head -n 3)
"
        fi
    done
done
judged "killed at any moment, apply and undo of a merge go on"
is "many were killed" "$((killed > (i - 1) / 2))" 1

# ---- interrupted -------------------------------------------------------------------------
unset CASE
on "DROP TABLE IF EXISTS log"
at a "DROP TABLE IF EXISTS log"
afresh
make_plan
: >pause
"$MYRECON" repair apply --yes --pause-file pause plan "$DST" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
wait_for 20 grep -q pause "$ERR"
kill -INT $pid
wait $pid
is "SIGINT while it waits for the pause file" "$?" 6
is "before any unit" "$(on "SELECT COUNT(*) FROM members")" 3
rm pause
rep_is 0 "and then it goes on" apply --yes plan "$DST"
finish
