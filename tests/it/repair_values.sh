#!/bin/bash
# repair_values.sh: whatever a column holds passes through plan, apply and undo as it is, also
# what strict mode would refuse today: an ENUM's error value, dates that no calendar has,
# members that the collation takes for one.  Every row is compared by its bytes and numbers,
# beside rows that the same plan writes.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

OLD="SET SESSION sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';"
COLUMNS="e ENUM('a','b') NOT NULL DEFAULT 'a', e2 ENUM('','x') NULL, e3 ENUM('a','A','b') NULL, e4 ENUM('é','É','ü') CHARACTER SET latin1 NULL,
    e5 ENUM('ä','a','Ä') CHARACTER SET utf16 NULL, s SET('p','q') NOT NULL, s2 SET('','y','Y') NULL, s3 SET('m','M','n') NULL,
    d DATE NULL, dt DATETIME(3) NULL, ts TIMESTAMP NULL, y YEAR NULL, t TIME(6) NULL, b BIT(64) NULL, f FLOAT NULL, db DOUBLE NULL,
    dc DECIMAL(65,30) NULL, l1 VARCHAR(9) CHARACTER SET latin1 NULL, u3 CHAR(5) CHARACTER SET utf8mb3 NULL, u16 TEXT CHARACTER SET utf16 NULL,
    bi BINARY(4) NULL, vb BLOB NULL, g GEOMETRY NULL, j JSON NULL"
ROWS="(101, 0, 0, 2, 1, 1, '', 0, 0, '2023-02-30', '2023-02-30 10:11:12.345', '0000-00-00', 0, '-838:59:59', ~0, 3.4e38, 1.7e308,
        '-99999999999999999999999999999999999.999999999999999999999999999999', X'e9', 'x', _utf8mb4 X'f09f9880', X'00', X'', ST_GeomFromText('POINT(1 -2)'), '{\"a\": 1}'),
    (102, 0, 1, 1, 2, 2, 'p,q', 1, 2, '0000-00-00', '0000-00-00', '2038-01-19 03:14:07', 2155, '838:59:59', 0, 1.1e-38, 2.2e-308,
        0, '', '', '', X'ffffffff', X'00', NULL, '[]'),
    (103, 'b', NULL, 3, 3, 3, 3, 6, 3, '2023-00-10', '2023-11-31 00:00:00', NULL, 1901, '00:00:00.000001', 1, 0.1, 0.1,
        1, X'80', 'y ', 'z', NULL, NULL, NULL, NULL),
    (104, 0, 2, NULL, NULL, NULL, 'q', NULL, 7, '9999-00-00', '9999-12-31 23:59:59.999', NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
both_sides() {
    fresh a$T "$DB"
    at a$T "$OLD SET NAMES utf8mb4; CREATE TABLE members (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, mobile VARCHAR(20) NOT NULL UNIQUE, created_at DATETIME NOT NULL);
        CREATE TABLE v (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, $COLUMNS);
        CREATE TABLE c (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v_id INT NOT NULL, member_id INT NOT NULL, at DATE NOT NULL DEFAULT '0000-00-00',
            kind ENUM('x','y') NOT NULL, up TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), FOREIGN KEY (v_id) REFERENCES v (id), FOREIGN KEY (member_id) REFERENCES members (id));
        INSERT INTO members VALUES (1, 'm1', '2026-01-01'), (2, 'm2', '2026-01-01');
        INSERT INTO v (id, s, d) VALUES (1, 'p', '2020-02-31'), (2, 'q', NULL);
        INSERT INTO c VALUES (1, 1, 1, '2020-02-31', 0, '2020-03-01'), (2, 2, 2, '0000-00-00', 'x', '2020-03-01')"
    at a "$OLD SET NAMES utf8mb4; INSERT INTO members VALUES (101, 'm101', '2026-03-01'); INSERT INTO v VALUES $ROWS;
        INSERT INTO c VALUES (101, 101, 101, '2023-02-30', 0, '2023-03-01'), (102, 102, 1, '2023-00-00', 'y', '2023-03-01'), (103, 1, 101, '2023-01-01', 0, '2023-03-01')"
}
texts() { # texts SIDE: every row, by bytes and numbers
    client "$1" -D "$DB" <<<"SET time_zone = '+00:00'; SELECT * FROM members ORDER BY id;
        SELECT id, at, kind + 0, v_id, member_id, up FROM c ORDER BY id;
        SELECT id, e + 0, e2 + 0, e3 + 0, e4 + 0, e5 + 0, s + 0, s2 + 0, s3 + 0, d, dt, ts, y, t, HEX(b), f, db, dc, HEX(l1), HEX(u3), HEX(u16), HEX(bi), HEX(vb),
            HEX(ST_AsWKB(g)), CAST(j AS CHAR) FROM v ORDER BY id" | sed 's/{"a":1}/{"a": 1}/'
}
printf '[table %s.members]\nsubject = yes\ntime-column = created_at\nidentity = mobile\n[table %s.v]\nidentity = none\n[table %s.c]\nidentity = none\n' "$DB" "$DB" "$DB" >ini
plan() { # plan DIR ARGS…
    local dir=$1
    shift
    rm -rf "$dir" "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --config ini --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --config ini --case "$CASE" --output "$dir" "$@"
}
goes() { # goes DESCRIPTION: ./plan is applied, verified and undone
    rep_is 0 "$1: applied" apply --yes --json plan "$DST"
    is "$1: no row is left out" "$(refused)$(sum '"\(.units_partial) \(.units_failed)"')" "0 0"
    is "$1: every value is as it was" "$(texts $T)" "$WANTED"
    rep_is 0 "$1: verify" verify plan "$DST"
    rep_is 0 "$1: undone" undo --yes plan "$DST"
    is "$1: to the byte" "$(texts $T)" "$BEFORE"
    client $T <plan/apply.sql >"$OUT" 2>"$ERR"
    is "$1: the stock client writes the same" "$(texts $T)" "$WANTED"
    client $T <plan/verify.sql >"$OUT" 2>"$ERR"
    is "$1: and proves it" "$? $(grep -v 'high enough' "$OUT")" "0 "
    client $T <plan/undo.sql >"$OUT" 2>"$ERR"
    is "$1: and takes it back" "$(texts $T)" "$BEFORE"
}

both_sides
BEFORE=$(texts $T) WANTED=$(texts a)
is "the old values are there at all" "$(client a -D "$DB" <<<"SELECT GROUP_CONCAT(e + 0, ':', COALESCE(d, '')) FROM v WHERE id > 100")" \
    "0:2023-02-30,0:0000-00-00,2:2023-00-10,0:9999-00-00"
plan plan --policy merge --split-at 2026-02-01
is "merge: planned" "$RC $(planned_rows plan)" "0 8"
goes merge

# ---- mirror: the same values come, change, and go ------------------------------------------
at $T "$OLD SET NAMES utf8mb4; INSERT INTO v VALUES ${ROWS//(10/(20}; UPDATE v SET e = 'b', e2 = 'x', d = '2020-02-29', s2 = 'y' WHERE id = 1;
    UPDATE v SET e = 0, e2 = 0, e3 = 'A', s3 = 'M', d = '2021-02-31' WHERE id = 2"
BEFORE=$(texts $T)
plan plan --policy mirror --allow-deletes 10
is "mirror: planned" "$RC" 0
goes mirror

# ---- a key that is no date: IS NULL is true for it where the column is NOT NULL -------------
for type in DATE 'DATETIME(3)'; do
    fresh a$T "$DB"
    at a$T "CREATE TABLE v (id $type NOT NULL, n INT NOT NULL, what VARCHAR(9) NOT NULL, PRIMARY KEY (id, n))"
    texts() { client "$1" -D "$DB" <<<"SELECT * FROM v ORDER BY id, n"; }
    at a "$OLD INSERT INTO v VALUES ('0000-00-00', 1, 'lost'), ('2026-01-01', 1, 'lost'), ('0000-00-00', 3, 'before')"
    at $T "$OLD INSERT INTO v VALUES ('0000-00-00', 2, 'live'), ('2026-01-01', 2, 'live'), ('0000-00-00', 3, 'after')"
    BEFORE=$(texts $T) WANTED=$(texts a)
    rm -f "$CASE"
    plan plan --policy mirror --allow-deletes 2
    is "a key of type $type without a date: planned" "$RC $(planned_rows plan)" "0 5"
    goes "a key of type $type without a date"
done
finish
