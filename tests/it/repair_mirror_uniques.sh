#!/bin/bash
# repair_mirror_uniques.sh: mirror, where a row that comes has a unique value of one that goes, and
# plain comparing does not tell: tables without a key, prefixes, expressions, periods without
# overlaps.  Nobody goes whose place is not taken.  $1: mysql

. "$(dirname "$0")/lib.sh"
written_side "${1:-}"
begin a$T
cd "$IT_TMP" || exit 1
SRC=$(uri a "$DB") DST=$(uri $T "$DB") CASE=$IT_TMP/case
. "$IT_DIR/rows/lib.sh"

again() { # again TABLE SOURCE'S-ROWS TARGET'S-ROWS [OPTIONS OF CHECK]
    fresh a$T "$DB"
    at a$T "$1"
    at a "$2"
    at $T "$3"
    rm -rf dir "$CASE"
    "$MYRECON" check "$SRC" "$DST" --settle 0 --case "$CASE" -q >"$OUT" 2>"$ERR"
    rep plan --case "$CASE" --policy mirror --output dir
}
rows() { # rows SIDE: of t
    client "$1" -D "$DB" <<<"SELECT * FROM t" | tr -d "\0" | sort
}
becomes() { # becomes DESCRIPTION: planned without a conflict, TARGET becomes SOURCE, and comes back
    local before
    before=$(rows $T)
    is "$1: planned" "$RC" 0
    rep_is 0 "$1: applied" apply --yes --case "$CASE" dir "$DST"
    is "$1: TARGET's rows are SOURCE's" "$(rows $T)" "$(rows a)"
    rep_is 0 "$1: verify proves it" verify dir "$DST"
    rep_is 0 "$1: undone" undo --yes --case "$CASE" dir "$DST"
    is "$1: as it was" "$(rows $T)" "$before"
}

BAG="CREATE TABLE t (a INT NULL, b VARCHAR(9) NULL, c INT NULL, UNIQUE (a), UNIQUE (c))"
again "$BAG" "INSERT INTO t VALUES (1, 'x', NULL)" "INSERT INTO t VALUES (1, 'q', NULL)"
becomes "without a key"
again "$BAG" "INSERT INTO t VALUES (1, 'x', 7), (2, 'y', 8), (NULL, 'n', NULL), (NULL, 'n', NULL)" \
    "INSERT INTO t VALUES (2, 'x', 7), (1, 'y', 8), (NULL, 'n', NULL), (4, 'q', NULL)"
becomes "without a key, round about"
again "CREATE TABLE t (a INT NULL, txt VARCHAR(20) NULL, UNIQUE (txt(3)))" \
    "INSERT INTO t VALUES (1, 'abcd'), (2, 'Über'), (3, 'xyz')" \
    "INSERT INTO t VALUES (1, 'ABCE'), (2, 'übel'), (3, 'xyz')"
becomes "without a key, by a prefix"

again "CREATE TABLE t (id INT PRIMARY KEY, txt VARCHAR(20) NOT NULL, bin VARBINARY(9) NOT NULL, UNIQUE (txt(3)), UNIQUE (bin(2)))" \
    "INSERT INTO t VALUES (1, 'bbb1', x'0001'), (2, 'ccc1', x'0002'), (3, 'ddd1', x'0003'), (5, 'Eee', x'0005aa')" \
    "INSERT INTO t VALUES (1, 'aaa1', x'0000'), (2, 'BBB2', x'000111'), (3, 'ccc2', x'000222'), (4, 'ddd2', x'000333'), (6, 'eeE9', x'0005bb')"
becomes "updates by prefixes"

again "CREATE TABLE t (id INT PRIMARY KEY, j VARCHAR(20) NULL, h VARCHAR(20) AS (LOWER(j)) STORED, UNIQUE (h))" \
    "INSERT INTO t (id, j) VALUES (1, 'A'), (2, 'B')" "INSERT INTO t (id, j) VALUES (8, 'a'), (9, 'b')"
becomes "by a generated column"

if [ $T = o ]; then
    again "CREATE TABLE t (id INT PRIMARY KEY, j VARCHAR(20) NULL)" \
        "INSERT INTO t (id, j) VALUES (1, 'A'), (2, 'B')" \
        "ALTER TABLE t ADD UNIQUE ((LOWER(j))); INSERT INTO t (id, j) VALUES (8, 'a'), (9, 'b')"
    becomes "by an expression"
else
    PERIOD="s DATE NOT NULL, e DATE NOT NULL, PERIOD FOR p (s, e)"
    again "CREATE TABLE t (id INT NULL, what VARCHAR(9) NULL, $PERIOD, UNIQUE (id, p WITHOUT OVERLAPS))" \
        "INSERT INTO t VALUES (1, 'x', '2026-01-01', '2026-03-01'), (1, 'y', '2026-03-01', '2026-04-01'), (2, 'z', '2026-01-01', '2026-02-01')" \
        "INSERT INTO t VALUES (1, 'q', '2026-01-01', '2026-02-01'), (1, 'r', '2026-02-01', '2026-05-01'), (2, 'z', '2026-01-01', '2026-02-01')"
    becomes "without a key, without overlaps"
    again "CREATE TABLE t (k INT PRIMARY KEY, id INT NULL, $PERIOD, UNIQUE (id, p WITHOUT OVERLAPS))" \
        "INSERT INTO t VALUES (1, 1, '2026-02-01', '2026-03-01'), (2, 1, '2026-03-01', '2026-04-01'), (3, 1, '2026-04-01', '2026-05-01')" \
        "INSERT INTO t VALUES (1, 1, '2026-01-15', '2026-02-15'), (2, 1, '2026-02-15', '2026-03-15'), (4, 1, '2026-03-15', '2026-06-01')"
    becomes "updates without overlaps"
    again "CREATE TABLE t (id INT, $PERIOD, n INT, PRIMARY KEY (id, p WITHOUT OVERLAPS))" \
        "INSERT INTO t VALUES (1, '2026-01-01', '2026-03-01', 1)" \
        "INSERT INTO t VALUES (1, '2026-01-01', '2026-02-01', 2), (1, '2026-02-01', '2026-05-01', 3)"
    becomes "a key without overlaps"
fi

# ---- whose place is not taken

again "CREATE TABLE t (id INT PRIMARY KEY, a INT NULL UNIQUE, name VARCHAR(9))" \
    "INSERT INTO t VALUES (1, 5, 'same'), (3, 6, 'same')" \
    "INSERT INTO t VALUES (2, 5, 'old'), (4, 9, 'gone'); ALTER TABLE t ADD UNIQUE (name)"
is "who cannot come is a conflict" "$RC" 1
is "and so is who was to make place" "$(cut -d, -f2,3,5 dir/conflicts.csv | sort)" "\
,2,unique
1,,duplicate
3,,duplicate
source_key,target_key,kind"
rep_is 1 "the rest is applied" apply --yes --case "$CASE" dir "$DST"
is "nobody is gone whose place stays empty" "$(rows $T)" "2	5	old"

finish
