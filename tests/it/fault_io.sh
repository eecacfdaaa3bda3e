#!/bin/bash
# fault_io.sh: the N-th write to the case file or to standard output fails, for N all over a
# run: a clean error or the right result; the case is never damaged, and --resume goes on
# from it to the result of an undisturbed run.
#
# A disk that is full from the N-th write on, one call that fails with an input/output error,
# one that writes only half (which is no error).

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
LIBRARY=$FAULT_DIR/failing_io.so CASE_SQL=$FAULT_DIR/case_sql
[ -e "$LIBRARY" ] && [ -x "$CASE_SQL" ] || bail "no library at $LIBRARY"
begin
small_pair ab
at ab "CREATE TABLE many (id INT PRIMARY KEY, v INT, pad VARCHAR(200));
    INSERT INTO many SELECT seq, seq, REPEAT('p', 200) FROM seq_1_to_12000"
at b "UPDATE many SET v = -v WHERE id % 20 = 0"
mkdir "$IT_TMP/dir" "$IT_TMP/tmp"
CASE=$IT_TMP/dir/case

failing() { # failing PATH N ERROR [ARGS…]: check with the N-th write to PATH failing (0: none)
    CMD=("$MYRECON" check --json --no-progress --settle 0 --threads 1 "$SRC" "$DST" "${@:4}")
    timeout -k 5 60 env LD_PRELOAD="$LIBRARY" MR_FAULT_PATH="$1" MR_FAULT_AT="$2" \
        MR_FAULT_ERROR="$3" MR_FAULT_REPORT="$IT_TMP/report" TMPDIR="$IT_TMP/tmp" \
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

intact() { # the case, where there is one, is whole
    local said
    [ -e "$CASE" ] || return 0
    cp "$IT_TMP"/dir/* "$IT_TMP/copy/" # looking into it may change it
    said=$("$CASE_SQL" "$IT_TMP/copy/case" "PRAGMA integrity_check" 2>&1)
    rm -f "$IT_TMP"/copy/*
    [ "$said" = ok ] || echo "the case is damaged: $said"
}
mkdir "$IT_TMP/copy"

goes_on() { # goes_on LABEL: --resume, to the whole result, leaving one file
    run_check "$SRC" "$DST" --settle 0 --threads 1 --case "$CASE" --resume
    is_whole && [ "$(ls "$IT_TMP/dir")" = case ] && return
    WRONG+="$1: resumed: exit code $RC, $(ls "$IT_TMP/dir" | xargs)
$(diff <(echo "$WHOLE") <(whole) | head -n 4)
$(head -n 3 "$ERR")
"
}

all_over() { # all_over DESCRIPTION PATH COUNT ERRORS OP: with a case; OP 0 holds for the fatal ones
    local n total label errors=($4) i=0 error failed=0
    rm -f "$IT_TMP"/dir/*
    failing "$2" 0 EIO --case "$CASE"
    total=$(head -n 1 "$IT_TMP/report")
    is "$1: an undisturbed run under the library" "$(what_is_wrong)" ""
    for n in $(spread "${total:-1}" "$3"); do
        rm -f "$IT_TMP"/dir/*
        error=${errors[i++ % ${#errors[@]}]}
        label="$1: $error at $n of $total"
        failing "$2" "$n" "$error" --case "$CASE"
        [ "$RC" = 1 ] || failed=$((failed + 1))
        judge "$label" "$(intact)" "$(left_behind "$IT_TMP/tmp")" \
            "$(left_behind "$IT_TMP/dir" case case-wal case-shm case-journal)"
        goes_on "$label"
    done
    judged "$1: $3 of $total calls failed, one by one"
    ok "$1: fatal: $failed, wanted $5 0" test $failed "$5" 0
}

undisturbed "undisturbed: exits 1" 1 --threads 1
all_over "case" "$CASE" "$SEEDS" "ENOSPC EIO" -gt
all_over "case, short writes" "$CASE" $((SEEDS / 5 + 1)) SHORT -eq
all_over "stdout" stdout $((SEEDS / 3 + 1)) "ENOSPC EIO" -gt

# Without a case, a result that does not arrive is an error all the same.
for n in 1 9; do
    for error in ENOSPC EIO; do
        failing stdout $n $error
        judge "$error at write $n" "$([ "$RC" = 3 ] || echo "no error")"
    done
done
judged "stdout, no case: exits 3"
failing stdout 5 SHORT
is "stdout, no case: a short write is none" "$(what_is_wrong) $RC" " 1"

# A full disk where temporary files go: the case that nobody asked for lives there, as soon as
# it holds more than memory is meant to.
at ab "DROP TABLE many; CREATE TABLE bulk (id INT PRIMARY KEY, pad VARCHAR(500))"
at a "INSERT INTO bulk SELECT seq, REPEAT('p', 400) FROM seq_1_to_8000"
at b "INSERT INTO bulk SELECT seq, REPEAT('q', 400) FROM seq_1_to_8000"
undisturbed "temporary case: undisturbed: exits 1" 1 --threads 1 --max-rows 10
failing etilqs 0 EIO --max-rows 10
is "temporary case: right with the library" "$(what_is_wrong)" ""
total=$(head -n 1 "$IT_TMP/report")
ok "temporary case: it is written to a file" test "$total" -gt 100
for n in $(spread "$total" 3); do
    failing etilqs "$n" ENOSPC --max-rows 10
    judge "temporary case: ENOSPC at $n of $total" "$(left_behind "$IT_TMP/tmp")"
done
judged "temporary case: a full disk"
finish
