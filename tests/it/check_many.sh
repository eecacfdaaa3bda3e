#!/bin/bash
# check_many.sh: tables with very many findings, which several workers confirm together:
# none is lost or found twice, also when the run is killed in the middle of that; and rows
# far wider than the others stay within the memory that check may take.

. "$(dirname "$0")/lib.sh"
begin
ROWS=24000 FROM=4000
MANY=$((ROWS - FROM))
fill() { # fill TABLE ID CONDITION NAME: rows of both sides' shape
    echo "CREATE TABLE $1 (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE,
        name VARCHAR(60)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
        INSERT INTO $1 SELECT $2, CONCAT('+49', seq * 7), $4 FROM seq_1_to_$ROWS WHERE $3;"
}
for table in changed missing shifted gaps texts; do
    at a "$(fill $table seq 1 "CONCAT('Member ', seq)")"
done
at b "$(fill changed seq 1 "CONCAT('Member ', seq, IF(seq > $FROM, '!', ''))")
$(fill missing seq "seq <= $FROM" "CONCAT('Member ', seq)")
$(fill shifted "seq + (seq > $FROM)" 1 "CONCAT('Member ', seq)")
$(fill gaps seq 1 "CONCAT('Member ', seq, IF(seq % 3 = 0 OR seq BETWEEN 12000 AND 13000, '!', ''))")
$(fill texts seq 1 "CONCAT('Member ', seq)")"
# a text key that the two sides write differently: pairs of findings, in random order
at ab "ALTER TABLE texts ADD code CHAR(32), DROP PRIMARY KEY, MODIFY id INT, ADD KEY (id);
    UPDATE texts SET code = MD5(id);
    ALTER TABLE texts MODIFY code CHAR(32) NOT NULL PRIMARY KEY, DROP COLUMN id"
at b "UPDATE texts SET code = UPPER(code), name = CONCAT(name, '!') WHERE CRC32(code) % 2"
TEXTS=$(client a -D "$DB" <<<"SELECT COUNT(*) FROM texts WHERE CRC32(code) % 2 AND BINARY code <> UPPER(code)")

CASE=$IT_TMP/case
counts() { # of a table, in one line
    table_field "$1" '| "\(.missing) \(.extra) \(.changed) \(.collision) \(.moved)"' | tr -d '"'
}
counts_are() { # counts_are DESCRIPTION
    is "$1: changed" "$(table_field changed changed)" $MANY
    is "$1: missing" "$(table_field missing missing)" $MANY
    table_is "$1: shifted" shifted ".missing == 1 and .extra == 1 and .collision == $((MANY - 1)) and .moved == $MANY"
    table_is "$1: gaps" gaps ".changed == $((ROWS / 3 + 667)) and .moved == 0"
    table_is "$1: text keys" texts ".changed == $TEXTS and .missing == 0 and .extra == 0"
}
once() { # keys that stand on two row lines, or none of whose images is there
    jq -c 'select(.type == "row") | if .source == null and .target == null then "no row" else [.table, .key] end' \
        "$OUT" | sort | uniq -d | head -n 3
}
whole() { jq -Sc 'select(.type != "run") | del(.seconds, .bytes)' "$OUT" | sort | md5sum; }

for threads in 1 3; do
    check_is 1 "$threads threads: exits 1" --threads $threads --max-rows 100000
    counts_are "$threads threads"
    is "$threads threads: no key twice" "$(once)" ""
    whole >"$IT_TMP/whole.$threads"
done
is "as many findings by one worker as by three" "$(cat "$IT_TMP/whole.1")" "$(cat "$IT_TMP/whole.3")"

# kill -9 while rows are confirmed: some are seen once, or true, and some are still suspects.
if command -v sqlite3 >/dev/null; then
    start() {
        CMD=("$MYRECON" check --json --no-progress "$SRC" "$DST" --settle 0 --threads 3 --max-rows 100000
            --case "$CASE" "$@")
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
        PID=$!
    }
    states() {
        sqlite3 -readonly "$CASE" "SELECT group_concat(DISTINCT state) FROM
            (SELECT state FROM finding UNION ALL SELECT state FROM suspect_page ORDER BY 1)" 2>&1
    }
    killed() { # killed STATES: a run killed when the case holds findings of these states
        local try
        for try in 1 2 3 4 5; do
            rm -f "$CASE"*
            start
            while kill -0 $PID 2>/dev/null && [[ $(states) != $1 ]]; do sleep 0.1; done
            kill -KILL $PID 2>/dev/null
            wait $PID 2>/dev/null
            [[ $(states) != $1 ]] || return 0
        done
        states
        return 1
    }
    for states in '0,1*' '*1,2*'; do
        ok "killed with findings of states $states" killed "$states"
        is "killed with $states: suspects are in pages, which earlier versions refuse" \
            "$(sqlite3 -readonly "$CASE" 'PRAGMA user_version')" 3
        check_is 1 "killed with $states: resumed" --threads 3 --max-rows 100000 --case "$CASE" --resume
        counts_are "killed with $states: resumed"
        is "killed with $states: the whole result" "$(whole)" "$(cat "$IT_TMP/whole.3")"
        is "killed with $states: no page is left" \
            "$(sqlite3 "$CASE" 'PRAGMA user_version; SELECT count(*) FROM suspect_page')" $'2\n0'
    done
else
    skip "killed while rows are confirmed" "sqlite3 is not installed"
fi

# Wide rows among many small ones: a batch is as many rows of the average size, and must
# not keep the images of all of them.  64 MiB, and twice the widest row a connection.
at ab "CREATE TABLE wide (id INT PRIMARY KEY, body LONGBLOB);
    INSERT INTO wide SELECT seq, 'small' FROM seq_1_to_60000;
    INSERT INTO wide SELECT 100000 + seq, REPEAT(CHAR(seq), 3000000) FROM seq_1_to_40"
at b "UPDATE wide SET body = CONCAT(body, 'x') WHERE id > 59900"
CMD=("$MYRECON" check --json --no-progress "$SRC" "$DST" --settle 0 --threads 2 --tables wide --max-rows 0)
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
PEAK=0
while peak=$(awk '/^VmHWM/ { print $2 }' /proc/$PID/status 2>/dev/null) && [ -n "$peak" ]; do
    PEAK=$peak
    sleep 0.02
done
wait $PID
RC=$?
is "wide rows: exits 1" "$RC" 1
table_is "wide rows: all are found" wide ".changed == 140"
echo "# peak memory with wide rows: $PEAK KiB"
ok "wide rows: peak memory" test "$PEAK" -le $(((64 + 4 * 2 * 3) * 1024))
finish
