#!/bin/bash
# snapshot_faults.sh: the N-th write of `snapshot create` fails, for every N: a snapshot is
# whole or not there, and what is left of it is gone on with.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../fault/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
LIBRARY=$FAULT_DIR/failing_io.so
[ -e "$LIBRARY" ] || bail "no library at $LIBRARY"
begin a
at a "CREATE TABLE members (id INT PRIMARY KEY, v INT); INSERT INTO members VALUES (1, 1), (2, 2);
    CREATE TABLE log (id INT, what TEXT); INSERT INTO log VALUES (1, 'x'); CREATE VIEW w AS SELECT id FROM members"
mkdir "$IT_TMP/dir"
SNAP=$IT_TMP/dir/snap
SRC=$(uri a "$DB")

failing() { # failing N ERROR: create with the N-th write failing (0: none)
    CMD=("$MYRECON" snapshot create -q --threads 1 "$SRC" "$SNAP")
    timeout -k 5 60 env LD_PRELOAD="$LIBRARY" MR_FAULT_PATH="$IT_TMP/dir/" MR_FAULT_AT="$1" \
        MR_FAULT_ERROR="$2" MR_FAULT_REPORT="$IT_TMP/report" "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}

failing 0 EIO
total=$(head -n 1 "$IT_TMP/report")
is "an undisturbed run" "$RC $((total > 20))" "0 1"
WRONG=
for error in EIO ENOSPC; do
    for n in $(spread "${total:-1}" 60); do
        rm -rf "$IT_TMP/dir"/*
        failing "$n" "$error"
        case "$RC $(cd "$IT_TMP/dir" && ls | xargs)" in
        # a failed sync of the directory above comes when all of it is there
        "0 snap" | "3 snap") ;;
        "3 snap.partial" | "3 ") grep -q '^myrecon: error: ' "$ERR" || WRONG+="$error at $n: no error line
" ;;
        *) WRONG+="$error at $n of $total: exit code $RC, left: $(ls "$IT_TMP/dir" | xargs), $(head -n 1 "$ERR")
" ;;
        esac
        if [ ! -e "$SNAP" ]; then
            take --threads 1 "$SRC" "$SNAP"
            [ "$RC" = 0 ] || WRONG+="$error at $n: it does not go on: $RC $(head -n 1 "$ERR")
"
        fi
        snap verify "$SNAP"
        [ "$RC" = 0 ] || WRONG+="$error at $n: not whole: $(head -n 2 "$OUT")
"
    done
done
is "whole or not there, whatever write fails, and gone on with" "$WRONG" ""
finish
