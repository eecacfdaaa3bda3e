#!/bin/bash
# snapshot_case.sh: `snapshot create --only-diverged`: of each side of a check the rows that
# it found to differ, and no other; restorable, and provable like any snapshot.

. "$(dirname "$0")/lib.sh"
. "$IT_DIR/snapshot/lib.sh"
begin ab
COPY=${DB}_copy
CASE=$IT_TMP/incident.case
at ab "CREATE TABLE club (id INT PRIMARY KEY, mobile VARCHAR(20) UNIQUE NOT NULL, score FLOAT);
    CREATE TABLE names (name VARCHAR(40) CHARACTER SET latin1, kind ENUM('x', 'y', ''), note BLOB, PRIMARY KEY (name, kind));
    CREATE TABLE child (id INT PRIMARY KEY, club_id INT, FOREIGN KEY (club_id) REFERENCES club (id));
    CREATE TABLE same (id INT PRIMARY KEY, v INT);
    CREATE TABLE loose (v INT); CREATE TABLE gone (id INT PRIMARY KEY, v INT);
    INSERT INTO club SELECT seq, CONCAT('+49', seq), seq / 3 FROM seq_1_to_5000;
    INSERT INTO names SELECT CONCAT('n', CHAR(228), seq), 1 + seq % 2, REPEAT(CHAR(seq % 256), 50) FROM seq_1_to_2000;
    INSERT INTO child SELECT seq, seq FROM seq_1_to_100; INSERT INTO same VALUES (1, 1); INSERT INTO loose VALUES (1); INSERT INTO gone VALUES (1, 1);
    CREATE VIEW v AS SELECT * FROM club; CREATE TRIGGER t BEFORE INSERT ON same FOR EACH ROW SET NEW.v = NEW.v"
at a "DELETE FROM club WHERE id = 4000; INSERT INTO club SELECT seq, CONCAT('+1', seq), 1 FROM seq_9001_to_9600; UPDATE names SET note = 'a' WHERE name LIKE 'n_7%';
    INSERT INTO names VALUES ('only here', '', NULL); INSERT INTO child VALUES (200, 4999); INSERT INTO loose VALUES (2); UPDATE gone SET v = 2"
at b "UPDATE club SET score = 0.1 WHERE id = 17; UPDATE club SET mobile = '+7' WHERE id = 18; INSERT INTO gone VALUES (3, 3)"
SRC=$(uri a "$DB") DST=$(uri b "$DB")
"$MYRECON" check --no-progress --settle 0 --case "$CASE" "$SRC" "$DST" >/dev/null 2>&1
at ab "DROP TABLE gone"
at a "DELETE FROM club WHERE id = 9600; UPDATE club SET score = 2 WHERE id = 9001"

evidence() { # evidence SIDE DIR ARGS…
    take --only-diverged --case "$CASE" "${@:3}" "$(uri "$1" "$DB")" "$IT_TMP/$2"
}
rows() { # rows DIR: "table rows", of its manifest
    jq -r '.tables[] | "\(.name) \(.rows)"' "$IT_TMP/$1/manifest.json"
}

evidence a source
is "made of the source, what could not be kept is named" \
    "$RC $(jq -r '.left_out[] | .name' "$IT_TMP/source/manifest.json" | sort | paste -sd' ')" "4 $DB.gone $DB.loose"
is "its rows that differ" "$(rows source)" "child 1
club 601
names $(at a "SELECT COUNT(*) FROM names WHERE note = 'a' OR name = 'only here'")"
is "the manifest says of which run" "$(jq -r '.tables[].rows_of' "$IT_TMP/source/manifest.json" | sort -u)" \
    "case $("$MYRECON" report --case "$CASE" --format json 2>/dev/null | head -n 1 | jq -r .run_id)"
is "and what is gone since" "$(jq -r '.tables[] | select(.name == "club") | .note' "$IT_TMP/source/manifest.json")" "1 of its 602 rows are not there any more"
is "nothing but tables and their databases" "$(jq -r '.objects[].kind' "$IT_TMP/source/manifest.json" | sort -u)" database
is "and no key that refers to rows that are not there" "$(jq -r '.tables[].keys_file' "$IT_TMP/source/manifest.json" | sort -u)" null
snap verify "$IT_TMP/source"
is "proved" "$RC" 0
snap list "$IT_TMP/source"
like "listed" "$(cat "$OUT")" "only rows of case"

restored() { # restored DIR SIDE: is what lies there what SIDE has under those keys?
    client b <<<"DROP DATABASE IF EXISTS $COPY"
    snap restore --no-progress --rename-db "$DB=$COPY" "$IT_TMP/$1" "$(side_uri b)"
    echo "$RC"
    client b -N <<<"SELECT id, mobile, CAST(score AS DOUBLE) FROM $COPY.club ORDER BY id" >"$IT_TMP/there"
    at "$2" "SELECT id, mobile, CAST(score AS DOUBLE) FROM club WHERE id IN ($(cut -f1 "$IT_TMP/there" | paste -sd,)) ORDER BY id" |
        cmp - "$IT_TMP/there"
}
is "restored, its rows are those that the source has now" "$(restored source a)" 0
sum="SUM(CRC32(CONCAT(HEX(name), kind + 0, COALESCE(HEX(note), ''))))"
is "names in their own bytes, too" "$(client b -N <<<"SELECT $sum FROM $COPY.names")" \
    "$(at a "SELECT $sum FROM names WHERE note = 'a' OR name = 'only here'")"

SRC=snapshot:$IT_TMP/source DST=$(uri a "$DB")
check_is 4 "it does not stand for the tables" --tables club
is "which is the reason" "$(jq -r 'select(.type == "table") | "\(.verdict) \(.reason)"' "$OUT" | sed 's/case .*,/case RUN,/')" \
    "not-checked the source's snapshot has only rows of case RUN, not all of the table"
SRC=$(uri a "$DB")

evidence b target --tables club
is "made of the target: its side of the same run" "$RC $(rows target)" "0 club 3"
is "restored, its rows are those of the target" "$(restored target b)" 0

take --only-diverged --case "$CASE" --tables names "$(side_uri a)" "$IT_TMP/server"
is "a side that is named without its databases" "$RC $(jq -r '.objects[].name' "$IT_TMP/server/manifest.json") $(rows server | grep -c .)" "0 $DB 1"

openssl req -x509 -nodes -days 2 -subj /CN=e -newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout "$IT_TMP/e.key" -out "$IT_TMP/e.pem" 2>/dev/null
evidence a sealed --tables club --encrypt-to "$IT_TMP/e.pem" --sign-with "$IT_TMP/e.key"
snap verify --decrypt-with "$IT_TMP/e.key" --signer "$IT_TMP/e.pem" "$IT_TMP/sealed"
is "encrypted and signed" "$RC" 0

# --- keys that the two sides read in other ways -------------------------------------------

other_side() { # other_side SIDE: DB on a and SIDE differ in each table by one row of SIDE's
    local name=$1$DB cols key dst
    local -A keys=([text]="VARCHAR(20) CHARACTER SET utf8mb4" [tens]="DECIMAL(20,4)" [bin]="VARBINARY(9)" [real_]="DOUBLE"
        [moment]="DATETIME(3)" [word]="ENUM('a','b','ä')" [uni]="VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    fresh a "$DB"
    fresh "$1" "$DB"
    for key in "${!keys[@]}"; do
        at "a$1" "CREATE TABLE $key (k ${keys[$key]}, n INT, v VARCHAR(20), PRIMARY KEY (k, n))"
    done
    for cols in "text 'äÖß' 'x'" "tens 12345678901234.5678 -1" "bin x'00ff5c27' x'41'" "real_ 0.1 1e300" \
        "moment '2026-04-09T15:33:01.123' '1999-12-31T23:59:59'" "word 'ä' 'a'" "uni '𝄞\\\\' 'b'"; do
        set -- "$1" $cols
        at "a$1" "INSERT INTO $2 VALUES ($3, 1, 'same'), ($3, 2, 'a'), ($4, -7, 'same')"
        at "$1" "UPDATE $2 SET v = 'other' WHERE n = 2; INSERT INTO $2 VALUES ($4, 3, 'more')"
    done
    dst=$(uri "$1" "$DB")
    "$MYRECON" check --no-progress --settle 0 --case "$IT_TMP/$name.case" "$(uri a "$DB")" "$dst" >/dev/null 2>&1
    take --only-diverged --case "$IT_TMP/$name.case" "$dst" "$IT_TMP/$name"
    is "$1: all rows of every kind of key" "$RC $(jq -c '[.tables[] | [.rows, .note]] | unique' "$IT_TMP/$name/manifest.json") $(rows "$name" | wc -l)" "0 [[2,null]] 7"
    take --only-diverged --case "$IT_TMP/$name.case" "$(uri a "$DB")" "$IT_TMP/$name.a"
    is "$1: and those of the other side" "$RC $(jq -c '[.tables[] | [.rows, .note]] | unique' "$IT_TMP/$name.a/manifest.json") $(rows "$name.a" | wc -l)" "0 [[1,null]] 7"
}
other_side b
if [ -n "$MR_O_URI" ]; then other_side o; else skip "MySQL: kinds of keys" "no MySQL 9"; fi
fresh a "$DB"

# --- what cannot be begun -----------------------------------------------------------------

evidence a none --tables same
is "no row that differs" "$RC" 3
take --only-diverged --case "$CASE" mysql://root@127.0.0.2:1/x "$IT_TMP/none"
like "neither side" "$RC $(cat "$ERR")" "^3 .*which side of run"
take --only-diverged "$SRC" "$IT_TMP/none"
is "no case" "$RC" 3
take --only-diverged --case "$CASE" --run nonsense "$SRC" "$IT_TMP/none"
is "no such run" "$RC" 3
is "nothing is left of them" "$(ls -d "$IT_TMP"/none* 2>/dev/null)" ""
client b <<<"DROP DATABASE IF EXISTS $COPY"
finish
