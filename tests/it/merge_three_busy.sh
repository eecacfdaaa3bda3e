#!/bin/bash
# merge_three_busy.sh: a restored change is written into a row that is busy: counters and times that TARGET
# writes between plan, apply, verify and undo stay its own; what the change leans on is guarded by name:
# the columns that it writes, who the row is, what a reference or a unique value is made of beside them.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/../lib/servers.sh"
begin ''
mr_servers_begin || bail "no servers"
trap clean_up EXIT
IT_EXIT+=(mr_servers_end)
mr_mysql_root=$("$IT_DIR/../lib/mysql9.sh" 2>"$IT_TMP/mysql9.err") || mr_mysql_root=
mr_spawn_mariadb BS && mr_spawn_mariadb BT && mr_await BS BT && mr_replicate BS BT || bail "no MariaDB pair"
PAIRS="BS:BT"
if [ -n "$mr_mysql_root" ]; then
    mr_spawn_mysql BO && mr_spawn_mysql BQ && mr_await BO BQ && mr_replicate BO BQ || bail "no MySQL pair"
    PAIRS+=" BO:BQ"
fi

run() { # COMMAND…: $RC, $OUT, $ERR
    CMD=("$MYRECON" "$@")
    timeout -k 5 120 "${CMD[@]}" >"$OUT" 2>"$ERR" </dev/null
    RC=$?
}
await_same() { # SOURCE TARGET: the target has the last row that the source wrote
    mr_sql "$1" -e "CREATE DATABASE beat; CREATE TABLE beat.b (id INT PRIMARY KEY); INSERT INTO beat.b VALUES (7)"
    for _ in {1..100}; do
        [ "$(mr_sql "$2" -e "SELECT MAX(id) FROM beat.b" 2>/dev/null)" != 7 ] || return 0
        sleep 0.1
    done
    bail "no replication"
}
plan() { # NAME OPTION…: $PLAN, $RC
    PLAN=$IT_TMP/$S.$1
    shift
    run repair plan --config "$IT_TMP/busy.ini" --case "$CASE" --policy merge --output "$PLAN" "$@"
}
refused() { # "key: reason;…" of what apply or undo lists, as JSON
    jq -r 'select(.type == "refused") | "\(.table | sub(".*\\."; "")) \(.key): \(.reason)"' "$OUT" | sort | paste -sd ';'
}
# What of each row the plan may write; and what it may not.
own() { mr_sql "$T" -e "SELECT CONCAT_WS(':', id, city, IFNULL(team, '-')) FROM busy.members ORDER BY id" | paste -sd ' '; }
others() { mr_sql "$T" -e "SELECT CONCAT_WS(':', id, visits, seen, HEX(flags), kind, IFNULL(pref, '-'), mail, edited, only_live) FROM busy.members ORDER BY id" | md5sum; }
tick() { # the live application goes on, in every row and each column that the plan does not write
    mr_sql "$T" -e "UPDATE busy.members SET visits = visits + 1, seen = NOW(6), flags = flags ^ b'1', kind = IF(kind = '', 'b', ''), pref = CONCAT('{\"n\": ', visits, '}'), mail = CONCAT(id, '-', visits, '@x'), only_live = only_live + 1"
}

cat >"$IT_TMP/busy.ini" <<'EOF2'
[table busy.members]
identity = mobile
ignore-columns = edited
[table busy.seats]
identity = none
reference = room, seat -> busy.rooms.room, seat
EOF2

for PAIR in $PAIRS; do
    S=${PAIR%:*} T=${PAIR#*:}
    SU=$(mr_get_server $S URI)/busy TU=$(mr_get_server $T URI)/busy CASE=$IT_TMP/$S.case
    mr_sql $S <<'SQL'
CREATE DATABASE busy; USE busy;
CREATE TABLE teams (id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE members (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, city VARCHAR(20), team INT,
    visits INT NOT NULL DEFAULT 0, seen DATETIME(6) NULL, flags BIT(9) NOT NULL DEFAULT b'101', kind ENUM('', 'a', 'b') NOT NULL DEFAULT 'a',
    pref JSON, mail VARCHAR(40) NOT NULL UNIQUE, hint VARCHAR(20),
    edited TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
    FOREIGN KEY (team) REFERENCES teams (id));
CREATE TABLE rooms (room INT, seat INT, note VARCHAR(9), PRIMARY KEY (room, seat));
CREATE TABLE seats (code CHAR(4) PRIMARY KEY, room INT, seat INT, n INT NOT NULL DEFAULT 0);
CREATE TABLE plates (id INT PRIMARY KEY, land VARCHAR(3), plate VARCHAR(9), n INT NOT NULL DEFAULT 0, UNIQUE (land, plate));
INSERT INTO teams (title) VALUES ('red'), ('blue');
INSERT INTO members (mobile, city, team, mail) VALUES ('1','x',1,'1'),('2','x',1,'2'),('3','x',1,'3'),('4','x',1,'4'),('5','x',1,'5'),('6','x',1,'6'),('7','x',1,'7');
INSERT INTO rooms VALUES (1, 1, ''), (1, 2, ''), (2, 1, ''), (2, 2, '');
INSERT INTO seats (code, room, seat) VALUES ('s1', 1, 1), ('s2', 1, 1);
INSERT INTO plates (id, land, plate) VALUES (1, 'D', 'a'), (2, 'D', 'b');
CREATE DATABASE named; -- by a column that no unique index holds
CREATE TABLE named.people (id INT AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL, city VARCHAR(20), KEY (mobile));
INSERT INTO named.people (mobile, city) VALUES ('1', 'x'), ('2', 'x');
SQL
    await_same $S $T
    mr_sql "$T" -e "STOP SLAVE; RESET SLAVE ALL" 2>/dev/null || mr_sql "$T" -e "STOP REPLICA; RESET REPLICA ALL"
    mr_sql $S <<'SQL'
USE busy;
INSERT INTO teams (title) VALUES ('green');
UPDATE members SET city = 's' WHERE id IN (1, 3, 4, 5, 6);
UPDATE members SET team = 3 WHERE id = 2;            -- to lost history
UPDATE members SET city = 's', hint = 's' WHERE id = 7;
UPDATE seats SET seat = 2;
UPDATE plates SET plate = CONCAT(plate, 's');
UPDATE named.people SET mobile = CONCAT(mobile, mobile);
SQL
    mr_sql $T -e "ALTER TABLE busy.members ADD only_live INT NOT NULL DEFAULT 0; INSERT INTO busy.teams (title) VALUES ('pink')"
    run check --config "$IT_TMP/busy.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/busy.ini" --case "$CASE"
    plan all
    is "$S: nothing is asked" "$RC $(wc -l <"$PLAN/conflicts.csv")" "0 1"
    green=$(jq -r '.rows.tables[] | select(.table == "busy.teams") | .first_id' "$PLAN/plan.json")

    tick
    mr_sql $T <<'SQL'
USE busy;
UPDATE members SET city = 't' WHERE id = 3;          -- what the change writes
UPDATE members SET mobile = '44' WHERE id = 4;       -- who it is
DELETE FROM members WHERE id = 5;
UPDATE seats SET room = 2 WHERE code = 's2';         -- half of what leads to the seat
UPDATE seats SET n = n + 1;
UPDATE plates SET land = 'F' WHERE id = 2;           -- half of what is unique
UPDATE plates SET n = n + 1;
SQL
    tick
    before=$(own) rest=$(others)
    run repair apply --yes --json --case "$CASE" "$PLAN" "$TU"
    is "$S: rows that are busy are written, and what the change leans on is guarded" "$RC $(refused)" \
        "1 members 3: changed since the plan was made: city;members 4: changed since the plan was made: mobile;members 5: it was deleted since the plan was made;plates 2: changed since the plan was made: land;seats s2: changed since the plan was made: room"
    is "$S: by their columns" "$(own)" "1:s:1 2:x:$green 3:t:1 4:x:1 6:s:1 7:s:1"
    is "$S: and no other, times that an UPDATE sets among them" "$(others)" "$rest"
    is "$S: with a reference of two columns, a unique value of two" \
        "$(mr_sql $T -e "SELECT GROUP_CONCAT(CONCAT_WS(':', code, room, seat, n) ORDER BY code) FROM busy.seats; SELECT GROUP_CONCAT(CONCAT_WS(':', id, land, plate, n) ORDER BY id) FROM busy.plates" | paste -sd ' ')" \
        "s1:1:2:1,s2:2:1:1 1:D:as:1,2:F:b:1"

    tick
    rest=$(others)
    run repair apply --yes --json --case "$CASE" "$PLAN" "$TU"
    is "$S: again: what was written is there, though its rows have moved on" \
        "$RC $(jq -r 'select(.type == "summary") | .rows_written' "$OUT") $(refused | tr ';' '\n' | wc -l)" "1 0 5"
    is "$S: and left as it is" "$(own) $(others)" "1:s:1 2:x:$green 3:t:1 4:x:1 6:s:1 7:s:1 $rest"
    run repair verify --json "$PLAN" "$TU"
    is "$S: verify lists what was not written, and none that moved on" \
        "$RC $(jq -r 'select(.type == "row") | "\(.table | sub(".*\\."; "")) \(.target_key | to_entries[0].value) \(.result)"' "$OUT" | sort | paste -sd ';')" \
        "1 members 3 changed-since;members 4 someone-else;members 5 missing;plates 2 changed-since;seats s2 changed-since"
    mr_sql $T <"$PLAN/verify.sql" >"$OUT" 2>"$ERR"
    is "$S: so does verify.sql" "$? $(grep -c . "$OUT")" "1 5"
    like "$S: by name" "$(cat "$OUT")" "members	3	it is not as it was planned"

    mr_sql $T -e "UPDATE busy.members SET city = 'u' WHERE id = 6"
    tick
    rest=$(others)
    run repair undo --yes --json --case "$CASE" "$PLAN" "$TU"
    like "$S: undo lists what was changed since it was written" "$RC $(refused)" "^1 .*members 6: changed since it was written: city"
    is "$S: and takes back the columns that are as they were written" "$(own)" "1:x:1 2:x:1 3:t:1 4:x:1 6:u:1 7:x:1"
    is "$S: and no other" "$(others)" "$rest"

    # by the stock client
    mr_sql $T <<'SQL'
USE busy;
UPDATE members SET city = 'x' WHERE id IN (3, 6); UPDATE members SET mobile = '4' WHERE id = 4;
UPDATE seats SET room = 1 WHERE code = 's2'; UPDATE plates SET land = 'D' WHERE id = 2;
INSERT INTO members (id, mobile, city, team, mail) VALUES (5, '5', 'x', 1, '5');
SQL
    run check --config "$IT_TMP/busy.ini" --case "$CASE" "$SU" "$TU"
    run history collect --config "$IT_TMP/busy.ini" --case "$CASE" --resume
    plan client --on-conflict both-changed=columns
    tick
    before=$(own) rest=$(others)
    mr_sql $T <"$PLAN/reseed.sql" >/dev/null 2>"$ERR"
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    is "$S: apply.sql writes them, too" "$? $(own | tr ' ' '\n' | grep -c ':s:') $(others)" "0 6 $rest"
    tick
    mr_sql $T <"$PLAN/verify.sql" >/dev/null 2>"$ERR"
    is "$S: verify.sql finds them" "$? $(cat "$ERR")" "0 "
    run repair verify "$PLAN" "$TU"
    is "$S: and verify" "$RC" 0
    mr_sql $T <"$PLAN/apply.sql" >/dev/null 2>"$ERR"
    is "$S: again it finds nothing to do" "$? $(cat "$ERR")" "0 "
    tick
    rest=$(others)
    mr_sql $T <"$PLAN/undo.sql" >/dev/null 2>"$ERR"
    is "$S: undo.sql takes them back" "$? $(own) $(others)" "0 $before $rest"

    # somebody signs up with the name that a row is to get
    NS=${SU%/busy}/named NT=${TU%/busy}/named PLAN=$IT_TMP/$S.named
    printf '[table named.people]\nidentity = mobile\n' >"$IT_TMP/named.ini"
    run check --config "$IT_TMP/named.ini" --case "$CASE.named" "$NS" "$NT"
    run history collect --config "$IT_TMP/named.ini" --case "$CASE.named"
    run repair plan --config "$IT_TMP/named.ini" --case "$CASE.named" --policy merge --output "$PLAN"
    mr_sql $T -e "INSERT INTO named.people (mobile, city) VALUES ('11', 't')"
    run repair apply --yes --json --case "$CASE.named" "$PLAN" "$NT"
    is "$S: nobody comes to be somebody who has signed up since" "$RC $(refused)" "1 people 1: another row has the same identity"
    is "$S: the other one does" "$(mr_sql $T -e "SELECT GROUP_CONCAT(mobile ORDER BY id) FROM named.people")" 1,22,11
done
finish
