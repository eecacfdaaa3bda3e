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

# ---- the case: a write to it fails, or is the last of the run -----------------------------
# Whatever the case has by then, it is whole, and the same command ends what was begun.
cd "$IT_TMP" || exit 1
T=b CASE=$IT_TMP/dir/case CASE_SQL=$FAULT_DIR/case_sql
[ -x "$CASE_SQL" ] || bail "no program at $CASE_SQL"
. "$IT_DIR/rows/lib.sh"
fresh ab "$DB"
histories
EVERY=$((SEEDS / 10 + 3))
breaking() { # breaking ARGS…: what is wrong when a write to the case fails, anywhere, and the same is run again
    local total n error
    rm -rf "$IT_TMP/was" && cp -a "$IT_TMP/dir" "$IT_TMP/was"
    on "$BACK"
    failing 0 EIO "$@"
    total=$(head -n 1 "$IT_TMP/report")
    [ "$RC" = 0 ] && [ "$total" -gt "$EVERY" ] || echo "undisturbed: exit code $RC, $total writes"
    for error in ENOSPC EIO KILL; do
        for n in $(spread "$total" "$EVERY"); do
            rm -rf "$IT_TMP/dir" && cp -a "$IT_TMP/was" "$IT_TMP/dir"
            on "$BACK"
            { failing "$n" "$error" "$@"; } 2>/dev/null
            case "$error $RC" in
            "KILL 137" | E*" 3" | E*" 0") ;; # what fails is perhaps done later, or for convenience
            *) echo "$error at $n of $total: exit code $RC: $(head -n 2 "$ERR")" ;;
            esac
            rm -rf copy && cp -a "$IT_TMP/dir" copy # looking into it changes it
            [ "$("$CASE_SQL" copy/case "PRAGMA integrity_check" 2>&1)" = ok ] || echo "$error at $n: the case is damaged"
            [ "$1" != plan ] || rm -rf "$PLAN"
            failing 0 EIO "$@"
            [ "$RC" = 0 ] || echo "$error at $n, then again: exit code $RC: $(tail -n 2 "$ERR")"
            [ "$(knows)" = "$WANTED" ] || echo "$error at $n, then again: $(knows), wanted $WANTED"
        done
    done
}
knows() { # the target, the plan and the case, where they matter; a plan's own name does not
    echo "$(people | md5sum) $(cut -d, -f1-5 "$PLAN/idmap.csv" | sort | md5sum) $(ask_case "SELECT group_concat(state || n, ' ') FROM
        (SELECT state, count(*) AS n FROM plan_map GROUP BY 1 ORDER BY 1)") $(ask_case "SELECT state FROM plan ORDER BY id DESC LIMIT 1")" | xargs
}
rm -rf "$IT_TMP/dir"/*
checked
MERGE=(plan --config my.ini --case "$CASE" --policy merge --split-at 2026-01-15 --output "$PLAN")
BACK="DO 0"
cp -a "$IT_TMP/dir" checked
failing 0 EIO "${MERGE[@]}"
WANTED=$(knows) PLANNED_RC=$RC
is "an undisturbed plan of a merge" "$PLANNED_RC ${WANTED##* - }" "0 proposed12 written"
rm -rf "$IT_TMP/dir" && cp -a checked "$IT_TMP/dir"
is "the case is whole, and the next plan is the same, whatever write of plan fails" "$(breaking "${MERGE[@]}")" ""
on "CREATE TABLE kept AS SELECT * FROM members; CREATE TABLE kept_orders AS SELECT * FROM orders; CREATE TABLE kept_log AS SELECT * FROM log"
LIVE="DELETE FROM log WHERE id NOT IN (SELECT id FROM kept_log); DELETE FROM orders WHERE id NOT IN (SELECT id FROM kept_orders);
    DELETE FROM members WHERE id NOT IN (SELECT id FROM kept)"
for what in apply undo; do
    rm -rf "$IT_TMP/was" && cp -a "$IT_TMP/dir" "$IT_TMP/was"
    failing 0 EIO $what --yes --case "$CASE" "$PLAN" "$DST"
    WANTED=$(knows)
    if [ $what = apply ]; then
        is "apply, undisturbed" "$RC ${WANTED##* - }" "0 applied12 applied"
        BACK=$LIVE
        ALL="$LIVE; INSERT INTO members SELECT * FROM all_members WHERE id NOT IN (SELECT id FROM kept);
            INSERT INTO orders SELECT * FROM all_orders WHERE id NOT IN (SELECT id FROM kept_orders);
            INSERT INTO log SELECT * FROM all_log WHERE id NOT IN (SELECT id FROM kept_log)"
        on "CREATE TABLE all_members AS SELECT * FROM members; CREATE TABLE all_orders AS SELECT * FROM orders;
            CREATE TABLE all_log AS SELECT * FROM log"
    else
        is "undo, undisturbed" "$RC ${WANTED##* - }" "0 undone12 undone"
        BACK=$ALL
    fi
    rm -rf "$IT_TMP/dir" && cp -a "$IT_TMP/was" "$IT_TMP/dir"
    is "$what: whatever write to the case or the journal fails, the case is whole, and the next run ends it" \
        "$(breaking $what --yes --case "$CASE" "$PLAN" "$DST")" ""
done
finish
