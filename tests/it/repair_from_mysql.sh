#!/bin/bash
# repair_from_mysql.sh: the lost history is on MySQL 9, in a table with what only MySQL has or
# writes otherwise: JSON, 0900 collations, functional indexes, invisible and generated columns,
# default expressions, BIT, SET, -0.0.  Merged, mirrored and undone on MariaDB, and with $1 =
# mysql on MySQL 9; every row is compared by content.

. "$(dirname "$0")/lib.sh"
[ "${1:-}" != mysql ] || IT_NAME+=_mysql
if [ -z "$MR_O_URI" ]; then
    echo "1..0 # SKIP no MySQL server"
    exit 0
fi
S=o T=b
if [ "${1:-}" = mysql ]; then
    use_pair mysql || bail "no pair of MySQL servers"
    T=p
fi
begin $S$T
cd "$IT_TMP" || exit 1
SRC=$(uri $S "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

COLUMNS="id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) %s NOT NULL, doc JSON NULL,
    label VARCHAR(60) AS (CONCAT(kind, '-', n)) STORED, twice BIGINT UNSIGNED AS (n * 2) VIRTUAL, secret INT NULL DEFAULT 7 INVISIBLE,
    code VARCHAR(40) NOT NULL DEFAULT (CONCAT('c', 1 + 1)), at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), bits BIT(12) NOT NULL DEFAULT b'101',
    moods SET('sad', 'glad', 'mad') NOT NULL DEFAULT 'glad', kind ENUM('x', 'y') NOT NULL DEFAULT 'x', n INT UNSIGNED NOT NULL DEFAULT 0,
    d DOUBLE NULL, f FLOAT NULL, seen TIMESTAMP(3) NULL, UNIQUE KEY name (name), CONSTRAINT n_fits CHECK (n < 4200000000)"
CHILD="CREATE TABLE notes (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, member BIGINT UNSIGNED NOT NULL, txt TEXT NOT NULL, j JSON NOT NULL,
    FOREIGN KEY (member) REFERENCES members (id))"
table() { # table SIDE: as that server makes it
    local collation='COLLATE utf8mb4_0900_ai_ci' more=", UNIQUE KEY code ((LOWER(code)), name)"
    [ "$1" != b ] || collation='COLLATE utf8mb4_general_ci' more=
    # shellcheck disable=SC2059
    at "$1" "CREATE TABLE members ($(printf "$COLUMNS" "$collation")$more); $CHILD"
}
LISTED="id, name, doc, secret, code, at, bits, moods, kind, n, d, f, seen"
places() { # places SIDE: with the SRID that each server can demand
    local with='SRID ' only=3857
    [ "$1" != b ] || with=REF_SYSTEM_ID=
    [ "$1" != $S ] || only=4326
    at "$1" "CREATE TABLE places (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, p POINT ${with}4326 NOT NULL, w GEOMETRY NULL);
        CREATE TABLE marks (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, p POINT $with$only NOT NULL)"
}
POINT="000000000101000000000000000000F03F0000000000000040" # with SRID 0, bytes E6100000 are 4326, 110F0000 are 3857
both_sides() {
    fresh $S$T "$DB"
    table $S
    table $T
    places $S
    places $T
    at $S$T "INSERT INTO places VALUES (1, X'E6100000${POINT:8}', X'$POINT')"
    at $S "INSERT INTO places VALUES (4, X'E6100000${POINT:8}', ST_GeomFromText('POLYGON((0 0, 1 0, 1 2, 0 0))', 4326)),
            (5, ST_GeomFromText('POINT(-50.5 8.25)', 4326), ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 5 6))', 3857)), (6, X'E6100000${POINT:8}', NULL);
        INSERT INTO marks VALUES (1, X'E6100000${POINT:8}'), (2, X'E6100000${POINT:8}')"
    at $S$T "INSERT INTO members (id, name, at, n) VALUES (1, 'ann', '2026-01-01', 1), (2, 'ben', '2026-01-01 00:00:00.000001', 4199999999), (3, 'cid', '2026-01-01', 0);
        INSERT INTO notes VALUES (1, 1, 'past', '{}')"
    at $S "INSERT INTO members ($LISTED) VALUES
            (4, 'Ana', '{\"b\": 1, \"a\": [1.0, 1e300, \"é😀\", null, true, {\"x\": 18446744073709551615}]}', NULL, 'Q', '2026-03-01 10:11:12.345678', b'111100001111', 'sad,mad', 'y', 4199999999, -0e0, -0e0, '2026-03-01 10:00:00.123'),
            (5, 'Straße', '\"text\"', 0, 'R', '2026-03-01', b'0', '', 'x', 0, 1.7976931348623157e308, 3.4e38, NULL),
            (6, 'bob ', 'null', -1, 'S', '2026-03-01', b'1', 'sad,glad,mad', 'y', 9, 4.9e-324, 1.2e-38, '2026-03-01'),
            (7, 'Zoë', NULL, 7, 'T', '9999-12-31 23:59:59.999999', b'111111111111', 'glad', 'x', 1, 0.1, 0.1, '2038-01-19 03:14:07.999');
        INSERT INTO notes (member, txt, j) SELECT id, CONCAT('of ', name), JSON_OBJECT('k', id, 'who', name) FROM members WHERE id > 3"
    at $T "INSERT INTO members (id, name, at, n, d) VALUES (4, 'Carl', '2026-03-02', 1, 0), (5, 'strasse', '2026-03-02', 1, 1), (6, 'bob', '2026-03-02', 1, 2);
        INSERT INTO notes (member, txt, j) SELECT id, CONCAT('live ', name), '[]' FROM members WHERE id > 3"
}
SHOWN="HEX(m.name), CAST(m.doc AS CHAR), m.label, m.twice, m.secret, m.code, m.at, m.bits + 0, m.moods + 0, m.kind + 0, m.n,
    CAST(m.d AS CHAR), CAST(m.f AS CHAR), m.seen"
zeros() { if [ $T = b ]; then sed 's/\t-0\t-0\t/\t0\t0\t/'; else cat; fi; } # MariaDB stores no other
people() { # people SIDE [WHERE]: by content, without ids
    client "$1" -D "$DB" <<<"SELECT $SHOWN FROM members m WHERE ${2:-1} ORDER BY HEX(m.name)"
}
notes() { # notes SIDE [WHERE]: and whose they are
    client "$1" -D "$DB" <<<"SELECT n.txt, CAST(n.j AS CHAR), HEX(m.name) FROM notes n LEFT JOIN members m ON m.id = n.member WHERE ${2:-1} ORDER BY HEX(n.txt)"
}
shapes() { client "$1" -D "$DB" <<<"SELECT id, HEX(p), HEX(w) FROM places ORDER BY id"; }
all() { client $T -D "$DB" <<<"SELECT id, HEX(p), HEX(w) FROM places ORDER BY id; SELECT id, HEX(p) FROM marks ORDER BY id; SELECT m.id, $SHOWN FROM members m ORDER BY 1; SELECT * FROM notes ORDER BY 1"; }
printf '[table %s.members]\nsubject = yes\nidentity = name\ntime-column = at\n[table %s.notes]\nidentity = none\n[table %s.places]\nidentity = none\n[table %s.marks]\nidentity = none\n' "$DB" "$DB" "$DB" "$DB" >ini
plan() { # plan POLICY ARGS…
    rm -rf plan "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output plan --policy "$@"
}
undone() { # undone DESCRIPTION
    rep_is 0 "$1: undone" undo --yes plan "$DST"
    is "$1: to the byte" "$(all)" "$BEFORE"
}

both_sides
BEFORE=$(all) LIVE=$(people $T "id > 3") LIVE_NOTES=$(notes $T "n.id > 1")
# TARGET's collation says who is the same: 0900 takes ß for ss and pads nothing, general_ci neither
BACK="'Ana', 'Straße', 'Zoë'" FOUND="'bob '"
[ $T = b ] || BACK="'Ana', 'bob ', 'Zoë'" FOUND="'Straße'"
is "-0.0 is there at all" "$(people $S "id = 4" | cut -f 12,13)" $'-0\t-0'
plan merge --split-at 2026-02-01
PLANNED=$RC
rep show plan
is "merge: only who stands on both sides differs" "$PLANNED $(grep -c 'conflict differs: 1 open' "$OUT")" "1 1"
if [ $T = b ]; then # MariaDB keeps what it does not demand
    unlike "merge: MariaDB takes any SRID" "$(cat "$OUT")" "does-not-fit"
else
    like "merge: an SRID that the column does not take is named" "$(cat "$OUT")" "$DB.marks: values do not fit: key 1, p: SRID 4326, the column takes SRID 3857 only . key 2"
fi
rep apply --yes --json plan "$DST"
is "merge: applied, nothing is left out" "$(refused)$(sum '"\(.units_partial) \(.units_failed)"')" "0 0"
is "merge: who is restored is as he was" "$(people $T "BINARY m.name IN ($BACK)")" "$(people $S "BINARY m.name IN ($BACK)" | zeros)"
is "merge: the live ones as they are" "$(people $T "m.name <> '' AND at >= '2026-03-02' AND at < '2026-04-01'")" "$LIVE"
is "merge: each note hangs on its person" "$(notes $T "BINARY m.name IN ($BACK)")" "$(notes $S "BINARY m.name IN ($BACK)")"
is "merge: points and shapes, by SRID, axes and bytes" "$(shapes $T)" "$(shapes $S)"
is "merge: also of who was found" "$(notes $T "txt IN (CONCAT('of ', $FOUND))" | cut -f 1,2)" "$(notes $S "BINARY m.name IN ($FOUND)" | cut -f 1,2)"
is "merge: live notes are untouched" "$(notes $T "txt LIKE 'live %'")" "$LIVE_NOTES"
rep_is 0 "merge: verify" verify plan "$DST"
undone merge
client $T <plan/apply.sql >"$OUT" 2>"$ERR"
is "merge: the stock client writes the same" "$(people $T "BINARY m.name IN ($BACK)")" "$(people $S "BINARY m.name IN ($BACK)" | zeros)"
client $T <plan/undo.sql >"$OUT" 2>"$ERR"
is "merge: and takes it back" "$(all)" "$BEFORE"

at $T "INSERT INTO members (id, name, at, n, d, f, doc) VALUES (9, 'goes', '2026-03-02', 1, -0e0, -0e0, '{\"z\": 1}');
    UPDATE members SET d = -0e0, doc = '[1, 2]', secret = NULL WHERE id = 2"
BEFORE=$(all)
at $S "DELETE FROM marks; UPDATE places SET p = ST_GeomFromText('POINT(1 1)', 4326) WHERE id = 1"
plan mirror --allow-deletes 1
is "mirror: planned" "$RC" 0
rep_is 0 "mirror: applied" apply --yes plan "$DST"
is "mirror: the target is as the source" "$(people $T; notes $T; shapes $T)" "$( (people $S; notes $S; shapes $S) | zeros)"
"$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --json >"$OUT" 2>"$ERR"
is "mirror: and check says so, 0 for -0.0 too" "$(jq -r 'select(.type == "table") | .verdict' "$OUT" | sort -u)" equal
rep_is 0 "mirror: verify" verify plan "$DST"
undone mirror

# ---- what the target's definition cannot hold ------------------------------------------------
at $T "ALTER TABLE members DROP CONSTRAINT n_fits, MODIFY n INT NOT NULL DEFAULT 0, MODIFY at DATETIME NOT NULL, MODIFY bits BIT(8) NOT NULL DEFAULT b'101'"
plan merge --split-at 2026-02-01
unfit() { rep show plan; grep -oE 'values do not fit: .*' "$OUT"; }
like "an unsigned number, a fraction of a second, bits: named" "$(unfit)" "at: .*bits: .*n: "
finish
