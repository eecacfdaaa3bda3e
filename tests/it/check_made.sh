#!/bin/bash
# check_made.sh: --resume goes on only with the table of which it has read rows: not with one that
# took its place since, nor in the order of another collation.

. "$(dirname "$0")/lib.sh"
begin ab
CASE=$IT_TMP/case
at ab "CREATE TABLE words (k VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT NOT NULL, pad VARCHAR(200));
    INSERT INTO words SELECT CONCAT('a', LPAD(seq, 7, '0')), seq, REPEAT('p', 180) FROM seq_1_to_280000;
    INSERT INTO words SELECT CONCAT('B', LPAD(seq, 7, '0')), seq, REPEAT('p', 180) FROM seq_1_to_20000"
at b "UPDATE words SET v = -1 WHERE k LIKE 'B%' AND v <= 2000"
ONE=(--threads 1 --digest client)

killed() { # killed DESCRIPTION: a run of which some chunks are kept, and not all
    local i
    rm -f "$CASE"*
    "$MYRECON" check --json --no-progress --settle 0 "${ONE[@]}" --pause-file "$IT_TMP/pause" --case "$CASE" "$SRC" "$DST" \
        >"$OUT" 2>"$ERR" </dev/null &
    PID=$!
    for ((i = 0; i < 1000; i++)); do
        [ "$(sqlite3 -readonly "$CASE" 'SELECT count(*) FROM chunk' 2>/dev/null || echo 0)" -lt 2 ] || break
        sleep 0.01
    done
    touch "$IT_TMP/pause"
    kill -9 $PID
    wait $PID 2>/dev/null
    rm -f "$IT_TMP/pause"
    is "$1: killed when some of it was read" \
        "$(sqlite3 "$CASE" 'SELECT count(*) BETWEEN 2 AND 40, (SELECT max(finished) FROM run) FROM chunk')" "1|0"
}
from_start() { grep -c 'table ".*words" is not the one that the run began to read: from the start' "$ERR"; }

killed "nothing changed"
check_is 1 "nothing changed: resumed" "${ONE[@]}" --case "$CASE" --resume
table_is "nothing changed: the damage" words '.changed == 2000 and .source_rows == 300000'
is "nothing changed: goes on" "$(from_start)" 0

killed "another collation"
at ab "ALTER TABLE words MODIFY k VARCHAR(20) COLLATE utf8mb4_bin NOT NULL"
check_is 1 "another collation: resumed" "${ONE[@]}" --case "$CASE" --resume
table_is "another collation: the damage, which came first then" words '.changed == 2000 and .source_rows == 300000'
is "another collation: from the start" "$(from_start)" 1

at ab "ALTER TABLE words MODIFY k VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL;
    CREATE TABLE fresh LIKE words; INSERT INTO fresh SELECT * FROM words"
at b "UPDATE fresh SET v = -2 WHERE k IN ('a0000001', 'a0000002')"
killed "another table"
at b "RENAME TABLE words TO old, fresh TO words"
check_is 1 "another table: resumed" "${ONE[@]}" --case "$CASE" --resume
table_is "another table: its own damage" words '.changed == 2002'
finish
