#!/bin/bash
# fault_affected.sh: memory runs out at the N-th allocation, or a disk is full at the N-th
# write, for N all over a list: the whole list and 0, or a clean error and no file.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
ALLOC=$FAULT_DIR/failing_alloc.so IO=$FAULT_DIR/failing_io.so
MAKE_CASE=$(dirname "$MYRECON")/tests/cli/make_case
[ -e "$ALLOC" ] && [ -e "$IO" ] && [ -x "$MAKE_CASE" ] || bail "no libraries at $FAULT_DIR"
begin ''
mkdir "$IT_TMP/dir" "$IT_TMP/to"
CASE=$IT_TMP/dir/club.case LIST=$IT_TMP/to/list
"$MAKE_CASE" "$CASE" || bail "no case"
WITHIN=-nowhere- # a library, by a part of its path

listing() { # listing VARIABLES ARGS…: with the variables of a fault in the environment
    CMD=("$MYRECON" affected --case "$CASE" --output "$LIST" "${@:2}")
    rm -f "$IT_TMP"/to/*
    # shellcheck disable=SC2086 # several words
    timeout -k 5 60 env MR_FAULT_REPORT="$IT_TMP/report" MR_FAULT_IN="$WITHIN" $1 \
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

wrong() { # with the last list, one a line; nothing where it is as it may be
    [ ! -s "$OUT" ] || echo "something on standard output"
    case $RC in
    "$WHOLE_RC") cmp -s "$LIST" "$IT_TMP/whole" || echo "exit code $RC with another list" ;;
    3)
        [ "$(grep -c '^myrecon: error: ' "$ERR")" = 1 ] || echo "not one error line"
        [ -z "$(ls -A "$IT_TMP/to")" ] || echo "a file: $(ls -A "$IT_TMP/to")"
        ;;
    *) echo "exit code $RC" ;;
    esac
    left_behind "$IT_TMP/dir" club.case
    [ "$(cksum <"$CASE")" = "$SUM" ] || echo "the case is another one"
}

all_over() { # all_over DESCRIPTION WANTED-RC LIBRARY VARIABLES ARGS…
    local n total failed=0 count=0 wrong sticky=0 said=
    WHOLE_RC=$2 SUM=$(cksum <"$CASE")
    listing "LD_PRELOAD=$3 $4" "${@:5}"
    is "$1: an undisturbed list under the library" "$RC" "$2"
    cp "$LIST" "$IT_TMP/whole"
    total=$(head -n 1 "$IT_TMP/report")
    for n in $(spread "${total:-1}" $((SEEDS * 2))); do
        listing "LD_PRELOAD=$3 MR_FAULT_AT=$n MR_FAULT_STICKY=$sticky $4" "${@:5}"
        wrong=$(wrong)
        [ -z "$wrong" ] || said+="$n of $total, sticky $sticky (exit code $RC): $wrong
$(head -n 3 "$ERR" | cut -c1-300 | sed 's/^/    /')
"
        [ "$RC" = "$WHOLE_RC" ] || failed=$((failed + 1))
        count=$((count + 1))
        sticky=$((1 - sticky))
    done
    CMD=()
    result "$([ -z "$said" ]; echo $?)" "$1: $count of $total, one by one" "$(head -n 40 <<<"$said")"
    ok "$1: $failed were fatal, at least a quarter" test $((failed * 4)) -ge "$count"
}

all_over "csv" 0 "$ALLOC" '' --columns note,id
all_over "json" 0 "$ALLOC" '' --json
all_over "sql" 0 "$ALLOC" '' --format sql --columns note
all_over "template" 4 "$ALLOC" '' --columns note --template '{id}{note}' --shell-safe
WITHIN=libsqlite3
all_over "in SQLite" 0 "$ALLOC" '' --columns note,id
all_over "a full disk" 0 "$IO" "MR_FAULT_PATH=$IT_TMP/to MR_FAULT_ERROR=ENOSPC"
all_over "a broken disk" 0 "$IO" "MR_FAULT_PATH=$IT_TMP/to MR_FAULT_ERROR=EIO"
finish
