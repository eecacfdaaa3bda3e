#!/bin/bash
# repair_faults.sh: the N-th write of `repair plan` and `repair apply` fails, for every N: a
# plan directory is whole or absent, and what apply has begun is ended by the next one.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
LIBRARY=$FAULT_DIR/failing_io.so
[ -e "$LIBRARY" ] || bail "no library at $LIBRARY"
begin ab
at ab "CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, v INT); INSERT INTO members (v) VALUES (1), (2);
    CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY)"
mkdir "$IT_TMP/dir"
PLAN=$IT_TMP/dir/plan

failing() { # failing N ERROR ARGS…: repair ARGS… with the N-th write to the plan failing (0: none)
    CMD=("$MYRECON" repair "${@:3}")
    timeout -k 5 60 env LD_PRELOAD="$LIBRARY" MR_FAULT_PATH="$IT_TMP/dir/" MR_FAULT_AT="$1" \
        MR_FAULT_ERROR="$2" MR_FAULT_REPORT="$IT_TMP/report" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
next_on() { client "$1" -D "$DB" <<<"SHOW CREATE TABLE $2" | grep -o 'AUTO_INCREMENT=[0-9]*' | cut -d= -f2; }

make_plan=(plan --reseed-only --source "$SRC" --target "$DST" --output "$PLAN" --case "$IT_TMP/dir/case")
failing 0 EIO "${make_plan[@]}"
total=$(head -n 1 "$IT_TMP/report")
is "an undisturbed plan" "$RC $((total > 10))" "0 1"
WRONG=
for error in EIO ENOSPC; do
    for ((n = 1; n <= total; n++)); do
        rm -rf "$IT_TMP/dir"/*
        failing "$n" "$error" "${make_plan[@]}"
        left=$(cd "$IT_TMP/dir" && ls -d plan* 2>/dev/null | xargs)
        case "$RC $left" in
        "0 plan") "$MYRECON" repair show "$PLAN" >/dev/null 2>&1 || WRONG+="$error at $n: the plan is not whole
" ;;
        "3 ") grep -q '^myrecon: error: ' "$ERR" || WRONG+="$error at $n: no error line
" ;;
        # the last steps: the directory has its name, and what comes behind it fails
        "3 plan") "$MYRECON" repair show "$PLAN" >/dev/null 2>&1 || WRONG+="$error at $n: the plan is not whole
" ;;
        *) WRONG+="$error at $n of $total: exit code $RC, left behind: $left, $(head -n 1 "$ERR")
" ;;
        esac
    done
done
is "a plan is whole or absent, whatever write fails" "$WRONG" ""

rm -rf "$IT_TMP/dir"/*
failing 0 EIO "${make_plan[@]}"
failing 0 EIO apply --yes "$PLAN" "$DST"
total=$(head -n 1 "$IT_TMP/report")
is "an undisturbed apply" "$RC $(next_on b members) $((total > 4))" "0 1000003 1"
WRONG=
for error in EIO ENOSPC; do
    for ((n = 1; n <= total; n++)); do
        rm -f "$PLAN"/journal*
        at b "ALTER TABLE members AUTO_INCREMENT = 1; ALTER TABLE log AUTO_INCREMENT = 1"
        failing "$n" "$error" apply --yes "$PLAN" "$DST"
        case $RC in
        0) ;;
        3) grep -q '^myrecon: error: .*journal' "$ERR" || WRONG+="$error at $n: the journal is not named
" ;;
        *) WRONG+="$error at $n: exit code $RC
" ;;
        esac
        failing 0 EIO apply --yes "$PLAN" "$DST"
        [ "$RC $(next_on b members) $(next_on b log)" = "0 1000003 1000001" ] ||
            WRONG+="$error at $n, then again: exit code $RC, $(next_on b members) $(next_on b log)
"
    done
done
is "apply ends with an error that names the journal, and goes on from it" "$WRONG" ""
at b "ALTER TABLE members AUTO_INCREMENT = 1"
failing 1 ENOSPC apply --yes "$PLAN" "$DST"
like "a full disk has its hint" "$(cat "$ERR")" "hint: Free some space"
finish
