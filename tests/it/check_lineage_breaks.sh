#!/bin/bash
# check_lineage_breaks.sh: whom differing rows belong to, where a run sees only a part of the rows,
# and where it is killed, or a table or a right goes, while it finds that out.

. "$(dirname "$0")/lib.sh"
begin
CASE=$IT_TMP/case INI=$IT_TMP/ini USER=it_kin
kin_done() { ask_case "SELECT kin_done, finished FROM run ORDER BY id DESC LIMIT 1"; }

# --- windows -----------------------------------------------------------------------------

at ab "
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME, v INT);
CREATE TABLE staff (code VARCHAR(9) PRIMARY KEY, v INT);
CREATE TABLE orders (id INT PRIMARY KEY, member_id INT, code VARCHAR(9), created_at DATETIME, KEY (member_id));
INSERT INTO members VALUES (1, 'm1', '2026-01-01', 1), (5, 'm5', '2026-01-01', 1), (6, 'm6', '2026-01-01', 1);
INSERT INTO staff VALUES ('z', 1)"
at a "INSERT INTO members VALUES (2, 'm2', '2026-01-01', 1), (7, 'm7', '2026-01-01', 1), (9, 'm9', '2026-01-01', 1);
    INSERT INTO orders VALUES (1, 1, NULL, '2026-03-01'), (2, 2, NULL, '2026-03-01'), (3, 5, 'a', '2026-03-01'),
        (4, 7, 'z', '2026-03-01'), (5, 9, NULL, '2026-03-01'), (6, 1, 'z', '2026-01-01');
    INSERT INTO staff VALUES ('a', 1), ('c', 1)"
at b "INSERT INTO members VALUES (7, 'else', '2026-01-01', 1), (9, 'M9', '2026-01-01', 2);
    INSERT INTO orders VALUES (1, 6, NULL, '2026-03-01'), (2, 6, NULL, '2026-03-01'), (3, 6, 'z', '2026-03-01'),
        (4, 6, 'z', '2026-03-01'), (5, 6, NULL, '2026-03-01'), (6, 1, 'a', '2026-01-01');
    INSERT INTO staff VALUES ('A', 1), ('d', 1)"
cat >"$INI" <<END
[table $DB.members]
subject = yes
[table $DB.staff]
subject = yes
identity = key
[table $DB.orders]
reference = member_id -> $DB.members.id
reference = code -> $DB.staff.code
END
people_of() { # people_of TABLE: the ancestors, "SIDE KEY", text keys as text
    ask_case "SELECT CASE side WHEN 0 THEN 'source' ELSE 'target' END || ' ' || CASE hex(substr(a.key, 1, 1))
        WHEN '74' THEN CAST(substr(a.key, 6) AS TEXT) ELSE hex(substr(a.key, -1)) END
        FROM ancestor a JOIN tbl t ON t.id = a.tbl WHERE t.name = '$DB.$1' AND t.run = LAST ORDER BY 1" | xargs
}
check_is 1 "--since" --case "$CASE" --config "$INI" --since 2026-02-01 --where "$DB.staff=v > 100"
ways_are "--since: only rows of the window are followed, to people outside of it" orders "source orders:1! > members:1
source orders:2! > members:2
source orders:3! > members:5
source orders:3! > staff:a
source orders:4! > members:7
source orders:4! > staff:z
source orders:5! > members:9
target orders:1! > members:6
target orders:2! > members:6
target orders:3! > members:6
target orders:3! > staff:z
target orders:4! > members:6
target orders:4! > staff:z
target orders:5! > members:6"
is "--since: each of them is on the other side, too, if it is the same person there" "$(people_of members)" \
    "source 01 source 02 source 05 source 06 source 07 source 09 target 01 target 05 target 06 target 09"
is "--since: so are people who are named by their key, in any spelling" "$(people_of staff)" \
    "source a source z target A target z"
is "--since: tables of which only a part was read" "$(ask_case "SELECT name, windowed FROM tbl WHERE name LIKE '%.members' OR name LIKE '%.staff'" | xargs)" \
    "$DB.members|1 $DB.staff|1"
check_is 1 "whole" --case "$CASE" --config "$INI" --exclude staff
is "whole: what is on one side is known" "$(people_of members)" "source 01 source 05 target 01 target 06"

# --- a table that is locked in the middle --------------------------------------------------

# Nobody but the search for people reads `members`, once it is known to be equal: locked while
# the run waits between its readings, the table stops just that search.
at ab "DROP TABLE orders, members, staff;
CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE shops (id INT PRIMARY KEY, member_id INT);
CREATE TABLE orders (id INT PRIMARY KEY, member_id INT, shop_id INT, v INT);
INSERT INTO members SELECT seq, CONCAT('m', seq) FROM seq_1_to_1500;
INSERT INTO shops SELECT seq, seq FROM seq_1_to_50;
INSERT INTO orders SELECT seq, seq, seq % 50 + 1, 1 FROM seq_1_to_1500"
at b "UPDATE orders SET v = 2"
cat >"$INI" <<END
[table $DB.members]
subject = yes
[table $DB.*]
reference = member_id -> $DB.members.id
reference = shop_id -> $DB.shops.id
END
for side in a b; do
    client $side <<<"CREATE OR REPLACE USER '$USER'@'127.0.0.1';
        GRANT SELECT ON $DB.members TO '$USER'@'127.0.0.1'; GRANT SELECT ON $DB.shops TO '$USER'@'127.0.0.1';
        GRANT SELECT, TRIGGER ON $DB.orders TO '$USER'@'127.0.0.1'" || bail "no account"
    at_exit "client $side <<<\"DROP USER IF EXISTS '$USER'@'127.0.0.1'\""
done
SRC=$(uri a "$DB" $USER) DST=$(uri b "$DB" $USER)
ARGS=(--config "$INI" --threads 2 --max-rows 0 --objects table,column --tables "$DB.orders" --tables "$DB.members" --tables "$DB.shops" --case "$CASE")
rm -f "$CASE"*
check_is 1 "undisturbed" "${ARGS[@]}"
WHOLE=$(ways)
is "undisturbed: all are found" "$(grep -c 'members:' <<<"$WHOLE")" 6000
rows() { ask_case "SELECT (SELECT count(*) FROM link), (SELECT count(*) FROM ancestor), (SELECT count(*) FROM reference)"; }
ROWS=$(rows)

start() { # start [text]: check in the background, up to where it waits for `members`
    local i settle form=(--json)
    [ $# = 0 ] || form=()
    for settle in 1 2 5; do
        rm -f "$CASE"*
        CMD=("$MYRECON" check "${form[@]}" --no-progress "$SRC" "$DST" --settle $settle "${ARGS[@]}")
        "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
        PID=$!
        await_case "SELECT min(scanned) FROM tbl" 1
        tell "LOCK TABLES members WRITE; SELECT 'locked'"
        for ((i = 0; i < 300; i++)); do
            WAITING=$(client b <<<"SELECT id FROM information_schema.processlist WHERE user = '$USER'
                AND state LIKE 'Waiting for table%' AND info LIKE '%members%'")
            [ -z "$WAITING" ] || return 0
            kill -0 "$PID" 2>/dev/null || break
            sleep 0.05
        done
        tell "UNLOCK TABLES; SELECT 1" # it was past that already
        ended
    done
    return 1
}
await_case() { # await_case SQL ANSWER: of the case
    local i
    for ((i = 0; i < 200; i++)); do
        [ "$(ask_case "$1" 2>/dev/null)" != "$2" ] || return 0
        sleep 0.02
    done
}
tell() { # tell SQL: to the session that holds the lock; returns when it was done
    echo "$1;" >&"${LOCKER[1]}"
    case $1 in *SELECT*) read -r -t 10 REPLY <&"${LOCKER[0]}" ;; esac
}
ended() { wait "$PID" 2>/dev/null; RC=$?; }
coproc LOCKER { client b -D "$DB" --unbuffered -f 2>&1; }
trap 'kill "$LOCKER_PID" 2>/dev/null; clean_up' EXIT
resumed() { # resumed DESCRIPTION
    check_is 1 "$1: resumed" "${ARGS[@]}" --resume
    is "$1: resumed: everybody is found" "$(diff <(echo "$WHOLE") <(ways) | head -n 5)" ""
    is "$1: resumed: nothing is there twice" "$(rows)" "$ROWS"
    is "$1: resumed: recorded" "$(kin_done)" "1|1"
    is "$1: resumed: one run, one file" "$(ask_case "SELECT count(*) FROM run") $(cd "$IT_TMP" && ls case*)" "1 case"
}

start
is "killed: while it looks for people" $? 0
await_case "SELECT count(*) > 0 FROM link" 1
kill -9 "$PID"
ended
tell "UNLOCK TABLES; SELECT 1"
is "killed: not recorded as done" "$(kin_done)" "0|0"
ok "killed: something was found by then" test "$(ask_case "SELECT count(*) FROM link")" -gt 0
resumed "killed"

start
is "interrupted: while it looks for people" $? 0
kill -INT "$PID"
tell "UNLOCK TABLES; SELECT 1"
ended
is "interrupted: exits 6" "$RC" 6
resumed "interrupted"

for how in "KILL QUERY" KILL; do
    start
    is "$how: while it looks for people" $? 0
    client b <<<"$how ${WAITING%%$'\n'*}"
    tell "UNLOCK TABLES; SELECT 1"
    ended
    is "$how: exits 1: it is read again" "$RC" 1
    is "$how: everybody is found" "$(diff <(echo "$WHOLE") <(ways) | head -n 5)" ""
    is "$how: recorded" "$(kin_done)" "1|1"
done

start
is "dropped: while it looks for people" $? 0
tell "DROP TABLE members; SELECT 1"
ended
is "dropped: exits 4" "$RC" 4
is "dropped: shape of the result" "$(shape)" ""
is "dropped: the rows are told all the same" "$(jq -c 'select(.type == "summary") | [.verdict, .changed]' "$OUT")" \
    '["incomplete",1500]'
like "dropped: a warning says what is not known" "$(cat "$ERR")" 'warning: whom .*belong.*members'
is "dropped: to be resumed" "$(kin_done)" "0|0"
at b "CREATE TABLE members (id INT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE);
    INSERT INTO members SELECT seq, CONCAT('m', seq) FROM seq_1_to_1500"
resumed "dropped"

start
is "a right is taken: while it looks for people" $? 0
client b <<<"REVOKE SELECT ON $DB.shops FROM '$USER'@'127.0.0.1'"
tell "UNLOCK TABLES; SELECT 1"
ended
is "a right is taken: exits 4" "$RC" 4
like "a right is taken: a warning says which" "$(cat "$ERR")" 'warning: whom .*belong.*(denied|command).*shops'
is "a right is taken: to be resumed" "$(kin_done)" "0|0"
client b <<<"GRANT SELECT ON $DB.shops TO '$USER'@'127.0.0.1'"
resumed "a right is taken"

start text
is "as text: while it looks for people" $? 0
tell "DROP TABLE members; SELECT 1"
ended
is "as text: exits 4" "$RC" 4
like "as text: how to go on" "$(xargs -d "\n" <"$OUT")" "belong to is not known.*--resume"

# --- wide rows among many small ones -----------------------------------------------------------

# Rows that differ, rows that they lead to, and rows that one value names, all of them far wider
# at the end than on the average: 64 MiB, and twice the widest row a connection.
SRC=$(uri a "$DB") DST=$(uri b "$DB")
at ab "CREATE OR REPLACE TABLE pages (id INT PRIMARY KEY, album_id INT, town VARCHAR(9), body LONGBLOB);
    CREATE OR REPLACE TABLE albums (id INT PRIMARY KEY, page_id INT, town VARCHAR(9), body LONGBLOB);
    INSERT INTO pages SELECT seq, seq, IF(seq > 980, CONCAT('t', seq), NULL), 'small' FROM seq_1_to_1000;
    INSERT INTO albums SELECT seq, 1, CONCAT('t', seq), IF(seq > 960, REPEAT(CHAR(seq % 200), 3000000), 'small') FROM seq_1_to_1000;
    INSERT INTO albums SELECT seq, 1, CONCAT('t', seq - 100), 'small' FROM seq_1081_to_1090"
at b "UPDATE pages SET body = 'other' WHERE id < 990; UPDATE pages SET body = REPEAT('x', 3000000) WHERE id >= 990"
cat >"$INI" <<END
[table $DB.pages]
reference = album_id -> $DB.albums.id
reference = town -> $DB.albums.town
[table $DB.albums]
reference = page_id -> $DB.pages.id
END
rm -f "$CASE"*
CMD=("$MYRECON" check --json --no-progress "$SRC" "$DST" --settle 0 --threads 2 --tables pages --tables albums
    --max-rows 0 --config "$INI" --case "$CASE")
"${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null &
PID=$!
PEAK=0
while peak=$(awk '/^VmHWM/ { print $2 }' /proc/$PID/status 2>/dev/null) && [ -n "$peak" ]; do
    PEAK=$peak
    sleep 0.02
done
ended
is "wide rows: exits 1" "$RC" 1
is "wide rows: everything is found" "$(ask_case "SELECT side, count(*), count(DISTINCT l.parent) FROM link l
    JOIN reference r ON r.id = l.reference JOIN tbl t ON t.id = r.tbl WHERE t.name = '$DB.pages' GROUP BY side")" \
    "0|1030|1010
1|1030|1010"
echo "# peak memory with wide rows: $PEAK KiB"
ok "wide rows: peak memory" test "$PEAK" -le $(((64 + 4 * 2 * 3) * 1024))

# --- only where a case is kept ---------------------------------------------------------------

if own_begin X; then
    for name in one two; do
        client "$MR_X_URI" <<<"CREATE DATABASE $name; USE $name; CREATE TABLE members (id INT PRIMARY KEY);
            CREATE TABLE orders (id INT PRIMARY KEY, member_id INT, v INT, FOREIGN KEY (member_id) REFERENCES members (id));
            INSERT INTO members VALUES (1), (2), (3); INSERT INTO orders VALUES (1, 1, 1), (2, 2, 1)"
    done
    client "$MR_X_URI" <<<"UPDATE two.orders SET v = 2; SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1"
    SRC=$MR_X_URI/one DST=$MR_X_URI/two
    searches() { # how often rows of members were read by their keys
        client "$MR_X_URI" <<<"SELECT count(*) FROM mysql.general_log WHERE argument LIKE '%FROM \`%\`.\`members\` WHERE%IN (%'
            AND command_type = 'Execute'; TRUNCATE mysql.general_log"
    }
    check_is 1 "no case"
    is "no case: nobody is looked for" "$(searches)" 0
    rm -f "$CASE"*
    check_is 1 "a case" --case "$CASE"
    is "a case: one statement a side" "$(searches)" 2
else
    skip "no case" "no private server"
fi
finish
